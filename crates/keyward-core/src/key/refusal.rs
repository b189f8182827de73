//! What the machine says when the answer is no: the codes and sentences of Cloud KMS.

use std::fmt::Display;

use super::VersionState;
use crate::kms::{KmsCode, KmsError};
use crate::limits::{KEY_LABELS, KEY_VERSIONS, LABEL_LEN};
use crate::name::{CryptoKeyName, KeyRingName, KeyVersionName};

/// A resource that is certainly not there. `kind` is Google's name of the type.
fn not_found(kind: &str, name: &dyn Display) -> KmsError {
    KmsError::new(KmsCode::NotFound, format!("{kind} {name} not found."))
}

/// There is no such ring.
pub fn no_ring(name: &KeyRingName) -> KmsError {
    not_found("KeyRing", name)
}

/// There is no such key.
pub fn no_key(name: &CryptoKeyName) -> KmsError {
    not_found("CryptoKey", name)
}

/// There is no such version.
pub fn no_version(name: &KeyVersionName) -> KmsError {
    not_found("CryptoKeyVersion", name)
}

/// A name that is taken. A key keeps its name for ever, also when all its versions are destroyed.
pub(super) fn exists(kind: &str, name: &dyn Display) -> KmsError {
    KmsError::new(KmsCode::AlreadyExists, format!("{kind} {name} already exists."))
}

/// A move that the table does not have.
pub(super) fn wrong_state(name: &KeyVersionName, state: VersionState) -> KmsError {
    KmsError::new(
        KmsCode::FailedPrecondition,
        format!(
            "The request cannot be fulfilled. Resource {name} has value {state} in field crypto_key_version.state."
        ),
    )
}

/// A use of a version that is not enabled.
pub fn not_enabled(name: &KeyVersionName, state: VersionState) -> KmsError {
    let refusal = KmsError::new(
        KmsCode::FailedPrecondition,
        format!("{name} is not enabled, current state is: {state}."),
    );
    match state {
        VersionState::Other => refusal,
        _ => refusal.violation(format!("KEY_{state}"), name.to_string()),
    }
}

/// Encryption under a key without a primary. Cloud KMS does not document its code for this.
pub(super) fn no_primary(name: &CryptoKeyName) -> KmsError {
    KmsError::new(
        KmsCode::FailedPrecondition,
        format!("CryptoKey {name} has no primary version."),
    )
}

/// One version too many. Cloud KMS has no such limit.
pub(super) fn full(name: &CryptoKeyName) -> KmsError {
    let message = format!("CryptoKey {name} has {KEY_VERSIONS} versions, and gets no more.");
    KmsError::new(KmsCode::FailedPrecondition, message)
}

/// Labels that are too many or too long.
pub(super) fn labels(name: &CryptoKeyName) -> KmsError {
    let message = format!("labels of {name}: at most {KEY_LABELS}, of at most {LABEL_LEN} bytes.");
    KmsError::new(KmsCode::InvalidArgument, message)
}

/// A key that no machine here can be: what it is for or where it is to be is unknown, or a schedule beyond the limits.
pub(super) fn cannot_be(name: &CryptoKeyName, field: &str) -> KmsError {
    KmsError::new(
        KmsCode::InvalidArgument,
        format!("{field} of {name} has a value that is not supported."),
    )
}

/// A rotation that would have been due before it was asked for.
pub(super) fn rotation_in_the_past(name: &CryptoKeyName) -> KmsError {
    KmsError::new(
        KmsCode::InvalidArgument,
        format!("next_rotation_time of {name} must be in the future."),
    )
}

/// A ciphertext that this key did not make, or that was changed, or other additional data.
pub(super) fn does_not_open() -> KmsError {
    KmsError::new(
        KmsCode::InvalidArgument,
        "Decryption failed: verify that 'name' refers to the correct CryptoKey.",
    )
}
