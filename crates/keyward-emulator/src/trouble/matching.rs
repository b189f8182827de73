//! Which calls are meant: by method and by resource, as people write them.

use crate::rpc::Method;

/// `Decrypt`, `google.cloud.kms.v1.KeyManagementService/Decrypt`, or `*`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MethodName<'a>(&'a str);

impl<'a> MethodName<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self(text)
    }

    /// Nothing for an empty text.
    pub(crate) fn optional(text: &'a str) -> Option<Self> {
        (!text.is_empty()).then_some(Self(text))
    }

    pub(crate) fn as_str(self) -> &'a str {
        self.0
    }

    pub(crate) fn is_every(self) -> bool {
        self.0 == "*"
    }

    pub(crate) fn fits(self, method: &Method) -> bool {
        self.fits_names(method.service, method.name)
    }

    pub(crate) fn fits_names(self, service: &str, name: &str) -> bool {
        match self.0.split_once('/') {
            Some((its_service, its_name)) => its_service == service && its_name == name,
            None => self.is_every() || self.0 == name,
        }
    }
}

/// A full name, or the start of one with `*` at its end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ResourcePattern<'a>(&'a str);

impl<'a> ResourcePattern<'a> {
    /// Nothing for an empty text.
    pub(crate) fn optional(text: &'a str) -> Option<Self> {
        (!text.is_empty()).then_some(Self(text))
    }

    pub(crate) fn fits(self, resource: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(start) => resource.starts_with(start),
            None => resource == self.0,
        }
    }
}
