//! The four ports, as far as identities differ by them, and the three kinds of call that have quotas of their own.

/// Which port a call comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Port {
    Read,
    Crypt,
    Rescue,
    Admin,
}

/// Which quota a call counts against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Look,
    Change,
    Crypto,
}

impl Port {
    /// The quota that its calls count against.
    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::Read => Kind::Look,
            Self::Crypt => Kind::Crypto,
            Self::Rescue | Self::Admin => Kind::Change,
        }
    }
}
