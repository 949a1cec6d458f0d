//! Documents of rule files.
//!
//! Owns: reading YAML within bounds. Never touches: what a document says. Anchors may be used, but what they unfold to is
//! bounded, so that a small file cannot become a large one.

use serde_json::Value;

/// Bytes of one file.
pub(crate) const LARGEST_FILE: usize = 1 << 20;

/// Every document of a file.
///
/// # Errors
/// In one line, why it cannot be read.
pub(crate) fn documents(text: &str) -> Result<Vec<Value>, String> {
    if text.len() > LARGEST_FILE {
        return Err(format!("the file has more than {LARGEST_FILE} bytes"));
    }
    let budget = serde_saphyr::budget! {
        max_events: 200_000,
        max_aliases: 1_000,
        max_anchors: 1_000,
        max_depth: 64,
        max_nodes: 200_000,
    };
    let options = serde_saphyr::options! { budget: budget, with_snippet: false };
    let read = serde_saphyr::from_multiple_with_options::<Value>(text, options);
    read.map_err(|e| {
        let said = e.to_string();
        format!(
            "it is no YAML that can be read: {}",
            said.lines().next().unwrap_or_default()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_and_plain_values() {
        let read = documents("a: 1\nb: [x, 'y', null, true]\n---\nc: 2024-01-01\n").unwrap();
        assert_eq!(
            read,
            [
                serde_json::json!({"a": 1, "b": ["x", "y", null, true]}),
                serde_json::json!({"c": "2024-01-01"})
            ]
        );
        assert_eq!(documents("").unwrap(), Vec::<Value>::new());
    }

    #[test]
    fn bombs_are_refused_soon() {
        let mut laughs = String::from("a: &a [x, x, x, x, x, x, x, x, x]\n");
        for (name, of) in ('b'..='m').zip('a'..) {
            laughs.push_str(&format!(
                "{name}: &{name} [*{of}, *{of}, *{of}, *{of}, *{of}, *{of}, *{of}, *{of}, *{of}]\n"
            ));
        }
        assert!(documents(&laughs).is_err());
        assert!(documents(&"[".repeat(100_000)).is_err());
        assert!(documents(&"x".repeat(LARGEST_FILE + 1)).is_err());
        assert!(documents("a: b: c").is_err());
        assert!(documents("a: 1\na: 2").is_err(), "a key that stands twice");
    }
}
