//! How long the panels of a window take over synthetic code columns in memory.
//!
//! Owns: the figures of the query engine alone, without disk and without originals. Run it on an idle machine:
//! `cargo run --release -p witnessmark-store --example query_speed -- [rows] [segments]`.
//! Every segment spans the whole time, which is the worst case for merging.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::{sync::Arc, time::Instant as Clock};

use witnessmark_lens::query::{Expr, On, Term, Test};
use witnessmark_model::{
    Attestation, Batch, Event, Field, Instant, LeafReader, Locator, SourceShape,
};
use witnessmark_store::{
    Result, StoreError,
    query::{
        Caches, Facts, HistogramSpec, Mask, Order, Originals, Overlay, Query, Segment, Snapshot,
        SourceName, TermCache, View,
    },
    segment::SegmentBuilder,
};

const START: i64 = 1_700_000_000_000_000_000;
const SPAN: i64 = 90 * 86_400 * 1_000_000_000;

/// Splitmix64: the same data in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    /// Low numbers are far more frequent.
    fn skewed(&mut self, n: u64) -> u64 {
        let (a, b) = (self.below(n), self.below(n));
        a * b / n
    }
}

fn segment(id: u64, rows: usize, random: &mut Random) -> Segment {
    let mut builder = SegmentBuilder::new(id);
    let mut batch = Batch::default();
    for row in 0..rows {
        let put = |batch: &mut Batch, field, text: &str| batch.push(field, 0, text);
        let outcome = if random.below(100) < 94 {
            "success"
        } else {
            "failure"
        };
        put(&mut batch, Field::EventOutcome, outcome);
        let operation = if random.below(1_000) < 467 {
            "read"
        } else {
            ["update", "create", "list", "delete"][random.below(4) as usize]
        };
        put(&mut batch, Field::EventOperation, operation);
        let category = if random.below(100) < 10 {
            "authentication"
        } else {
            ["iam", "payment", "data", "api", "payout", "file"][random.below(6) as usize]
        };
        put(&mut batch, Field::EventCategory, category);
        put(
            &mut batch,
            Field::EventAction,
            &format!("action.{}", random.skewed(120)),
        );
        put(
            &mut batch,
            Field::UserEmail,
            &format!("user{}@example.com", random.skewed(5_000)),
        );
        let ip = random.skewed(60_000);
        put(
            &mut batch,
            Field::SourceIp,
            &format!("10.{}.{}.{}", ip >> 16, ip >> 8 & 255, ip & 255),
        );
        put(
            &mut batch,
            Field::SourceCountry,
            &format!("C{}", random.skewed(60)),
        );
        put(
            &mut batch,
            Field::UserAgentOriginal,
            &format!("Agent/{}", random.skewed(300)),
        );
        put(
            &mut batch,
            Field::SessionId,
            &format!("sess-{:012x}", random.below(3_000_000)),
        );
        for target in 0..1 + u16::from(random.below(10) == 0) {
            batch.push(Field::TargetType, target, "account");
            batch.push(
                Field::TargetId,
                target,
                &format!("acct_{:08}", random.below(100_000)),
            );
        }
        let time = (random.below(1_000) != 0).then(|| {
            // To the second, so that many events share a time.
            Instant(START + (random.next() as i64).rem_euclid(SPAN) / 1_000_000_000 * 1_000_000_000)
        });
        let place = Locator {
            entry: row as u64 + 1,
            part: 1,
            line: row as u64 + 2,
            ..Locator::default()
        };
        batch.end_row(time, place, 0, 0);
        if batch.is_full() || row + 1 == rows {
            builder.push_batch(&batch, 1);
            batch.clear();
        }
    }
    Segment::new(id, Arc::new(builder.into_memory(1 + id * 10_000_000)), None)
}

/// A case without overlays.
struct Nothing;

impl LeafReader for Nothing {
    fn leaves(&self, _: &SourceShape, _: &[u8], _: &mut dyn FnMut(&[&str], &str)) {}
}

impl Facts for Nothing {
    fn merges(&self) -> Result<Vec<Vec<witnessmark_model::IdentityKey>>> {
        Ok(Vec::new())
    }
    fn overlays(&self, _: &str) -> Result<Vec<Overlay>> {
        Ok(Vec::new())
    }
    fn sources(&self) -> Result<Vec<SourceName>> {
        Ok(Vec::new())
    }
    fn attested_beyond(&self, _: u32) -> Result<Vec<u64>> {
        Ok(Vec::new())
    }
    fn attestations(&self, events: &[u64]) -> Result<Vec<Vec<Attestation>>> {
        Ok(vec![Vec::new(); events.len()])
    }
    fn originals(&self) -> Result<Box<dyn Originals + '_>> {
        Err(StoreError::Cancelled)
    }
    fn shape(&self, _: u32) -> Result<Arc<SourceShape>> {
        Ok(Arc::default())
    }
    fn leaf_reader(&self) -> &dyn LeafReader {
        self
    }
    fn progress(&self, _: u64) -> Result<()> {
        Ok(())
    }
}

fn is(field: Field, value: &str) -> Expr {
    term(On::Fields(vec![field]), Test::Is(value.to_lowercase()))
}

