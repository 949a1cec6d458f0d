//! What the window asks while a person says which field of a log is what: a profile tried part by part, kept, used, taken out, and
//! a source read anew by it; of archives and workbooks too.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on must say so at once"
)]

use std::ops::ControlFlow;
use std::sync::Arc;

use witnessmark_engine::api::{
    ImportChoices, MappingEdits, MappingReport, MappingWord, ProfileText, SlotEdit, SourceReport,
    VerbEdit,
};
use witnessmark_engine::{Case, Code, DetectChoices, Input, Instant, MappingWanted, Setting, Zone};

/// The guess takes the customer for the actor; who acted stands in another column.
const LOG: &str = "\
occurred_at,user_email,staff,activity,client_ip,note
2026-01-01T00:00:00Z,alice@example.com,mo@example.net,invoice.exported,203.0.113.1,
2026-01-01T00:00:01Z,bob@example.com,mo@example.net,vault.sealed,203.0.113.2,twice
2026-01-01T00:00:02Z,alice@example.com,kim@example.net,vault.sealed,203.0.113.1,
2026-01-01T00:00:03Z,carol@example.com,kim@example.net,Größe gezurrt,203.0.113.1,
2026-01-01T00:00:04Z,alice@example.com,kim@example.net,invoice.exported,203.0.113.1,
,alice@example.com,kim@example.net,invoice.exported,203.0.113.1,
";

fn setting() -> Arc<Setting> {
    Arc::new(Setting {
        now: Box::new(|| Instant(1_800_000_000_000_000_000)),
        random: Box::new(|buffer| buffer.fill(7)),
        who: "ana".into(),
        tool: "test".into(),
        lists: Box::new(|_| Ok(Vec::new())),
    })
}

fn case(folder: &tempfile::TempDir) -> Case {
    let path = folder.path().join("a.wmcase");
    Case::create(&path, "A", None, &Zone::UTC, setting()).unwrap()
}

fn paste(name: &str, text: &str) -> Input {
    Input::Paste {
        name: name.to_owned(),
        text: text.to_owned(),
    }
}

fn choose(profile: &str) -> ImportChoices {
    ImportChoices {
        profile: Some(profile.to_owned()),
        ..ImportChoices::default()
    }
}

fn import(case: &Case, text: &str, choices: &ImportChoices) -> SourceReport {
    let seen = &mut |_: &_| ControlFlow::Continue(());
    let report = case.import(vec![paste("shop.csv", text)], choices, seen);
    report.unwrap().sources.remove(0)
}

fn edits(slots: &[(&str, &[&str])], verbs: &[(&str, &str)]) -> MappingEdits {
    MappingEdits {
        slots: slots
            .iter()
            .map(|(slot, values)| SlotEdit {
                slot: (*slot).to_owned(),
                values: values.iter().map(|v| (*v).to_owned()).collect(),
            })
            .collect(),
        verbs: verbs
            .iter()
            .map(|(word, operation)| VerbEdit {
                word: (*word).to_owned(),
                operation: Some((*operation).to_owned()),
                sensitivity: Some("high".to_owned()),
                ..VerbEdit::default()
            })
            .collect(),
    }
}

fn look(case: &Case, log: &str, text: Option<&str>, edits: &MappingEdits) -> MappingReport {
    let wanted = MappingWanted {
        text,
        edits,
        member: None,
    };
    case.mapping_of_input(paste("shop.csv", log), &ImportChoices::default(), wanted)
        .unwrap()
}

fn slot(report: &MappingReport, name: &str) -> Vec<String> {
    let found = report.slots.iter().find(|s| s.slot == name);
    found.map_or(Vec::new(), |s| {
        s.values.iter().map(|v| v.text.clone()).collect()
    })
}

fn problem(report: &MappingReport, code: &str) -> u64 {
    let found = report.problems.iter().find(|p| p.code == code);
    found.map_or(0, |p| p.count)
}

