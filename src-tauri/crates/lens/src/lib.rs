//! The filter language: one grammar for the window, the command line, checklists and packages.
//!
//! Owns: what a filter text means, and a plain evaluator that is the truth for every faster one. Never touches: files,
//! SQL, the clock (the moment "now", the zone and the lists behind `@file` are passed in).
//! Read next: [`query`] for the checked tree, [`parse()`] for the grammar, `docs/filter-language.md` for people.

mod complete;
mod error;
mod fold;
mod keys;
mod matching;
pub mod naive;
pub mod parse;
pub mod query;
mod reference;
mod scan;
mod show;
mod special;
mod value;
mod when;

pub use complete::{Completion, What, complete};
pub use error::{QueryCode, QueryError};
pub use fold::{contains_folded, fold, is_folded, path_is};
pub use keys::{KeyInfo, keys};
pub use matching::address;
pub use parse::{Context, Query, TermView, highlight, parse};
pub use query::{Expr, On, TargetBy, Term, Test};
pub use reference::reference;
pub use scan::{Token, TokenKind};
pub use show::to_text;

#[cfg(test)]
mod tests;
