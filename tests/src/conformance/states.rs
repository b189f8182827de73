//! The states of a version, and the moves between them.

use keyward_core::clock::later;
use keyward_core::key::VersionState;
use keyward_core::kms::KmsCode;
use keyward_core::limits;

use super::subject::{refused, says};
use super::{Outcome, Subject};

pub(super) async fn disabling_and_enabling(subject: &Subject) {
    let first = subject.key().await.version(1);
    for _ in 0..2 {
        let disabled = subject.admin.disable(&first).await.unwrap();
        assert_eq!(disabled.state, VersionState::Disabled);
        assert_eq!(subject.version(&first).await, disabled);
    }
    for _ in 0..2 {
        let enabled = subject.rescue.enable(&first).await.unwrap();
        assert_eq!(enabled.state, VersionState::Enabled);
        assert_eq!(subject.version(&first).await, enabled);
    }
}

pub(super) async fn only_what_is_scheduled_can_be_restored(subject: &Subject) {
    let first = subject.key().await.version(1);
    let refusal = refused(subject.rescue.restore(&first).await, KmsCode::FailedPrecondition);
    says(&refusal, &wrong_state(&first, "ENABLED"));
    subject.admin.disable(&first).await.unwrap();
    refused(subject.rescue.restore(&first).await, KmsCode::FailedPrecondition);
    assert_eq!(subject.state(&first).await, VersionState::Disabled);
}

pub(super) async fn a_missing_version_is_not_found(subject: &Subject) {
    let nowhere = subject.unused().version(1);
    for missing in [subject.key().await.version(2), nowhere] {
        refused(subject.admin.disable(&missing).await, KmsCode::NotFound);
        refused(subject.admin.set_primary(&missing).await, KmsCode::NotFound);
        refused(subject.rescue.enable(&missing).await, KmsCode::NotFound);
        refused(subject.rescue.restore(&missing).await, KmsCode::NotFound);
    }
}

pub(super) async fn the_primary_is_unprotected(subject: &Subject) {
    let key = subject.key().await;
    subject.admin.disable(&key.version(1)).await.unwrap();
    assert_eq!(subject.seen(&key).await.primary, Some(1));
    let second = subject.admin.create_version(&key).await.unwrap().name;
    subject.admin.disable(&second).await.unwrap();
    let changed = subject.admin.set_primary(&second).await.unwrap();
    assert_eq!(changed.primary, Some(2), "also a version that is not enabled");
    assert_eq!(subject.seen(&key).await, changed);
}

pub(super) async fn scheduling_destruction_and_restoring(subject: &Subject) -> Outcome {
    let Some(schedule_destruction) = &subject.schedule_destruction else {
        return Outcome::Skipped;
    };
    let key = subject.key().await;
    let sealed = subject.encrypt(&key).await.unwrap();
    let first = key.version(1);
    let before = subject.clock.now();
    let scheduled = schedule_destruction(&first).await.unwrap();
    assert_eq!(scheduled.state, VersionState::DestroyScheduled);
    let due = scheduled.destroy_at.expect("a time of destruction");
    assert!(later(due, subject.patience) >= later(before, limits::DESTROY_WINDOW_DEFAULT));
    let latest = later(subject.clock.now(), subject.patience);
    assert!(due <= later(latest, limits::DESTROY_WINDOW_DEFAULT));
    assert_eq!(subject.version(&first).await, scheduled);
    assert_eq!(subject.seen(&key).await.primary, Some(1));
    let refusal = subject
        .refusal(async || subject.decrypt(&key, &sealed).await)
        .await;
    let expected = format!("{first} is not enabled, current state is: DESTROY_SCHEDULED.");
    says(&refusal, &expected);

    let restored = subject.rescue.restore(&first).await.unwrap();
    assert_eq!(
        (restored.state, restored.destroy_at),
        (VersionState::Disabled, None)
    );
    subject
        .refusal(async || subject.decrypt(&key, &sealed).await)
        .await;
    subject.rescue.enable(&first).await.unwrap();
    subject.assert_opens(&key, &sealed).await;
    Outcome::Held
}

pub(super) async fn what_is_scheduled_is_neither_enabled_nor_scheduled_again(subject: &Subject) -> Outcome {
    let Some(schedule_destruction) = &subject.schedule_destruction else {
        return Outcome::Skipped;
    };
    let first = subject.key().await.version(1);
    subject.admin.disable(&first).await.unwrap();
    let scheduled = schedule_destruction(&first).await.unwrap();
    for answer in [
        subject.admin.disable(&first).await,
        subject.rescue.enable(&first).await,
        schedule_destruction(&first).await,
    ] {
        let refusal = refused(answer, KmsCode::FailedPrecondition);
        says(&refusal, &wrong_state(&first, "DESTROY_SCHEDULED"));
    }
    assert_eq!(subject.version(&first).await, scheduled);
    Outcome::Held
}

pub(super) async fn what_is_scheduled_does_not_encrypt_by_its_name(subject: &Subject) -> Outcome {
    let Some(schedule_destruction) = &subject.schedule_destruction else {
        return Outcome::Skipped;
    };
    let key = subject.key().await;
    let second = subject.admin.create_version(&key).await.unwrap().name;
    schedule_destruction(&second).await.unwrap();
    subject
        .refusal(async || subject.encrypt_with(&second).await)
        .await;
    Outcome::Held
}

fn wrong_state(version: &keyward_core::name::KeyVersionName, state: &str) -> String {
    format!(
        "The request cannot be fulfilled. Resource {version} has value {state} in field crypto_key_version.state."
    )
}
