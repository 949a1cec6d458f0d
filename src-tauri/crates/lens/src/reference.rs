//! The table of keys that the manual shows, written from the keys themselves.
//!
//! Owns: the Markdown table. Never touches: the rest of the manual.

use crate::keys::keys;

/// The table of every key with its other names, as Markdown.
#[must_use]
pub fn reference() -> String {
    let mut out = String::from("| key | also | looks at |\n|---|---|---|\n");
    for key in keys() {
        let also: Vec<String> = key
            .aliases
            .iter()
            .map(|alias| format!("`{alias}`"))
            .collect();
        out.push_str(&format!(
            "| `{}` | {} | {} |\n",
            key.name,
            also.join(", "),
            key.looks_at
        ));
    }
    out
}
