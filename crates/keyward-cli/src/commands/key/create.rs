//! `keyward key create KEYRING`: makes keys, proves them, and records them in the lock.

use clap::Args;
use keyward::lock_file::LockFile;
use keyward::project::Project;
use keyward::registry::Readers;
use keyward_core::clock::later;
use keyward_core::error::{Error, Result};
use keyward_core::key::{DestroyWindow, KeySpec, RotationSchedule};
use keyward_core::kms::{KmsCode, Observed};
use keyward_core::manifest::{KeyringSpec, Lock};
use serde_json::{Value, json};

use super::look::observe;
use super::record::{Prove, Proven, record};
use super::target::{Target, resolve};
use crate::exit::Exit;
use crate::providers::{NewRootKey, Providers};
use crate::session::Session;
use crate::ui::{Answer, Page, good, hints};

/// Make the keys of a keyring, prove that each seals and opens, and record them in keyward.lock
///
/// A key that the lock has and that is gone is not made again: find out what happened to it first.
#[derive(Args)]
pub(super) struct Create {
    /// KEYRING, or KEYRING/LOCATION for the key in one location
    name: String,

    /// Protect a new root key of the embedded KMS with a passphrase, typed at the terminal
    #[arg(long)]
    passphrase: bool,
}

/// What is to be done about one key.
enum Step {
    /// It is there, and in the lock.
    Leave,
    /// It is there, and the lock does not know it yet: an earlier run was cut short.
    Prove,
    /// It is not there.
    Make,
}

impl Create {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        let project = session.needed_project()?;
        let targets = resolve(Some(project), &self.name.parse()?)?;
        let keyring = one_keyring(session, project, &targets)?;
        let root_key = if self.passphrase {
            NewRootKey::Passphrase
        } else {
            NewRootKey::File
        };
        let providers = session.providers_making(root_key)?;
        let lock = LockFile::read_or_new(&project.lock_file())?.lock;
        let steps = session.wait_for(plan(&providers.readers(), &targets, &lock))?;
        if steps.iter().all(|step| matches!(step, Step::Leave)) {
            return Err(Error::usage("it exists already, in every location")
                .on(&self.name)
                .hint("`keyward verify` proves it"));
        }
        session.state()?.make()?;
        let trail = session.trail(
            "key create",
            targets.iter().map(|target| target.key.to_string()).collect(),
        );
        trail.intend();
        let (made, failed) = session.wait_for(async {
            Ok(self
                .make_all(session, &providers, keyring, &targets, &steps)
                .await)
        })?;
        let answer = Created {
            keys: made.iter().map(|proven| proven.0.to_string()).collect(),
            names: names(&targets, &made),
        };
        let recorded = record(project, made).map_err(hints::made_but_not_recorded);
        let result = failed.map_or(recorded, Err);
        trail.ended(&result);
        result?;
        session.ui.done(&answer)?;
        Ok(Exit::DONE)
    }

    /// Goes on until something fails; what was proven before is recorded all the same.
    async fn make_all(
        &self,
        session: &Session,
        providers: &Providers,
        keyring: &KeyringSpec,
        targets: &[Target],
        steps: &[Step],
    ) -> (Vec<Proven>, Option<Error>) {
        let prove = Prove::new(session, providers, "key create");
        let mut made = Vec::new();
        for (target, step) in targets.iter().zip(steps) {
            let done = match step {
                Step::Leave => continue,
                Step::Prove => prove.key(&target.key).await,
                Step::Make => match make(session, providers, keyring, target).await {
                    Ok(()) => prove.key(&target.key).await,
                    Err(error) => Err(error),
                },
            };
            match done {
                Ok(proven) => made.push(proven),
                Err(error) => return (made, Some(error.on(&target.key))),
            }
        }
        (made, None)
    }
}

fn one_keyring<'p>(session: &Session, project: &'p Project, targets: &[Target]) -> Result<&'p KeyringSpec> {
    let name = targets.first().and_then(|target| target.keyring.as_deref());
    let name = name.ok_or_else(|| {
        Error::usage("the manifest has no keyring with this key").hint("declare it in keyward.yaml first")
    })?;
    let keyring = project.manifest.keyring(name)?;
    hints::in_environment(session.environment(project)?, keyring)?;
    Ok(keyring)
}

async fn plan(readers: &Readers, targets: &[Target], lock: &Lock) -> Result<Vec<Step>> {
    let mut steps = Vec::new();
    for target in targets {
        let (key, _) = observe(readers, &target.key).await?;
        steps.push(match (key, lock.keys.contains_key(&target.key)) {
            (Observed::Present(_), true) => Step::Leave,
            (Observed::Present(_), false) => Step::Prove,
            // A location of the embedded KMS that was never used cannot be told from one that cannot be seen.
            (Observed::Absent | Observed::Unknown(_), false) => Step::Make,
            (Observed::Absent, true) => return Err(hints::gone(&target.key)),
            (Observed::Unknown(why), true) => {
                return Err(Error::unavailable(format!(
                    "it is in the lock, and it could not be seen: {why}"
                ))
                .on(&target.key));
            }
        });
    }
    Ok(steps)
}

async fn make(
    session: &Session,
    providers: &Providers,
    keyring: &KeyringSpec,
    target: &Target,
) -> Result<()> {
    let admins = providers.admins();
    let admin = admins.get(target.key.provider)?;
    let now = session.clock.now();
    let rotation = keyring
        .rotation
        .map(|period| RotationSchedule::new(period, later(now, period)))
        .transpose()?;
    let spec = KeySpec {
        rotation,
        destroy_window: DestroyWindow::new(keyring.destroy_after)?,
        ..KeySpec::default()
    };
    match admin.create_ring(target.key.name.ring()).await {
        Err(why) if why.code != KmsCode::AlreadyExists => return Err(why.into()),
        _ => {}
    }
    admin.create_key(&target.key.name, spec).await?;
    Ok(())
}

fn names(targets: &[Target], made: &[Proven]) -> Vec<String> {
    let is_made = |target: &&Target| made.iter().any(|proven| proven.0 == target.key);
    targets.iter().filter(is_made).map(Target::key_name).collect()
}

struct Created {
    keys: Vec<String>,
    names: Vec<String>,
}

impl Answer for Created {
    fn json(&self) -> Value {
        json!({ "created": self.keys })
    }

    fn text(&self, page: &mut Page) {
        for name in &self.names {
            page.line(format_args!(
                "{name}: {}, a canary sealed under it opened, recorded in keyward.lock",
                good("made")
            ));
        }
    }
}
