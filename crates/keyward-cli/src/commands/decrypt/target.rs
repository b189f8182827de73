//! Where opened content goes: a private file that appears whole, or stdout.

use std::io::{self, Write};

use keyward::atomic_file::{Access, NewFile};
use keyward::io_error;
use keyward_core::error::{Error, Result};

use super::screen::Screen;
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

    /// Lets `write` write the content, and sees to it that all of it arrives.
    ///
    /// # Errors
    /// What `write` answers; the rest cannot be written; it is binary and would go to a terminal.
    pub(super) fn fill<T>(&self, write: impl FnOnce(&mut (dyn Write + Send)) -> Result<T>) -> Result<T> {
        match self {
            Self::File(new) => write(&mut new.file()),
            Self::Stdout => {
                let mut screen = Screen::new();
                let written = write(&mut screen);
                let arrived = written.and_then(|done| match screen.flush() {
                    Ok(()) => Ok(done),
                    Err(why) => Err(Stdout::failed(why)),
                });
                if screen.has_refused() {
                    Err(not_for_a_terminal())
                } else {
                    arrived
                }
            }
        }
    }

    /// The error of a piece that could not be written.
    pub(super) fn failed(&self, why: io::Error) -> Error {
        match self {
            Self::File(new) => io_error("write it", new.target(), why),
            Self::Stdout => Stdout::failed(why),
        }
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

/// A writer that reports what went through.
pub(super) struct Counting<'a> {
    pub(super) target: &'a mut (dyn Write + Send),
    pub(super) progress: &'a Progress,
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
