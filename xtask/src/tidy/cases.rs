//! No case, no vector, no seed and no verb is forgotten.

use std::path::Path;

use clap::Command;
use keyward_core::error::Result;

use super::Complaint;
use crate::repository::Repository;

const CASES: &str = "tests/cases";
const VECTORS: &str = "tests/vectors";
const SEEDS: &str = "fuzz/seeds";
const README: &str = "README.md";

/// Complains about files that no reader picks up, and about verbs without a case or without an example in the README.
pub fn check(repository: &Repository) -> Result<Vec<Complaint>> {
    let mut complaints = forgotten(repository.files_in(CASES), |file| {
        is_case(file, |case| repository.has(case))
    });
    complaints.extend(forgotten(repository.files_in(VECTORS), is_vector));
    complaints.extend(forgotten(repository.files_in(SEEDS), |file| {
        is_seed(file, |target| repository.has(target))
    }));
    let cases: Vec<String> = repository
        .files_in(CASES)
        .filter(|file| file.ends_with(".md"))
        .map(|file| repository.text(file))
        .collect::<Result<_>>()?;
    let verbs = verbs(&keyward_cli::command());
    complaints.extend(unused(&verbs, &cases.concat(), CASES));
    complaints.extend(unused(&verbs, &repository.text(README)?, README));
    Ok(complaints)
}

fn forgotten<'a>(files: impl Iterator<Item = &'a str>, is_read: impl Fn(&str) -> bool) -> Vec<Complaint> {
    files
        .filter(|file| !is_read(file))
        .map(|file| Complaint::file(file, "no test reads this file"))
        .collect()
}

/// crates/keyward-cli/tests/cases.rs reads `NAME.md`, and the folders `NAME.in` and `NAME.out` beside it.
fn is_case(file: &str, exists: impl Fn(&str) -> bool) -> bool {
    let Some((first, below)) = inside(file, CASES) else {
        return false;
    };
    match first.rsplit_once('.') {
        Some((name, "md")) => !name.is_empty() && below.is_none(),
        Some((name, "in" | "out")) => below.is_some() && exists(&format!("{CASES}/{name}.md")),
        _ => false,
    }
}

/// keyward-core's tests and recover.py read every JSON file of the folder, and no folder in it.
fn is_vector(file: &str) -> bool {
    inside(file, VECTORS).is_some_and(|(first, below)| first.ends_with(".json") && below.is_none())
}

/// tests/fuzz.sh gives `fuzz/seeds/NAME/*` to the target `NAME`.
fn is_seed(file: &str, exists: impl Fn(&str) -> bool) -> bool {
    inside(file, SEEDS)
        .is_some_and(|(name, below)| below.is_some() && exists(&format!("fuzz/targets/{name}.rs")))
}

/// The first component of `file` below `folder`, and what follows it.
fn inside<'a>(file: &'a str, folder: &str) -> Option<(&'a str, Option<&'a str>)> {
    let relative = Path::new(file).strip_prefix(folder).ok()?.to_str()?;
    Some(match relative.split_once('/') {
        Some((first, below)) => (first, Some(below)),
        None => (relative, None),
    })
}

/// The words of every verb: `["key", "list"]`.
fn verbs(root: &Command) -> Vec<Vec<String>> {
    let shown = root.get_subcommands().filter(|sub| !sub.is_hide_set());
    shown
        .flat_map(|sub| {
            let below = if sub.has_subcommands() {
                verbs(sub)
            } else {
                vec![Vec::new()]
            };
            below
                .into_iter()
                .map(|words| [vec![sub.get_name().to_owned()], words].concat())
        })
        .collect()
}

fn unused(verbs: &[Vec<String>], page: &str, place: &str) -> Vec<Complaint> {
    let lines: Vec<Vec<&str>> = page.lines().filter_map(call).collect();
    let missing = verbs
        .iter()
        .filter(|verb| !lines.iter().any(|line| calls(line, verb)));
    missing
        .map(|verb| {
            Complaint::file(
                place,
                format!("no command line with `keyward {}`", verb.join(" ")),
            )
        })
        .collect()
}

/// The words after `keyward` in a line of a console block, anywhere in a pipe; or those of `cargo run … -- WORDS`, as
/// README's first command is written, which .ci/run runs.
fn call(line: &str) -> Option<Vec<&str>> {
    let (line, start) = match line.strip_prefix("$ ") {
        Some(line) => (line, "keyward"),
        None => (line.strip_prefix("cargo run ")?, "--"),
    };
    let words = line.split_whitespace();
    Some(words.skip_while(|word| *word != start).skip(1).collect())
}

/// Whether these words stand together before the first of another kind; global flags may come before them.
fn calls(line: &[&str], verb: &[String]) -> bool {
    line.windows(verb.len()).any(|window| window == verb)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_are_pages_and_their_folders() {
        let exists = |case: &str| case == "tests/cases/encrypt.md";
        assert!(is_case("tests/cases/encrypt.md", exists));
        assert!(is_case("tests/cases/encrypt.in/a/b.txt", exists));
        for forgotten in [
            "decrypt.in/a.txt",
            "encrypt.txt",
            "more/encrypt.md",
            "encrypt.in",
            ".md",
            "README",
        ] {
            assert!(!is_case(&format!("{CASES}/{forgotten}"), exists), "{forgotten}");
        }
    }

    #[test]
    fn vectors_are_json_in_one_folder() {
        assert!(is_vector("tests/vectors/valid.json"));
        assert!(!is_vector("tests/vectors/valid.bin"));
        assert!(!is_vector("tests/vectors/more/valid.json"));
    }

    #[test]
    fn seeds_have_a_target() {
        let exists = |target: &str| target == "fuzz/targets/header.rs";
        assert!(is_seed("fuzz/seeds/header/context", exists));
        assert!(!is_seed("fuzz/seeds/body/context", exists));
        assert!(!is_seed("fuzz/seeds/header", exists));
    }

    #[test]
    fn a_verb_without_a_line_is_seen() {
        let root = Command::new("keyward")
            .subcommand(Command::new("encrypt"))
            .subcommand(
                Command::new("key")
                    .subcommand(Command::new("list"))
                    .subcommand(Command::new("show")),
            )
            .subcommand(Command::new("quickstart"))
            .subcommand(Command::new("internal").hide(true));
        let page = "```console\n$ keyward encrypt a.txt\n$ cat a | keyward --json key list\n```\nkeyward key show\n\
                    cargo run --release -- quickstart\n";
        let complaints = unused(&verbs(&root), page, "README.md");
        assert_eq!(
            complaints,
            [Complaint::file(
                "README.md",
                "no command line with `keyward key show`"
            )]
        );
    }
}
