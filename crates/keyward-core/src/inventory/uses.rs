//! Which files need which versions of a key: counts, and the first few names.

use std::collections::BTreeMap;

/// How many files a count names.
const NAMED: usize = 3;
/// Most versions of one key that are told apart; a file that names one more may need any.
const VERSIONS: usize = 10_000;

/// Files, counted, and the first few by name, in whatever order they come: memory stays small, however many there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    count: u64,
    named: Vec<String>,
}

/// Which files need which versions of one key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Uses {
    by_version: BTreeMap<u64, Files>,
    /// Files with a wrap under this key that names no version: they may need any of them.
    version_unknown: Files,
}

impl Files {
    /// Counts a file.
    pub fn add(&mut self, file: impl Into<String> + AsRef<str>) {
        self.count += 1;
        let name = file.as_ref();
        let at = self.named.partition_point(|known| known.as_str() <= name);
        if at < NAMED {
            self.named.insert(at, file.into());
            self.named.truncate(NAMED);
        }
    }

    /// Counts all of `others`.
    pub fn add_all(&mut self, others: &Files) {
        self.count += others.count;
        self.named.extend_from_slice(&others.named);
        self.named.sort();
        self.named.truncate(NAMED);
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The first few, by name.
    pub fn named(&self) -> &[String] {
        &self.named
    }

    /// The first few by name, and how many more.
    pub fn text(&self) -> String {
        let shown = self.named.join(", ");
        match self.count - self.named.len() as u64 {
            0 => shown,
            more => format!("{shown} and {more} more"),
        }
    }
}

impl Uses {
    /// Of a key that no file needs.
    pub const NONE: Self = Self {
        by_version: BTreeMap::new(),
        version_unknown: Files {
            count: 0,
            named: Vec::new(),
        },
    };

    /// Counts a file that needs `version`; a version of `None` may be any.
    pub fn add(&mut self, version: Option<u64>, file: &str) {
        self.of(version).add(file);
    }

    /// Counts all of `files`, which need `version`.
    pub fn add_all(&mut self, version: Option<u64>, files: &Files) {
        self.of(version).add_all(files);
    }

    fn of(&mut self, version: Option<u64>) -> &mut Files {
        let full = self.by_version.len() >= VERSIONS;
        match version {
            Some(number) if !full || self.by_version.contains_key(&number) => {
                self.by_version.entry(number).or_default()
            }
            _ => &mut self.version_unknown,
        }
    }

    /// Whether a file needs version `number`, or may.
    pub fn need(&self, number: u64) -> bool {
        self.by_version.contains_key(&number) || !self.version_unknown.is_empty()
    }

    /// The versions that files name.
    pub fn versions(&self) -> impl Iterator<Item = u64> {
        self.by_version.keys().copied()
    }

    /// Whether no file needs any version.
    pub fn is_empty(&self) -> bool {
        self.by_version.is_empty() && self.version_unknown.is_empty()
    }

    /// Who needs version `number`, as the end of a sentence.
    pub fn text(&self, number: u64) -> String {
        let named = self
            .by_version
            .get(&number)
            .map(|files| format!("needed by {}", files.text()));
        let perhaps = (!self.version_unknown.is_empty()).then(|| {
            format!(
                "perhaps needed by {}, which names no version",
                self.version_unknown.text()
            )
        });
        let parts: Vec<_> = named.into_iter().chain(perhaps).collect();
        if parts.is_empty() {
            return "no file here needs it".to_owned();
        }
        parts.join(", ")
    }

    /// Who needs any version, as the end of a sentence.
    pub fn all_text(&self) -> String {
        let parts = self
            .by_version
            .values()
            .chain([&self.version_unknown])
            .filter(|files| !files.is_empty());
        match parts.clone().map(Files::count).sum::<u64>() {
            0 => "no file here needs it".to_owned(),
            _ => format!(
                "needed by {}",
                parts.map(Files::text).collect::<Vec<_>>().join("; ")
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrap_without_a_version_may_need_any() {
        let mut uses = Uses::default();
        assert_eq!(
            (uses.need(1), uses.text(1).as_str()),
            (false, "no file here needs it")
        );
        uses.add(Some(1), "a");
        assert!(uses.need(1) && !uses.need(2));
        uses.add(None, "b");
        assert!(uses.need(1) && uses.need(2));
        assert_eq!(
            uses.text(1),
            "needed by a, perhaps needed by b, which names no version"
        );
    }

    #[test]
    fn memory_does_not_grow_with_files_or_invented_versions() {
        let mut uses = Uses::default();
        for number in 0..2 * VERSIONS as u64 {
            uses.add(Some(number), "f");
        }
        assert_eq!(uses.by_version.len(), VERSIONS);
        assert!(uses.need(u64::MAX));
        let mut files = Files::default();
        (10..100).rev().for_each(|i| files.add(i.to_string()));
        assert_eq!(files.text(), "10, 11, 12 and 87 more");
    }
}
