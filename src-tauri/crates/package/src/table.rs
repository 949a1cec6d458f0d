//! Small tables for spreadsheets: every cell quoted (RFC 4180), none that a spreadsheet would take for a formula.
//!
//! Owns: rows. Never touches: the table of events (the export crate writes it) and the guard (its too).

use witnessmark_export::spreadsheet_safe;

/// Appends a row.
pub(crate) fn row<'c>(cells: impl IntoIterator<Item = &'c str>, out: &mut String) {
    for (at, text) in cells.into_iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        out.push('"');
        out.push_str(&spreadsheet_safe(text).replace('"', "\"\""));
        out.push('"');
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_becomes_text_and_a_quote_stays_inside() {
        let mut out = String::new();
        row(["=1+1", "+63 2", "a\"b", "\";=1", "ok"], &mut out);
        assert_eq!(
            out,
            "\"'=1+1\",\"'+63 2\",\"a\"\"b\",\"\"\";=1\",\"ok\"\r\n"
        );
    }
}
