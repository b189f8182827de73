//! Google's errors in keyward's words, each with what to do next.

use std::error::Error as _;
use std::time::Duration;

use google_cloud_gax::error::Error;
use google_cloud_gax::error::rpc::{Code, Status, StatusDetails};
use keyward_core::kms::{KmsCode, KmsError};

use crate::absence;
use crate::endpoint::Endpoint;
use crate::fate::{Failure, Fate};
use crate::no_credentials::{LOG_IN, NoCredentials};

/// Longest message that is passed on, in characters.
const MESSAGE_LEN: usize = 2_000;

/// How regional endpoints of Google end.
const REGIONAL: &str = ".rep.googleapis.com";

/// What a failed call was about.
pub(crate) struct About<'a> {
    /// Full name of the resource.
    pub(crate) resource: &'a str,
    pub(crate) project: &'a str,
    pub(crate) location: &'a str,
    pub(crate) endpoint: &'a Endpoint,
    /// Whether the caller has credentials, or a command that makes some.
    pub(crate) is_configured: bool,
}

impl About<'_> {
    /// The failure that an error of Google's client is.
    pub(crate) fn failure(&self, error: &Error) -> Failure {
        if error.is_authentication() {
            return self.no_credentials(error, error.is_transient_and_before_rpc());
        }
        if let Some(failure) = self.of_way(error) {
            return failure;
        }
        let translated = match error.status() {
            Some(status) => self.of_status(status, error.http_status_code()),
            None => self.of_client(error),
        };
        Failure {
            fate: Fate::of(error),
            error: Box::new(translated),
            wait: error.status().and_then(wait_asked_for),
            sent: None,
        }
    }

    /// Both sides do not speak the same language, or one does not know the other: trying again is no use, and nothing of the call
    /// was understood.
    fn of_way(&self, error: &Error) -> Option<Failure> {
        if error.status().is_some() {
            return None;
        }
        let cause = innermost(error);
        let is_plain = self
            .endpoint
            .address()
            .is_some_and(|address| address.starts_with("http://"));
        let (why, hint) = if is_plain && cause.contains("invalid HTTP version") {
            let why = format!(
                "{} does not answer in HTTP, as who speaks TLS does not",
                self.host()
            );
            (why, "if it does, write https:// in the endpoint".to_owned())
        } else if cause.contains("invalid peer certificate") {
            (
                format!("{} is not trusted: {cause}", self.host()),
                self.trusting(),
            )
        } else {
            return None;
        };
        let error = self.error(KmsCode::Unavailable, &why).hint(hint);
        Some(Failure::new(Fate::Refused, error))
    }

    /// How somebody's certificate comes to be trusted. SSL_CERT_FILE takes the place of the system's authorities.
    fn trusting(&self) -> String {
        match self.endpoint {
            Endpoint::Local(_) => {
                "set SSL_CERT_FILE=DIR/ca.pem, with the folder of the emulator's `--tls-dir`".to_owned()
            }
            Endpoint::Google | Endpoint::Tls(_) => {
                "check the address; if an authority of your own signed its certificate, set SSL_CERT_FILE to that \
                 authority's file"
                    .to_owned()
            }
        }
    }

    /// An answer in Google's form.
    fn of_status(&self, status: &Status, http: Option<u16>) -> KmsError {
        let said = printable(&status.message);
        let code = match status.code {
            Code::NotFound => self.absent_or_not(status, &said.to_lowercase()),
            code => code_of(code, http),
        };
        let error = self.error(code, &said);
        let error = match self.hint(status, &said) {
            Some(hint) => error.hint(hint),
            None => error,
        };
        match violation(status) {
            Some((kind, subject)) => error.violation(kind, subject),
            None => error,
        }
    }

    /// An error of the client itself, or an answer in another form. What a response held is never shown.
    fn of_client(&self, error: &Error) -> KmsError {
        if error.is_connect() {
            let why = format!("{} cannot be reached: {}", self.host(), innermost(error));
            return self.error(KmsCode::Unavailable, &why).hint(self.reaching());
        }
        if error.is_deserialization() {
            let why = format!("{} answered what is no answer of Cloud KMS", self.host());
            return self.error(KmsCode::Internal, &why);
        }
        if error.is_serialization() || error.is_binding() {
            let why = format!("the request cannot be sent: {}", innermost(error));
            return self.error(KmsCode::Bug, &why);
        }
        match error.http_status_code() {
            Some(status) => self.of_http(status),
            None => {
                let why = format!("no answer from {}: {}", self.host(), innermost(error));
                self.error(KmsCode::Unavailable, &why)
            }
        }
    }

    fn of_http(&self, status: u16) -> KmsError {
        let why = format!(
            "{} answered HTTP {status}, not in the form of Cloud KMS",
            self.host()
        );
        match status {
            401 | 403 => self.error(KmsCode::PermissionDenied, &why),
            429 => self.error(KmsCode::ResourceExhausted, &why),
            _ => self.error(KmsCode::Unavailable, &why),
        }
        .hint("check `endpoint:`, and what stands between this machine and it")
    }

    /// There is nothing to show: nothing was sent.
    pub(crate) fn no_credentials(
        &self,
        error: &(dyn std::error::Error + 'static),
        is_transient: bool,
    ) -> Failure {
        let known = NoCredentials::of(error, is_transient, self.is_configured);
        let fate = match known.code {
            KmsCode::Unavailable => Fate::NotSent,
            _ => Fate::Refused,
        };
        let why = format!("{}; {} was to be asked", known.why, self.host());
        let elsewhere = match self.endpoint {
            Endpoint::Google if known.nothing_found => "; if the key is at another address, `--endpoint URL`",
            _ => "",
        };
        let hint = format!("{}{elsewhere}", known.hint);
        Failure::new(fate, self.error(known.code, &why).hint(hint))
    }

    /// No token came in time: nothing was sent.
    pub(crate) fn no_token(&self, time: Duration) -> Failure {
        let why = format!(
            "no access token within {} ms; {} was to be asked",
            time.as_millis(),
            self.host()
        );
        let error = self.error(KmsCode::Unavailable, &why);
        let hint = "check the network of this machine; `gcloud auth application-default print-access-token` asks for one by hand";
        Failure::new(Fate::Refused, error.hint(hint))
    }

    fn error(&self, code: KmsCode, said: &str) -> KmsError {
        match said.contains(self.resource) {
            true => KmsError::new(code, said),
            false => KmsError::new(code, format!("{}: {said}", self.resource)),
        }
    }

    fn host(&self) -> &str {
        self.endpoint.address().unwrap_or("cloudkms.googleapis.com")
    }

    fn reaching(&self) -> String {
        match self.endpoint {
            Endpoint::Google => "check the network of this machine".to_owned(),
            Endpoint::Tls(address) if !address.ends_with(REGIONAL) => {
                "check the network of this machine, and the address".to_owned()
            }
            Endpoint::Tls(_) => format!(
                "check the network of this machine, and that {} has such a regional endpoint",
                self.location
            ),
            Endpoint::Local(_) => "is the emulator running?".to_owned(),
        }
    }

    /// "Not found" is absence only if it is said of the resource, by somebody who could have seen it.
    fn absent_or_not(&self, status: &Status, said: &str) -> KmsCode {
        if is_misrouted(said) {
            KmsCode::Unavailable
        } else if said.contains("permission") || said.contains("may not exist") {
            KmsCode::PermissionDenied
        } else if absence::is_of(self.resource, status) {
            KmsCode::NotFound
        } else {
            KmsCode::Unavailable
        }
    }

    /// What to do about an answer, where it is known.
    fn hint(&self, status: &Status, said: &str) -> Option<String> {
        let by_reason = reason(status).and_then(|reason| self.hint_of_reason(reason));
        by_reason
            .or_else(|| self.hint_of_words(&said.to_lowercase()))
            .or_else(|| self.hint_of_code(status))
    }

    /// By the code alone.
    fn hint_of_code(&self, status: &Status) -> Option<String> {
        if status.code == Code::Unauthenticated {
            return Some(LOG_IN.to_owned());
        }
        let is_elsewhere = status.code == Code::NotFound
            && self.absent_or_not(status, &status.message.to_lowercase()) == KmsCode::Unavailable;
        is_elsewhere.then(|| {
            format!(
                "that does not say that it is missing: check that the project {} exists and that {} is Cloud KMS",
                self.project,
                self.host()
            )
        })
    }

    /// By the reason in Google's ErrorInfo.
    fn hint_of_reason(&self, reason: &str) -> Option<String> {
        Some(match reason {
            "SERVICE_DISABLED" => self.enable_api(),
            "USER_PROJECT_DENIED" => quota_project_denied(),
            "CONSUMER_INVALID" | "CONSUMER_SUSPENDED" | "CONSUMER_DELETED" => {
                format!("check that the project {} exists and is active", self.project)
            }
            "BILLING_DISABLED" => format!("enable billing for the project {}", self.project),
            "ACCESS_TOKEN_SCOPE_INSUFFICIENT" => wrong_scope(),
            "ACCESS_TOKEN_EXPIRED" | "ACCESS_TOKEN_INVALID" | "CREDENTIALS_MISSING" => LOG_IN.to_owned(),
            "ACCESS_TOKEN_TYPE_UNSUPPORTED" | "API_KEY_SERVICE_BLOCKED" => {
                format!("Cloud KMS does not take this kind of credentials; {LOG_IN}")
            }
            "RATE_LIMIT_EXCEEDED" | "RESOURCE_QUOTA_EXCEEDED" => self.raise_quota(),
            "SECURITY_POLICY_VIOLATED" => {
                format!(
                    "a VPC Service Controls perimeter around {} refuses this caller",
                    self.project
                )
            }
            _ => return None,
        })
    }

    /// By what the message says, for answers without a reason.
    fn hint_of_words(&self, said: &str) -> Option<String> {
        let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
        if says(&[
            "has not been used in project",
            "api is disabled",
            "it is disabled",
        ]) {
            Some(self.enable_api())
        } else if says(&["requires a quota project", "quota project is not set"]) {
            Some("name one: `quota_project: PROJECT` in the manifest".to_owned())
        } else if says(&["serviceusage.services.use", "serviceusageconsumer"]) {
            Some(quota_project_denied())
        } else if says(&["insufficient authentication scopes", "insufficient scope"]) {
            Some(wrong_scope())
        } else if is_misrouted(said) {
            Some(self.check_location())
        } else if says(&["quota exceeded", "quota metric"]) {
            Some(self.raise_quota())
        } else {
            None
        }
    }

    fn enable_api(&self) -> String {
        format!(
            "enable the API: gcloud services enable cloudkms.googleapis.com --project {}; it takes some minutes",
            self.project
        )
    }

    fn raise_quota(&self) -> String {
        format!(
            "lower `quota:` in the manifest, or raise the Cloud KMS quota of {} in {}",
            self.project, self.location
        )
    }

    fn check_location(&self) -> String {
        format!(
            "check the location and the endpoint: {} was asked about {}; gcloud kms locations list shows what there is",
            self.host(),
            self.location
        )
    }
}

