//! Looking around keys: whatever the wanted checks ask about, and each thing once.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{join, join_all};
use keyward_core::clock::Timestamp;
use keyward_core::estate::{Estate, Place, Policy, Roles};
use keyward_core::key::KeyVersion;
use keyward_core::kms::Observed;
use keyward_core::manifest::{KeyringSpec, Manifest};
use keyward_core::name::{KeyRef, KeyRingName, Provider};
use keyward_core::verify::{CONSTRAINTS, EstateSeen, KeySeen, PlaceSeen, ProjectSeen};

use super::CloudPlaces;

/// Most roles that are asked about. What a role permits that was not asked about is unknown.
const ROLES: usize = 500;
/// The service whose keys it is about.
const KMS: &str = "cloudkms.googleapis.com";

/// What is to be looked at.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    /// Which checks are wanted, and where buckets are looked for.
    pub manifest: &'a Manifest,
    /// The keyrings whose surroundings are looked at.
    pub keyrings: &'a [&'a KeyringSpec],
    /// Since when events are wanted.
    pub since: Timestamp,
    /// Whether it is wanted who may make keys unusable, also when no check asks for that.
    pub powers: bool,
}

impl Look<'_> {
    /// Whether one of these checks is wanted.
    fn any(&self, checks: &[u8]) -> bool {
        checks.iter().any(|check| self.manifest.checks().contains(check))
    }

    /// Whether policies decide about something that is wanted.
    fn grants(&self) -> bool {
        self.powers || self.any(&[21, 35])
    }

    fn keys(&self) -> BTreeSet<&KeyRef> {
        let keys = self.keyrings.iter().flat_map(|keyring| keyring.keys());
        keys.filter(|key| key.provider == Provider::Gcp).collect()
    }
}

/// Looks at everything that is wanted. `versions` is what was seen of a key before; it is not asked for again.
pub async fn look(
    estate: &dyn Estate,
    look: Look<'_>,
    versions: &(dyn Fn(&KeyRef) -> Observed<Vec<KeyVersion>> + Sync),
) -> EstateSeen {
    let keys = look.keys();
    let projects: BTreeSet<_> = keys.iter().map(|key| key.name.ring().project()).collect();
    let projects = projects
        .into_iter()
        .map(async |id| (id.to_owned(), project(estate, look, id).await));
    let projects: BTreeMap<_, _> = join_all(projects).await.into_iter().collect();
    let rings = rings(estate, look, &keys).await;
    let keys = keys.into_iter().map(async |one| {
        let organization = projects.get(one.name.ring().project()).and_then(organization);
        let mut seen = key(estate, look, one, organization.as_deref(), versions).await;
        if let Some(policy) = rings.get(one.name.ring()) {
            seen.ring_policy = policy.clone();
        }
        (one.clone(), seen)
    });
    let keys: BTreeMap<_, _> = join_all(keys).await.into_iter().collect();
    let mut seen = EstateSeen {
        since: look.since,
        projects,
        keys,
        ..EstateSeen::default()
    };
    if look.grants() {
        seen.roles = roles(estate, &seen).await;
    }
    if look.any(&[28]) {
        places(estate, look.manifest, &mut seen).await;
    }
    seen
}

async fn project(estate: &dyn Estate, look: Look<'_>, id: &str) -> ProjectSeen {
    let mut seen = ProjectSeen::default();
    if look.grants() || look.any(&[24, 26, 27, 34, 36]) {
        seen.project = estate.project(id).await;
    }
    if look.grants() || look.any(&[24, 26, 27, 36]) {
        seen.ancestors = match &seen.project {
            Observed::Present(project) => estate.ancestors(project).await,
            Observed::Absent => Observed::Absent,
            Observed::Unknown(why) => Observed::Unknown(why.clone()),
        };
    }
    let mut above = vec![Place::Project(id.to_owned())];
    if let Observed::Present(ancestors) = &seen.ancestors {
        above.extend(ancestors.iter().cloned());
    }
    if look.grants() || look.any(&[24, 26]) {
        let policies = above
            .iter()
            .map(async |place| (place.clone(), estate.policy(place).await));
        seen.policies = join_all(policies).await.into_iter().collect();
    }
    if look.grants() || look.any(&[36]) {
        let denies = above
            .iter()
            .map(async |place| (place.clone(), estate.deny_policies(place).await));
        seen.denies = join_all(denies).await.into_iter().collect();
    }
    hold(estate, look, id, &mut seen).await;
    watch(estate, look, id, &mut seen).await;
    seen
}

