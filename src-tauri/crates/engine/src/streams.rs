//! The streams of a remote log, pulled at once: each is asked for on a thread of its own, and one thread lays what they bring
//! into the case.
//!
//! Owns: how many ask at once, the way of their pages to that one thread, what a page is called in the case, what the custody log
//! tells of a pull. Never touches: the network itself (`witnessmark_pull` does). Each stream has a position of its own, which
//! moves with its pages or not at all; one that fails is named, and the others go on. What is told to begin is told to end,
//! with the reason.

use std::collections::VecDeque;
use std::io::Cursor as Bytes;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossbeam_channel::{RecvTimeoutError, Sender, bounded, unbounded};
use serde_json::json;
use witnessmark_model::Instant;
use witnessmark_pull::connector::{Connector, WindowKind};
use witnessmark_pull::pace::Pace;
use witnessmark_pull::sync::{self, Commit, Job, Outcome, Port, Progress, Sink};
use witnessmark_store::case::{PullCoverage, PullPart, PullStream, canonical};

use crate::api::{
    ImportChoices, ImportProgress, PullProgress, PullReport, PullRequest, SourceReport,
    StreamProgress, StreamReport,
};
use crate::case::Case;
use crate::error::{Code, Error, Result};
use crate::failures::internal;
use crate::input::Input;
use crate::pull::{PullSecret, chance, coverage_part, kept, read, settled, streams, versioned};
use crate::setting::Setting;

/// Streams that are asked for at once. All of them ask one server, which most often counts them together; each holds pages in
/// memory until they are laid down.
const AT_ONCE: usize = 4;
/// How often the person is asked whether to go on while nothing comes.
const LOOK: Duration = Duration::from_millis(200);

/// Told how far a pull is; when it breaks, the pull ends within a second.
type Tell<'a> = dyn FnMut(&PullProgress) -> ControlFlow<()> + 'a;

/// What the thread of a stream says to the one that writes.
enum Said {
    Progress(Progress),
    Waiting(Duration),
    Commit(Box<Commit>, Sender<std::result::Result<(), String>>),
    /// Absent when the thread itself failed.
    Ended(Option<Box<witnessmark_pull::Result<Outcome>>>),
}

/// The way from the thread of a stream to the one that writes. However it ends, that is said.
struct Line {
    number: usize,
    say: Sender<(usize, Said)>,
    outcome: Option<Box<witnessmark_pull::Result<Outcome>>>,
}

impl Line {
    fn say(&self, said: Said) {
        // The one who writes listens until every stream has ended.
        let _ = self.say.send((self.number, said));
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let outcome = self.outcome.take();
        self.say(Said::Ended(outcome));
    }
}

impl Sink for Line {
    fn commit(&mut self, commit: Commit) -> std::result::Result<(), String> {
        let (answer, answered) = bounded(1);
        self.say(Said::Commit(Box::new(commit), answer));
        answered
            .recv()
            .unwrap_or_else(|_| Err("the case takes no more pages".to_owned()))
    }

    fn progress(&mut self, progress: &Progress) {
        self.say(Said::Progress(*progress));
    }
}

/// The whole work of the thread of one stream.
fn ask(job: Job<'_>, setting: &Setting, stop: &AtomicBool, mut line: Line) {
    let number = line.number;
    let say = line.say.clone();
    let port = Port {
        now: &|| (setting.now)(),
        chance: &|| chance(setting),
        stop: &|| stop.load(Ordering::Relaxed),
        waiting: &|wait| {
            let _ = say.send((number, Said::Waiting(wait)));
        },
    };
    line.outcome = Some(Box::new(sync::run(job, &port, &mut line)));
}

/// One stream of a pull.
struct Stream {
    kept: PullStream,
    name: String,
    progress: Progress,
    waiting: Option<Duration>,
    part: u32,
    sources: Vec<SourceReport>,
    coverage: Vec<PullCoverage>,
    /// What made the case refuse its pages, in the words of the case.
    refused: Option<Error>,
    ended: bool,
    /// Whether it ended before anything could be asked.
    early: bool,
    stopped: Option<Error>,
}

