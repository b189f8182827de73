//! What a file claims to be.

use std::path::Path;

use keyward::envelope::{EnvelopeFile, read_header};
use keyward_core::envelope::{Detached, Header, SNIFF_LEN, Sniffed, plain_len, sniff, text};
use keyward_core::error::{Error, Result};
use keyward_core::limits;

use crate::files::Input;
use crate::ui::hints;

/// What a file is.
pub(super) enum Found {
    Envelope(Box<Envelope>),
    Age {
        /// `binary` or `armored`.
        form: &'static str,
    },
}

/// An envelope, and what stands beside it.
pub(super) struct Envelope {
    /// `binary` or `text`.
    pub(super) form: &'static str,
    pub(super) body: Body,
    source: Source,
}

/// What can be told about a body without a key.
pub(super) enum Body {
    /// The length of its content.
    Holds(u64),
    /// It comes through a pipe.
    Unknown,
    /// No body has this length: it was cut or extended.
    Wrong(Error),
}

enum Source {
    File(Box<EnvelopeFile>),
    Other(Header),
}

impl Envelope {
    pub(super) fn header(&self) -> &Header {
        match &self.source {
            Source::File(file) => file.header(),
            Source::Other(header) => header,
        }
    }

    /// The wraps in the file beside it.
    pub(super) fn detached(&self) -> Option<&Detached> {
        match &self.source {
            Source::File(file) => file.detached(),
            Source::Other(_) => None,
        }
    }
}

/// Looks at the first bytes, and at the header if there is one.
pub(super) fn look(input: &mut Input) -> Result<Found> {
    match sniff(&input.peek(SNIFF_LEN)?) {
        Sniffed::Binary => binary(input),
        Sniffed::Text => {
            let line = input.read_text_form()?;
            let bytes = text::decode_file(line.expose(), limits::TEXT_LEN)?;
            let (header, _) = read_header(&mut &bytes[..])?;
            Ok(envelope("text", Source::Other(header), Some(bytes.len() as u64)))
        }
        Sniffed::Age => Ok(Found::Age { form: "binary" }),
        Sniffed::AgeArmored => Ok(Found::Age { form: "armored" }),
        Sniffed::BinaryInBase64 => Err(hints::base64_of_an_envelope()),
        Sniffed::Other => Err(Error::damaged("it is no envelope and no age file")),
    }
}

fn binary(input: &mut Input) -> Result<Found> {
    let len = input.len();
    let source = match input.path().map(Path::to_owned) {
        Some(path) => Source::File(Box::new(EnvelopeFile::open(&path)?)),
        None => Source::Other(read_header(input.reader())?.0),
    };
    Ok(envelope("binary", source, len))
}

/// An envelope in a file of `len` bytes.
fn envelope(form: &'static str, source: Source, len: Option<u64>) -> Found {
    let mut envelope = Envelope {
        form,
        body: Body::Unknown,
        source,
    };
    if let Some(len) = len {
        let body = len.saturating_sub(envelope.header().len() as u64);
        envelope.body = plain_len(body).map_or_else(Body::Wrong, Body::Holds);
    }
    Found::Envelope(Box::new(envelope))
}