fn word<'r>(report: &'r MappingReport, word: &str) -> &'r MappingWord {
    report.words.iter().find(|w| w.word == word).unwrap()
}

fn actors(case: &Case) -> Vec<String> {
    let fields = ["user.email".to_owned()];
    let report = case.facets("", &Zone::UTC, &fields, 9).unwrap();
    let mut values: Vec<String> = report.fields[0]
        .values
        .iter()
        .map(|v| v.value.clone())
        .collect();
    values.sort();
    values
}

#[test]
fn a_wrong_guess_is_corrected_seen_and_used() {
    let folder = tempfile::tempdir().unwrap();
    let case = case(&folder);
    let begun = look(&case, LOG, None, &MappingEdits::default());
    assert_eq!(slot(&begun, "user.email"), ["user_email"], "{}", begun.text);
    assert_eq!(slot(&begun, "id"), ["shop"]);
    assert_eq!((begun.entries, begun.events), (6, 6));
    let staff = begun.fields.iter().find(|f| f.name == "staff").unwrap();
    assert_eq!((staff.filled, staff.distinct), (6, 2));
    assert_eq!(staff.examples, ["mo@example.net", "kim@example.net"]);
    let note = begun.fields.iter().find(|f| f.name == "note").unwrap();
    assert_eq!(note.filled, 1);

    let changes = edits(&[("user.email", &[&staff.expression])], &[]);
    let next = look(&case, LOG, Some(&begun.text), &changes);
    let user = next.preview[0].user.as_ref().unwrap();
    assert_eq!(user.email.as_deref(), Some("mo@example.net"));
    assert_eq!(problem(&next, "undated"), 1);
    let undated = next.problems.iter().find(|p| p.code == "undated").unwrap();
    assert_eq!(undated.line, 7);
    assert!(
        undated.raw.starts_with(",alice@example.com"),
        "{}",
        undated.raw
    );
    let none = edits(&[("user.email", &[]), ("user.name", &[])], &[]);
    assert_eq!(
        problem(&look(&case, LOG, Some(&next.text), &none), "no_actor"),
        6
    );
    assert_eq!(case.custody().unwrap().size, 1, "looking writes nothing");

    let kept = case.keep_profile(&next.text).unwrap();
    assert_eq!((kept.id.as_str(), kept.version), ("shop", 1));
    let receipt = import(&case, LOG, &choose("shop"));
    assert_eq!(receipt.profiles, ["shop@1"]);
    assert_eq!(actors(&case), ["kim@example.net", "mo@example.net"]);
    // The case knows the log from now on, also when it is opened again.
    let later = LOG.replace("2026-01-01", "2026-01-02");
    assert_eq!(
        import(&case, &later, &ImportChoices::default()).profiles,
        ["shop@1"]
    );
    drop(case);
    let case = Case::open(&folder.path().join("a.wmcase"), None, setting()).unwrap();
    let seen = case.inspect_input(paste("x.csv", LOG), &ImportChoices::default());
    assert_eq!(seen.unwrap().candidates[0].profile, "shop@1");
    let again = look(&case, LOG, None, &MappingEdits::default());
    assert_eq!(again.text, kept.text, "it goes on from the kept one");
}

