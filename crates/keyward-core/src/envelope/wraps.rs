//! Wraps: one data key, encrypted once for each key that may open the envelope.

use std::collections::BTreeSet;

use super::keys::fingerprint;
use super::section::{Cursor, Section, put_field};
use crate::error::Result;
use crate::limits;
use crate::name::{AgeRecipient, KeyRef, Provider};

/// Length of the MAC that ends the wraps section, in bytes.
pub(super) const MAC_LEN: usize = 32;
/// Shortest wraps section, in bytes: one wrap with one byte of provider, of key and of wrapped data key.
pub(super) const LEN_MIN: usize = 1 + 2 + 5 * 2 + 3 + MAC_LEN;

/// How a data key was wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WrapKind {
    /// Encrypted by a key management service under one of its keys, with the binding as additional authenticated data.
    Kms = 1,
    /// Encrypted by age: a binary age file by itself, with the 32 bytes of the data key as its content.
    Age = 2,
}

/// One wrapped data key and the key that it is wrapped under.
///
/// Everything but `wrapped` is the writer's claim. The MAC of the header makes it as trustworthy as everybody who can
/// open the envelope, and no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrap {
    /// How it was wrapped.
    pub kind: WrapKind,
    /// Who holds the key: `gcp-kms`, `embedded-kms`, `age`, or one that this release does not know.
    pub provider: String,
    /// The location of the key; empty for age.
    pub location: String,
    /// The full name of the key; for age the recipient, or its fingerprint when the recipient is longer than 1024 bytes.
    pub key: String,
    /// The key version in decimal, or empty when the provider did not tell: then it counts as a use of every version.
    pub version: String,
    /// The wrapped data key; empty when this wrap is wanted and missing, so that the envelope asks for repair.
    pub wrapped: Vec<u8>,
}

impl Wrap {
    /// A wrap under a KMS key. `wrapped` is empty when it is wanted and missing.
    pub fn kms(key: &KeyRef, version: Option<u64>, wrapped: Vec<u8>) -> Self {
        Self {
            kind: WrapKind::Kms,
            provider: key.provider.id().to_owned(),
            location: key.name.location().to_string(),
            key: key.name.to_string(),
            version: version.map(|number| number.to_string()).unwrap_or_default(),
            wrapped,
        }
    }

    /// A wrap for an age recipient. `wrapped` is empty when it is wanted and missing.
    pub fn age(recipient: &AgeRecipient, wrapped: Vec<u8>) -> Self {
        Self {
            kind: WrapKind::Age,
            provider: Provider::Age.id().to_owned(),
            location: String::new(),
            key: age_key_name(recipient.as_str()),
            version: String::new(),
            wrapped,
        }
    }

    /// Whether this wrap is wanted and missing.
    pub fn is_missing(&self) -> bool {
        self.wrapped.is_empty()
    }

    /// The KMS key, parsed character by character. `None` for age, for a provider that this release does not know, for
    /// a name that its provider would not accept, and for a name in another location than the wrap's `location`:
    /// such a wrap is never tried, and matches no pattern of keys that may be asked.
    pub fn key_ref(&self) -> Option<KeyRef> {
        let holds_keys = |provider: &Provider| self.kind == WrapKind::Kms && *provider != Provider::Age;
        let provider = Provider::from_id(&self.provider).filter(holds_keys)?;
        let name = self.key.parse().ok()?;
        Some(KeyRef { provider, name }).filter(|key| key.name.location().as_str() == self.location)
    }

    /// The number of the key version, when the wrap names one in its canonical form.
    pub fn version_number(&self) -> Option<u64> {
        let number: u64 = self.version.parse().ok()?;
        Some(number).filter(|n| *n > 0 && n.to_string() == self.version)
    }

    /// Whether this is the wrap for `recipient`.
    pub fn is_for(&self, recipient: &AgeRecipient) -> bool {
        self.kind == WrapKind::Age && self.key == age_key_name(recipient.as_str())
    }

    /// What makes two wraps the same one, whatever is in them.
    fn identity(&self) -> (WrapKind, &str, &str, &str) {
        (self.kind, &self.provider, &self.location, &self.key)
    }

    fn encode_into(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[self.kind as u8, GROUP]);
        for field in [&self.provider, &self.location, &self.key, &self.version] {
            put_field(out, field.as_bytes());
        }
        put_field(out, &self.wrapped);
    }
}

/// Reserved for threshold schemes.
const GROUP: u8 = 0;

