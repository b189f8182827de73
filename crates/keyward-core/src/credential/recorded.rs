//! Reading halves back: is one whole, and whom is it for.

use serde::Deserialize;

use crate::error::{Error, Result};

/// The client id that a server half was made for, if it is a whole one: both documents, linked.
///
/// # Errors
/// Damaged data when it is cut short, is something else, or its documents do not belong together.
pub fn recorded_client(server_half: &[u8]) -> Result<String> {
    let damaged = || Error::damaged("it is not a whole server half");
    let half = serde_json::from_slice::<RecordedHalf>(server_half).map_err(|_| damaged())?;
    let (credential, client) = half.docs;
    if credential.client_id != client.id {
        return Err(Error::damaged("its two documents do not belong together"));
    }
    Ok(credential.oauth2_client_id)
}

/// Whether a plain client half is whole and for the client `client_id`.
pub fn is_client_half_of(client_half: &[u8], client_id: &str) -> bool {
    serde_json::from_slice::<RecordedClientHalf>(client_half)
        .is_ok_and(|half| half.client_credentials.client_id == client_id)
}

#[derive(Deserialize)]
struct RecordedClientHalf {
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

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RecordedCredential {
    client_id: String,
    oauth2_client_id: String,
}

#[derive(Deserialize)]
struct RecordedClient {
    #[serde(rename = "_id")]
    id: String,
}
