//! Why there is nothing to show to Cloud KMS, in one line, and what to do about it.

use std::error::Error;
use std::fmt;
use std::path::Path;

use google_cloud_auth::errors::CredentialsError;
use keyward_core::kms::KmsCode;

use crate::redact::redacted;

/// What to do when there are no application-default credentials, or none that can be used.
pub(crate) const LOG_IN: &str = "run `gcloud auth application-default login`, point GOOGLE_APPLICATION_CREDENTIALS to a \
                                 credentials file, or give `--access-token-command`";
/// Longest part of what Google's client says, in characters.
const SAID_LEN: usize = 200;
/// What Google's client adds to every cause in a chain. Whether trying again helps is said here by the code.
const REFRAINS: [&str; 2] = [
    "but future attempts may succeed",
    "and future attempts will not succeed",
];

/// Why a token command gave none. It says itself what happened and what to do, and travels inside of an error of Google's
/// client.
#[derive(Clone, Debug)]
pub(crate) struct NoToken {
    /// What happened, with the program's name and without its arguments.
    pub(crate) why: String,
    pub(crate) hint: &'static str,
}

impl fmt::Display for NoToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl Error for NoToken {}

impl From<NoToken> for CredentialsError {
    fn from(why: NoToken) -> Self {
        Self::from_source(false, why)
    }
}

/// What is known about missing credentials.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NoCredentials {
    pub(crate) code: KmsCode,
    pub(crate) why: String,
    pub(crate) hint: String,
    /// Whether nothing at all was found that could have been shown.
    pub(crate) nothing_found: bool,
}

impl NoCredentials {
    /// What an error of Google's client says. `is_configured` tells whether a file of application-default credentials is
    /// there; without one, only a metadata server is left to be asked.
    pub(crate) fn of(error: &(dyn Error + 'static), is_transient: bool, is_configured: bool) -> Self {
        if let Some(own) = chain(error).find_map(|cause| cause.downcast_ref::<NoToken>()) {
            return Self::new(KmsCode::PermissionDenied, own.why.clone(), own.hint.to_owned());
        }
        let said = said(chain(error));
        // An account that the caller may not act as is refused by a service that was reached with a token.
        if !is_configured && !said.all.contains("iamcredentials") {
            let why = "there are no credentials on this machine: no GOOGLE_APPLICATION_CREDENTIALS, no gcloud login, and no \
                       answer of a metadata server";
            return Self {
                nothing_found: true,
                ..Self::new(KmsCode::PermissionDenied, why.to_owned(), LOG_IN.to_owned())
            };
        }
        let code = match is_transient {
            true => KmsCode::Unavailable,
            false => KmsCode::PermissionDenied,
        };
        let why = format!("its credentials give no access token: {}", said.last);
        Self::new(code, why, hint(&said.all))
    }

    fn new(code: KmsCode, why: String, hint: String) -> Self {
        Self {
            code,
            why,
            hint,
            nothing_found: false,
        }
    }
}

/// Whether application-default credentials have a file, at one of the two places where Google's client looks.
pub(crate) fn is_configured() -> bool {
    const LEFT_BY_GCLOUD: &str = ".config/gcloud/application_default_credentials.json";
    let home = std::env::var_os("HOME");
    std::env::var_os("GOOGLE_APPLICATION_CREDENTIALS").is_some()
        || home.is_some_and(|home| Path::new(&home).join(LEFT_BY_GCLOUD).exists())
}

/// An error and its causes.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| {
        let error: &'a (dyn Error + 'static) = *error;
        error.source()
    })
}

/// What a chain of causes says.
struct Said {
    /// Every cause, in lower case.
    all: String,
    /// The last two causes that differ: what failed, and why. What is above them only says that something failed.
    last: String,
}

fn said<'a>(chain: impl Iterator<Item = &'a (dyn Error + 'static)>) -> Said {
    let mut causes: Vec<String> = Vec::new();
    for cause in chain {
        let text = REFRAINS
            .iter()
            .fold(cause.to_string(), |text, refrain| text.replace(refrain, ""));
        let text = redacted(text.trim());
        if !causes.iter().any(|before| before.contains(&text)) {
            causes.push(text);
        }
    }
    let last = &causes[causes.len().saturating_sub(2)..];
    let cut = |text: &String| text.chars().take(SAID_LEN).collect::<String>();
    Said {
        last: last.iter().map(cut).collect::<Vec<_>>().join(": "),
        all: causes.join(" ").to_lowercase(),
    }
}

fn hint(said: &str) -> String {
    if said.contains("invalid_rapt") || said.contains("invalid_grant") || said.contains("reauth") {
        "they have expired: run `gcloud auth application-default login`".to_owned()
    } else if said.contains("iamcredentials") || said.contains("getaccesstoken") {
        "to act as a service account, the caller needs roles/iam.serviceAccountTokenCreator on it".to_owned()
    } else {
        LOG_IN.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use google_cloud_gax::error::Error as ClientError;

    use super::*;

    /// An error as Google's client nests it, over `cause`.
    fn nested(is_transient: bool, cause: CredentialsError) -> ClientError {
        let inner = CredentialsError::new(
            is_transient,
            "Could not fetch an auth token. Run `gcloud`.",
            cause,
        );
        let again = CredentialsError::new(
            is_transient,
            "Subsequent calls with this credential might succeed.",
            ClientError::authentication(inner),
        );
        ClientError::authentication(again)
    }

    fn of(is_transient: bool, cause: CredentialsError, is_configured: bool) -> NoCredentials {
        NoCredentials::of(&nested(is_transient, cause), is_transient, is_configured)
    }

    #[test]
    fn credentials_that_are_nowhere_are_one_line_and_waiting_does_not_help() {
        let dns = || CredentialsError::from_msg(true, "dns error: error resolving DNS");
        let nowhere = of(true, dns(), false);
        assert_eq!(nowhere.code, KmsCode::PermissionDenied);
        assert!(nowhere.nothing_found && nowhere.why.len() < 200, "{nowhere:?}");
        for place in [
            "GOOGLE_APPLICATION_CREDENTIALS",
            "gcloud login",
            "metadata server",
        ] {
            assert!(nowhere.why.contains(place), "{nowhere:?}");
        }
        let there = of(true, dns(), true);
        assert_eq!(there.code, KmsCode::Unavailable);
        assert!(
            there.why.contains("error resolving DNS") && !there.why.contains("future attempts"),
            "{there:?}"
        );
    }

    #[test]
    fn what_a_command_said_of_itself_is_all_that_is_said() {
        let own = NoToken {
            why: "it printed nothing".to_owned(),
            hint: "look",
        };
        let told = of(false, own.into(), true);
        assert_eq!(
            (told.why.as_str(), told.hint.as_str()),
            ("it printed nothing", "look")
        );
    }

    #[test]
    fn an_expired_login_is_told_from_a_missing_right_and_no_token_is_shown() {
        let body = CredentialsError::from_msg(
            false,
            r#"body=<{"error":"invalid_grant","id_token":"ya29.geheim"}>"#,
        );
        let expired = of(false, body, true);
        assert!(expired.hint.contains("have expired"), "{expired:?}");
        assert!(!expired.why.contains("geheim"), "{expired:?}");
        let right =
            CredentialsError::from_msg(false, "error for url (https://iamcredentials.googleapis.com/)");
        assert!(
            of(false, right, false)
                .hint
                .contains("serviceAccountTokenCreator")
        );
    }
}
