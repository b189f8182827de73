//! The gate for pipelines: `keyward verify` itself, once for each environment, with the worst exit code.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;
use keyward_core::error::{Error, Result};

/// What to verify.
#[derive(Args)]
pub struct Arguments {
    /// The manifest. Without it, `keyward.yaml` upward from here.
    #[arg(long, value_name = "PATH")]
    manifest: Option<PathBuf>,
    /// An environment of the manifest; repeatable, one run each. Without it all are verified, whatever KEYWARD_ENV says.
    #[arg(long, value_name = "ENV")]
    env: Vec<String>,
    /// More flags of `keyward verify`, after `--`.
    #[arg(last = true, value_name = "FLAGS")]
    more: Vec<OsString>,
}

/// Exit codes from the one that stops a pipeline hardest to the one that lets it go on: a bug, a wrong call, damage, a
/// finding, something unseen, clean.
const WORST_FIRST: [u8; 6] = [70, 2, 4, 1, 3, 0];

/// Runs the engine of `keyward verify` and answers its exit code.
///
/// # Errors
/// More than one object is asked for on stdout.
pub fn run(arguments: &Arguments) -> Result<u8> {
    if arguments.env.len() > 1 && arguments.more.iter().any(|word| word == "--json") {
        return Err(Error::usage("with `--json`, stdout is for one object").hint("name one `--env`, or none"));
    }
    let codes: Vec<u8> = command_lines(arguments)
        .into_iter()
        .map(keyward_cli::run_gate)
        .collect();
    Ok(worst(&codes))
}

fn worst(codes: &[u8]) -> u8 {
    let rank = |code: &u8| WORST_FIRST.iter().position(|known| known == code).unwrap_or(0);
    codes.iter().copied().min_by_key(rank).unwrap_or(0)
}

fn command_lines(arguments: &Arguments) -> Vec<Vec<OsString>> {
    if arguments.env.is_empty() {
        return vec![command_line(arguments, None)];
    }
    let environments = arguments.env.iter();
    environments
        .map(|env| command_line(arguments, Some(env)))
        .collect()
}

fn command_line(arguments: &Arguments, env: Option<&String>) -> Vec<OsString> {
    let mut words: Vec<OsString> = vec!["keyward".into()];
    if let Some(manifest) = &arguments.manifest {
        words.extend(["--manifest".into(), manifest.into()]);
    }
    if let Some(env) = env {
        words.extend(["--env".into(), env.into()]);
    }
    words.push("verify".into());
    words.extend(arguments.more.iter().cloned());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(env: &[&str]) -> Arguments {
        Arguments {
            manifest: Some("a/keyward.yaml".into()),
            env: env.iter().map(|env| (*env).to_owned()).collect(),
            more: vec!["--strict".into()],
        }
    }

    #[test]
    fn one_run_for_each_environment() {
        let lines = command_lines(&arguments(&["stg", "prd"]));
        assert_eq!(lines.len(), 2);
        let expected = [
            "keyward",
            "--manifest",
            "a/keyward.yaml",
            "--env",
            "prd",
            "verify",
            "--strict",
        ];
        assert_eq!(lines[1], expected);
        assert_eq!(command_lines(&arguments(&[])).len(), 1);
    }

    #[test]
    fn a_finding_outweighs_what_was_not_seen() {
        assert_eq!(worst(&[0, 3, 1, 0]), 1);
        assert_eq!(worst(&[0, 3]), 3);
        assert_eq!(worst(&[1, 70]), 70);
        assert_eq!(worst(&[0, 0]), 0);
        assert_eq!(worst(&[1, 99]), 99, "a code that nobody knows is no pass");
    }
}
