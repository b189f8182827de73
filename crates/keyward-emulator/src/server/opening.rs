//! A connection that has to begin: who says nothing, or stops after a few bytes, is not waited for.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// Bytes with which it is clear which protocol is spoken: the length of the preface of HTTP/2 (RFC 9113, section 3.4).
const PREFACE: usize = 24;

/// A stream whose first bytes have to come in time. From there on the protocol watches itself.
pub(super) struct Opening<S> {
    stream: S,
    read: usize,
    /// Gone once enough was read.
    patience: Option<Pin<Box<Sleep>>>,
}

impl<S> Opening<S> {
    pub(super) fn new(stream: S, patience: Duration) -> Self {
        Self {
            stream,
            read: 0,
            patience: Some(Box::pin(sleep(patience))),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Opening<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        if let Poll::Ready(read) = Pin::new(&mut self.stream).poll_read(context, buffer) {
            self.read += buffer.filled().len() - before;
            if self.read >= PREFACE {
                self.patience = None;
            }
            return Poll::Ready(read);
        }
        if let Some(patience) = &mut self.patience {
            ready!(patience.as_mut().poll(context));
            return Poll::Ready(Err(ErrorKind::TimedOut.into()));
        }
        Poll::Pending
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Opening<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    /// Reads until the end, on a clock that runs only while everybody waits.
    async fn read_after(bytes: &[u8]) -> io::Result<usize> {
        let (mut client, server) = duplex(1024);
        client.write_all(bytes).await?;
        let mut opening = Opening::new(server, PATIENCE);
        let reading = async {
            let mut buffer = [0; 64];
            let begun = opening.read(&mut buffer).await?;
            assert!(begun > 0);
            opening.read(&mut buffer).await
        };
        // The client stays, and says no more; nor does it wait for ever.
        let waited = tokio::time::timeout(PATIENCE * 2, reading).await;
        waited.unwrap_or(Ok(usize::MAX))
    }

    fn run<T>(work: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build();
        runtime.unwrap().block_on(work)
    }

    #[test]
    fn who_stops_in_the_middle_of_a_preface_is_not_waited_for() {
        let ended = run(read_after(b"PRI * HT"));
        assert_eq!(ended.unwrap_err().kind(), ErrorKind::TimedOut);
    }

    #[test]
    fn who_has_begun_may_take_a_break() {
        assert_eq!(
            run(read_after(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")).unwrap(),
            usize::MAX
        );
    }
}
