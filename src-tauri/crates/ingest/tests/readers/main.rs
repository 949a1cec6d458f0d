//! The readers from outside: what goes in, what comes out, and that nothing is lost between.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test may stop at what it did not expect, and says what it left out"
)]

mod containers;
mod corpus;
mod csv;
mod fuzz;
mod hostile;
mod shapes;
mod side_by_side;
mod support;
mod tape;
