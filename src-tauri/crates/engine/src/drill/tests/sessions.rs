//! Sessions where the truth is known: who did what, from where, as the log was made.

use witnessmark_model::Zone;

use super::{empty, import};
use crate::api::SessionReport;
use crate::{Case, SessionOf, SessionOrder};

/// An intruder signs in, the owner signs in five minutes later, and then two things are done whose events name no address.
const BOTH: &str = r#"[
{"id":"1","model":"User","recordId":"u","action":"login","actorType":"user","actorId":"ann","actorIp":"203.0.113.66","when":"2024-03-01T10:00:00Z"},
{"id":"2","model":"User","recordId":"u","action":"login","actorType":"user","actorId":"ann","actorIp":"198.51.100.7","when":"2024-03-01T10:05:00Z"},
{"id":"3","model":"PSP Customer Account","recordId":"acc1","action":"update","actorType":"user","actorId":"ann","when":"2024-03-01T10:10:00Z","changes":{"updated":{"iban":{"old":"NL01","new":"XX99"}}}},
{"id":"4","model":"Role","recordId":"r1","action":"update","actorType":"user","actorId":"ann","outcome":"failure","when":"2024-03-01T10:32:00Z","changes":{"updated":{"name":{"old":"viewer","new":"admin"}}}}
]"#;

fn session(case: &Case, of: SessionOf) -> SessionReport {
    case.session(&of, 30, SessionOrder::Time, (0, 100), &Zone::UTC)
        .unwrap()
}

fn acts(report: &SessionReport) -> Vec<(u64, bool)> {
    let acts = report.acts.iter();
    acts.map(|a| (a.row.event, a.contested)).collect()
}

fn numbers(case: &Case, filter: &str) -> Vec<u64> {
    let events = super::events(case, &case.expr(filter, &Zone::UTC).unwrap());
    events.iter().map(|e| e.number).collect()
}

#[test]
fn what_is_done_after_two_sign_ins_is_in_the_session_of_each() {
    let folder = tempfile::tempdir().unwrap();
    let case = empty(&folder);
    import(&case, "a.json", BOTH);
    for (event, own) in [(1, (1, false)), (2, (2, false))] {
        let report = session(&case, SessionOf::Event(event));
        assert_eq!(acts(&report), [own, (3, true), (4, true)]);
        assert_eq!(report.contested, 2);
        assert_eq!(
            report.session.end.as_deref(),
            Some("2024-03-01T10:32:00.000000000Z")
        );
        assert_eq!(numbers(&case, &report.session.filter), [event, 3, 4]);
    }
    let page = case.actor("actor:ann", "", &Zone::UTC, 30, 10).unwrap();
    let listed: Vec<_> = (page.sessions.iter())
        .map(|s| (s.event, s.events, s.contested, numbers(&case, &s.filter)))
        .collect();
    assert_eq!(listed, [(2, 3, 2, vec![2, 3, 4]), (1, 1, 2, vec![1, 3, 4])]);
}

#[test]
fn the_figures_of_a_session_are_those_of_what_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let case = empty(&folder);
    import(&case, "a.json", BOTH);
    let report = session(&case, SessionOf::Event(1));
    let levels = report.acts.iter().filter(|a| a.level >= 2).count() as u64;
    assert!(levels > 0);
    assert_eq!(
        (
            report.session.events,
            report.session.sensitive,
            report.session.failures,
            report.session.on_trust,
            report.session.contested,
        ),
        (3, levels, 1, 2, 2)
    );
    assert_eq!(report.session.address.as_deref(), Some("203.0.113.66"));
}

#[test]
fn a_session_of_the_vendor_counts_all_of_its_addresses() {
    let folder = tempfile::tempdir().unwrap();
    let case = empty(&folder);
    let line = |n: u32, who: &str, ip: &str, tenant: &str| {
        let ip = if ip.is_empty() {
            String::new()
        } else {
            format!(r#""actorIp":"{ip}","#)
        };
        format!(
            r#"{{"id":"{n}","model":"User","recordId":"u","action":"login","actorType":"user","actorId":"{who}",{ip}"sessionId":"S","tenantId":"{tenant}","when":"2024-03-01T10:0{n}:00Z"}}"#
        )
    };
    let lines = [
        line(1, "ann", "", "t1"),
        line(2, "ann", "203.0.113.66", "t1"),
        line(3, "bo", "198.51.100.7", "t1"),
        line(4, "cy", "192.0.2.1", "t2"),
    ];
    import(&case, "a.json", &format!("[{}]", lines.join(",")));
    let report = session(&case, SessionOf::Id("S".to_owned()));
    // The same id in another organization is another session.
    assert_eq!(acts(&report), [(1, false), (2, false), (3, false)]);
    assert_eq!(report.actors.len(), 2);
    assert_eq!(
        (report.session.addresses, report.session.address.as_deref()),
        (2, Some("203.0.113.66"))
    );
    let others: Vec<_> = (report.scopes.iter())
        .map(|s| (s.organization.as_str(), s.events, s.event))
        .collect();
    assert_eq!(others, [("t1", 3, 1), ("t2", 1, 4)]);
    let other = session(&case, SessionOf::Event(4));
    assert_eq!((acts(&other), other.scopes.len()), (vec![(4, false)], 0));
}
