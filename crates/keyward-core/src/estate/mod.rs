//! The port to what is around keys in a cloud: who may do what to them, what depends on them, and who would notice.
//!
//! Everything here looks. A list that could not be read to its end is unknown, and what an answer leaves open, such as a
//! grant on a condition, is kept as open.

mod alarm;
mod bucket;
mod constraint;
mod deny;
mod event;
mod grants;
mod policy;
mod project;
mod protected;
mod role;

pub use alarm::{AlertPolicy, Channel, Condition, LogMetric};
pub use bucket::{Bucket, LogBucket, StoredObject};
pub use constraint::{Allowed, Constraint};
pub use deny::{DenyPolicy, DenyRule};
pub use event::{AdminEvent, FailedUse};
pub use grants::{Chain, Grant, Holders};
pub use policy::{AuditConfig, Binding, Member, Place, Policy};
pub use project::{Billing, Lien, Lifecycle, Project};
pub use protected::{Protected, ProtectedResource, Retired};
pub use role::{Roles, permission};

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use crate::clock::Timestamp;
use crate::kms::{Async, Observed};
use crate::location::Location;
use crate::name::CryptoKeyName;

/// Looking around keys. Nothing here changes anything.
///
/// Why something is unknown says which permission is missing, and which role holds it, or which service did not answer.
pub trait Estate: Send + Sync {
    /// Who was granted which roles on `place` itself; what it inherits is asked for where it lies.
    fn policy<'a>(&'a self, place: &'a Place) -> Async<'a, Observed<Policy>>;
    /// The permissions in a role: `roles/NAME`, `projects/P/roles/NAME` or `organizations/N/roles/NAME`.
    fn role<'a>(&'a self, name: &'a str) -> Async<'a, Observed<BTreeSet<String>>>;
    /// Policies on `place`, a project or what it lies in, that deny whatever was granted.
    fn deny_policies<'a>(&'a self, place: &'a Place) -> Async<'a, Observed<Vec<DenyPolicy>>>;
    /// A project, by its id.
    fn project<'a>(&'a self, id: &'a str) -> Async<'a, Observed<Project>>;
    /// The folders and the organisation that a project lies in, nearest first. Empty for a project that lies in none.
    fn ancestors<'a>(&'a self, project: &'a Project) -> Async<'a, Observed<Vec<Place>>>;
    /// Who pays for a project.
    fn billing<'a>(&'a self, project: &'a str) -> Async<'a, Observed<Billing>>;
    /// What holds a project against acts such as its deletion.
    fn liens<'a>(&'a self, project: &'a str) -> Async<'a, Observed<Vec<Lien>>>;
    /// Whether a project has a service on, by the service's host: `cloudkms.googleapis.com`.
    fn service<'a>(&'a self, project: &'a str, service: &'a str) -> Async<'a, Observed<bool>>;
    /// What organisation policies come to in a project, for one constraint: `cloudkms.disableBeforeDestroy`.
    fn constraint<'a>(&'a self, project: &'a str, name: &'a str) -> Async<'a, Observed<Constraint>>;
    /// All buckets of a project.
    fn buckets<'a>(&'a self, project: &'a str) -> Async<'a, Observed<Vec<Bucket>>>;
    /// A bucket, by its name.
    fn bucket<'a>(&'a self, name: &'a str) -> Async<'a, Observed<Bucket>>;
    /// Shows every object of a bucket to `visit`, older generations too, and says how many there were. When it is unknown
    /// how many, since it could not be seen or `visit` broke off, `visit` may have seen a part of them.
    fn objects<'a>(
        &'a self,
        bucket: &'a Bucket,
        visit: &'a mut (dyn FnMut(StoredObject) -> ControlFlow<()> + Send),
    ) -> Async<'a, Observed<u64>>;
    /// All log buckets of a project, in all locations.
    fn log_buckets<'a>(&'a self, project: &'a str) -> Async<'a, Observed<Vec<LogBucket>>>;
    /// Resources that the provider itself keeps under `key`, anywhere in the organisation with that number, or in the
    /// key's own project.
    fn protected<'a>(
        &'a self,
        key: &'a CryptoKeyName,
        organization: Option<&'a str>,
    ) -> Async<'a, Observed<Protected>>;
    /// Keys of a project that were deleted in a location. Their names cannot be used again.
    fn retired<'a>(&'a self, project: &'a str, location: &'a Location) -> Async<'a, Observed<Vec<Retired>>>;
    /// All alert policies of a project.
    fn alerts<'a>(&'a self, project: &'a str) -> Async<'a, Observed<Vec<AlertPolicy>>>;
    /// All metrics of a project that count log entries.
    fn log_metrics<'a>(&'a self, project: &'a str) -> Async<'a, Observed<Vec<LogMetric>>>;
    /// Everybody who can be told about alerts of a project.
    fn channels<'a>(&'a self, project: &'a str) -> Async<'a, Observed<Vec<Channel>>>;
    /// Changes of keys that the provider has logged since then.
    fn admin_events<'a>(&'a self, project: &'a str, since: Timestamp)
    -> Async<'a, Observed<Vec<AdminEvent>>>;
    /// Uses of keys that failed since then. Only what the project has logged: see [`AuditConfig`].
    fn failed_uses<'a>(&'a self, project: &'a str, since: Timestamp) -> Async<'a, Observed<Vec<FailedUse>>>;
}
