//! `keyward key restore KEY --drill`: the rescue, rehearsed on a version that nothing needs. keyward cannot schedule a
//! destruction, so somebody who may has to act it out; everything else is done and checked here.

use std::time::Duration;

use keyward::project::Project;
use keyward::registry::{Admins, Readers, Rescuers};
use keyward::verify::{DEADLINE, Prover, in_time};
use keyward_core::clock::{Clock, later};
use keyward_core::error::{Error, Result};
use keyward_core::key::{KeyVersion, VersionState};
use keyward_core::kms::Observed;
use keyward_core::manifest::duration_text;
use keyward_core::name::{KeyRef, Provider, VersionRef};
use serde_json::{Value, json};

use super::bring_back::bring_back;
use super::disable::in_its_environment;
use super::target::{Target, project_for, resolve};
use crate::endpoints::For;
use crate::exit::Exit;
use crate::session::Session;
use crate::ui::{Answer, Page, command, good};

/// How long after one look the next one is.
const PAUSE: Duration = Duration::from_secs(1);
/// The action, as the audit log names it.
const ACTION: &str = "key restore --drill";

/// Rehearses the rescue of `name`, a key, and waits for as long as `wait` for the version to be scheduled.
pub(super) fn drill(session: &Session, name: &str, wait: Duration) -> Result<Exit> {
    let name = &name.parse()?;
    let project = project_for(session, name)?;
    let target = one_key(resolve(project, name)?)?;
    in_its_environment(session, project, &target)?;
    nobody_can(&target)?;
    session.reaches([&target.key], For::Keys)?;
    let providers = session.providers()?;
    let (readers, crypters) = (providers.readers(), providers.crypters());
    let exercise = Exercise {
        key: &target.key,
        readers: &readers,
        admins: &providers.admins(),
        rescuers: &providers.rescuers(),
        prover: Prover {
            readers: &readers,
            crypters: &crypters,
            now: session.clock.now(),
            by: ACTION,
            deadline: DEADLINE,
        },
        clock: session.clock.as_ref(),
    };
    let mut trail = session.trail(ACTION, vec![target.key.to_string()]);
    trail.intend();
    let made = session.wait_for(exercise.make());
    if let Ok((version, _)) = &made {
        trail.also(version);
    } else {
        trail.ended(&made);
    }
    let (version, canary) = made.map_err(|why| why.on(&target.key))?;
    session.ui.need(instructions(session, project, &version, wait));
    let pause = async |time| tokio::time::sleep(time).await;
    let result = session.wait_for(exercise.rescue(&version, &canary, wait, pause));
    trail.ended(&result);
    result.map_err(|why| left_behind(why.on(&version), &version))?;
    session.ui.done(&Rehearsed { version: &version })?;
    Ok(Exit::DONE)
}

fn one_key(targets: Vec<Target>) -> Result<Target> {
    match <[Target; 1]>::try_from(targets) {
        Ok([target]) if target.version.is_none() => Ok(target),
        _ => Err(Error::usage("a drill makes a version of its own, of one key")
            .hint("name one key: KEYRING/LOCATION, or a full name that ends in /cryptoKeys/KEY")),
    }
}

/// In the embedded KMS nobody can act out what the drill waits for.
fn nobody_can(target: &Target) -> Result<()> {
    if target.key.provider != Provider::Embedded {
        return Ok(());
    }
    Err(Error::refused(
        "nothing schedules a destruction in the embedded KMS, so there is nothing to bring a version back from",
    )
    .on(&target.key)
    .hint("what can happen to it is that its files get lost: try `keyward quickstart`, which loses one and opens the rest")
    .hint("to rehearse the rescue, use a key of Cloud KMS, or of `keyward-emulator --listen ADDR`"))
}

/// The ports that a drill takes, and the key.
struct Exercise<'a> {
    key: &'a KeyRef,
    readers: &'a Readers,
    admins: &'a Admins,
    rescuers: &'a Rescuers,
    prover: Prover<'a>,
    clock: &'a dyn Clock,
}

