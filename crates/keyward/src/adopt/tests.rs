//! Keys of an embedded KMS, looked at after somebody did something to them.

use std::sync::Arc;
use std::time::Duration;

use keyward_core::clock::{Clock, ManualClock};
use keyward_core::error::ErrorKind;
use keyward_core::key::KeySpec;
use keyward_core::kms::KmsAdmin;
use keyward_core::name::Provider;
use keyward_embedded::{EmbeddedKms, RootKeySource};
use rand::SeedableRng;
use rand::rngs::StdRng;
use tempfile::TempDir;

use super::*;
use crate::registry::{Crypters, Readers};
use crate::verify::DEADLINE;

const KEY: &str = "embedded-kms://projects/local/locations/eur4/keyRings/r/cryptoKeys/k";
const MANIFEST: &str = "\
version: 1
environments: {demo: {}}
keyrings:
  app: {env: demo, provider: embedded, locations: [us], ring: r, key: k}
";

struct World {
    folder: TempDir,
    clock: Arc<ManualClock>,
    kms: Arc<EmbeddedKms>,
}

impl World {
    /// One key with one version, made by other means.
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::starting_at("2026-11-25T08:00:00Z".parse().unwrap()));
        let root = RootKeySource::File(folder.path().join("root.key"));
        let rng = Box::new(StdRng::seed_from_u64(3));
        let kms = EmbeddedKms::new(&folder.path().join("kms"), root, clock.clone(), rng);
        let world = Self {
            folder,
            clock,
            kms: Arc::new(kms),
        };
        world.create(KeySpec::default()).await;
        world
    }

    async fn create(&self, spec: KeySpec) {
        self.kms.create_ring(key().name.ring()).await.unwrap();
        self.kms.create_key(&key().name, spec).await.unwrap();
    }

    /// The key's location is made anew, later, with a key of the same name.
    async fn replace(&self) {
        std::fs::remove_file(self.folder.path().join("kms/eur4.db")).unwrap();
        self.clock.advance(Duration::from_secs(60));
        self.create(KeySpec::default()).await;
    }

    async fn look(&self, was: Option<&LockedKey>, even_if_replaced: bool) -> Result<Adoption> {
        let prover = Prover {
            readers: &Readers::new().with(Provider::Embedded, self.kms.clone()),
            crypters: &Crypters::new().with(Provider::Embedded, self.kms.clone()),
            now: self.clock.now(),
            by: "key adopt",
            deadline: DEADLINE,
        };
        look(&prover, &key(), was, even_if_replaced).await
    }

    async fn refused(&self, was: Option<&LockedKey>) -> (ErrorKind, String) {
        let error = self.look(was, false).await.unwrap_err();
        (error.kind(), error.to_string())
    }
}

fn key() -> KeyRef {
    KEY.parse().unwrap()
}

#[tokio::test]
async fn a_new_key_is_proven_and_a_known_one_brought_up_after_a_rotation() {
    let world = World::new().await;
    let new = world.look(None, false).await.unwrap();
    assert_eq!(new.changes, ["version 1, ENABLED, is new"]);
    let path = world.folder.path().join("keyward.lock");
    record(&path, &new).unwrap();
    let again = world.look(Some(&new.now), false).await.unwrap();
    assert_eq!(again.changes, [""; 0]);
    world.kms.create_version(&key().name).await.unwrap();
    world.kms.set_primary(&key().name.version(2)).await.unwrap();
    world.kms.disable(&key().name.version(1)).await.unwrap();
    let rotated = world.look(Some(&new.now), false).await.unwrap();
    assert_eq!(
        rotated.changes,
        [
            "the primary was 1 and is 2",
            "version 1 was ENABLED and is DISABLED",
            "version 2, ENABLED, is new"
        ]
    );
    let kept = &rotated.now.versions[&1];
    assert!(
        kept.canary.is_some() && kept.canary == new.now.versions[&1].canary,
        "its proof stays"
    );
    record(&path, &rotated).unwrap();
    assert_eq!(lock_file::read(&path).unwrap().unwrap().keys[&key()], rotated.now);
    assert!(
        record(&path, &rotated).is_err(),
        "the lock is not what was looked at any more"
    );
}

