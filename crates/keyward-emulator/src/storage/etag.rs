//! Entity tags of the JSON API: generation and metageneration as a small protocol buffer, in base64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The tag of an object.
pub(crate) fn of_object(generation: i64, metageneration: i64) -> String {
    tag(&[generation, metageneration])
}

/// The tag of a bucket.
pub(crate) fn of_bucket(metageneration: i64) -> String {
    tag(&[metageneration])
}

fn tag(numbers: &[i64]) -> String {
    let mut bytes = Vec::new();
    for (field, number) in (1_u8..).zip(numbers) {
        bytes.push(field << 3);
        varint(number.cast_unsigned(), &mut bytes);
    }
    STANDARD.encode(bytes)
}

fn varint(mut number: u64, into: &mut Vec<u8>) {
    while number >= 0x80 {
        into.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    into.push(number.to_le_bytes()[0]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_bucket_has_the_tag_that_google_gives_it() {
        assert_eq!(of_bucket(1), "CAE=");
    }
}
