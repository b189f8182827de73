//! Files sealed, opened, re-wrapped; cut, extended and swapped.

use std::fs::{self, File};
use std::sync::Arc;

use keyward_core::context::EncryptionContext;
use keyward_core::error::{ErrorKind, Result};
use keyward_core::kms::{Async, EncryptWith, Encrypted, KmsCode, KmsCrypt, KmsError};
use keyward_core::name::{CryptoKeyName, KeyRef, Provider};
use keyward_core::secret::SecretBytes;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::file::detached_path;
use super::*;
use crate::body::Workers;
use crate::keyring::{Keyring, OpenedBy, Opener, Permitted, Sealer};
use crate::registry::Crypters;

/// A KMS that puts the key's name and the additional data before the plaintext, and demands them back.
struct Labels;

impl KmsCrypt for Labels {
    fn encrypt<'a>(
        &'a self,
        with: EncryptWith<'a>,
        plaintext: &'a [u8],
        aad: &'a [u8],
    ) -> Async<'a, Result<Encrypted, KmsError>> {
        let key = with.key().clone();
        let ciphertext = [key.to_string().as_bytes(), aad, plaintext].concat();
        Box::pin(async move {
            Ok(Encrypted {
                ciphertext,
                version: key.version(1),
            })
        })
    }

    fn decrypt<'a>(
        &'a self,
        key: &'a CryptoKeyName,
        ciphertext: &'a [u8],
        aad: &'a [u8],
    ) -> Async<'a, Result<SecretBytes, KmsError>> {
        let label = [key.to_string().as_bytes(), aad].concat();
        let plain = ciphertext
            .strip_prefix(&label[..])
            .map(|plain| SecretBytes::new(plain.to_vec()));
        Box::pin(async move { plain.ok_or(KmsError::new(KmsCode::InvalidArgument, "Decryption failed")) })
    }
}

struct Fixture {
    folder: tempfile::TempDir,
    crypters: Crypters,
    permitted: Permitted,
    expected: EncryptionContext,
}

impl Fixture {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            crypters: Crypters::new().with(Provider::Gcp, Arc::new(Labels)),
            permitted: Permitted::none().patterns(["gcp-kms://projects/p/*".parse().unwrap()]),
            expected: EncryptionContext::new(),
        }
    }

    fn opener(&self) -> Opener<'_> {
        Opener::new(&self.crypters, &self.permitted, &[], &self.expected)
    }

    /// Seals `content` as `name` under a key in `location`.
    async fn seal(&self, name: &str, content: &[u8], location: &str) -> EnvelopeFile {
        let (plain, sealed) = (self.folder.path().join("plain"), self.folder.path().join(name));
        fs::write(&plain, content).unwrap();
        let keyring = keyring(location);
        let sealer = Sealer::new(&self.crypters, &keyring);
        let rng = &mut StdRng::seed_from_u64((name.len() + content.len()) as u64);
        let (source, target) = (File::open(&plain).unwrap(), File::create(&sealed).unwrap());
        seal_file(
            &source,
            &target,
            EncryptionContext::new(),
            &sealer,
            rng,
            (Workers::default(), &|_| ()),
        )
        .await
        .unwrap();
        EnvelopeFile::open(&sealed).unwrap()
    }

    async fn open(&self, name: &str) -> Result<(Vec<u8>, OpenedBy)> {
        let envelope = EnvelopeFile::open(&self.folder.path().join(name))?;
        let unlocked = envelope.unlock(&self.opener()).await?;
        let plain = tempfile::NamedTempFile::new().unwrap();
        envelope.open_into(plain.as_file(), &unlocked.opener, Workers::default(), &|_| ())?;
        Ok((fs::read(plain.path()).unwrap(), unlocked.opened_by))
    }
}

fn keyring(location: &str) -> Keyring {
    Keyring {
        keys: vec![key(location)],
        escrow: Vec::new(),
    }
}

fn key(location: &str) -> KeyRef {
    format!("gcp-kms://projects/p/locations/{location}/keyRings/r/cryptoKeys/k")
        .parse()
        .unwrap()
}

fn by(location: &str) -> OpenedBy {
    OpenedBy::Kms {
        key: key(location),
        version: Some(1),
    }
}

#[tokio::test]
async fn a_file_opens_as_it_was_sealed() {
    let fixture = Fixture::new();
    for len in [0, 1, 16 * 1024, 300_000] {
        let content: Vec<u8> = (0..len).map(|i: u32| i.to_le_bytes()[0]).collect();
        fixture.seal("a.kw", &content, "us-east1").await;
        assert!(
            fixture.open("a.kw").await.unwrap() == (content, by("us-east1")),
            "{len} bytes"
        );
    }
}

#[tokio::test]
async fn bytes_and_streams_are_the_same_format_as_files() {
    let fixture = Fixture::new();
    let keyring = keyring("us-east1");
    let sealer = Sealer::new(&fixture.crypters, &keyring);
    let rng = &mut StdRng::seed_from_u64(1);
    let (bytes, sealed) = seal_bytes(b"content", EncryptionContext::new(), &sealer, rng)
        .await
        .unwrap();
    assert_eq!((sealed.plain_len, sealed.missing.len()), (7, 0));
    assert!(
        open_bytes(&bytes, &fixture.opener())
            .await
            .unwrap()
            .0
            .same_as(b"content")
    );

    let mut streamed = Vec::new();
    let (source, target) = (&mut &b"content"[..], &mut streamed);
    seal_stream(
        source,
        target,
        EncryptionContext::new(),
        &sealer,
        rng,
        (Workers::default(), &|_| ()),
    )
    .await
    .unwrap();
    fs::write(fixture.folder.path().join("b.kw"), &streamed).unwrap();
    assert_eq!(fixture.open("b.kw").await.unwrap().0, b"content");
}

