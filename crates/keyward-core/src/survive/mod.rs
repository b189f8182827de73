//! What could not be opened any more after a loss: a pure answer out of what needs keys and what keys hang on.
//!
//! A way counts when it would open *now*: a version that is enabled, an escrow recipient that was drilled, for things
//! that it is known to open. A disabled or scheduled version opens nothing until somebody rescues it, so that it does
//! not count. What could not be seen is [`Outcome::unknown`], and never survives.
//!
//! Things with the same ways share their fate: the work is one of distinct ways, not of things.

mod pattern;
mod stake;
mod thing;
mod topology;

use std::collections::{BTreeMap, BTreeSet};

pub use pattern::Pattern;
pub use stake::Stakes;
pub use thing::Thing;
pub use topology::{FOLDER_OWNER, KeyFacts, Topology};

use self::thing::Bound;
use self::topology::Sure;
use crate::inventory::{Files, Inventory, Item, Way, Ways, WaysId};
use crate::manifest::LossKind;

/// Most reasons for one unknown that are told.
const REASONS: usize = 3;

/// What needs keys, ready to be asked about losses.
pub struct Survival<'a> {
    inventory: &'a Inventory,
    topology: &'a Topology,
    groups: Vec<Group<'a>>,
    /// The group of each thing, in the order of the inventory.
    places: Vec<usize>,
}

/// Things with the same ways, which open now to the same degree.
struct Group<'a> {
    items: Files,
    ways: Vec<(&'a Way, Sure)>,
    now: Sure,
}

/// What losses of one kind would mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The kind.
    pub kind: LossKind,
    /// Each thing of that kind on which something hangs, worst first.
    pub losses: Vec<Loss>,
    /// All that is not known about losses of this kind, also about things that could not be seen.
    pub unknown: Files,
    /// Why.
    pub reasons: BTreeSet<String>,
}

/// What one loss would mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// What is lost.
    pub thing: Thing,
    /// What could not be opened any more.
    pub outcome: Outcome,
}

/// What becomes of things.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What could not be opened any more.
    pub lost: Files,
    /// Of what it is not known whether it could.
    pub unknown: Files,
}

/// What a loss by a pattern would mean, thing by thing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lost<'a> {
    /// What the pattern means.
    pub things: BTreeSet<Thing>,
    /// What could not be opened any more.
    pub lost: Vec<Item<'a>>,
    /// Of what it is not known whether it could.
    pub unknown: Vec<Item<'a>>,
}

