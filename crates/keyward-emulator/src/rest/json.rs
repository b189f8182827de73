//! A message out of JSON, with Google's complaints about what does not fit.

use std::collections::HashMap;

use prost_reflect::{
    DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, ReflectMessage, Value as Field,
};
use serde_json::error::Category;
use serde_json::{Map, Value as Json};

use super::fault::Fault;
use super::unambiguous::Unambiguous;
use super::{scalar, well_known};

/// The body of a request.
///
/// # Errors
/// It is no JSON, nested too deep, or has a name twice in one object.
pub(super) fn parse(body: &[u8]) -> Result<Json, Fault> {
    let parsed = serde_json::from_slice(body).map(|Unambiguous(json)| json);
    parsed.map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        Fault::no_json(&match error.classify() {
            Category::Eof => format!("Unexpected end of input at {place}."),
            Category::Data => format!("A name comes twice in one object, at {place}."),
            Category::Syntax | Category::Io => format!("Unexpected token at {place}."),
        })
    })
}

/// Fills `message`, which is at `at` in the request.
pub(super) fn fill(message: &mut DynamicMessage, json: &Json, at: &str) -> Result<(), Fault> {
    let Json::Object(object) = json else {
        return Err(Fault::no_json("Root element must be a message."));
    };
    fill_from(message, object, at)
}

fn fill_from(message: &mut DynamicMessage, object: &Map<String, Json>, at: &str) -> Result<(), Fault> {
    for (name, json) in object {
        let field =
            field(&message.descriptor(), name).ok_or_else(|| Fault::name(name, at, "Cannot find field."))?;
        if json.is_null() {
            continue;
        }
        if let Some(other) = taken(message, &field) {
            return Err(Fault::name(name, at, &format!("Field '{other}' is already set.")));
        }
        let value = read(&field, json, &below(at, field.name()), at)?;
        message.set_field(&field, value);
    }
    Ok(())
}

/// A field by either spelling of its name.
pub(super) fn field(message: &MessageDescriptor, name: &str) -> Option<FieldDescriptor> {
    message
        .get_field_by_json_name(name)
        .or_else(|| message.get_field_by_name(name))
}

/// The name of the field that stands in the way: the same one in another spelling, or another of its oneof.
fn taken(message: &DynamicMessage, field: &FieldDescriptor) -> Option<String> {
    if message.has_field(field) {
        return Some(field.name().to_owned());
    }
    let other = field
        .containing_oneof()?
        .fields()
        .find(|other| message.has_field(other))?;
    Some(other.name().to_owned())
}

/// The path of a field below another.
pub(super) fn below(at: &str, name: &str) -> String {
    match at {
        "" => name.to_owned(),
        at => format!("{at}.{name}"),
    }
}

fn read(field: &FieldDescriptor, json: &Json, at: &str, above: &str) -> Result<Field, Fault> {
    match json {
        Json::Array(items) if field.is_list() => {
            let items = items.iter().enumerate();
            let items = items.map(|(place, item)| read_one(field, item, &format!("{at}[{place}]")));
            Ok(Field::List(items.collect::<Result<_, _>>()?))
        }
        Json::Object(entries) if field.is_map() => map(field, entries, at),
        Json::Array(_) if !is_free(field) => {
            let why = "Proto field is not repeating, cannot start list.";
            Err(Fault::name(field.json_name(), above, why))
        }
        _ if field.is_list() || field.is_map() => Err(Fault::value(at, field, "which is a list or a map")),
        _ => read_one(field, json, at),
    }
}

/// Whether the field takes any JSON.
fn is_free(field: &FieldDescriptor) -> bool {
    field.kind().as_message().is_some_and(well_known::is)
}

/// One value, also of a list or a map.
fn read_one(field: &FieldDescriptor, json: &Json, at: &str) -> Result<Field, Fault> {
    match field.kind() {
        Kind::Message(message) if well_known::is(&message) => well_known::read(field, &message, json, at),
        Kind::Message(message) => {
            let Json::Object(object) = json else {
                return Err(Fault::value(at, field, &json.to_string()));
            };
            let mut value = DynamicMessage::new(message);
            fill_from(&mut value, object, at)?;
            Ok(Field::Message(value))
        }
        _ => scalar::read(field, json, at),
    }
}

fn map(field: &FieldDescriptor, entries: &Map<String, Json>, at: &str) -> Result<Field, Fault> {
    let Kind::Message(entry) = field.kind() else {
        return Err(Fault::value(at, field, "which is no map"));
    };
    let (key_field, value_field) = (entry.map_entry_key_field(), entry.map_entry_value_field());
    let mut map = HashMap::new();
    for (place, (key, json)) in entries.iter().enumerate() {
        let key = scalar::read(
            &key_field,
            &Json::String(key.clone()),
            &format!("{at}[{place}].key"),
        )?;
        let value = read_one(&value_field, json, &format!("{at}[{place}].value"))?;
        map.insert(
            map_key(key).ok_or_else(|| Fault::value(at, field, "which has other keys"))?,
            value,
        );
    }
    Ok(Field::Map(map))
}

fn map_key(key: Field) -> Option<MapKey> {
    key.into_map_key()
}
