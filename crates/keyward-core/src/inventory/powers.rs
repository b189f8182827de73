//! Who owns what the keys lie in, and who may end them: what can be lost together although no name shows it.

use std::collections::{BTreeMap, BTreeSet};

use crate::kms::Observed;
use crate::name::KeyRef;

/// Who may make keys unusable. A key that is not in it was not looked at, which is unknown and not "nobody".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Powers {
    /// By key: each identity that may schedule destruction of its versions, disable them, or give itself either right,
    /// as `user:…`, `serviceAccount:…`, `group:…`. A list that may not be whole is unknown.
    pub over: BTreeMap<KeyRef, Observed<BTreeSet<String>>>,
    /// By project: what it belongs to.
    pub owners: BTreeMap<String, Observed<Owners>>,
}

/// What a project belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owners {
    /// The number of the organisation that it is below; `None` when it is certainly below none.
    pub organization: Option<String>,
    /// The billing account that pays; `None` when certainly none does.
    pub billing: Option<String>,
}
