//! The emulator: what a call costs its process, how fast it is there, and what many versions weigh.

mod echo;
mod load;
mod many;
mod process;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use keyward_core::error::{Error, Result};

use super::contest::{contest, time};
use super::programs::Program;
use super::row::Row;
use super::scratch::Scratch;
use load::Load;
use process::Server;

pub(super) use echo::serve as serve_echo;

/// Calls in flight at once, on one connection.
const IN_FLIGHT: usize = 64;
/// Calls of one round.
const CALLS: usize = 20_000;
/// At most so many times the processor time of a server that does nothing but echo.
const AGAINST_ECHO: f64 = 1.5;
const CALL: Duration = Duration::from_micros(25);
const START: Duration = Duration::from_millis(50);

/// Measures all three.
pub(super) fn rows(emulator: &Program, scratch: &Scratch, rounds: usize) -> Result<Vec<Row>> {
    let mut rows = cost_of_a_call(emulator, scratch, rounds)?;
    rows.push(start(emulator, scratch, rounds * 3)?);
    rows.extend(many::rows(emulator, scratch)?);
    Ok(rows)
}

/// Processor time of the server, without the client's.
fn cost_of_a_call(emulator: &Program, scratch: &Scratch, rounds: usize) -> Result<Vec<Row>> {
    let served = Server::start(emulator, scratch, &["--listen", "127.0.0.1:0"])?;
    let echoing = Server::start(&Program::this()?, scratch, &["bench", "--echo"])?;
    let (encrypts, echoes) = (Load::on(&served)?, Load::on(&echoing)?);
    encrypts.create_ring_and_key()?;
    let [ours, bare] = contest(
        rounds,
        [
            Box::new(|| served.cost_of(CALLS, || encrypts.encrypt(CALLS, IN_FLIGHT))),
            Box::new(|| echoing.cost_of(CALLS, || echoes.encrypt(CALLS, IN_FLIGHT))),
        ],
    )?;
    let what = "processor time of the emulator for one encrypt, 64 in flight on one gRPC connection";
    Ok(vec![
        Row::cost(what, &ours, "bare tonic, echoing", &bare, AGAINST_ECHO),
        Row::limit(what, &ours, CALL, ("bare tonic, echoing", &bare)),
    ])
}

/// From starting the process to the last byte of the first answer.
fn start(emulator: &Program, scratch: &Scratch, rounds: usize) -> Result<Row> {
    let [first] = contest(
        rounds,
        [Box::new(|| {
            time(|| {
                let server = Server::start(emulator, scratch, &["--listen", "127.0.0.1:0"])?;
                first_answer(&server)
            })
        })],
    )?;
    Ok(Row::within("emulator, start to first answer", &first, START))
}

fn first_answer(server: &Server) -> Result<()> {
    let ask = || {
        let mut stream = TcpStream::connect(server.address())?;
        stream.write_all(
            b"GET /v1/projects/p/locations/global/keyRings HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    let answer = ask().map_err(|error: std::io::Error| Error::unavailable("no answer").because(error))?;
    if answer.starts_with("HTTP/1.1 200") {
        Ok(())
    } else {
        Err(Error::bug(format!("the first answer was {answer:?}")))
    }
}
