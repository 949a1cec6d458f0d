//! A workbook (xlsx) as text: each sheet a table, a record for each row, so that everything that reads CSV reads it.
//!
//! Owns: the parts of a workbook that say what stands in a cell. Never touches: archives (opened before), what a table means.
//! Read by hand and not through a library, because libraries read numbers through a double: an id beyond 2^53 would come out
//! as another one, and `1.10` as `1.1`. Here a number is the text that stands in the file. Format: ECMA-376 part 1,
//! sections 18.3 (sheets), 18.4 (shared strings) and 18.8 (styles).
//!
//! Records end in a carriage return, one for each row of the sheet, blank ones too, so that the line of an entry is its
//! row; a line break inside a cell is a line feed. Cells are quoted by RFC 4180 where they must be. A number that the
//! sheet shows as a date is written as one (`2024-04-22 14:32:15`), without a zone, because a sheet has none.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::cell::Cell;
use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read};
use std::rc::Rc;

/// Rows and columns that a sheet can have.
const ROWS: u64 = 1 << 20;
const COLUMNS: usize = 1 << 14;
/// Bytes of one tag or text between tags.
const PIECE: u64 = 32 << 20;
/// Bytes of all shared strings, which must be in memory.
const STRINGS: usize = 128 << 20;

/// What ends a record of a sheet.
pub(crate) const NEWLINE: u8 = b'\r';

type Xml<'r> = Reader<Fuse<BufReader<Box<dyn Read + 'r>>>>;

/// A reader that fails when one piece is too long to hold.
pub(crate) struct Fuse<R> {
    inner: R,
    left: Rc<Cell<u64>>,
}

impl<R: BufRead> Read for Fuse<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.fill_buf()?.read(buffer)?;
        self.consume(n);
        Ok(n)
    }
}

impl<R: BufRead> BufRead for Fuse<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left.get() == 0 {
            return Err(io::Error::other("a piece of it is longer than 32 MiB"));
        }
        let left = self.left.get() as usize;
        self.inner.fill_buf().map(|b| &b[..b.len().min(left)])
    }

    fn consume(&mut self, amount: usize) {
        self.left.set(self.left.get().saturating_sub(amount as u64));
        self.inner.consume(amount);
    }
}

/// Events of one part.
struct Part<'r> {
    xml: Xml<'r>,
    left: Rc<Cell<u64>>,
    memory: Vec<u8>,
}

/// Text between tags, or a tag.
enum Piece<'a> {
    Open(BytesStart<'a>, bool),
    Close(String),
    Text(String),
    End,
}

impl<'r> Part<'r> {
    fn new(reader: Box<dyn Read + 'r>) -> Self {
        let left = Rc::new(Cell::new(PIECE));
        let fuse = Fuse {
            inner: BufReader::with_capacity(64 << 10, reader),
            left: left.clone(),
        };
        Self {
            xml: Reader::from_reader(fuse),
            left,
            memory: Vec::new(),
        }
    }

    fn next(&mut self) -> io::Result<Piece<'_>> {
        self.memory.clear();
        self.left.set(PIECE);
        loop {
            let event = self
                .xml
                .read_event_into(&mut self.memory)
                .map_err(|error| io::Error::other(error.to_string()))?;
            return Ok(match event {
                Event::Start(tag) => Piece::Open(tag.into_owned(), false),
                Event::Empty(tag) => Piece::Open(tag.into_owned(), true),
                Event::End(tag) => Piece::Close(tag.local_name().as_ref().to_owned()),
                Event::Text(text) => Piece::Text(text.xml10_content().into_owned()),
                Event::CData(text) => Piece::Text(text.xml10_content().into_owned()),
                Event::GeneralRef(name) => {
                    let of_code = name.resolve_char_ref().ok().flatten();
                    let of_name =
                        quick_xml::escape::resolve_predefined_entity(&name.xml10_content());
                    match (of_code, of_name) {
                        (Some(c), _) => Piece::Text(c.to_string()),
                        (None, Some(text)) => Piece::Text(text.to_owned()),
                        (None, None) => return Err(io::Error::other("it names an unknown entity")),
                    }
                }
                Event::Eof => Piece::End,
                Event::Decl(_) | Event::PI(_) | Event::DocType(_) | Event::Comment(_) => {
                    self.memory.clear();
                    continue;
                }
            });
        }
    }
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    tag.attributes()
        .filter_map(Result::ok)
        .find(|a| a.key.local_name().as_ref() == name)
        .and_then(|a| {
            let value = a.normalized_value(quick_xml::XmlVersion::Explicit1_0);
            value.ok().map(|v| v.into_owned())
        })
}

