//! The standing guard as an operation: one look becomes alerts, which are delivered, and remembered.
//!
//! What is loud and when it repeats is decided in [`keyward_core::watch`]. Here is the order of things that makes sure
//! that no alert is taken for told which nobody got: remember that it is there, deliver, remember that it was told.

mod memory_file;
#[cfg(test)]
mod tests;

use keyward_core::clock::Timestamp;
use keyward_core::error::{Error, Result};
use keyward_core::kms::Async;
use keyward_core::manifest::Watch;
use keyward_core::secret::SecretBytes;
use keyward_core::watch::{Alert, Known, Message, Round, SIGNATURE_HEADER, signature};

pub use memory_file::MemoryFile;

/// How messages leave.
pub trait Outlet: Send + Sync {
    /// Posts `body` (JSON) with one more header; `Ok` when it was taken (2xx).
    fn post<'a>(
        &'a self,
        url: &'a str,
        header: Option<(&'a str, String)>,
        body: Vec<u8>,
    ) -> Async<'a, Result<()>>;

    /// Asks for `url`; `Ok` when it answered (2xx).
    fn ping<'a>(&'a self, url: &'a str) -> Async<'a, Result<()>>;
}

/// One look, and what is to become of it.
pub struct Guard<'a> {
    /// Who is told.
    pub settings: &'a Watch,
    /// The webhook's secret; without one, messages are not signed.
    pub secret: Option<&'a SecretBytes>,
    /// What is remembered between looks.
    pub memory: &'a MemoryFile,
    /// How messages leave.
    pub outlet: &'a dyn Outlet,
    /// The instant of the look.
    pub now: Timestamp,
}

/// What became of a look.
pub struct Told {
    /// What was to be told, what is silent, what is over.
    pub round: Round,
    /// Whether trouble is going on that nobody acknowledged. That something could not be seen is no such trouble.
    pub open: bool,
    /// What went wrong on the way, if anything did. What was not delivered is told again at the next look.
    pub trouble: Vec<Error>,
}

impl Guard<'_> {
    /// Tells what has to be told of `alerts`. `complete` is whether everything could be seen: only then is an alert that
    /// is missing now over, and only then is the dead man's switch asked, so that it notices a guard that sees nothing.
    pub async fn tell(&self, alerts: Vec<Alert>, complete: bool) -> Told {
        let mut trouble = Vec::new();
        let repeat = self.settings.repeat();
        let (round, memory) = match self.memory.update(|memory| {
            let round = memory.take(alerts.clone(), complete, repeat, self.now);
            (round, memory.clone())
        }) {
            Ok(known) => known,
            Err(why) => {
                // Without a memory everything is new: too loud is better than too quiet.
                trouble.push(why);
                let mut memory = keyward_core::watch::Memory::default();
                (memory.take(alerts, complete, repeat, self.now), memory)
            }
        };
        let message = Message::new(&round, &memory, self.now);
        let sent = match &self.settings.webhook {
            Some(url) if !message.is_empty() => self.post(url, &message).await,
            _ => Ok(()),
        };
        match sent {
            Ok(()) => {
                let noted = self
                    .memory
                    .update(|memory| memory.delivered(&round.tell, self.now));
                trouble.extend(noted.err());
            }
            Err(why) => trouble.push(why.hint("it is told again at the next look")),
        }
        if let (Some(url), true, true) = (&self.settings.ping, complete, trouble.is_empty()) {
            trouble.extend(self.outlet.ping(url).await.err());
        }
        let answered = |known: &Known| known.acknowledged.is_some() || known.alert.fact.is_empty();
        let open = !memory.alerts.values().all(answered);
        Told { round, open, trouble }
    }

    async fn post(&self, url: &str, message: &Message<'_>) -> Result<()> {
        let body = message.body();
        let signed = self
            .secret
            .map(|secret| (SIGNATURE_HEADER, signature(secret, self.now, &body)));
        self.outlet.post(url, signed, body).await
    }
}
