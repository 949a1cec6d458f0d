//! A segment while it is being filled, and the same segment sealed in memory.
//!
//! Owns: turning batches of text cells into code columns without an allocation for each row, and the order of a sealed
//! segment. Never touches: the case file, the question whether a row is new.

use std::sync::Arc;

use witnessmark_model::{Batch, Column as BatchColumn, Field, Group};

use super::{CHUNK, ChunkMeta, Codes, Column, Columns, Dictionary, Interner, Locators};
use crate::error::Result;

/// Lists that share offsets: targets, changes, and each list field that stands alone.
const TARGETS: usize = 0;
const CHANGES: usize = 1;

fn list_of(field: Field) -> Option<usize> {
    match field.group() {
        Group::Single => None,
        Group::Target => Some(TARGETS),
        Group::Change => Some(CHANGES),
        Group::Many => Some(2 + field.index()),
    }
}

/// Values of one field so far: a code for each row, or for each element of its list. Short when the last ones are absent.
#[derive(Debug)]
struct Values {
    interner: Interner,
    codes: Codes,
}

/// What is known of a row besides its fields, in the order of arrival.
#[derive(Debug, Default)]
pub(crate) struct Heads {
    pub(crate) times: Vec<i64>,
    pub(crate) dated: Vec<bool>,
    pub(crate) sources: Vec<u32>,
    pub(crate) contents: Vec<u64>,
    pub(crate) vendor_ids: Vec<u64>,
    pub(crate) places: Locators,
}

/// Takes batches; gives sealed columns.
#[derive(Debug)]
pub struct SegmentBuilder {
    seed: u64,
    pub(crate) heads: Heads,
    values: Vec<Option<Values>>,
    /// Offsets of each list; short when the last rows have none.
    lists: Vec<Vec<u32>>,
    /// Codes of the values of one field of the batch at hand.
    codes: Vec<u32>,
}

