//! The emulator as another process, which can be killed.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::fault::{Faults, How};
use crate::{operation, plain_http};

/// The process.
pub struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    /// Starts `program`, an emulator that keeps its data in `folder`. `None` when it died before it answered.
    pub fn start(program: &str, folder: &Path, fault: Option<(&Faults, How, u32)>) -> Option<Self> {
        let mut command = Command::new(program);
        command.args(["--listen", "127.0.0.1:0", "--clock-rate", "0", "--clock"]);
        command.arg(operation::start().to_string()).arg("--data");
        command.arg(folder).stdout(Stdio::piped()).stderr(Stdio::null());
        if let Some((faults, how, at)) = fault {
            faults.apply(&mut command, how, at);
        }
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        said.read_line(&mut line).unwrap();
        let Some(address) = line.trim().strip_prefix("http://") else {
            child.wait().unwrap();
            return None;
        };
        let address = address.parse().unwrap();
        Some(Self { child, address })
    }

    /// Where clients reach it.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Makes a call that has JSON on both ways.
    ///
    /// # Errors
    /// When it dies before it has answered.
    pub fn json(&self, method: &str, path: &str, body: &Value) -> std::io::Result<Value> {
        json(self.address, method, path, body)
    }

    /// Kills it, whatever it is doing.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be dead already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Makes a call that has JSON on both ways and is not refused.
///
/// # Errors
/// When the connection breaks before it is answered.
pub fn json(at: SocketAddr, method: &str, path: &str, body: &Value) -> std::io::Result<Value> {
    let sent = body.to_string();
    let reply = plain_http::call(at, method, path, "application/json", sent.as_bytes())?;
    let text = String::from_utf8_lossy(&reply.body);
    assert_eq!(reply.status, 200, "{method} {path}: {text}");
    Ok(serde_json::from_slice(&reply.body).unwrap())
}
