//! What a webhook gets, and how it knows who sent it.

use std::fmt::Write as _;

use ring::hmac;
use serde::Serialize;

use super::{Alert, Memory, Round};
use crate::clock::Timestamp;
use crate::secret::SecretBytes;

/// The header that carries [`signature`].
pub const SIGNATURE_HEADER: &str = "keyward-signature";

/// One delivery: alerts to tell, and ids of those that are over.
#[derive(Serialize)]
pub struct Message<'a> {
    version: u8,
    at: String,
    alerts: Vec<Told<'a>>,
    over: &'a [String],
}

#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    alert: &'a Alert,
    since: Option<String>,
    hours_left: Option<u64>,
}

impl<'a> Message<'a> {
    /// What `round` has to tell at `now`; `memory` knows since when.
    pub fn new(round: &'a Round, memory: &Memory, now: Timestamp) -> Self {
        let told = |alert: &'a Alert| Told {
            since: memory.alerts.get(&alert.id).map(|known| known.since.to_string()),
            hours_left: alert.hours_left(now),
            alert,
        };
        Self {
            version: 1,
            at: now.to_string(),
            alerts: round.tell.iter().map(told).collect(),
            over: &round.over,
        }
    }

    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.alerts.is_empty() && self.over.is_empty()
    }

    /// The body of the delivery: JSON.
    pub fn body(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// `t=SECONDS,v1=HEX`: HMAC-SHA-256 (RFC 2104) under `secret` over the seconds since 1970, a full stop and the body. Who
/// receives it compares in constant time, and refuses what is some minutes old: it may be a repetition.
pub fn signature(secret: &SecretBytes, at: Timestamp, body: &[u8]) -> String {
    let seconds = at.as_second();
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose());
    let tag = hmac::sign(&key, &[format!("{seconds}.").as_bytes(), body].concat());
    let hex = tag.as_ref().iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    format!("t={seconds},v1={hex}")
}
