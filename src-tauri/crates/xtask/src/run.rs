//! `cargo xtask run`: from a clone to the sample case in a window.
//!
//! Owns: the order of those steps, and what is shown where there is no screen. Never touches: any case but the sample.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::steps::{built, cargo, go, go_allowing, npm, program, root, say, step};
use crate::{pictures, system};
use witnessmark_xtask::Result;

/// Exit code of `import` when entries were rejected; the sample exports have some on purpose.
const DONE_WITH_REJECTS: i32 = 3;

/// Builds everything and opens the sample case.
pub(crate) fn run() -> Result<()> {
    let shown = system::has_display();
    step("system packages", || system::prepare(!shown))?;
    step("window: packages", system::window_packages)?;
    step("window: build", || go(npm().args(["run", "build"])))?;
    step("application", || {
        go(cargo().args(["build", "--release", "--locked"]).args([
            "--package",
            "witnessmark-desktop",
            "--package",
            "witnessmark-cli",
        ]))
    })?;
    let command = built("release", "witnessmark")?;
    let app = built("release", "witnessmark-desktop")?;
    let out = root().join("out");
    let case = step("sample case", || sample(&command, &out))?;
    if shown {
        say(&format!(
            "\nopening {} (close the window to end)",
            case.display()
        ));
        return go(program(app).arg(&case));
    }
    say(
        "\nThere is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set), so the same follows as text.",
    );
    for words in [
        &["sources"][..],
        &["count"],
        &["events", "--limit", "20", "--sort", "newest"],
    ] {
        step(&format!("witnessmark {}", words.join(" ")), || {
            go(program(&command).arg(words[0]).arg(&case).args(&words[1..]))
        })?;
    }
    step("pictures of the window from a virtual screen", || {
        let taken = pictures::take(&app, &case, &out)?;
        taken
            .iter()
            .for_each(|path| say(&format!("{}", path.display())));
        Ok(())
    })
}

/// Makes the sample case anew from samples/ with the command line.
pub(crate) fn sample(command: &Path, out: &Path) -> Result<PathBuf> {
    std::fs::create_dir_all(out)?;
    let case = out.join("sample.wmcase");
    // What SQLite and the lock leave beside the case belongs to the old one.
    for entry in std::fs::read_dir(out)? {
        let entry = entry?;
        if entry
            .file_name()
            .to_string_lossy()
            .starts_with("sample.wmcase")
        {
            std::fs::remove_file(entry.path())?;
        }
    }
    let samples = root().join("samples");
    let manifest: Value = serde_json::from_slice(&std::fs::read(samples.join("manifest.json"))?)?;
    for entry in manifest
        .as_array()
        .ok_or("samples/manifest.json is no list")?
    {
        let file = entry["file"]
            .as_str()
            .ok_or("an entry of samples/manifest.json names no file")?;
        let mut import = program(command);
        import.arg("import").arg(&case).arg(samples.join(file));
        for key in ["zone", "profile"] {
            if let Some(value) = entry[key].as_str() {
                import.arg(format!("--{key}={value}"));
            }
        }
        for label in entry["labels"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
        {
            import.arg(format!("--label={label}"));
        }
        go_allowing(&mut import, &[0, DONE_WITH_REJECTS])?;
    }
    Ok(case)
}
