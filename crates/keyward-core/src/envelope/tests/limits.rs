//! What a writer refuses to write, and the greatest header that there can be.

use super::*;
use crate::limits;
use crate::name::AgeRecipient;

fn finish(wraps: Vec<Wrap>) -> Result<Header, ErrorKind> {
    draft(1)
        .finish(wraps)
        .map(|sealed| sealed.0)
        .map_err(|error| error.kind())
}

/// A wrap under the `number`th key of a provider that only this test knows.
fn numbered(number: usize, wrapped_len: usize) -> Wrap {
    Wrap {
        kind: WrapKind::Kms,
        provider: "test-kms".to_owned(),
        location: String::new(),
        key: format!("{number:03}"),
        version: String::new(),
        wrapped: vec![7; wrapped_len],
    }
}

// M5, M11
#[test]
fn a_context_fills_a_core_to_the_last_byte() {
    let pairs = |last: usize| {
        let value = "v".repeat(4096);
        let last = "v".repeat(last);
        let pairs = [("a", &*value), ("b", &value), ("c", &value), ("d", &last)];
        Draft::new(context(&pairs), &mut Counter(1))
    };
    let rest = limits::CORE_LEN - 34 - 3 * (4 + 1 + 4096) - (4 + 1);
    let (header, _) = pairs(rest).unwrap().finish(vec![wrap(KEY)]).unwrap();
    assert_eq!(header.encode()[8..12], [0, 0, 0x40, 0]);
    assert!(Header::parse(&header.encode()).unwrap().has_same_core(&header));
    assert!(pairs(rest + 1).is_err_and(|error| error.kind() == ErrorKind::Usage));
}

// M6, M15, M18
#[test]
fn wraps_fill_a_section_to_the_last_byte() {
    let overhead = 2 + 10 + "test-kms".len() + 3;
    let room = limits::WRAPS_LEN - 1 - 32 - 15 * (overhead + 4096);
    let wraps = |last: usize| {
        let mut wraps: Vec<Wrap> = (0..15).map(|number| numbered(number, 4096)).collect();
        wraps.push(numbered(15, last));
        finish(wraps)
    };
    let header = wraps(room - overhead).unwrap();
    assert_eq!(header.encode().len(), header.len());
    assert!(Header::parse(&header.encode()).is_ok());
    assert_eq!(wraps(room - overhead + 1).err(), Some(ErrorKind::Usage));
    assert!(finish((0..255).map(|number| numbered(number, 1)).collect()).is_ok());
    assert_eq!(
        finish((0..256).map(|number| numbered(number, 1)).collect()).err(),
        Some(ErrorKind::Usage)
    );
    assert_eq!(finish(vec![numbered(0, 4097)]).err(), Some(ErrorKind::Usage));
}

// M19, M20, M21, M22
#[test]
fn a_writer_keeps_the_rules_of_wraps() {
    let recipient: AgeRecipient = "age1qqqq".parse().unwrap();
    let changed = |edit: fn(&mut Wrap)| {
        let mut wrap = wrap(KEY);
        edit(&mut wrap);
        finish(vec![wrap]).err()
    };
    let usage = Some(ErrorKind::Usage);
    assert_eq!(finish(vec![]).err(), usage);
    assert_eq!(finish(vec![wrap(KEY), wrap(KEY)]).err(), usage);
    assert_eq!(changed(|wrap| wrap.wrapped.clear()), usage);
    assert_eq!(changed(|wrap| wrap.key.push('\n')), usage);
    assert_eq!(changed(|wrap| wrap.key.clear()), usage);
    assert_eq!(changed(|wrap| wrap.provider.clear()), usage);
    assert_eq!(changed(|wrap| wrap.provider = "age".to_owned()), usage);
    assert_eq!(changed(|wrap| wrap.location = "l".repeat(65)), usage);
    let mut age = Wrap::age(&recipient, vec![1]);
    assert!(finish(vec![age.clone()]).is_ok());
    age.version.push('1');
    assert_eq!(finish(vec![age]).err(), usage);
    let missing = Wrap {
        wrapped: Vec::new(),
        ..wrap(OTHER_KEY)
    };
    let header = finish(vec![wrap(KEY), missing]).unwrap();
    assert!(Header::parse(&header.encode()).unwrap().wraps()[1].is_missing());
}

// M7
#[test]
fn the_length_is_known_from_the_prefix() {
    let (header, _) = sealed(1, vec![wrap(KEY)]);
    let bytes = header.encode();
    let mut prefix = *bytes.first_chunk::<PREFIX_LEN>().unwrap();
    assert_eq!(Header::total_len(&prefix).unwrap(), bytes.len());
    prefix[12] = 0xff;
    assert!(Header::total_len(&prefix).is_err());
    assert_eq!(HEADER_LEN_MAX, 16 + 16 * 1024 + 64 * 1024);
}
