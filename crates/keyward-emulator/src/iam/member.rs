//! Members of bindings, and whether a caller is one.

/// What stands before the name of a member (IAM documentation, "Principal identifiers").
const PREFIXES: [&str; 10] = [
    "user:",
    "serviceAccount:",
    "group:",
    "domain:",
    "projectOwner:",
    "projectEditor:",
    "projectViewer:",
    "principal:",
    "principalSet:",
    "deleted:",
];

const EVERYBODY: [&str; 2] = ["allUsers", "allAuthenticatedUsers"];

/// Longest member, in bytes.
const LONGEST: usize = 1024;

pub(super) fn is_well_formed(member: &str) -> bool {
    let named = |prefix: &&str| member.strip_prefix(*prefix).is_some_and(|name| !name.is_empty());
    member.len() <= LONGEST && (EVERYBODY.contains(&member) || PREFIXES.iter().any(named))
}

/// Whether the caller that the token names is this member. A token without `user:` or `serviceAccount:` is either.
/// Groups have no members here: a caller is one by its exact text.
pub(super) fn is(member: &str, token: &str) -> bool {
    let name = || {
        member
            .strip_prefix("user:")
            .or_else(|| member.strip_prefix("serviceAccount:"))
    };
    EVERYBODY.contains(&member) || member == token || name() == Some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_is_who_its_token_says() {
        let ann = "user:ann@example.com";
        assert!(is(ann, ann) && is(ann, "ann@example.com"));
        assert!(is("serviceAccount:robot", "robot"));
        assert!(!is("serviceAccount:ann@example.com", ann));
        assert!(is("group:ops@example.com", "group:ops@example.com"));
        assert!(!is("group:ops@example.com", "ops@example.com"));
        assert!(is("allUsers", ann) && is("allAuthenticatedUsers", ann));
        assert!(!is("user:bob@example.com", ann));
    }

    #[test]
    fn members_have_a_kind_and_a_name() {
        for good in ["user:a", "allUsers", "deleted:user:a?uid=1"] {
            assert!(is_well_formed(good), "{good}");
        }
        for bad in [
            "",
            "a@example.com",
            "user:",
            "allusers",
            &format!("user:{}", "x".repeat(2000)),
        ] {
            assert!(!is_well_formed(bad), "{bad}");
        }
    }
}
