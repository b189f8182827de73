//! Reading plans: what is kept, what is no plan, and that nothing of a file is repeated.

use serde::de::DeserializeSeed;
use serde_json::json;

use super::*;
use crate::limits;

const KEY: &str = "projects/p-1/locations/global/keyRings/r/cryptoKeys/k";

fn read_within(text: &str, budget: usize) -> Result<Plan, String> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let plan = PlanReader { budget }.deserialize(&mut deserializer);
    plan.map_err(|error| why_unread(&error))
}

fn read(text: &str) -> Result<Plan, String> {
    read_within(text, limits::PLAN_KEPT)
}

fn plan_of(changes: &serde_json::Value) -> Plan {
    read(&json!({"format_version": "1.2", "resource_changes": changes}).to_string()).unwrap()
}

#[test]
fn what_has_nothing_to_do_with_keys_is_forgotten() {
    let plan = plan_of(&json!([
        {"address": "a.b", "mode": "managed", "type": "google_pubsub_topic", "name": "b",
         "change": {"actions": ["delete"], "before": {"name": "t", "labels": {"x": "y"}}, "after": null}},
        {"address": "google_bigquery_table.t", "mode": "managed", "type": "google_bigquery_table", "name": "t",
         "change": {"actions": ["no-op"],
                    "before": {"schema": "s".repeat(9), "encryption_configuration": [{"kms_key_name": KEY}]},
                    "after": {"encryption_configuration": [{"kms_key_name": KEY}]}}},
        {"address": "data.google_kms_crypto_key.k", "mode": "data", "type": "google_kms_crypto_key", "name": "k",
         "change": {"actions": ["read"], "before": {"id": KEY}, "after": null}},
    ]));
    assert_eq!(plan.resources, 2);
    let [table] = &plan.changes[..] else {
        panic!("{plan:?}")
    };
    let keys: Vec<_> = table
        .keys_before()
        .map(|(path, key)| (path.to_owned(), key.to_string()))
        .collect();
    assert_eq!(
        keys,
        [(
            "encryption_configuration.0.kms_key_name".to_owned(),
            KEY.to_owned()
        )]
    );
    assert_eq!(table.old().text("schema"), None);
}