impl SegmentBuilder {
    /// An empty segment; `seed` keys the hash tables.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let fields = Field::ALL.len();
        Self {
            seed,
            heads: Heads::default(),
            values: (0..fields).map(|_| None).collect(),
            lists: vec![Vec::new(); fields + 2],
            codes: Vec::new(),
        }
    }

    /// Rows so far.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.heads.times.len()
    }

    /// Memory in use, bytes, as far as it grows with rows and values.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let values: usize = self
            .values
            .iter()
            .flatten()
            .map(|v| v.interner.bytes() + v.codes.bytes())
            .sum();
        let lists: usize = self.lists.iter().map(|l| l.len() * 4).sum();
        self.rows() * 65 + values + lists
    }

    /// Makes it empty and keeps its memory: the next segment is most often as large as this one.
    pub(crate) fn clear(&mut self) {
        self.heads.clear();
        for values in self.values.iter_mut().flatten() {
            values.interner.clear();
            values.codes = Codes::new();
        }
        self.lists.iter_mut().for_each(Vec::clear);
    }

    /// Adds the rows of a batch, in their order, as rows of this source.
    pub fn push_batch(&mut self, batch: &Batch, source: u32) {
        let before = self.rows();
        self.heads.extend(&batch.rows, source);
        let mut lists = Vec::new();
        for field in Field::ALL {
            let column = batch.column(*field);
            match list_of(*field) {
                _ if column.is_empty() => {}
                Some(list) => lists.push((*field, list, column)),
                None => self.push_single(*field, column, before),
            }
        }
        self.push_lists(&lists, before, batch.rows.len());
    }

    /// The codes of the values of one field of a batch, in [`SegmentBuilder::codes`].
    fn intern(&mut self, field: Field, column: &BatchColumn) {
        let seed = self.seed;
        let values = self.values[field.index()].get_or_insert_with(|| Values::new(seed, field));
        self.codes.clear();
        values.interner.codes(column.texts(), &mut self.codes);
        values
            .codes
            .widen(values.interner.dictionary().len() as u32 - 1);
    }

    fn push_single(&mut self, field: Field, column: &BatchColumn, before: usize) {
        self.intern(field, column);
        let rows = self.heads.times.len();
        let Some(values) = &mut self.values[field.index()] else {
            return;
        };
        values.codes.resize(rows);
        let cells = column.cells();
        let places = cells.iter().map(|cell| before + cell.row as usize);
        let codes = cells.iter().map(|cell| self.codes[cell.value as usize]);
        values.codes.put(places.zip(codes));
    }

    fn push_lists(&mut self, fields: &[(Field, usize, &BatchColumn)], before: usize, rows: usize) {
        let mut counts: Vec<Option<Vec<u32>>> = vec![None; self.lists.len()];
        for (_, list, column) in fields {
            let counts = counts[*list].get_or_insert_with(|| vec![0; rows]);
            for (cell, element) in column.cells().iter().zip(column.elements()) {
                let count = &mut counts[cell.row as usize];
                *count = (*count).max(u32::from(*element) + 1);
            }
        }
        for (list, counts) in counts.into_iter().enumerate() {
            if let Some(counts) = counts {
                let offsets = &mut self.lists[list];
                pad_offsets(offsets, before);
                let mut end = offsets.last().copied().unwrap_or(0);
                for count in counts {
                    end += count;
                    offsets.push(end);
                }
                debug_assert_eq!(offsets.len(), self.heads.times.len() + 1);
            }
        }
        for (field, list, column) in fields {
            self.intern(*field, column);
            let Some(values) = &mut self.values[field.index()] else {
                continue;
            };
            let offsets = &self.lists[*list];
            let end = offsets.last().copied().unwrap_or(0) as usize;
            values.codes.resize(end);
            let cells = column.cells().iter().zip(column.elements());
            let put = cells.map(|(cell, element)| {
                let row = before + cell.row as usize;
                let at = offsets[row] as usize + usize::from(*element);
                (at, self.codes[cell.value as usize])
            });
            values.codes.put(put);
        }
    }

    /// Adds one more value to a list field that stands alone (a flag found after the row was read), for rows in rising order.
    pub(crate) fn append(&mut self, field: Field, rows: &[u32], value: &str) {
        let Some(list) = list_of(field).filter(|l| *l > CHANGES && !rows.is_empty()) else {
            return;
        };
        let total = self.rows();
        let seed = self.seed;
        let values = self.values[field.index()].get_or_insert_with(|| Values::new(seed, field));
        let code = values.interner.code(value);
        let offsets = &mut self.lists[list];
        pad_offsets(offsets, total);
        let mut codes = Vec::with_capacity(values.codes.len() + rows.len());
        let mut new_offsets = Vec::with_capacity(offsets.len());
        new_offsets.push(0);
        let mut due = rows.iter().peekable();
        for row in 0..total {
            for at in offsets[row]..offsets[row + 1] {
                codes.push(values.codes.get(at as usize));
            }
            while due.next_if(|r| **r as usize == row).is_some() {
                codes.push(code);
            }
            new_offsets.push(codes.len() as u32);
        }
        values.codes = Codes::narrow(&codes);
        *offsets = new_offsets;
    }

    /// The values of a field; absent when no row has one.
    fn values_of(&self, field: Field) -> Option<&Values> {
        let values = self.values[field.index()].as_ref();
        values.filter(|values| !values.interner.dictionary().is_empty())
    }

    /// The values of a field in a row by arrival: one for a single field, one for each element of a list; absent ones are empty.
    pub(crate) fn texts(&self, field: Field, row: usize) -> Vec<&str> {
        let Some(values) = self.values_of(field) else {
            return Vec::new();
        };
        let text = |at: usize| {
            let code = values.codes.get(at);
            values.interner.dictionary().text(code)
        };
        match list_of(field).map(|list| &self.lists[list]) {
            None => vec![text(row)],
            Some(offsets) if row + 1 < offsets.len() => (offsets[row]..offsets[row + 1])
                .map(|at| text(at as usize))
                .collect(),
            Some(_) => Vec::new(),
        }
    }

    /// Seals: each row gets its event number, rows with number 0 are left out.
    pub(crate) fn seal(mut self, numbers: Vec<u64>) -> Sealed {
        let rows = self.rows();
        for list in &mut self.lists {
            if !list.is_empty() {
                pad_offsets(list, rows);
            }
        }
        let mut order: Vec<u32> = (0..rows as u32)
            .filter(|r| numbers.get(*r as usize).is_some_and(|n| *n != 0))
            .collect();
        let heads = &self.heads;
        order.sort_unstable_by_key(|r| {
            let r = *r as usize;
            (!heads.dated[r], heads.times[r], numbers[r])
        });
        if order.len() < rows {
            self.forget_unused(&order);
        }
        let chunks = order
            .chunks(CHUNK)
            .map(|rows| {
                let dated = rows
                    .iter()
                    .take_while(|r| self.heads.dated[**r as usize])
                    .count();
                let time = |at: usize| {
                    rows.get(at)
                        .filter(|_| at < dated)
                        .map_or(0, |r| self.heads.times[*r as usize])
                };
                ChunkMeta {
                    rows: rows.len() as u32,
                    dated: dated as u32,
                    first: time(0),
                    last: time(dated.wrapping_sub(1)),
                }
            })
            .collect();
        Sealed {
            builder: self,
            numbers,
            order,
            chunks,
        }
    }

    /// Takes out of the dictionaries what only rows that were left out had.
    fn forget_unused(&mut self, order: &[u32]) {
        let lists = &self.lists;
        for (index, slot) in self.values.iter_mut().enumerate() {
            let (Some(values), Some(field)) = (slot.as_mut(), Field::from_index(index)) else {
                continue;
            };
            if values.interner.dictionary().is_empty() {
                continue;
            }
            let mut interner = Interner::new(self.seed ^ index as u64);
            let mut new_codes = vec![0_u32; values.interner.dictionary().len()];
            // There are no more new codes than old ones, so they fit the same width.
            let mut keep = |at: usize, codes: &mut Codes| {
                let code = codes.get(at);
                if code != 0 {
                    let new = &mut new_codes[code as usize];
                    if *new == 0 {
                        *new = interner.code(values.interner.dictionary().text(code));
                    }
                    codes.put(std::iter::once((at, *new)));
                }
            };
            for row in order {
                let row = *row as usize;
                match list_of(field) {
                    None => keep(row, &mut values.codes),
                    Some(list) => {
                        for at in lists[list][row]..lists[list][row + 1] {
                            keep(at as usize, &mut values.codes);
                        }
                    }
                }
            }
            if interner.dictionary().is_empty() {
                *slot = None;
            } else {
                values.interner = interner;
            }
        }
    }

    /// Seals in memory, all rows kept, numbered from `first_number` in order of arrival.
    #[must_use]
    pub fn into_memory(self, first_number: u64) -> MemorySegment {
        let numbers = (0..self.rows() as u64).map(|i| first_number + i).collect();
        MemorySegment::new(&self.seal(numbers))
    }
}