impl<'a> Survival<'a> {
    /// Gets ready. `proven` says of a thing and of an escrow recipient that was drilled whether the wrap is known to be
    /// good too: the thing was drilled itself, or the audit log has that keyward made the wrap.
    pub fn new(
        inventory: &'a Inventory,
        topology: &'a Topology,
        proven: &dyn Fn(Item<'_>, &str) -> bool,
    ) -> Self {
        let mut survival = Self {
            inventory,
            topology,
            groups: Vec::new(),
            places: Vec::with_capacity(inventory.len()),
        };
        let mut known: BTreeMap<WaysId, Vec<(&Way, Sure)>> = BTreeMap::new();
        let mut places: BTreeMap<(WaysId, Vec<usize>), usize> = BTreeMap::new();
        for (kind, name, id) in inventory.placed() {
            let ways = inventory.ways_at(id);
            let states = known.entry(id).or_insert_with(|| states(topology, ways));
            let item = Item { kind, name, ways };
            let doubted = doubted(states, item, proven);
            let place = *places.entry((id, doubted)).or_insert_with_key(|(_, doubted)| {
                survival.groups.push(Group::new(states, doubted));
                survival.groups.len() - 1
            });
            survival.places.push(place);
            if let Some(group) = survival.groups.get_mut(place) {
                group.items.add(name);
            }
        }
        survival
    }

    /// What cannot be opened now, before anything else is lost.
    pub fn now(&self, env: Option<&str>) -> Outcome {
        let mut outcome = Outcome::default();
        for group in self.of(env) {
            outcome.add(group.now, &group.items);
        }
        outcome
    }

    /// How many things there are.
    pub fn count(&self, env: Option<&str>) -> u64 {
        self.of(env).map(|group| group.items.count()).sum()
    }

    /// What each loss of `kind` would mean for the things of `env`, or for all.
    pub fn row(&self, kind: LossKind, env: Option<&str>) -> Row {
        let groups = || self.of(env).filter(|group| group.now != Sure::No);
        let ways = groups().flat_map(|group| &group.ways);
        let bounds: BTreeMap<&Way, Bound> = ways
            .map(|(way, _)| *way)
            .collect::<BTreeSet<_>>()
            .into_iter()
            .map(|way| (way, self.topology.bound(way, kind)))
            .collect();
        let mut losses: BTreeMap<&Thing, Outcome> = BTreeMap::new();
        let (mut unknown, mut reasons) = (Files::default(), BTreeSet::new());
        for group in groups() {
            let bounds: Vec<_> = group.ways.iter().filter_map(|(way, _)| bounds.get(way)).collect();
            let things: BTreeSet<&Thing> = bounds.iter().flat_map(|bound| bound.things()).collect();
            let mut worst = group.after(&bounds, None);
            for thing in things {
                let after = group.after(&bounds, Some(thing));
                losses.entry(thing).or_default().add(after, &group.items);
                worst = if after == Sure::Maybe { after } else { worst };
            }
            if worst == Sure::Maybe {
                unknown.add_all(&group.items);
                self.reasons(group, &bounds, &mut reasons);
            }
        }
        let losses = losses.into_iter().map(|(thing, outcome)| Loss {
            thing: thing.clone(),
            outcome,
        });
        let mut losses: Vec<_> = losses.collect();
        losses
            .sort_by_key(|loss| std::cmp::Reverse((loss.outcome.lost.count(), loss.outcome.unknown.count())));
        Row {
            kind,
            losses,
            unknown,
            reasons,
        }
    }

    /// What the loss of everything that one of `patterns` means would do, thing by thing, in `env` or everywhere.
    pub fn lose(&self, patterns: &[Pattern], env: Option<&str>) -> Lost<'a> {
        let mut lost = Lost::default();
        let is_aimed_at = |kind: &LossKind| {
            let mut prefixes = Thing::prefixes(*kind).iter();
            prefixes.any(|prefix| patterns.iter().any(|pattern| pattern.begins_with(prefix)))
        };
        let aimed: Vec<_> = LossKind::ALL.into_iter().filter(is_aimed_at).collect();
        let mut hits: BTreeMap<&Way, Sure> = BTreeMap::new();
        let mut after = Vec::with_capacity(self.groups.len());
        for group in &self.groups {
            if !self.is_of(group, env) {
                after.push(Sure::Yes);
                continue;
            }
            let hit = |way| {
                *hits
                    .entry(way)
                    .or_insert_with(|| self.hit(way, patterns, &aimed, &mut lost.things))
            };
            after.push(group.after_hits(hit));
        }
        for (item, place) in self.inventory.items().zip(&self.places) {
            let now = self.groups.get(*place).map_or(Sure::No, |group| group.now);
            match (now, after.get(*place)) {
                (Sure::No, _) | (_, None | Some(Sure::Yes)) => {}
                (_, Some(Sure::No)) => lost.lost.push(item),
                (_, Some(Sure::Maybe)) => lost.unknown.push(item),
            }
        }
        lost
    }

    /// Ways that somebody might think open something, and do not count: each by its full name, with the reason.
    pub fn objections(&self) -> BTreeMap<String, String> {
        let ways = self.groups.iter().flat_map(|group| &group.ways);
        let ways: BTreeSet<_> = ways.map(|(way, _)| *way).collect();
        let objected = |way: &Way| Some((way.to_string(), self.topology.objection(way)?));
        ways.into_iter().filter_map(objected).collect()
    }