impl Exercise<'_> {
    /// Makes a version that nothing needs, and seals a canary under it. The primary version stays what it is.
    async fn make(&self) -> Result<(VersionRef, Vec<u8>)> {
        let reader = self.readers.get(self.key.provider)?;
        let before = seen(in_time(DEADLINE, reader.get_key(&self.key.name)).await)?;
        let admin = self.admins.get(self.key.provider)?;
        let made = admin.create_version(&self.key.name).await?;
        let version = self.key.version(made.name.number());
        let left = |why: Error| left_behind(why.on(&version), &version);
        let canary = self.prover.prove_version(&version).await.map_err(left)?;
        let after = seen(in_time(DEADLINE, reader.get_key(&self.key.name)).await).map_err(left)?;
        if after.primary == Some(version.name.number()) && before.primary != after.primary {
            return Err(left(Error::refused(
                "the new version became the primary one, so it is not one that nothing needs",
            )));
        }
        Ok((version, canary))
    }

    /// Waits until it is seen scheduled, brings it back, and opens the canary that was sealed before.
    async fn rescue(
        &self,
        version: &VersionRef,
        canary: &[u8],
        wait: Duration,
        pause: impl AsyncFn(Duration),
    ) -> Result<()> {
        let scheduled = self.scheduled(version, wait, pause).await?;
        let rescuer = self.rescuers.get(version.provider)?;
        bring_back(Observed::Present(scheduled), rescuer.as_ref(), version, true).await?;
        let reader = self.readers.get(version.provider)?;
        let back = seen(in_time(DEADLINE, reader.get_version(&version.name)).await)?;
        if back.state != VersionState::Enabled {
            let what = format!("it was brought back, and is read back as {}", back.state);
            return Err(Error::unavailable(what));
        }
        self.prover.open_recorded(version, canary).await
    }

    /// Looks until it is. What cannot be seen is looked at again.
    async fn scheduled(
        &self,
        version: &VersionRef,
        wait: Duration,
        pause: impl AsyncFn(Duration),
    ) -> Result<KeyVersion> {
        let reader = self.readers.get(version.provider)?;
        let end = later(self.clock.now(), wait);
        loop {
            let last = match in_time(DEADLINE, reader.get_version(&version.name)).await {
                Observed::Present(seen) if seen.state == VersionState::DestroyScheduled => return Ok(seen),
                Observed::Present(seen) if seen.state == VersionState::Destroyed => {
                    return Err(Error::refused(
                        "it is destroyed already, so it cannot be brought back",
                    ));
                }
                Observed::Present(seen) => format!("it is {}", seen.state),
                Observed::Absent => "it was not found".to_owned(),
                Observed::Unknown(why) => format!("it could not be seen: {why}"),
            };
            if self.clock.now() >= end {
                let wait = duration_text(wait);
                return Err(Error::unavailable(format!(
                    "it was not seen scheduled for destruction within {wait}; {last}"
                )));
            }
            pause(PAUSE).await;
        }
    }
}

fn seen<T>(observed: Observed<T>) -> Result<T> {
    match observed {
        Observed::Present(value) => Ok(value),
        Observed::Absent => Err(Error::refused("it does not exist")),
        Observed::Unknown(why) => Err(Error::unavailable(format!("it cannot be seen: {why}"))),
    }
}

/// What a person must know about the version when the drill does not come to its end.
fn left_behind(why: Error, version: &VersionRef) -> Error {
    why.hint(format!(
        "the version of the drill is left, and costs what a version costs: {version}"
    ))
    .hint(format!(
        "once it is scheduled for destruction, this brings it back: keyward key restore {version}"
    ))
}

/// Shown before the waiting, so that it is there whatever ends that.
fn instructions(
    session: &Session,
    project: Option<&Project>,
    version: &VersionRef,
    wait: Duration,
) -> String {
    let other = match address(session, project, version) {
        Some(address) => {
            let address = address.trim_end_matches('/').to_owned();
            let body = "-H 'Content-Type: application/json' -d '{}'";
            format!(
                "or, at {address}:\n  {}\n",
                command(format_args!(
                    "curl -X POST {body} {address}/v1/{}:destroy",
                    version.name
                ))
            )
        }
        None => String::new(),
    };
    format!(
        "made {version}, which nothing needs; a canary is sealed under it\n\
         schedule its destruction now, as somebody who may:\n  {}\n{other}\
         waiting for that, up to {}; if this is interrupted the version stays, and costs what a version costs:\n  {}",
        command(gcloud(version)),
        duration_text(wait),
        command(format_args!("keyward key restore {version}")),
    )
}

fn gcloud(version: &VersionRef) -> String {
    let key = version.key().name;
    let ring = key.ring();
    format!(
        "gcloud kms keys versions destroy {} --key {} --keyring {} --location {} --project {}",
        version.name.number(),
        key.id(),
        ring.id(),
        ring.location(),
        ring.project()
    )
}

/// Where the key is reached, if that is not Google's usual address.
fn address(session: &Session, project: Option<&Project>, version: &VersionRef) -> Option<String> {
    let key = version.key();
    let location = key.name.location();
    let declared = project.and_then(|project| project.manifest.keyring_of(&key));
    match declared {
        Some(keyring) => keyring.access.endpoint_in(location),
        None => {
            let named = session.globals.endpoint.as_ref();
            named.map(|named| named.replace("{location}", location.as_str()))
        }
    }
}

struct Rehearsed<'a> {
    version: &'a VersionRef,
}

impl Answer for Rehearsed<'_> {
    fn json(&self) -> Value {
        json!({
            "version": self.version.to_string(),
            "was": VersionState::DestroyScheduled.id(),
            "state": VersionState::Enabled.id(),
            "canary": "opened",
        })
    }

    fn text(&self, page: &mut Page) {
        let version = self.version;
        page.line(format_args!(
            "{version}: seen DESTROY_SCHEDULED, then {}",
            good("ENABLED")
        ));
        page.line(format_args!(
            "the canary that was sealed before: {}; the rescue works here, with these rights",
            good("opened")
        ));
        page.sentence(format_args!(
            "the version stays and costs what a version costs; those who may destroy can have it go: {}",
            command(gcloud(version))
        ));
        page.line(format_args!(
            "until then keyward.lock does not know it: {}",
            command(format_args!("keyward key adopt {}", version.key()))
        ));
    }
}

#[cfg(test)]
mod tests;
