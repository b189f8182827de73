//! V29: every way in which a plan takes keys away, what leaves it undecided, and what is fine.

mod above;
mod access;
mod hidden;

use serde_json::{Value, json};

use super::*;
use crate::terraform::{Given, PlanReader};

const RING: &str = "projects/p-1/locations/global/keyRings/r";
const KEY: &str = "projects/p-1/locations/global/keyRings/r/cryptoKeys/k";

fn given(changes: Value) -> Given {
    given_with(json!({"resource_changes": changes}))
}

fn given_with(mut plan: Value) -> Given {
    plan["format_version"] = json!("1.2");
    plan["planned_values"] = json!({});
    let plan = serde::de::DeserializeSeed::deserialize(PlanReader::default(), plan).unwrap();
    Given::Plan(plan)
}

fn change(kind: &str, actions: &[&str], before: Value, after: Value, unknown: Value) -> Value {
    json!({"address": format!("{kind}.x"), "mode": "managed", "type": kind, "name": "x",
           "change": {"actions": actions, "before": before, "after": after, "after_unknown": unknown}})
}

fn judged(given: &Given) -> Judged {
    let (uses, unread) = (BTreeMap::new(), Files::default());
    judge_plan(
        given,
        Around {
            file: "plan.json",
            manifest: None,
            uses: &uses,
            unread: &unread,
        },
    )
}

/// The verdict of each check as one letter, and all reasons.
fn verdicts(changes: Value) -> (String, String) {
    let checks = judged(&given(changes)).checks;
    assert!(checks.iter().all(|check| check.id == CheckId::V29));
    let letters = checks.iter().map(|check| &check.verdict.id()[..1]).collect();
    let reasons: Vec<_> = checks.iter().filter_map(|check| check.verdict.reason()).collect();
    (letters, reasons.join("\n"))
}

fn expect(changes: Value, letters: &str, words: &[&str]) {
    let (found, reasons) = verdicts(changes.clone());
    assert_eq!(found, letters, "{changes}\n{reasons}");
    for word in words {
        assert!(reasons.contains(word), "`{word}` is missing:\n{reasons}");
    }
}

fn key(more: Value) -> Value {
    let mut key = json!({"id": KEY, "key_ring": RING, "name": "k", "deletion_policy": "DELETE",
                         "destroy_scheduled_duration": "", "rotation_period": ""});
    for (name, value) in more.as_object().unwrap() {
        key[name] = value.clone();
    }
    key
}

fn none() -> Value {
    Value::Null
}

fn crypto_key(actions: &[&str], before: Value, after: Value) -> Value {
    json!([change("google_kms_crypto_key", actions, before, after, json!({}))])
}

#[test]
fn a_key_that_is_deleted_replaced_or_forgotten_fails() {
    let gone = "every version of it is scheduled for destruction";
    let old = || key(json!({}));
    expect(crypto_key(&["delete"], old(), none()), "F", &[gone, "24 hours"]);
    expect(
        crypto_key(
            &["delete"],
            key(json!({"destroy_scheduled_duration": "2592000s"})),
            none(),
        ),
        "F",
        &["after 2592000s"],
    );
    expect(crypto_key(&["create", "delete"], old(), old()), "F", &[gone]);
    expect(
        crypto_key(&["forget"], old(), none()),
        "F",
        &["nothing is destroyed", "nothing manages"],
    );
    expect(crypto_key(&["melt"], old(), old()), "U", &["does not know"]);
    expect(
        crypto_key(&["delete"], json!({"name": "k"}), none()),
        "F",
        &["does not show"],
    );
}

#[test]
fn the_deletion_policy_of_the_state_is_honoured() {
    let with = |policy: &str| crypto_key(&["delete"], key(json!({"deletion_policy": policy})), none());
    expect(with("PREVENT"), "F", &["makes the apply fail"]);
    expect(with("ABANDON"), "F", &["nothing is destroyed"]);
    let loses = |to: Value| crypto_key(&["update"], key(json!({"deletion_policy": "PREVENT"})), to);
    expect(loses(key(json!({}))), "F", &["loses its deletion_policy"]);
    expect(loses(key(json!({"deletion_policy": "PREVENT"}))), "P", &[]);
    let unknown = change(
        "google_kms_crypto_key",
        &["update"],
        key(json!({"deletion_policy": "PREVENT"})),
        json!({"id": KEY}),
        json!({"deletion_policy": true}),
    );
    expect(json!([unknown]), "U", &["not known yet"]);
}

