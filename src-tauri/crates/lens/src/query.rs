//! The checked query: what a filter means once names, values and times are understood.
//!
//! Owns: the tree that the grammar yields and every evaluator reads. Never touches: text of the filter (the grammar
//! does), events (the evaluators do). Two evaluators read it: [`crate::naive`], which is the truth for tests, and the
//! store's, which works on code columns and must agree with it.

use std::ops::Range;

use ipnet::IpNet;
use witnessmark_model::{Field, Instant};

/// A checked filter.
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
    /// `target:type/id`: one and the same target has this type and this id or name.
    Target {
        /// Test of the type.
        kind: Test,
    },
    /// The instant of the event; an undated event never holds.
    Time,
    /// Any decoded leaf value of the entry (free text): case-folded substring.
    Text,
    /// The bytes of the entry.
    Raw,
    /// The leaf values at a dotted path of the raw entry; list indexes are skipped.
    RawPath(Vec<String>),
    /// Tags put on the event.
    Tag,
    /// Findings that hold the event.
    Finding,
    /// Number or name of a source that attests the event.
    Source,
    /// The event's number.
    Number,
    /// `has:bookmark` and the like: kinds of overlay.
    Overlay(String),
    /// `undated`: the event has no time.
    Undated,
}

/// How a value is tested. Text tests ignore case (Unicode simple fold by [`crate::fold`]) unless they say otherwise.
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
        /// Folded values, sorted.
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
    /// A number or text range `a..b`, both inclusive; numeric when the bound and the value are numbers, else by folded text.
    Between {
        /// Least value.
        low: Option<String>,
        /// Greatest value.
        high: Option<String>,
    },
    /// The bytes contain these bytes (`raw:"…"`).
    Bytes(Vec<u8>),
}
