//! What a source is: CSV, one of the arrangements of JSON, or lines of text.
//!
//! Owns: looking at the first bytes. Never touches: containers (opened before), meaning (recognised after).

use crate::csv::{self, CsvFramer, Dialect};
use crate::frame::{Framer, Step};
use crate::json::{JsonFramer, JsonLimits, Tape, string_end, survey};
use crate::limits::Limits;
use crate::lines::LineFramer;
use witnessmark_model::{RejectCode, SourceShape};

/// How entries stand in a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Records of cells.
    Csv(csv::Layout),
    /// One JSON object on each line.
    JsonLines {
        /// The byte that ends lines.
        newline: u8,
    },
    /// JSON values one after the other, over any number of lines; also a single object.
    JsonValues,
    /// The elements of one array; the keys from the root to it, none when it is the root.
    JsonArray(Vec<String>),
    /// Lines of text.
    Lines {
        /// The byte that ends lines.
        newline: u8,
    },
}

impl Shape {
    /// What must be known to read one entry on its own.
    #[must_use]
    pub fn source(&self, encoding: &str) -> SourceShape {
        let (shape, header, delimiter, quote) = match self {
            Self::Csv(layout) => {
                // The quote byte also tells whether a backslash escapes: it does when the high bit is set.
                let escape = if layout.dialect.backslash { 0x80 } else { 0 };
                (
                    "csv",
                    layout.header.clone(),
                    layout.dialect.delimiter,
                    layout.dialect.quote | escape,
                )
            }
            Self::Lines { .. } => ("line", Vec::new(), 0, 0),
            _ => ("json", Vec::new(), 0, 0),
        };
        SourceShape {
            shape: shape.to_owned(),
            header,
            delimiter,
            quote,
            encoding: encoding.to_owned(),
        }
    }

    /// The arrangement in a few words, for people.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Csv(layout) => format!(
                "CSV, {} columns, delimiter {}",
                layout.header.len(),
                match layout.dialect.delimiter {
                    b'\t' => "tab".to_owned(),
                    other => format!("`{}`", char::from(other)),
                }
            ),
            Self::JsonLines { .. } => "JSON, one object a line".to_owned(),
            Self::JsonValues => "JSON objects".to_owned(),
            Self::JsonArray(path) if path.is_empty() => "JSON array".to_owned(),
            Self::JsonArray(path) => format!("JSON, array under `{}`", path.join(".")),
            Self::Lines { .. } => "lines of text".to_owned(),
        }
    }

    /// Bytes before the first entry that hold none (header, title).
    #[must_use]
    pub fn skip(&self) -> usize {
        match self {
            Self::Csv(layout) => layout.skip,
            _ => 0,
        }
    }

    /// The byte that ends lines.
    #[must_use]
    pub fn newline(&self) -> u8 {
        match self {
            Self::Csv(layout) => layout.dialect.newline,
            Self::JsonLines { newline } | Self::Lines { newline } => *newline,
            Self::JsonValues | Self::JsonArray(_) => b'\n',
        }
    }

    /// The dialect of CSV.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Csv(layout) => layout.dialect,
            _ => Dialect::default(),
        }
    }

    pub(crate) fn framer(&self, limits: &Limits) -> AnyFramer {
        match self {
            Self::Csv(layout) => AnyFramer::Csv(CsvFramer::new(layout.dialect, limits.record)),
            Self::JsonLines { newline } | Self::Lines { newline } => {
                AnyFramer::Lines(LineFramer::new(*newline, limits.record))
            }
            Self::JsonValues => AnyFramer::Json(JsonFramer::new(None, limits.record)),
            Self::JsonArray(path) => {
                AnyFramer::Json(JsonFramer::new(Some(path.clone()), limits.record))
            }
        }
    }
}

/// The framer of a shape.
#[derive(Clone, Debug)]
pub(crate) enum AnyFramer {
    Csv(CsvFramer),
    Json(JsonFramer),
    Lines(LineFramer),
}

