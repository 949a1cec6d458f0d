//! Pulls that repeat themselves while a case is open.
//!
//! Owns: which there are, and the thread that begins them when they are due. Never touches: the times (the engine's schedule has
//! them), requests. A plan begins because a person pressed a button, and ends with the case; nothing of it is kept.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use witnessmark_engine::api::{PullReport, PullRequest};
use witnessmark_engine::{Code, Error, Instant, PullTarget, Result, Schedule};

use crate::state::Desk;
use crate::wire::PlanState;

/// How often it is looked whether a pull is due.
const LOOK: Duration = Duration::from_secs(1);

/// One pull that repeats itself.
struct Plan {
    id: u64,
    request: PullRequest,
    target: PullTarget,
    schedule: Schedule,
    running: bool,
    pulls: u64,
    events: u64,
}

/// A pull that is due now.
struct Due {
    id: u64,
    request: PullRequest,
    target: PullTarget,
}

/// Every pull that repeats itself.
#[derive(Default)]
pub(crate) struct Plans {
    last: u64,
    list: Vec<Plan>,
    /// Whether a thread looks after them.
    watched: bool,
}

impl Plans {
    /// Begins one. The same request with another time takes the place of the one before.
    fn begin(&mut self, request: PullRequest, target: PullTarget, now: Instant) -> Result<()> {
        let schedule = Schedule::every(request.schedule.as_deref().unwrap_or_default(), now)?;
        let same = |plan: &Plan| {
            let mut other = plan.request.clone();
            other.schedule.clone_from(&request.schedule);
            other == request
        };
        if self.list.iter().any(|plan| same(plan) && plan.running) {
            return Err(Error::new(
                Code::CaseBusy,
                "this log is being pulled",
                "Wait until the pull is done, or stop it.",
            ));
        }
        self.list.retain(|plan| !same(plan));
        self.last += 1;
        self.list.push(Plan {
            id: self.last,
            request,
            target,
            schedule,
            running: false,
            pulls: 0,
            events: 0,
        });
        Ok(())
    }

    /// Ends one; a pull of it that runs is stopped by its name.
    fn stop(&mut self, id: u64) {
        self.list.retain(|plan| plan.id != id);
    }

    /// Ends all.
    pub(crate) fn clear(&mut self) {
        self.list.clear();
    }

    fn due(&mut self, now: Instant) -> Option<Due> {
        // One after the other: they write to one case.
        if self.list.iter().any(|plan| plan.running) {
            return None;
        }
        let mut plans = self.list.iter_mut();
        let plan = plans.find_map(|plan| plan.schedule.due(now).then_some(plan))?;
        plan.running = true;
        Some(Due {
            id: plan.id,
            request: plan.request.clone(),
            target: plan.target.clone(),
        })
    }

    fn ended(&mut self, id: u64, now: Instant, outcome: &Result<PullReport>) {
        // One that was stopped, or whose case was closed, is not there any more.
        let Some(plan) = self.list.iter_mut().find(|plan| plan.id == id) else {
            return;
        };
        plan.running = false;
        plan.pulls += 1;
        let error = match outcome {
            Ok(report) => {
                plan.events += report.streams.iter().map(|one| one.events).sum::<u64>();
                report.streams.iter().find_map(|one| one.stopped.as_ref())
            }
            Err(error) => Some(error),
        };
        plan.schedule.ended(now, error);
    }

    fn states(&self) -> Vec<PlanState> {
        let state = |plan: &Plan| PlanState {
            id: plan.id,
            connector: plan.target.connector.clone(),
            origin: plan.target.origin.clone(),
            settings: plan.request.settings.clone(),
            every: plan.request.schedule.clone().unwrap_or_default(),
            running: plan.running,
            pulls: plan.pulls,
            events: plan.events,
            failures: plan.schedule.failures(),
            next: plan.schedule.next().map(Instant::rfc3339),
            stopped: plan.schedule.stopped().cloned(),
        };
        self.list.iter().map(state).collect()
    }
}

/// The name by which a pull of a plan is stopped.
fn job(id: u64) -> String {
    format!("plan-{id}")
}

impl Desk {
    /// Begins to repeat a pull to which the person has agreed.
    pub(crate) fn plan(self: &Arc<Self>, request: PullRequest, target: PullTarget) -> Result<()> {
        let now = (self.setting.now)();
        let watched = self.plans(|plans| {
            plans.begin(request, target, now)?;
            Ok::<bool, Error>(std::mem::replace(&mut plans.watched, true))
        })?;
        if !watched {
            let desk = Arc::clone(self);
            std::thread::spawn(move || {
                while desk.plans(|plans| {
                    plans.watched = !plans.list.is_empty();
                    plans.watched
                }) {
                    desk.pull_what_is_due();
                    std::thread::sleep(LOOK);
                }
            });
        }
        Ok(())
    }

    /// What is repeated.
    pub(crate) fn planned(&self) -> Vec<PlanState> {
        self.plans(|plans| plans.states())
    }

    /// Ends the repeating of a pull, and the pull when it runs.
    pub(crate) fn unplan(&self, id: u64) {
        self.plans(|plans| plans.stop(id));
        self.cancel(&job(id));
    }

    /// Pulls what is due, unless something else is at work on the case; then it is due a moment later.
    fn pull_what_is_due(&self) {
        if self.at_work() {
            return;
        }
        let now = (self.setting.now)();
        let Some(due) = self.plans(|plans| plans.due(now)) else {
            return;
        };
        let outcome = self.pull_due(&due);
        let now = (self.setting.now)();
        self.plans(|plans| plans.ended(due.id, now, &outcome));
    }

