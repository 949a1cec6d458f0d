//! Sentences for people: `Alice viewed an API key`.
//!
//! Owns: the pattern language of `say` and its rendering from an event. Never touches: markup; the parts are plain text.
//!
//! `{actor} viewed an API key[ {target}]`: a placeholder is `actor`, `target`, `changes` or the name of a field; what
//! stands in brackets is left out when one of its placeholders has no value.

use witnessmark_model::{Event, Field, verbs::OPERATIONS};

/// What a part of a sentence is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartKind {
    /// Who.
    Actor,
    /// Did what.
    Verb,
    /// To what.
    Object,
    /// Anything further.
    Tail,
}

/// One part of a sentence; the parts put together are the sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentencePart {
    /// What the part is.
    pub kind: PartKind,
    /// The text, with its blanks.
    pub text: String,
    /// The field that the text is the value of; absent for words of the sentence itself.
    pub field: Option<Field>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Actor,
    Target,
    Changes,
    Field(Field),
    Optional(Vec<Piece>),
}

/// A sentence with placeholders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern(Vec<Piece>);

impl Pattern {
    /// Reads a pattern.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (pieces, rest) = pieces(text, false)?;
        if rest.is_empty() {
            Ok(Self(pieces))
        } else {
            Err(format!("`{text}` has a bracket that was never opened"))
        }
    }

    fn render(&self, event: &Event) -> Vec<SentencePart> {
        let mut out = Vec::new();
        write(&self.0, event, &mut out);
        out
    }
}

fn pieces(text: &str, inside: bool) -> Result<(Vec<Piece>, &str), String> {
    let mut out = Vec::new();
    let mut rest = text;
    loop {
        let at = rest.find(['{', '[', ']']).unwrap_or(rest.len());
        if at > 0 {
            out.push(Piece::Text(rest[..at].to_owned()));
        }
        rest = &rest[at..];
        match rest.as_bytes().first() {
            None if inside => return Err(format!("`{text}` has a bracket that is never closed")),
            None => return Ok((out, "")),
            Some(b']') if inside => return Ok((out, &rest[1..])),
            Some(b']') => return Ok((out, rest)),
            Some(b'[') => {
                let (group, after) = pieces(&rest[1..], true)?;
                out.push(Piece::Optional(group));
                rest = after;
            }
            Some(_) => {
                let end = rest
                    .find('}')
                    .ok_or_else(|| format!("`{text}` has a brace that is never closed"))?;
                out.push(match &rest[1..end] {
                    "actor" => Piece::Actor,
                    "target" => Piece::Target,
                    "changes" => Piece::Changes,
                    name => Piece::Field(
                        Field::by_name(name).ok_or_else(|| format!("`{name}` is no field"))?,
                    ),
                });
                rest = &rest[end + 1..];
            }
        }
    }
}

fn value(piece: &Piece, event: &Event) -> Option<(String, Option<Field>)> {
    match piece {
        Piece::Actor => Some(actor(event)),
        Piece::Target => target(event),
        Piece::Changes => {
            let fields: Vec<&str> = event
                .changes
                .iter()
                .map(|c| c.field.as_str())
                .filter(|f| !f.is_empty())
                .collect();
            let shown = match fields.as_slice() {
                [] => return None,
                [one] => (*one).to_owned(),
                [one, two] => format!("{one} and {two}"),
                [one, two, more @ ..] => format!("{one}, {two} and {} more", more.len()),
            };
            Some((shown, Some(Field::ChangeField)))
        }
        Piece::Field(field) => event
            .values(*field)
            .first()
            .map(|v| ((*v).to_owned(), Some(*field))),
        Piece::Text(_) | Piece::Optional(_) => None,
    }
}

fn actor(event: &Event) -> (String, Option<Field>) {
    [
        Field::UserName,
        Field::UserEmail,
        Field::UserId,
        Field::UserType,
    ]
    .into_iter()
    .find_map(|f| event.get(f).map(|v| (v.to_owned(), Some(f))))
    .unwrap_or_else(|| ("Somebody".to_owned(), None))
}

