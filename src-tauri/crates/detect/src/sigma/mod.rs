//! Sigma rules over raw entries, as they are: detection rules, filters, correlations.
//!
//! Owns: which rules run, why others do not, and running them. Never touches: files, the store, the window. Rules see the
//! entry as it stood in the source, not our normalised event. The specification is Sigma 2.1
//! (<https://sigmahq.io/sigma-specification/>); docs/detections.md says what differs.

mod condition;
mod correlation;
mod encode;
mod entry;
mod found;
mod pattern;
mod routing;
mod rule;
mod yaml;

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Map, Value};

use condition::Condition;
use correlation::{Correlation, Hit};
use entry::Found;
use pattern::Test;
use rule::{Filter, Head, Item, Names, Rule};

pub use found::findings;
pub use routing::{LogSource, aliases};

use crate::about::Severity;

/// Rules that are taken; what comes after is told as not run.
pub const MOST_RULES: usize = 20_000;

/// A rule that was given and does not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotRun {
    /// Its id; its file where it has none.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Why.
    pub reason: String,
}

/// What a rule says of itself.
#[derive(Clone, Debug)]
pub struct RuleFacts<'r> {
    /// Its id.
    pub id: &'r str,
    /// Its title.
    pub title: &'r str,
    /// Its level.
    pub severity: Severity,
    /// Its known innocent reasons.
    pub benign: &'r [String],
    /// What it is for.
    pub description: &'r str,
}

impl Head {
    fn facts(&self) -> RuleFacts<'_> {
        RuleFacts {
            id: &self.id,
            title: &self.title,
            severity: self.severity,
            benign: &self.benign,
            description: &self.description,
        }
    }
}

/// Something that rules found.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    /// Place among [`Rules::facts`].
    pub rule: usize,
    /// Event numbers in order of time.
    pub events: Vec<u64>,
    /// Values of the fields by which a correlation groups, for people.
    pub key: Vec<(String, String)>,
    /// What a correlation measured, and what it was compared with.
    pub measured: Option<(f64, f64)>,
    /// First and last moment; absent where the match is no window.
    pub span: Option<(i64, i64)>,
    /// In words what a correlation wants.
    pub wanted: String,
}

/// Rules that can run.
#[derive(Debug, Default)]
pub struct Rules {
    rules: Vec<Rule>,
    correlations: Vec<Correlation>,
    names: Names,
    /// For each rule, the profiles whose events it is for; absent: every event.
    routes: Vec<Option<Vec<String>>>,
    /// For each rule, whether it finds something by itself.
    speaks: Vec<bool>,
    /// Rules and correlations that do not run.
    pub not_run: Vec<NotRun>,
}

impl Rules {
    /// Reads rules from files (name and text). `profiles` are id and provider of each profile that is known.
    #[must_use]
    pub fn read(files: &[(String, String)], profiles: &[(String, String)]) -> Self {
        let mut rules = Self::default();
        let mut filters = Vec::new();
        let mut ids = HashSet::new();
        for (file, text) in files {
            match yaml::documents(text) {
                Ok(documents) => {
                    for document in &documents {
                        rules.document(file, document, profiles, &mut filters, &mut ids);
                    }
                }
                Err(reason) => rules.refuse(file, file, reason),
            }
        }
        rules.filter(&filters);
        rules.connect();
        rules
    }

    fn refuse(&mut self, id: &str, title: &str, reason: impl Into<String>) {
        self.not_run.push(NotRun {
            id: id.to_owned(),
            title: title.to_owned(),
            reason: reason.into(),
        });
    }

    fn document(
        &mut self,
        file: &str,
        document: &Value,
        profiles: &[(String, String)],
        filters: &mut Vec<Filter>,
        ids: &mut HashSet<String>,
    ) {
        let map = match document {
            Value::Object(map) => map,
            Value::Null => return,
            _ => return self.refuse(file, file, "it is no rule: it has no keys"),
        };
        let head = rule::head(map, file);
        if self.rules.len() + self.correlations.len() + filters.len() >= MOST_RULES {
            return self.refuse(
                &head.id,
                &head.title,
                format!("there are more than {MOST_RULES} rules"),
            );
        }
        if !ids.insert(head.id.clone()) {
            return self.refuse(&head.id, &head.title, "another rule has the same id");
        }
        if map.contains_key("action") {
            return self.refuse(
                &head.id,
                &head.title,
                "documents with `action` are an old form",
            );
        }
        let refused = match self.take(map, file, profiles, filters) {
            Ok(()) => return,
            Err(reason) => reason,
        };
        self.refuse(&head.id, &head.title, refused);
    }

