//! Records in a JSON stream: elements of one array, wherever it stands, or values one after the other.
//!
//! Owns: the way from the root to the array, the extent of each element, going on after a broken one.
//! Never touches: what is inside an element.

use super::walk::Extent;
use crate::frame::{Framer, Step};
use witnessmark_model::RejectCode;

/// Bytes of wrapper text that are waited for, so that a key is seen whole.
const KEY_REACH: usize = 64 << 10;
/// Bytes of the beginning of a good element that are looked for after a broken one.
const PREFIX: usize = 64;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// Between root values.
    Roots,
    /// Inside a root, on the way to the array or after it.
    Wrapper,
    /// Inside the array, between elements.
    Array,
    /// Inside an entry; `array` says where to return to.
    Entry { array: bool },
    /// Inside an entry that is too long to hold.
    TooLong { array: bool },
}

/// Finds JSON records.
#[derive(Clone, Debug)]
pub struct JsonFramer {
    /// Keys from the root to the array; absent when the root values themselves are the entries.
    path: Option<Vec<String>>,
    limit: usize,
    place: Place,
    extent: Extent,
    /// Open containers of the wrapper; true for objects.
    open: Vec<bool>,
    /// Whether the next string of the innermost object is a key.
    expects_key: bool,
    /// Keys of the path that lead to the innermost open object.
    matched: usize,
    /// Whether the value that comes next stands under the next key of the path.
    on_path: bool,
    /// Whether a string of the wrapper is being skipped.
    in_string: bool,
    /// Whether the present root held the array.
    found: bool,
    /// How good elements begin, to find the next one after a broken one.
    prefix: Vec<u8>,
    /// Whether the present root has been marked.
    marked: bool,
    /// Objects in other lists of the wrapper that look like events too.
    aside: u64,
    /// Of the one at hand: open containers around its keys, and how many of these are keys of events.
    beside: Option<(usize, u32)>,
}

impl JsonFramer {
    /// A framer for the elements of the array under `path` (empty: the root is the array), or, without a path, for the
    /// root values themselves.
    #[must_use]
    pub fn new(path: Option<Vec<String>>, limit: usize) -> Self {
        Self {
            path,
            limit,
            place: Place::Roots,
            extent: Extent::default(),
            open: Vec::new(),
            expects_key: false,
            matched: 0,
            on_path: false,
            in_string: false,
            found: false,
            prefix: Vec::new(),
            marked: false,
            aside: 0,
            beside: None,
        }
    }

