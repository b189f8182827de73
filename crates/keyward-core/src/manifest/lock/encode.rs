//! From the lock to its text, and the checksum of one key's part of it.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};

use super::{Lock, LockedKey, LockedVersion, Mark};
use crate::clock::Timestamp;
use crate::manifest::encode::{quoted, scalar};
use crate::manifest::{duration_text, read};
use crate::name::KeyRef;

/// What stands above the keys.
const HEADING: &str = "\
# Which keys keyward last proved to exist, where, and in which state.
# Commit this file: it is how a key that moved, changed or vanished is seen. keyward writes it; do not edit it.
";
/// Bytes of SHA-256 that make the checksum of an entry. It finds edits, and is no protection from anybody.
const CHECKSUM_LEN: usize = 8;

pub(super) fn lock(lock: &Lock) -> String {
    let mut out = format!("{HEADING}version: {}\n", read::VERSION);
    out.push_str(if lock.keys.is_empty() {
        "keys: {}\n"
    } else {
        "keys:\n"
    });
    for (name, key) in &lock.keys {
        let start = out.len();
        entry(&mut out, name, key);
        let check = match &key.mark {
            Mark::Whole => checksum_of(&out[start..]),
            Mark::Edited(check) => check.clone(),
            Mark::Missing => continue,
        };
        let _ = writeln!(out, "    check: {}", quoted(&check));
    }
    section(&mut out, "escrow", &lock.escrow, |drill| {
        format!("{{drilled: {}, by: {}}}", time(drill.drilled), scalar(&drill.by))
    });
    section(&mut out, "retired", &lock.retired, |retired| {
        format!(
            "{{evidence: {}, at: {}}}",
            scalar(&retired.evidence),
            time(retired.at)
        )
    });
    out
}

/// The checksum of the entry of `name`.
pub(super) fn checksum(name: &KeyRef, key: &LockedKey) -> String {
    let mut out = String::new();
    entry(&mut out, name, key);
    checksum_of(&out)
}

fn checksum_of(entry: &str) -> String {
    let digest = digest(&SHA256, entry.as_bytes());
    let bytes = digest.as_ref().iter().take(CHECKSUM_LEN);
    bytes.fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// The entry of `name`, without its checksum.
fn entry(out: &mut String, name: &KeyRef, key: &LockedKey) {
    let _ = writeln!(out, "  {name}:");
    let mut line = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            let _ = writeln!(out, "    {name}: {value}");
        }
    };
    line("created", Some(time(key.created)));
    line("protection", key.protection.as_deref().map(scalar));
    line("rotation", key.rotation.map(duration_text));
    line("next_rotation", key.next_rotation.map(time));
    line("destroy_window", Some(duration_text(key.destroy_window)));
    line("primary", key.primary.map(|number| number.to_string()));
    line("proven", Some(proof(key.proven_at, &key.proven_by)));
    if key.versions.is_empty() {
        line("versions", Some("{}".to_owned()));
        return;
    }
    out.push_str("    versions:\n");
    for (number, version) in &key.versions {
        self::version(out, *number, version);
    }
}

fn version(out: &mut String, number: u64, version: &LockedVersion) {
    let _ = writeln!(out, "      {number}:");
    let mut line = |name: &str, value: String| {
        let _ = writeln!(out, "        {name}: {value}");
    };
    line("state", scalar(&version.state));
    line("created", time(version.created));
    if let Some(proven) = &version.proven {
        line("proven", proof(proven.at, &proven.by));
    }
    if let Some(canary) = &version.canary {
        line("canary", quoted(&STANDARD.encode(canary)));
    }
}

/// A section of one line for each name; none when there is nothing in it.
fn section<'a, K: std::fmt::Display + 'a, V: 'a>(
    out: &mut String,
    name: &str,
    entries: impl IntoIterator<Item = (&'a K, &'a V)>,
    text: impl Fn(&V) -> String,
) {
    let mut is_open = false;
    for (key, value) in entries {
        if !is_open {
            let _ = writeln!(out, "{name}:");
            is_open = true;
        }
        let _ = writeln!(out, "  {key}: {}", text(value));
    }
}

fn proof(at: Timestamp, by: &str) -> String {
    format!("{{at: {}, by: {}}}", time(at), scalar(by))
}

fn time(time: Timestamp) -> String {
    scalar(&time.to_string())
}
