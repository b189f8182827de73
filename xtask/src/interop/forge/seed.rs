//! Random bytes that are the same in every run: what vectors are drawn from.

use ring::digest;

/// The stream SHA-512(label ‖ 0) ‖ SHA-512(label ‖ 1) ‖ …, the counter in 8 bytes.
pub struct Seed {
    label: Vec<u8>,
    counter: u64,
    ready: Vec<u8>,
}

impl Seed {
    /// The stream of `name`. The label that it makes is `keyward test vectors/NAME`.
    pub fn new(name: &str) -> Self {
        Self {
            label: format!("keyward test vectors/{name}").into_bytes(),
            counter: 0,
            ready: Vec::new(),
        }
    }

    /// The next `len` bytes.
    pub fn bytes(&mut self, len: usize) -> Vec<u8> {
        while self.ready.len() < len {
            let block = [&self.label[..], &self.counter.to_be_bytes()].concat();
            self.ready
                .extend_from_slice(digest::digest(&digest::SHA512, &block).as_ref());
            self.counter += 1;
        }
        self.ready.drain(..len).collect()
    }

    /// The next `N` bytes.
    pub fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut array = [0; N];
        array.copy_from_slice(&self.bytes(N));
        array
    }
}
