//! Keys of Google Cloud KMS: how each key ring is reached, by the manifest and by the command line.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use keyward::registry::{Admins, Crypters, Readers, Rescuers};
use keyward_core::clock::Clock;
use keyward_core::error::Result;
use keyward_core::estate::Estate;
use keyward_core::manifest::{Access as Declared, Manifest};
use keyward_core::name::{KeyRingName, Provider};
use keyward_gcp::{Access, CredentialSource, GcpKms, Impersonate, Quota, Route, Settings};

use crate::args::Globals;
use crate::command_words;
use crate::session::Rng;

/// The provider. It is made when a key of it is first asked for, once for all ports.
pub(crate) struct Cloud(Arc<LazyLock<Arc<GcpKms>, Make>>);

type Make = Box<dyn FnOnce() -> Arc<GcpKms> + Send>;

impl Cloud {
    /// Cloud KMS as `manifest` reaches its keys, and as the flags reach all others.
    ///
    /// # Errors
    /// A usage error when the command for tokens is none.
    pub(crate) fn new(
        manifest: Option<&Manifest>,
        globals: &Globals,
        clock: Arc<dyn Clock>,
        rng: Rng,
    ) -> Result<Self> {
        let access = Access {
            routes: manifest.map(routes).unwrap_or_default(),
            projects: manifest.map(projects).unwrap_or_default(),
            otherwise: Settings {
                endpoint: globals.endpoint.clone(),
                ..usual()
            },
            credentials: credentials(globals)?,
        };
        let make: Make = Box::new(move || Arc::new(GcpKms::new(access, clock, Box::new(rng))));
        Ok(Self(Arc::new(LazyLock::new(make))))
    }

    fn later(&self) -> impl FnOnce() -> Arc<GcpKms> + Send + 'static {
        let kms = Arc::clone(&self.0);
        move || Arc::clone(&kms)
    }

    /// What looks around its keys.
    pub(crate) fn estate(&self) -> Box<dyn Estate> {
        Box::new(self.later()().estate())
    }

    /// `readers`, and what looks at keys of Cloud KMS.
    pub(crate) fn readers(&self, readers: Readers) -> Readers {
        let kms = self.later();
        readers.with_later(Provider::Gcp, move || kms())
    }

    /// `crypters`, and what encrypts and decrypts there.
    pub(crate) fn crypters(&self, crypters: Crypters) -> Crypters {
        let kms = self.later();
        crypters.with_later(Provider::Gcp, move || kms())
    }

    /// `rescuers`, and what brings back there.
    pub(crate) fn rescuers(&self, rescuers: Rescuers) -> Rescuers {
        let kms = self.later();
        rescuers.with_later(Provider::Gcp, move || kms())
    }

    /// `admins`, and what creates and changes there.
    pub(crate) fn admins(&self, admins: Admins) -> Admins {
        let kms = self.later();
        admins.with_later(Provider::Gcp, move || kms())
    }
}

fn credentials(globals: &Globals) -> Result<CredentialSource> {
    Ok(match &globals.access_token_command {
        Some(line) => CredentialSource::Command(command_words::split(line)?),
        None => CredentialSource::ApplicationDefault,
    })
}

/// One route for each key ring of the manifest in Cloud KMS. Keyrings that share one reach it alike.
fn routes(manifest: &Manifest) -> Vec<Route> {
    let keyrings = manifest
        .keyrings()
        .filter(|keyring| keyring.provider == Provider::Gcp);
    let mut routes: BTreeMap<KeyRingName, Settings> = BTreeMap::new();
    for keyring in keyrings {
        for key in keyring.keys() {
            routes.entry(key.name.ring().clone()).or_insert_with(|| {
                settings(&keyring.access, keyring.access.endpoint_in(key.name.location()))
            });
        }
    }
    let route = |(ring, settings)| Route { ring, settings };
    routes.into_iter().map(route).collect()
}

/// How the locations of a project are reached in which the manifest has no key: at Google's own address when each location
/// of a keyring has one of its own. Keyrings that reach a project in different ways say nothing about the rest of it.
fn projects(manifest: &Manifest) -> BTreeMap<String, Settings> {
    let mut projects: BTreeMap<String, Option<Settings>> = BTreeMap::new();
    let keyrings = manifest.keyrings();
    for keyring in keyrings.filter(|keyring| keyring.provider == Provider::Gcp) {
        let ours = elsewhere(&keyring.access);
        projects
            .entry(keyring.project.clone())
            .and_modify(|known| *known = known.take().filter(|known| is_same_way(known, &ours)))
            .or_insert_with(|| Some(ours.clone()));
    }
    let known = projects.into_iter();
    known.filter_map(|(project, way)| Some((project, way?))).collect()
}