    fn take(
        &mut self,
        map: &Map<String, Value>,
        file: &str,
        profiles: &[(String, String)],
        filters: &mut Vec<Filter>,
    ) -> Result<(), String> {
        if map.contains_key("correlation") {
            self.correlations.push(correlation::read(map, file)?);
        } else if map.contains_key("filter") {
            filters.push(rule::filter(map, file, &mut self.names)?);
        } else if map.contains_key("detection") {
            let rule = rule::rule(map, file, &mut self.names)?;
            self.routes.push(routing::route(&rule.source, profiles)?);
            self.rules.push(rule);
            self.speaks.push(true);
        } else {
            return Err(
                "it is no rule: it has neither `detection` nor `correlation` nor `filter`"
                    .to_owned(),
            );
        }
        Ok(())
    }

    /// Adds each filter to the rules that it means.
    fn filter(&mut self, filters: &[Filter]) {
        for filter in filters {
            let mut meant = false;
            for rule in &mut self.rules {
                let named = filter.rules.is_empty()
                    || filter
                        .rules
                        .iter()
                        .any(|r| *r == rule.head.id || *r == rule.head.name);
                let fits = |own: &str, of: &str| own.is_empty() || own.eq_ignore_ascii_case(of);
                let of_source = fits(&filter.source.product, &rule.source.product)
                    && fits(&filter.source.service, &rule.source.service)
                    && fits(&filter.source.category, &rule.source.category);
                if named && of_source {
                    meant = true;
                    let moved = moved(&filter.condition, rule.selections.len());
                    rule.selections.extend(filter.selections.iter().cloned());
                    rule.condition = Condition::All(vec![rule.condition.clone(), moved]);
                }
            }
            if !meant {
                self.refuse(
                    &filter.head.id,
                    &filter.head.title,
                    "the filter means none of the rules that were given",
                );
            }
        }
    }

    /// Puts correlations after those they refer to, and takes out those that refer to nothing or in a circle.
    fn connect(&mut self) {
        let mut ready: HashSet<String> = self
            .rules
            .iter()
            .flat_map(|r| [r.head.id.clone(), r.head.name.clone()])
            .filter(|n| !n.is_empty())
            .collect();
        let all: HashSet<String> = self
            .correlations
            .iter()
            .flat_map(|c| [c.head.id.clone(), c.head.name.clone()])
            .collect();
        let mut waiting = std::mem::take(&mut self.correlations);
        loop {
            let (can, cannot): (Vec<_>, Vec<_>) = waiting
                .into_iter()
                .partition(|c| c.rules.iter().all(|r| ready.contains(r)));
            if can.is_empty() {
                for c in cannot {
                    let missing = c
                        .rules
                        .iter()
                        .find(|r| !ready.contains(*r) && !all.contains(*r));
                    let reason = match missing {
                        Some(rule) => {
                            format!("it refers to `{rule}`, which is not there or does not run")
                        }
                        None => "it refers to itself, or to another that does not run, in a circle"
                            .to_owned(),
                    };
                    self.refuse(&c.head.id, &c.head.title, reason);
                }
                break;
            }
            ready.extend(
                can.iter()
                    .flat_map(|c| [c.head.id.clone(), c.head.name.clone()])
                    .filter(|n| !n.is_empty()),
            );
            self.correlations.extend(can);
            waiting = cannot;
        }
        // What a correlation is made of speaks for itself only if the correlation says so.
        for (at, rule) in self.rules.iter().enumerate() {
            let of = |c: &&Correlation| {
                c.rules
                    .iter()
                    .any(|r| *r == rule.head.id || *r == rule.head.name)
            };
            let mut users = self.correlations.iter().filter(of).peekable();
            if users.peek().is_some() {
                self.speaks[at] = users.any(|c| c.generate);
            }
        }
    }

