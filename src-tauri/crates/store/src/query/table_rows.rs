//! Rows of a case as SQL sees them: going through them and telling their values.
//!
//! Owns: the walk. Never touches: SQL text, SQLite's structures (`table` does), which columns there are (`shelf`).

use std::{cell::RefCell, collections::HashMap, collections::VecDeque, ops::Range, sync::Arc};

use serde_json::{Value as Json, json};
use witnessmark_lens::query::Expr;
use witnessmark_model::{Field, Group, Instant, time::original};

use super::{
    Caches, FLAG, Facts, Mask, Order, Query, RowRef, Snapshot, TermCache, View,
    facets::codes_of,
    numbers::Numbers,
    shelf::{Cell, Compare, Kind, Lane, Time, Value, condition, exists},
};
use crate::{
    Result,
    segment::{Codes, Column, Dictionary, Locators},
};

/// Rows taken from an ordered view at a time.
const PAGE: usize = 4_096;

/// What the tables show.
pub(crate) struct World {
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) facts: Arc<dyn Facts>,
    pub(crate) caches: Arc<Caches>,
    /// One object a source, by column name.
    pub(crate) sources: Vec<Json>,
    /// Flags that were put on sealed events later.
    pub(crate) flags: Vec<(String, Numbers)>,
}

impl World {
    pub(crate) fn new(
        snapshot: Arc<Snapshot>,
        facts: Arc<dyn Facts>,
        caches: Arc<Caches>,
        sources: Vec<Json>,
    ) -> Result<Self> {
        let flags = facts.overlays(FLAG)?.into_iter();
        let flags = flags.map(|o| (o.value, Numbers::of(&o.events))).collect();
        Ok(Self {
            snapshot,
            facts,
            caches,
            sources,
            flags,
        })
    }

    fn query(&self) -> Query<'_> {
        Query {
            snapshot: &self.snapshot,
            facts: self.facts.as_ref(),
            caches: &self.caches,
        }
    }

    /// About how many rows a walk gives: enough for SQLite to choose which table to walk first.
    pub(crate) fn estimate(&self, kind: Kind, lanes: &[Lane]) -> u64 {
        if kind == Kind::Sources {
            return self.sources.len() as u64;
        }
        let all: u64 = self.snapshot.segments.iter().map(|s| s.rows()).sum();
        let narrowed =
            lanes
                .iter()
                .fold(all, |rows, lane| match (kind.cell(lane.column), lane.op) {
                    (Some(Cell::Event), _) => rows.min(2),
                    (Some(Cell::Time), Compare::Equal) => rows / 10_000,
                    (_, Compare::Equal) => rows / 50,
                    _ => rows / 3,
                });
        narrowed.max(1)
    }
}

/// Which rows come next.
enum Rows {
    None,
    /// Those of a mask, segment after segment.
    Mask {
        mask: Arc<Mask>,
        segment: usize,
        chunk: usize,
    },
    /// Those of a view, by rank.
    Ranks {
        view: View,
        ranks: VecDeque<Range<u64>>,
    },
}

/// The columns of the chunk in which the walk stands, fetched when they are asked for.
#[derive(Default)]
struct Fetched {
    place: Option<(usize, usize)>,
    times: Option<Arc<[i64]>>,
    numbers: Option<Arc<[u64]>>,
    sources: Option<Arc<Codes>>,
    locators: Option<Arc<Locators>>,
    columns: HashMap<Field, (Column, Arc<Dictionary>)>,
}

/// A walk through the rows of a table.
pub(crate) struct Walk {
    world: Arc<World>,
    kind: Kind,
    cells: Vec<Cell>,
    rows: Rows,
    ready: VecDeque<(usize, usize, usize)>,
    /// Segment, chunk and row of the chunk; for sources the number of the row.
    now: Option<(usize, usize, usize)>,
    /// Element of the row's list, and how many there are.
    element: (usize, usize),
    fetched: RefCell<Fetched>,
}

impl Walk {
    pub(crate) fn new(world: Arc<World>, kind: Kind) -> Self {
        Self {
            world,
            kind,
            cells: kind
                .columns()
                .into_iter()
                .map(|(_, _, cell)| cell)
                .collect(),
            rows: Rows::None,
            ready: VecDeque::new(),
            now: None,
            element: (0, 0),
            fetched: RefCell::default(),
        }
    }

