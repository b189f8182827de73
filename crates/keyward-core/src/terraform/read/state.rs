//! Whether a state inside a plan (`prior_state`, `planned_values`) knows of resources that the tool manages.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::shape::{Name, Word};

/// Whether it knows of any: a state, its values, or one module with the modules in it.
pub(super) struct Managed(pub(super) bool);

impl<'de> Deserialize<'de> for Managed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ManagedVisitor)
    }
}

struct ManagedVisitor;

impl<'de> Visitor<'de> for ManagedVisitor {
    type Value = Managed;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a state or a module")
    }

    fn visit_unit<E: Error>(self) -> Result<Managed, E> {
        Ok(Managed(false))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Managed, A::Error> {
        let mut any = false;
        while let Some(Name(name)) = map.next_key()? {
            any |= match &*name {
                "values" | "root_module" => map.next_value::<Self::Value>()?.0,
                "child_modules" => map.next_value::<AnyOf<Managed>>()?.0,
                "resources" => map.next_value::<AnyOf<Resource>>()?.0,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    false
                }
            };
        }
        Ok(Managed(any))
    }
}

impl From<Managed> for bool {
    fn from(Managed(managed): Managed) -> Self {
        managed
    }
}

/// One resource. Whatever does not say that it is a data source is managed.
#[derive(Deserialize)]
struct Resource {
    #[serde(default)]
    mode: Word,
}

impl From<Resource> for bool {
    fn from(resource: Resource) -> Self {
        resource.mode.0 != "data"
    }
}

/// Whether a list has one of them.
struct AnyOf<T>(bool, PhantomData<T>);

impl<'de, T: Deserialize<'de> + Into<bool>> Deserialize<'de> for AnyOf<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyOfVisitor(PhantomData))
    }
}

struct AnyOfVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Into<bool>> Visitor<'de> for AnyOfVisitor<T> {
    type Value = AnyOf<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E: Error>(self) -> Result<AnyOf<T>, E> {
        Ok(AnyOf(false, PhantomData))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<AnyOf<T>, A::Error> {
        let mut any = false;
        while let Some(one) = list.next_element::<T>()? {
            any |= one.into();
        }
        Ok(AnyOf(any, PhantomData))
    }
}
