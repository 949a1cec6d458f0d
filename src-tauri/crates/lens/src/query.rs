//! The checked query: what a filter means once names, values and times are understood.
//!
//! Owns: the tree that the grammar yields and every evaluator reads. Never touches: text of the filter (the grammar
//! does), events (the evaluators do). Two evaluators read it: [`crate::naive`], which is the truth for tests, and the
//! store's, which works on code columns and must agree with it.

use std::ops::Range;

use ipnet::IpNet;
use witnessmark_model::{Field, Instant};

/// A checked filter. [`Expr::and`], [`Expr::or`] and [`Expr::negate`] keep it in its normal form: no `And` directly in
/// an `And`, no `Or` directly in an `Or`, none of fewer than two parts, no `Not` of a `Not`.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// Every event (the empty filter).
    All,
    /// Every part holds.
    And(Vec<Expr>),
    /// At least one part holds.
    Or(Vec<Expr>),
    /// The part does not hold; true where the field is absent.
    Not(Box<Expr>),
    /// One test.
    Term(Term),
}

/// One test of an event.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// What is tested.
    pub on: On,
    /// How.
    pub test: Test,
    /// Bytes of the filter text that this term came from.
    pub span: Range<usize>,
}

/// What a term looks at.
#[derive(Clone, Debug, PartialEq)]
pub enum On {
    /// Any value of any of these fields (`actor` is user.id, user.email and user.name; `target` adds its own rule, see [`On::Target`]).
    Fields(Vec<Field>),
    /// `target:type/id`: one and the same target has a type that passes `kind`, and an id or a name that passes the
    /// term's own test.
    Target {
        /// Test of the type.
        kind: Test,
        /// Which of the two.
        by: TargetBy,
    },
    /// `change:(…)`: one and the same change passes. The terms inside are [`On::Fields`] of change fields.
    Change(Box<Expr>),
    /// The instant of the event; an undated event never holds.
    Time,
    /// Any decoded leaf value of the entry (free text): [`Test::Contains`], or [`Test::Wild`] that begins and ends with
    /// a star.
    Text,
    /// The bytes of the entry.
    Raw,
    /// The leaf values at a dotted path of the raw entry; list indexes are skipped. The parts as they were typed;
    /// [`crate::path_is`] says which leaf paths they mean.
    RawPath(Vec<String>),
    /// Tags put on the event.
    Tag,
    /// Findings that hold the event.
    Finding,
    /// Number (as decimal text) or name of any source that attests the event.
    Source,
    /// The event's number, as decimal text.
    Number,
    /// What a person put on the event, by kind of overlay: the text of a `note`, the word of a `verdict`; `has:bookmark`
    /// and the like with [`Test::Exists`].
    Overlay(String),
    /// `undated`: the event has no time.
    Undated,
}

/// By what a target is found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TargetBy {
    /// Its id or its name.
    #[default]
    Either,
    /// Its id: `target:type/id:"…"`.
    Id,
    /// Its name, of a target without an id: `target:type/name:"…"`.
    NameAlone,
}

/// How a value is tested. Text tests ignore case (Unicode full case folding by [`crate::fold()`]) unless they say otherwise.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// There is a value (`has:field`, `field:*`).
    Exists,
    /// The whole value, case-folded; holds the folded text.
    Is(String),
    /// The whole value, exactly (quoted in the filter).
    Exact(String),
    /// The whole value against a pattern; `*` stands for any text. Holds the folded pieces between the stars;
    /// a first or last empty piece means the pattern begins or ends with a star.
    Wild(Vec<String>),
    /// The value contains this folded text (`~` before a value).
    Contains(String),
    /// The value is an address inside one of the networks.
    Net(Vec<IpNet>),
    /// One of many values (`@file`), folded; networks of the same list stand beside them.
    In {
        /// Name of the list, without the `@`, so that the filter can be shown again.
        list: String,
        /// Folded values, sorted, without repeats.
        values: Vec<String>,
        /// Networks of the list.
        nets: Vec<IpNet>,
    },
    /// A time range: `from` inclusive, `until` exclusive; an absent end is open.
    When {
        /// First instant that holds.
        from: Option<Instant>,
        /// First instant that does not hold any more.
        until: Option<Instant>,
    },
    /// A range `a..b`, both inclusive. When every bound that is given is a decimal number, only values that are decimal
    /// numbers can hold, compared as numbers of any length; otherwise folded text is compared by code point.
    Between {
        /// Least value, folded.
        low: Option<String>,
        /// Greatest value, folded.
        high: Option<String>,
    },
    /// The bytes contain these bytes (`raw:"…"`).
    Bytes(Vec<u8>),
}

