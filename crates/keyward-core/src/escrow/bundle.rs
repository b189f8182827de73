//! The bundle: what the offline machine is asked.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::digest::Digest;
use super::lines::{Lines, VERSION, array_of, bytes_of, push, text_of};
use super::proof::{Nonce, answer_to, check_of};
use crate::clock::Timestamp;
use crate::envelope::{BODY_HEAD_LEN, Header, Wrap, WrapKind};
use crate::error::{Error, Result};
use crate::limits;
use crate::name::AgeRecipient;
use crate::secret::DataKey;

/// Length of the last line, in bytes, or more.
const END_LEN: usize = 128;

/// What is asked, and of whom. Nothing in it is secret, and nothing in it is authenticated: whoever has it knows which
/// bundle he made by its [`Bundle::digest`].
pub struct Bundle {
    made: Timestamp,
    nonce: Nonce,
    manifest: Option<Digest>,
    asked: Vec<Asked>,
    envelopes: Vec<Escrowed>,
    digest: Digest,
}

/// One recipient whose identity is to show itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The recipient.
    pub recipient: AgeRecipient,
    /// 32 random bytes, wrapped for it: a complete age file.
    pub challenge: Vec<u8>,
    check: Digest,
}

/// One envelope, as far as opening its wraps needs it.
#[derive(Clone)]
pub struct Escrowed {
    /// Its path from the manifest's folder, for people.
    pub name: String,
    /// Its header, or that of its detached wraps.
    pub header: Header,
    /// Salt and commitment of its body.
    pub head: [u8; BODY_HEAD_LEN],
}

/// One escrow wrap that a bundle asks about.
#[derive(Clone, Copy)]
pub struct WrapAsked<'a> {
    /// The envelope.
    pub envelope: &'a Escrowed,
    /// The place of its recipient in [`Bundle::asked`].
    pub recipient: usize,
    /// The wrap.
    pub wrap: &'a Wrap,
}

