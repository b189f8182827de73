//! The gate over a project with the embedded KMS: what a person sees when a key is lost, changed or out of sight.

#![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use keyward::lock_file::{self, Found};
use keyward::project::Project;
use keyward::registry::{Crypters, Readers};
use keyward::uses;
use keyward::verify::{Canaries, DEADLINE, Prover, Verify, verify};
use keyward_core::clock::{Clock, ManualClock, later};
use keyward_core::context::EncryptionContext;
use keyward_core::envelope::{Draft, Wrap};
use keyward_core::key::{KeySpec, RotationSchedule};
use keyward_core::kms::{KmsAdmin, KmsRescue};
use keyward_core::manifest::Lock;
use keyward_core::name::{KeyRef, Provider};
use keyward_core::verify::{CheckId, Report, Verdict};
use keyward_embedded::{EmbeddedKms, RootKeySource};
use rand::SeedableRng;
use rand::rngs::StdRng;
use tempfile::TempDir;

const MANIFEST: &str = "\
version: 1
environments: {demo: {}}
keyrings:
  app:
    env: demo
    provider: embedded
    locations: [europe-west1, us-central1]
    ring: secrets
    key: app
    rotation: 90d
rules:
  - {path: \"secrets/**\", keyring: app}
";
const DAY: Duration = Duration::from_secs(86_400);

struct Demo {
    folder: TempDir,
    project: Project,
    clock: Arc<ManualClock>,
    kms: Arc<EmbeddedKms>,
}

impl Demo {
    /// Two keys, proven and recorded, and a file that needs version 1 of both.
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("keyward.yaml"), MANIFEST).unwrap();
        let project = Project::open(&folder.path().join("keyward.yaml")).unwrap();
        let clock = Arc::new(ManualClock::starting_at("2026-11-25T08:00:00Z".parse().unwrap()));
        let state = folder.path().join(".keyward");
        fs::create_dir(&state).unwrap();
        let root = RootKeySource::File(state.join("root.key"));
        let rng = Box::new(StdRng::seed_from_u64(3));
        let kms = Arc::new(EmbeddedKms::new(&state.join("kms"), root, clock.clone(), rng));
        let demo = Self {
            folder,
            project,
            clock,
            kms,
        };
        let keys = demo.project.manifest.keyring("app").unwrap().keys().to_vec();
        for key in &keys {
            demo.create(key).await;
        }
        demo.prove(&keys).await;
        demo.seal("secrets/a.kw", &keys);
        demo
    }

    async fn create(&self, key: &KeyRef) {
        let next = later(self.clock.now(), 90 * DAY);
        let rotation = Some(RotationSchedule::new(90 * DAY, next).unwrap());
        self.kms.create_ring(key.name.ring()).await.unwrap();
        self.kms
            .create_key(
                &key.name,
                KeySpec {
                    rotation,
                    ..KeySpec::default()
                },
            )
            .await
            .unwrap();
    }

    async fn prove(&self, keys: &[KeyRef]) {
        let (readers, crypters) = (self.readers(), self.crypters());
        let (now, by) = (self.clock.now(), "key create");
        let prover = Prover {
            readers: &readers,
            crypters: &crypters,
            now,
            by,
            deadline: DEADLINE,
        };
        for key in keys {
            let locked = prover.prove(key).await.unwrap();
            let record = |lock: &mut Lock| Ok(lock.keys.insert(key.clone(), locked));
            lock_file::update(&self.project.lock_file(), record).unwrap();
        }
    }

    fn seal(&self, path: &str, keys: &[KeyRef]) {
        let wraps = keys
            .iter()
            .map(|key| Wrap::kms(key, Some(1), vec![0; 60]))
            .collect();
        let draft = Draft::new(EncryptionContext::new(), &mut StdRng::seed_from_u64(5)).unwrap();
        let (header, _) = draft.finish(wraps).unwrap();
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, header.encode()).unwrap();
    }

    fn readers(&self) -> Readers {
        Readers::new().with(Provider::Embedded, self.kms.clone())
    }

    fn crypters(&self) -> Crypters {
        Crypters::new().with(Provider::Embedded, self.kms.clone())
    }

    fn key(&self) -> KeyRef {
        self.project.manifest.keyring("app").unwrap().keys()[0].clone()
    }

    fn database(&self) -> PathBuf {
        self.folder.path().join(".keyward/kms/europe-west1.db")
    }

    async fn verify(&self) -> Report {
        self.verify_with(&self.project).await
    }

    async fn verify_with(&self, project: &Project) -> Report {
        let (found, scan) = (Found::look(&project.lock_file()), uses::scan(project));
        let (readers, crypters) = (self.readers(), self.crypters());
        let request = Verify {
            manifest: &project.manifest,
            env: None,
            lock: found.state(),
            scan: &scan,
            readers: &readers,
            canaries: Canaries::Here(&crypters),
            now: self.clock.now(),
            deadline: DEADLINE,
        };
        verify(request, &mut StdRng::seed_from_u64(6)).await
    }
}

