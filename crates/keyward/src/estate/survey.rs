//! What lies in a cloud under which keys: objects, buckets and logs.

use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;

use keyward_core::estate::{Bucket, Estate, LogBucket, StoredObject};
use keyward_core::inventory::{Inventory, Kind, Way, Ways, WaysId};
use keyward_core::kms::Observed;
use keyward_core::manifest::{KeyringSpec, Manifest};
use keyward_core::name::{CryptoKeyName, KeyRef, KeyVersionName, Provider};

/// Most names of keys that are remembered while objects are listed.
const KEYS: usize = 10_000;
/// Most objects that are listed, in all buckets together.
const OBJECTS: usize = 1_000_000;
/// Most memory for their names, in bytes.
const NAMES: usize = 128 * 1024 * 1024;
/// Kinds of resources that are looked at by themselves, and more closely than by the inventory of the provider.
const LOOKED_AT: [&str; 2] = [
    "storage.googleapis.com/Bucket",
    "logging.googleapis.com/LogBucket",
];

/// Where in a cloud things under keys are looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CloudPlaces {
    /// Projects: their log buckets, and their buckets unless some are named.
    pub projects: BTreeSet<String>,
    /// Buckets by name; all of the projects when there are none.
    pub buckets: BTreeSet<String>,
}

impl CloudPlaces {
    /// What `uses:` of a manifest says, else the projects of its keys.
    pub fn of(manifest: &Manifest) -> Self {
        let uses = manifest.uses();
        let of_keys = manifest
            .keyrings()
            .filter(|keyring| keyring.provider == Provider::Gcp);
        let of_keys = of_keys.map(|keyring: &KeyringSpec| keyring.project.clone());
        Self {
            projects: match uses.projects.is_empty() {
                true => of_keys.collect(),
                false => uses.projects.iter().cloned().collect(),
            },
            buckets: uses.buckets.iter().cloned().collect(),
        }
    }
}

/// Adds everything in `places` that is under a key of a customer, whosever key it is: every generation of every object,
/// the defaults of buckets, and log buckets. What could not be seen is noted in [`Inventory::unseen`] and
/// [`Inventory::unread`], with what it takes. With `protected`, the provider's own inventory is asked too what is under
/// these keys; it needs a right of its own, and each key comes with the number of its organisation, if that is known.
pub async fn survey_cloud(
    estate: &dyn Estate,
    places: &CloudPlaces,
    protected: &[(KeyRef, Option<String>)],
    inventory: &mut Inventory,
) {
    let mut survey = Survey {
        inventory,
        known: HashMap::new(),
        room: (OBJECTS, NAMES),
    };
    for name in &places.buckets {
        match estate.bucket(name).await {
            Observed::Present(bucket) => survey.bucket(estate, &bucket).await,
            other => survey.unseen(&format!("gs://{name}"), other),
        }
    }
    for project in &places.projects {
        if places.buckets.is_empty() {
            survey.buckets(estate, project).await;
        }
        survey.logs(estate, project).await;
    }
    for (key, organization) in protected {
        survey.protected(estate, key, organization.as_deref()).await;
    }
}

struct Survey<'a> {
    inventory: &'a mut Inventory,
    /// The ways of what is under a key or version of that name; `None` for what is none.
    known: HashMap<String, Option<WaysId>>,
    /// How many more objects may come, and how many bytes of names.
    room: (usize, usize),
}

