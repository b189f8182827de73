//! The one move that loses keys is named in few places, and called from fewer.

use super::paths::mentions;
use super::{Complaint, Source};

/// The function that schedules a destruction, under the same name in core's key machine and in the embedded store.
const FUNCTION: &str = "schedule_destruction";

/// Who may name it outside tests: the machine itself, the one function of the embedded KMS that offers it, and the
/// emulator's serving side. Nothing else, so that no command, library call or port can reach it.
const ALLOWED: [&str; 3] = [
    "crates/keyward-core/src/key",
    "crates/keyward-embedded/src/kms.rs",
    "crates/keyward-emulator/src",
];

/// Complains about every mention of the function outside the places that docs/architecture.md names.
pub fn check(sources: &[Source]) -> Vec<Complaint> {
    let elsewhere = sources
        .iter()
        .filter(|source| !ALLOWED.iter().any(|folder| source.is_in(folder)));
    elsewhere.flat_map(check_one).collect()
}

fn check_one(source: &Source) -> Vec<Complaint> {
    let found = mentions(source);
    let calls = found
        .iter()
        .filter(|mention| !mention.in_test && mention.contains(&[FUNCTION]));
    calls
        .map(|mention| {
            let what = format!(
                "`{FUNCTION}` may be named only in {} and in tests",
                ALLOWED.join(", ")
            );
            Complaint::line(&source.path, mention.line, what)
        })
        .collect()
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
            "fn f() { EmbeddedKms::schedule_destruction(&kms, v); }",
            "fn f() { let g = EmbeddedKms::schedule_destruction; }",
            "use keyward_core::key::schedule_destruction as harmless;",
            "fn f() { join!(schedule_destruction(v)); }",
        ] {
            assert_eq!(complaints(path, code), 1, "{code}");
        }
    }

    #[test]
    fn the_named_places_and_tests_may() {
        let call = "fn f() { kms.schedule_destruction(v); }";
        assert_eq!(complaints("crates/keyward-core/src/key/machine.rs", call), 0);
        assert_eq!(complaints("crates/keyward-embedded/src/kms.rs", call), 0);
        assert_eq!(complaints("crates/keyward-embedded/src/ports.rs", call), 1);
        assert_eq!(complaints("tests/tests/crash.rs", call), 0);
        let test = format!("#[cfg(test)]\nmod tests {{ {call} }}");
        assert_eq!(complaints("crates/keyward/src/lib.rs", &test), 0);
    }
}
