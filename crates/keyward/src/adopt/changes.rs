//! What is another between two entries of the lock, in sentences.

use std::time::Duration;

use keyward_core::manifest::{LockedKey, Mark, duration_text};

/// What changes when `now` takes the place of `was`.
pub(super) fn between(was: Option<&LockedKey>, now: &LockedKey) -> Vec<String> {
    let Some(was) = was else {
        return now
            .versions
            .iter()
            .map(|(number, version)| format!("version {number}, {}, is new", version.state))
            .collect();
    };
    [form(was), key(was, now), versions(was, now)].concat()
}

fn form(was: &LockedKey) -> Vec<String> {
    match was.mark {
        Mark::Whole => Vec::new(),
        Mark::Missing => vec!["the entry was of an older form".to_owned()],
        Mark::Edited(_) => vec!["the entry was edited by hand".to_owned()],
    }
}

fn key(was: &LockedKey, now: &LockedKey) -> Vec<String> {
    let span = |span: Option<Duration>| span.map_or("none".to_owned(), duration_text);
    let number = |number: Option<u64>| number.map_or("none".to_owned(), |number| number.to_string());
    let level = |key: &LockedKey| key.protection.clone().unwrap_or_else(|| "none".to_owned());
    let values = [
        (
            "time of creation",
            was.created.to_string(),
            now.created.to_string(),
        ),
        ("protection level", level(was), level(now)),
        ("rotation period", span(was.rotation), span(now.rotation)),
        (
            "destroy window",
            span(Some(was.destroy_window)),
            span(Some(now.destroy_window)),
        ),
        ("primary", number(was.primary), number(now.primary)),
    ];
    let changed = values.into_iter().filter(|(_, was, now)| was != now);
    changed
        .map(|(what, was, now)| format!("the {what} was {was} and is {now}"))
        .collect()
}

fn versions(was: &LockedKey, now: &LockedKey) -> Vec<String> {
    let gone = was
        .versions
        .keys()
        .filter(|number| !now.versions.contains_key(number));
    let gone = gone.map(|number| format!("version {number} is gone"));
    let changed = now
        .versions
        .iter()
        .filter_map(|(number, version)| match was.versions.get(number) {
            None => Some(format!("version {number}, {}, is new", version.state)),
            Some(old) if old.created != version.created => Some(format!("version {number} is another one")),
            Some(old) if old.state != version.state => Some(format!(
                "version {number} was {} and is {}",
                old.state, version.state
            )),
            Some(_) => None,
        });
    gone.chain(changed).collect()
}
