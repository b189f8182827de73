//! What the storage says when a customer-managed key does not let it read or write: every such sentence, in one place.
//!
//! Seen in answers of the real service: permission denied, the location that does not fit, the name that is no key's.
//! From its published table of reasons (all of them 400): key disabled, key not found. How the table's reasons and
//! sentences come together in one answer was not seen, so those are marked (U).

use keyward_core::kms::{KmsCode, KmsError};

use super::refusal::Refusal;

/// The service agent may not use the key.
pub(crate) fn denied() -> Refusal {
    let message = "Permission denied on Cloud KMS key. Please ensure that your Cloud Storage service account has been \
                   authorized to use this key.";
    Refusal::new(403, "forbidden", message).code("AccessDenied")
}

/// What was named is no crypto key: a version, or nothing of the kind.
pub(crate) fn bad_name(name: &str) -> Refusal {
    let name: String = name.chars().take(300).collect();
    Refusal::invalid(format!("Bad Cloud KMS crypto key: {name}")).code("CloudKmsBadKey")
}

/// The key is in a place that the bucket's contents may not depend on.
pub(crate) fn wrong_location(key: &str, bucket: &str) -> Refusal {
    let message = format!("Cloud KMS region '{key}' not available for use with GCS region '{bucket}'.");
    Refusal::invalid(message).code("CloudKmsKeyLocationNotAllowed")
}

/// The key does not encrypt: (U) for all but a missing permission.
pub(crate) fn encrypting(error: &KmsError) -> Refusal {
    match error.code {
        KmsCode::NotFound => missing(
            "cloudKmsEncryptionKeyNotFound",
            "Cloud KMS encryption key not found.",
        ),
        _ => using(error),
    }
}

/// The key does not decrypt: (U) for all but a missing permission.
pub(crate) fn decrypting(error: &KmsError) -> Refusal {
    match error.code {
        KmsCode::NotFound => {
            let message = "Resource's Cloud KMS decryption key not found.";
            missing("cloudKmsDecryptionKeyNotFound", message)
        }
        _ => using(error),
    }
}

fn missing(reason: &'static str, message: &str) -> Refusal {
    Refusal::new(400, reason, message)
}

fn using(error: &KmsError) -> Refusal {
    match error.code {
        KmsCode::PermissionDenied => denied(),
        KmsCode::FailedPrecondition => {
            let message = format!(
                "Cloud KMS key is disabled, destroyed, or scheduled to be destroyed. ({})",
                error.message
            );
            Refusal::new(400, "cloudKmsDisabledKey", message)
        }
        KmsCode::Unavailable | KmsCode::DeadlineExceeded | KmsCode::ResourceExhausted => {
            Refusal::new(503, "backendError", error.message.clone())
        }
        KmsCode::InvalidArgument => Refusal::new(400, "cloudKmsBadKey", "Bad Cloud KMS key."),
        _ => Refusal::new(500, "internalError", error.message.clone()),
    }
}
