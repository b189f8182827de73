//! A scripted Cloud KMS on loopback: answers what a test says, and remembers what it was asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What a request gets.
pub(super) enum Reply {
    /// An HTTP status and a JSON body.
    Json(u16, String),
    /// The connection is closed without an answer.
    Dropped,
    /// No answer at all, for a second.
    Late,
}

/// What was asked.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) method: String,
    /// Path and query.
    pub(super) path: String,
    pub(super) authorization: Option<String>,
    pub(super) quota_project: Option<String>,
    pub(super) body: String,
}

type Script = dyn Fn(usize, &Asked) -> Reply + Send + Sync;

/// The server. It lives as long as the process of the test.
pub(super) struct Stub {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Stub {
    /// A server that answers by `script`, which is told how many requests came before.
    pub(super) fn new(script: impl Fn(usize, &Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stub = Self {
            address: listener.local_addr().unwrap(),
            asked: Arc::default(),
        };
        let (asked, script): (_, Arc<Script>) = (stub.asked.clone(), Arc::new(script));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (asked, script) = (asked.clone(), script.clone());
                thread::spawn(move || serve(stream, &asked, &*script));
            }
        });
        stub
    }

    pub(super) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// How many requests had `part` in their path.
    pub(super) fn count(&self, part: &str) -> usize {
        self.asked()
            .iter()
            .filter(|asked| asked.path.contains(part))
            .count()
    }
}

fn serve(stream: TcpStream, asked: &Mutex<Vec<Asked>>, script: &Script) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut writer = stream;
    while let Some(request) = read(&mut reader) {
        let before = {
            let mut asked = asked.lock().unwrap();
            asked.push(request.clone());
            asked.len() - 1
        };
        match script(before, &request) {
            Reply::Json(status, body) => {
                let head = format!(
                    "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                    body.len()
                );
                // Who has read enough hangs up.
                if writer.write_all((head + &body).as_bytes()).is_err() {
                    return;
                }
            }
            Reply::Dropped => return,
            Reply::Late => thread::sleep(std::time::Duration::from_secs(1)),
        }
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|count| *count > 0)?;
    let mut words = line.split(' ').map(str::to_owned);
    let mut asked = Asked {
        method: words.next()?,
        path: words.next()?,
        authorization: None,
        quota_project: None,
        body: String::new(),
    };
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim().split_once(": ") else {
            break;
        };
        match name.to_lowercase().as_str() {
            "content-length" => length = value.parse().unwrap(),
            "authorization" => asked.authorization = Some(value.to_owned()),
            "x-goog-user-project" => asked.quota_project = Some(value.to_owned()),
            _ => {}
        }
    }
    reader.take(length).read_to_string(&mut asked.body).ok()?;
    Some(asked)
}

/// An error in the form of Google's APIs.
pub(super) fn refusal(status: u16, code: &str, message: &str, details: &str) -> Reply {
    let body = format!(
        r#"{{"error":{{"code":{status},"message":"{message}","status":"{code}","details":[{details}]}}}}"#
    );
    Reply::Json(status, body)
}

/// An answer.
pub(super) fn json(body: impl Into<String>) -> Reply {
    Reply::Json(200, body.into())
}
