//! Fields that come by the path and by the query.

use std::collections::HashSet;

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, ReflectMessage, Value as Field};
use serde_json::Value as Json;

use super::fault::Fault;
use super::{json, query, scalar, well_known};

/// Sets what the path gives. Where the body says the same it may; where it says something else, nobody knows what is
/// meant.
pub(super) fn path(request: &mut DynamicMessage, captures: &[(&str, String)]) -> Result<(), Fault> {
    for (name, value) in captures {
        let (message, field) = find(request, name).ok_or_else(|| Fault::parameter(name))?;
        let conflicts = match message.get_field(&field).as_str() {
            Some(given) => !given.is_empty() && given != value,
            None => false,
        };
        if conflicts {
            return Err(Fault::conflict(name));
        }
        let value = scalar::read(&field, &Json::String(value.clone()), name)?;
        message.set_field(&field, value);
    }
    Ok(())
}

/// Sets what the query gives.
pub(super) fn query(request: &mut DynamicMessage, pairs: &[(String, String)]) -> Result<(), Fault> {
    let mut seen = HashSet::new();
    for (name, value) in pairs.iter().filter(|(name, _)| query::system(name).is_none()) {
        let (message, field) = find(request, name).ok_or_else(|| Fault::parameter(name))?;
        let value = read(&field, value, name)?;
        if field.is_list() {
            let mut list = message.get_field(&field).into_owned();
            list.as_list_mut()
                .ok_or_else(|| Fault::parameter(name))?
                .push(value);
            message.set_field(&field, list);
            continue;
        }
        if message.has_field(&field) || !seen.insert(name) {
            return Err(Fault::name(
                name,
                "",
                "Proto field is not repeating, cannot start list.",
            ));
        }
        message.set_field(&field, value);
    }
    Ok(())
}

/// The field that a name with dots leads to, and the message that it is in.
fn find<'a>(
    request: &'a mut DynamicMessage,
    name: &str,
) -> Option<(&'a mut DynamicMessage, FieldDescriptor)> {
    let Some((first, rest)) = name.split_once('.') else {
        let field = json::field(&request.descriptor(), name)?;
        return Some((request, field));
    };
    let field = json::field(&request.descriptor(), first)?;
    let is_open = field
        .kind()
        .as_message()
        .is_some_and(|message| !well_known::is(message));
    if field.is_list() || field.is_map() || !is_open {
        return None;
    }
    find(request.get_field_mut(&field).as_message_mut()?, rest)
}

fn read(field: &FieldDescriptor, text: &str, at: &str) -> Result<Field, Fault> {
    let json = Json::String(text.to_owned());
    match field.kind() {
        Kind::Message(message) if well_known::is(&message) && !field.is_map() => {
            well_known::read(field, &message, &json, at)
        }
        Kind::Message(_) => Err(Fault::parameter(at)),
        _ => scalar::read(field, &json, at),
    }
}
