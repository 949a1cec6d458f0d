//! From a TOML document to a checklist.
//!
//! Owns: the keys of the language and their checks; each mistake is told with its line and key. Never touches: what filters,
//! fields and detections there are (a [`Vocabulary`] is passed in).

use std::fmt;

use serde::Deserialize;
use toml::Spanned;
use witnessmark_model::verbs::NEEDS;

use crate::decide::Sign;
use crate::{About, Checklist, Kind, Look, Meaning, Reference, Scope, Show, Step};

/// The version of the language that this program reads.
const LANGUAGE: u32 = 1;
/// Bytes that one checklist may have.
const LARGEST_FILE: usize = 1 << 20;
/// Steps that one checklist may have, and looks that one step may have.
const MOST_STEPS: usize = 100;
const MOST_LOOKS: usize = 20;
/// Characters of one text.
const LONGEST_TEXT: usize = 4_000;
/// Kinds of acts that a session is sorted into.
const ACTS: &[&str] = &["money", "key", "role", "export", "other"];

/// What is wrong with a checklist, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChecklistError {
    /// Name of the file, or of what stands for it.
    pub file: String,
    /// Line, from 1; absent when the whole file is meant.
    pub line: Option<usize>,
    /// Dotted key; empty when no single key is meant.
    pub key: String,
    /// One sentence.
    pub message: String,
}

impl fmt::Display for ChecklistError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for ChecklistError {}

type Result<T> = std::result::Result<T, ChecklistError>;

/// What a checklist can name.
pub trait Vocabulary {
    /// Why a text is no filter that a checklist may ask, if it is none.
    ///
    /// # Errors
    /// The reason, in one sentence.
    fn filter(&self, text: &str) -> std::result::Result<(), String>;

    /// Why a name is no field, if it is none.
    ///
    /// # Errors
    /// The reason, in one sentence.
    fn field(&self, name: &str) -> std::result::Result<(), String>;

