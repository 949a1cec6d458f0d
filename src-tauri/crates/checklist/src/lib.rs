//! Checklists: questions that are asked of a case in order, each answered yes, no or cannot tell.
//!
//! Owns: the language of their files ([`read`]), the files that come with the program ([`library`]), and the rule by which an
//! answer follows from what was found ([`decide`]). Never touches: events, SQL, time; the engine looks, this crate judges.
//! docs/checklists.md describes the language.

pub mod decide;
pub mod library;
pub mod read;

pub use decide::{Answer, Ground, Part, Sign, SourceGround};
pub use read::{ChecklistError, Vocabulary};

/// What a checklist can be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// One actor.
    Actor,
    /// One address.
    Address,
    /// Everybody in a span of time.
    Everyone,
}

impl About {
    /// Each with its word.
    pub const ALL: [(Self, &'static str); 3] = [
        (Self::Actor, "actor"),
        (Self::Address, "address"),
        (Self::Everyone, "everyone"),
    ];

    /// The word in files and JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(one, _)| *one == self)
            .map_or("", |(_, word)| word)
    }
}

/// A checklist.
#[derive(Clone, Debug, PartialEq)]
pub struct Checklist {
    /// Lower-case letters, digits, hyphens.
    pub id: String,
    /// Raised with every change of its meaning.
    pub version: u32,
    /// Name for people.
    pub title: String,
    /// When to use it.
    pub when: String,
    /// Where its steps come from.
    pub origin: String,
    /// Providers that it speaks of; empty: any.
    pub systems: Vec<String>,
    /// What it can be about.
    pub about: Vec<About>,
    /// Days without any event of a log that count as a gap in it.
    pub gap_days: u32,
    /// Its steps, in order.
    pub steps: Vec<Step>,
    /// The file, to the byte.
    pub text: String,
}

impl Checklist {
    /// `id@version`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}@{}", self.id, self.version)
    }

    /// A step by id.
    #[must_use]
    pub fn step(&self, id: &str) -> Option<&Step> {
        self.steps.iter().find(|s| s.id == id)
    }

    /// Positions of the steps so that each comes after those it is built on.
    #[must_use]
    pub fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = Vec::new();
        while order.len() < self.steps.len() {
            let ready = |at: &usize| {
                !order.contains(at)
                    && self.steps[*at].builds_on().all(|id| {
                        let place = self.steps.iter().position(|s| s.id == id);
                        place.is_none_or(|p| order.contains(&p))
                    })
            };
            let next: Vec<usize> = (0..self.steps.len()).filter(ready).collect();
            if next.is_empty() {
                break;
            }
            order.extend(next);
        }
        order
    }
}

/// What an answer means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meaning {
    /// Whether it should worry somebody.
    pub sign: Sign,
    /// In one sentence.
    pub means: String,
    /// What to do then; may be empty.
    pub next: String,
}

/// One question.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Its name within the checklist.
    pub id: String,
    /// What is to be done or looked at, in a few words.
    pub title: String,
    /// The question that is answered.
    pub question: String,
    /// How to look at it.
    pub guidance: String,
    /// Only what came after the first (or last) row of this other step or look counts; where that has none, this one is not
    /// needed.
    pub after: Option<Reference>,
    /// Whether a person has to confirm the answer that was found.
    pub confirm: bool,
    /// What *yes* means.
    pub yes: Meaning,
    /// What *no* means.
    pub no: Meaning,
    /// What *cannot tell* means.
    pub cannot_tell: Meaning,
    /// What *no* means when the step it comes after found nothing.
    pub unneeded: Meaning,
    /// What is looked at; nothing when only a person can answer.
    pub looks: Vec<Look>,
}

impl Step {
    /// What it is built on.
    pub fn references(&self) -> impl Iterator<Item = &Reference> {
        let of = self
            .looks
            .iter()
            .flat_map(|l| [&l.of, &l.after, &l.else_after]);
        self.after.iter().chain(of.flatten())
    }

    /// Ids of the other steps that it is built on.
    pub fn builds_on(&self) -> impl Iterator<Item = &str> {
        self.references()
            .map(|r| r.step.as_str())
            .filter(|id| *id != self.id)
    }
}

