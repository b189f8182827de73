//! Cloud Storage and Cloud KMS on one port, over a socket, as two clients in one program use them.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod client;

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use keyward_emulator::{Code, Emulator, Fault};
use serde_json::{Value, json};

const DAY: Duration = Duration::from_secs(86_400);
const KEY: &str = "projects/p/locations/global/keyRings/r/cryptoKeys/logs";
const UPLOAD: &str = "/upload/storage/v1/b/archive/o?uploadType=media&name=a";
const READ: &str = "/storage/v1/b/archive/o/a?alt=media";

struct Session(Emulator);

impl Session {
    /// Without keys and buckets.
    fn over(data: Option<&Path>) -> Self {
        let builder = Emulator::builder();
        let builder = match data {
            Some(data) => builder.data(data),
            None => builder,
        };
        Self(builder.start().unwrap())
    }

    /// With a key, a bucket under it, and an object.
    async fn archive(data: Option<&Path>) -> Self {
        let session = Self::over(data);
        let ring = "/v1/projects/p/locations/global/keyRings";
        session.done("POST", &format!("{ring}?keyRingId=r"), "{}").await;
        let key = r#"{"purpose": "ENCRYPT_DECRYPT"}"#;
        session
            .done("POST", &format!("{ring}/r/cryptoKeys?cryptoKeyId=logs"), key)
            .await;
        let bucket = json!({
            "name": "archive",
            "location": "europe-west3",
            "encryption": { "defaultKmsKeyName": KEY },
        });
        session
            .done("POST", "/storage/v1/b?project=p", &bucket.to_string())
            .await;
        session.done("POST", UPLOAD, "a year of logs").await;
        session
    }

    async fn ask(&self, verb: &str, path: &str, body: &str) -> Result<Response<Bytes>, hyper::Error> {
        let request = Request::builder()
            .method(verb)
            .uri(path)
            .header("host", "localhost");
        let request = request.body(Full::new(Bytes::from(body.to_owned()))).unwrap();
        client::http1(self.0.address(), request).await
    }

    async fn done(&self, verb: &str, path: &str, body: &str) -> Value {
        let answer = self.ask(verb, path, body).await.unwrap();
        let text = String::from_utf8(answer.body().to_vec()).unwrap();
        assert_eq!(answer.status(), 200, "{verb} {path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Status and content.
    async fn read(&self) -> (u16, String) {
        let answer = self.ask("GET", READ, "").await.unwrap();
        let text = String::from_utf8(answer.body().to_vec()).unwrap();
        (answer.status().as_u16(), text)
    }

    /// Calls that change version 1 of the key.
    async fn version(&self, verb: &str, what: &str, body: &str) -> Value {
        self.done(verb, &format!("/v1/{KEY}/cryptoKeyVersions/1{what}"), body)
            .await
    }
}

#[tokio::test]
async fn archived_logs_come_back_in_time_and_are_gone_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let session = Session::archive(Some(folder.path())).await;
    assert_eq!(session.read().await, (200, "a year of logs".to_owned()));
    session.version("POST", ":destroy", "{}").await;
    assert_eq!(session.read().await.0, 400);
    drop(session);
    let session = Session::over(Some(folder.path()));
    session.0.trouble().advance(DAY * 29).unwrap();
    session.version("POST", ":restore", "{}").await;
    assert_eq!(session.read().await.0, 400, "restored is disabled");
    session
        .version("PATCH", "?updateMask=state", r#"{"state": "ENABLED"}"#)
        .await;
    assert_eq!(session.read().await, (200, "a year of logs".to_owned()));
    session.version("POST", ":destroy", "{}").await;
    session.0.trouble().advance(DAY * 31).unwrap();
    let (status, error) = session.read().await;
    assert_eq!(status, 400);
    let error: Value = serde_json::from_str(&error).unwrap();
    assert_eq!(error["error"]["errors"][0]["reason"], "cloudKmsDisabledKey");
    drop(session);
    let session = Session::over(Some(folder.path()));
    assert_eq!(session.version("GET", "", "").await["state"], "DESTROYED");
    assert_eq!(session.read().await.0, 400, "also after a restart");
}

#[tokio::test]
async fn an_answer_that_was_dropped_does_not_arrive_and_all_was_done() {
    let session = Session::archive(None).await;
    session
        .0
        .trouble()
        .add(Fault::drop_reply("storage.objects.insert"))
        .unwrap();
    let path = UPLOAD.replace("name=a", "name=b&ifGenerationMatch=0");
    session
        .ask("POST", &path, "x")
        .await
        .expect_err("the connection is cut");
    assert_eq!(session.ask("POST", &path, "x").await.unwrap().status(), 412);
    let fault = Fault::error("storage.objects.get", Code::Unavailable);
    session.0.trouble().add(fault).unwrap();
    assert_eq!(session.read().await.0, 503);
    assert_eq!(session.read().await.0, 200);
}

#[tokio::test]
async fn of_many_clients_that_expect_nothing_one_wins() {
    let session = Session::archive(None).await;
    let path = UPLOAD.replace("name=a", "name=b&ifGenerationMatch=0");
    let asked = futures(&session, &path, 16).await;
    assert_eq!(asked.iter().filter(|status| **status == 200).count(), 1);
    assert_eq!(asked.iter().filter(|status| **status == 412).count(), 15);
}

async fn futures(session: &Session, path: &str, many: usize) -> Vec<u16> {
    let address = session.0.address();
    let asked: Vec<_> = (0..many)
        .map(|number| {
            let request = Request::builder()
                .method("POST")
                .uri(path)
                .header("host", "localhost");
            let request = request.body(Full::new(Bytes::from(format!("{number}")))).unwrap();
            tokio::spawn(async move { client::http1(address, request).await.unwrap().status().as_u16() })
        })
        .collect();
    let mut statuses = Vec::new();
    for one in asked {
        statuses.push(one.await.unwrap());
    }
    statuses
}

#[tokio::test]
async fn hostile_requests_get_an_error_and_the_next_one_its_answer() {
    let session = Session::archive(None).await;
    for (verb, path, status) in [
        ("GET", "/storage/v1/b/archive/o/%ff", 400),
        ("GET", "/storage/v1/b/archive/o/a%2F..%2Fb?alt=media", 404),
        ("GET", "/storage/v1/b/archive/o/a/b", 404),
        ("GET", "/storage/v1/b/..%2F..%2Fetc/o/passwd", 404),
        (
            "GET",
            "/storage/v1/b/archive/o/a?alt=media&generation=99999999999999999999",
            400,
        ),
        (
            "GET",
            "/storage/v1/b/archive/o?maxResults=-9223372036854775808",
            400,
        ),
        ("DELETE", "/upload/storage/v1/b/archive/o?upload_id=%00", 404),
        ("PUT", "/upload/storage/v1/b/archive/o", 400),
        ("TRACE", "/storage/v1/b", 404),
        ("PATCH", "/storage/v1/b/archive/o/a", 200),
        ("GET", "/archive/../../etc/passwd", 404),
    ] {
        let answer = session.ask(verb, path, "").await.unwrap();
        assert_eq!(answer.status(), status, "{verb} {path}");
    }
    assert_eq!(session.read().await.0, 200);
}
