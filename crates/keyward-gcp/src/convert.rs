//! Google's messages as keyward's types. What does not say what it must is no answer.

use std::collections::BTreeMap;
use std::time::Duration;

use google_cloud_kms_v1::model;
use google_cloud_kms_v1::model::crypto_key::RotationSchedule as Period;
use google_cloud_wkt as wkt;
use keyward_core::clock::Timestamp;
use keyward_core::key::{
    Algorithm, CryptoKey, DestroyWindow, KeyRing, KeyVersion, ProtectionLevel, Purpose, RotationSchedule,
    VersionState,
};
use keyward_core::name::{CryptoKeyName, KeyRingName, KeyVersionName};

/// A key ring.
pub(crate) fn ring(from: model::KeyRing) -> Result<KeyRing, String> {
    Ok(KeyRing {
        name: name::<KeyRingName>(&from.name)?,
        created: required("create_time", from.create_time)?,
    })
}

/// A crypto key.
pub(crate) fn key(from: model::CryptoKey) -> Result<CryptoKey, String> {
    let template = from.version_template.unwrap_or_default();
    let key: CryptoKeyName = name(&from.name)?;
    Ok(CryptoKey {
        purpose: Purpose::from_id(from.purpose.name().unwrap_or_default()),
        algorithm: Algorithm::from_id(template.algorithm.name().unwrap_or_default()),
        protection: ProtectionLevel::from_id(template.protection_level.name().unwrap_or_default()),
        created: required("create_time", from.create_time)?,
        rotation: rotation(from.rotation_schedule, from.next_rotation_time)?,
        destroy_window: window(from.destroy_scheduled_duration)?,
        primary: from
            .primary
            .map(|primary| number_in(&key, &primary.name))
            .transpose()?,
        labels: BTreeMap::from_iter(from.labels),
        access_reasons: from.key_access_justifications_policy.map(|policy| {
            let reasons = policy.allowed_access_reasons.iter();
            reasons
                .map(|reason| reason.name().unwrap_or("UNKNOWN").to_owned())
                .collect()
        }),
        name: key,
    })
}

/// A key version.
pub(crate) fn version(from: model::CryptoKeyVersion) -> Result<KeyVersion, String> {
    Ok(KeyVersion {
        name: name::<KeyVersionName>(&from.name)?,
        state: VersionState::from_id(from.state.name().unwrap_or_default()),
        algorithm: Algorithm::from_id(from.algorithm.name().unwrap_or_default()),
        protection: ProtectionLevel::from_id(from.protection_level.name().unwrap_or_default()),
        created: required("create_time", from.create_time)?,
        destroy_at: from.destroy_time.map(timestamp).transpose()?,
        destroyed_at: from.destroy_event_time.map(timestamp).transpose()?,
    })
}

/// Whether the primary of a key has no material yet.
pub(crate) fn is_pending(key: &model::CryptoKey) -> bool {
    let pending = model::crypto_key_version::CryptoKeyVersionState::PendingGeneration;
    key.primary
        .as_ref()
        .is_some_and(|primary| primary.state == pending)
}

/// An instant as the API takes it.
pub(crate) fn instant(at: Timestamp) -> wkt::Timestamp {
    wkt::Timestamp::clamp(at.as_second(), at.subsec_nanosecond())
}

/// A duration as the API takes it. One that it cannot hold is one that no key may have.
pub(crate) fn duration(of: Duration) -> wkt::Duration {
    let seconds = i64::try_from(of.as_secs()).unwrap_or(i64::MAX);
    wkt::Duration::clamp(seconds, i32::try_from(of.subsec_nanos()).unwrap_or_default())
}

fn name<N: std::str::FromStr>(text: &str) -> Result<N, String> {
    text.parse().map_err(|_| {
        let shown: String = text.chars().take(120).flat_map(char::escape_debug).collect();
        format!("`{shown}` is no name of what was asked for")
    })
}

fn number_in(key: &CryptoKeyName, version: &str) -> Result<u64, String> {
    let version: KeyVersionName = name(version)?;
    match version.key() == key {
        true => Ok(version.number()),
        false => Err(format!("its primary is {version}, of another key")),
    }
}

fn required(what: &str, at: Option<wkt::Timestamp>) -> Result<Timestamp, String> {
    at.map_or_else(|| Err(format!("it has no {what}")), timestamp)
}

fn timestamp(at: wkt::Timestamp) -> Result<Timestamp, String> {
    Timestamp::new(at.seconds(), at.nanos()).map_err(|_| "it has a time beyond the calendar".to_owned())
}

fn rotation(
    period: Option<Period>,
    next: Option<wkt::Timestamp>,
) -> Result<Option<RotationSchedule>, String> {
    let period = match period {
        Some(Period::RotationPeriod(period)) => Some(length(*period)?),
        Some(_) => {
            return Err("its rotation schedule is of a kind that this release does not know".to_owned());
        }
        None => None,
    };
    match next {
        Some(next) => Ok(Some(RotationSchedule::observed(period, timestamp(next)?))),
        None if period.is_some() => Err("it has a rotation period and no next rotation".to_owned()),
        None => Ok(None),
    }
}

/// Without one, a key has the default of Cloud KMS.
fn window(of: Option<wkt::Duration>) -> Result<DestroyWindow, String> {
    of.map_or(Ok(DestroyWindow::default()), |window| {
        length(window).map(DestroyWindow::observed)
    })
}

fn length(of: wkt::Duration) -> Result<Duration, String> {
    Duration::try_from(of).map_err(|_| "it has a negative duration".to_owned())
}

/// A key that is to have this schedule.
pub(crate) fn with_rotation(key: model::CryptoKey, rotation: Option<RotationSchedule>) -> model::CryptoKey {
    let Some(rotation) = rotation else {
        return key;
    };
    let key = key.set_next_rotation_time(instant(rotation.next()));
    match rotation.period() {
        Some(period) => key.set_rotation_period(duration(period)),
        None => key,
    }
}

/// Whether two schedules are the same to Cloud KMS, which keeps microseconds.
pub(crate) fn is_same_rotation(one: Option<RotationSchedule>, other: Option<RotationSchedule>) -> bool {
    let seen = |rotation: RotationSchedule| (rotation.period(), rotation.next().as_microsecond());
    one.map(seen) == other.map(seen)
}
