//! Writing the manifest, in the shape that people write it.

use std::fmt::Write as _;

use super::seeing::{Places, Seeing, Watch};
use super::{Access, AuditMode, CanaryMode, KeyringSpec, Manifest, Protection, duration_text, read};
use crate::location::{Area, Location};
use crate::name::{AgeRecipient, Provider};

pub(super) fn manifest(manifest: &Manifest) -> String {
    let mut out = format!("version: {}\n", read::VERSION);
    if manifest.canary != CanaryMode::default() {
        line(&mut out, 0, "canary", &scalar(manifest.canary.id()));
    }
    if !manifest.attesters.is_empty() {
        let keys: Vec<_> = manifest.attesters.iter().map(ToString::to_string).collect();
        line(&mut out, 0, "attesters", &list(keys.iter().map(String::as_str)));
    }
    if manifest.audit != AuditMode::default() {
        line(&mut out, 0, "audit", &scalar(manifest.audit.id()));
    }
    seeing(&mut out, &manifest.seeing);
    open(&mut out, "environments", manifest.environments.is_empty());
    for environment in manifest.environments.values() {
        line(
            &mut out,
            2,
            &scalar(&environment.name),
            &format!("{{protected: {}}}", environment.protected),
        );
    }
    open(&mut out, "keyrings", manifest.keyrings.is_empty());
    for spec in manifest.keyrings.values() {
        keyring(&mut out, spec);
    }
    if !manifest.rules().is_empty() {
        out.push_str("rules:\n");
    }
    for rule in manifest.rules() {
        let (path, keyring) = (scalar(&rule.pattern), scalar(&rule.keyring));
        let _ = writeln!(out, "  - {{path: {path}, keyring: {keyring}}}");
    }
    out
}

fn seeing(out: &mut String, seeing: &Seeing) {
    let checks: Vec<_> = seeing
        .checks
        .iter()
        .map(|number| format!("V{number:02}"))
        .collect();
    if !checks.is_empty() {
        line(out, 0, "checks", &list(checks.iter().map(String::as_str)));
    }
    if let Some(kinds) = &seeing.survive {
        line(out, 0, "survive", &list(kinds.iter().map(|kind| kind.id())));
    }
    if let Some(interval) = seeing.drill_every {
        line(out, 0, "drill_every", &duration_text(interval));
    }
    if let Some(uses) = &seeing.uses {
        line(out, 0, "uses", &places(uses));
    }
    let Watch {
        webhook,
        ping,
        repeat,
    } = &seeing.watch;
    let watch = [
        ("webhook", webhook.as_deref().map(scalar)),
        ("ping", ping.as_deref().map(scalar)),
        ("repeat", repeat.map(duration_text)),
    ];
    mapping(
        out,
        0,
        "watch",
        watch.into_iter().filter_map(|(key, value)| Some((key, value?))),
    );
}

fn places(places: &Places) -> String {
    let lists = [("projects", &places.projects), ("buckets", &places.buckets)];
    let lists = lists.into_iter().filter(|(_, names)| !names.is_empty());
    let lists: Vec<_> = lists
        .map(|(key, names)| format!("{key}: {}", list(names.iter().map(String::as_str))))
        .collect();
    format!("{{{}}}", lists.join(", "))
}

fn keyring(out: &mut String, spec: &KeyringSpec) {
    let _ = writeln!(out, "  {}:", scalar(&spec.name));
    line(out, 4, "env", &scalar(&spec.env));
    line(out, 4, "provider", provider(spec.provider));
    if spec.provider != Provider::Embedded {
        line(out, 4, "project", &scalar(&spec.project));
    }
    access(out, &spec.access);
    line(
        out,
        4,
        "locations",
        &list(spec.locations.iter().map(Location::as_str)),
    );
    if spec.within != Area::Any {
        line(out, 4, "within", &scalar(&spec.within.to_string()));
    }
    line(out, 4, "ring", &scalar(&spec.ring));
    line(out, 4, "key", &scalar(&spec.key));
    if spec.protection != Protection::default() {
        line(out, 4, "protection", spec.protection.id());
    }
    if let Some(rotation) = spec.rotation {
        line(out, 4, "rotation", &duration_text(rotation));
    }
    line(out, 4, "destroy_after", &duration_text(spec.destroy_after));
    if !spec.escrow.is_empty() {
        line(
            out,
            4,
            "escrow",
            &list(spec.escrow.iter().map(AgeRecipient::as_str)),
        );
    }
    if let Some(state) = &spec.managed_by {
        line(out, 4, "managed_by", &scalar(state));
    }
}

fn access(out: &mut String, access: &Access) {
    if let Some(endpoint) = &access.endpoint {
        line(out, 4, "endpoint", &scalar(endpoint));
    }
    let endpoints = access.endpoints.iter();
    let endpoints = endpoints.map(|(location, url)| (location.as_str(), scalar(url)));
    mapping(out, 4, "endpoints", endpoints);
    let accounts = access.impersonate.all().into_iter();
    let accounts = accounts.filter_map(|(purpose, account)| Some((purpose, scalar(account?))));
    mapping(out, 4, "impersonate", accounts);
    let limits = access.quota.all().into_iter();
    let limits = limits.filter_map(|(kind, limit)| Some((kind, limit?.to_string())));
    mapping(out, 4, "quota", limits);
    if let Some(project) = &access.quota_project {
        line(out, 4, "quota_project", &scalar(project));
    }
}

/// A mapping in one line; none when it is empty.
fn mapping<'a>(out: &mut String, indent: usize, key: &str, pairs: impl Iterator<Item = (&'a str, String)>) {
    let pairs: Vec<_> = pairs
        .map(|(name, value)| format!("{}: {value}", scalar(name)))
        .collect();
    if !pairs.is_empty() {
        line(out, indent, key, &format!("{{{}}}", pairs.join(", ")));
    }
}

fn open(out: &mut String, key: &str, empty: bool) {
    out.push_str(key);
    out.push_str(if empty { ": {}\n" } else { ":\n" });
}

fn line(out: &mut String, indent: usize, key: &str, value: &str) {
    let _ = writeln!(out, "{:indent$}{key}: {value}", "");
}

fn list<'a>(items: impl Iterator<Item = &'a str>) -> String {
    format!("[{}]", items.map(scalar).collect::<Vec<_>>().join(", "))
}

fn provider(provider: Provider) -> &'static str {
    match provider {
        Provider::Gcp => "gcp",
        Provider::Embedded => "embedded",
        Provider::Age => "age",
    }
}

/// A scalar that every YAML reader takes as this text: bare where that is beyond doubt, else in double quotes.
pub fn scalar(text: &str) -> String {
    let words = [
        "null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf",
    ];
    let bare = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'/'))
        && !words.contains(&text.to_ascii_lowercase().as_str());
    if bare { text.to_owned() } else { quoted(text) }
}

/// A scalar in double quotes.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            ' ' => out.push(c),
            _ if c.is_ascii_graphic() => out.push(c),
            _ => {
                let _ = write!(out, "\\U{:08X}", u32::from(c));
            }
        }
    }
    out.push('"');
    out
}
