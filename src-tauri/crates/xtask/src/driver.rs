//! One session of WebKitWebDriver with the application in it.
//!
//! Owns: the driver's process, the few calls of W3C WebDriver (<https://www.w3.org/TR/webdriver2/>) that a test needs,
//! over plain HTTP to this machine. Never touches: the application other than through its window.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use base64::Engine as _;
use serde_json::{Value, json};

use crate::{Display, Drag, Picture, Result, SystemDialog};

/// How long the window may take for anything; far beyond what is normal, so that a slow machine fails nothing.
const PATIENCE: Duration = Duration::from_secs(30);
/// Characters of the window's text that a complaint quotes.
const PAGE: usize = 2_000;

/// Key under which WebDriver wraps an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// How to start the application.
#[derive(Clone, Copy, Debug)]
pub struct Launch<'a> {
    /// The program.
    pub app: &'a Path,
    /// Its arguments.
    pub args: &'a [&'a str],
    /// Its `WITNESSMARK_HOME`, so that nothing of this person's is read or written.
    pub home: &'a Path,
    /// Pixels of the virtual screen and of the window.
    pub size: (u32, u32),
}

/// The application's real window on a virtual screen; both end when this is dropped.
#[derive(Debug)]
pub struct RealWindow {
    driver: Child,
    port: u16,
    session: String,
    // Dropped last: the window must be gone before its screen.
    display: Display,
}

