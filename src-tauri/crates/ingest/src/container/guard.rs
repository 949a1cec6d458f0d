//! Watches a container being opened: counts what goes in and comes out, keeps the bytes that went in, stops what
//! expands without end.
//!
//! Owns: the limits on expansion; sizes that a container states of itself are never trusted. Never touches: formats.

use crate::limits::Limits;
use std::cell::{Cell, RefCell};
use std::io::{self, Read, Seek, SeekFrom};
use std::rc::Rc;

/// What both ends of a decompressor tell each other.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// Bytes that went in.
    read: Cell<u64>,
    /// Bytes that came out, over all members.
    produced: Cell<u64>,
    /// Whether a limit was passed.
    tripped: Cell<bool>,
    /// Why reading the input itself failed.
    failed: RefCell<Option<io::Error>>,
    /// Bytes that went in and were not taken yet; kept only for containers.
    pending: RefCell<Vec<u8>>,
    keeps: Cell<bool>,
    /// Whether what goes in was counted before.
    counted: Cell<bool>,
}

impl Watch {
    pub(crate) fn read(&self) -> u64 {
        self.read.get()
    }

    pub(crate) fn produced(&self) -> u64 {
        self.produced.get()
    }

    pub(crate) fn tripped(&self) -> bool {
        self.tripped.get()
    }

    pub(crate) fn take_failure(&self) -> Option<io::Error> {
        self.failed.borrow_mut().take()
    }

    /// Counts from zero again.
    pub(crate) fn restart(&self) {
        self.read.set(0);
    }

    /// What is read from now on was read before.
    pub(crate) fn stop_counting(&self) {
        self.counted.set(true);
    }

    /// From now on the bytes that go in are kept until [`Watch::take_pending`].
    pub(crate) fn keep(&self) {
        self.keeps.set(true);
    }

    pub(crate) fn take_pending(&self) -> Vec<u8> {
        self.pending.take()
    }
}

/// The input before it is opened.
pub(crate) struct Tap<R> {
    pub(crate) inner: R,
    pub(crate) watch: Rc<Watch>,
}

impl<R: Read> Read for Tap<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.inner.read(buffer) {
            Ok(n) => {
                if !self.watch.counted.get() {
                    self.watch.read.set(self.watch.read.get() + n as u64);
                }
                if self.watch.keeps.get() {
                    self.watch
                        .pending
                        .borrow_mut()
                        .extend_from_slice(&buffer[..n]);
                }
                Ok(n)
            }
            Err(error) => {
                if error.kind() != io::ErrorKind::Interrupted {
                    let copy = io::Error::new(error.kind(), error.to_string());
                    self.watch.failed.replace(Some(copy));
                }
                Err(error)
            }
        }
    }
}

impl<R: Seek> Seek for Tap<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

/// What comes out of a decompressor.
pub(crate) struct Guard<R> {
    pub(crate) inner: R,
    pub(crate) watch: Rc<Watch>,
    pub(crate) limits: Limits,
    /// Compressed bytes of this member, when they do not go through the tap now.
    pub(crate) packed: Option<u64>,
    pub(crate) out: u64,
}

impl<R: Read> Read for Guard<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.out += n as u64;
        let total = self.watch.produced.get() + n as u64;
        self.watch.produced.set(total);
        let packed = self.packed.unwrap_or_else(|| self.watch.read()).max(1);
        let swollen = self.out > self.limits.ratio_above && self.out / packed > self.limits.ratio;
        if total > self.limits.expanded || swollen {
            self.watch.tripped.set(true);
            return Err(io::Error::other("expands past the limit"));
        }
        Ok(n)
    }
}
