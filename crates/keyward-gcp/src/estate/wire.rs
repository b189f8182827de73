//! Connections, tokens, and answers of a bounded size.

use std::collections::HashMap;
use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use google_cloud_auth::credentials::{CacheableResource, Credentials};
use http::{Extensions, HeaderMap, HeaderValue};
use keyward_core::kms::KmsError;
use reqwest::{Client, Method, Response, StatusCode, redirect};
use tokio::sync::{Mutex, OnceCell};
use tokio::time::timeout;

use super::home::Home;
use super::request::Request;
use crate::credentials::Caller;
use crate::endpoint::Endpoint;
use crate::no_credentials::NoCredentials;

/// What a token of an impersonated account may be used for. IAM, organisation policies and the inventory of Cloud KMS take no
/// narrower one (their discovery documents, 2026).
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
/// Largest answer, in bytes: a page of a thousand log entries is less than a tenth of it.
const ANSWER_LEN: usize = 16 * 1024 * 1024;
/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(10);
/// How long an access token may take.
const TOKEN_PATIENCE: Duration = Duration::from_secs(8);
/// Whose quota pays.
const QUOTA_PROJECT: &str = "x-goog-user-project";

/// Connections, and who shows what where.
#[derive(Default)]
pub(super) struct Wires {
    near: OnceCell<Client>,
    far: OnceCell<Client>,
    shown: Mutex<HashMap<Who, Arc<Credentials>>>,
}

/// Where, and as which account.
type Who = (Endpoint, Option<String>);

/// What came back.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Vec<u8>,
}

/// Why nothing did.
pub(super) enum Lost {
    /// Nothing was sent, and nothing would be.
    NotSent(String),
    /// On the way, so that another attempt may do.
    OnTheWay(String),
}

impl Wires {
    /// Sends `request` once.
    pub(super) async fn send(
        &self,
        caller: &Caller,
        home: &Home<'_>,
        request: &Request<'_>,
    ) -> Result<Answer, Lost> {
        let url = home
            .url(request)
            .ok_or_else(|| Lost::NotSent("its name makes no address".to_owned()))?;
        let headers = self.headers(caller, home).await?;
        let client = self.client(&home.endpoint).await?;
        let method = if request.body.is_some() {
            Method::POST
        } else {
            Method::GET
        };
        let mut sending = client
            .request(method, url)
            .headers(headers)
            .timeout(home.settings.deadline / 2);
        if let Some(body) = &request.body {
            let json = HeaderValue::from_static("application/json");
            sending = sending
                .header(http::header::CONTENT_TYPE, json)
                .body(body.to_string());
        }
        let response = sending.send().await.map_err(|error| broken(&error))?;
        let status = response.status();
        let body = whole(response).await?;
        Ok(Answer { status, body })
    }

    async fn client(&self, endpoint: &Endpoint) -> Result<&Client, Lost> {
        let is_near = endpoint.is_local();
        let cell = if is_near { &self.near } else { &self.far };
        cell.get_or_try_init(async || {
            let builder = Client::builder()
                .redirect(redirect::Policy::none())
                .connect_timeout(CONNECT);
            // What is meant for this machine does not go through a proxy.
            let builder = if is_near { builder.no_proxy() } else { builder };
            builder.build().map_err(|error| Lost::NotSent(innermost(&error)))
        })
        .await
    }

    /// The token, and whose quota pays.
    async fn headers(&self, caller: &Caller, home: &Home<'_>) -> Result<HeaderMap, Lost> {
        let credentials = self.credentials(caller, home).await?;
        let asked = timeout(TOKEN_PATIENCE, credentials.headers(Extensions::new())).await;
        let asked = asked.map_err(|_| Lost::NotSent("no access token came in time".to_owned()))?;
        let shown = asked.map_err(|error| {
            let known = NoCredentials::of(&error, error.is_transient(), caller.is_configured());
            Lost::NotSent(format!("{}; {}", known.why, known.hint))
        })?;
        let CacheableResource::New {
            data: mut headers, ..
        } = shown
        else {
            return Err(Lost::NotSent(
                "the credentials have not changed since nothing".to_owned(),
            ));
        };
        if let Some(project) = &home.settings.quota_project {
            let project = HeaderValue::from_str(project);
            headers.insert(
                QUOTA_PROJECT,
                project.map_err(|_| Lost::NotSent("`quota_project` is no project".to_owned()))?,
            );
        }
        Ok(headers)
    }

    async fn credentials(&self, caller: &Caller, home: &Home<'_>) -> Result<Arc<Credentials>, Lost> {
        let account = home.settings.impersonate.read.clone();
        let mut shown = self.shown.lock().await;
        let who = (home.endpoint.clone(), account);
        if let Some(credentials) = shown.get(&who) {
            return Ok(credentials.clone());
        }
        let made = caller.scoped(&who.0, who.1.as_deref(), SCOPE).await;
        let made = Arc::new(made.map_err(|error| Lost::NotSent(told(&error)))?);
        shown.insert(who, made.clone());
        Ok(made)
    }
}

/// The body, unless it is too long.
async fn whole(mut response: Response) -> Result<Vec<u8>, Lost> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| broken(&error))? {
        if body.len() + chunk.len() > ANSWER_LEN {
            let why = format!("the answer is longer than {} MiB", ANSWER_LEN / (1024 * 1024));
            return Err(Lost::NotSent(why));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn broken(error: &reqwest::Error) -> Lost {
    match error.is_timeout() {
        true => Lost::OnTheWay("no answer in time".to_owned()),
        false => Lost::OnTheWay(innermost(error)),
    }
}

/// The cause at the bottom, which has no address in it.
fn innermost(error: &reqwest::Error) -> String {
    let mut source = error.source();
    let mut text = "the connection failed".to_owned();
    while let Some(cause) = source {
        text = cause.to_string();
        source = cause.source();
    }
    crate::translate::printable(&text)
}

/// An error with its hint.
pub(super) fn told(error: &KmsError) -> String {
    match &error.hint {
        Some(hint) => format!("{}; {hint}", error.message.trim_end_matches('.')),
        None => error.message.clone(),
    }
}
