//! A call while it is answered: its deadline, and what becomes of it when there is a bug.

use std::future::Future;
use std::panic::{self, AssertUnwindSafe};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::HeaderMap;
use thiserror::Error;
use tokio::time::Sleep;

/// Why there is no answer.
#[derive(Debug, Error)]
pub(crate) enum Unanswered {
    /// The time that the caller gave is over.
    #[error("the deadline has passed")]
    Late,
    /// Too many other answers are not read.
    #[error("too many answers wait to be read")]
    Crowded,
    /// A web page asked.
    #[error("a web page asked")]
    Foreign,
    /// Our bug.
    #[error("a bug in the emulator")]
    Bug,
}

/// The call.
pub(crate) struct Watched<F> {
    call: Pin<Box<F>>,
    limit: Option<Duration>,
    /// Made when the call has to wait for something, which it mostly has not.
    sleep: Option<Pin<Box<Sleep>>>,
}

impl<F: Future> Watched<F> {
    pub(crate) fn new(call: F, limit: Option<Duration>) -> Self {
        Self {
            call: Box::pin(call),
            limit,
            sleep: None,
        }
    }
}

impl<F: Future> Future for Watched<F> {
    type Output = Result<F::Output, Unanswered>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // The call is not polled again after a panic, and what it shares with others is behind locks that are taken
        // over when they are poisoned.
        match panic::catch_unwind(AssertUnwindSafe(|| self.call.as_mut().poll(context))) {
            Err(_) => return Poll::Ready(Err(Unanswered::Bug)),
            Ok(Poll::Ready(answer)) => return Poll::Ready(Ok(answer)),
            Ok(Poll::Pending) => {}
        }
        let Some(limit) = self.limit else {
            return Poll::Pending;
        };
        let sleep = self
            .sleep
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        sleep.as_mut().poll(context).map(|()| Err(Unanswered::Late))
    }
}

/// The time that a gRPC caller gives: at most eight digits and a unit.
pub(crate) fn grpc_timeout(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = value.split_at_checked(value.len().checked_sub(1)?)?;
    if digits.len() > 8 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let count: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(count * 60 * 60)),
        "M" => Some(Duration::from_secs(count * 60)),
        "S" => Some(Duration::from_secs(count)),
        "m" => Some(Duration::from_millis(count)),
        "u" => Some(Duration::from_micros(count)),
        "n" => Some(Duration::from_nanos(count)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timeout(value: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert("grpc-timeout", value.parse().unwrap());
        grpc_timeout(&headers)
    }

    #[test]
    fn a_timeout_is_digits_and_a_unit() {
        assert_eq!(timeout("250m"), Some(Duration::from_millis(250)));
        assert_eq!(timeout("99999999H"), Some(Duration::from_secs(99_999_999 * 3600)));
        for wrong in ["", "S", "999999999S", "+1S", "1", "1s", "1Sä"] {
            assert_eq!(timeout(wrong), None, "{wrong}");
        }
    }

    #[tokio::test]
    async fn a_call_that_panics_has_no_answer() {
        let call = async { [0_u8; 1].iter().copied().nth(1).unwrap() };
        assert!(matches!(Watched::new(call, None).await, Err(Unanswered::Bug)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_ends_at_its_deadline() {
        let call = std::future::pending::<()>();
        let limit = Some(Duration::from_millis(250));
        assert!(matches!(Watched::new(call, limit).await, Err(Unanswered::Late)));
    }
}
