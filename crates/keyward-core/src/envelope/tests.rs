//! Headers, bindings and forms. Strictness is tested by the vectors of tests/vectors/, one rule each; here is what one
//! envelope cannot show.

mod forms;
mod limits;
mod properties;

use std::convert::Infallible;

use rand_core::{TryCryptoRng, TryRng};
use ring::digest;

use super::keys::fingerprint;
use super::wraps::age_key_name;
use super::*;
use crate::context::EncryptionContext;
use crate::error::ErrorKind;
use crate::name::KeyRef;
use crate::secret::DataKey;

pub(super) const KEY: &str = "gcp-kms://projects/p/locations/europe-west1/keyRings/r/cryptoKeys/k";
pub(super) const OTHER_KEY: &str = "embedded-kms://projects/local/locations/us-east1/keyRings/r/cryptoKeys/k";

/// A generator that repeats itself: SHA-512 of a counter.
struct Counter(u64);

impl TryRng for Counter {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_be_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_be_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for block in bytes.chunks_mut(64) {
            let hash = digest::digest(&digest::SHA512, &self.0.to_be_bytes());
            block.copy_from_slice(&hash.as_ref()[..block.len()]);
            self.0 += 1;
        }
        Ok(())
    }
}

impl TryCryptoRng for Counter {}

fn context(pairs: &[(&str, &str)]) -> EncryptionContext {
    let mut context = EncryptionContext::new();
    for (name, value) in pairs {
        context.insert(*name, *value).unwrap();
    }
    context
}

pub(super) fn wrap(key: &str) -> Wrap {
    Wrap::kms(&key.parse::<KeyRef>().unwrap(), Some(1), vec![7; 60])
}

fn draft(seed: u64) -> Draft {
    Draft::new(context(&[("env", "demo")]), &mut Counter(seed)).unwrap()
}

fn copy(key: &DataKey) -> DataKey {
    DataKey::from_unwrapped(&crate::secret::SecretBytes::new(key.expose().to_vec())).unwrap()
}

/// A header and its data key.
pub(super) fn sealed(seed: u64, wraps: Vec<Wrap>) -> (Header, DataKey) {
    let draft = draft(seed);
    let key = copy(draft.data_key());
    (draft.finish(wraps).unwrap().0, key)
}

// M9, M28
#[test]
fn every_draft_is_another() {
    let (one, other) = (draft(1), draft(2));
    assert!(one.data_key().expose() != other.data_key().expose());
    assert_ne!(one.binding(), other.binding());
    assert_ne!(one.binding().wrap_aad(), other.binding().wrap_aad());
    assert_eq!(one.binding().wrap_aad().len(), 79);
    let (one, other) = (
        one.finish(vec![wrap(KEY)]).unwrap(),
        other.finish(vec![wrap(KEY)]).unwrap(),
    );
    assert_ne!(one.0.envelope_id(), other.0.envelope_id());
    assert_ne!(one.1.head(), other.1.head());
}

// M30
#[test]
fn the_mac_is_that_of_the_data_key_alone() {
    let (header, key) = sealed(1, vec![wrap(KEY)]);
    assert!(header.check_mac(&key).is_ok());
    let (_, stranger) = sealed(2, vec![wrap(KEY)]);
    assert_eq!(
        header.check_mac(&stranger).unwrap_err().kind(),
        ErrorKind::Damaged
    );
}

// M39
#[test]
fn any_changed_byte_is_noticed() {
    let (header, key) = sealed(1, vec![wrap(KEY), wrap(OTHER_KEY)]);
    let bytes = header.encode();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 0x01;
        let accepted = Header::parse(&changed).is_ok_and(|header| header.check_mac(&key).is_ok());
        assert!(!accepted, "byte {at}");
    }
}

// M42
#[test]
fn replaced_wraps_leave_core_and_binding() {
    let (header, key) = sealed(1, vec![wrap(KEY)]);
    let replaced = header.replace_wraps(&key, vec![wrap(OTHER_KEY)]).unwrap();
    assert!(replaced.has_same_core(&header));
    assert_eq!(replaced.binding(), header.binding());
    assert_eq!(replaced.wraps(), [wrap(OTHER_KEY)]);
    assert!(replaced.check_mac(&key).is_ok());
    assert_ne!(replaced.encode(), header.encode());
}

// M43
#[test]
fn wraps_are_replaced_only_with_the_right_key_and_a_sound_mac() {
    let (header, key) = sealed(1, vec![wrap(KEY)]);
    let (_, stranger) = sealed(2, vec![wrap(KEY)]);
    assert!(header.replace_wraps(&stranger, vec![wrap(OTHER_KEY)]).is_err());
    let mut bytes = header.encode();
    *bytes.last_mut().unwrap() ^= 1;
    let forged = Header::parse(&bytes).unwrap();
    assert!(forged.replace_wraps(&key, vec![wrap(OTHER_KEY)]).is_err());
}

