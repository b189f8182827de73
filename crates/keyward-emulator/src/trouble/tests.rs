//! Tests of trouble as calls meet it, through the way that every call takes.

use std::future::Future;
use std::time::Instant;

use tonic::{Request, Status};

use super::*;
use crate::interface::google::cloud::kms::v1 as wire;
use crate::kms::bench::{Bench, DAY, key_name, symmetric, version_name};
use crate::kms::{create_crypto_key_version, decrypt, encrypt, get_crypto_key, list_crypto_key_versions};
use crate::rpc::Rpc;
use crate::serve::{DROPPED, serve};
use crate::state::State;

fn now<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    runtime.unwrap().block_on(work)
}

fn state(keys: &[&str]) -> Arc<State> {
    Arc::new(Bench::with_keys(keys).state)
}

fn call<R: Rpc>(state: &Arc<State>, request: R::Request) -> Result<R::Response, Status> {
    now(serve::<R>(state, Request::new(request))).map(tonic::Response::into_inner)
}

fn get(state: &Arc<State>, id: &str) -> Result<wire::CryptoKey, Status> {
    call::<get_crypto_key::GetCryptoKey>(state, wire::GetCryptoKeyRequest { name: key_name(id) })
}

fn add_version(state: &Arc<State>, id: &str) -> Result<wire::CryptoKeyVersion, Status> {
    let request = wire::CreateCryptoKeyVersionRequest {
        parent: key_name(id),
        crypto_key_version: None,
    };
    call::<create_crypto_key_version::CreateCryptoKeyVersion>(state, request)
}

fn versions(state: &Arc<State>, id: &str) -> usize {
    let request = wire::ListCryptoKeyVersionsRequest {
        parent: key_name(id),
        ..Default::default()
    };
    let answer = call::<list_crypto_key_versions::ListCryptoKeyVersions>(state, request);
    answer.unwrap().crypto_key_versions.len()
}

fn encrypt(state: &Arc<State>, id: &str) -> Result<wire::EncryptResponse, Status> {
    let request = wire::EncryptRequest {
        name: key_name(id),
        plaintext: "secret".into(),
        ..Default::default()
    };
    call::<encrypt::Encrypt>(state, request)
}

fn decrypt(state: &Arc<State>, id: &str, ciphertext: &bytes::Bytes) -> Result<wire::DecryptResponse, Status> {
    let request = wire::DecryptRequest {
        name: key_name(id),
        ciphertext: ciphertext.clone(),
        ..Default::default()
    };
    call::<decrypt::Decrypt>(state, request)
}

#[test]
fn an_error_leaves_everything_undone_and_a_dropped_reply_does_not() {
    let state = state(&["k"]);
    let method = "CreateCryptoKeyVersion";
    state
        .trouble
        .add(Fault::error(method, Code::Unavailable))
        .unwrap();
    state.trouble.add(Fault::drop_reply(method)).unwrap();
    assert_eq!(add_version(&state, "k").unwrap_err().code(), Code::Unavailable);
    assert_eq!(versions(&state, "k"), 1);
    let dropped = add_version(&state, "k").unwrap_err();
    assert!(dropped.metadata().get(DROPPED).is_some());
    assert_eq!(versions(&state, "k"), 2, "it was committed");
    assert_eq!(add_version(&state, "k").unwrap().name, version_name("k", 3));
    let codes: Vec<_> = state
        .trouble
        .calls()
        .iter()
        .filter(|call| call.method == method)
        .map(|call| call.code)
        .collect();
    assert_eq!(codes, [Code::Unavailable, Code::Ok, Code::Ok]);
}

#[test]
fn a_corrupted_checksum_does_not_fit() {
    let state = state(&["k"]);
    state.trouble.add(Fault::corrupt_checksum("Encrypt")).unwrap();
    let fits = |answer: wire::EncryptResponse| {
        answer.ciphertext_crc32c == Some(i64::from(crc32c::crc32c(&answer.ciphertext)))
    };
    assert!(!fits(encrypt(&state, "k").unwrap()));
    assert!(fits(encrypt(&state, "k").unwrap()));
}

#[test]
fn a_stale_read_shows_what_was_there_when_it_was_asked_for() {
    let state = state(&["k"]);
    state.trouble.add(Fault::stale_read("*").times(0)).unwrap();
    add_version(&state, "k").unwrap();
    assert_eq!(versions(&state, "k"), 1);
    state.trouble.advance(DAY).unwrap();
    assert!(get(&state, "k").is_ok());
    state.trouble.clear_faults();
    assert_eq!(versions(&state, "k"), 2);
}

