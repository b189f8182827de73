//! Trouble as another process asks for it, over REST, and what of it outlives a restart.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use keyward_emulator::{Code, Emulator, Fault};
use serde_json::{Value, json};

const RINGS: &str = "/v1/projects/p/locations/global/keyRings";
const KEY: &str = "/v1/projects/p/locations/global/keyRings/r/cryptoKeys/k";
const DAY: Duration = Duration::from_secs(86_400);

/// Status and body; no status when the connection broke before there was one.
fn ask(emulator: &Emulator, verb: &str, path: &str, token: &str, body: &Value) -> (u16, Value) {
    let body = match body {
        Value::Null => String::new(),
        body => body.to_string(),
    };
    let token = match token {
        "" => String::new(),
        token => format!("authorization: Bearer {token}\r\n"),
    };
    let mut stream = TcpStream::connect(emulator.address()).unwrap();
    let length = body.len();
    write!(
        stream,
        "{verb} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n{token}\r\n{body}"
    )
    .unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8(answer).unwrap();
    let Some((head, body)) = answer.split_once("\r\n\r\n") else {
        return (0, Value::Null);
    };
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap_or(Value::Null))
}

fn done(emulator: &Emulator, verb: &str, path: &str, body: Value) -> Value {
    let (status, answer) = ask(emulator, verb, path, "", &body);
    assert_eq!(status, 200, "{verb} {path}: {answer}");
    answer
}

fn with_key(emulator: Emulator) -> Emulator {
    done(&emulator, "POST", &format!("{RINGS}?keyRingId=r"), json!({}));
    let key = json!({"purpose": "ENCRYPT_DECRYPT"});
    done(
        &emulator,
        "POST",
        &format!("{RINGS}/r/cryptoKeys?cryptoKeyId=k"),
        key,
    );
    emulator
}

fn kept(folder: &Path) -> Emulator {
    Emulator::builder().data(folder).start().unwrap()
}

#[test]
fn faults_are_set_met_logged_and_cleared_over_rest() {
    let emulator = with_key(Emulator::start().unwrap());
    let fault = json!({
        "method": "GetCryptoKey",
        "error": {"code": "RESOURCE_EXHAUSTED", "message": "slow down", "reason": "RATE_LIMIT_EXCEEDED"},
        "times": 2,
    });
    let added = done(&emulator, "POST", "/emulator/v1/faults", fault);
    assert_eq!((&added["id"], &added["times"]), (&json!("1"), &json!(2)));
    let (status, refused) = ask(&emulator, "GET", KEY, "", &Value::Null);
    assert_eq!((status, &refused["error"]["message"]), (429, &json!("slow down")));
    assert_eq!(refused["error"]["details"][0]["reason"], "RATE_LIMIT_EXCEEDED");
    let waiting = done(&emulator, "GET", "/emulator/v1/faults", Value::Null);
    assert_eq!(waiting["faults"][0]["met"], "1");
    let calls = done(
        &emulator,
        "GET",
        "/emulator/v1/calls?method=GetCryptoKey",
        Value::Null,
    );
    assert_eq!(calls["calls"][0]["code"], "RESOURCE_EXHAUSTED");
    assert_eq!(calls["calls"][0]["caller"], "owner");
    assert_eq!(calls["calls"].as_array().map(Vec::len), Some(1));
    let cleared = done(&emulator, "DELETE", "/emulator/v1/faults", Value::Null);
    assert_eq!(cleared["cleared"], 1);
    done(&emulator, "GET", KEY, Value::Null);
    done(&emulator, "POST", "/emulator/v1:reset", json!({}));
    assert!(emulator.trouble().calls().is_empty());
}

#[test]
fn what_cannot_be_is_refused_with_what_can() {
    let emulator = Emulator::start().unwrap();
    for (verb, path, body, words) in [
        (
            "POST",
            "/emulator/v1/faults",
            json!({"method": "GetKeyRing", "corruptChecksum": true}),
            "stale_read",
        ),
        (
            "POST",
            "/emulator/v1/faults",
            json!({"method": "Decrpyt", "dropReply": true}),
            "did you mean `Decrypt`?",
        ),
        (
            "POST",
            "/emulator/v1/faults",
            json!({"method": "Decrypt"}),
            "one of",
        ),
        (
            "POST",
            "/emulator/v1/clock:move",
            json!({"to": "2001-01-01T00:00:00Z"}),
            "only goes forward",
        ),
        ("POST", "/emulator/v1/clock:move", json!({}), "by"),
        (
            "POST",
            "/emulator/v1/clock:setRate",
            json!({"rate": -1}),
            "not a rate",
        ),
        (
            "POST",
            "/emulator/v1/projects/p:setIamPolicy",
            json!({"policy": {"bindings": [{"role": "owner"}, {"role": "x", "members": ["user:a"]}]}}),
            "not the name of a role",
        ),
    ] {
        let (status, refused) = ask(&emulator, verb, path, "", &body);
        let message = refused["error"]["message"].as_str().unwrap_or_default();
        assert!(
            status == 400 && message.contains(words),
            "{path} {body}: {status} {refused}"
        );
    }
}

