//! The hot path between a reader and a writer: rows of text cells, field by field, no allocation for each event.
//!
//! Owns: the batch. Never touches: dictionaries (the store interns), meaning (the profile already gave it).
//! Logs repeat themselves, so a text that a field had earlier in the same batch is kept, and later interned, once.

use crate::{field::Field, locator::Locator, time::Instant};

/// One value of one field of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Number of the row in the batch, from 0.
    pub row: u32,
    /// Number of the value in its [`Column`], from 0.
    pub value: u32,
}

/// One event before it is numbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The instant, or absent when the entry has none that can be read.
    pub time: Option<Instant>,
    /// Where the entry stands; `source` is filled in by the writer.
    pub locator: Locator,
    /// Keyed hash of the canonical content (with the instant); equal content, equal hash.
    pub content: u64,
    /// Keyed hash of (provider, organization, vendor id); 0 when the entry has no vendor id.
    pub vendor_id: u64,
}

/// The cells of one field, in the order of rows, and the texts that they stand for.
#[derive(Clone, Debug, Default)]
pub struct Column {
    arena: String,
    ends: Vec<u32>,
    cells: Vec<Cell>,
    /// Which element of the field's group each cell is, from 0; empty for a single field.
    elements: Vec<u16>,
    /// Values by a cheap hash of their text, each plus one; a value that is pushed out is only kept twice.
    recent: Vec<u32>,
    sought: u32,
    met: u32,
}

/// Values that are looked back for in each column.
const RECENT: usize = 4_096;
/// Texts above this length are not looked back for.
const LONGEST: usize = 512;
/// After so many texts a column shows whether it repeats itself.
const TRIED: u32 = 512;

impl Column {
    /// The cells in the order of rows; of one row in the order in which they were given.
    #[must_use]
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// Which element of its group each cell is, from 0, in the order of [`Column::cells`]; empty for a single field.
    #[must_use]
    pub fn elements(&self) -> &[u16] {
        &self.elements
    }

    /// How many values the cells stand for. Nearly always they are distinct.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether no row has the field.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The text of a value.
    #[must_use]
    pub fn text(&self, value: u32) -> &str {
        let value = value as usize;
        let start = value.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.arena[start as usize..self.ends[value] as usize]
    }

    /// The texts of the values in the order of their numbers, which is that of their first cells.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        let mut start = 0;
        self.ends.iter().map(move |end| {
            let from = std::mem::replace(&mut start, *end as usize);
            &self.arena[from..*end as usize]
        })
    }

    /// The number of a text that is still remembered, and the place where to remember it.
    #[inline]
    fn seek(&mut self, text: &str) -> Result<u32, Option<usize>> {
        if let Some(last) = self.cells.last()
            && self.text(last.value) == text
        {
            return Ok(last.value);
        }
        // A column of ids that hardly come twice is not worth the search.
        let rare = self.sought >= TRIED && self.met < self.sought / 8;
        if text.len() > LONGEST || rare {
            return Err(None);
        }
        if self.recent.is_empty() {
            self.recent.resize(RECENT, 0);
        }
        self.sought += 1;
        let place = place(text.as_bytes());
        if let Some(value) = self.recent[place].checked_sub(1)
            && self.text(value) == text
        {
            self.met += 1;
            return Ok(value);
        }
        Err(Some(place))
    }

    /// Gives the number of the text, and how many bytes had to be kept for it.
    #[inline]
    fn value(&mut self, text: &str) -> (u32, usize) {
        let place = match self.seek(text) {
            Ok(value) => return (value, 0),
            Err(place) => place,
        };
        let value = self.ends.len() as u32;
        self.arena.push_str(text);
        self.ends.push(self.arena.len() as u32);
        if let Some(place) = place {
            self.recent[place] = value + 1;
        }
        (value, text.len())
    }

    fn clear(&mut self) {
        if self.ends.is_empty() {
            return;
        }
        self.arena.clear();
        self.ends.clear();
        self.cells.clear();
        self.elements.clear();
        self.recent.fill(0);
        (self.sought, self.met) = (0, 0);
    }
}

/// Where a text is remembered: by its length, beginning, middle and end. Whoever writes texts that share a place makes
/// them be kept more than once, and no more.
#[inline]
fn place(bytes: &[u8]) -> usize {
    let load = |chunk: Option<&[u8; 8]>| chunk.map_or(0, |c| u64::from_le_bytes(*c));
    let n = bytes.len();
    let (head, middle, tail) = if n >= 8 {
        let middle = bytes[(n - 8) / 2..].first_chunk();
        (
            load(bytes.first_chunk()),
            load(middle),
            load(bytes.last_chunk()),
        )
    } else {
        let short = bytes
            .iter()
            .fold(0_u64, |sum, b| (sum << 8) | u64::from(*b));
        (short, 0, 0)
    };
    let mixed = (head ^ middle.rotate_left(23) ^ (n as u64) << 56)
        .wrapping_mul(0x9E37_79B9_7F4A_7C15)
        .rotate_left(29)
        ^ tail;
    (mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - RECENT.trailing_zeros())) as usize
}

/// Rows in entry order, with their cells by field.
#[derive(Clone, Debug)]
pub struct Batch {
    columns: Vec<Column>,
    /// All rows.
    pub rows: Vec<Row>,
    weight: usize,
}