#[test]
fn a_longer_window_is_another_key() {
    let longer = key(json!({"destroy_scheduled_duration": "10368000s"}));
    let changes = crypto_key(
        &["delete", "create"],
        key(json!({"destroy_scheduled_duration": "86400s"})),
        longer,
    );
    expect(changes, "F", &["cannot be changed", "after 86400s"]);
}

#[test]
fn a_changed_location_is_named_as_a_move() {
    let ring = |location: &str| json!({"id": RING, "location": location, "name": "r", "project": "p-1"});
    let changes = json!([
        change(
            "google_kms_crypto_key",
            &["delete", "create"],
            key(json!({})),
            json!({"name": "k"}),
            json!({"id": true, "key_ring": true})
        ),
        change(
            "google_kms_key_ring",
            &["delete", "create"],
            ring("global"),
            ring("us-central1"),
            json!({"id": true})
        ),
        change(
            "google_storage_bucket",
            &["update"],
            json!({"encryption": [{"default_kms_key_name": KEY}]}),
            json!({"encryption": [{}]}),
            json!({"encryption": [{"default_kms_key_name": true}]})
        ),
    ]);
    expect(
        changes.clone(),
        "FFU",
        &[
            "from global to us-central1. A changed location is a move, never a replacement",
            "1 key of it goes with it",
        ],
    );
    let resources: Vec<_> = judged(&given(changes))
        .checks
        .into_iter()
        .map(|check| check.resource)
        .collect();
    assert_eq!(
        resources,
        [
            format!("gcp-kms://{KEY}"),
            format!("gcp-kms://{RING}"),
            "google_storage_bucket.x".to_owned()
        ]
    );
    let known = key(json!({"key_ring": RING.replace("global", "us"), "id": ""}));
    expect(
        crypto_key(&["delete", "create"], key(json!({})), known),
        "F",
        &["from global to us."],
    );
}

#[test]
fn a_version_that_goes_or_is_switched_off_fails() {
    let version = |state: &str| {
        json!({"id": format!("{KEY}/cryptoKeyVersions/2"), "name": format!("{KEY}/cryptoKeyVersions/2"),
               "crypto_key": KEY, "state": state})
    };
    let one = |actions: &[&str], before: Value, after: Value, unknown: Value| {
        json!([change(
            "google_kms_crypto_key_version",
            actions,
            before,
            after,
            unknown
        )])
    };
    expect(
        one(&["delete"], version("ENABLED"), none(), json!({})),
        "F",
        &["this version is scheduled"],
    );
    expect(
        one(&["update"], version("ENABLED"), version("DISABLED"), json!({})),
        "F",
        &["to DISABLED"],
    );
    expect(
        one(&["update"], version("DISABLED"), version("ENABLED"), json!({})),
        "P",
        &[],
    );
    expect(one(&["create"], none(), version("DISABLED"), json!({})), "P", &[]);
    expect(
        one(
            &["update"],
            version("ENABLED"),
            json!({"crypto_key": KEY}),
            json!({"state": true}),
        ),
        "U",
        &["not known yet"],
    );
}

#[test]
fn a_ring_alone_is_said_to_stay() {
    let ring = json!({"id": RING, "location": "global", "name": "r", "project": "p-1"});
    let one = |actions: &[&str]| {
        json!([change(
            "google_kms_key_ring",
            actions,
            ring.clone(),
            none(),
            json!({})
        )])
    };
    expect(
        one(&["delete"]),
        "F",
        &["cannot be deleted and stays", "None of its keys"],
    );
    expect(one(&["forget"]), "F", &["stays"]);
    expect(one(&["no-op"]), "P", &[]);
}

#[test]
fn everything_else_of_kms_fails_but_a_ciphertext() {
    let one = |kind: &str| {
        json!([change(
            kind,
            &["delete"],
            json!({"crypto_key": KEY}),
            none(),
            json!({})
        )])
    };
    expect(one("google_kms_ekm_connection"), "F", &["held elsewhere"]);
    expect(one("google_kms_key_ring_import_job"), "F", &["imported"]);
    expect(one("google_kms_key_handle"), "F", &["part of Cloud KMS"]);
    expect(one("google_kms_secret_ciphertext"), "P", &[]);
}

