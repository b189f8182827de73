//! `keyward watch`: look, and tell whoever has to act, until somebody answers for it.

mod ack;
mod shown;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use keyward::lock_file::Found;
use keyward::project::Project;
use keyward::uses::survey;
use keyward::verify::{Canaries, DEADLINE, Sight, Verify, verify_and_keep};
use keyward::watch::{Guard, MemoryFile};
use keyward_core::error::{Error, Result};
use keyward_core::inventory::{Inventory, Powers};
use keyward_core::secret::SecretBytes;
use keyward_core::verify::{Report, Scan};
use keyward_core::watch::{Alert, alerts, stake};

use super::survive::Hangings;
use super::uses::index_file;
use crate::endpoints::For;
use crate::exit::Exit;
use crate::outlet::Web;
use crate::session::Session;
use crate::surroundings::Surroundings;
use shown::Shown;

/// Where alerts are remembered, in the state folder.
const MEMORY: &str = "watch.json";
/// Longest secret that is read.
const SECRET_LEN: u64 = 4096;

/// Look once, and alert until somebody answers for it
///
/// Compares the keys with the lock, by rights to look alone, and says of every trouble what would be lost, how many hours
/// are left, and the command that brings it back. An alert is repeated until `keyward watch ack`. With `watch:` in the
/// manifest it goes to a webhook, and a dead man's switch is asked after every look that saw everything.
/// Exits with 1 while there is trouble that nobody acknowledged, with 3 when something could not be seen or told.
#[derive(Args)]
#[command(subcommand_negates_reqs = true, args_conflicts_with_subcommands = true)]
pub(crate) struct Watch {
    /// Look one time; whatever runs commands by the clock does the rest
    #[arg(long, required = true)]
    once: bool,

    /// The webhook's secret: each message carries an HMAC under it
    #[arg(long, value_name = "FILE", env = "KEYWARD_WATCH_SECRET_FILE")]
    secret_file: Option<PathBuf>,

    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Subcommand)]
enum Verb {
    Ack(ack::Ack),
}

impl Watch {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        match self.verb {
            Some(Verb::Ack(verb)) => verb.run(session),
            None => look_once(session, self.secret_file.as_deref()),
        }
    }
}

fn look_once(session: &Session, secret: Option<&Path>) -> Result<Exit> {
    let project = session.needed_project()?;
    let env = session
        .requested_environment(project)?
        .map(|env| env.name.as_str());
    let settings = project.manifest.watch();
    let secret = secret.map(read_secret).transpose()?;
    if settings.webhook.is_some() && secret.is_none() {
        session
            .ui
            .warn("messages to the webhook are not signed: name its secret with --secret-file");
    }
    let mut found = survey(project, index_file(session, false).as_ref());
    Surroundings::new(session, project, env)?.add_to(&mut found)?;
    let (report, sight) = see(session, project, env, &found.scan)?;
    let alerts = judge(session, project, &report, &sight, &found.inventory);
    let complete = report.unknowns().iter().all(|check| !check.id.is_gate()) && report.keys() > 0;
    let memory = memory(session, env)?;
    let guard = Guard {
        settings,
        secret: secret.as_ref(),
        memory: &memory,
        outlet: &Web::new()?,
        now: report.at,
    };
    let told = session.wait_for(async { Ok(guard.tell(alerts, complete).await) })?;
    Shown::new(project, &told, complete, &report).show(session)
}

/// The report of a verification that needs no more than the right to look.
fn see(session: &Session, project: &Project, env: Option<&str>, scan: &Scan) -> Result<(Report, Sight)> {
    let keyrings = project.manifest.keyrings();
    let keyrings = keyrings.filter(|keyring| env.is_none_or(|env| keyring.env == env));
    session.reaches(keyrings.flat_map(|keyring| keyring.keys()), For::Keys)?;
    let readers = session.providers()?.readers();
    let lock = Found::look(&project.lock_file());
    let request = Verify {
        manifest: &project.manifest,
        env,
        lock: lock.state(),
        scan,
        readers: &readers,
        canaries: Canaries::Off,
        now: session.clock.now(),
        deadline: DEADLINE,
    };
    session.wait_for(async { Ok(verify_and_keep(request, &mut session.rng()).await) })
}

/// The alerts of a report, with what would be lost.
fn judge(
    session: &Session,
    project: &Project,
    report: &Report,
    sight: &Sight,
    inventory: &Inventory,
) -> Vec<Alert> {
    let lock = Found::look(&project.lock_file());
    let hangings = Hangings::new(session, project, lock.state(), sight, Powers::default());
    let survival = hangings.survival(inventory);
    alerts(report, &|resource| stake(resource, &survival, inventory))
}

/// One memory for each choice of environment: a look at one says nothing about the alerts of another.
fn memory(session: &Session, env: Option<&str>) -> Result<MemoryFile> {
    let state = session.state()?;
    state.make()?;
    let name = env.map_or(MEMORY.to_owned(), |env| format!("watch-{env}.json"));
    Ok(MemoryFile::at(state.path().join(name)))
}

fn read_secret(path: &Path) -> Result<SecretBytes> {
    use std::io::Read;
    let cannot = |error| keyward::io_error("read the secret", path, error);
    let mut text = Vec::new();
    let file = std::fs::File::open(path).map_err(cannot)?;
    file.take(SECRET_LEN + 1).read_to_end(&mut text).map_err(cannot)?;
    // Text files end in a line end, and the secret does not.
    while text.last().is_some_and(|end| b"\r\n".contains(end)) {
        text.pop();
    }
    let secret = SecretBytes::new(text);
    if secret.is_empty() || secret.len() as u64 > SECRET_LEN {
        let what = format!("it is no secret: 1 to {SECRET_LEN} bytes are wanted");
        return Err(Error::usage(what).on(path.display()));
    }
    Ok(secret)
}
