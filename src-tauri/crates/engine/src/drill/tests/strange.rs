//! Sign-ins where the truth is known: who guessed, who was at home, and what a log writes where it does not know.

use witnessmark_model::Zone;

use super::{empty, import, import_as};
use crate::api::{SigninRow, SigninsReport};
use crate::{Case, Signins};

const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";

/// A log that grows line by line.
#[derive(Default)]
struct Log(Vec<String>);

impl Log {
    /// Who, the day from 0, the hour, address, country, agent, whether it failed.
    fn add(&mut self, who: &str, (day, hour): (u32, u32), from: [&str; 3], failed: bool) -> u64 {
        let id = self.0.len() as u64 + 1;
        let [ip, country, agent] = from;
        let mut line = serde_json::json!({
            "id": format!("e{id}"), "model": "User", "recordId": who, "action": "login",
            "actorType": "user", "actorId": who, "actorIp": ip, "actorCountry": country,
            "actorUserAgent": agent,
            "when": format!("2024-{:02}-{:02}T{hour:02}:00:00Z", 1 + day / 28, 1 + day % 28),
        });
        if failed {
            line["outcome"] = "failure".into();
        }
        self.0.push(line.to_string());
        id
    }

    fn habit(&mut self, who: &str, days: u32, from: [&str; 3]) {
        for day in 0..days {
            self.add(who, (day, 8), from, false);
        }
    }

    fn case(&self, folder: &tempfile::TempDir) -> Case {
        let case = empty(folder);
        import(&case, "a.json", &format!("[{}]", self.0.join(",\n")));
        case
    }
}

fn review(case: &Case, filter: &str) -> SigninsReport {
    let wanted = Signins {
        limit: 500,
        oldest_first: true,
        ..Signins::default()
    };
    case.signins(filter, &Zone::UTC, &wanted).unwrap()
}

fn row(report: &SigninsReport, event: u64) -> &SigninRow {
    report.rows.iter().find(|r| r.event == event).unwrap()
}

fn count(case: &Case, filter: &str) -> usize {
    super::events(case, &case.expr(filter, &Zone::UTC).unwrap()).len()
}

const HOME: [&str; 3] = ["203.0.113.9", "PH", CHROME];
const GUESSER: [&str; 3] = ["198.51.100.66", "PH", FIREFOX];
const FAR: [&str; 3] = ["198.51.100.66", "NL", FIREFOX];

#[test]
fn an_address_from_which_many_failed_is_not_one_that_many_share() {
    for from in [GUESSER, FAR] {
        let folder = tempfile::tempdir().unwrap();
        let mut log = Log::default();
        log.habit("ann", 21, HOME);
        // Long before, just before, and after it got in: the guesses make nothing innocent. Nor do the accounts that it
        // got into on the same day, before and after.
        for (day, hour) in [(10, 3), (20, 9), (20, 12)] {
            for n in 0..8 {
                log.add(&format!("user{n}"), (day, hour), from, true);
            }
        }
        for n in 0..6 {
            log.add(&format!("other{n}"), (20, 9 + n), from, false);
        }
        let got_in = log.add("ann", (20, 11), from, false);
        let case = log.case(&folder);
        let report = review(&case, "actor:ann");
        let row = row(&report, got_in);
        assert_eq!(
            (
                row.answer.as_str(),
                row.address.state.as_str(),
                row.shared_by,
                row.failed_from
            ),
            ("unfamiliar", "new", 0, 8),
            "{row:?}"
        );
        let said = "sign-ins of 8 accounts failed from this address";
        assert!(row.why.iter().any(|w| w == said), "{:?}", row.why);
        if from == FAR {
            assert_eq!(row.travel.as_ref().unwrap().judged, "too_fast");
        }
    }
}

