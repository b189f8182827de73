//! A server in a process of its own, whose processor time and memory can be read.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Child;
use std::time::Duration;

use keyward_core::error::{Error, Result};

use crate::bench::programs::Program;
use crate::bench::scratch::Scratch;

/// A running server, killed when it is dropped.
pub(super) struct Server {
    child: Child,
    endpoint: String,
}

impl Server {
    /// Starts `program`, which prints its endpoint as its first line, and waits for that line.
    pub(super) fn start(program: &Program, scratch: &Scratch, arguments: &[&str]) -> Result<Self> {
        let mut child = program.spawn(&scratch.path(""), arguments)?;
        let mut endpoint = String::new();
        if let Some(stdout) = child.stdout.take() {
            let read = BufReader::new(stdout).read_line(&mut endpoint);
            read.map_err(|error| Error::unavailable("the server says nothing").because(error))?;
        }
        let server = Self {
            child,
            endpoint: endpoint.trim().to_owned(),
        };
        if server.endpoint.is_empty() {
            return Err(Error::unavailable(format!("{} ended at once", program.name())));
        }
        Ok(server)
    }

    /// `http://ADDRESS:PORT`.
    pub(super) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// `ADDRESS:PORT`.
    pub(super) fn address(&self) -> &str {
        self.endpoint.trim_start_matches("http://")
    }

    /// The processor time that one of `calls` calls takes here while `work` makes them.
    pub(super) fn cost_of(&self, calls: usize, work: impl FnOnce() -> Result<()>) -> Result<Duration> {
        let before = self.processor_time()?;
        work()?;
        Ok((self.processor_time()? - before) / u32::try_from(calls).unwrap_or(u32::MAX))
    }

    /// Of all its threads, in the kernel and outside.
    fn processor_time(&self) -> Result<Duration> {
        let threads = fs::read_dir(format!("/proc/{}/task", self.child.id())).map_err(unreadable)?;
        let mut nanoseconds = 0;
        for thread in threads {
            let file = thread.map_err(unreadable)?.path().join("schedstat");
            let text = fs::read_to_string(file).map_err(unreadable)?;
            nanoseconds += text
                .split(' ')
                .next()
                .and_then(|ran| ran.parse::<u64>().ok())
                .unwrap_or(0);
        }
        Ok(Duration::from_nanos(nanoseconds))
    }

    /// The memory that it holds now, in bytes.
    pub(super) fn resident_memory(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).map_err(unreadable)?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
        kib.map(|kib| kib * 1024)
            .ok_or_else(|| Error::bug("the kernel does not say how much memory it holds"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn unreadable(error: std::io::Error) -> Error {
    Error::unavailable("the kernel does not say what the server used").because(error)
}
