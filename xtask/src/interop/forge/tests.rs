//! The folder of vectors, and the hand-made envelopes in it, against keyward's own writer.

use std::convert::Infallible;
use std::path::Path;

use keyward_core::context::EncryptionContext;
use keyward_core::envelope::{BODY_HEAD_LEN, Draft, Header, SEALED_CHUNK_LEN};
use rand_core::{TryCryptoRng, TryRng};

use super::keys::WEST1;
use super::seed::Seed;
use super::vector::Vector;

/// The seed as the source of randomness that keyward draws from.
struct Source(Seed);

impl TryRng for Source {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_be_bytes(self.0.array()))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_be_bytes(self.0.array()))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.copy_from_slice(&self.0.bytes(bytes.len()));
        Ok(())
    }
}

impl TryCryptoRng for Source {}

#[test]
fn the_folder_is_what_the_generator_makes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors");
    for (name, content) in super::files().unwrap() {
        let stored = std::fs::read_to_string(folder.join(&name)).unwrap();
        assert!(
            stored == content,
            "{name} differs: cargo xtask interop --generate"
        );
    }
}

#[test]
fn keyward_writes_what_the_document_says() {
    let by_hand = Vector::new("same", &[], "")
        .pair("env", "demo")
        .content(20000)
        .wrap(&WEST1);
    let sections = by_hand.sealed().unwrap();
    let wraps = Header::parse(&sections.header()).unwrap().wraps().to_vec();
    let mut context = EncryptionContext::new();
    context.insert("env", "demo").unwrap();
    let draft = Draft::new(context, &mut Source(Seed::new("same"))).unwrap();
    let (header, sealer) = draft.finish(wraps).unwrap();
    assert!(header.encode() == sections.header());
    let mut chunks = [0; 2 * SEALED_CHUNK_LEN];
    chunks[..16384].copy_from_slice(&by_hand.plan.content[..16384]);
    chunks[SEALED_CHUNK_LEN..][..20000 - 16384].copy_from_slice(&by_hand.plan.content[16384..]);
    let len = sealer.claim(2).unwrap().seal(&mut chunks, 20000).unwrap();
    assert!(sealer.head() == sections.body[..BODY_HEAD_LEN]);
    assert!(chunks[..len] == sections.body[BODY_HEAD_LEN..]);
}
