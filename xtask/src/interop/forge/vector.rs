//! One test vector: an envelope, what its reader is given beside it, and the result that the reader must reach.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use keyward_core::error::{Error, Result};
use ring::digest;
use serde_json::{Map, Value, json};

use super::envelope::{ForgedWrap, Plan, Sections};
use super::seed::Seed;

/// What a key of the KMS in a vector answers: only to this ciphertext with this additional authenticated data.
pub struct Answer {
    key: String,
    wrapped: Vec<u8>,
    aad: Vec<u8>,
    plaintext: Vec<u8>,
}

/// A vector in the making.
pub struct Vector {
    name: &'static str,
    musts: &'static [&'static str],
    about: &'static str,
    seed: Seed,
    /// What the envelope is made from.
    pub plan: Plan,
    /// Context pairs that the caller expects.
    pub expected: Vec<(&'static str, &'static str)>,
    /// Keys that the KMS answers for; the caller permits them all unless [`Vector::forbid`] says otherwise.
    answers: Vec<Answer>,
    forbidden: Vec<String>,
    permitted: Vec<String>,
    identities: Vec<&'static str>,
    detached: Option<Vec<u8>>,
    input: Option<Value>,
    max_text: Option<usize>,
    opened_by: (&'static str, usize),
}

impl Vector {
    /// A sound envelope with this content, no pair and no wrap, drawn from the seed `name`.
    pub fn new(name: &'static str, musts: &'static [&'static str], about: &'static str) -> Self {
        Self::seeded(Seed::new(name), name, musts, about)
    }

    /// [`Self::new`] from a given seed.
    pub fn seeded(
        mut seed: Seed,
        name: &'static str,
        musts: &'static [&'static str],
        about: &'static str,
    ) -> Self {
        let plan = Plan::new(&mut seed, b"attack at dawn");
        Self {
            name,
            musts,
            about,
            seed,
            plan,
            expected: Vec::new(),
            answers: Vec::new(),
            forbidden: Vec::new(),
            permitted: Vec::new(),
            identities: Vec::new(),
            detached: None,
            input: None,
            max_text: None,
            opened_by: ("embedded", 0),
        }
    }

    /// Adds a context pair.
    pub fn pair(mut self, name: &str, value: &str) -> Self {
        self.plan.pairs.push((name.into(), value.into()));
        self
    }

    /// Demands a context pair.
    pub fn expect(mut self, name: &'static str, value: &'static str) -> Self {
        self.expected.push((name, value));
        self
    }

    /// `len` bytes of content.
    pub fn content(mut self, len: usize) -> Self {
        self.plan.content = (0..len).map(|at| (at % 251).to_be_bytes()[7]).collect();
        self
    }

    /// Changes what the envelope is made from.
    pub fn plan(mut self, edit: impl FnOnce(&mut Plan)) -> Self {
        edit(&mut self.plan);
        self
    }

    /// A wrap under `key` that its KMS opens. Add it when the core is as it shall be.
    pub fn wrap(self, key: &Key) -> Self {
        let answer = self.plan.key.to_vec();
        self.wrap_that_answers(key, answer)
    }

    /// A wrap under `key` for which the KMS answers `plaintext`.
    pub fn wrap_that_answers(self, key: &Key, plaintext: Vec<u8>) -> Self {
        let mut this = self.refused_wrap(key);
        let wrapped = this
            .plan
            .wraps
            .last()
            .map(|wrap| wrap.wrapped.clone())
            .unwrap_or_default();
        this.answers.push(Answer {
            key: key.uri(),
            wrapped,
            aad: this.aad(),
            plaintext,
        });
        this
    }

    /// A wrap that the KMS does not open.
    pub fn refused_wrap(mut self, key: &Key) -> Self {
        let wrapped = self.seed.bytes(64);
        self.plan.wraps.push(key.wrap(wrapped));
        self
    }

    /// Any wrap at all.
    pub fn raw_wrap(mut self, wrap: ForgedWrap) -> Self {
        self.plan.wraps.push(wrap);
        self
    }

    /// The KMS would answer for this key, but the caller does not permit it.
    pub fn forbid(mut self, key: &Key) -> Self {
        self.forbidden.push(key.uri());
        self
    }

    /// The caller permits every key that a wrap names, whether or not the KMS answers for it.
    pub fn permit_all(mut self) -> Self {
        let uri = |wrap: &ForgedWrap| {
            let [provider, key] = [&wrap.provider, &wrap.key].map(|field| String::from_utf8_lossy(field));
            format!("{provider}://{key}")
        };
        self.permitted.extend(self.plan.wraps.iter().map(uri));
        self
    }

    /// Gives the reader an age identity.
    pub fn identity(mut self, identity: &'static str) -> Self {
        self.identities.push(identity);
        self
    }

