//! `keyward man DIR`.

use std::path::PathBuf;

use clap::Args;
use keyward_core::error::{Error, Result};
use serde_json::{Value, json};

use crate::args;
use crate::exit::Exit;
use crate::session::Session;
use crate::ui::{Answer, Page};

/// Write the manual pages into a folder
#[derive(Args)]
pub(crate) struct Man {
    /// Folder that exists; pages of these names in it are replaced
    dir: PathBuf,
}

impl Man {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        if !self.dir.is_dir() {
            return Err(Error::usage("it is not a folder").on(self.dir.display()));
        }
        clap_mangen::generate_to(args::tree(), &self.dir).map_err(|why| {
            Error::unavailable("it cannot be written")
                .on(self.dir.display())
                .because(why)
        })?;
        session.ui.done(&Pages { dir: self.dir })?;
        Ok(Exit::DONE)
    }
}

struct Pages {
    dir: PathBuf,
}

impl Answer for Pages {
    fn json(&self) -> Value {
        json!({ "dir": self.dir.display().to_string() })
    }

    fn text(&self, page: &mut Page) {
        page.line(format_args!(
            "manual pages are in {0}; read them with `man -l {0}/keyward.1`",
            self.dir.display()
        ));
    }
}
