//! Standard output, which may be a terminal: there, bytes of logs must be seen and not obeyed.
//!
//! Owns: what a terminal would take for an order. Never touches: what goes to a file or another program, which is given as
//! it is; what is printed for people has marks for such characters already.

use std::io::{self, IsTerminal as _, Write};

/// Standard output; where that is a terminal, without control characters.
pub(crate) fn out() -> Box<dyn Write> {
    let out = io::stdout();
    if out.is_terminal() {
        Box::new(Shown {
            inner: out.lock(),
            held: None,
        })
    } else {
        Box::new(out.lock())
    }
}

/// Shows control characters as pictures (U+2400 and up), and the C1 controls as `<U+009B>`; ends of lines and tabs stay.
struct Shown<W> {
    inner: W,
    /// The byte before, where what it is depends on the next: a carriage return, or the first of two of a C1 control.
    held: Option<u8>,
}

/// The first byte of the C1 controls (U+0080 to U+009F) in UTF-8.
const C1: u8 = 0xC2;

/// The picture of a control character below the blank.
const fn picture(byte: u8) -> [u8; 3] {
    [0xE2, 0x90, 0x80 + byte]
}

impl<W: Write> Write for Shown<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut shown = Vec::with_capacity(bytes.len());
        for byte in bytes {
            match (self.held.take(), byte) {
                (Some(C1), 0x80..=0x9F) => {
                    shown.extend_from_slice(format!("<U+{byte:04X}>").as_bytes());
                    continue;
                }
                (Some(C1), _) => shown.push(C1),
                (Some(_), b'\n') | (None, _) => {}
                (Some(other), _) => shown.extend_from_slice(&picture(other)),
            }
            match *byte {
                b'\n' | b'\t' => shown.push(*byte),
                b'\r' | C1 => self.held = Some(*byte),
                0x00..=0x1F => shown.extend_from_slice(&picture(*byte)),
                0x7F => shown.extend_from_slice("\u{2421}".as_bytes()),
                other => shown.push(other),
            }
        }
        self.inner.write_all(&shown)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.held.take() {
            Some(C1) => self.inner.write_all(&[C1])?,
            Some(other) => self.inner.write_all(&picture(other))?,
            None => {}
        }
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown() {
        for piece in 1..9 {
            let mut out = Shown {
                inner: Vec::new(),
                held: None,
            };
            let text = "a\u{1b}[31m\tb\u{9b}2J \u{a9}\u{7}\r\n\rx\u{7f}\u{c2}\u{80}\u{202e}";
            for bytes in text.as_bytes().chunks(piece) {
                out.write_all(bytes).unwrap();
            }
            out.flush().unwrap();
            let shown = String::from_utf8(out.inner).unwrap();
            assert_eq!(
                shown,
                "a\u{241b}[31m\tb<U+009B>2J \u{a9}\u{2407}\n\u{240d}x\u{2421}\u{c2}<U+0080>\u{202e}"
            );
        }
    }
}
