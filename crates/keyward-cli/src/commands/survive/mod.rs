//! `keyward survive`: what could not be opened any more after a loss.

mod hangings;
mod loss;
mod matrix;

use clap::Args;
use keyward::project::Project;
use keyward::uses::survey;
use keyward_core::error::{Error, Result};
use keyward_core::name::ResourceId;
use keyward_core::survive::Pattern;

use super::key::target::{Target, resolve};
use super::uses::index_file;
use crate::exit::Exit;
use crate::session::Session;
use crate::surroundings::Surroundings;
pub(super) use hangings::Hangings;
use loss::Shown;
use matrix::Matrix;

/// Show what could not be opened any more after a loss
///
/// Of one version, key, key ring, location, project, organization, identity, infrastructure state, provider, or of the
/// escrow identities. A way counts when it would open now: a version that is enabled, an escrow recipient that was
/// drilled. A disabled or scheduled version does not count: somebody has to rescue it first. Reads only.
/// Exits with 1 when nothing opens a file as it is, or an environment does not survive what `survive:` in the manifest says,
/// with 3 when that is not known;
/// with --lose, with 1 when something would be lost, with 3 when that is not known.
#[derive(Args)]
pub(crate) struct Survive {
    /// List everything that goes with whatever has such a name: '*/locations/global/*', identity:user:x@example.com,
    /// state:gs://…, provider:gcp-kms, escrow; several are lost together
    #[arg(long, value_name = "PATTERN")]
    lose: Vec<String>,
}

impl Survive {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        let project = session.needed_project()?;
        let env = session
            .requested_environment(project)?
            .map(|env| env.name.as_str());
        let mut inventory = survey(project, index_file(session, false).as_ref()).inventory;
        Surroundings::new(session, project, env)?.add_objects(&mut inventory)?;
        let hangings = Hangings::look(session, project)?;
        let survival = hangings.survival(&inventory);
        if self.lose.is_empty() {
            return Matrix::new(project, env, &inventory, &survival).show(session);
        }
        let patterns: Vec<_> = self.lose.iter().map(|text| patterns(project, text)).collect();
        let patterns = patterns.concat();
        let lost = survival.lose(&patterns, env);
        if lost.things.is_empty() && lost.unknown.is_empty() {
            return Err(no_such_thing(&self.lose));
        }
        Shown::new(&lost, survival.now(env).lost, &inventory).show(session)
    }
}

/// What `text` means: a short name of the manifest, or a pattern over names.
fn patterns(project: &Project, text: &str) -> Vec<Pattern> {
    let short = text
        .parse()
        .ok()
        // A keyring of that name is meant by its locations: escrow/LOCATION.
        .filter(|name| matches!(name, ResourceId::Short(_)) && text != "escrow");
    let targets = short.and_then(|name| resolve(Some(project), &name).ok());
    let full = |target: &Target| match target.version {
        Some(number) => target.key.version(number).to_string(),
        None => target.key.to_string(),
    };
    match targets {
        Some(targets) => targets.iter().map(|target| Pattern::new(&full(target))).collect(),
        None => vec![Pattern::new(text)],
    }
}

fn no_such_thing(patterns: &[String]) -> Error {
    Error::usage("nothing that a file here hangs on has such a name")
        .on(patterns.join(", "))
        .hint("names are full names of keys, versions and rings, or begin with location: project: organization: billing: identity: state: provider:, or are `escrow`")
        .hint("`keyward survive --json` shows them")
}
