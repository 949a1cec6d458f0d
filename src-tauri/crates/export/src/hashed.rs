//! A sink that counts and hashes what goes through it, so that an exported file can be named in the custody log.
//!
//! Owns: the count and the hash. Never touches: where the bytes go.

use std::io::{self, Write};

use sha2::{Digest, Sha256};

/// Passes bytes on, hashed and counted.
pub struct Hashed<W> {
    out: W,
    hash: Sha256,
    bytes: u64,
}

impl<W: Write> Hashed<W> {
    /// Around a sink.
    pub fn new(out: W) -> Self {
        Self {
            out,
            hash: Sha256::new(),
            bytes: 0,
        }
    }

    /// The number of bytes that went through, and their SHA-256 in lower-case hex.
    #[must_use]
    pub fn finish(self) -> (u64, String) {
        (self.bytes, hex::encode(self.hash.finalize()))
    }
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.out.write(bytes)?;
        self.hash.update(&bytes[..taken]);
        self.bytes += taken as u64;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_the_bytes_that_went_through() {
        let mut out = Vec::new();
        let mut hashed = Hashed::new(&mut out);
        hashed.write_all(b"ab").unwrap();
        hashed.write_all(b"c").unwrap();
        // FIPS 180-4, the example of one block.
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hashed.finish(), (3, known.to_owned()));
        assert_eq!(out, b"abc");
    }
}
