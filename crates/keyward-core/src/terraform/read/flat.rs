//! The attributes of a resource, read flat: what concerns keys is kept, and the rest is passed by.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::super::values::{key_named, weight};
use super::super::{Value, Values};
use super::TOO_MUCH;
use super::shape::Name;

/// First names of the paths that are kept, whatever stands there. A name of a key is kept wherever it stands.
const WANTED: [&str; 32] = [
    "billing_account",
    "bucket_id",
    "cmek_settings",
    "condition",
    "crypto_key",
    "crypto_key_id",
    "default_kms_key_name",
    "deletion_policy",
    "destroy_scheduled_duration",
    "disable_on_destroy",
    "email",
    "encryption",
    "id",
    "key_ring",
    "key_ring_id",
    "kms_key_name",
    "location",
    "member",
    "members",
    "name",
    "number",
    "permissions",
    "policy_data",
    "project",
    "project_id",
    "role",
    "rotation_period",
    "service",
    "services",
    "stage",
    "state",
    "version_template",
];

/// Reads the value of `before` or `after`, or with `marks` that of `after_unknown`, where `true` is the mark of something
/// unknown. Nothing (`null`) is `None`.
pub(super) struct Flat {
    pub(super) marks: bool,
    pub(super) budget: usize,
}

impl<'de> DeserializeSeed<'de> for Flat {
    type Value = Option<Values>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let mut walk = Walk {
            marks: self.marks,
            budget: self.budget,
            path: String::new(),
            is_null: false,
            values: Values::default(),
        };
        (&mut walk).deserialize(deserializer)?;
        Ok((!walk.is_null).then_some(walk.values))
    }
}

struct Walk {
    marks: bool,
    budget: usize,
    /// Where it is.
    path: String,
    /// Whether there was nothing at the root.
    is_null: bool,
    values: Values,
}

impl Walk {
    fn is_wanted(&self) -> bool {
        let first = self.path.split('.').next().unwrap_or_default();
        self.path.is_empty() || WANTED.contains(&first)
    }

    /// Notes a scalar.
    fn note<E: Error>(&mut self, value: Value) -> Result<(), E> {
        self.budget = self
            .budget
            .checked_sub(weight(&self.path, &value))
            .ok_or_else(|| E::custom(TOO_MUCH))?;
        match self.values.put(self.path.clone(), value) {
            true => Ok(()),
            false => Err(E::custom("a resource in it has an attribute twice")),
        }
    }

    /// Goes one step down, and back.
    fn below<T>(&mut self, name: &str, enter: impl FnOnce(&mut Self) -> T) -> T {
        let up = self.path.len();
        if up > 0 {
            self.path.push('.');
        }
        self.path.push_str(name);
        let result = enter(self);
        self.path.truncate(up);
        result
    }

    fn number<E: Error>(&mut self, number: impl fmt::Display) -> Result<(), E> {
        match self.is_wanted() && !self.marks {
            true => self.note(Value::Text(number.to_string())),
            false => Ok(()),
        }
    }
}

impl<'de> DeserializeSeed<'de> for &mut Walk {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Walk {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an attribute")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.is_null |= self.path.is_empty();
        Ok(())
    }

    /// A mark is kept wherever it stands: what was there before may be the name of a key.
    fn visit_bool<E: Error>(self, flag: bool) -> Result<(), E> {
        match (self.marks, flag) {
            (true, true) => self.note(Value::Unknown),
            (false, _) if self.is_wanted() => self.note(Value::Flag(flag)),
            _ => Ok(()),
        }
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.number(number)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.number(number)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        self.number(number)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        let kept = !self.marks && (self.is_wanted() || key_named(text).is_some());
        match kept {
            true => self.note(Value::Text(text.to_owned())),
            false => Ok(()),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        for place in 0_u64.. {
            let element = self.below(&place.to_string(), |walk| list.next_element_seed(walk))?;
            if element.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Name(name)) = map.next_key()? {
            self.below(&name, |walk| map.next_value_seed(walk))?;
        }
        Ok(())
    }
}
