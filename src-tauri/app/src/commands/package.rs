//! Commands about handing over: packages, checks, keys, passphrase. Owns nothing; adapters only.

use std::ops::ControlFlow;

use tauri::AppHandle;
use tauri::ipc::Channel;
use tauri_plugin_dialog::DialogExt as _;
use witnessmark_engine::api::{
    DiscloseChoices, DiscloseReport, KeyPart, PackageChoices, PackagePreview, PackageProgress,
    PackageReport, VerifyReport,
};
use witnessmark_engine::{Code, Error, Result, SigningKey, VerifyOptions, verify};
use witnessmark_keyring::{Look, Purpose};

use super::{Shared, work};
use crate::state::{Desk, keyring_refused};
use crate::wire::{Checked, InputFile, KeysShown, Signing};

#[tauri::command]
pub(crate) async fn package_preview(
    desk: Shared<'_>,
    job: String,
    choices: PackageChoices,
) -> Result<PackagePreview> {
    work(&desk, move |desk| {
        let case = desk.case()?;
        let job = desk.begin(job)?;
        case.package_preview(&choices, &mut |_| go_on(job.is_cancelled()))
    })
    .await
}

fn go_on(cancelled: bool) -> ControlFlow<()> {
    if cancelled {
        ControlFlow::Break(())
    } else {
        ControlFlow::Continue(())
    }
}

/// A dialog of the system for where the package goes; absent when the person went back.
#[tauri::command]
pub(crate) async fn package_choose(
    app: AppHandle,
    desk: Shared<'_>,
    name: String,
) -> Result<Option<InputFile>> {
    work(&desk, move |desk| {
        let dialog = app.dialog().file().set_directory(&desk.places.cases);
        let chosen = dialog.set_file_name(name).blocking_save_file();
        Ok(chosen
            .and_then(|file| file.into_path().ok())
            .map(|path| desk.token(&path)))
    })
    .await
}

#[tauri::command]
pub(crate) async fn package_write(
    desk: Shared<'_>,
    job: String,
    token: String,
    choices: PackageChoices,
    signing: Option<Signing>,
    progress: Channel<PackageProgress>,
) -> Result<PackageReport> {
    work(&desk, move |desk| {
        let (case, out) = (desk.case()?, desk.case_path(&token)?);
        let key = signing
            .map(|signing| signing_key(desk, &signing))
            .transpose()?;
        let job = desk.begin(job)?;
        case.package(&out, &choices, key.as_ref(), &mut |now| {
            // A window that no longer listens does not stop a package; cancelling does.
            let _ = progress.send(now.clone());
            go_on(job.is_cancelled())
        })
    })
    .await
}

/// Opens a key with the passphrase that was typed, else with the one that the keyring keeps. A typed one that opened it is
/// kept when the person wants that; where that cannot be, the list of keys says so.
fn signing_key(desk: &Desk, signing: &Signing) -> Result<SigningKey> {
    let name = signing.key.as_str();
    let ring = desk.places.keys();
    let kept = || {
        let purpose = Purpose::signing_key(&ring.find(name).ok()?.public);
        desk.keyring.get(&purpose).ok().flatten()
    };
    let typed = signing.passphrase.as_deref();
    let typed = typed.filter(|word| !word.is_empty());
    let key = match ring.open(name, typed) {
        Err(error) if error.code == Code::PassphraseRequired && typed.is_none() => {
            let Some(word) = kept() else {
                return Err(error);
            };
            ring.open(name, Some(&word))?
        }
        other => other?,
    };
    if let (true, Some(word)) = (signing.keep, typed) {
        let _ = desk
            .keyring
            .keep(&Purpose::signing_key(&ring.find(name)?.public), word);
    }
    Ok(key)
}

#[tauri::command]
pub(crate) async fn keys_list(desk: Shared<'_>) -> Result<KeysShown> {
    work(&desk, shown).await
}

fn shown(desk: &Desk) -> Result<KeysShown> {
    let keys = desk.places.keys().list()?;
    let (mut kept, mut refused) = (Vec::new(), None);
    for key in keys.iter().filter(|key| key.protected) {
        match desk.keyring.look(&Purpose::signing_key(&key.public)) {
            Ok(Look::Kept) => kept.push(key.name.clone()),
            Ok(Look::Free) => {}
            Err(why) => refused = Some(why.to_string()),
        }
    }
    Ok(KeysShown {
        keys,
        kept,
        refused,
    })
}

#[tauri::command]
pub(crate) async fn key_make(
    desk: Shared<'_>,
    name: String,
    passphrase: String,
) -> Result<KeyPart> {
    work(&desk, move |desk| {
        let passphrase = Some(passphrase).filter(|word| !word.is_empty());
        desk.places.keys().make(&name, passphrase.as_deref())
    })
    .await
}

