//! The header: prefix, core, wraps and MAC, parsed strictly and encoded to the same bytes.

use ring::hmac;

use super::core_section::CoreSection;
use super::keys::Binding;
use super::prefix::{PREFIX_LEN, Prefix};
use super::section::Section;
use super::wraps::{self, MAC_LEN, Wrap};
use crate::context::EncryptionContext;
use crate::error::{Error, Result};
use crate::secret::DataKey;

/// A header whose form is right. Nothing in it is authenticated before [`Header::check_mac`].
#[derive(Clone)]
pub struct Header {
    core: CoreSection,
    core_bytes: Vec<u8>,
    wraps: Vec<Wrap>,
    wraps_bytes: Vec<u8>,
    mac: [u8; MAC_LEN],
}

impl Header {
    /// How many bytes the header has in all, prefix included: at most [`super::HEADER_LEN_MAX`].
    ///
    /// # Errors
    /// Damaged data when `prefix` is not one of an envelope of this format, or announces a section over its cap.
    pub fn total_len(prefix: &[u8; PREFIX_LEN]) -> Result<usize> {
        Ok(Prefix::parse(prefix)?.total_len())
    }

    /// Parses a header that is exactly `bytes`.
    ///
    /// # Errors
    /// Damaged data for everything that docs/format.md forbids; the message starts with the section it is in.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let Some((prefix, rest)) = bytes.split_first_chunk::<PREFIX_LEN>() else {
            return Err(Section::Prefix.damaged("the file ends inside it"));
        };
        let prefix = Prefix::parse(prefix)?;
        let (core_bytes, rest) = split(rest, prefix.core_len, Section::Core)?;
        let core = CoreSection::parse(core_bytes)?;
        let (wraps_bytes, rest) = split(rest, prefix.wraps_len, Section::Wraps)?;
        let Some((wraps_bytes, mac)) = wraps_bytes.split_last_chunk::<MAC_LEN>() else {
            return Err(Section::Wraps.damaged("no room for the MAC"));
        };
        let wraps = wraps::parse(wraps_bytes)?;
        if !rest.is_empty() {
            return Err(Section::Wraps.damaged(format_args!("{} bytes follow the header", rest.len())));
        }
        Ok(Self {
            core,
            core_bytes: core_bytes.to_vec(),
            wraps,
            wraps_bytes: wraps_bytes.to_vec(),
            mac: *mac,
        })
    }

    /// A header for `core` with `wraps`, authenticated under `key`.
    pub(super) fn seal(core: CoreSection, key: &DataKey, wraps: Vec<Wrap>) -> Result<Self> {
        let mut header = Self {
            core_bytes: core.encode()?,
            core,
            wraps_bytes: wraps::encode(&wraps)?,
            wraps,
            mac: [0; MAC_LEN],
        };
        let tag = hmac::sign(&header.binding().mac_key(key)?, &header.authenticated());
        header.mac.copy_from_slice(tag.as_ref());
        Ok(header)
    }

    /// The bytes that [`Self::parse`] reads.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = self.authenticated();
        bytes.extend_from_slice(&self.mac);
        bytes
    }

    /// Length of [`Self::encode`] in bytes: the body starts there.
    #[expect(clippy::len_without_is_empty, reason = "a header is never empty")]
    pub fn len(&self) -> usize {
        self.prefix().total_len()
    }

    /// The random id that makes every core unique.
    pub fn envelope_id(&self) -> &[u8; 32] {
        &self.core.envelope_id
    }

    /// The public pairs that wraps and body are bound to.
    pub fn context(&self) -> &EncryptionContext {
        &self.core.context
    }

    /// The wraps in the order in which they are stored: which is tried first is the reader's choice.
    pub fn wraps(&self) -> &[Wrap] {
        &self.wraps
    }

    /// What wraps and body are bound to.
    pub fn binding(&self) -> Binding {
        Binding::of(&self.core_bytes)
    }

    /// Checks, in constant time, that whoever last changed the wraps could open the envelope.
    ///
    /// Call it only with a data key that the commitment of the body has confirmed.
    ///
    /// # Errors
    /// Damaged data when the MAC is not the one that `key` makes.
    pub fn check_mac(&self, key: &DataKey) -> Result<()> {
        hmac::verify(&self.binding().mac_key(key)?, &self.authenticated(), &self.mac).map_err(|_| {
            Error::damaged(
                "the MAC of the wraps does not match: someone who cannot open this envelope changed them",
            )
        })
    }

    /// The same core with other wraps. The body stays as it is, and so does the data key: this does not revoke what
    /// the old wraps open.
    ///
    /// # Errors
    /// Damaged data when `key` does not confirm the MAC of this header; a usage error when `wraps` are none, too many,
    /// too long, or two for one key.
    pub fn replace_wraps(&self, key: &DataKey, wraps: Vec<Wrap>) -> Result<Self> {
        self.check_mac(key)?;
        Self::seal(self.core.clone(), key, wraps)
    }

    /// Whether `other` is a header of the same envelope: format, suite and core are the same bytes.
    pub fn has_same_core(&self, other: &Self) -> bool {
        // The bound part of the prefix is constant in this format: parsing has compared it.
        self.core_bytes == other.core_bytes
    }

    fn prefix(&self) -> Prefix {
        Prefix {
            core_len: self.core_bytes.len(),
            wraps_len: self.wraps_bytes.len() + MAC_LEN,
        }
    }

    /// Everything before the MAC.
    fn authenticated(&self) -> Vec<u8> {
        [&self.prefix().encode()[..], &self.core_bytes, &self.wraps_bytes].concat()
    }
}

fn split(bytes: &[u8], len: usize, section: Section) -> Result<(&[u8], &[u8])> {
    bytes
        .split_at_checked(len)
        .ok_or_else(|| section.damaged("the file ends inside it"))
}