#[test]
fn a_project_its_billing_or_the_service_fail() {
    let project = |more: Value| {
        let mut project = json!({"project_id": "p-1", "number": "12", "billing_account": "A-1"});
        project
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        project
    };
    let one = |actions: &[&str], before: Value, after: Value| {
        json!([
            change("google_project", actions, before, after, json!({})),
            change(
                "google_kms_crypto_key",
                &["no-op"],
                key(json!({})),
                key(json!({})),
                json!({})
            )
        ])
    };
    expect(
        one(&["delete"], project(json!({})), none()),
        "F",
        &["shut down at once", KEY],
    );
    expect(
        one(
            &["delete"],
            project(json!({"deletion_policy": "PREVENT"})),
            none(),
        ),
        "F",
        &["apply fail"],
    );
    expect(
        one(
            &["delete"],
            project(json!({"deletion_policy": "ABANDON"})),
            none(),
        ),
        "F",
        &["it stays"],
    );
    expect(
        one(
            &["update"],
            project(json!({})),
            project(json!({"billing_account": ""})),
        ),
        "F",
        &["billing"],
    );
    expect(
        one(&["update"], project(json!({})), project(json!({"name": "other"}))),
        "P",
        &[],
    );
    expect(one(&["forget"], project(json!({})), none()), "P", &[]);
    expect(one(&["delete"], json!({}), none()), "F", &["shut down at once"]);
    let info = json!({"project": "p-1", "billing_account": "A-1"});
    let unpaid = change(
        "google_billing_project_info",
        &["delete"],
        info,
        none(),
        json!({}),
    );
    expect(json!([unpaid]), "F", &["billing"]);
}

#[test]
fn disabling_the_service_fails_unless_it_stays_enabled() {
    let service = |more: Value| {
        let mut service = json!({"project": "p-1", "service": "cloudkms.googleapis.com"});
        service
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        service
    };
    let one = |before: Value| {
        json!([change(
            "google_project_service",
            &["delete"],
            before,
            none(),
            json!({})
        )])
    };
    expect(
        one(service(json!({"disable_on_destroy": true}))),
        "F",
        &["is disabled in the project"],
    );
    expect(
        one(service(json!({}))),
        "F",
        &["unless disable_on_destroy is false"],
    );
    expect(one(service(json!({"disable_on_destroy": false}))), "P", &[]);
    expect(
        one(service(json!({"service": "compute.googleapis.com"}))),
        "P",
        &[],
    );
    let list = |services: Value| json!({"project": "p-1", "services": services});
    let many = |after: Value, unknown: Value| {
        let before = list(json!(["a.googleapis.com", "cloudkms.googleapis.com"]));
        json!([change(
            "google_project_services",
            &["update"],
            before,
            after,
            unknown
        )])
    };
    expect(
        many(list(json!(["a.googleapis.com"])), json!({})),
        "F",
        &["disabled"],
    );
    expect(
        many(list(json!(["cloudkms.googleapis.com"])), json!({})),
        "P",
        &[],
    );
    expect(
        many(json!({"project": "p-1"}), json!({"services": true})),
        "U",
        &["not known yet"],
    );
}

#[test]
fn the_key_of_a_bucket_or_of_logging_is_watched() {
    let other = KEY.replace("global", "us-central1");
    let bucket = |key: &str| json!({"name": "b", "encryption": [{"default_kms_key_name": key}]});
    let one = |kind: &str, before: Value, after: Value, unknown: Value| {
        json!([change(kind, &["update"], before, after, unknown)])
    };
    let plain = json!({"name": "b", "encryption": []});
    expect(
        one("google_storage_bucket", bucket(KEY), bucket(&other), json!({})),
        "F",
        &["still needs the old one", "from global to us-central1"],
    );
    expect(
        one("google_storage_bucket", bucket(KEY), plain.clone(), json!({})),
        "F",
        &["no longer afterwards"],
    );
    expect(
        one("google_storage_bucket", plain.clone(), bucket(KEY), json!({})),
        "P",
        &[],
    );
    expect(
        one(
            "google_storage_bucket",
            bucket(KEY),
            bucket(KEY),
            json!({"encryption": [{}]}),
        ),
        "P",
        &[],
    );
    expect(
        one(
            "google_storage_bucket",
            bucket(KEY),
            json!({"name": "b"}),
            json!({"encryption": true}),
        ),
        "U",
        &["not known yet"],
    );
    let logs = |key: &str| json!({"cmek_settings": [{"kms_key_name": key}]});
    for kind in ["project", "folder", "organization", "billing_account"] {
        let kind = format!("google_logging_{kind}_bucket_config");
        expect(
            one(&kind, logs(KEY), logs(&other), json!({})),
            "F",
            &["changes its key"],
        );
    }
    let settings = |key: &str| json!({"kms_key_name": key});
    expect(
        one(
            "google_logging_folder_settings",
            settings(KEY),
            settings(""),
            json!({}),
        ),
        "F",
        &["no longer"],
    );
    let topic = one("google_pubsub_topic", settings(KEY), settings(&other), json!({}));
    expect(topic.clone(), "P", &[]);
    assert!(
        judged(&given(topic))
            .notes
            .iter()
            .any(|note| note.contains("google_pubsub_topic.x changes its key"))
    );
}

