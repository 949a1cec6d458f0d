//! What a user agent says of itself: client, system and device, with versions.
//!
//! Owns: one answer for each text, and what of it is honest to tell. Never touches: the fields of an event as they were
//! stored (they stay what filters count), events, the case file.
//!
//! The knowledge is uap-core's patterns. A user agent is a claim of the client: nothing here says that it is true.

mod patterns;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use patterns::Patterns;

/// Bytes of a text that are looked at. Real ones have a few hundred; what follows is nobody's name, and an attacker's to choose.
const MOST: usize = 2048;
/// Texts whose answers are kept, twice; the distinct agents of most logs fit.
const KEPT: usize = 4096;
/// Systems whose clients name one version for it and all that came after it.
const FROZEN: &[(&str, &str)] = &[("Windows", "10"), ("macOS", "10.15.7"), ("Android", "10")];

/// A name with its version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// As uap-core spells it.
    pub name: String,
    /// All parts that the text gives, joined by dots.
    pub version: Option<String>,
}

/// What a user agent says of itself. What it does not say is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agent {
    /// Browser, program or robot.
    pub client: Option<Named>,
    /// Operating system.
    pub system: Option<Named>,
    /// Model of the device; never a word for "some device".
    pub device: Option<String>,
}

/// What may be said beside the client and system that an event was stored with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beside {
    /// Version of the client.
    pub version: Option<String>,
    /// Version of the system.
    pub os_version: Option<String>,
    /// Model of the device.
    pub device: Option<String>,
}

/// Reads a user agent. The first call of a process makes the patterns ready.
#[must_use]
pub fn agent(text: &str) -> Arc<Agent> {
    static KNOWN: OnceLock<(Option<Patterns>, Mutex<Recent>)> = OnceLock::new();
    let (patterns, recent) =
        KNOWN.get_or_init(|| (Patterns::shipped().ok(), Mutex::new(Recent::default())));
    let text = within(text);
    let lock = || recent.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = lock().get(text) {
        return known;
    }
    let read = Arc::new(patterns.as_ref().map(|p| p.read(text)).unwrap_or_default());
    lock().put(text, &read);
    read
}

/// The versions and the device of a user agent, as far as they belong to the client and system that were stored for it.
///
/// Another name's version would read as that of the stored one, so it is left out. Where the patterns do not know a client,
/// the version that stands right behind its name counts.
#[must_use]
pub fn beside(text: &str, name: Option<&str>, os: Option<&str>) -> Beside {
    let read = agent(text);
    let version = name.and_then(|name| match &read.client {
        Some(client) if same(name, &client.name) => client.version.clone(),
        Some(_) => None,
        None => behind(within(text), name),
    });
    let fits = match (os, &read.system) {
        (Some(os), Some(system)) => same(os, &system.name),
        _ => true,
    };
    let system = read.system.as_ref().filter(|_| fits && os.is_some());
    Beside {
        version,
        os_version: system.and_then(|s| s.version.clone()),
        device: read.device.clone().filter(|_| fits),
    }
}

/// A device in words: `Chrome 129.0.0.0 on Android 14, Pixel 8`. Where nothing was stored, what the patterns know; absent
/// where they know nothing either.
#[must_use]
pub fn in_words(text: &str, name: Option<&str>, os: Option<&str>) -> Option<String> {
    let more = beside(text, name, os);
    let read = agent(text);
    let own = |named: &Option<Named>| named.as_ref().map(|n| (n.name.clone(), n.version.clone()));
    let client = name
        .map(|n| (n.to_owned(), more.version))
        .or_else(|| own(&read.client));
    let system = os
        .map(|o| (o.to_owned(), more.os_version))
        .or_else(|| own(&read.system));
    let client = client.map(|(name, version)| joined(&name, version.as_deref()));
    let system = system.map(|(name, version)| {
        let later = FROZEN
            .iter()
            .any(|(of, at)| same(of, &name) && version.as_deref() == Some(at));
        let told = joined(&name, version.as_deref());
        if later {
            format!("{told} or later")
        } else {
            told
        }
    });
    let both = match (client, system) {
        (Some(client), Some(system)) => Some(format!("{client} on {system}")),
        (one, other) => one.or(other),
    };
    match (both, more.device) {
        (Some(both), Some(device)) => Some(format!("{both}, {device}")),
        (one, other) => one.or(other),
    }
}

fn joined(name: &str, version: Option<&str>) -> String {
    version.map_or_else(|| name.to_owned(), |v| format!("{name} {v}"))
}

/// The part of a text that is looked at, cut between characters.
fn within(text: &str) -> &str {
    let end = (0..=MOST.min(text.len()))
        .rev()
        .find(|n| text.is_char_boundary(*n));
    &text[..end.unwrap_or(0)]
}

/// Whether two names are of one client or system: one holds the other, whatever stands between the letters.
fn same(one: &str, other: &str) -> bool {
    let plain = |text: &str| -> String {
        let letters = text.chars().filter(char::is_ascii_alphanumeric);
        let plain = letters.collect::<String>().to_ascii_lowercase();
        match plain.as_str() {
            "ie" | "iemobile" => "internetexplorer".to_owned(),
            "macosx" => "macos".to_owned(),
            "ipados" => "ios".to_owned(),
            _ => plain,
        }
    };
    let (one, other) = (plain(one), plain(other));
    !one.is_empty() && !other.is_empty() && (one.contains(&other) || other.contains(&one))
}

/// The version right behind a name: `kubectl/v1.29.2`, `Chrome 119.0`.
fn behind(text: &str, name: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let at = lower.find(&name.to_ascii_lowercase())? + name.len();
    let rest = text.get(at..)?.strip_prefix(['/', ' '])?;
    let rest = rest.strip_prefix(['v', 'V']).unwrap_or(rest);
    let end = rest
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(rest.len());
    let version = rest[..end].trim_end_matches('.');
    (version.starts_with(|c: char| c.is_ascii_digit()) && version.len() <= 40)
        .then(|| version.to_owned())
}

/// The answers that were asked for last. When the younger half is full, the older is forgotten.
#[derive(Default)]
struct Recent {
    young: HashMap<Box<str>, Arc<Agent>>,
    old: HashMap<Box<str>, Arc<Agent>>,
}

impl Recent {
    fn get(&mut self, text: &str) -> Option<Arc<Agent>> {
        if let Some(known) = self.young.get(text) {
            return Some(Arc::clone(known));
        }
        let known = self.old.remove(text)?;
        self.put(text, &known);
        Some(known)
    }

    fn put(&mut self, text: &str, agent: &Arc<Agent>) {
        if self.young.len() >= KEPT {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(text.into(), Arc::clone(agent));
    }
}

#[cfg(test)]
mod tests;
