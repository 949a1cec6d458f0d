//! Servers of others that tests start: where their packages lie, a free port, one way to ask them over HTTP.
//!
//! Owns: the life of such a process, which ends with the value that stands for it. Never touches: what it is asked for.
//! `cargo xtask test` installs the packages that `tests/peers/package.json` names and says where they are; whoever runs
//! plain `cargo test` has the tests that need them skipped, with a word about it.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long a server may take until it listens, on a machine that builds something else meanwhile.
const START: Duration = Duration::from_secs(120);

/// A file of a package of others. Without WITNESSMARK_PEERS a test is skipped; with it, as in CI, a missing file is a
/// failure.
pub(crate) fn peer(path: &str) -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("WITNESSMARK_PEERS") else {
        eprintln!("skipped: {path} is not installed; `cargo xtask test` installs it");
        return None;
    };
    let file = Path::new(&folder).join("node_modules").join(path);
    assert!(
        file.exists(),
        "{} is missing, and WITNESSMARK_PEERS says that it is there",
        file.display()
    );
    Some(file)
}

/// Node as its packages bring it, because systems package older ones; where there is no such package, the system's.
pub(crate) fn node() -> Option<Command> {
    let machine = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    };
    let mut command = match std::env::consts::OS {
        "linux" => Command::new(peer(&format!("node-linux-{machine}/bin/node"))?),
        "windows" => Command::new(peer(&format!("node-win-{machine}/bin/node.exe"))?),
        _ => Command::new("node"),
    };
    // These would change what the servers do.
    for key in ["NODE_ENV", "NODE_OPTIONS"] {
        command.env_remove(key);
    }
    Some(command)
}

/// A server of others on this machine.
pub(crate) struct Peer {
    child: Child,
    pub(crate) port: u16,
}

impl Peer {
    /// Starts a server and waits until it listens. What it says goes to a file in the folder, shown when it does not.
    pub(crate) fn start(folder: &Path, name: &str, command: impl Fn(u16) -> Command) -> Self {
        let log = folder.join(format!("{name}.log"));
        // Another process can take the port between the look and the start; then there is another one.
        for _ in 0..3 {
            let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
            let port = listener.local_addr().unwrap().port();
            drop(listener);
            let out = File::create(&log).unwrap();
            let child = command(port)
                .stdin(Stdio::null())
                .stdout(out.try_clone().unwrap())
                .stderr(out)
                .spawn()
                .unwrap();
            let mut peer = Self { child, port };
            if peer.listens() {
                return peer;
            }
        }
        let said = std::fs::read_to_string(&log).unwrap_or_default();
        panic!("{name} does not listen; it says:\n{said}");
    }

    fn listens(&mut self) -> bool {
        let begun = Instant::now();
        while begun.elapsed() < START {
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        false
    }

    pub(crate) fn base(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }
}

/// Sends one request on a connection of its own (RFC 9112).
pub(crate) fn ask(
    port: u16,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Answer {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let mut head = format!("{method} {target} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() || method != "GET" {
        head.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    head.push_str("connection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut from = BufReader::new(stream);
    let mut line = String::new();
    from.read_line(&mut line).unwrap();
    let status = line
        .split(' ')
        .nth(1)
        .and_then(|word| word.parse().ok())
        .unwrap_or_else(|| panic!("{method} {target} was answered with {line:?}"));
    let (mut length, mut chunked) = (None, false);
    loop {
        line.clear();
        from.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse::<usize>().ok(),
            "transfer-encoding" => chunked = value.trim().eq_ignore_ascii_case("chunked"),
            _ => {}
        }
    }
    let mut body = Vec::new();
    if chunked {
        loop {
            line.clear();
            from.read_line(&mut line).unwrap();
            let size = usize::from_str_radix(line.trim(), 16).unwrap();
            let mut piece = vec![0; size + 2];
            from.read_exact(&mut piece).unwrap();
            body.extend_from_slice(&piece[..size]);
            if size == 0 {
                break;
            }
        }
    } else if let Some(length) = length {
        body = vec![0; length];
        from.read_exact(&mut body).unwrap();
    } else if status != 204 {
        from.read_to_end(&mut body).unwrap();
    }
    Answer { status, body }
}
