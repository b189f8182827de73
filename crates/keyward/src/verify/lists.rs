//! Looking by lists: one call for the rings of a location, one for the keys of a ring, one for the versions of a key. A
//! single ring or key is asked for only where its list cannot be had.
//!
//! A list that fails leaves open what it would have shown, and nothing else.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use futures_util::stream::{self, StreamExt};
use keyward_core::key::{CryptoKey, KeyRing};
use keyward_core::kms::{Async, KmsRead, Observed};
use keyward_core::location::Location;
use keyward_core::manifest::KeyringSpec;
use keyward_core::name::{CryptoKeyName, KeyRef, KeyRingName, Provider};
use keyward_core::verify::{Census, Expected};

use super::AT_ONCE;
use super::patience::Patience;
use crate::registry::Readers;

/// One location of one project.
type Place = (Provider, String, Location);
type Ring = (Provider, KeyRingName);
type Rings = BTreeMap<KeyRingName, KeyRing>;
type Keys = HashMap<CryptoKeyName, CryptoKey>;

/// What looks, and for how long.
#[derive(Clone, Copy)]
pub(super) struct Look<'a> {
    pub(super) readers: &'a Readers,
    pub(super) patience: &'a Patience,
}

/// What the lists showed.
pub(super) struct Lists {
    wanted: HashSet<KeyRef>,
    rings: BTreeMap<Place, Observed<Rings>>,
    own_rings: HashMap<Ring, Observed<KeyRing>>,
    keys: HashMap<Ring, Observed<Keys>>,
}

impl Lists {
    /// Lists the rings of every location that `wanted` names, and the keys of every ring.
    pub(super) async fn of(look: Look<'_>, wanted: &[Expected]) -> Self {
        let places: BTreeSet<_> = wanted.iter().map(|expected| place(&expected.key)).collect();
        let rings = look.rings(places).await;
        let own: BTreeSet<_> = wanted.iter().map(|expected| ring(&expected.key)).collect();
        let own = each(own, async |(provider, name): Ring| {
            let place = (provider, name.project().to_owned(), name.location().clone());
            let seen = match rings.get(&place) {
                Some(Observed::Present(rings)) => rings
                    .get(&name)
                    .cloned()
                    .map_or(Observed::Absent, Observed::Present),
                _ => look.ring(provider, &name).await,
            };
            let keys = match &seen {
                Observed::Absent => Observed::Absent,
                Observed::Present(_) | Observed::Unknown(_) => look.keys(provider, &name).await,
            };
            ((provider, name), seen, keys)
        });
        let (mut own_rings, mut keys) = (HashMap::new(), HashMap::new());
        for (ring, seen, listed) in own.await {
            own_rings.insert(ring.clone(), seen);
            keys.insert(ring, listed);
        }
        Self {
            wanted: wanted.iter().map(|expected| expected.key.clone()).collect(),
            rings,
            own_rings,
            keys,
        }
    }

    /// The ring of a wanted key.
    pub(super) fn ring(&self, key: &KeyRef) -> Observed<KeyRing> {
        let seen = self.own_rings.get(&ring(key)).cloned();
        seen.unwrap_or_else(|| Observed::Unknown("it was not looked at".into()))
    }

    /// A wanted key; asked for by itself when its list could not be had.
    pub(super) async fn key(&self, look: Look<'_>, key: &KeyRef) -> Observed<CryptoKey> {
        match self.keys.get(&ring(key)) {
            Some(Observed::Present(keys)) => keys
                .get(&key.name)
                .cloned()
                .map_or(Observed::Absent, Observed::Present),
            Some(Observed::Absent) => Observed::Absent,
            Some(Observed::Unknown(_)) | None => look.key(key).await,
        }
    }

    /// Looks for the ring and key ids of `keyrings` in every location of their projects. Answers one census for each, and how
    /// many locations were asked for it that have no wanted key.
    pub(super) async fn census(mut self, look: Look<'_>, keyrings: &[&KeyringSpec]) -> (Vec<Census>, usize) {
        let projects: BTreeSet<_> = keyrings
            .iter()
            .map(|keyring| (keyring.provider, keyring.project.clone()))
            .collect();
        let locations = each(projects, async |project: (Provider, String)| {
            let seen = look.locations(project.0, &project.1).await;
            (project, seen)
        });
        let locations: BTreeMap<_, _> = locations.await.into_iter().collect();
        let known = locations.iter().filter_map(|(project, seen)| match seen {
            Observed::Present(all) => Some((project, all)),
            Observed::Absent | Observed::Unknown(_) => None,
        });
        let further: BTreeSet<Place> = known
            .flat_map(|((provider, project), all)| {
                all.iter()
                    .map(|location| (*provider, project.clone(), location.clone()))
            })
            .filter(|place| !self.rings.contains_key(place))
            .collect();
        let asked = further.len();
        self.rings.extend(look.rings(further).await);
        let strays: BTreeSet<Ring> = keyrings
            .iter()
            .flat_map(|keyring| self.namesakes(keyring))
            .collect();
        let strays: BTreeSet<Ring> = strays
            .into_iter()
            .filter(|ring| !self.keys.contains_key(ring))
            .collect();
        let listed = each(strays, async |ring: Ring| {
            let keys = look.keys(ring.0, &ring.1).await;
            (ring, keys)
        });
        self.keys.extend(listed.await);
        let census =
            |keyring: &&KeyringSpec| match locations.get(&(keyring.provider, keyring.project.clone())) {
                Some(Observed::Present(_)) => self.count(keyring),
                Some(Observed::Unknown(why)) => Census::Unknown(why.clone()),
                Some(Observed::Absent) | None => Census::Unknown("its project has no locations".into()),
            };
        (keyrings.iter().map(census).collect(), asked)
    }

