//! What the guard remembers between two looks: which alerts were told, when, and who answered for them.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Alarm, Alert};
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
    /// How loud it was when it was last told.
    pub alarm: Alarm,
    /// What it was about then ([`Alert::fact`]).
    pub fact: String,
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
}

impl Memory {
    /// Takes in what a look showed at `now`. An alert is told when it is new, or `repeat` has passed since it was last
    /// delivered, as long as nobody acknowledged it. One that is about another fact, got louder, or whose last day has begun is
    /// new again, whoever answered for it before.
    ///
    /// A look that was not complete ends no alert: what was not seen may go on.
    pub fn take(&mut self, alerts: Vec<Alert>, complete: bool, repeat: Duration, now: Timestamp) -> Round {
        let over = if complete {
            self.forget_all_but(&alerts)
        } else {
            Vec::new()
        };
        let mut round = Round {
            tell: Vec::new(),
            silent: Vec::new(),
            over,
        };
        for alert in alerts {
            let fresh = || Known {
                alarm: alert.alarm,
                fact: alert.fact.clone(),
                since: now,
                told: None,
                acknowledged: None,
            };
            let known = self.alerts.entry(alert.id.clone()).or_insert_with(fresh);
            if known.fact != alert.fact {
                *known = fresh();
            }
            if known.is_worse(&alert, now) {
                known.acknowledged = None;
                known.told = None;
            }
            let list = match known.is_due(repeat, now) {
                true => &mut round.tell,
                false => &mut round.silent,
            };
            list.push(alert);
        }
        round
    }

    /// Notes that `told` were delivered at `now`.
    pub fn delivered(&mut self, told: &[Alert], now: Timestamp) {
        for alert in told {
            if let Some(known) = self.alerts.get_mut(&alert.id) {
                known.told = Some(now);
                known.alarm = alert.alarm;
            }
        }
    }

    /// Somebody answers for an alert. Answers whether it is known.
    pub fn acknowledge(&mut self, id: &str, now: Timestamp) -> bool {
        let known = self.alerts.get_mut(id);
        known.map(|known| known.acknowledged = Some(now)).is_some()
    }

    fn forget_all_but(&mut self, alerts: &[Alert]) -> Vec<String> {
        let goes_on = |id: &String| {
            alerts
                .iter()
                .any(|alert| alert.id == *id || alert.also.contains(id))
        };
        let over: Vec<_> = self.alerts.keys().filter(|id| !goes_on(id)).cloned().collect();
        self.alerts.retain(|id, _| goes_on(id));
        over
    }
}

impl Known {
    /// Whether nobody answers for it, and it was not told a short while ago.
    fn is_due(&self, repeat: Duration, now: Timestamp) -> bool {
        self.acknowledged.is_none() && self.told.is_none_or(|told| until(told, now) >= repeat)
    }

    /// Whether it got louder, or its last day has begun, since anybody was told or answered for it.
    fn is_worse(&self, alert: &Alert, now: Timestamp) -> bool {
        alert.alarm < self.alarm || self.is_last_day(alert, now)
    }

    fn is_last_day(&self, alert: &Alert, now: Timestamp) -> bool {
        let Some(end) = alert.until else { return false };
        let is_in = |at: Timestamp| until(at, end) <= LAST_DAY;
        let heard = [self.told, self.acknowledged].into_iter().flatten().max();
        is_in(now) && !heard.is_some_and(is_in)
    }
}