/// Takes the passphrase of a key out of the keyring; the key stays.
#[tauri::command]
pub(crate) async fn key_forget(desk: Shared<'_>, name: String) -> Result<KeysShown> {
    work(&desk, move |desk| {
        let purpose = Purpose::signing_key(&desk.places.keys().find(&name)?.public);
        desk.keyring
            .forget(&purpose)
            .map_err(|why| keyring_refused(&why))?;
        shown(desk)
    })
    .await
}

/// Longest openings file that is read.
const LONGEST: u64 = 64 << 20;

/// A dialog of the system for a package that is opened, or for the openings that came with one; absent when the person went
/// back.
#[tauri::command]
pub(crate) async fn package_pick(
    app: AppHandle,
    desk: Shared<'_>,
    folder: bool,
) -> Result<Option<InputFile>> {
    work(&desk, move |desk| {
        let dialog = app.dialog().file();
        let chosen = if folder {
            dialog.blocking_pick_folder()
        } else {
            dialog.blocking_pick_file()
        };
        Ok(chosen
            .and_then(|file| file.into_path().ok())
            .map(|path| desk.token(&path)))
    })
    .await
}

/// Opens what a redacted package of the open case hides. With `save`, a dialog asks first where the openings go, for the party
/// that has the package; absent when the person went back, and then nothing was opened.
#[tauri::command]
pub(crate) async fn package_disclose(
    app: AppHandle,
    desk: Shared<'_>,
    token: String,
    choices: DiscloseChoices,
    save: bool,
) -> Result<Option<DiscloseReport>> {
    work(&desk, move |desk| {
        let (case, package) = (desk.case()?, desk.case_path(&token)?);
        let out = if save {
            let dialog = app.dialog().file().set_directory(&desk.places.cases);
            let chosen = dialog.set_file_name("openings.ndjson").blocking_save_file();
            let Some(path) = chosen.and_then(|file| file.into_path().ok()) else {
                return Ok(None);
            };
            Some(path)
        } else {
            None
        };
        let report = case.disclose(&package, &choices)?;
        if let Some(path) = out {
            std::fs::write(&path, report.lines()?).map_err(|e| {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let message = format!("`{name}` cannot be written: {e}");
                Error::new(
                    Code::Io,
                    message,
                    "Choose another folder, and open it again.",
                )
            })?;
        }
        Ok(Some(report))
    })
    .await
}

/// The openings behind a token.
fn openings(desk: &Desk, token: &str) -> Result<String> {
    let path = desk.case_path(token)?;
    let unread = |why: String| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let message = format!("the openings `{name}` cannot be read: {why}");
        Error::new(
            Code::NotReadable,
            message,
            "Choose the file that `disclose` wrote.",
        )
    };
    let long = std::fs::metadata(&path).is_ok_and(|meta| meta.len() > LONGEST);
    if long {
        return Err(unread(format!("it is longer than {LONGEST} bytes")));
    }
    std::fs::read_to_string(&path).map_err(|e| unread(e.to_string()))
}

/// Checks a package that somebody sent; a dialog asks which. Absent when the person went back.
#[tauri::command]
pub(crate) async fn verify_choose(
    app: AppHandle,
    desk: Shared<'_>,
    folder: bool,
    key: Option<String>,
    opened: Option<String>,
) -> Result<Option<Checked>> {
    work(&desk, move |desk| {
        let openings = opened.map(|token| openings(desk, &token)).transpose()?;
        let dialog = app.dialog().file();
        let chosen = if folder {
            dialog.blocking_pick_folder()
        } else {
            dialog.blocking_pick_file()
        };
        let Some(path) = chosen.and_then(|file| file.into_path().ok()) else {
            return Ok(None);
        };
        let options = VerifyOptions {
            key: key.as_deref(),
            openings: openings.as_deref(),
            ..VerifyOptions::default()
        };
        Ok(Some(Checked {
            name: path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            report: verify(&path, &options)?,
        }))
    })
    .await
}

/// Checks the open case, every original and every column, and records that it was done.
#[tauri::command]
pub(crate) async fn case_verify(
    desk: Shared<'_>,
    passphrase: Option<String>,
) -> Result<VerifyReport> {
    work(&desk, move |desk| {
        let case = desk.case()?;
        case.verify_self(passphrase.as_deref())
    })
    .await
}

/// Writes a copy of the open case where a dialog says; false when the person went back.
#[tauri::command]
pub(crate) async fn case_copy(app: AppHandle, desk: Shared<'_>) -> Result<bool> {
    work(&desk, move |desk| {
        let case = desk.case()?;
        let name = case.path().file_name().unwrap_or_default();
        let dialog = app.dialog().file().set_directory(&desk.places.cases);
        let chosen = dialog
            .set_file_name(format!("Copy of {}", name.to_string_lossy()))
            .blocking_save_file();
        let Some(path) = chosen.and_then(|file| file.into_path().ok()) else {
            return Ok(false);
        };
        case.save_copy(&path)?;
        Ok(true)
    })
    .await
}