    /// The groups of `env`, or all.
    fn of(&self, env: Option<&str>) -> impl Iterator<Item = &Group<'a>> {
        self.groups.iter().filter(move |group| self.is_of(group, env))
    }

    /// What belongs to no environment belongs to all.
    fn is_of(&self, group: &Group<'_>, env: Option<&str>) -> bool {
        let mut envs = group
            .ways
            .iter()
            .filter_map(|(way, _)| self.topology.env_of(way))
            .peekable();
        env.is_none_or(|env| envs.peek().is_none() || envs.any(|other| other == env))
    }

    /// Whether the pattern means something that takes `way` with it.
    fn hit(&self, way: &Way, patterns: &[Pattern], aimed: &[LossKind], things: &mut BTreeSet<Thing>) -> Sure {
        let meant = self.topology.all_bounds(way).into_iter();
        let meant: Vec<_> = meant
            .filter(|thing| patterns.iter().any(|pattern| pattern.matches(&thing.to_string())))
            .collect();
        if !meant.is_empty() {
            things.extend(meant);
            return Sure::Yes;
        }
        let is_unknown = |kind: &LossKind| matches!(self.topology.bound(way, *kind), Bound::Unknown(_));
        match aimed.iter().any(is_unknown) {
            true => Sure::Maybe,
            false => Sure::No,
        }
    }

    fn reasons(&self, group: &Group<'_>, bounds: &[&Bound], reasons: &mut BTreeSet<String>) {
        let unseen = group.ways.iter().filter(|(_, now)| *now == Sure::Maybe);
        let unseen = unseen.map(|(way, _)| format!("whether {way} opens"));
        let unbound = bounds.iter().filter_map(|bound| match bound {
            Bound::Unknown(why) => Some(why.clone()),
            Bound::To(_) => None,
        });
        for reason in unseen.chain(unbound) {
            if reasons.len() < REASONS {
                reasons.insert(reason);
            }
        }
    }
}

impl Topology {
    fn env_of(&self, way: &Way) -> Option<&str> {
        let facts = self.keys.get(way.key()?)?;
        Some(&facts.env)
    }
}

impl<'a> Group<'a> {
    fn new(states: &[(&'a Way, Sure)], doubted: &[usize]) -> Self {
        let mut ways = states.to_vec();
        for place in doubted {
            if let Some((_, sure)) = ways.get_mut(*place) {
                *sure = Sure::No;
            }
        }
        Self {
            items: Files::default(),
            now: best(ways.iter().map(|(_, now)| *now)),
            ways,
        }
    }

    /// Whether it opens once `thing` is lost; with `None`, once something is lost that could not be seen.
    fn after(&self, bounds: &[&Bound], thing: Option<&Thing>) -> Sure {
        let left = self.ways.iter().zip(bounds).map(|((_, now), bound)| match bound {
            Bound::Unknown(_) => (*now).min(Sure::Maybe),
            Bound::To(things) if thing.is_some_and(|thing| things.binary_search(thing).is_ok()) => Sure::No,
            Bound::To(_) => *now,
        });
        best(left)
    }

    fn after_hits(&self, mut hit: impl FnMut(&'a Way) -> Sure) -> Sure {
        let left = self.ways.iter().map(|(way, now)| match hit(way) {
            Sure::Yes => Sure::No,
            Sure::Maybe => (*now).min(Sure::Maybe),
            Sure::No => *now,
        });
        best(left)
    }
}

impl Bound {
    fn things(&self) -> &[Thing] {
        match self {
            Self::To(things) => things,
            Self::Unknown(_) => &[],
        }
    }
}

impl Outcome {
    fn add(&mut self, after: Sure, items: &Files) {
        match after {
            Sure::No => self.lost.add_all(items),
            Sure::Maybe => self.unknown.add_all(items),
            Sure::Yes => {}
        }
    }
}

fn states<'a>(topology: &Topology, ways: &'a Ways) -> Vec<(&'a Way, Sure)> {
    ways.iter().map(|way| (way, topology.opens(way))).collect()
}

/// The places of escrow ways that would count, were they known to be good for this thing.
fn doubted(states: &[(&Way, Sure)], item: Item<'_>, proven: &dyn Fn(Item<'_>, &str) -> bool) -> Vec<usize> {
    let places = states.iter().enumerate();
    let doubted = places.filter(|(_, (way, now))| match way {
        Way::Escrow(recipient) => *now != Sure::No && !proven(item, recipient),
        Way::Kms { .. } | Way::Other(_) => false,
    });
    doubted.map(|(place, _)| place).collect()
}

/// One way that opens is enough.
fn best(ways: impl Iterator<Item = Sure>) -> Sure {
    ways.max().unwrap_or(Sure::No)
}

#[cfg(test)]
mod tests;
