//! The tables that SQL sees: their columns, and how a condition on one becomes a filter.
//!
//! Owns: names, types and meanings of the columns of `events`, `targets`, `changes`, `sources`, and the conditions that
//! narrow a walk through them. Never touches: rows (`table_rows` does). A filter made here holds at least every row that passes
//! the condition; SQLite compares again.

use rusqlite::vtab::IndexConstraintOp as Op;
use witnessmark_lens::query::{Expr, On, Term, Test};
use witnessmark_model::{Field, Group, Instant};

/// A table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One row an event.
    Events,
    /// One row a target of an event.
    Targets,
    /// One row a change of an event.
    Changes,
    /// One row a source.
    Sources,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    Event,
    Time,
    Timestamp,
    Source,
    Entry,
    Part,
    Line,
    Offset,
    Length,
    Field(Field),
    /// Position of an element in its list, from 1.
    Ordinal,
    /// A list as JSON.
    List(Group, Field),
    /// The entry as it stood, where it is UTF-8.
    Raw,
    /// A member of the description of a source.
    Of(&'static str),
}

/// A value on its way to or from SQLite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value<'v> {
    Null,
    Integer(i64),
    Text(&'v str),
    /// A number with a fraction, or bytes.
    Other,
}

/// A condition that narrows a walk: column and comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lane {
    pub(super) column: i32,
    pub(super) op: Compare,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compare {
    Equal,
    Above,
    From,
    Below,
    To,
    Absent,
    Present,
}

/// The order of a walk: by time, rising or falling, those without a time where SQL has its nulls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Time {
    Rising,
    Falling,
}

const COMPARES: [(Compare, char); 7] = [
    (Compare::Equal, '='),
    (Compare::Above, '>'),
    (Compare::From, 'g'),
    (Compare::Below, '<'),
    (Compare::To, 'l'),
    (Compare::Absent, 'n'),
    (Compare::Present, 'p'),
];

impl Lane {
    /// Conditions and order as the text that SQLite carries from the plan to the walk.
    pub(crate) fn write(lanes: &[Self], order: Option<Time>) -> String {
        let mut out: String = match order {
            None => "-".into(),
            Some(Time::Rising) => "a".into(),
            Some(Time::Falling) => "d".into(),
        };
        for lane in lanes {
            let sign = COMPARES.iter().find(|(op, _)| *op == lane.op);
            out.push(sign.map_or('=', |(_, sign)| *sign));
            out.push_str(&lane.column.to_string());
        }
        out
    }

    /// The reverse of [`Lane::write`].
    pub(crate) fn read(text: &str) -> (Vec<Self>, Option<Time>) {
        let mut chars = text.chars();
        let order = match chars.next() {
            Some('a') => Some(Time::Rising),
            Some('d') => Some(Time::Falling),
            _ => None,
        };
        let mut lanes: Vec<Self> = Vec::new();
        for c in chars {
            if let Some(digit) = c.to_digit(10) {
                if let Some(lane) = lanes.last_mut() {
                    lane.column = lane.column * 10 + digit as i32;
                }
            } else if let Some((op, _)) = COMPARES.iter().find(|(_, sign)| *sign == c) {
                lanes.push(Self { column: 0, op: *op });
            }
        }
        (lanes, order)
    }
}

/// Name of a field's column.
fn column_name(field: Field) -> String {
    field.name().replace('.', "_")
}

