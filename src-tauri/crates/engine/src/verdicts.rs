//! What persons say of findings: verdicts, and which findings are not to be shown for a while.
//!
//! Owns: the form of both statements, and laying them over a review. Never touches: how something is found. Both are
//! statements of the case: append-only, with author and time, named in the custody log.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use witnessmark_model::Instant;

use crate::api::{DetectReport, FindingPart, SuppressionPart, SuppressionsReport, VerdictPart};
use crate::case::Case;
use crate::error::{Code, Error, Result};
use crate::failures::internal;

/// The four words of identity products for what a person found out.
pub const VERDICTS: &[&str] = &[
    "confirmed_compromised",
    "confirmed_safe",
    "benign_true_positive",
    "remediated",
];

const VERDICT: &str = "verdict";
const SUPPRESSION: &str = "suppression";

#[derive(Serialize, Deserialize)]
struct Judged {
    verdict: String,
    note: String,
    /// Events of the finding when it was judged: with others it must be looked at again.
    events: Vec<u64>,
}

#[derive(Serialize, Deserialize)]
struct Suppressed {
    detection: Option<String>,
    actor: Option<String>,
    reason: String,
    /// Nanoseconds since 1970; absent: until it is taken back.
    until: Option<i64>,
}

/// Which findings are not to be shown, and why.
#[derive(Clone, Debug, Default)]
pub struct Suppression {
    /// Of this detection; any if absent.
    pub detection: Option<String>,
    /// Of this actor; anyone if absent.
    pub actor: Option<String>,
    /// Why.
    pub reason: String,
    /// Until when, RFC 3339 or a date in UTC; until it is taken back if absent.
    pub until: Option<String>,
}

impl Case {
    /// Says what a person found out about a finding. An earlier verdict is taken back; both stay in the case.
    ///
    /// # Errors
    /// When there is no such finding or no such verdict.
    pub fn judge(&self, finding: &str, verdict: &str, note: &str) -> Result<()> {
        let verdict = verdict.replace([' ', '-'], "_").to_lowercase();
        if !VERDICTS.contains(&verdict.as_str()) {
            return Err(Error::new(
                Code::InvalidOption,
                format!("`{verdict}` is no verdict"),
                format!("Use {}.", VERDICTS.join(", ")),
            ));
        }
        let found = self.finding(finding)?;
        let judged = Judged {
            verdict,
            note: note.to_owned(),
            events: found.events,
        };
        let value = serde_json::to_string(&judged).map_err(|e| internal(e.to_string()))?;
        self.take_verdict_back(finding)?;
        self.store
            .state(&self.stamp(), VERDICT, &subject(finding), &value)?;
        self.lay_marks()
    }

    /// Takes the verdict on a finding back, if there is one.
    ///
    /// # Errors
    /// When the case cannot be written.
    pub fn withdraw_verdict(&self, finding: &str) -> Result<bool> {
        let taken = self.take_verdict_back(finding)?;
        self.lay_marks()?;
        Ok(taken)
    }

    fn take_verdict_back(&self, finding: &str) -> Result<bool> {
        let standing = self
            .store
            .statements(Some(VERDICT), Some(&subject(finding)))?;
        for statement in &standing {
            self.store.take_back(&self.stamp(), statement.id)?;
        }
        Ok(!standing.is_empty())
    }

    /// Says which findings are not to be shown, why, and until when.
    ///
    /// # Errors
    /// When it would hide everything, has no reason, or the time cannot be read.
    pub fn suppress(&self, suppression: &Suppression) -> Result<u64> {
        let wrong = |message: &str, hint: &str| Err(Error::new(Code::InvalidOption, message, hint));
        if suppression.detection.is_none() && suppression.actor.is_none() {
            return wrong(
                "this would hide every finding",
                "Name a detection, an actor, or both.",
            );
        }
        if suppression.reason.trim().is_empty() {
            return wrong("findings are hidden for a reason", "Say which.");
        }
        if let Some(id) = &suppression.detection
            && !id.starts_with("sigma:")
            && witnessmark_detect::detections::by_id(id).is_none()
        {
            return wrong(
                &format!("there is no detection `{id}`"),
                "docs/detections.md lists them; a rule is `sigma:` and its id.",
            );
        }
        let until = suppression.until.as_deref().map(moment).transpose()?;
        let said = Suppressed {
            detection: suppression.detection.clone(),
            actor: suppression.actor.clone(),
            reason: suppression.reason.trim().to_owned(),
            until: until.map(|t| t.0),
        };
        let value = serde_json::to_string(&said).map_err(|e| internal(e.to_string()))?;
        let id = self.store.state(&self.stamp(), SUPPRESSION, "", &value)?;
        self.lay_marks()?;
        Ok(id)
    }

