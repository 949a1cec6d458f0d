//! Who acted and what was acted on, out of the columns that may say it.
//!
//! Owns: keeping the parts of one person, and of one object, together. Never touches: what a column is called (`parties`).

use super::{
    Writer,
    column::Column,
    full,
    parties::{self, Part},
    percent,
};
use crate::profile::edit::quoted;
use std::fmt::Write;

/// Keys about somebody; the same object as the best of them is preferred, so that id, name and mail are of one person.
fn who(c: &Column, home: Option<&str>) -> i32 {
    let near = home.is_some_and(|home| home == c.parent());
    parties::actor(c) + if near { 18 } else { 0 } + full(c) / 2
}

fn is_name(c: &Column) -> bool {
    c.letters >= 0.5
        && c.times < 0.5
        && c.ips < 0.5
        && c.urls < 0.5
        && c.ids < 0.5
        && c.longest <= 200
}

/// Who acted: mail, name, id and kind. Whether anything was found.
pub(super) fn people(w: &mut Writer<'_>) -> bool {
    let home = w
        .columns
        .iter()
        .filter(|c| c.filled > 0 && c.depth() > 0)
        .map(|c| (parties::actor(c), c))
        .filter(|(score, _)| *score >= 60)
        .max_by_key(|(score, c)| score * 4 + full(c))
        .map(|(_, c)| c.parent());
    let home = home.as_deref();
    // Beside a column that is surely of who acted, one that may be of anybody is of somebody else.
    let sure = w
        .columns
        .iter()
        .any(|c| c.filled > 0 && parties::actor(c) >= 80);
    // Of two people in one entry one acted; a name of the one beside an id of the other would make a third.
    let apart = |c: &Column| {
        home.is_some_and(|home| {
            let of = c.parent();
            let one = within(&of, home) || within(home, &of);
            let theirs = |o: &&Column| o.parent() == home && parties::actor(o) >= 60;
            let mut theirs = w.columns.iter().filter(theirs);
            parties::in_person(c) && !one && theirs.any(|o| meet(o, c))
        })
    };
    let apart: Vec<&str> = (w.columns.iter())
        .filter(|c| apart(c))
        .map(|c| c.path.as_str())
        .collect();
    let is_one = |c: &Column| {
        let other = apart.contains(&c.path.as_str()) || sure && parties::is_owners_mail(c);
        !other
    };
    let of_actor = |c: &Column| is_one(c) && (!sure || parties::actor(c) >= 45);
    let mut email = w.pick(
        |c| (c.emails >= 0.5 && is_one(c)).then(|| who(c, home) + (c.emails * 20.0) as i32),
        45,
    );
    // Where nothing else says who acted, a mail address that is of nobody else does.
    let nobody = !w.columns.iter().any(|c| {
        let usual = c.filled > 0 && c.times < 0.5 && c.ips < 0.5 && c.urls < 0.5;
        usual && !w.used.contains(&c.path.as_str()) && parties::actor(c) >= 42
    });
    if email.is_empty() {
        let any = |c: &Column| {
            // Who sends is who acts, whatever program is named beside.
            let sends = matches!(c.last().as_str(), "from" | "sender");
            let free = parties::object(c) < 45 && parties::actor(c) > -100;
            (c.emails >= 0.8 && free && (nobody || sends)).then(|| full(c))
        };
        email = w.pick(any, 1);
        email.truncate(1);
    }
    w.take("user.email", &email, |c| {
        format!("{} of its values are mail addresses", percent(c.emails))
    });
    if email.is_empty()
        && let Some(both) = (w.pick(|c| (c.named_mails >= 0.5).then(|| who(c, home)), 42)).first()
    {
        w.name_and_mail(both);
        return true;
    }
    let name = w.pick(
        |c| {
            let usual =
                is_name(c) && parties::part(c) == Part::Name && c.numbers < 0.9 && of_actor(c);
            usual.then(|| who(c, home) - if c.emails >= 0.5 { 10 } else { 0 })
        },
        42,
    );
    w.take("user.name", &name, |_| {
        "its name is one of an actor".to_owned()
    });
    let id = w.pick(
        |c| {
            let part = parties::part(c);
            let usual = c.times < 0.5 && c.ips < 0.5 && c.longest <= 300 && c.urls < 0.5;
            let fits = part == Part::Id
                || part == Part::Name && (c.ids >= 0.5 || c.numbers >= 0.9 && c.longest >= 4);
            // An id that never comes twice is of the event.
            let once = if c.filled >= 8 && c.distinct == c.filled {
                45
            } else {
                0
            };
            (usual && fits && is_one(c)).then(|| who(c, home) - once)
        },
        42,
    );
    w.take("user.id", &id, |_| {
        "its name is one of an actor's id".to_owned()
    });
    let kind = w.pick(
        |c| {
            (parties::part(c) == Part::Kind && c.distinct <= 24 && c.letters >= 0.5)
                .then(|| parties::actor(c))
        },
        60,
    );
    w.take("user.type", &kind[..kind.len().min(1)], |_| {
        "its name is one of an actor's kind".to_owned()
    });
    !(email.is_empty() && name.is_empty() && id.is_empty())
}

