//! Changes of a manifest's text that keep its comments and its order.
//!
//! The text is changed as text, then read again: what comes out has to be the old manifest and the addition, or nothing
//! is changed and the lines to add by hand are told.

use std::fmt::Write as _;
use std::time::Duration;

use super::encode::scalar;
use super::{FILE_NAME, Manifest, Protection, duration_text};
use crate::error::{Error, Result};
use crate::location::Location;
use crate::name::{KeyRef, Provider};

/// A keyring of one key, to be declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKeyring {
    /// Its name.
    pub name: String,
    /// Its environment, which the manifest has.
    pub env: String,
    /// Its key.
    pub key: KeyRef,
    /// How the key material is protected.
    pub protection: Protection,
    /// The rotation period, if any.
    pub rotation: Option<Duration>,
    /// The destroy window.
    pub destroy_after: Duration,
}

impl NewKeyring {
    /// The lines of its entry.
    fn text(&self) -> String {
        let ring = self.key.name.ring();
        let mut out = format!("  {}:\n", scalar(&self.name));
        let mut line = |name: &str, value: &str| {
            let _ = writeln!(out, "    {name}: {value}");
        };
        line("env", &scalar(&self.env));
        match self.key.provider {
            Provider::Gcp => {
                line("provider", "gcp");
                line("project", &scalar(ring.project()));
            }
            Provider::Embedded | Provider::Age => line("provider", "embedded"),
        }
        line("locations", &format!("[{}]", scalar(ring.location().as_str())));
        line("ring", &scalar(ring.id()));
        line("key", &scalar(self.key.name.id()));
        if self.protection != Protection::default() {
            line("protection", self.protection.id());
        }
        if let Some(period) = self.rotation {
            line("rotation", &duration_text(period));
        }
        line("destroy_after", &duration_text(self.destroy_after));
        out
    }
}

/// The manifest `text` with one keyring more, at the end of `keyrings:`.
///
/// # Errors
/// A usage error when the text is no manifest, has the name or the environment otherwise, or is of a form that cannot be
/// added to.
pub fn with_keyring(text: &str, new: &NewKeyring) -> Result<String> {
    let before = Manifest::parse(text, FILE_NAME)?;
    if before.keyrings.contains_key(&new.name) {
        return Err(
            Error::usage(format!("the manifest has a keyring `{}` already", new.name))
                .hint("give it another name with `--keyring NAME`"),
        );
    }
    let by_hand = || by_hand(&format!("keyring `{}`", new.name), &new.text());
    let at = end_of_keyrings(text).ok_or_else(by_hand)?;
    let gap = if text[..at].ends_with('\n') { "" } else { "\n" };
    let edited = format!("{}{gap}{}{}", &text[..at], new.text(), &text[at..]);
    let mut rest = Manifest::parse(&edited, FILE_NAME)?;
    let added = rest.keyrings.remove(&new.name);
    let is_wanted = added.is_some_and(|added| added.keys() == [new.key.clone()] && added.env == new.env);
    match is_wanted && rest.encode() == before.encode() {
        true => Ok(edited),
        false => Err(by_hand()),
    }
}

/// The manifest `text` with one location more in keyring `name`, at the end of its list.
///
/// # Errors
/// A usage error when the text is no manifest, has no such keyring, may not have the location, or is of a form that cannot
/// be added to.
pub fn with_location(text: &str, name: &str, location: &Location) -> Result<String> {
    let before = Manifest::parse(text, FILE_NAME)?;
    let keyring = before.keyring(name)?;
    let by_hand = || {
        let mut all: Vec<_> = keyring.locations.iter().map(Location::as_str).collect();
        all.push(location.as_str());
        by_hand(
            &format!("the location of keyring `{name}`"),
            &format!("    locations: [{}]\n", all.join(", ")),
        )
    };
    let line = keyring.line_of("locations").ok_or_else(by_hand)?;
    let at = end_of_list(text, line).ok_or_else(by_hand)?;
    let edited = format!("{}, {}{}", &text[..at], scalar(location.as_str()), &text[at..]);
    let after = Manifest::parse(&edited, FILE_NAME)?;
    let mut wanted = keyring.locations.clone();
    wanted.push(location.clone());
    let is_wanted = after.keyring(name)?.locations == wanted;
    let others = |manifest: &Manifest| {
        let mut manifest = manifest.clone();
        manifest.keyrings.remove(name);
        manifest.encode()
    };
    match is_wanted && others(&after) == others(&before) {
        true => Ok(edited),
        false => Err(by_hand()),
    }
}

