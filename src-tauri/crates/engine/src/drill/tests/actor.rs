//! One actor's page, the list of actors and two compared.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, TimeZone, Timelike};
use proptest::prelude::*;
use witnessmark_model::weight::Act;
use witnessmark_model::{Event, Field, IdentityKey, Instant, Zone};

use super::{Counted, World, counted, device, get, identity, line, one};
use crate::api::{SessionRow, SpanValue};
use crate::{ActorSort, ActorsWanted, SessionOf, SessionOrder};

fn told(values: &[SpanValue]) -> Counted {
    let each = values.iter();
    each.map(|v| (v.value.clone(), v.events, v.first.clone(), v.last.clone()))
        .collect()
}

/// The actor of an event: the identities that were joined with its own.
fn actor(event: &Event, joined: &BTreeSet<IdentityKey>) -> Option<BTreeSet<IdentityKey>> {
    let own = identity(event)?;
    Some(match joined.contains(&own) {
        true => joined.clone(),
        false => BTreeSet::from([own]),
    })
}

fn act(event: &Event) -> Act<'_> {
    Act {
        sensitivity: event.get(Field::EventSensitivity).unwrap_or_default(),
        category: event.get(Field::EventCategory).unwrap_or_default(),
        operation: event.get(Field::EventOperation).unwrap_or_default(),
    }
}

/// One session as the rule says it, by walking over the events with all open sessions at hand.
#[derive(Default)]
struct Open<'e> {
    vendor: Option<String>,
    address: Option<String>,
    device: Option<String>,
    events: Vec<&'e Event>,
    on_trust: u64,
    /// The last event that names neither address nor device while it was open, whose ever it is; and how many of them may
    /// be of another session too.
    kept: Option<Instant>,
    contested: u64,
}

fn sessions<'e>(events: &'e [Event], joined: &BTreeSet<IdentityKey>, idle: i64) -> Vec<Open<'e>> {
    let mut all: Vec<(Option<BTreeSet<IdentityKey>>, Open<'e>)> = Vec::new();
    for event in events {
        let who = actor(event, joined);
        let vendor = get(event, Field::SessionId);
        if vendor.is_some() {
            let known = all
                .iter()
                .position(|(a, s)| *a == who && s.vendor == vendor);
            let at = known.unwrap_or_else(|| {
                let open = Open {
                    vendor: vendor.clone(),
                    ..Open::default()
                };
                all.push((who.clone(), open));
                all.len() - 1
            });
            all[at].1.events.push(event);
            continue;
        }
        let (Some(time), Some(_)) = (event.time, &who) else {
            continue;
        };
        let (address, device) = (get(event, Field::SourceIp), device(event));
        let fits = |a: &Option<String>, b: &Option<String>| a.is_none() || b.is_none() || a == b;
        let open: Vec<usize> = (all.iter().enumerate())
            .filter(|(_, (a, s))| *a == who && s.vendor.is_none())
            .filter(|(_, (_, s))| {
                let last = s.events.last().and_then(|e| e.time).max(s.kept);
                last.is_some_and(|last| time.0 - last.0 <= idle)
            })
            .map(|(at, _)| at)
            .collect();
        if address.is_none() && device.is_none() {
            for at in &open {
                all[*at].1.kept = Some(time);
                all[*at].1.contested += u64::from(open.len() > 1);
            }
        }
        let found = (open.iter().map(|at| (*at, &all[*at])))
            .filter(|(_, (_, s))| fits(&s.address, &address) && fits(&s.device, &device))
            // The one that was active last; events of one moment are told apart by their numbers.
            .max_by_key(|(_, (_, s))| s.events.last().map(|e| (e.time, e.number)))
            .map(|(at, _)| at);
        let at = found.unwrap_or_else(|| {
            all.push((who.clone(), Open::default()));
            all.len() - 1
        });
        let open = &mut all[at].1;
        open.on_trust += u64::from(address.is_none() && device.is_none());
        open.address = open.address.take().or(address);
        open.device = open.device.take().or(device);
        open.events.push(event);
    }
    all.into_iter().map(|(_, open)| open).collect()
}

