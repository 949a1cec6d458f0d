//! A filter made ready in two steps: once for the case (overlays and sources are asked for), then for each segment
//! (tests are put to its dictionaries).
//!
//! Owns: the tree of parts and its order by cost. Never touches: rows.

use std::sync::Arc;

use witnessmark_lens::query::{Expr, On, TargetBy, Term, Test};
use witnessmark_model::Field;

use super::{
    Query,
    axis::Values,
    numbers::Numbers,
    persons::Persons,
    scan::Wanted,
    snapshot::{FLAG, Segment},
    values,
};
use crate::Result;

/// Parts joined by and, or, not.
#[derive(Clone)]
pub(crate) enum Tree<L> {
    /// Every row, or none.
    Fixed(bool),
    /// All of at least two parts, cheapest first.
    All(Vec<Tree<L>>),
    /// Any of at least two parts, cheapest first.
    Any(Vec<Tree<L>>),
    /// The rows that the part does not hold.
    Not(Box<Tree<L>>),
    /// One test.
    Leaf(L),
}

/// The columns of a change. Their lists are of the same lengths, so one position is one change.
pub(crate) const CHANGES: [Field; 4] = [
    Field::ChangeField,
    Field::ChangeKind,
    Field::ChangeOld,
    Field::ChangeNew,
];

/// A test for any segment.
#[derive(Clone)]
pub(crate) enum CaseTest {
    /// Values of one column; the key names the test in caches.
    Field {
        field: Field,
        test: Test,
        key: Arc<str>,
    },
    /// Type and (id or name) of one target; the keys name the tests in caches.
    Target {
        kind: (Test, Arc<str>),
        test: (Test, Arc<str>),
        by: TargetBy,
    },
    /// One and the same change passes; the keys name the tests in caches.
    Change(Tree<(Field, Test, Arc<str>)>),
    /// Events of joined actors.
    Persons(Arc<Persons>),
    /// A test that is the same in every segment.
    Same(Check),
}

/// A test of the rows of one segment.
#[derive(Clone)]
pub(crate) enum Check {
    /// A wanted code in a column.
    Codes(Field, Arc<Wanted>),
    /// A wanted type, and a wanted id or name, in one and the same target.
    Target([Arc<Wanted>; 3], TargetBy),
    /// One and the same change has the wanted codes; positions are those of [`CHANGES`].
    Change(Arc<Tree<(usize, Arc<Wanted>)>>),
    /// A wanted combination of the fields of an actor, in the segment at a position of the snapshot.
    Actor(Arc<Values>, usize, Arc<Wanted>),
    /// Nanoseconds since 1970: from inclusive, until exclusive.
    Time(Option<i64>, Option<i64>),
    /// Rows without a time.
    Undated,
    /// Events of a set.
    Numbers(Arc<Numbers>),
    /// Rows that were first read from one of these sources (numbers instead of codes).
    Sources(Arc<Wanted>),
    /// The event's number as text.
    NumberText(Arc<Test>),
    /// The source's own text of the time, which is written anew for each row.
    OriginalTime(Arc<EntryTest>),
    /// A test that must read the entry.
    Entry(Arc<EntryTest>),
}

/// A test whose answer is dear and therefore kept.
pub(crate) struct EntryTest {
    pub(crate) on: On,
    pub(crate) test: Test,
    /// Name in the cache of answers.
    pub(crate) key: String,
}

impl<L> Tree<L> {
    fn all(mut parts: Vec<Self>) -> Self {
        if parts.iter().any(|p| matches!(p, Self::Fixed(false))) {
            return Self::Fixed(false);
        }
        parts.retain(|p| !matches!(p, Self::Fixed(true)));
        match parts.len() {
            0 => Self::Fixed(true),
            1 => parts.remove(0),
            _ => Self::All(parts),
        }
    }

    fn any(mut parts: Vec<Self>) -> Self {
        if parts.iter().any(|p| matches!(p, Self::Fixed(true))) {
            return Self::Fixed(true);
        }
        parts.retain(|p| !matches!(p, Self::Fixed(false)));
        match parts.len() {
            0 => Self::Fixed(false),
            1 => parts.remove(0),
            _ => Self::Any(parts),
        }
    }

    fn not(self) -> Self {
        match self {
            Self::Fixed(holds) => Self::Fixed(!holds),
            Self::Not(part) => *part,
            other => Self::Not(Box::new(other)),
        }
    }
}

impl Tree<Check> {
    /// Rank by the cost of a row.
    fn cost(&self) -> u32 {
        match self {
            Self::Fixed(_) => 0,
            Self::Leaf(check) => match check {
                Check::Time(..) | Check::Undated => 1,
                Check::Codes(..) | Check::Actor(..) => 2,
                Check::Sources(_) => 3,
                Check::Numbers(_) => 4,
                Check::Target(..) | Check::Change(_) => 5,
                Check::NumberText(_) => 6,
                Check::OriginalTime(_) => 7,
                Check::Entry(_) => 8,
            },
            Self::Not(part) => part.cost(),
            Self::All(parts) | Self::Any(parts) => parts.iter().map(Self::cost).max().unwrap_or(0),
        }
    }

