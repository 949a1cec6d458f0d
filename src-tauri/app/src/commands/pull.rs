//! Commands about remote logs. The page of the window cannot choose where a request goes: each origin is agreed to by a
//! person in a dialog of the system, which the page can neither draw nor press.
//!
//! Owns: that dialog, the files that a request names by token, and that a secret goes to what it is bound to and never back to the
//! page. Never touches: requests.

use std::io::Read as _;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use tauri::AppHandle;
use tauri::ipc::Channel;
use tauri_plugin_dialog::{DialogExt as _, MessageDialogButtons, MessageDialogKind};
use witnessmark_engine::api::{
    ConnectorsReport, PullProgress, PullReport, PullRequest, PulledReport, TriedReport,
};
use witnessmark_engine::{
    Code, Connectors, Error, PullSecret, PullTarget, Result, pull_target, visible,
};

use super::{Shared, work};
use crate::state::Desk;
use crate::wire::{OwnAuthorities, OwnConnector, PlanState, SecretState};

/// Most bytes of a connector or a file of certificates; they are read by people and have a few thousand.
const LARGEST: u64 = 1 << 20;

#[tauri::command]
pub(crate) async fn pull_connectors() -> Result<ConnectorsReport> {
    Connectors::list()
}

/// A dialog of the system for a connector file; nothing when the person went back. The text as it is now is what is pulled with,
/// whatever becomes of the file.
#[tauri::command]
pub(crate) async fn connector_choose(
    app: AppHandle,
    desk: Shared<'_>,
) -> Result<Option<OwnConnector>> {
    work(&desk, move |desk| {
        let dialog = app.dialog().file().set_title("Choose a connector file");
        let dialog = dialog.add_filter("TOML", &["toml"]);
        let Some(path) = dialog.blocking_pick_file().and_then(|f| f.into_path().ok()) else {
            return Ok(None);
        };
        let (name, text) = chosen(&path, "Choose a connector, a TOML file.")?;
        let connector = Connectors::read(&text)?;
        Ok(Some(OwnConnector {
            token: desk.chosen(&name, text),
            name,
            connector,
        }))
    })
    .await
}

/// A dialog of the system for a file of certificates; nothing when the person went back.
#[tauri::command]
pub(crate) async fn authorities_choose(
    app: AppHandle,
    desk: Shared<'_>,
) -> Result<Option<OwnAuthorities>> {
    work(&desk, move |desk| {
        let dialog = app.dialog().file().set_title("Choose certificates");
        let Some(path) = dialog.blocking_pick_file().and_then(|f| f.into_path().ok()) else {
            return Ok(None);
        };
        let hint = "Choose a text file with PEM certificates, most often .pem or .crt.";
        let (name, text) = chosen(&path, hint)?;
        let certificates = text.matches("-----BEGIN CERTIFICATE-----").count();
        if certificates == 0 {
            let message = format!("`{name}` holds no PEM certificate");
            return Err(Error::new(Code::NotReadable, message, hint));
        }
        Ok(Some(OwnAuthorities {
            token: desk.chosen(&name, text),
            name,
            certificates: u32::try_from(certificates).unwrap_or(u32::MAX),
        }))
    })
    .await
}

/// The name and the text of a file that a person chose.
fn chosen(path: &Path, hint: &str) -> Result<(String, String)> {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let refused = |why: String| {
        let message = format!("`{name}` cannot be read: {why}");
        Error::new(Code::NotReadable, message, hint)
    };
    let file = std::fs::File::open(path).map_err(|e| refused(e.to_string()))?;
    let mut bytes = Vec::new();
    let read = file.take(LARGEST + 1).read_to_end(&mut bytes);
    read.map_err(|e| refused(e.to_string()))?;
    if bytes.len() as u64 > LARGEST {
        return Err(refused(format!("it has more than {LARGEST} bytes")));
    }
    let text = String::from_utf8(bytes).map_err(|_| refused("it is no text".to_owned()))?;
    Ok((name, text))
}

#[tauri::command]
pub(crate) async fn pull_trial(
    app: AppHandle,
    desk: Shared<'_>,
    request: PullRequest,
    secret: Option<String>,
    keep: bool,
) -> Result<TriedReport> {
    work(&desk, move |desk| {
        let case = desk.case()?;
        let request = desk.filled(request)?;
        let target = pull_target(&request)?;
        let given = typed(secret.as_deref());
        let secret = agreed(&app, desk, &target, given)?;
        let tried = case.pull_trial(&request, secret.as_ref())?;
        if let (true, Some(text)) = (keep, given) {
            desk.keep_secret(&target, text);
        }
        Ok(tried)
    })
    .await
}

