//! What nobody has seen Cloud KMS answer yet: every guess of this emulator in one place, to be corrected after a run
//! against the real service.
//!
//! | call | guess | where |
//! |---|---|---|
//! | anything malformed: names, ids, labels, masks, sizes, schedules, lists | the code is certain (`INVALID_ARGUMENT`), the sentence is ours | here |
//! | a malformed name without the permission | `INVALID_ARGUMENT`, before permissions are looked at | `iam::Iam::admit` |
//! | an unknown location | code and first sentence were observed, the second is ours | [`no_location`] |
//! | a checksum beyond 32 bits | `INVALID_ARGUMENT` | [`checksum_out_of_range`] |
//! | `next_rotation_time` alone | one rotation, then none | `field::schedule` |
//! | `next_rotation_time` in the past | `INVALID_ARGUMENT` | core's key machine |
//! | update or restore in a state that does not allow it | `FAILED_PRECONDITION`, the sentence of a second destroy | core's key machine |
//! | encrypt without a primary | `FAILED_PRECONDITION` | core's key machine |
//! | decrypt with other additional data | `INVALID_ARGUMENT`, the sentence of a wrong key | core's key machine |
//! | violations beside `KEY_DISABLED` and `KEY_DESTROY_SCHEDULED` | `KEY_` and the state | core's key machine |
//! | a version of a number that does not exist made primary | `NOT_FOUND` | core's key machine |
//! | a version that is created disabled | created, then disabled | `create_crypto_key_version` |
//! | order of versions in a list | by number | `list_crypto_key_versions` |
//! | page sizes | 100 unless asked, 1000 at most | `list::page` |
//! | random bytes without a protection level | `INVALID_ARGUMENT` | [`random_protection`] |
//! | a filter on a field that a resource does not have set | `!=` matches, everything else does not | `list::filter` |

use tonic::Code;

use crate::refusal::Refusal;

/// A name that is none of its type.
pub(crate) fn malformed(kind: &str, name: &str) -> Refusal {
    Refusal::invalid(format!("`{}` is not the name of a {kind}.", shown(name)))
}

/// An id that a new resource cannot have, or that names none.
pub(crate) fn id(field: &str, id: &str) -> Refusal {
    let rule = match field {
        "crypto_key_version_id" => "the number of a version",
        _ => "1 to 63 letters, digits, `_` and `-`",
    };
    Refusal::invalid(format!("{field} is `{}`; it must be {rule}.", shown(id)))
}

/// A location that Cloud KMS does not have. The call then ends at the location of its front end.
pub(crate) fn no_location(location: &str) -> Refusal {
    let message = format!(
        "The request concerns location '{location}' but was sent to location 'global'. Either there is no such \
         location, or the call has to go to its own endpoint."
    );
    Refusal::new(Code::NotFound, message)
}

/// A checksum that is no 32-bit number.
pub(crate) fn checksum_out_of_range(field: &str) -> Refusal {
    Refusal::invalid(format!("{field}_crc32c must be between 0 and 4294967295."))
}

/// A field that a request must set.
pub(crate) fn required(field: &str) -> Refusal {
    Refusal::invalid(format!("{field} is required."))
}

/// A value that Cloud KMS does not know or that does not go with the rest of the key.
pub(crate) fn value(field: &str, value: &str) -> Refusal {
    Refusal::invalid(format!("{field} cannot be {}.", shown(value)))
}

/// More labels than a key may have.
pub(crate) fn too_many_labels(number: usize) -> Refusal {
    Refusal::invalid(format!("labels: there are {number}; at most 64 are allowed."))
}

/// A label that no rule allows.
pub(crate) fn label(key: &str, value: &str) -> Refusal {
    let message = format!(
        "labels: `{}`: `{}` is no label; at most 63 lower-case letters, digits, `_` and `-`, the key beginning with a \
         letter.",
        shown(key),
        shown(value)
    );
    Refusal::invalid(message)
}

/// An update that names no field.
pub(crate) fn empty_mask() -> Refusal {
    Refusal::invalid("update_mask must name at least one field.")
}

/// A field that cannot be updated.
pub(crate) fn mask_path(path: &str, allowed: &[&str]) -> Refusal {
    let allowed = allowed.join(", ");
    let message = format!(
        "update_mask: `{}` does not exist or cannot be changed; what can: {allowed}.",
        shown(path)
    );
    Refusal::invalid(message)
}

/// A period beyond the limits.
pub(crate) fn rotation_period() -> Refusal {
    Refusal::invalid("rotation_period must be at least 24 hours and at most 876,000 hours.")
}

/// A next rotation that is no time.
pub(crate) fn next_rotation_time() -> Refusal {
    Refusal::invalid("next_rotation_time must be a time between the years 1 and 9999.")
}

/// A period without a beginning.
pub(crate) fn no_next_rotation() -> Refusal {
    Refusal::invalid("next_rotation_time must be set when rotation_period is.")
}

/// A destroy window beyond the limits.
pub(crate) fn destroy_window() -> Refusal {
    Refusal::invalid("destroy_scheduled_duration must be at least 24 hours and at most 120 days.")
}

/// A use of a version that its purpose does not allow. The sentence was observed.
pub(crate) fn purpose(version: &str, purpose: &str) -> Refusal {
    let message = format!("Operation requested for Key {version} has incorrect key purpose: {purpose}");
    Refusal::new(Code::FailedPrecondition, message)
}

/// Random bytes from somewhere else than a hardware module. That only these serve them was observed.
pub(crate) fn random_protection(level: &str) -> Refusal {
    let message = format!("protection_level {level} does not generate random bytes; HSM does.");
    match level {
        "PROTECTION_LEVEL_UNSPECIFIED" => Refusal::invalid(message),
        _ => Refusal::new(Code::Unimplemented, message),
    }
}

/// Too many or too few random bytes.
pub(crate) fn random_length(length: i32) -> Refusal {
    Refusal::invalid(format!(
        "length_bytes is {length}; it must be at least 8 and at most 1024."
    ))
}

/// A page of less than nothing.
pub(crate) fn page_size(size: i32) -> Refusal {
    Refusal::invalid(format!("page_size is {size}; it must not be negative."))
}

/// A token of another list, or of none.
pub(crate) fn page_token() -> Refusal {
    Refusal::invalid("page_token is not one that this list has given: same parent, filter and order_by?")
}

/// An order that there is not.
pub(crate) fn order_by(order: &str) -> Refusal {
    Refusal::invalid(format!(
        "order_by is `{}`; it can be `name` or `name desc`.",
        shown(order)
    ))
}

/// A filter that means nothing. `position` counts characters from 1.
pub(crate) fn filter(position: usize, why: &str) -> Refusal {
    Refusal::invalid(format!("filter: {why}, at character {position}."))
}

/// A hostile text, safe to print: escaped, and cut.
pub(crate) fn shown(text: &str) -> String {
    text.chars().take(120).flat_map(char::escape_debug).collect()
}
