//! Clients that ask, and do not read what they are answered.

use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::super::connection::Protocols;
use super::super::reply::SILENCE;
use super::*;
use crate::state::Settings;

/// Far less than any answer has.
const NARROW: usize = 64;

const PATIENCE: Duration = Duration::from_secs(600);

fn front() -> Arc<Front> {
    let state = State::open(&Settings::default()).unwrap();
    Arc::new(Front::new(Arc::new(state), false))
}

/// A client's end of a connection, and what serves the other end.
fn connected(front: &Arc<Front>, width: usize) -> (DuplexStream, JoinHandle<()>) {
    let (client, server) = duplex(width);
    let front = Arc::clone(front);
    let serving = tokio::spawn(async move {
        let (_running, stop) = tokio::sync::watch::channel(false);
        Protocols::new().speak(server, front, stop).await;
    });
    (client, serving)
}

/// The connection is cut, about when it should be, and nothing of it is counted any more.
async fn assert_cut(front: &Front, serving: JoinHandle<()>) {
    let begun = Instant::now();
    timeout(PATIENCE, serving).await.expect("never cut").unwrap();
    assert!(begun.elapsed() >= SILENCE / 2, "{:?}", begun.elapsed());
    assert!(begun.elapsed() <= SILENCE * 2, "{:?}", begun.elapsed());
    // Streams are tasks of their own.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(front.answers.used(), 0);
}

#[tokio::test(start_paused = true)]
async fn who_does_not_read_over_http1_is_cut() {
    let front = front();
    let (mut client, serving) = connected(&front, NARROW);
    client
        .write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .await
        .unwrap();
    tokio::time::sleep(SILENCE / 20).await;
    assert!(front.answers.used() > 0);
    assert_cut(&front, serving).await;
    drop(client);
}

#[tokio::test(start_paused = true)]
async fn who_opens_no_window_over_http2_is_cut() {
    let front = front();
    let (client, serving) = connected(&front, 1 << 20);
    let (mut sender, connection) = http2::Builder::new(TokioExecutor::new())
        .initial_stream_window_size(1)
        .handshake(TokioIo::new(client))
        .await
        .unwrap();
    tokio::spawn(connection);
    let request = Request::get("http://localhost/").body(Full::<Bytes>::default());
    let answer = sender.send_request(request.unwrap()).await.unwrap();
    assert!(front.answers.used() > 0);
    assert_cut(&front, serving).await;
    assert!(answer.into_body().collect().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn who_reads_slowly_is_answered() {
    let front = front();
    let (mut client, _serving) = connected(&front, NARROW);
    client
        .write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    tokio::time::sleep(SILENCE / 2).await;
    let mut said = String::new();
    client.read_to_string(&mut said).await.unwrap();
    assert!(said.ends_with("Not for production.\n"), "{said}");
}

#[tokio::test]
async fn while_too_much_is_unread_nothing_is_begun_and_that_is_said() {
    let front = front();
    let mut unread = front.answers.share();
    assert!(unread.take(ANSWERS - MARGIN));
    let ask = || async {
        let (mut client, _serving) = connected(&front, 1 << 20);
        client
            .write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            .await
            .unwrap();
        let mut said = String::new();
        client.read_to_string(&mut said).await.unwrap();
        said
    };
    let said = ask().await;
    assert!(said.starts_with("HTTP/1.1 429"), "{said}");
    drop(unread);
    assert!(ask().await.starts_with("HTTP/1.1 200"));
}
