//! Attempts at one question, and what their failure means.

use keyward_core::location::Location;
use reqwest::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tokio::time::{Instant, sleep};

use super::home::Home;
use super::request::{Request, Service};
use super::wire::{Answer, Lost, told};
use super::{GcpEstate, Sight, Unseen};
use crate::no_credentials::LOG_IN;
use crate::port::Kind;
use crate::redact::redacted;
use crate::translate::printable;

/// How often one question is asked.
const ATTEMPTS: u32 = 4;
/// Longest part of what a service says that is passed on, in characters.
const SAID_LEN: usize = 300;

/// An error in the form of Google's APIs.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Refusal {
    error: Said,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Said {
    message: String,
    details: Vec<Reason>,
    /// As Cloud Storage has it.
    errors: Vec<Reason>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Reason {
    reason: String,
}

impl GcpEstate {
    /// The answer to `request`, as `T`.
    pub(super) async fn ask<T: DeserializeOwned>(&self, request: &Request<'_>) -> Sight<T> {
        let home = Home::of(&self.kms, request).map_err(|error| Unseen::Because(told(&error)))?;
        let unseen = |why: String| Unseen::Because(format!("{}: {why}", request.about));
        let answer = self.attempts(&home, request).await.map_err(unseen)?;
        if !answer.status.is_success() {
            return Err(refused(&home, request, &answer));
        }
        // Every answer is an object; a list would be taken for the fields of one, in their order.
        let object: serde_json::Result<Map<String, Value>> = serde_json::from_slice(&answer.body);
        object
            .and_then(|object| serde_json::from_value(Value::Object(object)))
            .map_err(|_| {
                unseen(format!(
                    "{} answered what is no answer to that",
                    home.host(request)
                ))
            })
    }

    async fn attempts(&self, home: &Home<'_>, request: &Request<'_>) -> Result<Answer, String> {
        let mut until = None;
        let mut failures = 0;
        let mut renewed = false;
        loop {
            self.turn(request).await?;
            // The semaphore is never closed.
            let slot = self
                .own
                .slots
                .acquire()
                .await
                .map_err(|error| error.to_string())?;
            let sent = Instant::now();
            let until = *until.get_or_insert(sent + home.settings.deadline);
            let caller = &self.kms.clients.caller;
            let outcome = self.own.wires.send(caller, home, request).await;
            drop(slot);
            let may_do = match &outcome {
                Ok(answer) if answer.status == StatusCode::UNAUTHORIZED && !renewed => {
                    renewed = true;
                    caller.renew(sent).await
                }
                Ok(answer) => {
                    answer.status.is_server_error() || answer.status == StatusCode::TOO_MANY_REQUESTS
                }
                Err(Lost::NotSent(_)) => false,
                Err(Lost::OnTheWay(_)) => true,
            };
            failures += 1;
            let wait = self.kms.wait(failures);
            if may_do && failures < ATTEMPTS && Instant::now() + wait < until && !is_unserved(home, &outcome)
            {
                sleep(wait).await;
                continue;
            }
            return outcome.map_err(|lost| match lost {
                Lost::NotSent(why) => why,
                Lost::OnTheWay(why) => format!("{} did not answer: {why}", home.host(request)),
            });
        }
    }
}

impl GcpEstate {
    /// Waits until Cloud KMS may be asked by its quota, which its other reads count against too.
    async fn turn(&self, request: &Request<'_>) -> Result<(), String> {
        let mut parts = request
            .path
            .iter()
            .skip_while(|part| *part != "locations")
            .skip(1);
        let (Service::Kms, Some(project), Some(location)) = (request.service, request.project, parts.next())
        else {
            return Ok(());
        };
        let location = Location::parse(location).map_err(|error| error.to_string())?;
        let lane = self.kms.lane(project, &location);
        let turn = lane.turn(Kind::Look, None).await;
        turn.map(drop)
            .map_err(|_| "its turn under the quota comes too late".to_owned())
    }
}

impl Home<'_> {
    /// Who was asked, for an error.
    pub(super) fn host(&self, request: &Request<'_>) -> String {
        match self.endpoint.is_local() {
            true => self.base.clone(),
            false => request.service.host().to_owned(),
        }
    }
}

/// Whether an emulator says that it does not serve such a thing at all.
fn is_unserved(home: &Home<'_>, outcome: &Result<Answer, Lost>) -> bool {
    let unserved = [
        StatusCode::NOT_FOUND,
        StatusCode::METHOD_NOT_ALLOWED,
        StatusCode::NOT_IMPLEMENTED,
    ];
    home.endpoint.is_local()
        && outcome
            .as_ref()
            .is_ok_and(|answer| unserved.contains(&answer.status))
}

/// What a refusal means, with what to do about it.
fn refused(home: &Home<'_>, request: &Request<'_>, answer: &Answer) -> Unseen {
    let refusal: Refusal = serde_json::from_slice(&answer.body).unwrap_or_default();
    let said = said(&refusal.error.message);
    let reasons = refusal.error.details.iter().chain(&refusal.error.errors);
    let reasons: Vec<_> = reasons.map(|reason| reason.reason.as_str()).collect();
    let host = request.service.host();
    let off = reasons.contains(&"SERVICE_DISABLED") || said.contains("has not been used in project");
    let why = match answer.status {
        StatusCode::FORBIDDEN if off => {
            let project = request.project.unwrap_or("PROJECT");
            format!("{host} is not enabled; gcloud services enable {host} --project {project}")
        }
        StatusCode::FORBIDDEN => {
            let (permission, role) = request.needs;
            format!("denied{said}; the caller needs {permission}, as in {role}")
        }
        StatusCode::UNAUTHORIZED => format!("{host} did not take the credentials{said}; {LOG_IN}"),
        StatusCode::NOT_FOUND if is_absent(request, &refusal) => return Unseen::Absent,
        _ if is_unserved_status(home, answer.status) => {
            format!(
                "{host} is not served at {}, or has no such thing{said}",
                home.base
            )
        }
        status => format!("{host} answered HTTP {}{said}", status.as_u16()),
    };
    Unseen::Because(format!("{}: {why}", request.about))
}

fn is_unserved_status(home: &Home<'_>, status: StatusCode) -> bool {
    let answer = Answer {
        status,
        body: Vec::new(),
    };
    is_unserved(home, &Ok(answer))
}

/// Only Cloud Storage says of a name alone that it is certainly not there: buckets share one space of names, and who may not
/// see one is told so.
fn is_absent(request: &Request<'_>, refusal: &Refusal) -> bool {
    let is_bucket = matches!(&*request.path, [storage, _, b, _] if storage == "storage" && b == "b");
    let says_so = refusal
        .error
        .errors
        .iter()
        .any(|error| error.reason == "notFound");
    is_bucket
        && says_so
        && refusal
            .error
            .message
            .to_lowercase()
            .contains("bucket does not exist")
}

/// What a service says, in brackets, without what may be a token.
fn said(message: &str) -> String {
    let short: String = redacted(&printable(message)).chars().take(SAID_LEN).collect();
    match short.trim_end_matches('.') {
        "" => String::new(),
        said => format!(" ({said})"),
    }
}
