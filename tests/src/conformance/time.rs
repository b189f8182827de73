//! What happens by itself.

use std::time::Duration;

use keyward_core::clock::{Timestamp, later};
use keyward_core::key::{DestroyWindow, KeySpec, RotationSchedule, VersionState};
use keyward_core::kms::{KmsCode, Observed};

use super::subject::{present, refused};
use super::{Outcome, Subject};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn rotating(every: Duration, next: Timestamp) -> KeySpec {
    KeySpec {
        rotation: Some(RotationSchedule::new(every, next).unwrap()),
        ..KeySpec::default()
    }
}

pub(super) async fn a_due_rotation_makes_a_new_primary(subject: &Subject) -> Outcome {
    let Some(move_clock) = &subject.move_clock else {
        return Outcome::Skipped;
    };
    let first_due = later(subject.clock.now(), DAY * 2);
    let key = subject.key_like(rotating(DAY * 10, first_due)).await;
    let old = subject.encrypt(&key).await.unwrap();
    move_clock(DAY);
    assert_eq!(subject.seen(&key).await.primary, Some(1));
    move_clock(DAY);
    let seen = subject.seen(&key).await;
    assert_eq!(seen.primary, Some(2));
    assert_eq!(seen.rotation.unwrap().next(), later(first_due, DAY * 10));
    let made = subject.version(&key.version(2)).await;
    assert_eq!((made.state, made.created), (VersionState::Enabled, first_due));
    assert_eq!(subject.encrypt(&key).await.unwrap().version, key.version(2));
    subject.assert_opens(&key, &old).await;

    move_clock(DAY * 25);
    let new = subject.encrypt(&key).await.unwrap();
    assert_eq!(
        new.version,
        key.version(4),
        "every rotation that was missed is made up for"
    );
    subject.assert_opens(&key, &new).await;
    Outcome::Held
}

pub(super) async fn a_removed_rotation_stays_away(subject: &Subject) -> Outcome {
    let Some(move_clock) = &subject.move_clock else {
        return Outcome::Skipped;
    };
    let key = subject
        .key_like(rotating(DAY * 10, later(subject.clock.now(), DAY * 10)))
        .await;
    subject.admin.set_rotation(&key, None).await.unwrap();
    move_clock(DAY * 30);
    let seen = subject.seen(&key).await;
    assert_eq!((seen.primary, seen.rotation), (Some(1), None));
    assert_eq!(subject.encrypt(&key).await.unwrap().version, key.version(1));
    assert_eq!(present(subject.read.list_versions(&key).await).len(), 1);
    Outcome::Held
}

pub(super) async fn a_rotation_without_a_period_happens_once(subject: &Subject) -> Outcome {
    let Some(move_clock) = &subject.move_clock else {
        return Outcome::Skipped;
    };
    let once = RotationSchedule::once(later(subject.clock.now(), DAY));
    let key = subject
        .key_like(KeySpec {
            rotation: Some(once),
            ..KeySpec::default()
        })
        .await;
    assert_eq!(subject.seen(&key).await.rotation, Some(once));
    move_clock(DAY * 3);
    let seen = subject.seen(&key).await;
    assert_eq!((seen.primary, seen.rotation), (Some(2), None));
    assert_eq!(present(subject.read.list_versions(&key).await).len(), 2);
    Outcome::Held
}

pub(super) async fn reading_carries_nothing_out(subject: &Subject) -> Outcome {
    let Some(move_clock) = &subject.move_clock else {
        return Outcome::Skipped;
    };
    let key = subject
        .key_like(rotating(DAY, later(subject.clock.now(), DAY)))
        .await;
    move_clock(DAY * 3);
    let seen = subject.seen(&key).await;
    let versions = present(subject.read.list_versions(&key).await);
    assert_eq!((seen.primary, versions.len()), (Some(4), 4));
    // What was seen is what a change then finds.
    let made = subject.admin.create_version(&key).await.unwrap();
    assert_eq!(made.name, key.version(5));
    assert_eq!(subject.seen(&key).await, seen);
    assert_eq!(present(subject.read.list_versions(&key).await)[..4], versions[..]);
    Outcome::Held
}

pub(super) async fn a_due_destruction_is_final(subject: &Subject) -> Outcome {
    let (Some(move_clock), Some(schedule_destruction)) = (&subject.move_clock, &subject.schedule_destruction)
    else {
        return Outcome::Skipped;
    };
    let spec = KeySpec {
        destroy_window: DestroyWindow::new(DAY * 2).unwrap(),
        ..KeySpec::default()
    };
    let key = subject.key_like(spec).await;
    let sealed = subject.encrypt(&key).await.unwrap();
    let first = key.version(1);
    let due = schedule_destruction(&first).await.unwrap().destroy_at.unwrap();
    move_clock(DAY * 2 - Duration::from_secs(1));
    assert_eq!(subject.state(&first).await, VersionState::DestroyScheduled);
    move_clock(Duration::from_secs(1));
    let gone = subject.version(&first).await;
    assert_eq!(gone.state, VersionState::Destroyed);
    assert_eq!((gone.destroy_at, gone.destroyed_at), (None, Some(due)));
    subject
        .refusal(async || subject.decrypt(&key, &sealed).await)
        .await;
    for answer in [
        subject.rescue.restore(&first).await,
        subject.rescue.enable(&first).await,
    ] {
        refused(answer, KmsCode::FailedPrecondition);
    }
    assert_eq!(subject.version(&first).await, gone);
    assert_eq!(
        subject.seen(&key).await.primary,
        Some(1),
        "gone, and still primary"
    );
    let next = subject.admin.create_version(&key).await.unwrap();
    assert_eq!(next.name, key.version(2), "its number is not used again");
    let again = subject.admin.create_key(&key, KeySpec::default()).await;
    refused(again, KmsCode::AlreadyExists);
    assert!(matches!(
        subject.read.get_version(&first).await,
        Observed::Present(_)
    ));
    Outcome::Held
}