fn quota_project_denied() -> String {
    "the project that pays for the quota refuses the caller: name another one (`quota_project:` in the manifest), or grant \
     roles/serviceusage.serviceUsageConsumer on it"
        .to_owned()
}

fn wrong_scope() -> String {
    "the credentials are not made for Cloud KMS: they need the scope cloud-platform or cloudkms".to_owned()
}

/// An answer that speaks of another location than the one that was meant is no answer about the resource.
fn is_misrouted(said: &str) -> bool {
    let words = [
        "request concerns location",
        "misrouted",
        "invalid location",
        "unknown location",
        "unsupported location",
        "is not a valid location",
        "location is not available",
    ];
    words.iter().any(|word| said.contains(word))
}

fn code_of(code: Code, http: Option<u16>) -> KmsCode {
    match code {
        Code::InvalidArgument | Code::OutOfRange => KmsCode::InvalidArgument,
        Code::AlreadyExists => KmsCode::AlreadyExists,
        Code::PermissionDenied | Code::Unauthenticated => KmsCode::PermissionDenied,
        Code::FailedPrecondition => KmsCode::FailedPrecondition,
        Code::ResourceExhausted => KmsCode::ResourceExhausted,
        Code::DeadlineExceeded => KmsCode::DeadlineExceeded,
        Code::DataLoss => KmsCode::Internal,
        Code::Unknown if matches!(http, Some(401 | 403)) => KmsCode::PermissionDenied,
        // A fault of the service is no damage of what is kept there.
        _ => KmsCode::Unavailable,
    }
}

