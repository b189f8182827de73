//! Checksums of contents: CRC32C and MD5, as the service tells them and as clients send them along.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::ask::Ask;
use super::refusal::Refusal;

/// Both checksums of one content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hashes {
    pub(crate) crc32c: u32,
    pub(crate) md5: [u8; 16],
}

/// Checksums that the client sent along.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Expected {
    crc32c: Option<String>,
    md5: Option<String>,
}

impl Hashes {
    /// Those of `content`.
    pub(crate) fn of(content: &[u8]) -> Self {
        Self {
            crc32c: crc32c::crc32c(content),
            md5: Md5::digest(content).into(),
        }
    }

    /// Big-endian, in base64.
    pub(crate) fn crc32c_text(&self) -> String {
        STANDARD.encode(self.crc32c.to_be_bytes())
    }

    /// In base64.
    pub(crate) fn md5_text(&self) -> String {
        STANDARD.encode(self.md5)
    }

    /// As the key machine keeps them, with the data key.
    pub(crate) fn to_bytes(self) -> [u8; 20] {
        let mut bytes = [0; 20];
        bytes[..4].copy_from_slice(&self.crc32c.to_be_bytes());
        bytes[4..].copy_from_slice(&self.md5);
        bytes
    }

    /// Back from [`Self::to_bytes`].
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (crc32c, md5) = bytes.split_first_chunk::<4>()?;
        Some(Self {
            crc32c: u32::from_be_bytes(*crc32c),
            md5: md5.try_into().ok()?,
        })
    }
}

impl Expected {
    /// What headers and metadata say.
    pub(crate) fn of(ask: &Ask, metadata: &Map<String, Value>) -> Self {
        let text = |name| metadata.get(name).and_then(Value::as_str).map(str::to_owned);
        let mut expected = Self {
            crc32c: text("crc32c"),
            md5: text("md5Hash"),
        };
        expected.add(ask);
        expected
    }

    /// What the headers of a further request say.
    pub(crate) fn add(&mut self, ask: &Ask) {
        let hashes = ask.headers.get_all("x-goog-hash").iter();
        for hash in hashes
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
        {
            match hash.trim().split_once('=') {
                Some(("crc32c", value)) => self.crc32c = Some(value.to_owned()),
                Some(("md5", value)) => self.md5 = Some(value.to_owned()),
                _ => {}
            }
        }
        if let Some(md5) = ask.header("content-md5") {
            self.md5 = Some(md5.to_owned());
        }
    }

    /// Whether the content is what the client sent.
    ///
    /// # Errors
    /// 400, with both values.
    pub(crate) fn check(&self, hashes: &Hashes) -> Result<(), Refusal> {
        let crc32c = hashes.crc32c_text();
        if let Some(sent) = self.crc32c.as_deref().filter(|sent| *sent != crc32c) {
            let sent = shortened(sent);
            let message = format!("Provided CRC32C \"{sent}\" doesn't match calculated CRC32C \"{crc32c}\".");
            return Err(Refusal::invalid(message).code("CrcMismatch"));
        }
        let md5 = hashes.md5_text();
        if let Some(sent) = self.md5.as_deref().filter(|sent| *sent != md5) {
            let sent = shortened(sent);
            let message =
                format!("Provided MD5 hash \"{sent}\" doesn't match calculated MD5 hash \"{md5}\".");
            return Err(Refusal::invalid(message).code("BadDigest"));
        }
        Ok(())
    }
}

/// What a client sent, no longer than an error should be.
fn shortened(text: &str) -> String {
    text.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_the_published_ones() {
        let hashes = Hashes::of(b"123456789");
        assert_eq!(hashes.crc32c, 0xe306_9283, "check value of CRC-32C, RFC 3720");
        assert_eq!(Hashes::of(b"").md5_text(), "1B2M2Y8AsgTpgAmY7PhCfg==", "RFC 1321");
        assert_eq!(Hashes::from_bytes(&hashes.to_bytes()), Some(hashes));
    }
}
