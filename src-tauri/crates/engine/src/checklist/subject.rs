//! What a checklist is about: an actor, an address or everybody, in a span of time; and the filters that follow.
//!
//! Owns: the words of a subject, and which events are its own or were done to it. Never touches: what is asked of them.

use std::collections::BTreeSet;

use witnessmark_checklist::About;
use witnessmark_lens::{Expr, On, Test, fold};
use witnessmark_model::{Field, Instant, Zone};
use witnessmark_store::query::Axis;

use super::words;
use crate::api::SubjectPart;
use crate::case::Case;
use crate::drill::{both, key_text, of_actor, term};
use crate::error::{Code, Error, Result};

/// Actors that one name may mean before it is taken as a filter only.
const MOST_ACTORS: usize = 50;
/// A name shorter than this is not looked for in messages: it would be met in other words.
const LEAST_IN_MESSAGE: usize = 4;

/// A subject as it was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubjectChoice {
    /// `actor:alice@example.com`, `address:203.0.113.5`, or empty for everyone.
    pub subject: String,
    /// Start of the span, as in `after:`; absent: the start of the log.
    pub from: Option<String>,
    /// End of the span, exclusive, as in `before:`; absent: the end of the log.
    pub to: Option<String>,
}

/// A subject that was understood.
pub(super) struct Subject {
    pub(super) about: About,
    pub(super) value: String,
    pub(super) from: Option<Instant>,
    pub(super) to: Option<Instant>,
    /// Its events, whatever their time.
    pub(super) own: Expr,
    /// Events that were done to it.
    pub(super) target: Expr,
    /// Names under which the logs know it.
    pub(super) names: Vec<String>,
    /// Positions of its identities among those of the case; empty where the name is taken as a filter only.
    pub(super) members: Vec<u32>,
    /// The keys of these identities.
    pub(super) keys: BTreeSet<String>,
    /// Set when nothing in the case names it.
    pub(super) unknown: Option<String>,
    /// Set when the logs in question name somebody who may be the same person, whom nobody joined with it.
    pub(super) unjoined: Option<String>,
}

impl Subject {
    /// ` by alice@example.com`, ` from 203.0.113.5`, or nothing.
    pub(super) fn by(&self) -> String {
        match self.about {
            About::Actor => format!(" by {}", self.value),
            About::Address => format!(" from {}", self.value),
            About::Everyone => String::new(),
        }
    }

    pub(super) fn part(&self, zone: &Zone) -> SubjectPart {
        let who = match self.about {
            About::Actor | About::Address => self.value.clone(),
            About::Everyone => "Everyone".to_owned(),
        };
        let time = match (self.from, self.to) {
            (None, None) => "in the whole log".to_owned(),
            (Some(from), None) => format!("from {} to the end of the log", words::time(from, zone)),
            (None, Some(to)) => {
                format!("from the start of the log to {}", words::time(to, zone))
            }
            (Some(from), Some(to)) => {
                format!(
                    "from {} to {}",
                    words::time(from, zone),
                    words::time(to, zone)
                )
            }
        };
        SubjectPart {
            kind: self.about.word().to_owned(),
            value: self.value.clone(),
            from: self.from.map(Instant::rfc3339),
            to: self.to.map(Instant::rfc3339),
            text: format!("{who}, {time}"),
        }
    }
}

/// A span as a filter; everything when both ends are open.
pub(super) fn span(from: Option<Instant>, to: Option<Instant>) -> Expr {
    match (from, to) {
        (None, None) => Expr::All,
        (from, until) => term(On::Time, Test::When { from, until }),
    }
}

impl Case {
    /// Understands a subject.
    pub(super) fn subject(&self, choice: &SubjectChoice, zone: &Zone) -> Result<Subject> {
        let moment = |text: &Option<String>| -> Result<Option<Instant>> {
            let given = text.as_deref().map(str::trim).filter(|t| !t.is_empty());
            given
                .map(|t| {
                    let quoted = if t.contains(' ') && !t.starts_with('"') {
                        format!("\"{t}\"")
                    } else {
                        t.to_owned()
                    };
                    self.moment(&quoted, zone)
                })
                .transpose()
        };
        let (from, to) = (moment(&choice.from)?, moment(&choice.to)?);
        if let (Some(a), Some(b)) = (from, to)
            && a >= b
        {
            return Err(Error::new(
                Code::InvalidOption,
                "the span ends before it begins",
                "Give --from before --to.",
            ));
        }
        let (kind, value) = match choice.subject.trim().split_once(':') {
            Some((kind, value)) => (kind.trim(), value.trim().trim_matches('"')),
            None => (choice.subject.trim(), ""),
        };
        let about = match kind {
            "" | "everyone" => About::Everyone,
            "actor" | "user" => About::Actor,
            "address" | "ip" => About::Address,
            other => {
                return Err(Error::new(
                    Code::InvalidOption,
                    format!("`{other}` is no subject of a checklist"),
                    "Write actor:alice@example.com, address:203.0.113.5, or leave it out for everyone.",
                ));
            }
        };
        if about != About::Everyone && value.is_empty() {
            return Err(Error::new(
                Code::InvalidOption,
                format!("the subject `{kind}` names nobody"),
                "Write actor:alice@example.com or address:203.0.113.5.",
            ));
        }
        let mut subject = Subject {
            about,
            value: value.to_owned(),
            from,
            to,
            own: Expr::All,
            target: Expr::All,
            names: Vec::new(),
            members: Vec::new(),
            keys: BTreeSet::new(),
            unknown: None,
            unjoined: None,
        };
        match about {
            About::Everyone => {}
            About::Address => self.address(&mut subject, zone)?,
            About::Actor => self.person(&mut subject, zone)?,
        }
        Ok(subject)
    }