    fn cheapest_first(mut parts: Vec<Self>) -> Vec<Self> {
        parts.sort_by_key(Self::cost);
        parts
    }
}

/// What stands in `change:(…)`.
fn plan_change(expr: &Expr) -> Tree<(Field, Test, Arc<str>)> {
    let each = |parts: &[Expr]| parts.iter().map(plan_change).collect();
    match expr {
        Expr::All => Tree::Fixed(true),
        Expr::And(parts) => Tree::all(each(parts)),
        Expr::Or(parts) if parts.is_empty() => Tree::Fixed(false),
        Expr::Or(parts) => Tree::any(each(parts)),
        Expr::Not(part) => plan_change(part).not(),
        Expr::Term(Term {
            on: On::Fields(fields),
            test,
            ..
        }) => {
            let key = key(test);
            let leaves = fields
                .iter()
                .filter(|f| CHANGES.contains(f))
                .map(|f| Tree::Leaf((*f, test.clone(), Arc::clone(&key))));
            Tree::any(leaves.collect())
        }
        Expr::Term(_) => Tree::Fixed(false),
    }
}

fn same(check: Check) -> Tree<CaseTest> {
    Tree::Leaf(CaseTest::Same(check))
}

/// The name of a test in caches.
pub(crate) fn key(test: &Test) -> Arc<str> {
    format!("{test:?}").into()
}

