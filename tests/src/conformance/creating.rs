//! Rings, keys and versions come into being.

use std::collections::BTreeMap;
use std::time::Duration;

use keyward_core::clock::{Timestamp, later};
use keyward_core::key::{DestroyWindow, KeySpec, ProtectionLevel, RotationSchedule, VersionState};
use keyward_core::kms::{KmsCode, Observed};
use keyward_core::limits;

use super::Subject;
use super::subject::{present, refused};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

pub(super) async fn a_ring_is_created_once(subject: &Subject) {
    let again = refused(
        subject.admin.create_ring(&subject.ring).await,
        KmsCode::AlreadyExists,
    );
    assert!(again.message.contains(&subject.ring.to_string()), "{again}");
    let ring = present(subject.read.get_ring(&subject.ring).await);
    assert!(ring.created <= later(subject.clock.now(), subject.patience));
}

pub(super) async fn a_key_needs_its_ring(subject: &Subject) {
    let ring = subject.ring_beside("missing");
    let key = ring.key("k").unwrap();
    refused(
        subject.admin.create_key(&key, KeySpec::default()).await,
        KmsCode::NotFound,
    );
    assert_eq!(
        subject.read.get_ring(&ring).await,
        Observed::Absent,
        "no ring by the way"
    );
}

pub(super) async fn a_key_is_created_once(subject: &Subject) {
    let key = subject.key().await;
    let before = subject.seen(&key).await;
    let other = KeySpec {
        destroy_window: DestroyWindow::new(DAY).unwrap(),
        ..KeySpec::default()
    };
    let again = refused(
        subject.admin.create_key(&key, other).await,
        KmsCode::AlreadyExists,
    );
    assert!(again.message.contains(&key.to_string()), "{again}");
    assert_eq!(subject.seen(&key).await, before);
}

pub(super) async fn a_new_key_has_one_enabled_version_which_is_primary(subject: &Subject) {
    let key = subject.key().await;
    let versions = present(subject.read.list_versions(&key).await);
    assert_eq!(versions.len(), 1);
    assert_eq!(versions[0].name, key.version(1));
    assert_eq!(versions[0].state, VersionState::Enabled);
    assert_eq!((versions[0].destroy_at, versions[0].destroyed_at), (None, None));
    assert_eq!(subject.seen(&key).await.primary, Some(1));
}

pub(super) async fn a_key_keeps_what_it_was_created_with(subject: &Subject) {
    let next = later(subject.clock.now(), DAY * 20);
    let spec = KeySpec {
        rotation: Some(RotationSchedule::new(DAY * 90, next).unwrap()),
        destroy_window: DestroyWindow::new(DAY * 7).unwrap(),
        labels: BTreeMap::from([("team".to_owned(), "blue".to_owned())]),
        ..KeySpec::default()
    };
    let key = subject.key_like(spec.clone()).await;
    let seen = subject.seen(&key).await;
    assert_eq!(seen.rotation, spec.rotation);
    assert_eq!(seen.destroy_window, spec.destroy_window);
    assert_eq!(seen.labels, spec.labels);
    assert_eq!(seen.purpose, spec.purpose);
    assert!(seen.created <= later(subject.clock.now(), subject.patience));
}

pub(super) async fn the_destroy_window_is_30_days_unless_given(subject: &Subject) {
    let key = subject.key().await;
    let window = subject.seen(&key).await.destroy_window;
    assert_eq!(window.length(), limits::DESTROY_WINDOW_DEFAULT);
    assert_eq!(window.length(), DAY * 30);
}

pub(super) async fn a_key_may_start_without_a_version(subject: &Subject) {
    let spec = KeySpec {
        skip_initial_version: true,
        ..KeySpec::default()
    };
    let key = subject.key_like(spec).await;
    assert_eq!(present(subject.read.list_versions(&key).await), []);
    assert_eq!(subject.seen(&key).await.primary, None);
    let first = subject.admin.create_version(&key).await.unwrap();
    assert_eq!(first.name, key.version(1));
    assert_eq!(
        subject.seen(&key).await.primary,
        None,
        "not even the first becomes primary"
    );
    subject.admin.set_primary(&first.name).await.unwrap();
    assert_eq!(subject.seen(&key).await.primary, Some(1));
}

