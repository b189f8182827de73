//! `keyward completions SHELL`.

use clap::Args;
use clap_complete::Shell;
use keyward_core::error::{Error, Result};
use serde_json::{Value, json};

use crate::args;
use crate::exit::Exit;
use crate::session::Session;
use crate::ui::{Answer, Page};

/// Print the completion script of a shell
///
/// For bash: `keyward completions bash > ~/.local/share/bash-completion/completions/keyward`
#[derive(Args)]
pub(crate) struct Completions {
    /// Shell to complete for
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut args::tree(), "keyward", &mut script);
        let script = String::from_utf8(script)
            .map_err(|why| Error::bug("the completion script is not text").because(why))?;
        session.ui.show(&Script {
            shell: self.shell,
            script,
        })?;
        Ok(Exit::DONE)
    }
}

struct Script {
    shell: Shell,
    script: String,
}

impl Answer for Script {
    fn json(&self) -> Value {
        json!({ "shell": self.shell.to_string(), "script": self.script })
    }

    fn text(&self, page: &mut Page) {
        page.line(self.script.trim_end());
    }
}
