//! Pages for people: their links lead somewhere, and what looks like a session is one that a test runs.

use std::path::{Component, Path, PathBuf};

use keyward_core::error::Result;

use super::Complaint;
use crate::repository::Repository;

/// What opens a block that a test of keyward-cli runs (crates/keyward-cli/tests/transcript).
const RUN: &str = "```console";
/// The pages that such a test reads.
const RUN_PAGES: [&str; 2] = ["README.md", "docs/operations.md"];

/// Complains about links to files that do not exist and about command lines that no test runs.
pub fn check(repository: &Repository) -> Result<Vec<Complaint>> {
    let mut complaints = Vec::new();
    for page in repository.files().filter(|file| is_page(file)) {
        let text = repository.text(page)?;
        let exists = |target: &str| repository.has(target) || repository.files_in(target).next().is_some();
        complaints.extend(broken_links(page, &text, exists));
        if RUN_PAGES.contains(&page) {
            complaints.extend(idle_sessions(page, &text));
        }
    }
    Ok(complaints)
}

/// Cases are pages too, but for a program.
fn is_page(file: &str) -> bool {
    file.ends_with(".md") && !file.starts_with("tests/cases/")
}

fn broken_links(page: &str, text: &str, exists: impl Fn(&str) -> bool) -> Vec<Complaint> {
    let folder = Path::new(page).parent().unwrap_or(Path::new(""));
    let mut complaints = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let broken = links(line).filter(|link| !exists(&resolve(folder, link)));
        complaints.extend(broken.map(|link| Complaint::line(page, number, format!("leads nowhere: {link}"))));
    }
    complaints
}

/// Links into the checkout: `](path)` or `](path#anchor)`.
fn links(line: &str) -> impl Iterator<Item = &str> {
    let targets = line.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    let paths = targets.map(|(target, _)| target.split('#').next().unwrap_or_default());
    paths.filter(|path| !path.is_empty() && !path.contains("://"))
}

fn resolve(folder: &Path, link: &str) -> String {
    let mut resolved = PathBuf::new();
    for component in folder.join(link).components() {
        match component {
            Component::ParentDir => drop(resolved.pop()),
            Component::CurDir => {}
            part => resolved.push(part),
        }
    }
    resolved.to_string_lossy().into_owned()
}

fn idle_sessions(page: &str, text: &str) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let mut fence = None;
    for (number, line) in (1..).zip(text.lines()) {
        if line.starts_with("```") {
            fence = fence.is_none().then_some(line);
        } else if line.starts_with("$ ") && fence != Some(RUN) {
            complaints.push(Complaint::line(
                page,
                number,
                format!("no test runs this; open its block with {RUN}"),
            ));
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_files_and_folders_of_the_checkout() {
        let text =
            "[a](b.md) [c](../README.md#top)\n[web](https://example.org/) [here](#there)\n[gone](gone.md)\n";
        let exists = |path: &str| ["docs/b.md", "README.md"].contains(&path);
        assert_eq!(
            broken_links("docs/a.md", text, exists),
            [Complaint::line("docs/a.md", 3, "leads nowhere: gone.md")]
        );
    }

    #[test]
    fn a_session_is_run() {
        assert_eq!(
            idle_sessions(
                "README.md",
                "```console\n$ keyward verify\n```\n```text\nfree text\n```\n"
            ),
            []
        );
        assert_eq!(
            idle_sessions("README.md", "```console\n```\n```text\n$ keyward verify\n```\n").len(),
            1
        );
        assert_eq!(idle_sessions("README.md", "$ keyward verify\n").len(), 1);
    }
}
