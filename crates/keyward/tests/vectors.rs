//! The vectors of tests/vectors/ through whole files: what opens has the stated content, and what must fail fails as the
//! kind of error that its level is.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise"
)]

#[path = "../../keyward-core/tests/vectors/file.rs"]
mod file;

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use file::{Answer, Level, Opened, Vector};
use keyward::body::Workers;
use keyward::envelope::EnvelopeFile;
use keyward::keyring::{OpenedBy, Opener, Permitted};
use keyward::registry::Crypters;
use keyward_age::AgeIdentity;
use keyward_core::context::EncryptionContext;
use keyward_core::envelope::{Header, text};
use keyward_core::error::{Error, ErrorKind, Result};
use keyward_core::kms::{Async, EncryptWith, Encrypted, KmsCode, KmsCrypt, KmsError};
use keyward_core::limits;
use keyward_core::name::{CryptoKeyName, KeyRef, Provider};
use keyward_core::recipient::Identity;
use keyward_core::secret::SecretBytes;

#[tokio::test]
async fn every_vector_reaches_its_result() {
    let files = file::all();
    assert_eq!(files.len(), Level::ALL.len(), "one file for each level");
    let mut wrong = Vec::new();
    for file in files {
        for vector in file.vectors {
            let level = file.level;
            let name = vector.name.clone();
            if let Err(difference) = check(level, Arc::new(vector)).await {
                wrong.push(format!("{level:?} {name}: {difference}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn check(level: Level, vector: Arc<Vector>) -> Result<(), String> {
    let error = match open(&vector).await {
        Ok(opened) => return file::compare(level, &vector, &Ok(opened)),
        Err(error) => error,
    };
    let as_it_should = match level {
        Level::Valid => false,
        Level::Context => error.kind() == ErrorKind::Refused,
        Level::Unwrap => matches!(
            error.kind(),
            ErrorKind::Damaged | ErrorKind::Refused | ErrorKind::Usage
        ),
        _ => error.kind() == ErrorKind::Damaged,
    };
    if as_it_should {
        Ok(())
    } else {
        Err(format!("{:?} {error}", error.kind()))
    }
}

async fn open(vector: &Arc<Vector>) -> Result<Opened> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vector.kw");
    std::fs::write(&path, bytes(vector)?).unwrap();
    if let Some(detached) = &vector.detached {
        std::fs::write(folder.path().join("vector.kw.wraps"), &detached.0).unwrap();
    }
    let envelope = EnvelopeFile::open(&path)?;
    let calls = Arc::new(AtomicUsize::new(0));
    let (expected, permitted) = (expected(vector), permitted(vector, &envelope));
    let (crypters, identities) = (crypters(vector, &calls), identities(vector));
    let opener = Opener::new(&crypters, &permitted, &identities, &expected);
    let unlocked = envelope.unlock(&opener).await;
    assert!(calls.load(Ordering::Relaxed) <= limits::UNWRAP_CALLS);
    let unlocked = unlocked?;
    let target = folder.path().join("content");
    envelope.open_into(
        &File::create(&target).unwrap(),
        &unlocked.opener,
        Workers::default(),
        &|_| {},
    )?;
    let (wraps, index) = place(&envelope, &unlocked.opened_by);
    Ok(Opened {
        wraps,
        index,
        content: std::fs::read(target).unwrap(),
    })
}

fn bytes(vector: &Vector) -> Result<Vec<u8>> {
    match (&vector.envelope, &vector.text) {
        (Some(bytes), _) => Ok(bytes.0.clone()),
        (_, Some(form)) => text::decode(form, vector.max_text.unwrap_or(limits::TEXT_LEN)),
        _ => panic!("{}: no envelope", vector.name),
    }
}

fn expected(vector: &Vector) -> EncryptionContext {
    let mut expected = EncryptionContext::new();
    for (name, value) in &vector.expected_context {
        expected.insert(name, value).unwrap();
    }
    expected
}

/// The permitted keys in the order of the wraps, which is that of the vectors.
fn permitted(vector: &Vector, envelope: &EnvelopeFile) -> Permitted {
    let in_order =
        headers(envelope).flat_map(|(_, header)| header.wraps().iter().filter_map(|wrap| wrap.key_ref()));
    Permitted::none().keys(in_order.filter(|key| vector.permitted.contains(&key.to_string())))
}

fn headers(envelope: &EnvelopeFile) -> impl Iterator<Item = (&'static str, &Header)> {
    use keyward_core::envelope::Detached;
    let detached = envelope.detached().and_then(|detached| match detached {
        Detached::Current(header) => Some(("detached", header)),
        Detached::Stale | Detached::Unreadable(_) => None,
    });
    detached.into_iter().chain([("embedded", envelope.header())])
}

/// Which wrap that was.
fn place(envelope: &EnvelopeFile, opened_by: &OpenedBy) -> (&'static str, usize) {
    let is_it = |key: Option<KeyRef>| match opened_by {
        OpenedBy::Kms { key: asked, .. } => key.as_ref() == Some(asked),
        OpenedBy::Age { .. } => key.is_none(),
    };
    headers(envelope)
        .find_map(|(name, header)| {
            Some((
                name,
                header.wraps().iter().position(|wrap| is_it(wrap.key_ref()))?,
            ))
        })
        .unwrap()
}

fn identities(vector: &Vector) -> Vec<Arc<dyn Identity>> {
    let parse = |text: &String| {
        let ask = Arc::new(|_: &str| Err(Error::usage("no passphrase is needed")));
        let identity = AgeIdentity::parse("vector", &SecretBytes::from(text.clone()), ask).unwrap();
        Arc::new(identity) as Arc<dyn Identity>
    };
    vector.identities.iter().map(parse).collect()
}

fn crypters(vector: &Arc<Vector>, calls: &Arc<AtomicUsize>) -> Crypters {
    let kms = |provider| {
        Arc::new(VectorKms {
            provider,
            vector: vector.clone(),
            calls: calls.clone(),
        })
    };
    Crypters::new()
        .with(Provider::Gcp, kms(Provider::Gcp))
        .with(Provider::Embedded, kms(Provider::Embedded))
}

/// Answers as the vector says, and refuses everything else.
struct VectorKms {
    provider: Provider,
    vector: Arc<Vector>,
    calls: Arc<AtomicUsize>,
}

impl KmsCrypt for VectorKms {
    fn encrypt<'a>(
        &'a self,
        _: EncryptWith<'a>,
        _: &'a [u8],
        _: &'a [u8],
    ) -> Async<'a, Result<Encrypted, KmsError>> {
        Box::pin(async {
            Err(KmsError::new(
                KmsCode::PermissionDenied,
                "vectors are only opened",
            ))
        })
    }

    fn decrypt<'a>(
        &'a self,
        key: &'a CryptoKeyName,
        ciphertext: &'a [u8],
        aad: &'a [u8],
    ) -> Async<'a, Result<SecretBytes, KmsError>> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let key = KeyRef {
            provider: self.provider,
            name: key.clone(),
        }
        .to_string();
        let asked = |a: &&Answer| a.key == key && a.wrapped.0 == ciphertext && a.aad.0 == aad;
        let answer = self.vector.kms.iter().find(asked);
        Box::pin(async move {
            let refusal = || KmsError::new(KmsCode::InvalidArgument, "decryption failed");
            answer
                .map(|a| SecretBytes::new(a.plaintext.0.clone()))
                .ok_or_else(refusal)
        })
    }
}
