//! From a path of a profile to a value of an entry.
//!
//! Owns: walking JSON, columns and named parts alike, JSON inside texts, transforms and conditions.
//! Never touches: what a field means.

use super::{
    leaves::IdentityKey,
    places::{Lookup, Places},
};
use crate::{
    entry::Cells,
    json::{JsonLimits, Kind, Tape, Value},
    profile::{
        Absent, Alternative, Condition, Expr, Profile, Source, Test, Transform,
        path::{Path, Step},
    },
};
use std::{borrow::Cow, cell::RefCell};

use witnessmark_model::Field;

/// A value somewhere in an entry.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Found<'e> {
    Json(Value<'e>),
    Text(&'e str),
}

/// What paths start at.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Root<'e> {
    Json(Value<'e>),
    Cells(Cells<'e>),
    Parts(&'e [(&'e str, &'e str)]),
}

/// Memory for the JSON that stands inside texts of one entry; each text is parsed once.
pub(crate) struct Nest<'e> {
    free: RefCell<std::slice::IterMut<'e, Tape>>,
    known: RefCell<Vec<(*const u8, usize, Option<Value<'e>>)>>,
}

/// Texts with JSON inside that one entry may have parsed; further ones stay text.
pub(crate) const NESTED: usize = 16;

impl<'e> Nest<'e> {
    pub(crate) fn new(tapes: &'e mut [Tape]) -> Self {
        Self {
            free: RefCell::new(tapes.iter_mut()),
            known: RefCell::new(Vec::new()),
        }
    }

    /// The JSON of a text, when it is an object or a list.
    pub(crate) fn parse(&self, text: &'e str) -> Option<Value<'e>> {
        if !text.trim_start().starts_with(['{', '[']) {
            return None;
        }
        let place = (text.as_ptr(), text.len());
        if let Some((_, _, value)) = self.known.borrow().iter().find(|k| (k.0, k.1) == place) {
            return *value;
        }
        let tape = self.free.borrow_mut().next()?;
        let value = tape.parse_str(text, &JsonLimits::default()).ok();
        self.known.borrow_mut().push((place.0, place.1, value));
        value
    }
}

/// A column and the number of steps that its name covers; absent when no column has the name.
pub(crate) type Place = Option<(usize, usize)>;

/// Where the paths of a profile end among the columns of a source, by path id.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    found: RefCell<Vec<Option<Place>>>,
    first: std::cell::Cell<Option<u32>>,
}

impl Columns {
    /// The column of a path and the number of steps that its name covers.
    #[inline]
    fn of(&self, path: &Path, header: &[String]) -> Place {
        let first = self.first.get().unwrap_or_else(|| {
            // Ids rise in the order of reading; nothing of this profile stands far below the first path asked for.
            let first = path.id.saturating_sub(4_096);
            self.first.set(Some(first));
            first
        });
        let Some(slot) = path
            .id
            .checked_sub(first)
            .map(|s| s as usize)
            .filter(|s| *s < 65_536)
        else {
            return column(path, header);
        };
        let mut found = self.found.borrow_mut();
        if slot >= found.len() {
            found.resize(slot + 1, None);
        }
        *found[slot].get_or_insert_with(|| column(path, header))
    }
}

/// Letters and digits in lower case: `Event type`, `event_type` and `Event-Type` are one name.
pub(crate) fn folded(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// The column of a path and the number of steps that its name covers, by looking through the header.
pub(crate) fn column(path: &Path, header: &[String]) -> Place {
    let keys: Vec<&str> = path
        .steps
        .iter()
        .map_while(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            _ => None,
        })
        .collect();
    (1..=keys.len()).rev().find_map(|n| {
        let name = keys[..n].join(".");
        let exact = header.iter().position(|h| h.trim() == name);
        let at = exact.or_else(|| {
            let name = folded(&name);
            header
                .iter()
                .position(|h| !name.is_empty() && folded(h) == name)
                // Portals put the zone of their times behind the name of the column.
                .or_else(|| {
                    let bare = |h: &String| h.trim().strip_suffix("[UTC]").map(folded);
                    let is = |h: &String| bare(h).is_some_and(|h| h == name && !name.is_empty());
                    header.iter().position(is)
                })
        })?;
        Some((at, n))
    })
}

/// Bytes of a text that a profile puts together.
const LONGEST_TEXT: usize = 1 << 16;

/// Everything that is needed to evaluate paths on one entry.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'e, 's> {
    pub(crate) root: Root<'e>,
    /// The entry, of which the root is a part where a collector wrapped it.
    pub(crate) whole: Root<'e>,
    pub(crate) element: Option<Found<'e>>,
    pub(crate) nest: &'s Nest<'e>,
    pub(crate) columns: &'s Columns,
    /// Words that mean nothing, such as `-`.
    pub(crate) absent: &'s Absent,
    /// Keys of the entry are compared as column names are.
    pub(crate) loose: bool,
    /// Some keys of the entry hold dots, so a path may be one key.
    pub(crate) flat: bool,
    /// Where paths lead in the document at hand; absent while a profile is only considered.
    pub(crate) places: Option<(&'s Places, &'s IdentityKey)>,
}

impl<'e, 's> Scope<'e, 's> {
    pub(crate) fn at(&self, element: Found<'e>) -> Self {
        Self {
            element: Some(element),
            ..*self
        }
    }

    /// Calls `visit` with each value at a path, until it says to stop.
    pub(crate) fn visit(&self, path: &Path, visit: &mut dyn FnMut(Found<'e>) -> bool) {
        if path.relative {
            if let Some(element) = self.element {
                self.walk(element, &path.steps, visit);
            }
            return;
        }
        match self.root {
            Root::Json(value) => {
                let mut any = false;
                let mut note = |found: Found<'e>| {
                    any = true;
                    visit(found)
                };
                let place = self
                    .places
                    .map(|(places, keys)| places.lookup(path, value, keys));
                match place {
                    Some(Lookup::Nowhere) => {}
                    Some(Lookup::Value(value, used)) => {
                        self.walk(Found::Json(value), &path.steps[used..], &mut note);
                    }
                    Some(Lookup::Unknown) | None => {
                        self.walk(Found::Json(value), &path.steps, &mut note);
                    }
                }
                if any {
                    return;
                }
                if self.flat
                    && let Some(keys) = path.keys()
                    && keys.len() > 1
                    && let Some(found) = value.get(&keys.join("."))
                {
                    visit(Found::Json(found));
                    return;
                }
                if self.loose
                    && let Some(Step::Key(first)) = path.steps.first()
                {
                    let name = folded(first);
                    if let Some((_, found)) = value.members().find(|(k, _)| folded(k) == name) {
                        self.walk(Found::Json(found), &path.steps[1..], visit);
                    }
                }
            }
            Root::Cells(cells) => {
                if let Some((index, used)) = self.columns.of(path, cells.header())
                    && let Some(text) = cells.get(index)
                {
                    self.walk(Found::Text(text), &path.steps[used..], visit);
                }
            }
            Root::Parts(parts) => {
                if let Some(Step::Key(name)) = path.steps.first()
                    && let Some((_, text)) = parts.iter().find(|(n, _)| n == name)
                {
                    self.walk(Found::Text(text), &path.steps[1..], visit);
                }
            }
        }
    }

    /// Whether two paths lead to the same place of a record: column names are compared without regard to case, so a rule
    /// for `targets` and one for `Targets` would both speak of one column.
    pub(crate) fn is_same_column(&self, a: &Path, b: &Path) -> bool {
        let Root::Cells(cells) = self.root else {
            return false;
        };
        let place = |path: &Path| self.columns.of(path, cells.header());
        match (place(a), place(b)) {
            (Some((one, used)), Some((other, skipped))) => {
                one == other && a.steps[used..] == b.steps[skipped..]
            }
            _ => false,
        }
    }

    fn walk(
        &self,
        from: Found<'e>,
        steps: &[Step],
        visit: &mut dyn FnMut(Found<'e>) -> bool,
    ) -> bool {
        let Some((step, rest)) = steps.split_first() else {
            return visit(from);
        };
        let value = match from {
            Found::Json(value) if value.kind() != Kind::String => value,
            Found::Json(value) => match value.text().and_then(|t| self.nest.parse(t)) {
                Some(value) => value,
                None => return false,
            },
            Found::Text(text) => match self.nest.parse(text) {
                Some(value) => value,
                None => return false,
            },
        };
        match step {
            Step::Key(key) => match value.kind() {
                Kind::Object => value
                    .get(key)
                    .is_some_and(|v| self.walk(Found::Json(v), rest, visit)),
                // A key asked of a list is asked of its elements.
                Kind::Array => value
                    .items()
                    .any(|item| self.walk(Found::Json(item), steps, visit)),
                _ => false,
            },
            Step::Index(n) => value
                .items()
                .nth(*n)
                .is_some_and(|v| self.walk(Found::Json(v), rest, visit)),
            Step::Each => value
                .items()
                .any(|v| self.walk(Found::Json(v), rest, visit)),
            Step::Where(key, wanted) => value.items().any(|v| {
                v.get(key).and_then(|k| k.text()) == Some(wanted)
                    && self.walk(Found::Json(v), rest, visit)
            }),
        }
    }

    /// The elements that a rule walks: those of each list at the path, or the values there themselves.
    pub(crate) fn elements(&self, path: &Path) -> Vec<Found<'e>> {
        let mut out = Vec::new();
        self.visit(path, &mut |found| {
            let list = match found {
                Found::Json(value) if value.kind() == Kind::Array => Some(value),
                Found::Json(value) if value.kind() == Kind::String => {
                    value.text().and_then(|t| self.nest.parse(t))
                }
                Found::Text(text) => self.nest.parse(text),
                Found::Json(_) => None,
            };
            match list {
                Some(list) if list.kind() == Kind::Array => {
                    out.extend(list.items().map(Found::Json));
                }
                Some(value) => out.push(Found::Json(value)),
                None => out.push(found),
            }
            false
        });
        out
    }

    /// The text of a value; absent for nothing, for blanks, and for the words that mean nothing.
    pub(crate) fn text(&self, found: Found<'e>) -> Option<Cow<'e, str>> {
        let text = match found {
            Found::Text(text) => Cow::Borrowed(text),
            Found::Json(value) => match value.text() {
                Some(text) => Cow::Borrowed(text),
                None => {
                    let plain: Option<Vec<&str>> = value.items().map(|item| item.text()).collect();
                    match value.kind() {
                        Kind::Array if value.items().next().is_none() => return None,
                        Kind::Object if value.members().next().is_none() => return None,
                        Kind::Array => match plain {
                            Some(list) => Cow::Owned(list.join(",")),
                            None => Cow::Owned(value.compact()),
                        },
                        Kind::Object => Cow::Owned(value.compact()),
                        _ => return None,
                    }
                }
            },
        };
        let trimmed = trimmed(&text);
        if trimmed.is_empty() || self.absent.has(trimmed) {
            return None;
        }
        if trimmed.len() == text.len() {
            return Some(text);
        }
        Some(match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
            Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
        })
    }

    /// The first value at a path that has a text.
    pub(crate) fn first(&self, path: &Path) -> Option<Cow<'e, str>> {
        // The ways of nearly all values, without the generality of a visit.
        match self.root {
            Root::Cells(cells) if !path.relative => {
                let (index, used) = self.columns.of(path, cells.header())?;
                if used == path.steps.len() {
                    return self.text(Found::Text(cells.get(index)?));
                }
            }
            Root::Json(root) if !path.relative => {
                if let Some((places, keys)) = self.places {
                    match places.lookup(path, root, keys) {
                        Lookup::Value(value, used) if used == path.steps.len() => {
                            return self.text(Found::Json(value));
                        }
                        Lookup::Nowhere if !self.flat && !self.loose => return None,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        if let Some(both) = self.twins(path) {
            return Some(both);
        }
        let mut out = None;
        self.visit(path, &mut |found| {
            out = self.text(found);
            out.is_some()
        });
        out
    }

    /// Where a key stands twice on the way, every text that it leads to, one after the other: which of them the exporter
    /// meant cannot be known, and showing one would hide the other.
    fn twins(&self, path: &Path) -> Option<Cow<'e, str>> {
        let start = match (path.relative, self.element, self.root) {
            (true, Some(Found::Json(value)), _) | (false, _, Root::Json(value)) => value,
            _ => return None,
        };
        if !start.duplicate_key() {
            return None;
        }
        let mut at = vec![start];
        for step in &path.steps {
            let Step::Key(key) = step else { return None };
            at = at
                .iter()
                .flat_map(|value| value.members().filter(|(name, _)| name == key))
                .map(|(_, value)| value)
                .collect();
        }
        let mut texts: Vec<Cow<'e, str>> = Vec::new();
        for text in at.into_iter().filter_map(|v| self.text(Found::Json(v))) {
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        (texts.len() > 1).then(|| Cow::Owned(texts.join(" | ")))
    }

    pub(crate) fn holds(&self, condition: &Condition) -> bool {
        let value = self.first(&condition.path);
        match (&condition.test, value) {
            (Test::Present(wanted), value) => value.is_some() == *wanted,
            (Test::Is(words), Some(value)) => {
                let lower = value.to_lowercase();
                words.contains(&lower)
            }
            (Test::Matches(regex), Some(value)) => regex.is_match(&value),
            (Test::Is(_) | Test::Matches(_), None) => false,
        }
    }

    /// How another program wrote down and read the time of an event, where this profile reads what it made.
    pub(crate) fn told_of_time(&self, profile: &Profile) -> [Option<Cow<'e, str>>; 2] {
        [Field::EventOriginalTime, Field::EventZone].map(|of| {
            let mut fields = profile.fields.iter().filter(|_| profile.converted);
            let (_, expr) = fields.find(|(field, _)| *field == of)?;
            self.eval(expr)
        })
    }

    pub(crate) fn eval(&self, expr: &Expr) -> Option<Cow<'e, str>> {
        expr.0.iter().find_map(|alternative| self.one(alternative))
    }

    pub(crate) fn one(&self, alternative: &Alternative) -> Option<Cow<'e, str>> {
        if let Some(condition) = &alternative.when
            && !self.holds(condition)
        {
            return None;
        }
        let mut value = match &alternative.source {
            Source::Path(path) => self.first(path)?,
            Source::Text(template) => {
                let mut out = String::new();
                for (literal, path) in &template.parts {
                    out.push_str(literal);
                    if let Some(path) = path {
                        out.push_str(&self.first(path)?);
                    }
                    // A few long values put together many times would be more than a machine can hold.
                    if out.len() > LONGEST_TEXT {
                        let end = (0..=LONGEST_TEXT)
                            .rev()
                            .find(|at| out.is_char_boundary(*at));
                        out.truncate(end.unwrap_or(0));
                        break;
                    }
                }
                Cow::Owned(out)
            }
        };
        for step in &alternative.steps {
            value = transform(step, value)?;
        }
        (!trimmed(&value).is_empty()).then_some(value)
    }
}

/// The text without blanks around it; most texts have none, which their first and last byte tell.
fn trimmed(text: &str) -> &str {
    match text.as_bytes() {
        [b'!'..=b'~'] | [b'!'..=b'~', .., b'!'..=b'~'] => text,
        _ => text.trim(),
    }
}

fn transform<'e>(step: &Transform, value: Cow<'e, str>) -> Option<Cow<'e, str>> {
    Some(match step {
        Transform::Lower => Cow::Owned(value.to_lowercase()),
        Transform::Split(at, take) => {
            Cow::Owned(value.split(at.as_str()).nth(*take)?.trim().to_owned())
        }
        Transform::Capture(regex) => {
            let groups = regex.captures(&value)?;
            let group = groups.iter().skip(1).flatten().next()?;
            Cow::Owned(group.as_str().trim().to_owned())
        }
        Transform::Map(map, strict) => {
            let known = map.get(value.as_ref()).or_else(|| {
                let lower = value.to_lowercase();
                map.iter()
                    .find(|(k, _)| k.to_lowercase() == lower)
                    .map(|(_, v)| v)
            });
            match known {
                Some(word) => Cow::Owned(word.clone()),
                None if *strict => return None,
                None => value,
            }
        }
        Transform::Unwrap => unwrapped(&value).map_or(value, Cow::Owned),
    })
}

/// The text inside JSON text: `"a"` and `["a"]` give `a`; anything else stays as it is.
pub(crate) fn unwrapped(text: &str) -> Option<String> {
    if !text.starts_with(['"', '[']) {
        return None;
    }
    let mut tape = Tape::new();
    let value = tape.parse_str(text, &JsonLimits::default()).ok()?;
    match value.kind() {
        Kind::String => value.text().map(str::to_owned),
        Kind::Array => {
            let all: Option<Vec<&str>> = value.items().map(|item| item.text()).collect();
            all.map(|list| list.join(", "))
        }
        _ => None,
    }
}
