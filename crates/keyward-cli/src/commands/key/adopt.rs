//! `keyward key adopt RESOURCE`: what is there, by whatever means, joins manifest and lock after its proof.

use clap::Args;
use keyward::adopt::{self, Adoption, Declaration};
use keyward::lock_file;
use keyward::project::Project;
use keyward::registry::Readers;
use keyward::verify::{DEADLINE, in_time};
use keyward_core::error::{Error, Result};
use keyward_core::kms::Observed;
use keyward_core::name::{KeyRef, ResourceId};
use serde_json::{Value, json};

use super::record::Prove;
use super::target::resolve;
use crate::endpoints::For;
use crate::exit::Exit;
use crate::session::Session;
use crate::ui::{Answer, Page, good, hints};

/// Bring manifest and keyward.lock up to keys that are there: made or rotated by other means, or recorded by an older release
///
/// Nothing is changed at the provider. A canary is sealed and opened under every enabled version, and what would change is
/// shown. A key that cannot be seen is not adopted, nor one that was replaced.
#[derive(Args)]
pub(super) struct Adopt {
    /// KEYRING, KEYRING/LOCATION, or the full name of a key or a key ring
    name: String,

    /// The keyring that gets the key, for one that no keyring has yet; a new one also needs --env
    #[arg(long, value_name = "NAME")]
    keyring: Option<String>,

    /// Adopt it although the lock has another key, or versions that are gone, under the same name: what those sealed may open
    /// no more
    #[arg(long)]
    even_if_replaced: bool,

    /// Look, prove and show, and write nothing
    #[arg(long)]
    dry_run: bool,
}

impl Adopt {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        let project = session.needed_project()?;
        let providers = session.providers()?;
        let keys = session.wait_for(self.keys(project, &providers.readers()))?;
        session.reaches(&keys, For::Keys)?;
        if self.keyring.is_some() && keys.len() > 1 {
            return Err(Error::usage(
                "one keyring has one of these keys only: leave out `--keyring`, or name one key",
            ));
        }
        let lock = lock_file::read(&project.lock_file())?.unwrap_or_default();
        let prove = Prove::new(session, &providers, "key adopt");
        let mut adopted = Vec::new();
        for key in &keys {
            let look = prove.adoption(key, lock.keys.get(key), self.even_if_replaced);
            let adoption = session.wait_for(look)?;
            let declaration = self.declaration(session, project, &adoption, keys.len())?;
            adopted.push((adoption, declaration));
        }
        if !self.dry_run {
            write(session, project, &adopted)?;
        }
        let is_dry = self.dry_run;
        session.ui.done(&Adopted { adopted, is_dry })?;
        Ok(Exit::DONE)
    }

    /// The keys that the name stands for.
    async fn keys(&self, project: &Project, readers: &Readers) -> Result<Vec<KeyRef>> {
        if self.name.contains("/keyRings/") && !self.name.contains("/cryptoKeys") {
            return keys_of_ring(readers, &self.name).await;
        }
        let name: ResourceId = self.name.parse()?;
        let targets = resolve(Some(project), &name)?;
        if let Some(target) = targets.iter().find(|target| target.version.is_some()) {
            return Err(Error::usage("a version is adopted with its key")
                .on(&self.name)
                .hint(format!("keyward key adopt {}", target.key_name())));
        }
        Ok(targets.into_iter().map(|target| target.key).collect())
    }

    /// New keyrings for several keys of a ring have the names of the keys.
    fn declaration(
        &self,
        session: &Session,
        project: &Project,
        adoption: &Adoption,
        count: usize,
    ) -> Result<Declaration> {
        let env = || Ok(session.environment(project)?.name.clone());
        let declare = |keyring| Declaration::of(&project.manifest, adoption, keyring, env);
        let declaration = match (declare(self.keyring.as_deref()), count) {
            (Err(_), 2..) => declare(Some(adoption.key.name.id()))?,
            (declared, _) => declared?,
        };
        if !matches!(declaration, Declaration::Keyring(_)) {
            let keyring = project.manifest.keyring(declaration.keyring())?;
            hints::in_environment(session.environment(project)?, keyring)?;
        }
        Ok(declaration)
    }
}

async fn keys_of_ring(readers: &Readers, name: &str) -> Result<Vec<KeyRef>> {
    // A ring's name is that of a key less its end.
    let any: KeyRef = format!("{name}/cryptoKeys/any").parse()?;
    let ring = any.name.ring();
    match in_time(DEADLINE, readers.get(any.provider)?.list_keys(ring)).await {
        Observed::Present(keys) if keys.is_empty() => Err(Error::refused("it has no keys").on(name)),
        Observed::Present(keys) => Ok(keys
            .into_iter()
            .map(|key| KeyRef {
                provider: any.provider,
                name: key.name,
            })
            .collect()),
        Observed::Absent => Err(Error::refused("it does not exist").on(name)),
        Observed::Unknown(why) => Err(Error::unavailable(format!("its keys cannot be seen: {why}")).on(name)),
    }
}

/// The manifest first: a key that is declared and not in the lock is a finding with this very command as its next step.
fn write(session: &Session, project: &Project, adopted: &[(Adoption, Declaration)]) -> Result<()> {
    let names = adopted.iter().map(|(adoption, _)| adoption.key.to_string());
    let trail = session.trail("key adopt", names.collect());
    trail.intend();
    let result = adopted.iter().try_for_each(|(adoption, declaration)| {
        declaration.write(&project.file)?;
        adopt::record(&project.lock_file(), adoption)
    });
    trail.ended(&result);
    result
}

struct Adopted {
    adopted: Vec<(Adoption, Declaration)>,
    is_dry: bool,
}

impl Answer for Adopted {
    fn json(&self) -> Value {
        let keys = self.adopted.iter().map(|(adoption, declaration)| {
            json!({
                "key": adoption.key.to_string(),
                "keyring": declaration.keyring(),
                "manifest": addition(declaration),
                "changes": adoption.changes,
            })
        });
        json!({ "adopted": keys.collect::<Vec<_>>(), "dry_run": self.is_dry })
    }

    fn text(&self, page: &mut Page) {
        for (adoption, declaration) in &self.adopted {
            page.line(format_args!(
                "{}/{}: {}, a canary sealed under each enabled version opened",
                declaration.keyring(),
                adoption.key.name.location(),
                good("proven")
            ));
            for change in adoption
                .changes
                .iter()
                .map(String::as_str)
                .chain(addition(declaration))
            {
                page.line(format_args!("  {change}"));
            }
        }
        page.line(match self.is_dry {
            true => "nothing was written: this was a dry run",
            false => "recorded in keyward.lock",
        });
    }
}

/// What the manifest gets.
fn addition(declaration: &Declaration) -> Option<&'static str> {
    match declaration {
        Declaration::There(_) => None,
        Declaration::Location(..) => Some("keyward.yaml: one location more in this keyring"),
        Declaration::Keyring(_) => Some("keyward.yaml: a new keyring; no rule names it yet"),
    }
}