impl Query<'_> {
    /// The filter for the case.
    pub(crate) fn plan(&self, expr: &Expr) -> Result<Tree<CaseTest>> {
        let each = |parts: &[Expr]| {
            parts
                .iter()
                .map(|p| self.plan(p))
                .collect::<Result<Vec<_>>>()
        };
        Ok(match expr {
            Expr::All => Tree::Fixed(true),
            Expr::And(parts) => Tree::all(each(parts)?),
            Expr::Or(parts) => Tree::any(each(parts)?),
            Expr::Not(part) => self.plan(part)?.not(),
            Expr::Term(term) => self.plan_term(term)?,
        })
    }

    fn plan_term(&self, term: &Term) -> Result<Tree<CaseTest>> {
        let test = &term.test;
        let dear = |on: &On| {
            Arc::new(EntryTest {
                on: on.clone(),
                test: test.clone(),
                key: format!("{on:?} {test:?}"),
            })
        };
        Ok(match &term.on {
            On::Fields(fields) => {
                let key = key(test);
                let mut parts = Vec::with_capacity(fields.len());
                for field in fields {
                    let field = *field;
                    parts.push(match (field, test) {
                        // Absence and presence need no text, so they need not be written anew.
                        (Field::EventOriginalTime, test) if *test != Test::Exists => {
                            same(Check::OriginalTime(dear(&On::Fields(vec![field]))))
                        }
                        _ => Tree::Leaf(CaseTest::Field {
                            field,
                            test: test.clone(),
                            key: Arc::clone(&key),
                        }),
                    });
                    if field == Field::Problems {
                        parts.push(self.overlay(FLAG, test)?);
                    }
                }
                if let Some(persons) = self.persons(fields, test)? {
                    parts.push(Tree::Leaf(CaseTest::Persons(Arc::new(persons))));
                }
                Tree::any(parts)
            }
            On::Target { kind, by } => Tree::Leaf(CaseTest::Target {
                kind: (kind.clone(), key(kind)),
                test: (test.clone(), key(test)),
                by: *by,
            }),
            On::Change(inner) => match plan_change(inner) {
                Tree::Fixed(false) => Tree::Fixed(false),
                tree => Tree::Leaf(CaseTest::Change(tree)),
            },
            On::Time => match test {
                Test::Exists => same(Check::Undated).not(),
                Test::When { from, until } => {
                    same(Check::Time(from.map(|t| t.0), until.map(|t| t.0)))
                }
                _ => Tree::Fixed(false),
            },
            On::Undated => same(Check::Undated),
            On::Text | On::Raw | On::RawPath(_) => same(Check::Entry(dear(&term.on))),
            On::Tag => self.overlay("tag", test)?,
            On::Finding => self.overlay("finding", test)?,
            On::Overlay(kind) => self.overlay(kind, test)?,
            On::Source => self.plan_source(test)?,
            On::Number => match test {
                Test::Exists => Tree::Fixed(true),
                _ => same(Check::NumberText(Arc::new(test.clone()))),
            },
        })
    }

    fn overlay(&self, kind: &str, test: &Test) -> Result<Tree<CaseTest>> {
        let mut events = Vec::new();
        for overlay in self.facts.overlays(kind)? {
            if test.matches(&overlay.value) {
                events.extend(overlay.events);
            }
        }
        let set = Numbers::of(&events);
        Ok(if set.is_empty() {
            Tree::Fixed(false)
        } else {
            same(Check::Numbers(Arc::new(set)))
        })
    }

    fn plan_source(&self, test: &Test) -> Result<Tree<CaseTest>> {
        let (mut sources, mut beyond) = (Vec::new(), Vec::new());
        for source in self.facts.sources()? {
            if test.matches(&source.number.to_string()) || test.matches(&source.name) {
                sources.push(source.number);
                beyond.extend(self.facts.attested_beyond(source.number)?);
            }
        }
        let beyond = Numbers::of(&beyond);
        Ok(Tree::any(vec![
            match sources.is_empty() {
                true => Tree::Fixed(false),
                false => same(Check::Sources(Arc::new(Wanted::of(sources, usize::MAX)))),
            },
            match beyond.is_empty() {
                true => Tree::Fixed(false),
                false => same(Check::Numbers(Arc::new(beyond))),
            },
        ]))
    }

    /// The filter for one segment.
    pub(crate) fn bind(&self, tree: &Tree<CaseTest>, at: usize) -> Result<Tree<Check>> {
        let segment: &Segment = &self.snapshot.segments[at];
        let each = |parts: &[Tree<CaseTest>]| {
            let bound: Result<Vec<_>> = parts.iter().map(|p| self.bind(p, at)).collect();
            bound.map(Tree::cheapest_first)
        };
        Ok(match tree {
            Tree::Fixed(holds) => Tree::Fixed(*holds),
            Tree::All(parts) => Tree::all(each(parts)?),
            Tree::Any(parts) => Tree::any(each(parts)?),
            Tree::Not(part) => self.bind(part, at)?.not(),
            Tree::Leaf(CaseTest::Same(check)) => Tree::Leaf(check.clone()),
            Tree::Leaf(CaseTest::Persons(persons)) => match persons.wanted(at) {
                Wanted::Nothing => Tree::Fixed(false),
                wanted => {
                    let values = Arc::new(persons.values().clone());
                    Tree::Leaf(Check::Actor(values, at, Arc::new(wanted)))
                }
            },
            Tree::Leaf(CaseTest::Field { field, test, key }) => {
                let wanted = self.wanted(segment, *field, test, key)?;
                match *wanted {
                    Wanted::Nothing => Tree::Fixed(false),
                    _ => Tree::Leaf(Check::Codes(*field, wanted)),
                }
            }
            Tree::Leaf(CaseTest::Change(tree)) => match self.bind_change(tree, segment)? {
                Tree::Fixed(false) => Tree::Fixed(false),
                tree => Tree::Leaf(Check::Change(Arc::new(tree))),
            },
            Tree::Leaf(CaseTest::Target { kind, test, by }) => {
                let kind = self.wanted(segment, Field::TargetType, &kind.0, &kind.1)?;
                let wanted = |field: Field, not: TargetBy| match *by == not {
                    true => Ok(Arc::new(Wanted::Nothing)),
                    false => self.wanted(segment, field, &test.0, &test.1),
                };
                let id = wanted(Field::TargetId, TargetBy::NameAlone)?;
                let name = wanted(Field::TargetName, TargetBy::Id)?;
                if *kind == Wanted::Nothing || (*id == Wanted::Nothing && *name == Wanted::Nothing)
                {
                    Tree::Fixed(false)
                } else {
                    Tree::Leaf(Check::Target([kind, id, name], *by))
                }
            }
        })
    }

    fn bind_change(
        &self,
        tree: &Tree<(Field, Test, Arc<str>)>,
        segment: &Segment,
    ) -> Result<Tree<(usize, Arc<Wanted>)>> {
        let each = |parts: &[Tree<_>]| {
            let bound = parts.iter().map(|p| self.bind_change(p, segment));
            bound.collect::<Result<Vec<_>>>()
        };
        Ok(match tree {
            Tree::Fixed(holds) => Tree::Fixed(*holds),
            Tree::All(parts) => Tree::all(each(parts)?),
            Tree::Any(parts) => Tree::any(each(parts)?),
            Tree::Not(part) => self.bind_change(part, segment)?.not(),
            Tree::Leaf((field, test, key)) => {
                let wanted = self.wanted(segment, *field, test, key)?;
                let column = CHANGES.iter().position(|f| f == field);
                match (&*wanted, column) {
                    (Wanted::Nothing, _) | (_, None) => Tree::Fixed(false),
                    (_, Some(column)) => Tree::Leaf((column, wanted)),
                }
            }
        })
    }

    pub(crate) fn wanted(
        &self,
        segment: &Segment,
        field: Field,
        test: &Test,
        key: &str,
    ) -> Result<Arc<Wanted>> {
        self.caches.wanted(segment.id, field, key, || {
            let dictionary = segment.columns.dictionary(field)?;
            Ok(if dictionary.is_empty() {
                Wanted::Nothing
            } else {
                values::wanted(test, &dictionary)
            })
        })
    }
}
