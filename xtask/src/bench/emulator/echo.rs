//! The measure of a gRPC server: tonic as it comes, which answers what it was asked.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::Ipv4Addr;
use std::pin::Pin;
use std::task::{Context, Poll};

use keyward_core::error::{Error, Result};
use keyward_emulator::interface::google::cloud::kms::v1::{EncryptRequest, EncryptResponse};
use tokio::net::TcpListener;
use tonic::body::Body;
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;
use tower::Service;

/// Prints its endpoint, then serves until it is killed.
pub(in crate::bench) fn serve() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime
        .map_err(|error| Error::unavailable("no runtime").because(error))?
        .block_on(async {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
                .await
                .map_err(unbound)?;
            println!("http://{}", listener.local_addr().map_err(unbound)?);
            let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
            let served = Server::builder()
                .add_service(EchoServer)
                .serve_with_incoming(incoming);
            served
                .await
                .map_err(|error| Error::unavailable("the echo ended").because(error))
        })
}

fn unbound(error: std::io::Error) -> Error {
    Error::unavailable("cannot listen").because(error)
}

struct Echo;

impl UnaryService<EncryptRequest> for Echo {
    type Response = EncryptResponse;
    type Future = Ready<std::result::Result<Response<EncryptResponse>, Status>>;

    fn call(&mut self, request: Request<EncryptRequest>) -> Self::Future {
        let EncryptRequest {
            name,
            additional_authenticated_data,
            plaintext_crc32c,
            ..
        } = request.into_inner();
        // As long as what encrypting answers.
        let answer = EncryptResponse {
            name,
            ciphertext: additional_authenticated_data,
            ciphertext_crc32c: plaintext_crc32c,
            verified_plaintext_crc32c: true,
            verified_additional_authenticated_data_crc32c: true,
            ..EncryptResponse::default()
        };
        ready(Ok(Response::new(answer)))
    }
}

#[derive(Clone)]
struct EchoServer;

impl NamedService for EchoServer {
    const NAME: &'static str = "google.cloud.kms.v1.KeyManagementService";
}

impl Service<http::Request<Body>> for EchoServer {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = std::result::Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<std::result::Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(async move { Ok(Grpc::new(ProstCodec::default()).unary(Echo, request).await) })
    }
}
