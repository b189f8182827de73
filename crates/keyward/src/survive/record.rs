//! What the audit log vouches for: headers that keyward made, and headers that an escrow drill opened.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use keyward_core::audit::{Entry, Outcome};
use keyward_core::escrow::Digest;
use keyward_core::inventory::{Item, Kind};

use crate::audit_log;
use crate::uses::read_header;

/// Headers that the audit log knows to be good, each as it was then: another list of wraps is another header.
///
/// A line of a finished `encrypt` vouches for the digests among its resources, whoever the recipients are; one of a
/// finished `escrow import` does for the recipients among its resources only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    made: BTreeSet<Digest>,
    drilled: BTreeMap<Digest, BTreeSet<String>>,
}

impl Record {
    /// Reads the log at `path`. What is not there or cannot be read vouches for nothing.
    pub fn read(path: &Path) -> Self {
        let mut record = Self::default();
        match audit_log::read(path, |entry| record.note(&entry)) {
            Ok(_) => record,
            Err(_) => Self::default(),
        }
    }

    fn note(&mut self, entry: &Entry) {
        if entry.outcome != Outcome::Done {
            return;
        }
        let resources = entry.resources.iter();
        let digests = resources.clone().filter_map(|text| text.parse::<Digest>().ok());
        match &*entry.action {
            "encrypt" => self.made.extend(digests),
            "escrow import" => {
                let recipients: BTreeSet<_> = resources
                    .filter(|text| text.starts_with("age1"))
                    .cloned()
                    .collect();
                for digest in digests {
                    self.drilled
                        .entry(digest)
                        .or_default()
                        .extend(recipients.iter().cloned());
                }
            }
            _ => {}
        }
    }

    /// Whether the wrap of `item` for `recipient` is known to be good: the file that the item names, from `root`, has a
    /// header that the log vouches for. The file is read, unless the log vouches for nothing.
    pub fn vouches(&self, root: &Path, item: Item<'_>, recipient: &str) -> bool {
        if item.kind != Kind::Envelope || (self.made.is_empty() && self.drilled.is_empty()) {
            return false;
        }
        let Some(header) = read_header(&root.join(item.name)) else {
            return false;
        };
        let digest = Digest::of_header(&header);
        let drilled = self.drilled.get(&digest);
        self.made.contains(&digest) || drilled.is_some_and(|recipients| recipients.contains(recipient))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use keyward_core::context::EncryptionContext;
    use keyward_core::envelope::{Draft, Header, Wrap};
    use keyward_core::inventory::Ways;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    fn header(seed: u64) -> Header {
        let mut rng = StdRng::seed_from_u64(seed);
        let draft = Draft::new(EncryptionContext::new(), &mut rng).unwrap();
        let wraps = vec![Wrap::age(&"age1qqq".parse().unwrap(), vec![1])];
        draft.finish(wraps).unwrap().0
    }

    #[test]
    fn the_log_vouches_for_what_it_has_and_only_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let headers = [1, 2, 3].map(header);
        for (name, header) in ["made", "drilled", "other"].iter().zip(&headers) {
            fs::write(folder.path().join(name), header.encode()).unwrap();
        }
        let [made, drilled, other] = headers.each_ref().map(Digest::of_header);
        let log = format!(
            "{{\"at\":\"2026-11-25T08:00:00Z\",\"action\":\"encrypt\",\"resources\":[\"p\",\"{made}\"],\"outcome\":\"done\"}}\n\
             {{\"at\":\"2026-11-25T08:00:00Z\",\"action\":\"encrypt\",\"resources\":[\"{other}\"],\"outcome\":\"failed\",\"message\":\"m\"}}\n\
             {{\"at\":\"2026-11-25T08:00:00Z\",\"action\":\"decrypt\",\"resources\":[\"{other}\"],\"outcome\":\"done\"}}\n\
             cut short {{\n\
             {{\"at\":\"2026-11-25T08:00:00Z\",\"action\":\"escrow import\",\"resources\":[\"age1qqq\",\"{drilled}\"],\"outcome\":\"done\"}}\n"
        );
        let path = folder.path().join("audit.jsonl");
        fs::write(&path, log).unwrap();
        let record = Record::read(&path);
        let vouches = |name, recipient| {
            let item = Item {
                kind: Kind::Envelope,
                name,
                ways: &Ways::NONE,
            };
            record.vouches(folder.path(), item, recipient)
        };
        assert!(vouches("made", "age1qqq") && vouches("made", "age1zzz"));
        assert!(vouches("drilled", "age1qqq") && !vouches("drilled", "age1zzz"));
        assert!(!vouches("other", "age1qqq") && !vouches("nothing", "age1qqq"));
        fs::write(folder.path().join("made"), headers[2].encode()).unwrap();
        assert!(!vouches("made", "age1qqq"), "its wraps are others now");
        assert_eq!(Record::read(&folder.path().join("none")), Record::default());
    }
}
