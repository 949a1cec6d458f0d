//! The policy at work: every value that a rule catches found first, then replaced wherever it stands.
//!
//! Owns: the survey, tokens, salted commitments, the record. Never touches: files. Two passes, because a value that is
//! caught in the last event must be replaced in the first one too.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::Write;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::{Digest, Sha256};
use witnessmark_model::{Change, Event, Field, Locator, Target};

use super::find::{self, Values};
use super::people::People;
use super::policy::{Act, Of, Policy, path_matches};
use crate::error::Result;
use crate::json::canonical;
use crate::material::{CaseFacts, Control, Material, Progress};
use crate::tree::Hash;

/// Longer values are replaced in the field that a rule names, and not looked for elsewhere: they are whole texts.
const SEARCHED: usize = 200;
/// Shortest word of a hidden value that is looked for by itself, in characters.
const WORD: usize = 3;
/// A value of more words is a sentence, whose words are everybody's.
const MOST_WORDS: usize = 6;
/// What stands for a word of a hidden value.
const BLOT: &str = "••••••";
/// Crockford's base 32: no letter that is read as another.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Fields whose words are ours or the policy's business never: looking for names in them would only break them.
const OURS: &[Field] = &[
    Field::EventOriginalTime,
    Field::EventZone,
    Field::EventOperation,
    Field::EventCategory,
    Field::EventOutcome,
    Field::EventSensitivity,
    Field::Profile,
    Field::ChangeKind,
    Field::Problems,
];

/// One value that is hidden.
struct Hidden {
    value: String,
    rule: usize,
    replacement: String,
}

/// What a policy does to one package.
pub(crate) struct Veil<'p> {
    policy: &'p Policy,
    secret: Vec<u8>,
    hidden: Vec<Hidden>,
    by_value: HashMap<String, usize>,
    /// Positions in `hidden` of the values that are looked for.
    searched: Vec<usize>,
    search: Values,
    /// The words of hidden values, in lower case: a person who writes a note says half of a name.
    words: HashSet<String>,
    counts: RefCell<Vec<u64>>,
    counting: Cell<bool>,
}

/// What one rule does, for whoever decides about the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// Fields or pattern.
    pub what: String,
    /// `keep`, `pseudonym`, `mask`, `remove`.
    pub act: &'static str,
    /// Places in the events where a value is replaced (for `keep`, 0).
    pub places: u64,
    /// Different values.
    pub values: u64,
    /// One of them, and what stands for it in the package.
    pub example: Option<(String, String)>,
}

