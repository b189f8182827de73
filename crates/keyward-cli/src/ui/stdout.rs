//! stdout: whole JSON objects, raw data, and noticing that nobody reads any more.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use keyward_core::error::{Error, Result};
use serde_json::Value;

use super::harmless::harmless_json;

static CLOSED: AtomicBool = AtomicBool::new(false);

/// Whether a write found that the reader of stdout had gone.
pub(crate) fn is_closed() -> bool {
    CLOSED.load(Ordering::Relaxed)
}

/// Raw data on stdout. What follows the last line end waits for [`Write::flush`], without which it is lost in silence.
pub(crate) struct Stdout(io::Stdout);

impl Stdout {
    /// For text, or anything that a terminal can show.
    pub(crate) fn for_text() -> Self {
        Self(io::stdout())
    }

    /// For data of any kind.
    ///
    /// # Errors
    /// A usage error when stdout is a terminal: binary data would garble it, and may carry control sequences.
    pub(crate) fn for_binary() -> Result<Self> {
        if io::stdout().is_terminal() {
            return Err(Error::usage("binary data is not written to a terminal")
                .hint("name a file with `-o FILE`, or send it on with `| COMMAND`"));
        }
        Ok(Self(io::stdout()))
    }
}

impl Stdout {
    /// The error of a write that failed.
    pub(crate) fn failed(why: io::Error) -> Error {
        failed(why)
    }
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).inspect_err(note)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush().inspect_err(note)
    }
}

/// One object, pretty, with a final newline.
pub(super) fn json(value: &Value) -> Result<()> {
    let text = serde_json::to_string_pretty(value).map_err(|why| Error::bug("JSON").because(why))?;
    let mut text = harmless_json(&text);
    text.push('\n');
    let mut stdout = io::stdout().lock();
    stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
        .map_err(failed)
}

/// A failed write to stdout.
pub(super) fn failed(why: io::Error) -> Error {
    note(&why);
    Error::unavailable("it cannot be written")
        .on("stdout")
        .because(why)
}

fn note(why: &io::Error) {
    if why.kind() == io::ErrorKind::BrokenPipe {
        CLOSED.store(true, Ordering::Relaxed);
    }
}
