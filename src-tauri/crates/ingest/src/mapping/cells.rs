//! What the cells of a table, and the leaves of documents, gave before: logs repeat themselves, column by column.
//!
//! Owns: bounded tables by the text of a cell or leaf. Never touches: what it means; whatever is remembered was worked out by
//! those who know. A hit is compared byte by byte, and texts that share a place only push each other out, so whoever writes
//! a log can make it slow at worst, never wrong.

use super::{
    leaves::{Content, IdentityKey, inspect},
    places::Places,
    sip::Seeded,
    walk,
};
use crate::{
    entry::{Cells, Flags},
    profile::{Alternative, Expr, Profile, Source, path::Path},
};
use witnessmark_model::Mark;

/// Columns that have a table; those of most exports do.
const COLUMNS: usize = 64;
/// Places of a table: two to this power.
const PLACES: u32 = 11;
/// Bytes of a cell above which it is worked out each time.
const LONGEST: usize = 512;
/// Bytes of longer texts that one table keeps, before it begins anew.
const KEPT: usize = 1 << 20;
/// Cells of a batch after which a column shows whether it repeats itself.
const TRIED: u32 = 512;
/// Answers that one cell can have.
const ANSWERS: usize = 3;
const NONE: u32 = u32::MAX;

/// What an expression of the profile gives for the cell at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// That must be worked out.
    Unknown,
    /// No value.
    Nothing,
    /// The value with this number in its column of the batch.
    Value(u32),
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    words: [u64; 3],
    length: u32,
    /// First byte of a text that is longer than its mark tells.
    start: u32,
    /// The cell's share of the identity.
    share: u64,
    flags: Flags,
    /// The batch whose values the answers are.
    turn: u32,
    /// 0 unknown, 1 nothing, else the number of the value plus two.
    answers: [u32; ANSWERS],
}

impl Slot {
    #[inline]
    const fn mark(&self) -> Mark {
        Mark {
            words: self.words,
            length: self.length,
        }
    }
}

#[derive(Debug)]
struct Column {
    path: Seeded,
    slots: Vec<Slot>,
    /// Texts that are longer than their marks tell.
    arena: String,
    sought: u32,
    met: u32,
    /// The slot of the cell at hand.
    hit: u32,
}

/// The tables of one source and profile.
#[derive(Debug, Default)]
pub(crate) struct Known {
    columns: Vec<Column>,
    /// For each numbered expression the column that alone decides it, and the number of its answer there.
    bound: Vec<Option<(usize, usize)>>,
    /// Whether only the first alternative of an expression is decided by its column.
    first_alone: bool,
    turn: u32,
}

impl Known {
    /// Says that the batch at hand is an empty one: the numbers of values in the one before mean nothing any more.
    pub(crate) fn turn(&mut self) {
        self.turn += 1;
        for column in &mut self.columns {
            (column.sought, column.met) = (0, 0);
        }
    }

    /// Finds out which expressions are decided by one column alone. The expressions of fields come first, then kind, id and
    /// name of each target.
    pub(crate) fn bind_columns(&mut self, profile: &Profile, header: &[String]) {
        self.bind(profile, |expr| sole_column(expr, header));
    }

    /// Finds out which expressions begin with the leaf at the end of a path of keys. Other than a cell, a leaf that is not
    /// there may stand elsewhere, so only a value of this first alternative is remembered.
    pub(crate) fn bind_places(&mut self, profile: &Profile, places: &Places, key: &IdentityKey) {
        if !self.bound.is_empty() {
            return;
        }
        self.first_alone = true;
        let mut columns = Vec::new();
        self.bind(profile, |expr| {
            let Alternative {
                source: Source::Path(path),
                when: None,
                ..
            } = expr.0.first()?
            else {
                return None;
            };
            if columns.len() >= COLUMNS {
                return None;
            }
            let (number, path) = places.remember(path, columns.len() as u32, key)?;
            if number as usize == columns.len() {
                columns.push(Column::new(path));
            }
            Some(number as usize)
        });
        self.columns = columns;
    }