#[test]
fn a_delay_delays() {
    let state = state(&["k"]);
    let by = Duration::from_millis(30);
    state.trouble.add(Fault::delay("GetCryptoKey", by)).unwrap();
    state
        .trouble
        .add(Fault::error("GetCryptoKey", Code::NotFound))
        .unwrap();
    let start = Instant::now();
    assert_eq!(get(&state, "k").unwrap_err().code(), Code::NotFound);
    assert!(start.elapsed() >= by);
}

/// Steps until it is so: the steps are those of another thread.
fn until(is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(20), "it never happened");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn under_an_accelerated_clock_a_key_rotates_by_itself() {
    let bench = Bench::with_ring();
    let daily = wire::CryptoKey {
        rotation_schedule: Some(wire::crypto_key::RotationSchedule::RotationPeriod(
            prost_types::Duration {
                seconds: 86_400,
                nanos: 0,
            },
        )),
        next_rotation_time: Some(crate::kms::field::time::to_wire(
            bench.now().checked_add(DAY).unwrap(),
        )),
        ..symmetric()
    };
    bench.create("k", daily).unwrap();
    let state = Arc::new(bench.state);
    let old = encrypt(&state, "k").unwrap();
    state.trouble.set_clock_rate(86_400.0 * 20.0).unwrap();
    // Nobody looks: a snapshot carries out nothing.
    let name: CryptoKeyName = key_name("k").parse().unwrap();
    until(|| state.keys.snapshot().key(&name).unwrap().0.primary >= Some(3));
    let new = encrypt(&state, "k").unwrap();
    assert_ne!(new.name, old.name);
    for sealed in [old, new] {
        assert_eq!(
            decrypt(&state, "k", &sealed.ciphertext).unwrap().plaintext,
            "secret"
        );
    }
}

#[test]
fn moving_the_clock_carries_out_what_is_due_before_it_answers() {
    let bench = Bench::with_keys(&["k"]);
    let sealed = bench.encrypt(&key_name("k"), b"secret").unwrap();
    bench.destroy(&version_name("k", 1)).unwrap();
    let state = Arc::new(bench.state);
    state.trouble.advance(31 * DAY).unwrap();
    let name: KeyVersionName = version_name("k", 1).parse().unwrap();
    let found = state.keys.snapshot().version(&name).unwrap();
    assert_eq!(found.state, keyward_core::key::VersionState::Destroyed);
    assert!(decrypt(&state, "k", &sealed.ciphertext).is_err());
}

#[test]
fn a_disable_takes_its_time_and_an_enable_none() {
    let run = || {
        let bench = Bench::with_keys(&["k"]);
        bench.state.trouble.set_consistency(Lags {
            disable: Duration::from_secs(600),
            primary: Duration::ZERO,
        });
        let sealed = bench.encrypt(&key_name("k"), b"secret").unwrap();
        bench.set_state(&version_name("k", 1), 2).unwrap();
        let outcomes: Vec<_> = (0..40)
            .map(|_| {
                let encrypted = bench.encrypt(&key_name("k"), b"x").is_ok();
                (
                    encrypted,
                    bench.decrypt(&key_name("k"), &sealed.ciphertext).is_ok(),
                )
            })
            .collect();
        (bench, sealed, outcomes)
    };
    let (bench, sealed, outcomes) = run();
    for which in [true, false] {
        assert!(outcomes.iter().any(|(encrypted, _)| *encrypted == which));
        assert!(outcomes.iter().any(|(_, decrypted)| *decrypted == which));
    }
    assert_eq!(run().2, outcomes, "the seed repeats it");
    bench.state.trouble.advance(Duration::from_secs(600)).unwrap();
    assert!((0..40).all(|_| bench.decrypt(&key_name("k"), &sealed.ciphertext).is_err()));
    bench.set_state(&version_name("k", 1), 1).unwrap();
    assert!((0..40).all(|_| bench.decrypt(&key_name("k"), &sealed.ciphertext).is_ok()));
}

#[test]
fn a_version_on_its_way_to_destruction_is_known_at_once() {
    let bench = Bench::with_keys(&["k"]);
    bench.state.trouble.set_consistency(Lags {
        disable: 2 * DAY,
        primary: Duration::ZERO,
    });
    bench.set_state(&version_name("k", 1), 2).unwrap();
    bench.destroy(&version_name("k", 1)).unwrap();
    assert!((0..40).all(|_| bench.encrypt(&key_name("k"), b"x").is_err()));
}

fn primaries(bench: &Bench) -> std::collections::BTreeSet<String> {
    (0..40)
        .map(|_| bench.encrypt(&key_name("k"), b"x").unwrap().name)
        .collect()
}

