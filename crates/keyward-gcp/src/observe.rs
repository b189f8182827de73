//! `KmsRead`: only "not found" is absence; everything else that is no answer is unknown, with its reason.

use keyward_core::key::{CryptoKey, KeyRing, KeyVersion, Permission};
use keyward_core::kms::{Async, KmsCode, KmsError, KmsRead, Observed};
use keyward_core::location::Location;
use keyward_core::name::{CryptoKeyName, KeyRingName, KeyVersionName};

use crate::call::Call;
use crate::fate::Failure;
use crate::kms::{GcpKms, Shared};
use crate::lists;
use crate::port::Port;
use crate::read::{GET_KEY, GET_RING, GET_VERSION, LIST_KEYS, LIST_LOCATIONS, LIST_RINGS, LIST_VERSIONS};
use crate::target::Target;

impl KmsRead for GcpKms {
    fn get_ring<'a>(&'a self, name: &'a KeyRingName) -> Async<'a, Observed<KeyRing>> {
        Box::pin(async move {
            match self.0.looking(Target::ring(name), GET_RING) {
                Ok(call) => call.observe(call.ring(name).await).await,
                Err(error) => unknown(&error),
            }
        })
    }

    fn list_locations<'a>(&'a self, project: &'a str) -> Async<'a, Observed<Vec<Location>>> {
        Box::pin(async move {
            let global = match Location::parse("global") {
                Ok(global) => global,
                Err(error) => return Observed::Unknown(error.to_string()),
            };
            lists::locations(|| self.0.looking(Target::project(project, &global), LIST_LOCATIONS)).await
        })
    }

    fn list_rings<'a>(
        &'a self,
        project: &'a str,
        location: &'a Location,
    ) -> Async<'a, Observed<Vec<KeyRing>>> {
        Box::pin(lists::rings(project, location, move || {
            self.0.looking(Target::location(project, location), LIST_RINGS)
        }))
    }

    fn get_key<'a>(&'a self, name: &'a CryptoKeyName) -> Async<'a, Observed<CryptoKey>> {
        Box::pin(async move {
            match self.0.looking(Target::key(name), GET_KEY) {
                Ok(call) => call.observe(call.key(name).await).await,
                Err(error) => unknown(&error),
            }
        })
    }

    fn list_keys<'a>(&'a self, ring: &'a KeyRingName) -> Async<'a, Observed<Vec<CryptoKey>>> {
        Box::pin(lists::keys(ring, move || {
            self.0.looking(Target::ring(ring), LIST_KEYS)
        }))
    }

    fn get_version<'a>(&'a self, name: &'a KeyVersionName) -> Async<'a, Observed<KeyVersion>> {
        Box::pin(async move {
            match self.0.looking(Target::version(name), GET_VERSION) {
                Ok(call) => call.observe(call.version(name).await).await,
                Err(error) => unknown(&error),
            }
        })
    }

    fn list_versions<'a>(&'a self, key: &'a CryptoKeyName) -> Async<'a, Observed<Vec<KeyVersion>>> {
        Box::pin(lists::versions(key, move || {
            self.0.looking(Target::key(key), LIST_VERSIONS)
        }))
    }

    fn test_permissions<'a>(
        &'a self,
        key: &'a CryptoKeyName,
        wanted: &'a [Permission],
    ) -> Async<'a, Observed<Vec<Permission>>> {
        Box::pin(async move {
            let ids: Vec<&str> = wanted.iter().map(|permission| permission.id()).collect();
            let held = match self.0.looking(Target::key(key), "") {
                Ok(call) => call.observe(call.permissions(&ids).await).await,
                Err(error) => unknown(&error),
            };
            held.map(|held| {
                let is_held = |permission: &&Permission| held.iter().any(|id| id == permission.id());
                wanted.iter().filter(is_held).copied().collect()
            })
        })
    }
}

impl Shared {
    /// A call that only looks.
    fn looking<'a>(&'a self, target: Target<'a>, needs: &'static str) -> Result<Call<'a>, KmsError> {
        Call::new(self, Port::Read, target, needs)
    }
}

impl Call<'_> {
    /// What an answer, or its absence, shows.
    pub(crate) async fn observe<T>(&self, answer: Result<T, Failure>) -> Observed<T> {
        match answer {
            Ok(there) => Observed::Present(there),
            Err(failure) if failure.error.code == KmsCode::NotFound => Observed::Absent,
            Err(failure) => unknown(&self.explain(failure).await),
        }
    }
}

/// What an error that is no absence says to somebody who only looked.
pub(crate) fn unknown<T>(error: &KmsError) -> Observed<T> {
    match &error.hint {
        Some(hint) => Observed::Unknown(format!("{}; {hint}", error.to_string().trim_end_matches('.'))),
        None => Observed::Unknown(error.to_string()),
    }
}
