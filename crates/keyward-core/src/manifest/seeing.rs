//! What is looked at besides the keys themselves, and who is told: `checks`, `survive`, `drill_every`, `uses`, `watch`.

use std::collections::BTreeSet;
use std::time::Duration;

use super::document::{Document, Text, UsesEntry, WatchEntry};
use super::duration::{duration_text, parse_duration, shown};
use super::one_of;
use super::source::Source;
use crate::error::{Error, Result};

/// How old a drill of an escrow recipient may be, unless the manifest says otherwise.
pub const DRILL_EVERY: Duration = Duration::from_secs(180 * 86_400);
/// How long an alert that nobody acknowledged stays silent, unless the manifest says otherwise.
pub const REPEAT: Duration = Duration::from_secs(6 * 3600);
/// The number of the last check there is.
const LAST_CHECK: u8 = 36;
/// Shortest and longest intervals that make sense for alerts and drills.
const INTERVAL: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(3660 * 86_400)];
/// Most projects or buckets of one list.
const PLACES: usize = 1000;
/// Longest address.
const URL_LEN: usize = 2048;

/// Everything about seeing that the manifest says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Seeing {
    /// Numbers of checks that are to run besides the gate.
    pub(super) checks: BTreeSet<u8>,
    /// What must be survived; `None` when the manifest does not say.
    pub(super) survive: Option<Vec<LossKind>>,
    pub(super) drill_every: Option<Duration>,
    /// `None` when the manifest does not say.
    pub(super) uses: Option<Places>,
    pub(super) watch: Watch,
}

/// What may be lost at one blow. Wraps that can be lost together are one way to open, however many they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LossKind {
    /// One key version.
    Version,
    /// One key with all its versions.
    Key,
    /// One key ring.
    Ring,
    /// Everything in one location of one provider.
    Location,
    /// Everything in one project.
    Project,
    /// Everything below one organisation, or paid by one billing account.
    Organization,
    /// Everything that one identity may destroy or disable.
    Identity,
    /// Everything that one infrastructure state manages.
    State,
    /// Everything at one provider.
    Provider,
    /// The escrow recipients.
    Escrow,
}

/// Where cloud objects under the keys are looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// Projects; the ones of the keyrings when it is empty.
    pub projects: Vec<String>,
    /// Buckets; all buckets of the projects when it is empty.
    pub buckets: Vec<String>,
}

/// Who is told about alerts, and how often.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watch {
    /// Where alerts are posted.
    pub webhook: Option<String>,
    /// What is asked after every complete look, so that somebody notices when there is none.
    pub ping: Option<String>,
    /// How long an alert stays silent that was sent and not acknowledged; [`REPEAT`] when `None`.
    pub repeat: Option<Duration>,
}

impl LossKind {
    /// Every kind, from the smallest loss to the largest.
    pub const ALL: [Self; 10] = [
        Self::Version,
        Self::Key,
        Self::Ring,
        Self::Location,
        Self::Project,
        Self::Organization,
        Self::Identity,
        Self::State,
        Self::Provider,
        Self::Escrow,
    ];
    /// What a protected environment has to survive unless the manifest says otherwise.
    pub const OF_PROTECTED: [Self; 3] = [Self::Location, Self::Project, Self::Identity];

    /// The word in the manifest and on the command line.
    pub fn id(self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::Key => "key",
            Self::Ring => "ring",
            Self::Location => "location",
            Self::Project => "project",
            Self::Organization => "organization",
            Self::Identity => "identity",
            Self::State => "state",
            Self::Provider => "provider",
            Self::Escrow => "escrow",
        }
    }

    /// The kind with that word.
    ///
    /// # Errors
    /// A usage error that names the nearest word.
    pub fn parse(word: &str) -> Result<Self> {
        one_of("survive", word, Self::ALL, Self::id)
    }
}

impl Watch {
    /// How long an alert stays silent that was sent and not acknowledged.
    pub fn repeat(&self) -> Duration {
        self.repeat.unwrap_or(REPEAT)
    }
}

pub(super) fn read(source: Source<'_>, document: &Document) -> Result<Seeing> {
    Ok(Seeing {
        checks: checks(source, &document.checks)?,
        survive: document
            .survive
            .as_ref()
            .map(|kinds| survive(source, &kinds.value))
            .transpose()?,
        drill_every: interval(source, document.drill_every.as_ref())?,
        uses: document
            .uses
            .as_ref()
            .map(|entry| places(source, &entry.value))
            .transpose()?,
        watch: match &document.watch {
            Some(entry) => watch(source, &entry.value)?,
            None => Watch::default(),
        },
    })
}