    fn pull_due(&self, due: &Due) -> Result<PullReport> {
        let case = self.case()?;
        let secret = self.secret(&due.target)?;
        let job = self.begin(job(due.id))?;
        case.pull(&due.request, secret.as_ref(), &mut |_| {
            if job.is_cancelled() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })
    }
}

#[cfg(test)]
#[path = "../../crates/pull/tests/pull/server.rs"]
mod server;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

    use witnessmark_engine::{Setting, Zone, pull_target};
    use witnessmark_keyring::Keyring;

    use super::*;
    use crate::places::Places;
    use crate::plans::server::{Reply, Server};

    const BEGIN: i64 = 1_800_000_000_000_000_000;
    const MINUTE: i64 = 60_000_000_000;

    /// A desk whose clock a test sets, with an open case.
    fn desk(home: &std::path::Path, clock: &Arc<AtomicI64>) -> Desk {
        let real = crate::setting::real();
        let clock = Arc::clone(clock);
        let setting = Setting {
            now: Box::new(move || Instant(clock.load(Ordering::Relaxed))),
            random: Box::new(move |buffer| (real.random)(buffer)),
            who: "tester".into(),
            tool: "test".into(),
            lists: Box::new(|_| Ok(Vec::new())),
        };
        let desk = Desk::new(Places::below(home), Arc::new(setting), Keyring::off());
        let path = home.join("case.wmcase");
        desk.create(&path, "Case", None, &Zone::UTC).unwrap();
        desk
    }

    fn request(server: &Server, every: &str) -> PullRequest {
        PullRequest {
            connector: "github-organization".into(),
            settings: BTreeMap::from([("organization".to_owned(), "octo-org".to_owned())]),
            base: Some(server.base()),
            allow_private: true,
            since: Some("2027-01-01".into()),
            schedule: Some(every.into()),
            ..PullRequest::default()
        }
    }

    #[test]
    fn a_plan_pulls_when_it_is_due_backs_off_stops_and_is_told_in_the_log() {
        let status = Arc::new(AtomicUsize::new(200));
        let server = {
            let status = Arc::clone(&status);
            Server::start(move |_| {
                let body = r#"[{"@timestamp":1800000000000,"_document_id":"d1","action":"repo.create","actor":"ann","org":"octo-org","created_at":1800000000000}]"#;
                match status.load(Ordering::Relaxed) {
                    200 => Reply::new(200, body),
                    other => Reply::new(u16::try_from(other).unwrap(), "{}"),
                }
            })
        };
        let home = tempfile::tempdir().unwrap();
        let clock = Arc::new(AtomicI64::new(BEGIN));
        let desk = desk(home.path(), &clock);
        let at = |minutes: i64| {
            clock.store(BEGIN + minutes * MINUTE, Ordering::Relaxed);
            desk.pull_what_is_due();
            server.seen().len()
        };
        assert_eq!(at(0), 0, "nothing is asked before a person begins it");
        let request = request(&server, "10m");
        let target = pull_target(&request).unwrap();
        desk.hold_secret(&target, "tok_CANARY_77");
        let now = Instant(BEGIN);
        desk.plans(|plans| plans.begin(request, target.clone(), now))
            .unwrap();
        let first = at(0);
        assert!(first > 0);
        assert_eq!(at(9), first, "not before it is due");
        let second = at(10);
        assert!(second > first);
        let told = desk.planned();
        assert_eq!((told[0].pulls, told[0].events), (2, 1), "{told:?}");
        assert!(!serde_json::to_string(&told).unwrap().contains("CANARY"));

        // Something else is at work: later, not at the same time.
        let busy = desk.begin("import".into()).unwrap();
        assert_eq!(at(20), second);
        drop(busy);
        let third = at(21);
        assert!(third > second);

        // The credentials are refused: it ends, says so, and asks nothing more.
        status.store(401, Ordering::Relaxed);
        let refused = at(31);
        assert_eq!(refused, third + 1);
        let told = desk.planned();
        let why = told[0].stopped.as_ref().unwrap();
        assert_eq!(why.code, Code::CredentialsRefused, "{told:?}");
        assert!(told[0].next.is_none());
        assert_eq!(at(100_000), refused);

        let custody = serde_json::to_string(&desk.case().unwrap().custody().unwrap()).unwrap();
        assert_eq!(custody.matches("pull.begin").count(), 4, "{custody}");
        assert!(custody.contains("10m") && !custody.contains("CANARY"));
        desk.close();
        assert!(desk.planned().is_empty(), "it ends with the case");
    }

    #[test]
    fn a_plan_that_is_stopped_asks_nothing_more() {
        let server = Server::start(|_| Reply::new(200, "[]"));
        let home = tempfile::tempdir().unwrap();
        let clock = Arc::new(AtomicI64::new(BEGIN));
        let desk = desk(home.path(), &clock);
        let request = request(&server, "5m");
        let target = pull_target(&request).unwrap();
        desk.hold_secret(&target, "tok_CANARY_77");
        desk.plans(|plans| plans.begin(request, target, Instant(BEGIN)))
            .unwrap();
        desk.unplan(desk.planned()[0].id);
        desk.pull_what_is_due();
        assert!(server.seen().is_empty());
        assert!(desk.planned().is_empty());
    }
}
