//! What is around the keys of a project in a cloud: what lies under them there, who may end them, and what watches over them.
//! It is looked at as far as the manifest asks for it, since it takes rights that looking at keys does not.

use std::time::Duration;

use keyward::audit_log;
use keyward::estate::{CloudPlaces, Look, look, survey_cloud};
use keyward::project::Project;
use keyward::uses::Survey;
use keyward::verify::Sight;
use keyward_core::audit::{Entry, Outcome};
use keyward_core::clock::Timestamp;
use keyward_core::error::Result;
use keyward_core::estate::Estate;
use keyward_core::inventory::{Inventory, Powers};
use keyward_core::key::KeyVersion;
use keyward_core::kms::Observed;
use keyward_core::manifest::{KeyringSpec, LossKind};
use keyward_core::name::{KeyRef, Provider};
use keyward_core::verify::{Check, EstateEvidence, EstateSeen, OwnChange, judge_estate, powers};

use crate::session::Session;

/// How far back events are compared: what the provider keeps of its log by default (400 days) is more, and slow to read.
const BACK: Duration = Duration::from_secs(30 * 86_400);

/// What is around the keys of one project.
pub(crate) struct Surroundings<'a> {
    session: &'a Session,
    project: &'a Project,
    keyrings: Vec<&'a KeyringSpec>,
    estate: Option<Box<dyn Estate>>,
}

impl<'a> Surroundings<'a> {
    /// Those of the keyrings of `env`, or of all. Nothing is looked at yet.
    ///
    /// # Errors
    /// A usage error when a flag cannot be used.
    pub(crate) fn new(session: &'a Session, project: &'a Project, env: Option<&str>) -> Result<Self> {
        let keyrings = project.manifest.keyrings();
        let keyrings: Vec<_> = keyrings
            .filter(|keyring| env.is_none_or(|env| keyring.env == env))
            .collect();
        let in_cloud = keyrings.iter().any(|keyring| keyring.provider == Provider::Gcp);
        let estate = match in_cloud {
            true => session.providers()?.estate(),
            false => None,
        };
        Ok(Self {
            session,
            project,
            keyrings,
            estate,
        })
    }

    /// Adds to what files need what lies in the cloud under keys, when `uses:` of the manifest says where.
    ///
    /// # Errors
    /// The system refuses a runtime.
    pub(crate) fn add_to(&self, survey: &mut Survey) -> Result<()> {
        if !self.project.manifest.looks_for_objects() {
            return Ok(());
        }
        let mut objects = Inventory::default();
        self.add_objects(&mut objects)?;
        survey.inventory.absorb(&objects);
        survey.scan.uses = survey.inventory.uses();
        survey.scan.elsewhere.add_all(&objects.unread);
        for unseen in objects.unseen {
            survey.scan.elsewhere.add(unseen);
        }
        Ok(())
    }

    /// Adds to `inventory` what lies in the cloud under keys, when `uses:` of the manifest says where.
    ///
    /// # Errors
    /// The system refuses a runtime.
    pub(crate) fn add_objects(&self, inventory: &mut Inventory) -> Result<()> {
        let Some(estate) = self
            .estate
            .as_deref()
            .filter(|_| self.project.manifest.looks_for_objects())
        else {
            return Ok(());
        };
        let places = CloudPlaces::of(&self.project.manifest);
        self.session.wait_for(async {
            survey_cloud(estate, &places, &[], inventory).await;
            Ok(())
        })
    }

    /// What was seen around the keys, whose versions are known from `sight`; `None` when nothing asks for it.
    ///
    /// # Errors
    /// The system refuses a runtime.
    pub(crate) fn look(&self, sight: &Sight, powers: bool) -> Result<Option<EstateSeen>> {
        let checks = !self.project.manifest.checks().is_empty();
        let Some(estate) = self.estate.as_deref().filter(|_| powers || checks) else {
            return Ok(None);
        };
        let looks = Look {
            manifest: &self.project.manifest,
            keyrings: &self.keyrings,
            since: self.since(),
            powers,
        };
        let versions = |key: &KeyRef| versions(sight, key);
        let seen = self
            .session
            .wait_for(async { Ok(look(estate, looks, &versions).await) })?;
        Ok(Some(seen))
    }

    /// Who may end the keys, out of what was seen.
    pub(crate) fn powers(&self, seen: Option<&EstateSeen>) -> Powers {
        let keys = self.keyrings.iter().flat_map(|keyring| keyring.keys());
        seen.map_or_else(Powers::default, |seen| powers(keys, seen))
    }

    /// The checks beyond the gate.
    pub(crate) fn judge(&self, seen: Option<&EstateSeen>) -> Vec<Check> {
        let nothing = EstateSeen::default();
        judge_estate(EstateEvidence {
            manifest: &self.project.manifest,
            keyrings: &self.keyrings,
            seen: seen.unwrap_or(&nothing),
            own: &self.own_changes(),
            now: self.session.clock.now(),
        })
    }

    /// Whether it has to be known who may end keys.
    pub(crate) fn need_powers(&self) -> bool {
        let kinds = [LossKind::Identity, LossKind::Organization];
        let survive = |keyring: &&KeyringSpec| self.project.manifest.survive(&keyring.env);
        self.keyrings
            .iter()
            .any(|keyring| survive(keyring).iter().any(|kind| kinds.contains(kind)))
    }

    /// What our own log says was changed.
    fn own_changes(&self) -> Observed<Vec<OwnChange>> {
        let Ok(state) = self.session.state() else {
            return Observed::Unknown("there is no state folder".to_owned());
        };
        let (since, mut changes) = (self.since(), Vec::new());
        let read = audit_log::read(&state.audit_log(), |entry: Entry| {
            if entry.outcome == Outcome::Done && entry.at >= since {
                let resources = entry.resources.iter();
                changes.extend(resources.filter_map(|name| OwnChange::of(&entry.action, name, entry.at)));
            }
        });
        match read {
            Ok(past) if past.unreadable == 0 => Observed::Present(changes),
            Ok(past) => Observed::Unknown(format!("{} lines of our own log are unreadable", past.unreadable)),
            Err(why) => Observed::Unknown(why.to_string()),
        }
    }

    fn since(&self) -> Timestamp {
        let now = self.session.clock.now();
        now.checked_sub(BACK).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

fn versions(sight: &Sight, key: &KeyRef) -> Observed<Vec<KeyVersion>> {
    let seen = sight.iter().find(|(known, _)| known == key);
    seen.map_or_else(
        || Observed::Unknown("it was not looked at".to_owned()),
        |(_, versions)| versions.clone(),
    )
}
