//! Which profile reads a source, how sure that is, and what must be asked first.
//!
//! Owns: candidates with reasons, the plan. Never touches: the profiles' content, the readers.

use crate::{
    entry::{Entry, EntryValue},
    guess,
    json::Tape,
    mapping::{
        Plan, Planned,
        walk::{Columns, Found, NESTED, Nest, Root, Scope},
    },
    options::{Options, Question},
    profile::{Absent, Library, LineCut, Profile, Shape, ShapeRule, ShapeZone, path::Path},
    times::{Format, Survey, ZoneBasis, survey},
};
use std::sync::Arc;
use witnessmark_model::{Field, Group};

pub use crate::guess::FoundField;

/// Below this a profile is not offered.
const OFFERED: f64 = 0.3;
/// Keys that are tried as wrappers.
const MOST_WRAPPERS: usize = 24;
/// Below this a profile is not taken without a person's word.
const TAKEN: f64 = 0.5;

/// A profile that may fit.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Id and version, such as `paymongo@1`.
    pub profile: String,
    /// From 0 to 1.
    pub confidence: f64,
    /// Why, in one sentence.
    pub reason: String,
}

fn scope<'e, 's>(
    root: Root<'e>,
    profile: &'s Profile,
    nest: &'s Nest<'e>,
    columns: &'s Columns,
    flat: bool,
) -> Scope<'e, 's> {
    Scope {
        root,
        element: None,
        whole: root,
        nest,
        columns,
        absent: &profile.absent,
        loose: profile.loose,
        flat,
        places: None,
    }
}

/// The numbers of the entries that no chosen profile fits; where one alone was chosen, not those that may be of
/// its log.
fn unclaimed(
    sample: &[Entry<'_>],
    chosen: &[Arc<Profile>],
    inner: Option<&Path>,
    flat: bool,
) -> Vec<usize> {
    let mut tapes: Vec<Tape> = (0..NESTED).map(|_| Tape::new()).collect();
    let mut claims = |entry: &Entry<'_>, profile: &Profile| {
        with_root(entry, profile, inner, &mut tapes, |root, nest| {
            fits(profile, root, nest, flat)
                || chosen.len() == 1 && is_kin(profile, root, nest, flat)
        })
    };
    (0..sample.len())
        .filter(|n| {
            let entry = &sample[*n];
            let event = match entry.value {
                EntryValue::Json(value) => value.is_object(),
                EntryValue::Cells(_) | EntryValue::Line(_) => true,
            };
            event
                && !chosen
                    .iter()
                    .any(|profile| claims(entry, profile) == Some(true))
        })
        .collect()
}

fn shape_of(root: &Root<'_>) -> Shape {
    match root {
        Root::Json(_) => Shape::Json,
        Root::Cells(_) => Shape::Csv,
        Root::Parts(_) => Shape::Line,
    }
}

/// Whether a path leads to anything in an entry, also to null; for columns, whether there is such a column.
fn there(scope: &Scope<'_, '_>, path: &Path) -> bool {
    let mut found = false;
    scope.visit(path, &mut |_| {
        found = true;
        true
    });
    found
}

fn required(rule: &ShapeRule, scope: &Scope<'_, '_>) -> bool {
    rule.required.iter().all(|p| there(scope, p))
        && !rule.none.iter().any(|p| there(scope, p))
        && rule.values.iter().all(|(path, pattern)| {
            let mut any = false;
            let mut fits = false;
            scope.visit(path, &mut |found: Found<'_>| {
                if let Some(text) = scope.text(found) {
                    any = true;
                    fits = pattern.is_match(&text);
                }
                fits
            });
            fits || (!any && there(scope, path))
        })
}

/// Whether an entry shows what its profile requires.
pub(crate) fn fits<'e>(profile: &Profile, root: Root<'e>, nest: &Nest<'e>, flat: bool) -> bool {
    let columns = Columns::default();
    let scope = scope(root, profile, nest, &columns, flat);
    profile
        .shapes
        .iter()
        .any(|rule| rule.shape == shape_of(&root) && required(rule, &scope))
}

