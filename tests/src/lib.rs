//! Shared set-up for the behaviour tests and benchmarks. Owns nothing that ships.

pub mod addresses;
pub mod archive;
pub mod generate;