fn reason(status: &Status) -> Option<&str> {
    status.details.iter().find_map(|detail| match detail {
        StatusDetails::ErrorInfo(info) => Some(info.reason.as_str()),
        _ => None,
    })
}

fn violation(status: &Status) -> Option<(String, String)> {
    let failures = status.details.iter().filter_map(|detail| match detail {
        StatusDetails::PreconditionFailure(failure) => Some(failure),
        _ => None,
    });
    let mut violations = failures.flat_map(|failure| &failure.violations);
    let first = violations.next()?;
    Some((printable(&first.r#type), printable(&first.subject)))
}

fn wait_asked_for(status: &Status) -> Option<Duration> {
    status.details.iter().find_map(|detail| match detail {
        StatusDetails::RetryInfo(info) => Duration::try_from(info.retry_delay?).ok(),
        _ => None,
    })
}

/// The cause at the bottom of an error: what is above it only says that something failed.
fn innermost(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = cause.to_string();
        source = cause.source();
    }
    printable(&text)
}

/// Foreign text, safe to print: escaped, and cut.
pub(crate) fn printable(text: &str) -> String {
    let is_harmless = |c: &char| !c.is_control();
    let line: String = text
        .chars()
        .take(MESSAGE_LEN)
        .map(|c| if c == '\n' || c == '\t' { ' ' } else { c })
        .filter(is_harmless)
        .collect();
    line.trim().to_owned()
}
