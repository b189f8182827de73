//! What would be lost with a resource in trouble, from everything that is known to need keys.

use super::Stake;
use crate::inventory::{Files, Inventory};
use crate::name::{KeyRef, VersionRef};
use crate::survive::{Stakes, Survival};

/// What would be lost with `resource`, a full name. What is no key or version of one has nothing that hangs on it alone.
pub fn stake(resource: &str, survival: &Survival<'_>, inventory: &Inventory) -> Stake {
    let stakes = match (resource.parse::<VersionRef>(), resource.parse::<KeyRef>()) {
        (Ok(version), _) => survival.stakes(&version.key(), Some(version.name.number())),
        (_, Ok(key)) => survival.stakes(&key, None),
        _ => return Stake::Nothing,
    };
    of(&stakes, inventory)
}

fn of(stakes: &Stakes, inventory: &Inventory) -> Stake {
    if !stakes.lost.is_empty() {
        return Stake::Content(counted(&stakes.lost));
    }
    if !stakes.unknown.is_empty() {
        return Stake::Unknown(format!(
            "whether {} opens in another way",
            counted(&stakes.unknown)
        ));
    }
    if !inventory.is_whole() {
        return Stake::Unknown("not everything that may need it could be looked at".to_owned());
    }
    match stakes.kept.is_empty() {
        true => Stake::Nothing,
        false => Stake::Redundancy(match stakes.kept.count() {
            1 => format!("{} needs it", counted(&stakes.kept)),
            _ => format!("{} need it", counted(&stakes.kept)),
        }),
    }
}

fn counted(things: &Files) -> String {
    match things.count() {
        1 => format!("1 thing ({})", things.text()),
        count => format!("{count} things ({})", things.text()),
    }
}
