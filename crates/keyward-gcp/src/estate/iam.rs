//! What roles permit (IAM v1).

use std::collections::BTreeSet;

use serde::Deserialize;

use super::request::{Request, Service};
use super::{GcpEstate, Sight};

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Role {
    name: String,
    included_permissions: Vec<String>,
    deleted: bool,
}

impl GcpEstate {
    pub(super) async fn permissions_of(&self, role: &str) -> Sight<BTreeSet<String>> {
        let Some(project) = is_role(role) else {
            return Err(format!(
                "`{}` is not the name of a role",
                crate::translate::printable(role)
            )
            .into());
        };
        let request = Request::get(Service::Iam, &format!("v1/{role}"), format!("the role {role}"))
            .needing("iam.roles.get", "roles/iam.roleViewer");
        let request = Request { project, ..request };
        let found: Role = self.ask(&request).await?;
        if found.name != role {
            return Err(format!("the role {role}: the answer is about another role").into());
        }
        Ok(match found.deleted {
            true => BTreeSet::new(),
            false => found.included_permissions.into_iter().collect(),
        })
    }
}

/// Whether it is the name of a role, and its project if it has one. Names come out of policies, and become a path.
fn is_role(name: &str) -> Option<Option<&str>> {
    let plain = |text: &str| {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"._-:".contains(&b);
        (1..=128).contains(&text.len()) && text.bytes().all(allowed) && !text.contains("..")
    };
    let segments: Vec<_> = name.split('/').collect();
    match *segments {
        ["roles", role] if plain(role) => Some(None),
        ["projects", project, "roles", role] if plain(project) && plain(role) => Some(Some(project)),
        ["organizations", number, "roles", role] if plain(number) && plain(role) => Some(None),
        _ => None,
    }
}
