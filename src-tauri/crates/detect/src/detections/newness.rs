//! New country, network, device; impossible travel.
//!
//! Owns: detections that compare one sign-in with those before it. Never touches: what happens after it (`path` does).

use witnessmark_model::baseline::SETTLE;

use crate::{
    about::{Detection, Settings, Severity, parameter},
    feed::{Feed, HOUR, Need},
    finding::{Baseline, Draft, Measure, Out, number, span},
    history::{Aspect, Spec, baseline, judge, sign_ins, too_little},
    place::distance,
};

pub(crate) const SHARED: crate::about::Parameter = parameter(
    "shared_actors",
    5.0,
    "",
    2.0,
    10_000.0,
    "an address that so many actors had used by the day before, without failing, is an office, a VPN or a carrier: it is never new and no place",
);
pub(crate) const LEARN_DAYS: crate::about::Parameter = parameter(
    "learn_days",
    14.0,
    "d",
    0.0,
    365.0,
    "least span of the history",
);
pub(crate) const LEARN: crate::about::Parameter = parameter(
    "learn_sign_ins",
    10.0,
    "",
    0.0,
    1_000.0,
    "least number of earlier sign-ins",
);
pub(crate) const REMEMBER: crate::about::Parameter = parameter(
    "remember_days",
    365.0,
    "d",
    0.0,
    3_650.0,
    "what was met within so many days is known, however many sign-ins followed",
);

pub(crate) const TRAVEL: Detection = Detection {
    id: "impossible_travel",
    title: "Impossible travel",
    what: "Two successive successful sign-ins of one actor from places so far apart that nobody travels so fast. Of two countries the distance of their nearest points counts, so that crossing a border is never travel; of two cities that of their middles less the radius of both. Addresses that many actors use are left out. Places come from the log, cities from a database of addresses where one is given and names the same country.",
    parameters: &[
        parameter("km", 500.0, "km", 0.0, 20_000.0, "least distance"),
        parameter("kmh", 800.0, "km/h", 1.0, 1_000_000.0, "least speed"),
        parameter(
            "within_hours",
            24.0,
            "h",
            0.1,
            720.0,
            "longest time between the two sign-ins",
        ),
        SHARED,
    ],
    needs: &[Need::SignIns, Need::Countries],
    benign: &[
        "a VPN or a proxy whose exit stands elsewhere",
        "a phone whose carrier routes through another country",
        "an account that several people share",
        "a wrong country in the database of addresses",
    ],
    after: "Elastic (500 km and 800 km/h), Datadog, Okta velocity (805 km/h), Panther (900 km/h, one day)",
    run: travel,
};

fn travel(feed: &Feed, settings: &Settings<'_>, out: &mut Out<'_>) {
    let (km, kmh, within) = (
        settings.get("km"),
        settings.get("kmh"),
        settings.nanos("within_hours"),
    );
    let shared = settings.get("shared_actors");
    for actor in feed.each_actor() {
        let mut last: Option<u32> = None;
        let mut open: Option<(u32, u32, Draft)> = None;
        for row in sign_ins(feed, actor) {
            let address = &feed.addresses[feed.ip[row as usize] as usize];
            if feed.place[row as usize] == 0
                || feed.is_shared(row, shared)
                || (feed.ip[row as usize] != 0 && address.private)
            {
                continue;
            }
            let before = last.replace(row);
            let Some(before) = before else { continue };
            let (Some(a), Some(b)) = (feed.place_of(before), feed.place_of(row)) else {
                continue;
            };
            let Some(far) = distance(a, b) else { continue };
            let time = feed.at(row) - feed.at(before);
            // Two sign-ins in one instant of a clock that counts seconds: at most a second passed.
            let speed = far / (time.max(crate::feed::SECOND) as f64 / HOUR as f64);
            if time > within || far < km || far <= 0.0 || speed < kmh {
                continue;
            }
            let mut pair = [feed.place_named(before), feed.place_named(row)];
            let sentence = format!(
                "{} signed in from {} ({}) and {} later from {} ({}): at least {} km, which is {} km/h",
                feed.who(actor),
                pair[0],
                feed.address(before),
                span(time),
                pair[1],
                feed.address(row),
                number(far),
                number(speed)
            );
            pair.sort_unstable();
            let measured = vec![
                Measure {
                    name: "km",
                    value: far,
                },
                Measure {
                    name: "kmh",
                    value: speed,
                },
                Measure {
                    name: "within_hours",
                    value: time as f64 / HOUR as f64,
                },
            ];
            match &mut open {
                // There and back again is one journey.
                Some((_, until, draft))
                    if draft.trigger == pair.join("-")
                        && feed.at(row) - feed.at(*until) <= within =>
                {
                    draft.rows.extend([before, row]);
                    if draft.measured[1].value < speed {
                        draft.measured = measured;
                    }
                    *until = row;
                }
                _ => {
                    if let Some((_, _, draft)) = open.take() {
                        out.find(draft);
                    }
                    let draft = Draft {
                        severity: Some(Severity::High),
                        actor,
                        trigger: pair.join("-"),
                        at: before,
                        sentence,
                        rows: vec![before, row],
                        measured,
                        would_change: vec![
                            "either address being a VPN, a proxy or a carrier's gateway".to_owned(),
                        ],
                        ..Draft::default()
                    };
                    open = Some((before, row, draft));
                }
            }
        }
        if let Some((_, _, draft)) = open {
            out.find(draft);
        }
    }
}

