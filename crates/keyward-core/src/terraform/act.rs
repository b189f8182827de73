//! What a plan does to a resource: its list of actions, as one word.

/// What is done to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Nothing.
    Nothing,
    /// It is made.
    Create,
    /// It is changed in place.
    Update,
    /// It is destroyed.
    Delete,
    /// It is destroyed, and another one is made.
    Replace,
    /// It is no longer managed, and left as it is.
    Forget,
    /// It is no longer managed and left as it is, and another one is made.
    ForgetAndCreate,
    /// Something that this release does not know.
    Other,
}

impl Act {
    /// The act that a list of actions means (Terraform documentation, "JSON Output Format", change representation;
    /// OpenTofu has the same words).
    pub fn of(actions: &[String]) -> Self {
        let words: Vec<&str> = actions.iter().map(String::as_str).collect();
        match words[..] {
            ["no-op" | "read"] => Self::Nothing,
            ["create"] => Self::Create,
            ["update"] => Self::Update,
            ["delete"] => Self::Delete,
            ["delete", "create"] | ["create", "delete"] => Self::Replace,
            ["forget"] => Self::Forget,
            ["create", "forget"] | ["forget", "create"] => Self::ForgetAndCreate,
            _ => Self::Other,
        }
    }

    /// Whether the resource, as it is now, is destroyed.
    pub fn destroys(self) -> bool {
        matches!(self, Self::Delete | Self::Replace)
    }

    /// Whether the resource, as it is now, is left without anything that manages it.
    pub fn forgets(self) -> bool {
        matches!(self, Self::Forget | Self::ForgetAndCreate)
    }

    /// What is done, as part of a sentence.
    pub fn text(self) -> &'static str {
        match self {
            Self::Nothing => "is left as it is",
            Self::Create => "is made",
            Self::Update => "is changed",
            Self::Delete => "is deleted",
            Self::Replace => "is replaced",
            Self::Forget => "is forgotten",
            Self::ForgetAndCreate => "is forgotten, and another one is made",
            Self::Other => "is changed in a way that this release does not know",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn act(words: &[&str]) -> Act {
        Act::of(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn a_list_that_nobody_knows_is_no_harmless_one() {
        assert_eq!(act(&["delete", "create"]), Act::Replace);
        assert_eq!(act(&["create", "delete"]), Act::Replace);
        assert_eq!(act(&["read"]), Act::Nothing);
        for unknown in [
            &[][..],
            &["delete", "delete"],
            &["no-op", "delete"],
            &["Delete"],
            &["melt"],
        ] {
            assert_eq!(act(unknown), Act::Other, "{unknown:?}");
        }
    }
}