impl Kind {
    pub(crate) const ALL: &'static [Self] =
        &[Self::Events, Self::Targets, Self::Changes, Self::Sources];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Targets => "targets",
            Self::Changes => "changes",
            Self::Sources => "sources",
        }
    }

    /// The columns: name, type, and what they hold.
    pub(super) fn columns(self) -> Vec<(String, &'static str, Cell)> {
        let own = |name: &str, kind, cell| (name.to_owned(), kind, cell);
        let mut all = vec![
            own("event", "INTEGER", Cell::Event),
            own("time", "INTEGER", Cell::Time),
            own("timestamp", "TEXT", Cell::Timestamp),
        ];
        let parts = |fields: &[Field]| -> Vec<(String, &'static str, Cell)> {
            let short = |f: &Field| f.name().rsplit('.').next().unwrap_or_default().to_owned();
            let each = fields.iter().map(|f| (short(f), "TEXT", Cell::Field(*f)));
            each.collect()
        };
        match self {
            Self::Events => {
                all.extend([
                    own("source", "INTEGER", Cell::Source),
                    own("entry", "INTEGER", Cell::Entry),
                    own("part", "INTEGER", Cell::Part),
                    own("line", "INTEGER", Cell::Line),
                    own("offset", "INTEGER", Cell::Offset),
                    own("length", "INTEGER", Cell::Length),
                ]);
                let single = Field::ALL.iter().filter(|f| f.group() == Group::Single);
                all.extend(single.map(|f| (column_name(*f), "TEXT", Cell::Field(*f))));
                let list = |name, group, field| own(name, "TEXT", Cell::List(group, field));
                all.extend([
                    list("target", Group::Target, Field::TargetType),
                    list("changes", Group::Change, Field::ChangeField),
                    list("related_ip", Group::Many, Field::RelatedIp),
                    list("problems", Group::Many, Field::Problems),
                    // Hidden, so that `SELECT *` does not read every original.
                    own("raw", "TEXT HIDDEN", Cell::Raw),
                ]);
                all
            }
            Self::Targets => {
                all.push(own("ordinal", "INTEGER", Cell::Ordinal));
                all.extend(parts(&[
                    Field::TargetType,
                    Field::TargetId,
                    Field::TargetName,
                ]));
                all
            }
            Self::Changes => {
                all.push(own("ordinal", "INTEGER", Cell::Ordinal));
                all.extend(parts(&[
                    Field::ChangeField,
                    Field::ChangeKind,
                    Field::ChangeOld,
                    Field::ChangeNew,
                ]));
                all
            }
            Self::Sources => [
                ("source", "INTEGER"),
                ("name", "TEXT"),
                ("state", "TEXT"),
                ("sha256", "TEXT"),
                ("bytes", "INTEGER"),
                ("entries", "INTEGER"),
                ("stored", "INTEGER"),
                ("duplicates", "INTEGER"),
                ("rejected", "INTEGER"),
                ("events", "INTEGER"),
                ("undated", "INTEGER"),
                ("zone", "TEXT"),
                ("profiles", "TEXT"),
                ("first", "TEXT"),
                ("last", "TEXT"),
            ]
            .map(|(name, kind)| own(name, kind, Cell::Of(name)))
            .to_vec(),
        }
    }

    /// The declaration for SQLite.
    pub(crate) fn schema(self) -> String {
        let columns = self.columns().into_iter();
        let columns: Vec<String> = columns
            .map(|(name, kind, _)| format!("\"{name}\" {kind}"))
            .collect();
        format!("CREATE TABLE x({})", columns.join(", "))
    }

    pub(super) fn cell(self, column: i32) -> Option<Cell> {
        let at = usize::try_from(column).ok()?;
        self.columns().get(at).map(|(_, _, cell)| *cell)
    }

    /// A condition on a column, if it can narrow a walk.
    pub(crate) fn lane(self, column: i32, op: Op) -> Option<Lane> {
        let op = match op {
            Op::SQLITE_INDEX_CONSTRAINT_EQ => Compare::Equal,
            Op::SQLITE_INDEX_CONSTRAINT_GT => Compare::Above,
            Op::SQLITE_INDEX_CONSTRAINT_GE => Compare::From,
            Op::SQLITE_INDEX_CONSTRAINT_LT => Compare::Below,
            Op::SQLITE_INDEX_CONSTRAINT_LE => Compare::To,
            Op::SQLITE_INDEX_CONSTRAINT_ISNULL => Compare::Absent,
            Op::SQLITE_INDEX_CONSTRAINT_ISNOTNULL => Compare::Present,
            _ => return None,
        };
        let fits = match self.cell(column)? {
            Cell::Event => op == Compare::Equal,
            Cell::Time | Cell::Timestamp => true,
            Cell::Source => op == Compare::Equal,
            // A target or change without a value is a row of its own, so only presence narrows there.
            Cell::Field(_) if self == Self::Events => {
                matches!(op, Compare::Equal | Compare::Absent | Compare::Present)
            }
            Cell::Field(_) => matches!(op, Compare::Equal | Compare::Present),
            _ => false,
        };
        fits.then_some(Lane { column, op })
    }

    /// Whether rows can come in this order.
    pub(crate) fn order(self, column: i32, descends: bool) -> Option<Time> {
        match self.cell(column)? {
            Cell::Time | Cell::Timestamp => Some(if descends {
                Time::Falling
            } else {
                Time::Rising
            }),
            _ => None,
        }
    }
}

