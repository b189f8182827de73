//! The report of a verification: one value that text, JSON and every later form print.

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

use super::{Check, CheckId, Event, Verdict};
use crate::clock::Timestamp;

/// What a verification found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// When it was made.
    pub at: Timestamp,
    /// Every check that was considered, also those that do not apply, key by key.
    pub checks: Vec<Check>,
    /// What happens to the keys by itself, and what has happened, in the order of time.
    pub events: Vec<Event>,
    /// What a reader should know besides: how much was looked at, and choices that weaken what a verification means.
    pub notes: Vec<String>,
}

impl Report {
    /// Failed checks, worst first.
    pub fn failures(&self) -> Vec<&Check> {
        self.sorted(|verdict| matches!(verdict, Verdict::Fail(_)))
    }

    /// Undecided checks, worst first.
    pub fn unknowns(&self) -> Vec<&Check> {
        self.sorted(|verdict| matches!(verdict, Verdict::Unknown(_)))
    }

    /// Number of checks with the verdict that `like` has.
    pub fn count(&self, like: &Verdict) -> usize {
        self.checks
            .iter()
            .filter(|check| check.verdict.id() == like.id())
            .count()
    }

    /// Number of checks that passed.
    pub fn passed(&self) -> usize {
        self.count(&Verdict::Pass)
    }

    /// Number of keys that were judged.
    pub fn keys(&self) -> usize {
        self.checks
            .iter()
            .filter(|check| check.id == CheckId::V02)
            .count()
    }

    /// 1 on any failure, else 3 when a gate check (with `strict`: any check) is undecided, else 0. A report about no
    /// key at all proves nothing: 3, unless it is about an infrastructure plan and nothing else.
    pub fn exit_code(&self, strict: bool) -> u8 {
        let blocks =
            |check: &Check| matches!(check.verdict, Verdict::Unknown(_)) && (strict || check.id.is_gate());
        if self
            .checks
            .iter()
            .any(|check| matches!(check.verdict, Verdict::Fail(_)))
        {
            1
        } else if (self.keys() == 0 && !self.is_about_a_plan()) || self.checks.iter().any(blocks) {
            3
        } else {
            0
        }
    }

    /// Whether an infrastructure plan was judged, and nothing else was looked at.
    fn is_about_a_plan(&self) -> bool {
        !self.checks.is_empty() && self.checks.iter().all(|check| check.id == CheckId::V29)
    }

    /// The verdict of the whole report: the one that decides the exit code.
    pub fn verdict(&self, strict: bool) -> &'static str {
        match self.exit_code(strict) {
            0 => "PASS",
            1 => "FAIL",
            _ => "UNKNOWN",
        }
    }

    fn sorted(&self, wanted: impl Fn(&Verdict) -> bool) -> Vec<&Check> {
        let mut checks: Vec<_> = self
            .checks
            .iter()
            .filter(|check| wanted(&check.verdict))
            .collect();
        checks.sort_by_key(|check| (check.id.severity(), check.id));
        checks
    }
}

/// `{at, keys, passed, failed, unknown, not_applicable, checks, events, notes}`.
impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let why = String::new;
        let mut object = serializer.serialize_struct("Report", 9)?;
        object.serialize_field("at", &self.at.to_string())?;
        object.serialize_field("keys", &self.keys())?;
        object.serialize_field("passed", &self.passed())?;
        object.serialize_field("failed", &self.count(&Verdict::Fail(why())))?;
        object.serialize_field("unknown", &self.count(&Verdict::Unknown(why())))?;
        object.serialize_field("not_applicable", &self.count(&Verdict::NotApplicable(why())))?;
        object.serialize_field("checks", &self.checks)?;
        object.serialize_field("events", &self.events)?;
        object.serialize_field("notes", &self.notes)?;
        object.end()
    }
}
