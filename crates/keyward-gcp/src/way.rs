//! The way to the keys of one ring, for one port: found once, and taken by every call from then on.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use keyward_core::kms::KmsError;
use keyward_core::name::KeyRingName;
use tokio::sync::OnceCell;

use crate::clients::Client;
use crate::endpoint::Endpoint;
use crate::lane::Lane;
use crate::port::Port;

/// Where, in which lane, and by which client.
pub(crate) struct Way {
    pub(crate) endpoint: Endpoint,
    pub(crate) lane: Arc<Lane>,
    /// The port whose account the client has.
    pub(crate) port: Port,
    pub(crate) client: OnceCell<Client>,
}

/// Every way that was taken.
#[derive(Default)]
pub(crate) struct Ways(Mutex<HashMap<(KeyRingName, Port), Arc<Way>>>);

impl Ways {
    /// The way to the keys of `ring`, found by `find` when it is first taken.
    pub(crate) fn to(
        &self,
        ring: &KeyRingName,
        port: Port,
        find: impl FnOnce() -> Result<Way, KmsError>,
    ) -> Result<Arc<Way>, KmsError> {
        let mut ways = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(way) = ways.get(&(ring.clone(), port)) {
            return Ok(way.clone());
        }
        let way = Arc::new(find()?);
        ways.insert((ring.clone(), port), way.clone());
        Ok(way)
    }
}
