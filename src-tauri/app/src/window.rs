//! The one window: where it may go, and what is dropped on it.
//!
//! Owns: its making, the block on every navigation, the way from dropped paths to tokens. Never touches: the case.

use std::path::PathBuf;
use std::sync::Arc;

use tauri::utils::config::WindowConfig;
use tauri::webview::NewWindowResponse;
use tauri::{
    App, DragDropEvent, Emitter as _, Manager as _, Url, WebviewWindow, WebviewWindowBuilder,
    Window, WindowEvent,
};
use witnessmark_engine::Result;

use crate::launch;
use crate::state::Desk;
use crate::wire::InputsDropped;

/// Name of the window, of its capability and in tauri.conf.json.
const MAIN: &str = "main";
/// The event that tells of files over the window.
const DROPPED: &str = "inputs-dropped";

/// Opens the window.
pub(crate) fn open(app: &App, desk: &Arc<Desk>) -> Result<()> {
    let asked: Option<&WindowConfig> = app.config().app.windows.iter().find(|w| w.label == MAIN);
    let asked = asked.cloned().unwrap_or_default();
    WebviewWindowBuilder::from_config(app, &asked)
        .map(|window| {
            window
                .data_directory(desk.places.web_view.clone())
                .on_navigation(is_ours)
                .on_new_window(|_, _| NewWindowResponse::Deny)
                .on_download(|_, _| false)
        })
        .and_then(|window| window.build())
        .map(|window| zoom(&window, desk.places.settings().zoom))
        .map_err(|e| launch::cannot_start(&e))
}

/// Draws everything larger or smaller.
pub(crate) fn zoom(window: &WebviewWindow, factor: f64) {
    let factor = if factor.is_finite() {
        factor.clamp(0.5, 3.0)
    } else {
        1.0
    };
    // A web view that cannot is still a window to work in.
    let _ = window.set_zoom(factor);
}

/// Whether an address belongs to the window itself. Everything else is refused, whoever asks: the window never leaves.
fn is_ours(url: &Url) -> bool {
    match url.scheme() {
        "tauri" => url.host_str() == Some("localhost"),
        // Windows has no schemes of its own making; Tauri serves the same files under this name there.
        "http" => {
            cfg!(windows) && url.host_str() == Some("tauri.localhost") && url.port().is_none()
        }
        _ => false,
    }
}

/// Hands files that are dragged over or dropped on the window to it, as tokens.
pub(crate) fn on_event(window: &Window, event: &WindowEvent) {
    let WindowEvent::DragDrop(event) = event else {
        return;
    };
    let Some(desk) = window.try_state::<Arc<Desk>>() else {
        return;
    };
    let told = match event {
        DragDropEvent::Enter { .. } => phase("hover", &[], &desk),
        DragDropEvent::Drop { paths, .. } => phase("drop", paths, &desk),
        DragDropEvent::Leave => phase("leave", &[], &desk),
        _ => return,
    };
    // A window that is closing no longer listens, and there is nobody else to tell.
    let _ = window.emit(DROPPED, told);
}

fn phase(name: &str, paths: &[PathBuf], desk: &Desk) -> InputsDropped {
    InputsDropped {
        phase: name.to_owned(),
        files: paths.iter().map(|path| desk.token(path)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_goes_nowhere_else() {
        assert!(is_ours(
            &Url::parse("tauri://localhost/index.html").unwrap()
        ));
        for elsewhere in [
            "https://evil.example/",
            "http://localhost:5173/",
            "http://tauri.localhost.evil.example/",
            "http://tauri.localhost:8080/",
            "tauri://evil.example/",
            "file:///etc/passwd",
            "data:text/html,x",
            "javascript:alert(1)",
            "blob:tauri://localhost/1",
        ] {
            assert!(
                !is_ours(&Url::parse(elsewhere).unwrap()),
                "{elsewhere} must be refused"
            );
        }
    }
}
