//! What may be lost at one blow, and which ways go with it.

use std::collections::BTreeSet;
use std::fmt;

use super::topology::Topology;
use crate::inventory::Way;
use crate::kms::Observed;
use crate::location::Location;
use crate::manifest::LossKind;
use crate::name::{KeyRef, KeyRingName, Provider};

/// One thing that may be lost. Its text is a full name, or begins with the word of its kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Thing {
    /// A version; `None` is any one of a key whose versions are not known.
    Version(KeyRef, Option<u64>),
    /// A key with all its versions.
    Key(KeyRef),
    /// A key ring.
    Ring(Provider, KeyRingName),
    /// Everything in one location. The embedded KMS keeps all of its locations in one folder: they are one.
    Location(Provider, Option<Location>),
    /// A project.
    Project(Provider, String),
    /// An organisation.
    Organization(String),
    /// A billing account: without it, keys stop working.
    Billing(String),
    /// Who may destroy or disable.
    Identity(String),
    /// The infrastructure state that manages keys.
    State(String),
    /// Everything at one provider.
    Provider(Provider),
    /// Every escrow identity.
    Escrow,
}

/// What of one kind a way goes with.
pub(super) enum Bound {
    /// With any of these, which are sorted.
    To(Vec<Thing>),
    /// With things that are not known, and why.
    Unknown(String),
}

impl Bound {
    const FREE: Self = Self::To(Vec::new());
}

impl Thing {
    /// The word that begins the names of things of `kind`; `None` where they are full names of keys.
    pub(super) fn prefixes(kind: LossKind) -> &'static [&'static str] {
        match kind {
            LossKind::Version | LossKind::Key | LossKind::Ring => &[],
            LossKind::Location => &["location:"],
            LossKind::Project => &["project:"],
            LossKind::Organization => &["organization:", "billing:"],
            LossKind::Identity => &["identity:"],
            LossKind::State => &["state:"],
            LossKind::Provider => &["provider:"],
            LossKind::Escrow => &["escrow"],
        }
    }
}

impl fmt::Display for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(key, Some(number)) => key.version(*number).fmt(f),
            Self::Version(key, None) => write!(f, "{key}/cryptoKeyVersions/?"),
            Self::Key(key) => key.fmt(f),
            Self::Ring(provider, ring) => write!(f, "{provider}://{ring}"),
            Self::Location(provider, Some(location)) => write!(f, "location:{provider}/{location}"),
            Self::Location(provider, None) => write!(f, "location:{provider}"),
            Self::Project(Provider::Embedded, _) => write!(f, "project:{}", Provider::Embedded),
            Self::Project(_, project) => write!(f, "project:{project}"),
            Self::Organization(number) => write!(f, "organization:{number}"),
            Self::Billing(account) => write!(f, "billing:{account}"),
            Self::Identity(name) => write!(f, "identity:{name}"),
            Self::State(place) => write!(f, "state:{place}"),
            Self::Provider(provider) => write!(f, "provider:{provider}"),
            Self::Escrow => f.write_str("escrow"),
        }
    }
}

impl Topology {
    /// What of `kind` takes `way` with it.
    pub(super) fn bound(&self, way: &Way, kind: LossKind) -> Bound {
        match way {
            Way::Kms { key, version } => self.key_bound(key, *version, kind),
            Way::Escrow(_) if kind == LossKind::Escrow => Bound::To(vec![Thing::Escrow]),
            Way::Escrow(_) | Way::Other(_) => Bound::FREE,
        }
    }

    fn key_bound(&self, key: &KeyRef, version: Option<u64>, kind: LossKind) -> Bound {
        let (provider, ring) = (key.provider, key.name.ring());
        let one = |thing| Bound::To(vec![thing]);
        match kind {
            LossKind::Version => Bound::To(self.versions(key, version)),
            LossKind::Key => one(Thing::Key(key.clone())),
            LossKind::Ring => one(Thing::Ring(provider, ring.clone())),
            LossKind::Location => {
                let location = (provider != Provider::Embedded).then(|| ring.location().clone());
                one(Thing::Location(provider, location))
            }
            LossKind::Project => one(Thing::Project(provider, ring.project().to_owned())),
            LossKind::Organization => self.owners(key),
            LossKind::Identity => self.identities(key),
            LossKind::State => match self.keys.get(key) {
                Some(facts) => Bound::To(facts.managed_by.iter().cloned().map(Thing::State).collect()),
                None => Bound::Unknown(format!("{key} is in no keyring that could say what manages it")),
            },
            LossKind::Provider => one(Thing::Provider(provider)),
            LossKind::Escrow => Bound::FREE,
        }
    }

    /// A wrap that names no version is lost with any: nobody knows which one made it.
    fn versions(&self, key: &KeyRef, version: Option<u64>) -> Vec<Thing> {
        if version.is_some() {
            return vec![Thing::Version(key.clone(), version)];
        }
        let known = self
            .keys
            .get(key)
            .and_then(|facts| facts.versions.as_ref().present());
        let mut all: Vec<_> = known
            .into_iter()
            .flat_map(|versions| versions.keys())
            .map(|number| Thing::Version(key.clone(), Some(*number)))
            .collect();
        if all.is_empty() {
            all.push(Thing::Version(key.clone(), None));
        }
        all
    }

    fn identities(&self, key: &KeyRef) -> Bound {
        match self.powers.over.get(key) {
            Some(Observed::Present(names)) => Bound::To(names.iter().cloned().map(Thing::Identity).collect()),
            Some(Observed::Absent) => Bound::FREE,
            Some(Observed::Unknown(why)) => Bound::Unknown(format!("who may end {key}: {why}")),
            None => Bound::Unknown(format!("who may end {key} was not looked at")),
        }
    }

    fn owners(&self, key: &KeyRef) -> Bound {
        if key.provider == Provider::Embedded {
            return Bound::FREE;
        }
        let project = key.name.ring().project();
        match self.powers.owners.get(project) {
            Some(Observed::Present(owners)) => {
                let organization = owners.organization.iter().cloned().map(Thing::Organization);
                let billing = owners.billing.iter().cloned().map(Thing::Billing);
                Bound::To(organization.chain(billing).collect())
            }
            Some(Observed::Unknown(why)) => {
                Bound::Unknown(format!("what project {project} belongs to: {why}"))
            }
            Some(Observed::Absent) | None => {
                Bound::Unknown(format!("what project {project} belongs to was not looked at"))
            }
        }
    }

    /// Everything of any kind that takes `way` with it.
    pub(super) fn all_bounds(&self, way: &Way) -> BTreeSet<Thing> {
        let bounds = LossKind::ALL.into_iter().map(|kind| self.bound(way, kind));
        bounds
            .flat_map(|bound| match bound {
                Bound::To(things) => things,
                Bound::Unknown(_) => Vec::new(),
            })
            .collect()
    }
}
