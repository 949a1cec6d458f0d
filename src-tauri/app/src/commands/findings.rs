//! Commands about what the detections and rules found. Owns nothing; adapters only.

use tauri::AppHandle;
use tauri_plugin_dialog::DialogExt as _;
use witnessmark_engine::api::{FindingPage, FindingsReport, FindingsWanted, WhatIfPart};
use witnessmark_engine::{Result, Suppression};

use super::{Shared, work, zone};
use crate::wire::RulesChosen;

/// Nothing until somebody looked for findings.
#[tauri::command]
pub(crate) async fn findings_list(
    desk: Shared<'_>,
    query: String,
    zone: String,
    wanted: FindingsWanted,
) -> Result<Option<FindingsReport>> {
    work(&desk, move |desk| {
        desk.case()?.findings(&query, &self::zone(&zone)?, &wanted)
    })
    .await
}

/// Looks at every event, with the rules that were chosen; at once where nothing changed.
#[tauri::command]
pub(crate) async fn findings_look(desk: Shared<'_>) -> Result<()> {
    work(&desk, |desk| {
        let rules = desk.rules();
        let rules = rules.as_ref().map(|(_, files)| &**files);
        desk.case()?.look_for_findings(rules)
    })
    .await
}

#[tauri::command]
pub(crate) async fn finding_page(
    desk: Shared<'_>,
    id: String,
    zone: String,
) -> Result<FindingPage> {
    work(&desk, move |desk| {
        desk.case()?.finding_page(&id, &self::zone(&zone)?)
    })
    .await
}

#[tauri::command]
pub(crate) async fn findings_what_if(
    desk: Shared<'_>,
    parameter: String,
    values: Vec<f64>,
) -> Result<Vec<WhatIfPart>> {
    work(&desk, move |desk| {
        let rules = desk.rules();
        let rules = rules.as_ref().map(|(_, files)| &**files);
        desk.case()?.what_if(&parameter, &values, rules)
    })
    .await
}

#[tauri::command]
pub(crate) async fn finding_judge(
    desk: Shared<'_>,
    id: String,
    verdict: String,
    note: String,
) -> Result<()> {
    work(&desk, move |desk| desk.case()?.judge(&id, &verdict, &note)).await
}

#[tauri::command]
pub(crate) async fn finding_unjudge(desk: Shared<'_>, id: String) -> Result<()> {
    work(&desk, move |desk| {
        desk.case()?.withdraw_verdict(&id).map(|_| ())
    })
    .await
}

#[tauri::command]
pub(crate) async fn findings_suppress(
    desk: Shared<'_>,
    detection: Option<String>,
    actor: Option<String>,
    reason: String,
    until: Option<String>,
) -> Result<()> {
    work(&desk, move |desk| {
        let suppression = Suppression {
            detection,
            actor,
            reason,
            until,
        };
        desk.case()?.suppress(&suppression).map(|_| ())
    })
    .await
}

#[tauri::command]
pub(crate) async fn findings_unsuppress(desk: Shared<'_>, id: u64) -> Result<()> {
    work(&desk, move |desk| desk.case()?.unsuppress(id)).await
}

/// A dialog of the system for a folder of Sigma rules, or for a file or zip of them; nothing when the person went back.
#[tauri::command]
pub(crate) async fn rules_choose(
    app: AppHandle,
    desk: Shared<'_>,
    folder: bool,
) -> Result<Option<RulesChosen>> {
    work(&desk, move |desk| {
        let dialog = app.dialog().file();
        let chosen = if folder {
            dialog.blocking_pick_folder()
        } else {
            dialog.blocking_pick_file()
        };
        match chosen.and_then(|file| file.into_path().ok()) {
            Some(path) => desk.take_rules(&path).map(Some),
            None => Ok(None),
        }
    })
    .await
}

/// What was chosen, if anything was.
#[tauri::command]
pub(crate) async fn rules_chosen(desk: Shared<'_>) -> Result<Option<RulesChosen>> {
    Ok(desk.rules().map(|(chosen, _)| chosen))
}

/// From now on only the detections that come with the program.
#[tauri::command]
pub(crate) async fn rules_put_away(desk: Shared<'_>) -> Result<()> {
    desk.put_rules_away();
    Ok(())
}
