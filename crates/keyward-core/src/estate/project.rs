//! What a project is, what it hangs on, and what holds it.

use super::Place;

/// A project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// Its id.
    pub id: String,
    /// Its number.
    pub number: String,
    /// Whether it lives.
    pub state: Lifecycle,
    /// The folder or organisation that it lies in; `None` when it lies in none.
    pub parent: Option<Place>,
}

/// Whether a project lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lifecycle {
    /// It does.
    Active,
    /// It is shut down, and is gone for good 30 days after that was asked for.
    DeleteRequested,
    /// In a state that is not known here.
    Other(String),
}

/// Who pays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Billing {
    /// The account, as `billingAccounts/ID`; `None` when there is none.
    pub account: Option<String>,
    /// Whether that account is open, so that the project's services run.
    pub enabled: bool,
}

/// What holds a project against some acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lien {
    /// Its full name.
    pub name: String,
    /// What it holds against, as permissions: `resourcemanager.projects.delete`.
    pub restrictions: Vec<String>,
}
