//! The body of an answer: counted until its last byte is sent, and given up when nobody reads it.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Collected};
use tokio::time::{Instant, sleep};

use super::budget::{Budget, Share};

/// How long an answer may wait for its reader to take some of it.
pub(super) const SILENCE: Duration = Duration::from_secs(20);

/// Bytes that are handed over at once: what was not handed over is not under way.
const PIECE: usize = 64 * 1024;

/// What an answer takes beside its bytes.
const OVERHEAD: usize = 1024;

/// The answers of one connection that are not sent yet, and when some of each was sent last.
#[derive(Default)]
pub(super) struct Unsent(Mutex<Answers>);

#[derive(Default)]
struct Answers {
    next: u64,
    last: BTreeMap<u64, Instant>,
}

impl Unsent {
    /// Ends when an answer has waited too long for its reader.
    pub(super) async fn stalled(&self) {
        loop {
            sleep(SILENCE / 4).await;
            let oldest = self.lock().last.values().min().copied();
            if oldest.is_some_and(|oldest| oldest.elapsed() >= SILENCE) {
                return;
            }
        }
    }

    fn begin(&self) -> u64 {
        let mut answers = self.lock();
        let number = answers.next;
        answers.next += 1;
        answers.last.insert(number, Instant::now());
        number
    }

    fn lock(&self) -> MutexGuard<'_, Answers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One answer, as long as some of it is not sent.
struct Sending {
    unsent: Arc<Unsent>,
    number: u64,
    _share: Share,
}

impl Drop for Sending {
    fn drop(&mut self) {
        self.unsent.lock().last.remove(&self.number);
    }
}

/// A piece that was handed over. It is dropped once it is in the hands of the system.
struct Piece {
    bytes: Bytes,
    sending: Arc<Sending>,
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        let mut answers = self.sending.unsent.lock();
        answers.last.insert(self.sending.number, Instant::now());
    }
}

/// The body.
pub(crate) struct Reply {
    rest: Bytes,
    trailers: Option<HeaderMap>,
    sending: Arc<Sending>,
}

impl Reply {
    /// An answer that was made whole, counted in `budget`; none when there is no room for it there.
    pub(super) async fn of<B>(
        answer: Response<B>,
        budget: &Budget,
        unsent: &Arc<Unsent>,
    ) -> Option<Response<Self>>
    where
        B: Body<Data = Bytes>,
    {
        let (head, body) = answer.into_parts();
        let body = body.collect().await.ok()?;
        let trailers = body.trailers().cloned();
        let rest = Collected::to_bytes(body);
        let mut share = budget.share();
        share.take(OVERHEAD + rest.len()).then(|| {
            let sending = Arc::new(Sending {
                number: unsent.begin(),
                unsent: Arc::clone(unsent),
                _share: share,
            });
            let reply = Self {
                rest,
                trailers,
                sending,
            };
            Response::from_parts(head, reply)
        })
    }
}

impl Body for Reply {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(self.trailers.take().map(|trailers| Ok(Frame::trailers(trailers))));
        }
        let length = self.rest.len().min(PIECE);
        let piece = Piece {
            bytes: self.rest.split_to(length),
            sending: Arc::clone(&self.sending),
        };
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_owner(piece)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.trailers.is_none()
    }

    /// Trailers come after a body whose length was not said.
    fn size_hint(&self) -> SizeHint {
        match self.trailers {
            None => SizeHint::with_exact(self.rest.len() as u64),
            Some(_) => SizeHint::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::Full;

    use super::*;

    const LENGTH: usize = 3 * PIECE;

    async fn begun(budget: &Budget, unsent: &Arc<Unsent>) -> Option<Reply> {
        let answer = Response::new(Full::new(Bytes::from(vec![7; LENGTH])));
        Some(Reply::of(answer, budget, unsent).await?.into_body())
    }

    async fn is_stalled_after(unsent: &Unsent, patience: Duration) -> bool {
        tokio::time::timeout(patience, unsent.stalled()).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_counts_until_its_last_piece_is_gone() {
        let (budget, unsent) = (Budget::of(2 * LENGTH), Arc::default());
        let mut reply = begun(&budget, &unsent).await.unwrap();
        assert!(begun(&budget, &unsent).await.is_none(), "no room for two");
        let piece = reply.frame().await.unwrap().unwrap();
        drop(reply);
        assert!(begun(&budget, &unsent).await.is_none(), "its piece is under way");
        drop(piece);
        assert!(begun(&budget, &unsent).await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn who_reads_nothing_is_stalled_and_who_reads_a_little_is_not() {
        let (budget, unsent) = (Budget::of(2 * LENGTH), Arc::default());
        let mut reply = begun(&budget, &unsent).await.unwrap();
        for _ in 0..3 {
            assert!(!is_stalled_after(&unsent, SILENCE * 9 / 10).await);
            drop(reply.frame().await);
        }
        let kept = reply;
        assert!(is_stalled_after(&unsent, SILENCE * 2).await);
        drop(kept);
        assert!(!is_stalled_after(&unsent, SILENCE * 2).await, "nothing is unsent");
    }
}
