//! Tests of the queue: order, counts, chance, and who meets what.

use std::sync::Arc;

use keyward_core::clock::{Clock, ManualClock, Timestamp};
use rand::SeedableRng;
use rand::rngs::StdRng;
use tonic::Code;

use super::*;

const DECRYPT: Method = Method::looks("Decrypt", "");
const ENCRYPT: Method = Method::looks("Encrypt", "");

fn keys() -> Resident {
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::starting_at(Timestamp::UNIX_EPOCH));
    Resident::in_memory(clock, Box::new(StdRng::seed_from_u64(1)))
}

fn queue(faults: impl IntoIterator<Item = Fault>) -> Faults {
    let queue = Faults::new(Chance::seeded(7));
    faults.into_iter().for_each(|fault| {
        queue.add(fault, &keys()).unwrap();
    });
    queue
}

fn code(met: &Met) -> Option<Code> {
    match &met.effect {
        Some(Effect::Refuse(refusal)) => Some(refusal.code),
        _ => None,
    }
}

fn decrypt(queue: &Faults) -> Option<Code> {
    code(&queue.meet(&Caller::Owner, &DECRYPT, "projects/p"))
}

fn error(code: Code) -> Fault {
    Fault::error("Decrypt", code)
}

#[test]
fn first_in_is_first_out_and_each_as_often_as_it_says() {
    let queue = queue([error(Code::Unavailable).times(2), error(Code::Aborted)]);
    assert_eq!(code(&queue.meet(&Caller::Owner, &ENCRYPT, "")), None);
    let codes: Vec<_> = (0..4).map(|_| decrypt(&queue)).collect();
    assert_eq!(
        codes,
        [
            Some(Code::Unavailable),
            Some(Code::Unavailable),
            Some(Code::Aborted),
            None
        ]
    );
    assert!(queue.list().is_empty());
}

#[test]
fn zero_times_is_until_it_is_cleared() {
    let queue = queue([error(Code::Unavailable).times(0), error(Code::Aborted)]);
    assert!((0..100).all(|_| decrypt(&queue) == Some(Code::Unavailable)));
    assert_eq!(queue.clear(Some(1)), 1);
    assert_eq!(decrypt(&queue), Some(Code::Aborted));
    assert_eq!(queue.clear(None), 0);
}

#[test]
fn skipped_calls_meet_what_is_behind() {
    let queue = queue([error(Code::Unavailable).skip(1), error(Code::Aborted)]);
    assert_eq!(decrypt(&queue), Some(Code::Aborted));
    assert_eq!(decrypt(&queue), Some(Code::Unavailable));
    assert_eq!(decrypt(&queue), None);
}

#[test]
fn a_delay_goes_with_the_fault_behind_it_and_two_delays_are_two_calls() {
    let delay = |seconds| Fault::delay("Decrypt", Duration::from_secs(seconds));
    let queue = queue([delay(1), delay(2), error(Code::Aborted)]);
    let first = queue.meet(&Caller::Owner, &DECRYPT, "");
    assert_eq!((first.delay, code(&first)), (Some(Duration::from_secs(1)), None));
    let second = queue.meet(&Caller::Owner, &DECRYPT, "");
    assert_eq!(
        (second.delay, code(&second)),
        (Some(Duration::from_secs(2)), Some(Code::Aborted))
    );
}

#[test]
fn chance_is_repeated_by_the_seed_whatever_happens_beside_it() {
    let run = |seed, others: bool| -> Vec<bool> {
        let queue = Faults::new(Chance::seeded(seed));
        queue
            .add(error(Code::Unavailable).times(0).probability(0.3), &keys())
            .unwrap();
        (0..1000)
            .map(|_| {
                if others {
                    queue.meet(&Caller::Owner, &ENCRYPT, "");
                }
                decrypt(&queue).is_some()
            })
            .collect()
    };
    let share = run(7, false).iter().filter(|met| **met).count();
    assert!((250..350).contains(&share), "{share}");
    assert_eq!(run(7, false), run(7, true));
    assert_ne!(run(7, false), run(8, false));
}

#[test]
fn resource_and_caller_narrow_it() {
    let ann = Caller::Bearer("user:ann@example.com".to_owned());
    let queue = queue([
        error(Code::Aborted).on("projects/p/*").times(0),
        Fault::error("*", Code::Internal)
            .for_caller("user:ann@example.com")
            .times(0),
        Fault::error("*", Code::DataLoss)
            .for_caller("owner")
            .on("projects/q")
            .times(0),
    ]);
    let met = |caller: &Caller, resource| code(&queue.meet(caller, &DECRYPT, resource));
    assert_eq!(met(&Caller::Owner, "projects/p/x"), Some(Code::Aborted));
    assert_eq!(met(&Caller::Owner, "projects/p2"), None);
    assert_eq!(met(&ann, "projects/p2"), Some(Code::Internal));
    assert_eq!(met(&Caller::Owner, "projects/q"), Some(Code::DataLoss));
    assert_eq!(met(&Caller::Owner, "projects/q/x"), None);
}

#[test]
fn the_queue_has_an_end() {
    let queue = queue((0..MOST).map(|_| error(Code::Aborted)));
    assert!(queue.add(error(Code::Aborted), &keys()).is_err());
    let stale = || Fault::stale_read("*");
    let queue = self::queue((0..MOST_STALE).map(|_| stale()));
    assert!(queue.add(stale(), &keys()).is_err());
    assert!(queue.add(error(Code::Aborted), &keys()).is_ok());
}

#[test]
fn a_fault_for_every_method_waits_for_one_that_can_have_it() {
    let queue = queue([Fault::corrupt_checksum("*"), Fault::stale_read("*")]);
    let get = Method::looks("GetKeyRing", "");
    let met = |method: &Method| queue.meet(&Caller::Owner, method, "").effect;
    assert!(matches!(met(&get), Some(Effect::Stale(_))));
    assert!(met(&get).is_none());
    assert!(matches!(met(&DECRYPT), Some(Effect::CorruptChecksum)));
}
