//! Reading the plan of `terraform show -json` from a file or a pipe: in one pass, and never more of it than can be kept.

use std::io::{self, BufReader, Read};

use keyward_core::limits;
use keyward_core::terraform::{Given, PlanReader, why_unread};
use serde::de::DeserializeSeed;

/// How much of a plan is read at once, in bytes.
const BUFFER: usize = 256 * 1024;

/// What a plan may be.
#[derive(Clone, Copy, Debug)]
pub struct Most {
    /// Longest plan, in bytes.
    pub len: u64,
    /// Longest text in it, in bytes.
    pub text: usize,
    /// What may be kept of it, in bytes.
    pub kept: usize,
}

impl Default for Most {
    fn default() -> Self {
        Self {
            len: limits::PLAN_LEN,
            text: limits::PLAN_TEXT_LEN,
            kept: limits::PLAN_KEPT,
        }
    }
}

/// Reads a plan to its end. One that cannot be read whole, that is longer than `most`, or that is no plan at all is
/// no error: it is [`Given::Unread`], which every check takes for undecided.
pub fn read(source: impl Read, most: Most) -> Given {
    let bounded = Bounded {
        source,
        most,
        read: 0,
        text: Text::Outside,
    };
    let mut deserializer = serde_json::Deserializer::from_reader(BufReader::with_capacity(BUFFER, bounded));
    let reader = PlanReader { budget: most.kept };
    let plan = reader.deserialize(&mut deserializer);
    match plan.and_then(|plan| deserializer.end().map(|()| plan)) {
        Ok(plan) => Given::Plan(plan),
        Err(error) => Given::Unread(why_unread(&error)),
    }
}

/// A source that ends in an error where it becomes too long, or a text in it does.
struct Bounded<R> {
    source: R,
    most: Most,
    read: u64,
    text: Text,
}

/// Where in JSON text a byte stands.
#[derive(Clone, Copy)]
enum Text {
    Outside,
    /// In a text, after so many bytes of it.
    Inside(usize),
    /// After a backslash in it.
    Escaped(usize),
}

impl Text {
    fn after(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Outside, b'"') => Self::Inside(0),
            (Self::Inside(_), b'"') | (Self::Outside, _) => Self::Outside,
            (Self::Inside(len), b'\\') => Self::Escaped(len + 1),
            (Self::Inside(len) | Self::Escaped(len), _) => Self::Inside(len + 1),
        }
    }

    fn len(self) -> usize {
        match self {
            Self::Outside => 0,
            Self::Inside(len) | Self::Escaped(len) => len,
        }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.source.read(buffer)?;
        self.check_encoding(&buffer[..len])?;
        self.read += len as u64;
        if self.read > self.most.len {
            return Err(io::Error::other(format!(
                "it has more than {} bytes, which is more than is read",
                self.most.len
            )));
        }
        for byte in &buffer[..len] {
            self.text = self.text.after(*byte);
            if self.text.len() > self.most.text {
                return Err(io::Error::other(format!(
                    "a text in it has more than {} bytes",
                    self.most.text
                )));
            }
        }
        Ok(len)
    }
}

impl<R> Bounded<R> {
    /// The two ways in which a plan is often not text: the file of `terraform plan -out`, an archive, and what a
    /// redirection of PowerShell makes of text.
    fn check_encoding(&self, start: &[u8]) -> io::Result<()> {
        let is = |mark: &[u8]| self.read == 0 && start.starts_with(mark);
        if is(b"PK") {
            let what = "it is the file of `terraform plan -out`: make text of it with `terraform show -json`";
            return Err(io::Error::other(what));
        }
        if is(b"\xff\xfe") || is(b"\xfe\xff") {
            return Err(io::Error::other("it is UTF-16 text: write it as UTF-8"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: &str = r#"{"format_version":"1.2","planned_values":{},"resource_changes":["#;

    fn why(given: Given) -> String {
        match given {
            Given::Unread(why) => why,
            Given::Plan(plan) => panic!("{plan:?}"),
        }
    }

    fn with(change: &dyn Fn(&mut Most)) -> Most {
        let mut most = Most::default();
        change(&mut most);
        most
    }

    /// Bytes that go on and on, without taking memory.
    struct Endless<I>(I);

    impl<'a, I: Iterator<Item = &'a u8>> Read for Endless<I> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let filled = buffer.iter_mut().zip(&mut self.0);
            Ok(filled.map(|(place, byte)| *place = *byte).count())
        }
    }

    #[test]
    fn a_plan_is_read_to_its_end_and_nothing_may_follow() {
        let whole = format!("{START}]}}\n");
        assert!(matches!(read(whole.as_bytes(), Most::default()), Given::Plan(_)));
        let more = format!("{whole}{{}}");
        assert!(why(read(more.as_bytes(), Most::default())).contains("not JSON"));
        assert!(why(read(&whole.as_bytes()[..20], Most::default())).contains("cut short"));
        assert!(why(read(io::empty(), Most::default())).contains("empty"));
    }

    #[test]
    fn an_endless_plan_ends_in_a_reason() {
        let change = br#"{"type":"google_pubsub_topic","change":{"actions":["delete"]}},"#;
        let endless = START.as_bytes().chain(Endless(change.iter().cycle()));
        let short = with(&|most| most.len = 1_000_000);
        assert!(why(read(endless, short)).contains("more than 1000000 bytes"));
        let text = format!(r#"{START}{{"address":"{}"#, "x".repeat(100_000));
        let short = with(&|most| most.text = 50_000);
        assert!(why(read(text.as_bytes(), short)).contains("a text in it has more than 50000 bytes"));
        let quoted = format!(r#"{START}],"a":"{}"}}"#, r#"\""#.repeat(100));
        let short = with(&|most| most.text = 100);
        assert!(why(read(quoted.as_bytes(), short)).contains("a text in it"));
    }

    #[test]
    fn what_is_not_text_is_said_to_be() {
        assert!(why(read(&b"PK\x03\x04zip"[..], Most::default())).contains("terraform show -json"));
        assert!(why(read(&b"\xff\xfe{\0"[..], Most::default())).contains("UTF-16"));
    }

    #[test]
    fn a_failing_disk_is_a_reason() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("input/output error"))
            }
        }
        let given = read(START.as_bytes().chain(Broken), Most::default());
        assert!(why(given).contains("cannot be read: input/output error"));
    }
}
