//! How an answer is written.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::Full;
use prost_reflect::{DynamicMessage, SerializeOptions};
use serde_json::Value as Json;

use super::Answer;
use super::fault::Fault;
use super::query;
use crate::serve::bug;

const JSON: &str = "application/json; charset=UTF-8";

/// What a caller asks of the form of an answer.
#[derive(Debug)]
pub(super) struct Form {
    /// On several lines; so it is when nothing is said.
    pretty: bool,
    /// Values of enums by number, not by name.
    enum_numbers: bool,
    /// Errors list a reason each, as clients made from the discovery document read them.
    pub(super) reasons: bool,
}

impl Default for Form {
    fn default() -> Self {
        Self {
            pretty: true,
            enum_numbers: false,
            reasons: false,
        }
    }
}

impl Form {
    /// What can be read of it; what cannot is complained about by [`Self::check`].
    pub(super) fn of<B>(request: &Request<B>) -> Self {
        let mut form = Self {
            reasons: is_from_discovery(request.headers()),
            ..Self::default()
        };
        let pairs = query::pairs(request.uri().query().unwrap_or_default());
        for (name, value) in pairs.as_deref().unwrap_or_default() {
            match query::system(name) {
                Some("alt") => form.enum_numbers = value.ends_with(";enum-encoding=int"),
                Some("prettyPrint" | "pretty_print" | "pp") => {
                    form.pretty = !matches!(value.as_str(), "false" | "0")
                }
                Some("xgafv") => form.reasons = value == "1",
                _ => {}
            }
        }
        form
    }

    /// # Errors
    /// Another form than JSON is asked for.
    pub(super) fn check(pairs: &[(String, String)]) -> Result<(), Fault> {
        let served = ["json", "json;enum-encoding=int", ""];
        let other = pairs
            .iter()
            .find(|(name, value)| query::system(name) == Some("alt") && !served.contains(&value.as_str()));
        other.map_or(Ok(()), |(name, value)| Err(Fault::system(name, value)))
    }

    /// The JSON of a message, without what has its default.
    pub(super) fn json_of(&self, message: &DynamicMessage) -> Result<Json, Fault> {
        let options = SerializeOptions::new().use_enum_numbers(self.enum_numbers);
        message
            .serialize_with_options(serde_json::value::Serializer, &options)
            .map_err(|_| bug().into())
    }

    /// The answer.
    pub(super) fn write(&self, status: StatusCode, json: &Json) -> Answer {
        let text = if self.pretty {
            format!("{json:#}\n")
        } else {
            json.to_string()
        };
        self::text(status, JSON, text)
    }
}

/// Google's older clients say that they are made from the discovery document.
fn is_from_discovery(headers: &HeaderMap) -> bool {
    let client = headers
        .get("x-goog-api-client")
        .and_then(|value| value.to_str().ok());
    client.is_some_and(|client| client.split(' ').any(|part| part.starts_with("gdcl/")))
}

/// An answer that is text.
pub(super) fn text(status: StatusCode, kind: &'static str, text: String) -> Answer {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
