//! Commands about remote logs. The page of the window cannot choose where a request goes: each origin is agreed to by a
//! person in a dialog of the system, which the page can neither draw nor press.
//!
//! Owns: that dialog, and that a secret stays in memory, bound to its connector and origin. Never touches: requests.

use std::ops::ControlFlow;

use tauri::AppHandle;
use tauri::ipc::Channel;
use tauri_plugin_dialog::{DialogExt as _, MessageDialogButtons, MessageDialogKind};
use witnessmark_engine::api::{
    ConnectorsReport, PullProgress, PullReport, PullRequest, PulledReport, TriedReport,
};
use witnessmark_engine::{Code, Connectors, Error, PullSecret, Result, pull_target, visible};

use super::{Shared, work};
use crate::state::Desk;

#[tauri::command]
pub(crate) async fn pull_connectors() -> Result<ConnectorsReport> {
    Connectors::list()
}

#[tauri::command]
pub(crate) async fn pull_trial(
    app: AppHandle,
    desk: Shared<'_>,
    request: PullRequest,
    secret: Option<String>,
) -> Result<TriedReport> {
    work(&desk, move |desk| {
        let case = desk.case()?;
        let secret = agreed(&app, desk, &request, secret.as_deref())?;
        case.pull_trial(&request, secret.as_ref())
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
    progress: Channel<PullProgress>,
) -> Result<PullReport> {
    work(&desk, move |desk| {
        let case = desk.case()?;
        let secret = agreed(&app, desk, &request, secret.as_deref())?;
        let job = desk.begin(job)?;
        case.pull(&request, secret.as_ref(), &mut |now| {
            // A window that no longer listens does not stop a pull; cancelling does.
            let _ = progress.send(now.clone());
            if job.is_cancelled() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })
    })
    .await
}

#[tauri::command]
pub(crate) async fn pulled(desk: Shared<'_>) -> Result<PulledReport> {
    work(&desk, |desk| desk.case()?.pulled()).await
}

/// Asks the person once for each origin, and gives the secret that is held for it.
fn agreed(
    app: &AppHandle,
    desk: &Desk,
    request: &PullRequest,
    secret: Option<&str>,
) -> Result<Option<PullSecret>> {
    let target = pull_target(request)?;
    let (connector, origin) = &target;
    if !desk.agreed(origin) {
        let question = format!(
            "Requests for the log will be sent to\n{}\nwith the credentials that you gave for {}. Nothing is sent anywhere else.",
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
        desk.agree(origin);
    }
    if let Some(secret) = secret.filter(|text| !text.trim().is_empty()) {
        desk.hold_secret(&target, secret);
    }
    Ok(desk.secret(&target))
}
