//! The one move that loses keys is named in few places, and called from fewer.

use super::paths::{Kind, Mention, mentions};
use super::{Complaint, Source};

/// The function that schedules a destruction, under the same name in core's key machine and in the embedded store.
const FUNCTION: &str = "schedule_destruction";
/// The same act by the names that clients of Google's API give it.
const FOREIGN: [&str; 3] = [
    "destroy_crypto_key_version",
    "DestroyCryptoKeyVersion",
    "DestroyCryptoKeyVersionRequest",
];

/// The file with the one function of the embedded KMS. It defines it, and in it calls the machine's; nothing more.
const STORE: &str = "crates/keyward-embedded/src/kms.rs";
/// Who else may name it outside tests: the machine itself, and the emulator's serving side. Nothing else, so that no
/// command, library call or port can reach it.
const ALLOWED: [&str; 2] = ["crates/keyward-core/src/key", "crates/keyward-emulator/src"];

/// Complains about every mention of the function outside the places that docs/architecture.md names, and about a second
/// one inside the store.
pub fn check(sources: &[Source]) -> Vec<Complaint> {
    let elsewhere = sources
        .iter()
        .filter(|source| !ALLOWED.iter().any(|folder| source.is_in(folder)));
    elsewhere.flat_map(check_one).collect()
}

fn check_one(source: &Source) -> Vec<Complaint> {
    let found = mentions(source);
    let mut named: Vec<&Mention> = found
        .iter()
        .filter(|mention| !mention.in_test && names_it(mention))
        .collect();
    if source.path == STORE {
        named = beyond_the_one(named);
    }
    let places = ALLOWED.join(", ");
    named
        .iter()
        .map(|mention| {
            let what = format!(
                "`{}` may be named only in {places}, once in {STORE}, and in tests",
                mention.text()
            );
            Complaint::line(&source.path, mention.line, what)
        })
        .collect()
}

fn names_it(mention: &Mention) -> bool {
    mention.contains(&[FUNCTION]) || FOREIGN.iter().any(|name| mention.contains(&[name]))
}

/// Without the first definition and what it mentions right after.
fn beyond_the_one(named: Vec<&Mention>) -> Vec<&Mention> {
    match named.as_slice() {
        [definition, inner, more @ ..]
            if definition.kind == Kind::Definition && inner.words == ["Machine", FUNCTION] =>
        {
            more.to_vec()
        }
        _ => named,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(path: &str, code: &str) -> usize {
        check(&[Source::parse(path, code).unwrap()]).len()
    }

    #[test]
    fn callers_are_found_in_every_spelling() {
        let path = "crates/keyward-cli/src/commands/key.rs";
        for code in [
            "fn f() { kms.schedule_destruction(v); }",
            "fn f() { kms.r#schedule_destruction(v); }",
            "fn f() { EmbeddedKms::schedule_destruction(&kms, v); }",
            "fn f() { let g = EmbeddedKms::schedule_destruction; }",
            "use keyward_core::key::schedule_destruction as harmless;",
            "fn f() { join!(schedule_destruction(v)); }",
            "fn f() { client.destroy_crypto_key_version(); }",
        ] {
            assert_eq!(complaints(path, code), 1, "{code}");
        }
    }

    #[test]
    fn the_named_places_and_tests_may() {
        let call = "fn f() { kms.schedule_destruction(v); }";
        assert_eq!(complaints("crates/keyward-core/src/key/machine.rs", call), 0);
        assert_eq!(complaints("crates/keyward-embedded/src/ports.rs", call), 1);
        assert_eq!(
            complaints("crates/keyward/src/tests.rs", call),
            1,
            "a name declares nothing"
        );
        assert_eq!(complaints("tests/tests/crash.rs", call), 0);
        let test = format!("#[cfg(test)]\nmod tests {{ {call} }}");
        assert_eq!(complaints("crates/keyward/src/lib.rs", &test), 0);
    }

    #[test]
    fn the_store_names_it_once() {
        let one = "fn schedule_destruction() { change(Machine::schedule_destruction); }";
        assert_eq!(complaints(STORE, one), 0);
        let two = format!("{one} pub fn shorten() {{ self.schedule_destruction(v) }}");
        assert_eq!(complaints(STORE, &two), 1);
        assert_eq!(
            complaints(STORE, "fn tidy_up() { change(Machine::schedule_destruction); }"),
            1
        );
    }
}
