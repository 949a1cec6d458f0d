//! The rules for the entries of one profile, put to one entry after another.
//!
//! Owns: which rules can match an entry at all, and looking each field up once. Never touches: reading rules, correlations.
//! Most rules ask one field for one of some values; they are found by that value, so that a thousand rules cost little more
//! than ten.

use std::cell::{Cell, OnceCell};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use foldhash::fast::FixedState;
use serde_json::Value;

use super::{
    Rules, Seen,
    condition::Condition,
    correlation::Hit,
    entry::{self, Found},
    pattern::{Glob, Test, fold},
    routing::aliases,
    rule::{Item, Rule},
};

/// Rules by a value that they ask for, without regard to case.
type ByValue = HashMap<String, Vec<u32>, FixedState>;

/// The rules for the entries of one profile.
pub struct Program<'r> {
    rules: &'r Rules,
    /// Rules that any entry may match, rising.
    always: Vec<u32>,
    /// For some fields, the rules that can only match an entry in which the field has one of their values.
    keyed: Vec<(usize, ByValue)>,
    /// For each field of all rules, its place in an entry that is looked at; fields of other profiles have none.
    places: Vec<u32>,
    used: usize,
    /// Steps that each rule took so far, and that one may take.
    spent: Vec<AtomicU64>,
    most: u64,
    aliases: Vec<Vec<(String, &'static str)>>,
}

/// Steps that a rule may take whatever there is to look at, and for each entry in the mean. A step is about a nanosecond;
/// rules as people write them take a few hundred for an entry.
const STEPS: u64 = 1 << 32;
const STEPS_AN_ENTRY: u64 = 100_000;

/// No place.
const NOWHERE: u32 = u32::MAX;

/// One entry, whose fields are looked up once.
struct Looked<'e> {
    entry: &'e Value,
    fields: Vec<OnceCell<Vec<Found>>>,
    leaves: OnceCell<Vec<Found>>,
    /// Steps of the rule that is put to it.
    steps: Cell<u64>,
}

impl Rules {
    /// The rules for entries that one profile read, of which there are at most so many.
    #[must_use]
    pub fn program(&self, profile: &str, entries: u64) -> Program<'_> {
        let names = &self.names.0;
        let mut program = Program {
            rules: self,
            always: Vec::new(),
            keyed: Vec::new(),
            places: vec![NOWHERE; names.len()],
            used: 0,
            spent: self.rules.iter().map(|_| AtomicU64::new(0)).collect(),
            most: STEPS.saturating_add(entries.saturating_mul(STEPS_AN_ENTRY)),
            aliases: names.iter().map(|name| aliases(profile, name)).collect(),
        };
        let mut keyed: HashMap<usize, ByValue> = HashMap::new();
        for (at, rule) in (0_u32..).zip(&self.rules) {
            let route = &self.routes[at as usize];
            if !route
                .as_ref()
                .is_none_or(|r| r.iter().any(|p| p == profile))
            {
                continue;
            }
            for field in rule.fields() {
                if program.places[field] == NOWHERE {
                    program.places[field] = program.used as u32;
                    program.used += 1;
                }
            }
            match rule.asks(&rule.condition) {
                Some((field, values)) => {
                    let by_value = keyed.entry(field).or_default();
                    for value in values {
                        let of = by_value.entry(value).or_default();
                        if of.last() != Some(&at) {
                            of.push(at);
                        }
                    }
                }
                None => program.always.push(at),
            }
        }
        program.keyed = keyed.into_iter().collect();
        program.keyed.sort_by_key(|(field, _)| *field);
        program
    }
}

impl Rule {
    /// Fields that the rule looks at.
    fn fields(&self) -> impl Iterator<Item = usize> {
        let items = self.selections.iter().flatten().flatten();
        items.flat_map(|item| {
            let others = item.tests.iter().filter_map(|test| match test {
                Test::Field(other, _) => Some(*other),
                _ => None,
            });
            item.field.into_iter().chain(others)
        })
    }

    /// A field and values of which it must have one wherever the condition holds; nothing where there is no such field.
    fn asks(&self, condition: &Condition) -> Option<(usize, Vec<String>)> {
        match condition {
            Condition::Selection(at) => asked(&self.selections[*at]),
            Condition::All(parts) => parts.iter().find_map(|part| self.asks(part)),
            Condition::Any(parts) => joined(parts.iter().map(|part| self.asks(part))),
            Condition::Not(_) | Condition::Least(..) => None,
        }
    }
}

/// What a selection asks of one field, in each of its alternatives.
fn asked(selection: &[Vec<Item>]) -> Option<(usize, Vec<String>)> {
    joined(selection.iter().map(|items| items.iter().find_map(values)))
}

/// Alternatives that ask the same field.
fn joined(
    mut parts: impl Iterator<Item = Option<(usize, Vec<String>)>>,
) -> Option<(usize, Vec<String>)> {
    let (field, mut values) = parts.next()??;
    for part in parts {
        let (other, more) = part?;
        if other != field {
            return None;
        }
        values.extend(more);
    }
    Some((field, values))
}

/// The whole values of which an item wants one.
fn values(item: &Item) -> Option<(usize, Vec<String>)> {
    let field = item.field.filter(|_| !item.negated)?;
    let whole = item.tests.iter().map(|test| match test {
        Test::Text(Glob::Is(text), cased) => Some(if *cased { fold(text) } else { text.clone() }),
        _ => None,
    });
    let values: Vec<String> = whole.collect::<Option<_>>()?;
    (!values.is_empty()).then_some((field, values))
}

