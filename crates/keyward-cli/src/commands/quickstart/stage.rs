//! Where the tour plays: over the KMS inside keyward, or over Cloud KMS or its emulator.

use std::path::Path;

use keyward_core::error::{Error, Result};
use keyward_core::location::Location;
use keyward_core::manifest::is_on_this_machine;
use keyward_core::name::KeyRingName;
use rand::rand_core::Rng as _;

use super::act::Act;
use crate::exit::Exit;
use crate::session::{Rng, Session};

/// The key ring of every tour in a cloud. Rings stay, so that one serves all.
const RING: &str = "keyward-demo";
/// Letters that make the key of one tour another than those before.
const FRESH: usize = 6;
/// Most characters of the folder's name in the name of the key.
const KEPT: usize = 40;

/// Where it plays.
pub(super) enum Stage {
    /// In files of the tour's folder.
    Files,
    /// In a cloud, or what stands in for it.
    Cloud(Cloud),
}

/// Cloud KMS, or its emulator.
pub(super) struct Cloud {
    project: String,
    endpoint: Option<String>,
    key: String,
}

impl Cloud {
    /// In `project`, with a key that no tour had before, named after the folder of this one.
    ///
    /// # Errors
    /// A usage error when the project cannot be one.
    pub(super) fn new(project: &str, session: &Session, dir: &Path) -> Result<Self> {
        let key = fresh_key(dir, &mut session.rng());
        let ring = KeyRingName::new(project, Location::parse("global")?, RING);
        ring.map_err(|why| why.on("--project"))?.key(&key)?;
        Ok(Self {
            project: project.to_owned(),
            endpoint: session.globals.endpoint.clone(),
            key,
        })
    }

    /// Refuses to make what costs money and stays, unless a person said `yes` to it.
    ///
    /// # Errors
    /// A usage error that says what would be made.
    pub(super) fn must_be_wanted(&self, yes: bool) -> Result<()> {
        if yes || self.is_on_this_machine() {
            return Ok(());
        }
        Err(Error::usage(self.price())
            .hint("to have it made all the same: add --yes")
            .hint("to see the tour at no cost: `keyward quickstart`, or `--endpoint` with the address of an emulator"))
    }

    /// The flag that leads to the same place, with a blank before it.
    fn endpoint_flag(&self) -> String {
        let endpoint = self.endpoint.as_ref();
        endpoint.map_or_else(String::new, |address| format!(" --endpoint {address}"))
    }

    fn is_on_this_machine(&self) -> bool {
        self.endpoint.as_deref().is_some_and(is_on_this_machine)
    }

    /// What the tour leaves in the cloud. The figures are from secondary sources, not from Google's price list.
    fn price(&self) -> String {
        let Self { project, key, .. } = self;
        format!(
            "this makes two key rings, {RING} in europe-west1 and in us-central1, and in each the key {key}, in project \
             {project} of Google Cloud. keyward cannot delete rings and keys again, and cannot destroy their versions. \
             An active software version costs about 0.06 USD a month and 10,000 operations about 0.03 USD, so this is \
             about 0.12 USD a month until somebody destroys both versions; the figures are second-hand, so check them \
             against Google's price list"
        )
    }
}

impl Stage {
    /// What is said about it before the first stop.
    pub(super) fn opening(&self) -> Option<String> {
        match self {
            Self::Files => None,
            Self::Cloud(cloud) if cloud.is_on_this_machine() => None,
            Self::Cloud(cloud) => Some(format!("Mind that {}.", cloud.price())),
        }
    }

    /// What is said about it when all is done.
    pub(super) fn leaves(&self) -> Option<String> {
        match self {
            Self::Cloud(cloud) if !cloud.is_on_this_machine() => Some(format!(
                "What the tour made in project {} is still there: the key {} in two locations, each with one version. Who \
                 may destroy versions can do so with `gcloud kms keys versions destroy`; keyward cannot.",
                cloud.project, cloud.key
            )),
            _ => None,
        }
    }

    /// `init` and its flags, less the escrow recipient.
    pub(super) fn init(&self) -> String {
        let Self::Cloud(cloud) = self else {
            return "init --provider embedded".to_owned();
        };
        let Cloud { project, key, .. } = cloud;
        let endpoint = cloud.endpoint_flag();
        format!("init --provider gcp --project {project}{endpoint} --ring {RING} --key {key}")
    }