    /// Rules and correlations that run.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rules.len() + self.correlations.len()
    }

    /// Whether none runs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What a rule says of itself; correlations come after rules.
    #[must_use]
    pub fn facts(&self, at: usize) -> Option<RuleFacts<'_>> {
        let head = match at.checked_sub(self.rules.len()) {
            None => self.rules.get(at).map(|r| &r.head),
            Some(at) => self.correlations.get(at).map(|c| &c.head),
        };
        head.map(Head::facts)
    }

    /// Profiles whose events some rule is for; absent when some rule is for every event.
    #[must_use]
    pub fn profiles(&self) -> Option<Vec<String>> {
        let mut all = Vec::new();
        for route in &self.routes {
            all.extend(route.clone()?);
        }
        all.sort();
        all.dedup();
        Some(all)
    }

    /// Takes out the rules for profiles of which the case has no event; they are told as not run.
    pub fn keep_for(&mut self, present: &[String]) {
        let absent: Vec<usize> = (0..self.rules.len())
            .filter(|at| {
                self.routes[*at]
                    .as_ref()
                    .is_some_and(|r| !r.iter().any(|p| present.contains(p)))
            })
            .collect();
        for at in absent.into_iter().rev() {
            let rule = self.rules.remove(at);
            let route = self.routes.remove(at).unwrap_or_default();
            self.speaks.remove(at);
            self.refuse(
                &rule.head.id,
                &rule.head.title,
                format!("the case has no event of {}", route.join(", ")),
            );
        }
        self.connect();
    }

    /// The rules for entries that one profile read.
    #[must_use]
    pub fn program(&self, profile: &str) -> Program<'_> {
        let meant = |at: &usize| {
            self.routes[*at]
                .as_ref()
                .is_none_or(|r| r.iter().any(|p| p == profile))
        };
        let alias = |name: &String| aliases(profile, name);
        Program {
            rules: self,
            run: (0..self.rules.len()).filter(meant).collect(),
            aliases: self.names.0.iter().map(alias).collect(),
        }
    }

    /// For each rule, what correlations need to know of its matches: the fields of group-by and of values.
    fn wanted_fields(&self, rule: usize) -> Vec<(usize, usize, Vec<String>, Vec<String>)> {
        let head = &self.rules[rule].head;
        let mut out = Vec::new();
        for (c, correlation) in self.correlations.iter().enumerate() {
            for (place, written) in correlation.rules.iter().enumerate() {
                if *written == head.id || *written == head.name {
                    let field = |name: &String| {
                        correlation
                            .aliases
                            .get(name)
                            .and_then(|of| of.get(written))
                            .unwrap_or(name)
                            .clone()
                    };
                    out.push((
                        c,
                        place,
                        correlation.group_by.iter().map(field).collect(),
                        correlation.fields.iter().map(field).collect(),
                    ));
                }
            }
        }
        out
    }

    /// Runs correlations over what was seen, and gives every match of rules and correlations.
    #[must_use]
    pub fn finish(&self, seen: Vec<Seen>) -> Vec<Match> {
        let mut by_rule: BTreeMap<usize, Vec<(Option<i64>, u64)>> = BTreeMap::new();
        let mut hits: Vec<Vec<Hit>> = vec![Vec::new(); self.correlations.len()];
        for one in seen {
            for (correlation, hit) in one.hits {
                hits[correlation].push(hit);
            }
            if self.speaks[one.rule] {
                by_rule
                    .entry(one.rule)
                    .or_default()
                    .push((one.time, one.event));
            }
        }
        let mut found = Vec::new();
        for (rule, mut events) in by_rule {
            events.sort_by_key(|(time, event)| (time.is_none(), *time, *event));
            let events = events.into_iter().map(|(_, event)| event).collect();
            found.push(Match {
                rule,
                events,
                key: Vec::new(),
                measured: None,
                span: None,
                wanted: String::new(),
            });
        }
        for (c, correlation) in self.correlations.iter().enumerate() {
            let held = correlation::run(correlation, std::mem::take(&mut hits[c]));
            let mut speaks = true;
            for (later, other) in self.correlations.iter().enumerate().skip(c + 1) {
                for (place, written) in other.rules.iter().enumerate() {
                    if *written != correlation.head.id && *written != correlation.head.name {
                        continue;
                    }
                    speaks = other.generate;
                    hits[later].extend(held.iter().map(|h| {
                        let own = |name: &String| {
                            let name = other
                                .aliases
                                .get(name)
                                .and_then(|of| of.get(written))
                                .unwrap_or(name);
                            correlation
                                .group_by
                                .iter()
                                .position(|g| g == name)
                                .and_then(|at| h.key.get(at))
                                .cloned()
                                .unwrap_or_default()
                        };
                        Hit {
                            time: h.last,
                            events: h.events.clone(),
                            rule: place,
                            key: other.group_by.iter().map(own).collect(),
                            value: other.fields.first().map(own).filter(|v| !v.is_empty()),
                        }
                    }));
                }
            }
            if !speaks {
                continue;
            }
            found.extend(held.into_iter().map(|h| Match {
                rule: self.rules.len() + c,
                events: h.events,
                key: correlation.group_by.iter().cloned().zip(h.key).collect(),
                measured: correlation.wanted.threshold().map(|t| (h.most, t)),
                span: Some((h.first, h.last)),
                wanted: correlation.wanted.shown(),
            }));
        }
        found
    }
}

