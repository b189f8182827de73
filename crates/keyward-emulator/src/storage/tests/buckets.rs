//! Buckets.

use serde_json::{Value, json};

use super::bench::{BASE, Bench, logs, logs_under};

const LOGS: &str = "/storage/v1/b/logs";

#[test]
fn a_bucket_is_shown_as_google_shows_it() {
    let bench = Bench::new();
    let made = bench
        .make(&json!({ "name": "logs", "labels": { "team": "ops" }, "versioning": { "enabled": true } }));
    for (field, value) in [
        ("kind", json!("storage#bucket")),
        ("id", json!("logs")),
        ("selfLink", json!(format!("{BASE}/storage/v1/b/logs"))),
        ("location", json!("US")),
        ("locationType", json!("multi-region")),
        ("storageClass", json!("STANDARD")),
        ("metageneration", json!("1")),
        ("etag", json!("CAE=")),
        ("labels", json!({ "team": "ops" })),
        ("versioning", json!({ "enabled": true })),
    ] {
        assert_eq!(made[field], value, "{field}");
    }
    assert!(made["timeCreated"].as_str().unwrap().ends_with('Z'));
    assert_eq!(bench.get(LOGS).ok(), made);
    assert_eq!(bench.get("/b/logs").ok(), made, "without the prefix of the API");
}

#[test]
fn a_name_is_taken_once_in_the_world() {
    let bench = Bench::with_bucket(&logs());
    let again = bench.post("/storage/v1/b?project=p", &logs());
    assert_eq!(again.refused(), (409, "conflict".to_owned()));
    assert!(again.message().contains("you already own it"));
    let other = bench.post("/storage/v1/b?project=q", &logs());
    assert_eq!(other.refused(), (409, "conflict".to_owned()));
    assert!(other.message().contains("not available"));
}

#[test]
fn what_cannot_be_a_bucket_is_refused() {
    let bench = Bench::new();
    for (document, reason) in [
        (json!({ "name": "Logs" }), "invalid"),
        (json!({}), "required"),
        (json!({ "name": 7 }), "required"),
        (json!({ "name": "logs", "location": "here/there" }), "invalid"),
        (json!({ "name": "logs", "location": "global" }), "invalid"),
        (json!({ "name": "logs", "labels": [] }), "invalid"),
        (
            json!({ "name": "logs", "versioning": { "enabled": 1 } }),
            "invalid",
        ),
        (
            json!({ "name": "logs", "encryption": { "defaultKmsKeyName": "k" } }),
            "invalid",
        ),
    ] {
        let refused = bench.post("/storage/v1/b?project=p", &document).refused();
        assert_eq!(refused, (400, reason.to_owned()), "{document}");
    }
    assert_eq!(
        bench.post("/storage/v1/b", &logs()).refused(),
        (400, "required".to_owned())
    );
    let cut = bench.ask("POST", "/storage/v1/b?project=p", &[], "{\"name\"");
    assert_eq!(cut.refused(), (400, "parseError".to_owned()));
    let deep = "[".repeat(100_000);
    assert_eq!(
        bench
            .ask("POST", "/storage/v1/b?project=p", &[], deep)
            .refused()
            .0,
        400
    );
    let long = json!({ "name": "x".repeat(200_000) });
    assert_eq!(
        bench.post("/storage/v1/b?project=p", &long).refused(),
        (413, "uploadTooLarge".to_owned())
    );
    let promise = json!({ "name": "logs", "retentionPolicy": { "retentionPeriod": "60" } });
    assert_eq!(bench.post("/storage/v1/b?project=p", &promise).refused().0, 501);
    assert_eq!(bench.get(LOGS).refused(), (404, "notFound".to_owned()));
}

#[test]
fn a_patch_changes_what_it_says_and_an_update_everything() {
    let bench = Bench::new();
    let (one, two) = (bench.key("europe-west3", "one"), bench.key("europe-west3", "two"));
    bench.make(&logs_under(&one));
    bench
        .patch(LOGS, &json!({ "labels": { "a": "1", "b": "2" } }))
        .ok();
    let patched = bench
        .patch(
            LOGS,
            &json!({ "labels": { "a": null }, "versioning": { "enabled": true } }),
        )
        .ok();
    assert_eq!(patched["labels"], json!({ "b": "2" }));
    assert_eq!(patched["encryption"]["defaultKmsKeyName"], one.to_string());
    assert_eq!(patched["metageneration"], "3");
    let key = json!({ "encryption": { "defaultKmsKeyName": two.to_string() } });
    assert_eq!(
        bench.patch(LOGS, &key).ok()["encryption"]["defaultKmsKeyName"],
        two.to_string()
    );
    let removed = bench.patch(LOGS, &json!({ "encryption": null })).ok();
    assert_eq!(removed["encryption"], Value::Null);
    bench.patch(LOGS, &key).ok();
    let removed = bench
        .patch(LOGS, &json!({ "encryption": { "defaultKmsKeyName": null } }))
        .ok();
    assert_eq!(removed["encryption"], Value::Null);
    let updated = bench
        .ask("PUT", LOGS, &[], json!({ "labels": { "c": "3" } }).to_string())
        .ok();
    assert_eq!(updated["labels"], json!({ "c": "3" }));
    assert_eq!(updated["versioning"], Value::Null);
}