#[tokio::test]
async fn a_cut_file_is_damaged_wherever_it_was_cut() {
    let fixture = Fixture::new();
    let envelope = fixture.seal("a.kw", &[5; 40_000], "us-east1").await;
    let whole = fs::read(&envelope.path).unwrap();
    let header = envelope.header().len();
    for len in [
        0,
        7,
        16,
        header - 1,
        header + 55,
        header + 56,
        header + 56 + 16_400,
        whole.len() - 1,
    ] {
        fs::write(&envelope.path, &whole[..len]).unwrap();
        assert_eq!(
            fixture.open("a.kw").await.unwrap_err().kind(),
            ErrorKind::Damaged,
            "{len}"
        );
    }
    fs::write(&envelope.path, [&whole[..], b"x"].concat()).unwrap();
    assert_eq!(fixture.open("a.kw").await.unwrap_err().kind(), ErrorKind::Damaged);
}

#[tokio::test]
async fn the_header_of_one_envelope_does_not_open_the_body_of_another() {
    let fixture = Fixture::new();
    let one = fixture.seal("one.kw", b"content of one", "us-east1").await;
    let other = fixture.seal("other.kw", b"content of other", "us-east1").await;
    let body = fs::read(&other.path).unwrap().split_off(other.header().len());
    fs::write(&one.path, [one.header().encode(), body].concat()).unwrap();
    assert_eq!(
        fixture.open("one.kw").await.unwrap_err().kind(),
        ErrorKind::Damaged
    );
}

#[tokio::test]
async fn new_wraps_leave_the_body_as_it_is() {
    let fixture = Fixture::new();
    let envelope = fixture.seal("a.kw", &[8; 20_000], "us-east1").await;
    let body = fs::read(&envelope.path)
        .unwrap()
        .split_off(envelope.header().len());
    let unlocked = envelope.unlock(&fixture.opener()).await.unwrap();
    let keyring = keyring("asia-east1");
    let new = rewrap(
        envelope.header(),
        &unlocked,
        &Sealer::new(&fixture.crypters, &keyring),
    )
    .await
    .unwrap();
    envelope.replace_header(&new.header, &unlocked).unwrap();
    assert!(fixture.open("a.kw").await.unwrap() == (vec![8; 20_000], by("asia-east1")));
    let replaced = fs::read(&envelope.path).unwrap();
    assert!(replaced[new.header.len()..] == body);
    // The file changed since it was read: a second replacement from the same reading is refused.
    assert!(envelope.replace_header(&new.header, &unlocked).is_err());
}

#[tokio::test]
async fn detached_wraps_stand_beside_the_file() {
    let fixture = Fixture::new();
    let envelope = fixture.seal("a.kw", b"large", "us-east1").await;
    let unlocked = envelope.unlock(&fixture.opener()).await.unwrap();
    let keyring = keyring("asia-east1");
    let new = rewrap(
        envelope.header(),
        &unlocked,
        &Sealer::new(&fixture.crypters, &keyring),
    )
    .await
    .unwrap();
    for _ in 0..2 {
        envelope.write_detached(&new.header).unwrap();
    }
    assert_eq!(
        fixture.open("a.kw").await.unwrap(),
        (b"large".to_vec(), by("asia-east1"))
    );
    // Another envelope takes the file's name: the wraps beside it are stale, and its own open it.
    fixture.seal("a.kw", b"another", "us-east1").await;
    let later = EnvelopeFile::open(&envelope.path).unwrap();
    let unlocked = later.unlock(&fixture.opener()).await.unwrap();
    assert_eq!(
        (unlocked.opened_by, unlocked.passed_over.len()),
        (by("us-east1"), 1)
    );
}

#[tokio::test]
async fn whatever_stands_beside_the_file_does_not_keep_it_from_opening() {
    let fixture = Fixture::new();
    let envelope = fixture.seal("a.kw", b"content", "us-east1").await;
    let beside = detached_path(&envelope.path);
    let makers: [&dyn Fn(); 4] = [
        &|| fs::create_dir(&beside).unwrap(),
        &|| rustix::fs::mkfifoat(rustix::fs::CWD, &beside, rustix::fs::Mode::RUSR).unwrap(),
        &|| std::os::unix::fs::symlink(&beside, &beside).unwrap(),
        &|| fs::write(&beside, vec![0; 1_000_000]).unwrap(),
    ];
    for make in makers {
        make();
        let envelope = EnvelopeFile::open(&envelope.path).unwrap();
        let unlocked = envelope.unlock(&fixture.opener()).await.unwrap();
        assert_eq!(
            (unlocked.opened_by, unlocked.passed_over.len()),
            (by("us-east1"), 1)
        );
        fs::remove_dir(&beside)
            .or_else(|_| fs::remove_file(&beside))
            .unwrap();
    }
}

#[tokio::test]
async fn four_kibibytes_from_the_middle() {
    let fixture = Fixture::new();
    let content: Vec<u8> = (0..400_000_u32).map(|i| i.to_le_bytes()[1]).collect();
    let envelope = fixture.seal("a.kw", &content, "us-east1").await;
    let unlocked = envelope.unlock(&fixture.opener()).await.unwrap();
    let reader = envelope.reader(unlocked.opener).unwrap();
    let mut part = [0; 4096];
    assert_eq!(reader.read_at(200_000, &mut part).unwrap(), 4096);
    assert_eq!(part, content[200_000..204_096]);
}
