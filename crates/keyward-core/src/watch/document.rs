//! The guard's memory as a file has it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Alarm, Alert, Known, Memory};
use crate::clock::Timestamp;
use crate::error::{Error, Result};

const VERSION: u64 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u64,
    alerts: BTreeMap<String, Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    severity: String,
    resource: String,
    what: String,
    until: Option<Timestamp>,
    lost: String,
    next: String,
    fact: String,
    also: Vec<String>,
    since: Timestamp,
    told: Option<Timestamp>,
    acknowledged: Option<Timestamp>,
}

impl Memory {
    /// Reads a memory.
    ///
    /// # Errors
    /// Damaged when it is none, or one of another release. Whoever goes on without it tells everything again.
    pub fn parse(text: &str) -> Result<Self> {
        let document: Document = serde_json::from_str(text)
            .map_err(|why| Error::damaged(format!("it is no memory of alerts: {why}")))?;
        if document.version != VERSION {
            let what = format!(
                "version {} is not known: this release reads {VERSION}",
                document.version
            );
            return Err(Error::damaged(what));
        }
        let alerts = document.alerts.into_iter().map(|(id, entry)| {
            let alarm = Alarm::from_id(&entry.severity)
                .ok_or_else(|| Error::damaged("an alert has a severity that is not known"))?;
            let known = Known {
                alert: Alert {
                    id: id.clone(),
                    alarm,
                    resource: entry.resource,
                    what: entry.what,
                    until: entry.until,
                    lost: entry.lost,
                    next: entry.next,
                    fact: entry.fact,
                    also: entry.also,
                },
                since: entry.since,
                told: entry.told,
                acknowledged: entry.acknowledged,
            };
            Ok((id, known))
        });
        Ok(Self {
            alerts: alerts.collect::<Result<_>>()?,
        })
    }

    /// The memory as JSON. Reading it gives an equal one.
    pub fn encode(&self) -> String {
        let document = Document {
            version: VERSION,
            alerts: self
                .alerts
                .iter()
                .map(|(id, known)| (id.clone(), entry(known)))
                .collect(),
        };
        let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
        text.push('\n');
        text
    }
}

fn entry(known: &Known) -> Entry {
    let alert = known.alert.clone();
    Entry {
        severity: alert.alarm.id().to_owned(),
        resource: alert.resource,
        what: alert.what,
        until: alert.until,
        lost: alert.lost,
        next: alert.next,
        fact: alert.fact,
        also: alert.also,
        since: known.since,
        told: known.told,
        acknowledged: known.acknowledged,
    }
}
