//! The filter language: one grammar for the window, the command line, checklists and packages.
//!
//! Owns: what a filter text means, and a plain evaluator that is the truth for every faster one. Never touches: files,
//! SQL, the clock (the moment "now", the zone and the lists behind `@file` are passed in).
//! Read next: [`query`] for the checked tree, [`parse()`] for the grammar, `docs/filter-language.md` for people.

pub mod fold;
pub mod matching;
pub mod query;

pub use fold::{contains_folded, fold, is_folded, path_is};
pub use matching::address;
pub use query::{Expr, On, Term, Test};
