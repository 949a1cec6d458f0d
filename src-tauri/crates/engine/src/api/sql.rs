//! What a statement in SQL answers.

use serde::Serialize;

/// `sql`: rows of a statement.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct SqlReport {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Rows; a cell is text, a number or null. Whole numbers from 2^53 on are text.
    #[cfg_attr(feature = "bindings", ts(type = "(string | number | null)[][]"))]
    pub rows: Vec<Vec<serde_json::Value>>,
    /// Whether there were more rows.
    pub cut: bool,
}
