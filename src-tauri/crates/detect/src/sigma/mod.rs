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
mod program;
mod routing;
mod rule;
mod yaml;

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use serde_json::{Map, Value};

use condition::Condition;
use correlation::{Correlation, Hit};
use rule::{Filter, Head, Names, Rule};

pub use found::findings;
pub use program::Program;
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
    /// Correlations that look at a rule that was stopped.
    silent: HashSet<usize>,
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
        // Each waits for what it refers to and is not ready; whoever becomes ready lets go of those that wait for it.
        let mut left: Vec<usize> = Vec::with_capacity(waiting.len());
        let mut held: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, c) in waiting.iter().enumerate() {
            let needs: HashSet<&String> = c.rules.iter().filter(|r| !ready.contains(*r)).collect();
            left.push(needs.len());
            for need in needs {
                held.entry(need.clone()).or_default().push(at);
            }
        }
        let mut free: VecDeque<usize> = (0..waiting.len()).filter(|at| left[*at] == 0).collect();
        let mut order = Vec::with_capacity(waiting.len());
        while let Some(at) = free.pop_front() {
            order.push(at);
            for name in [&waiting[at].head.id, &waiting[at].head.name] {
                if name.is_empty() || !ready.insert(name.clone()) {
                    continue;
                }
                for other in held.remove(name).unwrap_or_default() {
                    left[other] -= 1;
                    if left[other] == 0 {
                        free.push_back(other);
                    }
                }
            }
        }
        let mut taken: Vec<Option<Correlation>> = waiting.drain(..).map(Some).collect();
        self.correlations = order.iter().filter_map(|at| taken[*at].take()).collect();
        for c in taken.into_iter().flatten() {
            let missing = c
                .rules
                .iter()
                .find(|r| !ready.contains(*r) && !all.contains(*r));
            let reason = match missing {
                Some(rule) => format!("it refers to `{rule}`, which is not there or does not run"),
                None => {
                    "it refers to itself, or to another that does not run, in a circle".to_owned()
                }
            };
            self.refuse(&c.head.id, &c.head.title, reason);
        }
        // What a correlation is made of speaks for itself only if the correlation says so.
        let mut users: HashMap<&str, bool> = HashMap::new();
        for c in &self.correlations {
            for rule in &c.rules {
                *users.entry(rule).or_default() |= c.generate;
            }
        }
        for (rule, speaks) in self.rules.iter().zip(&mut self.speaks) {
            let used = [
                users.get(rule.head.id.as_str()),
                users.get(rule.head.name.as_str()),
            ];
            let mut used = used.into_iter().flatten().peekable();
            if used.peek().is_some() {
                *speaks = used.any(|generate| *generate);
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
        let rules = std::mem::take(&mut self.rules);
        let routes = std::mem::take(&mut self.routes);
        let speaks = std::mem::take(&mut self.speaks);
        for ((rule, route), speaks) in rules.into_iter().zip(routes).zip(speaks) {
            match &route {
                Some(of) if !of.iter().any(|p| present.contains(p)) => self.refuse(
                    &rule.head.id,
                    &rule.head.title,
                    format!("the case has no event of {}", of.join(", ")),
                ),
                _ => {
                    self.rules.push(rule);
                    self.routes.push(route);
                    self.speaks.push(speaks);
                }
            }
        }
        self.connect();
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

    /// Takes out what stopped rules found, and tells them as not run, with the correlations that look at them.
    pub fn stop(&mut self, stopped: &[usize], seen: &mut Vec<Seen>) {
        seen.retain(|s| !stopped.contains(&s.rule));
        let mut names: Vec<String> = Vec::new();
        for at in stopped {
            let head = self.rules[*at].head.clone();
            self.refuse(&head.id, &head.title, "its patterns take more steps than a rule may: it was stopped, and nothing that it found is told");
            names.extend([head.id, head.name].into_iter().filter(|n| !n.is_empty()));
        }
        // Those that come later may look at those before.
        for at in 0..self.correlations.len() {
            let head = self.correlations[at].head.clone();
            if self.correlations[at]
                .rules
                .iter()
                .any(|r| names.contains(r))
            {
                self.refuse(
                    &head.id,
                    &head.title,
                    "it refers to a rule that was stopped",
                );
                self.silent.insert(at);
                names.extend([head.id, head.name].into_iter().filter(|n| !n.is_empty()));
            }
        }
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
            if self.silent.contains(&c) {
                continue;
            }
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

#[cfg(test)]
mod tests;