    /// Every ring with the id of that of `keyring`, in its project.
    fn namesakes<'a>(&'a self, keyring: &'a KeyringSpec) -> impl Iterator<Item = Ring> + 'a {
        let places = self.rings.iter().filter(|(place, _)| is_of(keyring, place));
        let rings = places.filter_map(|(place, rings)| match rings {
            Observed::Present(rings) => Some((place.0, rings)),
            Observed::Absent | Observed::Unknown(_) => None,
        });
        rings.flat_map(|(provider, rings)| {
            let same = rings.keys().filter(|ring| ring.id() == keyring.ring);
            same.map(move |ring| (provider, ring.clone()))
        })
    }

    /// A wanted key is known, whether or not it could be seen.
    fn count(&self, keyring: &KeyringSpec) -> Census {
        let (mut found, mut unseen) = (Vec::new(), Vec::new());
        for (place, rings) in self.rings.iter().filter(|(place, _)| is_of(keyring, place)) {
            let Some(key) = key_of(keyring, &place.2).filter(|key| !self.wanted.contains(key)) else {
                continue;
            };
            let ring = ring(&key);
            let why = match (rings, self.keys.get(&ring)) {
                (Observed::Unknown(why), _) => why,
                (Observed::Present(rings), Some(Observed::Unknown(why))) if rings.contains_key(&ring.1) => {
                    why
                }
                (Observed::Present(_), Some(Observed::Present(keys))) if keys.contains_key(&key.name) => {
                    found.push(key);
                    continue;
                }
                _ => continue,
            };
            unseen.push((place.2.clone(), why.clone()));
        }
        Census::Counted { found, unseen }
    }
}

impl Look<'_> {
    async fn rings(self, places: BTreeSet<Place>) -> BTreeMap<Place, Observed<Rings>> {
        let listed = each(places, async |place: Place| {
            let (provider, project, location) = &place;
            let rings = self
                .see(*provider, location, |reader| reader.list_rings(project, location))
                .await;
            let by_name =
                |rings: Vec<KeyRing>| rings.into_iter().map(|ring| (ring.name.clone(), ring)).collect();
            (place.clone(), rings.map(by_name))
        });
        listed.await.into_iter().collect()
    }

    async fn keys(self, provider: Provider, ring: &KeyRingName) -> Observed<Keys> {
        let keys = self
            .see(provider, ring.location(), |reader| reader.list_keys(ring))
            .await;
        keys.map(|keys| keys.into_iter().map(|key| (key.name.clone(), key)).collect())
    }

    async fn ring(self, provider: Provider, ring: &KeyRingName) -> Observed<KeyRing> {
        self.see(provider, ring.location(), |reader| reader.get_ring(ring))
            .await
    }

    async fn key(self, key: &KeyRef) -> Observed<CryptoKey> {
        let location = key.name.location();
        self.see(key.provider, location, |reader| reader.get_key(&key.name))
            .await
    }

    async fn locations(self, provider: Provider, project: &str) -> Observed<Vec<Location>> {
        match Location::parse("global") {
            Ok(global) => {
                self.see(provider, &global, |reader| reader.list_locations(project))
                    .await
            }
            Err(error) => Observed::Unknown(error.to_string()),
        }
    }

    /// The observation, or unknown when the location is silent, or nothing can look at it.
    pub(super) async fn see<'r, T>(
        self,
        provider: Provider,
        location: &Location,
        read: impl FnOnce(&'r dyn KmsRead) -> Async<'r, Observed<T>>,
    ) -> Observed<T>
    where
        Self: 'r,
    {
        let reader = match self.readers.get(provider) {
            Ok(reader) => reader,
            Err(error) => return Observed::Unknown(error.to_string()),
        };
        let answer = self
            .patience
            .wait(provider, location, read(reader.as_ref()))
            .await;
        answer.unwrap_or_else(|silence| Observed::Unknown(silence.into_text()))
    }
}

/// Does `work` with each of `items`, many at a time, and answers in their order.
async fn each<I, T>(items: impl IntoIterator<Item = I>, work: impl AsyncFn(I) -> T) -> Vec<T> {
    let work = &work;
    stream::iter(items.into_iter().map(|item| work(item)))
        .buffered(AT_ONCE)
        .collect()
        .await
}

/// What the key of `keyring` would be called in `location`.
fn key_of(keyring: &KeyringSpec, location: &Location) -> Option<KeyRef> {
    let ring = KeyRingName::new(&keyring.project, location.clone(), &keyring.ring).ok()?;
    Some(KeyRef {
        provider: keyring.provider,
        name: ring.key(&keyring.key).ok()?,
    })
}

fn is_of(keyring: &KeyringSpec, (provider, project, _): &Place) -> bool {
    *provider == keyring.provider && *project == keyring.project
}

fn place(key: &KeyRef) -> Place {
    let ring = key.name.ring();
    (key.provider, ring.project().to_owned(), ring.location().clone())
}

fn ring(key: &KeyRef) -> Ring {
    (key.provider, key.name.ring().clone())
}
