//! Any bytes: the header parser never panics, and what it accepts it encodes to the same bytes.

#![no_main]

use keyward_core::envelope::{HEADER_LEN_MAX, Header};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = Header::parse(bytes);
    let Some(header) = announced(bytes) else {
        return;
    };
    if let Ok(parsed) = Header::parse(header) {
        assert_eq!(parsed.encode(), header);
        assert_eq!(parsed.len(), header.len());
        look(&parsed);
    }
});

/// As many of the bytes as their prefix announces.
fn announced(bytes: &[u8]) -> Option<&[u8]> {
    let len = Header::total_len(bytes.first_chunk()?).ok()?;
    assert!(len <= HEADER_LEN_MAX);
    bytes.get(..len)
}

/// What a reader asks of a header before it knows whether it is genuine.
fn look(header: &Header) {
    let _ = header.binding();
    for wrap in header.wraps() {
        let named = wrap.key_ref().map(|key| key.to_string());
        assert!(named.is_none_or(|name| name.len() <= 2 * 1024));
        let _ = wrap.version_number();
    }
}
