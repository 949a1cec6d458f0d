//! `cargo xtask bench frames [ROWS]`: how smooth the real window is on a large case.
//!
//! Owns: what a person does (scrolling, jumping, brushing, typing, walking rows) and the lengths of the frames meanwhile,
//! by requestAnimationFrame in the page. The screen is Xvfb, so everything is drawn by the processor. Never touches: how
//! the window draws.

use std::path::Path;

use serde_json::Value;
use witnessmark_xtask::{Launch, RealWindow, Result};

use crate::steps::{built, cargo, go, npm, program, say, step, target};

/// Events of the case when no number is given.
const ROWS: &str = "10000000";
/// Pixels of the window.
const SIZE: (u32, u32) = (1440, 900);
/// A frame that a person sees as a stop, in milliseconds.
const GOAL: f64 = 100.0;

/// Records the time between frames until told to stop.
const RECORD: &str = "
    window.frames = []; window.recording = true;
    let last = performance.now();
    const tick = (now) => { window.frames.push(now - last); last = now; if (window.recording) requestAnimationFrame(tick); };
    requestAnimationFrame(tick); return true";
/// The lengths, and how many rows stand in the document.
const TAKE: &str = "
    window.recording = false;
    return [window.frames.slice(1), document.querySelectorAll('[data-testid=grid] .row').length]";

/// What is done, each for about three seconds, by script in the page: the events are those of a wheel, a pointer, a key.
const ACTS: [(&str, &str); 5] = [
    (
        "scrolling by the wheel",
        "const rows = document.querySelector('[data-testid=grid-scroll]'); let n = 0;
         const turn = () => { rows.dispatchEvent(new WheelEvent('wheel', { deltaY: n % 240 < 180 ? 240 : -240, bubbles: true, cancelable: true }));
             n += 1; if (n < 180) requestAnimationFrame(turn); else done(true); }; turn();",
    ),
    (
        "dragging the scroll bar",
        "const rows = document.querySelector('[data-testid=grid-scroll]'); let n = 0;
         const move = () => { rows.scrollTop = (rows.scrollHeight - rows.clientHeight) * Math.abs(Math.sin(n / 40));
             n += 1; if (n < 180) requestAnimationFrame(move); else done(true); }; move();",
    ),
    (
        "walking rows by key with the detail open",
        "document.querySelector('[data-testid=row] .time').click(); let n = 0;
         const step = () => { document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'j', bubbles: true, cancelable: true }));
             n += 1; if (n < 120) requestAnimationFrame(step); else done(true); }; setTimeout(step, 300);",
    ),
    (
        "brushing the chart, and letting go six times",
        "const chart = document.querySelector('[data-testid=histogram] svg'); const box = chart.getBoundingClientRect(); let n = 0;
         const say = (kind, x) => chart.dispatchEvent(new PointerEvent(kind, { clientX: box.x + x, clientY: box.y + 60, pointerId: 1, button: 0, bubbles: true, cancelable: true }));
         chart.setPointerCapture = () => undefined;
         const drag = () => { const at = n % 30; if (at === 0) say('pointerdown', 80 + n); else if (at === 29) say('pointerup', 200 + n * 3); else say('pointermove', 80 + n + at * 12);
             n += 1; if (n < 180) requestAnimationFrame(drag); else done(true); }; drag();",
    ),
    (
        "typing a filter with its choices, five times",
        "const input = document.querySelector('[data-testid=query]'); const text = 'action:payout.* outcome:failure'; let n = 0;
         const key = () => { input.value = text.slice(0, n % (text.length + 1)); input.dispatchEvent(new InputEvent('input', { bubbles: true }));
             n += 1; if (n < 160) setTimeout(key, 20); else { input.value = ''; input.dispatchEvent(new InputEvent('input', { bubbles: true })); done(true); } }; key();",
    ),
];

/// Builds what it needs, makes the case, measures, prints. Where `WITNESSMARK_APP` names an application and the case is
/// there, nothing is built.
pub(crate) fn frames(words: &[String]) -> Result<()> {
    let rows = words.first().map_or(ROWS, String::as_str);
    let folder = target()?.join("bench");
    let case = folder.join(format!("frames-{rows}.wmcase"));
    if let Some(app) = std::env::var_os("WITNESSMARK_APP")
        && case.is_file()
    {
        return step("frames", || measure(Path::new(&app), &case, &folder));
    }
    step("window: build", || go(npm().args(["run", "build"])))?;
    step("programs", || {
        let packages = [
            "witnessmark-desktop",
            "witnessmark-cli",
            "witnessmark-tests",
        ];
        let mut command = cargo();
        command.args(["build", "--release", "--locked", "--bins", "--examples"]);
        for package in packages {
            command.args(["--package", package]);
        }
        go(&mut command)
    })?;
    std::fs::create_dir_all(&folder)?;
    if !case.is_file() {
        step("case", || make(rows, &folder, &case))?;
    }
    step("frames", || {
        measure(&built("release", "witnessmark-desktop")?, &case, &folder)
    })
}

fn make(rows: &str, folder: &Path, case: &Path) -> Result<()> {
    let log = folder.join(format!("frames-{rows}.csv"));
    let examples = target()?.join("release/examples");
    go(program(examples.join("make_export"))
        .args(["csv", rows])
        .arg(&log))?;
    go(program(built("release", "witnessmark")?)
        .args(["import", "--zone", "UTC"])
        .arg(case)
        .arg(&log))?;
    std::fs::remove_file(log)?;
    Ok(())
}

fn measure(app: &Path, case: &Path, folder: &Path) -> Result<()> {
    let home = folder.join("frames-home");
    let case = case.to_string_lossy().into_owned();
    let launch = Launch {
        app,
        args: &[&case],
        home: &home,
        size: SIZE,
    };
    let window = RealWindow::open(launch)?;
    window.text("row")?;
    window.settled_picture()?;
    say("| what is done | frames | median ms | p95 ms | longest ms | rows in the document |");
    say("|---|---|---|---|---|---|");
    let mut longest = 0.0_f64;
    for (name, act) in ACTS {
        window.run(RECORD, &[])?;
        window.run_async(act)?;
        let taken = window.run(TAKE, &[])?;
        let (lengths, drawn) = (sorted(&taken[0]), taken[1].as_u64().unwrap_or_default());
        let worst = at(&lengths, 1.0);
        longest = longest.max(worst);
        say(&format!(
            "| {name} | {} | {:.1} | {:.1} | {worst:.1} | {drawn} |",
            lengths.len(),
            at(&lengths, 0.5),
            at(&lengths, 0.95)
        ));
        // What was asked by the act is answered before the next one begins.
        window.settled_picture()?;
    }
    say(&format!("\nlongest frame {longest:.1} ms, goal {GOAL} ms"));
    Ok(())
}

fn sorted(lengths: &Value) -> Vec<f64> {
    let mut all: Vec<f64> = lengths
        .as_array()
        .unwrap_or(&Vec::new())
        .iter()
        .filter_map(Value::as_f64)
        .collect();
    all.sort_by(f64::total_cmp);
    all
}

fn at(sorted: &[f64], part: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted
        .get((last as f64 * part).round() as usize)
        .copied()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parts_of_lengths_are_taken_by_rank() {
        let all = sorted(&json!([30.0, 10.0, 20.0]));
        assert_eq!(
            (at(&all, 0.5), at(&all, 1.0), at(&[], 0.5)),
            (20.0, 30.0, 0.0)
        );
    }
}
