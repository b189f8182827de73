//! A new envelope, drawn but not yet wrapped.

use rand_core::CryptoRng;

use super::core_section::CoreSection;
use super::keys::Binding;
use super::wraps::Wrap;
use super::{BodySealer, Header};
use crate::context::EncryptionContext;
use crate::error::Result;
use crate::secret::DataKey;

/// Everything that is drawn for one new envelope: id, data key and the salt of its body.
///
/// It seals once: [`Draft::finish`] consumes it, and nothing of it can be stored. Make it right before sealing, never
/// before a `fork` or in a machine image that is cloned: two processes that seal under one draw reveal both contents.
pub struct Draft {
    core: CoreSection,
    binding: Binding,
    data_key: DataKey,
    salt: [u8; 24],
}

impl Draft {
    /// Draws id, data key and salt, in this order.
    ///
    /// # Errors
    /// A usage error when the context is too long for a core section.
    pub fn new(context: EncryptionContext, rng: &mut dyn CryptoRng) -> Result<Self> {
        let core = CoreSection::new(context, rng);
        let binding = Binding::of(&core.encode()?);
        let data_key = DataKey::generate(rng);
        let mut salt = [0; 24];
        rng.fill_bytes(&mut salt);
        Ok(Self {
            core,
            binding,
            data_key,
            salt,
        })
    }

    /// The data key, to wrap it.
    pub fn data_key(&self) -> &DataKey {
        &self.data_key
    }

    /// What every wrap is bound to.
    pub fn binding(&self) -> Binding {
        self.binding
    }

    /// The header with its wraps, and the one sealer of the body that follows it.
    ///
    /// # Errors
    /// A usage error when `wraps` are none, too many, too long, all missing, or two for one key.
    pub fn finish(self, wraps: Vec<Wrap>) -> Result<(Header, BodySealer)> {
        let header = Header::seal(self.core, &self.data_key, wraps)?;
        let sealer = BodySealer::new(&self.data_key, &self.binding.body_context(), self.salt);
        Ok((header, sealer))
    }
}