#[test]
fn words_get_a_meaning_and_the_source_is_read_anew() {
    let folder = tempfile::tempdir().unwrap();
    let case = case(&folder);
    let first = import(&case, LOG, &ImportChoices::default());
    let warned = first.warnings.iter().find(|w| w.code == "unmapped_verbs");
    let warned = warned.unwrap();
    assert_eq!(warned.count, 3);
    let filter = warned.filter.as_deref().unwrap();
    assert_eq!(case.count(filter, &Zone::UTC).unwrap().count, 3);

    let none = MappingEdits::default();
    let wanted = MappingWanted {
        member: None,
        text: None,
        edits: &none,
    };
    let auto = ImportChoices::default();
    let begun = case.mapping_of_source(first.id, &auto, wanted).unwrap();
    assert!(begun.words_of_all);
    let words: Vec<(&str, u64, bool)> = begun
        .words
        .iter()
        .map(|w| (w.word.as_str(), w.count, w.operation.is_some()))
        .collect();
    assert_eq!(
        words,
        [
            ("vault.sealed", 2, false),
            ("Größe gezurrt", 1, false),
            ("invoice.exported", 3, true)
        ]
    );
    let changes = edits(
        &[],
        &[("vault.sealed", "disable"), ("Größe gezurrt", "update")],
    );
    let wanted = MappingWanted {
        member: None,
        text: Some(&begun.text),
        edits: &changes,
    };
    let next = case.mapping_of_source(first.id, &auto, wanted).unwrap();
    assert_eq!(problem(&next, "unmapped_verbs"), 0);
    let sealed = word(&next, "vault.sealed");
    assert_eq!(sealed.operation.as_deref(), Some("disable"));
    assert_eq!(sealed.sensitivity.as_deref(), Some("high"));
    assert!(sealed.exact && !word(&next, "invoice.exported").exact);

    let kept = case.keep_profile(&next.text).unwrap();
    let seen = &mut |_: &_| ControlFlow::Continue(());
    let report = case.reread(first.id, &choose(&kept.id), seen).unwrap();
    let read = &report.sources[0];
    assert_eq!(read.profiles, ["shop@1"]);
    assert_eq!(read.sha256, first.sha256, "the evidence is not touched");
    assert!(!read.warnings.iter().any(|w| w.code == "unmapped_verbs"));
    assert_eq!(
        case.count("event:2 op:disable sensitivity:high", &Zone::UTC)
            .unwrap()
            .count,
        1
    );

    // Taken back: it means nothing again, and another text is another version.
    let back = MappingEdits {
        verbs: vec![VerbEdit {
            word: "VAULT.sealed".to_owned(),
            ..VerbEdit::default()
        }],
        ..MappingEdits::default()
    };
    let wanted = MappingWanted {
        member: None,
        text: Some(&next.text),
        edits: &back,
    };
    let without = case.mapping_of_source(first.id, &auto, wanted).unwrap();
    assert_eq!(word(&without, "vault.sealed").operation, None);
    let newer = case.keep_profile(&without.text).unwrap();
    assert_eq!(newer.version, 2);
    assert_eq!(case.keep_profile(&newer.text).unwrap(), newer, "kept once");
    let seen = &mut |_: &_| ControlFlow::Continue(());
    let report = case.reread(first.id, &choose("shop"), seen).unwrap();
    assert_eq!(report.sources[0].profiles, ["shop@2"]);
    drop(case);
    let case = Case::open(&folder.path().join("a.wmcase"), None, setting()).unwrap();
    let listed = case.profiles().unwrap().profiles;
    let own: Vec<u32> = listed
        .iter()
        .filter(|p| p.id == "shop")
        .map(|p| p.version)
        .collect();
    assert_eq!(own, [2], "the newest goes on to recognise");
}

