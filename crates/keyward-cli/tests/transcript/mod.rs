//! A transcript: the `console` blocks of a page, run in order in one folder and compared with what the page says.
//!
//! A line `$ COMMAND` is run by a shell; `? N` under it is the exit code that is expected instead of 0; what follows,
//! up to the next command, is the expected output of both streams. `[..]` stands for any text within a line, a line
//! `...` for any lines. A page with the line [`WITH_EMULATOR`] has an emulator of Cloud KMS of its own.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use keyward_emulator::Emulator;

/// Begins a page whose commands find an emulator's address in the variable `EMULATOR`.
const WITH_EMULATOR: &str = "<!-- with an emulator of Cloud KMS at $EMULATOR -->";

/// One command of a page.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Step {
    line: usize,
    command: String,
    code: i32,
    expected: Vec<String>,
}

/// Runs every step of the page at `page` and panics with all differences.
pub(crate) fn check(page: &Path) {
    let text = std::fs::read_to_string(page).unwrap();
    let steps = steps(&text);
    assert!(!steps.is_empty(), "{}: no console block", page.display());
    let folder = tempfile::tempdir().unwrap();
    if text.contains(WITH_EMULATOR) && !cfg!(feature = "gcp") {
        return;
    }
    let emulator = text.contains(WITH_EMULATOR).then(|| Emulator::start().unwrap());
    let endpoint = emulator.as_ref().map(Emulator::endpoint).unwrap_or_default();
    let mut differences = String::new();
    for step in steps {
        let (code, output) = run(&step.command, folder.path(), &endpoint);
        if code != step.code || !matches(&lines(&step.expected), &lines_of(&output)) {
            let place = format!("{}:{}", page.display(), step.line);
            writeln!(
                differences,
                "{place}: $ {}\n  exit {code}, printed:\n{output}",
                step.command
            )
            .unwrap();
        }
    }
    assert!(
        differences.is_empty(),
        "the page says something else:\n{differences}"
    );
}

/// The commands of a page, in order.
pub(crate) fn steps(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut inside = false;
    for (line, content) in (1..).zip(text.lines()) {
        if content.starts_with("```") {
            inside = content == "```console";
        } else if !inside {
            continue;
        } else if let Some(command) = content.strip_prefix("$ ") {
            steps.push(Step {
                line,
                command: command.into(),
                ..Step::default()
            });
        } else if let Some(step) = steps.last_mut() {
            match content.strip_prefix("? ") {
                Some(code) => step.code = code.parse().unwrap(),
                None => step.expected.push(content.into()),
            }
        }
    }
    steps
}

fn run(command: &str, folder: &Path, emulator: &str) -> (i32, String) {
    let tools = Path::new(env!("CARGO_BIN_EXE_keyward")).parent().unwrap();
    let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap());
    let output = Command::new("sh")
        .args(["-c", &format!("exec 2>&1\n{command}")])
        .current_dir(folder)
        .env_clear()
        .envs([
            ("PATH", path.as_str()),
            ("LC_ALL", "C.UTF-8"),
            ("EMULATOR", emulator),
        ])
        .env("HOME", folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    (
        output.status.code().unwrap_or(-1),
        String::from_utf8(output.stdout).unwrap(),
    )
}

fn lines(expected: &[String]) -> Vec<&str> {
    trimmed(expected.iter().map(String::as_str).collect())
}

fn lines_of(output: &str) -> Vec<&str> {
    trimmed(output.lines().map(str::trim_end).collect())
}

fn trimmed(mut lines: Vec<&str>) -> Vec<&str> {
    while lines.last().is_some_and(|line| line.is_empty()) {
        lines.pop();
    }
    lines
}

fn matches(expected: &[&str], printed: &[&str]) -> bool {
    match expected.split_first() {
        None => printed.is_empty(),
        Some((&"...", rest)) => (0..=printed.len()).any(|skipped| matches(rest, &printed[skipped..])),
        Some((line, rest)) => printed
            .split_first()
            .is_some_and(|(first, more)| matches_line(line, first) && matches(rest, more)),
    }
}

fn matches_line(expected: &str, printed: &str) -> bool {
    match expected.split_once("[..]") {
        None => expected == printed,
        Some((start, rest)) => printed.strip_prefix(start).is_some_and(|left| {
            (0..=left.len()).any(|at| left.is_char_boundary(at) && matches_line(rest, &left[at..]))
        }),
    }
}

#[test]
fn a_page_is_read_as_a_reader_reads_it() {
    let page = "text\n```console\n$ one\nout [..]\n\n$ two\n? 2\n```\n```\n$ not run\n```\n";
    let steps = steps(page);
    assert_eq!(steps.len(), 2);
    assert_eq!(
        (steps[0].line, steps[0].command.as_str(), steps[0].code),
        (3, "one", 0)
    );
    assert_eq!((steps[1].command.as_str(), steps[1].code), ("two", 2));
    assert!(matches(&lines(&steps[0].expected), &lines_of("out anything\n")));
    assert!(!matches(
        &lines(&steps[0].expected),
        &lines_of("out anything\nmore\n")
    ));
    assert!(matches(&["...", "end"], &["a", "b", "end"]) && !matches(&["...", "end"], &["a"]));
}