    /// Whether there is such a detection.
    fn detection(&self, id: &str) -> bool;
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    language: Spanned<u32>,
    checklist: RawHead,
    step: Vec<Spanned<RawStep>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawHead {
    id: Spanned<String>,
    version: Spanned<u32>,
    title: Spanned<String>,
    when: Spanned<String>,
    #[serde(default)]
    origin: Option<Spanned<String>>,
    #[serde(default)]
    systems: Vec<Spanned<String>>,
    about: Vec<Spanned<String>>,
    #[serde(default)]
    gap_days: Option<Spanned<u32>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStep {
    id: Spanned<String>,
    title: Spanned<String>,
    question: Spanned<String>,
    #[serde(default)]
    guidance: Option<Spanned<String>>,
    #[serde(default)]
    after: Option<Spanned<String>>,
    #[serde(default)]
    after_last: Option<Spanned<String>>,
    #[serde(default)]
    confirm: bool,
    yes: RawMeaning,
    no: RawMeaning,
    cannot_tell: RawMeaning,
    #[serde(default)]
    unneeded: Option<RawMeaning>,
    #[serde(default)]
    look: Vec<Spanned<RawLook>>,
}

impl RawStep {
    fn anchor(&self) -> Option<&Spanned<String>> {
        self.after.as_ref().or(self.after_last.as_ref())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMeaning {
    #[serde(default)]
    sign: Option<Spanned<String>>,
    means: Spanned<String>,
    #[serde(default)]
    next: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLook {
    #[serde(default)]
    id: Option<Spanned<String>>,
    #[serde(default)]
    after: Option<Spanned<String>>,
    #[serde(default)]
    after_last: Option<Spanned<String>>,
    #[serde(default)]
    else_after: Option<Spanned<String>>,
    kind: Spanned<String>,
    what: Spanned<String>,
    #[serde(default)]
    filter: Option<Spanned<String>>,
    #[serde(default)]
    scope: Option<Spanned<String>>,
    #[serde(default)]
    needs: Vec<Spanned<String>>,
    #[serde(default)]
    shown_by: Option<Spanned<String>>,
    #[serde(default)]
    of: Option<Spanned<String>>,
    #[serde(default)]
    decides: Option<bool>,
    #[serde(default)]
    each: Option<Spanned<bool>>,
    #[serde(default)]
    least: Option<Spanned<u64>>,
    #[serde(default)]
    detections: Option<Spanned<Vec<Spanned<String>>>>,
    #[serde(default)]
    show: Option<Spanned<String>>,
    #[serde(default)]
    by: Option<Spanned<Vec<Spanned<String>>>>,
    #[serde(default)]
    days: Option<Spanned<u32>>,
    #[serde(default)]
    acts: Option<Spanned<Vec<Spanned<String>>>>,
    #[serde(default)]
    times: Option<Spanned<f64>>,
}

/// The text of a document, for places.
struct Document<'t> {
    file: &'t str,
    text: &'t str,
}

impl Document<'_> {
    fn line(&self, offset: usize) -> usize {
        let end = offset.min(self.text.len());
        1 + self.text.as_bytes()[..end]
            .iter()
            .filter(|b| **b == b'\n')
            .count()
    }

    fn at<S>(&self, node: &Spanned<S>, key: &str, message: impl Into<String>) -> ChecklistError {
        ChecklistError {
            file: self.file.to_owned(),
            line: Some(self.line(node.span().start)),
            key: key.to_owned(),
            message: message.into(),
        }
    }

    fn whole(&self, message: impl Into<String>) -> ChecklistError {
        ChecklistError {
            file: self.file.to_owned(),
            line: None,
            key: String::new(),
            message: message.into(),
        }
    }

    /// What the reader of TOML found, with the key that stands in its line.
    fn toml(&self, error: &toml::de::Error) -> ChecklistError {
        let line = error.span().map(|span| self.line(span.start));
        let written = line.and_then(|n| self.text.lines().nth(n - 1));
        let key = written
            .and_then(|l| l.split_once('='))
            .map_or("", |(key, _)| key.trim());
        let plain = key
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
        ChecklistError {
            file: self.file.to_owned(),
            line,
            key: if plain { key.to_owned() } else { String::new() },
            message: error.message().to_owned(),
        }
    }

    /// A text that says something and is not too long.
    fn said(&self, node: &Spanned<String>, key: &str) -> Result<String> {
        let text = node.get_ref().trim();
        if text.is_empty() {
            return Err(self.at(node, key, "must say something"));
        }
        if text.chars().count() > LONGEST_TEXT {
            let most = format!("has more than {LONGEST_TEXT} characters");
            return Err(self.at(node, key, most));
        }
        Ok(text.to_owned())
    }

    fn maybe(&self, node: Option<&Spanned<String>>, key: &str) -> Result<String> {
        node.map_or(Ok(String::new()), |n| self.said(n, key))
    }

    /// One of some words.
    fn word<T: Copy>(&self, node: &Spanned<String>, key: &str, of: &[(T, &str)]) -> Result<T> {
        let found = of.iter().find(|(_, word)| word == node.get_ref());
        found.map(|(one, _)| *one).ok_or_else(|| {
            let words: Vec<&str> = of.iter().map(|(_, w)| *w).collect();
            let message = format!("`{}` is none of {}", node.get_ref(), words.join(", "));
            self.at(node, key, message)
        })
    }

    fn name(&self, node: &Spanned<String>, key: &str) -> Result<String> {
        let text = node.get_ref();
        let valid = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if text.is_empty() || text.len() > 80 || !text.chars().all(valid) {
            return Err(self.at(node, key, "must be lower-case letters, digits and hyphens"));
        }
        Ok(text.clone())
    }

    fn meaning(&self, raw: &RawMeaning, key: &str) -> Result<Meaning> {
        let sign = match &raw.sign {
            Some(node) => self.word(node, &format!("{key}.sign"), &Sign::ALL)?,
            None => Sign::Neutral,
        };
        Ok(Meaning {
            sign,
            means: self.said(&raw.means, &format!("{key}.means"))?,
            next: self.maybe(raw.next.as_ref(), &format!("{key}.next"))?,
        })
    }

    fn step(&self, raw: &RawStep, words: &dyn Vocabulary) -> Result<Step> {
        let id = self.name(&raw.id, "step.id")?;
        let key = |name: &str| format!("step.{id}.{name}");
        if let (Some(_), Some(node)) = (&raw.after, &raw.after_last) {
            return Err(self.at(node, &key("after_last"), "stands beside `after`; give one"));
        }
        let unneeded = match (&raw.unneeded, raw.anchor()) {
            (Some(meaning), Some(_)) => self.meaning(meaning, &key("unneeded"))?,
            (Some(meaning), None) => {
                let message = "has no meaning without `after`";
                return Err(self.at(&meaning.means, &key("unneeded"), message));
            }
            (None, Some(after)) => {
                let message = "needs `unneeded`: what it means when that step found nothing";
                return Err(self.at(after, &key("after"), message));
            }
            (None, None) => Meaning::default(),
        };
        if raw.look.len() > MOST_LOOKS {
            let message = format!("a step has at most {MOST_LOOKS} looks");
            return Err(self.at(&raw.id, &key("look"), message));
        }
        let looks = raw
            .look
            .iter()
            .map(|look| self.look(look, &key("look"), words))
            .collect::<Result<Vec<_>>>()?;
        Ok(Step {
            title: self.said(&raw.title, &key("title"))?,
            question: self.said(&raw.question, &key("question"))?,
            guidance: self.maybe(raw.guidance.as_ref(), &key("guidance"))?,
            after: (raw.after.as_ref().map(|a| Reference::of(a.get_ref())))
                .or_else(|| Some(Reference::of(raw.after_last.as_ref()?.get_ref()).last())),
            confirm: raw.confirm,
            yes: self.meaning(&raw.yes, &key("yes"))?,
            no: self.meaning(&raw.no, &key("no"))?,
            cannot_tell: self.meaning(&raw.cannot_tell, &key("cannot_tell"))?,
            unneeded,
            looks,
            id,
        })
    }

    fn look(&self, raw: &Spanned<RawLook>, key: &str, words: &dyn Vocabulary) -> Result<Look> {
        let inner = raw.get_ref();
        let name = |of: &str| format!("{key}.{of}");
        let lacks = |of: &str| {
            let message = format!("a look of kind `{}` needs `{of}`", inner.kind.get_ref());
            self.at(&inner.kind, &name(of), message)
        };
        self.foreign(inner, key)?;
        if let (Some(_), Some(node)) = (&inner.after, &inner.after_last) {
            let message = "stands beside `after`; give one";
            return Err(self.at(node, &name("after_last"), message));
        }
        if let (Some(node), None, None) = (&inner.else_after, &inner.after, &inner.after_last) {
            let message = "has no meaning without `after` or `after_last`";
            return Err(self.at(node, &name("else_after"), message));
        }
        let least = || match &inner.least {
            Some(node) if *node.get_ref() == 0 => {
                Err(self.at(node, &name("least"), "must be at least 1"))
            }
            node => Ok(node.as_ref().map_or(1, |n| *n.get_ref())),
        };
        let days = || match &inner.days {
            Some(node) if !(1..=3_650).contains(node.get_ref()) => {
                Err(self.at(node, &name("days"), "must be from 1 to 3650"))
            }
            node => Ok(node.as_ref().map_or(90, |n| *n.get_ref())),
        };
        let fields = || -> Result<Vec<String>> {
            let list = inner.by.as_ref().ok_or_else(|| lacks("by"))?;
            for node in list.get_ref() {
                for part in node.get_ref().split('+') {
                    words
                        .field(part)
                        .map_err(|why| self.at(node, &name("by"), why))?;
                }
            }
            Ok(texts(list))
        };
        let kind = match inner.kind.get_ref().as_str() {
            "rows" => Kind::Rows { least: least()? },
            "detections" => {
                let list = inner
                    .detections
                    .as_ref()
                    .ok_or_else(|| lacks("detections"))?;
                for node in list.get_ref() {
                    if !words.detection(node.get_ref()) {
                        let message = format!("there is no detection `{}`", node.get_ref());
                        return Err(self.at(node, &name("detections"), message));
                    }
                }
                Kind::Detections { ids: texts(list) }
            }
            "sign_ins" => {
                let show = inner.show.as_ref().ok_or_else(|| lacks("show"))?;
                Kind::SignIns {
                    show: self.word(show, &name("show"), &Show::ALL)?,
                }
            }
            "new" => Kind::New {
                by: fields()?,
                days: days()?,
            },
            "acts" => {
                let list = inner.acts.as_ref().ok_or_else(|| lacks("acts"))?;
                for node in list.get_ref() {
                    if !ACTS.contains(&node.get_ref().as_str()) {
                        let message =
                            format!("`{}` is none of {}", node.get_ref(), ACTS.join(", "));
                        return Err(self.at(node, &name("acts"), message));
                    }
                }
                Kind::Acts { kinds: texts(list) }
            }
            "shared" => Kind::Shared,
            "rate" => {
                let times = inner.times.as_ref().ok_or_else(|| lacks("times"))?;
                if !(times.get_ref().is_finite() && *times.get_ref() >= 1.0) {
                    return Err(self.at(times, &name("times"), "must be at least 1"));
                }
                Kind::Rate {
                    times: *times.get_ref(),
                    least: least()?,
                    days: days()?,
                }
            }
            "values" => Kind::Values {
                by: fields()?,
                least: least()?,
            },
            "coverage" => Kind::Coverage,
            other => {
                let all = "rows, detections, sign_ins, new, acts, shared, rate, values, coverage";
                let message = format!("`{other}` is none of {all}");
                return Err(self.at(&inner.kind, &name("kind"), message));
            }
        };
        if matches!(kind, Kind::Acts { .. } | Kind::Shared) && inner.of.is_none() {
            return Err(lacks("of"));
        }
        for (node, of) in [(&inner.filter, "filter"), (&inner.shown_by, "shown_by")] {
            if let Some(node) = node {
                words
                    .filter(node.get_ref())
                    .map_err(|why| self.at(node, &name(of), why))?;
            }
        }
        let filter = |node: &Option<Spanned<String>>| {
            node.as_ref().map_or(String::new(), |f| f.get_ref().clone())
        };
        for node in &inner.needs {
            if !NEEDS.contains(&node.get_ref().as_str()) {
                let message = format!("`{}` is none of {}", node.get_ref(), NEEDS.join(", "));
                return Err(self.at(node, &name("needs"), message));
            }
        }
        Ok(Look {
            id: match &inner.id {
                Some(node) => self.name(node, &name("id"))?,
                None => String::new(),
            },
            kind,
            what: self.said(&inner.what, &name("what"))?,
            filter: filter(&inner.filter),
            shown_by: filter(&inner.shown_by),
            scope: match &inner.scope {
                Some(node) => self.word(node, &name("scope"), &Scope::ALL)?,
                None => Scope::Subject,
            },
            needs: inner.needs.iter().map(|n| n.get_ref().clone()).collect(),
            of: inner.of.as_ref().map(|n| Reference::of(n.get_ref())),
            after: (inner.after.as_ref().map(|n| Reference::of(n.get_ref())))
                .or_else(|| Some(Reference::of(inner.after_last.as_ref()?.get_ref()).last())),
            else_after: (inner.else_after.as_ref()).map(|n| Reference::of(n.get_ref())),
            decides: inner.decides.unwrap_or(true),
            each: inner.each.as_ref().is_some_and(|e| *e.get_ref()),
        })
    }

    /// Refuses keys that a kind does not read: somebody would think that they do something.
    fn foreign(&self, raw: &RawLook, key: &str) -> Result<()> {
        let kind = raw.kind.get_ref().as_str();
        let given: [(&str, Option<usize>, &[&str]); 13] = [
            ("each", span(raw.each.as_ref()), &["rows"]),
            ("after", span(raw.after.as_ref()), &["rows"]),
            ("after_last", span(raw.after_last.as_ref()), &["rows"]),
            ("else_after", span(raw.else_after.as_ref()), &["rows"]),
            (
                "least",
                span(raw.least.as_ref()),
                &["rows", "rate", "values"],
            ),
            (
                "shown_by",
                span(raw.shown_by.as_ref()),
                &["rows", "values", "new", "detections"],
            ),
            ("detections", span(raw.detections.as_ref()), &["detections"]),
            ("show", span(raw.show.as_ref()), &["sign_ins"]),
            ("by", span(raw.by.as_ref()), &["new", "values"]),
            ("days", span(raw.days.as_ref()), &["new", "rate"]),
            ("acts", span(raw.acts.as_ref()), &["acts"]),
            ("times", span(raw.times.as_ref()), &["rate"]),
            ("of", span(raw.of.as_ref()), &["acts", "shared"]),
        ];
        for (name, place, kinds) in given {
            if let Some(start) = place
                && !kinds.contains(&kind)
            {
                return Err(ChecklistError {
                    file: self.file.to_owned(),
                    line: Some(self.line(start)),
                    key: format!("{key}.{name}"),
                    message: format!("a look of kind `{kind}` does not read `{name}`"),
                });
            }
        }
        Ok(())
    }
}

fn span<T>(node: Option<&Spanned<T>>) -> Option<usize> {
    node.map(|n| n.span().start)
}

fn texts(list: &Spanned<Vec<Spanned<String>>>) -> Vec<String> {
    list.get_ref().iter().map(|n| n.get_ref().clone()).collect()
}

impl Checklist {
    /// Reads a checklist.
    ///
    /// # Errors
    /// With file, line and key of the first mistake.
    pub fn parse(file: &str, text: &str, words: &dyn Vocabulary) -> Result<Self> {
        let document = Document { file, text };
        if text.len() > LARGEST_FILE {
            let message = format!("the file has more than {LARGEST_FILE} bytes");
            return Err(document.whole(message));
        }
        let raw: RawFile = toml::from_str(text).map_err(|e| document.toml(&e))?;
        if *raw.language.get_ref() != LANGUAGE {
            let message = format!("this program reads language {LANGUAGE}");
            return Err(document.at(&raw.language, "language", message));
        }
        let head = &raw.checklist;
        if raw.step.is_empty() || raw.step.len() > MOST_STEPS {
            let message = format!("a checklist has 1 to {MOST_STEPS} steps");
            return Err(document.at(&head.id, "step", message));
        }
        let gap_days = match &head.gap_days {
            Some(node) if !(1..=366).contains(node.get_ref()) => {
                return Err(document.at(node, "checklist.gap_days", "must be from 1 to 366"));
            }
            node => node.as_ref().map_or(7, |n| *n.get_ref()),
        };
        if head.about.is_empty() {
            return Err(document.at(
                &head.id,
                "checklist.about",
                "must name at least one subject",
            ));
        }
        let about = head
            .about
            .iter()
            .map(|node| document.word(node, "checklist.about", &About::ALL))
            .collect::<Result<_>>()?;
        let systems = head
            .systems
            .iter()
            .map(|node| document.said(node, "checklist.systems"))
            .collect::<Result<_>>()?;
        let mut steps: Vec<Step> = Vec::with_capacity(raw.step.len());
        for step in &raw.step {
            let read = document.step(step.get_ref(), words)?;
            if steps.iter().any(|s| s.id == read.id) {
                let message = format!("there are two steps `{}`", read.id);
                return Err(document.at(&step.get_ref().id, "step.id", message));
            }
            steps.push(read);
        }
        let checklist = Self {
            id: document.name(&head.id, "checklist.id")?,
            version: *head.version.get_ref(),
            title: document.said(&head.title, "checklist.title")?,
            when: document.said(&head.when, "checklist.when")?,
            origin: document.maybe(head.origin.as_ref(), "checklist.origin")?,
            systems,
            about,
            gap_days,
            steps,
            text: text.to_owned(),
        };
        if checklist.version == 0 {
            return Err(document.at(&head.version, "checklist.version", "must be at least 1"));
        }
        checklist.check_order(&document, &raw)?;
        Ok(checklist)
    }

    /// What is referred to is there, comes earlier, and no step waits for itself.
    fn check_order(&self, document: &Document<'_>, raw: &RawFile) -> Result<()> {
        for (step, raw) in self.steps.iter().zip(&raw.step) {
            let raw = raw.get_ref();
            let key = |name: &str| format!("step.{}.{name}", step.id);
            if let Some(node) = raw.anchor() {
                self.refers(document, step, step.looks.len(), node, &key("after"))?;
            }
            for (at, look) in raw.look.iter().enumerate() {
                let look = look.get_ref();
                let named = [
                    (&look.of, "look.of"),
                    (&look.after, "look.after"),
                    (&look.after_last, "look.after_last"),
                    (&look.else_after, "look.else_after"),
                ];
                for (node, name) in named {
                    if let Some(node) = node {
                        self.refers(document, step, at, node, &key(name))?;
                    }
                }
            }
        }
        let order = self.order();
        let waits = (0..self.steps.len()).find(|at| !order.contains(at));
        waits.map_or(Ok(()), |at| {
            let step = &self.steps[at];
            let message = format!("the step `{}` waits for itself", step.id);
            let key = format!("step.{}", step.id);
            Err(document.at(&raw.step[at].get_ref().id, &key, message))
        })
    }

    /// `at` is the position of the look in its step; a look of the same step must come before it.
    fn refers(
        &self,
        document: &Document<'_>,
        step: &Step,
        at: usize,
        node: &Spanned<String>,
        key: &str,
    ) -> Result<()> {
        let reference = Reference::of(node.get_ref());
        let Some(other) = self.step(&reference.step) else {
            let message = format!("there is no step `{}`", reference.step);
            return Err(document.at(node, key, message));
        };
        let own = other.id == step.id;
        let Some(id) = &reference.look else {
            return if own {
                Err(document.at(
                    node,
                    key,
                    format!("the step `{}` waits for itself", step.id),
                ))
            } else {
                Ok(())
            };
        };
        match other
            .looks
            .iter()
            .position(|l| l.id == *id && !id.is_empty())
        {
            None => {
                let message = format!("the step `{}` has no look `{id}`", other.id);
                Err(document.at(node, key, message))
            }
            Some(place) if own && place >= at => {
                Err(document.at(node, key, format!("the look `{id}` comes later")))
            }
            Some(_) => Ok(()),
        }
    }
}
