//! The hot path between a reader and a writer: rows of text cells in one arena, no allocation for each event.
//!
//! Owns: the batch. Never touches: dictionaries (the store interns), meaning (the profile already gave it).

use crate::{field::Field, locator::Locator, time::Instant};

/// One value of one field of one row, as a range of the batch's arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Which field.
    pub field: Field,
    /// Which element of the field's group, from 0 (for single fields always 0).
    pub element: u16,
    /// First byte in the arena.
    pub start: u32,
    /// Bytes.
    pub len: u32,
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
    /// First cell of the row in [`Batch::cells`].
    pub first_cell: u32,
    /// Number of cells of the row.
    pub cells: u32,
}

/// Rows in entry order, with their cells and one arena of text.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// All text, valid UTF-8, addressed by cells.
    pub arena: String,
    /// All cells, row after row; list elements of one group are numbered from 0 without holes.
    pub cells: Vec<Cell>,
    /// All rows.
    pub rows: Vec<Row>,
}

impl Batch {
    /// Text bytes above which a reader should hand the batch on.
    pub const FULL_BYTES: usize = 1 << 20;
    /// Rows above which a reader should hand the batch on.
    pub const FULL_ROWS: usize = 8_192;

    /// Whether it is time to hand the batch on.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.rows.len() >= Self::FULL_ROWS || self.arena.len() >= Self::FULL_BYTES
    }

    /// Adds a value to the row being written. Cells before [`Batch::end_row`] belong to that row.
    /// An empty value is absent and adds nothing (an empty element of a list must still be given by its siblings).
    pub fn push(&mut self, field: Field, element: u16, value: &str) {
        if value.is_empty() {
            return;
        }
        let start = self.arena.len() as u32;
        self.arena.push_str(value);
        self.cells.push(Cell {
            field,
            element,
            start,
            len: value.len() as u32,
        });
    }

    /// Ends the row being written.
    pub fn end_row(
        &mut self,
        time: Option<Instant>,
        locator: Locator,
        content: u64,
        vendor_id: u64,
    ) {
        let first_cell = self.rows.last().map_or(0, |r| r.first_cell + r.cells);
        let cells = self.cells.len() as u32 - first_cell;
        self.rows.push(Row {
            time,
            locator,
            content,
            vendor_id,
            first_cell,
            cells,
        });
    }

    /// The cells written since the last [`Batch::end_row`].
    #[must_use]
    pub fn open_cells(&self) -> &[Cell] {
        let first = self
            .rows
            .last()
            .map_or(0, |r| (r.first_cell + r.cells) as usize);
        &self.cells[first..]
    }

    /// The cells of a row.
    #[must_use]
    pub fn row_cells(&self, row: &Row) -> &[Cell] {
        &self.cells[row.first_cell as usize..(row.first_cell + row.cells) as usize]
    }

    /// The text of a cell.
    #[must_use]
    pub fn text(&self, cell: &Cell) -> &str {
        &self.arena[cell.start as usize..(cell.start + cell.len) as usize]
    }

    /// Adds a row of another batch, with all its cells.
    pub fn push_row_of(&mut self, other: &Self, row: &Row) {
        for cell in other.row_cells(row) {
            self.push(cell.field, cell.element, other.text(cell));
        }
        self.end_row(row.time, row.locator, row.content, row.vendor_id);
    }

    /// Makes the batch empty and keeps its memory.
    pub fn clear(&mut self) {
        self.arena.clear();
        self.cells.clear();
        self.rows.clear();
    }
}
