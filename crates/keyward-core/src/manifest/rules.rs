//! Path rules: which keyring a file belongs to.

use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::duration::shown;
use super::{Origins, SEALED_SUFFIX};
use crate::error::{Error, Result};
use crate::limits;

/// One of `rules:`: files whose path matches `pattern` belong to `keyring`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// A glob over paths relative to the manifest, with `/`. `*` and `?` stay inside one name; `**` crosses folders.
    /// It names files as they are before they are encrypted, so without `.kw`. It is part of the encryption context.
    pub pattern: String,
    /// The keyring's name in this manifest.
    pub keyring: String,
    pub(super) origins: Origins,
}

/// All rules in their order; the first that matches wins.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    list: Vec<Rule>,
    globs: GlobSet,
}

impl Rule {
    /// The line of the manifest on which the rule stands.
    pub fn line(&self) -> Option<u64> {
        self.origins.line("path")
    }
}

impl Rules {
    /// Compiles the rules, whose patterns [`check_pattern`] has accepted one by one.
    pub(super) fn new(list: Vec<Rule>) -> Result<Self> {
        let mut builder = GlobSetBuilder::new();
        for rule in &list {
            builder.add(glob(&rule.pattern)?);
        }
        let globs = builder
            .build()
            .map_err(|error| Error::usage(format!("the rules are too large: {error}")))?;
        Ok(Self { list, globs })
    }

    pub(super) fn all(&self) -> &[Rule] {
        &self.list
    }

    /// The first rule that matches `path`, which is relative, without `.` and `..`.
    pub(super) fn first(&self, path: &Path) -> Option<&Rule> {
        let plain = path.components().all(|part| matches!(part, Component::Normal(_)));
        if !plain || path.as_os_str().is_empty() {
            return None;
        }
        let index = self.globs.matches(path).into_iter().min()?;
        self.list.get(index)
    }
}

impl PartialEq for Rules {
    fn eq(&self, other: &Self) -> bool {
        self.list == other.list
    }
}

/// The path of the plain file that `path` is the envelope (or the detached wraps) of; any other path as it is.
///
/// Every final `.kw` goes, so that sealing `a.kw` in place, or a second time, still meets the rule of `a`.
pub(super) fn unsealed(path: &Path) -> PathBuf {
    let mut plain = path.to_owned();
    let sealed = plain.file_stem().map(OsStr::as_encoded_bytes);
    if is_extension(&plain, "wraps") && sealed.is_some_and(|name| name.ends_with(SEALED_SUFFIX.as_bytes())) {
        plain.set_extension("");
    }
    while is_extension(&plain, SEALED_SUFFIX.trim_start_matches('.')) {
        plain.set_extension("");
    }
    plain
}

fn is_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|ours| ours == extension)
}

/// Refuses a pattern that is malformed, or that no path could ever match.
pub(super) fn check_pattern(pattern: &str) -> Result<()> {
    let error = |what: &str| Error::usage(format!("`{}` {what}", shown(pattern)));
    if pattern.is_empty() {
        return Err(Error::usage("a rule needs a path").hint("`**` is every file"));
    }
    if pattern.len() > limits::RULE_LEN {
        return Err(error("is too long for a rule").hint(format!("at most {} bytes", limits::RULE_LEN)));
    }
    if pattern.matches(['*', '?', '[', '{', ',']).count() > limits::RULE_WILDCARDS {
        let most = format!("at most {} of `* ? [ {{ ,`", limits::RULE_WILDCARDS);
        return Err(error("has too many wildcards").hint(most));
    }
    if pattern.chars().any(char::is_control) {
        return Err(error("has control characters"));
    }
    let never = pattern.split('/').any(|part| matches!(part, "" | "." | ".."));
    if never {
        let usable: Vec<_> = pattern
            .split('/')
            .filter(|part| !matches!(*part, "" | "." | ".."))
            .collect();
        let usable = if usable.is_empty() {
            "**".to_owned()
        } else {
            usable.join("/")
        };
        return Err(error("is not a path relative to the manifest").hint(format!(
            "did you mean `{}`? Write `DIR/**` for a whole folder",
            shown(&usable)
        )));
    }
    if let Some(plain) = pattern.strip_suffix(SEALED_SUFFIX) {
        return Err(
            error("can never match: rules name files as they are before they are encrypted")
                .hint(format!("did you mean `{}`?", shown(plain))),
        );
    }
    glob(pattern).map(|_| ())
}

