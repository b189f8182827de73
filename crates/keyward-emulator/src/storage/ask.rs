//! What one call asks, and what answers it.

use bytes::Bytes;
use http::HeaderMap;

use super::query::Query;
use super::refusal::Refusal;
use super::reply::Reply;
use crate::rpc::Method;
use crate::state::State;

/// The service that calls belong to, for faults and the log.
pub(crate) const SERVICE: &str = "storage";

/// A call that is served.
#[derive(Clone, Copy)]
pub(crate) struct Operation {
    /// Its name and what it takes.
    pub(crate) method: Method,
    /// Longest body, in bytes.
    pub(crate) longest_body: usize,
    /// The answer.
    pub(crate) answer: fn(&State, &Ask) -> Result<Reply, Refusal>,
}

/// What is asked.
#[derive(Default)]
pub(crate) struct Ask {
    /// The verb.
    pub(crate) verb: http::Method,
    /// The project, where the path names one.
    pub(crate) project: String,
    /// The bucket; empty when the call names none.
    pub(crate) bucket: String,
    /// The object; empty when the call names none.
    pub(crate) object: String,
    /// Bucket and object that are written, where a call names two.
    pub(crate) destination: (String, String),
    /// Parameters.
    pub(crate) query: Query,
    /// Headers.
    pub(crate) headers: HeaderMap,
    /// The body.
    pub(crate) body: Bytes,
    /// How the caller reached the emulator, as in `http://127.0.0.1:9010`.
    pub(crate) base: String,
    /// Whether it came over the XML API.
    pub(crate) xml: bool,
}

impl Ask {
    /// A header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The name that faults and the log go by.
    pub(crate) fn resource(&self) -> String {
        match (&*self.bucket, &*self.object) {
            ("", _) => format!("projects/{}", self.project),
            (bucket, "") => format!("projects/_/buckets/{bucket}"),
            (bucket, object) => format!("projects/_/buckets/{bucket}/objects/{object}"),
        }
    }
}

/// A call that looks.
pub(crate) const fn looks(
    name: &'static str,
    answer: fn(&State, &Ask) -> Result<Reply, Refusal>,
) -> Operation {
    Operation {
        method: Method {
            service: SERVICE,
            name,
            permission: name,
            changes: false,
        },
        longest_body: super::body::LONGEST_JSON,
        answer,
    }
}

/// A call that changes something.
pub(crate) const fn changes(
    name: &'static str,
    answer: fn(&State, &Ask) -> Result<Reply, Refusal>,
) -> Operation {
    let looks = looks(name, answer);
    Operation {
        method: Method {
            changes: true,
            ..looks.method
        },
        ..looks
    }
}

/// A call that brings content.
pub(crate) const fn brings(
    name: &'static str,
    answer: fn(&State, &Ask) -> Result<Reply, Refusal>,
) -> Operation {
    Operation {
        longest_body: super::body::LONGEST_UPLOAD,
        ..changes(name, answer)
    }
}