/// The failed checks about `resource`, and the command of the first one.
fn failed(report: &Report, resource: &str) -> (Vec<CheckId>, Option<String>) {
    let failures: Vec<_> = report
        .checks
        .iter()
        .filter(|check| matches!(check.verdict, Verdict::Fail(_)))
        .collect();
    assert!(
        failures.iter().all(|check| check.resource == resource),
        "{failures:#?}"
    );
    let next = failures.first().and_then(|check| check.next.clone());
    (failures.iter().map(|check| check.id).collect(), next)
}

#[tokio::test]
async fn a_clean_demo_passes() {
    let demo = Demo::new().await;
    let report = demo.verify().await;
    assert_eq!((report.exit_code(true), report.keys()), (0, 2), "{report:#?}");
    assert!(report.notes[0].starts_with("1 file "), "{:?}", report.notes);
}

#[tokio::test]
async fn a_disabled_key_is_named_and_enabling_it_ends_the_failure() {
    let demo = Demo::new().await;
    let version = demo.key().version(1);
    demo.kms.disable(&version.name).await.unwrap();
    let report = demo.verify().await;
    assert_eq!(report.exit_code(false), 1);
    let (checks, next) = failed(&report, &demo.key().to_string());
    assert_eq!(checks, [CheckId::V06, CheckId::V09, CheckId::V10, CheckId::V18]);
    assert_eq!(next, Some(format!("keyward key enable {version}")));
    demo.kms.enable(&version.name).await.unwrap();
    assert_eq!(demo.verify().await.exit_code(true), 0);
}

#[tokio::test]
async fn a_scheduled_destruction_is_told_with_its_hours() {
    let demo = Demo::new().await;
    let version = demo.key().version(1);
    demo.kms.schedule_destruction(&version.name).unwrap();
    demo.clock.advance(29 * DAY + DAY / 2);
    let report = demo.verify().await;
    let (checks, next) = failed(&report, &demo.key().to_string());
    assert_eq!(checks, [CheckId::V06, CheckId::V07, CheckId::V10, CheckId::V18]);
    assert_eq!(next, Some(format!("keyward key restore {version}")));
    let hours = report
        .checks
        .iter()
        .find(|check| check.id == CheckId::V07)
        .unwrap()
        .verdict
        .reason()
        .unwrap();
    assert!(hours.contains("in 12 h 0 min; needed by secrets/a.kw"), "{hours}");
    demo.clock.advance(DAY);
    let (checks, next) = failed(&demo.verify().await, &demo.key().to_string());
    assert_eq!(checks, [CheckId::V06, CheckId::V08, CheckId::V10, CheckId::V18]);
    assert_eq!(next, None, "nothing brings it back");
}