fn term(on: On, test: Test) -> Expr {
    Expr::Term(Term {
        on,
        test,
        span: 0..0,
    })
}

pub(super) fn exists(fields: &[Field]) -> Expr {
    term(On::Fields(fields.to_vec()), Test::Exists)
}

/// The filter that holds at least every row that passes a condition; absent when none is known.
pub(super) fn condition(cell: Cell, op: Compare, argument: Value<'_>) -> Option<Expr> {
    let when = |from: Option<i64>, until: Option<i64>| {
        let (from, until) = (from.map(Instant), until.map(Instant));
        Some(term(On::Time, Test::When { from, until }))
    };
    match (cell, op, argument) {
        (Cell::Time | Cell::Timestamp, Compare::Absent, _) => Some(term(On::Undated, Test::Exists)),
        (Cell::Time | Cell::Timestamp, Compare::Present, _) => Some(term(On::Time, Test::Exists)),
        (Cell::Time, _, Value::Integer(at)) => bounds(op, at).and_then(|(a, b)| when(a, b)),
        (Cell::Timestamp, _, Value::Text(text)) => {
            bounds(op, moment(text)?).and_then(|(a, b)| when(a, b))
        }
        (Cell::Source, Compare::Equal, Value::Integer(n)) => {
            Some(term(On::Source, Test::Exact(n.to_string())))
        }
        (Cell::Field(field), Compare::Equal, Value::Text(text)) if !text.is_empty() => {
            Some(term(On::Fields(vec![field]), Test::Exact(text.to_owned())))
        }
        (Cell::Field(field), Compare::Present, _) => Some(exists(&[field])),
        (Cell::Field(field), Compare::Absent, _) => Some(exists(&[field]).negate()),
        _ => None,
    }
}

/// From inclusive, until exclusive.
fn bounds(op: Compare, at: i64) -> Option<(Option<i64>, Option<i64>)> {
    let next = at.checked_add(1);
    Some(match op {
        Compare::Equal => (Some(at), next),
        // As text a moment can be longer than what it is compared with, so the moment itself is kept in both.
        Compare::Above | Compare::From => (Some(at), None),
        Compare::Below | Compare::To => (None, next),
        Compare::Absent | Compare::Present => return None,
    })
}

/// The first moment whose text is this one or begins with it: times are compared as text of one length. Nothing for a text
/// that no row's can begin with, or that ends within a number: `2024-1` begins October, and what is filled up is a guess.
fn moment(text: &str) -> Option<i64> {
    const WHOLE: &str = "0000-01-01T00:00:00.000000000Z";
    if !matches!(text.len(), 4 | 7 | 10 | 13 | 16 | 19..=30) {
        return None;
    }
    let rest = WHOLE.get(text.len()..)?;
    let at = Instant::parse_rfc3339(&format!("{text}{rest}"))?;
    at.rfc3339().starts_with(text).then_some(at.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever is handed down as a moment parts the moments as the text parts their texts.
    #[test]
    fn a_beginning_of_a_timestamp_parts_moments_as_text_does() {
        const DAY: i64 = 86_400_000_000_000;
        let moments: Vec<i64> = (0..400_i64)
            .map(|day| 1_700_000_000_000_000_000 + day * DAY + day * 3_599_999_999_999)
            .collect();
        let mut handed = 0;
        for begun in &moments {
            let whole = Instant(*begun).rfc3339();
            for len in 1..=whole.len() {
                let text = &whole[..len];
                let Some(at) = moment(text) else { continue };
                handed += 1;
                for other in &moments {
                    assert_eq!(
                        Instant(*other).rfc3339().as_str() >= text,
                        *other >= at,
                        "{text}"
                    );
                }
            }
        }
        assert!(handed > moments.len() * 10);
        for text in [
            "2024-1",
            "2024-04-22 10",
            "2024-04-22T10:00:00.0000+00:00",
            "x",
            "",
        ] {
            assert_eq!(moment(text), None, "{text}");
        }
    }
}
