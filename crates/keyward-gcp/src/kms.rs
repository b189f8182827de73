//! The provider itself: what all its calls share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use keyward_core::clock::Clock;
use keyward_core::kms::KmsError;
use keyward_core::location::Location;
use rand_core::CryptoRng;
use tokio::sync::OnceCell;

use crate::access::{Access, CredentialSource, Settings};
use crate::backoff::Backoff;
use crate::clients::Clients;
use crate::credentials::Caller;
use crate::endpoint::Endpoint;
use crate::lane::{Lane, Lanes};
use crate::port::Port;
use crate::target::Target;
use crate::way::{Way, Ways};

/// Google Cloud KMS. Cheap to clone; clones share clients, quotas and credentials.
///
/// It implements the four ports. Calls need a tokio runtime with I/O and time enabled, always the same one. Nothing is
/// done before the first call.
///
/// A plaintext is wiped here after use. The copies that Google's client makes on the way to the socket (JSON, base64, TLS
/// buffers) are not.
#[derive(Clone)]
pub struct GcpKms(pub(crate) Arc<Shared>);

/// What all clones share.
pub(crate) struct Shared {
    pub(crate) access: Access,
    pub(crate) clock: Arc<dyn Clock>,
    rng: Mutex<Box<dyn CryptoRng + Send>>,
    pub(crate) clients: Clients,
    lanes: Lanes,
    ways: Ways,
    /// Endpoints that were read and checked before.
    endpoints: Mutex<HashMap<(Option<String>, Location), Endpoint>>,
    backoff: Backoff,
}

impl GcpKms {
    /// Cloud KMS, reached as `access` says. `clock` tells how many hours a version has left; `rng` spreads retries in time.
    pub fn new(access: Access, clock: Arc<dyn Clock>, rng: Box<dyn CryptoRng + Send>) -> Self {
        Self::with_backoff(access, clock, rng, Backoff::default())
    }

    pub(crate) fn with_backoff(
        mut access: Access,
        clock: Arc<dyn Clock>,
        rng: Box<dyn CryptoRng + Send>,
        backoff: Backoff,
    ) -> Self {
        let source = std::mem::replace(&mut access.credentials, CredentialSource::Anonymous);
        Self(Arc::new(Shared {
            access,
            clock,
            rng: Mutex::new(rng),
            clients: Clients::new(Caller::new(source)),
            lanes: Lanes::default(),
            ways: Ways::default(),
            endpoints: Mutex::default(),
            backoff,
        }))
    }
}

impl Shared {
    /// The settings for a resource.
    pub(crate) fn settings(&self, target: &Target<'_>) -> Result<&Settings, KmsError> {
        match target.ring {
            Some(ring) => Ok(self.access.of_ring(ring)),
            None => self.access.of_location(target.project, target.location),
        }
    }

    /// The way to a resource.
    pub(crate) fn way(
        &self,
        target: &Target<'_>,
        port: Port,
        settings: &Settings,
    ) -> Result<Arc<Way>, KmsError> {
        let find = || {
            Ok(Way {
                endpoint: self.endpoint(settings, target.location)?,
                lane: self.lane(target.project, target.location),
                port,
                client: OnceCell::new(),
            })
        };
        match target.ring {
            Some(ring) => self.ways.to(ring, port, find),
            None => find().map(Arc::new),
        }
    }

    /// Where a location is reached.
    pub(crate) fn endpoint(&self, settings: &Settings, location: &Location) -> Result<Endpoint, KmsError> {
        let asked = (settings.endpoint.clone(), location.clone());
        let mut endpoints = self.endpoints.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(endpoint) = endpoints.get(&asked) {
            return Ok(endpoint.clone());
        }
        let named = self.access.otherwise.endpoint.as_deref();
        let endpoint = Endpoint::of(settings.endpoint.as_deref(), named, location)?;
        endpoints.insert(asked, endpoint.clone());
        Ok(endpoint)
    }

    pub(crate) fn lane(&self, project: &str, location: &Location) -> Arc<Lane> {
        self.lanes
            .of(project, location, || self.access.quota(project, location))
    }

    /// How long to wait after so many failures.
    pub(crate) fn wait(&self, failures: u32) -> Duration {
        let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
        self.backoff.wait(failures, rng.as_mut())
    }
}
