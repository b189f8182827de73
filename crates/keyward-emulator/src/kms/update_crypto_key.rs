//! UpdateCryptoKey: labels, the rotation schedule, and the algorithm of new versions. Everything else is immutable.

use std::time::Duration;

use keyward_core::clock::Timestamp;
use keyward_core::key::{KeyUpdate, RotationSchedule};

use super::create_crypto_key::check_algorithm;
use super::field::{label, mask, name, resource, schedule};
use super::unverified;
use crate::interface::google::cloud::kms::v1::{CryptoKey, UpdateCryptoKeyRequest};
use crate::refusal::Refusal;
use crate::rpc::{Call, Method, Rpc};

const LABELS: &str = "labels";
const PERIOD: &str = "rotation_period";
const NEXT: &str = "next_rotation_time";
const ALGORITHM: &str = "version_template.algorithm";
/// Cloud KMS can change it.
const UNSERVED: [&str; 1] = ["key_access_justifications_policy"];

pub(crate) struct UpdateCryptoKey;

impl Rpc for UpdateCryptoKey {
    const METHOD: Method = Method::changes("UpdateCryptoKey", "cloudkms.cryptoKeys.update");
    type Request = UpdateCryptoKeyRequest;
    type Response = CryptoKey;

    fn resource(request: &Self::Request) -> &str {
        request.crypto_key.as_ref().map_or("", |key| &key.name)
    }

    fn check_name(resource: &str) -> Result<(), Refusal> {
        name::key(resource).map(drop)
    }

    fn answer(call: &Call<'_>, request: Self::Request) -> Result<Self::Response, Refusal> {
        let asked = request.crypto_key.unwrap_or_default();
        let name = name::key(&asked.name)?;
        call.state.keys.key(&name)?;
        let allowed = [LABELS, PERIOD, NEXT, ALGORITHM];
        let wanted = Wanted::read(
            asked,
            &mask::paths(request.update_mask.as_ref(), &allowed, &UNSERVED)?,
        )?;
        // The schedule that stands is read under the same lock under which the new one is set.
        call.state.keys.change(&name, |machine, now| {
            let current = machine.update_key(&name, KeyUpdate::default(), now)?.rotation;
            let update = match wanted.update(current) {
                Ok(update) => update,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let key = machine.update_key(&name, update, now)?;
            Ok(Ok(resource::key(&key, machine.record(&name)?.primary())))
        })?
    }
}

/// What an update asks for: of each field nothing, or what it is to be.
#[derive(Default)]
struct Wanted {
    labels: Option<std::collections::BTreeMap<String, String>>,
    period: Option<Option<Duration>>,
    next: Option<Option<Timestamp>>,
}

impl Wanted {
    fn read(asked: CryptoKey, paths: &[&str]) -> Result<Self, Refusal> {
        let mut wanted = Self::default();
        for path in paths {
            match *path {
                PERIOD => wanted.period = Some(schedule::period(asked.rotation_schedule.as_ref())?),
                NEXT => wanted.next = Some(schedule::next(asked.next_rotation_time.as_ref())?),
                ALGORITHM => new_algorithm(&asked)?,
                _ => {}
            }
        }
        if paths.contains(&LABELS) {
            label::check(&asked.labels)?;
            wanted.labels = Some(asked.labels);
        }
        Ok(wanted)
    }

    /// The update of a key with this schedule. What the mask does not name of a schedule stays.
    fn update(self, current: Option<RotationSchedule>) -> Result<KeyUpdate, Refusal> {
        let rotation = if self.period.is_none() && self.next.is_none() {
            None
        } else {
            let period = self
                .period
                .unwrap_or_else(|| current.and_then(|current| current.period()));
            let next = self.next.unwrap_or_else(|| current.map(|current| current.next()));
            Some(schedule::rotation(period, next)?)
        };
        let labels = self.labels;
        Ok(KeyUpdate { labels, rotation })
    }
}

/// The algorithm of versions made from now on: the one that there is, but it must be named.
fn new_algorithm(asked: &CryptoKey) -> Result<(), Refusal> {
    let algorithm = asked.version_template.unwrap_or_default().algorithm;
    if algorithm == 0 {
        return Err(unverified::required("crypto_key.version_template.algorithm"));
    }
    check_algorithm(algorithm)
}