fn elsewhere(declared: &Declared) -> Settings {
    let address = declared.endpoint.clone();
    settings(declared, address.filter(|address| !address.contains('{')))
}

fn is_same_way(one: &Settings, other: &Settings) -> bool {
    one.endpoint == other.endpoint
        && one.impersonate == other.impersonate
        && one.quota_project == other.quota_project
}

/// A little less than the library waits for one location, so that what it hears is why, not that nothing came.
const DEADLINE: Duration = Duration::from_secs(9);

fn usual() -> Settings {
    Settings {
        deadline: DEADLINE,
        ..Settings::default()
    }
}

fn settings(declared: &Declared, endpoint: Option<String>) -> Settings {
    let usual = usual();
    let (accounts, limits) = (&declared.impersonate, &declared.quota);
    Settings {
        endpoint,
        impersonate: Impersonate {
            read: accounts.read.clone(),
            crypt: accounts.crypt.clone(),
            rescue: accounts.rescue.clone(),
            admin: accounts.admin.clone(),
        },
        quota_project: declared.quota_project.clone(),
        quota: Quota {
            reads_per_minute: limits.reads.unwrap_or(usual.quota.reads_per_minute),
            writes_per_minute: limits.writes.unwrap_or(usual.quota.writes_per_minute),
            crypto_per_minute: limits.crypto.unwrap_or(usual.quota.crypto_per_minute),
            in_flight: limits
                .in_flight
                .map_or(usual.quota.in_flight, |most| most as usize),
        },
        ..usual
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "\
version: 1
environments: {prod: {}}
keyrings:
  a:
    {env: prod, provider: gcp, project: p, locations: [us, europe], ring: r, key: a,
     endpoint: \"https://{location}.example\", endpoints: {us: \"http://127.0.0.1:9\"},
     impersonate: {read: looker@p.iam.gserviceaccount.com}, quota: {writes: 5}}
  b: {env: prod, provider: embedded, locations: [us], ring: r, key: b}
";

    #[test]
    fn a_location_says_why_before_it_is_given_up() {
        assert!(DEADLINE < keyward::keyring::DEADLINE && DEADLINE < keyward::verify::DEADLINE);
    }

    #[test]
    fn locations_without_a_ring_are_reached_at_an_address_that_has_them() {
        let elsewhere = |text: &str| {
            let manifest = Manifest::parse(text, "m").unwrap();
            let projects = projects(&manifest);
            projects.get("p").map(|settings| settings.endpoint.clone())
        };
        assert_eq!(
            elsewhere(MANIFEST),
            Some(None),
            "each location has an address of its own"
        );
        let fixed = MANIFEST.replace("{location}.example", "kms.example");
        assert_eq!(elsewhere(&fixed), Some(Some("https://kms.example".to_owned())));
        let another = "  c: {env: prod, provider: gcp, project: p, locations: [us], ring: r2, key: c}\n";
        assert_eq!(
            elsewhere(&format!("{MANIFEST}{another}")),
            None,
            "two ways, and neither is the one"
        );
    }

    #[test]
    fn each_ring_is_reached_as_its_keyring_says() {
        let routes = routes(&Manifest::parse(MANIFEST, "m").unwrap());
        let named: Vec<_> = routes
            .iter()
            .map(|route| {
                (
                    route.ring.to_string(),
                    route.settings.endpoint.as_deref().unwrap(),
                )
            })
            .collect();
        assert_eq!(
            named,
            [
                (
                    "projects/p/locations/europe/keyRings/r".to_owned(),
                    "https://europe.example"
                ),
                (
                    "projects/p/locations/us/keyRings/r".to_owned(),
                    "http://127.0.0.1:9"
                ),
            ]
        );
        let Settings {
            impersonate, quota, ..
        } = &routes[0].settings;
        assert_eq!(
            impersonate.read.as_deref(),
            Some("looker@p.iam.gserviceaccount.com")
        );
        assert_eq!(impersonate.crypt, None);
        let usual = Quota::default();
        assert_eq!(
            (quota.writes_per_minute, quota.reads_per_minute, quota.in_flight),
            (5, usual.reads_per_minute, usual.in_flight)
        );
    }
}