impl AnyFramer {
    /// Whether a record of CSV begins at the current place.
    pub(crate) fn begins_record(&mut self) -> bool {
        match self {
            Self::Csv(framer) => framer.begins_record(),
            Self::Json(_) | Self::Lines(_) => false,
        }
    }
}

impl Framer for AnyFramer {
    fn step(&mut self, text: &[u8], last: bool) -> Step {
        match self {
            Self::Csv(framer) => framer.step(text, last),
            Self::Json(framer) => framer.step(text, last),
            Self::Lines(framer) => framer.step(text, last),
        }
    }

    fn is_inside(&self) -> bool {
        match self {
            Self::Json(framer) => framer.is_inside(),
            Self::Csv(_) | Self::Lines(_) => false,
        }
    }
}

impl AnyFramer {
    /// Objects that look like events and are no entries, because they stand in another list.
    pub(crate) fn aside(&self) -> u64 {
        match self {
            Self::Json(framer) => framer.aside(),
            Self::Csv(_) | Self::Lines(_) => 0,
        }
    }
}

/// Tells the shape of a decoded text from its first bytes; `whole` says that nothing follows them.
#[must_use]
pub fn detect(head: &[u8], whole: bool, limits: &Limits) -> Shape {
    if let Some(shape) = json(head, whole, &limits.json()) {
        return shape;
    }
    let newline = newline(head);
    match csv::detect(head, whole) {
        // Lines that only look like a table: parts between bars, without names.
        Some(layout) if layout.dialect.delimiter == b'|' && !layout.named => {
            Shape::Lines { newline }
        }
        Some(layout) => Shape::Csv(layout),
        None => Shape::Lines { newline },
    }
}

/// The shape of a sheet of a workbook, whose records end in a carriage return.
#[must_use]
pub(crate) fn sheet(head: &[u8], whole: bool) -> Shape {
    let newline = crate::container::sheet::NEWLINE;
    match csv::detect_with(head, whole, newline, b",") {
        Some(layout) => Shape::Csv(layout),
        None => Shape::Lines { newline },
    }
}

fn newline(head: &[u8]) -> u8 {
    if memchr::memchr(b'\n', head).is_none() && memchr::memchr(b'\r', head).is_some() {
        b'\r'
    } else {
        b'\n'
    }
}

fn json(head: &[u8], whole: bool, limits: &JsonLimits) -> Option<Shape> {
    let start = head
        .iter()
        .position(|b| !b.is_ascii_whitespace() && *b != 0x1E)?;
    let text = &head[start..];
    let second = text[1..].iter().find(|b| !b.is_ascii_whitespace());
    match (text[0], second) {
        // A line of text can begin with a bracket, such as `[2024-04-22 …`; an array of records goes on with one of these.
        (b'[', Some(b'{' | b'[' | b']')) => return Some(Shape::JsonArray(Vec::new())),
        (b'[', None) if text.len() < 3 => return Some(Shape::JsonArray(Vec::new())),
        (b'[', _) if object_after_scalars(&text[1..]) => return Some(Shape::JsonArray(Vec::new())),
        (b'{', Some(b'"' | b'}') | None) => {}
        _ => {
            // One line that is no object does not make the others cells of a table: a log that was cut at its start, or
            // begins with a remark, is read from its second line on, and the first is rejected.
            let newline = newline(text);
            let (objects, lines) = whole_lines(text, newline, whole, limits);
            return (objects > 0 && objects * 2 >= lines).then_some(Shape::JsonLines { newline });
        }
    }
    let newline = newline(text);
    let (objects, lines) = whole_lines(text, newline, whole, limits);
    let seen = survey::survey(text);
    let as_lines = objects > 0 && objects * 2 >= lines;
    let several = as_lines && lines > 1;
    if let Some(path) = survey::envelope(&seen, several)
        && (!several || every_line_holds(text, newline, whole, &path))
    {
        return Some(Shape::JsonArray(path));
    }
    if head[..start].contains(&0x1E) {
        return Some(Shape::JsonValues);
    }
    if as_lines || !seen.closed && memchr::memchr(newline, text).is_none() {
        return Some(Shape::JsonLines { newline });
    }
    let next_on_line = text
        .get(seen.bytes..)
        .and_then(|rest| rest.iter().find(|b| !matches!(b, b' ' | b'\t')));
    let side_by_side = seen.closed && next_on_line == Some(&b'{');
    if objects == 0 && !side_by_side && broken_lines(text, newline) {
        return Some(Shape::JsonLines { newline });
    }
    Some(Shape::JsonValues)
}

