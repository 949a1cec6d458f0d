//! uap-core's patterns: which of them can fit a text at all, and what the first that does says.
//!
//! Owns: the reading of `regexes.yaml` by uap-core's specification. Never touches: what of an answer is told.
//!
//! The file has some 1,300 patterns. Compiling all of them takes 0.4 s and 27 MB, which every run of the command would pay for a
//! handful of agents. So each gives the letters that a text must hold for it to fit, one search over the text finds
//! which patterns are worth trying, and only these are compiled, once.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use aho_corasick::AhoCorasick;
use regex::bytes::{Captures, Regex, RegexBuilder};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};
use serde::Deserialize;

use super::{Agent, Named};

const SHIPPED: &str = include_str!("../../../../agents/regexes.yaml");
/// What stands in the agents of most browsers and telephones, so that finding it rules nothing out.
const USUAL: &str = "mozilla/5.0 (linux; u; android 1.0; en-us; x build/a) applewebkit/537.36 (khtml, like gecko) version/1.0 chrome/1.0 mobile safari/537.36 (windows nt 10.0; win64; x64) (macintosh; intel mac os x 10_15_7) (iphone; cpu iphone os 17_0 like mac os x) build) applewebkit; ";
/// Ways in which one pattern may begin to fit; one with more is always tried.
const WAYS: usize = 512;

/// The file as it is written.
#[derive(Deserialize)]
struct Lists {
    user_agent_parsers: Vec<Entry>,
    os_parsers: Vec<Entry>,
    device_parsers: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    regex: String,
    #[serde(default)]
    regex_flag: Option<String>,
    #[serde(default, alias = "os_replacement", alias = "device_replacement")]
    family_replacement: Option<String>,
    #[serde(default, alias = "os_v1_replacement")]
    v1_replacement: Option<String>,
    #[serde(default, alias = "os_v2_replacement")]
    v2_replacement: Option<String>,
    #[serde(default, alias = "os_v3_replacement")]
    v3_replacement: Option<String>,
    #[serde(default, alias = "os_v4_replacement")]
    v4_replacement: Option<String>,
}

/// One pattern; compiled when a text first calls for it.
struct Pattern {
    text: String,
    fold: bool,
    compiled: OnceLock<Option<Regex>>,
    name: Option<String>,
    versions: [Option<String>; 4],
}

/// What the first pattern that fits says.
struct Found {
    name: String,
    versions: [Option<String>; 4],
}

/// All patterns.
pub(super) struct Patterns {
    /// Clients, systems, devices; in each the first that fits counts.
    lists: [Vec<Pattern>; 3],
    /// Finds the letters that patterns need.
    letters: AhoCorasick,
    /// For each of them, which patterns of which list need it.
    needed_by: Vec<Vec<(u8, u16)>>,
    /// Patterns that nothing rules out.
    always: Vec<(u8, u16)>,
}

impl Patterns {
    /// Those that come with the program.
    ///
    /// # Errors
    /// When the file is not what uap-core's specification says.
    pub(super) fn shipped() -> Result<Self, String> {
        let lists: Lists = serde_saphyr::from_str(SHIPPED).map_err(|e| e.to_string())?;
        let lists = [
            lists.user_agent_parsers,
            lists.os_parsers,
            lists.device_parsers,
        ]
        .map(|list| list.into_iter().map(Pattern::from).collect::<Vec<_>>());
        let mut numbers: BTreeMap<Vec<u8>, Vec<(u8, u16)>> = BTreeMap::new();
        let mut always = Vec::new();
        for (list, patterns) in (0u8..).zip(&lists) {
            for (at, pattern) in (0u16..).zip(patterns) {
                match pattern.needs() {
                    Some(ways) => {
                        for way in ways {
                            numbers.entry(way).or_default().push((list, at));
                        }
                    }
                    None => always.push((list, at)),
                }
            }
        }
        let (letters, needed_by): (Vec<_>, Vec<_>) = numbers.into_iter().unzip();
        let letters = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .build(letters)
            .map_err(|e| e.to_string())?;
        Ok(Self {
            lists,
            letters,
            needed_by,
            always,
        })
    }

    /// What a text says.
    pub(super) fn read(&self, text: &str) -> Agent {
        let mut worth = self.lists.each_ref().map(|list| vec![false; list.len()]);
        let hits = self.letters.find_overlapping_iter(text);
        let called = hits.flat_map(|hit| &self.needed_by[hit.pattern().as_usize()]);
        for (list, at) in called.chain(&self.always) {
            worth[usize::from(*list)][usize::from(*at)] = true;
        }
        let [client, system, device] = [0, 1, 2].map(|list: usize| {
            let tried = self.lists[list].iter().zip(&worth[list]);
            tried
                .filter(|(_, worth)| **worth)
                .find_map(|(pattern, _)| pattern.fit(text))
        });
        let named = |found: Found| {
            let parts = found.versions.into_iter().map_while(|part| part);
            let version = parts.collect::<Vec<_>>().join(".");
            (!found.name.is_empty() && found.name != "Other").then(|| Named {
                name: found.name,
                version: (!version.is_empty()).then_some(version),
            })
        };
        Agent {
            client: client.and_then(named),
            system: system.and_then(named),
            device: device.map(|d| d.name).and_then(model),
        }
    }

    /// All three answers as uap-core's specification has them, for the comparison with others.
    #[cfg(test)]
    pub(super) fn plain(&self, text: &str) -> [Option<(String, [Option<String>; 4])>; 3] {
        [0, 1, 2].map(|list: usize| {
            self.lists[list]
                .iter()
                .find_map(|pattern| pattern.fit(text))
                .map(|f| (f.name, f.versions))
        })
    }

