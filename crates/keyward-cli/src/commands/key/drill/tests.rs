//! The drill against the embedded machine, whose time and whose destroyer are in the hands of the test.

use std::cell::Cell;
use std::sync::Arc;

use keyward::registry::Crypters;
use keyward_core::clock::{ManualClock, Timestamp};
use keyward_core::error::ErrorKind;
use keyward_core::key::KeySpec;
use keyward_core::kms::{KmsAdmin, KmsRead};
use keyward_embedded::{EmbeddedKms, RootKeySource};
use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;
use tokio::runtime::Builder;

use super::*;

const KEY: &str = "embedded-kms://projects/local/locations/us/keyRings/r/cryptoKeys/k";

/// A key with one version, and everything that a drill takes.
struct World {
    _folder: tempfile::TempDir,
    kms: Arc<EmbeddedKms>,
    clock: Arc<ManualClock>,
    key: KeyRef,
    readers: Readers,
    crypters: Crypters,
    admins: Admins,
    rescuers: Rescuers,
}

fn run<T>(work: impl Future<Output = T>) -> T {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(work)
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::starting_at(Timestamp::UNIX_EPOCH));
        let root = RootKeySource::File(folder.path().join("root.key"));
        let (store, rng) = (folder.path().join("kms"), Box::new(UnwrapErr(SysRng)));
        let kms = Arc::new(EmbeddedKms::new(&store, root, clock.clone(), rng));
        let key: KeyRef = KEY.parse().unwrap();
        run(async {
            kms.create_ring(key.name.ring()).await.unwrap();
            kms.create_key(&key.name, KeySpec::default()).await.unwrap();
        });
        let embedded = Provider::Embedded;
        Self {
            _folder: folder,
            readers: Readers::new().with(embedded, kms.clone()),
            crypters: Crypters::new().with(embedded, kms.clone()),
            admins: Admins::new().with(embedded, kms.clone()),
            rescuers: Rescuers::new().with(embedded, kms.clone()),
            kms,
            clock,
            key,
        }
    }

    fn exercise(&self) -> Exercise<'_> {
        Exercise {
            key: &self.key,
            readers: &self.readers,
            admins: &self.admins,
            rescuers: &self.rescuers,
            prover: Prover {
                readers: &self.readers,
                crypters: &self.crypters,
                now: Timestamp::UNIX_EPOCH,
                by: ACTION,
                deadline: DEADLINE,
            },
            clock: self.clock.as_ref(),
        }
    }

    /// Rescues while `during` is called at each pause, with its number.
    fn rescue(&self, version: &VersionRef, canary: &[u8], during: impl Fn(u32)) -> Result<()> {
        let pauses = Cell::new(0);
        let pause = async |time| {
            self.clock.advance(time);
            pauses.set(pauses.get() + 1);
            during(pauses.get());
        };
        let wait = Duration::from_secs(10);
        run(self.exercise().rescue(version, canary, wait, pause))
    }

    fn state(&self, version: &VersionRef) -> VersionState {
        run(self.kms.get_version(&version.name)).present().unwrap().state
    }
}

#[test]
fn a_scheduled_version_comes_back_and_the_primary_stays() {
    let world = World::new();
    let (version, canary) = run(world.exercise().make()).unwrap();
    assert_eq!(version.name.number(), 2);
    let primary = || run(world.kms.get_key(&world.key.name)).present().unwrap().primary;
    assert_eq!(primary(), Some(1));
    let destroy = |pause| {
        if pause == 3 {
            drop(world.kms.schedule_destruction(&version.name).unwrap());
        }
    };
    world.rescue(&version, &canary, destroy).unwrap();
    assert_eq!(world.state(&version), VersionState::Enabled);
    assert_eq!(primary(), Some(1));
}

#[test]
fn a_canary_of_another_version_is_no_proof() {
    let world = World::new();
    let (_, other) = run(world.exercise().make()).unwrap();
    let (version, _) = run(world.exercise().make()).unwrap();
    world.kms.schedule_destruction(&version.name).unwrap();
    assert!(world.rescue(&version, &other, |_| {}).is_err());
    assert_eq!(
        world.state(&version),
        VersionState::Enabled,
        "it is rescued all the same"
    );
}

#[test]
fn what_is_never_scheduled_is_said_with_the_way_on() {
    let world = World::new();
    let (version, canary) = run(world.exercise().make()).unwrap();
    let error = world.rescue(&version, &canary, |_| {}).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.what().contains("within 10s; it is ENABLED"), "{error}");
    let error = left_behind(error, &version);
    assert!(error.hints()[1].contains(&format!("keyward key restore {version}")));
    assert_eq!(world.state(&version), VersionState::Enabled);
}

#[test]
fn a_version_that_is_destroyed_meanwhile_ends_the_drill() {
    let world = World::new();
    let (version, canary) = run(world.exercise().make()).unwrap();
    world.kms.schedule_destruction(&version.name).unwrap();
    world.clock.advance(Duration::from_secs(365 * 24 * 60 * 60));
    let error = world.rescue(&version, &canary, |_| {}).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
}

#[test]
fn what_to_run_names_the_version() {
    let version: VersionRef = "gcp-kms://projects/p/locations/us/keyRings/r/cryptoKeys/k/cryptoKeyVersions/7"
        .parse()
        .unwrap();
    assert_eq!(
        gcloud(&version),
        "gcloud kms keys versions destroy 7 --key k --keyring r --location us --project p"
    );
}
