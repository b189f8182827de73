//! The four floors of keyward-core: a module uses its own floor and lower ones.

use super::paths::mentions;
use super::{Complaint, Source};

const CORE: &str = "crates/keyward-core/src";

/// Lowest first, as docs/architecture.md lists them. A new module of core is added here and there.
const FLOORS: [(&str, &[&str]); 4] = [
    (
        "words",
        &[
            "secret", "name", "location", "context", "clock", "limits", "error",
        ],
    ),
    (
        "bytes",
        &[
            "envelope",
            "credential",
            "manifest",
            "structured",
            "attest",
            "escrow",
            "terraform",
        ],
    ),
    (
        "ports",
        &["key", "kms", "store", "audit", "recipient", "inventory", "estate"],
    ),
    (
        "decisions",
        &["verify", "plan", "survive", "rotate", "watch", "harden"],
    ),
];

/// Complains about modules on no floor and about names from a higher floor. Tests may look up.
pub fn check(sources: &[Source]) -> Vec<Complaint> {
    let core = sources
        .iter()
        .filter(|source| source.is_in(CORE) && !source.module.is_empty());
    core.flat_map(check_one).collect()
}

fn check_one(source: &Source) -> Vec<Complaint> {
    let Some(own) = source.module.first().and_then(|module| floor_of(module)) else {
        let what =
            "a module of core that stands on no floor (xtask/src/tidy/floors.rs, docs/architecture.md)";
        return vec![Complaint::file(&source.path, what)];
    };
    let mut complaints: Vec<Complaint> = mentions(source)
        .iter()
        .filter(|mention| !mention.in_test && mention.starts_with(&["crate"]))
        .filter_map(|mention| {
            let other = floor_of(mention.words.get(1)?)?;
            let what = || {
                format!(
                    "{} looks up at {}: {}",
                    FLOORS[own].0,
                    FLOORS[other].0,
                    mention.text()
                )
            };
            (other > own).then(|| Complaint::line(&source.path, mention.line, what()))
        })
        .collect();
    complaints.dedup();
    complaints
}

fn floor_of(module: &str) -> Option<usize> {
    FLOORS.iter().position(|(_, modules)| modules.contains(&module))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(module: &str, code: &str) -> usize {
        let path = format!("{CORE}/{module}.rs");
        check(&[Source::parse(&path, code).unwrap()]).len()
    }

    #[test]
    fn looking_up_fails_wherever_it_is_written() {
        assert_eq!(complaints("manifest", "use crate::key::Machine;"), 1);
        assert_eq!(complaints("manifest", "fn f() { crate::verify::g() }"), 1);
        assert_eq!(complaints("manifest", "fn f() -> crate::kms::Kms { x }"), 1);
        assert_eq!(complaints("manifest", "fn f() { assert!(crate::kms::TRUE) }"), 1);
        assert_eq!(
            complaints("envelope/header", "use super::super::key::Machine;"),
            1
        );
    }

    #[test]
    fn looking_down_or_sideways_is_fine() {
        assert_eq!(
            complaints("verify", "use crate::key::Machine;\nuse crate::error::Error;"),
            0
        );
        assert_eq!(complaints("kms", "use crate::key::Machine;"), 0);
        assert_eq!(complaints("manifest", "use super::envelope::text;"), 0);
        assert_eq!(
            complaints("key", "#[cfg(test)]\nmod tests { use crate::verify::g; }"),
            0
        );
    }

    #[test]
    fn every_module_stands_on_a_floor() {
        assert_eq!(complaints("helpers", ""), 1);
        assert_eq!(
            check(&[Source::parse(&format!("{CORE}/lib.rs"), "").unwrap()]),
            []
        );
    }
}
