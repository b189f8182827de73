//! What a verb reads: a regular file, or whatever comes through a pipe.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek};
use std::mem;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use keyward::atomic_file::Snapshot;
use keyward::io_error;
use keyward_core::error::{Error, ErrorKind, Result};
use keyward_core::limits;
use keyward_core::secret::SecretBytes;
use zeroize::Zeroizing;

/// An input that was opened.
pub(crate) enum Input {
    /// A regular file.
    File {
        /// As it was named.
        path: PathBuf,
        /// Open for reading.
        file: File,
        /// Which file it was.
        snapshot: Snapshot,
    },
    /// stdin (`-`), or a pipe with a name.
    Stream {
        /// How messages call it.
        name: String,
        /// What comes.
        source: Box<dyn Read + Send>,
    },
}

impl Input {
    /// Opens `path`; `-` is stdin.
    ///
    /// # Errors
    /// It cannot be opened, or is a folder.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        if path == Path::new("-") {
            return Ok(Self::Stream {
                name: "stdin".into(),
                source: Box::new(io::stdin()),
            });
        }
        let failed = |why| io_error("read it", path, why);
        let file = File::open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if metadata.is_dir() {
            return Err(Error::usage("it is a folder")
                .on(path.display())
                .hint("name a file, or make an archive of it first: tar c FOLDER"));
        }
        if metadata.is_file() {
            let snapshot = Snapshot::of(&file, path)?;
            return Ok(Self::File {
                path: path.to_owned(),
                file,
                snapshot,
            });
        }
        Ok(Self::Stream {
            name: path.display().to_string(),
            source: Box::new(file),
        })
    }

    /// How messages call it.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::File { path, .. } => path.display().to_string(),
            Self::Stream { name, .. } => name.clone(),
        }
    }

    /// The path of a regular file.
    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Self::File { path, .. } => Some(path),
            Self::Stream { .. } => None,
        }
    }

    /// Length in bytes, of a regular file.
    pub(crate) fn len(&self) -> Option<u64> {
        match self {
            Self::File { snapshot, .. } => Some(snapshot.len()),
            Self::Stream { .. } => None,
        }
    }

    /// Whether it is the file that stdout goes to: reading would never come to its end.
    pub(crate) fn is_stdout(&self) -> bool {
        let Self::File { snapshot, path, .. } = self else {
            return false;
        };
        let stdout = io::stdout().as_fd().try_clone_to_owned().map(File::from);
        stdout.is_ok_and(|stdout| Snapshot::of(&stdout, path).is_ok_and(|out| out.is_same_file(snapshot)))
    }

    /// Its first `count` bytes, fewer when it is shorter. They are read again afterwards.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) fn peek(&mut self, count: usize) -> Result<Vec<u8>> {
        let name = self.name();
        let failed = |why| io_error("read it", Path::new(&name), why);
        let mut first = Vec::with_capacity(count);
        self.reader()
            .take(count as u64)
            .read_to_end(&mut first)
            .map_err(failed)?;
        match self {
            Self::File { file, .. } => file.rewind().map_err(failed)?,
            Self::Stream { source, .. } => {
                let rest = mem::replace(source, Box::new(io::empty()));
                *source = Box::new(Cursor::new(first.clone()).chain(rest));
            }
        }
        Ok(first)
    }

    /// What is read from it.
    pub(crate) fn reader(&mut self) -> &mut (dyn Read + Send) {
        match self {
            Self::File { file, .. } => file,
            Self::Stream { source, .. } => source,
        }
    }

    /// All of it, as the text form of an envelope and a line end.
    ///
    /// # Errors
    /// Damaged when it is longer than a text form can be; it cannot be read.
    pub(crate) fn read_text_form(&mut self) -> Result<SecretBytes> {
        self.read_at_most(limits::TEXT_LEN + 2, ErrorKind::Damaged)
    }

    /// All of it, at most `cap` bytes.
    ///
    /// # Errors
    /// It is longer, or cannot be read.
    pub(crate) fn read_whole(&mut self, cap: usize) -> Result<SecretBytes> {
        self.read_at_most(cap, ErrorKind::Usage)
    }

    fn read_at_most(&mut self, cap: usize, too_long: ErrorKind) -> Result<SecretBytes> {
        let name = self.name();
        let capacity = self
            .len()
            .and_then(|len| usize::try_from(len).ok())
            .unwrap_or(0)
            .min(cap);
        let mut bytes = Zeroizing::new(Vec::with_capacity(capacity + 1));
        self.reader()
            .take(cap as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(|why| io_error("read it", Path::new(&name), why))?;
        if bytes.len() > cap {
            let what = format!("more than the {cap} bytes that this form holds");
            return Err(Error::new(too_long, what).on(name));
        }
        Ok(SecretBytes::new(mem::take(&mut *bytes)))
    }
}
