//! The report: what the offline machine found, and the proof that it did.

use std::collections::BTreeMap;

use ring::{digest, hmac};
use serde::{Deserialize, Serialize};

use super::bundle::Bundle;
use super::digest::Digest;
use super::lines::{Lines, VERSION, array_of, push, text_of};
use super::proof::{Nonce, mac_key};
use crate::clock::Timestamp;
use crate::envelope::Binding;
use crate::error::{Error, Result};
use crate::limits;
use crate::name::AgeRecipient;
use crate::secret::DataKey;

/// What a drill found, before it is proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    bundle: Digest,
    nonce: Nonce,
    made: Timestamp,
    /// When the drill was, by the clock of the offline machine, which nobody vouches for.
    pub drilled: Timestamp,
    /// The recipients whose identity was there, and what it answered.
    pub answers: Vec<Answer>,
    /// One for each wrap of those recipients, in the order of [`Bundle::wraps`].
    pub results: Vec<Tried>,
}

/// What the identity of a recipient answered to its challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The recipient.
    pub recipient: AgeRecipient,
    /// [`super::answer_to`] its challenge.
    pub answer: [u8; 32],
}

/// What trying one wrap gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// The envelope's name in the bundle.
    pub envelope: String,
    /// The digest of its header.
    pub header: Digest,
    /// The place of the recipient in [`Statement::answers`].
    pub recipient: usize,
    /// Why it did not open; `None` when it did.
    pub failed: Option<String>,
}

/// The data key of an envelope that opened.
pub struct Key {
    /// The digest of its header.
    pub header: Digest,
    /// What the header binds to.
    pub binding: Binding,
    /// The key.
    pub key: DataKey,
}

/// A statement, with a MAC over all of it for each envelope that opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    statement: Statement,
    digest: [u8; 64],
    macs: BTreeMap<Digest, [u8; 32]>,
}

