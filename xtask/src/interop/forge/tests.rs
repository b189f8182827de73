//! The folder of vectors, and the hand-made envelopes in it, against keyward's own writer.

use std::path::Path;

use keyward_core::context::EncryptionContext;
use keyward_core::envelope::Header;
use keyward_core::secret::{DataKey, SecretBytes};

use super::keys::WEST1;
use super::vector::Vector;

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
fn keyward_makes_the_same_header() {
    let vector = Vector::new("same", &[], "").pair("env", "demo").wrap(&WEST1);
    let header = Header::parse(&vector.sealed().unwrap().header()).unwrap();
    let key = DataKey::from_unwrapped(&SecretBytes::new(vector.plan.key.to_vec())).unwrap();
    let mut context = EncryptionContext::new();
    context.insert("env", "demo").unwrap();
    assert_eq!(header.context(), &context);
    let again = header.replace_wraps(&key, header.wraps().to_vec()).unwrap();
    assert!(again.encode() == vector.sealed().unwrap().header());
}
