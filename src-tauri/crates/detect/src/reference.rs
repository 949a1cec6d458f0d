//! The part of docs/detections.md that is written from the detections themselves.
//!
//! Owns: the Markdown. Never touches: the words before it, which people write.

use crate::detections::ALL;

/// Every detection with its parameters, needs and known innocent reasons, as Markdown.
#[must_use]
pub fn reference() -> String {
    let mut out = String::new();
    for d in ALL {
        out.push_str(&format!("### {} (`{}`)\n\n{}\n\n", d.title, d.id, d.what));
        out.push_str("| parameter | default | from | to | what |\n|---|---|---|---|---|\n");
        for p in d.parameters {
            let unit = if p.unit.is_empty() {
                String::new()
            } else {
                format!(" {}", p.unit)
            };
            out.push_str(&format!(
                "| `{}` | {}{unit} | {} | {} | {} |\n",
                p.name, p.default, p.least, p.most, p.says
            ));
        }
        let needs: Vec<String> = d.needs.iter().map(|n| format!("`{}`", n.word())).collect();
        if !needs.is_empty() {
            out.push_str(&format!("\nNeeds a log that shows {}.", needs.join(", ")));
        }
        out.push_str(&format!(
            "\nInnocent reasons: {}.\nDefaults after: {}.\n\n",
            d.benign.join("; "),
            d.after
        ));
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}
