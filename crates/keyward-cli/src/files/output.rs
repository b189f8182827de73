//! Where a result goes: a new file, the file that was read, or stdout. Never over anything else.

use std::io::Write;
use std::path::{Path, PathBuf};

use keyward::atomic_file::{Access, Existing, NewFile, Snapshot};
use keyward::io_error;
use keyward_core::error::{Error, Result};

use super::Input;
use crate::session::Session;
use crate::ui::{Stdout, hints};

/// What the command line says about the place: `-i`, `-o FILE`, `-o -`, or nothing.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) in_place: bool,
    pub(crate) output: Option<&'a Path>,
}

/// Where the result goes.
#[derive(Debug)]
pub(crate) enum Output {
    /// Standard output.
    Stdout,
    /// A file that is not there yet.
    New(PathBuf),
    /// The file that was read.
    Replace(PathBuf, Snapshot),
}

impl Output {
    /// Decides; `default` is where the result goes when the command line does not say.
    ///
    /// # Errors
    /// A usage error when the place exists and is not the file that was read, and when stdin is to be replaced.
    pub(crate) fn choose(input: &Input, place: Place<'_>, default: Output) -> Result<Self> {
        let wanted = match (place.in_place, place.output, input) {
            (true, _, Input::File { path, snapshot, .. }) => {
                return replace(path.clone(), *snapshot);
            }
            (true, _, Input::Stream { name, .. }) => {
                return Err(Error::usage("only a regular file can be replaced with `-i`").on(name));
            }
            (false, Some(path), _) if path == Path::new("-") => Self::Stdout,
            (false, Some(path), _) => Self::New(path.to_owned()),
            (false, None, _) => default,
        };
        match wanted {
            Self::New(path) => new_or_read(input, path),
            Self::Stdout if input.is_stdout() => Err(hints::existing_output(
                Error::usage("stdout is the file that is read").on(input.name()),
            )),
            other => Ok(other),
        }
    }

    /// The path, for messages and JSON.
    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Self::Stdout => None,
            Self::New(path) | Self::Replace(path, _) => Some(path),
        }
    }

    /// Whether the file that was read is replaced.
    pub(crate) fn replaces(&self) -> bool {
        matches!(self, Self::Replace(..))
    }

    /// Says, of plaintext that has replaced a file which others could read, that they can read this one no more.
    pub(crate) fn say_narrowed(&self, session: &Session) {
        if let Self::Replace(path, snapshot) = self
            && !snapshot.is_private()
        {
            session.ui.say(hints::narrowed(path));
        }
    }

    /// Whether it is stdout.
    pub(crate) fn is_stdout(&self) -> bool {
        matches!(self, Self::Stdout)
    }

    /// With `--json`, stdout is taken.
    ///
    /// # Errors
    /// A usage error when both want it.
    pub(crate) fn leaves_stdout_to_json(&self, session: &Session) -> Result<()> {
        match self {
            Self::Stdout if session.ui.is_json() => {
                Err(Error::usage("with `--json`, stdout is for the object")
                    .hint("name a file with `-o FILE`"))
            }
            _ => Ok(()),
        }
    }

    /// Begins the file; `None` for stdout.
    ///
    /// # Errors
    /// Its folder cannot be written.
    pub(crate) fn begin(&self, access: Access) -> Result<Option<NewFile>> {
        match self {
            Self::Stdout => Ok(None),
            Self::New(path) => NewFile::create(path, access, Existing::Refuse).map(Some),
            Self::Replace(path, snapshot) => {
                NewFile::create(path, access, Existing::Replace(*snapshot)).map(Some)
            }
        }
    }

    /// Writes all of it: a whole file, or text on stdout.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn write_whole(&self, bytes: &[u8], access: Access) -> Result<()> {
        let Some(new) = self.begin(access)? else {
            let mut stdout = Stdout::for_text();
            return stdout
                .write_all(bytes)
                .and_then(|()| stdout.flush())
                .map_err(Stdout::failed);
        };
        let path = self.path().unwrap_or(Path::new("-"));
        new.file()
            .write_all(bytes)
            .map_err(|why| io_error("write it", path, why))?;
        new.commit()
    }
}

/// `path` is free, or it is the file that was read, by the same name.
fn new_or_read(input: &Input, path: PathBuf) -> Result<Output> {
    if path.symlink_metadata().is_err() {
        return Ok(Output::New(path));
    }
    match input {
        Input::File {
            path: read, snapshot, ..
        } if is_one_name(read, &path) => replace(path, *snapshot),
        _ => Err(hints::existing_output(
            Error::usage("it exists already, and is left as it is").on(path.display()),
        )),
    }
}

fn is_one_name(one: &Path, other: &Path) -> bool {
    let full = one.canonicalize();
    full.is_ok_and(|full| other.canonicalize().is_ok_and(|other| other == full))
}

/// A file with a second name would go on under that one as it is.
fn replace(path: PathBuf, snapshot: Snapshot) -> Result<Output> {
    if snapshot.links() > 1 {
        return Err(hints::has_other_names(
            Error::usage("it has other names (hard links), under which the old content would stay")
                .on(path.display()),
        ));
    }
    Ok(Output::Replace(path, snapshot))
}
