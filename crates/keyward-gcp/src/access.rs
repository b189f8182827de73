//! How to reach Cloud KMS: endpoints, identities, quotas and deadlines, by key ring.

use std::ffi::OsString;
use std::time::Duration;

use keyward_core::location::Location;
use keyward_core::name::KeyRingName;

use crate::port::Port;

/// Everything that a [`crate::GcpKms`] has to know before its first call.
#[derive(Clone, Default)]
pub struct Access {
    /// Settings of single key rings.
    pub routes: Vec<Route>,
    /// Settings of every other key ring. Its endpoint is taken to be the user's own choice, wherever that is.
    pub otherwise: Settings,
    /// Who is asking.
    pub credentials: CredentialSource,
}

/// The settings of one key ring: exactly this project, location and ring.
#[derive(Clone)]
pub struct Route {
    /// The ring.
    pub ring: KeyRingName,
    /// How it is reached.
    pub settings: Settings,
}

/// How the keys of a ring are reached.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where Cloud KMS is; Google's own address unless given. `{location}` stands for the location of the key: with
    /// `https://cloudkms.{location}.rep.googleapis.com` a wrong location cannot be reached at all. Plain `http` is for an
    /// emulator and accepted on loopback only. A route's host has to be Google's (below googleapis.com), this machine, or
    /// the one of [`Access::otherwise`], since credentials are sent there.
    pub endpoint: Option<String>,
    /// Service accounts to act as.
    pub impersonate: Impersonate,
    /// The project whose quota pays, where it is not the one that the credentials name.
    pub quota_project: Option<String>,
    /// How fast to ask.
    pub quota: Quota,
    /// How long one call may take, retries included. One attempt may take half of it. Waiting for a turn under the quota
    /// does not count.
    pub deadline: Duration,
}

/// E-mail addresses of service accounts to act as, one for each port, so that who only looks holds no more than that. A
/// port without one acts as the caller itself.
#[derive(Clone, Debug, Default)]
pub struct Impersonate {
    /// For reading.
    pub read: Option<String>,
    /// For encryption and decryption.
    pub crypt: Option<String>,
    /// For restoring and enabling.
    pub rescue: Option<String>,
    /// For creating and changing.
    pub admin: Option<String>,
}

/// The most to ask of one location of one project. The rates are never exceeded in any minute; a quarter of a minute's
/// calls may come at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Quota {
    /// Reads a minute.
    pub reads_per_minute: u32,
    /// Changes a minute.
    pub writes_per_minute: u32,
    /// Encryptions and decryptions a minute.
    pub crypto_per_minute: u32,
    /// Calls in flight at once.
    pub in_flight: usize,
}

/// Who is asking.
#[derive(Clone, Default)]
pub enum CredentialSource {
    /// Application-default credentials: a file that `GOOGLE_APPLICATION_CREDENTIALS` names (service account, workload
    /// identity federation, …), else the one that gcloud left, else the metadata server. They never go to an
    /// endpoint on this machine: there, this is [`Self::Anonymous`].
    #[default]
    ApplicationDefault,
    /// Nobody in particular; only emulators answer.
    Anonymous,
    /// A program, with its arguments, that prints an access token. It is run without a shell, and again when the token is
    /// refused or some minutes old.
    Command(Vec<OsString>),
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            endpoint: None,
            impersonate: Impersonate::default(),
            quota_project: None,
            quota: Quota::default(),
            deadline: Duration::from_secs(30),
        }
    }
}

impl Default for Quota {
    /// What a new project of Google Cloud has for reads and writes, and as much again for encryption under software keys.
    fn default() -> Self {
        Self {
            reads_per_minute: 300,
            writes_per_minute: 60,
            crypto_per_minute: 60_000,
            in_flight: 16,
        }
    }
}

impl Impersonate {
    /// The account for this port.
    pub(crate) fn of(&self, port: Port) -> Option<&str> {
        match port {
            Port::Read => self.read.as_deref(),
            Port::Crypt => self.crypt.as_deref(),
            Port::Rescue => self.rescue.as_deref(),
            Port::Admin => self.admin.as_deref(),
        }
    }
}

impl Access {
    /// The settings of a ring.
    pub(crate) fn of_ring(&self, ring: &KeyRingName) -> &Settings {
        let route = self.routes.iter().find(|route| route.ring == *ring);
        route.map_or(&self.otherwise, |route| &route.settings)
    }

    /// The settings for what belongs to no ring: those of the first ring of this project and location that has some.
    pub(crate) fn of_location(&self, project: &str, location: &Location) -> &Settings {
        let is_here = |route: &&Route| route.ring.project() == project && route.ring.location() == location;
        let route = self.routes.iter().find(is_here);
        route.map_or(&self.otherwise, |route| &route.settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_is_for_exactly_its_ring() {
        let ring = |name: &str| name.parse::<KeyRingName>().unwrap();
        let settings = Settings {
            endpoint: Some("https://kms.example".to_owned()),
            ..Settings::default()
        };
        let ours = ring("projects/p/locations/europe-west1/keyRings/r");
        let access = Access {
            routes: vec![Route {
                ring: ours.clone(),
                settings,
            }],
            ..Access::default()
        };
        assert!(access.of_ring(&ours).endpoint.is_some());
        assert!(access.of_location("p", ours.location()).endpoint.is_some());
        for other in [
            "projects/p/locations/europe-west2/keyRings/r",
            "projects/p/locations/europe-west1/keyRings/r2",
            "projects/q/locations/europe-west1/keyRings/r",
        ] {
            assert!(access.of_ring(&ring(other)).endpoint.is_none(), "{other}");
        }
        assert!(access.of_location("q", ours.location()).endpoint.is_none());
    }
}
