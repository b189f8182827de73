//! The command line: an emulator that runs until it is told to stop.

use std::error::Error as _;
use std::ffi::OsString;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};

use clap::Parser;
use keyward_core::clock::Timestamp;
use keyward_core::error::{Error, ErrorKind, Result};
use tempfile::NamedTempFile;
use tokio::runtime;
use tokio::signal::unix::{SignalKind, signal};

use crate::emulator::{Builder, Emulator};

/// A Cloud KMS emulator for tests: gRPC and REST on one port. Not for production.
///
/// Clients need its endpoint, no credentials (or a bearer token that names the caller), and no TLS unless --tls-dir is
/// given. It stops on SIGINT and SIGTERM.
#[derive(Parser)]
#[command(name = "keyward-emulator", version)]
struct Line {
    /// Where to listen. Port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9010", value_parser = address)]
    listen: SocketAddr,
    /// Listen beyond this machine all the same: whoever reaches the port may use every key.
    #[arg(long)]
    really_listen_beyond_loopback: bool,
    /// Keep keys, policies and objects in this folder. Without it they are gone at the end.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Draw everything random from this number, to repeat a run. The keys are no secret then.
    #[arg(long, value_name = "N", value_parser = seed, allow_negative_numbers = true)]
    seed: Option<u64>,
    /// Start the clock there, as in 2026-01-31T12:00:00Z, instead of now.
    #[arg(long, value_name = "TIME", value_parser = time)]
    clock: Option<Timestamp>,
    /// Let the clock run that many times as fast: 86400 is a day a second. 0 stops it.
    #[arg(long, value_name = "X", value_parser = rate, allow_negative_numbers = true)]
    clock_rate: Option<f64>,
    /// Read faults, policies and the clock from this file.
    #[arg(long, value_name = "FILE")]
    trouble: Option<PathBuf>,
    /// Enforce IAM policies for callers that a bearer token names.
    #[arg(long)]
    enforce_iam: bool,
    /// Serve https, with a development authority in this folder. Clients trust DIR/ca.pem.
    #[arg(long, value_name = "DIR")]
    tls_dir: Option<PathBuf>,
    /// Write the port to this file once it answers.
    #[arg(long, value_name = "FILE")]
    port_file: Option<PathBuf>,
    /// Print the interface that is served, as a serialized FileDescriptorSet, and end.
    #[arg(long)]
    print_descriptor: bool,
}

/// Runs the program with the words of its command line, the program's name first, and answers its exit code.
pub fn run(words: impl IntoIterator<Item = OsString>) -> u8 {
    let ended = panic::catch_unwind(AssertUnwindSafe(|| match Line::try_parse_from(words) {
        Ok(line) => line.run().map_or_else(|error| told(&error), |()| 0),
        Err(shown) => {
            let _ = shown.print();
            if shown.use_stderr() {
                ErrorKind::Usage.exit_code()
            } else {
                0
            }
        }
    }));
    ended.unwrap_or_else(|_| ErrorKind::Bug.exit_code())
}

impl Line {
    fn run(self) -> Result<()> {
        if self.print_descriptor {
            return printed(crate::descriptor());
        }
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::unavailable("no runtime for signals").because(error))?;
        // Before anybody is told that it runs: whoever is told may stop it at once.
        let stopped = runtime.block_on(async { stopped() })?;
        let emulator = self.builder().start()?;
        self.announce(&emulator)?;
        runtime.block_on(stopped);
        emulator.stop();
        Ok(())
    }

    fn builder(&self) -> Builder {
        let mut builder = Emulator::builder()
            .listen(self.listen)
            .beyond_loopback(self.really_listen_beyond_loopback)
            .enforce_iam(self.enforce_iam);
        if let Some(folder) = &self.data {
            builder = builder.data(folder);
        }
        if let Some(seed) = self.seed {
            builder = builder.seed(seed);
        }
        if let Some(start) = self.clock {
            builder = builder.clock_at(start);
        }
        if let Some(rate) = self.clock_rate {
            builder = builder.clock_rate(rate);
        }
        if let Some(file) = &self.trouble {
            builder = builder.trouble_file(file);
        }
        if let Some(folder) = &self.tls_dir {
            builder = builder.tls(folder);
        }
        builder
    }

    /// A script reads the endpoint from stdout or the port from the file; a person reads stderr.
    fn announce(&self, emulator: &Emulator) -> Result<()> {
        say("keyward-emulator is for tests, not for production: it keeps no key safe.");
        say(&self.setting(emulator));
        let port = emulator.address().port();
        // Before the line, so that nobody takes an emulator that ends here for one that serves.
        self.port_file
            .as_deref()
            .map_or(Ok(()), |file| write_port(file, port))?;
        printed(format!("{}\n", emulator.endpoint()).as_bytes())
    }

    /// What it serves, and how.
    fn setting(&self, emulator: &Emulator) -> String {
        let kept = self.data.as_deref().map_or_else(
            || "in memory, gone at the end".to_owned(),
            |folder| format!("kept in {}", folder.display()),
        );
        let trouble = emulator.trouble();
        let enforced = match trouble.is_iam_enforced() {
            true => "policies are enforced",
            false => "policies are not enforced",
        };
        let read = self.trouble.as_deref().map_or_else(String::new, |file| {
            let faults = trouble.waiting_faults();
            format!("; from {}: {faults} faults", file.display())
        });
        format!("Keys and objects are {kept}; {enforced}{read}. Ctrl-C stops it.")
    }
}