    /// How many are compiled by now.
    #[cfg(test)]
    pub(super) fn compiled(&self) -> (usize, usize) {
        let all = || self.lists.iter().flatten();
        (
            all().filter(|p| p.compiled.get().is_some()).count(),
            all().count(),
        )
    }
}

/// The model of a device, where it is one: uap-core also has words for robots and for devices that say nothing of themselves.
pub(super) fn model(name: String) -> Option<String> {
    let nothing = ["Other", "Spider", "K", "iOS-Device", "Android", "Tablet"];
    let nobody = name.is_empty() || nothing.contains(&name.as_str()) || name.starts_with("Generic");
    (!nobody).then_some(name)
}

impl From<Entry> for Pattern {
    fn from(entry: Entry) -> Self {
        Self {
            fold: entry.regex_flag.as_deref() == Some("i"),
            text: entry.regex,
            compiled: OnceLock::new(),
            name: entry.family_replacement,
            versions: [
                entry.v1_replacement,
                entry.v2_replacement,
                entry.v3_replacement,
                entry.v4_replacement,
            ],
        }
    }
}

impl Pattern {
    /// What it says of a text that it fits.
    fn fit(&self, text: &str) -> Option<Found> {
        let compiled = self.compiled.get_or_init(|| {
            // The letters that the patterns mean are ASCII; tables of Unicode would make each several times as large.
            RegexBuilder::new(&self.text)
                .unicode(false)
                .case_insensitive(self.fold)
                .build()
                .ok()
        });
        let captures = compiled.as_ref()?.captures(text.as_bytes())?;
        let part = |template: &Option<String>, group: usize| match template {
            Some(template) => Some(filled(template, &captures)),
            None => captures.get(group).map(|m| lossy(m.as_bytes())),
        };
        Some(Found {
            name: part(&self.name, 1).unwrap_or_default(),
            versions: [0, 1, 2, 3].map(|n: usize| {
                part(&self.versions[n], n + 2).filter(|version| !version.is_empty())
            }),
        })
    }

    /// Texts of which one must stand in what it fits; absent when nothing can be said.
    fn needs(&self) -> Option<Vec<Vec<u8>>> {
        let mut parser = ParserBuilder::new().unicode(false).utf8(false).build();
        let ways = needed(&parser.parse(&self.text).ok()?)?;
        (ways.len() <= WAYS).then_some(ways)
    }
}

/// `$1` to `$9` of a template replaced by what the groups hold.
fn filled(template: &str, captures: &Captures<'_>) -> String {
    let mut out = String::with_capacity(template.len() + 16);
    let mut rest = template.chars().peekable();
    while let Some(c) = rest.next() {
        match rest.peek().and_then(|d| d.to_digit(10)) {
            Some(group) if c == '$' => {
                rest.next();
                if let Some(found) = captures.get(group as usize) {
                    out.push_str(&lossy(found.as_bytes()));
                }
            }
            _ => out.push(c),
        }
    }
    out.trim().to_owned()
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The one text that a part of a pattern stands for, in lower case.
fn letters(part: &Hir) -> Option<Vec<u8>> {
    match part.kind() {
        HirKind::Literal(literal) => Some(literal.0.to_ascii_lowercase()),
        HirKind::Capture(group) => letters(&group.sub),
        HirKind::Class(Class::Bytes(class)) => {
            // `[Bb]`: one letter, whatever its case.
            let mut all = class.ranges().iter().flat_map(|r| r.start()..=r.end());
            let first = all.next()?.to_ascii_lowercase();
            all.take(2)
                .all(|b| b.to_ascii_lowercase() == first)
                .then(|| vec![first])
        }
        HirKind::Concat(parts) => {
            let mut out = Vec::new();
            for part in parts {
                out.extend(letters(part)?);
            }
            Some(out)
        }
        HirKind::Look(_) | HirKind::Empty => Some(Vec::new()),
        _ => None,
    }
}

/// Texts of which one must stand wherever a part of a pattern fits; the longest that can be had.
fn needed(part: &Hir) -> Option<Vec<Vec<u8>>> {
    if let Some(letters) = letters(part) {
        return (!letters.is_empty()).then(|| vec![letters]);
    }
    match part.kind() {
        HirKind::Capture(group) => needed(&group.sub),
        HirKind::Repetition(repeated) if repeated.min > 0 => needed(&repeated.sub),
        HirKind::Alternation(ways) => {
            let mut all = Vec::new();
            for way in ways {
                all.extend(needed(way)?);
            }
            (all.len() <= WAYS).then_some(all)
        }
        HirKind::Concat(parts) => {
            let mut best: Option<Vec<Vec<u8>>> = None;
            let mut run = Vec::new();
            let mut offer = |ways: Vec<Vec<u8>>| {
                if best.as_ref().is_none_or(|best| worth(&ways) > worth(best)) {
                    best = Some(ways);
                }
            };
            for part in parts {
                if let Some(more) = letters(part) {
                    run.extend(more);
                    continue;
                }
                if !run.is_empty() {
                    offer(vec![std::mem::take(&mut run)]);
                }
                if let Some(ways) = needed(part) {
                    offer(ways);
                }
            }
            if !run.is_empty() {
                offer(vec![run]);
            }
            best
        }
        _ => None,
    }
}

/// How much a need rules out: its weakest way decides, and fewer ways are better.
fn worth(ways: &[Vec<u8>]) -> (usize, std::cmp::Reverse<usize>) {
    let one = |way: &Vec<u8>| {
        let text = String::from_utf8_lossy(way);
        if USUAL.contains(&*text) {
            1
        } else {
            way.len().min(6)
        }
    };
    let weakest = ways.iter().map(one).min().unwrap_or(0);
    (weakest, std::cmp::Reverse(ways.len()))
}
