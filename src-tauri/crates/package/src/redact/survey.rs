//! What a policy hides: every value that a rule catches anywhere in a case, and which of them a package could say.
//!
//! Owns: the list of values, and the single words of them. Never touches: what stands for a value. The whole case is looked
//! at, whatever the scope: the title of a package, the name of a file and the custody log speak of people who have no event
//! in it.

use std::collections::{HashMap, HashSet};

use witnessmark_model::{Event, Field};

use super::find::{self, MOST_BYTES, MOST_VALUES, Values};
use super::policy::{Act, Of, Policy, path_matches};
use super::veil::{SEARCHED, other_texts, texts};
use super::view::views;
use crate::error::Result;
use crate::material::Material;

/// Shortest word of a hidden value that is looked for by itself, in characters.
const WORD: usize = 3;
/// A value of more words is a sentence, whose words are everybody's.
const MOST_WORDS: usize = 6;

/// A value that a rule catches.
struct Caught {
    /// Position of the first rule that does.
    rule: usize,
    /// Whether the scope, or what stands beside the events, holds it.
    inside: bool,
}

/// Values on their way into the list.
struct Survey<'p> {
    policy: &'p Policy,
    found: HashMap<String, Caught>,
    inside: bool,
}

/// What is hidden.
pub(super) struct Surveyed {
    /// Value and rule, by rule and then by bytes.
    pub(super) values: Vec<(String, usize)>,
    /// The words of all hidden values of the case, in lower case.
    pub(super) words: HashSet<String>,
}

impl Survey<'_> {
    fn add(&mut self, value: &str, rule: usize) {
        if value.trim().is_empty() {
            return;
        }
        match self.found.get_mut(value) {
            Some(known) => {
                known.rule = rule.min(known.rule);
                known.inside |= self.inside;
            }
            None => {
                let inside = self.inside;
                self.found.insert(value.to_owned(), Caught { rule, inside });
            }
        }
    }

    /// What the patterns find in a text, in any reading of it.
    fn patterns(&mut self, text: &str) {
        let policy = self.policy;
        let of_patterns = |of: &Of| matches!(of, Of::Email | Of::Ip | Of::Card);
        if !policy.rules.iter().any(|r| r.of.iter().any(of_patterns)) {
            return;
        }
        for view in views(text) {
            for (at, rule) in policy.rules.iter().enumerate() {
                for of in &rule.of {
                    let found = match of {
                        Of::Email => find::emails(&view.text),
                        Of::Ip => find::ips(&view.text),
                        Of::Card => find::cards(&view.text),
                        _ => continue,
                    };
                    for place in found {
                        self.add(&view.text[place], at);
                    }
                }
            }
        }
    }

    fn take(&mut self, event: &Event) {
        let policy = self.policy;
        for (at, rule) in policy.rules.iter().enumerate() {
            for of in &rule.of {
                match of {
                    Of::Field(field) => event.values(*field).iter().for_each(|v| self.add(v, at)),
                    Of::Changed(path) => {
                        for change in event
                            .changes
                            .iter()
                            .filter(|c| path_matches(path, &c.field))
                        {
                            let both = [&change.old, &change.new];
                            both.into_iter().flatten().for_each(|v| self.add(v, at));
                        }
                    }
                    Of::Name => event
                        .get(Field::UserName)
                        .into_iter()
                        .for_each(|v| self.add(v, at)),
                    Of::Email | Of::Ip | Of::Card => {}
                }
            }
        }
        for text in texts(event) {
            self.patterns(text);
        }
    }
}

/// The words of a value that is a name, an address or a number, in lower case.
fn words_of(value: &str) -> Vec<String> {
    let words = value.split(|c: char| !c.is_alphanumeric());
    let words: Vec<&str> = words.filter(|w| !w.is_empty()).collect();
    if words.len() > MOST_WORDS {
        return Vec::new();
    }
    let long = words.iter().filter(|w| w.chars().count() >= WORD);
    long.map(|w| w.to_lowercase()).collect()
}

/// Looks at everything that a policy speaks of; `typed` is what the person wrote for this package.
pub(super) fn survey(material: &dyn Material, policy: &Policy, typed: &[&str]) -> Result<Surveyed> {
    let facts = material.facts();
    let mut survey = Survey {
        policy,
        found: HashMap::new(),
        inside: false,
    };
    material.everybody(&mut |event| {
        survey.take(event);
        Ok(())
    })?;
    survey.inside = true;
    material.events(&mut |event| {
        survey.take(event);
        Ok(())
    })?;
    let beside: Vec<&str> = other_texts(facts).chain(typed.iter().copied()).collect();
    for text in &beside {
        survey.patterns(text);
    }
    let hides = |caught: &Caught| policy.rules[caught.rule].act != Act::Keep;
    let hidden = survey.found.into_iter().filter(|(_, caught)| hides(caught));
    let (mut values, mut elsewhere) = (Vec::new(), Vec::new());
    let mut words = HashSet::new();
    for (value, caught) in hidden {
        if value.len() <= SEARCHED {
            words.extend(words_of(&value));
        }
        if caught.inside {
            values.push((value, caught.rule));
        } else if value.len() <= SEARCHED {
            elsewhere.push((value, caught.rule));
        }
    }
    elsewhere.sort_unstable();
    values.extend(said_of_others(material, &elsewhere, &beside)?);
    values.sort_unstable_by(|a, b| (a.1, &a.0).cmp(&(b.1, &b.0)));
    Ok(Surveyed { values, words })
}

/// Of the values that only events outside the scope have, those that a text of the package holds all the same. A case can
/// have more values than can be looked for at a time, so they are looked for part by part.
fn said_of_others(
    material: &dyn Material,
    elsewhere: &[(String, usize)],
    beside: &[&str],
) -> Result<Vec<(String, usize)>> {
    let mut said = Vec::new();
    let mut rest = elsewhere;
    while !rest.is_empty() {
        let mut bytes = 0;
        let fits = rest.iter().take(MOST_VALUES).take_while(|(value, _)| {
            bytes += value.len() + 8;
            // Each value is looked for in several spellings.
            bytes < MOST_BYTES / 16
        });
        let (part, others) = rest.split_at(fits.count().max(1));
        rest = others;
        let texts_of: Vec<&str> = part.iter().map(|(value, _)| value.as_str()).collect();
        let search = Values::new(&texts_of)?;
        let mut found: HashSet<usize> = HashSet::new();
        for text in beside {
            found.extend(search.standing(text));
        }
        material.events(&mut |event| {
            for text in texts(event) {
                found.extend(search.standing(text));
            }
            Ok(())
        })?;
        let mut found: Vec<usize> = found.into_iter().collect();
        found.sort_unstable();
        said.extend(found.into_iter().map(|at| part[at].clone()));
    }
    Ok(said)
}