fn term(on: On, test: Test) -> Expr {
    Expr::Term(Term {
        on,
        test,
        span: 0..0,
    })
}

fn measure<T>(name: &str, runs: usize, mut work: impl FnMut(usize) -> T) -> T {
    let mut last = work(0);
    let mut times: Vec<f64> = (0..runs)
        .map(|run| {
            let start = Clock::now();
            last = work(run);
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let (best, p50, p95) = (times[0], times[runs / 2], times[runs * 95 / 100]);
    println!("{name:<48} {best:>8.2} {p50:>8.2} {p95:>8.2}");
    last
}

fn main() {
    let mut args = std::env::args()
        .skip(1)
        .filter_map(|a| a.parse::<usize>().ok());
    let rows = args.next().unwrap_or(10_000_000);
    let segments = args.next().unwrap_or(10);
    let mut random = Random(1);
    let start = Clock::now();
    let built = (0..segments).map(|s| segment(s as u64, rows / segments, &mut random));
    let snapshot = Arc::new(Snapshot::new(built.collect()));
    println!(
        "{rows} rows in {segments} segments, built in {:.1} s",
        start.elapsed().as_secs_f64()
    );
    println!("{:<46} {:>8} {:>8} {:>8}", "ms", "best", "p50", "p95");

    let caches = Caches::default();
    let query = Query {
        snapshot: &snapshot,
        facts: &Nothing,
        caches: &caches,
    };
    let terms = TermCache::default();
    let filter = |expr: &Expr| -> Arc<Mask> { Arc::new(query.filter(expr, &terms).unwrap()) };
    let page = |mask: Arc<Mask>, first: u64| -> Vec<Event> {
        let view = View::new(snapshot.clone(), mask, Order::Newest);
        query.events(&view.rows(first, 200).unwrap()).unwrap()
    };

    measure("page of 200, three filters, nothing known", 40, |run| {
        let fresh = Caches::default();
        let query = Query {
            snapshot: &snapshot,
            facts: &Nothing,
            caches: &fresh,
        };
        let expr = Expr::And(vec![
            is(Field::UserEmail, &format!("user{run}@example.com")),
            is(Field::EventOutcome, "success"),
            is(Field::EventOperation, "read"),
        ]);
        page(Arc::new(query.filter(&expr, &terms).unwrap()), 0)
    });
    let all = filter(&Expr::All);
    measure("page of 200 in the middle of everything", 40, |run| {
        page(all.clone(), rows as u64 / 2 + run as u64 * 1_000)
    });
    measure("  of that, finding the rows", 40, |run| {
        let view = View::new(snapshot.clone(), all.clone(), Order::Newest);
        view.rows(rows as u64 / 2 + run as u64 * 1_000, 200)
            .unwrap()
    });
    for (name, expr) in [
        ("10 %", is(Field::EventCategory, "authentication")),
        ("47 %", is(Field::EventOperation, "read")),
        ("94 %", is(Field::EventOutcome, "success")),
        ("100 %", Expr::All),
    ] {
        let mask = measure(&format!("filter to {name}"), 40, |_| filter(&expr));
        let six = [
            Field::EventAction,
            Field::EventOutcome,
            Field::SourceCountry,
            Field::UserAgentOriginal,
            Field::UserEmail,
            Field::SourceIp,
        ];
        measure(&format!("six facets at {name}"), 40, |_| {
            query.facets(&mask, &six, 20).unwrap()
        });
        let spec = HistogramSpec {
            bins: 200,
            ..HistogramSpec::default()
        };
        measure(&format!("histogram of 200 at {name}"), 40, |_| {
            query.histogram(&mask, &spec).unwrap()
        });
        let by = HistogramSpec {
            bins: 200,
            by: Some(Field::EventOperation),
            values: 5,
            ..HistogramSpec::default()
        };
        measure(
            &format!("histogram of 200 by operation at {name}"),
            20,
            |_| query.histogram(&mask, &by).unwrap(),
        );
        measure(
            &format!("facet of targets (100 k values) at {name}"),
            20,
            |_| query.facets(&mask, &[Field::TargetId], 20).unwrap(),
        );
        measure(
            &format!("facet of sessions (3 M values) at {name}"),
            10,
            |_| query.facets(&mask, &[Field::SessionId], 20).unwrap(),
        );
    }
    measure("contains, session (3 M values), nothing known", 10, |run| {
        let fresh = Caches::default();
        let query = Query {
            snapshot: &snapshot,
            facts: &Nothing,
            caches: &fresh,
        };
        let test = Test::Contains(format!("{run:03x}b"));
        query
            .filter(&term(On::Fields(vec![Field::SessionId]), test), &terms)
            .unwrap()
    });
    measure("a whole day of time", 40, |run| {
        let from = START + run as i64 * 86_400_000_000_000;
        let test = Test::When {
            from: Some(Instant(from)),
            until: Some(Instant(from + 86_400_000_000_000)),
        };
        filter(&term(On::Time, test))
    });
    let view = View::new(snapshot.clone(), all, Order::Newest);
    measure("rank of an event", 40, |run| {
        view.rank_of(&query, 1 + run as u64 * 7_919).unwrap()
    });
}