#[test]
fn a_profile_of_the_program_is_begun_from_under_an_id_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let case = case(&folder);
    let log = "Timestamp,Event type,User,Device,IP,Details\n2024-04-22 14:32:15,Login,alice@example.com,Safari on macOS,203.0.113.45,\n2024-04-22 14:35:02,API Key Viewed,alice@example.com,,,Secret Key\n2024-04-22 15:10:00,Payout Account Updated,alice@example.com,,,Bank account changed\n2024-04-22 15:11:00,Danced,alice@example.com,,,\n";
    let begun = look(&case, log, None, &MappingEdits::default());
    assert_eq!(slot(&begun, "id"), ["my-paymongo"]);
    assert_eq!(slot(&begun, "provider"), ["paymongo"]);
    assert_eq!(begun.question.as_ref().unwrap().code, "zone_required");
    assert!(begun.preview.is_empty());
    let zoned = edits(&[("zone", &["Asia/Manila"])], &[("Danced", "other")]);
    let next = look(&case, log, Some(&begun.text), &zoned);
    assert!(next.question.is_none());
    assert_eq!(
        next.preview[0].timestamp.as_deref(),
        Some("2024-04-22T06:32:15.000000000Z")
    );
    let wrong = edits(&[("zone", &["Atlantis"])], &[]);
    let same = look(&case, log, Some(&next.text), &wrong);
    assert_eq!(same.text, next.text, "what cannot be is not done");
    assert!(same.refused.unwrap().message.contains("Atlantis"));
    assert_eq!(same.preview.len(), 4);

    let renamed = edits(&[("id", &["paymongo"])], &[]);
    let taken = look(&case, log, Some(&next.text), &renamed);
    let error = case.keep_profile(&taken.text).unwrap_err();
    assert_eq!(error.code, Code::InvalidOption);
    assert!(
        error.message.contains("an id of its own"),
        "{}",
        error.message
    );
    case.keep_profile(&next.text).unwrap();
    // Of two that fit alike, a person's own reads the next export.
    let receipt = import(&case, log, &ImportChoices::default());
    assert_eq!(receipt.profiles, ["my-paymongo@1"]);
}

#[test]
fn a_text_that_is_no_profile_is_refused_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let case = case(&folder);
    let begun = look(&case, LOG, None, &MappingEdits::default());
    for (from, to, key) in [
        ("[time]\n", "[time\n", ""),
        ("[time]\n", "[time]\ncolour = 1\n", "time.colour"),
        ("language = 1", "language = 9", "language"),
        (
            "[time]\nvalue = ",
            "[time]\nvalue = { path = \"a\", capture = '((a{100}){100}){100}' }\nformats = ",
            "time.value.capture",
        ),
    ] {
        let text = begun.text.replacen(from, to, 1);
        assert_ne!(text, begun.text, "{from}");
        let report = look(&case, LOG, Some(&text), &MappingEdits::default());
        let refused = report.refused.unwrap();
        let line = text
            .lines()
            .position(|l| to.lines().any(|t| t == l))
            .unwrap_or(0);
        assert_eq!(refused.key, key, "{}", refused.message);
        assert!(refused.line.unwrap() as usize > line, "{refused:?}");
        assert_eq!(report.text, text, "what a person wrote stays");
        assert_eq!(report.fields.len(), 6);
        assert!(report.preview.is_empty());
        let error = case.keep_profile(&text).unwrap_err();
        assert_eq!(error.place.line, refused.line.map(u64::from));
    }
    assert_eq!(case.custody().unwrap().size, 1);
}

#[test]
fn hostile_names_and_words_stay_text() {
    let folder = tempfile::tempdir().unwrap();
    let case = case(&folder);
    let log = "time,\"x] = 1\n[verbs]\",a.b,action,ip[0]\n2026-01-01T00:00:00Z,eve,al\u{202e}ice,\"a\"\" = { }\n#\",203.0.113.1\n2026-01-01T00:00:01Z,eve,bob,drop,203.0.113.1\n";
    let mut report = look(&case, log, None, &MappingEdits::default());
    let names: Vec<String> = report.fields.iter().map(|f| f.name.clone()).collect();
    assert_eq!(names.len(), 5, "{names:?}");
    for field in report.fields.clone() {
        let changes = edits(&[("user.name", &[&field.expression])], &[]);
        report = look(&case, log, Some(&report.text), &changes);
        assert_eq!(report.refused, None, "{field:?}");
        let filled = report.filled.iter().find(|f| f.field == "user.name");
        assert_eq!(
            filled.map(|f| f.count),
            Some(2),
            "{field:?}: {}",
            report.text
        );
    }
    let evil = report.words.iter().find(|w| w.word.contains('#')).unwrap();
    let changes = edits(&[], &[(&evil.word.clone(), "delete")]);
    let next = look(&case, log, Some(&report.text), &changes);
    assert_eq!(word(&next, &evil.word).operation.as_deref(), Some("delete"));
    // A change that would write more than itself is refused.
    let wider = edits(
        &[("user.id", &["\"a\"\n[outcome]\nsuccess = [\"x\"]"])],
        &[],
    );
    let same = look(&case, log, Some(&next.text), &wider);
    assert!(same.refused.is_some());
    assert_eq!(same.text, next.text);
}

