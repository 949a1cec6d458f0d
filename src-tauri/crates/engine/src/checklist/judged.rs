//! The looks that ask the review of sign-ins and the findings.
//!
//! Owns: which findings and sign-ins belong to a subject, and when their absence is a no. Never touches: how something is
//! found or compared.

use std::rc::Rc;

use witnessmark_checklist::{About, Answer, Look, Show};
use witnessmark_lens::{Expr, to_text};
use witnessmark_model::Instant;
use witnessmark_store::query::{Order, View};

use super::coverage::DAY;
use super::found::{After, MOST_ANCHORS, Pass, Unsure};
use super::look::Outcome;
use super::subject::span;
use super::words;
use crate::api::{DetectReport, FindingPart};
use crate::drill::{SigninShow, Signins, both};
use crate::error::Result;
use crate::findings::of_events;

/// Reasons that are quoted.
const MOST_REASONS: usize = 3;
/// Days before a span in which an unfamiliar sign-in may reach into it.
const BEFORE_DAYS: i64 = 30;

impl Pass<'_> {
    fn review(&mut self) -> Result<Rc<(DetectReport, bool)>> {
        if let Some(review) = &self.review {
            return Ok(Rc::clone(review));
        }
        let review = Rc::new(self.case.review_for_questions()?);
        self.review = Some(Rc::clone(&review));
        Ok(review)
    }

    /// Findings of some detections that touch the subject.
    pub(super) fn detections(
        &mut self,
        look: &Look,
        ids: &[String],
        after: &After,
        last: bool,
    ) -> Result<Outcome> {
        let review = self.review()?;
        let (report, kept) = &*review;
        let base = self.scope(look)?;
        let (from, without) = self.from(after, last);
        let expr = self.in_span(&base, from, without);
        let found = self.case.answer_expr(&expr)?;
        let query = self.case.query(&found.snapshot);
        let view = View::new(found.snapshot.clone(), found.mask.clone(), Order::Oldest);
        let touches = |finding: &FindingPart| -> Result<bool> {
            if expr == Expr::All {
                return Ok(true);
            }
            for event in &finding.events {
                if view.rank_of(&query, *event)?.is_some() {
                    return Ok(true);
                }
            }
            Ok(false)
        };
        let mut findings: Vec<&FindingPart> = Vec::new();
        let mut set_aside: Vec<String> = Vec::new();
        for finding in report
            .findings
            .iter()
            .filter(|f| ids.contains(&f.detection))
        {
            if !touches(finding)? {
                continue;
            }
            if is_innocent(finding) {
                set_aside.push(finding.id.clone());
            } else {
                findings.push(finding);
            }
        }
        let aside = match set_aside.len() {
            0 => String::new(),
            1 => " One finding was judged innocent or hidden by a person and does not count."
                .to_owned(),
            n => format!(
                " {n} findings were judged innocent or hidden by a person and do not count."
            ),
        };
        if !findings.is_empty() {
            let sentences: Vec<String> = findings
                .iter()
                .take(MOST_REASONS)
                .map(|f| words::closed(&f.sentence))
                .collect();
            let more = match findings.len().saturating_sub(MOST_REASONS) {
                0 => String::new(),
                n => format!(" And {n} more."),
            };
            let mut out =
                Outcome::new(Answer::Yes, format!("{}{more}{aside}", sentences.join(" ")));
            let mut events: Vec<u64> = findings.iter().flat_map(|f| f.events.clone()).collect();
            events.sort_unstable();
            events.dedup();
            events.truncate(MOST_ANCHORS);
            out.count = findings.len() as u64;
            out.findings = findings.iter().map(|f| f.id.clone()).collect();
            out.query = match out.findings.as_slice() {
                // The filter knows the findings of the review that is kept.
                _ if !kept => of_events(&events),
                [one] => format!("finding:{one}"),
                several => format!("finding:({})", several.join(" OR ")),
            };
            out.events = events;
            out.set_aside = set_aside;
            return Ok(out);
        }
        let undated = self.undated(&base, true)?;
        let mut out = self.absent(look, from, undated, &to_text(&expr), "")?;
        let unjudged = self.unjudged(report, ids);
        if !unjudged.is_empty() {
            out = out.doubted(&look.what, &unjudged.join(" "));
        }
        out.reason.push_str(&aside);
        out.set_aside = set_aside;
        Ok(out)
    }

    /// Why detections could not judge this subject: what their logs do not show, and too little history.
    fn unjudged(&self, report: &DetectReport, ids: &[String]) -> Vec<String> {
        let mut reasons: Vec<String> = Vec::new();
        let mut add = |text: String| {
            if !reasons.contains(&text) {
                reasons.push(text);
            }
        };
        for lack in report
            .cannot_tell
            .iter()
            .filter(|c| ids.contains(&c.detection))
        {
            let here = self.covered.logs.iter().find(|l| {
                let provider = &l.part.provider;
                lack.source == *provider
                    || lack.source.starts_with(&format!("{provider} "))
                    || provider.is_empty() && lack.source.starts_with("events of no")
            });
            if let Some(log) = here {
                // The first sentence; the blind spots of the log stand beside the answer in full.
                let short = lack.reason.split(". ").next().unwrap_or(&lack.reason);
                add(words::sentence(&format!("{}: {short}", log.part.system)));
            }
        }
        let mut unlearned: Vec<String> = Vec::new();
        for one in report
            .not_enough_history
            .iter()
            .filter(|u| ids.contains(&u.detection))
        {
            // Whose an address is, nobody says: it may be any of them.
            let of_subject = self.subject.about != About::Actor
                || one.actor.is_empty()
                || self
                    .subject
                    .names
                    .iter()
                    .any(|n| n.eq_ignore_ascii_case(&one.actor));
            if of_subject {
                let who = if one.actor.is_empty() {
                    String::new()
                } else {
                    format!("{}: ", one.actor)
                };
                unlearned.push(words::closed(&format!("{who}{}", one.reason)));
            }
        }
        unlearned.dedup();
        let more: u64 = report
            .not_enough_history_more
            .iter()
            .filter(|(id, _)| ids.contains(id))
            .map(|(_, n)| n)
            .sum();
        let left = unlearned.len().saturating_sub(MOST_REASONS) as u64 + more;
        unlearned.into_iter().take(MOST_REASONS).for_each(&mut add);
        if left > 0 {
            add(format!(
                "And {} more of whom too little is known.",
                words::number(left)
            ));
        }
        reasons
    }

    /// Sign-ins of the subject against the baseline of their actors.
    pub(super) fn sign_ins(
        &self,
        look: &Look,
        show: Show,
        after: &After,
        last: bool,
    ) -> Result<Outcome> {
        let base = self.scope(look)?;
        let (from, without) = self.from(after, last);
        let expr = self.in_span(&base, from, without);
        let wanted = Signins {
            show: match show {
                Show::Unfamiliar => SigninShow::Unfamiliar,
                Show::New => SigninShow::New,
                Show::Failed => SigninShow::Failed,
                Show::TooFast => SigninShow::TooFast,
            },
            oldest_first: true,
            first: 0,
            limit: MOST_ANCHORS,
        };
        let report = self.case.signins(&to_text(&expr), self.zone, &wanted)?;
        let events: Vec<u64> = report.rows.iter().map(|r| r.event).collect();
        let baseline = format!(
            "each against all earlier sign-ins of its actor; a baseline is {} sign-ins over {} days",
            report.rules.enough_sign_ins, report.rules.enough_days
        );
        let total = report.counts.total;
        let mut out = if report.rows_total > 0 {
            let told: Vec<String> = report
                .rows
                .iter()
                .take(MOST_REASONS)
                .map(|row| {
                    let when = row
                        .time
                        .as_deref()
                        .and_then(Instant::parse_rfc3339)
                        .map_or_else(|| "undated".to_owned(), |t| words::time(t, self.zone));
                    let who = row.actor.as_deref().unwrap_or("nobody named");
                    let place = row
                        .address
                        .value
                        .as_deref()
                        .map_or_else(String::new, |a| format!(" from {a}"));
                    let why = if row.why.is_empty() {
                        String::new()
                    } else {
                        format!(" ({})", row.why.join("; "))
                    };
                    format!("{when}, {who}{place}{why}")
                })
                .collect();
            let more = match report.rows_total as usize - told.len() {
                0 => String::new(),
                n => format!("; and {n} more"),
            };
            Outcome::new(
                Answer::Yes,
                words::sentence(&format!(
                    "{}: {} of {} sign-ins: {}{more}",
                    look.what,
                    words::number(report.rows_total),
                    words::number(total),
                    told.join("; ")
                )),
            )
        } else if show != Show::Failed && report.cannot_tell > 0 {
            let ask = Signins {
                show: SigninShow::CannotTell,
                limit: 1,
                ..wanted
            };
            let unsure = self.case.signins(&to_text(&expr), self.zone, &ask)?;
            let why = unsure.rows.first().map_or_else(String::new, |r| {
                format!(" The first: {}", words::sentence(&r.why.join("; ")))
            });
            let until =
                self.unjudged_sign_in(&expr, false, &wanted)?
                    .map_or_else(String::new, |t| {
                        format!(
                            " The last of them was at {}; none after it is unfamiliar.",
                            words::time(t, self.zone)
                        )
                    });
            Outcome::new(
                Answer::CannotTell,
                format!(
                    "{} of {} sign-ins cannot be judged.{why}{until}",
                    words::number(report.cannot_tell),
                    words::number(total)
                ),
            )
        } else {
            let more = match total {
                0 => " among no sign-ins at all".to_owned(),
                1 => " in 1 sign-in".to_owned(),
                n => format!(" in {} sign-ins", words::number(n)),
            };
            let undated = self.undated(&base, from.is_some() || self.subject.to.is_some())?;
            let absent = self.absent(
                look,
                from,
                undated.max(report.undated),
                &report.filter,
                &more,
            )?;
            match self.just_before(&base, &wanted)? {
                Some(doubt) if absent.answer == Answer::No && show != Show::Failed => {
                    absent.doubted(&look.what, &doubt)
                }
                _ => absent,
            }
        };
        if report.rows_total > 0 && show != Show::Failed && report.cannot_tell > 0 {
            out.unsure = Some(Unsure {
                count: report.cannot_tell,
                first: self.unjudged_sign_in(&expr, true, &wanted)?,
                last: self.unjudged_sign_in(&expr, false, &wanted)?,
            });
        }
        out.query = report.filter;
        out.count = report.rows_total;
        out.events = events;
        out.baseline = baseline;
        Ok(out)
    }
}

