//! The core: what the content depends on, and what no re-wrap changes.

use rand_core::CryptoRng;

use super::section::{Cursor, Section, put_field};
use crate::context::EncryptionContext;
use crate::error::Result;
use crate::limits;

/// Shortest core, in bytes: the envelope id and no context pair.
pub(super) const LEN_MIN: usize = ENVELOPE_ID_LEN + 2;

/// Length of an envelope id, in bytes.
const ENVELOPE_ID_LEN: usize = 32;

/// Envelope id and encryption context.
#[derive(Clone)]
pub(super) struct CoreSection {
    pub(super) envelope_id: [u8; ENVELOPE_ID_LEN],
    pub(super) context: EncryptionContext,
}

impl CoreSection {
    /// A core with a fresh id, which makes it unlike any other, so that wraps cannot be transplanted.
    pub(super) fn new(context: EncryptionContext, rng: &mut dyn CryptoRng) -> Self {
        let mut envelope_id = [0; ENVELOPE_ID_LEN];
        rng.fill_bytes(&mut envelope_id);
        Self { envelope_id, context }
    }

    pub(super) fn parse(bytes: &[u8]) -> Result<Self> {
        let mut cursor = Cursor::new(bytes, Section::Core);
        let envelope_id = cursor.array()?;
        let context = parse_context(&mut cursor)?;
        cursor.end()?;
        Ok(Self { envelope_id, context })
    }

    /// # Errors
    /// A usage error when the context is too long for a core.
    pub(super) fn encode(&self) -> Result<Vec<u8>> {
        let mut out = self.envelope_id.to_vec();
        let pairs = u16::try_from(self.context.len()).unwrap_or(u16::MAX);
        out.extend_from_slice(&pairs.to_be_bytes());
        for (name, value) in self.context.iter() {
            put_field(&mut out, name.as_bytes());
            put_field(&mut out, value.as_bytes());
        }
        if out.len() > limits::CORE_LEN {
            return Err(Section::Core.unusable(format_args!(
                "the encryption context is too long: {} bytes, at most {} with the envelope id",
                out.len(),
                limits::CORE_LEN
            )));
        }
        Ok(out)
    }
}

fn parse_context(cursor: &mut Cursor<'_>) -> Result<EncryptionContext> {
    let pairs = cursor.u16()?;
    if pairs > limits::CONTEXT_PAIRS {
        return Err(Section::Core.damaged(format_args!("{pairs} context pairs are announced")));
    }
    let mut context = EncryptionContext::new();
    let mut previous = "";
    for _ in 0..pairs {
        let name = cursor.text("a context name", limits::CONTEXT_NAME_LEN)?;
        let value = cursor.text("a context value", limits::CONTEXT_VALUE_LEN)?;
        // The empty name is below every other, so this refuses it too.
        if name <= previous {
            return Err(Section::Core.damaged("context names are not in strictly ascending order"));
        }
        context
            .insert(name, value)
            .map_err(|error| Section::Core.damaged(error.what()))?;
        previous = name;
    }
    Ok(context)
}
