//! The grammar of JSON, as a loop without recursion that fills a tape.
//!
//! Owns: which bytes are JSON. Never touches: values once they are on the tape.

use super::tape::{Frame, JsonError, JsonErrorKind, Kind, Node, Tape};

/// One run over one text.
pub(super) struct Parser<'t, 's> {
    pub(super) text: &'s str,
    pub(super) bytes: &'s [u8],
    pub(super) at: usize,
    pub(super) depth: usize,
    pub(super) tape: &'t mut Tape,
}

/// What the parser expects next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    Value,
    /// A value or `]`.
    ValueOrEnd,
    Key,
    /// A key or `}`.
    KeyOrEnd,
    /// `,` or the end of the container, or the end of the text.
    After,
}

impl Parser<'_, '_> {
    /// Reads the whole text as one value.
    pub(super) fn document(&mut self) -> Result<(), JsonError> {
        let mut expect = Expect::Value;
        loop {
            self.blanks();
            let Some(&byte) = self.bytes.get(self.at) else {
                if expect == Expect::After && self.tape.frames.is_empty() {
                    return Ok(());
                }
                return self.fail(JsonErrorKind::Ends);
            };
            expect = match expect {
                Expect::After => match self.tape.frames.last() {
                    None => return self.fail(JsonErrorKind::Trailing),
                    Some(frame) => match (byte, frame.object) {
                        (b',', object) => {
                            self.at += 1;
                            if object { Expect::Key } else { Expect::Value }
                        }
                        (b'}', true) | (b']', false) => self.close(),
                        _ => return self.fail(JsonErrorKind::Unexpected),
                    },
                },
                Expect::KeyOrEnd if byte == b'}' => self.close(),
                Expect::ValueOrEnd if byte == b']' => self.close(),
                Expect::Key | Expect::KeyOrEnd => {
                    if byte != b'"' {
                        return self.fail(JsonErrorKind::Unexpected);
                    }
                    self.key()?;
                    Expect::Value
                }
                Expect::Value | Expect::ValueOrEnd => self.value(byte)?,
            };
        }
    }

    fn value(&mut self, byte: u8) -> Result<Expect, JsonError> {
        match byte {
            b'"' => {
                self.string()?;
                Ok(Expect::After)
            }
            b'{' | b'[' => {
                if self.tape.frames.len() >= self.depth {
                    return self.fail(JsonErrorKind::TooDeep);
                }
                let object = byte == b'{';
                let node = self.tape.nodes.len() as u32;
                self.push(
                    if object { Kind::Object } else { Kind::Array },
                    self.at,
                    self.at,
                );
                self.tape.frames.push(Frame {
                    node,
                    object,
                    first_key: self.tape.keys.len() as u32,
                });
                self.at += 1;
                Ok(if object {
                    Expect::KeyOrEnd
                } else {
                    Expect::ValueOrEnd
                })
            }
            b't' => self.word("true", Kind::Bool),
            b'f' => self.word("false", Kind::Bool),
            b'n' => self.word("null", Kind::Null),
            b'N' => self.absent("NaN"),
            b'I' => self.absent("Infinity"),
            b'-' if self.bytes.get(self.at + 1) == Some(&b'I') => self.absent("-Infinity"),
            b'-' | b'0'..=b'9' => self.number(),
            _ => self.fail(JsonErrorKind::Unexpected),
        }
    }

    fn key(&mut self) -> Result<(), JsonError> {
        let node = self.tape.nodes.len() as u32;
        self.string()?;
        if let Some(key) = self.tape.nodes.last() {
            let hash = short_hash(self.tape.node_text(self.text, key).as_bytes());
            self.tape.keys.push((hash, node));
        }
        self.blanks();
        if self.bytes.get(self.at) == Some(&b':') {
            self.at += 1;
            return Ok(());
        }
        self.fail(if self.at >= self.bytes.len() {
            JsonErrorKind::Ends
        } else {
            JsonErrorKind::Unexpected
        })
    }

