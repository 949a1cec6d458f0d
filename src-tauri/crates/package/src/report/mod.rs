//! The report: one document, set once as HTML and once as PDF.
//!
//! Owns: what it says and in which order. Never touches: how it is set (`html`, `pdf`). Everything in it comes from the
//! same counts as the other files; what is redacted there is redacted here, because nothing else is given.

mod build;
mod faces;
mod html;
mod judged;
mod page;
mod pdf;
mod show;

pub(crate) use build::{Given, build};
pub(crate) use html::html;
pub(crate) use pdf::pdf;

/// A column of a table.
pub(crate) struct Column {
    pub(crate) title: &'static str,
    /// Share of the width.
    pub(crate) weight: f32,
    /// Figures stand to the right, addresses and hashes in fixed width.
    pub(crate) kind: Kind,
}

/// How a cell is set.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Figure,
    Mono,
}

/// Events over time: equal intervals, each with successes, failures and others.
pub(crate) struct Bars {
    pub(crate) from: String,
    pub(crate) to: String,
    /// What one interval is, such as `a day`.
    pub(crate) step: String,
    pub(crate) bins: Vec<[u64; 3]>,
}

/// Days of one source: where there is data, and where there is none.
pub(crate) struct Strip {
    pub(crate) name: String,
    /// Shares of events per piece of the whole period, each 0 to 1; absent where there is no data.
    pub(crate) pieces: Vec<Option<f32>>,
}

/// A piece of the report.
pub(crate) enum Block {
    Heading(String),
    Text(String),
    Note(String),
    List(Vec<String>),
    Facts(Vec<(String, String)>),
    Table(Vec<Column>, Vec<Vec<String>>),
    Bars(Bars),
    Strips {
        from: String,
        to: String,
        strips: Vec<Strip>,
    },
    Code(Vec<String>),
}

/// The whole.
pub(crate) struct Report {
    pub(crate) title: String,
    pub(crate) subtitle: String,
    /// At the foot of every page.
    pub(crate) foot: String,
    pub(crate) blocks: Vec<Block>,
}
