//! A request body that cannot be sent too slowly, nor take more memory than there is for all of them.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep};
use tonic::Status;

use super::budget::{Budget, Share};

/// How long a body may take at least.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long it may be silent.
const SILENCE: Duration = Duration::from_secs(20);

/// What it has to come to in the long run, in bytes a second.
const PACE: u32 = 16 * 1024;

/// The body.
pub(crate) struct Paced<B> {
    incoming: B,
    share: Share,
    /// Made when the body is waited for, which it mostly never is.
    waiting: Option<Waiting>,
}

struct Waiting {
    since: Instant,
    sleep: Pin<Box<Sleep>>,
}

impl<B> Paced<B> {
    pub(crate) fn new(incoming: B, budget: &Budget) -> Self {
        Self {
            incoming,
            share: budget.share(),
            waiting: None,
        }
    }

    /// Whether the client has used up its time.
    fn late(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let waiting = self.waiting.get_or_insert_with(|| Waiting {
            since: Instant::now(),
            sleep: Box::pin(tokio::time::sleep(SILENCE)),
        });
        waiting.sleep.as_mut().poll(context)
    }

    /// The next piece of silence starts now, unless the whole has taken too long.
    fn heard(&mut self) {
        let earned = self.earned();
        if let Some(waiting) = &mut self.waiting {
            let until = (Instant::now() + SILENCE).min(waiting.since + earned);
            waiting.sleep.as_mut().reset(until);
        }
    }

    fn earned(&self) -> Duration {
        let kibibytes = u32::try_from(self.share.bytes() / 1024).unwrap_or(u32::MAX);
        PATIENCE + Duration::from_secs(1) * kibibytes / (PACE / 1024)
    }

    fn count(&mut self, frame: Frame<Bytes>) -> Result<Frame<Bytes>, Status> {
        let taken = frame.data_ref().is_none_or(|data| self.share.take(data.len()));
        let crowded = || Status::resource_exhausted("too much is being received at once; try again later");
        taken.then_some(frame).ok_or_else(crowded)
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Paced<B> {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        match Pin::new(&mut self.incoming).poll_frame(context) {
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Ready(Some(Err(_))) => {
                Poll::Ready(Some(Err(Status::cancelled("the request did not arrive whole"))))
            }
            Poll::Ready(Some(Ok(frame))) => {
                let frame = self.count(frame);
                self.heard();
                Poll::Ready(Some(frame))
            }
            Poll::Pending => {
                ready!(self.late(context));
                Poll::Ready(Some(Err(Status::deadline_exceeded(
                    "the request arrived too slowly",
                ))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use http_body_util::BodyExt;
    use tonic::Code;

    use super::*;

    /// Sends `piece` every so often, for ever.
    struct Dripping {
        piece: usize,
        every: Duration,
        sleep: Pin<Box<Sleep>>,
    }

    impl Dripping {
        fn new(piece: usize, every: Duration) -> Self {
            let sleep = Box::pin(tokio::time::sleep(every));
            Self { piece, every, sleep }
        }
    }

    impl Body for Dripping {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            ready!(self.sleep.as_mut().poll(context));
            let again = Instant::now() + self.every;
            self.sleep.as_mut().reset(again);
            Poll::Ready(Some(Ok(Frame::data(Bytes::from(vec![0; self.piece])))))
        }
    }

    /// How a body ends, and after how long.
    async fn end(body: Dripping, most: usize) -> (Code, u64) {
        let (budget, start) = (Budget::of(most), Instant::now());
        let mut body = Paced::new(body, &budget);
        loop {
            if let Err(status) = body.frame().await.unwrap() {
                return (status.code(), start.elapsed().as_secs());
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_body_is_cut() {
        let silent = Dripping::new(1, Duration::from_secs(1000));
        assert_eq!(end(silent, 10).await, (Code::DeadlineExceeded, SILENCE.as_secs()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_drips_is_cut() {
        let dripping = Dripping::new(1, SILENCE / 2);
        assert_eq!(
            end(dripping, 1000).await,
            (Code::DeadlineExceeded, PATIENCE.as_secs())
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_at_its_pace_is_taken_until_there_is_no_room() {
        let steady = Dripping::new(64 * 1024, Duration::from_secs(1));
        assert_eq!(
            end(steady, 64 * 1024 * 1000).await,
            (Code::ResourceExhausted, 1001)
        );
    }
}
