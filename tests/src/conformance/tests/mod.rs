//! The suite notices: each provider that is wrong in one way fails the fact that speaks of it.

mod wrong;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use keyward_core::clock::ManualClock;
use keyward_embedded::{EmbeddedKms, RootKeySource};
use rand::rngs::StdRng;
use tokio::runtime::Runtime;

use super::{FACTS, Fact, Outcome, Subject};
use wrong::{Fault, WrongKms};

const WRONG: [(Fault, &str); 11] = [
    (
        Fault::EncryptsByNameWhateverTheState,
        "crypt::a_named_version_encrypts_only_while_it_is_enabled",
    ),
    (
        Fault::EncryptsByNameWhateverTheState,
        "states::what_is_scheduled_does_not_encrypt_by_its_name",
    ),
    (
        Fault::DecryptsWithWhatIsDisabled,
        "crypt::an_old_version_decrypts_only_while_it_is_enabled",
    ),
    (
        Fault::OpensWhatAnotherRingSealed,
        "crypt::the_same_id_in_another_ring_is_another_key",
    ),
    (
        Fault::ListsKeysOfEveryRing,
        "crypt::the_same_id_in_another_ring_is_another_key",
    ),
    (
        Fault::ListsKeysOfEveryRing,
        "reading::a_missing_ring_has_no_list_of_keys",
    ),
    (
        Fault::ListsRingsOfAnyProject,
        "reading::rings_are_those_of_the_project_and_the_location",
    ),
    (
        Fault::PermitsEverything,
        "reading::nothing_is_permitted_on_a_missing_key",
    ),
    (
        Fault::DropsRotationInThePast,
        "creating::a_rotation_starts_in_the_future",
    ),
    (Fault::KeepsRemovedRotation, "time::a_removed_rotation_stays_away"),
    (
        Fault::SetsRotationOfNothing,
        "creating::a_missing_key_has_no_rotation_to_set",
    ),
];

#[test]
fn what_is_wrong_fails_the_fact_that_speaks_of_it() {
    for (fault, name) in WRONG {
        let fact = fact(name);
        assert_eq!(check(Fault::None, fact), Some(Outcome::Held), "{name}");
        assert_eq!(check(fault, fact), None, "{name} does not notice {fault:?}");
    }
}

#[test]
fn what_cannot_be_tested_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut subject = subject(Fault::None, folder.path());
    subject.move_clock = None;
    let report = runtime().block_on(super::run(&subject));
    assert!(
        report
            .skipped
            .contains(&"time::a_due_rotation_makes_a_new_primary"),
        "{report:?}"
    );
    assert!(
        report
            .held
            .contains(&"states::scheduling_destruction_and_restoring"),
        "{report:?}"
    );
    assert_eq!(report.held.len() + report.skipped.len(), FACTS.len());
}

/// What came of one fact; `None` when it does not hold.
fn check(fault: Fault, fact: &Fact) -> Option<Outcome> {
    let folder = tempfile::tempdir().unwrap();
    let subject = subject(fault, folder.path());
    let checking = || {
        runtime().block_on(async {
            subject.prepare().await;
            (fact.check)(&subject).await
        })
    };
    catch_unwind(AssertUnwindSafe(checking)).ok()
}

fn fact(name: &str) -> &'static Fact {
    FACTS.iter().find(|fact| fact.name == name).unwrap()
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

fn subject(fault: Fault, folder: &std::path::Path) -> Subject {
    let clock = Arc::new(ManualClock::starting_at("2026-01-01T00:00:00Z".parse().unwrap()));
    let root = RootKeySource::File(folder.join("root.key"));
    let rng = Box::new(rand::make_rng::<StdRng>());
    let kms = EmbeddedKms::new(&folder.join("kms"), root, clock.clone(), rng);
    let ring = "projects/local/locations/europe-west1/keyRings/suite"
        .parse()
        .unwrap();
    let wrong = WrongKms {
        right: kms.clone(),
        clock: clock.clone(),
        fault,
    };
    let mut subject = Subject::new("wrong", ring, Arc::new(wrong), clock.clone());
    subject.move_clock = Some(Box::new(move |by| clock.advance(by)));
    subject.schedule_destruction = Some(Box::new(move |version| {
        let answer = kms.schedule_destruction(version);
        Box::pin(async move { answer })
    }));
    subject
}
