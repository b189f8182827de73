//! Whom a file is sealed for: `--to`, else a keyring by name, else the keyring of the rule that matches.

use std::path::Path;
use std::sync::Arc;

use clap::Args;
use keyward::keyring::Keyring;
use keyward::project::{self, Project};
use keyward_age::AgeRecipientKey;
use keyward_core::context::EncryptionContext;
use keyward_core::error::Result;
use keyward_core::manifest::KeyringSpec;
use keyward_core::name::AgeRecipient;
use keyward_core::recipient::Recipient;

use crate::endpoints::For;
use crate::files::Input;
use crate::session::Session;
use crate::ui::hints;

/// Flags that say whom to seal for.
#[derive(Args)]
pub(crate) struct Recipients {
    /// Seal for this age recipient or key, and no manifest is needed; repeatable
    #[arg(long, value_name = "age1…|KEY", conflicts_with = "keyring")]
    to: Vec<String>,

    /// Seal for this keyring of the manifest, whatever the rules say
    #[arg(long, value_name = "NAME")]
    keyring: Option<String>,

    /// Public pair to bind to the content, and to demand when it is opened; repeatable
    #[arg(long = "context", value_name = "NAME=VALUE")]
    context: Vec<String>,
}

/// Whom to seal for, and what to bind to it.
pub(crate) struct Chosen {
    /// The name that messages use: a keyring's, or none.
    pub(crate) name: Option<String>,
    pub(crate) keyring: Keyring,
    pub(crate) context: EncryptionContext,
}

impl Recipients {
    /// Decides for `input`.
    ///
    /// # Errors
    /// A usage error when nothing says whom to seal for, or what says so is wrong.
    pub(crate) fn choose(&self, session: &Session, input: &Input) -> Result<Chosen> {
        let mut chosen = self.named(session, input)?;
        for pair in &self.context {
            chosen.context.insert_pair(pair)?;
        }
        Ok(chosen)
    }

    fn named(&self, session: &Session, input: &Input) -> Result<Chosen> {
        let found = || match input.path() {
            Some(path) => session.project_of(path),
            None => session.project(),
        };
        if !self.to.is_empty() {
            // A manifest need not be there; one that is says how its keys are reached.
            if self.to.iter().any(|word| word.contains('/')) {
                session.if_readable(found());
            }
            return given(session, &self.to);
        }
        let project = found()?;
        let project = project.ok_or_else(|| hints::nobody_to_seal_for(&input.name()))?;
        match (&self.keyring, input.path()) {
            (Some(name), _) => {
                let keyring = project.manifest.keyring(name)?;
                declared(session, project, keyring, project::context(keyring, None)?)
            }
            (None, Some(path)) => {
                let applied = project.rule_for(path)?;
                declared(session, project, applied.keyring, applied.context)
            }
            (None, None) => Err(hints::nobody_to_seal_for(&input.name())),
        }
    }
}

/// Whom one word names, for `file`: a keyring of the manifest, an age recipient, or a key by its full name.
///
/// # Errors
/// A usage error when it names none of them.
pub(crate) fn in_one_word(session: &Session, word: &str, file: &Path) -> Result<Chosen> {
    let word = word.trim();
    let folded = word.to_ascii_lowercase();
    // An identity in place of a recipient must not come to where names are repeated.
    let is_age = ["age1", "age-secret-key-"]
        .iter()
        .any(|start| folded.starts_with(start));
    if is_age || word.contains('/') {
        session.if_readable(session.project_of(file));
        return given(session, &[word.to_owned()]);
    }
    session.project_of(file)?;
    let project = session.needed_project()?;
    let keyring = project.manifest.keyring(word)?;
    declared(session, project, keyring, project::context(keyring, None)?)
}

fn given(session: &Session, words: &[String]) -> Result<Chosen> {
    let mut keyring = Keyring::default();
    for word in words {
        if word.contains('/') {
            keyring.keys.push(word.parse()?);
        } else {
            keyring.escrow.push(recipient(&word.parse()?)?);
        }
    }
    session.reaches(&keyring.keys, For::Sealing)?;
    Ok(Chosen {
        name: None,
        keyring,
        context: EncryptionContext::new(),
    })
}

fn declared(
    session: &Session,
    project: &Project,
    spec: &KeyringSpec,
    context: EncryptionContext,
) -> Result<Chosen> {
    if let Some(environment) = session.requested_environment(project)? {
        hints::in_environment(environment, spec)?;
    }
    session.reaches(spec.keys(), For::Sealing)?;
    let escrow = spec.escrow.iter().map(recipient).collect::<Result<_>>()?;
    let keyring = Keyring {
        keys: spec.keys().to_vec(),
        escrow,
    };
    Ok(Chosen {
        name: Some(spec.name.clone()),
        keyring,
        context,
    })
}

fn recipient(name: &AgeRecipient) -> Result<Arc<dyn Recipient>> {
    Ok(Arc::new(AgeRecipientKey::new(name.clone())?))
}
