//! Everything that one emulator holds.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use keyward_core::clock::{Clock, Timestamp};
use keyward_core::error::{Error, Result};
use keyward_core::kms::{KmsCode, KmsError};
use keyward_embedded::{Resident, RootKeySource};
use rand::rngs::{StdRng, SysRng};
use rand::{Rng, SeedableRng};

use crate::iam::Iam;
use crate::shelf::Shelf;
use crate::storage::Storage;
use crate::trouble::{self, SteeredClock, Trouble};

/// Keys, policies, objects, and the trouble that was asked for.
pub(crate) struct State {
    /// Rings, keys and versions.
    pub(crate) keys: Resident,
    /// The time of all of it.
    pub(crate) clock: Arc<SteeredClock>,
    /// Random bytes, from a seed when one was given.
    pub(crate) rng: Mutex<StdRng>,
    /// Who may do what.
    pub(crate) iam: Iam,
    /// Buckets and objects.
    pub(crate) storage: Storage,
    /// Faults, clock and log.
    pub(crate) trouble: Trouble,
    /// What is kept beside the keys.
    pub(crate) shelf: Shelf,
}

/// What an emulator is started with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    pub(crate) data: Option<PathBuf>,
    pub(crate) seed: Option<u64>,
    pub(crate) clock_at: Option<Timestamp>,
    pub(crate) clock_rate: Option<f64>,
    pub(crate) trouble_file: Option<PathBuf>,
    pub(crate) enforce_iam: bool,
}

impl State {
    /// What `settings` ask for: what is in their folder, or nothing yet.
    ///
    /// # Errors
    /// A usage error when they do not go together; unavailable or damaged when the folder is.
    pub(crate) fn open(settings: &Settings) -> Result<Self> {
        settings.check()?;
        let shelf = shelf(settings.data.as_deref())?;
        let asked = settings
            .trouble_file
            .as_deref()
            .map(trouble::file::read)
            .transpose()?;
        let start = settings.clock_at.or_else(|| asked.as_ref()?.start());
        let rate = settings.clock_rate.or_else(|| asked.as_ref()?.rate());
        let clock = Arc::new(SteeredClock::new(start, rate, &shelf)?);
        let mut rng = random(settings.seed)?;
        let chance = settings.seed.unwrap_or_else(|| rng.next_u64());
        let keys = keys(
            settings.data.as_deref(),
            Arc::clone(&clock) as Arc<dyn Clock>,
            rng.fork(),
        )?;
        let iam = Iam::open(&shelf)?;
        clock.keep_from_now()?;
        let trouble = Trouble::start(chance, Arc::clone(&clock), keys.clone(), iam.clone())?;
        if let Some(asked) = asked {
            asked.cause(&trouble)?;
        }
        if settings.enforce_iam {
            iam.enforce(true)?;
        }
        Ok(Self {
            keys,
            clock,
            rng: Mutex::new(rng),
            iam,
            storage: Storage::new(),
            trouble,
            shelf,
        })
    }
}

impl Settings {
    /// A persisted key may not meet the same nonces again after a restart.
    fn check(&self) -> Result<()> {
        if self.data.is_none() || self.seed.is_none() {
            return Ok(());
        }
        let what = "a seed and a data folder do not go together: after a restart the same random bytes would come again";
        Err(Error::usage(what).hint("leave out one of them"))
    }
}

fn shelf(folder: Option<&Path>) -> Result<Shelf> {
    Ok(match folder {
        Some(folder) => {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
            made.map_err(|error| {
                Error::usage("the data folder cannot be made there")
                    .on(folder.display())
                    .because(error)
            })?;
            Shelf::open(folder).map_err(told)?
        }
        None => Shelf::in_memory()?,
    })
}

/// Without the code of a service, which this is not yet.
fn told(error: KmsError) -> Error {
    match error.code {
        KmsCode::Unavailable => Error::unavailable(error.message),
        _ => error.into(),
    }
}

fn keys(folder: Option<&Path>, clock: Arc<dyn Clock>, rng: StdRng) -> Result<Resident> {
    let Some(folder) = folder else {
        return Ok(Resident::in_memory(clock, Box::new(rng)));
    };
    let folder = folder.join("kms");
    let root = RootKeySource::File(folder.join("root.key"));
    Ok(Resident::open(&folder, root, clock, Box::new(rng))?)
}

fn random(seed: Option<u64>) -> Result<StdRng> {
    match seed {
        Some(seed) => Ok(StdRng::seed_from_u64(seed)),
        None => StdRng::try_from_rng(&mut SysRng)
            .map_err(|error| Error::unavailable("the system gives no random bytes").because(error)),
    }
}