    /// A number that names the row in every walk of the table: for alternatives (`OR`) SQLite walks several times and tells
    /// by it which rows it has met before.
    pub(crate) fn row_number(&self) -> Result<i64> {
        let Some((_, _, row)) = self.now else {
            return Ok(0);
        };
        Ok(match self.kind {
            Kind::Sources => row as i64,
            Kind::Events => self.number()? as i64,
            // A list has at most 65,536 elements.
            Kind::Targets | Kind::Changes => (self.number()? as i64) << 16 | self.element.0 as i64,
        })
    }

    pub(crate) fn is_over(&self) -> bool {
        self.now.is_none()
    }

    /// Begins anew under conditions.
    pub(crate) fn begin(
        &mut self,
        lanes: &[Lane],
        order: Option<Time>,
        arguments: &[Value<'_>],
    ) -> Result<()> {
        (self.now, self.element) = (None, (0, 0));
        self.ready.clear();
        self.rows = Rows::None;
        if self.kind == Kind::Sources {
            self.ready = (0..self.world.sources.len()).map(|at| (0, 0, at)).collect();
            return self.advance();
        }
        let mut narrow: Vec<Expr> = Vec::new();
        let mut number = None;
        for (lane, argument) in lanes.iter().zip(arguments) {
            let Some(cell) = self.kind.cell(lane.column) else {
                continue;
            };
            match (cell, argument) {
                (Cell::Event, Value::Integer(n)) => number = Some(*n),
                _ => narrow.extend(condition(cell, lane.op, *argument)),
            }
        }
        match self.kind {
            Kind::Targets => narrow.push(exists(&[
                Field::TargetType,
                Field::TargetId,
                Field::TargetName,
            ])),
            Kind::Changes => narrow.push(exists(&super::plan::CHANGES)),
            Kind::Events | Kind::Sources => {}
        }
        if let Some(number) = number {
            // One event by its number: a join asks this once for each of its rows. SQLite compares the rest itself.
            let found = u64::try_from(number).ok();
            let found = found.map(|n| self.world.query().find(n)).transpose()?;
            self.ready
                .extend(found.flatten().map(|row| self.place(row)));
            return self.advance();
        }
        let mask = Arc::new(
            self.world
                .query()
                .filter(&Expr::and(narrow), &TermCache::default())?,
        );
        self.rows = match order {
            None => Rows::Mask {
                mask,
                segment: 0,
                chunk: 0,
            },
            Some(time) => {
                let order = match time {
                    Time::Rising => Order::Oldest,
                    Time::Falling => Order::Newest,
                };
                let view = View::new(Arc::clone(&self.world.snapshot), mask, order);
                let dated = view.len() - view.undated();
                // SQL has its nulls before every value: first when times rise, last when they fall.
                let ranks = match time {
                    Time::Rising => VecDeque::from([dated..view.len(), 0..dated]),
                    Time::Falling => std::iter::once(0..view.len()).collect(),
                };
                Rows::Ranks { view, ranks }
            }
        };
        self.advance()
    }

    fn place(&self, row: RowRef) -> (usize, usize, usize) {
        let segment = row.segment as usize;
        let (chunk, at) = self.world.snapshot.segments[segment].layout.place(row.row);
        (segment, chunk, at)
    }

    /// Goes to the next row.
    pub(crate) fn advance(&mut self) -> Result<()> {
        if self.now.is_some() && self.element.0 + 1 < self.element.1 {
            self.element.0 += 1;
            return Ok(());
        }
        loop {
            if self.ready.is_empty() && !self.load()? {
                self.now = None;
                return Ok(());
            }
            self.now = self.ready.pop_front();
            if !matches!(self.kind, Kind::Targets | Kind::Changes) {
                return Ok(());
            }
            self.element = (0, self.elements()?);
            if self.element.1 > 0 {
                return Ok(());
            }
        }
    }

    /// Makes more rows ready.
    fn load(&mut self) -> Result<bool> {
        match &mut self.rows {
            Rows::None => Ok(false),
            Rows::Mask {
                mask,
                segment,
                chunk,
            } => {
                let segments = &self.world.snapshot.segments;
                while *segment < segments.len() {
                    let chunks = segments[*segment].columns.chunks().len();
                    if *chunk >= chunks {
                        (*segment, *chunk) = (*segment + 1, 0);
                        continue;
                    }
                    let rows = segments[*segment].layout.rows(*chunk);
                    let ready = &mut self.ready;
                    mask.segments[*segment].chunks[*chunk]
                        .each_in(0..rows, |row| ready.push_back((*segment, *chunk, row)));
                    *chunk += 1;
                    if !self.ready.is_empty() {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Rows::Ranks { view, ranks } => {
                while let Some(range) = ranks.front_mut() {
                    let rows =
                        view.rows(range.start, PAGE.min((range.end - range.start) as usize))?;
                    range.start += rows.len() as u64;
                    if rows.is_empty() {
                        ranks.pop_front();
                        continue;
                    }
                    let layout = |row: RowRef| {
                        let segment = row.segment as usize;
                        let (chunk, at) =
                            self.world.snapshot.segments[segment].layout.place(row.row);
                        (segment, chunk, at)
                    };
                    self.ready.extend(rows.into_iter().map(layout));
                    return Ok(true);
                }
                Ok(false)
            }
        }
    }

    /// Elements of the list that the table is about, in the row at hand.
    fn elements(&self) -> Result<usize> {
        let Some((_, _, row)) = self.now else {
            return Ok(0);
        };
        let fields: &[Field] = match self.kind {
            Kind::Targets => &[Field::TargetType, Field::TargetId, Field::TargetName],
            _ => &super::plan::CHANGES,
        };
        let mut most = 0;
        for field in fields {
            let (column, _) = self.column(*field)?;
            most = most.max(match &column {
                Column::Many { offsets, .. } => (offsets[row + 1] - offsets[row]) as usize,
                Column::Absent | Column::One(_) => 0,
            });
        }
        Ok(most)
    }

    /// Where the walk stands, with what was fetched of another chunk forgotten.
    fn here(&self) -> (usize, usize, usize) {
        let (segment, chunk, row) = self.now.unwrap_or_default();
        let mut fetched = self.fetched.borrow_mut();
        if fetched.place != Some((segment, chunk)) {
            *fetched = Fetched {
                place: Some((segment, chunk)),
                ..Fetched::default()
            };
        }
        (segment, chunk, row)
    }

    fn column(&self, field: Field) -> Result<(Column, Arc<Dictionary>)> {
        let (segment, chunk, _) = self.here();
        if let Some(known) = self.fetched.borrow().columns.get(&field) {
            return Ok(known.clone());
        }
        let columns = &self.world.snapshot.segments[segment].columns;
        let found = (columns.column(field, chunk)?, columns.dictionary(field)?);
        self.fetched
            .borrow_mut()
            .columns
            .insert(field, found.clone());
        Ok(found)
    }

    fn time(&self) -> Result<Option<Instant>> {
        let (segment, chunk, row) = self.here();
        let mut fetched = self.fetched.borrow_mut();
        if fetched.times.is_none() {
            fetched.times = Some(self.world.snapshot.segments[segment].columns.times(chunk)?);
        }
        let times = fetched.times.as_ref();
        Ok(times.and_then(|t| t.get(row)).copied().map(Instant))
    }

    fn number(&self) -> Result<u64> {
        let (segment, chunk, row) = self.here();
        let mut fetched = self.fetched.borrow_mut();
        if fetched.numbers.is_none() {
            fetched.numbers = Some(
                self.world.snapshot.segments[segment]
                    .columns
                    .numbers(chunk)?,
            );
        }
        let numbers = fetched.numbers.as_ref();
        Ok(numbers.and_then(|n| n.get(row)).copied().unwrap_or(0))
    }

    fn locator(&self) -> Result<witnessmark_model::Locator> {
        let (segment, chunk, row) = self.here();
        let columns = &self.world.snapshot.segments[segment].columns;
        let mut fetched = self.fetched.borrow_mut();
        let sources = match &fetched.sources {
            Some(known) => Arc::clone(known),
            None => Arc::clone(fetched.sources.insert(columns.sources(chunk)?)),
        };
        let locators = match &fetched.locators {
            Some(known) => Arc::clone(known),
            None => Arc::clone(fetched.locators.insert(columns.locators(chunk)?)),
        };
        Ok(locators.get(row, sources.get(row)))
    }

    /// Hands over the value of a column.
    pub(crate) fn value(&self, column: i32, give: &mut dyn FnMut(Value<'_>)) -> Result<()> {
        let cell = usize::try_from(column)
            .ok()
            .and_then(|at| self.cells.get(at));
        let (Some(cell), Some((_, _, row))) = (cell, self.now) else {
            give(Value::Null);
            return Ok(());
        };
        let number = |n: u64| Value::Integer(n as i64);
        match *cell {
            Cell::Event => give(number(self.number()?)),
            Cell::Time => give(self.time()?.map_or(Value::Null, |t| Value::Integer(t.0))),
            Cell::Timestamp => match self.time()? {
                Some(time) => give(Value::Text(&time.rfc3339())),
                None => give(Value::Null),
            },
            Cell::Source => give(Value::Integer(i64::from(self.locator()?.source))),
            Cell::Entry => give(number(self.locator()?.entry)),
            Cell::Part => give(Value::Integer(i64::from(self.locator()?.part))),
            Cell::Line => give(number(self.locator()?.line)),
            Cell::Offset => give(number(self.locator()?.offset)),
            Cell::Length => give(number(self.locator()?.length)),
            Cell::Ordinal => give(number(self.element.0 as u64 + 1)),
            Cell::Field(field) => {
                let (column, dictionary) = self.column(field)?;
                let at = if field.is_list() { self.element.0 } else { 0 };
                match codes_of(&column, row).nth(at).filter(|code| *code != 0) {
                    None => give(Value::Null),
                    Some(code) if field == Field::EventOriginalTime => {
                        let text = original::text(dictionary.text(code), self.time()?);
                        give(Value::Text(&text));
                    }
                    Some(code) => give(Value::Text(dictionary.text(code))),
                }
            }
            Cell::List(group, field) => match self.list(group, field)? {
                Json::Null => give(Value::Null),
                list => give(Value::Text(&list.to_string())),
            },
            Cell::Raw => {
                let place = self.locator()?;
                let facts = &self.world.facts;
                let (shape, mut originals) = (facts.shape(place.source)?, facts.originals()?);
                match facts.leaf_reader().text(&shape, originals.read(&place)?) {
                    Some(text) => give(Value::Text(&text)),
                    None => give(Value::Null),
                }
            }
            Cell::Of(name) => match &self.world.sources[row][name] {
                Json::String(text) => give(Value::Text(text)),
                Json::Number(n) => give(n.as_i64().map_or(Value::Null, Value::Integer)),
                _ => give(Value::Null),
            },
        }
        Ok(())
    }

    /// A list of the row as JSON; null when it is empty.
    fn list(&self, group: Group, field: Field) -> Result<Json> {
        let Some((_, _, row)) = self.now else {
            return Ok(Json::Null);
        };
        let values = |field: Field| -> Result<Vec<Option<String>>> {
            let (column, dictionary) = self.column(field)?;
            let text = |code: u32| (code != 0).then(|| dictionary.text(code).to_owned());
            Ok(codes_of(&column, row).map(text).collect())
        };
        let members: &[(&str, Field)] = match group {
            Group::Target => &[
                ("type", Field::TargetType),
                ("id", Field::TargetId),
                ("name", Field::TargetName),
            ],
            Group::Change => &[
                ("field", Field::ChangeField),
                ("kind", Field::ChangeKind),
                ("old", Field::ChangeOld),
                ("new", Field::ChangeNew),
            ],
            Group::Single | Group::Many => {
                let mut list: Vec<String> = values(field)?.into_iter().flatten().collect();
                if field == Field::Problems {
                    let number = self.number()?;
                    for (flag, events) in &self.world.flags {
                        if events.has(number) && !list.contains(flag) {
                            list.push(flag.clone());
                        }
                    }
                }
                return Ok(if list.is_empty() {
                    Json::Null
                } else {
                    json!(list)
                });
            }
        };
        let mut out: Vec<Json> = Vec::new();
        for (name, field) in members {
            for (at, text) in values(*field)?.into_iter().enumerate() {
                if out.len() <= at {
                    out.push(json!({}));
                }
                if let Some(text) = text {
                    out[at][*name] = text.into();
                }
            }
        }
        Ok(if out.is_empty() {
            Json::Null
        } else {
            Json::Array(out)
        })
    }
}
