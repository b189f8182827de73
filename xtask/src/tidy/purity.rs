//! keyward-core opens no file and no socket, reads no clock, no environment and no randomness of its own, starts no
//! thread, and prints nothing.

use super::paths::{Kind, Mention, mentions};
use super::{Complaint, Source};

const CORE: &str = "crates/keyward-core/src";

/// Names that reach the world, as runs of words.
const WORLD: [&[&str]; 23] = [
    &["std", "fs"],
    &["TcpListener"],
    &["TcpStream"],
    &["ToSocketAddrs"],
    &["UdpSocket"],
    &["std", "env"],
    &["std", "process"],
    &["std", "thread"],
    &["std", "os"],
    &["io", "stdin"],
    &["io", "stdout"],
    &["io", "stderr"],
    &["SystemTime"],
    &["Instant"],
    &["Timestamp", "now"],
    &["Zoned", "now"],
    &["TimeZone", "system"],
    &["SystemRandom"],
    &["SysRng"],
    &["OsRng"],
    &["getrandom"],
    &["tokio"],
    &["rusqlite"],
];

const PRINTERS: [&str; 5] = ["print", "println", "eprint", "eprintln", "dbg"];
/// Macros that bring in what no check sees: the environment of the build, and code that stands in no module.
const UNSEEN: [&str; 3] = ["env", "include", "option_env"];
/// Methods of `std::path::Path` that ask the file system.
const PATH_METHODS: [&str; 9] = [
    "canonicalize",
    "exists",
    "is_dir",
    "is_file",
    "metadata",
    "read_dir",
    "read_link",
    "symlink_metadata",
    "try_exists",
];

/// Complains about every reach of core into the world.
pub fn check(sources: &[Source]) -> Vec<Complaint> {
    let core = sources.iter().filter(|source| source.is_in(CORE));
    let mut complaints: Vec<Complaint> = core.flat_map(reaches).collect();
    complaints.dedup();
    complaints
}

fn reaches(source: &Source) -> Vec<Complaint> {
    let found = mentions(source);
    let outside_tests = found
        .iter()
        .filter(|mention| !mention.in_test && reaches_out(mention));
    outside_tests
        .map(|mention| {
            let what = format!(
                "core is pure: `{}` reaches the world; make it an argument",
                mention.text()
            );
            Complaint::line(&source.path, mention.line, what)
        })
        .collect()
}

fn reaches_out(mention: &Mention) -> bool {
    let is_one_of = |words: &[&str]| {
        mention
            .words
            .last()
            .is_some_and(|last| words.contains(&last.as_str()))
    };
    match mention.kind {
        Kind::Path => {
            let asks_path = ["Path", "PathBuf"].iter().any(|own| mention.contains(&[own]));
            WORLD.iter().any(|words| mention.contains(words)) || (asks_path && is_one_of(&PATH_METHODS))
        }
        Kind::Macro => is_one_of(&PRINTERS) || is_one_of(&UNSEEN),
        Kind::Method => is_one_of(&PATH_METHODS),
        Kind::Definition => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(code: &str) -> usize {
        check(&[Source::parse(&format!("{CORE}/audit.rs"), code).unwrap()]).len()
    }

    #[test]
    fn the_world_is_out_of_reach() {
        for code in [
            "use std::fs;",
            "use std::{fmt, net::TcpStream};",
            "fn f() { std::env::var(\"HOME\"); }",
            "fn f() -> Timestamp { Timestamp::now() }",
            "fn f() { jiff::Timestamp::now(); }",
            "use std::time::SystemTime;",
            "fn f() { println!(\"x\"); }",
            "fn f(path: &Path) -> bool { path.exists() }",
            "fn f(path: &Path) { path.try_exists(); }",
            "fn f(path: &Path) -> bool { Path::exists(path) }",
            "fn f() { TimeZone::system(); }",
            "fn f() { <jiff::Timestamp>::now(); }",
            "fn f() { let key = env!(\"KEY\"); }",
            "include!(\"elsewhere.rs\");",
            "fn f() { assert!(std::fs::read(p).is_ok()); }",
        ] {
            assert_eq!(complaints(code), 1, "{code}");
        }
    }

    #[test]
    fn pure_code_and_tests_pass() {
        for code in [
            "use std::io::Read; use std::net::IpAddr; use std::path::Path; use std::time::Duration;",
            "fn f(clock: &dyn Clock) -> Timestamp { clock.now() }",
            "#[cfg(test)]\nmod tests { use std::fs; fn f() { println!(\"x\"); } }",
        ] {
            assert_eq!(complaints(code), 0, "{code}");
        }
    }
}
