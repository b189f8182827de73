//! What is around keys, over the REST interfaces of Google Cloud: one file for each service.
//!
//! All of it looks. Google's own hosts are asked, with the credentials that Cloud KMS is asked with; where Cloud KMS is on
//! this machine, everything is asked there, and what that does not serve is unknown.

mod ask;
mod billing;
mod denials;
mod home;
mod iam;
mod inventory;
mod list;
mod logging;
mod monitoring;
mod org_policy;
mod policy;
mod port;
mod request;
mod resource_manager;
mod service_usage;
mod storage;
mod wire;

use std::sync::Arc;

use keyward_core::kms::Observed;
use tokio::sync::Semaphore;

use self::wire::Wires;
use crate::kms::{GcpKms, Shared};

/// Most calls in flight at once. None of these services has to be asked often.
const IN_FLIGHT: usize = 8;

/// What is around the keys of a [`GcpKms`]. Cheap to clone; clones share connections and credentials.
#[derive(Clone)]
pub struct GcpEstate {
    kms: Arc<Shared>,
    own: Arc<Own>,
}

/// What the estate has besides what the keys have.
struct Own {
    wires: Wires,
    slots: Semaphore,
}

impl GcpKms {
    /// What is around its keys, seen with the same credentials, acting as the account for reading if there is one. That
    /// account's token is good for all of Google Cloud, as several of these services ask for; its roles are what limits it.
    pub fn estate(&self) -> GcpEstate {
        GcpEstate {
            kms: self.0.clone(),
            own: Arc::new(Own {
                wires: Wires::default(),
                slots: Semaphore::new(IN_FLIGHT),
            }),
        }
    }
}

/// Why something was not seen.
#[derive(Debug)]
enum Unseen {
    /// It is certainly not there.
    Absent,
    /// For this reason.
    Because(String),
}

/// What was asked for, or why it was not seen.
type Sight<T> = Result<T, Unseen>;

impl From<String> for Unseen {
    fn from(why: String) -> Self {
        Self::Because(why)
    }
}

fn observed<T>(sight: Sight<T>) -> Observed<T> {
    match sight {
        Ok(value) => Observed::Present(value),
        Err(Unseen::Absent) => Observed::Absent,
        Err(Unseen::Because(why)) => Observed::Unknown(why),
    }
}
