//! Proof that wraps open: each one alone, no other helping.

use futures_util::future::join_all;
use keyward_core::envelope::{Binding, Wrap};
use keyward_core::error::{Error, ErrorKind, Result};
use keyward_core::secret::DataKey;
use tokio::time::timeout;

use super::seal::too_slow;
use super::{Attempt, Sealer};

impl Sealer<'_> {
    /// Opens every KMS wrap of `wraps` by itself and compares what it holds with `data_key`. Wraps for escrow cannot
    /// be proven here: their identity is offline. Missing ones are passed over.
    ///
    /// # Errors
    /// The first wrap that does not open, or holds another key.
    pub async fn prove(&self, wraps: &[Wrap], data_key: &DataKey, binding: Binding) -> Result<()> {
        let aad = binding.wrap_aad();
        let keyed = wraps.iter().filter(|wrap| !wrap.is_missing());
        let proofs = join_all(keyed.map(|wrap| self.prove_one(wrap, data_key, &aad))).await;
        match proofs.into_iter().find_map(Result::err) {
            None => Ok(()),
            Some(Attempt { resource, error }) => Err(Error::new(
                ErrorKind::Damaged,
                "a wrap that was just made does not open",
            )
            .on(resource)
            .because(error)),
        }
    }

    async fn prove_one(&self, wrap: &Wrap, data_key: &DataKey, aad: &[u8]) -> Result<(), Attempt> {
        let failed = |error| Attempt {
            resource: wrap.key.clone(),
            error,
        };
        let Some(key) = wrap.key_ref() else {
            return Ok(());
        };
        let crypt = self.crypters.get(key.provider).map_err(failed)?;
        let secret = timeout(self.deadline, crypt.decrypt(&key.name, &wrap.wrapped, aad))
            .await
            .map_err(|_| failed(too_slow(self.deadline)))?
            .map_err(|error| failed(error.of_decryption()))?;
        if secret.same_as(data_key.expose()) {
            Ok(())
        } else {
            Err(failed(Error::damaged("it holds another key")))
        }
    }
}
