//! Every dependency of the workspace has its reason beside it, and every crate takes the workspace's lints.

use keyward_core::error::Result;

use super::Complaint;
use crate::repository::Repository;

const WORKSPACE: &str = "[workspace.dependencies]";

/// Complains about dependency lines without a comment above and about versions or lints outside the workspace's.
pub fn check(repository: &Repository) -> Result<Vec<Complaint>> {
    let workspace = repository.text("Cargo.toml")?;
    let members = repository
        .files()
        .filter(|file| file.ends_with("/Cargo.toml") && !file.starts_with("fuzz/"))
        .map(|file| Ok((file, repository.text(file)?)))
        .collect::<Result<Vec<_>>>()?;
    let mut complaints = unreasoned(&workspace);
    complaints.extend(unused(&workspace, members.iter().map(|(_, text)| text.as_str())));
    complaints.extend(
        members
            .iter()
            .flat_map(|(file, text)| outside_workspace(file, text)),
    );
    Ok(complaints)
}

/// The lines of one table of a manifest, numbered from 1.
fn table<'a>(manifest: &'a str, header: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
    let mut inside = false;
    (1..).zip(manifest.lines()).filter(move |(_, line)| {
        if line.starts_with('[') {
            inside = *line == header;
        }
        inside && !line.starts_with('[')
    })
}

/// Lines of `[workspace.dependencies]`, other than our own crates, that have no comment directly above. A heading
/// (`# --- words`) is no reason.
fn unreasoned(manifest: &str) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let mut before = "";
    for (number, line) in table(manifest, WORKSPACE) {
        if is_dependency(line) && !is_reason(before) {
            let what = format!("{}: no reason in a comment above", name(line));
            complaints.push(Complaint::line("Cargo.toml", number, what));
        }
        before = line;
    }
    complaints
}

/// Dependencies of the workspace that no member takes.
fn unused<'a>(manifest: &str, members: impl Iterator<Item = &'a str>) -> Vec<Complaint> {
    let lines: Vec<&str> = members.flat_map(str::lines).collect();
    let taken = |name: &str| {
        let (dotted, inline) = (format!("{name}.workspace"), format!("{name} = {{ workspace"));
        lines
            .iter()
            .any(|line| line.starts_with(&dotted) || line.starts_with(&inline))
    };
    table(manifest, WORKSPACE)
        .filter(|(_, line)| is_dependency(line) && !taken(name(line)))
        .map(|(number, line)| {
            Complaint::line("Cargo.toml", number, format!("{}: no crate uses it", name(line)))
        })
        .collect()
}

fn name(line: &str) -> &str {
    line.split([' ', '.']).next().unwrap_or_default()
}

fn is_dependency(line: &str) -> bool {
    line.contains('=') && !line.trim_start().starts_with('#') && !line.contains("path = \"")
}

fn is_reason(line: &str) -> bool {
    line.starts_with("# ") && !line.starts_with("# ---")
}

/// Crates take versions and lints from the workspace, so that there is one place to read both.
fn outside_workspace(file: &str, manifest: &str) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    if !manifest.contains("[lints]\nworkspace = true") {
        complaints.push(Complaint::file(file, "does not take the workspace's lints"));
    }
    for kind in ["[dependencies]", "[dev-dependencies]", "[build-dependencies]"] {
        let versioned =
            table(manifest, kind).filter(|(_, line)| is_dependency(line) && !names_workspace(line));
        complaints.extend(
            versioned.map(|(number, _)| Complaint::line(file, number, "take the version from the workspace")),
        );
    }
    complaints
}

fn names_workspace(line: &str) -> bool {
    line.contains("workspace = true") || line.contains("path = \"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_stands_directly_above() {
        let manifest = "[workspace.dependencies]\nours = { path = \"ours\" }\n# --- Words ---\nbare = \"1\"\n\
                        # Why.\nargued = \"2\"\nnext = \"3\"\n[profile.dev]\ndebug = true\n";
        let complaints: Vec<String> = unreasoned(manifest).iter().map(ToString::to_string).collect();
        assert_eq!(
            complaints,
            [
                "Cargo.toml:4: bare: no reason in a comment above",
                "Cargo.toml:7: next: no reason in a comment above"
            ]
        );
    }

    #[test]
    fn what_nobody_takes_goes() {
        let manifest = "[workspace.dependencies]\n# Why.\na = \"1\"\n# Why.\nb = \"1\"\n# Why.\nc = \"1\"\n";
        let member = "[dependencies]\na.workspace = true\nb = { workspace = true }\n";
        assert_eq!(
            unused(manifest, [member].into_iter()),
            [Complaint::line("Cargo.toml", 7, "c: no crate uses it")]
        );
    }

    #[test]
    fn crates_take_the_workspace() {
        let good = "[dependencies]\na.workspace = true\nb = { workspace = true, features = [\"x\"] }\n\
                    [lints]\nworkspace = true\n";
        assert_eq!(outside_workspace("a/Cargo.toml", good), []);
        assert_eq!(
            outside_workspace("a/Cargo.toml", "[dev-dependencies]\na = \"1\"\n").len(),
            2
        );
    }
}
