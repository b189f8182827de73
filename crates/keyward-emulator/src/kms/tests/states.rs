//! States of versions: every call in every state, and what is said when it is refused.

use prost::Message;
use tonic::Code::{FailedPrecondition, InvalidArgument, NotFound, Unimplemented};

use super::super::bench::{Bench, DAY, code, key_name, mask, refused, version_name};
use super::super::{get_public_key, update_crypto_key_version};
use crate::interface::google::cloud::kms::v1 as wire;
use crate::interface::google::rpc::PreconditionFailure;
use crate::refusal::Refusal;

const ENABLED: i32 = 1;
const DISABLED: i32 = 2;
const DESTROYED: i32 = 3;
const SCHEDULED: i32 = 4;

type Ask = fn(&Bench, &str) -> Result<wire::CryptoKeyVersion, Refusal>;

/// A bench with one version in this state.
fn in_state(state: i32) -> Bench {
    let bench = Bench::with_keys(&["k"]);
    let name = version_name("k", 1);
    match state {
        DISABLED => drop(bench.set_state(&name, DISABLED).unwrap()),
        SCHEDULED => drop(bench.destroy(&name).unwrap()),
        DESTROYED => {
            bench.destroy(&name).unwrap();
            bench.advance(30 * DAY);
        }
        _ => {}
    }
    assert_eq!(bench.version(&name).unwrap().state, state);
    bench
}

fn public_key(bench: &Bench, name: &str) -> Result<wire::PublicKey, Refusal> {
    bench.ask::<get_public_key::GetPublicKey>(wire::GetPublicKeyRequest {
        name: name.to_owned(),
        public_key_format: 0,
    })
}

#[test]
fn moves() {
    let name = version_name("k", 1);
    for (state, enable, disable, destroy, restore) in [
        (ENABLED, Some(ENABLED), Some(DISABLED), Some(SCHEDULED), None),
        (DISABLED, Some(ENABLED), Some(DISABLED), Some(SCHEDULED), None),
        (SCHEDULED, None, None, None, Some(DISABLED)),
        (DESTROYED, None, None, None, None),
    ] {
        let asks: [(&str, Ask, Option<i32>); 4] = [
            ("enable", |bench, name| bench.set_state(name, ENABLED), enable),
            ("disable", |bench, name| bench.set_state(name, DISABLED), disable),
            ("destroy", |bench, name| bench.destroy(name), destroy),
            ("restore", |bench, name| bench.restore(name), restore),
        ];
        for (what, ask, expected) in asks {
            let bench = in_state(state);
            let answer = ask(&bench, &name);
            match expected {
                Some(after) => assert_eq!(answer.unwrap().state, after, "{what} from {state}"),
                None => {
                    let (code, message) = refused(answer);
                    assert_eq!(code, FailedPrecondition, "{what} from {state}");
                    let start = format!("The request cannot be fulfilled. Resource {name} has value ");
                    assert!(message.starts_with(&start), "{message}");
                    assert!(
                        message.ends_with(" in field crypto_key_version.state."),
                        "{message}"
                    );
                }
            }
        }
    }
}

#[test]
fn times_of_an_end() {
    let bench = Bench::with_keys(&["k"]);
    let name = version_name("k", 1);
    let created = bench.version(&name).unwrap().create_time.unwrap();
    let scheduled = bench.destroy(&name).unwrap();
    let end = scheduled.destroy_time.unwrap();
    assert_eq!(
        (end.seconds, end.nanos),
        (created.seconds + 30 * 86_400, 123_456_000)
    );
    assert_eq!(scheduled.destroy_event_time, None);
    assert_eq!(bench.restore(&name).unwrap().destroy_time, None);
    bench.destroy(&name).unwrap();
    bench.advance(40 * DAY);
    let destroyed = bench.version(&name).unwrap();
    assert_eq!(
        (destroyed.destroy_time, destroyed.destroy_event_time),
        (None, Some(end))
    );
}

#[test]
fn use_of_a_version_that_is_not_enabled() {
    let name = version_name("k", 1);
    let ciphertext = Bench::with_keys(&["k"])
        .encrypt(&key_name("k"), b"x")
        .unwrap()
        .ciphertext;
    for (state, word) in [
        (DISABLED, "DISABLED"),
        (SCHEDULED, "DESTROY_SCHEDULED"),
        (DESTROYED, "DESTROYED"),
    ] {
        let bench = in_state(state);
        for refusal in [
            bench.encrypt(&key_name("k"), b"x").unwrap_err(),
            bench.encrypt(&name, b"x").unwrap_err(),
            bench.decrypt(&key_name("k"), &ciphertext).unwrap_err(),
            public_key(&bench, &name).unwrap_err(),
        ] {
            assert_eq!(refusal.code, FailedPrecondition);
            assert_eq!(
                refusal.message,
                format!("{name} is not enabled, current state is: {word}.")
            );
            assert_violation(&refusal, &format!("KEY_{word}"), &name);
        }
    }
}

