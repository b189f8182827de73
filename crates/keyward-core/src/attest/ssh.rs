//! Signatures as `ssh-keygen -Y sign` makes them (OpenSSH's PROTOCOL.sshsig), with Ed25519 keys.
//!
//! Parsed here, verified by `ring`. Another kind of key, a security key's included, is not taken.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, SHA512, digest};
use ring::signature::{ED25519, UnparsedPublicKey};

use crate::error::{Error, Result};

const KIND: &str = "ssh-ed25519";
const MAGIC: &[u8] = b"SSHSIG";
const VERSION: u32 = 1;
const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----";
const END: &str = "-----END SSH SIGNATURE-----";
/// Longest signature file, in bytes: one by an Ed25519 key has about 300.
const LONGEST: usize = 4096;

/// A public key that may attest, as in `ssh-ed25519 AAAA…` of a `.pub` file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Attester([u8; 32]);

impl FromStr for Attester {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let bad = || {
            Error::usage("it is no Ed25519 key of SSH")
                .hint("write it as in the `.pub` file: ssh-ed25519 AAAA…")
        };
        let mut words = text.split_ascii_whitespace();
        let (Some(KIND), Some(encoded)) = (words.next(), words.next()) else {
            return Err(bad());
        };
        let blob = STANDARD.decode(encoded).map_err(|_| bad())?;
        key_of(&blob).ok_or_else(bad)
    }
}

/// `ssh-ed25519 AAAA…`, without a comment.
impl fmt::Display for Attester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut blob = Vec::new();
        put(&mut blob, KIND.as_bytes());
        put(&mut blob, &self.0);
        write!(f, "{KIND} {}", STANDARD.encode(blob))
    }
}

/// Who of `attesters` signed `message` for `namespace`, as the armored `signature` says and proves.
///
/// # Errors
/// Why nobody did: the signature is none, is by another key, for another purpose, or of another message.
pub fn signer<'a>(
    message: &[u8],
    namespace: &str,
    signature: &str,
    attesters: &'a [Attester],
) -> std::result::Result<&'a Attester, String> {
    let blob = unarmored(signature).ok_or("its signature is none that `ssh-keygen -Y sign` makes")?;
    let parts = Parts::read(&blob).ok_or("its signature cannot be read, or is not by an Ed25519 key")?;
    let attester = attesters.iter().find(|known| **known == parts.signer);
    let attester =
        attester.ok_or("it is signed by a key that the manifest does not have under `attesters:`")?;
    if parts.namespace != namespace.as_bytes() {
        return Err(format!("it is signed for another purpose than {namespace}"));
    }
    let signed = parts
        .signed(message)
        .ok_or("its signature is over a digest that is not known")?;
    UnparsedPublicKey::new(&ED25519, &attester.0)
        .verify(&signed, parts.signature)
        .map_err(|_| {
            "its signature is that of another text: it was changed after it was signed".to_owned()
        })?;
    Ok(attester)
}

/// What a signature says about itself.
struct Parts<'a> {
    signer: Attester,
    namespace: &'a [u8],
    hash: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Parts<'a> {
    fn read(blob: &'a [u8]) -> Option<Self> {
        let (version, mut rest) = blob.strip_prefix(MAGIC)?.split_at_checked(4)?;
        if version != VERSION.to_be_bytes() {
            return None;
        }
        let signer = key_of(take(&mut rest)?)?;
        let namespace = take(&mut rest)?;
        let _reserved = take(&mut rest)?;
        let hash = take(&mut rest)?;
        let mut inner = take(&mut rest)?;
        let kind = take(&mut inner)?;
        let signature = take(&mut inner)?;
        let is_whole = rest.is_empty() && inner.is_empty() && kind == KIND.as_bytes();
        is_whole.then_some(Self {
            signer,
            namespace,
            hash,
            signature,
        })
    }

    /// What was signed, given the message.
    fn signed(&self, message: &[u8]) -> Option<Vec<u8>> {
        let algorithm = match self.hash {
            b"sha512" => &SHA512,
            b"sha256" => &SHA256,
            _ => return None,
        };
        let mut signed = MAGIC.to_vec();
        put(&mut signed, self.namespace);
        put(&mut signed, b"");
        put(&mut signed, self.hash);
        put(&mut signed, digest(algorithm, message).as_ref());
        Some(signed)
    }
}

fn key_of(mut blob: &[u8]) -> Option<Attester> {
    let kind = take(&mut blob)?;
    let key = take(&mut blob)?;
    let is_whole = kind == KIND.as_bytes() && blob.is_empty();
    key.try_into().ok().filter(|_| is_whole).map(Attester)
}

fn unarmored(text: &str) -> Option<Vec<u8>> {
    if text.len() > LONGEST {
        return None;
    }
    let inner = text.trim().strip_prefix(BEGIN)?.strip_suffix(END)?;
    let encoded: String = inner.split_ascii_whitespace().collect();
    STANDARD.decode(encoded).ok()
}

/// A string of the SSH protocol: its length in four bytes, then itself.
fn take<'a>(from: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = from.split_at_checked(4)?;
    let length = u32::from_be_bytes(length.try_into().ok()?);
    let (string, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    *from = rest;
    Some(string)
}

fn put(to: &mut Vec<u8>, string: &[u8]) {
    let length = u32::try_from(string.len()).unwrap_or(u32::MAX);
    to.extend_from_slice(&length.to_be_bytes());
    to.extend_from_slice(string);
}
