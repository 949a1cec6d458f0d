//! What this program gives the engine: clock, randomness, who works; and what it takes from the environment.
//!
//! Owns: the only place of the command that reads the clock and the environment.

use std::io::IsTerminal as _;
use std::sync::Arc;

use witnessmark_engine::{Instant, Setting};
use witnessmark_keyring::Keyring;

/// Seconds that a person at a terminal has to unlock the keyring.
const PATIENCE: u64 = 60;

/// The setting for this run.
pub(crate) fn setting() -> Arc<Setting> {
    Arc::new(Setting {
        now: Box::new(|| Instant::from_utc(chrono::Utc::now()).unwrap_or(Instant(i64::MAX))),
        random: Box::new(|buffer| {
            if getrandom::fill(buffer).is_err() {
                // Without a source of randomness a case id or key could repeat; ending is the only honest answer.
                std::process::abort();
            }
        }),
        who: who(),
        tool: format!("witnessmark {}", env!("CARGO_PKG_VERSION")),
        lists: Box::new(|path| {
            let text = std::fs::read_to_string(path)
                .map_err(|e| format!("the list `{path}` cannot be read: {e}"))?;
            Ok(values(&text))
        }),
    })
}

/// The values of a list: one a line; a line that begins with `#` is for people. Editors on Windows put a byte order
/// mark before the first value, which is no part of it.
fn values(text: &str) -> Vec<String> {
    text.trim_start_matches('\u{feff}')
        .lines()
        .filter(|l| !l.trim_start().starts_with('#'))
        .map(str::to_owned)
        .collect()
}

fn who() -> String {
    let user = std::env::var("USER")
        .or_else(|_| std::env::var("USERNAME"))
        .unwrap_or_else(|_| "unknown".into());
    let host = std::env::var("HOSTNAME")
        .or_else(|_| std::env::var("COMPUTERNAME"))
        .ok()
        .or_else(|| {
            std::fs::read_to_string("/etc/hostname")
                .ok()
                .map(|h| h.trim().to_owned())
        })
        .filter(|h| !h.is_empty())
        .unwrap_or_else(|| "localhost".into());
    format!("{user}@{host}")
}

/// Where programs of this person keep settings.
pub(crate) fn settings_folder() -> Option<std::path::PathBuf> {
    let named = |key: &str| {
        std::env::var_os(key)
            .filter(|v| !v.is_empty())
            .map(std::path::PathBuf::from)
    };
    let base = if cfg!(windows) {
        named("APPDATA")
    } else if cfg!(target_os = "macos") {
        named("HOME").map(|home| home.join("Library/Application Support"))
    } else {
        named("XDG_CONFIG_HOME").or_else(|| named("HOME").map(|home| home.join(".config")))
    };
    base.map(|base| base.join("witnessmark"))
}

/// The folder of the person's own profiles, if one is set.
pub(crate) fn profiles() -> Option<std::path::PathBuf> {
    std::env::var_os("WITNESSMARK_PROFILES")
        .filter(|p| !p.is_empty())
        .map(Into::into)
}

/// The passphrase of the case, if one is set.
pub(crate) fn passphrase() -> Option<String> {
    std::env::var("WITNESSMARK_PASSPHRASE")
        .ok()
        .filter(|p| !p.is_empty())
}

/// The secret of a remote log, if one is set.
pub(crate) fn secret() -> Option<String> {
    std::env::var("WITNESSMARK_SECRET")
        .ok()
        .filter(|s| !s.trim().is_empty())
}

/// The keyring of the system, unless `WITNESSMARK_KEYRING` is `none`. Where nobody sits at a terminal, a locked one stays
/// locked: a script must not wait for a person.
pub(crate) fn keyring() -> Keyring {
    if std::env::var_os("WITNESSMARK_KEYRING").is_some_and(|word| word == "none") {
        return Keyring::off();
    }
    Keyring::of_the_system(if std::io::stdin().is_terminal() {
        PATIENCE
    } else {
        0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_its_lines_without_comments_and_byte_order_mark() {
        assert_eq!(values("\u{feff}Bob\r\n# known\r\nAnn\r\n"), ["Bob", "Ann"]);
    }
}
