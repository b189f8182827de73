//! `keyward escrow new`: an offline identity that opens everything sealed for it, without any KMS.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use clap::Args;
use keyward::atomic_file::Access;
use keyward_core::error::{Error, Result};
use keyward_core::name::AgeRecipient;
use keyward_core::secret::SecretBytes;
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::files::Output;
use crate::session::Session;
use crate::ui::{Answer, Page, ask_new_passphrase, faint, one_line, strong};

/// Make an offline identity
///
/// The file is an age identity, as `age-keygen` writes it: `age -d -i FILE` uses it too. Add its recipient, age1…, under
/// `escrow:` in the manifest, and keep the file where no machine can reach it.
#[derive(Args)]
pub(super) struct New {
    /// File to write the identity to, which must not exist; `-` is stdout, if that is no terminal
    #[arg(short, long, value_name = "FILE", default_value = "escrow-identity.txt")]
    output: PathBuf,

    /// Protect the file with a passphrase, typed at the terminal
    #[arg(long)]
    passphrase: bool,
}

impl New {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        let output = self.output(session)?;
        let made = keyward_age::generate()?;
        let text = made.identity_file(session.clock.now());
        let content = if self.passphrase {
            protected(&text, &self.output)?
        } else {
            text
        };
        output.write_whole(content.expose(), Access::Private)?;
        let made = Made {
            identity: output.path().map(Path::to_owned),
            recipient: made.recipient,
        };
        if output.is_stdout() {
            session.ui.done(&made)?;
        } else {
            session.ui.show(&made)?;
        }
        Ok(Exit::DONE)
    }

    fn output(&self, session: &Session) -> Result<Output> {
        if self.output != Path::new("-") {
            return Ok(Output::New(self.output.clone()));
        }
        Output::Stdout.leaves_stdout_to_json(session)?;
        if io::stdout().is_terminal() {
            return Err(
                Error::usage("an identity is secret, and is not shown on a terminal")
                    .hint("name a file with `-o FILE`, or send it on with `| COMMAND`"),
            );
        }
        Ok(Output::Stdout)
    }
}

fn protected(text: &SecretBytes, file: &Path) -> Result<SecretBytes> {
    let passphrase = ask_new_passphrase(&file.display().to_string())?;
    keyward_age::protect(text, &passphrase).map(SecretBytes::new)
}

struct Made {
    /// `None`: stdout.
    identity: Option<PathBuf>,
    recipient: AgeRecipient,
}

impl Answer for Made {
    fn json(&self) -> Value {
        let identity = self.identity.as_ref().map(|path| path.display().to_string());
        json!({ "identity": identity, "recipient": self.recipient.as_str() })
    }

    fn text(&self, page: &mut Page) {
        if let Some(path) = &self.identity {
            let path = one_line(&path.display().to_string());
            page.field(
                "identity",
                format_args!("{path}  {}", faint("(secret: take it offline)")),
            );
        }
        page.field(
            "recipient",
            format_args!("{}  {}", strong(&self.recipient), faint("(public)")),
        );
    }
}