    fn bind(&mut self, profile: &Profile, mut column: impl FnMut(&Expr) -> Option<usize>) {
        if !self.bound.is_empty() {
            return;
        }
        let mut answers = [0; COLUMNS];
        let fields = profile.fields.iter().map(|(_, expr)| expr);
        // Of the elements of a list nothing is remembered.
        let targets = profile.targets.iter();
        let parts = targets.flat_map(|target| {
            [&target.kind, &target.id, &target.name].map(|expr| (expr, target.each.is_none()))
        });
        let mut bind = |(expr, counts): (&Expr, bool)| {
            let column = column(expr).filter(|c| counts && *c < COLUMNS)?;
            let number = answers[column];
            answers[column] += 1;
            (number < ANSWERS).then_some((column, number))
        };
        let all = fields.map(|expr| (expr, true)).chain(parts);
        self.bound = all.map(&mut bind).collect();
        if self.bound.is_empty() {
            self.bound.push(None);
        }
    }

    /// Whether only a value of the first alternative of an expression may be remembered.
    pub(crate) const fn first_alone(&self) -> bool {
        self.first_alone
    }

    /// Says that another document is at hand.
    pub(crate) fn forget_hits(&mut self) {
        for column in &mut self.columns {
            column.hit = NONE;
        }
    }

    /// Adds a leaf to its content, and notes where it was met before.
    pub(crate) fn leaf(&mut self, column: u32, text: &str, content: &mut Content<'_>) {
        let Some(column) = self.columns.get_mut(column as usize) else {
            return;
        };
        let place = column.is_worth(text).then(|| {
            let mark = Mark::of(text.as_bytes());
            (mark, mark.place(PLACES))
        });
        let (share, flags) = column.take_in(text, self.turn, place.as_ref());
        content.flags = content.flags.union(flags);
        if content.skip != Some((text.as_ptr(), text.len())) {
            content.sum = content.sum.wrapping_add(share);
        }
    }

    /// Whether the cell that alone decides an expression was looked for in its table.
    #[inline]
    pub(crate) fn sought(&self, expr: usize) -> bool {
        let Some(Some((column, _))) = self.bound.get(expr) else {
            return false;
        };
        self.columns.get(*column).is_some_and(|c| c.hit != NONE)
    }

    /// Adds the cells of a row to its content, and notes where each was met before.
    pub(crate) fn take_in(&mut self, cells: &Cells<'_>, content: &mut Content<'_>) {
        let turn = self.turn;
        for column in self.columns.iter_mut().skip(cells.len()) {
            column.hit = NONE;
        }
        while self.columns.len() < cells.len() {
            let path = path_of(content.key, cells, self.columns.len());
            self.columns.push(Column::new(path));
        }
        // The places of all cells are asked for before the first is compared, so that they are waited for together.
        let mut marks = [(Mark::default(), 0); COLUMNS];
        let mut touched = 0;
        for ((column, text), (mark, place)) in self.columns.iter().zip(cells.iter()).zip(&mut marks)
        {
            if column.is_worth(text) {
                *mark = Mark::of(text.as_bytes());
                *place = mark.place(PLACES);
                touched ^= column.slots.get(*place).map_or(0, |slot| slot.length);
            }
        }
        std::hint::black_box(touched);
        for (i, text) in cells.iter().enumerate() {
            let column = &mut self.columns[i];
            let (share, flags) = column.take_in(text, turn, marks.get(i));
            content.flags = content.flags.union(flags);
            if content.skip != Some((text.as_ptr(), text.len())) {
                content.sum = content.sum.wrapping_add(share);
            }
        }
    }

    /// What the expression of this number gives for the row that was taken in last.
    #[inline]
    pub(crate) fn answer(&self, expr: usize) -> Answer {
        let Some(Some((column, number))) = self.bound.get(expr) else {
            return Answer::Unknown;
        };
        let slot = self
            .columns
            .get(*column)
            .and_then(|column| column.slots.get(column.hit as usize));
        match slot.map_or(0, |slot| slot.answers[*number]) {
            0 => Answer::Unknown,
            1 => Answer::Nothing,
            value => Answer::Value(value - 2),
        }
    }

