//! How the keys of a keyring are reached: at which address, as whom, and how fast.

use std::collections::BTreeMap;

use super::Origins;
use super::document::{Entries, ImpersonateEntry, KeyringEntry, QuotaEntry, Text};
use super::duration::shown;
use super::source::Source;
use crate::error::{Error, Result, nearest};
use crate::location::Location;
use crate::name::KeyRingName;
use serde_saphyr::Spanned;

/// What stands for the location in an `endpoint`.
const PLACEHOLDER: &str = "{location}";
/// Most calls that a keyring may have under way at a time: more are not faster, and one process opens no more sockets.
const IN_FLIGHT_MOST: u32 = 1000;
/// Most calls a minute that can be declared: a thousand times the default quota of a project.
const CALLS_MOST: u32 = 60_000_000;
/// Longest e-mail address of a service account (RFC 5321, 4.5.3.1, less the brackets).
const ACCOUNT_LEN: usize = 254;

/// How keys are reached; empty for a provider that is reached in one way only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// Where the provider is reached, when that is not its usual address. `{location}` stands for the location's name.
    pub endpoint: Option<String>,
    /// The address for one location, before `endpoint`.
    pub endpoints: BTreeMap<Location, String>,
    /// Which service account acts, for each purpose.
    pub impersonate: Impersonate,
    /// How fast the provider may be asked.
    pub quota: Quota,
    /// The project whose quota is used and who is billed, when that is not the caller's own.
    pub quota_project: Option<String>,
}

/// E-mail addresses of service accounts, one for each purpose; `None` is the caller itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Impersonate {
    /// Looks.
    pub read: Option<String>,
    /// Encrypts and decrypts.
    pub crypt: Option<String>,
    /// Restores and enables versions.
    pub rescue: Option<String>,
    /// Creates and changes.
    pub admin: Option<String>,
}

/// Calls a minute of each kind, and calls at a time; `None` is the provider's usual limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quota {
    /// Calls a minute that look.
    pub reads: Option<u32>,
    /// Calls a minute that change.
    pub writes: Option<u32>,
    /// Calls a minute that encrypt or decrypt.
    pub crypto: Option<u32>,
    /// Calls under way at the same time.
    pub in_flight: Option<u32>,
}

impl Access {
    /// Where the keys in `location` are reached; `None` is the provider's usual address.
    pub fn endpoint_in(&self, location: &Location) -> Option<String> {
        let declared = self.endpoints.get(location).or(self.endpoint.as_ref());
        declared.map(|address| address.replace(PLACEHOLDER, location.as_str()))
    }
}

impl Access {
    /// Whether `other` reaches the keys in `location` in the same way.
    pub(super) fn is_same_in(&self, location: &Location, other: &Self) -> bool {
        self.endpoint_in(location) == other.endpoint_in(location)
            && self.impersonate == other.impersonate
            && self.quota == other.quota
            && self.quota_project == other.quota_project
    }
}

