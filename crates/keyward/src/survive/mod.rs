//! Seeing what a question about losses needs: how the keys of a manifest are now, and which escrow recipients were
//! drilled. The answer itself is pure, and in [`keyward_core::survive`].

mod record;

use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use keyward_core::clock::Timestamp;
use keyward_core::inventory::Powers;
use keyward_core::kms::Observed;
use keyward_core::manifest::{Lock, Manifest};
use keyward_core::name::KeyRef;
use keyward_core::survive::Topology;

pub use record::Record;

use crate::registry::Readers;
use crate::verify::in_time;

/// Keys that are looked at at the same time.
const AT_ONCE: usize = 8;

/// Looks at the versions of every key of `manifest`; one that does not answer within `deadline` is unknown. `powers` is
/// what was seen of who may end the keys.
pub async fn topology(
    manifest: &Manifest,
    lock: Option<&Lock>,
    readers: &Readers,
    powers: Powers,
    now: Timestamp,
    deadline: Duration,
) -> Topology {
    let mut topology = Topology::of(manifest, now);
    topology.powers.over.extend(powers.over);
    topology.powers.owners.extend(powers.owners);
    let drills = lock.into_iter().flat_map(|lock| &lock.escrow);
    topology.drilled = drills
        .map(|(recipient, drill)| (recipient.to_string(), drill.drilled))
        .collect();
    let keys: Vec<KeyRef> = topology.keys.keys().cloned().collect();
    let looks = keys.into_iter().map(|key| async move {
        let versions = match readers.get(key.provider) {
            Ok(reader) => in_time(deadline, reader.list_versions(&key.name)).await,
            Err(error) => Observed::Unknown(error.to_string()),
        };
        (key, versions)
    });
    let seen: Vec<_> = stream::iter(looks).buffered(AT_ONCE).collect().await;
    for (key, versions) in &seen {
        topology.saw(key, versions.as_ref().map(Vec::as_slice));
    }
    topology
}
