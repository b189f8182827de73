//! Where opened content goes: a private file that appears whole, or stdout, where a terminal gets text only.

use std::io::{self, IsTerminal, Write};

use keyward::atomic_file::{Access, NewFile};
use keyward::io_error;
use keyward_core::error::{Error, Result};

use crate::files::Output;
use crate::ui::{Progress, Stdout};

/// The place, ready to be written to.
pub(super) enum Target {
    File(NewFile),
    Stdout,
}

impl Target {
    /// Begins the output.
    ///
    /// # Errors
    /// Its folder cannot be written.
    pub(super) fn begin(output: &Output) -> Result<Self> {
        Ok(output.begin(Access::Private)?.map_or(Self::Stdout, Self::File))
    }

    /// What to write to.
    pub(super) fn writer(&self) -> Box<dyn Write + Send + '_> {
        match self {
            Self::File(new) => Box::new(new.file()),
            Self::Stdout => Box::new(Screen::new()),
        }
    }

    /// The same, reporting what went through.
    pub(super) fn counting<'a>(&'a self, progress: &'a Progress) -> Box<dyn Write + 'a> {
        Box::new(Counting {
            target: self.writer(),
            progress,
        })
    }

    /// Writes all of `bytes`.
    ///
    /// # Errors
    /// They cannot be written, or are binary and would go to a terminal.
    pub(super) fn write_all(&self, bytes: &[u8]) -> Result<()> {
        let mut writer = self.writer();
        let written = writer.write_all(bytes).and_then(|()| writer.flush());
        written.map_err(|why| match self {
            Self::File(new) => io_error("write it", new.path(), why),
            Self::Stdout if why.kind() == io::ErrorKind::InvalidData => not_for_a_terminal(),
            Self::Stdout => Stdout::failed(why),
        })
    }

    /// Puts the file into place.
    ///
    /// # Errors
    /// The disk is full, or something else took the place meanwhile.
    pub(super) fn commit(self) -> Result<()> {
        match self {
            Self::File(new) => new.commit(),
            Self::Stdout => Ok(()),
        }
    }
}

fn not_for_a_terminal() -> Error {
    Error::usage("the content is binary, and is not written to a terminal")
        .hint("name a file with `-o FILE`, or send it on with `| COMMAND`")
}

/// stdout. A terminal gets nothing that could control it.
struct Screen {
    stdout: Stdout,
    is_terminal: bool,
}

impl Screen {
    fn new() -> Self {
        Self {
            stdout: Stdout::for_text(),
            is_terminal: io::stdout().is_terminal(),
        }
    }
}

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let control = |byte: &u8| byte.is_ascii_control() && !matches!(byte, b'\n' | b'\r' | b'\t');
        if self.is_terminal && bytes.iter().any(control) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                not_for_a_terminal().to_string(),
            ));
        }
        self.stdout.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stdout.flush()
    }
}

struct Counting<'a> {
    target: Box<dyn Write + Send + 'a>,
    progress: &'a Progress,
}

impl Write for Counting<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.target.write(bytes)?;
        self.progress.add(written as u64);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.target.flush()
    }
}