pub(super) async fn versions_are_numbered_and_do_not_become_primary(subject: &Subject) {
    let key = subject.key().await;
    for number in 2..=4 {
        let made = subject.admin.create_version(&key).await.unwrap();
        assert_eq!(made.name, key.version(number));
        assert_eq!(made.state, VersionState::Enabled);
        assert_eq!(subject.version(&made.name).await, made);
    }
    assert_eq!(subject.seen(&key).await.primary, Some(1));
    let missing = subject.unused();
    refused(subject.admin.create_version(&missing).await, KmsCode::NotFound);
}

pub(super) async fn a_rotation_schedule_can_be_changed_and_removed(subject: &Subject) {
    let key = subject.key().await;
    let schedule = RotationSchedule::new(DAY * 30, later(subject.clock.now(), DAY * 30)).unwrap();
    let changed = subject.admin.set_rotation(&key, Some(schedule)).await.unwrap();
    assert_eq!(changed.rotation, Some(schedule));
    assert_eq!(subject.seen(&key).await, changed);
    subject.admin.create_version(&key).await.unwrap();
    subject.admin.set_primary(&key.version(2)).await.unwrap();
    let seen = subject.seen(&key).await;
    assert_eq!(
        seen.rotation,
        Some(schedule),
        "only the schedule moves the next rotation"
    );
    subject.admin.set_rotation(&key, None).await.unwrap();
    assert_eq!(subject.seen(&key).await.rotation, None);
}

pub(super) async fn a_missing_key_has_no_rotation_to_set(subject: &Subject) {
    let missing = subject.unused();
    let schedule = RotationSchedule::new(DAY * 30, later(subject.clock.now(), DAY * 30)).unwrap();
    for rotation in [Some(schedule), None] {
        refused(
            subject.admin.set_rotation(&missing, rotation).await,
            KmsCode::NotFound,
        );
    }
    assert_eq!(subject.read.get_key(&missing).await, Observed::Absent);
}

pub(super) async fn a_rotation_starts_in_the_future(subject: &Subject) {
    let past: Timestamp = "2001-01-01T00:00:00Z".parse().unwrap();
    let rotation = Some(RotationSchedule::new(DAY * 30, past).unwrap());
    let unmade = subject.unused();
    let spec = KeySpec {
        rotation,
        ..KeySpec::default()
    };
    refused(
        subject.admin.create_key(&unmade, spec).await,
        KmsCode::InvalidArgument,
    );
    assert_eq!(subject.read.get_key(&unmade).await, Observed::Absent);
    let key = subject.key().await;
    refused(
        subject.admin.set_rotation(&key, rotation).await,
        KmsCode::InvalidArgument,
    );
    assert_eq!(subject.seen(&key).await.rotation, None);
}

pub(super) async fn what_keeps_the_material_is_said_of_key_and_version(subject: &Subject) {
    let key = subject.key().await;
    assert_eq!(subject.seen(&key).await.protection, ProtectionLevel::Software);
    assert_eq!(
        subject.version(&key.version(1)).await.protection,
        ProtectionLevel::Software
    );
    let spec = KeySpec {
        protection: ProtectionLevel::Hsm,
        ..KeySpec::default()
    };
    let name = subject.unused();
    match subject.admin.create_key(&name, spec).await {
        Ok(made) => {
            assert_eq!(made.protection, ProtectionLevel::Hsm);
            let versions = present(subject.read.list_versions(&name).await);
            assert_eq!(versions[0].protection, ProtectionLevel::Hsm);
        }
        // A provider without hardware says so, and does not make another key than was asked for.
        Err(refusal) => {
            assert_eq!(refusal.code, KmsCode::InvalidArgument, "{refusal}");
            assert_eq!(subject.read.get_key(&name).await, Observed::Absent);
        }
    }
}
