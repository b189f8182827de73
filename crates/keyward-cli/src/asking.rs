//! Sealing and opening with the embedded KMS, whose root key may be under a passphrase: a person is asked before a
//! deadline runs.

use std::future::ready;
use std::sync::{Arc, OnceLock};

use keyward_core::kms::{Async, EncryptWith, Encrypted, KmsCrypt, KmsError};
use keyward_core::name::CryptoKeyName;
use keyward_core::secret::SecretBytes;
use keyward_embedded::EmbeddedKms;

/// The embedded KMS. The first call asks, on the thread that calls and before it answers the future that a deadline is
/// put on: nothing else goes on meanwhile, so that no prompt outlives its program and leaves the terminal without echo.
/// An answer that was wrong is not asked for again in every other location.
pub(crate) struct Asking {
    kms: Arc<EmbeddedKms>,
    answer: OnceLock<Result<(), KmsError>>,
}

impl Asking {
    /// Nobody is asked yet.
    pub(crate) fn new(kms: Arc<EmbeddedKms>) -> Self {
        Self {
            kms,
            answer: OnceLock::new(),
        }
    }

    fn once_asked<'a, T: Send + 'a>(
        &'a self,
        call: impl FnOnce(&'a EmbeddedKms) -> Async<'a, Result<T, KmsError>>,
    ) -> Async<'a, Result<T, KmsError>> {
        match self.answer.get_or_init(|| self.kms.ask_ahead()) {
            Ok(()) => call(&self.kms),
            Err(why) => Box::pin(ready(Err(why.clone()))),
        }
    }
}

impl KmsCrypt for Asking {
    fn encrypt<'a>(
        &'a self,
        with: EncryptWith<'a>,
        plaintext: &'a [u8],
        aad: &'a [u8],
    ) -> Async<'a, Result<Encrypted, KmsError>> {
        self.once_asked(|kms| kms.encrypt(with, plaintext, aad))
    }

    fn decrypt<'a>(
        &'a self,
        key: &'a CryptoKeyName,
        ciphertext: &'a [u8],
        aad: &'a [u8],
    ) -> Async<'a, Result<SecretBytes, KmsError>> {
        self.once_asked(|kms| kms.decrypt(key, ciphertext, aad))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

    use std::path::Path;
    use std::sync::atomic::{AtomicU32, Ordering};

    use keyward_core::clock::ManualClock;
    use keyward_core::key::KeySpec;
    use keyward_core::kms::{KmsAdmin, KmsCode};
    use keyward_embedded::RootKeySource;
    use rand::rand_core::UnwrapErr;
    use rand::rngs::SysRng;

    use super::*;

    fn kms(folder: &Path, passphrase: &'static str, asked: &Arc<AtomicU32>) -> Arc<EmbeddedKms> {
        let asked = Arc::clone(asked);
        let root = RootKeySource::Passphrase {
            file: folder.join("root.key"),
            ask: Box::new(move || {
                asked.fetch_add(1, Ordering::Relaxed);
                Ok(SecretBytes::new(passphrase.as_bytes().to_vec()))
            }),
        };
        let clock = Arc::new(ManualClock::starting_at("2026-01-01T00:00:00Z".parse().unwrap()));
        Arc::new(EmbeddedKms::new(folder, root, clock, Box::new(UnwrapErr(SysRng))))
    }

    fn wait<T>(work: impl Future<Output = Result<T, KmsError>>) -> Result<T, KmsError> {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(work)
    }

    #[test]
    fn a_person_is_asked_before_there_is_anything_to_wait_for() {
        let (folder, asked) = (tempfile::tempdir().unwrap(), Arc::new(AtomicU32::new(0)));
        let key: CryptoKeyName = "projects/local/locations/us/keyRings/secrets/cryptoKeys/app"
            .parse()
            .unwrap();
        let first = kms(folder.path(), "open sesame", &asked);
        wait(first.create_ring(key.ring())).unwrap();
        wait(first.create_key(&key, KeySpec::default())).unwrap();
        asked.store(0, Ordering::Relaxed);

        let right = Asking::new(kms(folder.path(), "open sesame", &asked));
        let call = right.encrypt(EncryptWith::Key(&key), b"plain", b"aad");
        assert_eq!(asked.swap(0, Ordering::Relaxed), 1, "asked, and not yet awaited");
        wait(call).unwrap();
        wait(right.encrypt(EncryptWith::Key(&key), b"plain", b"aad")).unwrap();
        assert_eq!(asked.load(Ordering::Relaxed), 0);

        let wrong = Asking::new(kms(folder.path(), "open barley", &asked));
        for _ in 0..2 {
            let refused = wait(wrong.encrypt(EncryptWith::Key(&key), b"plain", b"aad")).unwrap_err();
            assert_eq!(refused.code, KmsCode::Internal, "{refused}");
        }
        assert_eq!(asked.load(Ordering::Relaxed), 1, "once for all locations");
    }
}