impl RealWindow {
    /// Opens the window.
    pub fn open(launch: Launch<'_>) -> Result<Self> {
        let (width, height) = launch.size;
        let display = Display::start(width, height)?;
        // A port that was free a moment ago; the driver takes no port of its own choice.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
            .local_addr()?
            .port();
        let driver = Command::new("WebKitWebDriver")
            .arg(format!("--port={port}"))
            .arg("--host=127.0.0.1")
            .env("DISPLAY", display.name())
            .env_remove("WAYLAND_DISPLAY")
            .env("WITNESSMARK_HOME", launch.home)
            .env("WITNESSMARK_KEYRING", "none")
            // Without it the web view takes no orders and the session never begins.
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("WebKitWebDriver does not start ({e}); on Debian and Ubuntu it is in the package webkit2gtk-driver"))?;
        let mut window = Self {
            driver,
            port,
            session: String::new(),
            display,
        };
        wait_for("WebKitWebDriver", || {
            Ok(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok())
        })?;
        let begun = window.call(
            "POST",
            "/session",
            &json!({ "capabilities": { "alwaysMatch": { "webkitgtk:browserOptions": {
                "binary": launch.app, "args": launch.args } } } }),
        )?;
        window.session = begun["sessionId"]
            .as_str()
            .ok_or("the driver gave no session")?
            .to_owned();
        window.order(
            "POST",
            "/window/rect",
            &json!({ "x": 0, "y": 0, "width": width, "height": height }),
        )?;
        Ok(window)
    }

    /// Runs a function body in the page and gives back what it returns.
    pub fn run(&self, script: &str, args: &[Value]) -> Result<Value> {
        self.order(
            "POST",
            "/execute/sync",
            &json!({ "script": script, "args": args }),
        )
    }

    /// Runs a function body that ends by calling `done(value)`, and gives back that value.
    pub fn run_async(&self, script: &str) -> Result<Value> {
        let script = format!("const done = arguments[arguments.length - 1]; {script}");
        self.order(
            "POST",
            "/execute/async",
            &json!({ "script": script, "args": [] }),
        )
    }

    /// Waits until a function body returns something that is neither null nor false, and gives it back.
    pub fn wait(&self, what: &str, script: &str, args: &[Value]) -> Result<Value> {
        wait_for(what, || {
            let value = self.run(script, args)?;
            Ok((!value.is_null() && value != json!(false)).then_some(value))
        })
        .map_err(|error| self.with_page(&*error))
    }

    /// A complaint with the text that the window shows, so that one who reads it elsewhere sees what stood there instead.
    fn with_page(&self, error: &dyn std::error::Error) -> Box<dyn std::error::Error> {
        let shown = self.run("return document.body.innerText", &[]);
        let shown = shown.map_or_else(
            |e| e.to_string(),
            |text| text.as_str().unwrap_or_default().to_owned(),
        );
        let shown: String = shown
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .chars()
            .take(PAGE)
            .collect();
        format!("{error}; the window shows: {shown}").into()
    }

    /// Waits for the element with this test id and clicks it.
    pub fn click(&self, test_id: &str) -> Result<()> {
        self.click_css(&by_test_id(test_id))
    }

    /// Waits for the first element that a selector finds and clicks it.
    pub fn click_css(&self, css: &str) -> Result<()> {
        wait_for(&format!("{css} that can be clicked"), || {
            // An element that moves or is covered while the page settles is tried again, as a person would. A click on a
            // disabled one is no error to the driver and does nothing, so it is waited for.
            let Some(element) = self.find(&format!("{css}:not(:disabled)"))? else {
                return Ok(None);
            };
            Ok(self
                .order("POST", &format!("/element/{element}/click"), &json!({}))
                .ok())
        })
        .map_err(|error| self.with_page(&*error))?;
        Ok(())
    }

    /// Empties the field with this test id and types into it; `\u{e007}` is Enter.
    pub fn type_into(&self, test_id: &str, text: &str) -> Result<()> {
        let css = by_test_id(test_id);
        // WebKitWebDriver drops a line feed, while the Return key makes one.
        let text = text.replace('\n', "\u{e006}");
        let element = wait_for(&css, || self.find(&css))?;
        self.order("POST", &format!("/element/{element}/clear"), &json!({}))?;
        self.order(
            "POST",
            &format!("/element/{element}/value"),
            &json!({ "text": text }),
        )?;
        Ok(())
    }

    /// Replaces what the field with this test id holds by a text all at once, as pasting does. The keys of a long text,
    /// pressed one by one, would outlast the driver's patience.
    pub fn insert(&self, test_id: &str, text: &str) -> Result<()> {
        let css = by_test_id(test_id);
        self.wait(
            &format!("{css} to take a text"),
            "const e = document.querySelector(arguments[0]);
             if (!e) return null;
             e.focus();
             e.select();
             return document.execCommand('insertText', false, arguments[1])",
            &[json!(css), json!(text)],
        )?;
        Ok(())
    }

    /// Waits for the choice or field with this test id and gives it a value, as choosing or typing would.
    pub fn choose(&self, test_id: &str, value: &str) -> Result<()> {
        let css = by_test_id(test_id);
        self.wait(
            &format!("{css} to take `{value}`"),
            "const e = document.querySelector(arguments[0]);
             if (!e) return null;
             const kind = e instanceof HTMLSelectElement ? HTMLSelectElement : HTMLInputElement;
             Object.getOwnPropertyDescriptor(kind.prototype, 'value').set.call(e, arguments[1]);
             e.dispatchEvent(new Event('input', { bubbles: true }));
             e.dispatchEvent(new Event('change', { bubbles: true }));
             return e.value === arguments[1]",
            &[json!(css), json!(value)],
        )?;
        Ok(())
    }

    /// Presses keys where the focus is.
    pub fn press(&self, keys: &str) -> Result<()> {
        let actions: Vec<Value> = keys
            .chars()
            .flat_map(|key| {
                [
                    json!({ "type": "keyDown", "value": key }),
                    json!({ "type": "keyUp", "value": key }),
                ]
            })
            .collect();
        self.order(
            "POST",
            "/actions",
            &json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": actions }] }),
        )?;
        Ok(())
    }

    /// Waits for the element with this test id and gives its text as it stands in the document.
    pub fn text(&self, test_id: &str) -> Result<String> {
        let found = self.wait(
            &by_test_id(test_id),
            "const e = document.querySelector(arguments[0]); return e ? [e.textContent] : null",
            &[json!(by_test_id(test_id))],
        )?;
        Ok(found[0].as_str().unwrap_or_default().to_owned())
    }

    /// Waits until the text of an element contains something, and gives the whole of it.
    pub fn text_with(&self, test_id: &str, part: &str) -> Result<String> {
        let found = self.wait(
            &format!("{} with the text `{part}`", by_test_id(test_id)),
            "const e = document.querySelector(arguments[0]);
             return e && e.textContent.includes(arguments[1]) ? [e.textContent] : null",
            &[json!(by_test_id(test_id)), json!(part)],
        )?;
        Ok(found[0].as_str().unwrap_or_default().to_owned())
    }

    /// Drags files over the middle of the window, as a file manager would; they are still held.
    pub fn drag(&self, paths: &[&Path]) -> Result<Drag> {
        Drag::over(self.display.name(), paths)
    }

    /// Waits for a dialog that the system draws, by its title.
    pub fn dialog(&self, title: &str) -> Result<SystemDialog> {
        SystemDialog::find(self.display.name(), title)
    }

    /// The whole screen, with the dialogs that the system draws.
    pub fn screen(&self) -> Result<Picture> {
        self.display.picture()
    }

    /// Answers the dialog of the system that asks for a file or folder: waits for it, types the path and presses Enter.
    pub fn answer_chooser(&self, path: &Path) -> Result<()> {
        crate::chooser::answer(self.display.name(), path)
    }

    /// A screenshot of what is painted. Fails when nothing is.
    pub fn picture(&self) -> Result<Picture> {
        // A frame is painted between two callbacks; before that a screenshot shows the page that was.
        self.run_async(
            "document.fonts.ready.then(() => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))",
        )?;
        let encoded = self.order("GET", "/screenshot", &Value::Null)?;
        let encoded = encoded.as_str().ok_or("the driver gave no picture")?;
        let picture = Picture::decode(base64::engine::general_purpose::STANDARD.decode(encoded)?)?;
        picture.check()?;
        Ok(picture)
    }

    /// A screenshot of a window in which nothing changes any more: two in a row are the same.
    pub fn settled_picture(&self) -> Result<Picture> {
        let mut last = self.picture()?;
        wait_for("the window to come to rest", || {
            sleep(Duration::from_millis(250));
            let now = self.picture()?;
            let before = std::mem::replace(&mut last, now);
            Ok((before == last).then(|| last.clone()))
        })
    }

    fn find(&self, css: &str) -> Result<Option<String>> {
        let asked = json!({ "using": "css selector", "value": css });
        let found = self.order("POST", "/elements", &asked)?;
        Ok(found[0][ELEMENT].as_str().map(str::to_owned))
    }

    fn order(&self, method: &str, path: &str, body: &Value) -> Result<Value> {
        self.call(method, &format!("/session/{}{path}", self.session), body)
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> Result<Value> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        stream.set_read_timeout(Some(PATIENCE * 2))?;
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.port,
            body.len(),
        )?;
        let answer: Value = serde_json::from_slice(&read_body(stream)?)?;
        let value = answer["value"].clone();
        if let Some(error) = value["error"].as_str() {
            let message = value["message"].as_str().unwrap_or_default();
            return Err(format!("{method} {path}: {error}: {message}").into());
        }
        Ok(value)
    }
}

