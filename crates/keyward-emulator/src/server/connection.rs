//! One connection: TLS when there are certificates, then HTTP/1.1 or HTTP/2, whichever the client speaks.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use super::front::{Door, Front};
use super::opening::Opening;
use super::reply::Unsent;

/// Calls at once on one HTTP/2 connection. A client with more of them waits, and is served in turn.
const STREAMS: u32 = 256;

/// Bytes that a client may send ahead on one stream, and on one connection.
const STREAM_WINDOW: u32 = 1024 * 1024;
const CONNECTION_WINDOW: u32 = 4 * 1024 * 1024;

/// Bytes of answers that wait for a slow reader, a stream.
const SEND_BUFFER: usize = 256 * 1024;

/// Bytes of header fields, over either protocol.
const HEADERS: u32 = 64 * 1024;

/// Header fields over HTTP/1.1.
const HEADER_COUNT: usize = 128;

/// How long the header of a request, or the handshake of a connection, may take.
const OPENING: Duration = Duration::from_secs(10);

/// How often a silent HTTP/2 connection is asked whether somebody is there, and how long the answer may take.
const PING_EVERY: Duration = Duration::from_secs(30);
const PING_ANSWER: Duration = Duration::from_secs(20);

/// How HTTP is spoken here.
pub(super) struct Protocols(auto::Builder<TokioExecutor>);

impl Protocols {
    pub(super) fn new() -> Self {
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(OPENING)
            .max_headers(HEADER_COUNT)
            .max_buf_size(HEADERS as usize);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS)
            .max_header_list_size(HEADERS)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_send_buf_size(SEND_BUFFER)
            .keep_alive_interval(PING_EVERY)
            .keep_alive_timeout(PING_ANSWER);
        Self(builder)
    }

    /// Serves one connection until either side ends it.
    pub(super) async fn serve(
        &self,
        stream: TcpStream,
        tls: Option<TlsAcceptor>,
        front: Arc<Front>,
        stop: watch::Receiver<bool>,
    ) {
        let Some(tls) = tls else {
            return self.speak(stream, front, stop).await;
        };
        if let Ok(Ok(stream)) = tokio::time::timeout(OPENING, tls.accept(stream)).await {
            self.speak(stream, front, stop).await;
        }
    }

    /// How a connection ended is the client's business: it is the one that asks again.
    pub(super) async fn speak<S>(&self, stream: S, front: Arc<Front>, mut stop: watch::Receiver<bool>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let unsent = Arc::<Unsent>::default();
        let mut stalled = pin!(unsent.stalled());
        let door = Door {
            front,
            unsent: Arc::clone(&unsent),
        };
        let mut connection = pin!(
            self.0
                .serve_connection(TokioIo::new(Opening::new(stream, OPENING)), door)
        );
        let mut stopped = pin!(stop.wait_for(|stopped| *stopped));
        let mut stopping = false;
        poll_fn(|context| {
            if !stopping && stopped.as_mut().poll(context).is_ready() {
                stopping = true;
                connection.as_mut().graceful_shutdown();
            }
            let ended = connection.as_mut().poll(context).map(drop);
            // Who does not read an answer has nothing more to say either.
            if ended.is_pending() {
                return stalled.as_mut().poll(context);
            }
            ended
        })
        .await;
    }
}
