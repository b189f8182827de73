//! Resumable uploads that were begun: few, of bounded size, and in memory only. A client that finds its session gone
//! begins again.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use keyward_core::clock::{Timestamp, until};
use rand_core::Rng;

use crate::state::State;
use crate::storage::body::{self, LARGEST_OBJECT};
use crate::storage::content::Draft;
use crate::storage::refusal::Refusal;

/// Most sessions.
const SESSIONS: usize = 256;
/// Most bytes that all of them hold.
const BYTES: usize = 256 << 20;
/// How long a session is good for: Google's week.
const LIFE: Duration = Duration::from_secs(7 * 86_400);

/// The sessions.
#[derive(Default)]
pub(crate) struct Sessions(Mutex<BTreeMap<String, Session>>);

/// One upload.
pub(super) struct Session {
    /// What it is to become.
    pub(super) draft: Draft,
    /// How far it is.
    pub(super) progress: Progress,
    /// When it was begun.
    begun: Timestamp,
}

/// How far an upload is.
pub(super) enum Progress {
    /// These bytes are here.
    Open(Vec<u8>),
    /// Somebody is writing the object.
    Closing,
    /// It became this generation.
    Done(i64),
}

impl Sessions {
    /// Begins a session, and answers its id.
    ///
    /// # Errors
    /// 429 when there are too many.
    pub(super) fn begin(&self, state: &State, draft: Draft, now: Timestamp) -> Result<String, Refusal> {
        let mut sessions = self.all();
        sessions.retain(|_, session| until(session.begun, now) < LIFE);
        if sessions.len() >= SESSIONS {
            let done = sessions
                .iter()
                .filter(|(_, session)| matches!(session.progress, Progress::Done(_)))
                .min_by_key(|(_, session)| session.begun);
            let id = done.map(|(id, _)| id.clone()).ok_or_else(too_many)?;
            sessions.remove(&id);
        }
        let id = id(state);
        let session = Session {
            draft,
            progress: Progress::Open(Vec::new()),
            begun: now,
        };
        sessions.insert(id.clone(), session);
        Ok(id)
    }

    /// Does something with a session.
    ///
    /// # Errors
    /// 404 when there is none of that id, and those of `act`.
    pub(super) fn with<T>(
        &self,
        id: &str,
        act: impl FnOnce(&mut Session) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        self.all().get_mut(id).ok_or_else(gone).and_then(act)
    }

    /// Adds bytes that begin at `start` of the object, and answers how many there are then. Bytes that are here already
    /// are not added again: the answer to an earlier request was lost.
    ///
    /// # Errors
    /// 400 for a gap, 413 for a content that is too large, 429 when all sessions together hold too much.
    pub(super) fn add(&self, id: &str, start: usize, bytes: &[u8]) -> Result<usize, Refusal> {
        let mut sessions = self.all();
        let held: usize = sessions.values().map(Session::held).sum();
        let session = sessions.get_mut(id).ok_or_else(gone)?;
        let Progress::Open(content) = &mut session.progress else {
            return Err(busy());
        };
        let known = content.len().checked_sub(start).ok_or_else(|| {
            let message = format!(
                "The upload goes on at byte {}, not at byte {start}.",
                content.len()
            );
            Refusal::invalid(message).at("header", "Content-Range")
        })?;
        let new = bytes.get(known..).unwrap_or_default();
        if content.len() + new.len() > LARGEST_OBJECT {
            return Err(body::too_long(body::LONGEST_UPLOAD));
        }
        if held + new.len() > BYTES {
            return Err(too_many());
        }
        content.extend_from_slice(new);
        Ok(content.len())
    }

    /// Ends a session.
    pub(super) fn forget(&self, id: &str) -> Result<(), Refusal> {
        self.all().remove(id).map(drop).ok_or_else(gone)
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<String, Session>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    fn held(&self) -> usize {
        match &self.progress {
            Progress::Open(content) => content.len(),
            Progress::Closing | Progress::Done(_) => 0,
        }
    }
}

/// The refusal of a session that another request is ending.
pub(super) fn busy() -> Refusal {
    Refusal::new(
        503,
        "backendError",
        "Another request is ending this upload: ask for its status.",
    )
}

fn gone() -> Refusal {
    Refusal::new(
        404,
        "notFound",
        "There is no such upload, or no longer: begin again.",
    )
}

fn too_many() -> Refusal {
    let message = "Too many uploads are open: end or cancel some.";
    Refusal::new(429, "rateLimitExceeded", message)
}

fn id(state: &State) -> String {
    let mut bytes = [0; 16];
    crate::storage::rng(state).fill_bytes(&mut bytes);
    format!("{:032x}", u128::from_be_bytes(bytes))
}
