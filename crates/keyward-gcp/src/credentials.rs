//! Credentials: who asks at an endpoint, as itself or as a service account.

use std::fmt;
use std::sync::{Arc, Once};

use google_cloud_auth::build_errors;
use google_cloud_auth::credentials::{
    Builder, CacheableResource, Credentials, CredentialsProvider, anonymous, impersonated,
};
use google_cloud_auth::errors::CredentialsError;
use http::{Extensions, HeaderMap, HeaderValue};
use keyward_core::kms::{KmsCode, KmsError};
use tokio::sync::OnceCell;
use tokio::time::Instant;

use crate::access::CredentialSource;
use crate::command::{TokenCommand, authorization, bearer};
use crate::endpoint::Endpoint;
use crate::no_credentials::{self, LOG_IN, NoToken};

/// What the token of an impersonated account may be used for: Cloud KMS, and nothing else.
const SCOPE: &str = "https://www.googleapis.com/auth/cloudkms";
/// The caller's own credentials, made when they are first needed and shared by every client.
pub(crate) struct Caller {
    source: Source,
    /// Application-default credentials, with the token that they cache.
    default: OnceCell<Credentials>,
}

enum Source {
    ApplicationDefault,
    Anonymous,
    Command(Arc<TokenCommand>),
}

impl Caller {
    pub(crate) fn new(source: CredentialSource) -> Self {
        Self {
            source: match source {
                CredentialSource::ApplicationDefault => Source::ApplicationDefault,
                CredentialSource::Anonymous => Source::Anonymous,
                CredentialSource::Command(command) => Source::Command(Arc::new(TokenCommand::new(command))),
            },
            default: OnceCell::new(),
        }
    }

    /// What to show at `endpoint`, as the caller itself or as `account`.
    ///
    /// An endpoint on this machine is an emulator, which takes the text of a bearer token for its caller: it is told the account's name.
    /// Nobody is asked for a token of that account, and no application-default credentials are read.
    pub(crate) async fn at(
        &self,
        endpoint: &Endpoint,
        account: Option<&str>,
    ) -> Result<Credentials, KmsError> {
        self.scoped(endpoint, account, SCOPE).await
    }

    /// The same, for a token of an account that may be used for `scope`.
    pub(crate) async fn scoped(
        &self,
        endpoint: &Endpoint,
        account: Option<&str>,
        scope: &str,
    ) -> Result<Credentials, KmsError> {
        install_tls();
        match account {
            None => self.itself(endpoint).await,
            Some(account) if endpoint.is_local() => Named::of(account).map(Credentials::from),
            Some(account) => impersonated::Builder::from_source_credentials(self.itself(endpoint).await?)
                .with_target_principal(account)
                .with_scopes([scope])
                .build()
                .map_err(|cause| unusable(&cause)),
        }
    }

    /// Asks for a new token, since one that was there at `instant`, when a call was sent, was refused. Whether that can help.
    pub(crate) async fn renew(&self, instant: Instant) -> bool {
        match &self.source {
            Source::Command(command) => {
                command.forget_older_than(instant).await;
                true
            }
            Source::ApplicationDefault | Source::Anonymous => false,
        }
    }

    /// Whether there is something to make a token from, other than what a metadata server may know.
    pub(crate) fn is_configured(&self) -> bool {
        match self.source {
            Source::ApplicationDefault => no_credentials::is_configured(),
            Source::Anonymous | Source::Command(_) => true,
        }
    }

    async fn itself(&self, endpoint: &Endpoint) -> Result<Credentials, KmsError> {
        match &self.source {
            Source::ApplicationDefault if !endpoint.is_local() => {
                let made = self
                    .default
                    .get_or_try_init(async || Builder::default().build())
                    .await;
                made.cloned().map_err(|cause| unusable(&cause))
            }
            Source::ApplicationDefault | Source::Anonymous => Ok(anonymous::Builder::new().build()),
            Source::Command(command) => Ok(Credentials::from(Shared {
                command: command.clone(),
                local: endpoint.is_local(),
            })),
        }
    }
}

/// Installs ring as the TLS stack of this process, unless one is installed.
pub fn install_tls() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // An error says that a program which embeds this crate has chosen one itself.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

fn unusable(cause: &build_errors::Error) -> KmsError {
    KmsError::new(
        KmsCode::PermissionDenied,
        format!("the credentials for Cloud KMS are not usable: {cause}"),
    )
    .hint(LOG_IN)
}

/// One token command for all clients.
#[derive(Debug)]
struct Shared {
    command: Arc<TokenCommand>,
    /// Whether it goes to this machine, where anybody may listen: only the name of a caller is sent there.
    local: bool,
}

/// How access tokens of Google begin, opaque ones and signed ones. An emulator is told a name.
const REAL: [&[u8]; 2] = [b"Bearer ya29.", b"Bearer eyJ"];
/// Longest name of a caller, with what stands before it.
const NAME_LEN: usize = 256;

impl Shared {
    fn may_send(&self, header: &HeaderValue) -> bool {
        let text = header.as_bytes();
        !self.local || text.len() <= NAME_LEN && !REAL.iter().any(|start| text.starts_with(start))
    }
}

impl CredentialsProvider for Shared {
    async fn headers(
        &self,
        extensions: Extensions,
    ) -> Result<CacheableResource<HeaderMap>, CredentialsError> {
        let shown = self.command.headers(extensions).await?;
        let CacheableResource::New { data, .. } = &shown else {
            return Ok(shown);
        };
        if data.values().all(|header| self.may_send(header)) {
            return Ok(shown);
        }
        Err(NoToken {
            why: "the access token command printed a real token, and the endpoint is on this machine, where anybody may listen"
                .to_owned(),
            hint: "let the command of `--access-token-command` print the name of a caller",
        }
        .into())
    }

    async fn universe_domain(&self) -> Option<String> {
        None
    }
}

/// An account that an emulator is told, in place of a token.
struct Named(HeaderValue);

impl Named {
    fn of(account: &str) -> Result<Self, KmsError> {
        bearer(account.as_bytes()).map(Self).ok_or_else(|| {
            let shown: String = account.chars().take(120).flat_map(char::escape_debug).collect();
            let message = format!("`{shown}` is not the e-mail address of a service account");
            KmsError::new(KmsCode::InvalidArgument, message)
        })
    }
}

impl fmt::Debug for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Named")
    }
}

impl CredentialsProvider for Named {
    async fn headers(
        &self,
        _extensions: Extensions,
    ) -> Result<CacheableResource<HeaderMap>, CredentialsError> {
        Ok(authorization(self.0.clone()))
    }

    async fn universe_domain(&self) -> Option<String> {
        None
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::ffi::OsString;

    use super::*;

    fn sent(token: &str, local: bool) -> Result<(), String> {
        let words = ["echo", token].map(OsString::from).to_vec();
        let shared = Shared {
            command: Arc::new(TokenCommand::new(words)),
            local,
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let headers = runtime.block_on(shared.headers(Extensions::new()));
        headers
            .map(drop)
            .map_err(|error| error.source().unwrap().to_string())
    }

    #[test]
    fn a_real_token_stays_away_from_this_machine() {
        for real in ["ya29.a0AfB_byC", "eyJhbGciOiJSUzI1NiJ9.e30.x", &"x".repeat(300)] {
            let why = sent(real, true).unwrap_err();
            assert!(why.contains("real token") && !why.contains(real), "{why}");
            assert!(sent(real, false).is_ok());
        }
        assert!(sent("user:ann@example.com", true).is_ok());
    }
}