pub(super) fn age_key_name(recipient: &str) -> String {
    if recipient.len() > limits::KEY_NAME_LEN {
        fingerprint(recipient)
    } else {
        recipient.to_owned()
    }
}

/// Parses a wraps section without its MAC.
pub(super) fn parse(bytes: &[u8]) -> Result<Vec<Wrap>> {
    let mut cursor = Cursor::new(bytes, Section::Wraps);
    let count = cursor.byte()?;
    let wraps: Vec<Wrap> = (0..count)
        .map(|_| parse_one(&mut cursor))
        .collect::<Result<_>>()?;
    cursor.end()?;
    match flaw(&wraps) {
        None => Ok(wraps),
        Some(flaw) => Err(Section::Wraps.damaged(flaw)),
    }
}

fn parse_one(cursor: &mut Cursor<'_>) -> Result<Wrap> {
    let kind = match cursor.byte()? {
        1 => WrapKind::Kms,
        2 => WrapKind::Age,
        other => return Err(Section::Wraps.damaged(format_args!("{other} is not a kind of wrap"))),
    };
    if cursor.byte()? != GROUP {
        return Err(Section::Wraps.damaged("a group other than 0 is reserved"));
    }
    Ok(Wrap {
        kind,
        provider: cursor.text("a provider", limits::PROVIDER_LEN)?.to_owned(),
        location: cursor.text("a location", limits::LOCATION_LEN)?.to_owned(),
        key: cursor.text("a key name", limits::KEY_NAME_LEN)?.to_owned(),
        version: cursor.text("a key version", limits::KEY_VERSION_LEN)?.to_owned(),
        wrapped: cursor.field("a wrapped data key", limits::WRAPPED_LEN)?.to_vec(),
    })
}

/// Encodes a wraps section without its MAC.
///
/// # Errors
/// A usage error when the wraps may not stand in one envelope.
pub(super) fn encode(wraps: &[Wrap]) -> Result<Vec<u8>> {
    if let Some(flaw) = flaw(wraps) {
        return Err(Section::Wraps.unusable(flaw));
    }
    let count = u8::try_from(wraps.len()).map_err(|_| Section::Wraps.unusable(TOO_MANY))?;
    let mut out = vec![count];
    for wrap in wraps {
        wrap.encode_into(&mut out);
    }
    if out.len() + MAC_LEN > limits::WRAPS_LEN {
        return Err(Section::Wraps.unusable(format_args!("longer than {} bytes", limits::WRAPS_LEN)));
    }
    Ok(out)
}

const TOO_MANY: &str = "more than 255 wraps";

/// What the format forbids about these wraps, whoever made them.
fn flaw(wraps: &[Wrap]) -> Option<String> {
    if wraps.iter().all(Wrap::is_missing) {
        return Some("no wrap holds a data key".to_owned());
    }
    if wraps.len() > limits::WRAPS {
        return Some(TOO_MANY.to_owned());
    }
    let mut seen = BTreeSet::new();
    wraps.iter().find_map(|wrap| {
        if seen.insert(wrap.identity()) {
            flaw_of_one(wrap)
        } else {
            Some(format!("two wraps for one key, {}", wrap.key.escape_debug()))
        }
    })
}

fn flaw_of_one(wrap: &Wrap) -> Option<String> {
    let caps = [
        ("provider", &wrap.provider, limits::PROVIDER_LEN),
        ("location", &wrap.location, limits::LOCATION_LEN),
        ("key name", &wrap.key, limits::KEY_NAME_LEN),
        ("key version", &wrap.version, limits::KEY_VERSION_LEN),
    ];
    for (what, text, max) in caps {
        if text.len() > max || !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Some(format!("a {what} is not at most {max} bytes of visible ASCII"));
        }
    }
    if wrap.provider.is_empty() || wrap.key.is_empty() {
        return Some("a wrap without provider or key name".to_owned());
    }
    if wrap.wrapped.len() > limits::WRAPPED_LEN {
        return Some(format!("a wrapped data key of {} bytes", wrap.wrapped.len()));
    }
    let is_age = wrap.provider == Provider::Age.id();
    let age_has_more = is_age && !(wrap.location.is_empty() && wrap.version.is_empty());
    if is_age != (wrap.kind == WrapKind::Age) || age_has_more {
        return Some(
            "a wrap of kind 2 has provider `age` and no location or version, and no other wrap has"
                .to_owned(),
        );
    }
    None
}
