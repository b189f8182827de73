//! Google's client, one for each endpoint and identity, made when first used and warm from then on.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use google_cloud_auth::credentials::Credentials;
use google_cloud_gax::client_builder::{self, internal};
use google_cloud_gax::retry_policy::NeverRetry;
use google_cloud_kms_v1::client::KeyManagementService;
use keyward_core::kms::{KmsCode, KmsError};
use tokio::sync::OnceCell;

use crate::credentials::Caller;
use crate::endpoint::Endpoint;
use crate::no_credentials::LOG_IN;

/// Every client in use.
pub(crate) struct Clients {
    pub(crate) caller: Caller,
    made: Mutex<HashMap<Identity, Arc<OnceCell<Client>>>>,
}

/// A client, and what it shows to who it asks.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) service: KeyManagementService,
    pub(crate) credentials: Credentials,
}

/// Where, and as whom.
#[derive(PartialEq, Eq, Hash)]
struct Identity {
    endpoint: Endpoint,
    account: Option<String>,
}

impl Clients {
    pub(crate) fn new(caller: Caller) -> Self {
        Self {
            caller,
            made: Mutex::default(),
        }
    }

    /// The client for `endpoint` as `account`, or as the caller itself.
    pub(crate) async fn get(&self, endpoint: &Endpoint, account: Option<&str>) -> Result<Client, KmsError> {
        let cell = self.cell(endpoint, account);
        let made = cell
            .get_or_try_init(async || self.make(endpoint, account).await)
            .await;
        made.cloned()
    }

    fn cell(&self, endpoint: &Endpoint, account: Option<&str>) -> Arc<OnceCell<Client>> {
        let identity = Identity {
            endpoint: endpoint.clone(),
            account: account.map(str::to_owned),
        };
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.entry(identity).or_default().clone()
    }

    /// A client that neither retries, since what may be repeated is decided here, nor follows a redirection, since what goes
    /// to one address is not meant for another.
    async fn make(&self, endpoint: &Endpoint, account: Option<&str>) -> Result<Client, KmsError> {
        let credentials = self.caller.at(endpoint, account).await?;
        let builder = KeyManagementService::builder()
            .with_credentials(credentials.clone())
            .with_retry_policy(NeverRetry);
        let builder = match endpoint.address() {
            Some(address) => builder.with_endpoint(address),
            None => builder,
        };
        let service = internal::with_follow_redirects(builder, false).build().await;
        Ok(Client {
            service: service.map_err(|cause| not_made(&cause))?,
            credentials,
        })
    }
}

fn not_made(cause: &client_builder::Error) -> KmsError {
    let (code, hint) = if cause.is_transport() {
        (
            KmsCode::Unavailable,
            "is a set of root certificates installed on this machine?",
        )
    } else {
        (KmsCode::PermissionDenied, LOG_IN)
    };
    KmsError::new(code, format!("no client for Cloud KMS can be made: {cause}")).hint(hint)
}