#[tauri::command]
pub(crate) async fn pull_start(
    app: AppHandle,
    desk: Shared<'_>,
    job: String,
    request: PullRequest,
    secret: Option<String>,
    keep: bool,
    progress: Channel<PullProgress>,
) -> Result<PullReport> {
    work(&desk, move |desk| {
        let case = desk.case()?;
        let request = desk.filled(request)?;
        let target = pull_target(&request)?;
        let given = typed(secret.as_deref());
        let secret = agreed(&app, desk, &target, given)?;
        let job = desk.begin(job)?;
        let report = case.pull(&request, secret.as_ref(), &mut |now| {
            // A window that no longer listens does not stop a pull; cancelling does.
            let _ = progress.send(now.clone());
            if job.is_cancelled() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })?;
        // Only what a server took is worth keeping; one that was asked to the end took it.
        if let (true, Some(text)) = (keep, given)
            && report.streams.iter().all(|one| one.stopped.is_none())
        {
            desk.keep_secret(&target, text);
        }
        Ok(report)
    })
    .await
}

#[tauri::command]
pub(crate) async fn pulled(desk: Shared<'_>) -> Result<PulledReport> {
    work(&desk, |desk| desk.case()?.pulled()).await
}

/// Repeats a pull every so often while the case is open; the first begins at once. The person agrees to the address as for any
/// other pull.
#[tauri::command]
pub(crate) async fn plan_start(
    app: AppHandle,
    desk: Shared<'_>,
    request: PullRequest,
    secret: Option<String>,
) -> Result<Vec<PlanState>> {
    let whole = Arc::clone(&desk);
    work(&desk, move |desk| {
        desk.case()?;
        let request = desk.filled(request)?;
        let target = pull_target(&request)?;
        agreed(&app, desk, &target, typed(secret.as_deref()))?;
        whole.plan(request, target)?;
        Ok(desk.planned())
    })
    .await
}

/// What is repeated.
#[tauri::command]
pub(crate) async fn plans(desk: Shared<'_>) -> Result<Vec<PlanState>> {
    Ok(desk.planned())
}

/// Ends the repeating of a pull.
#[tauri::command]
pub(crate) async fn plan_stop(desk: Shared<'_>, id: u64) -> Result<Vec<PlanState>> {
    desk.unplan(id);
    Ok(desk.planned())
}

/// Whether there is a secret for what a request would ask. Asks no server, and unlocks no keyring.
#[tauri::command]
pub(crate) async fn pull_secret(desk: Shared<'_>, request: PullRequest) -> Result<SecretState> {
    work(&desk, move |desk| {
        let request = desk.filled(request)?;
        Ok(desk.secret_state(&pull_target(&request)?))
    })
    .await
}

/// Forgets the secret for what a request would ask, in memory and in the keyring.
#[tauri::command]
pub(crate) async fn pull_forget(desk: Shared<'_>, request: PullRequest) -> Result<SecretState> {
    work(&desk, move |desk| {
        let request = desk.filled(request)?;
        let target = pull_target(&request)?;
        desk.forget_secret(&target)?;
        Ok(desk.secret_state(&target))
    })
    .await
}

fn typed(secret: Option<&str>) -> Option<&str> {
    secret.filter(|text| !text.trim().is_empty())
}

/// Asks the person once for each place that would be asked, and gives the secret that is held or kept for it. The keyring is
/// not opened before the person has agreed.
fn agreed(
    app: &AppHandle,
    desk: &Desk,
    target: &PullTarget,
    secret: Option<&str>,
) -> Result<Option<PullSecret>> {
    let PullTarget {
        connector, origin, ..
    } = target;
    let token = target.token_origin.as_deref().unwrap_or_default();
    let place = format!("{origin} {token}");
    if !desk.agreed(&place) {
        let also = if token.is_empty() {
            String::new()
        } else {
            format!("\nA token is asked for with them at\n{}\n", visible(token))
        };
        let question = format!(
            "Requests for the log will be sent to\n{}\nwith your credentials for {}. {also}Nothing is sent anywhere else.",
            visible(origin),
            visible(connector)
        );
        let yes = app
            .dialog()
            .message(question)
            .title("Pull a remote log")
            .kind(MessageDialogKind::Warning)
            .buttons(MessageDialogButtons::OkCancelCustom(
                "Pull".to_owned(),
                "Cancel".to_owned(),
            ))
            .blocking_show();
        if !yes {
            return Err(Error::new(
                Code::Cancelled,
                format!("{origin} was not asked: you did not agree"),
                "Pull again to be asked again.",
            ));
        }
        desk.agree(&place);
    }
    if let Some(secret) = secret {
        desk.hold_secret(target, secret);
    }
    desk.secret(target)
}
