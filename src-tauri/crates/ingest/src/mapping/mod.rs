//! From an entry to rows of a batch, as a profile says.
//!
//! Owns: applying a profile, the fields that every row has, identity, flags. Never touches: how entries are found, how a
//! profile is chosen (`recognise`), where rows are written.

mod cells;
mod changes;
mod leaves;
mod line;
mod memo;
mod places;
mod plan;
mod row;
mod sip;
mod values;
pub(crate) mod walk;

pub use leaves::IdentityKey;
pub(crate) use line::cut as cut_line;
pub use plan::{Plan, Planned};
pub(crate) use values::address as address_of;

/// Client and operating system of a user agent, as an event is stored with them.
#[must_use]
pub fn client_and_system(agent: &str) -> (Option<&'static str>, Option<&'static str>) {
    (values::agent_name(agent), values::agent_os(agent))
}

use crate::{
    entry::{Entry, EntryValue, Flags},
    json::{Kind, Tape},
    profile::Profile,
};
use leaves::Content;
use row::{Compiled, RowWriter};
use sip::Seeded;
use std::sync::Arc;
use walk::{NESTED, Nest, Root, Scope};
use witnessmark_model::{Batch, Field, Flag, Instant, Locator, RejectCode};

/// Maps the entries of one source.
#[derive(Debug)]
pub struct Mapper {
    plan: Plan,
    keys: IdentityKey,
    now: Instant,
    compiled: Vec<Compiled>,
    tapes: Vec<Tape>,
    columns: Vec<Seeded>,
    strangers: u32,
    /// What it knew when it was forked.
    forked: Learnt,
}

/// What entries to come are read by, beside the plan: how many profiles are at hand, and whether others are looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Learnt {
    profiles: usize,
    patient: bool,
}

/// After so many entries in a row that no profile knows, the rest of the library is not asked any more.
const PATIENCE: u32 = 1_000;

impl Mapper {
    /// A mapper for one source; `now` is the moment of import, for the plausibility of times.
    #[must_use]
    pub fn new(plan: Plan, keys: IdentityKey, now: Instant) -> Self {
        let compiled = plan
            .planned
            .iter()
            .map(|planned| Compiled::new(planned, now, &keys))
            .collect();
        Self {
            compiled,
            ..Self::bare(plan, keys, now)
        }
    }

    fn bare(plan: Plan, keys: IdentityKey, now: Instant) -> Self {
        Self {
            plan,
            keys,
            now,
            compiled: Vec::new(),
            tapes: (0..NESTED).map(|_| Tape::new()).collect(),
            columns: Vec::new(),
            strangers: 0,
            forked: Learnt::default(),
        }
    }

    /// What it knows now; absent in the middle of a row of entries that no profile knows.
    fn learnt(&self) -> Option<Learnt> {
        let learnt = |patient| Learnt {
            profiles: self.compiled.len(),
            patient,
        };
        match self.strangers {
            0 => Some(learnt(true)),
            PATIENCE.. => Some(learnt(false)),
            _ => None,
        }
    }

    /// A mapper that gives for the next entries what this one would; absent in the middle of a row of entries that no
    /// profile knows, whose length decides how the next is read.
    #[must_use]
    pub fn fork(&self) -> Option<Self> {
        let forked = self.learnt()?;
        let compiled = self.compiled.iter().map(|c| c.anew(&self.keys));
        let plan = self.plan.clone();
        Some(Self {
            compiled: compiled.collect(),
            strangers: self.strangers,
            forked,
            ..Self::bare(plan, self.keys, self.now)
        })
    }

    /// Whether the entries that came since it was forked changed nothing for those to come.
    #[must_use]
    pub fn is_as_forked(&self) -> bool {
        self.learnt() == Some(self.forked)
    }

    /// The profiles that read at least one entry so far or stand in the plan, such as `paymongo@1`.
    #[must_use]
    pub fn profiles(&self) -> Vec<String> {
        self.compiled.iter().map(|c| c.name.clone()).collect()
    }

    /// The very texts of these profiles: name, text.
    #[must_use]
    pub fn texts(&self) -> Vec<(String, String)> {
        let read_by = self.compiled.iter();
        read_by
            .map(|c| (c.name.clone(), c.profile.text.clone()))
            .collect()
    }

