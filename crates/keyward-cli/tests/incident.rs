//! The day that keyward answers: infrastructure code in which a location had changed schedules the old keys for
//! destruction. Once as it went, and once with keyward at hand.

#![cfg(feature = "gcp")]
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::time::Duration;

use cloud::Cloud;
use demo::Demo;
use serde_json::{Value, json};

mod cloud;
mod demo;

const KEYS: [&str; 2] = ["app", "gcp-stackdriver-export"];
/// The keys had the window that was usual then.
const WINDOW: &str = "1d";

fn key(id: &str) -> String {
    format!("projects/demo/locations/global/keyRings/keyring/cryptoKeys/{id}")
}

/// A team's project: secrets under one key, a bucket of archived logs under the other, both in `global`.
struct Team {
    cloud: Cloud,
    project: Demo,
}

impl Team {
    fn at_work() -> Self {
        let (cloud, project) = (Cloud::start(), Demo::empty());
        let endpoint = cloud.endpoint();
        let keyring = |name: &str, key: &str| {
            format!(
                "  {name}:\n    {{env: staging, provider: gcp, project: demo, endpoint: \"{endpoint}\", locations: [global], \
                 ring: keyring, key: {key}, rotation: 90d, destroy_after: {WINDOW}}}\n"
            )
        };
        let manifest = format!(
            "version: 1\nuses: {{}}\nenvironments: {{staging: {{}}}}\nkeyrings:\n{}{}rules: [{{path: \"secrets/**\", keyring: app}}]\n",
            keyring("app", KEYS[0]),
            keyring("logs", KEYS[1])
        );
        project.write("keyward.yaml", manifest.as_bytes());
        project.ok(&["key", "create", "app"]);
        project.ok(&["key", "create", "logs"]);
        fs::create_dir(project.path("secrets")).unwrap();
        project.write("secrets/token", b"hunter2\n");
        project.ok(&["encrypt", "secrets/token"]);
        let team = Self { cloud, project };
        team.archive_logs();
        team
    }

    fn archive_logs(&self) {
        let bucket = json!({"name": "archived-logs", "location": "US-CENTRAL1", "encryption": {"defaultKmsKeyName": key(KEYS[1])}});
        let made = self.cloud.http(
            "POST",
            "/storage/v1/b?project=demo",
            "application/json",
            bucket.to_string().as_bytes(),
        );
        assert_eq!(made.0, 200, "{}", made.1);
        for day in 1..=3 {
            let path =
                format!("/upload/storage/v1/b/archived-logs/o?uploadType=media&name=2019-03-{day:02}.log");
            assert_eq!(
                self.cloud.http("POST", &path, "text/plain", b"a day of logs").0,
                200
            );
        }
    }

    /// How many days of logs can be read.
    fn readable_logs(&self) -> usize {
        let path = |day: usize| format!("/storage/v1/b/archived-logs/o/2019-03-{day:02}.log?alt=media");
        let read = |day: &usize| self.cloud.http("GET", &path(*day), "text/plain", b"").0 == 200;
        (1..=3).filter(read).count()
    }

    /// What Google's provider for Terraform does to a key that is replaced: it schedules every version and switches rotation
    /// off.
    fn apply_the_plan(&self) {
        for id in KEYS {
            let version = format!("/v1/{}/cryptoKeyVersions/1:destroy", key(id));
            assert_eq!(
                self.cloud.http("POST", &version, "application/json", b"{}").0,
                200
            );
            let off = format!("/v1/{}?updateMask=rotationPeriod,nextRotationTime", key(id));
            assert_eq!(self.cloud.http("PATCH", &off, "application/json", b"{}").0, 200);
        }
    }

    fn plan(&self) {
        let change = |id: &str| {
            json!({
                "address": format!("google_kms_crypto_key.key[\"{id}\"]"), "mode": "managed", "type": "google_kms_crypto_key",
                "name": "key", "provider_name": "registry.terraform.io/hashicorp/google",
                "change": {
                    "actions": ["delete", "create"],
                    "before": {"id": key(id), "name": id, "key_ring": "projects/demo/locations/global/keyRings/keyring"},
                    "after": {"name": id, "key_ring": "projects/demo/locations/us-central1/keyRings/keyring"},
                    "after_unknown": {"id": true}
                }
            })
        };
        let plan = json!({
            "format_version": "1.2", "terraform_version": "1.11.4", "complete": true, "errored": false,
            "planned_values": {}, "resource_changes": KEYS.map(change)
        });
        self.project.write("plan.json", plan.to_string().as_bytes());
    }
}

