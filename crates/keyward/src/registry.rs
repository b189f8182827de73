//! Which port answers for which provider: what a face wires up and the library asks.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

use keyward_core::error::{Error, Result};
use keyward_core::kms::{KmsAdmin, KmsCrypt, KmsRead, KmsRescue};
use keyward_core::name::Provider;

/// One port per provider. A function that is given [`Readers`] can look and nothing else: the other ports are not in
/// there, and none can be made from what is.
pub struct Registry<P: ?Sized>(BTreeMap<Provider, Arc<Lazy<P>>>);

/// A port that is made when it is first asked for.
type Lazy<P> = LazyLock<Arc<P>, Make<P>>;
type Make<P> = Box<dyn FnOnce() -> Arc<P> + Send>;

/// Ports that look.
pub type Readers = Registry<dyn KmsRead>;
/// Ports that encrypt and decrypt.
pub type Crypters = Registry<dyn KmsCrypt>;
/// Ports that bring versions back.
pub type Rescuers = Registry<dyn KmsRescue>;
/// Ports that create and change.
pub type Admins = Registry<dyn KmsAdmin>;

impl<P: ?Sized + Send + Sync + 'static> Registry<P> {
    /// No provider.
    pub fn new() -> Self {
        Self::default()
    }

    /// The registry with `port` answering for `provider`.
    pub fn with(self, provider: Provider, port: Arc<P>) -> Self {
        self.with_later(provider, move || port)
    }

    /// The registry with the port that `make` makes answering for `provider`. It is made when it is first asked for, so
    /// that a program which asks no key of the provider does not pay for it.
    pub fn with_later(mut self, provider: Provider, make: impl FnOnce() -> Arc<P> + Send + 'static) -> Self {
        self.0.insert(provider, Arc::new(Lazy::new(Box::new(make))));
        self
    }

    /// The port of `provider`.
    ///
    /// # Errors
    /// A usage error when this program was built, or set up, without it.
    pub fn get(&self, provider: Provider) -> Result<&Arc<P>> {
        match self.0.get(&provider) {
            Some(port) => Ok(LazyLock::force(port)),
            None => Err(unreachable(provider)),
        }
    }
}

fn unreachable(provider: Provider) -> Error {
    let error = Error::usage(format!("this program cannot reach `{provider}` keys"));
    match provider {
        Provider::Embedded => Error::usage("no state folder is known, and embedded keys are kept in one")
            .hint("name it with `--state DIR`"),
        Provider::Gcp => error.hint("it was built without the cargo feature `gcp`, which is on by default"),
        Provider::Age => error,
    }
}

impl<P: ?Sized> Default for Registry<P> {
    fn default() -> Self {
        Self(BTreeMap::new())
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn a_port_is_made_once_and_not_before_it_is_asked_for() {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let make = || {
            MADE.fetch_add(1, Ordering::Relaxed);
            Arc::from("port")
        };
        let registry = Registry::<str>::new().with_later(Provider::Gcp, make);
        let again = registry.clone();
        assert_eq!(MADE.load(Ordering::Relaxed), 0);
        assert_eq!(&**registry.get(Provider::Gcp).unwrap(), "port");
        assert_eq!(&**again.get(Provider::Gcp).unwrap(), "port");
        assert_eq!(MADE.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_program_without_a_provider_says_what_it_lacks() {
        let registry = Registry::<str>::new();
        for (provider, hint) in [(Provider::Embedded, "--state"), (Provider::Gcp, "feature `gcp`")] {
            let error = registry.get(provider).unwrap_err();
            assert!(error.hints()[0].contains(hint), "{error}");
        }
    }
}
