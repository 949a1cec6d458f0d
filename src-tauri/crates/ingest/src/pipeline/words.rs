//! Words of a log to which its profile gives no meaning, counted while the source is read.
//!
//! Owns: the count of their events and the first of the words. Never touches: what words mean (the profile says).

use super::sink::Warning;
use std::collections::BTreeSet;
use witnessmark_model::{Batch, Field};

/// Different words that are counted; a log with more of them has no vocabulary.
const MOST: usize = 1_000;

/// What was met so far.
#[derive(Default)]
pub(super) struct Words {
    events: u64,
    met: BTreeSet<String>,
}

impl Words {
    /// Counts the events of a batch that have an action and no operation.
    pub(super) fn count(&mut self, batch: &Batch) {
        let actions = batch.column(Field::EventAction);
        let mut known = batch
            .column(Field::EventOperation)
            .cells()
            .iter()
            .peekable();
        let mut met = vec![false; actions.len()];
        for cell in actions.cells() {
            while known
                .next_if(|operation| operation.row < cell.row)
                .is_some()
            {}
            if known
                .peek()
                .is_none_or(|operation| operation.row > cell.row)
            {
                self.events += 1;
                met[cell.value as usize] = true;
            }
        }
        for (text, _) in actions.texts().zip(met).filter(|(_, met)| *met) {
            if self.met.len() < MOST && !self.met.contains(text) {
                self.met.insert(text.to_owned());
            }
        }
    }

    /// What to say of it; nothing where every word has a meaning. It names none of them: a word is the log's own text, and
    /// warnings go into packages.
    pub(super) fn warning(&self) -> Option<Warning> {
        let words = match self.met.len() {
            0 => return None,
            1 => "1 word of the log has no meaning".to_owned(),
            MOST => format!("at least {MOST} words of the log have no meaning"),
            n => format!("{n} words of the log have no meaning"),
        };
        Some(Warning {
            code: "unmapped_verbs",
            count: self.events,
            message: format!(
                "{words} yet; their events have no operation and no category until the profile gives them one"
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use witnessmark_model::Locator;

    #[test]
    fn only_actions_without_an_operation_count() {
        let (mut words, mut batch) = (Words::default(), Batch::default());
        for (action, operation) in [
            ("login", "authenticate"),
            ("", "read"),
            ("sealed", ""),
            ("", ""),
            ("sealed", ""),
            ("sold", ""),
            ("login", "authenticate"),
        ] {
            batch.push(Field::EventAction, 0, action);
            batch.push(Field::EventOperation, 0, operation);
            batch.end_row(None, Locator::default(), 0, 0);
        }
        assert!(words.warning().is_none());
        words.count(&batch);
        let told = words.warning().map(|w| (w.count, w.message));
        let (count, message) = told.unwrap_or_default();
        assert_eq!(count, 3);
        assert!(message.starts_with("2 words of the log"), "{message}");
    }
}
