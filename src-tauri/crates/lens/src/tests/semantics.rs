//! What each sentence of docs/filter-language.md means for the small case.

use super::{found, found_in, read};
use crate::Expr;

fn check(table: &[(&str, &[u64])]) {
    let wrong: Vec<String> = table
        .iter()
        .filter_map(|(text, want)| {
            let got = found(text);
            (got != *want).then(|| format!("{text}: wanted {want:?}, found {got:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_empty_filter_is_every_event() {
    assert_eq!(read(" \t\n").unwrap().expr, Expr::All);
    check(&[("", &[1, 2, 3, 4, 5])]);
}

#[test]
fn unquoted_is_the_whole_value_and_ignores_case() {
    check(&[
        ("action:login", &[1]),
        ("action:LOGIN", &[1]),
        ("action:log", &[]),
        ("ACTION:login", &[1]),
        ("event.action:login", &[1]),
        ("org:org-7", &[2]),
        ("organization.name:~STRASSE", &[2]),
        ("action:payout.*", &[2, 3]),
        ("action:*out*read", &[3]),
        ("action:*log*in*in*", &[]),
        ("action:*", &[1, 2, 3, 4]),
        ("action:**", &[1, 2, 3, 4]),
    ]);
}

#[test]
fn quoted_is_exact() {
    check(&[
        ("action:\"Login\"", &[1]),
        ("action:\"login\"", &[]),
        ("actor:\"Alice Merchant\"", &[2]),
        ("action:\"payout.*\"", &[]),
        ("message:~\"a* LINE\"", &[5]),
        (r#"message:~"\"here\" \\""#, &[5]),
        (r#"message:~"(cut)""#, &[5]),
    ]);
}

#[test]
fn a_tilde_means_contains() {
    check(&[
        ("ua:~mac", &[1]),
        ("ua:~\"on MAC\"", &[1]),
        ("message:~a*", &[5]),
        ("action:~payout", &[2, 3]),
    ]);
}

#[test]
fn only_the_first_colon_splits() {
    check(&[
        ("action:org.api_key:created", &[4]),
        ("action:org.api_key:*", &[4]),
    ]);
}

#[test]
fn actor_is_id_mail_or_name() {
    check(&[
        ("actor:alice", &[1]),
        ("actor:alice@example.com", &[2]),
        ("actor:alice*", &[1, 2]),
        ("actor:bob", &[3]),
        ("actor:@people", &[2, 3]),
        ("error:*", &[1, 4]),
        ("error:~WRONG", &[1]),
        ("error:validation", &[4]),
    ]);
}

#[test]
fn different_keys_and_the_same_key_or() {
    check(&[
        ("action:login country:PH", &[1]),
        ("action:login country:DE", &[]),
        ("country:PH country:DE", &[1, 2]),
        ("ip:203.0.113.45 country:PH source.ip:203.0.113.46", &[1]),
        ("country:PH op:update country:DE", &[2]),
        ("tag:benign tag:seen", &[1, 2, 3]),
        ("(tag:benign) (tag:seen)", &[1]),
        ("tag:benign AND tag:seen", &[1, 2, 3]),
        ("has:ip has:changes", &[2]),
        ("country:(PH OR DE) country:FR", &[1, 2]),
    ]);
}

#[test]
fn negated_terms_and_and_hold_where_the_field_is_absent() {
    check(&[
        ("-country:PH", &[2, 3, 4, 5]),
        ("!country:PH", &[2, 3, 4, 5]),
        ("country:!PH", &[2, 3, 4, 5]),
        ("NOT country:PH", &[2, 3, 4, 5]),
        ("NOT NOT country:PH", &[1]),
        ("-country:!PH", &[1]),
        ("country:!PH country:!DE", &[3, 4, 5]),
        ("country:!PH has:country", &[2]),
        ("country:!(PH OR DE)", &[3, 4, 5]),
        ("country:(!PH AND !DE)", &[3, 4, 5]),
        ("-(country:PH OR op:update)", &[3, 4, 5]),
        ("-(country:PH op:update)", &[1, 2, 3, 4, 5]),
        ("action:!~out", &[1, 4, 5]),
        ("-tag:benign", &[3, 4, 5]),
        ("-has:ip", &[5]),
        ("-login", &[2, 3, 4, 5]),
    ]);
}

#[test]
fn groups_and_or() {
    check(&[
        ("country:PH OR op:read", &[1, 3]),
        ("country:PH op:read OR op:create", &[4]),
        ("(country:PH OR op:read) action:*read", &[3]),
        ("action:(login OR \"Payout.Read\")", &[1, 3]),
        ("((country:PH))", &[1]),
    ]);
}

#[test]
fn addresses_are_compared_as_addresses() {
    check(&[
        ("ip:203.0.113.0/24", &[1, 2]),
        ("ip:203.0.113.46", &[2]),
        ("ip:::ffff:203.0.113.45", &[1]),
        ("ip:::ffff:203.0.113.0/120", &[1, 2]),
        ("ip:2001:db8::1", &[3]),
        ("ip:2001:DB8:0:0::/64", &[3]),
        ("ip:203.0.113.44..203.0.113.45", &[1]),
        ("ip:203.0.113.*", &[1]),
        ("ip:\"2001:db8::1\"", &[]),
        ("ip:cloud.example", &[4]),
        ("ip:@bad-ips", &[1, 3]),
        ("ip:!@bad-ips", &[2, 4, 5]),
        ("related.ip:198.51.100.0/28", &[3]),
    ]);
}

#[test]
fn ranges_take_in_both_ends() {
    check(&[
        ("new:100..2500", &[2]),
        ("new:100..2499", &[]),
        ("new:2500.0..", &[2]),
        ("old:..99", &[]),
        ("old:-5..100", &[2]),
        ("session:12345678901234567891..12345678901234567891", &[4]),
        ("session:12345678901234567892..", &[]),
        ("country:DE..PH", &[1, 2]),
        ("country:de..f", &[2]),
        ("actor:\"alice a\"..\"ALICE z\"", &[2]),
        ("event:2..4", &[2, 3, 4]),
        ("event:4..", &[4, 5]),
        ("event:3", &[3]),
        ("event:1 event:3", &[1, 3]),
        ("event:@numbers", &[1, 4]),
    ]);
}

#[test]
fn each_term_looks_at_any_change() {
    check(&[
        ("field:bank.account", &[2]),
        ("field:bank.account new:2500", &[2]),
        ("field:bank.* old:DE11 new:DE22", &[2]),
        ("changes.kind:updated", &[2]),
        ("has:changes", &[2]),
    ]);
}

#[test]
fn a_target_has_both_type_and_id() {
    check(&[
        ("target:tenant/42", &[2]),
        ("target:tenant/main", &[2]),
        ("target:tenant/*", &[2, 3]),
        ("target:*/42", &[2, 3]),
        ("target:user/43", &[]),
        ("target:tenant/id:\"42\"", &[2]),
        ("target:tenant/id:\"Main\"", &[]),
        ("target:tenant/name:\"Main\"", &[]),
        ("target:tenant/id:42", &[]),
        ("target:\"token\"/name:\"CI\"", &[]),
        ("target:user/a/b", &[3]),
        ("target:\"a/b\"", &[3]),
        ("target:\"user\"/\"42\"", &[3]),
        ("target:user/~/B", &[3]),
        ("target:42", &[2, 3]),
        ("target:tenant", &[]),
        ("target.type:tenant", &[2, 3]),
        ("target:tenant/42 target:user/42", &[2, 3]),
        ("-target:tenant/42", &[1, 3, 4, 5]),
        ("target:!tenant/42", &[1, 3, 4, 5]),
    ]);
}

#[test]
fn sources_tags_findings_and_overlays() {
    check(&[
        ("in:2", &[2]),
        ("in:okta.json", &[2]),
        ("in:*.csv", &[1, 2, 3, 4, 5]),
        ("-in:2", &[1, 3, 4, 5]),
        ("finding:F-3", &[2]),
        ("finding:f-3", &[2]),
        ("has:finding", &[2]),
        ("has:tag", &[1, 2, 3]),
        ("has:note", &[4]),
        ("has:bookmark", &[3]),
        ("has:time", &[1, 2, 3, 4]),
        ("has:source.geo.country_iso_code", &[1, 2]),
        ("has:target", &[2, 3]),
    ]);
}

#[test]
fn free_text_is_in_any_leaf_value() {
    check(&[
        ("login", &[1]),
        ("\"FREE text\"", &[1]),
        ("strasse", &[1]),
        ("große", &[1]),
        ("free strasse", &[1]),
        ("free nowhere", &[]),
        ("fr*groß*stra", &[1]),
        ("\"fr*stra\"", &[]),
        ("\"undated\"", &[5]),
        ("\"OR\"", &[5]),
        ("\"-x\"", &[5]),
        ("\"12:30\"", &[5]),
        ("bucketName", &[]),
    ]);
}

#[test]
fn raw_is_bytes_and_paths() {
    check(&[
        (r#"raw:"Login""#, &[1]),
        ("raw:login", &[]),
        (r#"raw:"\tLogin\n""#, &[1]),
        (r#"raw:"\xFF""#, &[1]),
        (r#"raw:"\"quote\" \\""#, &[5]),
        (r#"raw:"back*""#, &[5]),
        ("raw.requestParameters.bucketName:logs", &[2]),
        ("raw.requestparameters.bucketname:*", &[2, 3]),
        ("raw.requestParameters:logs", &[]),
        ("raw.requestParameters.size:9..10", &[2]),
        ("raw.\"Event Type\":login", &[1]),
        ("raw.empty:*", &[]),
    ]);
}

#[test]
fn undated_events_pass_no_time() {
    check(&[
        ("undated", &[5]),
        ("is:undated", &[5]),
        ("is:dated", &[1, 2, 3, 4]),
        ("-undated", &[1, 2, 3, 4]),
        ("after:1990", &[1, 2, 3, 4]),
        ("-after:1990", &[5]),
    ]);
}

#[test]
fn times_choose_events() {
    check(&[
        ("after:2024-04-02", &[2, 3, 4]),
        ("before:2024-04-02", &[1]),
        ("after:2024-04-01 after:2024-04-02", &[2, 3, 4]),
        ("time:2024-04-01", &[1]),
        ("time:2024-04", &[1, 2, 3, 4]),
        ("time:2024-04-01..2024-04-02", &[1, 2]),
        ("time:..2024-04-01T23:59:59", &[1]),
        ("@timestamp:2024-04-22..", &[3, 4]),
        ("time:!2024-04-22", &[1, 2, 5]),
        ("time:2024-04-01 OR time:2024-04-22", &[1, 3, 4]),
        ("after:-1h", &[3, 4]),
        ("after:2m", &[4]),
        ("time:today", &[3, 4]),
    ]);
    assert_eq!(found_in("before:2024-04-02", "Asia/Manila"), [0; 0]);
    assert_eq!(found_in("time:2024-04-02", "Asia/Manila"), [1, 2]);
    assert_eq!(found_in("before:2024-04-02Z", "Asia/Manila"), [1]);
}

#[test]
fn the_example_of_the_architecture_is_understood() {
    let text = "actor:alice action:payout.* op:update ip:203.0.113.0/24 country:!PH after:2024-04-01 before:2024-05-01 \
        has:changes field:bank.account outcome:failure session:x target:tenant/42 org:y category:authentication type:t \
        env:e version:v error:e in:2 tag:t finding:F-3 -tag:benign raw.requestParameters.bucketName:logs \"free text\"";
    let query = read(text).unwrap();
    assert_eq!(query.terms.len(), 24);
    assert!(matches!(query.expr, Expr::And(parts) if parts.len() == 24));
}

#[test]
fn a_change_group_is_one_and_the_same_change() {
    check(&[
        // Each on its own both hold; no one change has both.
        ("field:limit old:DE11", &[2]),
        ("change:(field:limit old:DE11)", &[]),
        ("change:(field:bank.* old:DE11 new:~de2)", &[2]),
        ("change:(field:limit new:1000..)", &[2]),
        ("change:(old:100 OR old:DE11)", &[2]),
        ("change:(field:limit field:bank.account new:DE22)", &[2]),
        ("change:(-field:limit)", &[2]),
        ("change:(-field:limit -field:bank.account)", &[]),
        ("-change:(field:limit)", &[1, 3, 4, 5]),
        ("change:!(field:limit)", &[1, 3, 4, 5]),
        ("change:(has:old changes.kind:updated)", &[2]),
    ]);
    for wrong in [
        "change:email",
        "change:(word)",
        "change:(actor:bob)",
        "change:(has:country)",
        "change:(change:(old:1))",
        "change:()",
    ] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
    let query = read("change:(field:a old:b) op:update").unwrap();
    let chips: Vec<&str> = query.terms.iter().map(|t| t.key.as_str()).collect();
    assert_eq!(chips, ["change", "op"], "the group is one chip");
}

#[test]
fn notes_are_looked_through() {
    check(&[
        ("note:~PHONE", &[4]),
        ("note:\"asked Bob by phone\"", &[4]),
        ("note:~mail", &[]),
        ("has:note", &[4]),
        ("has:bookmark", &[3]),
        ("verdict:*", &[]),
    ]);
}