impl Values {
    fn new(seed: u64, field: Field) -> Self {
        Self {
            interner: Interner::new(seed ^ field.index() as u64),
            codes: Codes::new(),
        }
    }
}

impl Heads {
    fn clear(&mut self) {
        self.times.clear();
        self.dated.clear();
        self.sources.clear();
        self.contents.clear();
        self.vendor_ids.clear();
        let places = &mut self.places;
        places.entry.clear();
        places.part.clear();
        places.line.clear();
        places.offset.clear();
        places.length.clear();
    }

    fn extend(&mut self, rows: &[witnessmark_model::Row], source: u32) {
        self.times
            .extend(rows.iter().map(|r| r.time.map_or(0, |t| t.0)));
        self.dated.extend(rows.iter().map(|r| r.time.is_some()));
        self.sources.extend(rows.iter().map(|_| source));
        self.contents.extend(rows.iter().map(|r| r.content));
        self.vendor_ids.extend(rows.iter().map(|r| r.vendor_id));
        let places = &mut self.places;
        places.entry.extend(rows.iter().map(|r| r.locator.entry));
        places.part.extend(rows.iter().map(|r| r.locator.part));
        places.line.extend(rows.iter().map(|r| r.locator.line));
        places.offset.extend(rows.iter().map(|r| r.locator.offset));
        places.length.extend(rows.iter().map(|r| r.locator.length));
    }
}

fn pad_offsets(offsets: &mut Vec<u32>, rows: usize) {
    let end = offsets.last().copied().unwrap_or(0);
    offsets.resize(rows + 1, end);
}

/// A sealed segment whose columns are still in order of arrival; each chunk is gathered when it is asked for.
#[derive(Debug)]
pub(crate) struct Sealed {
    builder: SegmentBuilder,
    numbers: Vec<u64>,
    /// Rows in sealed order.
    order: Vec<u32>,
    chunks: Vec<ChunkMeta>,
}

