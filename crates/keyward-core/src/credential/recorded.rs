//! Reading halves back: is one whole, whom is it for, and is it what is asked for now.

use std::fmt;

use serde::de::{Deserializer, IgnoredAny, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Kind, Request, Site, token};
use crate::error::{Error, Result};

/// What a server half says of its credential, without the secret.
pub struct Recorded {
    credential: RecordedCredential,
    client: RecordedClient,
}

impl Recorded {
    /// Reads a whole server half: both documents, linked.
    ///
    /// # Errors
    /// Damaged data when it is cut short, is something else, or its documents do not belong together.
    pub fn read(server_half: &[u8]) -> Result<Self> {
        let damaged = |_| Error::damaged("it is not a whole server half");
        let half = serde_json::from_slice::<RecordedHalf>(server_half).map_err(damaged)?;
        let (credential, client) = half.docs;
        if credential.client_id != client.id {
            return Err(Error::damaged("its two documents do not belong together"));
        }
        Ok(Self { credential, client })
    }

    /// The OAuth client id.
    pub fn oauth_client_id(&self) -> &str {
        &self.credential.oauth2_client_id
    }

    /// In what it is not as `request` asks, in the words of a list's columns: `name`, `schema`, `allow_ip`,
    /// `allow_pref` and `kind`. That it may create keys and safes is left out, as a list has no column for it.
    pub fn differs_from(&self, request: &Request) -> Vec<&'static str> {
        let (credential, wanted) = (&self.credential, &request.permissions);
        let columns = [
            ("name", self.client.name == request.name.as_str()),
            ("schema", credential.schema_version == request.schema.label()),
            ("allow_ip", is(&credential.allowed_ips, &wanted.allowed_ips)),
            ("allow_pref", is(&credential.allowed_prefs, &wanted.allowed_prefs)),
            ("kind", credential.kind() == Some(request.kind)),
        ];
        let different = columns.into_iter().filter(|(_, is_same)| !is_same);
        different.map(|(column, _)| column).collect()
    }
}

fn is(recorded: &Value, wanted: &impl Serialize) -> bool {
    serde_json::to_value(wanted).is_ok_and(|wanted| *recorded == wanted)
}

/// Whether a plain client half is whole, and that of the client `client_id` at `site`.
pub fn is_client_half_of(client_half: &[u8], client_id: &str, site: &Site) -> bool {
    serde_json::from_slice::<RecordedClientHalf>(client_half).is_ok_and(|half| {
        half.client_credentials.client_id == client_id && half.site.eq_ignore_ascii_case(site.as_str())
    })
}

#[derive(Deserialize)]
struct RecordedClientHalf {
    site: String,
    #[serde(rename = "clientCredentials")]
    client_credentials: RecordedCredentials,
}

#[derive(Deserialize)]
struct RecordedCredentials {
    client_id: String,
}

#[derive(Deserialize)]
struct RecordedHalf {
    docs: (RecordedCredential, RecordedClient),
}

/// What people may have edited by hand is taken as it is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RecordedCredential {
    client_id: String,
    oauth2_client_id: String,
    #[serde(default)]
    schema_version: Value,
    #[serde(default, rename = "allowedIPBlocks")]
    allowed_ips: Value,
    #[serde(default, rename = "allowedPrefsToWrite")]
    allowed_prefs: Value,
    oauth2_client_secret: Option<SecretForm>,
    oauth2_jwks: Option<IgnoredAny>,
}

impl RecordedCredential {
    fn kind(&self) -> Option<Kind> {
        match (&self.oauth2_client_secret, &self.oauth2_jwks) {
            (Some(SecretForm::Token), None) => Some(Kind::Token),
            (Some(SecretForm::Other), None) => Some(Kind::Uuid),
            (None, Some(_)) => Some(Kind::PrivateKeyJwt),
            _ => None,
        }
    }
}

#[derive(Deserialize)]
struct RecordedClient {
    #[serde(rename = "_id")]
    id: String,
    #[serde(default)]
    name: Value,
}

/// What a client secret looks like. The secret itself is read over, so that no copy of it is made.
enum SecretForm {
    Token,
    Other,
}

impl<'de> Deserialize<'de> for SecretForm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Look;
        impl Visitor<'_> for Look {
            type Value = SecretForm;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a client secret")
            }

            fn visit_str<E>(self, secret: &str) -> Result<SecretForm, E> {
                match secret.starts_with(token::CLIENT_SECRET) {
                    true => Ok(SecretForm::Token),
                    false => Ok(SecretForm::Other),
                }
            }
        }
        deserializer.deserialize_str(Look)
    }
}