    fn close(&mut self) -> Expect {
        self.at += 1;
        if let Some(frame) = self.tape.frames.pop() {
            if frame.object {
                self.find_duplicates(frame.first_key as usize);
                self.tape.keys.truncate(frame.first_key as usize);
            }
            let next = self.tape.nodes.len() as u32;
            if let Some(node) = self.tape.nodes.get_mut(frame.node as usize) {
                node.end = self.at as u32;
                node.next = next;
            }
        }
        Expect::After
    }

    /// Few keys are compared with each other; many are sorted, so that a hostile object costs n log n at most.
    fn find_duplicates(&mut self, first: usize) {
        if self.tape.duplicate_key {
            return;
        }
        let mut keys = std::mem::take(&mut self.tape.keys);
        let mine = &mut keys[first..];
        let text_of = |node: u32| {
            self.tape
                .nodes
                .get(node as usize)
                .map_or("", |n| self.tape.node_text(self.text, n))
        };
        let found = if mine.len() <= 32 {
            (1..mine.len()).any(|i| {
                let (hash, node) = mine[i];
                mine[..i]
                    .iter()
                    .any(|(h, n)| *h == hash && text_of(*n) == text_of(node))
            })
        } else {
            mine.sort_unstable_by(|a, b| {
                a.0.cmp(&b.0).then_with(|| text_of(a.1).cmp(text_of(b.1)))
            });
            mine.windows(2)
                .any(|w| w[0].0 == w[1].0 && text_of(w[0].1) == text_of(w[1].1))
        };
        self.tape.keys = keys;
        self.tape.duplicate_key = found;
    }

    fn push(&mut self, kind: Kind, start: usize, end: usize) {
        let next = self.tape.nodes.len() as u32 + 1;
        self.tape.nodes.push(Node {
            kind,
            decoded: false,
            start: start as u32,
            end: end as u32,
            next,
        });
    }

    fn word(&mut self, word: &str, kind: Kind) -> Result<Expect, JsonError> {
        let rest = &self.bytes[self.at..];
        if rest.starts_with(word.as_bytes()) {
            self.push(kind, self.at, self.at + word.len());
            self.at += word.len();
            return Ok(Expect::After);
        }
        let same = rest
            .iter()
            .zip(word.as_bytes())
            .take_while(|(a, b)| a == b)
            .count();
        self.at += same;
        self.fail(if self.at >= self.bytes.len() {
            JsonErrorKind::Ends
        } else {
            JsonErrorKind::Unexpected
        })
    }

    fn absent(&mut self, word: &str) -> Result<Expect, JsonError> {
        let expect = self.word(word, Kind::Null)?;
        self.tape.not_a_number = true;
        Ok(expect)
    }

    fn digits(&mut self) -> usize {
        let from = self.at;
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        self.at - from
    }

