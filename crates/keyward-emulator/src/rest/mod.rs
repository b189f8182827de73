//! REST and JSON, read off the interface definition: an RPC is written once.
//!
//! A request is matched against the HTTP rules of the definition ([`route`], [`template`]), its path, query and body
//! become one message ([`bind`], [`query`], [`json`]), the gRPC service answers it in this process ([`call`]), and the
//! answer or the refusal becomes JSON ([`answer`], [`error`]).

mod answer;
mod bind;
mod call;
mod error;
mod fault;
mod json;
mod query;
mod route;
mod scalar;
mod template;
mod well_known;

#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use bytes::Bytes;
use http::{Method as Verb, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::Full;
use prost_reflect::DescriptorPool;
use tonic::{Code, Status};

use self::answer::Form;
use self::fault::Fault;
use self::route::Routes;
use crate::grpc::Services;
use crate::refusal::Refusal;

/// The answer to a REST call.
pub(crate) type Answer = Response<Full<Bytes>>;

/// What `GET /` says.
const GREETING: &str =
    "keyward-emulator: an emulator of Google Cloud KMS for tests, over gRPC and REST. Not for production.\n";

/// The interface definition, compiled.
pub(crate) static DESCRIPTOR: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptor.bin"));

/// The definition and its HTTP rules; read once, when the first REST call comes.
static INTERFACE: LazyLock<Option<Interface>> = LazyLock::new(Interface::read);

/// What REST knows of the services.
struct Interface {
    pool: DescriptorPool,
    routes: Routes,
}

impl Interface {
    fn read() -> Option<Self> {
        let pool = DescriptorPool::decode(DESCRIPTOR).ok()?;
        let routes = Routes::of(&pool)?;
        Some(Self { pool, routes })
    }

    /// The definition was compiled by us: that it cannot be read is our bug.
    fn get() -> Result<&'static Self, Fault> {
        INTERFACE.as_ref().ok_or_else(|| Fault::from(crate::serve::bug()))
    }
}

/// The REST side.
pub(crate) struct Rest {
    services: Services,
}

impl Rest {
    pub(crate) fn new(services: Services) -> Self {
        Self { services }
    }

    /// Reads the definition, so that the first call need not.
    pub(crate) fn warm_up() {
        LazyLock::force(&INTERFACE);
    }

    /// Whether the path is one of an API with a version, as all of those here are.
    pub(crate) fn takes(&self, path: &str) -> bool {
        path == "/" || path.starts_with("/v1/") || path.starts_with("/emulator/")
    }

    /// Answers one call.
    pub(crate) async fn call<B>(&self, request: Request<B>) -> Answer
    where
        B: Body<Data = Bytes, Error = Status> + Unpin,
    {
        if request.uri().path() == "/" && request.method() == Verb::GET {
            return answer::text(StatusCode::OK, "text/plain; charset=utf-8", GREETING.to_owned());
        }
        let form = Form::of(&request);
        match call::answer(&self.services, request, &form).await {
            Ok(answer) => answer,
            Err(fault) => error::answer(&fault, &form),
        }
    }

    /// The answer in the place of one that there is not.
    pub(crate) fn refuse(refusal: &Refusal) -> Answer {
        error::answer(&Fault::from(refusal.clone()), &Form::default())
    }
}

/// What is answered for a path that leads nowhere.
fn nowhere(path: &str) -> Fault {
    let message = format!("The requested URL {path} was not found on this server.");
    Fault::from(Refusal::new(Code::NotFound, message))
}