fn word(act: &Act) -> &'static str {
    match act {
        Act::Keep => "keep",
        Act::Pseudonym(_) => "pseudonym",
        Act::Mask(_) => "mask",
        Act::Remove => "remove",
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

/// The words of everything that a policy hides anywhere in the case, where persons wrote something: a note on an event of
/// the scope can name somebody who has none in it.
fn hidden_words(material: &dyn Material, policy: &Policy) -> Result<HashSet<String>> {
    if material.facts().notes.is_empty() {
        return Ok(HashSet::new());
    }
    let mut survey = Survey {
        policy,
        found: HashMap::new(),
    };
    material.everybody(&mut |event| {
        survey.take(event);
        Ok(())
    })?;
    let hidden = survey
        .found
        .iter()
        .filter(|(value, rule)| value.len() <= SEARCHED && policy.rules[**rule].act != Act::Keep);
    Ok(hidden.flat_map(|(value, _)| words_of(value)).collect())
}

fn keyed(secret: &[u8], parts: &[&[u8]]) -> Hash {
    // A key of any length is one, so this never takes the other branch.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else {
        return [0; 32];
    };
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// The salt of a value's commitment.
pub(super) fn value_salt(secret: &[u8], value: &str) -> Hash {
    keyed(secret, &[b"value\0", value.as_bytes()])
}

/// The salt of the commitment of an entry.
pub(super) fn entry_salt(secret: &[u8], source: u32, entry: u64) -> Hash {
    let name = format!("entry\0{source}:{entry}");
    keyed(secret, &[name.as_bytes()])
}

/// SHA-256 of a salt and what it hides.
pub(super) fn committed(salt: &Hash, bytes: &[u8]) -> Hash {
    Sha256::new_with_prefix(salt)
        .chain_update(bytes)
        .finalize()
        .into()
}

/// Ten digits of a keyed hash, in two groups: persons meet in one token once in a million packages of ten thousand.
fn token(secret: &[u8], prefix: &str, person: &str) -> String {
    let hash = keyed(secret, &[b"token\0", person.as_bytes()]);
    let mut bits = u64::from_be_bytes([
        hash[0], hash[1], hash[2], hash[3], hash[4], hash[5], hash[6], hash[7],
    ]);
    let mut out = format!("{prefix}-");
    for at in 0..10 {
        if at == 5 {
            out.push('-');
        }
        out.push(char::from(DIGITS[(bits >> 59) as usize]));
        bits <<= 5;
    }
    out
}

fn replacement(secret: &[u8], act: &Act, value: &str, people: &People) -> String {
    match act {
        Act::Keep => value.to_owned(),
        Act::Pseudonym(prefix) => token(secret, prefix, &people.person(value)),
        Act::Mask(last) => {
            let plain: Vec<char> = value.chars().filter(|c| c.is_alphanumeric()).collect();
            let shown = if plain.len() >= last * 3 { *last } else { 0 };
            let tail: String = plain[plain.len() - shown..].iter().collect();
            format!("••••••{tail}")
        }
        Act::Remove => format!("[removed, {} characters]", value.chars().count()),
    }
}

/// Every text of an event that is not in our own words.
pub(super) fn texts(event: &Event) -> impl Iterator<Item = &str> {
    let single = event
        .fields
        .iter()
        .filter(|(f, _)| !OURS.contains(f))
        .map(|(_, v)| v.as_str());
    let targets = event
        .targets
        .iter()
        .flat_map(|t| [t.r#type.as_deref(), t.id.as_deref(), t.name.as_deref()])
        .flatten();
    let changes = event
        .changes
        .iter()
        .flat_map(|c| [Some(c.field.as_str()), c.old.as_deref(), c.new.as_deref()])
        .flatten();
    single
        .chain(targets)
        .chain(changes)
        .chain(event.related_ips.iter().map(String::as_str))
}

/// Values on their way into the list.
struct Survey<'p> {
    policy: &'p Policy,
    found: HashMap<String, usize>,
}

impl Survey<'_> {
    fn add(&mut self, value: &str, rule: usize) {
        if value.trim().is_empty() {
            return;
        }
        match self.found.get_mut(value) {
            Some(known) => *known = rule.min(*known),
            None => drop(self.found.insert(value.to_owned(), rule)),
        }
    }

    /// What the patterns find in a text.
    fn patterns(&mut self, text: &str) {
        let policy = self.policy;
        for (at, rule) in policy.rules.iter().enumerate() {
            for of in &rule.of {
                let found = match of {
                    Of::Email => find::emails(text),
                    Of::Ip => find::ips(text),
                    Of::Card => find::cards(text),
                    _ => continue,
                };
                for place in found {
                    self.add(&text[place], at);
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

/// Texts of a case that go into a package beside its events.
pub(super) fn other_texts(facts: &CaseFacts) -> impl Iterator<Item = &str> {
    let sources = facts.sources.iter().flat_map(|s| {
        let warnings = s.warnings.iter().map(|w| w.message.as_str());
        let fixed = [
            s.name.as_str(),
            s.imported_by.as_deref().unwrap_or_default(),
        ];
        fixed
            .into_iter()
            .chain(s.header.iter().map(String::as_str))
            .chain(warnings)
    });
    let custody = facts.custody.iter().map(|l| l.entry.as_str());
    let notes = facts
        .notes
        .iter()
        .flat_map(|n| [n.subject.as_str(), n.text.as_str(), n.who.as_str()]);
    sources
        .chain(custody)
        .chain(notes)
        .chain([facts.name.as_str()])
}

/// Whether an entry of the custody log holds the hash of what a person said, by which somebody could confirm a guess.
fn tells_hash_of_words(entry: &str) -> bool {
    let Ok(entry) = serde_json::from_str::<serde_json::Value>(entry) else {
        return false;
    };
    let of_words = ["statement.", "overlay."];
    let action = entry["action"].as_str().unwrap_or_default();
    of_words.iter().any(|o| action.starts_with(o)) && entry["detail"]["sha256"].is_string()
}

impl<'p> Veil<'p> {
    /// Looks at everything and decides what is replaced by what.
    pub(crate) fn survey(
        material: &dyn Material,
        policy: &'p Policy,
        typed: &[&str],
    ) -> Result<Self> {
        let facts = material.facts();
        let mut people = People::default();
        material.everybody(&mut |event| {
            people.take(event);
            Ok(())
        })?;
        for group in &facts.people {
            people.confirm(group);
        }
        let mut survey = Survey {
            policy,
            found: HashMap::new(),
        };
        material.events(&mut |event| {
            survey.take(event);
            Ok(())
        })?;
        for text in other_texts(facts).chain(typed.iter().copied()) {
            survey.patterns(text);
        }
        let mut found: Vec<(String, usize)> = survey
            .found
            .into_iter()
            .filter(|(_, rule)| policy.rules[*rule].act != Act::Keep)
            .collect();
        found.sort_unstable_by(|a, b| (a.1, &a.0).cmp(&(b.1, &b.0)));
        let words = hidden_words(material, policy)?;
        let secret = facts.secret.clone();
        let hidden: Vec<Hidden> = found
            .into_iter()
            .map(|(value, rule)| Hidden {
                replacement: replacement(&secret, &policy.rules[rule].act, &value, &people),
                value,
                rule,
            })
            .collect();
        let searched: Vec<usize> = (0..hidden.len())
            .filter(|at| hidden[*at].value.len() <= SEARCHED)
            .collect();
        let values: Vec<&str> = searched
            .iter()
            .map(|at| hidden[*at].value.as_str())
            .collect();
        let search = Values::new(&values)?;
        let by_value = hidden
            .iter()
            .enumerate()
            .map(|(at, h)| (h.value.clone(), at))
            .collect();
        Ok(Self {
            policy,
            secret,
            counts: RefCell::new(vec![0; hidden.len()]),
            counting: Cell::new(false),
            hidden,
            by_value,
            searched,
            search,
            words,
        })
    }

    fn count(&self, hidden: usize) {
        if self.counting.get() {
            self.counts.borrow_mut()[hidden] += 1;
        }
    }

    /// A text with every hidden value replaced.
    pub(crate) fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if let Some(at) = self.by_value.get(text) {
            self.count(*at);
            return Cow::Owned(self.hidden[*at].replacement.clone());
        }
        let found = self.search.find(text);
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for (place, value) in found {
            let hidden = self.searched[value];
            self.count(hidden);
            out.push_str(&text[at..place.start]);
            out.push_str(&self.hidden[hidden].replacement);
            at = place.end;
        }
        out.push_str(&text[at..]);
        Cow::Owned(out)
    }

    /// What a person wrote, with hidden values replaced and every single word of them blotted out: people say "Alice" of
    /// whom the log calls "Alice Merchant".
    fn said(&self, text: &str) -> String {
        if let Some(at) = self.by_value.get(text) {
            return self.hidden[*at].replacement.clone();
        }
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for (place, value) in self.search.find(text) {
            self.blot(&text[at..place.start], &mut out);
            out.push_str(&self.hidden[self.searched[value]].replacement);
            at = place.end;
        }
        self.blot(&text[at..], &mut out);
        out
    }

    fn blot(&self, text: &str, out: &mut String) {
        let mut rest = text;
        while let Some(start) = rest.find(char::is_alphanumeric) {
            out.push_str(&rest[..start]);
            rest = &rest[start..];
            let end = rest
                .find(|c: char| !c.is_alphanumeric())
                .unwrap_or(rest.len());
            if self.words.contains(&rest[..end].to_lowercase()) {
                out.push_str(BLOT);
            } else {
                out.push_str(&rest[..end]);
            }
            rest = &rest[end..];
        }
        out.push_str(rest);
    }

    fn owned(&self, text: &str) -> String {
        self.text(text).into_owned()
    }

    /// An event as it stands in the package.
    pub(crate) fn event(&self, event: &Event) -> Event {
        let maybe = |text: &Option<String>| text.as_deref().map(|t| self.owned(t));
        let mut veiled = event.clone();
        for (field, value) in &mut veiled.fields {
            if !OURS.contains(field)
                && let Cow::Owned(other) = self.text(value)
            {
                *value = other;
            }
        }
        veiled.targets = event
            .targets
            .iter()
            .map(|t| Target {
                r#type: maybe(&t.r#type),
                id: maybe(&t.id),
                name: maybe(&t.name),
            })
            .collect();
        veiled.changes = event
            .changes
            .iter()
            .map(|c| Change {
                field: self.owned(&c.field),
                kind: c.kind,
                old: maybe(&c.old),
                new: maybe(&c.new),
            })
            .collect();
        veiled.related_ips = event.related_ips.iter().map(|ip| self.owned(ip)).collect();
        veiled
    }

    /// The commitment of an entry: SHA-256 of its salt and its leaf.
    pub(crate) fn commitment(&self, source: u32, entry: u64, leaf: &Hash) -> Hash {
        committed(&entry_salt(&self.secret, source, entry), leaf)
    }

    /// `redactions.ndjson`: each hidden value by what stands for it, how often, and its salted commitment.
    pub(crate) fn record(&self, each: &mut dyn FnMut(&str) -> Result<()>) -> Result<()> {
        for (hidden, count) in self.hidden.iter().zip(self.counts.borrow().iter()) {
            let rule = &self.policy.rules[hidden.rule];
            let salt = value_salt(&self.secret, &hidden.value);
            let commitment = committed(&salt, hidden.value.as_bytes());
            let line = json!({
                "rule": hidden.rule + 1, "what": rule.what, "do": word(&rule.act), "count": count,
                "replacement": hidden.replacement, "commitment": hex::encode(commitment),
            });
            each(&(canonical(&line) + "\n"))?;
        }
        Ok(())
    }

    /// What each rule did to the events that were counted.
    pub(crate) fn effects(&self) -> Vec<Effect> {
        let counts = self.counts.borrow();
        let rules = self.policy.rules.iter().enumerate();
        let effect = |(at, rule): (usize, &super::policy::Rule)| {
            let of: Vec<usize> = (0..self.hidden.len())
                .filter(|h| self.hidden[*h].rule == at)
                .collect();
            let example = of
                .iter()
                .max_by_key(|h| (counts[**h], std::cmp::Reverse(**h)));
            Effect {
                what: rule.what.clone(),
                act: word(&rule.act),
                places: of.iter().map(|h| counts[*h]).sum(),
                values: of.len() as u64,
                example: example.map(|h| {
                    (
                        self.hidden[*h].value.clone(),
                        self.hidden[*h].replacement.clone(),
                    )
                }),
            }
        };
        rules.map(effect).collect()
    }

    /// The facts as they stand in the package.
    fn facts(&self, facts: &CaseFacts) -> CaseFacts {
        let mut veiled = facts.clone();
        veiled.name = self.owned(&facts.name);
        veiled.who = self.owned(&facts.who);
        for source in &mut veiled.sources {
            source.name = self.owned(&source.name);
            source.imported_by = source.imported_by.as_deref().map(|w| self.owned(w));
            for text in &mut source.header {
                *text = self.owned(text);
            }
            for warning in &mut source.warnings {
                warning.message = self.owned(&warning.message);
            }
        }
        for line in &mut veiled.custody {
            line.withheld =
                matches!(self.text(&line.entry), Cow::Owned(_)) || tells_hash_of_words(&line.entry);
        }
        for note in &mut veiled.notes {
            note.subject = match note.subject.split_once(':') {
                Some((what @ ("actor" | "record"), name)) => format!("{what}:{}", self.said(name)),
                _ => note.subject.clone(),
            };
            note.text = self.said(&note.text);
            note.who = self.owned(&note.who);
        }
        for (_, text) in &mut veiled.profiles {
            *text = self.owned(text);
        }
        for (_, content) in &mut veiled.rules {
            let changed = std::str::from_utf8(content).map(|t| self.owned(t).into_bytes());
            // Bytes that are no text could hold anything; they are left out.
            *content = changed.unwrap_or_default();
        }
        veiled
    }
}

/// A material with the policy over it.
pub(crate) struct Veiled<'m, 'p> {
    inner: &'m dyn Material,
    pub(crate) veil: Veil<'p>,
    facts: CaseFacts,
    counted: Cell<bool>,
}

impl<'m, 'p> Veiled<'m, 'p> {
    pub(crate) fn new(inner: &'m dyn Material, policy: &'p Policy, typed: &[&str]) -> Result<Self> {
        let veil = Veil::survey(inner, policy, typed)?;
        Ok(Self {
            facts: veil.facts(inner.facts()),
            inner,
            veil,
            counted: Cell::new(false),
        })
    }
}

impl Material for Veiled<'_, '_> {
    fn facts(&self) -> &CaseFacts {
        &self.facts
    }

    fn events(&self, each: &mut dyn FnMut(&Event) -> Result<()>) -> Result<()> {
        self.veil.counting.set(!self.counted.replace(true));
        let done = self
            .inner
            .events(&mut |event| each(&self.veil.event(event)));
        self.veil.counting.set(false);
        done
    }

    fn everybody(&self, each: &mut dyn FnMut(&Event) -> Result<()>) -> Result<()> {
        self.inner
            .everybody(&mut |event| each(&self.veil.event(event)))
    }

    fn raw(&self, place: &Locator, out: &mut Vec<u8>) -> Result<()> {
        self.inner.raw(place, out)
    }

    fn leaves(&self, source: u32, each: &mut dyn FnMut(Hash)) -> Result<()> {
        self.inner.leaves(source, each)
    }

    fn original(&self, source: u32, out: &mut dyn Write) -> Result<()> {
        self.inner.original(source, out)
    }

    fn progress(&self, progress: &Progress) -> Control {
        self.inner.progress(progress)
    }
}

/// An event in the case, and in the package.
pub type Pair = (Event, Event);

/// What a policy would do, before anything is written: by rule, and up to `most` changed events before and after.
///
/// # Errors
/// When the material cannot be read, or the policy hides too many values.
pub fn preview(
    material: &dyn Material,
    policy: &Policy,
    most: usize,
) -> Result<(Vec<Effect>, Vec<Pair>)> {
    let veil = Veil::survey(material, policy, &[])?;
    veil.counting.set(true);
    let mut examples: Vec<Pair> = Vec::new();
    // One example of each action, since the first events of a log often look alike.
    let mut shown: BTreeMap<String, ()> = BTreeMap::new();
    material.events(&mut |event| {
        let after = veil.event(event);
        let action = event.get(Field::EventAction).unwrap_or_default();
        if examples.len() < most && after != *event && shown.insert(action.to_owned(), ()).is_none()
        {
            examples.push((event.clone(), after));
        }
        Ok(())
    })?;
    Ok((veil.effects(), examples))
}
