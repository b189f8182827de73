//! How to reach Cloud KMS: endpoints, identities, quotas and deadlines, by key ring.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::time::Duration;

use keyward_core::kms::{KmsCode, KmsError};
use keyward_core::location::Location;
use keyward_core::name::KeyRingName;

use crate::endpoint;
use crate::port::Port;

/// Everything that a [`crate::GcpKms`] has to know before its first call.
#[derive(Clone, Default)]
pub struct Access {
    /// Settings of single key rings.
    pub routes: Vec<Route>,
    /// Settings of the locations of a project in which none of `routes` is, by the project. Without them, such a location is
    /// asked in the one way in which all routes of the project are.
    pub projects: BTreeMap<String, Settings>,
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
    /// The address on this machine at which the keys of `ring` are reached because a route says so, and not the user, whose own
    /// choice is the endpoint of [`Self::otherwise`]: `http://127.0.0.1:9010`, say. Data keys go there in plaintext, to whoever
    /// listens, so that a face should say it. `None` for every other ring, and for an endpoint that is none.
    pub fn unnamed_local_endpoint(&self, ring: &KeyRingName) -> Option<String> {
        let endpoint = self.of_ring(ring).endpoint.as_deref()?;
        endpoint::unnamed_local(endpoint, self.otherwise.endpoint.as_deref(), ring.location())
    }

    /// The settings of a ring.
    pub(crate) fn of_ring(&self, ring: &KeyRingName) -> &Settings {
        let route = self.routes.iter().find(|route| route.ring == *ring);
        route.map_or(&self.otherwise, |route| &route.settings)
    }

    /// The settings for what belongs to no ring: those of the rings of this project and location; where it has none, those of
    /// the project, or of all its rings.
    ///
    /// # Errors
    /// An invalid argument when these are reached in different ways: who asks as one of them does not see the others.
    pub(crate) fn of_location(&self, project: &str, location: &Location) -> Result<&Settings, KmsError> {
        let here: Vec<_> = self.here(project, location).collect();
        if let (true, Some(settings)) = (here.is_empty(), self.projects.get(project)) {
            return Ok(settings);
        }
        let in_project = || {
            let routes = self.routes.iter().filter(|route| route.ring.project() == project);
            routes.map(|route| &route.settings).collect()
        };
        let here: Vec<_> = if here.is_empty() { in_project() } else { here };
        match here.split_first() {
            None => Ok(&self.otherwise),
            Some((first, rest)) if rest.iter().all(|settings| settings.is_same_way(first)) => Ok(first),
            Some(_) => {
                let why = "its key rings are reached in different ways, so that no one sees all of them";
                let message = format!("projects/{project}/locations/{location}: {why}");
                Err(KmsError::new(KmsCode::InvalidArgument, message)
                    .hint("ask for one key ring, by its full name"))
            }
        }
    }

    /// What one location of one project may be asked. Quotas are of the whole location, so that of its rings with different ones
    /// the smallest counts.
    pub(crate) fn quota(&self, project: &str, location: &Location) -> Quota {
        let quotas = self.here(project, location).map(|settings| settings.quota);
        quotas.reduce(Quota::smaller).unwrap_or(self.otherwise.quota)
    }

    /// The settings of the rings of one location of one project.
    fn here<'s, 'p>(
        &'s self,
        project: &'p str,
        location: &'p Location,
    ) -> impl Iterator<Item = &'s Settings> + use<'s, 'p> {
        let is_here =
            move |route: &&Route| route.ring.project() == project && route.ring.location() == location;
        self.routes.iter().filter(is_here).map(|route| &route.settings)
    }
}

impl Settings {
    /// Whether the same place is asked by the same caller.
    fn is_same_way(&self, other: &Self) -> bool {
        self.endpoint == other.endpoint
            && self.impersonate == other.impersonate
            && self.quota_project == other.quota_project
    }
}

impl Quota {
    fn smaller(self, other: Self) -> Self {
        Self {
            reads_per_minute: self.reads_per_minute.min(other.reads_per_minute),
            writes_per_minute: self.writes_per_minute.min(other.writes_per_minute),
            crypto_per_minute: self.crypto_per_minute.min(other.crypto_per_minute),
            in_flight: self.in_flight.min(other.in_flight),
        }
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
        assert!(
            access
                .of_location("p", ours.location())
                .unwrap()
                .endpoint
                .is_some()
        );
        for other in [
            "projects/p/locations/europe-west2/keyRings/r",
            "projects/p/locations/europe-west1/keyRings/r2",
            "projects/q/locations/europe-west1/keyRings/r",
        ] {
            assert!(access.of_ring(&ring(other)).endpoint.is_none(), "{other}");
        }
        assert!(
            access
                .of_location("q", ours.location())
                .unwrap()
                .endpoint
                .is_none()
        );
    }

    #[test]
    fn an_endpoint_on_this_machine_that_nobody_named_is_told() {
        let ring: KeyRingName = "projects/p/locations/us/keyRings/r".parse().unwrap();
        let told = |route: &str, named: Option<&str>| {
            let at = |endpoint: Option<&str>| Settings {
                endpoint: endpoint.map(str::to_owned),
                ..Settings::default()
            };
            let access = Access {
                routes: vec![Route {
                    ring: ring.clone(),
                    settings: at(Some(route)),
                }],
                otherwise: at(named),
                ..Access::default()
            };
            let other = "projects/p/locations/us/keyRings/other".parse().unwrap();
            assert_eq!(
                access.unnamed_local_endpoint(&other),
                None,
                "the user's own choice"
            );
            access.unnamed_local_endpoint(&ring)
        };
        let here = Some("http://127.0.0.1:9010".to_owned());
        assert_eq!(told("http://127.0.0.1:9010", None), here);
        assert_eq!(told("http://127.0.0.1:9010/", Some("http://127.0.0.1:1")), here);
        assert!(told("https://localhost:9010", None).is_some());
        assert_eq!(
            told("http://127.0.0.1:9010", Some("http://127.0.0.1:9010/")),
            None
        );
        for elsewhere in [
            "https://cloudkms.{location}.rep.googleapis.com",
            "https://kms.example",
            "127.0.0.1",
        ] {
            assert_eq!(told(elsewhere, None), None, "{elsewhere}");
        }
    }

    #[test]
    fn rings_of_one_location_share_the_smallest_quota_and_are_listed_by_who_sees_all() {
        let route = |ring: &str, reads: u32, writes: u32, reader: Option<&str>| Route {
            ring: format!("projects/p/locations/us/keyRings/{ring}")
                .parse()
                .unwrap(),
            settings: Settings {
                quota: Quota {
                    reads_per_minute: reads,
                    writes_per_minute: writes,
                    ..Quota::default()
                },
                impersonate: Impersonate {
                    read: reader.map(str::to_owned),
                    ..Impersonate::default()
                },
                ..Settings::default()
            },
        };
        let us = Location::parse("us").unwrap();
        let mut access = Access {
            routes: vec![route("a", 600, 30, None), route("b", 1_200, 20, None)],
            ..Access::default()
        };
        let quota = access.quota("p", &us);
        assert_eq!((quota.reads_per_minute, quota.writes_per_minute), (600, 20));
        assert_eq!(access.quota("q", &us), Quota::default());
        assert!(access.of_location("p", &us).is_ok());
        access
            .routes
            .push(route("c", 600, 30, Some("reader@p.iam.gserviceaccount.com")));
        let error = access.of_location("p", &us).unwrap_err();
        assert!(error.message.contains("different ways"), "{error}");
    }
}