    fn between_roots(&mut self, text: &[u8], last: bool) -> Step {
        let blank = text
            .iter()
            .take_while(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r' | b',' | 0x1E))
            .count();
        if blank > 0 {
            return Step::Skip(blank);
        }
        match (text.first(), &self.path) {
            (None, _) => Step::More,
            (Some(b'['), Some(path)) if path.is_empty() => {
                self.place = Place::Array;
                self.found = true;
                Step::Skip(1)
            }
            (Some(b'{'), Some(path)) if !path.is_empty() => {
                if !self.marked {
                    self.marked = true;
                    return Step::Mark;
                }
                self.marked = false;
                self.place = Place::Wrapper;
                self.open.clear();
                self.open.push(true);
                self.expects_key = true;
                self.matched = 0;
                self.on_path = false;
                self.found = false;
                Step::Skip(1)
            }
            (Some(_), _) => self.begin_entry(false, text, last),
        }
    }

    fn begin_entry(&mut self, array: bool, text: &[u8], last: bool) -> Step {
        self.place = Place::Entry { array };
        self.extent = Extent::new(!array);
        self.entry(array, text, last)
    }

    fn in_array(&mut self, text: &[u8], last: bool) -> Step {
        let blank = text
            .iter()
            .take_while(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r' | b','))
            .count();
        if blank > 0 {
            return Step::Skip(blank);
        }
        match text.first() {
            None => Step::More,
            Some(b']') => {
                self.place = if self.open.is_empty() {
                    Place::Roots
                } else {
                    Place::Wrapper
                };
                Step::Skip(1)
            }
            Some(_) => self.begin_entry(true, text, last),
        }
    }

    fn leave_entry(&mut self, array: bool) {
        self.place = if array { Place::Array } else { Place::Roots };
    }

    fn entry(&mut self, array: bool, text: &[u8], last: bool) -> Step {
        if let Some(end) = self.extent.follow(text) {
            self.leave_entry(array);
            if self.prefix.is_empty() && text.first() == Some(&b'{') {
                self.learn(&text[..end]);
            }
            if end > self.limit {
                return Step::Reject {
                    start: 0,
                    end,
                    next: end,
                    code: RejectCode::TooLong,
                };
            }
            return Step::Entry {
                start: 0,
                end,
                next: end,
            };
        }
        if !last && text.len() <= self.limit {
            return Step::More;
        }
        if last && self.extent.ends_with_text() {
            self.leave_entry(array);
            return Step::Entry {
                start: 0,
                end: text.trim_ascii_end().len(),
                next: text.len(),
            };
        }
        // No end in sight. If another element begins in the meantime, this one is broken and only it is lost.
        if let Some(next) = self.next_element(text) {
            self.leave_entry(array);
            let end = text[..next]
                .iter()
                .rposition(|b| !b.is_ascii_whitespace() && *b != b',')
                .map_or(next, |i| i + 1);
            return Step::Reject {
                start: 0,
                end,
                next,
                code: RejectCode::InvalidJson,
            };
        }
        if last {
            self.leave_entry(array);
            return Step::Reject {
                start: 0,
                end: text.trim_ascii_end().len(),
                next: text.len(),
                code: RejectCode::CutOff,
            };
        }
        self.place = Place::TooLong { array };
        Step::Mark
    }

    /// Notes how a good element begins: up to the end of its first key.
    fn learn(&mut self, element: &[u8]) {
        let Some(open) = memchr::memchr(b'"', element) else {
            return;
        };
        let Some(close) = memchr::memchr(b'"', &element[open + 1..]) else {
            return;
        };
        let end = open + close + 2;
        if end <= PREFIX {
            self.prefix = element[..end].to_vec();
        }
    }

    fn next_element(&self, text: &[u8]) -> Option<usize> {
        if self.prefix.is_empty() {
            return None;
        }
        memchr::memmem::find_iter(text.get(1..)?, &self.prefix)
            .map(|i| i + 1)
            .find(|at| {
                let before = &text[..*at];
                let separators = before
                    .iter()
                    .rev()
                    .take_while(|b| b.is_ascii_whitespace() || **b == b',')
                    .count();
                let gap = &before[before.len() - separators..];
                before.len() > separators
                    && (gap.contains(&b'\n') || before[before.len() - separators - 1] == b'}')
            })
    }

    fn too_long(&mut self, array: bool, text: &[u8], last: bool) -> Step {
        let code = RejectCode::TooLong;
        if let Some(end) = self.extent.follow(text) {
            self.leave_entry(array);
            return Step::RejectMarked {
                end,
                next: end,
                code,
            };
        }
        if last {
            self.leave_entry(array);
            return Step::RejectMarked {
                end: text.len(),
                next: text.len(),
                code,
            };
        }
        let followed = self.extent.followed();
        if followed > 0 {
            self.extent.forget(followed);
            return Step::Skip(followed);
        }
        // A word without end is not followed byte by byte; it ends where a separator comes.
        if self.extent.ends_with_text() && !text.is_empty() {
            return Step::Skip(text.len());
        }
        Step::More
    }

    fn wrapper(&mut self, text: &[u8], last: bool) -> Step {
        let mut at = 0;
        loop {
            if self.in_string {
                at += super::plain_prefix(&text[at..]);
                match text.get(at) {
                    None => break,
                    Some(b'\\') if at + 1 < text.len() => at += 2,
                    Some(b'\\') => break,
                    Some(_) => {
                        at += 1;
                        self.in_string = false;
                    }
                }
                continue;
            }
            let Some(&byte) = text.get(at) else { break };
            match byte {
                b'"' if self.expects_key => {
                    let key_end = string_end(text, at);
                    let Some(end) = key_end else {
                        if text.len() - at > KEY_REACH || last {
                            self.in_string = true;
                            self.expects_key = false;
                            self.on_path = false;
                            at += 1;
                            continue;
                        }
                        break;
                    };
                    self.expects_key = false;
                    self.on_path = self.is_next_key(&text[at + 1..end - 1]);
                    self.look_beside(&text[at + 1..end - 1]);
                    at = end;
                    continue;
                }
                b'"' => {
                    self.in_string = true;
                    self.on_path = false;
                }
                b'{' => {
                    if self.on_path {
                        self.matched += 1;
                    }
                    self.on_path = false;
                    let lists = self.open.iter().filter(|object| !**object).count();
                    let element = self.open.last() == Some(&false) && lists == 1;
                    self.open.push(true);
                    self.expects_key = true;
                    if element {
                        self.beside = Some((self.open.len(), 0));
                    }
                }
                b'[' => {
                    let complete = self
                        .path
                        .as_ref()
                        .is_some_and(|path| self.matched + 1 == path.len());
                    if self.on_path && complete {
                        self.on_path = false;
                        self.found = true;
                        self.place = Place::Array;
                        return Step::Skip(at + 1);
                    }
                    self.on_path = false;
                    self.open.push(false);
                    self.expects_key = false;
                }
                b'}' | b']' => {
                    self.open.pop();
                    let objects = self.open.iter().take_while(|object| **object).count();
                    self.matched = self.matched.min(objects.saturating_sub(1));
                    self.expects_key = false;
                    self.on_path = false;
                    if self.open.is_empty() {
                        self.place = Place::Roots;
                        let end = at + 1;
                        return if self.found {
                            Step::Skip(end)
                        } else {
                            Step::RejectMarked {
                                end,
                                next: end,
                                code: RejectCode::NotRecognised,
                            }
                        };
                    }
                }
                b',' => self.expects_key = self.open.last() == Some(&true),
                b':' | b' ' | b'\t' | b'\n' | b'\r' => {}
                _ => self.on_path = false,
            }
            at += 1;
        }
        if at > 0 {
            return Step::Skip(at);
        }
        if last && !text.is_empty() {
            return Step::Skip(text.len());
        }
        if last && !self.found {
            self.found = true;
            return Step::RejectMarked {
                end: 0,
                next: 0,
                code: RejectCode::CutOff,
            };
        }
        Step::More
    }

    /// Looks at a key of an object in another list: two keys of events make it one that looks like an event.
    fn look_beside(&mut self, key: &[u8]) {
        let Some((depth, keys)) = &mut self.beside else {
            return;
        };
        if self.open.len() == *depth && super::survey::is_of_events(&String::from_utf8_lossy(key)) {
            *keys += 1;
            if *keys == 2 {
                self.aside += 1;
            }
        }
    }

    /// Objects in other lists of the wrapper that look like events, but are no entries.
    pub(crate) fn aside(&self) -> u64 {
        self.aside
    }

    fn is_next_key(&self, raw: &[u8]) -> bool {
        let depth = self.open.len();
        let Some(path) = &self.path else { return false };
        if self.matched + 1 != depth || self.open.contains(&false) {
            return false;
        }
        path.get(self.matched)
            .is_some_and(|key| key.as_bytes() == raw)
    }
}

/// The byte after a string whose opening quote stands at `open`.
pub(crate) fn string_end(text: &[u8], open: usize) -> Option<usize> {
    let mut at = open + 1;
    loop {
        at += super::plain_prefix(text.get(at..)?);
        match text.get(at)? {
            b'"' => return Some(at + 1),
            _ => at += 2,
        }
    }
}

impl Framer for JsonFramer {
    fn step(&mut self, text: &[u8], last: bool) -> Step {
        match self.place {
            Place::Roots => self.between_roots(text, last),
            Place::Wrapper => self.wrapper(text, last),
            Place::Array => self.in_array(text, last),
            Place::Entry { array } => self.entry(array, text, last),
            Place::TooLong { array } => self.too_long(array, text, last),
        }
    }

    fn is_inside(&self) -> bool {
        self.place != Place::Roots
    }
}
