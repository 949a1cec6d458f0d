//! Which dialect a text is written in, and whether its first record names the columns.
//!
//! Owns: looking at a sample. Never touches: the stream.

use super::Splitter;
use crate::encoding::UTF8_MARK;

/// How records and cells are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// Between cells.
    pub delimiter: u8,
    /// Around cells; 0 when quotes mean nothing.
    pub quote: u8,
    /// Whether a backslash inside quotes takes the next quote as text (beside the doubled quote of RFC 4180).
    pub backslash: bool,
    /// After records: a line feed (a carriage return before it belongs to it), or a carriage return alone.
    pub newline: u8,
}

impl Default for Dialect {
    fn default() -> Self {
        Self {
            delimiter: b',',
            quote: b'"',
            backslash: false,
            newline: b'\n',
        }
    }
}

impl Dialect {
    pub(super) fn next_quote_or_escape(&self, bytes: &[u8], from: usize) -> Option<usize> {
        let rest = bytes.get(from..)?;
        let found = if self.backslash {
            memchr::memchr2(self.quote, b'\\', rest)
        } else {
            memchr::memchr(self.quote, rest)
        };
        found.map(|i| from + i)
    }

    /// The quote that closes the one at `open`. Absent when the text ends before it, or, unless it is the `last`, right
    /// after a quote that the next byte might double.
    pub(super) fn closing_quote(&self, text: &[u8], open: usize, last: bool) -> Option<usize> {
        let mut from = open + 1;
        loop {
            let at = self.next_quote_or_escape(text, from)?;
            if self.backslash && text[at] == b'\\' {
                from = at + 2;
                continue;
            }
            match text.get(at + 1) {
                Some(next) if *next == self.quote => from = at + 2,
                None if !last => return None,
                _ => return Some(at),
            }
        }
    }
}

/// What a sample tells about a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// How it is written.
    pub dialect: Dialect,
    /// Column names; made up (`column_1`, …) when no record names them.
    pub header: Vec<String>,
    /// Whether a record names the columns.
    pub named: bool,
    /// Bytes before the first entry: a title, `sep=;`, the header.
    pub skip: usize,
    /// Lines of these that are neither header nor blank.
    pub preamble: usize,
}

impl Layout {
    /// Names that more than one column has, each once, in the order of the columns.
    pub(crate) fn repeated(&self) -> Vec<String> {
        let mut seen = std::collections::HashSet::new();
        let mut told = std::collections::HashSet::new();
        let names = self.header.iter().filter(|name| !name.is_empty());
        names
            .filter(|name| !seen.insert(*name) && told.insert(*name))
            .cloned()
            .collect()
    }
}

/// Records of a sample that are looked at.
const LOOK: usize = 200;
/// Lines that may stand before the header.
const PREAMBLE: usize = 12;

/// Tells whether a sample is a table, and how it is written. `whole` says that nothing follows the sample.
#[must_use]
pub fn detect(sample: &[u8], whole: bool) -> Option<Layout> {
    let newline =
        if memchr::memchr(b'\n', sample).is_none() && memchr::memchr(b'\r', sample).is_some() {
            b'\r'
        } else {
            b'\n'
        };
    detect_with(sample, whole, newline, b",;\t|")
}

/// The same for a known end of records and these delimiters.
pub(crate) fn detect_with(
    sample: &[u8],
    whole: bool,
    newline: u8,
    delimiters: &[u8],
) -> Option<Layout> {
    let stated = stated_delimiter(sample);
    let candidates: &[u8] = match &stated {
        Some((delimiter, _)) => std::slice::from_ref(delimiter),
        None => delimiters,
    };
    let skip = stated.map_or(0, |(_, skip)| skip);
    // Where the first line is plainly a header, it says the delimiter, however well the rows agree on another one: user
    // agents, for instance, have as many semicolons in every row.
    let headed = candidates
        .iter()
        .filter_map(|&delimiter| {
            let dialect = Dialect {
                delimiter,
                newline,
                ..Dialect::default()
            };
            headed(&sample[skip..], dialect, whole)
        })
        .max_by_key(|(cells, ..)| *cells);
    let candidates = headed.as_ref().map_or(candidates, |(_, _, dialect)| {
        std::slice::from_ref(&dialect.delimiter)
    });
    let mut best: Option<(usize, Vec<usize>, Dialect)> = None;
    for &delimiter in candidates {
        for backslash in [false, true] {
            if backslash && memchr::memmem::find(sample, b"\\\"").is_none() {
                continue;
            }
            let dialect = Dialect {
                delimiter,
                backslash,
                newline,
                ..Dialect::default()
            };
            let widths = widths(&sample[skip..], dialect, whole);
            let Some(score) = agreement(&widths) else {
                continue;
            };
            if best.as_ref().is_none_or(|(top, ..)| score > *top) {
                best = Some((score, widths, dialect));
            }
        }
    }
    let (_, widths, dialect) = best.or(headed)?;
    layout(sample, whole, dialect, &widths, skip)
}

