//! `keyward key restore VERSION` and `keyward key enable VERSION`. Rescue is never blocked: not by a manifest, a lock,
//! a gate or a log that is missing or cannot be written. What could not be recorded is said.

use std::time::Duration;

use clap::Args;
use keyward::verify::{DEADLINE, in_time};
use keyward_core::error::{Error, Result};
use keyward_core::key::VersionState;
use keyward_core::manifest::parse_duration;
use keyward_core::name::VersionRef;
use serde_json::{Value, json};

use super::bring_back::bring_back;
use super::drill::drill;
use super::record::{Prove, bring_lock_up};
use super::target::{project_for, resolve_version};
use crate::endpoints::For;
use crate::exit::Exit;
use crate::providers::Providers;
use crate::session::Session;
use crate::ui::{Answer, Page, good, hints};

/// Bring a version that is scheduled for destruction back to enabled, and prove it with a canary
///
/// With a full name it works from an empty folder, without manifest and lock. A version that is only disabled is
/// enabled; one that is destroyed is gone.
#[derive(Args)]
pub(super) struct Restore {
    /// KEYRING/LOCATION@N, or a full name; with --drill a key
    version: String,

    /// Rehearse it: make a version of KEY that nothing needs, wait until somebody who may has scheduled its destruction,
    /// and bring it back
    #[arg(long)]
    drill: bool,

    /// How long to wait for that
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = parse_duration, requires = "drill")]
    wait: Duration,
}

/// Make a disabled version usable again, and prove it with a canary
#[derive(Args)]
pub(super) struct Enable {
    /// KEYRING/LOCATION@N, or a full name
    version: String,
}

impl Restore {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        if self.drill {
            return drill(session, &self.version, self.wait);
        }
        rescue(session, "key restore", &self.version, true)
    }
}

impl Enable {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        rescue(session, "key enable", &self.version, false)
    }
}

fn rescue(session: &Session, action: &'static str, name: &str, may_restore: bool) -> Result<Exit> {
    let name = &name.parse()?;
    let project = project_for(session, name)?;
    let (target, version) = resolve_version(project, name)?;
    session.reaches([&target.key], For::Rescue)?;
    let providers = session.providers()?;
    let trail = session.rescue_trail(action, vec![version.to_string()]);
    trail.intend();
    let result = session.wait_for(moved(&providers, &version, may_restore));
    trail.ended(&result);
    let was = result.map_err(|error| with_place(session, &version, error.on(&version)))?;
    if let (Some(project), true) = (project, target.keyring.is_some()) {
        bring_lock_up(session, &providers, project, &version);
    }
    let prove = Prove::new(session, &providers, action);
    session
        .wait_for(prove.version(&version))
        .map_err(|why| hints::back_but_not_proven(&version, why))?;
    session.ui.done(&Rescued {
        name: target.version_name(version.name.number()),
        version,
        was,
    })?;
    Ok(Exit::DONE)
}

/// Looks, then brings it back.
async fn moved(
    providers: &Providers,
    version: &VersionRef,
    may_restore: bool,
) -> Result<Option<VersionState>> {
    let (readers, rescuers) = (providers.readers(), providers.rescuers());
    let look = readers.get(version.provider)?.get_version(&version.name);
    let seen = in_time(DEADLINE, look).await;
    bring_back(
        seen,
        rescuers.get(version.provider)?.as_ref(),
        version,
        may_restore,
    )
    .await
}

/// Adds where the key was looked for, when it cannot be there.
fn with_place(session: &Session, version: &VersionRef, error: Error) -> Error {
    match session.state() {
        Ok(state) if state.never_held(&version.key()) => hints::another_state(error, &state),
        _ => error,
    }
}

struct Rescued {
    name: String,
    version: VersionRef,
    was: Option<VersionState>,
}

impl Answer for Rescued {
    fn json(&self) -> Value {
        json!({
            "version": self.version.to_string(),
            "was": self.was.map(VersionState::id),
            "state": VersionState::Enabled.id(),
            "canary": "opened",
        })
    }

    fn text(&self, page: &mut Page) {
        let before = match self.was {
            Some(VersionState::Enabled) => "as before".to_owned(),
            Some(was) => format!("was {was}"),
            None => "its state before was not seen".to_owned(),
        };
        page.line(format_args!(
            "{}: {}, {before}; a canary sealed under it opened",
            self.name,
            good("ENABLED")
        ));
    }
}