// M29
#[test]
fn wraps_of_another_envelope_do_not_authenticate() {
    let (one, key) = sealed(1, vec![wrap(KEY)]);
    let (other, _) = sealed(2, vec![wrap(KEY)]);
    let (one, other) = (one.encode(), other.encode());
    let core_end = PREFIX_LEN + 34 + 2 + 3 + 2 + 4;
    let transplanted = [&other[..core_end], &one[core_end..]].concat();
    let header = Header::parse(&transplanted).unwrap();
    assert!(header.check_mac(&key).is_err());
}

// M44, M45
#[test]
fn detached_wraps_count_for_their_own_envelope_only() {
    let (header, key) = sealed(1, vec![wrap(KEY)]);
    let (stranger, _) = sealed(2, vec![wrap(KEY)]);
    let newer = header
        .replace_wraps(&key, vec![wrap(OTHER_KEY)])
        .unwrap()
        .encode();
    assert!(
        matches!(Detached::read(&newer, &header), Detached::Current(found) if found.wraps() == [wrap(OTHER_KEY)])
    );
    assert!(matches!(Detached::read(&newer, &stranger), Detached::Stale));
    let longer = [&newer[..], &[0]].concat();
    assert!(matches!(
        Detached::read(&longer, &header),
        Detached::Unreadable(_)
    ));
    assert!(matches!(Detached::read(&[], &header), Detached::Unreadable(_)));
}

// M25
#[test]
fn a_wrap_is_tried_only_under_a_full_name_in_its_location() {
    assert_eq!(wrap(KEY).key_ref().unwrap().to_string(), KEY);
    let changed = |edit: fn(&mut Wrap)| {
        let mut wrap = wrap(KEY);
        edit(&mut wrap);
        wrap.key_ref()
    };
    assert_eq!(changed(|wrap| wrap.location = "europe-west4".to_owned()), None);
    assert_eq!(changed(|wrap| wrap.provider = "aws-kms".to_owned()), None);
    assert_eq!(changed(|wrap| wrap.provider = "age".to_owned()), None);
    assert_eq!(changed(|wrap| wrap.kind = WrapKind::Age), None);
    assert_eq!(changed(|wrap| wrap.key.push_str("/../k")), None);
    assert_eq!(changed(|wrap| wrap.key = "k".to_owned()), None);
}

// M26
#[test]
fn a_version_that_is_no_number_is_unknown() {
    assert_eq!(wrap(KEY).version_number(), Some(1));
    for unknown in ["", "0", "01", "+1", "1 ", "x", "18446744073709551616"] {
        let wrap = Wrap {
            version: unknown.to_owned(),
            ..wrap(KEY)
        };
        assert_eq!(wrap.version_number(), None, "{unknown}");
    }
}

// M24
#[test]
fn a_long_recipient_is_named_by_its_fingerprint() {
    let short = format!("age1{}", "q".repeat(1020));
    assert_eq!(age_key_name(&short), short);
    let long = format!("age1{}", "q".repeat(1021));
    assert_eq!(age_key_name(&long), fingerprint(&long));
    assert_eq!(fingerprint(&long).len(), "sha512:".len() + 86);
    let recipient = short.parse().unwrap();
    assert!(Wrap::age(&recipient, vec![1]).is_for(&recipient));
    assert!(!wrap(KEY).is_for(&recipient));
}

// M32
#[test]
fn a_chunk_number_is_handed_out_once() {
    let (_, sealer) = draft(1).finish(vec![wrap(KEY)]).unwrap();
    let runs = [
        sealer.claim(3).unwrap(),
        sealer.claim(1).unwrap(),
        sealer.claim(2).unwrap(),
    ];
    assert_eq!(runs.map(|run| run.first()), [0, 3, 4]);
}

// M33, M40
#[test]
fn a_chunk_that_does_not_open_is_wiped() {
    let draft = draft(1);
    let (key, binding) = (copy(draft.data_key()), draft.binding());
    let (_, sealer) = draft.finish(vec![wrap(KEY)]).unwrap();
    let opener = BodyOpener::new(&key, &binding.body_context(), &sealer.head()).unwrap();
    for number in [0, crate::limits::CHUNKS] {
        let mut chunk = [7; 40];
        assert!(opener.open_chunk(number, &mut chunk).is_err());
        assert_eq!(chunk, [0; 40]);
    }
}
