//! Which logs would show a thing at all: by what they hold, and by what is known of them.
//!
//! Owns: what counts as a sign that a log records something. Never touches: whether it covers the span (`coverage`), what
//! follows (`decide`).
//!
//! That nothing was found says something only of a log that records such things. A log shows that it does by an event of the
//! kind, by anybody and at any time; else the verbs of its profile say so, where it was written for this very log. A log that
//! nobody described, or that was made from another, can only show it by its events.

use witnessmark_checklist::decide::need_words;
use witnessmark_checklist::{Kind, Look};
use witnessmark_ingest::profile::Verb;
use witnessmark_lens::Expr;
use witnessmark_lens::naive::matches;
use witnessmark_model::{Event, Field};

use super::coverage::Log;
use super::found::Pass;
use super::words;
use crate::drill::both;
use crate::error::Result;
use crate::own_entries::Nothing;

const SIGN_IN: &str = "op:authenticate";
/// What every log in which people sign in has to show; of the other words it is enough that one log does.
const OF_EACH_SIGN_IN: &[&str] = &[
    "failed_sign_ins",
    "factors",
    "sessions",
    "addresses",
    "countries",
    "devices",
];

/// The events by which a log shows that it records what a word of profiles means.
fn sign_of(need: &str) -> &'static str {
    match need {
        "sign_ins" => SIGN_IN,
        "failed_sign_ins" => "op:authenticate outcome:failure",
        "factors" => {
            "action:(*mfa* OR *factor* OR *otp* OR *2fa* OR *2sv* OR *2-step* OR *two_step* OR *passkey* OR *webauthn*)"
        }
        "sessions" => "has:session.id",
        "addresses" => "has:source.ip",
        "countries" => "has:source.geo.country_iso_code OR has:source.geo.country_name",
        "devices" => "has:user_agent.original OR has:user_agent.name",
        "reads" => "op:read OR op:list",
        "changes" => {
            "op:(create OR update OR delete OR grant OR revoke OR enable OR disable OR invite)"
        }
        "deletions" => "op:(delete OR disable OR revoke)",
        "keys" => {
            "category:credential -action:~password -action:~passwd -action:~mfa -action:~factor -action:~otp -action:~two-step -action:~two_step -action:~2fa -action:~2sv"
        }
        "log_settings" => {
            "action:(*audit* OR *logging* OR *log_* OR *trail* OR *retention*) op:(create OR update OR delete OR enable OR disable)"
        }
        "key_use" => "user.type:(api OR service* OR app* OR token OR bot OR machine)",
        "errors" => "category:error OR has:error.type OR has:error.message",
        _ => "",
    }
}

/// The same for a kind of act.
fn sign_of_act(act: &str) -> &'static str {
    match act {
        "money" => {
            "(category:payout OR category:kyc OR (category:payment op:(transfer OR create OR update OR delete))) -op:read -op:list"
        }
        "key" => "category:credential -op:list",
        "role" => {
            "((category:iam OR category:organization) -op:read -op:list) OR op:(grant OR revoke OR invite)"
        }
        "export" => "op:export",
        _ => "",
    }
}

/// What is said of an act.
fn act_words(act: &str) -> &'static str {
    match act {
        "money" => "acts on the money path",
        "key" => "acts on keys",
        "role" => "acts on members and roles",
        "export" => "exports",
        _ => "other acts",
    }
}

/// What the logs in question would show of what a look looks for.
#[derive(Default)]
pub(super) struct Shown {
    /// By position of the log: whether it would show it.
    pub(super) by: Vec<bool>,
    /// Why absence says nothing, whatever the logs cover.
    pub(super) doubts: Vec<String>,
    /// Logs of which the answer says nothing, as a sentence; empty where it speaks of all.
    pub(super) aside: String,
}

