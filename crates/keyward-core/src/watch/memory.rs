//! What the guard remembers between two looks: which alerts were told, when, and who answered for them.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Alert;
use crate::clock::{Timestamp, until};

/// With less time left than this, an alert speaks again although it was acknowledged.
const LAST_DAY: Duration = Duration::from_secs(24 * 3600);

/// Every alert that is going on, by its id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// The alerts.
    pub alerts: BTreeMap<String, Known>,
}

/// What is known of one alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The alert as it was last seen, as loud as it was when it was last told.
    pub alert: Alert,
    /// When it was first seen.
    pub since: Timestamp,
    /// When it was last delivered; `None` as long as that did not succeed.
    pub told: Option<Timestamp>,
    /// When somebody acknowledged it.
    pub acknowledged: Option<Timestamp>,
}

/// What one look leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    /// Alerts to deliver now, loudest first.
    pub tell: Vec<Alert>,
    /// Alerts that go on and are silent: told a short while ago, or acknowledged.
    pub silent: Vec<Alert>,
    /// Ids of alerts that are over.
    pub over: Vec<String>,
    /// How many of the alerts could not be seen this time: they are told as they were last seen.
    pub hidden: usize,
}

impl Memory {
    /// Takes in what a look showed at `now`. An alert is told when it is new, or `repeat` has passed since it was last
    /// delivered, as long as nobody acknowledged it. One that is about another fact, got louder, or whose last day has begun is
    /// new again, whoever answered for it before.
    ///
    /// A look that was not complete ends no alert: what was not seen may go on, and is told as it was last seen.
    pub fn take(&mut self, alerts: Vec<Alert>, complete: bool, repeat: Duration, now: Timestamp) -> Round {
        let (hidden, over) = match complete {
            true => (Vec::new(), self.forget_all_but(&alerts)),
            false => (self.hidden(&alerts), Vec::new()),
        };
        let mut round = Round {
            tell: Vec::new(),
            silent: Vec::new(),
            over,
            hidden: hidden.len(),
        };
        for alert in alerts {
            self.see(&alert, now);
            round.put(self.is_due(&alert.id, repeat, now), alert);
        }
        for alert in hidden {
            self.see(&alert, now);
            let what = format!("not to be seen now, and when it was: {}", alert.what);
            round.put(self.is_due(&alert.id, repeat, now), Alert { what, ..alert });
        }
        round
    }

    /// Remembers that an alert goes on.
    fn see(&mut self, alert: &Alert, now: Timestamp) {
        let fresh = || Known {
            alert: alert.clone(),
            since: now,
            told: None,
            acknowledged: None,
        };
        let known = self.alerts.entry(alert.id.clone()).or_insert_with(fresh);
        if known.alert.fact != alert.fact {
            *known = fresh();
        }
        if known.is_worse(alert, now) {
            known.acknowledged = None;
            known.told = None;
        }
        let alarm = known.alert.alarm;
        known.alert = Alert {
            alarm,
            ..alert.clone()
        };
    }

    fn is_due(&self, id: &str, repeat: Duration, now: Timestamp) -> bool {
        self.alerts.get(id).is_none_or(|known| known.is_due(repeat, now))
    }

    /// What goes on as far as is known, and is not among `alerts`. That something could not be seen is told by each look itself.
    fn hidden(&self, alerts: &[Alert]) -> Vec<Alert> {
        let known = self.alerts.values().map(|known| &known.alert);
        let hidden = known.filter(|alert| !alert.fact.is_empty() && !is_among(&alert.id, alerts));
        hidden.cloned().collect()
    }

    /// Notes that `told` were delivered at `now`.
    pub fn delivered(&mut self, told: &[Alert], now: Timestamp) {
        for alert in told {
            if let Some(known) = self.alerts.get_mut(&alert.id) {
                known.told = Some(now);
                known.alert.alarm = alert.alarm;
            }
        }
    }

    /// Somebody answers for an alert. Answers whether it is known.
    pub fn acknowledge(&mut self, id: &str, now: Timestamp) -> bool {
        let known = self.alerts.get_mut(id);
        known.map(|known| known.acknowledged = Some(now)).is_some()
    }

    fn forget_all_but(&mut self, alerts: &[Alert]) -> Vec<String> {
        let ids = self.alerts.keys();
        let over: Vec<_> = ids.filter(|id| !is_among(id, alerts)).cloned().collect();
        self.alerts.retain(|id, _| is_among(id, alerts));
        over
    }
}

fn is_among(id: &String, alerts: &[Alert]) -> bool {
    alerts
        .iter()
        .any(|alert| alert.id == *id || alert.also.contains(id))
}

impl Round {
    fn put(&mut self, is_due: bool, alert: Alert) {
        match is_due {
            true => self.tell.push(alert),
            false => self.silent.push(alert),
        }
    }
}

impl Known {
    /// Whether nobody answers for it, and it was not told a short while ago.
    fn is_due(&self, repeat: Duration, now: Timestamp) -> bool {
        self.acknowledged.is_none() && self.told.is_none_or(|told| until(told, now) >= repeat)
    }

    /// Whether it got louder, or its last day has begun, since anybody was told or answered for it.
    fn is_worse(&self, alert: &Alert, now: Timestamp) -> bool {
        alert.alarm < self.alert.alarm || self.is_last_day(alert, now)
    }

    fn is_last_day(&self, alert: &Alert, now: Timestamp) -> bool {
        let Some(end) = alert.until else { return false };
        let is_in = |at: Timestamp| until(at, end) <= LAST_DAY;
        let heard = [self.told, self.acknowledged].into_iter().flatten().max();
        is_in(now) && !heard.is_some_and(is_in)
    }
}
