//! What a call is about: a full name, and whose policy decides about it.

use std::fmt;

use keyward_core::location::Location;
use keyward_core::name::{CryptoKeyName, KeyRingName, KeyVersionName};

/// A resource, or the place whose rings are listed.
pub(crate) struct Target<'a> {
    pub(crate) project: &'a str,
    pub(crate) location: &'a Location,
    pub(crate) ring: Option<&'a KeyRingName>,
    /// Its full name.
    pub(crate) resource: String,
    /// The nearest resource that has an IAM policy which Cloud KMS can be asked about.
    pub(crate) guard: Option<Guard<'a>>,
}

/// What has a policy. Its name is written out only when a call was denied.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guard<'a> {
    Ring(&'a KeyRingName),
    Key(&'a CryptoKeyName),
}

impl Guard<'_> {
    /// What it is, where its name was said already.
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Ring(_) => "key ring",
            Self::Key(_) => "key",
        }
    }
}

impl fmt::Display for Guard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ring(ring) => ring.fmt(f),
            Self::Key(key) => key.fmt(f),
        }
    }
}

impl<'a> Target<'a> {
    /// A project, asked at the address of `location`.
    pub(crate) fn project(project: &'a str, location: &'a Location) -> Self {
        Self {
            resource: format!("projects/{project}"),
            ..Self::location(project, location)
        }
    }

    /// A project in one location.
    pub(crate) fn location(project: &'a str, location: &'a Location) -> Self {
        Self {
            project,
            location,
            ring: None,
            resource: format!("projects/{project}/locations/{location}"),
            guard: None,
        }
    }

    /// A key ring.
    pub(crate) fn ring(ring: &'a KeyRingName) -> Self {
        Self::of(ring, ring.to_string(), Guard::Ring(ring))
    }

    /// A crypto key.
    pub(crate) fn key(key: &'a CryptoKeyName) -> Self {
        Self::of(key.ring(), key.to_string(), Guard::Key(key))
    }

    /// A version. Its key has the policy.
    pub(crate) fn version(version: &'a KeyVersionName) -> Self {
        let key = version.key();
        Self::of(key.ring(), version.to_string(), Guard::Key(key))
    }

    fn of(ring: &'a KeyRingName, resource: String, guard: Guard<'a>) -> Self {
        Self {
            project: ring.project(),
            location: ring.location(),
            ring: Some(ring),
            resource,
            guard: Some(guard),
        }
    }

    /// What is created in a place that has the policy.
    pub(crate) fn guarded_by(self, guard: Option<Guard<'a>>) -> Self {
        Self { guard, ..self }
    }
}
