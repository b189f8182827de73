//! The fields that filters can name: all those of rings, keys and versions.

use super::{Fields, Value};
use crate::interface::google::cloud::kms::v1::crypto_key::{CryptoKeyPurpose, RotationSchedule};
use crate::interface::google::cloud::kms::v1::crypto_key_version::{
    CryptoKeyVersionAlgorithm, CryptoKeyVersionState,
};
use crate::interface::google::cloud::kms::v1::import_job::{ImportJobState, ImportMethod};
use crate::interface::google::cloud::kms::v1::{
    CryptoKey, CryptoKeyVersion, ImportJob, KeyRing, ProtectionLevel,
};
use crate::kms::field::time;
use crate::kms::list::Listed;

/// A field that is an enumeration.
macro_rules! word {
    ($kind:ty, $number:expr) => {
        Value::Word(
            <$kind>::try_from($number).ok().map(|value| value.as_str_name()),
            |word| <$kind>::from_str_name(word).is_some(),
        )
    };
}

impl Fields for KeyRing {
    fn field(&self, path: &str) -> Option<Value<'_>> {
        match path {
            "name" => Some(Value::text(&self.name)),
            "create_time" => Some(instant(self.create_time.as_ref())),
            _ => None,
        }
    }
}

impl Fields for CryptoKey {
    fn field(&self, path: &str) -> Option<Value<'_>> {
        if let Some((outer, inner)) = path.split_once('.') {
            return match outer {
                "primary" => part(self.primary.as_ref(), inner),
                "version_template" => self.template(inner),
                "labels" => Some(Value::Text(self.labels.get(inner).map(String::as_str))),
                _ => None,
            };
        }
        Some(match path {
            "name" => Value::text(&self.name),
            "purpose" => word!(CryptoKeyPurpose, self.purpose),
            "create_time" => instant(self.create_time.as_ref()),
            "next_rotation_time" => instant(self.next_rotation_time.as_ref()),
            "rotation_period" => span(self.period()),
            "destroy_scheduled_duration" => span(self.destroy_scheduled_duration.as_ref()),
            "import_only" => Value::Flag(Some(self.import_only)),
            "crypto_key_backend" => Value::text(&self.crypto_key_backend),
            _ => return None,
        })
    }
}

impl CryptoKey {
    fn period(&self) -> Option<&prost_types::Duration> {
        let schedule = self.rotation_schedule.as_ref();
        schedule.map(|RotationSchedule::RotationPeriod(period)| period)
    }

    fn template(&self, path: &str) -> Option<Value<'_>> {
        let template = self.version_template.unwrap_or_default();
        match path {
            "protection_level" => Some(word!(ProtectionLevel, template.protection_level)),
            "algorithm" => Some(word!(CryptoKeyVersionAlgorithm, template.algorithm)),
            _ => None,
        }
    }
}

impl Fields for CryptoKeyVersion {
    fn field(&self, path: &str) -> Option<Value<'_>> {
        Some(match path {
            "name" => Value::text(&self.name),
            "state" => word!(CryptoKeyVersionState, self.state),
            "protection_level" => word!(ProtectionLevel, self.protection_level),
            "algorithm" => word!(CryptoKeyVersionAlgorithm, self.algorithm),
            "create_time" => instant(self.create_time.as_ref()),
            "generate_time" => instant(self.generate_time.as_ref()),
            "destroy_time" => instant(self.destroy_time.as_ref()),
            "destroy_event_time" => instant(self.destroy_event_time.as_ref()),
            "import_time" => instant(self.import_time.as_ref()),
            "import_job" => Value::text(&self.import_job),
            "import_failure_reason" => Value::text(&self.import_failure_reason),
            "generation_failure_reason" => Value::text(&self.generation_failure_reason),
            "external_destruction_failure_reason" => Value::text(&self.external_destruction_failure_reason),
            "reimport_eligible" => Value::Flag(Some(self.reimport_eligible)),
            "trusted_wrapping_enabled" => Value::Flag(Some(self.trusted_wrapping_enabled)),
            "hsm_trusted" => Value::Flag(Some(self.hsm_trusted)),
            _ => return None,
        })
    }
}

impl Fields for ImportJob {
    fn field(&self, path: &str) -> Option<Value<'_>> {
        Some(match path {
            "name" => Value::text(&self.name),
            "import_method" => word!(ImportMethod, self.import_method),
            "protection_level" => word!(ProtectionLevel, self.protection_level),
            "state" => word!(ImportJobState, self.state),
            "create_time" => instant(self.create_time.as_ref()),
            "generate_time" => instant(self.generate_time.as_ref()),
            "expire_time" => instant(self.expire_time.as_ref()),
            "expire_event_time" => instant(self.expire_event_time.as_ref()),
            "crypto_key_backend" => Value::text(&self.crypto_key_backend),
            _ => return None,
        })
    }
}

impl Listed for KeyRing {
    fn name(&self) -> &str {
        &self.name
    }
}

impl Listed for CryptoKey {
    fn name(&self) -> &str {
        &self.name
    }
}

impl Listed for CryptoKeyVersion {
    fn name(&self) -> &str {
        &self.name
    }
}

impl Listed for ImportJob {
    fn name(&self) -> &str {
        &self.name
    }
}

/// A field of a message in a message, which may not be there.
fn part<'a, T: Fields>(message: Option<&'a T>, path: &str) -> Option<Value<'a>> {
    match message {
        Some(message) => message.field(path),
        None => T::default().field(path).map(Value::unset),
    }
}

fn instant(instant: Option<&prost_types::Timestamp>) -> Value<'static> {
    Value::Time(instant.and_then(time::from_wire))
}

fn span(span: Option<&prost_types::Duration>) -> Value<'static> {
    Value::Span(span.and_then(time::duration_from_wire))
}