impl Default for Batch {
    fn default() -> Self {
        Self {
            columns: vec![Column::default(); Field::COUNT],
            rows: Vec::new(),
            weight: 0,
        }
    }
}

impl Batch {
    /// Bytes of texts and cells above which a reader should hand the batch on.
    pub const FULL_BYTES: usize = 2 << 20;
    /// Rows above which a reader should hand the batch on.
    pub const FULL_ROWS: usize = 8_192;

    /// Whether it is time to hand the batch on.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.rows.len() >= Self::FULL_ROWS || self.weight >= Self::FULL_BYTES
    }

    /// Adds a value to the row being written. Cells before [`Batch::end_row`] belong to that row.
    /// An empty value is absent and adds nothing (an empty element of a list must still be given by its siblings).
    #[inline]
    pub fn push(&mut self, field: Field, element: u16, value: &str) {
        if value.is_empty() {
            return;
        }
        let column = &mut self.columns[field.index()];
        let (value, kept) = column.value(value);
        let row = self.rows.len() as u32;
        column.cells.push(Cell { row, value });
        if field.is_list() {
            column.elements.push(element);
        }
        self.weight += kept + size_of::<Cell>();
    }

    /// Ends the row being written.
    pub fn end_row(
        &mut self,
        time: Option<Instant>,
        locator: Locator,
        content: u64,
        vendor_id: u64,
    ) {
        self.rows.push(Row {
            time,
            locator,
            content,
            vendor_id,
        });
    }

    /// Everything of one field.
    #[must_use]
    pub fn column(&self, field: Field) -> &Column {
        &self.columns[field.index()]
    }

    /// Elements and texts of a field in the row being written, in the order in which they were given.
    pub fn open(&self, field: Field) -> impl Iterator<Item = (u16, &str)> {
        self.of_row(field, self.rows.len())
    }

    /// Fields, elements and texts of a row, field by field. Made for looking at a few rows.
    pub fn row_cells(&self, row: usize) -> impl Iterator<Item = (Field, u16, &str)> {
        Field::ALL.iter().flat_map(move |field| {
            self.of_row(*field, row)
                .map(move |(element, text)| (*field, element, text))
        })
    }

    fn of_row(&self, field: Field, row: usize) -> impl Iterator<Item = (u16, &str)> {
        let column = self.column(field);
        let cells = &column.cells[..];
        // The row asked for is the last one nearly always.
        let behind = |cell: &&Cell| cell.row as usize >= row;
        let first = match cells.len() - cells.iter().rev().take_while(behind).take(8).count() {
            first if cells.len() - first == 8 => cells.partition_point(|c| (c.row as usize) < row),
            first => first,
        };
        cells[first..]
            .iter()
            .enumerate()
            .take_while(move |(_, cell)| cell.row as usize == row)
            .map(move |(i, cell)| {
                let element = column.elements.get(first + i).copied().unwrap_or(0);
                (element, column.text(cell.value))
            })
    }

    /// Adds a row of another batch by its number there, with all its cells.
    pub fn push_row_of(&mut self, other: &Self, row: usize) {
        for (field, element, text) in other.row_cells(row) {
            self.push(field, element, text);
        }
        let row = &other.rows[row];
        self.end_row(row.time, row.locator, row.content, row.vendor_id);
    }

    /// Makes the batch empty and keeps its memory.
    pub fn clear(&mut self) {
        self.columns.iter_mut().for_each(Column::clear);
        self.rows.clear();
        self.weight = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back_and_repeated_ones_are_kept_once() {
        let mut batch = Batch::default();
        for turn in 0..2 {
            let mut given = Vec::new();
            for row in 0..3_000_usize {
                let mut of_row = Vec::new();
                let mut push = |field: Field, element: u16, text: String| {
                    batch.push(field, element, &text);
                    of_row.push((field, element, text));
                };
                push(Field::EventAction, 0, format!("action {}", row % 7));
                if row % 3 > 0 {
                    push(Field::SessionId, 0, format!("session {row} {turn}"));
                }
                for element in 0..(row % 12) as u16 {
                    push(Field::TargetId, element, format!("target {}", row % 20));
                }
                batch.push(Field::UserName, 0, "");
                let open: Vec<(u16, &str)> = batch.open(Field::TargetId).collect();
                assert_eq!(open.len(), row % 12);
                assert_eq!(batch.open(Field::UserName).count(), 0);
                batch.end_row(None, Locator::default(), row as u64, 0);
                of_row.sort_by_key(|c| c.0);
                given.push(of_row);
            }
            for (row, expected) in given.iter().enumerate() {
                let cells = batch.row_cells(row);
                let cells: Vec<_> = cells.map(|(f, e, text)| (f, e, text.to_owned())).collect();
                assert_eq!(&cells, expected);
            }
            assert_eq!(batch.column(Field::EventAction).len(), 7);
            assert_eq!(batch.column(Field::SessionId).len(), 2_000);
            assert_eq!(batch.column(Field::TargetId).texts().count(), 20);
            batch.clear();
        }
        assert!(batch.rows.is_empty() && batch.column(Field::EventAction).is_empty());
    }

    #[test]
    fn many_small_cells_fill_a_batch() {
        let mut batch = Batch::default();
        let mut rows = 0;
        while !batch.is_full() {
            for element in 0..1_000 {
                batch.push(Field::ChangeField, element, "x");
            }
            batch.end_row(None, Locator::default(), 0, 0);
            rows += 1;
        }
        assert!(rows < 500);
    }
}