#[test]
fn a_log_in_which_nothing_is_guessed_can_be_mapped_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let case = case(&folder);
    let log = "q1,q2,q3\n7,blue,x\n8,green,y\n9,blue,z\n";
    let begun = look(&case, log, None, &MappingEdits::default());
    assert_eq!(begun.refused, None, "{}", begun.text);
    let changes = edits(
        &[("event.action", &["\"q2\""]), ("target.id", &["\"q1\""])],
        &[],
    );
    let next = look(&case, log, Some(&begun.text), &changes);
    assert_eq!(next.events, 3);
    assert_eq!(next.preview[0].target[0].id.as_deref(), Some("7"));
}

/// A log of another system, whose entries stand among those of the shop.
const TILL: &str = r#"language = 1
[profile]
id = "till"
version = 1
title = "Till"
provider = "till"
blind_spots = ["Refunds are not logged."]
[[recognise]]
shape = "json"
required = ["rung_at", "button"]
[time]
value = "rung_at"
[fields]
"event.action" = "button"
"user.name" = "clerk"
[verbs]
"open" = { category = "authentication", operation = "authenticate" }
"sale" = { category = "payment", operation = "create" }
"#;

fn till(n: u32, button: &str) -> String {
    let second = n % 60;
    let minute = n / 60;
    format!(
        "{{\"rung_at\":\"2026-02-01T00:{minute:02}:{second:02}Z\",\"button\":\"{button}\",\"clerk\":\"Kim\",\"n\":{n}}}\n"
    )
}

fn import_as(case: &Case, name: &str, text: &str) -> SourceReport {
    let seen = &mut |_: &_| ControlFlow::Continue(());
    let auto = ImportChoices::default();
    let report = case.import(vec![paste(name, text)], &auto, seen);
    report.unwrap().sources.remove(0)
}

#[test]
fn a_kept_profile_is_taken_out_and_what_it_read_stays_as_it_was_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.wmcase");
    let case = case(&folder);
    let missing = case.forget_profile("till").unwrap_err();
    assert_eq!(missing.code, Code::NoSuchItem);
    // One that has read nothing leaves without a trace but in the custody log.
    case.keep_profile(TILL).unwrap();
    case.forget_profile("till").unwrap();
    assert!(case.kept_profiles().unwrap().profiles.is_empty());
    assert!(case.forget_profile("till").is_err(), "it is gone");

    case.keep_profile(TILL).unwrap();
    let first = import_as(&case, "a.ndjson", &till(1, "open"));
    assert_eq!(first.profiles, ["till@1"]);
    let newer = TILL.replace("title = \"Till\"", "title = \"The till\"");
    assert_eq!(case.keep_profile(&newer).unwrap().version, 2);
    let kept = case.kept_profiles().unwrap().profiles;
    let told: Vec<_> = kept
        .iter()
        .map(|p| (p.version, p.recognises, p.sources.clone()))
        .collect();
    assert_eq!(told, [(2, true, vec![]), (1, false, vec![first.id])]);

    case.forget_profile("till").unwrap();
    let kept = case.kept_profiles().unwrap().profiles;
    assert_eq!(kept.len(), 1, "the text that read a source stays");
    assert!(!kept[0].recognises);
    assert!(case.forget_profile("till").is_err(), "it is out already");
    let check = |case: &Case, name: &str, entry: u32| {
        assert!(
            case.profiles()
                .unwrap()
                .profiles
                .iter()
                .all(|p| p.id != "till")
        );
        let source = case.sources().unwrap().sources.remove(0);
        assert_eq!(source.profiles, ["till@1"], "as it was read");
        assert_eq!(source.title, "Till");
        assert_eq!(source.blind_spots, ["Refunds are not logged."]);
        let next = import_as(case, name, &till(entry, "sale"));
        assert_ne!(next.profiles, ["till@1"], "it recognises nothing");
        assert_ne!(next.profiles, ["till@2"]);
    };
    check(&case, "b.ndjson", 2);
    let words: Vec<String> = case
        .custody()
        .unwrap()
        .entries
        .into_iter()
        .map(|e| e.says)
        .collect();
    let says = |what: &str| words.iter().any(|w| w.contains(what));
    assert!(says("Kept a profile of their own, till."), "{words:?}");
    assert!(says("Took the profile till out"), "{words:?}");
    drop(case);
    let case = Case::open(&path, None, setting()).unwrap();
    check(&case, "c.ndjson", 3);

    // Brought back, it speaks at once, as the version it was.
    let back = case.keep_profile(TILL).unwrap();
    assert_eq!(back.version, 1);
    let read = import_as(&case, "d.ndjson", &till(4, "sale"));
    assert_eq!(read.profiles, ["till@1"]);
}