fn target(event: &Event) -> Option<(String, Option<Field>)> {
    event.targets.iter().find_map(|t| {
        let named = t
            .name
            .clone()
            .map(|n| (n, Some(Field::TargetName)))
            .or_else(|| t.id.clone().map(|i| (i, Some(Field::TargetId))));
        named.or_else(|| t.r#type.clone().map(|k| (k, Some(Field::TargetType))))
    })
}

fn complete(pieces: &[Piece], event: &Event) -> bool {
    pieces.iter().all(|piece| match piece {
        Piece::Text(_) | Piece::Optional(_) => true,
        other => value(other, event).is_some(),
    })
}

fn write(pieces: &[Piece], event: &Event, out: &mut Vec<SentencePart>) {
    for piece in pieces {
        let (kind, text, field) = match piece {
            Piece::Text(text) => {
                // Before any object the words are the verb; behind it they are the rest of the sentence.
                let behind = out
                    .iter()
                    .any(|p| matches!(p.kind, PartKind::Object | PartKind::Tail));
                let kind = if behind {
                    PartKind::Tail
                } else {
                    PartKind::Verb
                };
                (kind, text.clone(), None)
            }
            Piece::Optional(group) => {
                if complete(group, event) {
                    write(group, event, out);
                }
                continue;
            }
            other => {
                let Some((text, field)) = value(other, event) else {
                    continue;
                };
                let kind = match other {
                    Piece::Actor => PartKind::Actor,
                    Piece::Target | Piece::Changes => PartKind::Object,
                    Piece::Field(f) if f.name().starts_with("target.") => PartKind::Object,
                    _ => PartKind::Tail,
                };
                (kind, text, field)
            }
        };
        if let Some(last) = out.last_mut()
            && field.is_none()
            && last.field.is_none()
            && last.kind == kind
        {
            last.text.push_str(&text);
        } else {
            out.push(SentencePart { kind, text, field });
        }
    }
}

/// The sentence of an event whose profile has none for it: by operation, else by the vendor's own word.
fn general(event: &Event) -> Vec<SentencePart> {
    let failed = event.get(Field::EventOutcome) == Some("failure");
    let verb = event
        .get(Field::EventOperation)
        .and_then(|op| OPERATIONS.iter().position(|o| *o == op))
        .map(|n| {
            const DONE: [(&str, &str); 22] = [
                ("signed in", "failed to sign in"),
                ("was authorised", "was refused"),
                ("signed out", "failed to sign out"),
                ("listed", "failed to list"),
                ("opened", "failed to open"),
                ("created", "failed to create"),
                ("changed", "failed to change"),
                ("deleted", "failed to delete"),
                ("exported", "failed to export"),
                ("imported", "failed to import"),
                ("invited", "failed to invite"),
                ("joined", "failed to join"),
                ("granted", "failed to grant"),
                ("revoked", "failed to revoke"),
                ("enabled", "failed to enable"),
                ("disabled", "failed to disable"),
                ("approved", "failed to approve"),
                ("rejected", "failed to reject"),
                ("transferred", "failed to transfer"),
                ("ran", "failed to run"),
                ("", ""),
                ("", ""),
            ];
            let (done, tried) = DONE[n.min(DONE.len() - 1)];
            if failed { tried } else { done }
        })
        .unwrap_or("");
    let (who, field) = actor(event);
    let mut out = Vec::new();
    let named = target(event);
    if verb.is_empty()
        || (named.is_none() && !matches!(verb, "signed in" | "signed out" | "failed to sign in"))
    {
        let word = event
            .get(Field::EventAction)
            .or_else(|| event.get(Field::ErrorType))
            .or_else(|| event.get(Field::Message));
        if field.is_some() {
            out.push(SentencePart {
                kind: PartKind::Actor,
                text: who,
                field,
            });
            out.push(SentencePart {
                kind: PartKind::Verb,
                text: ": ".to_owned(),
                field: None,
            });
        }
        out.push(SentencePart {
            kind: PartKind::Verb,
            text: word.unwrap_or("unrecognised entry").to_owned(),
            field: event.get(Field::EventAction).map(|_| Field::EventAction),
        });
    } else {
        out.push(SentencePart {
            kind: PartKind::Actor,
            text: who,
            field,
        });
        out.push(SentencePart {
            kind: PartKind::Verb,
            text: format!(" {verb}"),
            field: None,
        });
    }
    if let Some((text, field)) = named {
        let to = if matches!(verb, "signed in" | "signed out" | "failed to sign in") {
            " to "
        } else {
            " "
        };
        let lead = SentencePart {
            kind: PartKind::Verb,
            text: to.to_owned(),
            field: None,
        };
        out.push(lead);
        out.push(SentencePart {
            kind: PartKind::Object,
            text,
            field,
        });
    }
    out
}

/// The sentence of an event, by the pattern of its verb where there is one.
pub(crate) fn sentence(pattern: Option<&Pattern>, event: &Event) -> Vec<SentencePart> {
    pattern.map_or_else(|| general(event), |p| p.render(event))
}

#[cfg(test)]
mod tests {
    use super::*;
    use witnessmark_model::Target;

    fn text(parts: &[SentencePart]) -> String {
        parts.iter().map(|p| p.text.as_str()).collect()
    }

    #[test]
    fn brackets_fall_away_with_their_value() {
        let pattern =
            Pattern::parse("{actor} viewed an API key[ {target}][ from {source.ip}]").unwrap();
        let mut event = Event {
            fields: vec![(Field::UserName, "Alice".into())],
            ..Event::default()
        };
        assert_eq!(
            text(&sentence(Some(&pattern), &event)),
            "Alice viewed an API key"
        );
        event.targets.push(Target {
            name: Some("Secret Key".into()),
            ..Target::default()
        });
        let parts = sentence(Some(&pattern), &event);
        assert_eq!(text(&parts), "Alice viewed an API key Secret Key");
        assert_eq!(parts[0].kind, PartKind::Actor);
        assert_eq!(parts[1].kind, PartKind::Verb);
        assert_eq!(parts.last().unwrap().kind, PartKind::Object);
        for wrong in ["{nobody}", "[a", "a]", "{a"] {
            assert!(Pattern::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn without_a_pattern_the_operation_speaks() {
        let event = Event {
            fields: vec![
                (Field::EventAction, "team.add".into()),
                (Field::EventOperation, "create".into()),
                (Field::UserName, "bo".into()),
            ],
            targets: vec![Target {
                name: Some("ops".into()),
                ..Target::default()
            }],
            ..Event::default()
        };
        assert_eq!(text(&sentence(None, &event)), "bo created ops");
        assert_eq!(
            text(&sentence(None, &Event::default())),
            "unrecognised entry"
        );
    }
}
