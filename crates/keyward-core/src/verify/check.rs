//! One check: its number, its verdict, and what to do about it.

use std::fmt;

use serde::ser::{Serialize, SerializeStruct, Serializer};

/// The number of a check. Numbers are public: scripts, alerts and the lock refer to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CheckId {
    /// The key ring exists in its location.
    V01,
    /// The key exists.
    V02,
    /// The location is the recorded one.
    V04,
    /// The ring and the key are in no location that neither manifest nor lock knows.
    V05,
    /// The primary exists and is enabled.
    V06,
    /// No version is scheduled for destruction.
    V07,
    /// No file needs a version that is destroyed or does not exist.
    V08,
    /// No file needs a disabled version.
    V09,
    /// The key and its versions are the recorded ones.
    V10,
    /// No version is stuck on its way to being one.
    V11,
    /// The destroy window is as declared.
    V12,
    /// Rotation is as declared and not overdue.
    V13,
    /// The last rotation happened.
    V14,
    /// Purpose, algorithm and protection level are as declared.
    V15,
    /// The canaries that the lock keeps open.
    V17,
    /// A canary sealed now opens, and the primary answered it.
    V18,
    /// The names inside envelopes are the manifest's.
    V19,
    /// What the environment has to survive, it survives.
    V20,
    /// Nobody who works with the key may destroy it.
    V21,
    /// Organisation policies stand in the way of a hasty destruction.
    V22,
    /// A destruction raises an alert that somebody gets.
    V23,
    /// Uses of the key are logged.
    V24,
    /// The provider and our own log tell of the same changes.
    V25,
    /// Nobody tried to use a version that cannot be used.
    V26,
    /// No resource of the provider needs a version that cannot be used.
    V27,
    /// Buckets are under keys of the manifest, in places that fit.
    V28,
    /// An infrastructure plan takes no key away.
    V29,
    /// Keys that the provider makes by itself can be made.
    V30,
    /// No policy keeps the key from being used.
    V31,
    /// The quota has room for what is planned.
    V32,
    /// The project lives, cannot be deleted by one call, and is paid for.
    V34,
    /// Two who could rescue the key are there.
    V35,
    /// Destruction is denied by a policy that no grant outweighs.
    V36,
}

/// How bad a failed check is. It orders the report; any failure is exit code 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Data is about to be lost or cannot be opened.
    Critical,
    /// Data could be lost by one more mistake.
    High,
    /// Not as declared.
    Medium,
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be.
    Pass,
    /// Not as it should be, and why.
    Fail(String),
    /// Could not be decided, and why. Never taken for [`Verdict::Pass`].
    Unknown(String),
    /// Does not apply here, and why.
    NotApplicable(String),
}

/// One finding: a check applied to one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Which check.
    pub id: CheckId,
    /// The full name of what was checked.
    pub resource: String,
    /// What it found.
    pub verdict: Verdict,
    /// The command that helps, if there is one.
    pub next: Option<String>,
}

