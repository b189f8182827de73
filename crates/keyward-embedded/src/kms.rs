//! The provider: a handle on the folder, and where its work runs.

use std::panic::resume_unwind;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

use keyward_core::clock::Clock;
use keyward_core::key::{KeyVersion, Machine};
use keyward_core::kms::{Async, KmsCode, KmsError};
use keyward_core::name::KeyVersionName;
use rand_core::CryptoRng;
use tokio::sync::oneshot;

use crate::fault::{Result, bug};
use crate::root::RootKeySource;
use crate::service::Service;
use crate::store::Extent;
use crate::vault::Vault;

/// The embedded KMS of one folder, with all its locations. Cloning it gives another handle on the same one.
#[derive(Clone)]
pub struct EmbeddedKms(Arc<Service>);

impl EmbeddedKms {
    /// The KMS in `folder`, which holds one file a location (`.keyward/kms/LOCATION.db`). Nothing is read or made
    /// until it is needed: the folder and a location's file by the first ring, the root key by the first material.
    pub fn new(
        folder: &Path,
        root: RootKeySource,
        clock: Arc<dyn Clock>,
        rng: Box<dyn CryptoRng + Send>,
    ) -> Self {
        Self(Arc::new(Service {
            vault: Vault::new(folder, root),
            clock,
            rng: Mutex::new(rng),
        }))
    }

    /// Asks for the passphrase of the root key, if it is under one and was not opened yet, and waits for the answer on
    /// this thread. Calls ask by themselves when they need it; who puts deadlines on calls asks ahead, since a person
    /// takes longer. A root key that is not there yet is asked about by the call that makes it.
    ///
    /// # Errors
    /// `INTERNAL` for a wrong passphrase or a damaged file; `UNAVAILABLE` when the file cannot be read, or nobody can
    /// be asked.
    pub fn ask_ahead(&self) -> Result<(), KmsError> {
        self.0.vault.root.ask_ahead()
    }

    /// Schedules the destruction of a version: it is destroyed when the key's destroy window has passed, unless it is
    /// restored before. Only the emulator's serving side and tests may call this; keyward itself cannot destroy.
    ///
    /// # Errors
    /// `NOT_FOUND`; `FAILED_PRECONDITION` when it is scheduled already, or destroyed; `UNAVAILABLE` and `INTERNAL` for
    /// a file that cannot be changed or is damaged.
    pub fn schedule_destruction(&self, version: &KeyVersionName) -> Result<KeyVersion, KmsError> {
        self.0
            .change_version(version, Extent::Whole, Machine::schedule_destruction)
    }

    /// Runs `work` on a thread of its own, so that a busy lock, a slow disk or a passphrase prompt in one location stops
    /// neither a deadline nor the other locations; that costs some 30 µs, a tenth of the call. It takes no particular
    /// runtime, and none waits for the thread in the end. A caller that gives up does not stop it: as with a service,
    /// what was asked for may still be done.
    pub(crate) fn run<'a, T: Send + 'static>(
        &'a self,
        work: impl FnOnce(&Service) -> Result<T> + Send + 'static,
    ) -> Async<'a, Result<T>> {
        let service = Arc::clone(&self.0);
        Box::pin(async move {
            let (answer, answered) = oneshot::channel();
            let thread = thread::Builder::new().spawn(move || {
                // Nobody may be waiting any more.
                let _ = answer.send(work(&service));
            });
            let thread = thread.map_err(|why| KmsError::new(KmsCode::ResourceExhausted, why.to_string()))?;
            match answered.await {
                Ok(answer) => answer,
                Err(_) => match thread.join() {
                    Err(panic) => resume_unwind(panic),
                    Ok(()) => Err(bug("a thread that ended without an answer")),
                },
            }
        })
    }
}
