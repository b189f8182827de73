//! Rescue against a provider whose answers are chosen.

use std::sync::Mutex;

use keyward_core::clock::Timestamp;
use keyward_core::error::ErrorKind;
use keyward_core::key::{Algorithm, Move, ProtectionLevel};
use keyward_core::name::KeyVersionName;

use super::VersionState::{DestroyScheduled, Destroyed, Disabled, Enabled};
use super::*;

const NAME: &str = "embedded-kms://projects/local/locations/us/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1";

/// One version, which moves as the table of states says; a broken one cannot be enabled.
struct Fake {
    state: Mutex<VersionState>,
    is_broken: bool,
}

impl Fake {
    fn new(state: VersionState) -> Self {
        Self {
            state: Mutex::new(state),
            is_broken: false,
        }
    }

    fn state(&self) -> VersionState {
        *self.state.lock().unwrap()
    }

    fn make(&self, step: Move) -> Result<KeyVersion, KmsError> {
        let mut state = self.state.lock().unwrap();
        let refused = KmsError::new(KmsCode::FailedPrecondition, format!("it is {state}"));
        *state = step.from(*state).ok_or(refused)?;
        Ok(version_in(*state))
    }
}

impl KmsRescue for Fake {
    fn restore<'a>(&'a self, _: &'a KeyVersionName) -> Async<'a, Result<KeyVersion, KmsError>> {
        Box::pin(async { self.make(Move::Restore) })
    }

    fn enable<'a>(&'a self, _: &'a KeyVersionName) -> Async<'a, Result<KeyVersion, KmsError>> {
        let broken = KmsError::new(KmsCode::Unavailable, "no answer");
        Box::pin(async move {
            if self.is_broken {
                Err(broken)
            } else {
                self.make(Move::Enable)
            }
        })
    }
}

fn name() -> VersionRef {
    NAME.parse().unwrap()
}

fn version_in(state: VersionState) -> KeyVersion {
    KeyVersion {
        name: name().name,
        state,
        algorithm: Algorithm::default(),
        protection: ProtectionLevel::default(),
        created: Timestamp::UNIX_EPOCH,
        destroy_at: None,
        destroyed_at: None,
    }
}

fn rescue(fake: &Fake, seen: Observed<KeyVersion>, may_restore: bool) -> Result<Option<VersionState>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    runtime
        .unwrap()
        .block_on(bring_back(seen, fake, &name(), may_restore))
}

#[test]
fn every_state_that_can_come_back_does_seen_or_not() {
    for state in [DestroyScheduled, Disabled, Enabled] {
        let fake = Fake::new(state);
        let was = rescue(&fake, Observed::Present(version_in(state)), true).unwrap();
        assert_eq!((was, fake.state()), (Some(state), Enabled));
        let fake = Fake::new(state);
        let was = rescue(&fake, Observed::Unknown("no answer".into()), true).unwrap();
        assert_eq!((was, fake.state()), (None, Enabled), "{state}, unseen");
    }
}

#[test]
fn what_somebody_else_restored_meanwhile_is_enabled() {
    let fake = Fake::new(Disabled);
    rescue(&fake, Observed::Present(version_in(DestroyScheduled)), true).unwrap();
    assert_eq!(fake.state(), Enabled);
}

#[test]
fn what_is_destroyed_stays_so_seen_or_not() {
    for seen in [
        Observed::Present(version_in(Destroyed)),
        Observed::Unknown("no answer".into()),
    ] {
        let fake = Fake::new(Destroyed);
        assert_eq!(rescue(&fake, seen, true).unwrap_err().kind(), ErrorKind::Refused);
    }
}

#[test]
fn enabling_restores_nothing() {
    for seen in [
        Observed::Present(version_in(DestroyScheduled)),
        Observed::Unknown("no answer".into()),
    ] {
        let fake = Fake::new(DestroyScheduled);
        assert!(rescue(&fake, seen, false).is_err());
        assert_eq!(fake.state(), DestroyScheduled);
    }
}

#[test]
fn how_far_it_got_is_said() {
    let fake = Fake {
        is_broken: true,
        ..Fake::new(DestroyScheduled)
    };
    let error = rescue(&fake, Observed::Present(version_in(DestroyScheduled)), true).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(
        error.what().contains("DISABLED, and could not be enabled"),
        "{error}"
    );
    assert_eq!(error.hints(), [format!("keyward key enable {NAME}")]);
    assert_eq!(fake.state(), Disabled);
}
