//! Random operation sequences, with time passing: the naive model, the key machine, the embedded KMS and the emulator
//! always agree.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise"
)]

use keyward_tests::embedded::Embedded;
use keyward_tests::emulated::Emulated;
use keyward_tests::folder::in_memory;
use keyward_tests::naive::{Naive, Wish};
use keyward_tests::operation::{Ciphertexts, Key, Operation};
use keyward_tests::pure::Pure;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::test_runner::{FailurePersistence, FileFailurePersistence};

/// The ids of rings and keys: few, so that operations meet.
const IDS: [&str; 2] = ["one", "two"];

fn beginning() -> Vec<Operation> {
    let wish = Wish {
        window: 24,
        rotation: Some((48, 30)),
        bare: false,
    };
    vec![
        Operation::CreateRing("one"),
        Operation::CreateKey(Key("one", "one"), wish),
    ]
}

fn operation() -> impl Strategy<Value = Operation> {
    use Operation::*;
    let number = || 1..7_u64;
    prop_oneof![
        1 => id().prop_map(CreateRing),
        2 => (key(), wish()).prop_map(|(key, wish)| CreateKey(key, wish)),
        2 => key().prop_map(CreateVersion),
        2 => (key(), number()).prop_map(|(key, number)| SetPrimary(key, number)),
        2 => (key(), rotation()).prop_map(|(key, rotation)| SetRotation(key, rotation)),
        3 => (key(), number()).prop_map(|(key, number)| Disable(key, number)),
        3 => (key(), number()).prop_map(|(key, number)| Enable(key, number)),
        3 => (key(), number()).prop_map(|(key, number)| ScheduleDestruction(key, number)),
        3 => (key(), number()).prop_map(|(key, number)| Restore(key, number)),
        3 => key().prop_map(Encrypt),
        2 => (key(), number()).prop_map(|(key, number)| EncryptWith(key, number)),
        4 => (key(), 0..4_usize).prop_map(|(key, back)| Decrypt(key, back)),
        4 => (0..60_u64).prop_map(Wait),
    ]
}

fn id() -> impl Strategy<Value = &'static str> {
    // The first of each is drawn most often.
    prop_oneof![3 => Just(IDS[0]), 1 => Just(IDS[1])]
}

fn key() -> impl Strategy<Value = Key> {
    (id(), id()).prop_map(|(ring, key)| Key(ring, key))
}

fn rotation() -> impl Strategy<Value = Option<(u64, u64)>> {
    option::of((24..72_u64, 0..72_u64))
}

fn wish() -> impl Strategy<Value = Wish> {
    (24..96_u64, rotation(), proptest::bool::weighted(0.2)).prop_map(|(window, rotation, bare)| Wish {
        window,
        rotation,
        bare,
    })
}

/// A sequence starts with a ring and a key, so that few operations are wasted on what does not exist.
fn operations(most: usize) -> impl Strategy<Value = Vec<Operation>> {
    vec(operation(), 1..most).prop_map(|rest| [beginning(), rest].concat())
}

/// A sequence that failed once is tried first from then on.
fn found() -> Option<Box<dyn FailurePersistence>> {
    Some(Box::new(FileFailurePersistence::Direct(
        "tests/model.regressions",
    )))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: found(), ..ProptestConfig::default() })]

    #[test]
    fn the_machine_agrees_with_the_naive_model(operations in operations(80)) {
        let (mut naive, mut pure) = (Naive::default(), Pure::new());
        let mut made = Ciphertexts::default();
        for operation in &operations {
            let expected = operation.on_naive(&mut naive, &mut made);
            let answer = pure.apply(operation).map(|answer| answer.number());
            prop_assert_eq!(answer.map_err(|error| error.code), expected, "{:?}", operation);
            prop_assert_eq!(pure.picture(), naive.picture(), "{:?}", operation);
            pure.check_material();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: found(), ..ProptestConfig::default() })]

    #[test]
    fn the_embedded_kms_agrees_with_the_machine(operations in operations(40)) {
        let (folder, mut pure) = (in_memory(), Pure::new());
        let mut embedded = Embedded::new(folder.path());
        for operation in &operations {
            prop_assert_eq!(embedded.apply(operation), pure.apply(operation), "{:?}", operation);
            prop_assert_eq!(embedded.picture(), pure.picture(), "{:?}", operation);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 25, failure_persistence: found(), ..ProptestConfig::default() })]

    #[test]
    fn the_emulator_agrees_with_the_naive_model(operations in operations(40)) {
        let (mut naive, mut emulated) = (Naive::default(), Emulated::new());
        let mut made = Ciphertexts::default();
        for operation in &operations {
            let expected = operation.on_naive(&mut naive, &mut made);
            prop_assert_eq!(emulated.apply(operation), expected, "{:?}", operation);
            prop_assert_eq!(emulated.picture(), naive.picture(), "{:?}", operation);
        }
    }
}
