//! Seeing what a question about losses needs: how the keys of a manifest are now, and which escrow recipients were
//! drilled. The answer itself is pure, and in [`keyward_core::survive`].

mod record;

use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use keyward_core::clock::Timestamp;
use keyward_core::inventory::Powers;
use keyward_core::kms::Observed;
use keyward_core::manifest::{KeyringSpec, Manifest};
use keyward_core::survive::Topology;
use keyward_core::verify::LockState;

pub use record::Record;

use crate::registry::Readers;
use crate::verify::{Sight, in_time};

/// Keys that are looked at at the same time.
const AT_ONCE: usize = 8;

/// Looks at the versions of every key of `manifest`; one that does not answer within `deadline` is unknown.
pub async fn look(manifest: &Manifest, readers: &Readers, deadline: Duration) -> Sight {
    let keys = manifest.keyrings().flat_map(KeyringSpec::keys);
    let looks = keys.map(|key| async move {
        let versions = match readers.get(key.provider) {
            Ok(reader) => in_time(deadline, reader.list_versions(&key.name)).await,
            Err(error) => Observed::Unknown(error.to_string()),
        };
        (key.clone(), versions)
    });
    stream::iter(looks).buffered(AT_ONCE).collect().await
}

/// What losses hang on: `sight` is how the keys were seen, `powers` what was seen of who may end them, and the lock
/// tells which escrow recipients were drilled.
pub fn topology_of(
    manifest: &Manifest,
    lock: LockState<'_>,
    sight: &Sight,
    powers: Powers,
    now: Timestamp,
) -> Topology {
    let mut topology = Topology::of(manifest, now);
    topology.powers.over.extend(powers.over);
    topology.powers.owners.extend(powers.owners);
    if let LockState::Read(lock) = lock {
        let drills = lock.escrow.iter();
        let drills = drills.map(|(recipient, drill)| (recipient.to_string(), drill.drilled));
        topology.drilled = drills.collect();
    }
    for (key, versions) in sight {
        topology.saw(key, versions.as_ref().map(Vec::as_slice));
    }
    topology
}
