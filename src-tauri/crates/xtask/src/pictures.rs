//! Pictures of the real window, on a virtual screen.
//!
//! Owns: which places are photographed and in which look. Never touches: the case (a copy is opened).

use std::path::{Path, PathBuf};

use serde_json::json;
use witnessmark_xtask::{Launch, RealWindow, Result};

use crate::steps::{built, cargo, go, npm, root, say, step};
use crate::{run, system};

/// Pixels of the window in pictures.
const SIZE: (u32, u32) = (1440, 900);

/// The picture of the README; the others stay out of the repository.
const README: &str = "timeline-light.png";

/// `cargo xtask pictures`: every place light and dark into out/pictures, and the picture of the README.
pub(crate) fn pictures() -> Result<()> {
    step("system packages", || system::prepare(true))?;
    step("window: packages", system::window_packages)?;
    step("window: build", || go(npm().args(["run", "build"])))?;
    step("application", || {
        go(cargo()
            .args(["build", "--locked", "--all-features", "--bins"])
            .args([
                "--package",
                "witnessmark-desktop",
                "--package",
                "witnessmark-cli",
            ]))
    })?;
    let case = run::sample(&built("debug", "witnessmark")?, &root().join("out"))?;
    let taken = take(
        &built("debug", "witnessmark-desktop")?,
        &case,
        &root().join("out/pictures"),
    )?;
    for path in &taken {
        say(&path.display().to_string());
        if path.file_name().is_some_and(|name| name == README) {
            std::fs::copy(path, root().join("docs/images").join(README))?;
        }
    }
    Ok(())
}

/// Photographs the start screen and the places of a case, light and dark; tells which files were written.
pub(crate) fn take(app: &Path, case: &Path, out: &Path) -> Result<Vec<PathBuf>> {
    let home = out.join("window-home");
    let mut taken = Vec::new();
    for theme in ["light", "dark"] {
        let config = home.join("config");
        std::fs::create_dir_all(&config)?;
        std::fs::write(
            config.join("settings.json"),
            json!({ "theme": theme, "density": "compact" }).to_string(),
        )?;
        let mut keep = |window: &RealWindow, name: &str| -> Result<()> {
            let path = out.join(format!("{name}-{theme}.png"));
            window.settled_picture()?.save(&path)?;
            taken.push(path);
            Ok(())
        };
        let launch = |args| Launch {
            app,
            args,
            home: &home,
            size: SIZE,
        };
        let start = RealWindow::open(launch(&[]))?;
        start.text("start-sample")?;
        keep(&start, "start")?;
        drop(start);
        // A copy, so that looking does not write into the custody log of the case that is shown.
        let copy = home.join("Sample case.wmcase");
        std::fs::copy(case, &copy)?;
        let copy = copy.to_string_lossy().into_owned();
        let window = RealWindow::open(launch(&[&copy]))?;
        window.text("row")?;
        keep(&window, "timeline")?;
        window.click("row")?;
        window.text("detail-raw")?;
        keep(&window, "detail")?;
        window.click("tab-sources")?;
        window.text("receipt")?;
        keep(&window, "sources")?;
        window.click("mapping-open")?;
        window.text("mapping-event")?;
        keep(&window, "mapping")?;
        window.click("mapping-close")?;
        drill(&window, &mut keep)?;
        drop(window);
        std::fs::remove_dir_all(&home)?;
    }
    Ok(taken)
}

/// Keeps a picture under a name.
type Keep<'k> = dyn FnMut(&RealWindow, &str) -> Result<()> + 'k;

/// Actors, records, sign-ins and errors, and one of each that can be opened.
fn drill(window: &RealWindow, keep: &mut Keep<'_>) -> Result<()> {
    let open = |list: &str| {
        window.click_css(&format!(
            "[data-testid={list}] tbody tr:first-child button.name"
        ))
    };
    window.click("tab-actors")?;
    window.text("actors")?;
    window.text("first-seen")?;
    keep(window, "actors")?;
    open("actors")?;
    window.text("actor")?;
    keep(window, "actor")?;
    window.click("tab-records")?;
    window.text("records")?;
    keep(window, "records")?;
    open("records")?;
    window.text("biography")?;
    keep(window, "record")?;
    window.click("tab-signins")?;
    window.text("signin")?;
    keep(window, "signins")?;
    window.click_css("[data-testid=signin] button.main")?;
    window.text("acts")?;
    keep(window, "session")?;
    window.click("tab-errors")?;
    window.text("trend")?;
    keep(window, "errors")
}
