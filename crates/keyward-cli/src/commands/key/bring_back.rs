//! Bringing a version back, over the ports alone: out of its destroy schedule if need be, then enabled.

use keyward::verify::DEADLINE;
use keyward_core::error::{Error, Result};
use keyward_core::key::{KeyVersion, VersionState};
use keyward_core::kms::{Async, KmsCode, KmsError, KmsRescue, Observed};
use keyward_core::name::VersionRef;
use tokio::time::timeout;

use crate::ui::hints;

/// Restores if need be and if it `may_restore`, and enables if need be. A version that cannot be `seen` is rescued all
/// the same: the provider knows its state. Answers the state that it was found in, if that was seen.
///
/// # Errors
/// What stood in the way, and how far it got.
pub(super) async fn bring_back(
    seen: Observed<KeyVersion>,
    rescuer: &dyn KmsRescue,
    version: &VersionRef,
    may_restore: bool,
) -> Result<Option<VersionState>> {
    let was = match seen {
        Observed::Present(seen) => Some(seen.state),
        Observed::Absent => return Err(hints::no_such(Error::refused("it does not exist"))),
        Observed::Unknown(_) => None,
    };
    let restored = match was {
        Some(VersionState::Enabled) => return Ok(was),
        Some(VersionState::DestroyScheduled) if !may_restore => {
            return Err(Error::refused("it is scheduled for destruction, not disabled")
                .hint(format!("keyward key restore {version}")));
        }
        Some(VersionState::Destroyed) => {
            return Err(
                Error::refused("it is destroyed: its key material is gone for good")
                    .hint("files open through their other locations, or with the escrow identity"),
            );
        }
        Some(VersionState::DestroyScheduled) | None if may_restore => restore(rescuer, version).await?,
        _ => false,
    };
    enable(rescuer, version).await.map_err(|why| {
        if restored {
            only_restored(why, version)
        } else {
            why
        }
    })?;
    Ok(was)
}

/// Answers whether there was anything to restore from.
async fn restore(rescuer: &dyn KmsRescue, version: &VersionRef) -> Result<bool> {
    match answer(rescuer.restore(&version.name)).await {
        Ok(_) => Ok(true),
        // It is not scheduled, or not any more: enabling it tells the rest.
        Err(why) if why.code == KmsCode::FailedPrecondition => Ok(false),
        Err(why) => Err(why.into()),
    }
}

async fn enable(rescuer: &dyn KmsRescue, version: &VersionRef) -> Result<()> {
    match answer(rescuer.enable(&version.name)).await?.state {
        VersionState::Enabled => Ok(()),
        other => Err(Error::unavailable(format!(
            "it was to be enabled, and is {other}"
        ))),
    }
}

async fn answer<T>(call: Async<'_, Result<T, KmsError>>) -> Result<T, KmsError> {
    let late = |_| {
        let what = format!("no answer within {} s", DEADLINE.as_secs());
        Err(KmsError::new(KmsCode::DeadlineExceeded, what))
    };
    timeout(DEADLINE, call).await.unwrap_or_else(late)
}

fn only_restored(why: Error, version: &VersionRef) -> Error {
    let what = "it is not scheduled for destruction any more; it is DISABLED, and could not be enabled";
    Error::new(why.kind(), what)
        .because(why)
        .hint(format!("keyward key enable {version}"))
}

#[cfg(test)]
mod tests;