    /// Adds the rows of an entry to the batch.
    ///
    /// # Errors
    /// With a code and a reason when the entry holds no event; the batch is then as it was.
    pub fn map(
        &mut self,
        entry: &Entry<'_>,
        batch: &mut Batch,
    ) -> Result<(), (RejectCode, String)> {
        if let EntryValue::Json(value) = entry.value
            && !value.is_object()
        {
            let kind = match value.kind() {
                Kind::Array => "a list",
                Kind::Null => "null",
                _ => "a single value",
            };
            return Err((
                RejectCode::NotAnObject,
                format!("the entry is {kind}, not an object"),
            ));
        }
        let mut parts = Vec::new();
        let Self {
            plan,
            keys,
            now,
            compiled,
            tapes,
            columns: known_columns,
            strangers,
            ..
        } = self;
        if batch.rows.is_empty() {
            for compiled in compiled.iter_mut() {
                compiled.memos.turn();
                compiled.known.turn();
            }
        }
        let nest = Nest::new(tapes);
        let chosen = choose(plan, compiled, &nest, &entry.value, (*now, keys), strangers);
        let Some(compiled) = chosen.and_then(|n| compiled.get_mut(n)) else {
            opaque(plan, keys, entry, known_columns, batch);
            return Ok(());
        };
        let profile = Arc::clone(&compiled.profile);
        let root = match entry.value {
            EntryValue::Json(value) => Root::Json(value),
            EntryValue::Cells(cells) => Root::Cells(cells),
            EntryValue::Line(text) if plan.inner.is_some() && !compiled.guessed => {
                let Some(inside) = crate::recognise::in_line(text, &nest) else {
                    opaque(plan, keys, entry, known_columns, batch);
                    return Ok(());
                };
                inside
            }
            EntryValue::Line(text) => {
                let cut = profile
                    .line
                    .as_ref()
                    .and_then(|rule| line::cut(rule, text, &mut parts));
                if cut.is_none() {
                    opaque(plan, keys, entry, known_columns, batch);
                    return Ok(());
                }
                Root::Parts(&parts)
            }
        };
        let whole = root;
        let is_line = matches!(entry.value, EntryValue::Line(_));
        let root = match &plan.inner {
            // The guess was made of entries as they are.
            Some(path) if !compiled.guessed && !is_line => {
                crate::recognise::unwrapped(root, path, &nest)
            }
            _ => root,
        };
        let Compiled {
            clock,
            columns,
            memos,
            places,
            known,
            name,
            ..
        } = compiled;
        places.turn();
        let alone = plan.inner.is_none() && profile.explode.is_none();
        let known = match entry.value {
            EntryValue::Cells(cells) if alone => {
                known.bind_columns(&profile, cells.header());
                Some(known)
            }
            EntryValue::Json(_) if alone => {
                known.bind_places(&profile, places, keys);
                Some(known)
            }
            _ => None,
        };
        let scope = Scope {
            root,
            whole,
            element: None,
            nest: &nest,
            columns,
            absent: &profile.absent,
            loose: profile.loose,
            flat: plan.flat,
            // Places are those of the whole entry.
            places: plan.inner.is_none().then_some((&*places, &*keys)),
        };
        let mut row = RowWriter {
            profile: &profile,
            name,
            labels: &plan.labels,
            keys,
            clock,
            memos,
            known,
            columns: known_columns,
            entry,
            batch,
            present: 0,
        };
        match &profile.explode {
            Some(path) => {
                let elements = scope.elements(path);
                if elements.is_empty() {
                    row.write(&scope, 1, None);
                }
                let exploded = path.keys().and_then(|keys| keys.first().copied());
                for (i, element) in elements.into_iter().enumerate() {
                    row.write(&scope.at(element), i as u32 + 1, exploded);
                }
            }
            None => row.write(&scope, 1, None),
        }
        Ok(())
    }
}

