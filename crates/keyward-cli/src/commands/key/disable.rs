//! `keyward key disable VERSION`: the one change here that makes something harder to open, and so guarded.

use clap::Args;
use keyward::project::Project;
use keyward::uses;
use keyward::verify::{DEADLINE, in_time};
use keyward_core::error::{Error, Result};
use keyward_core::key::VersionState;
use keyward_core::kms::Observed;
use keyward_core::name::VersionRef;
use serde_json::{Value, json};

use super::record::bring_lock_up;
use super::target::{Target, resolve_version};
use crate::endpoints::For;
use crate::exit::Exit;
use crate::providers::Providers;
use crate::session::Session;
use crate::ui::{Answer, Page, command, hints, uneasy};

/// Disable a version; it can be enabled again
///
/// Refused while files under the manifest's rules name the version, and when the audit log cannot be written.
#[derive(Args)]
pub(super) struct Disable {
    /// KEYRING/LOCATION@N, or a full name
    version: String,

    /// Disable it although files need it, or although that is not known; they open through other locations only
    #[arg(long)]
    even_if_needed: bool,
}

impl Disable {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        let project = session.project()?;
        let (target, version) = resolve_version(project, &self.version.parse()?)?;
        in_its_environment(session, project, &target)?;
        session.reaches([&target.key], For::Keys)?;
        if !self.even_if_needed {
            nothing_needs(project, &target, &version)?;
        }
        let providers = session.providers()?;
        let trail = session.trail("key disable", vec![version.to_string()]);
        trail.must_intend()?;
        let result = session.wait_for(disable(&providers, &version));
        trail.ended(&result);
        result.map_err(|error| error.on(&version))?;
        if let (Some(project), true) = (project, target.keyring.is_some()) {
            bring_lock_up(session, &providers, project, &version);
        }
        session.ui.done(&Disabled {
            name: target.version_name(version.name.number()),
            version,
        })?;
        Ok(Exit::DONE)
    }
}

/// Whether the key may be changed in the environment that was named.
///
/// # Errors
/// A usage error when it belongs to another.
pub(super) fn in_its_environment(
    session: &Session,
    project: Option<&Project>,
    target: &Target,
) -> Result<()> {
    match (project, &target.keyring) {
        (Some(project), Some(keyring)) => {
            hints::in_environment(session.environment(project)?, project.manifest.keyring(keyring)?)
        }
        _ => Ok(()),
    }
}

/// Refuses while a file needs the version, and while that is not known.
fn nothing_needs(project: Option<&Project>, target: &Target, version: &VersionRef) -> Result<()> {
    let (Some(project), true) = (project, target.keyring.is_some()) else {
        return Err(hints::needed_or_not(
            Error::refused("no manifest here has this key, so that it is not known which files need it")
                .on(version),
        ));
    };
    let scan = uses::scan(project);
    let number = version.name.number();
    if let Some(uses) = scan.uses.get(&target.key).filter(|uses| uses.need(number)) {
        return Err(hints::needed_or_not(
            Error::refused(format!("it is {}", uses.text(number))).on(version),
        ));
    }
    if !scan.unread.is_empty() {
        return Err(hints::needed_or_not(hints::may_name(&scan.unread).on(version)));
    }
    Ok(())
}

async fn disable(providers: &Providers, version: &VersionRef) -> Result<()> {
    let (admins, readers) = (providers.admins(), providers.readers());
    admins.get(version.provider)?.disable(&version.name).await?;
    let look = readers.get(version.provider)?.get_version(&version.name);
    match in_time(DEADLINE, look).await {
        Observed::Present(seen) if seen.state == VersionState::Disabled => Ok(()),
        Observed::Present(seen) => Err(Error::unavailable(format!("it was read back as {}", seen.state))),
        Observed::Absent => Err(Error::unavailable("it was not found when it was read back")),
        Observed::Unknown(why) => Err(Error::unavailable(format!("it could not be read back: {why}"))),
    }
}

struct Disabled {
    name: String,
    version: VersionRef,
}

impl Answer for Disabled {
    fn json(&self) -> Value {
        json!({ "version": self.version.to_string(), "state": VersionState::Disabled.id() })
    }

    fn text(&self, page: &mut Page) {
        page.line(format_args!("{}: {}", self.name, uneasy("DISABLED")));
        page.line(format_args!(
            "back again with: {}",
            command(format_args!("keyward key enable {}", self.name))
        ));
    }
}
