//! What went wrong, to which resource, and what to do next.

use std::error::Error as StdError;
use std::fmt;

/// The result of everything that can fail in keyward.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What a caller can do about an error. Each kind is one exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// Asked and answered with no: a check failed, keyward refuses, no wrap is left that works, another context.
    Refused,
    /// The command line, the manifest or a path has to change first: the same call would fail again.
    Usage,
    /// Something outside of keyward did not do its part, or was not seen. The same call may work later.
    Unavailable,
    /// Data is damaged or does not authenticate.
    Damaged,
    /// A bug in keyward.
    Bug,
}

impl ErrorKind {
    /// Every kind, by exit code.
    pub const ALL: [Self; 5] = [
        Self::Refused,
        Self::Usage,
        Self::Unavailable,
        Self::Damaged,
        Self::Bug,
    ];

    /// The process exit code of this kind.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Refused => 1,
            Self::Usage => 2,
            Self::Unavailable => 3,
            Self::Damaged => 4,
            Self::Bug => 70,
        }
    }

    /// What the exit code says to a script, as the reference manual prints it.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Refused => {
                "no: a check failed, something was refused, all keys of a file are disabled or destroyed, or its context \
                 is another"
            }
            Self::Usage => {
                "the call, the manifest or a path is wrong: no rule matches, the output exists, a name is not accepted, \
                 no identity fits, a folder is read-only"
            }
            Self::Unavailable => {
                "not now, perhaps later: a location does not answer, another process holds a lock, the disk is full, or \
                 not everything was seen"
            }
            Self::Damaged => {
                "damaged: a file was cut or altered, or the passphrase is not the one that sealed it"
            }
            Self::Bug => "a bug in keyward",
        }
    }

    /// The word that opens the error message.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Usage => "error",
            Self::Unavailable => "unavailable",
            Self::Damaged => "damaged",
            Self::Bug => "bug",
        }
    }
}

/// An error: kind, what happened, to which resource, its cause, and hints at the next step.
///
/// It never carries a secret: there is no way to put [`crate::secret::SecretBytes`] into a message.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    what: String,
    resource: Option<String>,
    hints: Vec<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of `kind`; `what` is a sentence without a final stop.
    pub fn new(kind: ErrorKind, what: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            what: what.into(),
            resource: None,
            hints: Vec::new(),
            source: None,
        }))
    }

    /// The answer is no (exit 1).
    pub fn refused(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Refused, what)
    }

    /// Usage or configuration (exit 2).
    pub fn usage(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, what)
    }

    /// The other side failed (exit 3).
    pub fn unavailable(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unavailable, what)
    }

    /// Damaged data (exit 4).
    pub fn damaged(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Damaged, what)
    }

    /// A bug in keyward (exit 70).
    pub fn bug(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Bug, what)
    }

    /// Names what it happened to: a file, a key, a location. The innermost name wins, as it is the most exact.
    pub fn on(mut self, resource: impl fmt::Display) -> Self {
        self.0.resource.get_or_insert_with(|| resource.to_string());
        self
    }

    /// Adds a next step. Hints are shown in the order in which they were added.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hints.push(hint.into());
        self
    }

    /// Keeps the error that led to this one.
    pub fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What a caller can do about it.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What happened, without resource and cause.
    pub fn what(&self) -> &str {
        &self.0.what
    }

    /// What it happened to.
    pub fn resource(&self) -> Option<&str> {
        self.0.resource.as_deref()
    }

    /// The next steps.
    pub fn hints(&self) -> &[String] {
        &self.0.hints
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.resource {
            Some(resource) => write!(f, "{resource}: {}", self.0.what),
            None => f.write_str(&self.0.what),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0
            .source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}

/// The nearest of `valid` to `given`, when it is near enough to be what was meant.
pub fn nearest<'a>(given: &str, valid: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    valid
        .into_iter()
        .map(|word| (strsim::jaro_winkler(given, word), word))
        .filter(|(score, _)| *score >= 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_resource_is_shown() {
        let error = Error::damaged("a chunk does not authenticate")
            .on("a.kw")
            .on("a folder")
            .hint("restore it");
        assert_eq!(error.to_string(), "a.kw: a chunk does not authenticate");
        assert_eq!(error.kind().exit_code(), 4);
        assert_eq!(error.hints(), ["restore it"]);
    }

    #[test]
    fn nearest_word() {
        let words = ["rotation", "destroy_after", "locations"];
        assert_eq!(nearest("rotaton", words), Some("rotation"));
        assert_eq!(nearest("destroyafter", words), Some("destroy_after"));
        assert_eq!(nearest("zzz", words), None);
    }
}
