//! Shared set-up for the behaviour tests and benchmarks. Owns nothing that ships.

pub mod archive;
pub mod generate;
