//! The Secret Service of freedesktop.org over the session's D-Bus: GNOME Keyring, KWallet, KeePassXC.
//!
//! Owns: finding, writing and deleting one item. Never touches: a bus that would have to be started first, and the prompt of a
//! keyring where the caller gives no time for it.

use std::collections::HashMap;
use std::path::PathBuf;

use dbus_secret_service::{Collection, EncryptionType, Error, Item, SecretService};

use crate::{Look, Purpose, Refusal, Result, SERVICE};

fn told(error: Error) -> Refusal {
    match error {
        Error::Locked | Error::Prompt => Refusal::Locked,
        Error::Unavailable => Refusal::Absent,
        // The words of a bus can name anything; its own name for what went wrong is enough.
        Error::Dbus(error) => match error.name().unwrap_or_default() {
            "org.freedesktop.DBus.Error.ServiceUnknown"
            | "org.freedesktop.DBus.Error.NameHasNoOwner"
            | "org.freedesktop.DBus.Error.NoServer"
            | "org.freedesktop.DBus.Error.FileNotFound"
            | "org.freedesktop.DBus.Error.NotSupported" => Refusal::Absent,
            name if name.starts_with("org.freedesktop.DBus.Error.Spawn") => Refusal::Absent,
            "org.freedesktop.Secret.Error.IsLocked" => Refusal::Locked,
            name => Refusal::Refused(name.to_owned()),
        },
        Error::NoResult => Refusal::Refused("it has no default collection".to_owned()),
        _ => Refusal::Refused("its answer cannot be read".to_owned()),
    }
}

/// Whether the session has a bus on this machine. Without this question the library would try to start one, and would follow
/// an address that leads over the network.
fn has_bus() -> bool {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    match set("DBUS_SESSION_BUS_ADDRESS") {
        Some(addresses) => addresses
            .to_string_lossy()
            .split(';')
            .all(|one| one.starts_with("unix:")),
        None => {
            set("XDG_RUNTIME_DIR").is_some_and(|folder| PathBuf::from(folder).join("bus").exists())
        }
    }
}

fn service(patience: u64) -> Result<SecretService> {
    if !has_bus() {
        return Err(Refusal::Absent);
    }
    // Encrypted on the bus, so that whoever records it for another reason does not record secrets.
    SecretService::connect_with_max_prompt_timeout(EncryptionType::Dh, patience).map_err(told)
}

fn words(purpose: &Purpose) -> HashMap<&str, &str> {
    HashMap::from([("service", SERVICE), ("username", purpose.account.as_str())])
}

/// Every item under the name, unlocked.
fn items<'a>(service: &'a SecretService, purpose: &Purpose) -> Result<Vec<Item<'a>>> {
    let found = service.search_items(words(purpose)).map_err(told)?;
    if !found.locked.is_empty() {
        let locked: Vec<&Item<'_>> = found.locked.iter().collect();
        service.unlock_all(&locked).map_err(told)?;
    }
    Ok(found.unlocked.into_iter().chain(found.locked).collect())
}

pub(crate) fn look(purpose: &Purpose) -> Result<Look> {
    let service = service(0)?;
    let found = service.search_items(words(purpose)).map_err(told)?;
    Ok(if found.unlocked.is_empty() && found.locked.is_empty() {
        Look::Free
    } else {
        Look::Kept
    })
}

pub(crate) fn get(purpose: &Purpose, patience: u64) -> Result<Option<Vec<u8>>> {
    let service = service(patience)?;
    let items = items(&service, purpose)?;
    // A keyring gives one item for one name, unless another program put a second there; then none is the right one.
    match items.as_slice() {
        [] => Ok(None),
        [item] => item.get_secret().map(Some).map_err(told),
        _ => Err(Refusal::Refused(
            "it holds several under one name".to_owned(),
        )),
    }
}

pub(crate) fn keep(purpose: &Purpose, secret: &[u8], patience: u64) -> Result<()> {
    let service = service(patience)?;
    let collection: Collection<'_> = service.get_default_collection().map_err(told)?;
    collection.ensure_unlocked().map_err(told)?;
    let before = items(&service, purpose)?;
    let kept = collection
        .create_item(&purpose.label, words(purpose), secret, true, "text/plain")
        .map_err(told)?;
    // It took the place of one in this collection; another collection may hold one of the name, and there must be one.
    for item in before.iter().filter(|item| item.path != kept.path) {
        item.delete().map_err(told)?;
    }
    Ok(())
}

pub(crate) fn forget(purpose: &Purpose, patience: u64) -> Result<bool> {
    let service = service(patience)?;
    let items = items(&service, purpose)?;
    for item in &items {
        item.delete().map_err(told)?;
    }
    Ok(!items.is_empty())
}
