//! IAM policies: who was granted what, and where.

use std::fmt;

use crate::name::{CryptoKeyName, KeyRingName};

/// Something that has an IAM policy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// A key.
    Key(CryptoKeyName),
    /// A key ring.
    Ring(KeyRingName),
    /// A project, by its id.
    Project(String),
    /// A folder, by its number.
    Folder(String),
    /// An organisation, by its number.
    Organization(String),
}

/// The policy of one place, without what the place inherits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Who has which role.
    pub bindings: Vec<Binding>,
    /// What is logged about services.
    pub audit: Vec<AuditConfig>,
}

/// One role and who has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The role: `roles/cloudkms.admin`, `projects/P/roles/NAME`.
    pub role: String,
    /// Who: `user:…`, `serviceAccount:…`, `group:…`, `allUsers` and the like.
    pub members: Vec<String>,
    /// Whether it depends on a condition. It then neither proves nor disproves that somebody holds the role.
    pub conditional: bool,
}

/// Whether one kind of access to a service is logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditConfig {
    /// The service, by its host, or `allServices`.
    pub service: String,
    /// The kind of access: `DATA_READ`, `DATA_WRITE` or `ADMIN_READ`.
    pub log_type: String,
    /// Whose access is not logged all the same.
    pub exempted: Vec<String>,
}

/// What a member of a binding stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Member {
    /// One person, service account or workload.
    One,
    /// Several, or nobody: a group, a domain, a pool. Who is in it is not seen.
    Several,
    /// Everybody.
    Everybody,
    /// Somebody who was deleted.
    Deleted,
}

impl Member {
    /// What `member` stands for (IAM documentation, "Principal identifiers").
    pub fn of(member: &str) -> Self {
        match member {
            "allUsers" | "allAuthenticatedUsers" => Self::Everybody,
            _ if member.starts_with("deleted:") => Self::Deleted,
            _ if ["user:", "serviceAccount:", "principal://"]
                .iter()
                .any(|kind| member.starts_with(kind)) =>
            {
                Self::One
            }
            _ => Self::Several,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => key.fmt(f),
            Self::Ring(ring) => ring.fmt(f),
            Self::Project(id) => write!(f, "projects/{id}"),
            Self::Folder(number) => write!(f, "folders/{number}"),
            Self::Organization(number) => write!(f, "organizations/{number}"),
        }
    }
}