#[derive(Deserialize)]
struct Claim {
    escrow_bundle: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeadLine {
    escrow_bundle: u32,
    made: Timestamp,
    nonce: String,
    manifest: Option<String>,
    recipients: usize,
    envelopes: usize,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AskedLine {
    recipient: String,
    challenge: String,
    check: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EnvelopeLine {
    envelope: String,
    header: String,
    body: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EndLine {
    digest: String,
}

impl Asked {
    /// Asks `recipient`, for whom `challenge` was wrapped as `wrapped`.
    ///
    /// # Errors
    /// Only a bug.
    pub fn new(
        recipient: AgeRecipient,
        nonce: &Nonce,
        challenge: &DataKey,
        wrapped: Vec<u8>,
    ) -> Result<Self> {
        let check = check_of(&answer_to(challenge, nonce, &recipient)?);
        Ok(Self {
            recipient,
            challenge: wrapped,
            check,
        })
    }

    /// Whether `answer` is the right one.
    pub fn is_answered_by(&self, answer: &[u8; 32]) -> bool {
        check_of(answer) == self.check
    }
}

impl Bundle {
    /// Asks for all wraps in `envelopes` that are for one of `asked`, at `made`. `manifest` is the digest of the manifest
    /// whose rules chose them.
    ///
    /// # Errors
    /// A usage error when nobody or nothing is asked for, or when it is more than a bundle holds.
    pub fn new(
        made: Timestamp,
        nonce: Nonce,
        manifest: Option<Digest>,
        mut asked: Vec<Asked>,
        envelopes: Vec<Escrowed>,
    ) -> Result<Self> {
        asked.sort_by(|a, b| a.recipient.cmp(&b.recipient));
        let mut bundle = Self {
            made,
            nonce,
            manifest,
            asked,
            envelopes,
            digest: Digest::of(&[]),
        };
        let text = bundle.body()?;
        if text.len() > limits::ESCROW_LEN - END_LEN {
            let what = format!(
                "its envelopes are more than the {} bytes of a bundle",
                limits::ESCROW_LEN
            );
            return Err(Error::usage(what).hint("name fewer PATHs, or take a `--sample N`"));
        }
        bundle.digest = Digest::of(text.as_bytes());
        bundle.flaw().map_or(Ok(bundle), |flaw| Err(Error::usage(flaw)))
    }

    /// Reads a bundle. `file` is the name that messages use.
    ///
    /// # Errors
    /// Damaged data on `file:line` for everything that docs/escrow-drills.md forbids.
    pub fn parse(text: &str, file: &str) -> Result<Self> {
        let mut lines = Lines::new(text, file)?;
        let head: HeadLine = lines.first(|claim: &Claim| claim.escrow_bundle, "escrow bundle")?;
        let nonce = array_of(&head.nonce).map_err(|why| lines.damaged(why.what()))?;
        let manifest = head.manifest.as_deref().map(str::parse::<Digest>).transpose();
        let manifest = manifest.map_err(|why| lines.damaged(why.what()))?;
        let mut bundle = Self {
            made: head.made,
            nonce: Nonce(nonce),
            manifest,
            asked: Vec::new(),
            envelopes: Vec::new(),
            digest: Digest::of(&[]),
        };
        for _ in 0..head.recipients {
            let asked = lines.next().and_then(|line: AskedLine| line.read());
            bundle.asked.push(asked.map_err(|why| on_line(&lines, why))?);
        }
        for _ in 0..head.envelopes {
            let envelope = lines.next().and_then(|line: EnvelopeLine| line.read());
            bundle
                .envelopes
                .push(envelope.map_err(|why| on_line(&lines, why))?);
        }
        bundle.digest = Digest::of(lines.so_far().as_bytes());
        let end: EndLine = lines.next()?;
        if end.digest != bundle.digest.to_string() {
            return Err(lines.damaged("its digest does not fit: it was changed or cut"));
        }
        lines.end()?;
        bundle
            .flaw()
            .map_or(Ok(bundle), |flaw| Err(Error::damaged(flaw).on(file)))
    }

    /// The text that [`Self::parse`] reads.
    ///
    /// # Errors
    /// Only a bug.
    pub fn encode(&self) -> Result<String> {
        let mut text = self.body()?;
        let digest = self.digest.to_string();
        push(&mut text, &EndLine { digest })?;
        Ok(text)
    }

    /// Everything but the last line.
    fn body(&self) -> Result<String> {
        let mut text = String::new();
        push(
            &mut text,
            &HeadLine {
                escrow_bundle: VERSION,
                made: self.made,
                nonce: text_of(&self.nonce.0),
                manifest: self.manifest.map(|digest| digest.to_string()),
                recipients: self.asked.len(),
                envelopes: self.envelopes.len(),
            },
        )?;
        for asked in &self.asked {
            push(&mut text, &AskedLine::of(asked))?;
        }
        for envelope in &self.envelopes {
            push(&mut text, &EnvelopeLine::of(envelope))?;
        }
        Ok(text)
    }

    /// What no bundle may be, whoever makes it.
    fn flaw(&self) -> Option<&'static str> {
        if self.asked.is_empty() {
            return Some("it asks no recipient");
        }
        if self.envelopes.is_empty() {
            return Some("it has no envelope");
        }
        if !self.asked.is_sorted_by(|a, b| a.recipient < b.recipient) {
            return Some("its recipients are not in order, or one is there twice");
        }
        None
    }

    /// When it was made, by the clock of whoever asks: a report that answers it was made later.
    pub fn made(&self) -> Timestamp {
        self.made
    }

    /// What tells it from every other.
    pub fn nonce(&self) -> &Nonce {
        &self.nonce
    }

    /// The digest of the manifest whose rules chose the envelopes.
    pub fn manifest(&self) -> Option<Digest> {
        self.manifest
    }

    /// The recipients, in their order.
    pub fn asked(&self) -> &[Asked] {
        &self.asked
    }

    /// The envelopes.
    pub fn envelopes(&self) -> &[Escrowed] {
        &self.envelopes
    }

    /// The digest of everything before the last line, which is that digest.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The wraps that it asks about: envelope by envelope, in the order in which they stand there.
    pub fn wraps(&self) -> impl Iterator<Item = WrapAsked<'_>> {
        let places: BTreeMap<&str, usize> = self
            .asked
            .iter()
            .enumerate()
            .map(|(place, asked)| (asked.recipient.as_str(), place))
            .collect();
        self.envelopes.iter().flat_map(move |envelope| {
            let asked = |wrap| {
                Some(WrapAsked {
                    envelope,
                    recipient: *places.get(escrow_recipient(wrap)?)?,
                    wrap,
                })
            };
            envelope
                .header
                .wraps()
                .iter()
                .filter_map(asked)
                .collect::<Vec<_>>()
        })
    }
}

/// The recipient of an age wrap that holds a data key.
fn escrow_recipient(wrap: &Wrap) -> Option<&str> {
    (wrap.kind == WrapKind::Age && !wrap.is_missing()).then_some(wrap.key.as_str())
}

fn on_line(lines: &Lines<'_>, why: Error) -> Error {
    if why.resource().is_some() {
        return why;
    }
    lines.damaged(why.what())
}

impl AskedLine {
    fn of(asked: &Asked) -> Self {
        Self {
            recipient: asked.recipient.to_string(),
            challenge: text_of(&asked.challenge),
            check: asked.check.to_string(),
        }
    }

    fn read(self) -> Result<Asked> {
        let challenge = bytes_of(&self.challenge)?;
        if challenge.is_empty() || challenge.len() > limits::WRAPPED_LEN {
            return Err(Error::damaged("a challenge of a length that none has"));
        }
        Ok(Asked {
            recipient: self
                .recipient
                .parse()
                .map_err(|_| Error::damaged("not an age recipient"))?,
            challenge,
            check: self.check.parse()?,
        })
    }
}

impl EnvelopeLine {
    fn of(envelope: &Escrowed) -> Self {
        Self {
            envelope: envelope.name.clone(),
            header: text_of(&envelope.header.encode()),
            body: text_of(&envelope.head),
        }
    }

    fn read(self) -> Result<Escrowed> {
        if self.envelope.is_empty() || self.envelope.len() > limits::ESCROW_NAME_LEN {
            return Err(Error::damaged("a name of a length that none has"));
        }
        Ok(Escrowed {
            header: Header::parse(&bytes_of(&self.header)?)?,
            head: array_of(&self.body)?,
            name: self.envelope,
        })
    }
}
