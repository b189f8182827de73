//! Generations: microseconds of the emulator's time, each greater than every one before.

use keyward_core::clock::Timestamp;
use keyward_core::kms::KmsError;

use super::refusal::Refusal;
use crate::shelf::Shelved;

const NAMESPACE: &str = "storage.stamp";
const LAST: &str = "generation";

/// The next generation. A clock that stands still, or was set back, does not make one come twice.
pub(crate) fn next(shelved: &Shelved<'_>, now: Timestamp) -> Result<i64, Refusal> {
    let last = last(shelved)?;
    let next = now.as_microsecond().max(last.saturating_add(1));
    shelved.put(NAMESPACE, LAST, &next.to_be_bytes())?;
    Ok(next)
}

fn last(shelved: &Shelved<'_>) -> Result<i64, KmsError> {
    let bytes = shelved.get(NAMESPACE, LAST)?;
    let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
    Ok(bytes.map_or(0, i64::from_be_bytes))
}
