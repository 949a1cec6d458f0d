//! The one filter: from its text to the events that match, remembered so that every panel asks the same answer.
//!
//! Owns: parsing with the clock and zone passed in, the snapshot of a case that a filter sees, recent results.
//! Never touches: columns (the store does), wording.

use std::sync::{Arc, Mutex, PoisonError};

use witnessmark_lens::{Context, Expr, On, Query, Test, fold, parse, to_text};
use witnessmark_model::Zone;
use witnessmark_store::query::{Mask, Snapshot};

use crate::case::Case;
use crate::error::{Code, Error, Result};

/// Results kept: enough for a person to walk back and forth, one bit an event each.
const KEPT: usize = 24;

/// A snapshot and what filters found in it.
#[derive(Default)]
pub(crate) struct Results {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// Version of the case that the snapshot shows.
    version: u64,
    snapshot: Option<Arc<Snapshot>>,
    masks: Vec<(String, Arc<Mask>)>,
}

/// A filter and the events that match it.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) mask: Arc<Mask>,
}

impl Results {
    /// Forgets results, because marks that filters look at have changed.
    pub(crate) fn forget(&self) {
        self.inner
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .masks
            .clear();
    }
}

impl Case {
    /// Reads a filter text.
    pub(crate) fn parse(&self, text: &str, zone: &Zone) -> Result<Query> {
        let context = Context {
            now: (self.setting.now)(),
            zone: *zone,
            lists: &*self.setting.lists,
        };
        let query = parse(text, &context)?;
        self.check_sources(&query)?;
        Ok(query)
    }

    /// Refuses `in:` with a source that is not there: an empty answer would read as "nothing happened".
    fn check_sources(&self, query: &Query) -> Result<()> {
        let mut asked = Vec::new();
        query
            .expr
            .each_term(&mut |term, _| match (&term.on, &term.test) {
                (On::Source, Test::Is(name)) => {
                    asked.push((fold(name).into_owned(), false, term.span.clone()));
                }
                (On::Source, Test::Exact(name)) => {
                    asked.push((name.clone(), true, term.span.clone()));
                }
                _ => {}
            });
        if asked.is_empty() {
            return Ok(());
        }
        let known: Vec<_> = self
            .store
            .sources()?
            .into_iter()
            .map(|s| (s.id, s.member.unwrap_or(s.name)))
            .collect();
        for (name, exactly, span) in asked {
            let is_there = |(id, known): &(u32, String)| {
                id.to_string() == name
                    || if exactly {
                        *known == name
                    } else {
                        *fold(known) == *name
                    }
            };
            if !known.iter().any(is_there) {
                let list: Vec<_> = known
                    .iter()
                    .take(20)
                    .map(|(id, name)| format!("{id} ({name})"))
                    .collect();
                let hint = format!("The sources of this case: {}.", list.join(", "));
                let mut error = Error::new(
                    Code::InvalidQuery,
                    format!("there is no source `{name}`"),
                    hint,
                );
                error.place.start = u32::try_from(span.start).ok();
                error.place.end = u32::try_from(span.end).ok();
                return Err(error);
            }
        }
        Ok(())
    }

    /// The events that match a filter text.
    pub(crate) fn answer(&self, text: &str, zone: &Zone) -> Result<Answer> {
        let query = self.parse(text, zone)?;
        self.answer_to(&query)
    }

    /// The events that match a filter. Two texts that mean the same share one result.
    pub(crate) fn answer_to(&self, query: &Query) -> Result<Answer> {
        self.answer_expr(&query.expr)
    }

    /// The events that match a filter that was made and not typed.
    pub(crate) fn answer_expr(&self, expr: &Expr) -> Result<Answer> {
        let key = to_text(expr);
        let snapshot = {
            let mut inner = self
                .results
                .inner
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let version = self.store.version();
            let snapshot = match &inner.snapshot {
                Some(snapshot) if inner.version == version => Arc::clone(snapshot),
                _ => {
                    let fresh = Arc::new(self.store.snapshot()?);
                    *inner = Inner {
                        version,
                        snapshot: Some(Arc::clone(&fresh)),
                        masks: Vec::new(),
                    };
                    fresh
                }
            };
            if let Some(at) = inner.masks.iter().position(|(k, _)| *k == key) {
                let found = inner.masks.remove(at);
                let mask = Arc::clone(&found.1);
                inner.masks.push(found);
                return Ok(Answer { snapshot, mask });
            }
            snapshot
        };
        // Found outside the lock: a slow text search must not hold up a panel that needs another result.
        let mask = Arc::new(self.query(&snapshot).filter(expr, &self.terms)?);
        let mut inner = self
            .results
            .inner
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if inner
            .snapshot
            .as_ref()
            .is_some_and(|s| Arc::ptr_eq(s, &snapshot))
        {
            if inner.masks.len() >= KEPT {
                inner.masks.remove(0);
            }
            inner.masks.push((key, Arc::clone(&mask)));
        }
        Ok(Answer { snapshot, mask })
    }
}