pub(crate) const COUNTRY: Detection = Detection {
    id: "new_country",
    title: "Sign-in from a new country",
    what: "A successful sign-in from a country that none of the actor's recent sign-ins came from. Below the least history nothing is new. An unknown country is never new.",
    parameters: &[
        parameter(
            "last",
            10.0,
            "",
            1.0,
            1_000.0,
            "sign-ins that are compared with",
        ),
        REMEMBER,
        LEARN_DAYS,
        LEARN,
        SHARED,
    ],
    needs: &[Need::SignIns, Need::Countries],
    benign: &[
        "travel",
        "a VPN or a carrier that routes through another country",
        "a wrong country in the database of addresses",
    ],
    after: "Okta (last 10), Microsoft Entra (14 days or 10 sign-ins), Panther (28 days)",
    run: |feed, settings, out| newness(feed, settings, out, Aspect::Country, Severity::Low),
};

pub(crate) const NETWORK: Detection = Detection {
    id: "new_network",
    title: "Sign-in from a new network",
    what: "A successful sign-in from an address whose network (/24 of IPv4, /48 of IPv6) none of the actor's recent sign-ins came from. Alone it says little.",
    parameters: &[
        parameter(
            "last",
            50.0,
            "",
            1.0,
            1_000.0,
            "sign-ins that are compared with",
        ),
        REMEMBER,
        LEARN_DAYS,
        LEARN,
        SHARED,
    ],
    needs: &[Need::SignIns, Need::Addresses],
    benign: &[
        "work from another place",
        "a provider that gives out new addresses",
    ],
    after: "Okta (last 50 addresses), Elastic (network not seen in 7 to 14 days)",
    run: |feed, settings, out| {
        newness(
            feed,
            settings,
            out,
            Aspect::Network,
            Severity::Informational,
        )
    },
};

pub(crate) const DEVICE: Detection = Detection {
    id: "new_device",
    title: "Sign-in with a new device",
    what: "A successful sign-in with a device or browser that none of the actor's recent sign-ins had; version numbers do not count. Alone it says little.",
    parameters: &[
        parameter(
            "last",
            20.0,
            "",
            1.0,
            1_000.0,
            "sign-ins that are compared with",
        ),
        REMEMBER,
        LEARN_DAYS,
        LEARN,
        SHARED,
    ],
    needs: &[Need::SignIns, Need::Devices],
    benign: &["a new telephone or computer", "another browser"],
    after: "Okta (last 20 successful sign-ins)",
    run: |feed, settings, out| {
        newness(feed, settings, out, Aspect::Device, Severity::Informational)
    },
};

fn newness(
    feed: &Feed,
    settings: &Settings<'_>,
    out: &mut Out<'_>,
    aspect: Aspect,
    severity: Severity,
) {
    let spec = Spec::of(settings);
    let a = aspect as usize;
    for actor in feed.each_actor() {
        let rows = sign_ins(feed, actor);
        if rows.is_empty() {
            continue;
        }
        let judged = judge(feed, &rows, &spec);
        if !judged.iter().any(|j| j.learned[a]) {
            out.unlearned(actor, || too_little(feed, &rows, &spec, Some(aspect)));
            continue;
        }
        let news: Vec<_> = judged.iter().filter(|j| j.new[a]).collect();
        // Until it has settled, a value is new at each sign-in; that is one finding.
        let mut told: std::collections::HashMap<String, i64> = std::collections::HashMap::new();
        for (nth, j) in news.iter().enumerate() {
            let value = aspect.shown(feed, j.row);
            let time = feed.at(j.row);
            if told.get(&value).is_some_and(|since| time - since < SETTLE) {
                continue;
            }
            told.insert(value.clone(), time);
            let again = news[nth..]
                .iter()
                .filter(|k| feed.at(k.row) - time < SETTLE && aspect.shown(feed, k.row) == value);
            let rows_of_value: Vec<u32> = again.map(|k| k.row).collect();
            let habit: Baseline = baseline(feed, &rows, j.row, aspect);
            let others: Vec<&str> = Aspect::ALL
                .into_iter()
                .filter(|o| *o != aspect && j.new[*o as usize])
                .map(Aspect::word)
                .collect();
            let also = if others.is_empty() {
                String::new()
            } else {
                format!("; the {} is new as well", others.join(" and the "))
            };
            let raised = aspect == Aspect::Country && j.new[2];
            out.find(Draft {
                severity: Some(if raised { Severity::Medium } else { severity }),
                actor,
                trigger: value.clone(),
                at: j.row,
                sentence: format!(
                    "{} signed in {} {value}, which none of {} earlier sign-ins was{also}",
                    feed.who(actor),
                    if aspect == Aspect::Device {
                        "with"
                    } else {
                        "from"
                    },
                    number(habit.n as f64)
                ),
                rows: rows_of_value,
                measured: vec![
                    Measure {
                        name: "learn_sign_ins",
                        value: habit.n as f64,
                    },
                    Measure {
                        name: "learn_days",
                        value: habit.from.map_or(0.0, |from| {
                            (feed.at(j.row) - from) as f64 / crate::feed::DAY as f64
                        }),
                    },
                ],
                baseline: Some(habit),
                would_change: vec![format!(
                    "an earlier sign-in {} the same {} in a log that is not in this case",
                    if aspect == Aspect::Device {
                        "with"
                    } else {
                        "from"
                    },
                    aspect.word()
                )],
                ..Draft::default()
            });
        }
    }
}
