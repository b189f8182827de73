//! The standing guard against an emulator, with a webhook on this machine.

#![cfg(feature = "gcp")]
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use cloud::{A, Cloud, version};
use demo::Demo;
use serde_json::Value;

mod cloud;
mod demo;

/// A server that answers every request with `status` and passes on what it got.
struct Hook {
    address: String,
    got: Receiver<(String, String)>,
}

impl Hook {
    fn answering(status: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (send, got) = channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                // Before the answer: whoever gets that looks here next.
                if send.send(request(&mut stream)).is_err() {
                    return;
                }
                let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        Self { address, got }
    }

    /// What came since the last time it was asked.
    fn all(&self) -> Vec<(String, String)> {
        self.got.try_iter().collect()
    }
}

fn request(stream: &mut TcpStream) -> (String, String) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut head, mut line) = (String::new(), String::new());
    while reader.read_line(&mut line).unwrap() > 2 {
        head.push_str(&std::mem::take(&mut line).to_ascii_lowercase());
    }
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.trim().parse().unwrap())];
    reader.read_exact(&mut body).unwrap();
    (head, String::from_utf8(body).unwrap())
}

/// A sealed project whose alerts go to `webhook`, and whose switch is `ping`.
fn guarded(cloud: &Cloud, webhook: &str, ping: &str) -> Demo {
    let project = cloud.sealed();
    let watch = format!("version: 1\nwatch: {{webhook: \"{webhook}\", ping: \"{ping}\", repeat: 1h}}");
    project.edit("version: 1", &watch);
    project.write("secret", b"hook secret\n");
    project
}

const LOOK: [&str; 4] = ["watch", "--once", "--secret-file", "secret"];

fn json(project: &Demo) -> (i32, Value) {
    let ran = project.run(&[&LOOK[..], &["--json"]].concat());
    (
        ran.code,
        serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}{}", ran.stdout, ran.stderr)),
    )
}

#[test]
fn a_destruction_is_seen_at_the_next_look_told_signed_and_over_after_the_rescue() {
    let (cloud, hook, switch) = (
        Cloud::start(),
        Hook::answering("200 OK"),
        Hook::answering("204 No Content"),
    );
    let project = guarded(&cloud, &hook.address, &switch.address);
    assert_eq!(project.run(&LOOK).code, 0);
    assert_eq!(
        (hook.all().len(), switch.all().len()),
        (0, 1),
        "nothing to tell, and everything seen"
    );

    cloud.destroy(A);
    let (code, seen) = json(&project);
    assert_eq!(code, 1);
    let id = format!("V07 gcp-kms://{}", version(A));
    let alert = seen["told"]
        .as_array()
        .unwrap()
        .iter()
        .find(|alert| alert["id"] == id)
        .unwrap();
    assert_eq!(alert["severity"], "high", "{alert}");
    assert_eq!(alert["hours_left"], 719);
    assert_eq!(
        alert["lost"],
        "1 thing (token.kw) needs it; other ways to open remain"
    );
    let [(head, body)] = &hook.all()[..] else {
        panic!("told once")
    };
    assert!(
        head.contains("keyward-signature: t=") && head.contains(",v1="),
        "{head}"
    );
    assert!(body.contains(&format!("\"id\":\"{id}\"")), "{body}");

    assert_eq!(json(&project).0, 1, "it goes on");
    assert_eq!(hook.all().len(), 0, "and was told a moment ago");
    project.ok(&["watch", "ack", "--all"]);
    assert_eq!(json(&project).0, 0, "somebody answers for it");

    let next = alert["next"].as_str().unwrap().strip_prefix("keyward ").unwrap();
    let elsewhere = Demo::empty();
    let endpoint = cloud.endpoint();
    let words: Vec<_> = next.split(' ').chain(["--endpoint", &endpoint]).collect();
    elsewhere.ok(&words);
    let (code, seen) = json(&project);
    assert_eq!(code, 0, "{seen}");
    assert!(
        seen["over"].as_array().unwrap().iter().any(|over| *over == id),
        "{seen}"
    );
}

#[test]
fn the_last_way_to_open_makes_it_critical() {
    let cloud = Cloud::start();
    let project = guarded(
        &cloud,
        &Hook::answering("200 OK").address,
        &Hook::answering("200 OK").address,
    );
    cloud.disable(cloud::B);
    cloud.destroy(A);
    let ran = project.run(&LOOK);
    assert_eq!(ran.code, 1);
    assert!(
        ran.stdout.starts_with("CRITICAL  app/europe-west1@1"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout
            .contains("1 thing (token.kw) could not be opened any more"),
        "{}",
        ran.stdout
    );
}

#[test]
fn what_could_not_be_told_is_told_later_and_the_switch_notices() {
    let cloud = Cloud::start();
    let (broken, switch) = (Hook::answering("500 Oops"), Hook::answering("200 OK"));
    let project = guarded(&cloud, &broken.address, &switch.address);
    cloud.destroy(A);
    let ran = project.run(&LOOK);
    assert_eq!((ran.code, switch.all().len()), (1, 0));
    assert!(ran.stderr.contains("it answered 500"), "{}", ran.stderr);
    let hook = Hook::answering("200 OK");
    project.edit(&broken.address, &hook.address);
    project.run(&LOOK);
    assert_eq!(hook.all().len(), 1);
}

#[test]
fn what_cannot_be_seen_neither_ends_an_alert_nor_passes() {
    let (cloud, hook, switch) = (
        Cloud::start(),
        Hook::answering("200 OK"),
        Hook::answering("200 OK"),
    );
    let project = guarded(&cloud, &hook.address, &switch.address);
    cloud.destroy(A);
    project.run(&LOOK);
    project.ok(&["watch", "ack", "--all"]);
    switch.all();
    cloud.send_away(&project, A);
    let (code, seen) = json(&project);
    assert_eq!((code, &seen["complete"]), (3, &Value::Bool(false)), "{seen}");
    assert_eq!(seen["over"].as_array().unwrap().len(), 0, "{seen}");
    assert_eq!(switch.all().len(), 0);
}

#[test]
fn a_place_that_is_a_secret_is_not_shown() {
    let cloud = Cloud::start();
    let broken = Hook::answering("404 Not Found");
    let secret = format!("{}/services/T00/B00/xyzzy", broken.address);
    let project = guarded(&cloud, &secret, &broken.address);
    cloud.destroy(A);
    let ran = project.run(&LOOK);
    assert!(ran.stderr.contains("404"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("xyzzy"), "{}", ran.stderr);
}

#[test]
fn an_alert_that_cannot_be_seen_any_more_is_still_one() {
    let (cloud, hook) = (Cloud::start(), Hook::answering("200 OK"));
    let project = guarded(&cloud, &hook.address, &hook.address);
    cloud.destroy(A);
    project.run(&LOOK);
    cloud.send_away(&project, A);
    let ran = project.run(&LOOK);
    assert_eq!(ran.code, 1, "nobody answered for it: {}", ran.stdout);
    assert!(
        ran.stdout
            .contains(&format!("still going on: V07 gcp-kms://{}", version(A))),
        "{}",
        ran.stdout
    );
}
