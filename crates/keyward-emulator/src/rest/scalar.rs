//! Values that are no messages, out of JSON. A text in a path or a query is such a value too.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, Value as Field};
use serde_json::Value as Json;

use super::fault::Fault;

/// Whatever clients write: with padding or without.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The value of `field`, which is at `at` in the request.
pub(super) fn read(field: &FieldDescriptor, json: &Json, at: &str) -> Result<Field, Fault> {
    let kind = field.kind();
    let value = match &kind {
        Kind::String => json.as_str().map(|text| Field::String(text.to_owned())),
        Kind::Bytes => json.as_str().and_then(bytes),
        Kind::Bool => boolean(json),
        Kind::Enum(enumeration) => number_of(enumeration, json).map(Field::EnumNumber),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => {
            whole(json).and_then(|n| i32::try_from(n).ok()).map(Field::I32)
        }
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => {
            whole(json).and_then(|n| i64::try_from(n).ok()).map(Field::I64)
        }
        Kind::Uint32 | Kind::Fixed32 => whole(json).and_then(|n| u32::try_from(n).ok()).map(Field::U32),
        Kind::Uint64 | Kind::Fixed64 => whole(json).and_then(|n| u64::try_from(n).ok()).map(Field::U64),
        #[allow(clippy::cast_possible_truncation, reason = "a float is what the field holds")]
        Kind::Float => real(json).map(|n| Field::F32(n as f32)),
        Kind::Double => real(json).map(Field::F64),
        Kind::Message(_) => None,
    };
    value.ok_or_else(|| Fault::value(at, field, &shown(&kind, json)))
}

/// Bytes are not repeated in an error: they may be a plaintext.
fn shown(kind: &Kind, json: &Json) -> String {
    match (kind, json) {
        (Kind::Bytes, Json::String(_)) => "Base64 decoding failed.".to_owned(),
        (_, Json::Array(_)) => "a list".to_owned(),
        (_, Json::Object(_)) => "an object".to_owned(),
        _ => json.to_string(),
    }
}

fn bytes(text: &str) -> Option<Field> {
    let mut text = Cow::Borrowed(text);
    if text.contains(['-', '_']) {
        text = Cow::Owned(text.replace('-', "+").replace('_', "/"));
    }
    LENIENT
        .decode(text.as_bytes())
        .ok()
        .map(|bytes| Field::Bytes(bytes.into()))
}

fn boolean(json: &Json) -> Option<Field> {
    match json {
        Json::Bool(value) => Some(Field::Bool(*value)),
        Json::String(text) if text == "true" => Some(Field::Bool(true)),
        Json::String(text) if text == "false" => Some(Field::Bool(false)),
        _ => None,
    }
}

/// A whole number, also as a text, and also as a float without a fraction.
fn whole(json: &Json) -> Option<i128> {
    match json {
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => Some(number.into()),
            (_, Some(number)) => Some(number.into()),
            _ => number.as_f64().and_then(without_fraction),
        },
        Json::String(text) => match text.parse::<i128>() {
            Ok(number) => Some(number),
            Err(_) => text.parse().ok().and_then(without_fraction),
        },
        _ => None,
    }
}

fn without_fraction(number: f64) -> Option<i128> {
    // Up to here every whole number is a float.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[allow(clippy::cast_possible_truncation, reason = "it is a whole number below 2^53")]
    (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as i128)
}

fn real(json: &Json) -> Option<f64> {
    match json {
        Json::Number(number) => number.as_f64(),
        Json::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            text => text.parse().ok().filter(|number: &f64| number.is_finite()),
        },
        _ => None,
    }
}

/// By name, or by number: one that has no name yet is kept, and the call says what it thinks of it.
fn number_of(enumeration: &EnumDescriptor, json: &Json) -> Option<i32> {
    if let Some(value) = json.as_str().and_then(|name| enumeration.get_value_by_name(name)) {
        return Some(value.number());
    }
    whole(json).and_then(|number| i32::try_from(number).ok())
}
