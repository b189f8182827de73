//! `keyward decrypt FILE`.

mod age;
mod envelope;
mod report;
mod screen;
mod target;

use std::path::PathBuf;

use clap::Args;
use keyward_core::envelope::{SNIFF_LEN, Sniffed, sniff};
use keyward_core::error::{Error, Result};

use crate::exit::Exit;
use crate::files::{Input, Output, Place};
use crate::session::Session;
use crate::ui::hints;
use crate::unlock::{Means, Unlock};
use report::{Opened, Report};

/// Open an envelope or an age file; its content tells which
///
/// Keys are asked only if the manifest has them or --allow names them; without both, only age identities are used.
#[derive(Args)]
pub(crate) struct Decrypt {
    /// File to open; `-` is stdin
    file: PathBuf,

    /// Replace FILE by its content
    #[arg(short, long, conflicts_with = "output")]
    in_place: bool,

    /// File to write, which must not exist; stdout without it
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,

    #[command(flatten)]
    unlock: Unlock,
}

impl Decrypt {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        let mut input = Input::open(&self.file)?;
        let place = Place {
            in_place: self.in_place,
            output: self.output.as_deref(),
        };
        let output = Output::choose(&input, place, Output::Stdout)?;
        output.leaves_stdout_to_json(session)?;
        let means = self.unlock.means(session, &input)?;
        let opened = open(session, &mut input, &output, &means);
        session.trail("decrypt", vec![input.name()]).note(&opened);
        let opened = opened.map_err(|error| error.on(input.name()))?;
        output.say_narrowed(session);
        let report = Report {
            input: &input.name(),
            output: output.path(),
            opened: &opened,
            names: session.names(),
        };
        if !output.is_stdout() {
            session.ui.done(&report)?;
        }
        Ok(Exit::DONE)
    }
}

fn open(session: &Session, input: &mut Input, output: &Output, means: &Means) -> Result<Opened> {
    match sniff(&input.peek(SNIFF_LEN)?) {
        Sniffed::Binary => match input.path().map(ToOwned::to_owned) {
            Some(path) => envelope::file(session, &path, output, means),
            None => envelope::stream(session, input, output, means),
        },
        Sniffed::Text => envelope::text(session, input, output, means),
        Sniffed::Age | Sniffed::AgeArmored => age::file(session, input, output, means),
        Sniffed::BinaryInBase64 => Err(hints::base64_of_an_envelope()),
        Sniffed::Other => Err(Error::damaged("it is no envelope and no age file")
            .hint("`keyward inspect` shows what a file is; sops files are not read by this release")),
    }
}