/// Whether an attribute of XML Schema's boolean type says yes.
fn yes(text: Option<String>) -> bool {
    matches!(text.as_deref(), Some("1" | "true"))
}

/// A sheet by its name and its part in the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sheet {
    pub(crate) name: String,
    /// Id of the relation that leads to its part.
    id: String,
}

/// The sheets of a workbook in order, and whether its dates count from 1904.
pub(crate) fn sheets(workbook: Box<dyn Read + '_>) -> io::Result<(Vec<Sheet>, bool)> {
    let mut part = Part::new(workbook);
    let (mut sheets, mut since_1904) = (Vec::new(), false);
    loop {
        match part.next()? {
            Piece::Open(tag, _) => match tag.local_name().as_ref() {
                "sheet" => {
                    // `r:id` and `sheetId` differ in their names, so the prefix needs no care.
                    if let (Some(name), Some(id)) = (attribute(&tag, "name"), attribute(&tag, "id"))
                    {
                        sheets.push(Sheet { name, id });
                    }
                }
                "workbookPr" => since_1904 = yes(attribute(&tag, "date1904")),
                _ => {}
            },
            Piece::End => return Ok((sheets, since_1904)),
            _ => {}
        }
    }
}

/// The part of each sheet, by the relations of the workbook, which are told from the folder `xl/`.
pub(crate) fn parts(relations: Box<dyn Read + '_>, sheets: &[Sheet]) -> io::Result<Vec<String>> {
    let mut part = Part::new(relations);
    let mut targets = HashMap::new();
    loop {
        match part.next()? {
            Piece::Open(tag, _) if tag.local_name().as_ref() == "Relationship" => {
                if let (Some(id), Some(target)) = (attribute(&tag, "Id"), attribute(&tag, "Target"))
                {
                    let path = match target.strip_prefix('/') {
                        Some(absolute) => absolute.to_owned(),
                        None => format!("xl/{target}"),
                    };
                    targets.insert(id, path);
                }
            }
            Piece::End => break,
            _ => {}
        }
    }
    Ok(sheets
        .iter()
        .map(|sheet| targets.get(&sheet.id).cloned().unwrap_or_default())
        .collect())
}

/// Texts that cells name by number.
#[derive(Debug, Default)]
pub(crate) struct Strings {
    text: String,
    ends: Vec<usize>,
}

impl Strings {
    pub(crate) fn read(part: Box<dyn Read + '_>) -> io::Result<Self> {
        let mut part = Part::new(part);
        let mut strings = Self::default();
        let (mut inside, mut spoken) = (false, false);
        loop {
            match part.next()? {
                Piece::Open(tag, empty) => match tag.local_name().as_ref() {
                    "t" => inside = !empty && !spoken,
                    // How a text is pronounced is no part of it.
                    "rPh" => spoken = !empty,
                    "si" if empty => strings.ends.push(strings.text.len()),
                    _ => {}
                },
                Piece::Text(text) if inside => {
                    strings.text.push_str(&text);
                    if strings.text.len() > STRINGS {
                        return Err(io::Error::other(
                            "its texts are more than can be held; save the sheet as CSV",
                        ));
                    }
                }
                Piece::Close(name) => match name.as_str() {
                    "t" => inside = false,
                    "rPh" => spoken = false,
                    "si" => strings.ends.push(strings.text.len()),
                    _ => {}
                },
                Piece::End => return Ok(strings),
                Piece::Text(_) => {}
            }
        }
    }

    fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.text.get(start..end)
    }
}

/// What a number in a cell is shown as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    Number,
    Date,
    Moment,
}

/// How cells of each style are shown.
#[derive(Debug, Default)]
pub(crate) struct Styles {
    shown: Vec<Shown>,
    since_1904: bool,
}

impl Styles {
    pub(crate) fn none(since_1904: bool) -> Self {
        Self {
            shown: Vec::new(),
            since_1904,
        }
    }

    pub(crate) fn read(part: Box<dyn Read + '_>, since_1904: bool) -> io::Result<Self> {
        let mut part = Part::new(part);
        let mut styles = Self::none(since_1904);
        let mut codes: HashMap<u32, Shown> = HashMap::new();
        let mut in_cells = false;
        loop {
            match part.next()? {
                Piece::Open(tag, empty) => {
                    let id = || attribute(&tag, "numFmtId").and_then(|t| t.parse::<u32>().ok());
                    match tag.local_name().as_ref() {
                        "cellXfs" => in_cells = !empty,
                        "numFmt" => {
                            if let (Some(id), Some(code)) = (id(), attribute(&tag, "formatCode")) {
                                codes.insert(id, shown_by(&code));
                            }
                        }
                        "xf" if in_cells => {
                            let id = id().unwrap_or(0);
                            let shown = codes.get(&id).copied();
                            styles.shown.push(shown.unwrap_or_else(|| built_in(id)));
                        }
                        _ => {}
                    }
                }
                Piece::Close(name) if name == "cellXfs" => in_cells = false,
                Piece::End => return Ok(styles),
                _ => {}
            }
        }
    }

