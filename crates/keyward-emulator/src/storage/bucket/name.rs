//! Names of buckets.

use std::net::Ipv4Addr;

/// Whether buckets may have that name: 3 to 63 lower-case letters, digits, hyphens, underscores and dots (222 with dots,
/// 63 between two of them), a letter or digit at both ends, and none that looks like an address or like Google.
pub(crate) fn is_name(name: &str) -> bool {
    let longest = if name.contains('.') { 222 } else { 63 };
    let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let ends = [name.bytes().next(), name.bytes().last()];
    (3..=longest).contains(&name.len())
        && name
            .bytes()
            .all(|byte| alphanumeric(byte) || matches!(byte, b'-' | b'_' | b'.'))
        && ends.into_iter().flatten().all(alphanumeric)
        && name.split('.').all(|part| (1..=63).contains(&part.len()))
        && name.parse::<Ipv4Addr>().is_err()
        && !name.starts_with("goog")
        && !name.contains("google")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_google_allows() {
        let long = "a".repeat(63);
        for name in ["abc", "a_b-c.d", "123", "1.2.3", &long] {
            assert!(is_name(name), "{name}");
        }
        let longer = "a".repeat(64);
        for name in [
            "",
            "ab",
            "Abc",
            "-abc",
            "abc.",
            "a..b",
            "192.168.5.4",
            "goog-x",
            "my-google",
            "ä-b",
            "v1",
            &longer,
        ] {
            assert!(!is_name(name), "{name}");
        }
    }
}