fn by_hand(what: &str, lines: &str) -> Error {
    let lines = lines.trim_end().replace('\n', "\n  ");
    Error::usage(format!("{what} cannot be written into this manifest"))
        .on(FILE_NAME)
        .hint(format!(
            "write it there yourself, and run the command again:\n  {lines}"
        ))
}

/// Where a keyring can be put behind the last one: after the last line that belongs to `keyrings:`.
fn end_of_keyrings(text: &str) -> Option<usize> {
    let mut lines = text.split_inclusive('\n');
    let mut at = 0;
    for line in lines.by_ref() {
        at += line.len();
        if line
            .split('#')
            .next()
            .is_some_and(|line| line.trim_end() == "keyrings:")
        {
            break;
        }
    }
    let mut end = None;
    for line in lines {
        at += line.len();
        match line.trim_end() {
            content if content.starts_with(' ') => end = Some(at),
            content if content.is_empty() || content.starts_with('#') => {}
            _ => break,
        }
    }
    end
}

/// Where the list that stands in line `number` ends, before its bracket.
fn end_of_list(text: &str, number: u64) -> Option<usize> {
    let number = usize::try_from(number).ok()?.checked_sub(1)?;
    let start: usize = text.split_inclusive('\n').take(number).map(str::len).sum();
    let line = text.get(start..)?.lines().next()?;
    let list = line.find("locations:")?;
    let open = list + line.get(list..)?.find('[')?;
    let close = open + line.get(open..)?.find(']')?;
    let is_plain = !line.get(open..close)?.contains('#');
    is_plain.then_some(start + close)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# ours
version: 1
environments: {demo: {}}
keyrings: # all of them
  app: {env: demo, provider: embedded, locations: [europe-west1], ring: r, key: k} # the first

  # the second
  logs:
    env: demo
    provider: gcp
    project: p-logs
    locations: [europe-west1, us-central1] # nearest first
    ring: r
    key: k
# what goes where
rules:
  - {path: \"**\", keyring: app}
";

    fn new() -> NewKeyring {
        NewKeyring {
            name: "more".into(),
            env: "demo".into(),
            key: "gcp-kms://projects/p-more/locations/us/keyRings/r2/cryptoKeys/k2"
                .parse()
                .unwrap(),
            protection: Protection::Hsm,
            rotation: Some(Duration::from_secs(90 * 86_400)),
            destroy_after: Duration::from_secs(30 * 86_400),
        }
    }

    #[test]
    fn a_keyring_is_added_behind_the_last_one() {
        let added = "  more:\n    env: demo\n    provider: gcp\n    project: p-more\n    locations: [us]\n    ring: r2\n    \
                     key: k2\n    protection: hsm\n    rotation: 90d\n    destroy_after: 30d\n";
        let edited = with_keyring(TEXT, &new()).unwrap();
        assert_eq!(
            edited,
            TEXT.replace("# what goes", &format!("{added}# what goes"))
        );
        let last = TEXT.split("# what goes").next().unwrap().trim_end();
        assert_eq!(with_keyring(last, &new()).unwrap(), format!("{last}\n{added}"));
    }

    #[test]
    fn a_location_is_added_to_its_list() {
        let location = Location::parse("eur4").unwrap();
        let edited = with_location(TEXT, "logs", &location).unwrap();
        assert_eq!(edited, TEXT.replace("us-central1]", "us-central1, eur4]"));
        let edited = with_location(TEXT, "app", &location).unwrap();
        assert_eq!(edited, TEXT.replace("[europe-west1],", "[europe-west1, eur4],"));
        let there = Location::parse("europe-west1").unwrap();
        assert!(with_location(TEXT, "app", &there).is_err(), "twice");
    }

    #[test]
    fn what_cannot_be_added_to_is_left_alone_and_the_lines_are_told() {
        let flow = "version: 1\nenvironments: {demo: {}}\nkeyrings: {}\n";
        let error = with_keyring(flow, &new()).unwrap_err();
        assert!(error.hints()[0].contains("project: p-more"), "{error}");
        let block = TEXT.replace("[europe-west1, us-central1]", "\n      - europe-west1");
        let error = with_location(&block, "logs", &Location::parse("eur4").unwrap()).unwrap_err();
        assert!(
            error.hints()[0].contains("locations: [europe-west1, eur4]"),
            "{error}"
        );
        let named = NewKeyring {
            name: "app".into(),
            ..new()
        };
        assert!(with_keyring(TEXT, &named).is_err());
        let foreign = NewKeyring {
            env: "prod".into(),
            ..new()
        };
        assert!(with_keyring(TEXT, &foreign).is_err());
    }
}