/// Whether a place is another one or lies in it.
fn within(place: &str, outer: &str) -> bool {
    place
        .strip_prefix(outer)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Whether two columns have values in one entry.
fn meet(a: &Column, b: &Column) -> bool {
    a.rows.iter().zip(&b.rows).any(|(a, b)| *a && *b)
}

/// What was acted on: rules for one object, or for each of a list.
pub(super) fn objects(w: &mut Writer<'_>) -> String {
    let home = w
        .columns
        .iter()
        .filter(|c| c.filled > 0 && c.depth() > 0 && !w.used.contains(&c.path.as_str()))
        .map(|c| (parties::object(c), c))
        .filter(|(score, _)| *score >= 45)
        .max_by_key(|(score, c)| score * 4 + full(c))
        .map(|(_, c)| c.parent());
    let near = |c: &Column| {
        parties::object(c)
            + if home.as_deref() == Some(&c.parent()) {
                18
            } else {
                0
            }
            + full(c) / 2
    };
    let mut found: Vec<(&str, &Column)> = Vec::new();
    for (key, part) in [("type", Part::Kind), ("id", Part::Id), ("name", Part::Name)] {
        let picked = w.pick(
            |c| {
                // A customer who is always the same is the one whose log it is.
                let tenant = part == Part::Id && c.distinct < 2 && parties::is_served(c);
                let usual = c.times < 0.5 && c.longest <= 1_000 && c.ips < 0.9 && !tenant;
                (usual && parties::part(c) == part).then(|| near(c))
            },
            45,
        );
        if let Some(first) = picked.first() {
            w.note(&format!("target.{key}"), &[*first], |_| {
                "its name is one of an audited object".to_owned()
            });
            found.push((key, *first));
        }
    }
    let list = found
        .iter()
        .find_map(|(_, c)| c.list.as_ref().map(|(list, _)| list.clone()));
    let (mut each, mut one) = (String::new(), String::new());
    for (key, column) in &found {
        match (&list, &column.list) {
            (Some(list), Some((same, inside))) if list == same && !inside.is_empty() => {
                let _ = writeln!(each, "{key} = {}", quoted(inside));
            }
            _ => {
                let _ = writeln!(one, "{key} = [{}]", column.expression(quoted));
            }
        }
    }
    let mut out = String::new();
    if let Some(list) = list.filter(|l| !each.is_empty() && !l.is_empty()) {
        let _ = write!(out, "[[target]]\neach = {}\n{each}\n", quoted(&list));
    } else {
        one.push_str(&each);
    }
    if !one.is_empty() {
        let _ = write!(out, "[[target]]\n{one}\n");
    }
    out
}
