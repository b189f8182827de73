//! What answers for which provider: the embedded KMS over the state folder, and Google Cloud KMS.

use std::sync::Arc;

use keyward::registry::{Admins, Crypters, Readers, Rescuers};
use keyward_core::clock::Clock;
use keyward_core::error::Result;
use keyward_core::estate::Estate;
use keyward_core::name::Provider;
use keyward_embedded::{EmbeddedKms, RootKeySource, is_passphrase_protected};

use crate::asking::Asking;
#[cfg(feature = "gcp")]
use crate::cloud::Cloud;
use crate::session::{Rng, Session};
use crate::state::StateFolder;
use crate::ui::{ask_new_passphrase, ask_passphrase};

/// Everything that this program can reach. A verb takes the ports that it needs, and cannot do more.
pub(crate) struct Providers {
    /// None without a place for state; the others do without.
    embedded: Option<Embedded>,
    #[cfg(feature = "gcp")]
    cloud: Cloud,
}

/// The KMS inside keyward.
struct Embedded {
    kms: Arc<EmbeddedKms>,
    crypt: Arc<Asking>,
}

/// How a root key is made, when there is none yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum NewRootKey {
    /// In a file that only its owner reads, for development.
    #[default]
    File,
    /// Under a passphrase.
    Passphrase,
}

impl Embedded {
    /// Over `state`. Nothing in it is made before a key is.
    fn new(state: &StateFolder, new_root: NewRootKey, clock: Arc<dyn Clock>, rng: Rng) -> Self {
        let root = root_key(state, new_root);
        let kms = Arc::new(EmbeddedKms::new(&state.kms(), root, clock, Box::new(rng)));
        let crypt = Arc::new(Asking::new(kms.clone()));
        Self { kms, crypt }
    }
}

impl Providers {
    /// What `session` can reach, with the embedded KMS over `state`.
    ///
    /// # Errors
    /// A usage error when a flag cannot be used.
    pub(crate) fn new(session: &Session, state: Option<&StateFolder>, new_root: NewRootKey) -> Result<Self> {
        let clock = || session.clock.clone();
        let embedded = state.map(|state| Embedded::new(state, new_root, clock(), session.rng()));
        Ok(Self {
            embedded,
            #[cfg(feature = "gcp")]
            cloud: Cloud::new(session.known_manifest(), &session.globals, clock(), session.rng())?,
        })
    }

    /// What looks.
    pub(crate) fn readers(&self) -> Readers {
        let readers = match &self.embedded {
            Some(embedded) => Readers::new().with(Provider::Embedded, embedded.kms.clone()),
            None => Readers::new(),
        };
        #[cfg(feature = "gcp")]
        let readers = self.cloud.readers(readers);
        readers
    }

    /// What looks around keys in a cloud; `None` when this program has none.
    pub(crate) fn estate(&self) -> Option<Box<dyn Estate>> {
        #[cfg(feature = "gcp")]
        return Some(self.cloud.estate());
        #[cfg(not(feature = "gcp"))]
        None
    }

    /// What encrypts and decrypts.
    pub(crate) fn crypters(&self) -> Crypters {
        let crypters = match &self.embedded {
            Some(embedded) => Crypters::new().with(Provider::Embedded, embedded.crypt.clone()),
            None => Crypters::new(),
        };
        #[cfg(feature = "gcp")]
        let crypters = self.cloud.crypters(crypters);
        crypters
    }

    /// What brings back.
    pub(crate) fn rescuers(&self) -> Rescuers {
        let rescuers = match &self.embedded {
            Some(embedded) => Rescuers::new().with(Provider::Embedded, embedded.kms.clone()),
            None => Rescuers::new(),
        };
        #[cfg(feature = "gcp")]
        let rescuers = self.cloud.rescuers(rescuers);
        rescuers
    }

    /// What creates and changes.
    pub(crate) fn admins(&self) -> Admins {
        let admins = match &self.embedded {
            Some(embedded) => Admins::new().with(Provider::Embedded, embedded.kms.clone()),
            None => Admins::new(),
        };
        #[cfg(feature = "gcp")]
        let admins = self.cloud.admins(admins);
        admins
    }
}

/// A root key that exists says itself how it is protected; one that cannot be examined is found out about by whoever
/// needs it, and looking and rescue do not.
fn root_key(state: &StateFolder, new_root: NewRootKey) -> RootKeySource {
    let file = state.root_key();
    let protected = is_passphrase_protected(&file).unwrap_or(Some(false));
    if !protected.unwrap_or(new_root == NewRootKey::Passphrase) {
        return RootKeySource::File(file);
    }
    let name = format!("the root key {}", file.display());
    let is_new = protected.is_none();
    let ask = move || {
        if is_new {
            ask_new_passphrase(&name)
        } else {
            ask_passphrase(&name)
        }
    };
    RootKeySource::Passphrase {
        file,
        ask: Box::new(ask),
    }
}
