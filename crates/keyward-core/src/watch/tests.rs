//! Alerts of reports, and when they speak again.

use std::time::Duration;

use super::*;
use crate::clock::Timestamp;
use crate::verify::{Check, CheckId, Event, EventKind, Report, Verdict};

const KEY: &str = "gcp-kms://projects/p/locations/global/keyRings/r/cryptoKeys/k";
const HOUR: Duration = Duration::from_secs(3600);
const REPEAT: Duration = Duration::from_secs(6 * 3600);

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn start() -> Timestamp {
    at("2026-11-25T08:00:00Z")
}

fn later(hours: u32) -> Timestamp {
    crate::clock::later(start(), HOUR * hours)
}

fn check(id: CheckId, verdict: Verdict) -> Check {
    Check {
        id,
        resource: KEY.into(),
        verdict,
        next: None,
    }
}

/// Version 3 is destroyed 40 hours after the start.
fn report(checks: Vec<Check>) -> Report {
    Report {
        at: start(),
        checks,
        events: vec![Event {
            at: later(40),
            kind: EventKind::Destruction,
            keyring: "app".into(),
            resource: format!("{KEY}/cryptoKeyVersions/3"),
        }],
        notes: Vec::new(),
    }
}

fn content(_: &str) -> Stake {
    Stake::Content("12 envelopes (a.kw, b.kw and 10 more)".into())
}

#[test]
fn a_destruction_is_one_alert_with_hours_loss_and_command() {
    let failed = check(CheckId::V07, Verdict::Fail("version 3 will be destroyed".into()));
    let alerts = alerts(&report(vec![failed]), &content);
    let [alert] = &alerts[..] else {
        panic!("{alerts:?}")
    };
    assert_eq!(alert.alarm, Alarm::Critical);
    assert_eq!(alert.hours_left(start()), Some(40));
    assert_eq!(
        alert.lost,
        "12 envelopes (a.kw, b.kw and 10 more) could not be opened any more"
    );
    assert_eq!(
        alert.next,
        format!("keyward key restore {KEY}/cryptoKeyVersions/3")
    );
}

#[test]
fn severity_follows_what_would_be_lost() {
    let loud = |stake: Stake| alerts(&report(vec![]), &|_| stake.clone())[0].alarm;
    assert_eq!(loud(Stake::Nothing), Alarm::Medium);
    assert_eq!(loud(Stake::Redundancy("1 file".into())), Alarm::High);
    assert_eq!(loud(Stake::Unknown("denied".into())), Alarm::High);
    assert_eq!(loud(Stake::Content("1 file".into())), Alarm::Critical);
}

#[test]
fn what_cannot_be_seen_is_an_alert_too() {
    let unseen = check(CheckId::V02, Verdict::Unknown("access denied".into()));
    let alerts = alerts(&report(vec![unseen]), &content);
    let unseen = alerts.iter().find(|alert| alert.id.starts_with("V02")).unwrap();
    assert_eq!(unseen.alarm, Alarm::Medium);
    assert!(unseen.what.contains("cannot be seen") && unseen.what.contains("access denied"));
}

fn look(memory: &mut Memory, hours: u32) -> Round {
    let alerts = alerts(&report(vec![]), &content);
    let round = memory.take(alerts, true, REPEAT, later(hours));
    memory.delivered(&round.tell, later(hours));
    round
}

#[test]
fn an_alert_repeats_until_it_is_acknowledged() {
    let mut memory = Memory::default();
    let told: Vec<_> = (0..13).map(|hour| look(&mut memory, hour).tell.len()).collect();
    assert_eq!(told, [1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1]);
    let id = format!("V07 {KEY}/cryptoKeyVersions/3");
    assert!(memory.acknowledge(&id, later(13)));
    assert!(!memory.acknowledge("V07 other", later(13)));
    let told: Vec<_> = (14..40)
        .filter(|hour| !look(&mut memory, *hour).tell.is_empty())
        .collect();
    assert_eq!(
        told,
        [16, 22, 28, 34],
        "silent until its last day begins, and not any more from then on"
    );
}

#[test]
fn an_acknowledged_alert_that_gets_louder_speaks_again() {
    let mut memory = Memory::default();
    let quiet = alerts(&report(vec![]), &|_| Stake::Nothing);
    let round = memory.take(quiet, true, REPEAT, start());
    memory.delivered(&round.tell, start());
    memory.acknowledge(&round.tell[0].id, start());
    assert_eq!(look(&mut memory, 1).tell.len(), 1);
    assert_eq!(look(&mut memory, 2).tell.len(), 0);
    assert!(
        memory.alerts.values().all(|known| known.acknowledged.is_none()),
        "nobody answered for that"
    );
}

