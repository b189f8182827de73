//! What `terraform show -json` says about a plan (format 1, of Terraform and of OpenTofu), as far as it concerns keys.
//!
//! A plan is read in one pass, resource by resource; what has nothing to do with keys is forgotten at once. Whoever reads
//! gets a plan or the reason why there is none: a plan that cannot be read whole, or that says of itself that it is not
//! whole, allows nothing.

mod act;
mod policy;
mod read;
mod unread;
mod values;

pub use act::Act;
pub use policy::{Binding, Condition, Policy};
pub use read::PlanReader;
pub use unread::why_unread;
pub use values::{Value, Values};

use crate::name::CryptoKeyName;

/// A plan, as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// It was read to its end.
    Plan(Plan),
    /// It was not, or is no plan; the text says why.
    Unread(String),
}

/// What a plan is going to do, as far as it concerns keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The version of the tool that made it; empty when it does not say.
    pub tool_version: String,
    /// How many managed resources it names, changed or not.
    pub resources: u64,
    /// The ones that concern keys, in the order of the plan.
    pub changes: Vec<Change>,
    /// Why more may happen than the plan shows. Not empty: it cannot be judged.
    pub open: Vec<String>,
    /// The versions of Google's provider that the configuration admits, where it says so.
    pub constraints: Vec<String>,
}

/// What becomes of one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its address, such as `module.kms.google_kms_crypto_key.logs[0]`.
    pub address: String,
    /// Its type, such as `google_kms_crypto_key`.
    pub kind: String,
    /// What is done.
    pub act: Act,
    /// What it is now; `None` when it does not exist.
    pub before: Option<Values>,
    /// What it will be; `None` when it will not exist, or is left as it is.
    pub after: Option<Values>,
}

impl Change {
    /// What it is now; nothing is known of what does not exist.
    pub fn old(&self) -> &Values {
        self.before.as_ref().unwrap_or(Values::NONE)
    }

    /// What it will be; nothing is known of what will not exist.
    pub fn later(&self) -> &Values {
        self.after.as_ref().unwrap_or(Values::NONE)
    }

    /// Every name of a key in what it is now, with the place where it stands.
    pub fn keys_before(&self) -> impl Iterator<Item = (&str, CryptoKeyName)> {
        self.old().keys()
    }

    /// Whether its type is by itself about keys, or about who may use them.
    fn concerns_keys(&self) -> bool {
        const TYPES: [&str; 16] = [
            "google_project",
            "google_project_service",
            "google_project_services",
            "google_project_iam_member",
            "google_project_iam_binding",
            "google_project_iam_policy",
            "google_billing_project_info",
            "google_service_account",
            "google_folder_iam_member",
            "google_folder_iam_binding",
            "google_folder_iam_policy",
            "google_organization_iam_member",
            "google_organization_iam_binding",
            "google_organization_iam_policy",
            "google_organization_iam_custom_role",
            "google_project_iam_custom_role",
        ];
        self.kind.starts_with("google_kms_") || TYPES.contains(&&*self.kind)
    }

    /// Roughly what it takes to keep, in bytes.
    fn weight(&self) -> usize {
        const ITSELF: usize = 256;
        ITSELF + self.address.len() + self.kind.len() + self.old().weight() + self.later().weight()
    }
}

#[cfg(test)]
mod tests;
