//! Each check fails with a reason and a next step.

use super::*;

/// A check, what is changed, what is said of it, and how the next step begins.
type Case = (CheckId, Change, &'static str, &'static str);

#[test]
fn each_check_fails_with_a_reason_and_a_next_step() {
    let all = [grants(), org_policies(), logs(), consumers(), projects()];
    for (id, change, words, next) in all.iter().flatten() {
        let (verdict, reason, found) = finding(*id, change);
        assert_eq!(verdict, "FAIL", "{id}: {reason}");
        assert!(reason.contains(words), "{id}: {reason}");
        assert!(found.starts_with(next), "{id}: {found}");
    }
}

/// Who may end a key, who could rescue it, and what denies.
fn grants() -> Vec<Case> {
    let admin = |world: &mut World, member: &str| {
        let one = binding("roles/cloudkms.admin", &[member]);
        world.grants().bindings.push(one);
    };
    vec![
        (
            CheckId::V21,
            change(move |world| admin(world, WORKER)),
            "ci@p-1.iam.gserviceaccount.com may end it, by roles/cloudkms.admin on projects/p-1",
            "gcloud projects remove-iam-policy-binding p-1 --member serviceAccount:ci@",
        ),
        (
            CheckId::V21,
            change(|world| world.key().policy = policy(vec![binding("roles/owner", &["allUsers"])])),
            "allUsers may end it",
            "gcloud kms keys remove-iam-policy-binding k --keyring r --location europe-west1 --project p-1",
        ),
        (
            CheckId::V35,
            change(|world| drop(world.grants().bindings[0].members.pop())),
            "one identity may restore and enable",
            "keyward harden",
        ),
        (
            CheckId::V36,
            change(|world| {
                let place = Place::Organization("7".into());
                world.project().denies.insert(place, Observed::Present(vec![]));
            }),
            "no policy denies",
            "keyward harden",
        ),
        (
            CheckId::V36,
            change(|world| {
                let place = Place::Organization("7".into());
                let Some(Observed::Present(policies)) = world.project().denies.get_mut(&place) else {
                    panic!()
                };
                policies[0].rules[0].excepted_principals.push(
                    "principal://iam.googleapis.com/projects/-/serviceAccounts/ci@p-1.iam.gserviceaccount.com".into(),
                );
            }),
            "is excepted",
            "keyward harden",
        ),
    ]
}

/// Organisation policies.
fn org_policies() -> Vec<Case> {
    vec![
        (
            CheckId::V22,
            change(|world| {
                let value = Constraint::Values(Allowed::Only(vec!["in:7d".into()]));
                world
                    .project()
                    .constraints
                    .insert(CONSTRAINTS[0].into(), Observed::Present(value));
            }),
            "is 7d, and 30d is declared",
            "keyward harden",
        ),
        (
            CheckId::V22,
            change(|world| {
                let value = Observed::Present(Constraint::Enforced(false));
                world.project().constraints.insert(CONSTRAINTS[1].into(), value);
            }),
            "not enforced",
            "keyward harden",
        ),
        (
            CheckId::V22,
            change(|world| {
                let value = Constraint::Values(Allowed::Only(vec!["is:HSM".into()]));
                world
                    .project()
                    .constraints
                    .insert(CONSTRAINTS[2].into(), Observed::Present(value));
            }),
            "does not allow SOFTWARE",
            "keyward harden",
        ),
    ]
}

/// What is logged.
fn logs() -> Vec<Case> {
    vec![
        (
            CheckId::V24,
            change(|world| world.grants().audit.clear()),
            "are off",
            "keyward harden",
        ),
        (
            CheckId::V24,
            change(|world| {
                world.grants().audit[0]
                    .exempted
                    .push("user:eve@example.com".into())
            }),
            "user:eve@example.com are exempted",
            "keyward harden",
        ),
        (
            CheckId::V25,
            change(|world| {
                let strange = event("DestroyCryptoKeyVersion", "2026-01-01T10:00:00Z");
                world.project().changes = Observed::Present(vec![
                    strange,
                    event("RestoreCryptoKeyVersion", "2026-01-01T12:00:00Z"),
                ]);
            }),
            "DestroyCryptoKeyVersion on projects/p-1/locations/europe-west1/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1 by \
             ann@example.com",
            "keyward key restore gcp-kms://projects/p-1/",
        ),
        (
            CheckId::V25,
            change(|world| {
                let version = format!("gcp-kms://{KEY}/cryptoKeyVersions/1");
                let disabled = OwnChange::of("key disable", &version, at("2026-01-01T12:00:00Z"));
                world.own = Observed::Present(disabled.into_iter().collect());
                world.project().changes = Observed::Present(vec![]);
            }),
            "our log has UpdateCryptoKeyVersion",
            "keyward audit show",
        ),
        (
            CheckId::V26,
            change(|world| {
                world.project().failed_uses = Observed::Present(vec![FailedUse {
                    at: at("2026-01-01T10:00:00Z"),
                    method: "Decrypt".into(),
                    resource: KEY.into(),
                    principal: None,
                    code: 9,
                    message: "is not enabled".into(),
                }]);
            }),
            "Decrypt with projects/p-1",
            "keyward key show gcp-kms://projects/p-1/",
        ),
    ]
}

/// What is under the keys.
fn consumers() -> Vec<Case> {
    vec![
        (
            CheckId::V27,
            change(|world| {
                let scheduled = version(VersionState::DestroyScheduled);
                world.key().versions = Observed::Present(vec![scheduled]);
            }),
            "//storage.googleapis.com/archive",
            "keyward key restore gcp-kms://projects/p-1/",
        ),
        (
            CheckId::V28,
            change(|world| {
                world.place().log_buckets = place().log_buckets.map(|mut buckets| {
                    buckets[0].key = Some(KEY.replace("europe-west1", "global"));
                    buckets
                });
            }),
            "locations/global/keyRings/r/cryptoKeys/k, which the manifest does not have",
            "gcloud logging buckets update logs --location europe-west1 --project p-1 --cmek-kms-key-name projects/p-1/",
        ),
        (
            CheckId::V28,
            change(|world| {
                world.place().buckets = place().buckets.map(|mut buckets| {
                    buckets[0].location = "EU".into();
                    buckets
                });
            }),
            "a key in europe-west1 cannot be used",
            "",
        ),
    ]
}

/// What keys hang on.
fn projects() -> Vec<Case> {
    vec![
        (
            CheckId::V34,
            change(|world| {
                world.project().project = project().project.map(|mut project| {
                    project.state = Lifecycle::DeleteRequested;
                    project
                });
            }),
            "it is shut down",
            "gcloud projects undelete p-1",
        ),
        (
            CheckId::V34,
            change(|world| world.project().liens = Observed::Present(vec![])),
            "no lien",
            "keyward harden",
        ),
        (
            CheckId::V34,
            change(|world| {
                world.project().billing = Observed::Present(Billing {
                    account: None,
                    enabled: false,
                });
            }),
            "nobody pays",
            "gcloud billing projects link p-1",
        ),
        (
            CheckId::V34,
            change(|world| world.project().service = Observed::Present(false)),
            "not enabled in it",
            "gcloud services enable cloudkms.googleapis.com --project p-1",
        ),
    ]
}