    /// The text of a number: as it stands, or as the date that it is shown as.
    fn text(&self, style: usize, number: &str) -> String {
        let shown = self.shown.get(style).copied().unwrap_or(Shown::Number);
        let dated = (shown != Shown::Number)
            .then(|| number.parse::<f64>().ok())
            .flatten()
            .and_then(|serial| moment(serial, shown, self.since_1904));
        dated.unwrap_or_else(|| number.to_owned())
    }
}

/// Formats that need no code (18.8.30).
fn built_in(id: u32) -> Shown {
    match id {
        14..=17 | 27..=31 | 36 | 50..=54 | 57 | 58 => Shown::Date,
        18..=22 | 32..=35 | 45..=47 | 55 | 56 => Shown::Moment,
        _ => Shown::Number,
    }
}

/// What a format code shows: letters of dates outside of quotes, brackets and escapes.
fn shown_by(code: &str) -> Shown {
    let (mut date, mut time) = (false, false);
    let mut chars = code.chars();
    while let Some(c) = chars.next() {
        match c.to_ascii_lowercase() {
            // Only the first of the sections counts, which is that of positive numbers.
            ';' => break,
            '"' => while chars.next().is_some_and(|c| c != '"') {},
            '\\' | '_' | '*' => drop(chars.next()),
            '[' => {
                let inside: String = chars.by_ref().take_while(|c| *c != ']').collect();
                // `[h]` counts hours on and on: a span and no moment.
                if !inside.is_empty()
                    && inside
                        .to_ascii_lowercase()
                        .chars()
                        .all(|c| "hms".contains(c))
                {
                    return Shown::Number;
                }
            }
            'y' | 'd' => date = true,
            'h' | 's' => time = true,
            // A month, or minutes beside hours.
            'm' => date = date || !time,
            // `General`, and exponents.
            'g' | 'e' => return Shown::Number,
            _ => {}
        }
    }
    match (date, time) {
        (_, true) => Shown::Moment,
        (true, false) => Shown::Date,
        (false, false) => Shown::Number,
    }
}

/// A serial number as a date and time of day, to the millisecond; absent outside what a sheet can show.
fn moment(serial: f64, shown: Shown, since_1904: bool) -> Option<String> {
    if !(0.0..2_958_466.0).contains(&serial) {
        return None;
    }
    let milliseconds = (serial * 86_400_000.0).round() as i64;
    let (mut days, rest) = (
        milliseconds.div_euclid(86_400_000),
        milliseconds.rem_euclid(86_400_000),
    );
    let time = chrono::NaiveTime::from_num_seconds_from_midnight_opt(
        (rest / 1_000) as u32,
        (rest % 1_000) as u32 * 1_000_000,
    )?;
    let clock = if rest % 1_000 == 0 {
        "%H:%M:%S"
    } else {
        "%H:%M:%S%.3f"
    };
    if days == 0 && shown == Shown::Moment {
        return Some(time.format(clock).to_string());
    }
    let epoch = if since_1904 {
        chrono::NaiveDate::from_ymd_opt(1904, 1, 1)?
    } else {
        // The sheet believes in a 29 February 1900, so days before it are one later.
        days += i64::from(days < 60);
        chrono::NaiveDate::from_ymd_opt(1899, 12, 30)?
    };
    let date = epoch.checked_add_signed(chrono::TimeDelta::try_days(days)?)?;
    if shown == Shown::Date && rest == 0 {
        return Some(date.format("%Y-%m-%d").to_string());
    }
    Some(format!(
        "{} {}",
        date.format("%Y-%m-%d"),
        time.format(clock)
    ))
}

/// One sheet as text, row by row.
pub(crate) struct SheetText<'r> {
    part: Part<'r>,
    strings: Rc<Strings>,
    styles: Rc<Styles>,
    /// Rows written so far.
    row: u64,
    /// Cells of the widest row so far; later rows have at least as many.
    width: usize,
    out: Vec<u8>,
    given: usize,
    ended: bool,
}