/// The zone of the first shape that an entry has, where that shape has one of its own.
pub(crate) fn zone<'e>(
    profile: &Profile,
    root: Root<'e>,
    nest: &Nest<'e>,
    flat: bool,
) -> Option<ShapeZone> {
    let columns = Columns::default();
    let scope = scope(root, profile, nest, &columns, flat);
    let shape = shape_of(&root);
    let mut rules = profile.shapes.iter().filter(|rule| rule.shape == shape);
    rules.find(|rule| required(rule, &scope))?.zone
}

/// Whether an entry that lacks what its profile requires may be of its log all the same: it has a time where the profile
/// looks for one, or a third of the keys that tell the log.
pub(crate) fn is_kin<'e>(profile: &Profile, root: Root<'e>, nest: &Nest<'e>, flat: bool) -> bool {
    let columns = Columns::default();
    let scope = scope(root, profile, nest, &columns, flat);
    let shape = shape_of(&root);
    let shows = |rule: &ShapeRule| {
        let all = || rule.required.iter().chain(&rule.any);
        let found = all().filter(|path| there(&scope, path)).count();
        rule.shape == shape && found >= 2 && found * 3 >= all().count()
    };
    scope.eval(&profile.time.value).is_some() || profile.shapes.iter().any(shows)
}

/// How well an entry fits a profile, from 0 to 1; 0 when it does not show what the profile requires, or too little of it
/// to be taken without a person's word.
pub(crate) fn fitness<'e>(profile: &Profile, root: Root<'e>, nest: &Nest<'e>, flat: bool) -> f64 {
    let found = score(profile, root, nest, &Columns::default(), flat);
    if found < TAKEN { 0.0 } else { found }
}

/// What stands under a wrapper, where it holds an object; else the entry itself.
pub(crate) fn unwrapped<'e>(root: Root<'e>, path: &Path, nest: &Nest<'e>) -> Root<'e> {
    let columns = Columns::default();
    let scope = Scope {
        root,
        element: None,
        whole: root,
        nest,
        columns: &columns,
        absent: &Absent::default(),
        loose: false,
        flat: false,
        places: None,
    };
    let mut inside = None;
    scope.visit(path, &mut |found| {
        inside = match found {
            Found::Json(value) if value.is_object() => Some(value),
            Found::Json(value) => value.text().and_then(|t| nest.parse(t)),
            Found::Text(text) => nest.parse(text),
        }
        .filter(|value| value.is_object());
        inside.is_some()
    });
    inside.map_or(root, Root::Json)
}

/// The object at the end of a line, behind what syslog or a container puts before it.
pub(crate) fn in_line<'e>(text: &'e str, nest: &Nest<'e>) -> Option<Root<'e>> {
    let value = guess::json_in_line(text).and_then(|json| nest.parse(json))?;
    value.is_object().then_some(Root::Json(value))
}

/// How well one entry fits a profile, from 0 to 1, with the share of further keys.
fn score<'e>(
    profile: &Profile,
    root: Root<'e>,
    nest: &Nest<'e>,
    columns: &Columns,
    flat: bool,
) -> f64 {
    let scope = scope(root, profile, nest, columns, flat);
    profile
        .shapes
        .iter()
        .filter(|rule| rule.shape == shape_of(&root) && required(rule, &scope))
        .map(|rule| {
            let any = rule.any.iter().filter(|p| there(&scope, p)).count();
            let share = if rule.any.is_empty() {
                1.0
            } else {
                any as f64 / rule.any.len() as f64
            };
            rule.confidence * (0.6 + 0.4 * share.min(1.0))
        })
        .fold(0.0, f64::max)
}

