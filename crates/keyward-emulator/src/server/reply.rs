//! The body of an answer: of a gRPC call, of a REST call, or of Cloud Storage.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The body.
pub(crate) enum Reply {
    /// Of a gRPC call.
    Grpc(tonic::body::Body),
    /// Of a REST call.
    Text(Full<Bytes>),
    /// Of Cloud Storage.
    Storage(axum::body::Body),
}

impl Body for Reply {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.get_mut() {
            Self::Grpc(body) => poll(body, context),
            Self::Text(body) => poll(body, context),
            Self::Storage(body) => poll(body, context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Grpc(body) => body.is_end_stream(),
            Self::Text(body) => body.is_end_stream(),
            Self::Storage(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Grpc(body) => body.size_hint(),
            Self::Text(body) => body.size_hint(),
            Self::Storage(body) => body.size_hint(),
        }
    }
}

fn poll<B>(body: &mut B, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>>
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Unpin,
{
    Pin::new(body)
        .poll_frame(context)
        .map(|frame| frame.map(|frame| frame.map_err(Into::into)))
}