#[tokio::test]
async fn a_missing_key_is_named() {
    let demo = Demo::new().await;
    let (manifest, recorded) = (demo.folder.path().join("keyward.yaml"), demo.key());
    fs::write(&manifest, MANIFEST.replace("key: app", "key: other")).unwrap();
    let report = demo.verify_with(&Project::open(&manifest).unwrap()).await;
    assert_eq!(report.exit_code(false), 1);
    let missing = recorded.to_string().replace("cryptoKeys/app", "cryptoKeys/other");
    let failures = report.failures();
    let has = |id, resource: &str| {
        failures
            .iter()
            .any(|check| check.id == id && check.resource == resource)
    };
    assert!(
        has(CheckId::V02, &missing) && has(CheckId::V04, &recorded.to_string()),
        "{failures:#?}"
    );
    assert!(
        has(CheckId::V19, "keyring app"),
        "the file is sealed under keys that are not declared any more"
    );
}

#[tokio::test]
async fn a_key_off_schedule_is_named() {
    let demo = Demo::new().await;
    demo.kms.set_rotation(&demo.key().name, None).await.unwrap();
    let report = demo.verify().await;
    let (checks, _) = failed(&report, &demo.key().to_string());
    assert_eq!(checks, [CheckId::V10, CheckId::V13]);
}

#[tokio::test]
async fn a_rotation_on_schedule_is_told_until_it_is_adopted() {
    let demo = Demo::new().await;
    demo.clock.advance(91 * DAY);
    let report = demo.verify().await;
    let keys = demo.project.manifest.keyring("app").unwrap().keys();
    let failures: Vec<_> = report
        .failures()
        .iter()
        .map(|check| (check.id, check.next.clone()))
        .collect();
    let wanted = keys
        .iter()
        .map(|key| (CheckId::V10, Some(format!("keyward key adopt {key}"))));
    assert_eq!(failures, wanted.collect::<Vec<_>>());
    demo.prove(keys).await;
    assert_eq!(demo.verify().await.exit_code(true), 0);
}

#[tokio::test]
async fn a_location_out_of_sight_is_unknown_not_missing() {
    let demo = Demo::new().await;
    let away = demo.folder.path().join("away.db");
    fs::rename(demo.database(), &away).unwrap();
    let report = demo.verify().await;
    assert_eq!(
        (report.exit_code(false), report.failures().len()),
        (3, 0),
        "{:#?}",
        report.failures()
    );
    fs::write(demo.database(), "not a database").unwrap();
    assert_eq!(demo.verify().await.exit_code(false), 3);
    fs::rename(&away, demo.database()).unwrap();
    assert_eq!(demo.verify().await.exit_code(true), 0);
}

#[tokio::test]
async fn a_changed_location_is_a_move_and_fails() {
    let demo = Demo::new().await;
    let manifest = demo.folder.path().join("keyward.yaml");
    fs::write(&manifest, MANIFEST.replace("europe-west1", "europe-west4")).unwrap();
    let report = demo.verify_with(&Project::open(&manifest).unwrap()).await;
    assert_eq!(report.exit_code(false), 1);
    let old = demo.key().to_string();
    let moved = report
        .failures()
        .into_iter()
        .find(|check| check.id == CheckId::V04 && check.resource == old);
    assert!(
        moved
            .unwrap()
            .verdict
            .reason()
            .unwrap()
            .contains("a changed location is a move")
    );
}

#[tokio::test]
async fn a_lost_lock_and_a_damaged_one_fail() {
    let demo = Demo::new().await;
    let lock = demo.project.lock_file();
    let good = fs::read_to_string(&lock).unwrap();
    for damaged in [None, Some("<<<<<<< ours\n"), Some("version: 1\nkeys: {}\n")] {
        match damaged {
            Some(text) => fs::write(&lock, text).unwrap(),
            None => fs::remove_file(&lock).unwrap(),
        }
        let report = demo.verify().await;
        assert_eq!(report.exit_code(false), 1);
        assert!(
            report.failures().iter().all(|check| check.id == CheckId::V04),
            "{:#?}",
            report.failures()
        );
    }
    fs::write(&lock, good.replace("ENABLED", "DISABLED")).unwrap();
    let report = demo.verify().await;
    assert!(
        report
            .failures()
            .iter()
            .all(|check| [CheckId::V04, CheckId::V10].contains(&check.id)),
        "an edited lock disagrees, and is known to be edited"
    );
    assert_eq!(report.failures().len(), 4);
}
