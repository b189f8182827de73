//! Believing a report: every envelope that it says opened is opened here too, by another way, and its proof compared.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use keyward_core::context::EncryptionContext;
use keyward_core::error::{Error, ErrorKind, Result};
use keyward_core::escrow::{Bundle, Digest, Key, Report, Tried};
use keyward_core::name::AgeRecipient;

use super::collect;
use crate::keyring::{Opener, Permitted};
use crate::registry::Crypters;

/// Envelopes that are opened at the same time.
const AT_ONCE: usize = 16;

/// What it takes to check a report.
pub struct Checker<'a> {
    /// How to reach keys.
    pub crypters: &'a Crypters,
    /// Which keys may be asked.
    pub permitted: &'a Permitted,
    /// The folder of the manifest, which names are from.
    pub root: &'a Path,
}

/// What a report shows about the identity of one recipient.
#[derive(Debug)]
pub struct Outcome {
    /// The recipient.
    pub recipient: AgeRecipient,
    /// How many wraps for it were asked about.
    pub wraps: usize,
    /// Headers whose wrap is proven to have opened.
    pub proven: BTreeSet<Digest>,
    /// Envelopes whose wrap did not open, and why.
    pub failed: Vec<(String, String)>,
    /// Envelopes that are gone, or have other wraps by now: the drill says nothing about those.
    pub changed: Vec<String>,
    /// Envelopes that no key opens here, so that the report's word about them stays one.
    pub unchecked: Vec<(String, String)>,
    /// Envelopes about which nothing can be said until a location answers.
    pub unseen: Vec<(String, String)>,
}

impl Outcome {
    /// Whether it shows that the identity opens what is sealed for it.
    pub fn is_proof(&self) -> bool {
        !self.proven.is_empty() && self.failed.is_empty() && self.unseen.is_empty()
    }
}

/// What came out for one header.
#[derive(Clone)]
enum Seen {
    Proven,
    Changed,
    Unchecked(String),
    Unseen(String),
}

impl Checker<'_> {
    /// Checks `report`, an answer to `bundle`, and answers what it shows for each recipient. `progress` is told of each
    /// envelope.
    ///
    /// # Errors
    /// A refusal or damaged data when any part of the report is not what a drill makes: then nothing of it counts.
    pub async fn check(
        &self,
        bundle: &Bundle,
        report: &Report,
        progress: &dyn Fn(u64),
    ) -> Result<Vec<Outcome>> {
        report.answers(bundle)?;
        let results = &report.statement().results;
        let mut names: BTreeMap<Digest, Vec<&str>> = BTreeMap::new();
        for tried in results.iter().filter(|tried| tried.failed.is_none()) {
            names.entry(tried.header).or_default().push(&tried.envelope);
        }
        let looks = names.into_iter().map(|(header, names)| async move {
            let seen = self.look(report, header, &names).await?;
            progress(1);
            Ok::<_, Error>((header, seen))
        });
        let seen: BTreeMap<Digest, Seen> = stream::iter(looks)
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        let answers = report.statement().answers.iter().enumerate();
        let of = |(place, answer): (usize, &keyward_core::escrow::Answer)| {
            let own = results.iter().filter(|tried| tried.recipient == place);
            summed(answer.recipient.clone(), own, &seen)
        };
        Ok(answers.map(of).collect())
    }

    /// Opens the envelope with this header, from the first of `names` that still has it.
    async fn look(&self, report: &Report, header: Digest, names: &[&str]) -> Result<Seen> {
        let read = names.iter().find_map(|name| {
            let read = collect::read(&self.root.join(name), name).ok().flatten();
            read.filter(|envelope| Digest::of_header(&envelope.header) == header)
        });
        let Some(envelope) = read else {
            return Ok(Seen::Changed);
        };
        let expected = EncryptionContext::new();
        let opener = Opener::new(self.crypters, self.permitted, &[], &expected);
        match opener.unlock(&envelope.header, None, &envelope.head).await {
            Ok(unlocked) => {
                let proof = report.is_proven_by(&Key {
                    header,
                    binding: envelope.header.binding(),
                    key: unlocked.data_key,
                });
                let first = |why: Error| {
                    why.hint(format!(
                        "the first envelope whose proof does not fit: {}",
                        envelope.name
                    ))
                };
                proof.map(|()| Seen::Proven).map_err(first)
            }
            Err(why) if why.kind() == ErrorKind::Unavailable => Ok(Seen::Unseen(why.what().to_owned())),
            Err(why) => Ok(Seen::Unchecked(why.what().to_owned())),
        }
    }
}

fn summed<'t>(
    recipient: AgeRecipient,
    results: impl Iterator<Item = &'t Tried>,
    seen: &BTreeMap<Digest, Seen>,
) -> Outcome {
    let mut outcome = Outcome {
        recipient,
        wraps: 0,
        proven: BTreeSet::new(),
        failed: Vec::new(),
        changed: Vec::new(),
        unchecked: Vec::new(),
        unseen: Vec::new(),
    };
    for tried in results {
        outcome.wraps += 1;
        let name = tried.envelope.clone();
        match (&tried.failed, seen.get(&tried.header)) {
            (Some(why), _) => outcome.failed.push((name, why.clone())),
            (None, Some(Seen::Proven)) => drop(outcome.proven.insert(tried.header)),
            (None, Some(Seen::Unchecked(why))) => outcome.unchecked.push((name, why.clone())),
            (None, Some(Seen::Unseen(why))) => outcome.unseen.push((name, why.clone())),
            (None, Some(Seen::Changed) | None) => outcome.changed.push(name),
        }
    }
    outcome
}