/// Where to listen; `localhost` is what most clients write.
fn address(text: &str) -> Result<SocketAddr, String> {
    let local = text
        .strip_prefix("localhost:")
        .map(|port| format!("127.0.0.1:{port}"));
    let parsed = local.as_deref().unwrap_or(text).parse();
    parsed.map_err(|_| "write ADDRESS:PORT, such as 127.0.0.1:9010 or localhost:0".to_owned())
}

fn seed(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| format!("write a whole number from 0 to {}", u64::MAX))
}

fn time(text: &str) -> Result<Timestamp, String> {
    text.parse()
        .map_err(|_| "write a time such as 2026-01-31T12:00:00Z".to_owned())
}

fn rate(text: &str) -> Result<f64, String> {
    text.parse()
        .map_err(|_| "write a number, such as 86400 for a day a second".to_owned())
}

/// Ends when the process is told to stop.
fn stopped() -> Result<impl Future<Output = ()>> {
    let unheard = |error| Error::unavailable("signals cannot be heard").because(error);
    let mut interrupted = signal(SignalKind::interrupt()).map_err(unheard)?;
    let mut terminated = signal(SignalKind::terminate()).map_err(unheard)?;
    Ok(async move {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
    })
}

/// Whole or not at all: whoever waits for the file may read it as soon as it is there.
fn write_port(file: &Path, port: u16) -> Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let written = NamedTempFile::new_in(folder.unwrap_or(Path::new("."))).and_then(|mut temporary| {
        writeln!(temporary, "{port}")?;
        temporary.persist(file).map_err(|error| error.error)
    });
    let unwritten = |error| {
        Error::usage("cannot write the port there")
            .on(file.display())
            .because(error)
    };
    written.map(drop).map_err(unwritten)
}

fn printed(bytes: &[u8]) -> Result<()> {
    let mut out = io::stdout().lock();
    let printed = out.write_all(bytes).and_then(|()| out.flush());
    printed.map_err(|error| Error::unavailable("stdout is closed").because(error))
}

/// Tells an error, its causes and the next steps; answers the exit code.
fn told(error: &Error) -> u8 {
    let mut text = format!("{}: {error}", error.kind().heading());
    let mut cause = error.source();
    while let Some(because) = cause {
        text.push_str(&format!(": {because}"));
        cause = because.source();
    }
    say(&text);
    for hint in error.hints() {
        say(&format!("hint: {hint}"));
    }
    error.kind().exit_code()
}

/// A stderr that nobody reads is no reason to stop.
fn say(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn code(words: &[&str]) -> u8 {
        run(["keyward-emulator"].iter().chain(words).map(OsString::from))
    }

    #[test]
    fn the_line_is_sound() {
        Line::command().debug_assert();
    }

    #[test]
    fn a_wrong_call_is_a_usage_error() {
        assert_eq!(code(&["--listen", "nowhere"]), 2);
        assert_eq!(code(&["--data", "/proc/x"]), 2);
        assert_eq!(
            code(&["--listen", "localhost:0", "--port-file", "/proc/x/port"]),
            2
        );
        assert_eq!(code(&["--listen", "0.0.0.0:0"]), 2);
        assert_eq!(code(&["--seed", "1", "--data", "/nonexistent/x"]), 2);
    }

    #[test]
    fn what_is_wrong_with_a_word_is_said_in_its_own_terms() {
        for (flag, word, said) in [
            ("--listen", "9010", "ADDRESS:PORT"),
            ("--clock", "yesterday", "2026-01-31T12:00:00Z"),
            ("--clock-rate", "fast", "86400"),
            ("--seed", "-1", "whole number"),
        ] {
            let shown = Line::try_parse_from(["keyward-emulator", flag, word])
                .err()
                .unwrap();
            assert!(shown.to_string().contains(said), "{shown}");
        }
        assert!(Line::try_parse_from(["keyward-emulator", "--listen", "localhost:0"]).is_ok());
        // Refused where all rates are.
        assert!(Line::try_parse_from(["keyward-emulator", "--clock-rate", "-1"]).is_ok());
        assert_eq!(code(&["--listen", "localhost:0", "--clock-rate", "-1"]), 2);
    }

    #[test]
    fn who_is_beyond_loopback_is_told_the_flag() {
        let error = Emulator::builder().listen(address("0.0.0.0:0").unwrap()).start();
        let hints = error.err().unwrap().hints().join(" ");
        assert!(hints.contains("--really-listen-beyond-loopback"), "{hints}");
    }

    #[test]
    fn a_folder_in_use_is_told_once() {
        let folder = tempfile::tempdir().unwrap();
        let start = || Emulator::builder().data(folder.path()).start();
        let _first = start().unwrap();
        let error = start().err().unwrap();
        assert!(!error.to_string().contains("UNAVAILABLE"), "{error}");
        assert_eq!(error.kind().exit_code(), 3);
    }

    #[test]
    fn a_taken_port_may_be_free_later() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        assert_eq!(code(&["--listen", &taken.local_addr().unwrap().to_string()]), 3);
    }
}
