//! Commands that write a view to a file. The dialog of the system names the file; the window never learns its path.

use std::ops::ControlFlow;
use std::path::Path;

use tauri::AppHandle;
use tauri::ipc::Channel;
use tauri_plugin_dialog::DialogExt as _;
use witnessmark_engine::api::ExportReport;
use witnessmark_engine::{
    Case, Code, Error, ExportRequest, Format, Order, Result, Zone, part_file,
};

use super::{Shared, work, zone};
use crate::wire::ExportProgress;

/// Asks for a file, then writes the events of a filter into it; null when the person went back. `import_cancel` stops it.
#[tauri::command]
pub(crate) async fn export_view(
    app: AppHandle,
    desk: Shared<'_>,
    job: String,
    query: String,
    zone: String,
    format: String,
    progress: Channel<ExportProgress>,
) -> Result<Option<ExportReport>> {
    work(&desk, move |desk| {
        let (case, zone) = (desk.case()?, self::zone(&zone)?);
        let format = Format::parse(&format).ok_or_else(|| unknown(&format))?;
        let ending = match format {
            Format::Csv => "csv",
            Format::Parquet => "parquet",
            Format::Ndjson | Format::Ecs | Format::Ocsf => "ndjson",
        };
        let dialog = app.dialog().file().set_directory(&desk.places.cases);
        let chosen = dialog
            .set_file_name(format!("events.{ending}"))
            .add_filter(format.as_str(), &[ending])
            .blocking_save_file()
            .and_then(|file| file.into_path().ok());
        let Some(path) = chosen else {
            return Ok(None);
        };
        let job = desk.begin(job)?;
        let written = write(&case, &path, &query, &zone, format, &mut |done, total| {
            // A window that no longer listens does not stop an export; cancelling does.
            let _ = progress.send(ExportProgress { done, total });
            if job.is_cancelled() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        written.map(Some)
    })
    .await
}

/// Writes beside the file and renames, so that half an export never stands under its name.
fn write(
    case: &Case,
    path: &Path,
    query: &str,
    zone: &Zone,
    format: Format,
    go_on: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
) -> Result<ExportReport> {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let refused = |e: std::io::Error| {
        let hint = "Choose another folder, or check its rights and its free space.";
        Error::new(Code::Io, format!("`{name}` cannot be written: {e}"), hint)
    };
    let (part, mut file) = part_file(path)?;
    let request = ExportRequest {
        query,
        zone,
        format,
        order: Order::Number,
        name: &name,
    };
    let written = case.export(&request, &mut file, go_on).and_then(|report| {
        file.sync_all()
            .and_then(|()| std::fs::rename(&part, path))
            .map_err(refused)?;
        Ok(report)
    });
    if written.is_err() {
        // That a part cannot be removed changes nothing about the first fault.
        let _ = std::fs::remove_file(&part);
    }
    written
}

fn unknown(format: &str) -> Error {
    Error::new(
        Code::InvalidOption,
        format!("`{format}` is no format of an export"),
        "Use csv, ndjson, parquet, ecs or ocsf.",
    )
}
