//! Why a call failed, found out by asking further: which permission is missing, and how long a version has left.

use std::time::Duration;

use keyward_core::clock::until;
use keyward_core::key::{KeyVersion, VersionState};
use keyward_core::kms::{KmsCode, KmsError};
use keyward_core::name::KeyVersionName;
use tokio::time::timeout;

use crate::call::Call;
use crate::fate::Failure;
use crate::target::{Guard, Target};

/// How long the question may take.
const PATIENCE: Duration = Duration::from_secs(5);

impl Call<'_> {
    /// The error of a failed call, with what to do next.
    pub(crate) async fn explain(&self, failure: Failure) -> KmsError {
        let error = *failure.error;
        if error.hint.is_some() {
            return error;
        }
        let asked = async {
            match error.code {
                KmsCode::PermissionDenied => self.missing_permission().await,
                KmsCode::FailedPrecondition => self.blocked(&error).await,
                _ => None,
            }
        };
        match timeout(PATIENCE.min(self.settings.deadline), asked).await {
            Ok(Some(hint)) => error.hint(hint),
            _ => error,
        }
    }

    /// Denied: does the caller hold what this takes?
    async fn missing_permission(&self) -> Option<String> {
        if self.needs.is_empty() {
            return None;
        }
        let (needs, role) = (self.needs, role_with(self.needs));
        let Some(guard) = self.target.guard else {
            return Some(format!("the caller needs {needs}: grant {role} on the project"));
        };
        let target = Target {
            resource: guard.to_string(),
            guard: Some(guard),
            ..self.target
        };
        let question = self.afterwards(self.port, target);
        let what = guard.kind();
        Some(match question.permissions(&[needs]).await {
            Ok(held) if held.iter().any(|id| id == needs) => format!(
                "the caller holds {needs} on the {what}, so something else denies it: an organisation policy, a VPC Service \
                 Controls perimeter, or a resource that is not there"
            ),
            Ok(_) => format!(
                "the caller does not hold {needs} on the {what}, or there is none: grant {role} on the key ring"
            ),
            Err(_) => format!(
                "the caller needs {needs}, and what it holds cannot be asked: grant {role} on the key ring"
            ),
        })
    }

    /// A version stands in the way: in which state is it?
    async fn blocked(&self, error: &KmsError) -> Option<String> {
        let name = self.blocking_version(error)?;
        let question = self.afterwards(crate::port::Port::Read, Target::version(&name));
        let version = question.version(&name).await.ok()?;
        way_back(&version, self.kms.clock.now())
    }

    /// The version that Google names, if it is one of the key that was asked for.
    fn blocking_version(&self, error: &KmsError) -> Option<KeyVersionName> {
        let named = error
            .violation
            .as_ref()
            .map(|violation| violation.subject.as_str());
        let words = error.message.split([' ', ',', '"', '\'', '`']);
        let words = words.map(|word| word.trim_end_matches(['.', ':']));
        let mut names = named
            .into_iter()
            .chain(words)
            .filter_map(|word| word.parse().ok());
        names.find(|name: &KeyVersionName| self.target.guard == Some(Guard::Key(name.key())))
    }
}

/// The role to grant. Of Google's own the narrowest is named; those that change keys may all destroy too, so that a role of
/// one's own is the better one.
fn role_with(permission: &str) -> &'static str {
    if permission.ends_with(".get") || permission.ends_with(".list") {
        "roles/cloudkms.viewer"
    } else if permission.contains(".useTo") {
        "roles/cloudkms.cryptoKeyEncrypterDecrypter"
    } else {
        "a custom role with it (roles/cloudkms.admin has it, and may destroy keys)"
    }
}

/// How a version that cannot be used comes back, and how long that is possible.
fn way_back(version: &KeyVersion, now: jiff::Timestamp) -> Option<String> {
    let name = &version.name;
    match (version.state, version.destroy_at) {
        (VersionState::Disabled, _) => Some(format!("bring it back: keyward key enable gcp-kms://{name}")),
        (VersionState::DestroyScheduled, Some(at)) => Some(format!(
            "{} left until it is destroyed, at {at}; bring it back: keyward key restore gcp-kms://{name}",
            hours(until(now, at))
        )),
        (VersionState::DestroyScheduled, None) => {
            Some(format!("bring it back: keyward key restore gcp-kms://{name}"))
        }
        (VersionState::Destroyed, _) => Some(format!(
            "{name} is destroyed; what only it wrapped is lost, other wraps of the same data still open"
        )),
        _ => None,
    }
}

fn hours(left: Duration) -> String {
    match left.as_secs() / 3600 {
        0 => format!("{} minutes", left.as_secs() / 60),
        1 => "1 hour".to_owned(),
        hours => format!("{hours} hours"),
    }
}

#[cfg(test)]
mod tests {
    use keyward_core::key::{Algorithm, ProtectionLevel};

    use super::*;

    #[test]
    fn the_hours_that_are_left_are_named() {
        let now: jiff::Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let name = "projects/p/locations/global/keyRings/r/cryptoKeys/k/cryptoKeyVersions/3";
        let mut version = KeyVersion {
            name: name.parse().unwrap(),
            state: VersionState::DestroyScheduled,
            algorithm: Algorithm::default(),
            protection: ProtectionLevel::default(),
            created: now,
            destroy_at: Some("2026-01-01T23:30:00Z".parse().unwrap()),
            destroyed_at: None,
        };
        let hint = way_back(&version, now).unwrap();
        assert!(hint.starts_with("23 hours left"), "{hint}");
        assert!(
            hint.ends_with(&format!("keyward key restore gcp-kms://{name}")),
            "{hint}"
        );
        version.state = VersionState::Disabled;
        let hint = way_back(&version, now).unwrap();
        assert!(
            hint.contains(&format!("keyward key enable gcp-kms://{name}")),
            "{hint}"
        );
        version.state = VersionState::Enabled;
        assert_eq!(way_back(&version, now), None);
    }
}
