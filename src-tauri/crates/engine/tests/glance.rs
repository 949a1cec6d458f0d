//! What the window asks beside rows: values of a field, rows of a context, kept filters.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on must say so at once"
)]

use std::ops::ControlFlow;
use std::sync::Arc;

use witnessmark_engine::api::ImportChoices;
use witnessmark_engine::{Case, Code, Input, Instant, Setting, Sort, Zone};

const LOG: &str = "\
time,action,user,ip
2026-01-01T00:00:00Z,login,alice@example.com,203.0.113.1
2026-01-01T00:00:01Z,login,alice@example.com,203.0.113.2
2026-01-01T00:00:02Z,Größe geändert,bob@example.com,203.0.113.1
2026-01-01T00:00:03Z,logout,alice@example.com,203.0.113.1
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
    let case = Case::create(&path, "A", None, &Zone::UTC, setting()).unwrap();
    let input = Input::Stream {
        name: "log.csv".into(),
        reader: Box::new(LOG.as_bytes()),
    };
    let seen = &mut |_: &_| ControlFlow::Continue(());
    case.import(vec![input], &ImportChoices::default(), seen)
        .unwrap();
    case
}

#[test]
fn values_of_a_field_are_found_by_text_and_by_rarity() {
    let folder = tempfile::tempdir().unwrap();
    let case = case(&folder);
    let view = case.view_open("", Sort::Oldest, &Zone::UTC).unwrap().view;
    let values = |contains: &str, rare: bool, limit: u32| {
        let found = case
            .view_values(view, "event.action", contains, rare, limit)
            .unwrap();
        let named = found
            .values
            .iter()
            .map(|v| format!("{} {}", v.value, v.count));
        (found.distinct, found.found, named.collect::<Vec<_>>())
    };
    assert_eq!(values("", false, 1), (3, 3, vec!["login 2".to_owned()]));
    assert_eq!(
        values("LOGO", false, 9),
        (3, 1, vec!["logout 1".to_owned()])
    );
    assert_eq!(
        values("GRÖSSE", false, 9),
        (3, 1, vec!["Größe geändert 1".to_owned()])
    );
    assert_eq!(
        values("", true, 2),
        (
            3,
            3,
            vec!["Größe geändert 1".to_owned(), "logout 1".to_owned()]
        )
    );
    let refused = case.view_values(view, "colour", "", false, 9).unwrap_err();
    assert_eq!(refused.code, Code::InvalidOption);
}

#[test]
fn rows_carry_the_values_of_chosen_fields_and_tell_which_view_holds_them() {
    let folder = tempfile::tempdir().unwrap();
    let case = case(&folder);
    let all = case.view_open("", Sort::Oldest, &Zone::UTC).unwrap().view;
    let fields = ["user.email".to_owned(), "target.id".to_owned()];
    let rows = case.view_rows(all, 2, 2, &fields).unwrap();
    assert_eq!(
        rows[0].cells,
        [vec!["bob@example.com".to_owned()], Vec::new()]
    );
    let events: Vec<u64> = rows.iter().map(|row| row.event).collect();
    let alice = case
        .view_open("actor:alice@example.com", Sort::Newest, &Zone::UTC)
        .unwrap()
        .view;
    assert_eq!(case.view_holds(alice, &events).unwrap(), [false, true]);
    let copied = case.view_events(alice, 0, 1).unwrap();
    assert_eq!(
        copied[0].event.as_ref().unwrap().action.as_deref(),
        Some("logout")
    );
    assert_eq!(
        case.view_events(alice, 0, 5000).unwrap_err().code,
        Code::LimitExceeded
    );
}

#[test]
fn a_filter_is_kept_under_a_name_and_the_custody_log_tells_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let case = case(&folder);
    let manila = Zone::parse("Asia/Manila").unwrap();
    let kept = case
        .save_view(" Night ", "after:2026-01-01", &["op:read".into()], &manila)
        .unwrap();
    assert_eq!(
        (kept.name.as_str(), kept.zone.as_str()),
        ("Night", "Asia/Manila")
    );
    case.save_view("NIGHT", "action:login", &[], &Zone::UTC)
        .unwrap();
    let listed = case.saved_views().unwrap().views;
    assert_eq!(listed.len(), 1, "a name stands once");
    assert_eq!(listed[0].query, "action:login");
    assert!(
        case.save_view("Bad", "colour:red", &[], &Zone::UTC)
            .is_err()
    );
    assert!(case.save_view("  ", "", &[], &Zone::UTC).is_err());

    drop(case);
    let case = Case::open(&folder.path().join("a.wmcase"), None, setting()).unwrap();
    let listed = case.saved_views().unwrap().views;
    assert_eq!(listed.len(), 1, "it is in the case file");
    case.forget_view(listed[0].id).unwrap();
    assert!(case.saved_views().unwrap().views.is_empty());
    assert_eq!(case.forget_view(999).unwrap_err().code, Code::NoSuchItem);
    let actions: Vec<String> = case
        .custody()
        .unwrap()
        .entries
        .into_iter()
        .map(|e| e.action)
        .collect();
    let said = |wanted: &str| actions.iter().filter(|a| *a == wanted).count();
    assert_eq!((said("statement.add"), said("statement.retract")), (2, 2));
}

#[test]
fn what_a_person_said_stands_in_the_custody_log_by_place_kind_and_hash() {
    let folder = tempfile::tempdir().unwrap();
    let case = case(&folder);
    case.mark(3, "note", "Ask Bob", true).unwrap();
    case.mark(3, "bookmark", "", true).unwrap();
    case.mark(3, "note", "Ask Bob", false).unwrap();
    case.mark_on("actor:bob@example.com", "tag", "asked", true)
        .unwrap();
    let entry = case
        .add_entry("2026-01-02T00:00:00Z", "Called Bob", &Zone::UTC)
        .unwrap();
    case.take_note_back(entry).unwrap();
    let entries = case.custody().unwrap().entries;
    let said: Vec<&str> = entries
        .iter()
        .map(|e| e.says.as_str())
        .filter(|says| !says.is_empty())
        .collect();
    let source = case.sources().unwrap().sources[0].sha256.clone();
    let place = format!("event 3 (entry 3 of source {})", &source[..12]);
    assert_eq!(
        said,
        [
            format!("Put a note on {place}."),
            format!("Put a bookmark on {place}."),
            format!("Took a note off {place}."),
            "Put a tag on actor:bob@example.com.".to_owned(),
            "Added an entry of their own at 2026-01-02T00:00:00.000000000Z.".to_owned(),
            "Took back an entry of their own.".to_owned(),
        ]
    );
    let texts = ["Ask Bob", "asked", "Called Bob"];
    for entry in &entries {
        assert!(
            texts.iter().all(|text| !entry.detail.contains(text)),
            "{}",
            entry.detail
        );
    }
    let note: serde_json::Value = serde_json::from_str(
        &entries
            .iter()
            .find(|e| e.action == "overlay.add")
            .unwrap()
            .detail,
    )
    .unwrap();
    assert_eq!(note["source_sha256"], source);
    assert_eq!(note["sha256"].as_str().unwrap().len(), 64);
}
