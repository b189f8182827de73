//! The keys that vectors are wrapped under. They exist nowhere else.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::envelope::ForgedWrap;
use super::vector::Key;

/// A Cloud KMS key.
pub const WEST1: Key = Key {
    provider: "gcp-kms",
    location: "europe-west1",
    name: "projects/example/locations/europe-west1/keyRings/app/cryptoKeys/secrets",
};

/// Its sibling in another location.
pub const WEST4: Key = Key {
    provider: "gcp-kms",
    location: "europe-west4",
    name: "projects/example/locations/europe-west4/keyRings/app/cryptoKeys/secrets",
};

/// A key of the embedded KMS.
pub const EMBEDDED: Key = Key {
    provider: "embedded-kms",
    location: "us-east1",
    name: "projects/local/locations/us-east1/keyRings/app/cryptoKeys/secrets",
};

/// A key of a provider that this format does not name.
pub const FOREIGN: Key = Key {
    provider: "aws-kms",
    location: "eu-central-1",
    name: "arn:aws:kms:eu-central-1:111122223333:key/example",
};

/// The escrow identity of the vectors: test input, and no secret.
pub const ESCROW_IDENTITY: &str =
    "AGE-SECRET-KEY-1QXUT8D6XJEF2DT7UFDSCJAQWKV4H8GZ50G9RQJN2RJH999FYMXGQHXLZG4";
/// Its recipient.
pub const ESCROW_RECIPIENT: &str = "age10cs8d80njl0mve8cqvev5zsenupcrf27y3w56462rtxgxnacf9js69pn0z";

/// The data key of the seed [`ESCROW_SEED`] for [`ESCROW_RECIPIENT`], made by the age command. age draws its own random
/// bytes, so this wrap cannot be generated again: it is kept, and every envelope that it stands in has that seed.
const ESCROW_WRAPPED: &str = "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBJT3ExaGI2NzhZZ2RqT1UxQjBCdlQxbUVjR0NIRSsrQzJ4\
    RWpRWTVHT2hnClRZMyt4NkZMV3B1bDM4QlNLek5sNTZIdk9JL3M2cHNTT0daeW5URDFKRjQKLS0tIEJ1TG5MaDl5SktRNGl3UlZ0VWtOZTZoWXBO\
    MHd6Y3B4NXpDYUNySzNWMVkK2YgakLFPprisPMWkmvvqyKIgwi2YTwY7IQnljJ4UasOU8yEHla7b/DVWAyF/n+4Fj8zesnjpQs6+ELpnMi5W/w==";

/// The seed of envelopes with an escrow wrap.
pub const ESCROW_SEED: &str = "escrow";

/// A complete binary age file with the data key of [`ESCROW_SEED`].
pub fn escrow_wrapped() -> Vec<u8> {
    STANDARD.decode(ESCROW_WRAPPED).unwrap_or_default()
}

/// The escrow wrap.
pub fn escrow_wrap() -> ForgedWrap {
    ForgedWrap {
        kind: 2,
        group: 0,
        provider: b"age".to_vec(),
        location: Vec::new(),
        key: ESCROW_RECIPIENT.into(),
        version: Vec::new(),
        wrapped: escrow_wrapped(),
    }
}
