//! Which of the three answers a request: gRPC, REST or Cloud Storage.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper::service::Service;
use thiserror::Error;
use tonic::{Code, Status};
use tower::ServiceExt;

use super::budget::Budget;
use super::origin;
use super::paced::Paced;
use super::reply::{Reply, Unsent};
use super::watched::{Unanswered, Watched, grpc_timeout};
use crate::grpc::Services;
use crate::refusal::Refusal;
use crate::rest::Rest;
use crate::serve::{DROPPED, bug};
use crate::state::State;
use crate::storage;

/// Bytes of calls that are received at once, over all connections.
const CALLS: usize = 256 * 1024 * 1024;

/// Bytes of objects that are received at once.
const OBJECTS: usize = 512 * 1024 * 1024;

/// Bytes of answers to calls that wait to be read.
const ANSWERS: usize = 256 * 1024 * 1024;

/// Bytes of objects that wait to be read, beside what the storage itself counts.
const CONTENTS: usize = 512 * 1024 * 1024;

/// What is kept free of these two for saying that no further call is begun.
const MARGIN: usize = 32 * 1024 * 1024;

/// How long the last answers take to be sent.
const MOMENT: Duration = Duration::from_millis(20);

/// Everything behind the port.
pub(super) struct Front {
    services: Services,
    rest: Rest,
    storage: Router,
    calls: Budget,
    objects: Budget,
    answers: Budget,
    contents: Budget,
    /// Requests that have no answer yet.
    begun: AtomicUsize,
}

/// A request that has no answer yet.
struct Begun(Arc<Front>);

/// The front, as one connection sees it.
pub(super) struct Door {
    pub(super) front: Arc<Front>,
    /// Answers that this connection has to send.
    pub(super) unsent: Arc<Unsent>,
}

/// There is to be no answer at all: the stream is reset, or the connection closed.
#[derive(Debug, Error)]
#[error("the answer was dropped, as asked or for want of room")]
pub(super) struct Dropped;

type Answer = Result<Response<Reply>, Dropped>;

impl Service<Request<Incoming>> for Door {
    type Response = Response<Reply>;
    type Error = Dropped;
    type Future = Pin<Box<dyn Future<Output = Answer> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let (begun, unsent) = (Begun::new(&self.front), Arc::clone(&self.unsent));
        if origin::is_foreign(&request) {
            return Box::pin(async move { begun.0.refuse(&Unanswered::Foreign, &unsent).await });
        }
        if is_grpc(request.headers()) {
            return Box::pin(async move { begun.0.grpc(request, &unsent).await });
        }
        Box::pin(async move { begun.0.plain(request, &unsent).await })
    }
}

impl Begun {
    fn new(front: &Arc<Front>) -> Self {
        front.begun.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(front))
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        self.0.begun.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Front {
    pub(super) fn new(state: Arc<State>, secure: bool) -> Self {
        let services = Services::new(&state);
        Self {
            rest: Rest::new(services.clone()),
            services,
            storage: storage::router(state, secure),
            calls: Budget::of(CALLS),
            objects: Budget::of(OBJECTS),
            answers: Budget::of(ANSWERS),
            contents: Budget::of(CONTENTS),
            begun: AtomicUsize::new(0),
        }
    }

    /// Ends when no request has been without an answer for a moment, in which the last answers are sent.
    pub(super) async fn idle(&self) {
        let mut still = false;
        while !still {
            still = self.begun.load(Ordering::Relaxed) == 0;
            tokio::time::sleep(MOMENT).await;
            still &= self.begun.load(Ordering::Relaxed) == 0;
        }
    }

    async fn grpc(&self, request: Request<Incoming>, unsent: &Arc<Unsent>) -> Answer {
        let limit = grpc_timeout(request.headers());
        let request = request.map(|body| Paced::new(body, &self.calls));
        let answer = match self.answers.has_room(MARGIN) {
            true => Watched::new(self.services.call(request), limit).await,
            false => Err(Unanswered::Crowded),
        };
        let answer = answer.unwrap_or_else(|unanswered| Status::from(refusal(&unanswered)).into_http());
        sent(answer, &self.answers, unsent).await
    }

    async fn plain(&self, request: Request<Incoming>, unsent: &Arc<Unsent>) -> Answer {
        let path = request.uri().path();
        let is_call = self.rest.takes(path) || !storage::takes(path);
        let unanswered = if !self.answers.has_room(MARGIN) || !self.contents.has_room(MARGIN) {
            Unanswered::Crowded
        } else if is_call {
            let request = request.map(|body| Paced::new(body, &self.calls));
            match Watched::new(self.rest.call(request), None).await {
                Ok(answer) => return sent(answer, &self.answers, unsent).await,
                Err(unanswered) => unanswered,
            }
        } else {
            let request = request.map(|body| axum::body::Body::new(Paced::new(body, &self.objects)));
            match Watched::new(self.storage.clone().oneshot(request), None).await {
                Ok(Ok(answer)) => return sent(answer, &self.contents, unsent).await,
                Err(unanswered) => unanswered,
            }
        };
        self.refuse(&unanswered, unsent).await
    }

    async fn refuse(&self, unanswered: &Unanswered, unsent: &Arc<Unsent>) -> Answer {
        sent(Rest::refuse(&refusal(unanswered)), &self.answers, unsent).await
    }
}

fn is_grpc(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).map(|value| value.as_bytes());
    kind.is_some_and(|kind| kind.starts_with(b"application/grpc"))
}

fn refusal(unanswered: &Unanswered) -> Refusal {
    match unanswered {
        Unanswered::Late => Refusal::new(Code::DeadlineExceeded, "Deadline exceeded."),
        Unanswered::Crowded => Refusal::new(
            Code::ResourceExhausted,
            "Too many answers wait to be read: read those that were asked for, and try again later.",
        ),
        Unanswered::Foreign => Refusal::new(
            Code::PermissionDenied,
            "This came from a web page (it has an Origin header): the emulator answers programs only.",
        ),
        Unanswered::Bug => bug(),
    }
}

/// An answer for which there is no room is none: whoever asked for a change looks, as after any lost answer.
async fn sent<B>(answer: Response<B>, budget: &Budget, unsent: &Arc<Unsent>) -> Answer
where
    B: Body<Data = Bytes>,
{
    if answer.headers().contains_key(DROPPED) {
        return Err(Dropped);
    }
    Reply::of(answer, budget, unsent).await.ok_or(Dropped)
}

#[cfg(test)]
mod tests;
