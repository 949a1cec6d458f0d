//! Which e-mail addresses, ids and names are one person.
//!
//! Owns: joining them. Never touches: what persons decided (that comes with the facts). An e-mail address and an id that
//! stand together in one event are one person's; a name is a person's when it stands with one person only, since two
//! people can have the same name.

use std::collections::HashMap;

use witnessmark_model::{Event, Field};

/// Persons by their names, while events are read.
#[derive(Default)]
pub(crate) struct People {
    /// Number of each address or id.
    numbers: HashMap<String, usize>,
    values: Vec<String>,
    parents: Vec<usize>,
    /// For each name, an address or id it stood with; none when it stood with two persons.
    names: HashMap<String, Vec<usize>>,
}

/// Longest list of persons that is kept for one name: two say already that it is ambiguous.
const MOST: usize = 8;

/// One way of writing a value for comparison.
pub(crate) fn folded(value: &str) -> String {
    value.trim().to_lowercase()
}

impl People {
    fn number(&mut self, value: &str) -> usize {
        let key = folded(value);
        if let Some(number) = self.numbers.get(&key) {
            return *number;
        }
        let number = self.values.len();
        self.numbers.insert(key.clone(), number);
        self.values.push(key);
        self.parents.push(number);
        number
    }

    fn root(&self, mut number: usize) -> usize {
        while self.parents[number] != number {
            number = self.parents[number];
        }
        number
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        if one == other {
            return;
        }
        // The root is the value that names the person: an address before an id, then the least by bytes.
        let rank = |n: usize| (!self.values[n].contains('@'), &self.values[n]);
        let (winner, loser) = if rank(one) <= rank(other) {
            (one, other)
        } else {
            (other, one)
        };
        self.parents[loser] = winner;
    }

    /// Takes the actor of an event.
    pub(crate) fn take(&mut self, event: &Event) {
        let numbers: Vec<usize> = [Field::UserEmail, Field::UserId]
            .into_iter()
            .filter_map(|f| event.get(f))
            .map(|value| self.number(value))
            .collect();
        if let [one, other] = numbers[..] {
            self.join(one, other);
        }
        if let (Some(name), Some(first)) = (event.get(Field::UserName), numbers.first()) {
            let with = self.names.entry(folded(name)).or_default();
            if with.len() < MOST && !with.contains(first) {
                with.push(*first);
            }
        }
    }

    /// Joins values that a person confirmed to be one actor.
    pub(crate) fn confirm(&mut self, group: &[String]) {
        let numbers: Vec<usize> = group.iter().map(|value| self.number(value)).collect();
        for pair in numbers.windows(2) {
            self.join(pair[0], pair[1]);
        }
    }

    /// The value that names the person behind a value; the value itself where nothing is known.
    pub(crate) fn person(&self, value: &str) -> String {
        let key = folded(value);
        if let Some(number) = self.numbers.get(&key) {
            return self.values[self.root(*number)].clone();
        }
        let mut roots: Vec<usize> = self
            .names
            .get(&key)
            .into_iter()
            .flatten()
            .map(|n| self.root(*n))
            .collect();
        roots.sort_unstable();
        roots.dedup();
        match roots[..] {
            [one] => self.values[one].clone(),
            _ => key,
        }
    }
}
