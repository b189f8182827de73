//! The emulator as a value: started on a thread of its own, stopped when it is dropped.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use keyward_core::clock::Timestamp;
use keyward_core::error::{Error, Result};
use tokio::runtime::{self, Runtime};
use tokio::sync::watch;

use crate::server::{self, Server};
use crate::state::{Settings, State};
use crate::trouble::Trouble;

/// How long work that was begun may take once the emulator is to stop.
const LAST_WORK: Duration = Duration::from_secs(2);

/// A running emulator. It serves until it is dropped.
///
/// ```
/// let emulator = keyward_emulator::Emulator::start()?;
/// assert!(emulator.endpoint().starts_with("http://127.0.0.1:"));
/// # Ok::<(), keyward_core::error::Error>(())
/// ```
pub struct Emulator {
    address: SocketAddr,
    secure: bool,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
    trouble: Trouble,
}

/// An emulator that is not running yet.
#[derive(Clone, Debug)]
#[must_use = "nothing runs before `start`"]
pub struct Builder {
    listen: SocketAddr,
    beyond_loopback: bool,
    tls: Option<PathBuf>,
    settings: Settings,
}

impl Emulator {
    /// An emulator with no keys, in memory, on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// As [`Builder::start`].
    pub fn start() -> Result<Self> {
        Self::builder().start()
    }

    /// An emulator that keeps its data, listens elsewhere, or is otherwise not the plain one.
    pub fn builder() -> Builder {
        Builder {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            beyond_loopback: false,
            tls: None,
            settings: Settings::default(),
        }
    }

    /// Where it is reached, as clients take it: `http://127.0.0.1:PORT`, or `https` when it has certificates.
    pub fn endpoint(&self) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Faults, clock, consistency, permissions and the log of calls.
    pub fn trouble(&self) -> &Trouble {
        &self.trouble
    }

    /// Stops it: no new calls, those that are being answered get a moment to end. Dropping does the same.
    pub fn stop(self) {}
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            // A panic there was its own; there is nothing left to stop.
            let _ = thread.join();
        }
    }
}

impl Builder {
    /// Listens there. An address beyond loopback is refused unless [`Self::beyond_loopback`] says it a second time.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Whether it may listen where other machines reach it. Everybody there may then do everything with its keys.
    pub fn beyond_loopback(mut self, may: bool) -> Self {
        self.beyond_loopback = may;
        self
    }

    /// Keeps keys, policies and objects in `folder`, which is made when it is missing.
    pub fn data(mut self, folder: &Path) -> Self {
        self.settings.data = Some(folder.to_owned());
        self
    }

    /// Draws everything random from this seed, so that a run can be repeated. Its keys are no secret then.
    pub fn seed(mut self, seed: u64) -> Self {
        self.settings.seed = Some(seed);
        self
    }

    /// Starts the clock there instead of now.
    pub fn clock_at(mut self, start: Timestamp) -> Self {
        self.settings.clock_at = Some(start);
        self
    }

    /// Lets the clock run faster: 3600 is an hour a second.
    pub fn clock_rate(mut self, rate: f64) -> Self {
        self.settings.clock_rate = Some(rate);
        self
    }

    /// Serves https, with a development authority and a certificate for this machine in `folder`, made when missing.
    /// Clients trust `folder/ca.pem`.
    pub fn tls(mut self, folder: &Path) -> Self {
        self.tls = Some(folder.to_owned());
        self
    }

    /// Reads faults, policies and the clock from a file first.
    pub fn trouble_file(mut self, file: &Path) -> Self {
        self.settings.trouble_file = Some(file.to_owned());
        self
    }

    /// Whether IAM policies are enforced for callers that a bearer token names.
    pub fn enforce_iam(mut self, enforced: bool) -> Self {
        self.settings.enforce_iam = enforced;
        self
    }

    /// Starts it. It listens, and answers, once this returns.
    ///
    /// # Errors
    /// `Usage` when the address is beyond loopback and that was not said twice, or when a file or folder given is not
    /// what it should be; `Unavailable` when the port is taken, or the data in use by another process.
    pub fn start(self) -> Result<Emulator> {
        self.check()?;
        let listener = bind(self.listen)?;
        let address = listener
            .local_addr()
            .map_err(|error| unbound(self.listen, error))?;
        let tls = self.tls.as_deref().map(server::tls::acceptor).transpose()?;
        let secure = tls.is_some();
        let state = Arc::new(State::open(&self.settings)?);
        let (stop, stopped) = watch::channel(false);
        let runtime = runtime()?;
        let trouble = state.trouble.clone();
        let server = Server::new(state, tls);
        let thread = thread::Builder::new()
            .name("keyward-emulator".to_owned())
            .spawn(move || run(runtime, listener, server, stopped))
            .map_err(|error| Error::unavailable("no thread for the emulator").because(error))?;
        Ok(Emulator {
            address,
            secure,
            stop,
            thread: Some(thread),
            trouble,
        })
    }

    fn check(&self) -> Result<()> {
        if self.beyond_loopback || self.listen.ip().is_loopback() {
            return Ok(());
        }
        let what =
            "this address is reached from other machines, and whoever reaches the emulator may use every key";
        Err(Error::usage(what)
            .on(self.listen)
            .hint("listen on 127.0.0.1, or add --really-listen-beyond-loopback (in Rust: `beyond_loopback`)"))
    }
}

fn run(runtime: Runtime, listener: TcpListener, server: Server, stopped: watch::Receiver<bool>) {
    runtime.block_on(server.run(listener, stopped));
    runtime.shutdown_timeout(LAST_WORK);
}

fn runtime() -> Result<Runtime> {
    runtime::Builder::new_multi_thread()
        .thread_name("keyward-emulator")
        .enable_all()
        .build()
        .map_err(|error| Error::unavailable("no threads for the emulator").because(error))
}

fn bind(address: SocketAddr) -> Result<TcpListener> {
    let listener = TcpListener::bind(address).and_then(|listener| {
        listener.set_nonblocking(true)?;
        Ok(listener)
    });
    listener.map_err(|error| unbound(address, error))
}

fn unbound(address: SocketAddr, error: std::io::Error) -> Error {
    Error::unavailable("cannot listen there")
        .on(address)
        .because(error)
        .hint("choose another port; port 0 takes a free one")
}