impl Impersonate {
    /// Every purpose by its word in the manifest, and who acts for it.
    pub fn all(&self) -> [(&'static str, Option<&str>); 4] {
        [
            ("read", self.read.as_deref()),
            ("crypt", self.crypt.as_deref()),
            ("rescue", self.rescue.as_deref()),
            ("admin", self.admin.as_deref()),
        ]
    }
}

impl Quota {
    /// Every limit by its word in the manifest.
    pub fn all(&self) -> [(&'static str, Option<u32>); 4] {
        [
            ("reads", self.reads),
            ("writes", self.writes),
            ("crypto", self.crypto),
            ("in_flight", self.in_flight),
        ]
    }
}

/// Judges the part of an entry that says how its keys are reached. A plaintext data key travels there.
pub(super) fn read(source: Source<'_>, locations: &[Location], entry: &KeyringEntry) -> Result<Access> {
    let quota_project = entry.quota_project.as_ref();
    Ok(Access {
        endpoint: entry
            .endpoint
            .as_ref()
            .map(|url| endpoint(source, url))
            .transpose()?,
        endpoints: match &entry.endpoints {
            Some(entries) => endpoints(source, &entries.value, locations)?,
            None => BTreeMap::new(),
        },
        impersonate: match &entry.impersonate {
            Some(entry) => impersonate(source, &entry.value)?,
            None => Impersonate::default(),
        },
        quota: match &entry.quota {
            Some(entry) => quota(source, &entry.value)?,
            None => Quota::default(),
        },
        quota_project: quota_project.map(|text| project(source, text)).transpose()?,
    })
}

/// Refuses all of it, and what else is a cloud's, for the provider that has no use for it.
pub(super) fn refuse_all(source: Source<'_>, entry: &KeyringEntry) -> Result<()> {
    refuse(source, "project", entry.project.as_ref())?;
    refuse(source, "endpoint", entry.endpoint.as_ref())?;
    refuse(source, "endpoints", entry.endpoints.as_ref())?;
    refuse(source, "impersonate", entry.impersonate.as_ref())?;
    refuse(source, "quota", entry.quota.as_ref())?;
    refuse(source, "quota_project", entry.quota_project.as_ref())?;
    refuse(source, "protection", entry.protection.as_ref())
}

fn refuse<T>(source: Source<'_>, what: &str, surplus: Option<&Spanned<T>>) -> Result<()> {
    let Some(surplus) = surplus else { return Ok(()) };
    let error = Error::usage(format!("the embedded provider has no {what}"));
    Err(source
        .at(surplus, error)
        .hint("remove it, or did you mean `provider: gcp`?"))
}

fn endpoint(source: Source<'_>, text: &Text) -> Result<String> {
    check_endpoint(&text.value).map_err(|error| source.at(text, error))?;
    Ok(text.value.clone())
}

fn endpoints(
    source: Source<'_>,
    entries: &Entries<Text>,
    locations: &[Location],
) -> Result<BTreeMap<Location, String>> {
    let mut all = BTreeMap::new();
    for (name, url) in &entries.0 {
        let location = Location::known(&name.value).map_err(|error| source.at(name, error))?;
        if !locations.contains(&location) {
            let error = Error::usage(format!("the keyring has no location {location}"));
            let words = locations.iter().map(Location::as_str);
            return Err(match nearest(location.as_str(), words.clone()) {
                Some(word) => source.at(name, error).hint(format!("did you mean `{word}`?")),
                None => source
                    .at(name, error)
                    .hint(format!("its locations: {}", words.collect::<Vec<_>>().join(", "))),
            });
        }
        if all.insert(location, endpoint(source, url)?).is_some() {
            return Err(source.again(name));
        }
    }
    Ok(all)
}

/// What to write for a host that stands alone. Before an `@` may be a password: that is not repeated.
fn with_scheme(address: &str) -> String {
    let as_http = url::Url::parse(&format!("http://{}", in_some_location(address))).ok();
    let scheme = match as_http {
        Some(url) if is_loopback(&url) => "http",
        _ => "https",
    };
    match address.is_empty() || address.contains('@') {
        true => "write https://HOST:PORT".to_owned(),
        false => format!("write {scheme}://{address}"),
    }
}

/// Whether an address, of a manifest or of the command line, is one that keys may be reached at: a plaintext data key
/// travels to it, so it is https, or does not leave this machine. It may hold `{location}`.
///
/// # Errors
/// A usage error that says what is wrong with it.
pub fn check_endpoint(address: &str) -> Result<()> {
    let error = |what: &str| Error::usage(format!("the endpoint {what}"));
    let somewhere = in_some_location(address);
    if somewhere.contains(['{', '}']) {
        return Err(error("has a placeholder that is not known").hint("the one that is: {location}"));
    }
    if !somewhere.contains("://") {
        return Err(error("does not say https, or http on this machine").hint(with_scheme(address)));
    }
    let url = url::Url::parse(&somewhere).map_err(|why| error(&format!("is not a URL: {why}")))?;
    let bare = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    // A URL may hold blanks and line ends, and means itself without them.
    let plain = |c: char| c.is_ascii_alphanumeric() || ":/.-_[]".contains(c);
    match url.scheme() {
        _ if !bare || url.path() != "/" => {
            let alone = match url.origin().is_tuple() && somewhere == address {
                true => url.origin().ascii_serialization(),
                false => "https://HOST:PORT".to_owned(),
            };
            Err(error("is more than scheme, host and port").hint(format!("write {alone}")))
        }
        _ if !somewhere.chars().all(plain) => Err(error("has characters that no address has")),
        "https" if url.has_host() => Ok(()),
        "http" if is_loopback(&url) => Ok(()),
        "http" => Err(error("is not encrypted and not on this machine").hint("use https")),
        _ => Err(error("is not an https URL").hint("write https://HOST:PORT")),
    }
}

/// Whether an address is one of this machine, so that no cloud answers there.
pub fn is_on_this_machine(address: &str) -> bool {
    url::Url::parse(&in_some_location(address)).is_ok_and(|url| is_loopback(&url))
}

/// Names of locations are alike in what a URL makes of them.
fn in_some_location(address: &str) -> String {
    address.replace(PLACEHOLDER, "global")
}

fn is_loopback(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn impersonate(source: Source<'_>, entry: &ImpersonateEntry) -> Result<Impersonate> {
    let account = |text: &Option<Text>| text.as_ref().map(|text| account(source, text)).transpose();
    Ok(Impersonate {
        read: account(&entry.read)?,
        crypt: account(&entry.crypt)?,
        rescue: account(&entry.rescue)?,
        admin: account(&entry.admin)?,
    })
}

/// It becomes a part of a URL, so that it has a plain form.
fn account(source: Source<'_>, text: &Text) -> Result<String> {
    let plain = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.'))
    };
    match text.value.split_once('@') {
        Some((name, domain))
            if plain(name) && plain(domain) && domain.contains('.') && text.value.len() <= ACCOUNT_LEN =>
        {
            Ok(text.value.clone())
        }
        _ => {
            let error = Error::usage(format!("`{}` is not a service account", shown(&text.value)));
            Err(source
                .at(text, error)
                .hint("its e-mail address: NAME@PROJECT.iam.gserviceaccount.com"))
        }
    }
}

fn quota(source: Source<'_>, entry: &QuotaEntry) -> Result<Quota> {
    let calls = |limit: &Option<Spanned<u64>>| bounded(source, limit.as_ref(), CALLS_MOST);
    Ok(Quota {
        reads: calls(&entry.reads)?,
        writes: calls(&entry.writes)?,
        crypto: calls(&entry.crypto)?,
        in_flight: bounded(source, entry.in_flight.as_ref(), IN_FLIGHT_MOST)?,
    })
}

fn bounded(source: Source<'_>, limit: Option<&Spanned<u64>>, most: u32) -> Result<Option<u32>> {
    let Some(limit) = limit else { return Ok(None) };
    match u32::try_from(limit.value) {
        Ok(number) if (1..=most).contains(&number) => Ok(Some(number)),
        _ => Err(source.at(
            limit,
            Error::usage(format!("it is at least 1 and at most {most}")),
        )),
    }
}

fn project(source: Source<'_>, text: &Text) -> Result<String> {
    let location = Location::parse("global")?;
    KeyRingName::new(&text.value, location, "ring").map_err(|error| source.at(text, error))?;
    Ok(text.value.clone())
}

/// Where each of it is written.
pub(super) fn note(origins: &mut Origins, entry: &KeyringEntry) {
    origins.note_some("endpoint", entry.endpoint.as_ref());
    origins.note_some("endpoints", entry.endpoints.as_ref());
    origins.note_some("impersonate", entry.impersonate.as_ref());
    origins.note_some("quota", entry.quota.as_ref());
    origins.note_some("quota_project", entry.quota_project.as_ref());
    origins.note_some("protection", entry.protection.as_ref());
}
