//! The real clock, randomness, identity and keyring; the engine has none of its own.
//!
//! Owns: what is read from the operating system for that. Never touches: what the engine does with it.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use witnessmark_engine::{Instant, Setting};
use witnessmark_keyring::Keyring;

/// Seconds that a person has to unlock the keyring when the system asks.
const PATIENCE: u64 = 60;

/// The setting of this computer and the person at it.
pub(crate) fn real() -> Arc<Setting> {
    Arc::new(Setting {
        now: Box::new(now),
        random: Box::new(random),
        who: who(),
        tool: format!("witnessmark-desktop {}", env!("CARGO_PKG_VERSION")),
        // The window names no paths, and a filter is text of the window.
        lists: Box::new(|_| {
            Err("lists from files are read by the command `witnessmark` only".into())
        }),
    })
}

/// The keyring of the system, unless `WITNESSMARK_KEYRING` is `none`.
pub(crate) fn keyring() -> Keyring {
    if std::env::var_os("WITNESSMARK_KEYRING").is_some_and(|word| word == "none") {
        Keyring::off()
    } else {
        Keyring::of_the_system(PATIENCE)
    }
}

fn now() -> Instant {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    // Until the year 2262 the nanoseconds fit; a clock beyond that is wrong, and the last instant says so.
    Instant(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

/// Ids and keys of a case are made of this, so a system without randomness must not go on.
#[expect(
    clippy::panic,
    reason = "a predictable case key would be worse than no case"
)]
fn random(buffer: &mut [u8]) {
    if let Err(error) = getrandom::fill(buffer) {
        panic!("the operating system gives no randomness: {error}");
    }
}

fn who() -> String {
    let named = |keys: &[&str]| {
        keys.iter()
            .find_map(|key| std::env::var(key).ok().filter(|v| !v.is_empty()))
    };
    let user = named(&["USER", "LOGNAME", "USERNAME"]).unwrap_or_else(|| "unknown".to_owned());
    let host = named(&["HOSTNAME", "COMPUTERNAME"])
        .or_else(|| std::fs::read_to_string("/etc/hostname").ok())
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty());
    match host {
        Some(host) => format!("{user}@{host}"),
        None => user,
    }
}