#[test]
fn a_change_of_the_primary_takes_its_time() {
    let bench = Bench::with_keys(&["k"]);
    bench.state.trouble.set_consistency(Lags {
        disable: Duration::ZERO,
        primary: Duration::from_secs(600),
    });
    bench.add_version(&key_name("k")).unwrap();
    assert_eq!(primaries(&bench).len(), 1);
    bench.set_primary(&key_name("k"), "2").unwrap();
    assert_eq!(primaries(&bench).len(), 2);
    bench.state.trouble.advance(Duration::from_secs(600)).unwrap();
    assert_eq!(
        primaries(&bench).into_iter().collect::<Vec<_>>(),
        [version_name("k", 2)]
    );
    // Strong again, at once.
    bench.set_primary(&key_name("k"), "1").unwrap();
    bench.state.trouble.set_consistency(Lags::default());
    assert_eq!(
        primaries(&bench).into_iter().collect::<Vec<_>>(),
        [version_name("k", 1)]
    );
}

#[test]
fn a_rotation_takes_its_time_too() {
    let bench = Bench::with_ring();
    let once = wire::CryptoKey {
        next_rotation_time: Some(crate::kms::field::time::to_wire(
            bench.now().checked_add(DAY).unwrap(),
        )),
        ..symmetric()
    };
    bench.create("k", once).unwrap();
    bench.state.trouble.set_consistency(Lags {
        disable: Duration::ZERO,
        primary: 2 * DAY,
    });
    // A version that never was primary is none before either.
    bench.add_version(&key_name("k")).unwrap();
    assert_eq!(primaries(&bench).len(), 1);
    bench.state.trouble.advance(DAY).unwrap();
    assert_eq!(
        primaries(&bench).into_iter().collect::<Vec<_>>(),
        [version_name("k", 1), version_name("k", 3)]
    );
    bench.state.trouble.advance(2 * DAY).unwrap();
    assert_eq!(
        primaries(&bench).into_iter().collect::<Vec<_>>(),
        [version_name("k", 3)]
    );
}

#[test]
fn a_late_primary_is_no_reason_to_use_what_is_disabled_or_scheduled() {
    let bench = Bench::with_keys(&["k"]);
    bench.state.trouble.set_consistency(Lags {
        disable: Duration::ZERO,
        primary: 2 * DAY,
    });
    bench.add_version(&key_name("k")).unwrap();
    bench.set_primary(&key_name("k"), "2").unwrap();
    bench.set_state(&version_name("k", 1), 2).unwrap();
    let only_the_second = [version_name("k", 2)];
    assert_eq!(primaries(&bench).into_iter().collect::<Vec<_>>(), only_the_second);
    bench.destroy(&version_name("k", 1)).unwrap();
    assert_eq!(primaries(&bench).into_iter().collect::<Vec<_>>(), only_the_second);
}

#[test]
fn what_was_set_before_there_were_lags_has_arrived() {
    let bench = Bench::with_keys(&["k"]);
    bench.add_version(&key_name("k")).unwrap();
    bench.set_primary(&key_name("k"), "2").unwrap();
    bench.state.trouble.set_consistency(Lags {
        disable: Duration::ZERO,
        primary: 2 * DAY,
    });
    assert_eq!(primaries(&bench).len(), 1);
}

#[test]
fn control_calls_meet_no_faults_and_are_not_in_the_log() {
    let state = state(&["k"]);
    state
        .trouble
        .add(Fault::error("*", Code::Internal).times(0))
        .unwrap();
    let control = Method {
        service: CONTROL,
        ..Method::looks("GetClock", "")
    };
    assert!(state.trouble.meet(&Caller::Owner, &control, "").effect.is_none());
    state.trouble.log(&Caller::Owner, &control, "", Code::Ok);
    assert!(state.trouble.calls().is_empty());
    assert_eq!(get(&state, "k").unwrap_err().code(), Code::Internal);
    let calls = state.trouble.calls();
    assert_eq!(
        (calls.len(), calls[0].method, &*calls[0].caller),
        (1, "GetCryptoKey", "owner")
    );
    assert_eq!(calls[0].resource, key_name("k"));
    state.trouble.reset().unwrap();
    assert!(get(&state, "k").is_ok());
}

/// With no faults set and nothing enforced a call pays nearly nothing for them.
#[test]
fn no_trouble_costs_next_to_nothing() {
    let state = state(&["k"]);
    let (caller, method, name) = (Caller::Owner, Method::looks("Encrypt", "p"), key_name("k"));
    let rounds = 100_000_u32;
    let start = Instant::now();
    for _ in 0..rounds {
        let met = state.trouble.meet(&caller, &method, &name);
        assert!(met.effect.is_none() && state.iam.check(&caller, &method, &name).is_ok());
        state.trouble.log(&caller, &method, &name, Code::Ok);
    }
    let each = start.elapsed() / rounds;
    println!("{each:?}");
    assert!(
        each < Duration::from_micros(20),
        "{each:?} a call, even without optimisation"
    );
}