#[test]
fn what_is_made_and_what_only_rotates_passes() {
    let new = change(
        "google_kms_crypto_key",
        &["create"],
        none(),
        json!({"name": "k"}),
        json!({"id": true, "key_ring": true}),
    );
    expect(json!([new]), "P", &[]);
    let rotates = key(json!({"rotation_period": "7776000s"}));
    expect(crypto_key(&["update"], key(json!({})), rotates), "P", &[]);
    expect(json!([]), "P", &[]);
    let moves = change(
        "google_kms_crypto_key",
        &["update"],
        key(json!({})),
        json!({"name": "k"}),
        json!({"key_ring": true}),
    );
    expect(json!([moves]), "U", &["another key"]);
}

#[test]
fn a_plan_that_is_not_whole_is_undecided_however_harmless_it_looks() {
    for more in [
        json!({"errored": true}),
        json!({"complete": false}),
        json!({"deferred_changes": [{}]}),
    ] {
        let checks = judged(&given_with(more)).checks;
        assert!(
            matches!(&checks[..], [check] if check.verdict.id() == "UNKNOWN"),
            "{checks:?}"
        );
    }
    let unread = judged(&Given::Unread("it is empty".into())).checks;
    assert_eq!(unread[0].verdict, Verdict::Unknown("it is empty".into()));
}

#[test]
fn who_needs_a_key_is_told_and_whether_the_manifest_has_it() {
    let manifest = Manifest::parse(
        "version: 1\nenvironments: {e: {}}\nkeyrings:\n  app: {env: e, provider: gcp, project: p-1, locations: [global], \
         ring: r, key: k}\n",
        "keyward.yaml",
    )
    .unwrap();
    let (mut uses, unread) = (BTreeMap::new(), Files::default());
    let mut of_key = Uses::default();
    of_key.add(Some(1), "secrets/a.kw");
    uses.insert(known::reference(&KEY.parse().unwrap()), of_key);
    let judge = |changes: Value| {
        let around = Around {
            file: "p",
            manifest: Some(&manifest),
            uses: &uses,
            unread: &unread,
        };
        judge_plan(&given(changes), around).checks.remove(0)
    };
    let check = judge(crypto_key(&["delete"], key(json!({})), none()));
    let why = check.verdict.reason().unwrap();
    assert!(
        why.contains("Needed by secrets/a.kw") && !why.contains("not in this manifest"),
        "{why}"
    );
    assert_eq!(
        check.next.as_deref(),
        Some(&*format!("keyward uses gcp-kms://{KEY}"))
    );
    let other = KEY.replace("cryptoKeys/k", "cryptoKeys/logs");
    let bucket = change(
        "google_storage_bucket",
        &["no-op"],
        json!({"encryption": [{"default_kms_key_name": other}]}),
        json!({"encryption": [{"default_kms_key_name": other}]}),
        json!({}),
    );
    let lost = change(
        "google_kms_crypto_key",
        &["delete"],
        key(json!({"id": other})),
        none(),
        json!({}),
    );
    let check = judge(json!([bucket, lost]));
    let why = check.verdict.reason().unwrap();
    assert!(
        why.contains("not in this manifest") && why.contains("under it now: google_storage_bucket.x"),
        "{why}"
    );
}

#[test]
fn guards_are_noted_where_they_are_missing() {
    let notes = |changes: Value| judged(&given(changes)).notes.join("\n");
    let stays = |policy: &str| {
        crypto_key(
            &["no-op"],
            key(json!({"deletion_policy": policy})),
            key(json!({})),
        )
    };
    assert!(notes(stays("DELETE")).contains("keyward harden"));
    assert!(!notes(stays("PREVENT")).contains("keyward harden"));
    let old = given_with(
        json!({"configuration": {"provider_config": {"google": {"name": "google",
                                "version_constraint": "~> 6.0"}}}}),
    );
    assert!(judged(&old).notes.join("\n").contains("7.33"));
}
