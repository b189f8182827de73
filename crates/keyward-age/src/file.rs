//! Plain age files, binary or armored, decrypted as a stream.

use std::borrow::Borrow;
use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Read, Write};

use age::armor::ArmoredReader;
use keyward_core::error::{Error, Result};
use keyward_core::limits;
use zeroize::Zeroizing;

use crate::failure::{not_opened, unless_not_mine, unreadable};
use crate::identity::{AgeIdentity, Keys};
use crate::passphrase::{self, AskPassphrase};

/// How an armored age file begins.
pub(crate) const ARMOR_BEGIN: &[u8] = b"-----BEGIN AGE ENCRYPTED FILE-----";

/// Plaintext is written in pieces of this many bytes.
const PIECE: usize = 64 * 1024;

type Limited<'a> = HeaderLimit<'a, BufReader<Box<dyn Read + 'a>>>;

/// Decrypts an age file into `target`, flushes it, and tells how many bytes were written.
///
/// Identities are tried in their order; `ask` is called when the file is protected by a passphrase. No byte is written
/// before its chunk was authenticated, but a later chunk can still fail: whoever gives a file as target discards it
/// when this errs.
///
/// # Errors
/// A usage error when no identity fits; damaged data when the passphrase is wrong or the file was changed or cut
/// short; a refusal when the passphrase protection asks for more memory than [`limits::AGE_WORK_FACTOR`] allows.
pub fn decrypt_age(
    source: &mut dyn Read,
    identities: &[impl Borrow<AgeIdentity>],
    ask: &AskPassphrase,
    target: &mut dyn Write,
) -> Result<u64> {
    let limit = Cell::new(limits::AGE_HEADER_LEN);
    let decryptor = open_header(source, &limit)?;
    if decryptor.is_scrypt() {
        return decrypt_with_passphrase(decryptor, "the age file", ask, target);
    }
    let keys = Keys::default();
    let opened = decryptor.decrypt(keys.of(identities.iter().map(Borrow::borrow)));
    match unless_not_mine(opened, false)? {
        Some(plaintext) => copy(plaintext, target),
        None => Err(keys.failed().unwrap_or_else(|| no_identity(identities.len()))),
    }
}

/// Decrypts an age file that only a passphrase opens; `label` is what the question calls it.
pub(crate) fn open_with_passphrase(
    source: &mut dyn Read,
    label: &str,
    ask: &AskPassphrase,
    target: &mut dyn Write,
) -> Result<u64> {
    let limit = Cell::new(limits::AGE_HEADER_LEN);
    let decryptor = open_header(source, &limit)?;
    if !decryptor.is_scrypt() {
        return Err(
            Error::usage("an encrypted identity file must be protected by a passphrase")
                .hint("decrypt it with `age -d` first, or give the identity that it holds"),
        );
    }
    decrypt_with_passphrase(decryptor, label, ask, target)
}

fn decrypt_with_passphrase(
    decryptor: age::Decryptor<impl Read>,
    label: &str,
    ask: &AskPassphrase,
    target: &mut dyn Write,
) -> Result<u64> {
    let identity = passphrase::identity(&ask(label)?)?;
    let plaintext = decryptor
        .decrypt(std::iter::once(&identity as &dyn age::Identity))
        .map_err(|error| not_opened(error, true))?;
    copy(plaintext, target)
}

fn open_header<'a>(source: &'a mut dyn Read, limit: &'a Cell<usize>) -> Result<age::Decryptor<Limited<'a>>> {
    let inner = BufReader::with_capacity(PIECE, unarmored(source).map_err(unreadable)?);
    let decryptor = age::Decryptor::new_buffered(HeaderLimit { inner, left: limit });
    limit.set(usize::MAX);
    decryptor.map_err(|error| not_opened(error, false))
}

fn unarmored<'a>(mut source: &'a mut dyn Read) -> io::Result<Box<dyn Read + 'a>> {
    let mut begin = Vec::with_capacity(ARMOR_BEGIN.len());
    (&mut source)
        .take(ARMOR_BEGIN.len() as u64)
        .read_to_end(&mut begin)?;
    let armored = begin == ARMOR_BEGIN;
    let whole = io::Cursor::new(begin).chain(source);
    if armored {
        Ok(Box::new(ArmoredReader::new(LineLimit { inner: whole, run: 0 })))
    } else {
        Ok(Box::new(whole))
    }
}

fn copy(mut plaintext: impl Read, target: &mut dyn Write) -> Result<u64> {
    let failed = |error: io::Error| {
        Error::unavailable(format!("the plaintext cannot be written: {error}")).because(error)
    };
    let mut piece = Zeroizing::new(vec![0; PIECE]);
    let mut written = 0;
    loop {
        let len = match plaintext.read(&mut piece) {
            Ok(0) => {
                target.flush().map_err(failed)?;
                return Ok(written);
            }
            Ok(len) => len,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(unreadable(error)),
        };
        target.write_all(&piece[..len]).map_err(failed)?;
        written += len as u64;
    }
}

fn no_identity(given: usize) -> Error {
    if given == 0 {
        Error::usage("no usable identity: this age file needs one, and none was given")
            .hint("give the identity file: `--identity FILE`")
    } else {
        Error::usage("no usable identity: this age file is not for any that was given")
            .hint("ask whoever made the file which recipients it has; age files do not tell")
    }
}

/// Lets a reader give only so many bytes until the header was parsed, so that a file without line ends is not read
/// into memory.
struct HeaderLimit<'a, R> {
    inner: R,
    left: &'a Cell<usize>,
}

impl<R: BufRead> BufRead for HeaderLimit<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let left = self.left.get();
        if left == 0 {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the header of the age file is too long",
            ));
        }
        let available = self.inner.fill_buf()?;
        Ok(&available[..available.len().min(left)])
    }

    fn consume(&mut self, amount: usize) {
        self.inner.consume(amount);
        self.left.set(self.left.get().saturating_sub(amount));
    }
}

impl<R: BufRead> Read for HeaderLimit<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(self.left.get());
        self.inner.read(&mut buffer[..most])
    }
}

/// Refuses lines that no armored file has, before they are read into memory.
struct LineLimit<R> {
    inner: R,
    run: usize,
}

impl<R: Read> Read for LineLimit<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.inner.read(buffer)?;
        for line in buffer[..len].split_inclusive(|byte| *byte == b'\n') {
            self.run += line.len();
            if self.run > limits::AGE_ARMOR_LINE_LEN {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "a line of the armor is too long",
                ));
            }
            if line.ends_with(b"\n") {
                self.run = 0;
            }
        }
        Ok(len)
    }
}

#[cfg(test)]
mod tests;
