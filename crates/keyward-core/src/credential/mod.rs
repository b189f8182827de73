//! Client credentials: the two documents that give a site's installation and the server what each needs.
//!
//! A credential has two halves. The client half, `secret.txt`, goes to the installation; the server half,
//! `couchDBData.json`, is the body of a CouchDB `_bulk_docs` request. They share ids, and for the kinds that an older
//! server compares as text also the secret. Schema 0.1, 0.2 and 0.3 with a UUID pair are byte for byte what the
//! generator script of the GPII project wrote: two-space `JSON.stringify`, its key order, no final line end.

mod document;
mod id;
mod json;
mod key_pair;
mod kind;
mod permissions;
mod recorded;
mod schema;
mod sign_key;
mod site;
mod token;

use rand_core::CryptoRng;

pub use kind::{Kind, Strength};
pub use permissions::{AllowedIp, AllowedPref, Permissions, allowed};
pub use recorded::{Recorded, is_client_half_of};
pub use schema::Schema;
pub use sign_key::SignKey;
pub use site::Site;

use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::limits;
use crate::secret::SecretBytes;
use document::Parts;

/// The file of the client half in a credential's folder.
pub const CLIENT_FILE: &str = "secret.txt";
/// The file of the server half.
pub const SERVER_FILE: &str = "couchDBData.json";

/// What a credential is to be like.
pub struct Request {
    /// Who it is for, in free text: the `name` of the client document.
    pub name: String,
    /// The site it is for.
    pub site: Site,
    /// The shape and label of the documents.
    pub schema: Schema,
    /// What a token got with it may do.
    pub permissions: Permissions,
    /// How the client proves who it is.
    pub kind: Kind,
    /// The key that the installation derives its users' keys from.
    pub sign_key: SignKey,
}

impl Request {
    /// A request with the defaults of the old generator: schema 0.2, a UUID pair, no permission given or taken away.
    pub fn new(name: impl Into<String>, site: Site) -> Self {
        Self {
            name: name.into(),
            site,
            schema: Schema::default(),
            permissions: Permissions::default(),
            kind: Kind::default(),
            sign_key: SignKey::default(),
        }
    }

    /// Whether the parts fit together.
    ///
    /// # Errors
    /// A usage error for an empty or over-long name, and for permissions that the schema has no place for.
    pub fn check(&self) -> Result<()> {
        if self.name.is_empty() {
            return Err(Error::usage("the name of the client is empty").on(&self.site));
        }
        if self.name.len() > limits::CLIENT_NAME_LEN {
            let longest = limits::CLIENT_NAME_LEN;
            return Err(Error::usage(format!("the name is longer than {longest} bytes")).on(&self.site));
        }
        if !self.schema.has_permissions() && self.permissions != Permissions::default() {
            return Err(Error::usage("schema 0.1 has no place for permissions")
                .on(&self.site)
                .hint("use schema 0.2, or leave the permissions out: a 0.1 credential may write every preference"));
        }
        Ok(())
    }
}

/// A new credential, its two halves not yet anywhere.
pub struct Credential {
    /// The bytes of `secret.txt`.
    pub client_half: SecretBytes,
    /// The bytes of `couchDBData.json`. It holds the secret in clear, except when the kind is a key pair.
    pub server_half: SecretBytes,
    /// The OAuth client id, which is no secret.
    pub client_id: String,
    /// The id of the credential document, by which it can be revoked.
    pub credential_id: String,
}

/// Makes a credential, with everything random in it from `rng` and `now` as the time of creation.
///
/// # Errors
/// As [`Request::check`].
pub fn generate(request: &Request, now: Timestamp, rng: &mut dyn CryptoRng) -> Result<Credential> {
    request.check()?;
    let parts = Parts::draw(request, now, rng)?;
    Ok(Credential {
        client_half: json::stringify(&parts.client_half())?,
        server_half: json::stringify(&parts.server_half())?,
        client_id: parts.oauth_client_id,
        credential_id: parts.credential_id,
    })
}

#[cfg(test)]
mod tests;
