//! What a statement in SQL answers.

use serde::Serialize;

/// `sql`: rows of a statement.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SqlReport {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Rows; a cell is text, a number or null. Whole numbers from 2^53 on are text.
    pub rows: Vec<Vec<serde_json::Value>>,
    /// Whether there were more rows.
    pub cut: bool,
}