    fn address(&self, subject: &mut Subject, zone: &Zone) -> Result<()> {
        let text = format!("ip:{}", subject.value);
        let query = self.parse(&text, zone)?;
        if !matches!(query.expr, Expr::Term(_)) {
            return Err(Error::new(
                Code::InvalidOption,
                format!("`{}` is no address", subject.value),
                "Write an address such as 203.0.113.5 or a network such as 203.0.113.0/24.",
            ));
        }
        subject.own = query.expr.without_spans();
        if self.answer_expr(&subject.own)?.mask.is_empty() {
            subject.unknown = Some(format!(
                "No event of this case names the address {}.",
                subject.value
            ));
        }
        Ok(())
    }

    /// An actor: every identity of the persons that the name means, so that what somebody joined is one.
    fn person(&self, subject: &mut Subject, zone: &Zone) -> Result<()> {
        let typed = self.actor_filter(&subject.value, zone)?;
        let plain = self.parse(&typed, zone)?.expr.without_spans();
        let answer = self.answer_expr(&plain)?;
        let query = self.query(&answer.snapshot);
        let values = query.values(Axis::Actor)?;
        let numbers: Vec<u32> = query
            .tally(&answer.mask, Axis::Actor)?
            .iter()
            .map(|t| t.number)
            .filter(|n| *n != 0)
            .collect();
        let mut names: BTreeSet<String> = BTreeSet::from([subject.value.clone()]);
        subject.own = plain;
        if !numbers.is_empty() && numbers.len() <= MOST_ACTORS {
            let each = numbers.iter().map(|n| of_actor(&values, *n));
            subject.own = Expr::or(each.collect());
            let members = numbers.iter().flat_map(|n| values.members(*n));
            subject.members = members.copied().collect();
            for at in &subject.members {
                let identity = &values.identities()[*at as usize];
                subject.keys.insert(key_text(&identity.key));
                names.extend(identity.ids.iter().cloned());
                names.extend(identity.emails.iter().cloned());
                names.extend(identity.names.iter().cloned());
            }
        }
        subject.names = names.into_iter().filter(|n| !n.trim().is_empty()).collect();
        subject.target = done_to(&subject.names);
        if answer.mask.is_empty() && self.answer_expr(&subject.target)?.mask.is_empty() {
            subject.unknown = Some(format!(
                "No event of this case names {}, as actor or as target.",
                subject.value
            ));
        }
        Ok(())
    }
}

impl Case {
    /// Who else in some logs may be the same person as a subject: by a proposal that nobody joined.
    pub(super) fn unjoined(&self, subject: &Subject, systems: &Expr) -> Result<Option<String>> {
        if subject.members.is_empty() {
            return Ok(None);
        }
        let all = self.answer_expr(&Expr::All)?;
        let query = self.query(&all.snapshot);
        let of_subject = subject.members.iter().map(|at| at + 1);
        for proposal in self.proposals_of(&query, of_subject)? {
            let (here, others): (Vec<_>, Vec<_>) = proposal
                .identities
                .iter()
                .partition(|one| subject.keys.contains(&one.key));
            for other in others {
                let theirs = both(systems, self.expr(&other.filter, &Zone::UTC)?);
                let events = self.answer_expr(&theirs)?.mask.len();
                let Some(known) = here.first().filter(|_| events > 0) else {
                    continue;
                };
                let why: Vec<&str> = proposal.reasons.iter().map(|r| r.text.as_str()).collect();
                let system = match other.provider.as_str() {
                    "" => String::new(),
                    provider => format!(" of {provider}"),
                };
                return Ok(Some(format!(
                    "`{}`{system}, with {}, may be the same person and is not joined: {}. Join them under Actors, or with `merge CASE '{}' '{}'`, and ask again; where they are two people, answer with a note that says so.",
                    other.value,
                    words::events(events),
                    words::list(&why.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>(), 3),
                    known.key,
                    other.key
                )));
            }
        }
        Ok(None)
    }
}

/// Events whose target is called by one of these names, or whose message holds one.
fn done_to(names: &[String]) -> Expr {
    let mut ways = Vec::new();
    for name in names {
        let folded = fold(name).into_owned();
        ways.push(term(
            On::Fields(vec![Field::TargetId, Field::TargetName]),
            Test::Is(folded.clone()),
        ));
        if folded.chars().count() >= LEAST_IN_MESSAGE {
            ways.push(term(
                On::Fields(vec![Field::Message]),
                Test::Contains(folded),
            ));
        }
    }
    Expr::or(ways)
}