impl Drop for RealWindow {
    fn drop(&mut self) {
        // Ending the session ends the application; ending the driver alone would leave it running.
        if !self.session.is_empty() {
            let _ = self.order("DELETE", "", &Value::Null);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

fn by_test_id(test_id: &str) -> String {
    format!("[data-testid=\"{test_id}\"]")
}

fn read_body(stream: TcpStream) -> Result<Vec<u8>> {
    let mut reader = BufReader::new(stream);
    let mut length = None;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = Some(value.trim().parse::<usize>()?);
        }
    }
    let mut body = Vec::new();
    match length {
        Some(length) => {
            body.resize(length, 0);
            reader.read_exact(&mut body)?;
        }
        None => drop(reader.read_to_end(&mut body)?),
    }
    Ok(body)
}

fn wait_for<T>(what: &str, mut look: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let begun = Instant::now();
    loop {
        match look() {
            Ok(Some(found)) => return Ok(found),
            // The page may be between two documents; the last complaint is told when time is up.
            Err(error) if begun.elapsed() > PATIENCE => {
                return Err(format!("waited for {what}: {error}").into());
            }
            Ok(None) if begun.elapsed() > PATIENCE => {
                return Err(format!("waited for {what} in vain").into());
            }
            _ => sleep(Duration::from_millis(50)),
        }
    }
}
