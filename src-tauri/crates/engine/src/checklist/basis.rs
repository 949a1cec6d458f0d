//! What an answer rests on beside the events: who is joined, which findings a person judged, a database of addresses.
//!
//! Owns: this basis as it is kept, and the sentence that says what of it is another now. Never touches: events that came or
//! went (`stale`), answers.
//!
//! Joined actors concern a step about one of them when it is other identities by it; and a step that judges against
//! history always. Verdicts concern a step by the findings that it counted or set aside, and the steps built on it. A database
//! concerns a step that judges against history, where one is in use that was not then.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use witnessmark_checklist::{About, Checklist};

use super::judged::is_innocent;
use super::kept::KeptStep;
use super::subject::Subject;
use crate::case::Case;
use crate::error::Result;

/// What an answer rested on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Basis {
    /// Keys of the identities that the subject is.
    subject: BTreeSet<String>,
    /// Keys of the identities that persons joined, group by group.
    joined: Vec<Vec<String>>,
    /// Databases of addresses in use, by name and day.
    databases: Vec<String>,
}

/// What of a basis is another now, by step.
pub(super) struct Moved {
    joined: bool,
    /// Whether the subject itself is somebody else by it.
    subject: bool,
    databases: Option<String>,
    looking_back: BTreeSet<String>,
    /// Steps by whose findings a verdict says otherwise now.
    judged: BTreeSet<String>,
}

impl Moved {
    /// What a step no longer rests on, as a sentence; absent where it still does.
    pub(super) fn of(&self, step: &str) -> Option<String> {
        let back = self.looking_back.contains(step);
        let mut texts = Vec::new();
        if self.subject {
            texts.push(
                "Actors were joined or taken apart since, so the subject is others than it was."
                    .to_owned(),
            );
        } else if self.joined && back {
            texts.push("Actors were joined or taken apart since, so what is compared with what is another.".to_owned());
        }
        if self.judged.contains(step) {
            texts.push(
                "A verdict on a finding that this rests on, or what hides it, is another since."
                    .to_owned(),
            );
        }
        if let (true, Some(text)) = (back, &self.databases) {
            texts.push(text.clone());
        }
        (!texts.is_empty()).then(|| texts.join(" "))
    }
}

impl Case {
    /// What an answer about a subject rests on at present.
    pub(super) fn basis(&self, subject: &Subject) -> Result<Basis> {
        let groups = self.store.merges()?.into_iter().map(|group| {
            let mut keys: Vec<String> = group.iter().map(crate::drill::key_text).collect();
            keys.sort();
            keys
        });
        let mut joined: Vec<Vec<String>> = groups.collect();
        joined.sort();
        let databases = self.databases();
        let named = databases
            .iter()
            .map(|d| format!("{} {}", d.name(), crate::drill::day(d.built())));
        Ok(Basis {
            subject: subject.keys.clone(),
            joined,
            databases: named.map(|n| n.trim_end().to_owned()).collect(),
        })
    }

    /// What of the basis of an answer is another now.
    pub(super) fn moved(
        &self,
        checklist: &Checklist,
        subject: &Subject,
        then: &Basis,
        now: &Basis,
        steps: &[KeptStep],
        looking_back: &BTreeSet<String>,
    ) -> Result<Moved> {
        let joined = then.joined != now.joined;
        let databases = (!now.databases.is_empty() && now.databases != then.databases).then(|| {
            let before = match then.databases.as_slice() {
                [] => "no database of addresses".to_owned(),
                some => some.join(", "),
            };
            format!(
                "It was answered with {before}; {} is in use now.",
                now.databases.join(", ")
            )
        });
        Ok(Moved {
            joined,
            subject: joined && subject.about == About::Actor && then.subject != now.subject,
            databases,
            looking_back: looking_back.clone(),
            judged: self.judged_otherwise(checklist, steps)?,
        })
    }

    /// Steps with a finding that counted and is innocent now, or the other way about, and those built on them.
    fn judged_otherwise(
        &self,
        checklist: &Checklist,
        steps: &[KeptStep],
    ) -> Result<BTreeSet<String>> {
        let looks = || {
            steps
                .iter()
                .flat_map(|s| s.looks.iter().map(move |l| (s, l)))
        };
        let mut moved = BTreeSet::new();
        if looks().all(|(_, l)| l.findings.is_empty() && l.set_aside.is_empty()) {
            return Ok(moved);
        }
        let Some(review) = self.last_review()? else {
            return Ok(moved);
        };
        let named: BTreeSet<&String> = looks()
            .flat_map(|(_, l)| l.findings.iter().chain(&l.set_aside))
            .collect();
        let words = self.words()?;
        let met = review.findings.iter().filter(|f| named.contains(&f.id));
        let innocent: BTreeMap<&str, bool> = met
            .map(|finding| {
                let mut judged = finding.clone();
                judged.verdict = words.verdict(finding);
                judged.suppressed = words.hides(finding).cloned();
                (finding.id.as_str(), is_innocent(&judged))
            })
            .collect();
        for (step, look) in looks() {
            // One that the review no longer has is a matter of the data that came or went.
            let is = |id: &String, what: bool| innocent.get(id.as_str()) == Some(&what);
            if look.findings.iter().any(|id| is(id, true))
                || look.set_aside.iter().any(|id| is(id, false))
            {
                moved.insert(step.id.clone());
            }
        }
        for at in checklist.order() {
            let step = &checklist.steps[at];
            if step.builds_on().any(|id| moved.contains(id)) {
                moved.insert(step.id.clone());
            }
        }
        Ok(moved)
    }
}
