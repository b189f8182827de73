//! Any bytes: the text form has one spelling of each envelope, and reads back what it wrote.

#![no_main]

use keyward_core::envelope::text;
use libfuzzer_sys::fuzz_target;

const LIMIT: usize = 64 * 1024;

fuzz_target!(|bytes: &[u8]| {
    let written = text::encode(bytes);
    let read = text::decode(&written, LIMIT);
    assert_eq!(read.ok().as_deref(), (written.len() <= LIMIT).then_some(bytes));

    let Ok(given) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(decoded) = text::decode(given, LIMIT) {
        assert!(given.len() <= LIMIT);
        assert_eq!(text::encode(&decoded), given);
    }
});
