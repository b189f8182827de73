//! An IAM policy, as `policy_data` of a plan holds it: JSON inside a text.

use serde::Deserialize;

/// Who may do what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Policy {
    /// One for each role and condition.
    #[serde(default)]
    pub bindings: Vec<Binding>,
}

/// One role, and who has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Binding {
    /// The role.
    #[serde(default)]
    pub role: String,
    /// The principals.
    #[serde(default)]
    pub members: Vec<String>,
    /// What has to hold besides; `None` when the role always counts.
    #[serde(default)]
    pub condition: Option<Condition>,
}

/// What has to hold for a binding to count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Condition {
    /// The expression, in CEL.
    #[serde(default)]
    pub expression: String,
}

impl Policy {
    /// Reads `policy_data`; `None` when it is no policy.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_policy_grants_nothing_and_garbage_is_no_empty_policy() {
        assert_eq!(Policy::parse("{}"), Some(Policy::default()));
        assert_eq!(Policy::parse(""), None);
        assert_eq!(Policy::parse(r#"{"bindings":[{"role":1}]}"#), None);
    }
}
