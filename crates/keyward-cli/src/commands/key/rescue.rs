//! `keyward key restore VERSION` and `keyward key enable VERSION`. Rescue is never blocked: not by a manifest, a lock,
//! a gate or a log that is missing or cannot be written. What could not be recorded is said.

use clap::Args;
use keyward::project::Project;
use keyward::registry::Readers;
use keyward_core::error::{Error, Result};
use keyward_core::key::{KeyVersion, VersionState};
use keyward_core::kms::Observed;
use keyward_core::name::{ResourceId, VersionRef};
use serde_json::{Value, json};

use super::record::{Prove, record};
use super::target::resolve_version;
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
    /// KEYRING/LOCATION@N, or a full name
    version: String,
}

/// Make a disabled version usable again, and prove it with a canary
#[derive(Args)]
pub(super) struct Enable {
    /// KEYRING/LOCATION@N, or a full name
    version: String,
}

impl Restore {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
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
    let project = project_if_possible(session, name)?;
    let (target, version) = resolve_version(project, name)?;
    let providers = session.providers()?;
    let trail = session.trail(action, vec![version.to_string()]);
    trail.intend();
    let prove = Prove::new(session, &providers, action);
    let result = session.wait_for(bring_back(&providers, &prove, &version, may_restore));
    trail.ended(&result);
    let was = result.map_err(|error| error.on(&version))?;
    if let (Some(project), true) = (project, target.keyring.is_some()) {
        let proven = session.wait_for(prove.key(&target.key));
        if let Err(why) = proven.and_then(|proven| record(project, vec![proven])) {
            session.ui.warn(hints::lock_not_brought_up(&why));
        }
    }
    session.ui.done(&Rescued {
        name: target.version_name(version.name.number()),
        version,
        was,
    })?;
    Ok(Exit::DONE)
}

/// The manifest. When a full name was given, one that cannot be read does not stand in the way.
fn project_if_possible<'s>(session: &'s Session, name: &ResourceId) -> Result<Option<&'s Project>> {
    match (session.project(), name) {
        (Err(why), ResourceId::Key(_) | ResourceId::Version(_)) => {
            session
                .ui
                .warn(format_args!("the manifest is left out of account: {why}"));
            Ok(None)
        }
        (found, _) => found,
    }
}

/// Restores if need be, enables if need be, and proves. Returns the state that it was found in, if that was seen.
async fn bring_back(
    providers: &Providers,
    prove: &Prove<'_>,
    version: &VersionRef,
    may_restore: bool,
) -> Result<Option<VersionState>> {
    let was = state(&providers.readers(), version).await?;
    let rescuers = providers.rescuers();
    let rescuer = rescuers.get(version.provider)?;
    match was {
        Some(VersionState::DestroyScheduled) if !may_restore => {
            return Err(Error::refused("it is scheduled for destruction, not disabled")
                .hint(format!("keyward key restore {version}")));
        }
        // Unseen: the provider knows, and says so.
        Some(VersionState::DestroyScheduled) | None if may_restore => {
            rescuer.restore(&version.name).await?;
        }
        Some(VersionState::Destroyed) => {
            return Err(
                Error::refused("it is destroyed: its key material is gone for good")
                    .hint("files open through their other locations, or with the escrow identity"),
            );
        }
        _ => {}
    }
    if was != Some(VersionState::Enabled) {
        rescuer.enable(&version.name).await?;
    }
    prove.version(version).await?;
    Ok(was)
}

async fn state(readers: &Readers, version: &VersionRef) -> Result<Option<VersionState>> {
    match readers.get(version.provider)?.get_version(&version.name).await {
        Observed::Present(KeyVersion { state, .. }) => Ok(Some(state)),
        Observed::Absent => Err(Error::refused("it does not exist")),
        Observed::Unknown(_) => Ok(None),
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
            was => format!("was {}", was.map_or("not seen", VersionState::id)),
        };
        page.line(format_args!(
            "{}: {}, {before}; a canary sealed under it opened",
            self.name,
            good("ENABLED")
        ));
    }
}
