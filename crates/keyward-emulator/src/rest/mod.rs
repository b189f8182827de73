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
mod unambiguous;
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
const GREETING: &str = "keyward-emulator: an emulator of Google Cloud KMS for tests, over gRPC and REST: /v1/projects/... is Cloud KMS, \
     /storage/v1/... Cloud Storage, and /emulator/v1 lists how to ask for trouble. Not for production.\n";

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
        let is_ours = path == "/" || path.starts_with("/v1/") || path.starts_with("/emulator/");
        is_ours || is_list(path) || is_without_version(path)
    }

    /// Answers one call.
    pub(crate) async fn call<B>(&self, request: Request<B>) -> Answer
    where
        B: Body<Data = Bytes, Error = Status> + Unpin,
    {
        let path = request.uri().path();
        if request.method() == Verb::GET && (path == "/" || is_list(path)) {
            let told = if path == "/" { GREETING.to_owned() } else { list() };
            return answer::text(StatusCode::OK, "text/plain; charset=utf-8", told);
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

/// Whether a path asks what there is beside Google's services.
fn is_list(path: &str) -> bool {
    matches!(
        path,
        "/emulator" | "/emulator/" | "/emulator/v1" | "/emulator/v1/"
    )
}

/// Whether a path would be one of Cloud KMS if it began with a version, rather than an object in a bucket `projects`.
fn is_without_version(path: &str) -> bool {
    let mut segments = path.split('/').skip(1);
    segments.next() == Some("projects")
        && segments.next().is_some()
        && segments
            .next()
            .is_some_and(|segment| segment.starts_with("locations"))
}

/// The calls beside Google's services, a line each.
fn list() -> String {
    let routes = Interface::get().map(|interface| interface.routes.below("/emulator/"));
    let mut list = "Trouble on demand, as docs/emulator.md describes it:\n".to_owned();
    for (verb, path) in routes.into_iter().flatten() {
        list.push_str(&format!("{:<6} {path}\n", verb.as_str()));
    }
    list
}

/// What is answered for a path that leads nowhere.
fn nowhere(path: &str) -> Fault {
    let mut message = format!("The requested URL {path} was not found on this server.");
    if is_without_version(path) {
        message.push_str(&format!(" Paths of Cloud KMS begin with /v1, as in /v1{path}"));
    }
    Fault::from(Refusal::new(Code::NotFound, message))
}
