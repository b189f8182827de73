//! `keyward inspect FILE`: what a file is, without any key.

use std::path::PathBuf;

use clap::Args;
use keyward::envelope::read_header;
use keyward_core::context::{EncryptionContext, shown};
use keyward_core::envelope::{Header, SNIFF_LEN, Sniffed, Wrap, plain_len, recover, sniff, text};
use keyward_core::error::{Error, Result};
use keyward_core::limits;
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::files::Input;
use crate::session::Session;
use crate::ui::{Answer, Page, Table, hints, one_line, uneasy};
use crate::wraps;

/// Show what an envelope is, and who can open it
///
/// No key is used: everything shown is the file's claim.
#[derive(Args)]
pub(crate) struct Inspect {
    /// Envelope or age file; `-` is stdin
    file: PathBuf,

    /// Print the stock commands that open it without keyward
    #[arg(long)]
    recover: bool,
}

impl Inspect {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        let mut input = Input::open(&self.file)?;
        let found = look(&mut input).map_err(|error| error.on(input.name()))?;
        let name = input.name();
        if self.recover {
            session.ui.show(&Recovery {
                name: &name,
                found: &found,
            })?;
        } else {
            session.ui.show(&Inspected {
                name: &name,
                found: &found,
            })?;
        }
        Ok(Exit::DONE)
    }
}

/// What a file is.
enum Found {
    Envelope {
        form: &'static str,
        header: Box<Header>,
        plain_len: Option<u64>,
    },
    Age {
        form: &'static str,
    },
}

fn look(input: &mut Input) -> Result<Found> {
    match sniff(&input.peek(SNIFF_LEN)?) {
        Sniffed::Binary => {
            let len = input.len();
            let (header, _) = read_header(input.reader())?;
            let body = len.map(|len| len.saturating_sub(header.len() as u64));
            envelope("binary", header, body)
        }
        Sniffed::Text => {
            let line = input.read_whole(limits::TEXT_LEN + 2)?;
            let bytes = text::decode_file(line.expose(), limits::TEXT_LEN)?;
            let (header, _) = read_header(&mut &bytes[..])?;
            let body = bytes.len() - header.len();
            envelope("text", header, Some(body as u64))
        }
        Sniffed::Age => Ok(Found::Age { form: "binary" }),
        Sniffed::AgeArmored => Ok(Found::Age { form: "armored" }),
        Sniffed::BinaryInBase64 => Err(hints::base64_of_an_envelope()),
        Sniffed::Other => Err(Error::damaged("it is no envelope and no age file")),
    }
}

/// A body whose length no body has was cut or extended: that can be told without a key.
fn envelope(form: &'static str, header: Header, body: Option<u64>) -> Result<Found> {
    let plain_len = body.map(plain_len).transpose()?;
    Ok(Found::Envelope {
        form,
        header: Box::new(header),
        plain_len,
    })
}

struct Inspected<'a> {
    name: &'a str,
    found: &'a Found,
}

impl Answer for Inspected<'_> {
    fn json(&self) -> Value {
        match self.found {
            Found::Age { form } => json!({ "file": self.name, "format": "age", "form": form }),
            Found::Envelope {
                form,
                header,
                plain_len,
            } => json!({
                "file": self.name,
                "format": "kw",
                "form": form,
                "format_version": 1,
                "suite": SUITE,
                "id": hex(header.envelope_id()),
                "context": wraps::context_json(header.context()),
                "wraps": wraps::json(header.wraps()),
                "header_bytes": header.len(),
                "content_bytes": plain_len,
            }),
        }
    }

    fn text(&self, page: &mut Page) {
        match self.found {
            Found::Age { form } => page.line(format_args!("{}: an age file ({form})", one_line(self.name))),
            Found::Envelope {
                form,
                header,
                plain_len,
            } => {
                page.line(format_args!(
                    "{}: a keyward envelope ({form}, format 1)",
                    one_line(self.name)
                ));
                page.field("suite", SUITE);
                page.field("id", hex(header.envelope_id()));
                page.field("header", format_args!("{} bytes", header.len()));
                page.field(
                    "content",
                    plain_len.map_or_else(|| "not known of a stream".into(), |len| format!("{len} bytes")),
                );
                context_text(page, header.context());
                wraps_text(page, header.wraps());
            }
        }
    }
}

const SUITE: &str = "Cobblestone-256 (AES-256-GCM, HKDF-SHA-512)";

fn context_text(page: &mut Page, context: &EncryptionContext) {
    page.heading("context, public, bound to the content");
    for (name, value) in context.iter() {
        page.line(format_args!("  {}", shown(name, value)));
    }
    if context.iter().next().is_none() {
        page.line("  none");
    }
}

fn wraps_text(page: &mut Page, wraps: &[Wrap]) {
    page.heading("wraps: the data key, once for each of these; any one opens");
    let mut table = Table::new(["KIND", "LOCATION", "KEY", "VERSION"]);
    for wrap in wraps {
        let version = if wrap.is_missing() {
            "MISSING: wanted, not there"
        } else {
            wrap.version.as_str()
        };
        table.row([
            wraps::kind(wrap.kind).into(),
            wrap.location.as_str().into(),
            wrap.key.as_str().into(),
            version.into(),
        ]);
    }
    page.table(&table);
    if wraps.iter().any(Wrap::is_missing) {
        page.line(uneasy("this envelope wants repair"));
    }
}

struct Recovery<'a> {
    name: &'a str,
    found: &'a Found,
}

impl Recovery<'_> {
    fn commands(&self) -> String {
        match self.found {
            Found::Age { .. } => recover::of_age_file(self.name),
            Found::Envelope { header, .. } => recover::commands(header, self.name),
        }
    }
}

impl Answer for Recovery<'_> {
    fn json(&self) -> Value {
        json!({ "file": self.name, "commands": self.commands() })
    }

    fn text(&self, page: &mut Page) {
        page.line(self.commands().trim_end());
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