#[test]
fn what_was_just_kept_speaks_for_detections_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let case = case(&folder);
    case.keep_profile(TILL).unwrap();
    let log: String = (0..40).map(|n| till(n, "open")).collect();
    import_as(&case, "a.ndjson", &log);
    let look = || {
        case.look_for_findings(None).unwrap();
        let report = case.detect(&DetectChoices::default()).unwrap();
        let of_till = report.cannot_tell.into_iter();
        let spots = of_till.filter(|c| c.reason.contains("Refunds") || c.source.contains("till"));
        spots.map(|c| format!("{c:?}")).collect::<Vec<_>>()
    };
    let before = look();
    let says_more = TILL.replace(
        "blind_spots",
        "cannot_show = [\"failed_sign_ins\", \"sign_ins\"]\nblind_spots",
    );
    case.keep_profile(&says_more).unwrap();
    let after = look();
    assert!(after.len() > before.len(), "{before:?}\n{after:?}");
    case.forget_profile("till").unwrap();
    assert_ne!(look(), after, "what was taken out speaks no more");
}

#[test]
fn the_text_of_a_profile_that_joins_further_down_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.wmcase");
    let case = case(&folder);
    let shop = TILL
        .replace("till", "shop")
        .replace("rung_at", "sold_at")
        .replace("clerk", "seller");
    let mut log: String = (0..400)
        .map(|n| {
            till(n, "sale")
                .replace("rung_at", "sold_at")
                .replace("clerk", "seller")
        })
        .collect();
    log.push_str(&till(7, "open"));
    let choices = ImportChoices {
        profiles: [TILL, &shop]
            .iter()
            .enumerate()
            .map(|(n, text)| ProfileText {
                file: format!("{n}.toml"),
                text: (*text).to_owned(),
            })
            .collect(),
        ..ImportChoices::default()
    };
    let seen = &mut |_: &_| ControlFlow::Continue(());
    let report = case.import(vec![paste("mixed.ndjson", &log)], &choices, seen);
    let source = report.unwrap().sources.remove(0);
    assert_eq!(source.profiles, ["shop@1", "till@1"]);
    drop(case);
    let case = Case::open(&path, None, setting()).unwrap();
    let kept = case.kept_profiles().unwrap().profiles;
    let told: Vec<_> = kept
        .iter()
        .map(|p| (p.id.as_str(), p.text.as_str()))
        .collect();
    assert_eq!(told, [("shop", shop.as_str()), ("till", TILL)]);
    assert!(kept.iter().all(|p| p.sources == [source.id]));
    // The same when it is read anew, by a case that does not know it yet.
    let seen = &mut |_: &_| ControlFlow::Continue(());
    let anew = case.reread(source.id, &ImportChoices::default(), seen);
    assert_eq!(anew.unwrap().sources[0].profiles, ["shop@1", "till@1"]);
}