impl Pass<'_> {
    /// Which logs would show what a look looks for.
    pub(super) fn shown(&self, look: &Look) -> Result<Shown> {
        let logs = &self.covered.logs;
        let mut shown = Shown {
            by: vec![true; logs.len()],
            ..Shown::default()
        };
        if logs.is_empty() {
            return Ok(shown);
        }
        let mut needs: Vec<&str> = look.needs.iter().map(String::as_str).collect();
        if matches!(look.kind, Kind::SignIns { .. }) && !needs.contains(&"sign_ins") {
            needs.push("sign_ins");
        }
        for need in needs {
            if OF_EACH_SIGN_IN.contains(&need) {
                self.of_each_sign_in(need, &mut shown)?;
            } else {
                let words = need_words(need).to_owned();
                self.of_one(
                    &self.case.expr(sign_of(need), self.zone)?,
                    need,
                    &words,
                    &mut shown,
                )?;
            }
        }
        match &look.kind {
            Kind::Acts { kinds } => {
                for act in kinds.iter().filter(|a| *a != "other") {
                    let sign = self.case.expr(sign_of_act(act), self.zone)?;
                    self.of_one(&sign, "", act_words(act), &mut shown)?;
                }
            }
            // Where what it needs is not known to be recorded, that is said already.
            _ if !shown.doubts.is_empty() => {}
            Kind::Rows { .. }
            | Kind::Values { .. }
            | Kind::New { .. }
            | Kind::Detections { .. } => {
                let by_filter = !matches!(look.kind, Kind::Detections { .. });
                let text = match look.shown_by.as_str() {
                    "" if by_filter => look.filter.as_str(),
                    text => text,
                };
                let what = if by_filter {
                    format!("events such as {}", with_article(&look.what))
                } else {
                    format!("events on which a {} could rest", look.what)
                };
                if !text.is_empty() {
                    let sign = self.case.expr(text, self.zone)?;
                    self.of_one(&sign, "", &what, &mut shown)?;
                }
            }
            _ => {}
        }
        if shown.by.iter().all(|by| !by) {
            // None shows all of it, each perhaps a part; then all of them are asked.
            shown.by = vec![true; logs.len()];
        }
        let silent: Vec<String> = logs
            .iter()
            .zip(&shown.by)
            .filter(|(_, by)| !**by)
            .map(|(log, _)| log.part.system.clone())
            .collect();
        if shown.doubts.is_empty() && !silent.is_empty() {
            let verb = if silent.len() == 1 { "holds" } else { "hold" };
            shown.aside = format!(
                " {} {verb} nothing of the kind, so this says nothing of what was done there.",
                words::list(&silent, 5)
            );
        }
        Ok(shown)
    }

    /// The events by which acts of some kinds show themselves.
    pub(super) fn signs_of_acts(&self, kinds: &[String]) -> Result<Expr> {
        let signs = kinds
            .iter()
            .map(|k| self.case.expr(sign_of_act(k), self.zone));
        Ok(Expr::or(signs.collect::<Result<_>>()?))
    }

    /// At least one log has to show it; the others are not asked.
    fn of_one(&self, sign: &Expr, need: &str, what: &str, shown: &mut Shown) -> Result<()> {
        let mut by = Vec::with_capacity(self.covered.logs.len());
        for log in &self.covered.logs {
            by.push(self.records(log, need, sign)?);
        }
        if by.iter().any(|b| *b) {
            for (all, one) in shown.by.iter_mut().zip(by) {
                *all &= one;
            }
        } else {
            let systems = self.covered.logs.iter().filter(|l| !declared(l, need));
            let systems: Vec<String> = systems.map(|l| l.part.system.clone()).collect();
            if !systems.is_empty() {
                shown.doubts.push(unknown(&systems, what));
            }
        }
        Ok(())
    }

    /// Every log in which people sign in has to show it, and there must be one.
    fn of_each_sign_in(&self, need: &str, shown: &mut Shown) -> Result<()> {
        let sign = self.case.expr(sign_of(need), self.zone)?;
        let sign_in = self.case.expr(SIGN_IN, self.zone)?;
        let (mut any, mut lacking) = (false, Vec::new());
        for log in &self.covered.logs {
            if !self.records(log, "sign_ins", &sign_in)? {
                continue;
            }
            any = true;
            if !declared(log, need) && !self.records(log, need, &sign)? {
                lacking.push(log.part.system.clone());
            }
        }
        if !any {
            lacking = self
                .covered
                .logs
                .iter()
                .map(|l| l.part.system.clone())
                .collect();
        }
        if !lacking.is_empty() {
            shown.doubts.push(unknown(&lacking, need_words(need)));
        }
        Ok(())
    }

    /// Whether a log records such things.
    fn records(&self, log: &Log, need: &str, sign: &Expr) -> Result<bool> {
        if declared(log, need) {
            return Ok(false);
        }
        if log.profiles.iter().any(|p| vouches(p, need, sign)) {
            return Ok(true);
        }
        Ok(!self
            .case
            .answer_expr(&both(&log.expr, sign.clone()))?
            .mask
            .is_empty())
    }
}

/// Whether the profile of a log says that it does not record it.
fn declared(log: &Log, need: &str) -> bool {
    log.part.cannot_show.iter().any(|word| word == need)
}

/// Whether what is known of a log says that it records such things.
fn vouches(profile: &witnessmark_ingest::profile::Profile, need: &str, sign: &Expr) -> bool {
    if profile.converted || profile.verbs().next().is_none() {
        return false;
    }
    let tells = |field| profile.tells(field);
    match need {
        "sessions" => return tells(Field::SessionId),
        "addresses" => return tells(Field::SourceIp),
        "countries" => return tells(Field::SourceCountry) || tells(Field::SourceCountryName),
        "devices" => return tells(Field::UserAgentOriginal) || tells(Field::UserAgentName),
        "errors" if tells(Field::ErrorType) || tells(Field::ErrorMessage) => return true,
        // Logs of vendors record who changed them; where one does not, its profile says so.
        "log_settings" => return true,
        _ => {}
    }
    let outcomes: &[&str] = if tells(Field::EventOutcome) {
        &["success", "failure"]
    } else {
        &["success"]
    };
    // A word that may begin with anything is a guess at how the log would call it, not a thing that it is known to record.
    let mut known = profile.verbs().filter(|(word, _)| !word.starts_with('*'));
    known.any(|(word, verb)| {
        let own = verb.outcome.map(|o| [o]);
        let outcomes = own.as_ref().map_or(outcomes, |o| o.as_slice());
        let mut each = outcomes.iter();
        each.any(|outcome| matches(sign, &event_of(word, verb, outcome), &Nothing))
    })
}

/// The event that a verb makes, as far as the verb alone says.
fn event_of(word: &str, verb: &Verb, outcome: &str) -> Event {
    let mut event = Event::default();
    for (field, value) in [
        (Field::EventAction, word),
        (Field::EventCategory, verb.category),
        (Field::EventOperation, verb.operation),
        (Field::EventOutcome, outcome),
        (
            Field::EventSensitivity,
            verb.sensitivity.unwrap_or_default(),
        ),
    ] {
        event.fields.push((field, value.to_owned()));
    }
    event
}

fn with_article(what: &str) -> String {
    let vowel = what.starts_with(['a', 'e', 'i', 'o', 'A', 'E', 'I', 'O']);
    format!("{} {what}", if vowel { "an" } else { "a" })
}

fn unknown(systems: &[String], what: &str) -> String {
    let (verb, records) = match systems {
        [_] => ("holds", "it records"),
        _ => ("hold", "they record"),
    };
    format!(
        "{} {verb} no {what} by anybody at any time, so whether {records} such things is not known.",
        words::list(systems, 5)
    )
}
