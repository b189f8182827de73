//! What to do next, in one place: hints that only the command line can give.

use std::error::Error as StdError;
use std::path::Path;

use keyward::keyring::TooFew;
use keyward_core::error::{Error, ErrorKind, Result};
use keyward_core::manifest::{Environment, KeyringSpec};
use keyward_core::name::{KeyRef, Provider, VersionRef};
use keyward_core::verify::Files;

use super::one_line;
use crate::state::StateFolder;

/// No manifest was found, and the verb cannot do without.
pub(crate) fn needs_manifest(error: Error) -> Error {
    error
        .hint("`keyward init --provider embedded`, or `--provider gcp --project PROJECT`, writes a manifest here")
        .hint("`keyward quickstart` shows the whole thing in a new folder")
}

/// A manifest that cannot be read, and a short name of it.
pub(crate) fn full_name_instead(error: Error) -> Error {
    error.hint("a full name needs no manifest; keyward.lock has the full names of the keys")
}

/// A manifest that cannot be read, and a file to open.
pub(crate) fn means_instead(error: Error) -> Error {
    error.hint("to open the file without the manifest, say with what: --identity FILE or --allow KEY")
}

/// The output exists.
pub(crate) fn existing_output(error: Error) -> Error {
    error.hint("name another file with `-o FILE`, or move the old one away first")
}

/// An envelope is about to be replaced by an envelope of it.
pub(crate) fn sealed_already(error: Error) -> Error {
    error
        .hint("`keyward inspect` shows for whom")
        .hint("to seal an envelope all the same, write it to another file with `-o FILE`")
}

/// The file to replace goes by other names too.
pub(crate) fn has_other_names(error: Error) -> Error {
    error
        .hint("write a new file with `-o FILE`, and remove every old name: find . -samefile FILE")
        .hint("or give this name a copy of its own first: cp FILE COPY && mv COPY FILE")
}

/// Content replaced a file that others could read.
pub(crate) fn narrowed(file: &Path) -> String {
    format!(
        "{}: readable by its owner only from now on; others could read what it replaced",
        one_line(&file.display().to_string())
    )
}

/// A secret came in a variable.
pub(crate) fn sops_age_key(is_out: bool) -> &'static str {
    if is_out {
        "SOPS_AGE_KEY holds a secret; it was taken out of this process' environment, but whatever set it still has it. \
         Name a file instead, in SOPS_AGE_KEY_FILE or with --identity"
    } else {
        "SOPS_AGE_KEY holds a secret, and could not be taken out of this process' environment. Name a file instead, in \
         SOPS_AGE_KEY_FILE or with --identity"
    }
}

/// The kernel did not let this process protect itself.
pub(crate) fn not_hardened(why: &str) -> String {
    format!("this process could not be protected from debuggers and core dumps: {why}")
}

/// An envelope without a rule, where a rule applies.
pub(crate) fn sealed_by_name(error: Error) -> Error {
    error.hint("if it was sealed with `--keyring NAME`, open it with the same flag")
}

/// An envelope that none of the manifest's keys wrapped, where a rule applies.
pub(crate) fn sealed_without_rule(error: Error) -> Error {
    error.hint("if it was sealed with `--to age1…`, name the identity that opens it with `--identity FILE`")
}

/// Keys were made, and the lock does not say so.
pub(crate) fn made_but_not_recorded(error: Error) -> Error {
    error.hint("the keys are made; run the same command again to have them recorded in keyward.lock")
}

/// Something failed after other keys were made or found, and recorded.
pub(crate) fn done_before(error: Error, names: &[&str]) -> Error {
    if names.is_empty() {
        return error;
    }
    error.hint(format!(
        "done before that: {}; run the same command again for the rest",
        names.join(", ")
    ))
}

/// A key or version that is certainly not there.
pub(crate) fn no_such(error: Error) -> Error {
    error.hint("`keyward key list` shows what is there")
}

/// A key that was proven before is gone.
pub(crate) fn gone(key: &KeyRef) -> Error {
    Error::refused("it was proven before, and is gone; it is not made again under the same name")
        .on(key)
        .hint("find out what happened to it: `keyward verify` shows what else is missing")
        .hint("if it is known to be lost for good, declare a key of another name in keyward.yaml")
}

/// A key that the lock has in another project, or in a location that was taken out of the manifest.
pub(crate) fn recorded_elsewhere(key: &KeyRef, old: &KeyRef) -> Error {
    let (ring, before) = (key.name.ring(), old.name.ring());
    let (now, was, advice) = if ring.project() == before.project() {
        (
            ring.location().to_string(),
            before.location().to_string(),
            "a key does not move with its line: to have it in one location more, put that beside the old one, which stays \
             until nothing needs it",
        )
    } else {
        (
            format!("the project {}", ring.project()),
            before.project().to_owned(),
            "if the project is a slip, put the old one back",
        )
    };
    Error::refused(format!(
        "the manifest has it in {now}, and keyward.lock in {was}: made there it would be another key, and open nothing \
         that was sealed before"
    ))
    .on(key)
    .hint("see what changed: `git log -p -- keyward.yaml`")
    .hint(advice)
    .hint("if another key is meant: `--even-if-recorded-elsewhere`")
}

