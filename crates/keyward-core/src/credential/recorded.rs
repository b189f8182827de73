//! Reading a server half back: is it whole, and whom is it for.

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
