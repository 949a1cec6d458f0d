//! How an answer follows from what was found.
//!
//! Owns: the rule. Something that was found is a yes, whatever the log leaves out. That nothing was found is a no only where
//! every log in question records such things, covers the whole span without a gap, and names the subject; else it cannot be
//! told, and the reason is given. Never touches: how something is found.

/// The answer of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is so.
    Yes,
    /// It is not so, and the logs would show it.
    No,
    /// The logs do not settle it.
    CannotTell,
}

impl Answer {
    /// Each with its word.
    pub const ALL: [(Self, &'static str); 3] = [
        (Self::Yes, "yes"),
        (Self::No, "no"),
        (Self::CannotTell, "cannot_tell"),
    ];

    /// The word in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(one, _)| *one == self)
            .map_or("", |(_, word)| word)
    }

    /// The answer of a word; `cannot tell` may be written with a space or a hyphen.
    #[must_use]
    pub fn by_word(word: &str) -> Option<Self> {
        let word = word.trim().to_lowercase().replace([' ', '-'], "_");
        Self::ALL
            .iter()
            .find(|(_, w)| *w == word)
            .map(|(one, _)| *one)
    }
}

/// Whether an answer should worry somebody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sign {
    /// Somebody should act.
    Worrying,
    /// It speaks against a compromise, or for order.
    Reassuring,
    /// Neither.
    #[default]
    Neutral,
}

impl Sign {
    /// Each with its word.
    pub const ALL: [(Self, &'static str); 3] = [
        (Self::Worrying, "worrying"),
        (Self::Reassuring, "reassuring"),
        (Self::Neutral, "neutral"),
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

/// What one log in question is good for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceGround {
    /// The system, with its organization where there are several.
    pub system: String,
    /// Words of what it cannot show.
    pub cannot_show: Vec<String>,
    /// Stretches of the span that it does not cover, each as words: `before 2026-04-03`.
    pub uncovered: Vec<String>,
    /// Set when so many of its entries could not be read that they may hold it: `120 of its 400 entries could not be read`.
    pub unread: Option<String>,
    /// Set when it counts as a log of its own beside others of its system: why, and what to do where it is none.
    pub apart: Option<String>,
}

/// What the absence of something would rest on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ground {
    /// Logs in question; none: no log of the case speaks of this.
    pub sources: Vec<SourceGround>,
    /// Why there is none, where there is none.
    pub none_because: String,
    /// Set when the case does not name the subject at all.
    pub unknown_subject: Option<String>,
    /// Matching events without a time, which may lie within the span.
    pub undated: u64,
}

impl Ground {
    /// Why "nothing was found" would not mean "it was not"; one sentence each, empty when it would.
    #[must_use]
    pub fn doubts(&self, needs: &[String]) -> Vec<String> {
        let mut doubts = Vec::new();
        if let Some(why) = &self.unknown_subject {
            doubts.push(why.clone());
        }
        if self.sources.is_empty() {
            doubts.push(self.none_because.clone());
        }
        for source in &self.sources {
            let lacking: Vec<&str> = needs
                .iter()
                .filter(|need| source.cannot_show.contains(need))
                .map(|need| need_words(need))
                .collect();
            if !lacking.is_empty() {
                doubts.push(format!(
                    "{} does not record {}.",
                    source.system,
                    lacking.join(", ")
                ));
            }
            if !source.uncovered.is_empty() {
                let apart = source
                    .apart
                    .as_ref()
                    .map_or_else(String::new, |why| format!(" ({why})"));
                doubts.push(format!(
                    "{} has no events {}{apart}.",
                    source.system,
                    source.uncovered.join(", ")
                ));
            }
            if let Some(unread) = &source.unread {
                doubts.push(format!("{}: {unread}.", source.system));
            }
        }
        if self.undated > 0 {
            let (noun, verb) = if self.undated == 1 {
                ("event has", "it may lie")
            } else {
                ("events have", "they may lie")
            };
            doubts.push(format!(
                "{} matching {noun} no time, so {verb} within the span.",
                self.undated
            ));
        }
        doubts.retain(|d| !d.is_empty());
        doubts
    }
}

/// What a word of profiles means to a reader.
#[must_use]
pub fn need_words(need: &str) -> &str {
    match need {
        "sign_ins" => "sign-ins",
        "failed_sign_ins" => "failed sign-ins",
        "factors" => "second factors",
        "sessions" => "sessions",
        "addresses" => "addresses",
        "countries" => "countries",
        "devices" => "devices",
        "reads" => "reading and listing",
        "changes" => "changes",
        "deletions" => "deletions",
        "keys" => "keys being made or looked at",
        "log_settings" => "settings of the log",
        "key_use" => "the use of keys",
        "errors" => "errors",
        other => other,
    }
}

/// What one look gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its own answer.
    pub answer: Answer,
    /// Why, in one or more sentences.
    pub reason: String,
    /// Whether it counts for the step.
    pub decides: bool,
}

