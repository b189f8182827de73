//! Organisation policies, as they come out for one project.

/// What a constraint comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Constraint {
    /// Of the kind that is on or off.
    Enforced(bool),
    /// Of the kind that lists values.
    Values(Allowed),
    /// It depends on a condition, or is in a form that is not known here; the text says which.
    Open(String),
}

/// Which values a list constraint allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// All.
    All,
    /// None.
    None,
    /// These, such as `in:30d`.
    Only(Vec<String>),
    /// All but these.
    AllBut(Vec<String>),
}
