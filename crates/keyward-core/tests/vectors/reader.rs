//! A reader as docs/format.md describes it, from the pieces that keyward-core offers, with a KMS out of the vector.

use std::io::Read as _;

use keyward_core::context::EncryptionContext;
use keyward_core::envelope::{
    BODY_HEAD_LEN, Binding, BodyOpener, Detached, Header, PREFIX_LEN, SEALED_CHUNK_LEN, Wrap, WrapKind,
    plain_len, text,
};
use keyward_core::error::Error;
use keyward_core::limits;
use keyward_core::secret::{DataKey, SecretBytes};

use crate::file::{Level, Opened, Vector};

pub(crate) fn open(vector: &Vector) -> Result<Opened, Level> {
    let bytes = bytes(vector)?;
    let (header, body) = split(&bytes)?;
    header
        .context()
        .must_contain(&expected(vector))
        .map_err(|_| Level::Context)?;
    let (head, chunks) = body
        .split_first_chunk::<BODY_HEAD_LEN>()
        .ok_or(Level::Truncated)?;
    let (opener, wraps, index) = Attempt::new(vector, &header, head).run()?;
    let content = open_chunks(&opener, chunks)?;
    match plain_len(body.len() as u64) {
        Ok(len) if len == content.len() as u64 => Ok(Opened {
            wraps,
            index,
            content,
        }),
        _ => Err(Level::Truncated),
    }
}

fn bytes(vector: &Vector) -> Result<Vec<u8>, Level> {
    match (&vector.envelope, &vector.text) {
        (Some(envelope), None) => Ok(envelope.0.clone()),
        (None, Some(form)) => {
            let max = vector.max_text.unwrap_or(limits::TEXT_LEN);
            text::decode(form, max).map_err(|_| Level::Text)
        }
        _ => panic!("{}: one of envelope and text", vector.name),
    }
}

fn split(bytes: &[u8]) -> Result<(Header, &[u8]), Level> {
    let prefix = bytes.first_chunk::<PREFIX_LEN>().ok_or(Level::Prefix)?;
    let len = Header::total_len(prefix).map_err(|_| Level::Prefix)?;
    let (header, body) = bytes.split_at(len.min(bytes.len()));
    let header = Header::parse(header).map_err(|error| section(&error))?;
    assert!(
        header.encode() == bytes[..len],
        "the header does not encode to the same bytes"
    );
    Ok((header, body))
}

/// The section that an error of the header is about.
fn section(error: &Error) -> Level {
    match error.what().split_once(": ") {
        Some(("envelope core", _)) => Level::Core,
        Some(("envelope wraps", _)) => Level::Wraps,
        _ => Level::Prefix,
    }
}

fn expected(vector: &Vector) -> EncryptionContext {
    let mut expected = EncryptionContext::new();
    for (name, value) in &vector.expected_context {
        expected.insert(name, value).unwrap();
    }
    expected
}

/// The search for a wrap that opens.
struct Attempt<'a> {
    vector: &'a Vector,
    embedded: &'a Header,
    head: &'a [u8; BODY_HEAD_LEN],
    calls: usize,
}

impl<'a> Attempt<'a> {
    fn new(vector: &'a Vector, embedded: &'a Header, head: &'a [u8; BODY_HEAD_LEN]) -> Self {
        Self {
            vector,
            embedded,
            head,
            calls: 0,
        }
    }

    fn run(&mut self) -> Result<(BodyOpener, &'static str, usize), Level> {
        let detached = self
            .vector
            .detached
            .as_ref()
            .map(|file| Detached::read(&file.0, self.embedded));
        let mut deepest = Level::Unwrap;
        if let Some(Detached::Current(header)) = detached {
            match self.try_wraps(&header) {
                Ok((opener, index)) => return Ok((opener, "detached", index)),
                Err(level) => deepest = deepest.max(level),
            }
        }
        match self.try_wraps(self.embedded) {
            Ok((opener, index)) => Ok((opener, "embedded", index)),
            Err(level) => Err(deepest.max(level)),
        }
    }

    fn try_wraps(&mut self, header: &Header) -> Result<(BodyOpener, usize), Level> {
        let binding = self.embedded.binding();
        let mut deepest = Level::Unwrap;
        for (index, wrap) in header.wraps().iter().enumerate() {
            let key = self
                .unwrap(wrap, binding)
                .and_then(|bytes| DataKey::from_unwrapped(&SecretBytes::new(bytes)));
            let Some(key) = key else { continue };
            let Ok(opener) = BodyOpener::new(&key, &binding.body_context(), self.head) else {
                deepest = Level::Commitment;
                continue;
            };
            header.check_mac(&key).map_err(|_| Level::Mac)?;
            return Ok((opener, index));
        }
        Err(deepest)
    }

    fn unwrap(&mut self, wrap: &Wrap, binding: Binding) -> Option<Vec<u8>> {
        match wrap.kind {
            _ if wrap.is_missing() => None,
            WrapKind::Kms => self.ask_kms(wrap, &binding.wrap_aad()),
            WrapKind::Age => self
                .vector
                .identities
                .iter()
                .find_map(|identity| age(identity, &wrap.wrapped)),
        }
    }

    fn ask_kms(&mut self, wrap: &Wrap, aad: &[u8]) -> Option<Vec<u8>> {
        let key = wrap.key_ref()?.to_string();
        if !self.vector.permitted.contains(&key) || self.calls == limits::UNWRAP_CALLS {
            return None;
        }
        self.calls += 1;
        let mut answers = self.vector.kms.iter();
        let answer = answers.find(|a| a.key == key && a.wrapped.0 == wrap.wrapped && a.aad.0 == aad)?;
        Some(answer.plaintext.0.clone())
    }
}

fn age(identity: &str, file: &[u8]) -> Option<Vec<u8>> {
    let identity: age::x25519::Identity = identity.parse().unwrap();
    let decryptor = age::Decryptor::new(file).ok()?;
    let mut plaintext = Vec::new();
    let mut reader = decryptor
        .decrypt(std::iter::once(&identity as &dyn age::Identity))
        .ok()?;
    reader.read_to_end(&mut plaintext).ok()?;
    Some(plaintext)
}

fn open_chunks(opener: &BodyOpener, chunks: &[u8]) -> Result<Vec<u8>, Level> {
    let mut content = Vec::new();
    for (number, chunk) in (0..).zip(chunks.chunks(SEALED_CHUNK_LEN)) {
        if chunk.len() < SEALED_CHUNK_LEN - 16384 {
            return Err(Level::Truncated);
        }
        let mut chunk = chunk.to_vec();
        let len = opener.open_chunk(number, &mut chunk).map_err(|_| {
            assert!(chunk_is_wiped(&chunk), "a rejected chunk was not wiped");
            Level::Chunk
        })?;
        content.extend_from_slice(&chunk[..len]);
    }
    Ok(content)
}

fn chunk_is_wiped(chunk: &[u8]) -> bool {
    chunk.iter().all(|byte| *byte == 0)
}