/// The same condition over selections that stand further on.
fn moved(condition: &Condition, by: usize) -> Condition {
    let all = |parts: &[Condition]| parts.iter().map(|p| moved(p, by)).collect();
    match condition {
        Condition::Selection(at) => Condition::Selection(at + by),
        Condition::Not(inner) => Condition::Not(Box::new(moved(inner, by))),
        Condition::All(parts) => Condition::All(all(parts)),
        Condition::Any(parts) => Condition::Any(all(parts)),
        Condition::Least(n, parts) => Condition::Least(*n, all(parts)),
    }
}

/// A rule that an entry matched.
#[derive(Clone, Debug)]
pub struct Seen {
    rule: usize,
    event: u64,
    time: Option<i64>,
    hits: Vec<(usize, Hit)>,
}

/// The rules for the entries of one profile.
pub struct Program<'r> {
    rules: &'r Rules,
    run: Vec<usize>,
    aliases: Vec<Vec<(String, &'static str)>>,
}

/// One entry, whose fields are looked up once.
struct Looked<'e> {
    entry: &'e Value,
    fields: HashMap<usize, Vec<Found>>,
    leaves: OnceCell<Vec<Found>>,
}

impl Program<'_> {
    /// Whether there is nothing to run.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.run.is_empty()
    }

    /// Puts the rules to one entry.
    pub fn judge(&self, event: u64, time: Option<i64>, entry: &Value, seen: &mut Vec<Seen>) {
        let mut looked = Looked {
            entry,
            fields: HashMap::new(),
            leaves: OnceCell::new(),
        };
        for at in &self.run {
            let rule = &self.rules.rules[*at];
            if !rule
                .condition
                .holds(&mut |s| self.selected(&rule.selections[s], &mut looked))
            {
                continue;
            }
            let mut hits = Vec::new();
            // A correlation is about time: what has none takes no part in it.
            if let Some(time) = time {
                for (correlation, place, group_by, fields) in self.rules.wanted_fields(*at) {
                    let first = |name: &String| {
                        self.by_name(name, entry)
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
                rule: *at,
                event,
                time,
                hits,
            });
        }
    }

    fn by_name(&self, name: &str, entry: &Value) -> Vec<Found> {
        match self.rules.names.0.iter().position(|n| n == name) {
            Some(at) => self.look(at, entry),
            None => {
                let mut out = Vec::new();
                entry::values(entry, name, &mut out);
                out
            }
        }
    }

    fn look(&self, field: usize, entry: &Value) -> Vec<Found> {
        let mut out = Vec::new();
        entry::values(entry, &self.rules.names.0[field], &mut out);
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

    fn selected(&self, selection: &[Vec<Item>], looked: &mut Looked<'_>) -> bool {
        selection
            .iter()
            .any(|items| items.iter().all(|item| self.passes(item, looked)))
    }

    fn passes(&self, item: &Item, looked: &mut Looked<'_>) -> bool {
        let Some(field) = item.field else {
            let leaves = looked.leaves.get_or_init(|| {
                let mut out = Vec::new();
                entry::leaves(looked.entry, &mut out);
                out
            });
            return any_or_all(item, |test| {
                leaves.iter().any(|v| test.passes(&v.raw, &v.folded))
            });
        };
        for name in std::iter::once(field).chain(item.tests.iter().filter_map(|t| {
            if let Test::Field(other, _) = t {
                Some(*other)
            } else {
                None
            }
        })) {
            if !looked.fields.contains_key(&name) {
                let found = self.look(name, looked.entry);
                looked.fields.insert(name, found);
            }
        }
        let values = &looked.fields[&field];
        any_or_all(item, |test| match test {
            Test::Null => values.is_empty(),
            Test::Exists(wanted) => *wanted != values.is_empty(),
            Test::Field(other, cased) => looked.fields[other].iter().any(|o| {
                values.iter().any(|v| {
                    if *cased {
                        v.raw == o.raw
                    } else {
                        v.folded == o.folded
                    }
                })
            }),
            test => values.iter().any(|v| test.passes(&v.raw, &v.folded)),
        })
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

#[cfg(test)]
mod tests;