impl CheckId {
    /// What the check demands, as a sentence.
    pub fn title(self) -> &'static str {
        match self {
            Self::V01 => "the key ring exists in its location",
            Self::V02 => "the key exists",
            Self::V04 => "the location is the one in the lock",
            Self::V05 => "the key is in no place that nobody knows",
            Self::V06 => "the primary version is enabled",
            Self::V07 => "no version is scheduled for destruction",
            Self::V08 => "no file needs a version that is gone",
            Self::V09 => "no file needs a disabled version",
            Self::V10 => "the key and its versions are those in the lock",
            Self::V11 => "no version is stuck",
            Self::V12 => "the destroy window is as declared",
            Self::V13 => "rotation is on schedule",
            Self::V14 => "the last rotation happened",
            Self::V15 => "purpose, algorithm and protection level are as declared",
            Self::V17 => "the canaries in the lock open",
            Self::V18 => "a canary sealed now opens",
            Self::V19 => "files name only keys of the manifest",
            Self::V20 => "what has to be survived is survived",
            Self::V21 => "nobody who works with the key may destroy it",
            Self::V22 => "organisation policies slow destruction down",
            Self::V23 => "a destruction raises an alert",
            Self::V24 => "uses of the key are logged",
            Self::V25 => "the provider's log and ours tell the same",
            Self::V26 => "nobody tried to use an unusable version",
            Self::V27 => "no resource needs an unusable version",
            Self::V28 => "buckets are under keys of the manifest",
            Self::V29 => "the infrastructure plan takes no key away",
            Self::V30 => "the provider can make its own keys",
            Self::V31 => "no policy keeps the key from being used",
            Self::V32 => "the quota has room for what is planned",
            Self::V34 => "the project lives and is held",
            Self::V35 => "two can rescue the key",
            Self::V36 => "a deny policy forbids destruction",
        }
    }

    /// How bad a failure is.
    pub fn severity(self) -> Severity {
        match self {
            Self::V01 | Self::V02 | Self::V04 | Self::V06 | Self::V07 | Self::V08 | Self::V18 | Self::V19 => {
                Severity::Critical
            }
            Self::V17 | Self::V25 | Self::V29 => Severity::Critical,
            Self::V05 | Self::V31 => Severity::High,
            Self::V09 | Self::V10 | Self::V12 | Self::V15 | Self::V20 => Severity::High,
            Self::V21 | Self::V23 | Self::V26 | Self::V27 | Self::V28 => Severity::High,
            Self::V30 | Self::V34 | Self::V35 => Severity::High,
            Self::V11 | Self::V13 | Self::V14 => Severity::Medium,
            Self::V22 | Self::V24 | Self::V32 | Self::V36 => Severity::Medium,
        }
    }

    /// Whether a verdict of unknown blocks changes and sets exit code 3. The checks on keys do: reading keys is all they
    /// need. A canary gates where it is wanted; where it is not, its verdict is "not applicable". What is seen around the
    /// keys takes further rights, and does not gate; nor does what changes nothing about whether they open.
    pub fn is_gate(self) -> bool {
        !self.is_about_estate() && !matches!(self, Self::V11 | Self::V14)
    }

    /// Whether the check looks at what is around keys in the cloud, and so runs only where the manifest names it.
    pub fn is_about_estate(self) -> bool {
        matches!(
            self,
            Self::V21
                | Self::V22
                | Self::V23
                | Self::V24
                | Self::V25
                | Self::V26
                | Self::V27
                | Self::V28
                | Self::V30
                | Self::V32
                | Self::V34
                | Self::V35
                | Self::V36
        )
    }
}

impl fmt::Display for CheckId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl Severity {
    /// The word in reports.
    pub fn id(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
        }
    }
}

impl Verdict {
    /// The word in reports.
    pub fn id(&self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Fail(_) => "FAIL",
            Self::Unknown(_) => "UNKNOWN",
            Self::NotApplicable(_) => "NOT APPLICABLE",
        }
    }

    /// Why, for every verdict but pass.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Pass => None,
            Self::Fail(why) | Self::Unknown(why) | Self::NotApplicable(why) => Some(why),
        }
    }
}

impl Check {
    pub(super) fn new(id: CheckId, resource: impl fmt::Display, verdict: Verdict) -> Self {
        Self {
            id,
            resource: resource.to_string(),
            verdict,
            next: None,
        }
    }

    /// Adds the command that helps, if there is one and the check did not pass.
    pub(super) fn next(mut self, command: impl Into<Option<String>>) -> Self {
        if matches!(self.verdict, Verdict::Fail(_) | Verdict::Unknown(_)) {
            self.next = command.into();
        }
        self
    }
}

/// `{id, title, severity, gate, resource, verdict, reason, next}`; `reason` and `next` may be null.
impl Serialize for Check {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Check", 8)?;
        object.serialize_field("id", &self.id.to_string())?;
        object.serialize_field("title", self.id.title())?;
        object.serialize_field("severity", self.id.severity().id())?;
        object.serialize_field("gate", &self.id.is_gate())?;
        object.serialize_field("resource", &self.resource)?;
        object.serialize_field("verdict", self.verdict.id())?;
        object.serialize_field("reason", &self.verdict.reason())?;
        object.serialize_field("next", &self.next)?;
        object.end()
    }
}