impl<'r> SheetText<'r> {
    pub(crate) fn new(
        reader: Box<dyn Read + 'r>,
        strings: Rc<Strings>,
        styles: Rc<Styles>,
    ) -> Self {
        Self {
            part: Part::new(reader),
            strings,
            styles,
            row: 0,
            width: 0,
            out: Vec::new(),
            given: 0,
            ended: false,
        }
    }

    /// Writes the next row that the sheet has.
    fn next_row(&mut self) -> io::Result<()> {
        let stated = loop {
            match self.part.next()? {
                Piece::Open(tag, empty) if tag.local_name().as_ref() == "row" => {
                    let stated = attribute(&tag, "r").and_then(|r| r.parse::<u64>().ok());
                    if !empty {
                        break stated;
                    }
                }
                Piece::Open(..) | Piece::Text(_) => {}
                Piece::Close(name) if name != "sheetData" => {}
                Piece::Close(_) | Piece::End => {
                    self.ended = true;
                    return Ok(());
                }
            }
        };
        let row = stated
            .unwrap_or(self.row + 1)
            .clamp(self.row + 1, ROWS.max(self.row + 1));
        for _ in self.row + 1..row {
            self.out.push(NEWLINE);
        }
        self.row = row;
        let cells = self.cells()?;
        self.width = self.width.max(cells.len());
        let blank = cells.iter().all(String::is_empty);
        for at in (0..self.width).take_while(|_| !blank) {
            if at > 0 {
                self.out.push(b',');
            }
            put(&mut self.out, cells.get(at).map_or("", String::as_str));
        }
        self.out.push(NEWLINE);
        Ok(())
    }

    fn cells(&mut self) -> io::Result<Vec<String>> {
        let mut cells: Vec<String> = Vec::new();
        let mut next = 0;
        // Kind and style of the open cell, its text so far, and whether the text at hand belongs to it.
        let (mut kind, mut style, mut text, mut inside, mut spoken) =
            (String::new(), 0, String::new(), false, false);
        loop {
            match self.part.next()? {
                Piece::Open(tag, empty) => match tag.local_name().as_ref() {
                    "c" => {
                        next = attribute(&tag, "r")
                            .and_then(|r| column(&r))
                            .unwrap_or(next);
                        kind = attribute(&tag, "t").unwrap_or_default();
                        style = attribute(&tag, "s")
                            .and_then(|s| s.parse().ok())
                            .unwrap_or(0);
                        text.clear();
                        if empty {
                            next += 1;
                        }
                    }
                    "v" | "t" => inside = !empty && !spoken,
                    "rPh" => spoken = !empty,
                    _ => {}
                },
                Piece::Text(piece) if inside => text.push_str(&piece),
                Piece::Close(name) => match name.as_str() {
                    "v" | "t" => inside = false,
                    "rPh" => spoken = false,
                    "c" => {
                        if next < COLUMNS {
                            cells.resize(cells.len().max(next + 1), String::new());
                            cells[next] = self.value(&kind, style, &text);
                        }
                        next += 1;
                    }
                    "row" => return Ok(cells),
                    _ => {}
                },
                Piece::Text(_) => {}
                Piece::End => return Err(io::Error::other("it ends inside a row")),
            }
        }
    }

    fn value(&self, kind: &str, style: usize, text: &str) -> String {
        match kind {
            "s" => {
                let index = text.trim().parse::<usize>().ok();
                plain(index.and_then(|i| self.strings.get(i)).unwrap_or_default())
            }
            "str" | "inlineStr" => plain(text),
            "b" => if text.trim() == "1" { "TRUE" } else { "FALSE" }.to_owned(),
            "e" | "d" => text.to_owned(),
            _ if text.is_empty() => String::new(),
            _ => self.styles.text(style, text.trim()),
        }
    }
}

impl Read for SheetText<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.out.len() && !self.ended {
            self.out.clear();
            self.given = 0;
            self.next_row()?;
        }
        let n = buffer.len().min(self.out.len() - self.given);
        buffer[..n].copy_from_slice(&self.out[self.given..self.given + n]);
        self.given += n;
        Ok(n)
    }
}

/// Column of a reference such as `AB12`, from 0.
fn column(reference: &str) -> Option<usize> {
    let mut column = 0_usize;
    for c in reference.bytes().take_while(u8::is_ascii_alphabetic) {
        column = column
            .checked_mul(26)?
            .checked_add(usize::from(c.to_ascii_uppercase() - b'A') + 1)?;
    }
    column.checked_sub(1)
}