#[test]
fn an_address_from_which_many_got_in_before_is_shared() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = Log::default();
    log.habit("ann", 20, HOME);
    let office = ["192.0.2.1", "PH", FIREFOX];
    for n in 0..5 {
        log.add(&format!("user{n}"), (12 + n, 3), office, false);
    }
    let [four, five] = [(17, 2), (17, 3)].map(|at| log.add("ann", at, office, false));
    let case = log.case(&folder);
    let report = review(&case, "actor:ann");
    let told = [four, five].map(|event| {
        let row = row(&report, event);
        (row.shared_by, row.address.state.clone(), row.answer.clone())
    });
    // The fifth counts when a day has passed, to the hour.
    let is = |n: u32, state: &str, answer: &str| (n, state.to_owned(), answer.to_owned());
    assert_eq!(
        told,
        [is(4, "new", "unfamiliar"), is(5, "shared", "familiar")]
    );
}

#[test]
fn a_word_for_nothing_is_no_value() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = Log::default();
    log.habit("ann", 20, HOME);
    let [ip, _, agent] = HOME;
    let mut days = 20..;
    let mut next = |from: [&str; 3]| log.add("ann", (days.next().unwrap(), 8), from, false);
    let nowhere = ["Unknown", "XX", "T1", "N/A", "-"].map(|country| next([ip, country, agent]));
    let home = ["ph", "PHL", "Philippines"].map(|country| next([ip, country, agent]));
    let unaddressed = next(["unknown", "PH", agent]);
    let mapped = next(["::ffff:203.0.113.9", "PH", agent]);
    let undeviced = next([ip, "PH", "unknown"]);
    let away = next([ip, "Gibraltar", agent]);
    let case = log.case(&folder);
    let report = review(&case, "");
    let state = |event: u64| {
        let r = row(&report, event);
        [&r.address, &r.network, &r.device, &r.country].map(|p| p.state.as_str())
    };
    for event in nowhere {
        assert_eq!(state(event), ["seen", "seen", "seen", "none"]);
    }
    assert_eq!(
        row(&report, nowhere[1]).country.text,
        "the log says `XX`, which is no country that is known"
    );
    for event in home.into_iter().chain([mapped]) {
        assert_eq!(state(event), ["seen"; 4], "{event}");
    }
    assert_eq!(state(unaddressed), ["none", "none", "seen", "seen"]);
    assert_eq!(state(undeviced), ["seen", "seen", "none", "seen"]);
    assert_eq!(state(away)[3], "new");
    assert_eq!(
        [report.new_address, report.new_device, report.new_country],
        [0, 0, 1]
    );
    // The place on the map is one, in whatever way the log writes it, and its number leads to its rows.
    let place = report.places.iter().find(|p| p.country == "PH").unwrap();
    assert_eq!(place.sign_ins, 26);
    assert_eq!(count(&case, &place.filter) as u64, place.sign_ins);
}

#[test]
fn the_number_of_a_place_leads_to_its_rows_where_the_log_writes_a_name() {
    let folder = tempfile::tempdir().unwrap();
    let case = empty(&folder);
    let line = |n: u32, country: &str| {
        format!(
            r#"{{"uuid":"o{n}","published":"2024-01-{n:02}T08:00:00.000Z","eventType":"user.session.start","severity":"INFO","actor":{{"id":"00u1","type":"User","alternateId":"ann@corp.example"}},"client":{{"ipAddress":"203.0.113.9","geographicalContext":{{"country":"{country}"}}}},"outcome":{{"result":"SUCCESS"}},"target":[]}}"#
        )
    };
    let lines = [
        (1, "United States"),
        (2, "US"),
        (3, "USA"),
        (4, "Netherlands"),
        (5, "Unknown"),
    ];
    let lines = lines.map(|(n, country)| line(n, country));
    import_as(&case, "okta", "a.json", &format!("[{}]", lines.join(",")));
    let report = review(&case, "");
    let told: Vec<_> = (report.places.iter())
        .map(|p| (p.country.as_str(), p.sign_ins, count(&case, &p.filter)))
        .collect();
    assert_eq!(told, [("US", 3, 3), ("NL", 1, 1)]);
}
