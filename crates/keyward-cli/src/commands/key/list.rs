//! `keyward key list`.

use anstyle::{AnsiColor, Style};
use clap::Args;
use keyward_core::clock::Timestamp;
use keyward_core::error::Result;
use keyward_core::key::KeyVersion;
use keyward_core::kms::Observed;
use keyward_core::name::{ResourceId, ShortName};
use serde_json::{Value, json};

use super::look::{self, Sight, day, look, note_on, style_of};
use super::target::{Target, project_for, resolve};
use crate::endpoints::For;
use crate::exit::Exit;
use crate::session::Session;
use crate::ui::{Answer, Cell, Page, Table};

/// List keys and their versions, with state and time left
///
/// Exits with 1 when something is missing, else with 3 when something could not be seen.
#[derive(Args)]
pub(super) struct List {
    /// Keyrings or keys; every keyring of the manifest when none is named
    #[arg(value_name = "NAME")]
    names: Vec<String>,
}

impl List {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        let targets = self.targets(session)?;
        session.reaches(targets.iter().map(|target| &target.key), For::Keys)?;
        let readers = session.providers()?.readers();
        let keys = session.wait_for(look(&readers, targets))?;
        let exit = look::exit(&keys);
        session.ui.show(&Listing {
            keys,
            now: session.clock.now(),
        })?;
        Ok(exit)
    }

    fn targets(&self, session: &Session) -> Result<Vec<Target>> {
        if !self.names.is_empty() {
            let named = self.names.iter().map(|name| {
                let name = &name.parse()?;
                resolve(project_for(session, name)?, name)
            });
            return Ok(named.collect::<Result<Vec<_>>>()?.concat());
        }
        let project = session.needed_project()?;
        let all = project.manifest.keyrings().map(|keyring| {
            let name = ShortName {
                keyring: keyring.name.clone(),
                location: None,
                version: None,
            };
            resolve(Some(project), &ResourceId::Short(name))
        });
        Ok(all.collect::<Result<Vec<_>>>()?.concat())
    }
}

struct Listing {
    keys: Vec<Sight>,
    now: Timestamp,
}

impl Answer for Listing {
    fn json(&self) -> Value {
        json!({ "keys": self.keys.iter().map(|key| key.json(self.now)).collect::<Vec<_>>() })
    }

    fn text(&self, page: &mut Page) {
        let mut table = Table::new(["VERSION", "STATE", "", "CREATED", "NOTE"]);
        for key in &self.keys {
            self.rows(key, &mut table);
        }
        page.table(&table);
    }
}

impl Listing {
    fn rows(&self, key: &Sight, table: &mut Table) {
        let versions = key.wanted();
        if versions.is_empty() {
            let (state, style, note) = nothing(key);
            let number = key.target.version;
            table.row([
                number
                    .map_or_else(|| key.target.key_name(), |number| key.target.version_name(number))
                    .into(),
                (state, style).into(),
                "".into(),
                "".into(),
                Cell::prose(note),
            ]);
        }
        for version in versions {
            table.row([
                key.target.version_name(version.name.number()).into(),
                (version.state.id(), style_of(version.state)).into(),
                if key.primary() == Some(version.name.number()) {
                    "primary"
                } else {
                    ""
                }
                .into(),
                day(version.created).into(),
                self.note(key, version).into(),
            ]);
        }
    }

    fn note(&self, key: &Sight, version: &KeyVersion) -> String {
        let note = note_on(version, self.now);
        let next = key
            .key
            .as_ref()
            .present()
            .and_then(|key| key.rotation)
            .map(|rotation| rotation.next());
        match next {
            Some(next) if note.is_empty() && key.primary() == Some(version.name.number()) => {
                format!("next version {}", day(next))
            }
            _ => note,
        }
    }
}

fn nothing(key: &Sight) -> (&'static str, Style, String) {
    match (&key.key, &key.versions) {
        (Observed::Unknown(why), _) | (_, Observed::Unknown(why)) => {
            ("UNKNOWN", AnsiColor::Yellow.on_default().bold(), why.clone())
        }
        (Observed::Absent, _) | (_, Observed::Absent) => {
            ("MISSING", AnsiColor::Red.on_default().bold(), String::new())
        }
        (Observed::Present(_), Observed::Present(_)) if key.is_version_missing() => (
            "MISSING",
            AnsiColor::Red.on_default().bold(),
            "no such version".to_owned(),
        ),
        (Observed::Present(_), Observed::Present(_)) => {
            ("NO VERSION", AnsiColor::Red.on_default().bold(), String::new())
        }
    }
}