impl Program<'_> {
    /// Whether there is nothing to run.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.always.is_empty() && self.keyed.is_empty()
    }

    /// Puts the rules to one entry.
    pub fn judge(&self, event: u64, time: Option<i64>, entry: &Value, seen: &mut Vec<Seen>) {
        let looked = Looked {
            entry,
            fields: vec![OnceCell::new(); self.used],
            leaves: OnceCell::new(),
            steps: Cell::new(0),
        };
        let mut by_value: Vec<u32> = Vec::new();
        for (field, rules) in &self.keyed {
            for found in self.of(*field, &looked) {
                by_value.extend(rules.get(&found.folded).into_iter().flatten());
            }
        }
        by_value.sort_unstable();
        by_value.dedup();
        let before = seen.len();
        for at in by_value.iter().chain(&self.always) {
            self.put(*at as usize, event, time, &looked, seen);
        }
        // In the order of rules, whatever way each was found.
        seen[before..].sort_by_key(|s| s.rule);
    }

    fn put(
        &self,
        at: usize,
        event: u64,
        time: Option<i64>,
        looked: &Looked<'_>,
        seen: &mut Vec<Seen>,
    ) {
        let rule = &self.rules.rules[at];
        if self.spent[at].load(Ordering::Relaxed) > self.most {
            return;
        }
        looked.steps.set(0);
        let selected = &mut |s: usize| self.selected(&rule.selections[s], looked);
        let holds = rule.condition.holds(selected);
        if looked.steps.get() > 0 {
            self.spent[at].fetch_add(looked.steps.get(), Ordering::Relaxed);
        }
        if !holds {
            return;
        }
        let mut hits = Vec::new();
        // A correlation is about time: what has none takes no part in it.
        if let Some(time) = time {
            for (correlation, place, group_by, fields) in self.rules.wanted_fields(at) {
                let first = |name: &String| {
                    self.by_name(name, looked.entry)
                        .into_iter()
                        .next()
                        .map(|f| f.raw)
                        .unwrap_or_default()
                };
                let values: Vec<String> = fields.iter().map(first).collect();
                let value = (!values.is_empty() && values.iter().any(|v| !v.is_empty()))
                    .then(|| values.join("\u{1}"));
                hits.push((
                    correlation,
                    Hit {
                        time,
                        events: vec![event],
                        rule: place,
                        key: group_by.iter().map(first).collect(),
                        value,
                    },
                ));
            }
        }
        seen.push(Seen {
            rule: at,
            event,
            time,
            hits,
        });
    }

    fn by_name(&self, name: &str, entry: &Value) -> Vec<Found> {
        match self.rules.names.0.get_index_of(name) {
            Some(at) => self.look(at, entry),
            None => {
                let mut out = Vec::new();
                entry::values(entry, name, &mut out);
                out
            }
        }
    }

    /// The values of a field, looked up once.
    fn of<'l>(&self, field: usize, looked: &'l Looked<'_>) -> &'l [Found] {
        let place = self.places[field] as usize;
        // Every field of a rule that runs has a place.
        let Some(cell) = looked.fields.get(place) else {
            return &[];
        };
        cell.get_or_init(|| self.look(field, looked.entry))
    }

    fn look(&self, field: usize, entry: &Value) -> Vec<Found> {
        let mut out = Vec::new();
        if let Some(name) = self.rules.names.0.get_index(field) {
            entry::values(entry, name, &mut out);
        }
        for (other, ending) in &self.aliases[field] {
            if !out.is_empty() {
                break;
            }
            entry::values(entry, other, &mut out);
            for found in out.iter_mut().filter(|_| !ending.is_empty()) {
                found.raw.push_str(ending);
                found.folded.push_str(ending);
            }
        }
        out
    }

    fn selected(&self, selection: &[Vec<Item>], looked: &Looked<'_>) -> bool {
        selection
            .iter()
            .any(|items| items.iter().all(|item| self.passes(item, looked)))
    }

    fn passes(&self, item: &Item, looked: &Looked<'_>) -> bool {
        let Some(field) = item.field else {
            let leaves = looked.leaves.get_or_init(|| {
                let mut out = Vec::new();
                entry::leaves(looked.entry, &mut out);
                out
            });
            return any_or_all(item, |test| {
                leaves.iter().any(|v| self.fits(test, v, looked))
            });
        };
        let values = self.of(field, looked);
        any_or_all(item, |test| match test {
            Test::Null => values.is_empty(),
            Test::Exists(wanted) => *wanted != values.is_empty(),
            Test::Field(other, cased) => self.of(*other, looked).iter().any(|o| {
                values.iter().any(|v| {
                    if *cased {
                        v.raw == o.raw
                    } else {
                        v.folded == o.folded
                    }
                })
            }),
            test => values.iter().any(|v| self.fits(test, v, looked)),
        })
    }

    /// Whether one value passes one test. What would take more than the rule has left does not pass: the rule is stopped, and
    /// nothing that it found is told.
    fn fits(&self, test: &Test, value: &Found, looked: &Looked<'_>) -> bool {
        let steps = looked
            .steps
            .get()
            .saturating_add(test.effort(value.raw.len()));
        looked.steps.set(steps);
        steps <= self.most && test.passes(&value.raw, &value.folded)
    }

    /// Rules that were stopped because they took more steps than one may; the number does not depend on how the work was
    /// divided, so that every run stops the same.
    pub fn stopped(&self) -> impl Iterator<Item = usize> {
        let all = self.spent.iter().enumerate();
        all.filter(|(_, spent)| spent.load(Ordering::Relaxed) > self.most)
            .map(|(at, _)| at)
    }
}

fn any_or_all(item: &Item, mut passes: impl FnMut(&Test) -> bool) -> bool {
    let held = if item.all {
        item.tests.iter().all(&mut passes)
    } else {
        item.tests.iter().any(passes)
    };
    held != item.negated
}