    fn number(&mut self) -> Result<Expect, JsonError> {
        let start = self.at;
        if self.bytes[self.at] == b'-' {
            self.at += 1;
        }
        let first = self.at;
        let whole = self.digits();
        let wrong_whole = whole == 0 || (whole > 1 && self.bytes[first] == b'0');
        if wrong_whole {
            return self.fail_number();
        }
        let mut integer = true;
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            integer = false;
            if self.digits() == 0 {
                return self.fail_number();
            }
        }
        if matches!(self.bytes.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            integer = false;
            if matches!(self.bytes.get(self.at), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return self.fail_number();
            }
        }
        // 2^53 has 16 digits, and numerals of one length sort like their values.
        if integer
            && (whole > 16 || (whole == 16 && self.bytes[first..self.at] > b"9007199254740992"[..]))
        {
            self.tape.big_number = true;
        }
        self.push(Kind::Number, start, self.at);
        Ok(Expect::After)
    }

    fn fail_number<T>(&self) -> Result<T, JsonError> {
        self.fail(if self.at >= self.bytes.len() {
            JsonErrorKind::Ends
        } else {
            JsonErrorKind::Number
        })
    }

    /// Reads a string that begins at the current quote and adds its node.
    fn string(&mut self) -> Result<(), JsonError> {
        let start = self.at + 1;
        self.at = start + plain_prefix(&self.bytes[start..]);
        match self.bytes.get(self.at) {
            Some(b'"') => {
                self.push(Kind::String, start, self.at);
                self.at += 1;
                Ok(())
            }
            Some(_) => self.escaped_string(start),
            None => self.fail(JsonErrorKind::Ends),
        }
    }

    /// The rest of a string after its first backslash; `start` is its first byte.
    fn escaped_string(&mut self, start: usize) -> Result<(), JsonError> {
        let from = self.tape.scratch.len();
        self.tape.scratch.push_str(&self.text[start..self.at]);
        loop {
            match self.bytes.get(self.at) {
                None => return self.fail(JsonErrorKind::Ends),
                Some(b'"') => break,
                Some(_) => self.escape()?,
            }
            let run = self.at;
            self.at += plain_prefix(&self.bytes[run..]);
            self.tape.scratch.push_str(&self.text[run..self.at]);
        }
        self.push(Kind::String, from, self.tape.scratch.len());
        if let Some(node) = self.tape.nodes.last_mut() {
            node.decoded = true;
        }
        self.at += 1;
        Ok(())
    }

    fn escape(&mut self) -> Result<(), JsonError> {
        let Some(&letter) = self.bytes.get(self.at + 1) else {
            self.at += 1;
            return self.fail(JsonErrorKind::Ends);
        };
        let plain = match letter {
            b'"' | b'\\' | b'/' => letter as char,
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode_escape(),
            _ => return self.fail(JsonErrorKind::Escape),
        };
        self.tape.scratch.push(plain);
        self.at += 2;
        Ok(())
    }

    fn hex4(&self, at: usize) -> Option<u32> {
        let digits = self.bytes.get(at..at + 4)?;
        digits
            .iter()
            .try_fold(0, |sum, d| Some(sum * 16 + (*d as char).to_digit(16)?))
    }

    fn unicode_escape(&mut self) -> Result<(), JsonError> {
        let Some(unit) = self.hex4(self.at + 2) else {
            let ends = self.at + 6 > self.bytes.len();
            return self.fail(if ends {
                JsonErrorKind::Ends
            } else {
                JsonErrorKind::Escape
            });
        };
        let mut code = unit;
        let mut length = 6;
        if (0xD800..0xDC00).contains(&unit)
            && self.bytes.get(self.at + 6..self.at + 8) == Some(b"\\u")
            && let Some(low) = self.hex4(self.at + 8)
            && (0xDC00..0xE000).contains(&low)
        {
            code = 0x1_0000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
            length = 12;
        }
        if let Some(decoded) = char::from_u32(code) {
            self.tape.scratch.push(decoded);
        } else {
            self.tape.scratch.push(char::REPLACEMENT_CHARACTER);
            self.tape.invalid_encoding = true;
        }
        self.at += length;
        Ok(())
    }

    fn blanks(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.bytes.get(self.at) {
            self.at += 1;
        }
    }

    fn fail<T>(&self, kind: JsonErrorKind) -> Result<T, JsonError> {
        Err(JsonError {
            offset: self.at,
            kind,
        })
    }
}

/// Bytes before the first quote or backslash, eight at a time.
pub(crate) fn plain_prefix(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let has_zero = |v: u64| v.wrapping_sub(ONES) & !v & HIGH;
    let mut at = 0;
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*chunk);
        // The lowest marked byte is exact; bytes above it may be marked falsely by the borrow, which does no harm.
        let found = has_zero(word ^ (ONES * b'"' as u64)) | has_zero(word ^ (ONES * b'\\' as u64));
        if found != 0 {
            return at + (found.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    bytes[at..]
        .iter()
        .position(|b| matches!(b, b'"' | b'\\'))
        .map_or(bytes.len(), |i| at + i)
}

/// A cheap hash of a key; equal hashes are compared by their bytes, so it need not withstand anybody.
fn short_hash(bytes: &[u8]) -> u32 {
    let load = |chunk: Option<&[u8; 8]>| chunk.map_or(0, |c| u64::from_le_bytes(*c));
    let (head, tail) = if bytes.len() >= 8 {
        (
            load(bytes.first_chunk::<8>()),
            load(bytes.last_chunk::<8>()),
        )
    } else {
        let short = bytes
            .iter()
            .fold(0_u64, |sum, b| (sum << 8) | u64::from(*b));
        (short, 0)
    };
    let mixed = (head ^ tail.rotate_left(29) ^ ((bytes.len() as u64) << 56))
        .wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 32) as u32
}
