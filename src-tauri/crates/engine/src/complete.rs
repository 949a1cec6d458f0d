//! What can stand at the cursor of the query bar: keys, then the case's own values with their counts.
//!
//! Owns: the choices and their order. Never touches: the grammar, which says what is being written.

use witnessmark_lens::{What, complete, fold, keys};
use witnessmark_model::Zone;
use witnessmark_store::query::Pick;

use crate::api::{CompletionChoice, CompletionReport};
use crate::case::Case;
use crate::error::Result;

/// Choices shown.
const MOST: usize = 12;
/// Values that contain what is typed, of which those that begin with it come first.
const LOOK_AT: usize = 200;

impl Case {
    /// Choices at a cursor, a byte offset into the text.
    pub fn query_complete(&self, text: &str, cursor: u32) -> Result<CompletionReport> {
        let cursor = (cursor as usize).min(text.len());
        let Some(found) = complete(text, cursor) else {
            return Ok(CompletionReport {
                start: cursor as u32,
                end: cursor as u32,
                choices: Vec::new(),
            });
        };
        let choices = match found.what {
            What::Key(prefix) => key_choices(&prefix),
            What::Operator => ["OR", "AND", "NOT"].map(|w| choice(w, "", None)).to_vec(),
            What::Value {
                key,
                fields,
                prefix,
                words,
            } => self.value_choices(&key, &fields, &prefix, &words)?,
        };
        Ok(CompletionReport {
            start: found.span.start as u32,
            end: found.span.end as u32,
            choices,
        })
    }

    fn value_choices(
        &self,
        key: &str,
        fields: &[witnessmark_model::Field],
        prefix: &str,
        words: &[String],
    ) -> Result<Vec<CompletionChoice>> {
        let wanted = fold(prefix.trim_start_matches(['!', '~', '"'])).into_owned();
        let mut found: Vec<(u64, String)> = Vec::new();
        if !fields.is_empty() {
            let answer = self.answer("", &Zone::UTC)?;
            let pick = Pick {
                limit: LOOK_AT,
                rare: false,
                contains: wanted.clone(),
            };
            for facet in self.facets_of(&answer, fields, pick)?.fields {
                found.extend(facet.values.into_iter().map(|v| (v.count, v.value)));
            }
        }
        found.extend(self.said(key)?);
        found.retain(|(_, value)| fold(value).contains(&wanted));
        // Values that begin as typed come before those that only contain it.
        found.sort_by_key(|(count, value)| {
            (!fold(value).starts_with(&wanted), std::cmp::Reverse(*count))
        });
        found.dedup_by(|a, b| a.1 == b.1);
        let fitting = words
            .iter()
            .filter(|w| fold(w).starts_with(&wanted))
            .map(|w| choice(w, "", None));
        let valued = found.into_iter().map(|(count, value)| CompletionChoice {
            insert: quoted(key, &value),
            label: value,
            hint: String::new(),
            count: Some(count),
        });
        let mut choices: Vec<_> = valued.chain(fitting).collect();
        choices.dedup_by(|a, b| a.label == b.label);
        choices.truncate(MOST);
        Ok(choices)
    }
}

impl Case {
    /// What stands in the case for a key that is not about fields, with the number of its events.
    fn said(&self, key: &str) -> Result<Vec<(u64, String)>> {
        match key {
            "in" => Ok((self.sources()?.sources.into_iter())
                .filter(|s| s.state != "withdrawn")
                .map(|s| (s.events, s.name))
                .collect()),
            "tag" | "finding" | "verdict" => {
                let answer = self.answer("", &Zone::UTC)?;
                let said = self.query(&answer.snapshot).facts.overlays(key)?;
                Ok((said.into_iter())
                    .map(|o| (o.events.len() as u64, o.value))
                    .collect())
            }
            _ => Ok(Vec::new()),
        }
    }
}

fn choice(word: &str, hint: &str, count: Option<u64>) -> CompletionChoice {
    CompletionChoice {
        insert: word.to_owned(),
        label: word.to_owned(),
        hint: hint.to_owned(),
        count,
    }
}

fn key_choices(prefix: &str) -> Vec<CompletionChoice> {
    let wanted = prefix.to_ascii_lowercase();
    let mut found: Vec<_> = keys()
        .into_iter()
        .filter_map(|key| {
            let names = std::iter::once(key.name).chain(key.aliases.iter().copied());
            // The shortest fitting name is the one that people type.
            let name = names
                .filter(|n| n.starts_with(&wanted))
                .min_by_key(|n| n.len())?;
            Some(CompletionChoice {
                insert: format!("{name}:"),
                label: name.to_owned(),
                hint: key.looks_at.replace('`', ""),
                count: None,
            })
        })
        .collect();
    found.sort_by_key(|c| c.label.len());
    found.truncate(MOST);
    found
}

/// A value as it must stand in a filter: quoted when a bare word would be read otherwise.
fn quoted(key: &str, value: &str) -> String {
    // `target:acct/42` asks for the object 42 of the type acct.
    let typed = key == "target" && value.contains('/');
    let bare = !typed
        && !value.is_empty()
        && value
            .chars()
            .all(|c| c.is_alphanumeric() || "@._-+/:".contains(c))
        && !value.starts_with(['-', '!', '~', '@'])
        && !value.contains("..");
    if bare {
        value.to_owned()
    } else {
        format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
    }
}
