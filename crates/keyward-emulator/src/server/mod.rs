//! The listening side: connections of both protocols on one port, each with limits.

mod budget;
mod connection;
mod front;
mod opening;
mod origin;
mod paced;
mod reply;
pub(crate) mod tls;
mod watched;

use std::io;
use std::net::TcpListener as StdListener;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;

use self::connection::Protocols;
use self::front::Front;
use crate::rest::Rest;
use crate::state::State;

/// Connections at once; the next ones wait to be accepted.
const CONNECTIONS: u32 = 1000;

/// How long calls may take to end once the server stops.
const GRACE: Duration = Duration::from_secs(1);

/// How long accepting waits when the system has no room for another connection.
const NO_ROOM: Duration = Duration::from_millis(50);

/// What one port serves.
pub(crate) struct Server {
    front: Arc<Front>,
    tls: Option<TlsAcceptor>,
}

impl Server {
    pub(crate) fn new(state: Arc<State>, tls: Option<TlsAcceptor>) -> Self {
        Self {
            front: Arc::new(Front::new(state, tls.is_some())),
            tls,
        }
    }

    /// Serves until `stopped` says so, and then lets what was begun end.
    pub(crate) async fn run(self, listener: StdListener, mut stopped: watch::Receiver<bool>) {
        // Without this there is nothing to serve; the listener has been bound, so that it cannot be the address.
        let Ok(listener) = TcpListener::from_std(listener) else {
            return;
        };
        tokio::task::spawn_blocking(Rest::warm_up);
        let (stop, room) = (stopped.clone(), Arc::new(Semaphore::new(CONNECTIONS as usize)));
        tokio::select! {
            () = self.accept(&listener, &room, &stop) => {}
            _ = stopped.wait_for(|stopped| *stopped) => {}
        }
        drop(listener);
        // A client that is not listening just now does not hold the server up.
        tokio::select! {
            _ = room.acquire_many(CONNECTIONS) => {}
            () = self.front.idle() => {}
            () = tokio::time::sleep(GRACE) => {}
        }
    }

    async fn accept(&self, listener: &TcpListener, room: &Arc<Semaphore>, stop: &watch::Receiver<bool>) {
        let protocols = Arc::new(Protocols::new());
        while let Ok(place) = Arc::clone(room).acquire_owned().await {
            let stream = accepted(listener).await;
            let (front, tls) = (Arc::clone(&self.front), self.tls.clone());
            let (protocols, stop) = (Arc::clone(&protocols), stop.clone());
            tokio::spawn(async move {
                protocols.serve(stream, tls, front, stop).await;
                drop(place);
            });
        }
    }
}

/// The next connection. That one could not be made, or that there is no room for one now, does not end the server.
async fn accepted(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // An answer is small and is wanted now. A socket that cannot do this works all the same.
                let _ = stream.set_nodelay(true);
                return stream;
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(_) => tokio::time::sleep(NO_ROOM).await,
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}