    /// The manifest that a person would begin with.
    pub(super) fn own_manifest(&self) -> String {
        match self {
            Self::Files => "keyward init --provider embedded".to_owned(),
            Self::Cloud(cloud) => format!(
                "keyward init --provider gcp --project {}{}",
                cloud.project,
                cloud.endpoint_flag()
            ),
        }
    }

    /// Who keeps the keys.
    pub(super) fn keeper(&self) -> &'static str {
        match self {
            Self::Files => {
                "Here the keys are kept in files, by the KMS inside keyward: right for a tour, not for production."
            }
            Self::Cloud(_) => {
                "Here the keys are kept by Cloud KMS, or by the emulator that stands in for it; keyward never sees them."
            }
        }
    }

    /// How a location is lost. Nothing changes in a cloud.
    pub(super) fn loss(&self) -> &'static str {
        match self {
            Self::Files => "A region goes down; here its file is moved away.",
            Self::Cloud(_) => {
                "A region goes down; here the manifest gives it an address at which nobody listens, and nothing changes in \
                 the cloud."
            }
        }
    }

    /// What loses it.
    pub(super) fn lose(&self) -> Vec<(Act, Exit)> {
        let moved = |from: &str, to: &str| (Act::Move(from.into(), to.into()), Exit::DONE);
        match self {
            Self::Files => vec![moved(LOST, AWAY)],
            Self::Cloud(_) => vec![
                moved(MANIFEST, KEPT_MANIFEST),
                (
                    Act::Replace {
                        from: KEPT_MANIFEST,
                        to: MANIFEST,
                        after: "# endpoints: ",
                        by: NOBODY,
                    },
                    Exit::DONE,
                ),
            ],
        }
    }

    /// What brings it back.
    pub(super) fn put_back(&self) -> (Act, Exit) {
        let (from, to) = match self {
            Self::Files => (AWAY, LOST),
            Self::Cloud(_) => (KEPT_MANIFEST, MANIFEST),
        };
        (Act::Move(from.into(), to.into()), Exit::DONE)
    }
}

const LOST: &str = ".keyward/kms/europe-west1.db";
const AWAY: &str = ".keyward/kms/europe-west1.db.away";
const MANIFEST: &str = "keyward.yaml";
const KEPT_MANIFEST: &str = "keyward.yaml.kept";
/// The port of the discard service (RFC 863), which no machine of today has.
const NOBODY: &str = "endpoints: {europe-west1: \"http://127.0.0.1:9\"}";

/// What the folder's name has of letters that a key id may have, and random ones after it.
fn fresh_key(dir: &Path, rng: &mut Rng) -> String {
    let name = dir.file_name().unwrap_or_default().to_string_lossy();
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || c == '_' {
            c
        } else {
            '-'
        }
    };
    let mut key: String = name.chars().take(KEPT).map(plain).collect();
    let mut random = [0; FRESH];
    rng.fill_bytes(&mut random);
    key.push('-');
    key.extend(random.map(|byte| char::from(b'a' + byte % 26)));
    key.trim_start_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use rand::rand_core::UnwrapErr;
    use rand::rngs::SysRng;

    use super::*;

    #[test]
    fn every_tour_has_a_key_of_its_own_whatever_its_folder_is_called() {
        let ring = "projects/p/locations/global/keyRings/r"
            .parse::<KeyRingName>()
            .unwrap();
        for dir in ["tour", "a b/\u{e9}\u{1f511}.x", "..", "/", &"x".repeat(200)] {
            let mut rng = UnwrapErr(SysRng);
            let key = fresh_key(Path::new(dir), &mut rng);
            assert!(ring.key(&key).is_ok(), "{dir}: {key}");
            assert_ne!(key, fresh_key(Path::new(dir), &mut rng));
        }
    }

    #[test]
    fn what_costs_money_is_said_and_wanted() {
        let cloud = |endpoint: Option<&str>| Cloud {
            project: "p".into(),
            endpoint: endpoint.map(Into::into),
            key: "k".into(),
        };
        let emulator = cloud(Some("http://127.0.0.1:9010"));
        assert!(emulator.must_be_wanted(false).is_ok());
        assert_eq!(Stage::Cloud(emulator).opening(), None);
        for google in [None, Some("https://cloudkms.{location}.rep.googleapis.com")] {
            let error = cloud(google).must_be_wanted(false).unwrap_err();
            assert!(
                error.what().contains("USD") && error.hints()[0].contains("--yes"),
                "{error}"
            );
            assert!(cloud(google).must_be_wanted(true).is_ok());
            assert!(Stage::Cloud(cloud(google)).opening().is_some());
        }
    }
}
