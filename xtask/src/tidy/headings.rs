//! Every Rust file opens with a line that says what it is, and the file's own author keeps it true.

use super::{Complaint, Source};

/// Complains about files that do not start with `//! words`.
pub fn check(sources: &[Source]) -> Vec<Complaint> {
    let silent = sources.iter().filter(|source| !is_introduced(&source.text));
    silent
        .map(|source| {
            Complaint::line(
                &source.path,
                1,
                "the first line must be `//!` and say what the file is",
            )
        })
        .collect()
}

fn is_introduced(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    first
        .strip_prefix("//! ")
        .is_some_and(|words| !words.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_counts() {
        assert!(is_introduced("//! What it is.\nfn f() {}\n"));
        assert!(!is_introduced("//!\nfn f() {}\n"));
        assert!(!is_introduced("\n//! Too late.\n"));
        assert!(!is_introduced("// A plain comment.\n"));
        assert!(!is_introduced(""));
    }
}
