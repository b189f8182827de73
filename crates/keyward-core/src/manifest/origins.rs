//! On which line of the manifest a value stands, for `explain`.

use std::collections::BTreeMap;

use serde_saphyr::Spanned;

/// The lines of the values that are written down; a default has none.
///
/// Two of them are always equal: where a value stands is no part of what it says, so that a manifest equals its own
/// re-encoded form.
#[derive(Clone, Debug, Default)]
pub(super) struct Origins(BTreeMap<&'static str, u64>);

impl Origins {
    pub(super) fn note<T>(&mut self, field: &'static str, value: &Spanned<T>) {
        self.0.insert(field, value.referenced.line());
    }

    pub(super) fn note_some<T>(&mut self, field: &'static str, value: Option<&Spanned<T>>) {
        if let Some(value) = value {
            self.note(field, value);
        }
    }

    pub(super) fn line(&self, field: &str) -> Option<u64> {
        self.0.get(field).copied()
    }
}

impl PartialEq for Origins {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Origins {}
