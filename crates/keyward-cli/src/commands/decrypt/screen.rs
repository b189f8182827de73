//! stdout for opened content. A terminal gets text, and nothing that could control it.

use std::io::{self, IsTerminal, Write};
use std::str;

use zeroize::Zeroizing;

use crate::ui::{Stdout, is_control};

/// A terminal is shown nothing before this much of the content was looked at, so that a binary file is refused whole.
const HELD: usize = 1 << 20;

/// stdout, ready to be written to.
pub(super) struct Screen {
    stdout: Stdout,
    terminal: Option<Terminal>,
}

impl Screen {
    pub(super) fn new() -> Self {
        Self {
            stdout: Stdout::for_text(),
            terminal: io::stdout().is_terminal().then(Terminal::new),
        }
    }

    /// Whether something was refused that a terminal cannot show.
    pub(super) fn has_refused(&self) -> bool {
        self.terminal.as_ref().is_some_and(|terminal| terminal.refused)
    }
}

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.terminal {
            Some(terminal) => terminal.write(bytes, &mut self.stdout),
            None => self.stdout.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        if let Some(terminal) = &mut self.terminal {
            terminal.end(&mut self.stdout)?;
        }
        self.stdout.flush()
    }
}

/// What a terminal is about to be shown.
struct Terminal {
    held: Zeroizing<Vec<u8>>,
    /// How much of `held` is known to be harmless text; what follows is less than a character.
    shown: usize,
    refused: bool,
}

impl Terminal {
    fn new() -> Self {
        Self {
            held: Zeroizing::new(Vec::with_capacity(HELD)),
            shown: 0,
            refused: false,
        }
    }

    fn write(&mut self, bytes: &[u8], target: &mut dyn Write) -> io::Result<usize> {
        if self.held.len() == HELD {
            self.release(target)?;
        }
        let taken = bytes.len().min(HELD - self.held.len());
        self.held.extend_from_slice(&bytes[..taken]);
        self.look()?;
        Ok(taken)
    }

    /// The content ends here: half a character is none.
    fn end(&mut self, target: &mut dyn Write) -> io::Result<()> {
        if self.refused || self.shown < self.held.len() {
            return Err(self.refuse());
        }
        self.release(target)
    }

    fn release(&mut self, target: &mut dyn Write) -> io::Result<()> {
        target.write_all(&self.held[..self.shown])?;
        self.held.drain(..self.shown);
        self.shown = 0;
        Ok(())
    }

    fn look(&mut self) -> io::Result<()> {
        let news = &self.held[self.shown..];
        let text = match str::from_utf8(news) {
            Ok(text) => text,
            Err(cut) if cut.error_len().is_none() => {
                str::from_utf8(&news[..cut.valid_up_to()]).unwrap_or_default()
            }
            Err(_) => return Err(self.refuse()),
        };
        if text.chars().any(|c| is_control(c) && c != '\r') {
            return Err(self.refuse());
        }
        self.shown += text.len();
        Ok(())
    }

    fn refuse(&mut self) -> io::Error {
        self.refused = true;
        io::Error::new(io::ErrorKind::InvalidData, "not for a terminal")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a terminal shows of pieces, or `None` when it refused them.
    fn shown(pieces: &[&[u8]]) -> Option<Vec<u8>> {
        let (mut terminal, mut target) = (Terminal::new(), Vec::new());
        for piece in pieces {
            let mut left = *piece;
            while !left.is_empty() {
                let Ok(taken) = terminal.write(left, &mut target) else {
                    assert!(target.is_empty() && terminal.refused);
                    return None;
                };
                left = &left[taken..];
            }
        }
        terminal.end(&mut target).ok().map(|()| target)
    }

    #[test]
    fn text_passes_wherever_it_is_cut() {
        let text = "naïve \u{1f511}\r\n\ttext\n".as_bytes();
        for at in 0..text.len() {
            assert_eq!(shown(&[&text[..at], &text[at..]]).as_deref(), Some(text));
        }
        let long = "ä".repeat(HELD);
        assert_eq!(
            shown(&[b"x", long.as_bytes()]).map(|shown| shown.len()),
            Some(2 * HELD + 1)
        );
    }

    #[test]
    fn what_could_control_a_terminal_is_refused_whole() {
        for hostile in ["\u{1b}[2J", "\u{9b}31m", "\u{202e}gpj", "\0", "\u{7f}"] {
            let bytes = hostile.as_bytes();
            for at in 0..bytes.len() {
                assert_eq!(
                    shown(&[b"fine\n", &bytes[..at], &bytes[at..]]),
                    None,
                    "{hostile:?}"
                );
            }
        }
        for binary in [&[0x9b, b'3'][..], &[0xff], &[0xe2, 0x80]] {
            assert_eq!(shown(&[b"fine\n", binary]), None);
        }
    }
}
