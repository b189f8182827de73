//! One alert: what is wrong, until when it can be mended, what would be lost, and the command that mends it.

use std::collections::BTreeMap;
use std::fmt;

use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::clock::{Timestamp, until};
use crate::name::VersionRef;
use crate::verify::{Check, CheckId, Event, EventKind, Report, Severity, Verdict};

/// How loud an alert is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Alarm {
    /// Something could not be opened any more, for good. Somebody is woken.
    Critical,
    /// Something is on its way out and still opens in another way, or it cannot be seen what would be lost.
    High,
    /// Not as declared, or not to be seen; nothing is known to be lost.
    Medium,
}

/// What would be lost with a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stake {
    /// Nothing known needs it.
    Nothing,
    /// What needs it opens in other ways as well; the text counts and names it.
    Redundancy(String),
    /// This could not be opened any more; the text counts and names it.
    Content(String),
    /// What needs it could not be seen, and why.
    Unknown(String),
}

/// One alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Stays the same while the trouble lasts: check and resource, as `V07 gcp-kms://…/cryptoKeyVersions/3`.
    pub id: String,
    /// How loud it is.
    pub alarm: Alarm,
    /// The full name of what is in trouble.
    pub resource: String,
    /// What is wrong, as a sentence.
    pub what: String,
    /// When it can no longer be mended, if that is known.
    pub until: Option<Timestamp>,
    /// What would be lost.
    pub lost: String,
    /// The command that mends it, or shows more.
    pub next: String,
    /// What somebody answers for who acknowledges it: another fact under the same id is another trouble.
    pub fact: String,
    /// Ids of findings that the same command mends: they are told in this alert.
    pub also: Vec<String>,
}

impl Alarm {
    /// The word in reports.
    pub fn id(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
        }
    }

    /// The level with that word.
    pub fn from_id(word: &str) -> Option<Self> {
        [Self::Critical, Self::High, Self::Medium]
            .into_iter()
            .find(|alarm| alarm.id() == word)
    }
}

impl Stake {
    fn alarm(&self) -> Alarm {
        match self {
            Self::Content(_) => Alarm::Critical,
            Self::Redundancy(_) | Self::Unknown(_) => Alarm::High,
            Self::Nothing => Alarm::Medium,
        }
    }
}

impl fmt::Display for Stake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing known needs it"),
            Self::Redundancy(what) => write!(f, "{what}; other ways to open remain"),
            Self::Content(what) => write!(f, "{what} could not be opened any more"),
            Self::Unknown(why) => write!(f, "not known: {why}"),
        }
    }
}

impl Alert {
    /// Tells `other` too, which the same command mends.
    fn absorb(&mut self, other: Self) {
        self.what = format!("{}; {}", self.what, other.what);
        self.fact = format!("{}; {}", self.fact, other.fact);
        self.alarm = self.alarm.min(other.alarm);
        self.also.push(other.id);
    }

    /// Whole hours until it can no longer be mended.
    pub fn hours_left(&self, now: Timestamp) -> Option<u64> {
        self.until.map(|at| until(now, at).as_secs() / 3600)
    }
}

/// The alerts of a report, loudest first. `stake` tells what would be lost with a version, or with all of a key
/// (`None`).
///
/// A version on its way to destruction has an alert of its own; every other finding, failed or undecided, has one for
/// each check and resource, or is told in the alert that the same command mends.
pub fn alerts(report: &Report, stake: &dyn Fn(&str) -> Stake) -> Vec<Alert> {
    let ends = report
        .events
        .iter()
        .filter(|event| event.kind == EventKind::Destruction);
    let mut alerts: BTreeMap<String, Alert> = BTreeMap::new();
    for alert in ends.map(|event| destruction(event, stake)) {
        alerts.insert(alert.id.clone(), alert);
    }
    let findings = report.failures().into_iter().chain(report.unknowns());
    for check in findings.filter(|check| !is_told(check, report)) {
        let alert = finding(check, stake);
        // What one command brings back is one trouble, however many checks it fails.
        let is_rescue = alert.next.starts_with("keyward key ");
        let same = alerts
            .values_mut()
            .find(|known| is_rescue && known.next == alert.next);
        match same {
            Some(known) => known.absorb(alert),
            None => {
                alerts.insert(alert.id.clone(), alert);
            }
        }
    }
    let mut alerts: Vec<_> = alerts.into_values().collect();
    alerts.sort_by(|one, other| {
        let rank = |alert: &Alert| {
            (
                alert.alarm,
                alert.until.unwrap_or(Timestamp::MAX),
                alert.id.clone(),
            )
        };
        rank(one).cmp(&rank(other))
    });
    alerts
}

fn destruction(event: &Event, stake: &dyn Fn(&str) -> Stake) -> Alert {
    let lost = stake(&event.resource);
    Alert {
        id: format!("{} {}", CheckId::V07, event.resource),
        alarm: lost.alarm(),
        resource: event.resource.clone(),
        what: format!("this version will be destroyed at {}", event.at),
        until: Some(event.at),
        lost: lost.to_string(),
        next: format!("keyward key restore {}", event.resource),
        fact: event.at.to_string(),
        also: Vec::new(),
    }
}

/// Whether the alerts about destructions say it already: V07 of a key whose dates are known.
fn is_told(check: &Check, report: &Report) -> bool {
    let failed = matches!(check.verdict, Verdict::Fail(_));
    let is_of = |event: &Event| {
        let version: Option<VersionRef> = event.resource.parse().ok();
        event.kind == EventKind::Destruction
            && version.is_some_and(|version| version.key().to_string() == check.resource)
    };
    failed && check.id == CheckId::V07 && report.events.iter().any(is_of)
}

fn finding(check: &Check, stake: &dyn Fn(&str) -> Stake) -> Alert {
    let unseen = matches!(check.verdict, Verdict::Unknown(_));
    let lost = match (unseen, check.id.severity()) {
        (true, _) | (_, Severity::Medium) => None,
        _ => Some(stake(&check.resource)),
    };
    let why = check.verdict.reason().unwrap_or_default();
    Alert {
        id: format!("{} {}", check.id, check.resource),
        alarm: match &lost {
            Some(lost) => lost.alarm().min(Alarm::High),
            None => Alarm::Medium,
        },
        resource: check.resource.clone(),
        what: match unseen {
            true => format!("it cannot be seen whether {}: {why}", check.id.title()),
            false => why.to_owned(),
        },
        until: None,
        lost: lost.map_or("nothing is known to be lost".to_owned(), |lost| lost.to_string()),
        next: check.next.clone().unwrap_or_else(|| "keyward verify".to_owned()),
        // Why something cannot be seen is worded in many ways, and is one trouble.
        fact: if unseen { String::new() } else { why.to_owned() },
        also: Vec::new(),
    }
}

/// `{id, severity, resource, what, until, lost, next}`.
impl Serialize for Alert {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Alert", 7)?;
        object.serialize_field("id", &self.id)?;
        object.serialize_field("severity", self.alarm.id())?;
        object.serialize_field("resource", &self.resource)?;
        object.serialize_field("what", &self.what)?;
        object.serialize_field("until", &self.until.map(|at| at.to_string()))?;
        object.serialize_field("lost", &self.lost)?;
        object.serialize_field("next", &self.next)?;
        object.end()
    }
}