    /// Puts `header` beside the envelope as its detached wraps, and has the KMS answer for the wraps of `other` too.
    pub fn detached(self, header: Vec<u8>, other: Self) -> Self {
        let mut this = self.answers_of(other);
        this.detached = Some(header);
        this
    }

    /// Has the KMS answer for the wraps of `other` too.
    pub fn answers_of(mut self, other: Self) -> Self {
        self.answers.extend(other.answers);
        self
    }

    /// Which wrap opens a valid one: the first embedded one unless said otherwise.
    pub fn by(mut self, wraps: &'static str, index: usize) -> Self {
        self.opened_by = (wraps, index);
        self
    }

    /// The envelope of the plan.
    pub fn sealed(&self) -> Result<Sections> {
        self.plan
            .seal()
            .map_err(|_| Error::bug("a vector could not be sealed").on(self.name))
    }

    /// Seals, and then changes the sections.
    pub fn edit(self, edit: impl FnOnce(&mut Sections)) -> Result<Self> {
        let mut sections = self.sealed()?;
        edit(&mut sections);
        Ok(self.binary(&sections.bytes()))
    }

    /// Exactly these bytes instead of the envelope.
    pub fn binary(mut self, bytes: &[u8]) -> Self {
        self.input = Some(json!({ "envelope": STANDARD.encode(bytes) }));
        self
    }

    /// The text form, changed by `edit`.
    pub fn text(mut self, edit: impl FnOnce(String) -> String) -> Result<Self> {
        let text = format!("kw1.{}", URL_SAFE_NO_PAD.encode(self.sealed()?.bytes()));
        self.input = Some(json!({ "text": edit(text) }));
        Ok(self)
    }

    /// The longest text form that the reader takes.
    pub fn max_text(mut self, len: usize) -> Self {
        self.max_text = Some(len);
        self
    }

    /// AAD = "keyward/wrap/v1" ‖ H.
    fn aad(&self) -> Vec<u8> {
        [b"keyward/wrap/v1", &self.plan.binding()[..]].concat()
    }

    /// The vector as its JSON object; `valid` adds what it opens to.
    pub fn to_json(&self, valid: bool) -> Result<Value> {
        let mut object = Map::new();
        let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
        put("name", json!(self.name));
        put("musts", json!(self.musts));
        put("about", json!(self.about));
        if !self.expected.is_empty() {
            put(
                "expected_context",
                json!(
                    self.expected
                        .iter()
                        .copied()
                        .collect::<std::collections::BTreeMap<_, _>>()
                ),
            );
        }
        put("permitted", json!(self.permitted()));
        put("kms", self.answers.iter().map(Answer::to_json).collect());
        put("identities", json!(self.identities));
        if let Some(max) = self.max_text {
            put("max_text", json!(max));
        }
        if let Some(detached) = &self.detached {
            put("detached", json!(STANDARD.encode(detached)));
        }
        if valid {
            put("opens", self.opens());
        }
        let input = match &self.input {
            Some(input) => input.clone(),
            None => json!({ "envelope": STANDARD.encode(self.sealed()?.bytes()) }),
        };
        object.extend(input.as_object().cloned().unwrap_or_default());
        Ok(Value::Object(object))
    }

    fn permitted(&self) -> Vec<&str> {
        let answering = self.answers.iter().map(|answer| answer.key.as_str());
        let mut keys: Vec<&str> = answering
            .chain(self.permitted.iter().map(String::as_str))
            .collect();
        keys.retain(|key| !self.forbidden.iter().any(|forbidden| forbidden == key));
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    fn opens(&self) -> Value {
        let hash = digest::digest(&digest::SHA512, &self.plan.content);
        json!({
            "wraps": self.opened_by.0,
            "index": self.opened_by.1,
            "content_len": self.plan.content.len(),
            "content_sha512": STANDARD.encode(hash),
        })
    }
}

impl Answer {
    fn to_json(&self) -> Value {
        json!({
            "key": self.key,
            "wrapped": STANDARD.encode(&self.wrapped),
            "aad": STANDARD.encode(&self.aad),
            "plaintext": STANDARD.encode(&self.plaintext),
        })
    }
}

/// A KMS key that vectors use.
#[derive(Clone, Copy)]
pub struct Key {
    pub provider: &'static str,
    pub location: &'static str,
    pub name: &'static str,
}

impl Key {
    /// `PROVIDER://NAME`.
    pub fn uri(&self) -> String {
        format!("{}://{}", self.provider, self.name)
    }

    /// A wrap under version 1 of this key.
    pub fn wrap(&self, wrapped: Vec<u8>) -> ForgedWrap {
        ForgedWrap {
            kind: 1,
            group: 0,
            provider: self.provider.into(),
            location: self.location.into(),
            key: self.name.into(),
            version: b"1".to_vec(),
            wrapped,
        }
    }
}