fn assert_violation(refusal: &Refusal, kind: &str, subject: &str) {
    let [detail] = refusal.details.as_slice() else {
        panic!("one detail: {refusal:?}");
    };
    assert_eq!(
        detail.type_url,
        "type.googleapis.com/google.rpc.PreconditionFailure"
    );
    let failure = PreconditionFailure::decode(&*detail.value).unwrap();
    let [violation] = failure.violations.as_slice() else {
        panic!("one violation: {failure:?}");
    };
    let told = (&*violation.r#type, &*violation.subject, &*violation.description);
    assert_eq!(told, (kind, subject, ""));
}

#[test]
fn only_two_states_can_be_set_and_only_by_the_mask() {
    let bench = Bench::with_keys(&["k"]);
    let name = version_name("k", 1);
    for state in [0, DESTROYED, SCHEDULED, 5, 99, -1] {
        assert_eq!(code(bench.set_state(&name, state)), InvalidArgument, "{state}");
    }
    let ask = |paths: &[&str]| {
        let asked = wire::CryptoKeyVersion {
            name: name.clone(),
            state: DISABLED,
            ..Default::default()
        };
        bench.ask::<update_crypto_key_version::UpdateCryptoKeyVersion>(wire::UpdateCryptoKeyVersionRequest {
            crypto_key_version: Some(asked),
            update_mask: Some(mask(paths)),
        })
    };
    for bad in [&[][..], &["State"], &["state", "name"], &["algorithm"], &["*"]] {
        assert_eq!(code(ask(bad)), InvalidArgument, "{bad:?}");
    }
    assert_eq!(code(ask(&["external_protection_level_options"])), Unimplemented);
    assert_eq!(bench.version(&name).unwrap().state, ENABLED);
}

#[test]
fn destroy_restore_enable_and_the_other_key_never_notices() {
    let bench = Bench::with_keys(&["a", "b"]);
    let (a, b) = (key_name("a"), key_name("b"));
    let (of_a, of_b) = (
        bench.encrypt(&a, b"of a").unwrap(),
        bench.encrypt(&b, b"of b").unwrap(),
    );
    let version = version_name("a", 1);
    bench.destroy(&version).unwrap();
    assert_eq!(code(bench.decrypt(&a, &of_a.ciphertext)), FailedPrecondition);
    assert_eq!(&*bench.decrypt(&b, &of_b.ciphertext).unwrap().plaintext, b"of b");
    assert_eq!(bench.restore(&version).unwrap().state, DISABLED);
    assert_eq!(code(bench.decrypt(&a, &of_a.ciphertext)), FailedPrecondition);
    bench.set_state(&version, ENABLED).unwrap();
    assert_eq!(&*bench.decrypt(&a, &of_a.ciphertext).unwrap().plaintext, b"of a");
    assert_eq!(&*bench.decrypt(&b, &of_b.ciphertext).unwrap().plaintext, b"of b");
}

#[test]
fn a_symmetric_version_has_no_public_key() {
    let bench = Bench::with_keys(&["k"]);
    let (code, message) = refused(public_key(&bench, &version_name("k", 1)));
    assert_eq!(code, FailedPrecondition);
    assert!(
        message.ends_with("has incorrect key purpose: ENCRYPT_DECRYPT"),
        "{message}"
    );
    assert_eq!(
        super::super::bench::code(public_key(&bench, &version_name("k", 2))),
        NotFound
    );
}

#[test]
fn the_primary_is_not_protected() {
    let bench = Bench::with_keys(&["k"]);
    let key = key_name("k");
    bench.add_version(&key).unwrap();
    bench.set_state(&version_name("k", 2), DISABLED).unwrap();
    let updated = bench.set_primary(&key, "2").unwrap().primary.unwrap();
    assert_eq!((updated.name, updated.state), (version_name("k", 2), DISABLED));
    assert_eq!(code(bench.encrypt(&key, b"x")), FailedPrecondition);
    assert_eq!(
        bench.encrypt(&version_name("k", 1), b"x").unwrap().name,
        version_name("k", 1)
    );
    assert_eq!(code(bench.set_primary(&key, "3")), NotFound);
    for bad in ["", "0", "02", "x", "-1", &version_name("k", 1)] {
        assert_eq!(code(bench.set_primary(&key, bad)), InvalidArgument, "{bad}");
    }
}