/// What manages keys, as `managed_by` has it: any name that people know their state by.
pub(super) fn state(source: Source<'_>, text: &Text) -> Result<String> {
    let plain =
        !text.value.is_empty() && text.value.len() <= URL_LEN && !text.value.contains(char::is_control);
    match plain {
        true => Ok(text.value.clone()),
        false => Err(source
            .at(text, Error::usage("this cannot name an infrastructure state"))
            .hint("such as gs://BUCKET/PREFIX, the place of the state file")),
    }
}

fn checks(source: Source<'_>, words: &[Text]) -> Result<BTreeSet<u8>> {
    let mut checks = BTreeSet::new();
    for word in words {
        let number = check_number(&word.value).ok_or_else(|| {
            let error = Error::usage(format!("`{}` is not a check", shown(&word.value)));
            source.at(word, error).hint(format!("V01 to V{LAST_CHECK}"))
        })?;
        if !checks.insert(number) {
            return Err(source.again(word));
        }
    }
    Ok(checks)
}

fn check_number(word: &str) -> Option<u8> {
    let digits = word.strip_prefix('V').filter(|digits| digits.len() == 2)?;
    let digits = digits.bytes().all(|b| b.is_ascii_digit()).then_some(digits)?;
    digits
        .parse()
        .ok()
        .filter(|number| (1..=LAST_CHECK).contains(number))
}

fn survive(source: Source<'_>, words: &[Text]) -> Result<Vec<LossKind>> {
    let mut kinds = Vec::new();
    for word in words {
        let kind = LossKind::parse(&word.value).map_err(|error| source.at(word, error))?;
        if kinds.contains(&kind) {
            return Err(source.again(word));
        }
        kinds.push(kind);
    }
    Ok(kinds)
}

fn interval(source: Source<'_>, text: Option<&Text>) -> Result<Option<Duration>> {
    let Some(text) = text else { return Ok(None) };
    let interval = parse_duration(&text.value).map_err(|error| source.at(text, error))?;
    let [least, most] = INTERVAL;
    if (least..=most).contains(&interval) {
        return Ok(Some(interval));
    }
    let (least, most) = (duration_text(least), duration_text(most));
    Err(source.at(
        text,
        Error::usage(format!("an interval is at least {least} and at most {most}")),
    ))
}

fn places(source: Source<'_>, entry: &UsesEntry) -> Result<Places> {
    Ok(Places {
        projects: names(source, "a project id", &entry.projects)?,
        buckets: names(source, "a bucket", &entry.buckets)?,
    })
}

fn names(source: Source<'_>, what: &str, texts: &[Text]) -> Result<Vec<String>> {
    if let Some(surplus) = texts.get(PLACES) {
        return Err(source.at(
            surplus,
            Error::usage(format!("a list has at most {PLACES} names")),
        ));
    }
    let mut names = Vec::new();
    for text in texts {
        if !is_plain(&text.value) {
            let error = Error::usage(format!("`{}` is not {what}", shown(&text.value)));
            return Err(source
                .at(text, error)
                .hint("lower-case letters, digits, `-`, `_`, `.` and `:`"));
        }
        if names.contains(&text.value) {
            return Err(source.again(text));
        }
        names.push(text.value.clone());
    }
    Ok(names)
}

/// What projects and buckets may be called (Resource Manager and Cloud Storage documentation, naming rules).
fn is_plain(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.:".contains(&b);
    (3..=222).contains(&name.len()) && name.bytes().all(allowed)
}

fn watch(source: Source<'_>, entry: &WatchEntry) -> Result<Watch> {
    Ok(Watch {
        webhook: address(source, entry.webhook.as_ref())?,
        ping: address(source, entry.ping.as_ref())?,
        repeat: interval(source, entry.repeat.as_ref())?,
    })
}

fn address(source: Source<'_>, text: Option<&Text>) -> Result<Option<String>> {
    let Some(text) = text else { return Ok(None) };
    check_address(&text.value).map_err(|error| source.at(text, error))?;
    Ok(Some(text.value.clone()))
}

/// Alerts name keys: they travel encrypted, or do not leave this machine. An address has no password in it, since a
/// manifest is committed.
fn check_address(address: &str) -> Result<()> {
    let not = |why: &str| Error::usage(format!("the address {why}"));
    if address.len() > URL_LEN {
        return Err(not("is too long"));
    }
    let url = url::Url::parse(address).map_err(|why| not(&format!("is not a URL: {why}")))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(not("has a name or password in it, and a manifest is committed")
            .hint("the webhook's secret is read from a file: `keyward watch --secret-file`"));
    }
    match url.scheme() {
        "https" => Ok(()),
        "http" if super::is_on_this_machine(address) => Ok(()),
        _ => Err(not("is not https").hint("http is taken for this machine only")),
    }
}