#[test]
fn a_resource_that_says_twice_what_it_is_hides_nothing() {
    for (name, twice) in [
        ("type", r#""type":"google_kms_crypto_key","type":"null_resource""#),
        (
            "mode",
            r#""mode":"managed","mode":"data","type":"google_kms_crypto_key""#,
        ),
        (
            "address",
            r#""address":"a","address":"b","type":"google_kms_crypto_key""#,
        ),
    ] {
        let text = format!(
            r#"{{"format_version":"1.2","resource_changes":[{{{twice},"change":{{"actions":["delete"]}}}}]}}"#
        );
        let why = read(&text).unwrap_err();
        assert!(why.contains(&format!("`{name}` twice")), "{why}");
    }
    let deleted = plan_of(&json!([
        {"address": "k", "mode": "data", "type": "google_kms_crypto_key",
         "change": {"actions": ["delete"], "before": {"id": KEY}, "after": null}},
    ]));
    assert_eq!(
        deleted.changes.len(),
        1,
        "what is deleted is not only read: {deleted:?}"
    );
}

#[test]
fn a_plan_that_has_resources_and_lists_none_is_not_whole() {
    let with = |name: &str, mode: &str, more: &str| {
        let module = json!({"child_modules": [{"resources": [
            {"mode": mode, "type": "google_kms_crypto_key", "values": {"id": KEY}}]}]});
        let state = match name {
            "prior_state" => json!({"values": {"root_module": module}}),
            _ => json!({"root_module": module}),
        };
        let rest = match name {
            "prior_state" => r#""planned_values":{"root_module":{}}"#,
            _ => r#""prior_state":null"#,
        };
        let text = format!(r#"{{"format_version":"1.2","{name}":{state},{rest}{more}}}"#);
        read(&text).unwrap().open
    };
    for name in ["prior_state", "planned_values"] {
        let open = with(name, "managed", "");
        assert!(
            matches!(&open[..], [why] if why.contains("lists none")),
            "{open:?}"
        );
        let filtered = with(name, "managed", r#","resource_changes":[]"#);
        assert_eq!(filtered.len(), 1, "{filtered:?}");
        let whole = r#","resource_changes":[{"type":"a","change":{"actions":["no-op"]}}]"#;
        assert_eq!(with(name, "managed", whole), [""; 0]);
        assert_eq!(with(name, "data", ""), [""; 0], "a data source has no change");
    }
}

#[test]
fn what_is_unknown_is_marked_where_it_stands() {
    let plan = plan_of(&json!([
        {"address": "google_kms_crypto_key.k", "type": "google_kms_crypto_key",
         "change": {"after_unknown": {"id": true, "primary": [{"name": true}], "labels": {}}, "actions": ["create"],
                    "before": null, "after": {"name": "k", "import_only": false}}},
    ]));
    let [key] = &plan.changes[..] else {
        panic!("{plan:?}")
    };
    assert_eq!(key.before, None);
    assert!(key.later().is_unknown("id") && key.later().is_unknown("primary.0.name"));
    assert!(!key.later().is_unknown("name"));
}

#[test]
fn a_plan_says_what_is_open_about_it() {
    let odd = |more: &str| {
        read(&format!(
            r#"{{"format_version":"1.9","planned_values":{{}},{more}}}"#
        ))
        .unwrap()
        .open
    };
    assert_eq!(
        odd(r#""complete":true,"errored":false,"deferred_changes":[]"#).len(),
        0
    );
    assert_eq!(
        odd(r#""complete":false,"errored":true,"deferred_changes":[{},{}]"#).len(),
        3
    );
    assert_eq!(
        odd(r#""complete":"yes","errored":null"#).len(),
        2,
        "what cannot be read is not fine"
    );
}

#[test]
fn constraints_of_googles_provider_are_kept() {
    let text = json!({"format_version": "1.2", "planned_values": {}, "configuration": {"provider_config": {
        "google": {"full_name": "registry.terraform.io/hashicorp/google", "version_constraint": "~> 6.0"},
        "m:beta": {"name": "google-beta", "version_constraint": "7.33.0"},
        "aws": {"full_name": "registry.terraform.io/hashicorp/aws", "version_constraint": "5.0"},
    }}});
    assert_eq!(read(&text.to_string()).unwrap().constraints, ["~> 6.0", "7.33.0"]);
}

#[test]
fn other_files_are_no_plans_and_the_reason_says_which_they_are() {
    for (text, reason) in [
        (
            r#"{"format_version":"2.0","planned_values":{}}"#,
            "its format is `2.0`",
        ),
        (r#"{"format_version":1,"planned_values":{}}"#, ""),
        (r#"{"planned_values":{}}"#, "which format"),
        (
            r#"{"format_version":"1.0","terraform_version":"1.11.4","values":{}}"#,
            "a state",
        ),
        (r#"{"version":4,"lineage":"x","resources":[]}"#, "a state"),
        (r#"{"@level":"info","@message":"Terraform 1.11.4"}"#, "log"),
        (r#"{"format_version":"1.0","provider_schemas":{}}"#, "schema"),
        (
            r#"{"format_version":"1.0","valid":true,"diagnostics":[]}"#,
            "validate",
        ),
        ("{}", "not a plan"),
        ("[]", "not what a plan has there"),
        ("", "it is empty"),
        ("PK\u{3}\u{4}", "not JSON"),
        (r#"{"format_version":"1.2","resource_changes":[{"#, "cut short"),
        (
            r#"{"format_version":"1.2","resource_changes":{}}"#,
            "not what a plan has there",
        ),
        (
            r#"{"format_version":"1.2","resource_changes":[{"address":"a"}]}"#,
            "no change",
        ),
        (
            r#"{"format_version":"1.2","resource_changes":[],"resource_changes":[]}"#,
            "twice",
        ),
    ] {
        match (read(text), reason) {
            (Ok(_), "") => {}
            (Err(why), reason) => assert!(!reason.is_empty() && why.contains(reason), "{text}: {why}"),
            (Ok(plan), _) => panic!("{text}: {plan:?}"),
        }
    }
}

#[test]
fn nothing_that_stands_in_a_file_is_repeated() {
    for text in [
        r#""hunter2""#,
        r#"{"format_version":"1.2","resource_changes":["hunter2"]}"#,
        r#"{"format_version":"1.2","resource_changes":[{"change":"hunter2"}]}"#,
        r#"{"format_version":"1.2","deferred_changes":"hunter2"}"#,
    ] {
        let why = read(text).unwrap_err();
        assert!(!why.contains("hunter2"), "{why}");
    }
}

#[test]
fn depth_and_size_end_in_a_reason() {
    let deep = |inner: &str| {
        let (open, close) = ("[".repeat(100_000), "]".repeat(100_000));
        format!(
            r#"{{"format_version":"1.2","other":{open}{close},"resource_changes":[{{"type":"google_project","change":
               {{"actions":["no-op"],"before":{{"name":{inner}}}}}}}]}}"#
        )
    };
    read(&deep("1")).unwrap();
    let bomb = deep(&("[".repeat(100_000) + &"]".repeat(100_000)));
    assert!(read(&bomb).unwrap_err().contains("nested too deeply"));
    let key = json!({"address": "a", "type": "google_kms_crypto_key",
                     "change": {"actions": ["no-op"], "before": {"id": KEY}, "after": {"id": KEY}}});
    let many = json!({"format_version": "1.2", "resource_changes": vec![key; 100]}).to_string();
    assert_eq!(read(&many).unwrap().changes.len(), 100);
    assert!(
        read_within(&many, 10_000)
            .unwrap_err()
            .contains("more about keys")
    );
    let long = format!(r#"{{"format_version":"1.2","{}":1}}"#, "n".repeat(100_000));
    assert!(read(&long).unwrap_err().contains("endless"));
}

#[test]
fn a_plan_that_is_cut_anywhere_is_no_plan() {
    let whole = json!({"format_version": "1.2", "resource_changes": [
        {"address": "a", "type": "google_kms_crypto_key", "change": {"actions": ["delete"], "before": {"id": KEY},
         "after": null}}], "complete": true})
    .to_string();
    read(&whole).unwrap();
    for end in 0..whole.len() {
        assert!(read(&whole[..end]).is_err(), "{}", &whole[..end]);
    }
}