impl Pass<'_> {
    /// Such sign-ins shortly before a span that begins somewhere: who came then may be there still, and later sign-ins from
    /// there no longer look new.
    fn just_before(&self, base: &Expr, wanted: &Signins) -> Result<Option<String>> {
        let Some(from) = self.subject.from else {
            return Ok(None);
        };
        let earlier = Instant(from.0.saturating_sub(BEFORE_DAYS * DAY));
        let expr = both(base, span(Some(earlier), Some(from)));
        let ask = Signins {
            oldest_first: false,
            limit: 1,
            ..*wanted
        };
        let found = self.case.signins(&to_text(&expr), self.zone, &ask)?;
        let last = found.rows.first();
        Ok(last.map(|row| {
            let at = row.time.as_deref().and_then(Instant::parse_rfc3339);
            let at = at.map_or_else(String::new, |t| format!(" at {}", words::time(t, self.zone)));
            format!(
                "{} such stand in the {BEFORE_DAYS} days before the span, the last{at} (event {}); begin the span with them.",
                words::number(found.rows_total),
                row.event
            )
        }))
    }

    /// The moment of the earliest or the latest sign-in that cannot be judged.
    fn unjudged_sign_in(
        &self,
        expr: &Expr,
        oldest_first: bool,
        wanted: &Signins,
    ) -> Result<Option<Instant>> {
        let ask = Signins {
            show: SigninShow::CannotTell,
            oldest_first,
            limit: 1,
            ..*wanted
        };
        let found = self.case.signins(&to_text(expr), self.zone, &ask)?;
        let time = found.rows.first().and_then(|r| r.time.as_deref());
        Ok(time.and_then(Instant::parse_rfc3339))
    }
}

/// Whether a person said that a finding is nothing to act on, and its events are still those that were judged.
pub(super) fn is_innocent(finding: &FindingPart) -> bool {
    let judged = finding.verdict.as_ref().is_some_and(|v| {
        !v.stale
            && matches!(
                v.verdict.as_str(),
                "confirmed_safe" | "benign_true_positive"
            )
    });
    judged || finding.suppressed.is_some()
}
