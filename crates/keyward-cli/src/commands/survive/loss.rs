//! The answer about one loss: everything that would go with it.

use keyward_core::error::Result;
use keyward_core::inventory::{Files, Inventory, Item};
use keyward_core::survive::Lost;
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::session::Session;
use crate::ui::{Answer, Page};

/// What goes with a loss.
pub(super) struct Shown<'a> {
    lost: &'a Lost<'a>,
    /// What nothing opens now, whatever is lost.
    closed: Files,
    inventory: &'a Inventory,
}

impl<'a> Shown<'a> {
    pub(super) fn new(lost: &'a Lost<'a>, closed: Files, inventory: &'a Inventory) -> Self {
        Self {
            lost,
            closed,
            inventory,
        }
    }

    pub(super) fn show(&self, session: &Session) -> Result<Exit> {
        session.ui.show(self)?;
        let (lost, total) = (self.lost.lost.len(), self.inventory.len());
        session.ui.say(match lost {
            0 if self.is_known() => format!("nothing of {total} would be lost"),
            0 => format!("nothing of {total} is known to be lost"),
            more => format!("{more} of {total} could not be opened any more"),
        });
        if !self.closed.is_empty() {
            session.ui.warn(format!(
                "nothing opens {} of {total} as it is, before anything else is lost: {}",
                self.closed.count(),
                self.closed.text()
            ));
        }
        if !self.lost.unknown.is_empty() {
            let names = names(&self.lost.unknown);
            let first = names.iter().take(3).copied().collect::<Vec<_>>().join(", ");
            let count = names.len();
            session.ui.warn(format!(
                "not known of {count}, as not everything could be seen: {first}"
            ));
        }
        super::matrix::warn_unread(session, self.inventory);
        Ok(match (lost, self.is_known()) {
            (0, true) => Exit::DONE,
            (0, false) => Exit::UNSEEN,
            _ => Exit::NO,
        })
    }

    fn is_known(&self) -> bool {
        self.lost.unknown.is_empty() && self.inventory.is_whole()
    }
}

impl Answer for Shown<'_> {
    fn json(&self) -> Value {
        let things: Vec<_> = self.lost.things.iter().map(ToString::to_string).collect();
        json!({
            "things": things,
            "total": self.inventory.len(),
            "lost": names(&self.lost.lost),
            "closed": self.closed.count(),
            "unknown": names(&self.lost.unknown),
            "whole": self.inventory.is_whole(),
        })
    }

    fn text(&self, page: &mut Page) {
        for name in names(&self.lost.lost) {
            page.line(name);
        }
    }
}

fn names<'a>(items: &[Item<'a>]) -> Vec<&'a str> {
    let mut names: Vec<_> = items.iter().map(|item| item.name).collect();
    names.sort_unstable();
    names
}
