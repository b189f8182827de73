//! keyward's Cloud KMS provider at an emulator, in no hurry for quotas.

use std::sync::Arc;

use keyward_core::clock::{Clock, Timestamp};
use keyward_emulator::{Emulator, Trouble};
use keyward_gcp::{Access, CredentialSource, GcpKms, Quota, Settings};
use rand::rngs::StdRng;

/// More calls than a test makes.
pub const ENOUGH: Quota = Quota {
    reads_per_minute: 10_000_000,
    writes_per_minute: 10_000_000,
    crypto_per_minute: 10_000_000,
    in_flight: 64,
};

/// The provider, as nobody in particular.
pub fn at(emulator: &Emulator) -> GcpKms {
    with(emulator, CredentialSource::Anonymous)
}

/// The provider, as the caller that this bearer token names.
pub fn acting_as(emulator: &Emulator, caller: &str) -> GcpKms {
    let command = ["printf", "%s", caller].map(Into::into).to_vec();
    with(emulator, CredentialSource::Command(command))
}

fn with(emulator: &Emulator, credentials: CredentialSource) -> GcpKms {
    let settings = Settings {
        endpoint: Some(emulator.endpoint()),
        quota: ENOUGH,
        ..Settings::default()
    };
    let access = Access {
        otherwise: settings,
        credentials,
        ..Access::default()
    };
    let rng = Box::new(rand::make_rng::<StdRng>());
    GcpKms::new(access, Arc::new(ClockOf(emulator.trouble().clone())), rng)
}

/// The clock of an emulator, in microseconds.
pub struct ClockOf(pub Trouble);

impl Clock for ClockOf {
    fn now(&self) -> Timestamp {
        microseconds(self.0.now())
    }
}

/// The clock of the machine, in microseconds.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        microseconds(Timestamp::now())
    }
}

/// Cloud KMS knows no shorter times.
fn microseconds(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(time.as_microsecond()).unwrap()
}
