//! Looks that are told, and looks that cannot be.

use std::collections::BTreeMap;
use std::sync::Mutex;

use keyward_core::watch::{Alarm, Memory};
use tempfile::TempDir;

use super::*;

/// Where to, with which header, and what.
type Posted = (String, Option<String>, Vec<u8>);

#[derive(Default)]
struct Outbox {
    posted: Mutex<Vec<Posted>>,
    pinged: Mutex<usize>,
    broken: bool,
}

impl Outlet for Outbox {
    fn post<'a>(
        &'a self,
        url: &'a str,
        header: Option<(&'a str, String)>,
        body: Vec<u8>,
    ) -> Async<'a, Result<()>> {
        Box::pin(async move {
            if self.broken {
                return Err(Error::unavailable("it hangs"));
            }
            let header = header.map(|(name, value)| format!("{name}: {value}"));
            self.posted.lock().unwrap().push((url.to_owned(), header, body));
            Ok(())
        })
    }

    fn ping<'a>(&'a self, _: &'a str) -> Async<'a, Result<()>> {
        *self.pinged.lock().unwrap() += 1;
        Box::pin(async { Ok(()) })
    }
}

fn alert(id: &str) -> Alert {
    Alert {
        id: id.into(),
        alarm: Alarm::High,
        resource: "r".into(),
        what: "w".into(),
        until: None,
        lost: "l".into(),
        next: "n".into(),
        fact: String::new(),
        also: Vec::new(),
    }
}

fn settings() -> Watch {
    Watch {
        webhook: Some("https://hook.example".into()),
        ping: Some("https://ping.example".into()),
        repeat: None,
    }
}

async fn look(folder: &TempDir, outlet: &Outbox, second: i64, alerts: Vec<Alert>, complete: bool) -> Told {
    let secret = SecretBytes::new(b"secret".to_vec());
    let guard = Guard {
        settings: &settings(),
        secret: Some(&secret),
        memory: &MemoryFile::at(folder.path().join("watch.json")),
        outlet,
        now: Timestamp::from_second(second).unwrap(),
    };
    guard.tell(alerts, complete).await
}

#[tokio::test]
async fn an_alert_is_delivered_signed_and_then_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = Outbox::default();
    look(&folder, &outbox, 100, vec![alert("a")], true).await;
    look(&folder, &outbox, 200, vec![alert("a")], true).await;
    let posted = outbox.posted.lock().unwrap();
    let [(url, Some(header), body)] = &posted[..] else {
        panic!("told once")
    };
    assert_eq!(url, "https://hook.example");
    assert!(header.starts_with("keyward-signature: t=100,v1="), "{header}");
    assert!(String::from_utf8_lossy(body).contains("\"id\":\"a\""));
    assert_eq!(*outbox.pinged.lock().unwrap(), 2);
}

#[tokio::test]
async fn what_was_not_delivered_is_delivered_later_and_the_switch_is_not_asked() {
    let folder = tempfile::tempdir().unwrap();
    let broken = Outbox {
        broken: true,
        ..Outbox::default()
    };
    let told = look(&folder, &broken, 100, vec![alert("a")], true).await;
    assert_eq!((told.trouble.len(), *broken.pinged.lock().unwrap()), (1, 0));
    let outbox = Outbox::default();
    look(&folder, &outbox, 101, vec![alert("a")], true).await;
    assert_eq!(outbox.posted.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn an_incomplete_look_neither_ends_alerts_nor_asks_the_switch() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = Outbox::default();
    look(&folder, &outbox, 100, vec![alert("a")], true).await;
    let told = look(&folder, &outbox, 200, vec![], false).await;
    assert_eq!((told.round.over.len(), *outbox.pinged.lock().unwrap()), (0, 1));
    let told = look(&folder, &outbox, 300, vec![], true).await;
    assert_eq!(told.round.over, ["a"]);
    let last = outbox.posted.lock().unwrap().pop().unwrap().2;
    assert!(String::from_utf8_lossy(&last).contains("\"over\":[\"a\"]"));
}

#[tokio::test]
async fn a_damaged_memory_tells_everything_again() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = Outbox::default();
    look(&folder, &outbox, 100, vec![alert("a")], true).await;
    std::fs::write(folder.path().join("watch.json"), "{\"version\": 1, \"al").unwrap();
    let told = look(&folder, &outbox, 101, vec![alert("a")], true).await;
    assert_eq!((told.round.tell.len(), told.trouble.len()), (1, 0));
}

#[tokio::test]
async fn an_acknowledgement_made_meanwhile_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let file = MemoryFile::at(folder.path().join("watch.json"));
    look(
        &folder,
        &Outbox::default(),
        100,
        vec![alert("a"), alert("b")],
        true,
    )
    .await;
    std::thread::scope(|scope| {
        for id in ["a", "b"] {
            let file = &file;
            scope.spawn(move || {
                assert!(
                    file.update(|memory| memory.acknowledge(id, Timestamp::UNIX_EPOCH))
                        .unwrap()
                )
            });
        }
    });
    let memory: Memory = file.update(|memory| memory.clone()).unwrap();
    let known: BTreeMap<_, _> = memory
        .alerts
        .iter()
        .map(|(id, known)| (id.as_str(), known.acknowledged))
        .collect();
    assert!(known.values().all(Option::is_some), "{known:?}");
}