#[test]
fn a_dropped_reply_breaks_the_connection_and_the_change_is_made() {
    let emulator = with_key(Emulator::start().unwrap());
    emulator
        .trouble()
        .add(Fault::drop_reply("CreateCryptoKeyVersion"))
        .unwrap();
    let versions = format!("{KEY}/cryptoKeyVersions");
    assert_eq!(ask(&emulator, "POST", &versions, "", &json!({})).0, 0);
    let listed = done(&emulator, "GET", &versions, Value::Null);
    assert_eq!(listed["totalSize"], 2);
    let last = emulator.trouble().calls().pop().unwrap();
    assert_eq!((last.method, last.code), ("ListCryptoKeyVersions", Code::Ok));
}

#[test]
fn a_destroyed_version_stays_destroyed_and_the_clock_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let emulator = with_key(kept(folder.path()));
    let sealed = done(
        &emulator,
        "POST",
        &format!("{KEY}:encrypt"),
        json!({"plaintext": "aGVsbG8="}),
    );
    let version = format!("{KEY}/cryptoKeyVersions/1");
    done(&emulator, "POST", &format!("{version}:destroy"), json!({}));
    let moved = done(
        &emulator,
        "POST",
        "/emulator/v1/clock:move",
        json!({"by": "2678400s"}),
    );
    assert_eq!(
        done(&emulator, "GET", &version, Value::Null)["state"],
        "DESTROYED"
    );
    drop(emulator);
    let emulator = kept(folder.path());
    assert_eq!(
        done(&emulator, "GET", &version, Value::Null)["state"],
        "DESTROYED"
    );
    assert!(emulator.trouble().now().to_string().as_str() >= moved["now"].as_str().unwrap());
    let body = json!({"ciphertext": sealed["ciphertext"]});
    assert_eq!(
        ask(&emulator, "POST", &format!("{KEY}:decrypt"), "", &body).0,
        400
    );
    let (status, _) = ask(&emulator, "POST", &format!("{version}:restore"), "", &json!({}));
    assert_eq!(status, 400, "gone for good");
}

#[test]
fn policies_are_read_changed_and_written_as_terraform_does() {
    let folder = tempfile::tempdir().unwrap();
    let emulator = with_key(kept(folder.path()));
    // The name of the query field as the discovery document of Cloud KMS has it.
    let query = "options.requestedPolicyVersion=3";
    let read = done(
        &emulator,
        "GET",
        &format!("{KEY}:getIamPolicy?{query}"),
        Value::Null,
    );
    assert_eq!(read["etag"], "ACAB");
    let binding = json!({"role": "roles/cloudkms.viewer", "members": ["user:ann@example.com"]});
    let policy = json!({"policy": {"version": 3, "etag": "ACAB", "bindings": [binding]}});
    let set = done(&emulator, "POST", &format!("{KEY}:setIamPolicy"), policy.clone());
    let (status, conflict) = ask(&emulator, "POST", &format!("{KEY}:setIamPolicy"), "", &policy);
    assert_eq!((status, &conflict["error"]["status"]), (409, &json!("ABORTED")));
    drop(emulator);
    let emulator = kept(folder.path());
    let read = done(&emulator, "GET", &format!("{KEY}:getIamPolicy"), Value::Null);
    assert_eq!(read, set);
    done(
        &emulator,
        "POST",
        "/emulator/v1/iam:setEnforcement",
        json!({"enforced": true}),
    );
    assert_eq!(
        ask(&emulator, "GET", KEY, "user:ann@example.com", &Value::Null).0,
        200
    );
    let (status, refused) = ask(&emulator, "GET", KEY, "user:bob@example.com", &Value::Null);
    assert_eq!(
        (status, &refused["error"]["status"]),
        (403, &json!("PERMISSION_DENIED"))
    );
    let info = &refused["error"]["details"][0];
    assert_eq!(info["reason"], "IAM_PERMISSION_DENIED");
    assert_eq!(info["metadata"]["permission"], "cloudkms.cryptoKeys.get");
}

#[test]
fn a_trouble_file_is_read_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trouble.yaml");
    std::fs::write(
        &file,
        "clock: {at: 2020-02-29T00:00:00Z, rate: 0}\nfaults:\n  - {method: ListKeyRings, error: {code: UNAVAILABLE}}\n",
    )
    .unwrap();
    let emulator = Emulator::builder().trouble_file(&file).start().unwrap();
    assert_eq!(ask(&emulator, "GET", RINGS, "", &Value::Null).0, 503);
    assert_eq!(ask(&emulator, "GET", RINGS, "", &Value::Null).0, 200);
    let before = emulator.trouble().now();
    assert_eq!(before.to_string(), "2020-02-29T00:00:00Z");
    assert_eq!(
        emulator.trouble().advance(DAY).unwrap(),
        before.checked_add(DAY).unwrap()
    );
    std::fs::write(&file, "faults:\n  - {metod: x}\n").unwrap();
    let error = Emulator::builder()
        .trouble_file(&file)
        .start()
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("trouble.yaml:2:"), "{error}");
}
