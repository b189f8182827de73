//! What holds for any header.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use super::*;

/// Wraps under different keys; the number of a key is its place.
fn wraps() -> impl Strategy<Value = Vec<Wrap>> {
    let fields = (
        "[a-z-]{1,64}",
        "[!-~]{0,64}",
        "[!-~]{1,200}",
        "[!-~]{0,256}",
        vec(any::<u8>(), 0..300),
    );
    vec((fields, any::<bool>()), 1..8).prop_map(|wraps| {
        let made = wraps.into_iter().enumerate().map(
            |(number, ((provider, location, key, version, wrapped), is_age))| {
                let key = format!("{number}{key}");
                if is_age {
                    let (provider, location, version) = ("age".to_owned(), String::new(), String::new());
                    Wrap {
                        kind: WrapKind::Age,
                        provider,
                        location,
                        key,
                        version,
                        wrapped,
                    }
                } else {
                    let provider = format!("x{provider}")[..provider.len()].to_owned();
                    Wrap {
                        kind: WrapKind::Kms,
                        provider,
                        location,
                        key,
                        version,
                        wrapped,
                    }
                }
            },
        );
        let mut made: Vec<Wrap> = made.collect();
        made[0].wrapped.push(0);
        made
    })
}

fn contexts() -> impl Strategy<Value = EncryptionContext> {
    btree_map("[^:]{1,20}", "\\PC{0,40}", 0..6).prop_map(|pairs| {
        let mut context = EncryptionContext::new();
        for (name, value) in pairs {
            context.insert(name, value).unwrap();
        }
        context
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read(context in contexts(), wraps in wraps()) {
        let draft = Draft::new(context.clone(), &mut Counter(1)).unwrap();
        let (binding, key) = (draft.binding(), copy(draft.data_key()));
        let (header, _) = draft.finish(wraps.clone()).unwrap();
        let bytes = header.encode();
        let read = Header::parse(&bytes).unwrap();
        prop_assert_eq!(read.context(), &context);
        prop_assert_eq!(read.wraps(), &wraps[..]);
        prop_assert_eq!(read.binding(), binding);
        prop_assert!(read.check_mac(&key).is_ok());
        prop_assert_eq!(read.len(), bytes.len());
        prop_assert_eq!(read.encode(), bytes);
    }

    #[test]
    fn what_is_read_is_written_the_same(at in 0_usize..400, byte in any::<u8>(), cut in 0_usize..400) {
        let (header, _) = sealed(1, vec![wrap(KEY), wrap(OTHER_KEY)]);
        let mut bytes = header.encode();
        let len = bytes.len();
        bytes[at % len] = byte;
        bytes.truncate(len - cut.saturating_sub(350));
        if let Ok(read) = Header::parse(&bytes) {
            prop_assert_eq!(read.encode(), bytes);
        }
    }

    #[test]
    fn noise_does_not_panic(noise in vec(any::<u8>(), 0..200)) {
        let start = [0x93, 0x4B, 0x57, 0x31, 1, 1, 0, 0, 0, 0, 0, 34, 0, 0, 0, 80];
        let bytes = [&start[..], &noise].concat();
        prop_assert!(Header::parse(&bytes).is_err() || bytes.len() == 130);
        let _ = text::decode_file(&noise, 100);
    }
}
