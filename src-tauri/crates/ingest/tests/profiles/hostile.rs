//! Profiles that were made to break the program: what one may cost, and what it may call itself.
//!
//! Owns: such profiles. Never touches: logs that were (`readers`).

use crate::support::{import, library};
use std::fmt::Write;
use witnessmark_ingest::profile::Library;
use witnessmark_model::Field;

fn profile(id: &str, fields: &str, verbs: &str) -> String {
    format!(
        "language = 1\n[profile]\nid = \"{id}\"\nversion = 1\ntitle = \"Own\"\n[[recognise]]\nshape = \"json\"\nrequired = [\"who\", \"at\"]\n[time]\nvalue = [\"at\"]\n[fields]\n{fields}\n[verbs]\n{verbs}\n"
    )
}

fn refused(library: &mut Library, text: &str) -> String {
    library
        .add("own.toml", text)
        .map(|_| ())
        .unwrap_err()
        .to_string()
}

#[test]
fn a_text_of_many_placeholders_is_refused_and_one_of_long_values_is_cut() {
    let mut library = library();
    let text = |n: usize| {
        profile(
            "own",
            &format!("\"user.id\" = {{ text = \"{}\" }}", "{who}".repeat(n)),
            "",
        )
    };
    let message = refused(&mut library, &text(65));
    assert!(message.contains("64 placeholders"), "{message}");
    library.add("own.toml", &text(64)).unwrap();
    let who = "é".repeat(5_000);
    let line = format!("{{\"who\":\"{who}\",\"at\":\"2024-03-05T10:00:00Z\"}}\n");
    let source = import(&library, line.as_bytes(), "a.ndjson", "UTC");
    assert_eq!(source.profiles, ["own@1"]);
    let id = source.events[0].all(Field::UserId).next().unwrap_or("");
    assert!(id.len() > 60_000 && id.len() <= 65_536, "{}", id.len());
}

#[test]
fn a_profile_of_more_verbs_than_any_log_has_is_refused() {
    let verbs = |n: usize| {
        (0..n).fold(String::new(), |mut out, n| {
            let _ = writeln!(
                out,
                "\"*{n}*\" = {{ category = \"other\", operation = \"other\" }}"
            );
            out
        })
    };
    let mut library = library();
    let message = refused(&mut library, &profile("own", "", &verbs(5_001)));
    assert!(message.contains("5000 verbs"), "{message}");
    library
        .add("own.toml", &profile("own", "", &verbs(5_000)))
        .unwrap();
}

#[test]
fn a_profile_is_not_called_as_what_no_profile_reads() {
    let mut library = library();
    for id in ["guess", "opaque"] {
        let message = refused(&mut library, &profile(id, "", ""));
        assert!(message.starts_with("own.toml:3: profile.id: "), "{message}");
    }
}
