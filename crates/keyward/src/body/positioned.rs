//! Reads and writes at a position of a file, repeated until all is done.

use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut};

use rustix::io::{Errno, preadv, pwritev};

/// Fills `buffers` from `offset` on and returns how many bytes there were: fewer than asked for only at the end of
/// the file.
pub(super) fn read_at(file: &File, mut buffers: &mut [IoSliceMut<'_>], offset: u64) -> io::Result<usize> {
    let mut done = 0;
    while !buffers.is_empty() {
        match preadv(file, buffers, offset + done as u64) {
            Ok(0) => break,
            Ok(read) => {
                done += read;
                IoSliceMut::advance_slices(&mut buffers, read);
            }
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(done)
}

/// Writes all `buffers` from `offset` on.
pub(super) fn write_at(file: &File, mut buffers: &mut [IoSlice<'_>], offset: u64) -> io::Result<()> {
    let mut done = 0;
    while !buffers.is_empty() {
        match pwritev(file, buffers, offset + done) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                done += written as u64;
                IoSlice::advance_slices(&mut buffers, written);
            }
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