#[test]
fn members_and_sheets_are_mapped_before_they_are_imported() {
    let folder = tempfile::tempdir().unwrap();
    let case = case(&folder);
    let stock = "when,who,what,shelf\n2026-03-01T00:00:00Z,kim@example.com,shelf.filled,4\n2026-03-01T00:01:00Z,lee@example.com,shelf.emptied,4\n";
    let zip = witnessmark_tests::archive::zip(&[
        ("notes.txt", &b"no log at all"[..]),
        ("shop.csv", LOG.as_bytes()),
        ("stock/moves.csv", stock.as_bytes()),
    ]);
    let file = folder.path().join("both.zip");
    std::fs::write(&file, &zip).unwrap();
    let none = MappingEdits::default();
    let look = |member: Option<&str>, text: Option<&str>, edits: &MappingEdits| {
        let wanted = MappingWanted {
            text,
            edits,
            member,
        };
        let input = Input::at(&file).unwrap();
        case.mapping_of_input(input, &ImportChoices::default(), wanted)
    };
    let all = ["notes.txt", "shop.csv", "stock/moves.csv"];
    let second = look(Some("stock/moves.csv"), None, &none).unwrap();
    assert_eq!(second.members, all);
    assert_eq!(second.member.as_deref(), Some("stock/moves.csv"));
    assert_eq!(
        (second.entries, slot(&second, "id")),
        (2, vec!["moves".to_owned()])
    );
    assert_eq!(word(&second, "shelf.filled").count, 1);
    let shop = look(Some("shop.csv"), None, &none).unwrap();
    assert_eq!(
        (shop.member.as_deref(), shop.entries),
        (Some("shop.csv"), 6)
    );
    assert_eq!(shop.members, all);
    let other = look(Some("nothing.csv"), None, &none).unwrap_err();
    assert_eq!(other.code, Code::NoSuchItem);
    assert!(look(None, None, &none).unwrap().member.is_some());

    // Each member is read by what was kept for it.
    let changed = edits(&[("user.email", &["\"staff\""])], &[]);
    let shop = look(Some("shop.csv"), Some(&shop.text), &changed).unwrap();
    assert_eq!(
        shop.preview[0].user.as_ref().unwrap().email.as_deref(),
        Some("mo@example.net")
    );
    case.keep_profile(&shop.text).unwrap();
    case.keep_profile(&second.text).unwrap();
    let seen = &mut |_: &_| ControlFlow::Continue(());
    let auto = ImportChoices::default();
    let report = case
        .import(vec![Input::at(&file).unwrap()], &auto, seen)
        .unwrap();
    let read: Vec<(String, Vec<String>)> = report
        .sources
        .into_iter()
        .map(|s| (s.name, s.profiles))
        .filter(|(name, _)| name.ends_with("csv"))
        .collect();
    assert_eq!(read.len(), 2, "{read:?}");
    assert_eq!(read[0].1, ["shop@1"], "{read:?}");
    assert_eq!(read[1].1, ["moves@1"], "{read:?}");

    let cell = |text: &str| format!("<c t=\"inlineStr\"><is><t>{text}</t></is></c>");
    let rows = |text: &str| {
        let rows = text.lines().map(|line| {
            let cells: String = line.split(',').map(cell).collect();
            format!("<row>{cells}</row>")
        });
        rows.collect::<String>()
    };
    let book =
        witnessmark_tests::archive::workbook(&[("Shop", &rows(LOG)), ("Moves", &rows(stock))]);
    let path = folder.path().join("book.xlsx");
    std::fs::write(&path, book).unwrap();
    let wanted = MappingWanted {
        text: None,
        edits: &none,
        member: Some("Moves"),
    };
    let sheet = case
        .mapping_of_input(Input::at(&path).unwrap(), &auto, wanted)
        .unwrap();
    assert_eq!(sheet.members, ["Shop", "Moves"]);
    assert_eq!((sheet.member.as_deref(), sheet.entries), (Some("Moves"), 2));
}
