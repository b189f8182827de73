//! A storage to try calls on, with a clock that stands until it is moved.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request};
use http_body_util::BodyExt;
use keyward_core::clock::Timestamp;
use keyward_core::key::{KeySpec, Machine};
use keyward_core::kms::KmsError;
use keyward_core::location::Location;
use keyward_core::name::{CryptoKeyName, KeyRingName, KeyVersionName};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;

use crate::state::{Settings, State};

pub(super) const DAY: Duration = Duration::from_secs(86_400);
pub(super) const BASE: &str = "http://localhost:9010";

pub(super) struct Bench {
    pub(super) state: Arc<State>,
    router: Router,
    runtime: Runtime,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Bench {
    pub(super) fn new() -> Self {
        Self::over(None)
    }

    /// Keeping everything in a folder.
    pub(super) fn in_folder(folder: &Path) -> Self {
        Self::over(Some(folder))
    }

    fn over(data: Option<&Path>) -> Self {
        let settings = Settings {
            seed: data.is_none().then_some(1),
            data: data.map(Path::to_owned),
            clock_rate: Some(0.0),
            ..Settings::default()
        };
        let state = Arc::new(State::open(&settings).unwrap());
        Self {
            router: super::super::router(Arc::clone(&state), false),
            state,
            runtime: Builder::new_current_thread().enable_all().build().unwrap(),
        }
    }

    /// With a bucket.
    pub(super) fn with_bucket(document: &Value) -> Self {
        let bench = Self::new();
        bench.make(document);
        bench
    }

    pub(super) fn make(&self, document: &Value) -> Value {
        self.post("/storage/v1/b?project=p", document).ok()
    }

    pub(super) fn ask(
        &self,
        verb: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> Answer {
        let body: Vec<u8> = body.into();
        let mut request = Request::builder()
            .method(verb)
            .uri(path)
            .header("host", "localhost:9010");
        if headers.iter().all(|(name, _)| *name != "content-length") {
            request = request.header("content-length", body.len());
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body)).unwrap();
        self.runtime.block_on(async {
            let answer = self.router.clone().oneshot(request).await.unwrap();
            let (parts, body) = answer.into_parts();
            Answer {
                status: parts.status.as_u16(),
                headers: parts.headers,
                body: body.collect().await.unwrap().to_bytes().to_vec(),
            }
        })
    }

    pub(super) fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], "")
    }

    pub(super) fn delete(&self, path: &str) -> Answer {
        self.ask("DELETE", path, &[], "")
    }

    pub(super) fn post(&self, path: &str, document: &Value) -> Answer {
        self.ask(
            "POST",
            path,
            &[("content-type", "application/json")],
            document.to_string(),
        )
    }

    pub(super) fn patch(&self, path: &str, document: &Value) -> Answer {
        self.ask("PATCH", path, &[], document.to_string())
    }

    /// Uploads by `uploadType=media` into the bucket `logs`; `more` are further parameters.
    pub(super) fn upload(&self, name: &str, content: impl Into<Vec<u8>>, more: &str) -> Answer {
        let path = format!("/upload/storage/v1/b/logs/o?uploadType=media&name={name}{more}");
        self.ask("POST", &path, &[("content-type", "text/plain")], content)
    }

    /// Reads an object of the bucket `logs`.
    pub(super) fn read(&self, name: &str) -> Answer {
        self.get(&format!("/storage/v1/b/logs/o/{name}?alt=media"))
    }
}

/// Keys.
impl Bench {
    /// Makes a key with one version, and its ring where it is missing.
    pub(super) fn key(&self, location: &str, id: &str) -> CryptoKeyName {
        let ring = KeyRingName::new("p", Location::parse(location).unwrap(), "r").unwrap();
        if self.state.keys.ring(&ring).is_err() {
            self.state.keys.create_ring(&ring).unwrap();
        }
        let key = ring.key(id).unwrap();
        self.change(&key, |machine, now| {
            machine.create_key(&key, KeySpec::default(), now).map(drop)
        });
        key
    }

    pub(super) fn change(
        &self,
        key: &CryptoKeyName,
        act: impl FnOnce(&mut Machine, Timestamp) -> Result<(), KmsError>,
    ) {
        self.state.keys.change(key, act).unwrap();
    }

    pub(super) fn rotate(&self, key: &CryptoKeyName) -> KeyVersionName {
        let mut made = None;
        self.change(key, |machine, now| {
            let version = machine.create_version(key, now)?.name;
            machine.set_primary(&version, now)?;
            made = Some(version);
            Ok(())
        });
        made.unwrap()
    }

    pub(super) fn disable(&self, version: &KeyVersionName) {
        self.change(version.key(), |machine, now| {
            machine.disable(version, now).map(drop)
        });
    }

    pub(super) fn enable(&self, version: &KeyVersionName) {
        self.change(version.key(), |machine, now| {
            machine.enable(version, now).map(drop)
        });
    }

    pub(super) fn restore(&self, version: &KeyVersionName) {
        self.change(version.key(), |machine, now| {
            machine.restore(version, now).map(drop)
        });
    }

    pub(super) fn schedule(&self, version: &KeyVersionName) {
        self.change(version.key(), |machine, now| {
            machine.schedule_destruction(version, now).map(drop)
        });
    }
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The document of a call that succeeded.
    #[track_caller]
    pub(super) fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text());
        self.json()
    }

    /// The content of a download.
    #[track_caller]
    pub(super) fn content(&self) -> &[u8] {
        assert!(
            matches!(self.status, 200 | 206),
            "{} {}",
            self.status,
            self.text()
        );
        &self.body
    }

    /// Status and reason of a call that failed, whose error has Google's shape.
    #[track_caller]
    pub(super) fn refused(&self) -> (u16, String) {
        let error = self.json()["error"].take();
        assert_eq!(error["code"], self.status);
        assert_eq!(error["errors"][0]["message"], error["message"]);
        assert_eq!(error["errors"][0]["domain"], "global");
        (
            self.status,
            error["errors"][0]["reason"].as_str().unwrap().to_owned(),
        )
    }

    pub(super) fn message(&self) -> String {
        self.json()["error"]["message"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    pub(super) fn header(&self, name: &str) -> Vec<&str> {
        self.headers
            .get_all(name)
            .iter()
            .map(|value| value.to_str().unwrap())
            .collect()
    }
}

/// A bucket in a region.
pub(super) fn logs() -> Value {
    json!({ "name": "logs", "location": "europe-west3" })
}

/// A bucket in a region, under a key.
pub(super) fn logs_under(key: &CryptoKeyName) -> Value {
    json!({
        "name": "logs",
        "location": "EUROPE-WEST3",
        "encryption": { "defaultKmsKeyName": key.to_string() },
    })
}