    /// Shows again what a suppression hid.
    ///
    /// # Errors
    /// When there is no such suppression.
    pub fn unsuppress(&self, id: u64) -> Result<()> {
        if !self.suppressions()?.suppressions.iter().any(|s| s.id == id) {
            return Err(Error::new(
                Code::NoSuchItem,
                format!("there is no suppression {id}"),
                "List them with `suppress`.",
            ));
        }
        self.store.take_back(&self.stamp(), id)?;
        self.lay_marks()
    }

    /// Every suppression that was not taken back.
    ///
    /// # Errors
    /// When the case cannot be read.
    pub fn suppressions(&self) -> Result<SuppressionsReport> {
        let now = (self.setting.now)();
        let statements = self.store.statements(Some(SUPPRESSION), None)?;
        let each = statements.iter().filter_map(|s| {
            let said: Suppressed = serde_json::from_str(&s.value).ok()?;
            Some(SuppressionPart {
                id: s.id,
                detection: said.detection,
                actor: said.actor,
                reason: said.reason,
                until: said.until.map(|t| Instant(t).rfc3339()),
                expired: said.until.is_some_and(|t| t <= now.0),
                who: s.who.clone(),
                at: s.at.rfc3339(),
            })
        });
        Ok(SuppressionsReport {
            suppressions: each.collect(),
        })
    }

    /// A finding of the last review.
    pub(crate) fn finding(&self, id: &str) -> Result<FindingPart> {
        let report = self.last_review()?.unwrap_or_default();
        report.findings.iter().find(|f| f.id == id).cloned().ok_or_else(|| {
            Error::new(Code::NoSuchItem, format!("there is no finding `{id}`"), "List them with `detect`; a finding is named by its whole id, such as F-0123456789ab.")
        })
    }

    /// Everything that persons said of findings.
    pub(crate) fn words(&self) -> Result<Words> {
        let mut words = Words {
            suppressions: self.suppressions()?.suppressions,
            ..Words::default()
        };
        for s in self.store.statements(Some(VERDICT), None)? {
            let (Some(finding), Ok(said)) = (
                s.subject.strip_prefix("finding:"),
                serde_json::from_str::<Judged>(&s.value),
            ) else {
                continue;
            };
            let verdict = VerdictPart {
                verdict: said.verdict,
                note: said.note,
                who: s.who,
                at: s.at.rfc3339(),
                stale: false,
            };
            words
                .verdicts
                .insert(finding.to_owned(), (said.events, verdict));
        }
        Ok(words)
    }

    /// Lays what persons said over a review.
    pub(crate) fn with_words(&self, report: &mut DetectReport) -> Result<()> {
        let words = self.words()?;
        report.open = 0;
        for finding in &mut report.findings {
            finding.verdict = words.verdict(finding);
            finding.suppressed = words.hides(finding).cloned();
            report.open += u64::from(words.state(finding) == "open");
        }
        Ok(())
    }
}

/// What persons said of findings, by the finding and in general.
#[derive(Default)]
pub(crate) struct Words {
    /// With the events of the finding when it was judged.
    verdicts: HashMap<String, (Vec<u64>, VerdictPart)>,
    pub(crate) suppressions: Vec<SuppressionPart>,
}

impl Words {
    /// What a person found out about a finding.
    pub(crate) fn verdict(&self, finding: &FindingPart) -> Option<VerdictPart> {
        let (events, verdict) = self.verdicts.get(&finding.id)?;
        Some(VerdictPart {
            stale: *events != finding.events,
            ..verdict.clone()
        })
    }

    /// The statement that hides a finding.
    pub(crate) fn hides(&self, finding: &FindingPart) -> Option<&SuppressionPart> {
        self.suppressions.iter().find(|s| {
            !s.expired
                && s.detection.as_ref().is_none_or(|d| *d == finding.detection)
                && s.actor.as_ref().is_none_or(|a| {
                    finding
                        .actor
                        .as_ref()
                        .is_some_and(|of| of.eq_ignore_ascii_case(a))
                })
        })
    }

    /// `judged` where a person said that it is innocent or put right, `hidden` where one hid it, else `open`: it still asks
    /// for somebody.
    pub(crate) fn state(&self, finding: &FindingPart) -> &'static str {
        let closed = self.verdicts.get(&finding.id).is_some_and(|(events, v)| {
            *events == finding.events && v.verdict != "confirmed_compromised"
        });
        if closed {
            "judged"
        } else if self.hides(finding).is_some() {
            "hidden"
        } else {
            "open"
        }
    }
}

fn subject(finding: &str) -> String {
    format!("finding:{finding}")
}

/// `2026-12-31` or an RFC 3339 moment.
fn moment(text: &str) -> Result<Instant> {
    let full = if text.len() == 10 {
        format!("{text}T00:00:00Z")
    } else {
        text.to_owned()
    };
    chrono::DateTime::parse_from_rfc3339(&full)
        .ok()
        .and_then(|t| t.timestamp_nanos_opt())
        .map(Instant)
        .ok_or_else(|| {
            Error::new(
                Code::InvalidOption,
                format!("`{text}` is no moment"),
                "Write a date such as 2026-12-31, or 2026-12-31T09:00:00Z.",
            )
        })
}