impl Sealed {
    pub(crate) fn rows(&self) -> u64 {
        self.order.len() as u64
    }

    pub(crate) fn chunks(&self) -> &[ChunkMeta] {
        &self.chunks
    }

    /// The builder it came from, empty again.
    pub(crate) fn into_builder(self) -> SegmentBuilder {
        let mut builder = self.builder;
        builder.clear();
        builder
    }

    fn chunk_rows(&self, chunk: usize) -> &[u32] {
        self.order.chunks(CHUNK).nth(chunk).unwrap_or(&[])
    }

    fn gather<T: Copy>(&self, chunk: usize, from: &[T]) -> Vec<T> {
        self.chunk_rows(chunk)
            .iter()
            .map(|r| from[*r as usize])
            .collect()
    }

    pub(crate) fn times(&self, chunk: usize) -> Vec<i64> {
        let mut times = self.gather(chunk, &self.builder.heads.times);
        times.truncate(self.chunks[chunk].dated as usize);
        times
    }

    pub(crate) fn numbers(&self, chunk: usize) -> Vec<u64> {
        self.gather(chunk, &self.numbers)
    }

    pub(crate) fn sources(&self, chunk: usize) -> Vec<u32> {
        self.gather(chunk, &self.builder.heads.sources)
    }

    /// Hash of the content, 0 where a vendor id settles identity.
    pub(crate) fn fingerprints(&self, chunk: usize) -> Vec<u64> {
        let heads = &self.builder.heads;
        self.chunk_rows(chunk)
            .iter()
            .map(|r| match heads.vendor_ids[*r as usize] {
                0 => heads.contents[*r as usize],
                _ => 0,
            })
            .collect()
    }

    /// (vendor id, content, event number) of the rows that have a vendor id, sorted.
    pub(crate) fn vendor_ids(&self) -> Vec<(u64, u64, u64)> {
        let heads = &self.builder.heads;
        let mut run: Vec<_> = self
            .order
            .iter()
            .map(|r| *r as usize)
            .filter(|r| heads.vendor_ids[*r] != 0)
            .map(|r| (heads.vendor_ids[r], heads.contents[r], self.numbers[r]))
            .collect();
        run.sort_unstable();
        run
    }

    pub(crate) fn locators(&self, chunk: usize) -> Locators {
        let places = &self.builder.heads.places;
        Locators {
            entry: self.gather(chunk, &places.entry),
            part: self.gather(chunk, &places.part),
            line: self.gather(chunk, &places.line),
            offset: self.gather(chunk, &places.offset),
            length: self.gather(chunk, &places.length),
        }
    }

    /// One field of a chunk. Offsets of a list are made anew for each field of it; they are small beside the codes.
    pub(crate) fn column(&self, field: Field, chunk: usize) -> Column {
        let Some(values) = self.builder.values_of(field) else {
            return Column::Absent;
        };
        let rows = self.chunk_rows(chunk);
        let Some(list) = list_of(field) else {
            let wide = values.codes.gather(rows.iter().map(|r| *r as usize));
            if wide.iter().all(|c| *c == 0) {
                return Column::Absent;
            }
            return Column::One(Arc::new(Codes::narrow(&wide)));
        };
        let from = &self.builder.lists[list];
        let mut offsets = Vec::with_capacity(rows.len() + 1);
        let mut end = 0;
        offsets.push(0);
        for row in rows {
            end += from[*row as usize + 1] - from[*row as usize];
            offsets.push(end);
        }
        let elements = rows
            .iter()
            .flat_map(|r| from[*r as usize]..from[*r as usize + 1]);
        let wide = values.codes.gather(elements.map(|at| at as usize));
        if wide.iter().all(|c| *c == 0) {
            return Column::Absent;
        }
        Column::Many {
            offsets: offsets.into(),
            codes: Arc::new(Codes::narrow(&wide)),
        }
    }

    /// The values of a field; `None` when no row ever had one.
    pub(crate) fn dictionary(&self, field: Field) -> Option<&Dictionary> {
        self.builder
            .values_of(field)
            .map(|v| v.interner.dictionary())
    }
}

/// A sealed segment that lies wholly in memory: the events of small imports, and what tests look at.
#[derive(Debug)]
pub struct MemorySegment {
    rows: u64,
    chunks: Vec<ChunkMeta>,
    heads: Vec<ChunkHead>,
    columns: Vec<Vec<Column>>,
    dictionaries: Vec<Arc<Dictionary>>,
}