impl Survey<'_> {
    async fn buckets(&mut self, estate: &dyn Estate, project: &str) {
        match estate.buckets(project).await {
            Observed::Present(buckets) => {
                for bucket in &buckets {
                    self.bucket(estate, bucket).await;
                }
            }
            other => self.unseen(&format!("buckets of projects/{project}"), other),
        }
    }

    async fn bucket(&mut self, estate: &dyn Estate, bucket: &Bucket) {
        let name = format!("gs://{}", bucket.name);
        if let Some(key) = &bucket.key {
            self.add(Kind::BucketDefault, &name, key);
        }
        let mut visit = |object: StoredObject| {
            let (objects, names) = self.room;
            let left = (objects.checked_sub(1), names.checked_sub(object.name.len()));
            let (Some(objects), Some(names)) = left else {
                return ControlFlow::Break(());
            };
            self.room = (objects, names);
            if let Some(version) = &object.key_version {
                let kind = Kind::Object {
                    noncurrent: object.noncurrent,
                };
                let name = format!("{name}/{}#{}", printable(&object.name), object.generation);
                self.add(kind, &name, version);
            }
            ControlFlow::Continue(())
        };
        let seen = estate.objects(bucket, &mut visit).await;
        if !matches!(seen, Observed::Present(_)) {
            self.unseen(&format!("objects of {name}"), seen);
        }
    }

    async fn logs(&mut self, estate: &dyn Estate, project: &str) {
        match estate.log_buckets(project).await {
            Observed::Present(buckets) => buckets.iter().for_each(|bucket| self.log_bucket(bucket)),
            other => self.unseen(&format!("log buckets of projects/{project}"), other),
        }
    }

    /// Entries were written under whatever version was primary then, so that it counts as a use of any.
    fn log_bucket(&mut self, bucket: &LogBucket) {
        if let Some(key) = &bucket.key {
            self.add(Kind::LogBucket, &printable(&bucket.name), key);
        }
    }

    async fn protected(&mut self, estate: &dyn Estate, key: &KeyRef, organization: Option<&str>) {
        let what = format!("resources under {key}");
        if organization.is_none() {
            let why = "its organisation is not known, so that no other project was looked at";
            self.inventory.unseen.insert(format!("{what}: {why}"));
        }
        match estate.protected(&key.name, organization).await {
            Observed::Present(seen) => {
                for resource in seen
                    .resources
                    .iter()
                    .filter(|one| !LOOKED_AT.contains(&&*one.kind))
                {
                    let name = printable(&resource.name);
                    match resource.versions.is_empty() {
                        true => self.add(Kind::Protected, &name, &key.name.to_string()),
                        false => resource
                            .versions
                            .iter()
                            .for_each(|version| self.add(Kind::Protected, &name, version)),
                    }
                }
                for warning in seen.warnings {
                    self.inventory.unseen.insert(format!("{what}: {warning}"));
                }
            }
            other => self.unseen(&what, other),
        }
    }

    /// Adds what is under a key or a version of that full name.
    fn add(&mut self, kind: Kind, name: &str, key: &str) {
        let ways = match self.known.get(key) {
            Some(ways) => *ways,
            None => {
                let ways = way(key).map(|way| self.inventory.intern(&Ways::new([way])));
                if self.known.len() < KEYS {
                    self.known.insert(key.to_owned(), ways);
                }
                ways
            }
        };
        match ways {
            Some(ways) => self.inventory.add_known(kind, name, ways),
            None => self.inventory.unread.add(format!(
                "{name} (under `{}`, which is no key of Cloud KMS)",
                printable(key)
            )),
        }
    }

    fn unseen<T>(&mut self, what: &str, seen: Observed<T>) {
        let why = match seen {
            Observed::Unknown(why) => why,
            _ => "it is not there".to_owned(),
        };
        // A reason names what it is about by itself.
        let told = if why.starts_with(what) {
            why
        } else {
            format!("{what}: {why}")
        };
        self.inventory.unseen.insert(told);
    }
}

fn way(name: &str) -> Option<Way> {
    let version = name.parse::<KeyVersionName>().ok();
    let key = match &version {
        Some(version) => version.key().clone(),
        None => name.parse::<CryptoKeyName>().ok()?,
    };
    Some(Way::Kms {
        key: KeyRef {
            provider: Provider::Gcp,
            name: key,
        },
        version: version.map(|version| version.number()),
    })
}

/// Foreign text, safe to print.
fn printable(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let escaped = c.is_control().then(|| c.escape_debug());
            let plain = (!c.is_control()).then_some(c);
            escaped.into_iter().flatten().chain(plain)
        })
        .collect()
}
