//! The key pair of a client that signs instead of sending a secret: ES256 (RFC 7518 section 3.4).

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use p256::SecretKey;
use p256::elliptic_curve::sec1::ToEncodedPoint;
use rand_core::CryptoRng;
use ring::digest;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::error::{Error, Result};

/// A P-256 key pair.
pub(super) struct KeyPair {
    public: PublicJwk,
    /// The private key as the JWK member `d`.
    d: Zeroizing<String>,
    pem: Zeroizing<String>,
}

/// A public key as a JWK (RFC 7517), named by its thumbprint (RFC 7638).
#[derive(Clone, Serialize)]
pub(super) struct PublicJwk {
    kty: &'static str,
    crv: &'static str,
    x: String,
    y: String,
    kid: String,
    #[serde(rename = "use")]
    purpose: &'static str,
    alg: &'static str,
}

/// The same with the private key.
#[derive(Serialize)]
pub(super) struct PrivateJwk<'a> {
    #[serde(flatten)]
    public: &'a PublicJwk,
    d: &'a str,
}

impl KeyPair {
    /// Draws a key pair.
    pub(super) fn draw(rng: &mut dyn CryptoRng) -> Result<Self> {
        let mut scalar = Zeroizing::new([0; 32]);
        let secret = loop {
            rng.fill_bytes(&mut *scalar);
            // Zero and numbers above the group's order are drawn again: one in 2^32 (FIPS 186-5 appendix A.2.2).
            if let Ok(secret) = SecretKey::from_slice(scalar.as_slice()) {
                break secret;
            }
        };
        let encoded = secret.public_key().to_encoded_point(false);
        let point = encoded
            .as_bytes()
            .try_into()
            .map_err(|_| Error::bug("a P-256 point is 65 bytes long"))?;
        let mut d = Zeroizing::new(String::with_capacity(44));
        URL_SAFE_NO_PAD.encode_string(scalar.as_slice(), &mut d);
        let pem = pem(&scalar, &point);
        Ok(Self {
            public: PublicJwk::of(&point),
            d,
            pem,
        })
    }

    pub(super) fn public(&self) -> &PublicJwk {
        &self.public
    }

    pub(super) fn private(&self) -> PrivateJwk<'_> {
        PrivateJwk {
            public: &self.public,
            d: &self.d,
        }
    }

    /// The private key in PKCS #8 (RFC 5958) as PEM (RFC 7468), as `openssl pkcs8` writes it.
    pub(super) fn pem(&self) -> &str {
        &self.pem
    }
}

fn pem(scalar: &[u8; 32], point: &[u8; 65]) -> Zeroizing<String> {
    let mut der = Zeroizing::new(Vec::with_capacity(138));
    for part in [PKCS8_BEFORE_KEY, scalar, PKCS8_BEFORE_POINT, point] {
        der.extend_from_slice(part);
    }
    let mut base64 = Zeroizing::new(String::with_capacity(184));
    STANDARD.encode_string(der.as_slice(), &mut base64);
    let mut pem = Zeroizing::new(String::with_capacity(256));
    pem.push_str("-----BEGIN PRIVATE KEY-----\n");
    for at in (0..base64.len()).step_by(64) {
        pem.push_str(&base64[at..base64.len().min(at + 64)]);
        pem.push('\n');
    }
    pem.push_str("-----END PRIVATE KEY-----\n");
    pem
}

impl PublicJwk {
    fn of(point: &[u8; 65]) -> Self {
        let [x, y] = [&point[1..33], &point[33..]].map(|half| URL_SAFE_NO_PAD.encode(half));
        // The members that RFC 7638 section 3.2 requires, in its order, without white space.
        let required = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        let kid = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, required.as_bytes()));
        Self {
            kty: "EC",
            crv: "P-256",
            x,
            y,
            kid,
            purpose: "sig",
            alg: "ES256",
        }
    }
}

/// PrivateKeyInfo up to the private key: version 0, id-ecPublicKey with prime256v1, ECPrivateKey version 1.
const PKCS8_BEFORE_KEY: &[u8] = &[
    0x30, 0x81, 0x87, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
    0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x04, 0x6d, 0x30, 0x6b, 0x02, 0x01, 0x01,
    0x04, 0x20,
];
/// From there to the public key, the optional last field.
const PKCS8_BEFORE_POINT: &[u8] = &[0xa1, 0x44, 0x03, 0x42, 0x00];

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;
    use ring::rand::SystemRandom;
    use ring::signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, UnparsedPublicKey,
    };

    #[test]
    fn what_the_pem_signs_the_jwk_verifies() {
        let pair = KeyPair::draw(&mut StdRng::seed_from_u64(1)).unwrap();
        let pem = pair.pem();
        let base64 = pem
            .lines()
            .filter(|line| !line.starts_with('-'))
            .collect::<String>();
        let der = STANDARD.decode(base64).unwrap();
        // Parsing checks that the two keys in it belong together.
        let signer =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der, &SystemRandom::new()).unwrap();
        let signature = signer.sign(&SystemRandom::new(), b"assertion").unwrap();
        let [x, y] = [&pair.public.x, &pair.public.y].map(|half| URL_SAFE_NO_PAD.decode(half).unwrap());
        let point = [vec![4], x, y].concat();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
            .verify(b"assertion", signature.as_ref())
            .unwrap();
        assert_eq!(URL_SAFE_NO_PAD.decode(pair.d.as_str()).unwrap(), der[36..68]);
    }

    #[test]
    fn the_kid_is_the_thumbprint() {
        // The key of RFC 7515 appendix A.3; its thumbprint was computed with Node's crypto.
        let [x, y] = [
            "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        ]
        .map(|half| URL_SAFE_NO_PAD.decode(half).unwrap());
        let point = [vec![4], x, y].concat().try_into().unwrap();
        assert_eq!(
            PublicJwk::of(&point).kid,
            "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U"
        );
    }
}
