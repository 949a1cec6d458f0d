//! What a source file looks like, and what must never stand in one.

use crate::{files, none};

/// Longest Rust file, in lines.
const RUST: usize = 700;
/// Longest file of the window, in lines.
const WINDOW: usize = 350;
/// Files that are longer, each with its length on the day it was let in. A file may leave this list, none may join or grow.
const LONGER: &[(&str, usize)] = &[];
/// The one file that may hold unsafe code: SQLite's virtual tables are a C interface.
const UNSAFE: &str = "src-tauri/crates/store/src/query/table.rs";
/// Written by ts-rs from the Rust types.
const GENERATED: &str = "ui/src/backend/bindings/";

fn rust() -> Vec<(String, String)> {
    files(&["rs"])
}

fn window() -> Vec<(String, String)> {
    let mut all = files(&["ts", "svelte", "css"]);
    all.retain(|(path, _)| path.starts_with("ui/") && !path.starts_with(GENERATED));
    all
}

#[test]
fn every_file_says_what_it_is() {
    let rust = rust()
        .into_iter()
        .filter(|(_, text)| !text.starts_with("//!"));
    // A test belongs to the file beside it, whose name it carries.
    let window = window().into_iter().filter(|(path, text)| {
        let begun = text.trim_start();
        !path.ends_with(".test.ts")
            && !["/*", "//", "<!--"]
                .iter()
                .any(|mark| begun.starts_with(mark))
    });
    let silent: Vec<String> = rust.chain(window).map(|(path, _)| path).collect();
    none(
        "A file opens with what it owns and what it never touches:",
        &silent,
    );
}

#[test]
fn no_file_is_too_long() {
    let sized = rust()
        .into_iter()
        .map(|f| (f, RUST))
        .chain(window().into_iter().map(|f| (f, WINDOW)));
    let offences: Vec<String> = sized
        .filter_map(|((path, text), most)| {
            let listed = LONGER
                .iter()
                .find(|(name, _)| *name == path)
                .map(|(_, lines)| *lines);
            let (most, lines) = (listed.unwrap_or(most), text.lines().count());
            (lines > most).then(|| format!("{path}: {lines} lines, {most} allowed"))
        })
        .collect();
    none("A file that grows beyond its cap is two files:", &offences);
}

#[test]
fn the_list_of_longer_files_only_shrinks() {
    let all = [rust(), window()].concat();
    let stale: Vec<String> = LONGER
        .iter()
        .filter(|(path, lines)| {
            !all.iter()
                .any(|(p, text)| p == path && text.lines().count() == *lines)
        })
        .map(|(path, lines)| format!("{path} is no longer {lines} lines long"))
        .collect();
    none("Bring LONGER down to what is true:", &stale);
}

#[test]
fn unsafe_code_stands_in_one_module_only() {
    let words = [
        "unsafe {",
        "unsafe fn",
        "unsafe impl",
        "unsafe extern",
        "allow(unsafe_code",
        "expect(unsafe_code",
    ];
    let offences: Vec<String> = rust()
        .into_iter()
        .filter(|(path, _)| path != UNSAFE && path != "tests/house/tidy.rs")
        .filter_map(|(path, text)| {
            let word = words.iter().find(|word| text.contains(**word))?;
            Some(format!("{path}: `{word}`"))
        })
        .collect();
    none(&format!("Unsafe code stands in {UNSAFE} only:"), &offences);
}

#[test]
fn log_content_never_becomes_markup_or_code() {
    let ways = [
        "{@html",
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "srcdoc",
        "eval(",
        "new Function",
        "createContextualFragment",
        "DOMParser",
        "javascript:",
    ];
    let offences: Vec<String> = [files(&["html"]), window()]
        .concat()
        .into_iter()
        .filter(|(path, _)| path.starts_with("ui/") && !path.ends_with(".test.ts"))
        .flat_map(|(path, text)| {
            let found = ways.iter().filter(|way| text.contains(**way));
            found
                .map(|way| format!("{path}: `{way}`"))
                .collect::<Vec<_>>()
        })
        .collect();
    none(
        "The window shows log content as text, so these have no place in it:",
        &offences,
    );
}

#[test]
fn the_window_loads_nothing_from_elsewhere() {
    let offences: Vec<String> = [files(&["html"]), window()]
        .concat()
        .into_iter()
        .filter(|(path, _)| path.starts_with("ui/"))
        .flat_map(|(path, text)| {
            let loads = [
                "src=\"http",
                "href=\"http",
                "url(http",
                "@import \"http",
                "XMLHttpRequest",
                "WebSocket(",
                "EventSource(",
            ];
            let found = loads.iter().filter(|way| text.contains(**way));
            found
                .map(|way| format!("{path}: `{way}`"))
                .collect::<Vec<_>>()
        })
        .collect();
    none(
        "Everything the window shows comes from its own files or from Rust:",
        &offences,
    );
}

#[test]
fn nothing_is_left_for_later() {
    let marks = ["TODO", "FIXME", "XXX:"];
    let offences: Vec<String> = [rust(), window(), files(&["md", "toml", "json"])]
        .concat()
        .into_iter()
        .filter(|(path, _)| path != "tests/house/tidy.rs" && !path.ends_with("package-lock.json"))
        .filter_map(|(path, text)| {
            let at = text
                .lines()
                .position(|line| marks.iter().any(|mark| line.contains(mark)))?;
            Some(format!("{path}:{}", at + 1))
        })
        .collect();
    none(
        "What is to be done later is an issue, not a mark in a file:",
        &offences,
    );
}

#[test]
fn no_file_knows_the_machine_it_was_written_on() {
    let places = ["/work", "/root", "/Users"].map(|top| format!("{top}/"));
    let offences: Vec<String> = [rust(), window(), files(&["md", "toml", "json", "html"])]
        .concat()
        .into_iter()
        .filter(|(path, _)| path != "tests/house/tidy.rs")
        .filter_map(|(path, text)| {
            let place = places.iter().find(|place| text.contains(place.as_str()))?;
            Some(format!("{path}: `{place}`"))
        })
        .collect();
    none("A path of one machine is wrong on every other:", &offences);
}