type Figures = (Option<String>, u64, u64, u64, u64, u64, u64, u64);

fn session_of(open: &Open<'_>) -> Figures {
    let addresses: BTreeSet<&str> = (open.events.iter())
        .filter_map(|e| e.get(Field::SourceIp))
        .collect();
    (
        open.vendor.clone(),
        open.events[0].number,
        open.events.len() as u64,
        open.events.iter().filter(|e| act(e).is_sensitive()).count() as u64,
        (open.events.iter())
            .filter(|e| e.get(Field::EventOutcome) == Some("failure"))
            .count() as u64,
        addresses.len() as u64,
        open.on_trust,
        open.contested,
    )
}

fn row(s: &SessionRow) -> Figures {
    (
        s.id.clone(),
        s.event,
        s.events,
        s.sensitive,
        s.failures,
        s.addresses,
        s.on_trust,
        s.contested,
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn a_page_says_what_its_events_say(
        lines in prop::collection::vec(line(), 1..60),
        join in any::<bool>(),
        zone in prop::sample::select(vec!["UTC", "Europe/Berlin", "Asia/Kathmandu"]),
        within in prop::sample::select(vec!["", "outcome:failure", "ip:203.0.113.1", "-has:session.id"]),
        idle in prop::sample::select(vec![30_u32, 60, 600]),
    ) {
        let world = World::new(&lines);
        let zone = Zone::parse(zone).unwrap();
        let mut joined = BTreeSet::new();
        let all: BTreeSet<IdentityKey> = world.events.iter().filter_map(identity).collect();
        if join && all.len() > 1 {
            joined.extend(all.iter().take(2).cloned());
            let keys: Vec<String> = joined.iter().map(super::super::merge::key_text).collect();
            world.case.merge(&keys).unwrap();
        }
        let wanted = ActorsWanted { limit: 100, ..ActorsWanted::default() };
        let list = world.case.actors("", &zone, &wanted).unwrap();
        let people: BTreeSet<_> = world.events.iter().filter_map(|e| actor(e, &joined)).collect();
        prop_assert_eq!(list.actors.len(), people.len());
        prop_assert_eq!(list.without, world.events.iter().filter(|e| identity(e).is_none()).count() as u64);
        for person in &list.actors {
            let own = world.of(&person.filter);
            let who: BTreeSet<_> = own.iter().map(|e| actor(e, &joined)).collect();
            prop_assert_eq!(who.len(), 1, "{} is one actor", person.filter);
            let who = who.into_iter().next().unwrap();
            let expected = world.events.iter().filter(|e| actor(e, &joined) == who).count();
            prop_assert_eq!((own.len(), person.events), (expected, expected as u64));
            let is = |field, value: &str| own.iter().filter(|e| e.get(field) == Some(value)).count() as u64;
            prop_assert_eq!(person.failures, is(Field::EventOutcome, "failure"));
            prop_assert_eq!(person.sign_ins, is(Field::EventOperation, "authenticate"));
            prop_assert_eq!(person.addresses, counted(&own, |e| one(get(e, Field::SourceIp))).len() as u64);
            prop_assert_eq!(person.devices, counted(&own, |e| one(device(e))).len() as u64);
            let dated: Vec<_> = own.iter().filter_map(|e| e.time).collect();
            prop_assert_eq!(&person.first, &dated.iter().min().map(|t| t.rfc3339()));
            prop_assert_eq!(&person.last, &dated.iter().max().map(|t| t.rfc3339()));
        }

        let Some(person) = list.actors.first() else { return Ok(()) };
        let own: Vec<Event> = world.of(&format!("({}) {within}", person.filter));
        let page = world.case.actor(&person.filter, within, &zone, idle, 50);
        if own.is_empty() {
            prop_assert!(page.is_err());
            return Ok(());
        }
        let page = page.unwrap();
        prop_assert_eq!((page.events, page.undated), (
            own.len() as u64, own.iter().filter(|e| e.time.is_none()).count() as u64));
        let field = |f: Field| counted(&own, |e| one(get(e, f)));
        prop_assert_eq!(told(&page.operations), field(Field::EventOperation));
        prop_assert_eq!(told(&page.countries), field(Field::SourceCountry));
        prop_assert_eq!(told(&page.organizations), field(Field::OrganizationId));
        prop_assert_eq!(told(&page.devices), counted(&own, |e| one(device(e))));
        let verbs: Vec<SpanValue> = page.verbs.iter().map(|v| v.span.clone()).collect();
        prop_assert_eq!(told(&verbs), field(Field::EventAction));
        let first_of_all = counted(&world.events, |e| one(get(e, Field::EventAction)));
        for verb in &page.verbs {
            let all = first_of_all.iter().find(|f| f.0 == verb.span.value).unwrap();
            prop_assert_eq!(&verb.first_of_all, &all.2);
        }
        let failed: Vec<Event> = own.iter().filter(|e| e.get(Field::EventOutcome) == Some("failure")).cloned().collect();
        prop_assert_eq!(page.failures, failed.len() as u64);
        prop_assert_eq!(told(&page.failed_verbs), counted(&failed, |e| one(get(e, Field::EventAction))));
        let sign_ins: Vec<_> = own.iter().filter(|e| e.get(Field::EventOperation) == Some("authenticate")).collect();
        let with = |outcome| sign_ins.iter().filter(|e| e.get(Field::EventOutcome) == Some(outcome)).count() as u64;
        prop_assert_eq!(
            (page.sign_ins.total, page.sign_ins.success, page.sign_ins.failure),
            (sign_ins.len() as u64, with("success"), with("failure"))
        );
        let mut week = vec![vec![0_u64; 24]; 7];
        for at in own.iter().filter_map(|e| e.time) {
            let local = zone.offset_at(at).from_utc_datetime(&at.to_utc().naive_utc());
            week[local.weekday().num_days_from_monday() as usize][local.hour() as usize] += 1;
        }
        prop_assert_eq!(&page.week, &week);
        for (day, hours) in week.iter().enumerate() {
            for (hour, count) in hours.iter().enumerate().filter(|h| *h.1 > 0) {
                let filter = world.case.hour_filter(&person.filter, within, &zone, (day, hour)).unwrap();
                prop_assert_eq!(world.of(&filter).len() as u64, *count, "{}", filter);
            }
        }

        // Addresses: their countries, and at least how many others used them, within each system.
        let spans: Vec<SpanValue> = page.addresses.iter().map(|a| a.span.clone()).collect();
        prop_assert_eq!(told(&spans), field(Field::SourceIp));
        for address in &page.addresses {
            let at: Vec<Event> = own.iter().filter(|e| e.get(Field::SourceIp) == Some(&address.span.value)).cloned().collect();
            let countries: Vec<String> = counted(&at, |e| one(get(e, Field::SourceCountry))).into_iter().map(|c| c.0).collect();
            prop_assert_eq!(&address.countries, &countries);
            let mut of: BTreeMap<String, BTreeSet<_>> = BTreeMap::new();
            for event in world.events.iter().filter(|e| e.get(Field::SourceIp) == Some(&address.span.value)) {
                if let Some(who) = actor(event, &joined) {
                    of.entry(identity(event).unwrap().provider).or_default().insert(who);
                }
            }
            let most = of.values().map(BTreeSet::len).max().unwrap_or(0) as u64;
            prop_assert_eq!(address.others, most.saturating_sub(1), "{}", address.span.value);
        }

        // Records: what was done to each, gravest first.
        let record = |e: &Event| -> Vec<String> {
            (e.targets.iter())
                .filter_map(|t| {
                    let id = t.id.clone().or(t.name.clone())?;
                    Some(format!("{}/{id}", t.r#type.clone().unwrap_or_default()))
                })
                .collect()
        };
        let records = counted(&own, record);
        prop_assert_eq!(page.records_total, records.len() as u64);
        let mut levels = Vec::new();
        for touched in &page.records {
            let known = records.iter().find(|r| r.0 == touched.span.value).unwrap();
            let found = (touched.span.value.clone(), touched.span.events, touched.span.first.clone(), touched.span.last.clone());
            prop_assert_eq!(&found, known);
            let on: Vec<&Event> = own.iter().filter(|e| record(e).contains(&touched.span.value)).collect();
            let writes = on.iter().filter(|e| !matches!(e.get(Field::EventOperation), Some("read" | "list"))).count() as u64;
            prop_assert_eq!(touched.writes, writes);
            let level = |e: &&Event| {
                let scale = witnessmark_model::verbs::SENSITIVITIES;
                scale.iter().position(|s| e.get(Field::EventSensitivity) == Some(s))
            };
            let gravest = on.iter().filter_map(level).max().map_or(u8::from(writes > 0), |l| l as u8);
            prop_assert_eq!(touched.level, gravest);
            levels.push((touched.level, touched.writes, touched.span.events));
        }
        prop_assert!(levels.windows(2).all(|w| w[0] >= w[1]));

        // Sessions: newest first.
        let mut expected: Vec<_> = sessions(&own, &joined, i64::from(idle) * 60_000_000_000).iter().map(session_of).collect();
        let place = |number: u64| own.iter().position(|e| e.number == number);
        expected.sort_by_key(|s| std::cmp::Reverse(place(s.1)));
        prop_assert_eq!(page.sessions_total, expected.len() as u64);
        prop_assert_eq!(page.sessions.iter().map(row).collect::<Vec<_>>(), expected.clone());
        // A page of fewer sessions is the beginning of the same list.
        let few = world.case.actor(&person.filter, within, &zone, idle, 2).unwrap();
        prop_assert_eq!(few.sessions_total, page.sessions_total);
        prop_assert_eq!(&few.sessions[..], &page.sessions[..page.sessions.len().min(2)]);

        // Every number leads to its rows.
        let mut numbers: Vec<(&String, u64)> = Vec::new();
        for list in [&page.operations, &page.countries, &page.organizations, &page.devices, &page.failed_verbs, &verbs, &spans] {
            numbers.extend(list.iter().map(|v| (&v.filter, v.events)));
        }
        numbers.extend(page.records.iter().map(|r| (&r.span.filter, r.span.events)));
        for (filter, events) in numbers {
            prop_assert_eq!(world.of(filter).len() as u64, events, "{}", filter);
        }
    }

    #[test]
    fn a_session_holds_the_same_events_from_wherever_it_is_entered(
        lines in prop::collection::vec(line(), 1..50),
        idle in prop::sample::select(vec![60_u32, 180]),
        order in prop::sample::select(vec![SessionOrder::Time, SessionOrder::Sensitivity]),
    ) {
        let world = World::new(&lines);
        let wanted = ActorsWanted { limit: 100, sort: ActorSort::Name, ..ActorsWanted::default() };
        for person in world.case.actors("", &Zone::UTC, &wanted).unwrap().actors {
            let page = world.case.actor(&person.filter, "", &Zone::UTC, idle, 100).unwrap();
            for listed in page.sessions.iter().filter(|s| s.start.is_some()) {
                let report = world.case.session(&SessionOf::Event(listed.event), idle, order, (0, 500), &Zone::UTC).unwrap();
                let mut events: Vec<u64> = report.acts.iter().map(|a| a.row.event).collect();
                events.sort_unstable();
                let mut found: Vec<u64> = world.of(&report.session.filter).iter().map(|e| e.number).collect();
                found.sort_unstable();
                prop_assert_eq!(&events, &found, "{}", report.session.filter);
                if listed.id.is_none() {
                    // The list gives a contested event to one session, the page holds it in each.
                    let sure = report.acts.iter().filter(|a| !a.contested).count() as u64;
                    prop_assert!(sure <= listed.events && listed.events <= report.session.events);
                    prop_assert!(report.contested > 0 || listed.events == report.session.events);
                    prop_assert!(listed.contested <= report.contested);
                }
                let ranks: Vec<_> = report.acts.iter().map(|a| a.level).collect();
                if order == SessionOrder::Sensitivity {
                    prop_assert!(ranks.windows(2).all(|w| w[0] >= w[1]));
                }
                for kind in report.kinds.iter().chain(&report.counts).chain(&report.actors) {
                    prop_assert_eq!(world.of(&kind.filter).len() as u64, kind.events, "{}", kind.filter);
                }
            }
        }
    }
}

#[test]
fn what_a_withdrawn_source_said_is_gone_from_every_page() {
    let folder = tempfile::tempdir().unwrap();
    let case = super::empty(&folder);
    let line = |id: u32, who: &str, day: u32| {
        format!(
            r#"{{"id":"{id}","model":"User","recordId":"x","action":"login","actorType":"user","actorId":"{who}","actorEmail":"{who}@example.com","actorIp":"203.0.113.9","when":"2024-05-{day:02}T00:00:00Z"}}"#
        )
    };
    super::import(&case, "a.json", &format!("[{}]", line(1, "ann", 9)));
    super::import(
        &case,
        "b.json",
        &format!("[{},{}]", line(2, "bo", 1), line(3, "cy", 2)),
    );
    let page = |case: &crate::Case| {
        let page = case.actor("actor:ann", "", &Zone::UTC, 30, 10).unwrap();
        (page.addresses[0].others, page.verbs[0].first_of_all.clone())
    };
    let signed = |case: &crate::Case| {
        let wanted = crate::Signins {
            limit: 9,
            ..crate::Signins::default()
        };
        let report = case.signins("", &Zone::UTC, &wanted).unwrap();
        report
            .rows
            .iter()
            .map(|r| (r.event, r.shared_by))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        page(&case),
        (2, Some("2024-05-01T00:00:00.000000000Z".to_owned()))
    );
    // Of those who had signed in a day before.
    assert_eq!(signed(&case), [(1, 2), (3, 1), (2, 0)]);
    case.withdraw(2, "the wrong export", &mut |_| {
        std::ops::ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(
        page(&case),
        (0, Some("2024-05-09T00:00:00.000000000Z".to_owned()))
    );
    assert_eq!(signed(&case), [(1, 0)]);
}

#[test]
fn a_name_out_of_a_log_is_a_name_whatever_it_looks_like() {
    let folder = tempfile::tempdir().unwrap();
    let case = super::empty(&folder);
    let names = [
        "*",
        "a..z",
        "ann",
        "Ann",
        "ip:203.0.113.9",
        "actor:ann",
        "-ann",
        "@list",
        "(a OR b)",
        "a*b",
    ];
    let line = |n: usize, who: &str| {
        format!(
            r#"{{"id":"{n}","model":"User","recordId":"x","action":"login","actorType":"user","actorId":"{who}","actorIp":"203.0.113.9","when":"2024-05-01T00:00:00Z"}}"#
        )
    };
    let lines: Vec<String> = (names.iter().enumerate())
        .map(|(n, who)| line(n, who))
        .collect();
    super::import(&case, "a.json", &format!("[{}]", lines.join(",")));
    let found = |filter: &str| -> Vec<String> {
        let expr = case.expr(filter, &Zone::UTC).unwrap();
        let events = super::events(&case, &expr);
        events
            .iter()
            .filter_map(|e| get(e, Field::UserId))
            .collect()
    };
    for name in names {
        assert_eq!(found(&case.actor_named(name).unwrap()), [name]);
    }
    // Typed, a pattern is one, unless somebody is called just so; a name is one in whatever case.
    let typed = |who: &str| found(&case.actor_filter(who, &Zone::UTC).unwrap());
    assert_eq!(typed("*"), ["*"]);
    assert_eq!(typed("a..z"), ["a..z"]);
    assert_eq!(typed("ANN"), ["ann", "Ann"]);
    assert_eq!(typed("an*"), ["ann", "Ann"]);
}
