//! The policy at work: every value that a rule catches found first, then replaced wherever it stands.
//!
//! Owns: the survey, tokens, salted commitments, the record. Never touches: files. Two passes, because a value that is
//! caught in the last event must be replaced in the first one too.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::Write;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use witnessmark_model::{Change, Event, Field, Locator, Target, Zone};

use super::find::Values;
use super::people::People;
use super::policy::{Act, Policy};
use super::survey::{Surveyed, survey};
use crate::error::Result;
use crate::json::canonical;
use crate::material::{CaseFacts, Control, Material, Progress};
use crate::reviewed::ReviewFacts;
use crate::tree::Hash;

/// Longer values are replaced in the field that a rule names, and not looked for elsewhere: they are whole texts.
pub(super) const SEARCHED: usize = 200;
/// What stands for a word of a hidden value.
const BLOT: &str = "••••••";
/// Crockford's base 32: no letter that is read as another.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Fields whose words are ours or the policy's business never: looking for names in them would only break them.
const OURS: &[Field] = &[
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

/// Whether a field of an event is in our own words. The text of a time that was read is a time, and digits of it may look like
/// a card; one that could not be read is whatever stood in its cell.
fn ours(event: &Event, field: Field, value: &str) -> bool {
    match field {
        Field::EventOriginalTime => event.time.is_some(),
        Field::EventZone => Zone::parse(value).is_some(),
        field => OURS.contains(&field),
    }
}

/// Every text of an event that is not in our own words.
pub(super) fn texts(event: &Event) -> impl Iterator<Item = &str> {
    let single = event
        .fields
        .iter()
        .filter(|(f, v)| !ours(event, *f, v))
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
    let judged = facts.review.iter().flat_map(|r| &r.findings).flat_map(|f| {
        let verdict = f.verdict.iter().flat_map(|v| [&v.note, &v.who]);
        let hidden = f.suppressed.iter().flat_map(|s| [&s.reason, &s.who]);
        let own = [&f.sentence, &f.title].into_iter().chain(&f.actor);
        own.chain(verdict).chain(hidden).map(String::as_str)
    });
    sources
        .chain(custody)
        .chain(notes)
        .chain(judged)
        .chain([facts.name.as_str()])
}

/// Parts of a custody entry that hold what a person typed or how a file was called.
const TYPED: &[&str] = &[
    "asked", "filter", "label", "name", "note", "query", "reason", "seed", "sql", "subject",
    "text", "title", "value", "values",
];

/// Whether an entry of the custody log holds the hash of what a person said, by which somebody could confirm a guess.
fn tells_hash_of_words(entry: &Value) -> bool {
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
        let Surveyed {
            values: found,
            words,
        } = survey(material, policy, typed)?;
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
    pub(crate) fn said(&self, text: &str) -> String {
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
            if ours(event, *field, value) {
                continue;
            }
            if let Cow::Owned(other) = self.text(value) {
                // A cell that should be a time and holds somebody's address holds nothing else that is worth keeping.
                *value = match field {
                    Field::EventOriginalTime | Field::EventZone => BLOT.to_owned(),
                    _ => other,
                };
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

    /// Whether what a person typed, as an entry of the custody log tells it, holds a word of a hidden value.
    fn in_typed(&self, value: &Value, typed: bool) -> bool {
        match value {
            Value::String(text) => typed && self.said(text) != *text,
            Value::Array(all) => all.iter().any(|v| self.in_typed(v, typed)),
            Value::Object(members) => members
                .iter()
                .any(|(key, v)| self.in_typed(v, typed || TYPED.contains(&key.as_str()))),
            _ => false,
        }
    }

    /// What stands for the id of a finding: the id is a hash of who is accused, by which a guess could be confirmed.
    fn finding(&self, id: &str) -> String {
        let keyed = keyed(&self.secret, &[b"finding\0", id.as_bytes()]);
        format!("R-{}", hex::encode(&keyed[..6]))
    }

    /// What detections found and persons said of it. Sentences are made of values and of our own words; what a person wrote
    /// may say half of a name.
    fn review(&self, review: &mut ReviewFacts) {
        let owned = |text: &mut String| *text = self.owned(text);
        for finding in &mut review.findings {
            finding.id = self.finding(&finding.id);
            owned(&mut finding.sentence);
            owned(&mut finding.title);
            finding.actor.iter_mut().for_each(owned);
            finding.usual.iter_mut().for_each(owned);
            let lists = [&mut finding.would_change, &mut finding.cannot_show];
            lists.into_iter().flatten().for_each(owned);
            if let Some(verdict) = &mut finding.verdict {
                verdict.note = self.said(&verdict.note);
                owned(&mut verdict.who);
            }
            if let Some(hidden) = &mut finding.suppressed {
                hidden.reason = self.said(&hidden.reason);
                owned(&mut hidden.who);
            }
        }
        for detection in &mut review.detections {
            for untold in &mut detection.not_evaluated {
                untold.log.iter_mut().for_each(owned);
                owned(&mut untold.reason);
            }
        }
        for rule in &mut review.rules_not_run {
            owned(&mut rule.id);
            owned(&mut rule.reason);
        }
    }

    /// The facts as they stand in the package.
    fn facts(&self, facts: &CaseFacts) -> CaseFacts {
        let mut veiled = facts.clone();
        veiled.name = self.said(&facts.name);
        veiled.who = self.owned(&facts.who);
        for source in &mut veiled.sources {
            source.name = self.said(&source.name);
            source.imported_by = source.imported_by.as_deref().map(|w| self.owned(w));
            for text in &mut source.header {
                *text = self.owned(text);
            }
            for warning in &mut source.warnings {
                warning.message = self.said(&warning.message);
            }
        }
        for line in &mut veiled.custody {
            let entry = serde_json::from_str(&line.entry).unwrap_or(Value::Null);
            line.withheld = matches!(self.text(&line.entry), Cow::Owned(_))
                || tells_hash_of_words(&entry)
                || self.in_typed(&entry["detail"], false);
        }
        for note in &mut veiled.notes {
            note.subject = match note.subject.split_once(':') {
                Some((what @ ("actor" | "record"), name)) => format!("{what}:{}", self.said(name)),
                Some(("finding", id)) => format!("finding:{}", self.finding(id)),
                _ => note.subject.clone(),
            };
            note.text = self.said(&note.text);
            note.who = self.owned(&note.who);
        }
        if let Some(review) = &mut veiled.review {
            self.review(review);
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