#[test]
fn another_trouble_under_the_same_id_is_new() {
    let mut memory = Memory::default();
    let of = |why: &str| {
        let checks = vec![check(CheckId::V09, Verdict::Fail(why.into()))];
        let report = Report {
            events: Vec::new(),
            ..report(checks)
        };
        alerts(&report, &content)
    };
    let round = memory.take(of("version 1 is DISABLED"), true, REPEAT, start());
    memory.delivered(&round.tell, start());
    memory.acknowledge(&round.tell[0].id, start());
    assert_eq!(
        memory
            .take(of("version 1 is DISABLED"), true, REPEAT, later(9))
            .tell
            .len(),
        0
    );
    assert_eq!(
        memory
            .take(of("version 2 is DISABLED"), true, REPEAT, later(9))
            .tell
            .len(),
        1
    );
}

#[test]
fn what_was_not_delivered_is_told_again_at_the_next_look() {
    let mut memory = Memory::default();
    let alerts = || alerts(&report(vec![]), &content);
    assert_eq!(memory.take(alerts(), true, REPEAT, start()).tell.len(), 1);
    assert_eq!(memory.take(alerts(), true, REPEAT, later(1)).tell.len(), 1);
}

#[test]
fn only_a_complete_look_ends_an_alert() {
    let mut memory = Memory::default();
    look(&mut memory, 0);
    let round = memory.take(Vec::new(), false, REPEAT, later(1));
    assert_eq!((round.over.len(), round.silent.len(), round.hidden), (0, 1, 1));
    let round = memory.take(Vec::new(), false, REPEAT, later(7));
    assert!(
        round.tell[0].what.starts_with("not to be seen now") && round.tell[0].lost.contains("12 envelopes")
    );
    assert_eq!(memory.take(Vec::new(), true, REPEAT, later(2)).over.len(), 1);
    assert_eq!(look(&mut memory, 3).tell.len(), 1, "and it may begin again");
}

#[test]
fn a_memory_reads_as_it_was_written_and_a_damaged_one_is_told() {
    let mut memory = Memory::default();
    look(&mut memory, 0);
    let id = memory.alerts.keys().next().unwrap().clone();
    memory.acknowledge(&id, later(1));
    let text = memory.encode();
    assert_eq!(Memory::parse(&text).unwrap(), memory);
    for damaged in [
        "",
        "{}",
        "null",
        &text.replace("\"version\": 1", "\"version\": 2"),
        &text[..text.len() / 2],
    ] {
        assert!(Memory::parse(damaged).is_err(), "{damaged}");
    }
    assert!(Memory::parse(&text.replace("critical", "loud")).is_err());
}

#[test]
fn a_message_has_what_a_person_needs_and_is_signed() {
    let mut memory = Memory::default();
    let round = memory.take(alerts(&report(vec![]), &content), true, REPEAT, start());
    let body = Message::new(&round, &memory, later(31)).body();
    let message: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(message["alerts"][0]["hours_left"], 9);
    assert_eq!(message["alerts"][0]["severity"], "critical");
    assert_eq!(message["alerts"][0]["since"], "2026-11-25T08:00:00Z");
    // HMAC_SHA256("key", "1000.body"), by another implementation.
    let secret = crate::secret::SecretBytes::new(b"key".to_vec());
    let signed = signature(&secret, Timestamp::from_second(1000).unwrap(), b"body");
    assert_eq!(signed, format!("t=1000,v1={SIGNED}"));
}

const SIGNED: &str = "062f6ed108cb94155be54ddfb5d8e80ef70ed54fe9bbf747b5507a21aaf1d704";

#[test]
fn what_one_command_mends_is_told_in_one_alert_and_nothing_of_it_is_over() {
    let mut memory = Memory::default();
    let next = format!("keyward key restore {KEY}/cryptoKeyVersions/3");
    let changed = |why: &str| Check {
        next: Some(next.clone()),
        ..check(CheckId::V10, Verdict::Fail(why.into()))
    };
    let alone = Report {
        events: Vec::new(),
        ..report(vec![changed("version 4 is not in the lock")])
    };
    memory.take(alerts(&alone, &content), true, REPEAT, start());
    let both = alerts(&report(vec![changed("version 4 is not in the lock")]), &content);
    let [one] = &both[..] else { panic!("{both:?}") };
    assert!(one.what.contains("will be destroyed") && one.what.contains("version 4 is not in the lock"));
    assert_eq!(memory.take(both, true, REPEAT, later(1)).over, [""; 0]);
    let other = alerts(&report(vec![changed("the primary is 4 and was 3")]), &content);
    assert_eq!(
        memory.take(other, true, REPEAT, later(2)).tell.len(),
        1,
        "something new in it"
    );
}
