//! The two documents: their fields, in the order in which they are written.

use rand_core::CryptoRng;
use serde::Serialize;

use super::key_pair::{KeyPair, PrivateJwk, PublicJwk};
use super::permissions::{AllowedIp, AllowedPref};
use super::{Kind, Permissions, Request, Schema, id, token};
use crate::clock::Timestamp;
use crate::error::Result;
use crate::secret::SecretBytes;

/// The word of OpenID Connect Core section 9 for signing clients.
const PRIVATE_KEY_JWT: &str = "private_key_jwt";

/// What both documents are made of.
pub(super) struct Parts<'a> {
    request: &'a Request,
    created: String,
    pub(super) oauth_client_id: String,
    pub(super) credential_id: String,
    client_id: String,
    proof: Proof,
    sign_key: Option<SecretBytes>,
}

enum Proof {
    Secret(SecretBytes),
    Pair(Box<KeyPair>),
}

impl<'a> Parts<'a> {
    /// Draws everything random.
    pub(super) fn draw(request: &'a Request, now: Timestamp, rng: &mut dyn CryptoRng) -> Result<Self> {
        Ok(Self {
            request,
            created: milliseconds(now),
            oauth_client_id: id::fresh(rng),
            proof: Proof::draw(request.kind, rng)?,
            credential_id: id::fresh(rng),
            client_id: id::fresh(rng),
            sign_key: request.sign_key.draw(request.kind == Kind::PrivateKeyJwt, rng),
        })
    }

    /// `secret.txt`.
    pub(super) fn client_half(&self) -> ClientHalf<'_> {
        ClientHalf {
            site: self.request.site.as_str(),
            client_credentials: ClientCredentials {
                client_id: &self.oauth_client_id,
                proof: match &self.proof {
                    Proof::Secret(secret) => ClientProof::Secret {
                        client_secret: text(secret),
                    },
                    Proof::Pair(pair) => ClientProof::PrivateKey {
                        token_endpoint_auth_method: PRIVATE_KEY_JWT,
                        private_key_jwk: pair.private(),
                        private_key_pem: pair.pem(),
                    },
                },
            },
            sign_key: self.sign_key.as_ref().map(text),
        }
    }

    /// `couchDBData.json`.
    pub(super) fn server_half(&self) -> ServerHalf<'_> {
        ServerHalf {
            docs: (self.credential_document(), self.client_document()),
        }
    }

    fn credential_document(&self) -> CredentialDocument<'_> {
        let Request {
            schema, permissions, ..
        } = self.request;
        CredentialDocument {
            id: &self.credential_id,
            kind: "clientCredential",
            schema_version: schema.label(),
            client_id: &self.client_id,
            oauth2_client_id: &self.oauth_client_id,
            proof: match &self.proof {
                Proof::Secret(secret) => ServerProof::Secret {
                    oauth2_client_secret: text(secret),
                },
                Proof::Pair(pair) => ServerProof::PublicKey {
                    token_endpoint_auth_method: PRIVATE_KEY_JWT,
                    jwks: Jwks {
                        keys: [pair.public()],
                    },
                },
            },
            permissions: PermissionFields::of(*schema, permissions),
            revoked: false,
            revoked_reason: None,
            timestamp_created: &self.created,
            timestamp_revoked: None,
        }
    }

    fn client_document(&self) -> ClientDocument<'_> {
        ClientDocument {
            id: &self.client_id,
            kind: "gpiiAppInstallationClient",
            schema_version: self.request.schema.label(),
            name: &self.request.name,
            computer_type: "public",
            timestamp_created: &self.created,
            timestamp_updated: None,
        }
    }
}

impl Proof {
    fn draw(kind: Kind, rng: &mut dyn CryptoRng) -> Result<Self> {
        Ok(match kind {
            Kind::Uuid => Self::Secret(id::fresh_secret(rng)),
            Kind::Token => Self::Secret(token::fresh(token::CLIENT_SECRET, rng)),
            Kind::PrivateKeyJwt => Self::Pair(Box::new(KeyPair::draw(rng)?)),
        })
    }
}

/// As JavaScript's `toISOString` writes it: UTC, milliseconds, `Z`.
fn milliseconds(instant: Timestamp) -> String {
    instant.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// Secrets made here are ASCII, and a kept one came out of a JSON string.
fn text(secret: &SecretBytes) -> &str {
    std::str::from_utf8(secret.expose()).unwrap_or_default()
}

#[derive(Serialize)]
pub(super) struct ClientHalf<'a> {
    site: &'a str,
    #[serde(rename = "clientCredentials")]
    client_credentials: ClientCredentials<'a>,
    #[serde(rename = "signKey", skip_serializing_if = "Option::is_none")]
    sign_key: Option<&'a str>,
}

#[derive(Serialize)]
struct ClientCredentials<'a> {
    client_id: &'a str,
    #[serde(flatten)]
    proof: ClientProof<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum ClientProof<'a> {
    Secret {
        client_secret: &'a str,
    },
    PrivateKey {
        token_endpoint_auth_method: &'static str,
        private_key_jwk: PrivateJwk<'a>,
        private_key_pem: &'a str,
    },
}

#[derive(Serialize)]
pub(super) struct ServerHalf<'a> {
    docs: (CredentialDocument<'a>, ClientDocument<'a>),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CredentialDocument<'a> {
    #[serde(rename = "_id")]
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    schema_version: &'static str,
    client_id: &'a str,
    oauth2_client_id: &'a str,
    #[serde(flatten)]
    proof: ServerProof<'a>,
    #[serde(flatten)]
    permissions: Option<PermissionFields<'a>>,
    revoked: bool,
    revoked_reason: Option<&'a str>,
    timestamp_created: &'a str,
    timestamp_revoked: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum ServerProof<'a> {
    Secret {
        #[serde(rename = "oauth2ClientSecret")]
        oauth2_client_secret: &'a str,
    },
    PublicKey {
        #[serde(rename = "oauth2TokenEndpointAuthMethod")]
        token_endpoint_auth_method: &'static str,
        #[serde(rename = "oauth2Jwks")]
        jwks: Jwks<'a>,
    },
}

#[derive(Serialize)]
struct Jwks<'a> {
    keys: [&'a PublicJwk; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PermissionFields<'a> {
    #[serde(rename = "allowedIPBlocks")]
    allowed_ips: &'a Option<Vec<AllowedIp>>,
    #[serde(rename = "allowedPrefsToWrite")]
    allowed_prefs: &'a Option<Vec<AllowedPref>>,
    is_create_gpii_key_allowed: bool,
    is_create_prefs_safe_allowed: bool,
}

impl<'a> PermissionFields<'a> {
    fn of(schema: Schema, permissions: &'a Permissions) -> Option<Self> {
        schema.has_permissions().then_some(Self {
            allowed_ips: &permissions.allowed_ips,
            allowed_prefs: &permissions.allowed_prefs,
            is_create_gpii_key_allowed: permissions.create_key,
            is_create_prefs_safe_allowed: permissions.create_safe,
        })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ClientDocument<'a> {
    #[serde(rename = "_id")]
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    schema_version: &'static str,
    name: &'a str,
    computer_type: &'static str,
    timestamp_created: &'a str,
    timestamp_updated: Option<&'a str>,
}
