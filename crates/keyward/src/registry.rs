//! Which port answers for which provider: what a face wires up and the library asks.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use keyward_core::error::{Error, Result};
use keyward_core::kms::{KmsAdmin, KmsCrypt, KmsRead, KmsRescue};
use keyward_core::name::Provider;

/// One port per provider. A function that is given [`Readers`] can look and nothing else: the other ports are not in
/// there, and none can be made from what is.
pub struct Registry<P: ?Sized>(BTreeMap<Provider, Arc<P>>);

/// Ports that look.
pub type Readers = Registry<dyn KmsRead>;
/// Ports that encrypt and decrypt.
pub type Crypters = Registry<dyn KmsCrypt>;
/// Ports that bring versions back.
pub type Rescuers = Registry<dyn KmsRescue>;
/// Ports that create and change.
pub type Admins = Registry<dyn KmsAdmin>;

impl<P: ?Sized> Registry<P> {
    /// No provider.
    pub fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// The registry with `port` answering for `provider`.
    pub fn with(mut self, provider: Provider, port: Arc<P>) -> Self {
        self.0.insert(provider, port);
        self
    }

    /// The port of `provider`.
    ///
    /// # Errors
    /// A usage error when this program was built, or set up, without it.
    pub fn get(&self, provider: Provider) -> Result<&Arc<P>> {
        self.0.get(&provider).ok_or_else(|| match provider {
            Provider::Embedded => Error::usage("no state folder is known, and embedded keys are kept in one")
                .hint("name it with `--state DIR`"),
            other => Error::usage(format!("this release cannot reach `{other}` keys")),
        })
    }
}

impl<P: ?Sized> Default for Registry<P> {
    fn default() -> Self {
        Self::new()
    }
}

impl<P: ?Sized> Clone for Registry<P> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<P: ?Sized> fmt::Debug for Registry<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
