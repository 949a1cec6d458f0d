//! The hot path between a reader and a writer: rows of text cells, field by field, no allocation for each event.
//!
//! Owns: the batch. Never touches: dictionaries (the store interns), meaning (the profile already gave it).
//! Logs repeat themselves, so a text that a field had earlier in the same batch is kept, and later interned, once.

use crate::{field::Field, locator::Locator, mark::Mark, time::Instant};

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
    /// Values by the place of their mark; texts that share a place only push each other out, and are kept twice.
    recent: Vec<Recent>,
    sought: u32,
    met: u32,
}

/// A value that may come again.
#[derive(Clone, Copy, Debug, Default)]
struct Recent {
    words: [u64; 3],
    length: u32,
    /// Its number plus one; 0 for none.
    value: u32,
}

impl Recent {
    #[inline]
    const fn mark(&self) -> Mark {
        Mark {
            words: self.words,
            length: self.length,
        }
    }
}

/// Values that are looked back for in each column: two to this power.
const RECENT: u32 = 11;
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

    /// Gives the number of the text, and how many bytes had to be kept for it.
    #[inline]
    fn value(&mut self, text: &str) -> (u32, usize) {
        // A column of ids that hardly come twice is not worth the search.
        let rare = self.sought >= TRIED && self.met < self.sought / 8;
        if rare || text.len() > LONGEST {
            return self.keep(text);
        }
        let mark = Mark::of(text.as_bytes());
        let place = mark.place(RECENT);
        if let Some(recent) = self.recent.get(place)
            && recent.mark() == mark
            && let Some(value) = recent.value.checked_sub(1)
            && (mark.length <= Mark::EXACT || self.text(value) == text)
        {
            self.sought += 1;
            self.met += 1;
            return (value, 0);
        }
        self.sought += 1;
        if self.recent.is_empty() {
            self.recent.resize(1 << RECENT, Recent::default());
        }
        let (value, kept) = self.keep(text);
        self.recent[place] = Recent {
            words: mark.words,
            length: mark.length,
            value: value + 1,
        };
        (value, kept)
    }

    fn keep(&mut self, text: &str) -> (u32, usize) {
        self.arena.push_str(text);
        self.ends.push(self.arena.len() as u32);
        (self.ends.len() as u32 - 1, text.len())
    }

    fn clear(&mut self) {
        if self.ends.is_empty() {
            return;
        }
        self.arena.clear();
        self.ends.clear();
        self.cells.clear();
        self.elements.clear();
        self.recent.fill(Recent::default());
        (self.sought, self.met) = (0, 0);
    }
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

    /// Adds a value to the row being written. Cells before [`Batch::end_row`] belong to that row. Gives the number of the
    /// value in its column, which [`Batch::push_again`] takes until the batch is cleared.
    /// An empty value is absent and adds nothing (an empty element of a list must still be given by its siblings).
    #[inline]
    pub fn push(&mut self, field: Field, element: u16, value: &str) -> Option<u32> {
        if value.is_empty() {
            return None;
        }
        let (value, kept) = self.columns[field.index()].value(value);
        self.weight += kept;
        self.push_again(field, element, value);
        Some(value)
    }

    /// Adds a value that is known not to be among those of the batch, or not to be worth the search.
    #[inline]
    pub fn push_new(&mut self, field: Field, element: u16, value: &str) -> Option<u32> {
        if value.is_empty() {
            return None;
        }
        let (value, kept) = self.columns[field.index()].keep(value);
        self.weight += kept;
        self.push_again(field, element, value);
        Some(value)
    }

    /// Adds a value of a single field that most rows have in common.
    #[inline]
    pub fn push_common(&mut self, field: Field, value: &str) -> Option<u32> {
        let column = &self.columns[field.index()];
        match column.cells.last() {
            Some(last) if column.text(last.value) == value => {
                let value = last.value;
                self.push_again(field, 0, value);
                Some(value)
            }
            _ => self.push(field, 0, value),
        }
    }

    /// Adds a value by the number that [`Batch::push`] gave for the same field.
    #[inline]
    pub fn push_again(&mut self, field: Field, element: u16, value: u32) {
        let row = self.rows.len() as u32;
        let column = &mut self.columns[field.index()];
        column.cells.push(Cell { row, value });
        if field.is_list() {
            column.elements.push(element);
        }
        self.weight += size_of::<Cell>();
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

    /// The number of the first value that a field has in the row being written.
    #[inline]
    #[must_use]
    pub fn open_value(&self, field: Field) -> Option<u32> {
        let row = self.rows.len() as u32;
        let cells = self.columns[field.index()].cells.iter().rev();
        let first = cells.take_while(|cell| cell.row == row).last();
        first.map(|cell| cell.value)
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
                    let number = batch.push(field, element, &text).unwrap();
                    assert_eq!(batch.column(field).text(number), text);
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