/// A table whose header is plain though its rows disagree: the cells of the header, and the widths of the records.
fn headed(sample: &[u8], dialect: Dialect, whole: bool) -> Option<(usize, Vec<usize>, Dialect)> {
    let mut splitter = Splitter::default();
    let mut header = None;
    let mut seen = 0;
    records(sample, dialect, whole, |start, end, _| {
        let (cells, _) = splitter.split(&sample[start..end], &dialect, &[]);
        let row: Vec<&str> = cells.iter().collect();
        if plain_header(&row) {
            header = Some((seen, row.len()));
        }
        seen += 1;
        header.is_none() && seen < PREAMBLE && (filled(&row) <= 1 || row.len() < 3)
    });
    let (at, cells) = header?;
    let widths = widths(sample, dialect, whole);
    let rows = widths.get(at + 1..).unwrap_or_default();
    let alike = rows.iter().filter(|width| **width * 2 > cells).count();
    (alike * 2 >= rows.len()).then_some((cells, widths, dialect))
}

fn filled(row: &[impl AsRef<str>]) -> usize {
    row.iter()
        .filter(|cell| !cell.as_ref().trim().is_empty())
        .count()
}

/// Whether a record can only be a header: three or more short names, each another one, that are no values and no parts of
/// a sentence. Empty cells at its end are those that a spreadsheet adds.
fn plain_header(row: &[impl AsRef<str>]) -> bool {
    let end = row
        .iter()
        .rposition(|cell| !cell.as_ref().trim().is_empty())
        .map_or(0, |last| last + 1);
    let names: Vec<&str> = row[..end].iter().map(AsRef::as_ref).collect();
    let name = |cell: &&str| {
        let text = cell.trim();
        cell.chars().count() <= 60
            && !text.is_empty()
            && !text.ends_with('.')
            && !text.contains(". ")
            && text.split_whitespace().count() <= 5
            && text.chars().any(char::is_alphabetic)
            && text.chars().all(|c| {
                c.is_alphanumeric()
                    || matches!(c, ' ' | '_' | '.' | '-' | '/' | '(' | ')' | '[' | ']' | '@')
            })
            && !is_value(text)
    };
    // In a sentence a blank follows each comma.
    let spoken = names.iter().skip(1).any(|cell| cell.starts_with(' '));
    let mut apart = names.clone();
    apart.sort_unstable();
    apart.dedup();
    names.len() >= 3 && !spoken && apart.len() == names.len() && names.iter().all(name)
}

/// `sep=;` on the first line, as spreadsheets write it.
fn stated_delimiter(sample: &[u8]) -> Option<(u8, usize)> {
    let rest = sample.strip_prefix(b"sep=")?;
    let (delimiter, rest) = rest.split_first()?;
    let terminator = [&b"\r\n"[..], b"\n", b"\r"]
        .into_iter()
        .find(|t| rest.starts_with(t))?;
    Some((*delimiter, 5 + terminator.len()))
}

fn records(
    sample: &[u8],
    dialect: Dialect,
    whole: bool,
    mut visit: impl FnMut(usize, usize, usize) -> bool,
) {
    use crate::frame::{Framer, Step};
    let mut framer = super::CsvFramer::new(dialect, sample.len());
    let mut at = 0;
    loop {
        match framer.step(&sample[at..], whole) {
            Step::Entry { start, end, next }
            | Step::Reject {
                start, end, next, ..
            } => {
                if !visit(at + start, at + end, at + next) {
                    return;
                }
                at += next;
            }
            Step::Skip(n) if n > 0 => at += n,
            _ => return,
        }
    }
}

fn widths(sample: &[u8], dialect: Dialect, whole: bool) -> Vec<usize> {
    let mut splitter = Splitter::default();
    let mut widths = Vec::new();
    records(sample, dialect, whole, |start, end, _| {
        let (cells, _) = splitter.split(&sample[start..end], &dialect, &[]);
        widths.push(cells.len());
        widths.len() < LOOK
    });
    widths
}

