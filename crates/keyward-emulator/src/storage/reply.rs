//! What one call answers.

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde_json::Value;

/// An answer.
pub(crate) struct Reply {
    /// The HTTP status.
    pub(crate) status: u16,
    /// Headers, in order; a name may come twice.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// Custom metadata, by name.
    notes: Vec<(String, String)>,
    /// The body.
    pub(crate) body: Bytes,
}

impl Reply {
    /// An answer without a body.
    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            notes: Vec::new(),
            body: Bytes::new(),
        }
    }

    /// A JSON document.
    pub(crate) fn json(status: u16, document: &Value) -> Self {
        Self::empty(status)
            .header("content-type", "application/json; charset=UTF-8")
            .body(document.to_string().into_bytes().into())
    }

    /// An XML document.
    pub(crate) fn xml(status: u16, document: String) -> Self {
        Self::empty(status)
            .header("content-type", "application/xml; charset=UTF-8")
            .body(document.into_bytes().into())
    }

    /// Adds a header. One that HTTP cannot carry is left out.
    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Adds custom metadata. What HTTP cannot carry is left out.
    pub(crate) fn noted(mut self, name: &str, value: &str) -> Self {
        self.notes.push((format!("x-goog-meta-{name}"), value.to_owned()));
        self
    }

    /// Sets the body.
    pub(crate) fn body(mut self, body: Bytes) -> Self {
        self.body = body;
        self
    }

    /// Spoils the checksum of the answer, where it has one.
    pub(crate) fn corrupt(&mut self) {
        for (name, value) in &mut self.headers {
            if *name == "x-goog-hash" && value.starts_with("crc32c=") {
                *value = "crc32c=AAAAAQ==".to_owned();
            }
        }
        let Ok(mut document) = serde_json::from_slice::<Value>(&self.body) else {
            return;
        };
        if let Some(checksum) = document.get_mut("crc32c") {
            *checksum = "AAAAAQ==".into();
            self.body = document.to_string().into_bytes().into();
        }
    }

    /// The answer over HTTP. `head` keeps the length and drops the body.
    pub(crate) fn into_response(self, head: bool) -> Response<Body> {
        let length = self.body.len();
        let mut response = Response::new(if head {
            Body::empty()
        } else {
            Body::from(self.body)
        });
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
                response
                    .headers_mut()
                    .append(HeaderName::from_static(name), value);
            }
        }
        for (name, value) in self.notes {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                response.headers_mut().append(name, value);
            }
        }
        if head && !response.headers().contains_key("content-length") {
            response.headers_mut().insert("content-length", length.into());
        }
        response
    }
}