/// Whether the elements of an array, after its bracket, are plain values up to one that is an object; such values are
/// rejected, the objects are entries.
fn object_after_scalars(text: &[u8]) -> bool {
    let mut rest = text.trim_ascii_start();
    for _ in 0..1_000 {
        let end = match rest.first() {
            Some(b'{') => return true,
            Some(b'"') => match string_end(rest, 0) {
                Some(end) => end,
                None => return false,
            },
            Some(b't' | b'f' | b'n' | b'-' | b'0'..=b'9') => rest
                .iter()
                .position(|b| matches!(b, b',' | b']') || b.is_ascii_whitespace())
                .filter(|end| is_scalar(&rest[..*end]))
                .unwrap_or(0),
            _ => 0,
        };
        if end == 0 {
            return false;
        }
        match rest[end..].trim_ascii_start().split_first() {
            Some((b',', after)) => rest = after.trim_ascii_start(),
            _ => return false,
        }
    }
    false
}

/// Whether a text is `true`, `false`, `null` or made of the characters of a number.
fn is_scalar(text: &[u8]) -> bool {
    matches!(text, b"true" | b"false" | b"null")
        || text
            .iter()
            .all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.' | b'e' | b'E'))
}

/// How many of the first lines are JSON objects, and how many lines were looked at.
fn whole_lines(text: &[u8], newline: u8, whole: bool, limits: &JsonLimits) -> (usize, usize) {
    let mut tape = Tape::new();
    let (mut objects, mut lines) = (0, 0);
    let mut rest = text;
    while lines < 50 {
        let Some((end, next)) = crate::frame::line_end(rest, newline, whole) else {
            break;
        };
        let line = rest[..end].trim_ascii();
        if !line.is_empty() {
            lines += 1;
            objects += usize::from(
                tape.parse(line, limits)
                    .is_ok_and(|value| value.is_object()),
            );
        }
        rest = &rest[next..];
    }
    (objects, lines)
}

/// Whether each of the first lines holds a list at this path; lines of which only some do are events that hold lists.
fn every_line_holds(text: &[u8], newline: u8, whole: bool, path: &[String]) -> bool {
    let mut rest = text;
    for _ in 0..50 {
        let Some((end, next)) = crate::frame::line_end(rest, newline, whole) else {
            break;
        };
        let line = rest[..end].trim_ascii();
        let seen = survey::survey(line);
        if line.starts_with(b"{") && !seen.arrays.iter().any(|found| found.path == path) {
            return false;
        }
        rest = &rest[next..];
    }
    true
}

/// Every line begins and ends like an object of its own, though none parses.
fn broken_lines(text: &[u8], newline: u8) -> bool {
    let mut lines = text
        .split(|b| *b == newline)
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty())
        .take(20)
        .peekable();
    lines.peek().is_some() && lines.all(|line| line.starts_with(b"{\"") && line.ends_with(b"}"))
}

/// Why a line that does not parse is rejected.
pub(crate) fn reject_code(kind: crate::json::JsonErrorKind, at_end: bool) -> RejectCode {
    match kind {
        crate::json::JsonErrorKind::TooDeep => RejectCode::TooDeep,
        crate::json::JsonErrorKind::TooLong => RejectCode::TooLong,
        crate::json::JsonErrorKind::Ends if at_end => RejectCode::CutOff,
        _ => RejectCode::InvalidJson,
    }
}
