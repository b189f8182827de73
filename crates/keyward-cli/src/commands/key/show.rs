//! `keyward key show NAME`.

use clap::Args;
use keyward_core::clock::Timestamp;
use keyward_core::error::{Error, Result};
use keyward_core::key::CryptoKey;
use keyward_core::kms::Observed;
use keyward_core::manifest::duration_text;
use serde_json::{Value, json};

use super::look::{self, Sight, look, note_on, style_of};
use super::target::{project_for, resolve};
use crate::endpoints::For;
use crate::exit::Exit;
use crate::session::Session;
use crate::ui::{Answer, Page, Table, hints, uneasy};

/// Show a keyring, a key or a version: state, schedules and hours left
///
/// Exits with 1 when something is missing, else with 3 when something could not be seen.
#[derive(Args)]
pub(super) struct Show {
    /// KEYRING, KEYRING/LOCATION, KEYRING/LOCATION@N or a full name
    name: String,
}

impl Show {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        let name = &self.name.parse()?;
        let targets = resolve(project_for(session, name)?, name)?;
        session.reaches(targets.iter().map(|target| &target.key), For::Keys)?;
        let readers = session.providers()?.readers();
        let keys = session.wait_for(look(&readers, targets))?;
        if let [key] = &keys[..] {
            must_be_there(key)?;
        }
        let exit = look::exit(&keys);
        session.ui.show(&Keys {
            keys,
            now: session.clock.now(),
        })?;
        Ok(exit)
    }
}

fn must_be_there(key: &Sight) -> Result<()> {
    let missing = |name: String| hints::no_such(Error::refused("it does not exist").on(name));
    match (&key.key, key.target.version) {
        (Observed::Absent, _) => Err(missing(key.target.key.to_string())),
        (Observed::Unknown(why), _) => {
            Err(Error::unavailable(format!("it could not be seen: {why}")).on(&key.target.key))
        }
        (Observed::Present(_), Some(number)) if key.is_version_missing() => {
            Err(missing(key.target.key.version(number).to_string()))
        }
        _ => Ok(()),
    }
}

struct Keys {
    keys: Vec<Sight>,
    now: Timestamp,
}

impl Answer for Keys {
    fn json(&self) -> Value {
        json!({ "keys": self.keys.iter().map(|key| key.json(self.now)).collect::<Vec<_>>() })
    }

    fn text(&self, page: &mut Page) {
        for key in &self.keys {
            page.heading(key.target.key_name());
            page.field("full name", &key.target.key);
            match &key.key {
                Observed::Present(found) => self.found(page, key, found),
                Observed::Absent => page.field("seen", uneasy("missing")),
                Observed::Unknown(why) => page.field("seen", uneasy(format_args!("unknown: {why}"))),
            }
        }
    }
}

impl Keys {
    fn found(&self, page: &mut Page, key: &Sight, found: &CryptoKey) {
        page.field("created", found.created);
        page.field(
            "protection",
            format_args!("{}, {}", found.protection, found.algorithm),
        );
        match found.rotation {
            Some(rotation) => match rotation.period().map(duration_text) {
                Some(period) => page.field(
                    "rotation",
                    format_args!("every {period}, next {}", rotation.next()),
                ),
                None => page.field("rotation", format_args!("once, at {}", rotation.next())),
            },
            None => page.field("rotation", "none"),
        }
        let window = duration_text(found.destroy_window.length());
        page.field(
            "restorable",
            format_args!("for {window} once somebody ordered its destruction"),
        );
        if let Some(why) = key.unseen_versions() {
            page.field("versions", uneasy(format_args!("unknown: {why}")));
            return;
        }
        if key.is_version_missing() {
            page.field("versions", uneasy("no such version"));
            return;
        }
        let mut table = Table::new(["VERSION", "STATE", "", "CREATED", "NOTE"]);
        for version in key.wanted() {
            table.row([
                version.name.number().to_string().into(),
                (version.state.id(), style_of(version.state)).into(),
                if found.primary == Some(version.name.number()) {
                    "primary"
                } else {
                    ""
                }
                .into(),
                version.created.to_string().into(),
                note_on(version, self.now).into(),
            ]);
        }
        page.table(&table);
    }
}
