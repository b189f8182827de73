//! One element of `resource_changes`.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::super::{Act, Change, Values};
use super::flat::Flat;
use super::shape::{Name, Word};

/// Most actions of one change that are looked at; more than two mean nothing.
const ACTIONS: usize = 8;

/// A change as it is read.
#[derive(Default)]
pub(super) struct Raw {
    address: String,
    mode: String,
    kind: String,
    actions: Vec<String>,
    before: Option<Values>,
    after: Option<Values>,
    unknown: Option<Values>,
}

impl Raw {
    /// Whether it is a resource that the tool manages, and not a data source, which is only read: one to which anything
    /// else is done is none.
    pub(super) fn is_managed(&self) -> bool {
        self.mode != "data" || Act::of(&self.actions) != Act::Nothing
    }

    /// The place of a word by which a resource is told from others.
    fn word(&mut self, name: &str) -> Option<&mut String> {
        match name {
            "address" => Some(&mut self.address),
            "mode" => Some(&mut self.mode),
            "type" => Some(&mut self.kind),
            _ => None,
        }
    }

    pub(super) fn into_change(self) -> Change {
        let act = Act::of(&self.actions);
        let mut after = self.after;
        if let (Some(after), Some(unknown)) = (&mut after, self.unknown) {
            after.overlay(unknown);
        }
        Change {
            address: self.address,
            kind: self.kind,
            act,
            before: self.before,
            after,
        }
    }
}

/// Reads one change; what it keeps must not take more bytes than this.
pub(super) struct RawSeed(pub(super) usize);

impl<'de> DeserializeSeed<'de> for RawSeed {
    type Value = Raw;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for RawSeed {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a change of a resource")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Raw, A::Error> {
        let (mut raw, mut changes, mut words) = (Raw::default(), 0, Vec::new());
        while let Some(Name(name)) = map.next_key()? {
            if words.contains(&name) {
                return Err(A::Error::custom(format!("a resource in it has `{name}` twice")));
            }
            if let Some(place) = raw.word(&name) {
                *place = map.next_value::<Word>()?.0;
                words.push(name);
                continue;
            }
            match &*name {
                "change" => {
                    changes += 1;
                    map.next_value_seed(Inside(&mut raw, self.0))?;
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        match changes {
            1 => Ok(raw),
            _ => Err(A::Error::custom(
                "a resource in it has no change, or more than one",
            )),
        }
    }
}

/// `change` of a resource.
struct Inside<'a>(&'a mut Raw, usize);

impl<'de> DeserializeSeed<'de> for Inside<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Inside<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a change")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self(raw, budget) = self;
        while let Some(Name(name)) = map.next_key()? {
            let place = match &*name {
                "actions" => {
                    raw.actions.extend(map.next_value::<Actions>()?.0);
                    continue;
                }
                "before" => &mut raw.before,
                "after" => &mut raw.after,
                "after_unknown" => &mut raw.unknown,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            let flat = Flat {
                marks: name == "after_unknown",
                budget,
            };
            if place.is_some() {
                return Err(A::Error::custom(format!("a resource in it has `{name}` twice")));
            }
            *place = map.next_value_seed(flat)?;
        }
        Ok(())
    }
}

/// A list of words; anything else in it is an empty word.
struct Actions(Vec<String>);

impl<'de> Deserialize<'de> for Actions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ActionsVisitor)
    }
}

struct ActionsVisitor;

impl<'de> Visitor<'de> for ActionsVisitor {
    type Value = Actions;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of actions")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Actions, A::Error> {
        let mut actions = Vec::new();
        while let Some(Word(action)) = list.next_element()? {
            if actions.len() < ACTIONS {
                actions.push(action);
            }
        }
        Ok(Actions(actions))
    }
}