fn glob(pattern: &str) -> Result<globset::Glob> {
    GlobBuilder::new(pattern)
        .literal_separator(true)
        .build()
        .map_err(|error| {
            Error::usage(format!(
                "`{}` is not a path pattern: {}",
                shown(pattern),
                error.kind()
            ))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(patterns: &[&str]) -> Rules {
        let rule = |pattern: &&str| Rule {
            pattern: (*pattern).to_owned(),
            keyring: "k".into(),
            origins: Origins::default(),
        };
        Rules::new(patterns.iter().map(rule).collect()).unwrap()
    }

    fn matched<'a>(rules: &'a Rules, path: &str) -> Option<&'a str> {
        rules.first(Path::new(path)).map(|rule| rule.pattern.as_str())
    }

    #[test]
    fn a_star_stays_in_one_folder_and_the_first_rule_wins() {
        let rules = rules(&["secrets/*.txt", "secrets/**", "*.env", "**/deep.json"]);
        for (path, pattern) in [
            ("secrets/a.txt", Some("secrets/*.txt")),
            ("secrets/b/a.txt", Some("secrets/**")),
            ("secrets", None),
            ("a.env", Some("*.env")),
            ("b/a.env", None),
            ("deep.json", Some("**/deep.json")),
            ("a/b/deep.json", Some("**/deep.json")),
            ("", None),
            ("/a.env", None),
            ("../a.env", None),
            ("secrets/../a.env", None),
        ] {
            assert_eq!(matched(&rules, path), pattern, "{path}");
        }
        assert_eq!(matched(&self::rules(&["**"]), "a/b/.c"), Some("**"));
        assert_eq!(matched(&self::rules(&[]), "a"), None);
    }

    #[test]
    fn an_envelope_meets_the_rule_of_its_file() {
        for (path, plain) in [
            ("a/b.txt", "a/b.txt"),
            ("a/b.txt.kw", "a/b.txt"),
            ("a/b.txt.kw.kw", "a/b.txt"),
            ("a/b.kw.wraps", "a/b"),
            ("a/b.wraps", "a/b.wraps"),
            ("a/.kw", "a/.kw"),
            ("a/.kw.wraps", "a/.kw"),
            (".kw", ".kw"),
            (".kw.kw", ".kw"),
        ] {
            assert_eq!(unsealed(Path::new(path)), Path::new(plain), "{path}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_name_that_is_not_utf_8_meets_the_rule_of_its_file() {
        use std::os::unix::ffi::OsStrExt;
        let (sealed, rules) = (OsStr::from_bytes(b"a/\xff.pem.kw"), rules(&["a/*.pem"]));
        assert!(rules.first(&unsealed(Path::new(sealed))).is_some());
    }

    #[test]
    fn patterns_that_cannot_match_are_refused() {
        for (bad, meant) in [
            ("/etc/**", Some("did you mean `etc/**`?")),
            ("./a", Some("did you mean `a`?")),
            ("../a", Some("did you mean `a`?")),
            ("secrets/", Some("did you mean `secrets`?")),
            ("/", Some("did you mean `**`?")),
            ("a/*.kw", Some("did you mean `a/*`?")),
            ("", Some("`**` is every file")),
            ("a[", None),
            ("{a", None),
            ("a\nb", None),
            (&"a".repeat(513), Some("at most 512 bytes")),
            (&"*a".repeat(33), Some("at most 32 of")),
        ] {
            let error = check_pattern(bad).unwrap_err();
            if let Some(meant) = meant {
                assert!(error.hints()[0].starts_with(meant), "{bad}: {:?}", error.hints());
            }
        }
        assert!(check_pattern("secrets/{a,b}/*.[ch]").is_ok());
    }
}