impl Expr {
    /// All of the parts; [`Expr::All`] when there are none.
    #[must_use]
    pub fn and(parts: Vec<Expr>) -> Self {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Self::All => {}
                Self::And(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        match flat.len() {
            1 => flat.remove(0),
            0 => Self::All,
            _ => Self::And(flat),
        }
    }

    /// At least one of the parts; [`Expr::All`] when one of them is, or when there are none.
    #[must_use]
    pub fn or(parts: Vec<Expr>) -> Self {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Self::All => return Self::All,
                Self::Or(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        match flat.len() {
            1 => flat.remove(0),
            0 => Self::All,
            _ => Self::Or(flat),
        }
    }

    /// The opposite.
    #[must_use]
    pub fn negate(self) -> Self {
        match self {
            Self::Not(inner) => *inner,
            other => Self::Not(Box::new(other)),
        }
    }

    /// Calls `visit` with every term, and whether it stands under an odd number of negations.
    pub fn each_term<'a>(&'a self, visit: &mut dyn FnMut(&'a Term, bool)) {
        fn walk<'a>(expr: &'a Expr, negated: bool, visit: &mut dyn FnMut(&'a Term, bool)) {
            match expr {
                Expr::All => {}
                Expr::And(parts) | Expr::Or(parts) => {
                    for part in parts {
                        walk(part, negated, visit);
                    }
                }
                Expr::Not(inner) => walk(inner, !negated, visit),
                Expr::Term(term) => visit(term, negated),
            }
        }
        walk(self, false, visit);
    }

    /// The same filter with every span empty, so that two filters can be compared whatever text they came from.
    #[must_use]
    pub fn without_spans(mut self) -> Self {
        fn clear(expr: &mut Expr) {
            match expr {
                Expr::All => {}
                Expr::And(parts) | Expr::Or(parts) => parts.iter_mut().for_each(clear),
                Expr::Not(inner) => clear(inner),
                Expr::Term(term) => {
                    term.span = 0..0;
                    if let On::Change(inner) = &mut term.on {
                        clear(inner);
                    }
                }
            }
        }
        clear(&mut self);
        self
    }
}

impl Term {
    /// Two positive terms side by side with the same merge key are alternatives (`ip:a ip:b`). Absent: the term always
    /// narrows. Times, free text, `has:` and `key:*` always narrow.
    #[must_use]
    pub fn merge_key(&self) -> Option<String> {
        match &self.on {
            On::Target { .. } => Some("target".to_owned()),
            On::Change(_) | On::Time | On::Text | On::Undated => None,
            _ if self.test == Test::Exists => None,
            On::Fields(fields) if fields[..] == [Field::TargetId, Field::TargetName] => {
                Some("target".to_owned())
            }
            On::Fields(fields) => Some(
                fields
                    .iter()
                    .map(|f| f.name())
                    .collect::<Vec<_>>()
                    .join("+"),
            ),
            On::Raw => Some("raw".to_owned()),
            On::RawPath(path) => Some(format!("raw.{}", crate::fold(&path.join(".")))),
            On::Tag => Some("tag".to_owned()),
            On::Finding => Some("finding".to_owned()),
            On::Overlay(kind) => Some(kind.clone()),
            On::Source => Some("in".to_owned()),
            On::Number => Some("event".to_owned()),
        }
    }
}