/// The one thread that writes.
struct Leader<'a, 't, 'f> {
    case: &'a Case,
    connector: &'a Connector,
    request: &'a PullRequest,
    stop: &'a AtomicBool,
    pace: &'a Pace,
    tell: &'t mut Tell<'f>,
    begun: Instant,
    streams: Vec<Stream>,
    /// Why the case takes no more pages: others would meet the same.
    broken: Option<Error>,
    /// Why the custody log could not be told.
    failed: Option<Error>,
}

impl Case {
    /// Pulls a remote log up to the present, several streams of it at once. What was pulled before an error stays, and the next
    /// pull goes on from there; a stream that fails stops no other.
    pub fn pull(
        &self,
        request: &PullRequest,
        secret: Option<&PullSecret>,
        tell: &mut Tell<'_>,
    ) -> Result<PullReport> {
        let connector = read(request)?;
        let pace = Arc::new(Pace::default());
        let mut report = PullReport {
            connector: versioned(&connector),
            origin: String::new(),
            streams: Vec::new(),
            sources: Vec::new(),
            notes: connector.connector.notes.clone(),
        };
        if request.since.is_some() && connector.window.kind == WindowKind::None {
            let note = "The log cannot be asked by time: the beginning that was asked for changed nothing.";
            report.notes.push(note.to_owned());
        }
        // What is wrong with the request is told before anything is written down.
        let mut due = VecDeque::new();
        for name in streams(&connector, request)? {
            let job = self.job(&connector, request, &name, secret, Arc::clone(&pace))?;
            let (_, origin, mut settings) = sync::base(&job)?;
            if !name.is_empty() {
                settings.insert("stream".into(), name);
            }
            report.origin = origin.to_string();
            due.push_back((job, canonical(&json!(settings))));
        }
        let stop = AtomicBool::new(false);
        let mut leader = Leader {
            case: self,
            connector: &connector,
            request,
            stop: &stop,
            pace: &pace,
            tell,
            begun: (self.setting.now)(),
            streams: Vec::new(),
            broken: None,
            failed: None,
        };
        std::thread::scope(|scope| {
            let (say, heard) = unbounded();
            let (mut running, mut threads) = (0, Vec::new());
            loop {
                while running < AT_ONCE && leader.goes_on() {
                    let Some((mut job, settings)) = due.pop_front() else {
                        break;
                    };
                    let Some(number) = leader.begin(&mut job, &report.origin, &settings) else {
                        break;
                    };
                    let say = say.clone();
                    let line = Line {
                        number,
                        say,
                        outcome: None,
                    };
                    let (setting, stop) = (&*self.setting, &stop);
                    // A thread that does not begin drops its line, which says that it ended.
                    let thread = std::thread::Builder::new()
                        .name("pull".to_owned())
                        .spawn_scoped(scope, move || ask(job, setting, stop, line));
                    threads.extend(thread);
                    running += 1;
                }
                if running == 0 {
                    break;
                }
                match heard.recv_timeout(LOOK) {
                    Ok((number, said)) => running -= usize::from(leader.hear(number, said)),
                    Err(RecvTimeoutError::Timeout) => leader.tell(),
                    Err(RecvTimeoutError::Disconnected) => break,
                }
            }
            for thread in threads {
                // One that failed has said so; its failure is that of its stream and not of the others.
                let _ = thread.join();
            }
        });
        leader.ended(report)
    }
}