/// One entry of the sample as a root; lines fall into parts by the profile's own rule.
fn with_root<T>(
    entry: &Entry<'_>,
    profile: &Profile,
    inner: Option<&Path>,
    tapes: &mut [Tape],
    use_root: impl for<'e> FnOnce(Root<'e>, &Nest<'e>) -> T,
) -> Option<T> {
    let nest = Nest::new(tapes);
    let mut parts = Vec::new();
    let root = match entry.value {
        EntryValue::Json(value) if value.is_object() => Root::Json(value),
        EntryValue::Json(_) => return None,
        EntryValue::Cells(cells) => Root::Cells(cells),
        EntryValue::Line(text) if inner.is_some() => {
            return Some(use_root(in_line(text, &nest)?, &nest));
        }
        EntryValue::Line(text) => {
            crate::mapping::cut_line(profile.line.as_ref()?, text, &mut parts)?;
            Root::Parts(&parts)
        }
    };
    let root = inner.map_or(root, |path| unwrapped(root, path, &nest));
    Some(use_root(root, &nest))
}

fn is_flat(sample: &[Entry<'_>]) -> bool {
    sample.iter().any(|entry| match entry.value {
        EntryValue::Json(value) => value.members().any(|(key, _)| key.contains('.')),
        _ => false,
    })
}

/// Every profile that may fit, best first.
#[must_use]
pub fn candidates(sample: &[Entry<'_>], library: &Library) -> Vec<Candidate> {
    best_view(sample, library)
        .1
        .into_iter()
        .map(|s| Candidate {
            reason: reason(&s, sample.len()),
            profile: s.profile.name(),
            confidence: s.confidence,
        })
        .collect()
}

fn reason(s: &Scored, of: usize) -> String {
    format!(
        "{} of {of} sampled entries show what {} requires",
        s.entries, s.profile.title
    )
}

/// A first draft of a profile for a log that nobody described, with the reason of each decision; absent when nothing in
/// the sample looks like a time, an action or an actor.
#[must_use]
pub fn draft(sample: &[Entry<'_>], id: &str, title: &str) -> Option<String> {
    guess::draft(sample, id, title)
}

/// The same where nothing does: a profile in which nothing is decided yet; absent for a sample without entries.
#[must_use]
pub fn blank(sample: &[Entry<'_>], id: &str, title: &str) -> Option<String> {
    guess::blank(sample, id, title)
}

/// What a sample holds, by the names that a profile takes it by; inside of its envelope where the plan opens one.
#[must_use]
pub fn fields(sample: &[Entry<'_>], plan: Option<&Plan>) -> Vec<FoundField> {
    let inside = plan.and_then(|plan| plan.inner.as_ref()?.keys());
    let rule = plan.and_then(|plan| plan.planned.first()?.profile.line.as_ref());
    guess::fields(sample, &inside.unwrap_or_default(), rule)
}

/// How the profiles fit, and inside of which key where an export wraps each entry in one of its own.
fn best_view(sample: &[Entry<'_>], library: &Library) -> (Option<Path>, Vec<Scored>) {
    let covered = |scored: &[Scored]| -> usize {
        let taken = scored.iter().filter(|s| s.confidence >= TAKEN);
        taken.map(|s| s.own).sum()
    };
    let plain = scored(sample, library, None);
    if covered(&plain) * 2 >= sample.len() {
        return (None, plain);
    }
    let mut best = (None, plain);
    for path in wrappers(sample) {
        let inside = scored(sample, library, Some(&path));
        if covered(&inside) * 2 >= sample.len() && covered(&inside) > covered(&best.1) {
            best = (Some(path), inside);
        }
    }
    best
}

/// Keys or columns under which most entries hold an object, or JSON text of one: what collectors put around an entry. Of
/// lines it is the end of each.
fn wrappers(sample: &[Entry<'_>]) -> Vec<Path> {
    let mut counts: Vec<(String, usize)> = Vec::new();
    let mut note = |keys: &[&str]| {
        let quoted: Vec<String> = keys.iter().map(|k| format!("\"{k}\"")).collect();
        let path = quoted.join(".");
        match counts.iter().position(|(known, _)| *known == path) {
            Some(at) => counts[at].1 += 1,
            None if counts.len() < MOST_WRAPPERS => counts.push((path, 1)),
            None => {}
        }
    };
    let is_json = |text: &str| text.trim_start().starts_with('{') && text.trim_end().ends_with('}');
    for entry in sample {
        match entry.value {
            EntryValue::Json(value) => {
                for (key, child) in value.members().filter(|(k, _)| !k.contains('"')) {
                    if child.is_object() {
                        note(&[key]);
                        for (inner, below) in child.members().filter(|(k, _)| !k.contains('"')) {
                            if below.is_object() || below.text().is_some_and(is_json) {
                                note(&[key, inner]);
                            }
                            // `_source.event.original`; text that is JSON deeper than that is a value of the entry.
                            for (last, text) in below.members().filter(|(k, _)| !k.contains('"')) {
                                if text.text().is_some_and(is_json) {
                                    note(&[key, inner, last]);
                                }
                            }
                        }
                    } else if child.text().is_some_and(is_json) {
                        note(&[key]);
                    }
                }
            }
            EntryValue::Cells(cells) => {
                for (i, name) in cells.header().iter().enumerate() {
                    if !name.contains('"') && cells.get(i).is_some_and(is_json) {
                        note(&[name]);
                    }
                }
            }
            EntryValue::Line(text) => {
                if guess::json_in_line(text).is_some_and(is_json) {
                    note(&["json"]);
                }
            }
        }
    }
    counts
        .into_iter()
        .filter(|(_, count)| *count * 2 >= sample.len())
        .filter_map(|(path, _)| Path::parse(&path).ok())
        .collect()
}

struct Scored {
    profile: Arc<Profile>,
    confidence: f64,
    /// Entries that show what the profile requires.
    entries: usize,
    /// Of these, the entries that it fits best of all.
    own: usize,
}

impl Scored {
    /// Whether it is best nearly wherever it fits, which tells a part of a mixture from another name for the same log.
    const fn is_apart(&self) -> bool {
        self.own * 10 >= self.entries * 8
    }
}

fn scored(sample: &[Entry<'_>], library: &Library, inner: Option<&Path>) -> Vec<Scored> {
    let flat = is_flat(sample);
    let mut tapes: Vec<Tape> = (0..NESTED).map(|_| Tape::new()).collect();
    let mut table: Vec<Vec<f64>> = Vec::new();
    for profile in library.profiles() {
        let columns = Columns::default();
        let row = sample
            .iter()
            .map(|entry| {
                with_root(entry, profile, inner, &mut tapes, |root, nest| {
                    score(profile, root, nest, &columns, flat)
                })
                .unwrap_or(0.0)
            })
            .collect();
        table.push(row);
    }
    let totals: Vec<f64> = table.iter().map(|row| row.iter().sum()).collect();
    let mut own = vec![0; table.len()];
    for i in 0..sample.len() {
        // Where two fit one entry equally, the one that fits more of the others counts.
        let best = (0..table.len())
            .filter(|n| table[*n][i] > 0.0)
            .max_by(|a, b| {
                let of = |n: usize| (table[n][i], totals[n]);
                // Of two that fit all alike, a person's own was made for this log.
                let own = |n: usize| library.is_own(&library.profiles()[n]);
                of(*a)
                    .partial_cmp(&of(*b))
                    .unwrap_or(std::cmp::Ordering::Equal)
                    .then_with(|| own(*a).cmp(&own(*b)))
                    .then_with(|| b.cmp(a))
            });
        if let Some(best) = best {
            own[best] += 1;
        }
    }
    let mut out: Vec<Scored> = library
        .profiles()
        .iter()
        .enumerate()
        .filter_map(|(n, profile)| {
            let entries = table[n].iter().filter(|s| **s > 0.0).count();
            let mean = totals[n] / entries.max(1) as f64;
            let confidence = (mean * 1_000.0).round() / 1_000.0;
            (entries > 0 && confidence >= OFFERED).then(|| Scored {
                profile: Arc::clone(profile),
                confidence,
                entries,
                own: own[n],
            })
        })
        .collect();
    out.sort_by(|a, b| {
        let weight = |s: &Scored| s.confidence * s.entries as f64;
        b.own
            .cmp(&a.own)
            .then_with(|| weight(b).total_cmp(&weight(a)))
            .then_with(|| library.is_own(&b.profile).cmp(&library.is_own(&a.profile)))
            .then_with(|| a.profile.id.cmp(&b.profile.id))
    });
    out
}

/// Decides how a source is read.
///
/// `sample` is its first entries (some hundreds are enough); the options speak before anything that was recognised.
///
/// # Errors
/// With the question that only a person can answer.
pub fn plan(sample: &[Entry<'_>], options: &Options, library: &Library) -> Result<Plan, Question> {
    let mut plan = Plan {
        planned: Vec::new(),
        labels: labels(options)?,
        library: library.clone(),
        zone: options.zone,
        order: options.date_order,
        flat: is_flat(sample),
        fixed: false,
        inner: None,
        confidence: 0.0,
        reasons: Vec::new(),
    };
    let mut chosen: Vec<Arc<Profile>> = Vec::new();
    let wanted = options.profile.as_deref().filter(|w| *w != "auto");
    // Entries that no profile knows, by number; all where a person wants the guess.
    let mut strangers: Vec<usize> = (0..sample.len()).collect();
    match wanted {
        Some("guess" | "guess@1") => {}
        Some(wanted) => {
            let Some(profile) = library.find(wanted) else {
                return Err(Question::UnknownProfile {
                    wanted: wanted.to_owned(),
                    known: library.profiles().iter().map(|p| p.id.clone()).collect(),
                });
            };
            chosen.push(Arc::clone(&profile));
            (plan.fixed, plan.confidence) = (true, 1.0);
            strangers.clear();
            // A chosen profile also reads what stands in an envelope of somebody else's.
            let only = Library::of(&profile);
            plan.inner = best_view(sample, &only).0;
            plan.reasons.push("a person chose the profile".to_owned());
        }
        None => {
            let (inner, scored) = best_view(sample, library);
            plan.inner = inner;
            for s in scored.iter().filter(|s| s.confidence >= TAKEN && s.own > 0) {
                // Two profiles that claim the same entries are a choice, not a mixture: the first one is taken.
                if !chosen.is_empty() && !s.is_apart() {
                    continue;
                }
                plan.reasons.push(reason(s, sample.len()));
                if chosen.is_empty() {
                    plan.confidence = s.confidence;
                }
                chosen.push(Arc::clone(&s.profile));
            }
            // Known entries beside them do not make the others known.
            strangers = unclaimed(sample, &chosen, plan.inner.as_ref(), plan.flat);
        }
    }
    let alone = strangers.len() == sample.len();
    // Where most are unknown, those that some profile takes for its own are most likely of the same log: all of it tells more.
    let mostly = strangers.len() * 2 > sample.len();
    let others: Vec<Entry<'_>> = if mostly {
        sample.to_vec()
    } else {
        strangers.iter().map(|n| sample[*n]).collect()
    };
    // A table has one shape, and lines that the rule of a profile does not cut stand beside its log.
    let guessable = match sample.first().map(|entry| &entry.value) {
        Some(EntryValue::Cells(_)) => alone || plan.inner.is_some(),
        Some(EntryValue::Line(_)) => mostly,
        _ => true,
    };
    if guessable
        && !others.is_empty()
        && let Some(guess) = guess::guess(&others)
    {
        if chosen.is_empty() {
            plan.confidence = guess.confidence;
        }
        plan.reasons.extend(guess.reasons);
        chosen.push(guess.profile);
    }
    for profile in chosen {
        let zone = zone_of_shape(sample, &profile, plan.inner.as_ref(), plan.flat);
        let mut planned = Planned::of(Arc::clone(&profile), zone, options.zone, options.date_order);
        if let (Some(chosen), Some((zone, ZoneBasis::Vendor))) = (options.zone, planned.zone)
            && chosen != zone
            && !planned.guessed
        {
            plan.reasons.push(format!(
                "times without a zone are read as {}, which {} documents, and not as {}, which was chosen",
                zone.name(),
                profile.title,
                chosen.name()
            ));
        }
        let found = times(sample, &profile, plan.inner.as_ref(), plan.flat);
        if planned.order.is_none() {
            planned.order = found.order;
            if found.order.is_none() && !found.orderless.is_empty() {
                return Err(Question::DateOrderRequired {
                    examples: found.orderless,
                });
            }
        }
        if planned.zone.is_none()
            && let Some(example) = found.zoneless
        {
            return Err(Question::ZoneRequired { example });
        }
        plan.planned.push(planned);
    }
    Ok(plan)
}

/// The zone of the shape that the sample has.
fn zone_of_shape(
    sample: &[Entry<'_>],
    profile: &Profile,
    inner: Option<&Path>,
    flat: bool,
) -> Option<ShapeZone> {
    let mut tapes: Vec<Tape> = (0..NESTED).map(|_| Tape::new()).collect();
    sample.iter().find_map(|entry| {
        with_root(entry, profile, inner, &mut tapes, |root, nest| {
            zone(profile, root, nest, flat)
        })
        .flatten()
    })
}

/// What the times of the sample say, as the profile finds them.
fn times(sample: &[Entry<'_>], profile: &Profile, inner: Option<&Path>, flat: bool) -> Survey {
    let mut tapes: Vec<Tape> = (0..NESTED).map(|_| Tape::new()).collect();
    let columns = Columns::default();
    let texts: Vec<String> = sample
        .iter()
        .filter_map(|entry| {
            with_root(entry, profile, inner, &mut tapes, |root, nest| {
                scope(root, profile, nest, &columns, flat)
                    .eval(&profile.time.value)
                    .map(|text| text.into_owned())
            })
            .flatten()
        })
        .collect();
    let mut found = survey(texts.iter().map(String::as_str));
    // A spreadsheet's number of days names no zone.
    if profile.time.formats.contains(&Format::Excel) && found.zoneless.is_none() {
        let is_serial = |text: &&String| crate::times::shapes::serial(text).is_some();
        found.zoneless = texts.iter().find(is_serial).cloned();
    }
    found
}

fn labels(options: &Options) -> Result<Vec<(Field, String)>, Question> {
    options
        .labels
        .iter()
        .map(|(name, value)| {
            Field::by_name(name)
                .filter(|f| f.group() == Group::Single)
                .map(|field| (field, value.clone()))
                .ok_or_else(|| Question::UnknownLabel { name: name.clone() })
        })
        .collect()
}

/// Whether any profile that cuts lines claims most lines of a sample, so that text is read line by line.
#[must_use]
pub fn lines_known<'t>(lines: impl Iterator<Item = &'t str> + Clone, library: &Library) -> bool {
    library
        .profiles()
        .iter()
        .filter(|p| p.shapes.iter().any(|s| s.shape == Shape::Line))
        .any(|profile| {
            let Some(rule) = &profile.line else {
                return false;
            };
            let (mut all, mut known) = (0usize, 0usize);
            for line in lines.clone() {
                all += 1;
                let mut parts = Vec::new();
                let cut = crate::mapping::cut_line(rule, line, &mut parts).is_some();
                let first = match &rule.cut {
                    LineCut::Split { .. } => parts.first().map(|(_, text)| *text),
                    LineCut::Pattern(_) => None,
                };
                let dated = first.is_none_or(|text| survey([text]).readable == 1);
                known += usize::from(cut && dated);
            }
            all > 0 && known * 2 > all
        })
}
