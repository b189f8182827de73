//! Messages with a JSON form of their own: times, durations, field masks, wrapped numbers.

use prost_reflect::{DynamicMessage, FieldDescriptor, MessageDescriptor, Value as Field};
use serde_json::Value as Json;

use super::fault::Fault;

const MASK: &str = "google.protobuf.FieldMask";

/// Whether the message has such a form.
pub(super) fn is(message: &MessageDescriptor) -> bool {
    message.package_name() == "google.protobuf"
}

/// The value of `field`, which is at `at` in the request.
pub(super) fn read(
    field: &FieldDescriptor,
    message: &MessageDescriptor,
    json: &Json,
    at: &str,
) -> Result<Field, Fault> {
    let read = if message.full_name() == MASK {
        json.as_str().and_then(|paths| mask(message, paths))
    } else {
        DynamicMessage::deserialize(message.clone(), json).ok()
    };
    read.map(Field::Message)
        .ok_or_else(|| Fault::value(at, field, &json.to_string()))
}

/// Paths by comma, in either spelling; what they mean is the call's business.
fn mask(message: &MessageDescriptor, paths: &str) -> Option<DynamicMessage> {
    let paths = paths.split(',').map(str::trim).filter(|path| !path.is_empty());
    let paths = paths.map(|path| Field::String(snake_case(path))).collect();
    let mut mask = DynamicMessage::new(message.clone());
    mask.try_set_field_by_name("paths", Field::List(paths)).ok()?;
    Some(mask)
}

/// The name of a field as the definition spells it. What stands in a map's key is left alone.
fn snake_case(path: &str) -> String {
    let mut snake = String::with_capacity(path.len() + 4);
    let mut quoted = false;
    for character in path.chars() {
        quoted ^= character == '`';
        if character.is_ascii_uppercase() && !quoted {
            snake.push('_');
            snake.push(character.to_ascii_lowercase());
        } else {
            snake.push(character);
        }
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_two_spellings() {
        assert_eq!(
            snake_case("versionTemplate.algorithm"),
            "version_template.algorithm"
        );
        assert_eq!(snake_case("next_rotation_time"), "next_rotation_time");
        assert_eq!(snake_case("labels.`teamName`"), "labels.`teamName`");
    }
}
