//! The table of exit codes.

use keyward_core::error::ErrorKind;

/// Markdown rows, lowest code first.
pub fn table() -> String {
    let mut rows = vec![row(0, "done")];
    rows.extend(
        ErrorKind::ALL
            .iter()
            .map(|kind| row(kind.exit_code(), kind.meaning())),
    );
    rows.push(row(141, "whoever read stdout has gone"));
    format!("| code | meaning |\n|---|---|\n{}", rows.concat())
}

fn row(code: u8, meaning: &str) -> String {
    format!("| {code} | {meaning} |\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_row() {
        let table = table();
        let codes: Vec<&str> = table
            .lines()
            .skip(2)
            .filter_map(|row| row.split(' ').nth(1))
            .collect();
        assert_eq!(codes, ["0", "1", "2", "3", "4", "70", "141"]);
    }
}