impl super::Manifest {
    /// Numbers of the checks that are to run besides the gate: 21 is V21.
    pub fn checks(&self) -> &BTreeSet<u8> {
        &self.seeing.checks
    }

    /// What the keyrings of `env` have to survive: `survive:`, else [`LossKind::OF_PROTECTED`] in a protected
    /// environment, else nothing.
    pub fn survive(&self, env: &str) -> &[LossKind] {
        let protected = self.environments.get(env).is_some_and(|env| env.protected);
        match &self.seeing.survive {
            Some(kinds) => kinds,
            None if protected => &LossKind::OF_PROTECTED,
            None => &[],
        }
    }

    /// Whether the manifest itself says what has to be survived.
    pub fn says_what_to_survive(&self) -> bool {
        self.seeing.survive.is_some()
    }

    /// How old the last drill of an escrow recipient may be: `drill_every:`, or [`DRILL_EVERY`].
    pub fn drill_every(&self) -> Duration {
        self.seeing.drill_every.unwrap_or(DRILL_EVERY)
    }

    /// Where cloud objects under the keys are looked for: `uses:`.
    pub fn uses(&self) -> &Places {
        static EVERYWHERE: Places = Places {
            projects: Vec::new(),
            buckets: Vec::new(),
        };
        self.seeing.uses.as_ref().unwrap_or(&EVERYWHERE)
    }

    /// Whether cloud objects under the keys are looked for: whether there is a `uses:`. That takes the right to list buckets
    /// and objects.
    pub fn looks_for_objects(&self) -> bool {
        self.seeing.uses.is_some()
    }

    /// Who is told about alerts: `watch:`.
    pub fn watch(&self) -> &Watch {
        &self.seeing.watch
    }
}

#[cfg(test)]
mod tests {
    use super::super::Manifest;
    use super::*;

    fn parse(more: &str) -> Result<Manifest> {
        let text = format!(
            "version: 1\nenvironments: {{prod: {{protected: true}}, dev: {{}}}}\nkeyrings: {{}}\n{more}"
        );
        Manifest::parse(&text, "keyward.yaml")
    }

    #[test]
    fn a_protected_environment_survives_by_default() {
        let manifest = parse("").unwrap();
        assert_eq!(manifest.survive("prod"), LossKind::OF_PROTECTED);
        assert_eq!(manifest.survive("dev"), []);
        let manifest = parse("survive: [version]\n").unwrap();
        assert_eq!(manifest.survive("dev"), [LossKind::Version]);
        assert_eq!(parse("survive: []\n").unwrap().survive("prod"), []);
    }

    #[test]
    fn everything_reads_as_it_is_written() {
        let manifest = parse(
            "checks: [V21, V05]\nsurvive: [identity, state]\ndrill_every: 90d\n\
             uses: {projects: [logs-prod], buckets: [archive.example.com]}\n\
             watch: {webhook: \"https://hooks.example.com/a?b=c\", ping: \"http://127.0.0.1:9/x\", repeat: 1h}\n",
        )
        .unwrap();
        assert_eq!(manifest.checks().iter().collect::<Vec<_>>(), [&5, &21]);
        assert_eq!(manifest.drill_every().as_secs(), 90 * 86_400);
        assert_eq!(manifest.uses().buckets, ["archive.example.com"]);
        assert_eq!(manifest.watch().repeat().as_secs(), 3600);
        assert_eq!(Manifest::parse(&manifest.encode(), "again").unwrap(), manifest);
    }

    #[test]
    fn mistakes_are_told_at_their_place() {
        assert!(parse("uses: {}\n").unwrap().looks_for_objects() && !parse("").unwrap().looks_for_objects());
        for (text, place) in [
            ("checks: [V37]\n", "4:10"),
            ("checks: [v01]\n", "4:10"),
            ("checks: [V01, V01]\n", "4:15"),
            ("survive: [locations]\n", "4:11"),
            ("drill_every: 1s\n", "4:14"),
            ("uses: {buckets: [\"gs://b\"]}\n", "4:18"),
            ("watch: {webhook: \"http://hooks.example.com\"}\n", "4:18"),
            ("watch: {webhook: \"https://u:p@hooks.example.com\"}\n", "4:18"),
            ("watch: {ping: nothing}\n", "4:15"),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(
                error.resource(),
                Some(&*format!("keyward.yaml:{place}")),
                "{text}{error}"
            );
        }
    }
}