#[derive(Debug)]
struct ChunkHead {
    times: Arc<[i64]>,
    numbers: Arc<[u64]>,
    sources: Arc<Codes>,
    locators: Arc<Locators>,
}

impl MemorySegment {
    pub(crate) fn new(sealed: &Sealed) -> Self {
        let chunks = 0..sealed.chunks().len();
        Self {
            rows: sealed.rows(),
            chunks: sealed.chunks().to_vec(),
            heads: chunks
                .clone()
                .map(|c| ChunkHead {
                    times: sealed.times(c).into(),
                    numbers: sealed.numbers(c).into(),
                    sources: Arc::new(Codes::narrow(&sealed.sources(c))),
                    locators: Arc::new(sealed.locators(c)),
                })
                .collect(),
            columns: Field::ALL
                .iter()
                .map(|f| chunks.clone().map(|c| sealed.column(*f, c)).collect())
                .collect(),
            dictionaries: Field::ALL
                .iter()
                .map(|f| {
                    Arc::new(
                        sealed
                            .dictionary(*f)
                            .cloned()
                            .unwrap_or_else(Dictionary::new),
                    )
                })
                .collect(),
        }
    }
}

impl Columns for MemorySegment {
    fn rows(&self) -> u64 {
        self.rows
    }

    fn chunks(&self) -> &[ChunkMeta] {
        &self.chunks
    }

    fn times(&self, chunk: usize) -> Result<Arc<[i64]>> {
        Ok(Arc::clone(&self.heads[chunk].times))
    }

    fn numbers(&self, chunk: usize) -> Result<Arc<[u64]>> {
        Ok(Arc::clone(&self.heads[chunk].numbers))
    }

    fn sources(&self, chunk: usize) -> Result<Arc<Codes>> {
        Ok(Arc::clone(&self.heads[chunk].sources))
    }

    fn locators(&self, chunk: usize) -> Result<Arc<Locators>> {
        Ok(Arc::clone(&self.heads[chunk].locators))
    }

    fn column(&self, field: Field, chunk: usize) -> Result<Column> {
        Ok(self.columns[field.index()][chunk].clone())
    }

    fn dictionary(&self, field: Field) -> Result<Arc<Dictionary>> {
        Ok(Arc::clone(&self.dictionaries[field.index()]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use witnessmark_model::{Instant, Locator};

    #[test]
    fn rows_come_in_time_order_with_their_lists() {
        let mut batch = Batch::default();
        for (i, time) in [Some(30), None, Some(10)].into_iter().enumerate() {
            batch.push(Field::EventAction, 0, ["Login", "Logout", "Login"][i]);
            if i != 1 {
                batch.push(Field::TargetType, 0, "tenant");
                batch.push(Field::TargetId, 1, &format!("id-{i}"));
            }
            let place = Locator {
                entry: i as u64 + 1,
                ..Locator::default()
            };
            batch.end_row(time.map(Instant), place, i as u64, 0);
        }
        let mut builder = SegmentBuilder::new(1);
        builder.push_batch(&batch, 3);
        builder.append(Field::Problems, &[1], "id_conflict");
        let segment = builder.into_memory(100);
        assert_eq!(segment.chunks()[0].dated, 2);
        assert_eq!(&*segment.times(0).unwrap(), &[10, 30]);
        assert_eq!(&*segment.numbers(0).unwrap(), &[102, 100, 101]);
        assert_eq!(segment.sources(0).unwrap().get(0), 3);
        let Column::Many { offsets, codes } = segment.column(Field::TargetId, 0).unwrap() else {
            panic!("a list")
        };
        assert_eq!(&*offsets, &[0, 2, 4, 4]);
        let ids = segment.dictionary(Field::TargetId).unwrap();
        assert_eq!(
            (0..4).map(|i| ids.text(codes.get(i))).collect::<Vec<_>>(),
            ["", "id-2", "", "id-0"]
        );
        let Column::Many { offsets, .. } = segment.column(Field::Problems, 0).unwrap() else {
            panic!("a list")
        };
        assert_eq!(&*offsets, &[0, 0, 0, 1]);
        assert_eq!(segment.column(Field::UserName, 0).unwrap(), Column::Absent);
    }
}