/// A file of keys whose mode lets others at it.
pub(crate) fn open_to_others(file: &Path) -> String {
    let name = one_line(&file.display().to_string());
    format!(
        "{name} holds keys, and others may read or write it: `chmod go= {name}`; who read it may open everything"
    )
}

/// A key that files name and that is gone.
pub(crate) fn lost(key: &KeyRef, needed: &str) -> Error {
    Error::refused(format!(
        "it is not there, and {needed}: it is lost, not new, and another one of the same name would open none of them"
    ))
    .on(key)
    .hint(match key.provider {
        Provider::Embedded => {
            "bring it back: its location's file from a backup, or the state folder that has it with `--state DIR`"
        }
        _ => "find out whether the manifest means the right project, location and ring",
    })
    .hint("if it is known to be lost for good, declare a key of another name in keyward.yaml")
}

/// Files that could not be looked into, where it matters what they name.
pub(crate) fn may_name(unread: &Files) -> Error {
    Error::unavailable(format!(
        "any of these may need it, and could not be looked into: {}",
        unread.text()
    ))
}

/// Whether a change to `keyring` is one in `environment`.
///
/// # Errors
/// A usage error when it belongs to another.
pub(crate) fn in_environment(environment: &Environment, keyring: &KeyringSpec) -> Result<()> {
    if keyring.env == environment.name {
        return Ok(());
    }
    let what = format!(
        "it belongs to environment `{}`, not `{}`",
        keyring.env, environment.name
    );
    Err(Error::usage(what)
        .on(format!("keyring {}", keyring.name))
        .hint(format!("add --env {}", keyring.env)))
}

/// Nothing says whom to seal for.
pub(crate) fn nobody_to_seal_for(name: &str) -> Error {
    needs_manifest(
        Error::usage("nothing says whom to seal it for")
            .on(name)
            .hint("name recipients: --to age1…, --to KEY, or --keyring NAME"),
    )
}

/// A file that will become a sops file.
pub(crate) fn sops_later(file: &Path) -> Error {
    Error::usage("files of this kind will become sops files, and this release does not write those yet")
        .on(file.display())
        .hint("`--format kw` makes an envelope of the whole file, as it is")
}

/// A file sealed for others only cannot be read back before it is replaced.
pub(crate) fn cannot_be_opened_here() -> Error {
    Error::usage("sealed for these recipients only, it could not be opened here again, so it is not replaced")
        .hint("write beside it instead: leave out `-i`")
        .hint("or have an identity that opens it in SOPS_AGE_KEY_FILE")
}

/// Some locations did not answer, and it is for a person to say whether the others are enough.
pub(crate) fn or_degraded(error: Error) -> Error {
    let cause = StdError::source(&error).and_then(|cause| cause.downcast_ref::<TooFew>());
    match cause.map(|cause| cause.answered) {
        Some(answered) if answered > 0 && error.kind() != ErrorKind::Bug => error.hint(format!(
            "`--min-locations {answered}` seals now and marks what is missing for repair"
        )),
        _ => error,
    }
}

/// Somebody pasted a binary envelope as base64.
pub(crate) fn base64_of_an_envelope() -> Error {
    Error::damaged("it is the base64 of an envelope, not the envelope")
        .hint("decode it first: base64 -d FILE > FILE.kw")
        .hint("`keyward encrypt --text` makes a one-line form for such places")
}

/// A version is needed, or may be.
pub(crate) fn needed_or_not(error: Error) -> Error {
    error.hint(
        "`--even-if-needed` disables it all the same; files then open through their other locations only",
    )
}

/// The lock does not say what is there now.
pub(crate) fn lock_not_brought_up(why: &Error) -> String {
    format!(
        "keyward.lock could not be brought up to what is there now: {why}; `keyward verify` shows the difference"
    )
}

/// A version is back, and nothing shows yet that it works.
pub(crate) fn back_but_not_proven(version: &VersionRef, why: Error) -> Error {
    Error::new(
        why.kind(),
        "it is ENABLED; a canary sealed under it could not be opened",
    )
    .on(version)
    .because(why)
}

/// No key was ever kept in the state folder that was looked into.
pub(crate) fn another_state(error: Error, state: &StateFolder) -> Error {
    error.hint(format!(
        "no key of this location was ever kept in {}; name the state folder that has it with `--state DIR`",
        state.path().display()
    ))
}
