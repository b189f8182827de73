//! `keyward uses KEY[@VERSION] [PATH…]`: what needs a key, before anybody takes it away.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;
use keyward::project::Project;
use keyward::uses::{IndexFile, survey, survey_history, survey_path};
use keyward_core::error::{Error, Result};
use keyward_core::inventory::{Inventory, Item, Way};
use keyward_core::name::{Provider, ResourceId};
use serde_json::{Value, json};

use super::key::target::{Target, project_for, resolve};
use crate::exit::Exit;
use crate::session::Session;
use crate::state::StateFolder;
use crate::surroundings::Surroundings;
use crate::ui::{Answer, Page, hints};

/// List what needs a key or a version: files, and git history
///
/// Reads headers only, and calls no key. A wrap that names no version may need any.
/// Exits with 1 when something needs it, else with 3 when something could not be looked into, else with 0.
#[derive(Args)]
pub(crate) struct Uses {
    /// KEYRING, KEYRING/LOCATION, KEYRING/LOCATION@N, or a full name
    key: String,

    /// Files and folders to look into, instead of everything under the manifest's rules
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Look into every version of every file in the git repository too
    #[arg(long)]
    history: bool,

    /// Read every file, also those that the index knows, and make the index anew
    #[arg(long)]
    rebuild: bool,
}

impl Uses {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        let name: ResourceId = self.key.parse()?;
        let project = project_for(session, &name)?;
        let targets = resolve(project, &name)?;
        let inventory = self.look(session, project)?;
        let found = Found {
            targets,
            inventory: &inventory,
            history: self.history,
        };
        let exit = found.exit();
        session.ui.show(&found)?;
        for note in found.notes() {
            session.ui.say(note);
        }
        for warning in found.warnings() {
            session.ui.warn(warning);
        }
        Ok(exit)
    }

    /// Everything that needs any key. Whatever else can need one adds to the same inventory.
    fn look(&self, session: &Session, project: Option<&Project>) -> Result<Inventory> {
        let index = index_file(session, self.rebuild);
        let mut inventory = Inventory::default();
        match project {
            Some(project) if self.paths.is_empty() => inventory = survey(project, index.as_ref()).inventory,
            None if self.paths.is_empty() => {
                let what = Error::usage("no keyward.yaml here or above says which files to look into");
                return Err(hints::needs_manifest(
                    what.hint("name files or folders: keyward uses KEY PATH…"),
                ));
            }
            _ => {}
        }
        if let (Some(project), true) = (project, self.paths.is_empty()) {
            Surroundings::new(session, project, None)?.add_objects(&mut inventory)?;
        }
        for path in &self.paths {
            inventory.absorb(&survey_path(path)?);
        }
        if self.history {
            let folder = project.map_or(Path::new("."), |project| project.root.as_path());
            let folder = folder.canonicalize().unwrap_or(folder.to_owned());
            inventory.absorb(&survey_history(&folder, index.as_ref()));
        }
        Ok(inventory)
    }
}

/// The index in the state folder, if there is one: looking makes none.
pub(super) fn index_file(session: &Session, rebuild: bool) -> Option<IndexFile> {
    let state = session.state().and_then(StateFolder::existing).ok()?;
    let index = IndexFile::in_folder(state.path());
    Some(if rebuild { index.rebuilt() } else { index })
}

struct Found<'a> {
    targets: Vec<Target>,
    inventory: &'a Inventory,
    history: bool,
}

impl<'a> Found<'a> {
    /// Everything that needs one of the keys, by name.
    fn items(&self) -> Vec<Item<'a>> {
        let needs = |item: &Item<'_>| {
            let mut targets = self.targets.iter();
            targets.any(|target| item.ways.need(&target.key, target.version))
        };
        let mut items: Vec<_> = self.inventory.items().filter(needs).collect();
        items.sort_by_key(|item| (item.name, item.kind));
        items.dedup_by_key(|item| (item.name, item.kind));
        items
    }

    fn exit(&self) -> Exit {
        match (self.items().is_empty(), self.inventory.is_whole()) {
            (false, _) => Exit::NO,
            (true, false) => Exit::UNSEEN,
            (true, true) => Exit::DONE,
        }
    }

    /// The versions of the keys that `item` names, and whether it names none of one.
    fn versions(&self, item: Item<'_>) -> (BTreeSet<u64>, bool) {
        let (mut versions, mut any) = (BTreeSet::new(), false);
        for way in item.ways.iter() {
            if let Way::Kms { key, version } = way
                && self.targets.iter().any(|target| target.key == *key)
            {
                any |= version.is_none();
                versions.extend(*version);
            }
        }
        (versions, any)
    }

    fn name(&self) -> String {
        let names = self.targets.iter().map(|target| match target.version {
            Some(number) => target.version_name(number),
            None => target.key_name(),
        });
        names.collect::<Vec<_>>().join(", ")
    }

    fn notes(&self) -> Vec<String> {
        let (items, name) = (self.items(), self.name());
        let mut notes = vec![match (items.len(), self.inventory.is_whole()) {
            (0, true) => format!("nothing looked at needs {name}"),
            (0, false) => format!("nothing that could be read needs {name}"),
            (1, _) => format!("1 needs {name}"),
            (more, _) => format!("{more} need {name}"),
        }];
        match items.iter().filter(|item| self.versions(**item).1).count() {
            0 => {}
            1 => notes.push("1 of them names no version, and may need any".to_owned()),
            more => notes.push(format!("{more} of them name no version, and may need any")),
        }
        if !self.history {
            notes.push("git history was not looked at; `--history` does".to_owned());
        }
        if self
            .targets
            .iter()
            .any(|target| target.key.provider == Provider::Gcp)
        {
            notes.push("cloud objects were not looked at".to_owned());
        }
        notes
    }

    fn warnings(&self) -> Vec<String> {
        let unread = &self.inventory.unread;
        let unread =
            (!unread.is_empty()).then(|| format!("could not be read, and may need it: {}", unread.text()));
        let unseen = self
            .inventory
            .unseen
            .iter()
            .map(|why| format!("not seen, and may need it: {why}"));
        unread.into_iter().chain(unseen).collect()
    }
}

impl Answer for Found<'_> {
    fn json(&self) -> Value {
        let items: Vec<_> = self
            .items()
            .into_iter()
            .map(|item| self.item_json(item))
            .collect();
        let keys = self.targets.iter().map(|target| target.key.to_string());
        json!({
            "keys": keys.collect::<Vec<_>>(),
            "version": self.targets.first().and_then(|target| target.version),
            "needed": !items.is_empty(),
            "items": items,
            "whole": self.inventory.is_whole(),
            "history": self.history,
            "unread": { "count": self.inventory.unread.count(), "first": self.inventory.unread.named() },
            "unseen": self.inventory.unseen,
        })
    }

    fn text(&self, page: &mut Page) {
        for item in self.items() {
            page.line(item.name);
        }
    }
}

impl Found<'_> {
    /// `any_version` is true when it names no version of one of the keys.
    fn item_json(&self, item: Item<'_>) -> Value {
        let (versions, any) = self.versions(item);
        json!({ "kind": item.kind.id(), "name": item.name, "versions": versions, "any_version": any })
    }
}