#[tokio::test]
async fn a_replaced_key_and_a_lost_version_are_refused_unless_they_are_meant() {
    let world = World::new().await;
    let was = world.look(None, false).await.unwrap().now;
    world.replace().await;
    let (kind, why) = world.refused(Some(&was)).await;
    assert!(
        kind == ErrorKind::Refused && why.contains("it is another key"),
        "{why}"
    );
    assert!(world.look(Some(&was), true).await.is_ok());
    let now = world.look(None, false).await.unwrap().now;
    let mut more = now.clone();
    more.versions.insert(2, now.versions[&1].clone());
    let (kind, why) = world.refused(Some(&more)).await;
    assert!(
        kind == ErrorKind::Refused && why.contains("version 2, which the lock has, does not exist"),
        "{why}"
    );
}

#[tokio::test]
async fn other_material_under_the_same_name_and_times_is_found_by_the_canary_that_the_lock_keeps() {
    let world = World::new().await;
    let was = world.look(None, false).await.unwrap().now;
    world.replace().await;
    let mut forged = world.look(None, false).await.unwrap().now;
    let old = was.versions[&1].canary.clone();
    forged.versions.get_mut(&1).unwrap().canary = old;
    let (kind, why) = world.refused(Some(&forged)).await;
    assert!(
        kind == ErrorKind::Damaged && why.contains("the canary that the lock keeps does not open"),
        "{why}"
    );
}

#[tokio::test]
async fn what_cannot_be_seen_or_does_not_fit_is_not_adopted() {
    let world = World::new().await;
    world.kms.disable(&key().name.version(1)).await.unwrap();
    let (kind, why) = world.refused(None).await;
    assert!(
        kind == ErrorKind::Refused && why.contains("primary version 1 is DISABLED"),
        "{why}"
    );
    std::fs::remove_file(world.folder.path().join("kms/eur4.db")).unwrap();
    assert_eq!(world.refused(None).await.0, ErrorKind::Unavailable);
    world
        .create(KeySpec {
            skip_initial_version: true,
            ..KeySpec::default()
        })
        .await;
    let (kind, why) = world.refused(None).await;
    assert!(
        kind == ErrorKind::Refused && why.contains("no primary version"),
        "{why}"
    );
}

#[tokio::test]
async fn a_key_comes_into_the_manifest_as_a_location_or_a_keyring() {
    let world = World::new().await;
    let adoption = world.look(None, false).await.unwrap();
    let declare = |manifest: &str, keyring: Option<&str>| {
        let manifest = Manifest::parse(manifest, "m").unwrap();
        Declaration::of(&manifest, &adoption, keyring, || Ok("demo".into()))
    };
    let eur4 = key().name.location().clone();
    assert_eq!(
        declare(MANIFEST, None).unwrap(),
        Declaration::Location("app".into(), eur4)
    );
    let has = MANIFEST.replace("[us]", "[eur4]");
    assert_eq!(declare(&has, None).unwrap(), Declaration::There("app".into()));
    let other = MANIFEST.replace("key: k", "key: other");
    assert!(declare(&other, None).unwrap_err().hints()[0].contains("--keyring NAME --env ENV"));
    let new = declare(&other, Some("more")).unwrap();
    let path = world.folder.path().join("keyward.yaml");
    std::fs::write(&path, &other).unwrap();
    assert!(new.write(&path).unwrap());
    let manifest = Manifest::parse(&std::fs::read_to_string(&path).unwrap(), "m").unwrap();
    assert_eq!(manifest.keyring("more").unwrap().keys(), [key()]);
}
