//! Text form, and telling files apart by their first bytes.

use super::*;
use crate::error::Error;
use crate::limits;

fn hints(result: Result<impl Sized, Error>) -> String {
    result.err().unwrap().hints().join(" ")
}

// M47, M50
#[test]
fn text_and_file() {
    let (header, _) = sealed(1, vec![wrap(KEY)]);
    let form = text::encode(&header.encode());
    assert!(form.starts_with("kw1.k0tXMQEB"));
    assert_eq!(text::decode(&form, limits::TEXT_LEN).unwrap(), header.encode());
    for end in ["", "\n", "\r\n"] {
        let file = format!("{form}{end}");
        assert_eq!(
            text::decode_file(file.as_bytes(), limits::TEXT_LEN).unwrap(),
            header.encode()
        );
    }
    for end in ["\n\n", " \n", "\n\r", "="] {
        let file = format!("{form}{end}");
        assert!(
            text::decode_file(file.as_bytes(), limits::TEXT_LEN).is_err(),
            "{end:?}"
        );
    }
    assert!(text::decode_file(b"kw1.\xff", 100).is_err());
}

// M48
#[test]
fn one_envelope_has_one_text() {
    assert_eq!(text::decode("kw1.AA", 100).unwrap(), [0]);
    for other in [
        "kw1.AB", "kw1.AA==", "kw1.A", "kw1.A/", "kw1. AA", "kw1.AA\n", "KW1.AA", "AA", "kw1",
    ] {
        assert!(text::decode(other, 100).is_err(), "{other:?}");
    }
}

// M49
#[test]
fn the_length_is_limited_before_decoding() {
    let form = text::encode(&[0; 30]);
    assert!(text::decode(&form, form.len()).is_ok());
    assert!(text::decode(&form, form.len() - 1).is_err());
}

// M1, M51
#[test]
fn a_pasted_binary_is_recognised() {
    let (header, _) = sealed(1, vec![wrap(KEY)]);
    let pasted = text::encode(&header.encode()).replacen("kw1.", "", 1);
    assert_eq!(sniff(pasted.as_bytes()), Sniffed::BinaryInBase64);
    assert!(hints(Header::parse(pasted.as_bytes())).contains("base64 -d"));
    assert!(hints(text::decode(&pasted, limits::TEXT_LEN)).contains("base64 -d"));
}

#[test]
fn first_bytes() {
    let (header, _) = sealed(1, vec![wrap(KEY)]);
    let first = header.encode();
    assert_eq!(sniff(&first[..SNIFF_LEN]), Sniffed::Binary);
    assert_eq!(sniff(b"kw1.abc"), Sniffed::Text);
    assert_eq!(sniff(b"age-encryption.org/v1\n"), Sniffed::Age);
    assert_eq!(
        sniff(b"-----BEGIN AGE ENCRYPTED FILE-----\n"),
        Sniffed::AgeArmored
    );
    for other in [&b""[..], b"\x93KW", b"kw1", b"password: x"] {
        assert_eq!(sniff(other), Sniffed::Other);
    }
}

#[test]
fn a_newer_format_says_update() {
    let (header, _) = sealed(1, vec![wrap(KEY)]);
    let mut bytes = header.encode();
    bytes[4] = 2;
    assert!(hints(Header::parse(&bytes)).contains("update"));
}
