//! A bare client, so that tests can also send what no real client would.

#![allow(dead_code, reason = "a test uses its part of it")]

use std::net::SocketAddr;

use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use prost::Message;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// An HTTP/2 connection; clones share it.
#[derive(Clone)]
pub(crate) struct Http2(http2::SendRequest<Full<Bytes>>);

/// How a gRPC call ended: its code and message, and the bytes of the answer.
#[derive(Debug, PartialEq)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) message: String,
    pub(crate) body: Bytes,
}

impl Http2 {
    pub(crate) async fn to(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).await.unwrap()).await
    }

    pub(crate) async fn over<S>(stream: S) -> Self
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
        tokio::spawn(connection);
        Self(sender)
    }

    pub(crate) async fn send(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Bytes>, hyper::Error> {
        self.0.ready().await?;
        whole(self.0.send_request(request).await?)
            .await
            .map(|(answer, _)| answer)
    }

    /// One unary call, whose message is `bytes`, whatever they are.
    pub(crate) async fn grpc(
        &mut self,
        method: &str,
        bytes: &[u8],
        headers: &[(&str, &str)],
    ) -> Result<Ended, hyper::Error> {
        let mut framed = BytesMut::new();
        framed.put_u8(0);
        framed.put_u32(bytes.len().try_into().unwrap());
        framed.extend_from_slice(bytes);
        let mut request = Request::post(format!("http://localhost/{method}"))
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.0.ready().await?;
        let answer = self
            .0
            .send_request(request.body(Full::new(framed.freeze())).unwrap())
            .await?;
        let (answer, trailers) = whole(answer).await?;
        assert_eq!(answer.status(), StatusCode::OK);
        let status = trailers.filter(|trailers| trailers.contains_key("grpc-status"));
        let status = status.unwrap_or_else(|| answer.headers().clone());
        let text = |name: &str| status.get(name).map(|value| value.to_str().unwrap().to_owned());
        Ok(Ended {
            code: text("grpc-status").unwrap().parse().unwrap(),
            message: text("grpc-message").unwrap_or_default(),
            body: answer.body().slice(5.min(answer.body().len())..),
        })
    }

    /// One call of Cloud KMS.
    pub(crate) async fn kms(&mut self, method: &str, message: &impl Message) -> Ended {
        let method = format!("google.cloud.kms.v1.KeyManagementService/{method}");
        self.grpc(&method, &message.encode_to_vec(), &[]).await.unwrap()
    }
}

/// One request over a connection of its own, with HTTP/1.1.
pub(crate) async fn http1(
    address: SocketAddr,
    request: Request<Full<Bytes>>,
) -> Result<Response<Bytes>, hyper::Error> {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    whole(sender.send_request(request).await?)
        .await
        .map(|(answer, _)| answer)
}

async fn whole(
    answer: Response<hyper::body::Incoming>,
) -> Result<(Response<Bytes>, Option<HeaderMap>), hyper::Error> {
    let (parts, body) = answer.into_parts();
    let body = body.collect().await?;
    let trailers = body.trailers().cloned();
    Ok((Response::from_parts(parts, body.to_bytes()), trailers))
}
