//! One line of text into named parts.
//!
//! Owns: cutting a line as a profile says. Never touches: what the parts mean.

use crate::profile::{LineCut, LineRule};

/// Names of parts beyond those that a profile names.
const FURTHER: [&str; 16] = [
    "Part 1", "Part 2", "Part 3", "Part 4", "Part 5", "Part 6", "Part 7", "Part 8", "Part 9",
    "Part 10", "Part 11", "Part 12", "Part 13", "Part 14", "Part 15", "Part 16",
];

/// Cuts a line; absent when it does not have the shape.
pub(crate) fn cut<'e>(
    rule: &'e LineRule,
    line: &'e str,
    out: &mut Vec<(&'e str, &'e str)>,
) -> Option<()> {
    out.clear();
    let line = unmarked(line);
    match &rule.cut {
        LineCut::Split { at, parts, least } => {
            let mut position = 0;
            for text in line.split(at.as_str()).map(str::trim) {
                let prefixed = rule.prefixed.iter().find_map(|(prefix, name)| {
                    Some((name.as_str(), text.strip_prefix(prefix.as_str())?.trim()))
                });
                if let Some(part) = prefixed {
                    out.push(part);
                    continue;
                }
                let name = parts
                    .get(position)
                    .map(String::as_str)
                    .or_else(|| FURTHER.get(position).copied())?;
                out.push((name, text));
                position += 1;
            }
            (position >= *least).then_some(())
        }
        LineCut::Pattern(pattern) => {
            let groups = pattern.captures(line)?;
            for name in pattern.capture_names().flatten() {
                if let Some(found) = groups.name(name) {
                    out.push((name, found.as_str()));
                }
            }
            Some(())
        }
    }
}

/// A line without the mark of a list, which a copy from a page or a chat leaves before it.
fn unmarked(line: &str) -> &str {
    let text = line.trim_start();
    ["• ", "\u{b7} ", "- ", "* ", "\u{2013} "]
        .iter()
        .find_map(|mark| text.strip_prefix(mark))
        .map_or(line, str::trim_start)
}
