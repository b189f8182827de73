//! `keyward key create KEYRING`: makes keys, proves them, and records them in the lock.

use clap::Args;
use keyward::lock_file;
use keyward::project::Project;
use keyward::verify::{DEADLINE, in_time};
use keyward_core::clock::later;
use keyward_core::error::{Error, Result};
use keyward_core::key::{DestroyWindow, KeySpec, RotationSchedule};
use keyward_core::kms::{KmsCode, KmsError, Observed};
use keyward_core::manifest::KeyringSpec;
use keyward_core::name::{KeyRef, Provider};
use serde_json::{Value, json};

use super::plan::{Planner, Step};
use super::record::{Prove, Proven, record};
use super::target::{Target, resolve};
use crate::endpoints::For;
use crate::exit::Exit;
use crate::providers::{NewRootKey, Providers};
use crate::session::Session;
use crate::ui::{Answer, Page, good, hints};

/// Make the keys of a keyring, prove that each seals and opens, and record them in keyward.lock
///
/// A key that the lock has, or that files name, and that is gone is not made again: find out what happened to it first.
/// Nor is one that the lock has in another project, or in a location that the manifest does not name any more: a changed
/// manifest does not move a key.
#[derive(Args)]
pub(super) struct Create {
    /// KEYRING, or KEYRING/LOCATION for the key in one location
    name: String,

    /// Protect a new root key of the embedded KMS with a passphrase, typed at the terminal
    #[arg(long)]
    passphrase: bool,

    /// Make it although keyward.lock has a key of the same ring and id in another project, or in a location that the
    /// manifest does not name any more: it will be another key, and open nothing that the old one sealed
    #[arg(long)]
    even_if_recorded_elsewhere: bool,
}

impl Create {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        let project = session.needed_project()?;
        let targets = resolve(Some(project), &self.name.parse()?)?;
        let keyring = one_keyring(session, project, &targets)?;
        session.reaches(targets.iter().map(|target| &target.key), For::Keys)?;
        let root_key = if self.passphrase {
            NewRootKey::Passphrase
        } else {
            NewRootKey::File
        };
        let providers = session.providers_making(root_key)?;
        let lock = lock_file::read(&project.lock_file())?.unwrap_or_default();
        let (state, readers) = (session.state()?, providers.readers());
        let planner = Planner::new(project, &state, &readers, &lock, self.even_if_recorded_elsewhere);
        let steps = session.wait_for(planner.steps(&targets))?;
        if steps.iter().all(|step| matches!(step, Step::Leave)) {
            return Err(Error::usage("it exists already, in every location")
                .on(&self.name)
                .hint("`keyward verify` proves it"));
        }
        if keyring.provider == Provider::Embedded {
            state.make()?;
        }
        let names = targets.iter().map(|target| target.key.to_string());
        let trail = session.trail("key create", names.collect());
        trail.intend();
        let work = Work {
            session,
            providers: &providers,
            keyring,
        };
        let (done, result) = work.recorded(project, &targets, &steps)?;
        trail.ended(&result);
        result?;
        session.ui.done(&Created(done))?;
        Ok(Exit::DONE)
    }
}

/// Making and proving the keys of one keyring.
struct Work<'a> {
    session: &'a Session,
    providers: &'a Providers,
    keyring: &'a KeyringSpec,
}

/// A key that works.
struct Done {
    key: KeyRef,
    name: String,
    /// Whether this run made it.
    is_new: bool,
}

impl Work<'_> {
    /// Does all the steps and records in the lock what was proven. Answers what was done, and whether all of it was.
    fn recorded(
        &self,
        project: &Project,
        targets: &[Target],
        steps: &[Step],
    ) -> Result<(Vec<Done>, Result<()>)> {
        let (proven, failed) = self
            .session
            .wait_for(async { Ok(self.all(targets, steps).await) })?;
        let (done, proven): (Vec<_>, Vec<_>) = proven.into_iter().unzip();
        let recorded = record(project, proven).map_err(hints::made_but_not_recorded);
        let Some(error) = failed else {
            return Ok((done, recorded));
        };
        if let Err(why) = recorded {
            self.session.ui.warn(hints::lock_not_brought_up(&why));
        }
        let names: Vec<_> = done.iter().map(|done| done.name.as_str()).collect();
        let result = Err(hints::done_before(error, &names));
        Ok((done, result))
    }

    /// Goes on until something fails.
    async fn all(&self, targets: &[Target], steps: &[Step]) -> (Vec<(Done, Proven)>, Option<Error>) {
        let mut proved = Vec::new();
        for (target, step) in targets.iter().zip(steps) {
            if *step == Step::Leave {
                continue;
            }
            match self.one(target, *step).await {
                Ok(done) => proved.push(done),
                Err(error) => return (proved, Some(error.on(&target.key))),
            }
        }
        (proved, None)
    }

    async fn one(&self, target: &Target, step: Step) -> Result<(Done, Proven)> {
        let is_new = step == Step::Make && self.make(&target.key).await?;
        let prove = Prove::new(self.session, self.providers, "key create");
        let proven = prove.key(&target.key).await?;
        let done = Done {
            key: target.key.clone(),
            name: target.key_name(),
            is_new,
        };
        Ok((done, proven))
    }

    /// Makes a key, and its ring if need be. Answers whether it did: another process may have been faster.
    async fn make(&self, key: &KeyRef) -> Result<bool> {
        let (admins, readers) = (self.providers.admins(), self.providers.readers());
        let admin = admins.get(key.provider)?;
        let ring = readers.get(key.provider)?.get_ring(key.name.ring());
        // Who may create keys may not be one who may create rings, nor one who sees them: then the key tells whether the ring
        // is there.
        match in_time(DEADLINE, ring).await {
            Observed::Present(_) => {}
            Observed::Absent => {
                made(admin.create_ring(key.name.ring()).await)?;
            }
            Observed::Unknown(_) => match admin.create_ring(key.name.ring()).await {
                Err(why) if why.code == KmsCode::PermissionDenied => {}
                answer => {
                    made(answer)?;
                }
            },
        }
        made(admin.create_key(&key.name, self.spec()?).await)
    }

    fn spec(&self) -> Result<KeySpec> {
        let now = self.session.clock.now();
        let rotation = self
            .keyring
            .rotation
            .map(|period| RotationSchedule::new(period, later(now, period)))
            .transpose()?;
        Ok(KeySpec {
            protection: self.keyring.protection.into(),
            rotation,
            destroy_window: DestroyWindow::new(self.keyring.destroy_after)?,
            ..KeySpec::default()
        })
    }
}

fn made<T>(answer: Result<T, KmsError>) -> Result<bool> {
    match answer {
        Ok(_) => Ok(true),
        Err(why) if why.code == KmsCode::AlreadyExists => Ok(false),
        Err(why) => Err(why.into()),
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

/// What was done to each key.
struct Created(Vec<Done>);

impl Created {
    fn json_of(&self, is_new: bool) -> Value {
        let keys = self.0.iter().filter(|key| key.is_new == is_new);
        keys.map(|key| key.key.to_string()).collect()
    }
}

impl Answer for Created {
    fn json(&self) -> Value {
        json!({ "created": self.json_of(true), "proven": self.json_of(false) })
    }

    fn text(&self, page: &mut Page) {
        for Done { name, is_new, .. } in &self.0 {
            let how = good(if *is_new { "made" } else { "found" });
            page.line(format_args!(
                "{name}: {how}, a canary sealed under it opened, recorded in keyward.lock"
            ));
        }
    }
}