/// The answer of a step: yes when a part that decides is, else cannot tell when one of them cannot, else no. The reasons are
/// those of the parts that made it so.
#[must_use]
pub fn combine(parts: &[Part]) -> (Answer, String) {
    for wanted in [Answer::Yes, Answer::CannotTell, Answer::No] {
        let mut reasons: Vec<&str> = Vec::new();
        for part in parts.iter().filter(|p| p.decides && p.answer == wanted) {
            if !reasons.contains(&part.reason.as_str()) {
                reasons.push(&part.reason);
            }
        }
        if !reasons.is_empty() {
            return (wanted, reasons.join(" "));
        }
    }
    (
        Answer::CannotTell,
        "No log records this; a person answers it.".to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(answer: Answer, reason: &str) -> Part {
        Part {
            answer,
            reason: reason.to_owned(),
            decides: true,
        }
    }

    #[test]
    fn one_yes_outweighs_what_cannot_be_told_and_one_doubt_outweighs_every_no() {
        let (no, yes, doubt) = (
            part(Answer::No, "none."),
            part(Answer::Yes, "one."),
            part(Answer::CannotTell, "blind."),
        );
        assert_eq!(
            combine(&[no.clone(), doubt.clone(), yes.clone()]),
            (Answer::Yes, "one.".into())
        );
        assert_eq!(
            combine(&[no.clone(), doubt.clone()]),
            (Answer::CannotTell, "blind.".into())
        );
        assert_eq!(
            combine(&[no.clone(), no.clone()]),
            (Answer::No, "none.".into())
        );
        let shown = Part {
            decides: false,
            ..yes
        };
        assert_eq!(combine(&[shown.clone(), no]).0, Answer::No);
        assert_eq!(combine(&[shown]).0, Answer::CannotTell);
        assert_eq!(combine(&[]).0, Answer::CannotTell);
    }

    #[test]
    fn absence_needs_a_log_that_shows_such_things_covers_the_span_and_names_the_subject() {
        let good = SourceGround {
            system: "A".into(),
            ..SourceGround::default()
        };
        let keys = ["keys".to_owned()];
        let ground = |sources: Vec<SourceGround>| Ground {
            sources,
            none_because: "No log of this case is of A.".into(),
            ..Ground::default()
        };
        assert!(ground(vec![good.clone()]).doubts(&keys).is_empty());
        assert_eq!(
            ground(Vec::new()).doubts(&keys),
            ["No log of this case is of A."]
        );
        let blind = SourceGround {
            cannot_show: vec!["keys".into()],
            ..good.clone()
        };
        assert_eq!(
            ground(vec![good.clone(), blind.clone()]).doubts(&keys),
            ["A does not record keys being made or looked at."]
        );
        assert!(ground(vec![blind]).doubts(&[]).is_empty());
        let short = SourceGround {
            uncovered: vec!["before 2026-04-03".into()],
            ..good.clone()
        };
        assert_eq!(
            ground(vec![short]).doubts(&[]),
            ["A has no events before 2026-04-03."]
        );
        let torn = SourceGround {
            unread: Some("9 of its 10 entries could not be read".into()),
            ..good.clone()
        };
        assert_eq!(
            ground(vec![torn]).doubts(&[]),
            ["A: 9 of its 10 entries could not be read."]
        );
        let undated = Ground {
            undated: 2,
            ..ground(vec![good.clone()])
        };
        assert_eq!(undated.doubts(&[]).len(), 1);
        let stranger = Ground {
            unknown_subject: Some("Nobody is called x here.".into()),
            ..ground(vec![good])
        };
        assert_eq!(stranger.doubts(&[]), ["Nobody is called x here."]);
    }
}
