//! `keyward encrypt FILE`.

mod read_back;
mod report;
mod work;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use keyward_core::envelope::{SNIFF_LEN, Sniffed, sniff};
use keyward_core::error::{Error, Result};
use keyward_core::escrow::Digest;

use crate::exit::Exit;
use crate::files::{Input, Output, Place};
use crate::recipients::Recipients;
use crate::session::Session;
use crate::ui::hints;
use report::{Report, say_missing};
use work::Work;

/// Seal a file for its keyring, or for whom is named
///
/// Writes FILE.kw beside FILE. Every location of the keyring and every escrow recipient can open it, each alone.
#[derive(Args)]
pub(crate) struct Encrypt {
    /// File to seal; `-` is stdin
    file: PathBuf,

    /// Replace FILE by the sealed one, once that has been opened again and compared
    #[arg(short, long, conflicts_with = "output")]
    in_place: bool,

    /// File to write, which must not exist; `-` is stdout
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,

    #[command(flatten)]
    recipients: Recipients,

    /// Write the one-line text form, kw1.…, for variables and configuration files
    #[arg(long)]
    text: bool,

    /// Seal although only N locations answer, and mark what is missing
    #[arg(long, value_name = "N")]
    min_locations: Option<usize>,

    /// Format of the result; needed for .yaml .yml .json .env .ini
    #[arg(long, value_enum)]
    format: Option<Format>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A keyward envelope
    Kw,
}

impl Encrypt {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        self.refuse_what_will_be_sops()?;
        let mut input = Input::open(&self.file)?;
        let place = Place {
            in_place: self.in_place,
            output: self.output.as_deref(),
        };
        let output = Output::choose(&input, place, default_output(&input))?;
        output.leaves_stdout_to_json(session)?;
        if output.replaces() {
            refuse_to_seal_again(&mut input)?;
        }
        let chosen = self.recipients.choose(session, &input)?;
        let crypters = session.providers()?.crypters();
        let work = Work {
            session,
            chosen: &chosen,
            crypters: &crypters,
            min_locations: self.min_locations,
        };
        let sealed = if self.text {
            work.text(&mut input, &output)
        } else {
            work.binary(&mut input, &output)
        };
        let mut trail = session.trail("encrypt", vec![input.name()]);
        // `survive` counts an escrow wrap that keyward is on record for.
        if let Ok(sealed) = &sealed {
            trail.also(Digest::of_header(&sealed.header));
        }
        trail.note(&sealed);
        let sealed = sealed.map_err(|error| hints::or_degraded(error.on(input.name())))?;
        say_missing(session, &sealed);
        if !output.is_stdout() {
            session.ui.done(&Report {
                input: &input.name(),
                keeps_input: input.path().is_some() && !output.replaces(),
                output: output.path(),
                chosen: &chosen,
                sealed: &sealed,
            })?;
        }
        Ok(Exit::DONE)
    }

    /// These extensions will become sops files; until then nobody should get something else without asking for it.
    fn refuse_what_will_be_sops(&self) -> Result<()> {
        let output = self.output.as_deref();
        let asked = self.format == Some(Format::Kw) || output.is_some_and(|output| has(output, &["kw"]));
        // `.env` by itself has no extension.
        let dotenv = self.file.file_name().is_some_and(|name| name == ".env");
        if asked || !(dotenv || has(&self.file, &["yaml", "yml", "json", "env", "ini"])) {
            return Ok(());
        }
        Err(hints::sops_later(&self.file))
    }
}

/// Run twice, `-i` is not to need two keys.
fn refuse_to_seal_again(input: &mut Input) -> Result<()> {
    match sniff(&input.peek(SNIFF_LEN)?) {
        Sniffed::Binary | Sniffed::Text => Err(hints::sealed_already(
            Error::usage("it is an envelope already").on(input.name()),
        )),
        _ => Ok(()),
    }
}

fn has(path: &Path, extensions: &[&str]) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| extensions.contains(&extension))
}

fn default_output(input: &Input) -> Output {
    let Some(path) = input.path() else {
        return Output::Stdout;
    };
    let mut name = OsString::from(path);
    name.push(".kw");
    Output::New(name.into())
}
