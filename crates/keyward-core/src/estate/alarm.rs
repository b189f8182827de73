//! Alerts: what raises one, and who gets it.

/// An alert policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertPolicy {
    /// Its full name.
    pub name: String,
    /// Whether it is on; `None` when that is not said.
    pub enabled: Option<bool>,
    /// Whether the service says that it works.
    pub valid: bool,
    /// What raises it; any of them, unless `all` is set.
    pub conditions: Vec<Condition>,
    /// Whether it takes all conditions at once.
    pub all: bool,
    /// Who is told, by the full names of channels.
    pub channels: Vec<String>,
}

/// What raises an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// A log entry that this filter selects.
    Log(String),
    /// Values of a metric that this filter selects, above a threshold.
    Metric {
        /// The filter, which names the metric.
        filter: String,
        /// Whether one event is enough.
        any: bool,
    },
    /// Something else.
    Other,
}

/// A metric that counts log entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogMetric {
    /// Its name, which `logging.googleapis.com/user/` precedes where alerts name it.
    pub name: String,
    /// What it counts.
    pub filter: String,
    /// Whether it counts nothing.
    pub disabled: bool,
}

/// Somebody who can be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Its full name.
    pub name: String,
    /// How: `email`, `pagerduty` and the like.
    pub kind: String,
    /// Whether it is on; `None` when that is not said.
    pub enabled: Option<bool>,
    /// Whether it has still to prove that it is read, so that nothing is sent to it.
    pub unverified: bool,
}