/// Names the rows of a step, or of one of its looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Id of the step.
    pub step: String,
    /// Id of the look; absent: all looks of the step that decide.
    pub look: Option<String>,
    /// Whether what is meant is its last row, not its first.
    pub last: bool,
}

impl Reference {
    /// `step` or `step/look`.
    #[must_use]
    pub fn of(text: &str) -> Self {
        match text.split_once('/') {
            Some((step, look)) => Self {
                step: step.to_owned(),
                look: Some(look.to_owned()),
                last: false,
            },
            None => Self {
                step: text.to_owned(),
                look: None,
                last: false,
            },
        }
    }

    /// The same, meaning the last row.
    #[must_use]
    pub fn last(self) -> Self {
        Self { last: true, ..self }
    }
}

/// Whose events a look takes in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// Those of the subject.
    #[default]
    Subject,
    /// Everybody's.
    Everyone,
    /// Those that were done to the subject: it is their target.
    Target,
}

impl Scope {
    /// Each with its word.
    pub const ALL: [(Self, &'static str); 3] = [
        (Self::Subject, "subject"),
        (Self::Everyone, "everyone"),
        (Self::Target, "target"),
    ];
}

/// One thing that is looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// Its name within the step, where something refers to it; may be empty.
    pub id: String,
    /// How.
    pub kind: Kind,
    /// What is looked for, so that "no …" and "3 × …" can be said: `view of an API key`.
    pub what: String,
    /// A filter; empty: everything in scope.
    pub filter: String,
    /// Whose events.
    pub scope: Scope,
    /// What a log must show for *no* to be an answer, in the words of profiles.
    pub needs: Vec<String>,
    /// A filter of events by which a log shows that it records such things at all; empty: the look's own filter.
    pub shown_by: String,
    /// The rows that it starts from.
    pub of: Option<Reference>,
    /// Only what came after the first row of this counts; where that has none, nothing can come after it.
    pub after: Option<Reference>,
    /// What it comes after instead where that has no row.
    pub else_after: Option<Reference>,
    /// Whether it decides; else it is only shown.
    pub decides: bool,
    /// Whether each actor of the rows that it comes after must have such an event, not only one of them.
    pub each: bool,
}

/// Which sign-ins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Show {
    /// Those that do not look like the account's.
    Unfamiliar,
    /// Those with a new address, network, device or country.
    New,
    /// Those that failed.
    Failed,
    /// Those that came too fast from the place before.
    TooFast,
}

impl Show {
    /// Each with its word.
    pub const ALL: [(Self, &'static str); 4] = [
        (Self::Unfamiliar, "unfamiliar"),
        (Self::New, "new"),
        (Self::Failed, "failed"),
        (Self::TooFast, "too_fast"),
    ];
}

/// How something is looked at.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Events that match the filter: yes from `least` on.
    Rows {
        /// Fewest events of a yes.
        least: u64,
    },
    /// Findings of these detections that touch the subject.
    Detections {
        /// Ids.
        ids: Vec<String>,
    },
    /// Sign-ins against the baseline of their actor.
    SignIns {
        /// Which.
        show: Show,
    },
    /// Values that are new in the span against the days before it.
    New {
        /// Fields, or pairs joined by `+`.
        by: Vec<String>,
        /// Days before.
        days: u32,
    },
    /// What was done in the sessions of the rows of another step.
    Acts {
        /// `money`, `key`, `role`, `export`, `other`.
        kinds: Vec<String>,
    },
    /// Others at the addresses of the rows of another step.
    Shared,
    /// More events than usual: as many a day as `times` the days before.
    Rate {
        /// How many times.
        times: f64,
        /// Fewest events of a yes.
        least: u64,
        /// Days before.
        days: u32,
    },
    /// Distinct values, listed.
    Values {
        /// Fields.
        by: Vec<String>,
        /// Fewest events of a yes.
        least: u64,
    },
    /// Whether the log covers the span.
    Coverage,
}

impl Kind {
    /// Its word in files and JSON.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Rows { .. } => "rows",
            Self::Detections { .. } => "detections",
            Self::SignIns { .. } => "sign_ins",
            Self::New { .. } => "new",
            Self::Acts { .. } => "acts",
            Self::Shared => "shared",
            Self::Rate { .. } => "rate",
            Self::Values { .. } => "values",
            Self::Coverage => "coverage",
        }
    }
}