#[test]
fn preconditions_go_by_the_metageneration() {
    let bench = Bench::with_bucket(&logs());
    let change = json!({ "labels": { "a": "1" } });
    let wrong = bench.patch(&format!("{LOGS}?ifMetagenerationMatch=2"), &change);
    assert_eq!(wrong.refused(), (412, "conditionNotMet".to_owned()));
    bench
        .patch(&format!("{LOGS}?ifMetagenerationMatch=1"), &change)
        .ok();
    assert_eq!(
        bench.get(&format!("{LOGS}?ifMetagenerationNotMatch=2")).status,
        304
    );
    assert_eq!(
        bench.delete(&format!("{LOGS}?ifMetagenerationMatch=1")).status,
        412
    );
    assert_eq!(
        bench.delete(&format!("{LOGS}?ifMetagenerationMatch=2")).status,
        204
    );
}

#[test]
fn only_an_empty_bucket_is_deleted() {
    let bench = Bench::with_bucket(&json!({ "name": "logs", "versioning": { "enabled": true } }));
    let generation = bench.upload("a", "x", "").ok()["generation"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(bench.delete(LOGS).refused(), (409, "conflict".to_owned()));
    assert_eq!(bench.delete(&format!("{LOGS}/o/a")).status, 204);
    assert_eq!(bench.delete(LOGS).status, 409, "a noncurrent generation is left");
    assert_eq!(
        bench
            .delete(&format!("{LOGS}/o/a?generation={generation}"))
            .status,
        204
    );
    assert_eq!(bench.delete(LOGS).status, 204);
    assert_eq!(bench.get(LOGS).status, 404);
    assert_eq!(bench.delete(LOGS).status, 404);
}

#[test]
fn buckets_are_listed_by_project_prefix_and_page() {
    let bench = Bench::new();
    for name in ["logs-1", "logs-2", "logs-3", "other"] {
        bench.make(&json!({ "name": name }));
    }
    bench
        .post("/storage/v1/b?project=q", &json!({ "name": "logs-q" }))
        .ok();
    let names = |listed: &Value| -> Vec<String> {
        let items = listed["items"].as_array().unwrap();
        items
            .iter()
            .map(|item| item["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let first = bench
        .get("/storage/v1/b?project=p&prefix=logs-&maxResults=2")
        .ok();
    assert_eq!(names(&first), ["logs-1", "logs-2"]);
    let token = first["nextPageToken"].as_str().unwrap();
    let second = bench
        .get(&format!(
            "/storage/v1/b?project=p&prefix=logs-&maxResults=2&pageToken={token}"
        ))
        .ok();
    assert_eq!(names(&second), ["logs-3"]);
    assert_eq!(second["nextPageToken"], Value::Null);
    assert_eq!(names(&bench.get("/storage/v1/b?project=q").ok()), ["logs-q"]);
    assert_eq!(
        bench.get("/storage/v1/b?project=p&pageToken=%21").refused().0,
        400
    );
}

#[test]
fn the_service_agent_of_a_project_is_always_the_same() {
    let email = |project: &str| {
        let agent = Bench::new()
            .get(&format!("/storage/v1/projects/{project}/serviceAccount"))
            .ok();
        agent["email_address"].as_str().unwrap().to_owned()
    };
    assert_eq!(email("p"), email("p"));
    assert_ne!(email("p"), email("q"));
    assert_eq!(
        email("123456789012"),
        "service-123456789012@gs-project-accounts.iam.gserviceaccount.com"
    );
    let number = email("p");
    let number = number
        .strip_prefix("service-")
        .unwrap()
        .split('@')
        .next()
        .unwrap();
    assert!(number.len() == 12 && number.parse::<u64>().is_ok(), "{number}");
}

#[test]
fn what_is_not_served_says_so_by_name() {
    let bench = Bench::with_bucket(&logs());
    for (verb, path, name) in [
        (
            "POST",
            "/storage/v1/b/logs/o/a/compose",
            "storage.objects.compose",
        ),
        ("GET", "/storage/v1/b/logs/iam", "storage.buckets.getIamPolicy"),
        (
            "GET",
            "/storage/v1/b/logs/o/a/acl",
            "storage.objectAccessControls",
        ),
        (
            "GET",
            "/storage/v1/projects/p/hmacKeys",
            "storage.projects.hmacKeys",
        ),
    ] {
        let answer = bench.ask(verb, path, &[], "");
        assert_eq!(answer.refused(), (501, "notImplemented".to_owned()), "{path}");
        assert!(answer.message().starts_with(name), "{}", answer.message());
    }
    assert_eq!(
        bench.get("/storage/v1/nothing").refused(),
        (404, "notFound".to_owned())
    );
    assert_eq!(
        bench.get("/storage/v1/b/%ff").refused(),
        (400, "invalid".to_owned())
    );
}
