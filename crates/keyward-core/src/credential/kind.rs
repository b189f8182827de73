//! How a client proves who it is, and how hard that is to guess.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result, nearest};

/// The kind of a credential.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A version 4 UUID as client secret, as the old generator made and old servers expect.
    #[default]
    Uuid,
    /// A `kw_cs_…` token as client secret, with a checksum that secret scanners can test.
    Token,
    /// A signing key that never leaves the client; the server keeps only the public key (RFC 7523, OpenID Connect's
    /// `private_key_jwt`).
    PrivateKeyJwt,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Uuid, Self::Token, Self::PrivateKeyJwt];

    /// The word for it.
    pub fn id(self) -> &'static str {
        match self {
            Self::Uuid => "uuid",
            Self::Token => "token",
            Self::PrivateKeyJwt => "private-key-jwt",
        }
    }

    /// How hard it is to guess.
    pub fn strength(self) -> Strength {
        match self {
            Self::Uuid => Strength { bits: 122 },
            Self::Token => Strength { bits: 256 },
            Self::PrivateKeyJwt => Strength { bits: 128 },
        }
    }

    /// Whether the server half holds the client's secret in clear.
    pub fn server_holds_the_secret(self) -> bool {
        self != Self::PrivateKeyJwt
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl FromStr for Kind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|kind| kind.id() == text);
        found.ok_or_else(|| {
            let error = Error::usage(format!("`{}` is not a kind of credential", text.escape_debug()));
            match nearest(text, Self::ALL.map(Self::id)) {
                Some(word) => error.hint(format!("did you mean `{word}`?")),
                None => error.hint("the kinds are `uuid`, `token` and `private-key-jwt`"),
            }
        })
    }
}

/// How many tries a guess takes: 2 to the power of `bits`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strength {
    /// Random bits of a secret; for a key pair the work to break it (P-256: NIST SP 800-57 part 1, table 2).
    pub bits: u16,
}

impl Strength {
    /// Whether it is what RFC 6749 section 10.10 demands of credentials that people do not handle: at most one chance
    /// in 2^128 for a guess.
    pub fn is_enough(self) -> bool {
        self.bits >= 128
    }
}

impl fmt::Display for Strength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bits", self.bits)?;
        if !self.is_enough() {
            f.write_str("; RFC 6749 section 10.10 wants 128")?;
        }
        Ok(())
    }
}
