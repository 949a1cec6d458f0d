//! Builds what the shell carries: capabilities, the window's files, the sample exports.
//!
//! Owns: where Tauri looks for our files, and that no app is ever built around a missing window.
//! Never touches: ui/dist itself, which only `npm run build` writes.

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

const CAPABILITIES: &str = "src-tauri/app/capabilities/*.json";
const PERMISSIONS: &str = "src-tauri/app/permissions/*.toml";

fn main() -> Result<(), Box<dyn Error>> {
    // Tauri watches the default places only; ours are elsewhere, because the root package lies beside them.
    for path in [
        "src-tauri/app/build.rs",
        "src-tauri/app/capabilities",
        "src-tauri/app/permissions",
        "tauri.conf.json",
        "icons",
        "samples",
        "ui/dist",
    ] {
        println!("cargo:rerun-if-changed={path}");
    }
    println!("cargo:rerun-if-env-changed=WITNESSMARK_NO_UI");
    let out = env::var("OUT_DIR")?;
    find_window(Path::new(&out))?;
    embed_samples(Path::new(&out))?;
    tauri_build::try_build(
        tauri_build::Attributes::new()
            .capabilities_path_pattern(CAPABILITIES)
            .app_manifest(tauri_build::AppManifest::new().permissions_path_pattern(PERMISSIONS)),
    )?;
    Ok(())
}

/// Fails without a built window. `WITNESSMARK_NO_UI=1` puts an empty page in its place, outside ui/dist, so that the
/// Rust side can be checked and tested without Node; a release never takes it.
fn find_window(out: &Path) -> Result<(), Box<dyn Error>> {
    if Path::new("ui/dist/index.html").is_file() {
        return Ok(());
    }
    let without = env::var("WITNESSMARK_NO_UI").is_ok_and(|v| v == "1");
    if !without || env::var("PROFILE")? == "release" {
        return Err("ui/dist/index.html is missing: run `npm ci && npm run build` in ui/, or `cargo xtask run` \
             (WITNESSMARK_NO_UI=1 is enough for `cargo check` and `cargo test`)"
            .into());
    }
    let empty = out.join("no-window");
    fs::create_dir_all(&empty)?;
    fs::write(
        empty.join("index.html"),
        "<!doctype html><html lang=\"en\"><title>Witnessmark</title></html>",
    )?;
    let config = serde_json::json!({ "build": { "frontendDist": empty } });
    println!("cargo:rustc-env=TAURI_CONFIG={config}");
    Ok(())
}

/// Writes the table of sample exports that `case_sample` imports, from samples/manifest.json.
fn embed_samples(out: &Path) -> Result<(), Box<dyn Error>> {
    let root = env::var("CARGO_MANIFEST_DIR")?;
    let folder = Path::new(&root).join("samples");
    let manifest: serde_json::Value =
        serde_json::from_slice(&fs::read(folder.join("manifest.json"))?)?;
    let list = manifest
        .as_array()
        .ok_or("samples/manifest.json is no list")?;
    let mut code = String::from("&[\n");
    for entry in list {
        let text = |key: &str| entry.get(key).and_then(serde_json::Value::as_str);
        let file = text("file").ok_or("an entry of samples/manifest.json names no file")?;
        let path = folder.join(file);
        let labels: Vec<&str> = entry
            .get("labels")
            .and_then(serde_json::Value::as_array)
            .map(|all| all.iter().filter_map(serde_json::Value::as_str).collect())
            .unwrap_or_default();
        writeln!(
            code,
            "Sample {{ name: {file:?}, zone: {:?}, profile: {:?}, labels: &{labels:?}, bytes: include_bytes!({path:?}) }},",
            text("zone"),
            text("profile"),
        )?;
    }
    code.push(']');
    fs::write(out.join("samples.rs"), code)?;
    Ok(())
}
