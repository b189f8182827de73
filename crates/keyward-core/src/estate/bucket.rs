//! Buckets, their objects, and buckets of logs: what is under keys without keyward.

use crate::clock::Timestamp;

/// A bucket of objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// The project that it was found in; `None` when it was asked for by its name.
    pub project: Option<String>,
    /// Where it is, as buckets say it: `EUROPE-WEST3`, `EU`.
    pub location: String,
    /// The key that new objects are written under, by its full name; `None` for keys of the provider's own.
    pub key: Option<String>,
}

/// One generation of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredObject {
    /// Its name in the bucket.
    pub name: String,
    /// Which generation.
    pub generation: u64,
    /// Whether it was replaced or deleted, and is kept.
    pub noncurrent: bool,
    /// The key version that it is under, by its full name; `None` for keys of the provider's own.
    pub key_version: Option<String>,
}

/// A bucket of log entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogBucket {
    /// Its full name, which has its location.
    pub name: String,
    /// The key that entries are kept under, by its full name; `None` for keys of the provider's own.
    pub key: Option<String>,
    /// The version of it, by its full name, where that is said.
    pub key_version: Option<String>,
    /// When it was made, where that is said.
    pub created: Option<Timestamp>,
}

impl LogBucket {
    /// Where it is: the segment of its name behind `locations`.
    pub fn location(&self) -> Option<&str> {
        let mut segments = self.name.split('/').skip_while(|segment| *segment != "locations");
        segments.nth(1)
    }
}