/// A text with its escapes (`_x000A_`, section 22.9.2.19) resolved and its line breaks as line feeds.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let code = from
            .get(2..6)
            .filter(|_| from.as_bytes().get(6) == Some(&b'_'));
        match code
            .and_then(|hex| u32::from_str_radix(hex, 16).ok())
            .and_then(char::from_u32)
        {
            Some(c) => {
                out.push(c);
                rest = &from[7..];
            }
            None => {
                out.push_str("_x");
                rest = &from[2..];
            }
        }
    }
    out.push_str(rest);
    if out.contains('\r') {
        out = out.replace("\r\n", "\n").replace('\r', "\n");
    }
    out
}

/// Writes a cell.
fn put(out: &mut Vec<u8>, cell: &str) {
    if cell
        .bytes()
        .any(|b| matches!(b, b',' | b'"' | b'\n' | b'\r'))
    {
        out.push(b'"');
        out.extend_from_slice(cell.replace('"', "\"\"").as_bytes());
        out.push(b'"');
    } else {
        out.extend_from_slice(cell.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_dates_only_where_they_are_shown_as_dates() {
        assert_eq!(shown_by("yyyy\\-mm\\-dd hh:mm:ss"), Shown::Moment);
        assert_eq!(shown_by("dd/mm/yyyy"), Shown::Date);
        assert_eq!(shown_by("[$-409]d-mmm-yy;@"), Shown::Date);
        for code in [
            "General",
            "0.00",
            "#,##0 \"days\"",
            "[Red]0;-0",
            "0.00E+00",
            "[h]:mm",
            "@",
            "_-* #,##0_-",
        ] {
            assert_eq!(shown_by(code), Shown::Number, "{code}");
        }
        let at = |serial, shown| moment(serial, shown, false);
        assert_eq!(
            at(45_404.605_729_166_67, Shown::Moment).as_deref(),
            Some("2024-04-22 14:32:15")
        );
        assert_eq!(at(45_404.0, Shown::Date).as_deref(), Some("2024-04-22"));
        assert_eq!(at(1.0, Shown::Date).as_deref(), Some("1900-01-01"));
        assert_eq!(at(61.0, Shown::Date).as_deref(), Some("1900-03-01"));
        assert_eq!(at(0.5, Shown::Moment).as_deref(), Some("12:00:00"));
        assert_eq!(at(-1.0, Shown::Date), None);
        assert_eq!(at(1e18, Shown::Date), None);
        assert_eq!(
            moment(0.0, Shown::Date, true).as_deref(),
            Some("1904-01-01")
        );
    }

    #[test]
    fn a_sheet_is_read_row_by_row_with_its_own_digits() {
        let strings = r#"<sst><si><t>id</t></si><si><r><t>a, "</t></r><r><t>b"</t></r><rPh sb="0"><t>x</t></rPh></si><si><t>l1_x000D_&#10;l2 &lt;_x005F_x0041_</t></si></sst>"#;
        let styles = r#"<styleSheet><numFmts><numFmt numFmtId="164" formatCode="yyyy-mm-dd hh:mm"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs></styleSheet>"#;
        let sheet = r#"<worksheet><dimension ref="A1"/><sheetData><row r="2"><c r="A2" t="s"><v>0</v></c><c t="inlineStr"><is><t>name</t></is></c><c r="D2" t="str"><f>1</f><v>when</v></c></row><row r="3"/><row r="4"><c r="A4"><v>9007199254740993</v></c><c r="B4" t="s"><v>1</v></c><c r="D4" s="1"><v>45404.605729166667</v></c></row><row><c t="b"><v>1</v></c><c t="s"><v>2</v></c><c><v>1.10</v></c></row></sheetData><x/></worksheet>"#;
        let strings = Rc::new(Strings::read(Box::new(strings.as_bytes())).unwrap());
        let styles = Rc::new(Styles::read(Box::new(styles.as_bytes()), false).unwrap());
        let mut text = String::new();
        SheetText::new(Box::new(sheet.as_bytes()), strings, styles)
            .read_to_string(&mut text)
            .unwrap();
        let rows: Vec<&str> = text.split('\r').collect();
        assert_eq!(
            rows,
            [
                "",
                "id,name,,when",
                "",
                "9007199254740993,\"a, \"\"b\"\"\",,2024-04-22 14:32:15",
                "TRUE,\"l1\nl2 <_x0041_\",1.10,",
                ""
            ]
        );
    }

    #[test]
    fn columns_have_letters() {
        let columns = ["A1", "Z9", "AA1", "XFD7", "7", ""].map(column);
        assert_eq!(
            columns,
            [Some(0), Some(25), Some(26), Some(16_383), None, None]
        );
    }
}
