//! An emulator of Cloud KMS, a project whose keys are there, and what other clients do to those keys.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![allow(dead_code, reason = "each test uses its part")]

use std::io::{Read, Write};
use std::net::TcpStream;

use keyward_emulator::Emulator;

use crate::demo::Demo;

pub(crate) const A: &str = "europe-west1";
pub(crate) const B: &str = "us-central1";
/// Port 9 is that of the discard service (RFC 863), which no machine of today has.
const NOBODY: &str = "http://127.0.0.1:9";

/// The emulator, in memory, on a port of its own.
pub(crate) struct Cloud(Emulator);

/// The key of a location, without its provider.
pub(crate) fn key(location: &str) -> String {
    format!("projects/demo/locations/{location}/keyRings/secrets/cryptoKeys/app")
}

/// Its first version.
pub(crate) fn version(location: &str) -> String {
    format!("{}/cryptoKeyVersions/1", key(location))
}

impl Cloud {
    pub(crate) fn start() -> Self {
        Self(Emulator::start().unwrap())
    }

    /// One in which callers have the rights that were given to them; whoever brings no token owns everything.
    pub(crate) fn with_iam() -> Self {
        Self(Emulator::builder().enforce_iam(true).start().unwrap())
    }

    pub(crate) fn endpoint(&self) -> String {
        self.0.endpoint()
    }

    /// A folder with a manifest of keys in `europe-west1` and `us-central1`, not made yet.
    pub(crate) fn project(&self) -> Demo {
        let demo = Demo::empty();
        let endpoint = self.endpoint();
        demo.ok(&[
            "init",
            "--provider",
            "gcp",
            "--project",
            "demo",
            "--endpoint",
            &endpoint,
        ]);
        demo
    }

    /// The same with the keys, and the file `token` sealed as `token.kw`.
    pub(crate) fn sealed(&self) -> Demo {
        let demo = self.project();
        demo.ok(&["key", "create", "app"]);
        demo.write("token", b"hunter2\n");
        demo.ok(&["encrypt", "token"]);
        demo
    }

    /// Gives `location` an address in the manifest at which nobody listens.
    pub(crate) fn send_away(&self, project: &Demo, location: &str) {
        let endpoint = format!("endpoint: \"{}\"", self.endpoint());
        let away = format!("{endpoint}\n    endpoints: {{{location}: \"{NOBODY}\"}}");
        project.edit(&endpoint, &away);
    }

    /// Takes it out again.
    pub(crate) fn bring_back(&self, project: &Demo) {
        let away = |line: &&str| !line.contains(NOBODY);
        let text = std::fs::read_to_string(project.path("keyward.yaml")).unwrap();
        let text: Vec<_> = text.lines().filter(away).collect();
        project.write("keyward.yaml", (text.join("\n") + "\n").as_bytes());
    }

    /// What somebody with the right to destroy does, as no command of keyward can.
    pub(crate) fn destroy(&self, location: &str) {
        self.call("POST", &format!("{}:destroy", version(location)), "{}");
    }

    /// The same for a version by its name.
    pub(crate) fn destroy_version(&self, version: &str) {
        self.call("POST", &format!("{version}:destroy"), "{}");
    }

    pub(crate) fn disable(&self, location: &str) {
        let path = format!("{}?updateMask=state", version(location));
        self.call("PATCH", &path, r#"{"state": "DISABLED"}"#);
    }

    /// One call of the REST API, as any client of Google's makes it.
    fn call(&self, method: &str, path: &str, body: &str) {
        let (status, answer) = self.http(
            method,
            &format!("/v1/{path}"),
            "application/json",
            body.as_bytes(),
        );
        assert_eq!(status, 200, "{answer}");
    }

    /// The emulator itself.
    pub(crate) fn emulator(&self) -> &Emulator {
        &self.0
    }

    /// One request: status and body of the answer.
    pub(crate) fn http(&self, method: &str, path: &str, kind: &str, body: &[u8]) -> (u16, String) {
        let mut stream = TcpStream::connect(self.0.address()).unwrap();
        let (host, len) = (self.0.address(), body.len());
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: {kind}\r\nContent-Length: {len}\r\nConnection: \
             close\r\n\r\n"
        )
        .unwrap();
        stream.write_all(body).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head[9..12].parse().unwrap(), body.to_owned())
    }
}
