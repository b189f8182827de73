//! What a call is about: a full name, and whose policy decides about it.

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
    pub(crate) guard: Option<String>,
}

impl<'a> Target<'a> {
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
        let resource = ring.to_string();
        Self {
            project: ring.project(),
            location: ring.location(),
            ring: Some(ring),
            guard: Some(resource.clone()),
            resource,
        }
    }

    /// A crypto key.
    pub(crate) fn key(key: &'a CryptoKeyName) -> Self {
        let resource = key.to_string();
        Self {
            guard: Some(resource.clone()),
            resource,
            ..Self::ring(key.ring())
        }
    }

    /// A version. Its key has the policy.
    pub(crate) fn version(version: &'a KeyVersionName) -> Self {
        Self {
            resource: version.to_string(),
            ..Self::key(version.key())
        }
    }

    /// What is created in a place that has the policy.
    pub(crate) fn guarded_by(self, guard: Option<String>) -> Self {
        Self { guard, ..self }
    }
}