#[derive(Deserialize)]
struct Claim {
    escrow_report: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeadLine {
    escrow_report: u32,
    bundle: String,
    nonce: String,
    made: Timestamp,
    drilled: Timestamp,
    answers: usize,
    results: usize,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AnswerLine {
    recipient: String,
    answer: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TriedLine {
    envelope: String,
    header: String,
    recipient: usize,
    failed: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MacLine {
    header: String,
    mac: String,
}

impl Statement {
    /// What was found when `bundle` was drilled.
    pub fn new(bundle: &Bundle, drilled: Timestamp, answers: Vec<Answer>, results: Vec<Tried>) -> Self {
        Self {
            bundle: bundle.digest(),
            nonce: *bundle.nonce(),
            made: bundle.made(),
            drilled,
            answers,
            results: results.into_iter().map(Tried::capped).collect(),
        }
    }

    fn encode(&self) -> Result<String> {
        let mut text = String::new();
        push(
            &mut text,
            &HeadLine {
                escrow_report: VERSION,
                bundle: self.bundle.to_string(),
                nonce: text_of(&self.nonce.0),
                made: self.made,
                drilled: self.drilled,
                answers: self.answers.len(),
                results: self.results.len(),
            },
        )?;
        for answer in &self.answers {
            push(&mut text, &AnswerLine::of(answer))?;
        }
        for tried in &self.results {
            push(&mut text, &TriedLine::of(tried))?;
        }
        Ok(text)
    }

    /// The headers that opened, each once.
    fn opened(&self) -> BTreeMap<Digest, ()> {
        let opened = self.results.iter().filter(|tried| tried.failed.is_none());
        opened.map(|tried| (tried.header, ())).collect()
    }
}

impl Report {
    /// Proves `statement` with the data key of each envelope that opened.
    ///
    /// # Errors
    /// A bug, when a key is missing.
    pub fn sign(statement: Statement, keys: &[Key]) -> Result<Self> {
        let digest = digest_of(&statement.encode()?);
        let keys: BTreeMap<Digest, &Key> = keys.iter().map(|key| (key.header, key)).collect();
        let mut macs = BTreeMap::new();
        for header in statement.opened().into_keys() {
            let key = keys
                .get(&header)
                .ok_or_else(|| Error::bug("an envelope opened, and its key is not there"))?;
            let tag = hmac::sign(&mac_key(&key.binding, &key.key)?, &digest);
            let mut mac = [0; 32];
            mac.copy_from_slice(tag.as_ref());
            macs.insert(header, mac);
        }
        Ok(Self {
            statement,
            digest,
            macs,
        })
    }

    /// Reads a report. `file` is the name that messages use. Nothing in it is proven before [`Self::is_proven_by`].
    ///
    /// # Errors
    /// Damaged data on `file:line` for everything that docs/escrow-drills.md forbids.
    pub fn parse(text: &str, file: &str) -> Result<Self> {
        let mut lines = Lines::new(text, file)?;
        let head: HeadLine = lines.first(|claim: &Claim| claim.escrow_report, "report of an escrow drill")?;
        let mut statement = head.read().map_err(|why| lines.damaged(why.what()))?;
        for _ in 0..head.answers {
            let line: AnswerLine = lines.next()?;
            let answer = line.read().map_err(|why| lines.damaged(why.what()))?;
            statement.answers.push(answer);
        }
        for _ in 0..head.results {
            let line: TriedLine = lines.next()?;
            let tried = line.read(head.answers).map_err(|why| lines.damaged(why.what()))?;
            statement.results.push(tried);
        }
        let digest = digest_of(lines.so_far());
        let mut macs = statement.opened().into_keys().map(|header| {
            let line: MacLine = lines.next()?;
            let mac = array_of(&line.mac).map_err(|why| lines.damaged(why.what()))?;
            if line.header != header.to_string() {
                return Err(lines.damaged("not the MAC of the envelope that comes next"));
            }
            Ok((header, mac))
        });
        let macs = macs.by_ref().collect::<Result<_>>()?;
        lines.end()?;
        Ok(Self {
            statement,
            digest,
            macs,
        })
    }

    /// The text that [`Self::parse`] reads.
    ///
    /// # Errors
    /// Only a bug.
    pub fn encode(&self) -> Result<String> {
        let mut text = self.statement.encode()?;
        for (header, mac) in &self.macs {
            let (header, mac) = (header.to_string(), text_of(mac));
            push(&mut text, &MacLine { header, mac })?;
        }
        Ok(text)
    }

    /// What it states.
    pub fn statement(&self) -> &Statement {
        &self.statement
    }

    /// The digest of the bundle that it says it answers.
    pub fn bundle(&self) -> Digest {
        self.statement.bundle
    }

    /// Checks all that can be checked without a data key: that it answers `bundle`, that whoever made it had the
    /// identities, and that it has a result for each wrap of theirs, no more and no fewer.
    ///
    /// # Errors
    /// A refusal when it answers another bundle; damaged data when it was put together in another way than by a drill.
    pub fn answers(&self, bundle: &Bundle) -> Result<()> {
        let own = &self.statement;
        if (own.bundle, own.nonce, own.made) != (bundle.digest(), *bundle.nonce(), bundle.made()) {
            return Err(Error::refused("it answers another bundle"));
        }
        let mut places = BTreeMap::new();
        for (place, answer) in own.answers.iter().enumerate() {
            places.insert(place_of(bundle, answer)?, place);
        }
        if places.len() != own.answers.len() {
            return Err(Error::damaged("a recipient answers twice"));
        }
        let expected = bundle.wraps().filter_map(|asked| {
            let recipient = *places.get(&asked.recipient)?;
            Some((
                &asked.envelope.name,
                Digest::of_header(&asked.envelope.header),
                recipient,
            ))
        });
        let given = own
            .results
            .iter()
            .map(|tried| (&tried.envelope, tried.header, tried.recipient));
        if !expected.eq(given) {
            return Err(Error::damaged(
                "its results are not for the wraps that were asked about: some were left out, added or changed",
            ));
        }
        Ok(())
    }

    /// Checks, in constant time, that whoever made the report had this data key, and that no byte of it was changed
    /// since by somebody who has not.
    ///
    /// # Errors
    /// Damaged data when that is not so.
    pub fn is_proven_by(&self, key: &Key) -> Result<()> {
        let forged = || {
            Error::damaged("its proof is wrong: whoever made it did not open the envelope, or it was changed")
        };
        let mac = self.macs.get(&key.header).ok_or_else(forged)?;
        hmac::verify(&mac_key(&key.binding, &key.key)?, &self.digest, mac).map_err(|_| forged())
    }
}

/// Where the recipient stands in the bundle, when its answer is right.
fn place_of(bundle: &Bundle, answer: &Answer) -> Result<usize> {
    let recipient = &answer.recipient;
    let mut asked = bundle.asked().iter().enumerate();
    let found = asked.find(|(_, asked)| asked.recipient == *recipient);
    let (place, asked) =
        found.ok_or_else(|| Error::damaged(format!("it answers for {recipient}, which was not asked")))?;
    if !asked.is_answered_by(&answer.answer) {
        let what = format!("its answer for {recipient} is not the one that this recipient's identity gives");
        return Err(Error::damaged(what));
    }
    Ok(place)
}

fn digest_of(statement: &str) -> [u8; 64] {
    let mut value = [0; 64];
    value.copy_from_slice(digest::digest(&digest::SHA512, statement.as_bytes()).as_ref());
    value
}

impl Tried {
    /// A reason, no longer than a report holds.
    fn capped(mut self) -> Self {
        if let Some(why) = &mut self.failed {
            let end = why.floor_char_boundary(limits::ESCROW_WHY_LEN);
            why.truncate(end);
        }
        self
    }
}

impl HeadLine {
    fn read(&self) -> Result<Statement> {
        Ok(Statement {
            bundle: self.bundle.parse()?,
            nonce: Nonce(array_of(&self.nonce)?),
            made: self.made,
            drilled: self.drilled,
            answers: Vec::new(),
            results: Vec::new(),
        })
    }
}

impl AnswerLine {
    fn of(answer: &Answer) -> Self {
        Self {
            recipient: answer.recipient.to_string(),
            answer: text_of(&answer.answer),
        }
    }

    fn read(self) -> Result<Answer> {
        let recipient = self.recipient.parse();
        Ok(Answer {
            recipient: recipient.map_err(|_| Error::damaged("not an age recipient"))?,
            answer: array_of(&self.answer)?,
        })
    }
}

impl TriedLine {
    fn of(tried: &Tried) -> Self {
        Self {
            envelope: tried.envelope.clone(),
            header: tried.header.to_string(),
            recipient: tried.recipient,
            failed: tried.failed.clone(),
        }
    }

    fn read(self, answers: usize) -> Result<Tried> {
        let why_len = self.failed.as_ref().map_or(0, String::len);
        if self.recipient >= answers {
            return Err(Error::damaged("a result for a recipient that does not answer"));
        }
        if self.envelope.len() > limits::ESCROW_NAME_LEN || why_len > limits::ESCROW_WHY_LEN {
            return Err(Error::damaged("a name or a reason of a length that none has"));
        }
        Ok(Tried {
            header: self.header.parse()?,
            envelope: self.envelope,
            recipient: self.recipient,
            failed: self.failed,
        })
    }
}
