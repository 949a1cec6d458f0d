//! How what was done ended: by a column that says so, by a flag or a code of failure, or by the verb itself.
//!
//! Owns: telling these apart, and the words of success and failure. Never touches: what the verbs mean (`tongues`).

use super::{Writer, column::Column, names, percent, tongues::ENDING};
use crate::profile::edit::quoted;
use std::fmt::Write;

/// Words of success and failure, statuses of HTTP among them.
pub(super) const WORDS: &str = r#"success = ["y", "success*", "partially*", "202", "206", "301", "302", "304", "erfolg*", "réussi*", "succès*", "éxito*", "exitos*", "correcto*", "sucesso*", "geslaagd*", "riuscit*", "成功*", "성공*", "успе*"]
failure = ["n", "fail*", "den*", "error*", "block*", "reject*", "unauth*", "unsuccess*", "declin*", "invalid*", "400", "404", "405", "409", "422", "429", "500", "502", "503", "504", "fehl*", "abgelehnt*", "verweigert*", "échec*", "échou*", "refus*", "fallid*", "fallo*", "denegad*", "falha*", "falhou*", "negad*", "mislukt*", "fallit*", "失敗*", "失败*", "실패*", "неуда*", "неусп*", "ошибк*", "отказ*"]"#;

/// Flags that are set where it failed.
const FAILED: &[&str] = &[
    "failed",
    "isfailed",
    "denied",
    "isdenied",
    "blocked",
    "rejected",
    "haserror",
    "iserror",
    "isfailure",
];
/// Codes that are nought where it did not.
const CODES: &[&str] = &[
    "errorcode",
    "exitcode",
    "returncode",
    "retcode",
    "exitstatus",
    "errno",
    "sqlcode",
];
/// Flags of which a nought says no.
const SUCCEEDED: &[&str] = &[
    "success",
    "issuccess",
    "succeeded",
    "ok",
    "isok",
    "allowed",
    "permitted",
    "granted",
];

pub(super) fn outcome<'c>(w: &mut Writer<'c>, action: &[&'c Column]) {
    let found = w.pick(
        |c| {
            let usual = c.distinct <= 16 && c.times < 0.5 && c.longest <= 80;
            let score = names::outcome(c) + (c.outcomes * 40.0) as i32 - 3 * c.depth() as i32;
            (usual
                && names::outcome(c) > 0
                && (c.outcomes >= 0.3 || c.letters > 0.5 || c.codes > 0.9))
                .then_some(score)
        },
        45,
    );
    let is_no = |c: &Column| SUCCEEDED.contains(&c.last().as_str()) && c.taken.is_none();
    if let Some(first) = found.first().filter(|c| is_no(c) && c.numbers > 0.9) {
        // Elsewhere a nought is a code of success.
        flag(w, first, &[("failure", "^0$"), ("success", "^1$")]);
        return;
    }
    w.take("event.outcome", &found, |c| {
        format!("{} distinct values", c.distinct)
    });
    if found.is_empty() && !by_failure(w) {
        by_verb(w, action);
    }
}

/// By a flag that is set, a code that is not nought, or an error that is there.
fn by_failure(w: &mut Writer<'_>) -> bool {
    let named = |names: &'static [&'static str]| {
        move |c: &Column| {
            let usual = c.taken.is_none() && c.list.is_none() && c.filled > 0 && c.longest <= 2_000;
            usual && names.contains(&c.last().as_str()) && !names::outer(c, names::OTHERS)
        }
    };
    let columns = w.columns;
    if let Some(c) = columns.iter().find(|c| named(FAILED)(c) && c.longest <= 5) {
        flag(
            w,
            c,
            &[
                ("failure", "(?i)^(?:true|yes|y|1)$"),
                ("success", "(?i)^(?:false|no|n|0)$"),
            ],
        );
    } else if let Some(c) = (columns.iter()).find(|c| named(CODES)(c) && c.numbers > 0.9) {
        flag(
            w,
            c,
            &[("success", r"^[+-]?0+$"), ("failure", r"^[+-]?\d+$")],
        );
    } else if let Some(c) = (columns.iter()).find(|c| named(&["error"])(c) && c.share() < 1.0) {
        // What has no error need not have succeeded.
        flag(
            w,
            c,
            &[("failure", r"(?i)^(?:[^fn0-9].*|f[^a].*|n[^uo].*)$")],
        );
    } else {
        return false;
    }
    true
}

/// An outcome for each pattern that a value fits.
fn flag<'c>(w: &mut Writer<'c>, column: &'c Column, told: &[(&str, &str)]) {
    let each: Vec<String> = (told.iter())
        .map(|(outcome, pattern)| {
            let path = quoted(&column.path);
            format!("{{ text = \"{outcome}\", when = {{ path = {path}, matches = '{pattern}' }} }}")
        })
        .collect();
    // Writing to a String cannot fail.
    let _ = writeln!(w.fields, "\"event.outcome\" = [{}]", each.join(", "));
    let name = &column.name;
    w.reasons.push(format!(
        "event.outcome from `{name}`: its name is one of how it ended"
    ));
}

/// Where no column says how it ended, the verb may: `Login failed`.
fn by_verb<'c>(w: &mut Writer<'c>, action: &[&'c Column]) {
    let plain = |c: &&&Column| c.taken.is_none() && c.endings > 0.0;
    let Some(column) = action.iter().find(plain) else {
        return;
    };
    let _ = writeln!(
        w.fields,
        "\"event.outcome\" = [{{ path = {}, capture = '{ENDING}' }}]",
        quoted(&column.path)
    );
    w.note("event.outcome", &[column], |c| {
        format!("{} of its values end in a word for it", percent(c.endings))
    });
}
