//! Looking at what is there and what is not.

use keyward_core::key::{KeyRing, Permission};
use keyward_core::kms::Observed;
use keyward_core::location::Location;

use super::Subject;
use super::subject::present;

pub(super) async fn what_is_not_there_is_absent(subject: &Subject) {
    let ring = subject.ring_beside("nowhere");
    let key = ring.key("nobody").unwrap();
    assert_eq!(subject.read.get_ring(&ring).await, Observed::Absent);
    assert_eq!(subject.read.get_key(&key).await, Observed::Absent);
    assert_eq!(subject.read.get_version(&key.version(1)).await, Observed::Absent);
    assert_eq!(subject.read.list_versions(&key).await, Observed::Absent);
    let there = subject.key().await;
    assert_eq!(
        subject.read.get_version(&there.version(2)).await,
        Observed::Absent
    );
}

pub(super) async fn a_missing_ring_has_no_list_of_keys(subject: &Subject) {
    let ring = subject.ring_beside("nowhere");
    assert_eq!(
        subject.read.list_keys(&ring).await,
        Observed::Absent,
        "not even an empty one"
    );
}

pub(super) async fn lists_are_whole_and_sorted(subject: &Subject) {
    let rings = present(
        subject
            .read
            .list_rings(subject.ring.project(), subject.ring.location())
            .await,
    );
    assert!(rings.iter().any(|ring| ring.name == subject.ring));
    assert!(rings.is_sorted_by(|a, b| a.name < b.name));

    let made = [subject.key().await, subject.key().await, subject.key().await];
    let keys = present(subject.read.list_keys(&subject.ring).await);
    assert!(keys.is_sorted_by(|a, b| a.name < b.name));
    for name in made {
        let listed = keys
            .iter()
            .find(|key| key.name == name)
            .expect("every key is listed");
        assert_eq!(*listed, subject.seen(&name).await);
    }

    let key = subject.key().await;
    for _ in 0..11 {
        subject.admin.create_version(&key).await.unwrap();
    }
    let versions = present(subject.read.list_versions(&key).await);
    let numbers: Vec<u64> = versions.iter().map(|version| version.name.number()).collect();
    assert_eq!(numbers, (1..=12).collect::<Vec<_>>(), "by number, not by text");
}

pub(super) async fn rings_are_those_of_the_project_and_the_location(subject: &Subject) {
    let (project, here) = (subject.ring.project(), subject.ring.location());
    let elsewhere = ["europe-west4", "us-east1"].map(|name| Location::parse(name).unwrap());
    let mut places = vec![("another-project", here)];
    places.extend(
        elsewhere
            .iter()
            .filter(|place| *place != here)
            .map(|place| (project, place)),
    );
    for (project, location) in places {
        // Another project may be refused, another location unknown.
        if let Observed::Present(rings) = subject.read.list_rings(project, location).await {
            let strays = |ring: &KeyRing| ring.name.project() != project || ring.name.location() != location;
            assert!(!rings.iter().any(strays), "{project}, {location}: {rings:?}");
        }
    }
}

pub(super) async fn permissions_are_a_part_of_what_was_asked(subject: &Subject) {
    let key = subject.key().await;
    let wanted = [Permission::GetKey, Permission::Encrypt, Permission::Decrypt];
    let held = present(subject.read.test_permissions(&key, &wanted).await);
    assert_eq!(held, wanted, "the suite itself needs them");
    assert_eq!(present(subject.read.test_permissions(&key, &[]).await), []);
}

/// Cloud KMS answers an empty set for a key that is not there (`testIamPermissions`); to say that it is absent, or that
/// nothing is known, is as good.
pub(super) async fn nothing_is_permitted_on_a_missing_key(subject: &Subject) {
    let wanted = [Permission::GetKey, Permission::Decrypt];
    let seen = subject.read.test_permissions(&subject.unused(), &wanted).await;
    assert!(
        !matches!(&seen, Observed::Present(held) if !held.is_empty()),
        "{seen:?}"
    );
}
