//! The keychain of macOS and the credentials of Windows, which unlock with the person's session.
//!
//! Owns: finding, writing and deleting one item. Never touches: how long the system asks a person; it decides that itself.

use keyring_core::api::CredentialStoreApi as _;
use keyring_core::{Entry, Error};

use crate::{Look, Purpose, Refusal, Result, SERVICE};

#[cfg(target_os = "macos")]
use apple_native_keyring_store::keychain::Store;
#[cfg(windows)]
use windows_native_keyring_store::Store;

fn told(error: Error) -> Refusal {
    match error {
        Error::NoStorageAccess(_) => Refusal::Locked,
        Error::NoDefaultStore => Refusal::Absent,
        Error::TooLong(_, most) => {
            Refusal::Refused(format!("it takes no more than {most} characters"))
        }
        // Some of these hold the bytes that were found, so none is written out.
        _ => Refusal::Refused("it gave an error of its own".to_owned()),
    }
}

fn entry(purpose: &Purpose) -> Result<Entry> {
    let store = Store::new().map_err(|_| Refusal::Absent)?;
    store.build(SERVICE, &purpose.account, None).map_err(told)
}

pub(crate) fn look(purpose: &Purpose) -> Result<Look> {
    match entry(purpose)?.get_credential() {
        Ok(_) => Ok(Look::Kept),
        Err(Error::NoEntry) => Ok(Look::Free),
        Err(error) => Err(told(error)),
    }
}

pub(crate) fn get(purpose: &Purpose, _patience: u64) -> Result<Option<Vec<u8>>> {
    match entry(purpose)?.get_secret() {
        Ok(secret) => Ok(Some(secret)),
        Err(Error::NoEntry) => Ok(None),
        Err(error) => Err(told(error)),
    }
}

pub(crate) fn keep(purpose: &Purpose, secret: &[u8], _patience: u64) -> Result<()> {
    entry(purpose)?.set_secret(secret).map_err(told)
}

pub(crate) fn forget(purpose: &Purpose, _patience: u64) -> Result<bool> {
    match entry(purpose)?.delete_credential() {
        Ok(()) => Ok(true),
        Err(Error::NoEntry) => Ok(false),
        Err(error) => Err(told(error)),
    }
}