#[test]
fn as_it_went_the_logs_are_gone() {
    let team = Team::at_work();
    assert_eq!(team.readable_logs(), 3);
    team.apply_the_plan();
    // The old script has no look at versions: after the plan it is content, and a day passes.
    team.cloud
        .emulator()
        .trouble()
        .advance(Duration::from_secs(25 * 3600))
        .unwrap();
    for id in KEYS {
        let restore = format!("/v1/{}/cryptoKeyVersions/1:restore", key(id));
        assert_eq!(
            team.cloud.http("POST", &restore, "application/json", b"{}").0,
            400,
            "too late"
        );
    }
    assert_eq!(team.readable_logs(), 0);
    assert_ne!(team.project.run(&["decrypt", "secrets/token.kw"]).code, 0);
}

#[test]
fn the_plan_is_refused_before_it_is_applied() {
    let team = Team::at_work();
    assert_eq!(
        team.project.run(&["verify"]).code,
        0,
        "{}",
        team.project.run(&["verify"]).stdout
    );
    team.plan();
    let ran = team.project.run(&["verify", "--terraform-plan", "plan.json"]);
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    for text in [
        "app/global",
        "logs/global",
        "from global to us-central1",
        "never a replacement",
        "secrets/token.kw",
        "gs://archived-logs",
    ] {
        assert!(ran.stdout.contains(text), "{text}\n{}", ran.stdout);
    }
    assert_eq!(team.readable_logs(), 3, "and nothing has happened");
}

#[test]
fn once_it_happened_the_next_look_names_keys_losses_and_hours_and_one_command_each_brings_them_back() {
    let team = Team::at_work();
    team.apply_the_plan();
    assert_eq!(team.readable_logs(), 0);

    let ran = team.project.run(&["verify"]);
    assert_eq!(ran.code, 1);
    for text in [
        "app/global",
        "logs/global",
        "in 23 h",
        "secrets/token.kw",
        "archived-logs",
    ] {
        assert!(ran.stdout.contains(text), "{text}\n{}", ran.stdout);
    }

    let ran = team.project.run(&["watch", "--once", "--json"]);
    assert_eq!(ran.code, 1);
    let seen: Value = serde_json::from_str(&ran.stdout).unwrap();
    let told = seen["told"].as_array().unwrap();
    let ends: Vec<&Value> = told.iter().filter(|alert| alert["hours_left"] == 23).collect();
    assert_eq!(ends.len(), 2, "{seen:#}");
    for alert in &ends {
        assert_eq!(alert["severity"], "critical", "though it is staging: {alert}");
    }
    let lost = |alert: &&Value| alert["lost"].as_str().unwrap().to_owned();
    let lost: String = ends.iter().map(lost).collect();
    assert!(
        lost.contains("secrets/token.kw") && lost.contains("gs://archived-logs"),
        "{lost}"
    );

    // The printed commands, from another place altogether.
    let elsewhere = Demo::empty();
    for alert in &ends {
        let next = alert["next"].as_str().unwrap().strip_prefix("keyward ").unwrap();
        let endpoint = team.cloud.endpoint();
        let words: Vec<_> = next.split(' ').chain(["--endpoint", &endpoint]).collect();
        elsewhere.ok(&words);
    }
    assert_eq!(team.readable_logs(), 3);
    assert_eq!(team.project.ok(&["decrypt", "secrets/token.kw"]), "hunter2\n");
    let ran = team.project.run(&["verify"]);
    assert!(
        ran.stdout.contains("rotation"),
        "that rotation was switched off is said still: {}",
        ran.stdout
    );
}

#[test]
fn a_changed_location_in_the_manifest_makes_no_new_key() {
    let team = Team::at_work();
    team.project
        .edit("locations: [global]", "locations: [us-central1]");
    let ran = team.project.run(&["verify"]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.stdout.contains("a changed location is a move"),
        "{}",
        ran.stdout
    );
    let ran = team.project.run(&["key", "create", "app"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert_eq!(
        team.project.ok(&[
            "decrypt",
            "--allow",
            &format!("gcp-kms://{}", key("app")),
            "secrets/token.kw"
        ]),
        "hunter2\n"
    );
}
