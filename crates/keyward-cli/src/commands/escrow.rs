//! `keyward escrow new`: an offline identity that opens everything sealed for it, without any KMS.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use keyward::atomic_file::{self, Access, Existing};
use keyward_core::error::Result;
use keyward_core::name::AgeRecipient;
use keyward_core::secret::SecretBytes;
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::session::Session;
use crate::ui::{Answer, Page, ask_new_passphrase, faint, strong};

/// Offline identities, for the day when no KMS answers
#[derive(Args)]
pub(crate) struct Escrow {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    New(New),
}

/// Make an offline identity
///
/// The file is an age identity, as `age-keygen` writes it: `age -d -i FILE` uses it too. Add its recipient, age1…, under
/// `escrow:` in the manifest, and keep the file where no machine can reach it.
#[derive(Args)]
struct New {
    /// File to write the identity to
    #[arg(short, long, value_name = "FILE", default_value = "escrow-identity.txt")]
    output: PathBuf,

    /// Protect the file with a passphrase, typed at the terminal
    #[arg(long)]
    passphrase: bool,
}

impl Escrow {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        match self.verb {
            Verb::New(verb) => verb.run(session),
        }
    }
}

impl New {
    fn run(self, session: &Session) -> Result<Exit> {
        let made = keyward_age::generate()?;
        let text = made.identity_file(session.clock.now());
        let content = if self.passphrase {
            protected(&text, &self.output)?
        } else {
            text
        };
        atomic_file::write(&self.output, content.expose(), Access::Private, Existing::Refuse)?;
        session.ui.show(&Made {
            identity: self.output,
            recipient: made.recipient,
        })?;
        Ok(Exit::DONE)
    }
}

fn protected(text: &SecretBytes, file: &Path) -> Result<SecretBytes> {
    let passphrase = ask_new_passphrase(&file.display().to_string())?;
    keyward_age::protect(text, &passphrase).map(SecretBytes::new)
}

struct Made {
    identity: PathBuf,
    recipient: AgeRecipient,
}

impl Answer for Made {
    fn json(&self) -> Value {
        json!({ "identity": self.identity.display().to_string(), "recipient": self.recipient.as_str() })
    }

    fn text(&self, page: &mut Page) {
        page.field(
            "identity",
            format_args!(
                "{}  {}",
                self.identity.display(),
                faint("(secret: take it offline)")
            ),
        );
        page.field(
            "recipient",
            format_args!("{}  {}", strong(&self.recipient), faint("(public)")),
        );
    }
}