fn most_common(widths: &[usize]) -> Option<(usize, usize)> {
    let mut sorted = widths.to_vec();
    sorted.sort_unstable();
    sorted
        .chunk_by(|a, b| a == b)
        .map(|run| (run.len(), run[0]))
        .max()
        .map(|(count, width)| (width, count))
}

/// How well the widths agree: none for what is no table, else more for agreement first and for width second.
fn agreement(widths: &[usize]) -> Option<usize> {
    let (width, count) = most_common(widths)?;
    if width < 2 || count * 10 < widths.len() * 6 {
        return None;
    }
    Some(count * 1000 / widths.len() * 100 + width.min(99))
}

fn layout(
    sample: &[u8],
    whole: bool,
    dialect: Dialect,
    widths: &[usize],
    stated: usize,
) -> Option<Layout> {
    let (width, _) = most_common(widths)?;
    // A header may be narrower or wider than the rows; a title above it has far fewer cells.
    let first = widths
        .iter()
        .take(PREAMBLE)
        .position(|w| *w * 2 > width)
        .unwrap_or(0);
    let mut splitter = Splitter::default();
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut ends = Vec::new();
    records(&sample[stated..], dialect, whole, |start, end, next| {
        let record = &sample[stated + start..stated + end];
        let record = record.strip_prefix(UTF8_MARK).unwrap_or(record);
        let (cells, _) = splitter.split(record, &dialect, &[]);
        rows.push(cells.iter().map(str::to_owned).collect());
        ends.push((stated + start, stated + next));
        rows.len() < LOOK
    });
    // A title that a spreadsheet padded to the width of the table has one filled cell, and the header comes after it.
    let sparse = |row: &Vec<String>| filled(row) <= 1 || row.len() * 2 <= width;
    let first = rows
        .iter()
        .take(PREAMBLE)
        .position(|row| !sparse(row))
        .filter(|at| *at > first && rows.get(*at).is_some_and(|row| plain_header(row)))
        .unwrap_or(first);
    let head = rows.get(first)?;
    let named = names_columns(head, &rows[first + 1..]);
    let (start, next) = *ends.get(first)?;
    Some(Layout {
        dialect,
        header: if named {
            head.iter().map(|name| name.trim().to_owned()).collect()
        } else {
            (1..=width).map(|i| format!("column_{i}")).collect()
        },
        named,
        skip: if named { next } else { start },
        preamble: first,
    })
}

/// A header is made of words, each another one, and not of values as the rows below have them.
fn names_columns(head: &[String], rows: &[Vec<String>]) -> bool {
    let filled: Vec<&str> = head
        .iter()
        .map(|c| c.trim())
        .filter(|c| !c.is_empty())
        .collect();
    if filled.is_empty() || filled.iter().any(|cell| is_value(cell)) {
        return false;
    }
    let mut names: Vec<&str> = filled.clone();
    names.sort_unstable();
    names.dedup();
    if names.len() * 2 < filled.len() {
        return false;
    }
    // A cell that stands in the same column below is a value, unless the whole header is repeated there.
    let repeated = rows.iter().take(50).any(|row| {
        row != head
            && filled.len() > 1
            && head
                .iter()
                .zip(row)
                .filter(|(a, b)| !a.trim().is_empty() && a == b)
                .count()
                * 2
                > filled.len()
    });
    !repeated
}

/// A mail address and nothing else: `protoPayload.@type` and `User (ann@acme.io)` are names.
fn is_mail(cell: &str) -> bool {
    cell.split_once('@').is_some_and(|(name, domain)| {
        let plain = |c: char| c.is_alphanumeric() || ".-_+".contains(c);
        !name.is_empty()
            && !name.ends_with('.')
            && name.chars().all(plain)
            && domain.chars().all(plain)
            && domain.contains('.')
            && !domain.starts_with('.')
    })
}

/// Numbers, dates, addresses, e-mails, JSON and sentences are values and no column names.
fn is_value(cell: &str) -> bool {
    let digits = cell.bytes().filter(u8::is_ascii_digit).count();
    cell.starts_with(['{', '[', '+', '-'])
        || is_mail(cell)
        || cell.len() > 120
        || digits > 0 && !cell.bytes().any(|b| b.is_ascii_alphabetic())
        || digits >= 4 && digits * 2 >= cell.len()
        || digits >= 6 && cell.contains([':', '-'])
}