/// What a project hangs on.
async fn hold(estate: &dyn Estate, look: Look<'_>, id: &str, seen: &mut ProjectSeen) {
    if look.powers || look.any(&[34]) {
        seen.billing = estate.billing(id).await;
    }
    if look.any(&[34]) {
        (seen.liens, seen.service) = join(estate.liens(id), estate.service(id, KMS)).await;
    }
    if look.any(&[22]) {
        let found = CONSTRAINTS
            .iter()
            .map(async |name| ((*name).to_owned(), estate.constraint(id, name).await));
        seen.constraints = join_all(found).await.into_iter().collect();
    }
}

/// What was logged, and who would be told.
async fn watch(estate: &dyn Estate, look: Look<'_>, id: &str, seen: &mut ProjectSeen) {
    if look.any(&[23]) {
        seen.alerts = estate.alerts(id).await;
        (seen.metrics, seen.channels) = join(estate.log_metrics(id), estate.channels(id)).await;
    }
    if look.any(&[25]) {
        seen.changes = estate.admin_events(id, look.since).await;
    }
    if look.any(&[26]) {
        seen.failed_uses = estate.failed_uses(id, look.since).await;
    }
}

/// The policies of the rings, each asked for once.
async fn rings(
    estate: &dyn Estate,
    look: Look<'_>,
    keys: &BTreeSet<&KeyRef>,
) -> BTreeMap<KeyRingName, Observed<Policy>> {
    if !look.grants() {
        return BTreeMap::new();
    }
    let rings: BTreeSet<_> = keys.iter().map(|key| key.name.ring()).collect();
    let seen = rings.into_iter().map(async |ring| {
        let policy = estate.policy(&Place::Ring(ring.clone())).await;
        (ring.clone(), policy)
    });
    join_all(seen).await.into_iter().collect()
}

async fn key(
    estate: &dyn Estate,
    look: Look<'_>,
    key: &KeyRef,
    organization: Option<&str>,
    versions: &(dyn Fn(&KeyRef) -> Observed<Vec<KeyVersion>> + Sync),
) -> KeySeen {
    let mut seen = KeySeen::default();
    if look.grants() {
        seen.policy = estate.policy(&Place::Key(key.name.clone())).await;
    }
    if look.any(&[27]) {
        seen.protected = estate.protected(&key.name, organization).await;
        seen.versions = versions(key);
    }
    seen
}

/// The number of the organisation that a project is below.
pub(super) fn organization(seen: &ProjectSeen) -> Option<String> {
    let Observed::Present(ancestors) = &seen.ancestors else {
        return None;
    };
    ancestors.iter().find_map(|place| match place {
        Place::Organization(number) => Some(number.clone()),
        _ => None,
    })
}

/// What the roles permit that occur in any policy.
async fn roles(estate: &dyn Estate, seen: &EstateSeen) -> Roles {
    let above = seen
        .projects
        .values()
        .flat_map(|project| project.policies.values());
    let own = seen.keys.values().flat_map(|key| [&key.policy, &key.ring_policy]);
    let names: BTreeSet<_> = above.chain(own).flat_map(named).collect();
    let asked = names.into_iter().take(ROLES);
    let found = asked.map(async |name| (name.to_owned(), estate.role(name).await));
    Roles(join_all(found).await.into_iter().collect())
}

fn named(policy: &Observed<Policy>) -> Vec<&str> {
    match policy {
        Observed::Present(policy) => policy.bindings.iter().map(|binding| &*binding.role).collect(),
        _ => Vec::new(),
    }
}

async fn places(estate: &dyn Estate, manifest: &Manifest, seen: &mut EstateSeen) {
    let places = CloudPlaces::of(manifest);
    for name in &places.buckets {
        seen.buckets.insert(name.clone(), estate.bucket(name).await);
    }
    for id in &places.projects {
        let mut place = PlaceSeen::default();
        if places.buckets.is_empty() {
            place.buckets = estate.buckets(id).await;
        }
        place.log_buckets = estate.log_buckets(id).await;
        seen.places.insert(id.clone(), place);
    }
}
