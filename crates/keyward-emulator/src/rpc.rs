//! What one RPC is: a name, the permission that it takes, and a function from request to answer.

use keyward_embedded::Resident;

use crate::refusal::Refusal;
use crate::state::State;

/// Which call it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Method {
    /// Full name of the service, as in `google.cloud.kms.v1.KeyManagementService`.
    pub(crate) service: &'static str,
    /// Name of the call in it, as in `Encrypt`.
    pub(crate) name: &'static str,
    /// The IAM permission that it takes on its resource; empty when it takes none.
    pub(crate) permission: &'static str,
    /// Whether it changes something, so that it may wait for a disk.
    pub(crate) changes: bool,
}

/// The service of rings, keys and versions.
pub(crate) const KMS: &str = "google.cloud.kms.v1.KeyManagementService";

impl Method {
    /// A call of Cloud KMS that looks at keys or uses them.
    pub(crate) const fn looks(name: &'static str, permission: &'static str) -> Self {
        Self {
            service: KMS,
            name,
            permission,
            changes: false,
        }
    }

    /// A call of Cloud KMS that changes keys.
    pub(crate) const fn changes(name: &'static str, permission: &'static str) -> Self {
        Self {
            changes: true,
            ..Self::looks(name, permission)
        }
    }
}

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Nobody in particular: there was no bearer token. May do everything.
    Owner,
    /// Whoever the text of the bearer token names, as in `user:ann@example.com`.
    Bearer(String),
}

/// One call while it is answered.
pub(crate) struct Call<'a> {
    /// Everything the emulator holds.
    pub(crate) state: &'a State,
    /// The keys to look at: as they are, or as they were when the fault "stale" was asked for. What changes or uses keys
    /// takes those of the state.
    pub(crate) keys: &'a Resident,
    /// Who calls.
    pub(crate) caller: &'a Caller,
}

/// One RPC. It is written once: gRPC and REST both end here.
pub(crate) trait Rpc: 'static {
    /// Which call it is.
    const METHOD: Method;
    /// What is asked.
    type Request: Send + 'static;
    /// What is answered.
    type Response: Send + 'static;

    /// The name in the request that permissions and faults go by; as it was sent, well-formed or not.
    fn resource(request: &Self::Request) -> &str;

    /// Whether the name can be one of what the call is about. It is looked at before permissions are, which nobody has on
    /// what is no name.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`, or what is said of a location that Cloud KMS does not have.
    fn check_name(resource: &str) -> Result<(), Refusal>;

    /// The answer, checked in Google's order: name, existence, state, purpose, arguments, checksums.
    fn answer(call: &Call<'_>, request: Self::Request) -> Result<Self::Response, Refusal>;

    /// Spoils a checksum of the answer, where it has one: the fault of that name.
    fn corrupt(_answer: &mut Self::Response) {}
}
