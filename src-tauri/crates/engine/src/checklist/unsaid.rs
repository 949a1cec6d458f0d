//! What may be the subject's and does not say so: events that name nobody, and words that nobody gave a meaning.
//!
//! Owns: when such events make an absence say nothing. Never touches: what the logs cover (`coverage`), what they would show
//! (`shown`).

use witnessmark_checklist::{About, Kind, Look, Scope};
use witnessmark_lens::{Expr, On, Test};
use witnessmark_model::{Field, Instant};

use super::found::Pass;
use super::words;
use crate::drill::{both, is, lacks, term};
use crate::error::Result;

/// Words that are quoted.
const QUOTED: usize = 5;

/// Events that name no person and are not those of the system itself.
fn of_nobody() -> Expr {
    let unnamed = [Field::UserId, Field::UserEmail, Field::UserName].map(lacks);
    both(
        &Expr::and(unnamed.to_vec()),
        is(Field::UserType, "system").negate(),
    )
}

impl Pass<'_> {
    /// Why the absence of a thing among the events of one person says little: as sentences.
    pub(super) fn unsaid(&self, look: &Look, from: Option<Instant>) -> Result<Vec<String>> {
        let mut doubts = Vec::new();
        if look.scope != Scope::Subject || self.subject.about != About::Actor {
            return Ok(doubts);
        }
        let asked = self.case.expr(&look.filter, self.zone)?;
        let (sign, by_word) = match &look.kind {
            // Where every event counts, those of nobody are in every log and say nothing of a person.
            Kind::Rows { .. } | Kind::Values { .. } if asked == Expr::All => return Ok(doubts),
            Kind::Rows { .. } | Kind::Values { .. } => (asked, true),
            Kind::Acts { kinds } => (both(&asked, self.signs_of_acts(kinds)?), true),
            Kind::SignIns { .. } => (
                both(&asked, self.case.expr("op:authenticate", self.zone)?),
                false,
            ),
            _ => return Ok(doubts),
        };
        let logs = Expr::or(self.covered.logs.iter().map(|l| l.expr.clone()).collect());
        let unnamed = Expr::and(vec![logs, self.systems.clone(), sign, of_nobody()]);
        let found = self.case.answer_expr(&self.in_span(&unnamed, from, None))?;
        if let Some(first) = self.numbers(&found, 1)?.first() {
            let count = found.mask.len();
            let verb = if count == 1 { "names" } else { "name" };
            doubts.push(format!(
                "{} of the kind {verb} nobody; the first is event {first}.",
                words::events(count)
            ));
        }
        if by_word {
            doubts.extend(self.without_meaning(from)?);
        }
        Ok(doubts)
    }

    /// The subject's events whose word has no meaning here, so that they may be of any kind.
    fn without_meaning(&self, from: Option<Instant>) -> Result<Option<String>> {
        let word = term(On::Fields(vec![Field::EventAction]), Test::Exists);
        let own = Expr::and(vec![
            self.subject.own.clone(),
            self.systems.clone(),
            word,
            lacks(Field::EventOperation),
        ]);
        let found = self.case.answer_expr(&self.in_span(&own, from, None))?;
        let count = found.mask.len();
        if count == 0 {
            return Ok(None);
        }
        let facet = self
            .case
            .facets_of(&found, &[Field::EventAction], QUOTED)?
            .fields
            .remove(0);
        let quoted: Vec<String> = facet
            .values
            .iter()
            .map(|v| format!("{} ({})", v.value, words::number(v.count)))
            .collect();
        Ok(Some(format!(
            "{}{} in this time {} a word without a meaning here: {}.",
            words::events(count),
            self.subject.by(),
            if count == 1 { "has" } else { "have" },
            words::list(&quoted, QUOTED)
        )))
    }
}