    /// Remembers what the expression gave.
    pub(crate) fn note(&mut self, expr: usize, answer: Answer) {
        let Some(Some((column, number))) = self.bound.get(expr) else {
            return;
        };
        let slot = self
            .columns
            .get_mut(*column)
            .and_then(|column| column.slots.get_mut(column.hit as usize));
        if let Some(slot) = slot {
            slot.answers[*number] = match answer {
                Answer::Unknown => 0,
                Answer::Nothing => 1,
                Answer::Value(value) => value.saturating_add(2),
            };
        }
    }
}

impl Column {
    fn new(path: Seeded) -> Self {
        Self {
            path,
            slots: Vec::new(),
            arena: String::new(),
            sought: 0,
            met: 0,
            hit: NONE,
        }
    }

    /// Whether a text is looked for. A column of ids that hardly come twice is not worth the search.
    #[inline]
    fn is_worth(&self, text: &str) -> bool {
        let rare = self.sought >= TRIED && self.met < self.sought / 8;
        !rare && !text.is_empty() && text.len() <= LONGEST
    }

    /// Share and flags of a cell, whose mark and place are given if it may have a slot; notes its slot.
    #[inline]
    fn take_in(&mut self, text: &str, turn: u32, place: Option<&(Mark, usize)>) -> (u64, Flags) {
        self.hit = NONE;
        if text.is_empty() {
            return (0, Flags::NONE);
        }
        let Some((mark, place)) = place.filter(|_| self.is_worth(text)).copied() else {
            return self.work(text);
        };
        self.sought += 1;
        if let Some(slot) = self.slots.get_mut(place)
            && slot.mark() == mark
        {
            let start = slot.start as usize;
            let same = mark.length <= Mark::EXACT
                || self.arena.get(start..start + text.len()) == Some(text);
            if same {
                self.met += 1;
                self.hit = place as u32;
                if slot.turn != turn {
                    (slot.turn, slot.answers) = (turn, [0; ANSWERS]);
                }
                return (slot.share, slot.flags);
            }
        }
        self.remember(text, mark, place, turn)
    }

    fn remember(&mut self, text: &str, mark: Mark, place: usize, turn: u32) -> (u64, Flags) {
        let (share, flags) = self.work(text);
        if self.slots.is_empty() || self.arena.len() > KEPT {
            self.slots.clear();
            self.slots.resize(1 << PLACES, Slot::default());
            self.arena.clear();
        }
        let start = self.arena.len() as u32;
        if mark.length > Mark::EXACT {
            self.arena.push_str(text);
        }
        self.slots[place] = Slot {
            words: mark.words,
            length: mark.length,
            start,
            share,
            flags,
            turn,
            answers: [0; ANSWERS],
        };
        self.hit = place as u32;
        (share, flags)
    }

    fn work(&self, text: &str) -> (u64, Flags) {
        let mut flags = Flags::NONE;
        inspect(text, false, &mut flags);
        (self.path.hash(text.as_bytes()), flags)
    }
}

/// What the cells of a column are hashed with: the name of the column, or its number where it has none.
fn path_of(key: &IdentityKey, cells: &Cells<'_>, number: usize) -> Seeded {
    key.seeded(match cells.header().get(number) {
        Some(name) => key.hash(0, name.as_bytes()),
        None => key.hash(1, &(number as u64).to_le_bytes()),
    })
}

/// The one column whose cell decides what an expression gives; absent when there is none, or more than one, or when
/// something is looked for inside the cell.
fn sole_column(expr: &Expr, header: &[String]) -> Option<usize> {
    let mut sole = None;
    let mut look = |path: &Path| -> bool {
        if path.relative {
            return false;
        }
        match walk::column(path, header) {
            // A column that is not there never gives a value.
            None => true,
            Some((column, used)) => {
                used == path.steps.len() && *sole.get_or_insert(column) == column
            }
        }
    };
    for Alternative { source, when, .. } in &expr.0 {
        let decided = when.as_ref().is_none_or(|when| look(&when.path))
            && match source {
                Source::Path(path) => look(path),
                Source::Text(template) => {
                    let mut paths = template.parts.iter().filter_map(|(_, path)| path.as_ref());
                    paths.all(&mut look)
                }
            };
        if !decided {
            return None;
        }
    }
    sole
}
