//! Patience: a location is waited for as long as it goes on answering, and given up when it falls silent.
//!
//! Calls wait for their turn under a quota, which says nothing about the location: with many keys the last turn comes long
//! after the first. So it is not the single call that has a deadline but the silence.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use keyward_core::location::Location;
use keyward_core::name::Provider;
use tokio::time::{Instant, timeout_at};

/// What a run knows about the locations that it asks.
pub(super) struct Patience {
    /// How long nothing may be heard.
    limit: Duration,
    places: Mutex<HashMap<Place, Hearing>>,
}

type Place = (Provider, Location);

struct Hearing {
    /// Calls that wait.
    waiting: usize,
    /// The last answer, or the first call after there was none to wait for.
    heard: Instant,
    /// Whether it was given up.
    is_silent: bool,
}

/// Nothing was heard.
#[derive(Clone, Debug)]
pub(super) struct Silence(String);

impl Patience {
    pub(super) fn new(limit: Duration) -> Self {
        Self {
            limit,
            places: Mutex::default(),
        }
    }

    /// The answer of a location. Once it was silent it is not waited for again: what a run has not seen by then is unknown.
    pub(super) async fn wait<T>(
        &self,
        provider: Provider,
        location: &Location,
        answer: impl Future<Output = T>,
    ) -> Result<T, Silence> {
        let place = (provider, location.clone());
        let _waiting = self.start(&place).ok_or_else(|| self.silence(&place))?;
        let mut answer = pin!(answer);
        loop {
            let until = self.at(&place, |hearing| hearing.heard) + self.limit;
            if let Ok(answer) = timeout_at(until, &mut answer).await {
                self.at(&place, |hearing| hearing.heard = Instant::now());
                return Ok(answer);
            }
            if self.at(&place, |hearing| hearing.gives_up(self.limit)) {
                return Err(self.silence(&place));
            }
        }
    }

    /// One more waits, if there is something to wait for.
    fn start<'a>(&'a self, place: &'a Place) -> Option<Waiting<'a>> {
        self.at(place, |hearing| {
            if hearing.is_silent {
                return None;
            }
            if hearing.waiting == 0 {
                hearing.heard = Instant::now();
            }
            hearing.waiting += 1;
            Some(Waiting {
                patience: self,
                place,
            })
        })
    }

    fn at<T>(&self, place: &Place, act: impl FnOnce(&mut Hearing) -> T) -> T {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        act(places.entry(place.clone()).or_insert_with(Hearing::new))
    }

    fn silence(&self, (_, location): &Place) -> Silence {
        Silence(format!(
            "no answer from {location} within {} s, and it was not asked further; a `quota:` of a few calls a minute ends \
             like this too",
            self.limit.as_secs()
        ))
    }
}

impl Hearing {
    fn new() -> Self {
        Self {
            waiting: 0,
            heard: Instant::now(),
            is_silent: false,
        }
    }

    /// Whether nothing was heard for so long, which is then settled.
    fn gives_up(&mut self, limit: Duration) -> bool {
        self.is_silent |= self.heard + limit <= Instant::now();
        self.is_silent
    }
}

/// A call that waits, until it is dropped.
struct Waiting<'a> {
    patience: &'a Patience,
    place: &'a Place,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.patience.at(self.place, |hearing| hearing.waiting -= 1);
    }
}

impl Silence {
    /// What is known instead of an answer.
    pub(super) fn into_text(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use tokio::time::sleep;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn place(name: &str) -> Location {
        Location::parse(name).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_answer_counts_while_others_come_and_silence_is_of_one_location() {
        let patience = Patience::new(SECOND * 2);
        let (here, there) = (place("europe-west1"), place("us-central1"));
        let at = |location, answer| patience.wait(Provider::Gcp, location, answer);
        let answers = (1..=5).map(|turn| at(&here, sleep(SECOND * turn)));
        let (answers, silent) = tokio::join!(
            futures_util::future::join_all(answers),
            patience.wait(Provider::Gcp, &there, pending::<()>())
        );
        assert!(answers.iter().all(Result::is_ok));
        assert!(silent.unwrap_err().into_text().contains("us-central1"));
        assert!(patience.wait(Provider::Gcp, &there, ready(())).await.is_err());
        sleep(SECOND * 9).await;
        assert!(
            patience.wait(Provider::Gcp, &here, ready(())).await.is_ok(),
            "nobody waited meanwhile"
        );
    }
}
