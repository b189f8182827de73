//! Who may destroy all the same, in the form that IAM deny policies want.

use std::fmt;

use crate::error::{Error, Result};

/// Longest principal, in bytes.
const LEN: usize = 1024;

/// A principal of IAM v2, such as `principalSet://goog/group/key-owners@example.com`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal(String);

impl Principal {
    /// Reads a principal, also in the form of allow policies: `user:`, `group:`, `serviceAccount:`.
    ///
    /// # Errors
    /// A usage error for any other form.
    pub fn parse(text: &str) -> Result<Self> {
        let odd = text.len() > LEN
            || text
                .chars()
                .any(|c| c.is_control() || c.is_whitespace() || c == '"');
        let id = match text.split_once(':') {
            _ if odd => None,
            Some(("user", email)) if is_email(email) => Some(format!("principal://goog/subject/{email}")),
            Some(("group", email)) if is_email(email) => Some(format!("principalSet://goog/group/{email}")),
            Some(("serviceAccount", email)) if is_email(email) => Some(format!(
                "principal://iam.googleapis.com/projects/-/serviceAccounts/{email}"
            )),
            Some(("principal" | "principalSet", rest)) if rest.len() > 2 && rest.starts_with("//") => {
                Some(text.to_owned())
            }
            _ => None,
        };
        id.map(Self).ok_or_else(|| {
            let shown: String = text.chars().take(120).flat_map(char::escape_debug).collect();
            Error::usage(format!("`{shown}` is not a principal"))
                .hint("group:NAME@DOMAIN, user:…, serviceAccount:…, or principalSet://… as IAM has it")
        })
    }

    /// The principal, as IAM v2 has it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_email(text: &str) -> bool {
    let domain = text
        .split_once('@')
        .map(|(name, domain)| !name.is_empty() && domain.contains('.'));
    domain == Some(true) && !text.contains('/')
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
