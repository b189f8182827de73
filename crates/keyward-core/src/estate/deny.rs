//! IAM deny policies: what nobody may do, whatever was granted.

use super::Place;

/// A deny policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DenyPolicy {
    /// Its full name.
    pub name: String,
    /// Where it is attached.
    pub place: Place,
    /// What it denies.
    pub rules: Vec<DenyRule>,
}

/// One rule of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DenyRule {
    /// What is denied: `cloudkms.googleapis.com/cryptoKeyVersions.destroy`, with `*` for every resource or verb.
    pub permissions: Vec<String>,
    /// What of that is not.
    pub excepted_permissions: Vec<String>,
    /// To whom: `principal://…`, `principalSet://…`.
    pub principals: Vec<String>,
    /// To whom of them not.
    pub excepted_principals: Vec<String>,
    /// Whether it depends on a condition.
    pub conditional: bool,
}

/// Whether somebody is denied something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Denied {
    Yes,
    No,
    Maybe,
}

/// Everybody, as deny policies say it.
const EVERYBODY: &str = "principalSet://goog/public:all";

impl DenyRule {
    /// Whether the rule is about `permission`, in the form that roles have it in: `cloudkms.cryptoKeyVersions.destroy`.
    pub fn is_about(&self, permission: &str) -> bool {
        let is_in = |list: &[String]| list.iter().any(|pattern| matches(pattern, permission));
        is_in(&self.permissions) && !is_in(&self.excepted_permissions)
    }

    /// Whether it holds for everybody, but for [`Self::excepted_principals`].
    pub fn is_for_everybody(&self) -> bool {
        !self.conditional && self.principals.iter().any(|principal| principal == EVERYBODY)
    }

    /// Whether `member`, as bindings name it, is excepted by name.
    pub fn excepts(&self, member: &str) -> bool {
        principal(member).is_some_and(|principal| self.excepted_principals.contains(&principal))
    }

    /// Whether it denies `permission` to `member`.
    pub(super) fn denies(&self, member: &str, permission: &str) -> Denied {
        if !self.is_about(permission) || self.excepts(member) {
            return Denied::No;
        }
        let named = principal(member).is_some_and(|principal| self.principals.contains(&principal));
        let everybody = self.principals.iter().any(|principal| principal == EVERYBODY);
        let may_be_excepted = self
            .excepted_principals
            .iter()
            .any(|principal| principal.starts_with("principalSet://"));
        match (named || everybody, self.conditional || may_be_excepted) {
            (true, false) => Denied::Yes,
            (true, true) => Denied::Maybe,
            // Whether somebody is in a group is not seen.
            (false, _)
                if self
                    .principals
                    .iter()
                    .any(|one| one.starts_with("principalSet://")) =>
            {
                Denied::Maybe
            }
            (false, _) => Denied::No,
        }
    }
}

/// Whether `pattern`, in the form of deny policies, means `permission`, in the form of roles (IAM documentation,
/// "Permissions supported in deny policies").
fn matches(pattern: &str, permission: &str) -> bool {
    let Some((service, pattern)) = pattern.split_once('/') else {
        return false;
    };
    let mut parts = permission.splitn(3, '.');
    let (Some(own), Some(resource), Some(verb)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let host = match own {
        "resourcemanager" => "cloudresourcemanager.googleapis.com".to_owned(),
        own => format!("{own}.googleapis.com"),
    };
    let (wanted, act) = pattern.split_once('.').unwrap_or((pattern, "*"));
    let fits = |pattern: &str, text: &str| pattern == "*" || pattern == text;
    service == host && fits(wanted, resource) && fits(act, verb)
}

/// A member of a binding as deny policies name it; `None` for what they have no name for.
fn principal(member: &str) -> Option<String> {
    let (kind, name) = member.split_once(':')?;
    Some(match kind {
        "user" => format!("principal://goog/subject/{name}"),
        "serviceAccount" => format!("principal://iam.googleapis.com/projects/-/serviceAccounts/{name}"),
        "group" => format!("principalSet://goog/group/{name}"),
        "principal" | "principalSet" => member.to_owned(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DESTROY: &str = "cloudkms.cryptoKeyVersions.destroy";

    fn rule(permission: &str, principal: &str) -> DenyRule {
        DenyRule {
            permissions: vec![permission.into()],
            principals: vec![principal.into()],
            ..DenyRule::default()
        }
    }

    #[test]
    fn patterns_mean_what_they_say() {
        for (pattern, meant) in [
            ("cloudkms.googleapis.com/cryptoKeyVersions.destroy", true),
            ("cloudkms.googleapis.com/cryptoKeyVersions.*", true),
            ("cloudkms.googleapis.com/*.destroy", true),
            ("cloudkms.googleapis.com/*.*", true),
            ("cloudkms.googleapis.com/*", true),
            ("cloudkms.googleapis.com/cryptoKeys.destroy", false),
            ("storage.googleapis.com/*.*", false),
            ("cloudkms.cryptoKeyVersions.destroy", false),
        ] {
            assert_eq!(matches(pattern, DESTROY), meant, "{pattern}");
        }
        assert!(matches(
            "cloudresourcemanager.googleapis.com/projects.delete",
            "resourcemanager.projects.delete"
        ));
    }

    #[test]
    fn an_exception_and_a_condition_keep_the_right() {
        let all = rule("cloudkms.googleapis.com/*.destroy", EVERYBODY);
        let ann = "user:ann@example.com";
        assert_eq!(all.denies(ann, DESTROY), Denied::Yes);
        let named = DenyRule {
            excepted_principals: vec!["principal://goog/subject/ann@example.com".into()],
            ..all.clone()
        };
        assert_eq!(named.denies(ann, DESTROY), Denied::No);
        assert_eq!(named.denies("user:bob@example.com", DESTROY), Denied::Yes);
        let group = DenyRule {
            excepted_principals: vec!["principalSet://goog/group/admins@example.com".into()],
            ..all.clone()
        };
        assert_eq!(group.denies(ann, DESTROY), Denied::Maybe);
        let conditional = DenyRule {
            conditional: true,
            ..all
        };
        assert_eq!(conditional.denies(ann, DESTROY), Denied::Maybe);
        let another = rule(
            "cloudkms.googleapis.com/*.destroy",
            "principal://goog/subject/x@example.com",
        );
        assert_eq!(another.denies(ann, DESTROY), Denied::No);
    }
}