/// The number of the compiled profile that reads an entry. A source is split by entry: what the first profile does not
/// know, another may, also one of which the sample held nothing.
fn choose<'e>(
    plan: &Plan,
    compiled: &mut Vec<Compiled>,
    nest: &Nest<'e>,
    value: &EntryValue<'e>,
    (now, keys): (Instant, &IdentityKey),
    strangers: &mut u32,
) -> Option<usize> {
    let root = match (value, &plan.inner) {
        (EntryValue::Json(value), None) => Root::Json(*value),
        (EntryValue::Json(value), Some(path)) => {
            crate::recognise::unwrapped(Root::Json(*value), path, nest)
        }
        // A table of one log has one shape; one whose cells hold entries may hold those of several.
        (EntryValue::Cells(cells), Some(path)) => {
            crate::recognise::unwrapped(Root::Cells(*cells), path, nest)
        }
        (EntryValue::Line(text), Some(_)) => match crate::recognise::in_line(text, nest) {
            Some(inside) => inside,
            None => return compiled.iter().position(|c| c.guessed),
        },
        _ => return (!compiled.is_empty()).then_some(0),
    };
    let fitness = |profile: &Profile| crate::recognise::fitness(profile, root, nest, plan.flat);
    if plan.fixed {
        return (!compiled.is_empty()).then_some(0);
    }
    let mut known = (0..compiled.len()).filter(|n| !compiled[*n].guessed);
    let known = match (known.next(), known.next()) {
        (Some(only), None) => {
            let fits = crate::recognise::fits(&compiled[only].profile, root, nest, plan.flat);
            fits.then_some(only)
        }
        _ => best(
            (0..compiled.len())
                .filter(|n| !compiled[*n].guessed)
                .map(|n| (n, fitness(&compiled[n].profile))),
        ),
    };
    if known.is_some() {
        *strangers = 0;
        return known;
    }
    if *strangers < PATIENCE {
        *strangers += 1;
        let profiles = plan.library.profiles();
        let other = best(
            (0..profiles.len())
                .filter(|n| !compiled.iter().any(|c| c.profile.id == profiles[*n].id))
                .map(|n| (n, fitness(&profiles[n]))),
        );
        if let Some(profile) = other.map(|n| &profiles[n]) {
            let zone = crate::recognise::zone(profile, root, nest, plan.flat);
            let planned = Planned::of(Arc::clone(profile), zone, plan.zone, plan.order);
            compiled.push(Compiled::new(&planned, now, keys));
            *strangers = 0;
            return Some(compiled.len() - 1);
        }
    }
    // An entry without the keys that tell its log may still be of the log that the rest is of, where it looks
    // like it; in a mixture it is not known of which.
    let mut known = (0..compiled.len()).filter(|n| !compiled[*n].guessed);
    if let (Some(only), None) = (known.next(), known.next())
        && plan.planned.iter().any(|p| !p.guessed)
        && crate::recognise::is_kin(&compiled[only].profile, root, nest, plan.flat)
    {
        return Some(only);
    }
    compiled.iter().position(|c| c.guessed)
}

/// The number with the greatest fitness above nothing; the first of equal ones.
fn best(found: impl Iterator<Item = (usize, f64)>) -> Option<usize> {
    found
        .filter(|(_, fitness)| *fitness > 0.0)
        .fold(None, |best: Option<(usize, f64)>, one| match best {
            Some(best) if best.1 >= one.1 => Some(best),
            _ => Some(one),
        })
        .map(|(n, _)| n)
}

/// `success`, `failure` or `unknown` for a word that every vendor uses.
pub(crate) fn outcome_of(word: &str) -> &'static str {
    values::outcome(word, &crate::profile::OutcomeWords::default())
}

/// Keeps an entry that nothing knows: its text is the message where it is a line.
fn opaque(
    plan: &Plan,
    keys: &IdentityKey,
    entry: &Entry<'_>,
    columns: &mut Vec<Seeded>,
    batch: &mut Batch,
) {
    let mut content = Content::new(keys);
    let root = match entry.value {
        EntryValue::Json(value) => Root::Json(value),
        EntryValue::Cells(cells) => Root::Cells(cells),
        EntryValue::Line(text) => {
            batch.push(Field::Message, 0, text);
            Root::Parts(&[("line", text)])
        }
    };
    content.root(&root, columns, None, None, None);
    for (field, value) in &plan.labels {
        batch.push(*field, 0, value);
    }
    batch.push(Field::Profile, 0, "opaque@1");
    let flags = entry
        .flags
        .union(content.flags)
        .union(Flags::of(Flag::Opaque));
    for (i, flag) in flags.iter().enumerate() {
        batch.push(Field::Problems, i as u16, flag.code());
    }
    batch.end_row(None, locator(entry, 1), content.sum, 0);
}

fn locator(entry: &Entry<'_>, part: u32) -> Locator {
    Locator {
        source: 0,
        entry: entry.number,
        part,
        line: entry.line,
        offset: entry.offset,
        length: entry.raw.len() as u64,
    }
}

#[cfg(test)]
mod tests;