impl Leader<'_, '_, '_> {
    /// Whether another stream may begin. A person who stops one means all, and credentials that nobody takes open none.
    fn goes_on(&self) -> bool {
        let broken = self.broken.is_some() || self.failed.is_some();
        !(broken || self.stop.load(Ordering::Relaxed) || self.pace.is_refused())
    }

    /// Finds the position of a stream and writes down that it begins.
    fn begin(&mut self, job: &mut Job<'_>, origin: &str, settings: &str) -> Option<usize> {
        let begun = self.begun(job, origin, settings);
        match begun {
            Ok(stream) => self.streams.push(stream),
            Err(error) => {
                // What runs ends with what it has; then this is told.
                self.stop.store(true, Ordering::Relaxed);
                self.failed.get_or_insert(error);
                return None;
            }
        }
        Some(self.streams.len() - 1)
    }

    fn begun(&self, job: &mut Job<'_>, origin: &str, settings: &str) -> Result<Stream> {
        let (case, request) = (self.case, self.request);
        let id = &self.connector.connector.id;
        let kept = case
            .store
            .pull_stream(&case.stamp(), id, origin, settings)?;
        job.cursor = serde_json::from_str(&kept.cursor).map_err(|_| {
            let message = format!(
                "the position of stream {} in the case cannot be read",
                kept.id
            );
            Error::new(
                Code::CaseDamaged,
                message,
                "Keep the file as it is and work on with a copy made earlier.",
            )
        })?;
        let hash = |text: &String| witnessmark_store::sha256_hex(text.as_bytes());
        let detail = json!({
            "stream": kept.id, "connector": versioned(self.connector), "since": request.since, "settle": request.settle,
            "own_connector": request.text.as_ref().map(hash), "own_authorities": request.authorities.as_ref().map(hash),
            "private_addresses": request.allow_private, "schedule": request.schedule,
        });
        case.store.record(&case.stamp(), "pull.begin", &detail)?;
        Ok(Stream {
            kept,
            name: job.stream.clone(),
            progress: Progress::default(),
            waiting: None,
            part: 0,
            sources: Vec::new(),
            coverage: Vec::new(),
            refused: None,
            ended: false,
            early: false,
            stopped: None,
        })
    }

    /// Takes what the thread of a stream says; gives whether that was its last word.
    fn hear(&mut self, number: usize, said: Said) -> bool {
        match said {
            Said::Progress(progress) => {
                let stream = &mut self.streams[number];
                (stream.progress, stream.waiting) = (progress, None);
            }
            Said::Waiting(wait) => self.streams[number].waiting = Some(wait),
            Said::Commit(commit, answer) => {
                let taken = match &self.broken {
                    Some(error) => Err(error.clone()),
                    None => self.take(number, *commit),
                };
                let taken = taken.map_err(|error| {
                    let message = error.message.clone();
                    self.broken.get_or_insert(error.clone());
                    self.streams[number].refused = Some(error);
                    message
                });
                // A stream that is gone has said so itself.
                let _ = answer.send(taken);
                return false;
            }
            Said::Ended(outcome) => {
                self.end(number, outcome.map(|outcome| *outcome));
                self.tell();
                return true;
            }
        }
        self.tell();
        false
    }

    /// Lays pages into the case as a part of a stream, with the position after them.
    fn take(&mut self, number: usize, commit: Commit) -> Result<()> {
        let (case, stream) = (self.case, &mut self.streams[number]);
        let cursor = serde_json::to_string(&commit.cursor)
            .map_err(|_| internal("a position cannot be written"))?;
        let coverage = commit.coverage.into_iter().map(|c| PullCoverage {
            from: c.from,
            to: c.to,
            complete: c.complete,
            reason: c.reason,
        });
        let part = PullPart {
            stream: stream.kept.id,
            pages: commit.pages.iter().map(kept).collect(),
            coverage: coverage.collect(),
            cursor,
        };
        stream.coverage.extend(part.coverage.iter().cloned());
        let path = commit
            .pages
            .iter()
            .find(|page| page.items > 0)
            .and_then(|page| page.path.clone());
        let mut bytes = Vec::with_capacity(commit.pages.iter().map(|p| p.body.len() + 1).sum());
        for page in commit.pages.into_iter().filter(|page| page.items > 0) {
            bytes.extend_from_slice(&page.body);
            // Between two documents of JSON; the pages themselves stand in it byte for byte.
            bytes.push(b'\n');
        }
        if bytes.is_empty() {
            return Ok(case.store.keep_pull(&case.stamp(), &part)?);
        }
        stream.part += 1;
        let about = &self.connector.connector;
        let at = (case.setting.now)().to_utc().format("%Y-%m-%d %H:%M:%SZ");
        let named = if stream.name.is_empty() {
            String::new()
        } else {
            format!(" {}", stream.name)
        };
        let name = format!(
            "{}{named}, pulled {at}, part {}.json",
            about.id, stream.part
        );
        let profile = about
            .profile
            .clone()
            .filter(|id| case.library().find(id).is_some());
        let choices = ImportChoices {
            profile,
            path,
            ..ImportChoices::default()
        };
        let input = Input::Stream {
            name,
            reader: Box::new(Bytes::new(bytes)),
        };
        let mut go_on = |_: &ImportProgress| ControlFlow::Continue(());
        let report = case.import_with(vec![input], &choices, &mut go_on, Some(part))?;
        stream.sources.extend(report.sources);
        Ok(())
    }

    /// Writes down that a stream has ended, and why.
    fn end(&mut self, number: usize, outcome: Option<witnessmark_pull::Result<Outcome>>) {
        let stream = &mut self.streams[number];
        stream.ended = true;
        // What made the case refuse pages is told in its own words, not in those of the pull.
        let refused = stream.refused.take();
        stream.stopped = match outcome {
            Some(Ok(outcome)) => {
                stream.progress = outcome.progress;
                refused.or_else(|| outcome.stopped.map(Error::from))
            }
            Some(Err(error)) => {
                stream.early = true;
                Some(error.into())
            }
            None => refused.or_else(|| Some(internal("a thread that pulls failed"))),
        };
        let detail = json!({
            "stream": stream.kept.id, "pages": stream.progress.pages, "entries": stream.progress.items,
            "stopped": stream.stopped.as_ref().map(|e| e.code.as_str()),
        });
        let told = self
            .case
            .store
            .record(&self.case.stamp(), "pull.end", &detail);
        if let Err(error) = told {
            self.failed.get_or_insert(error.into());
        }
    }

    /// Tells how far all of it is, and asks whether to go on.
    fn tell(&mut self) {
        let now = (self.case.setting.now)();
        let seconds = (now.0.saturating_sub(self.begun.0).max(1)) as f64 / 1e9;
        let sum =
            |count: fn(&Progress) -> u64| self.streams.iter().map(|s| count(&s.progress)).sum();
        let entries: u64 = sum(|p| p.items);
        let running = || self.streams.iter().filter(|s| !s.ended);
        let waiting = running().map(|s| s.waiting).min().flatten();
        let streams = self.streams.iter().filter(|s| !s.name.is_empty());
        let progress = PullProgress {
            pages: sum(|p| p.pages),
            entries,
            bytes: sum(|p| p.bytes),
            rate: entries as f64 / seconds,
            left: running().filter_map(|s| s.progress.left).min(),
            waiting: waiting.map(|wait| wait.as_secs_f64()),
            streams: streams.map(standing).collect(),
        };
        if (self.tell)(&progress).is_break() {
            self.stop.store(true, Ordering::Relaxed);
        }
    }

    /// What came of it.
    fn ended(self, mut report: PullReport) -> Result<PullReport> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        if self.streams.iter().all(|stream| stream.early)
            && let Some(error) = self.streams.iter().find_map(|s| s.stopped.clone())
        {
            return Err(error);
        }
        for stream in self.streams {
            let sum = |count: fn(&SourceReport) -> u64| stream.sources.iter().map(count).sum();
            report.streams.push(StreamReport {
                id: stream.kept.id,
                stream: stream.name,
                pages: stream.progress.pages,
                entries: stream.progress.items,
                stored: sum(|s| s.stored),
                duplicates: sum(|s| s.duplicates),
                rejected: sum(|s| s.rejected),
                events: sum(|s| s.events),
                coverage: settled(&stream.coverage)
                    .iter()
                    .map(coverage_part)
                    .collect(),
                stopped: stream.stopped,
            });
            report.sources.extend(stream.sources);
        }
        Ok(report)
    }
}

fn standing(stream: &Stream) -> StreamProgress {
    let state = match (stream.ended, &stream.stopped, stream.waiting) {
        (true, None, _) => "done",
        (true, Some(_), _) => "stopped",
        (false, _, Some(_)) => "waiting",
        (false, _, None) => "asking",
    };
    StreamProgress {
        stream: stream.name.clone(),
        pages: stream.progress.pages,
        entries: stream.progress.items,
        state: state.to_owned(),
    }
}
