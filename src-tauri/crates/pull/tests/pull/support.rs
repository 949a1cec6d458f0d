//! What the tests share: a sink that keeps what it is given, connectors from a few lines, a log with a truth.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use witnessmark_model::Instant;
use witnessmark_pull::auth::Secret;
use witnessmark_pull::client::Bounds;
use witnessmark_pull::connector::{self, Connector, Values};
use witnessmark_pull::cursor::{Coverage, Cursor};
use witnessmark_pull::origin::Reach;
use witnessmark_pull::sync::{self, Commit, Job, Outcome, Page, Port, Progress, Sink};

pub(crate) const SECOND: i64 = 1_000_000_000;
/// 2026-06-01T00:00:00Z.
pub(crate) const NOW: Instant = Instant(1_780_272_000 * SECOND);

/// Keeps everything; can refuse the n-th commit, as a crash or a full disk would.
#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) pages: Vec<Page>,
    pub(crate) cursor: Cursor,
    pub(crate) coverage: Vec<Coverage>,
    pub(crate) commits: usize,
    pub(crate) refuse_at: Option<usize>,
}

impl Sink for Kept {
    fn commit(&mut self, commit: Commit) -> Result<(), String> {
        if self.refuse_at == Some(self.commits) {
            return Err("the disk is full".into());
        }
        self.commits += 1;
        self.pages.extend(commit.pages);
        self.cursor = commit.cursor;
        self.coverage.extend(commit.coverage);
        Ok(())
    }

    fn progress(&mut self, _: &Progress) {}
}

impl Kept {
    /// Ids of all entries in the order they came, with repetitions.
    pub(crate) fn ids(&self, path: &str) -> Vec<String> {
        let mut ids = Vec::new();
        for page in self.pages.iter().filter(|page| page.items > 0) {
            let root: Value = serde_json::from_slice(&page.body).unwrap();
            let list = if path.is_empty() { &root } else { &root[path] };
            ids.extend(
                list.as_array()
                    .unwrap()
                    .iter()
                    .map(|e| e["id"].as_str().unwrap().to_owned()),
            );
        }
        ids
    }

    pub(crate) fn distinct(&self, path: &str) -> usize {
        self.ids(path)
            .into_iter()
            .collect::<std::collections::BTreeSet<_>>()
            .len()
    }
}

/// The clock of the tests: moves on by each wait that is asked for, and by hand.
pub(crate) struct Clock {
    pub(crate) now: Cell<Instant>,
    pub(crate) waits: RefCell<Vec<Duration>>,
    pub(crate) stop: Cell<bool>,
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self {
            now: Cell::new(NOW),
            waits: RefCell::default(),
            stop: Cell::new(false),
        }
    }
}

pub(crate) fn connector(paging: &str, items: &str, request: &str, window: &str) -> Connector {
    let text = format!(
        r#"
language = 1
[connector]
id = "test"
version = 1
title = "Test"
vendor_page = "https://vendor.example/"
lateness = "1h"
lag = "1m"
[address]
base = "https://vendor.example"
[auth]
kind = "bearer"
[request]
{request}
[items]
{items}
[paging]
{paging}
[window]
{window}
[limits]
remaining = "x-ratelimit-remaining"
reset = "x-ratelimit-reset"
status = [403]
text = "rate limit"
"#
    );
    connector::read(&text).unwrap()
}

pub(crate) fn job<'a>(connector: &'a Connector, base: &str, cursor: Cursor) -> Job<'a> {
    Job {
        connector,
        settings: Values::new(),
        base: Some(base.to_owned()),
        secret: Some(Secret::new("tok_CANARY_0123456789")),
        reach: Reach { private: true },
        authorities: None,
        since: Some(Instant(NOW.0 - 10 * 86_400 * SECOND)),
        settle: None,
        stream: String::new(),
        cursor,
        bounds: Bounds {
            connect: Duration::from_secs(2),
            head: Duration::from_millis(700),
            idle: Duration::from_millis(700),
            total: Duration::from_secs(20),
            bytes: 1 << 20,
            pause: Duration::from_millis(10),
        },
        pace: Arc::default(),
    }
}

pub(crate) fn run(job: Job<'_>, clock: &Clock, sink: &mut Kept) -> Outcome {
    try_run(job, clock, sink).unwrap()
}

pub(crate) fn try_run(
    job: Job<'_>,
    clock: &Clock,
    sink: &mut Kept,
) -> witnessmark_pull::Result<Outcome> {
    let port = Port {
        now: &|| clock.now.get(),
        chance: &|| 0.0,
        stop: &|| clock.stop.get(),
        waiting: &|wait| clock.waits.borrow_mut().push(wait),
    };
    sync::run(job, &port, sink)
}

/// An entry of the log: its number as id, and its time in milliseconds.
pub(crate) fn entry(number: usize, at: Instant) -> Value {
    json!({"id": format!("e{number}"), "created": at.0 / 1_000_000, "action": "user.login"})
}

/// A log of entries one minute apart that ends an hour before the present.
pub(crate) fn log(entries: usize) -> Vec<(Instant, Value)> {
    (0..entries)
        .map(|n| {
            let at = Instant(NOW.0 - 3_600 * SECOND - (entries - n) as i64 * 60 * SECOND);
            (at, entry(n, at))
        })
        .collect()
}

pub(crate) fn list(entries: &[(Instant, Value)]) -> Vec<Value> {
    entries.iter().map(|(_, value)| value.clone()).collect()
}
