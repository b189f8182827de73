//! Which program answers for which provider: the embedded KMS over the state folder.

use std::sync::Arc;

use keyward::registry::{Admins, Crypters, Readers, Rescuers};
use keyward_core::clock::Clock;
use keyward_core::name::Provider;
use keyward_embedded::{EmbeddedKms, RootKeySource, is_passphrase_protected};

use crate::asking::Asking;
use crate::session::Rng;
use crate::state::StateFolder;
use crate::ui::{ask_new_passphrase, ask_passphrase};

/// Everything that this program can reach. A verb takes the ports that it needs, and cannot do more.
pub(crate) struct Providers {
    embedded: Arc<EmbeddedKms>,
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

impl Providers {
    /// Providers over `state`. Nothing in it is made before a key is.
    pub(crate) fn new(state: &StateFolder, new_root: NewRootKey, clock: Arc<dyn Clock>, rng: Rng) -> Self {
        let root = root_key(state, new_root);
        let embedded = Arc::new(EmbeddedKms::new(&state.kms(), root, clock, Box::new(rng)));
        let crypt = Arc::new(Asking::new(embedded.clone()));
        Self { embedded, crypt }
    }

    /// What looks.
    pub(crate) fn readers(&self) -> Readers {
        Readers::new().with(Provider::Embedded, self.embedded.clone())
    }

    /// What encrypts and decrypts.
    pub(crate) fn crypters(&self) -> Crypters {
        Crypters::new().with(Provider::Embedded, self.crypt.clone())
    }

    /// What brings back.
    pub(crate) fn rescuers(&self) -> Rescuers {
        Rescuers::new().with(Provider::Embedded, self.embedded.clone())
    }

    /// What creates and changes.
    pub(crate) fn admins(&self) -> Admins {
        Admins::new().with(Provider::Embedded, self.embedded.clone())
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
