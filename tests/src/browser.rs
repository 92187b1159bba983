//! A real Chromium behind the local chromedriver, which is always closed again.
//!
//! Elements are found by `data-testid` and read by `data-*` attributes (`web/TESTIDS.md`), never
//! by class or by words.

use std::{
    fs,
    future::Future,
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

use fantoccini::{Client, ClientBuilder, Locator, elements::Element, error::CmdError};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    places,
    process::{Process, wait_for},
};

/// How long a page may take for anything.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// One tab.
#[derive(Clone, Debug)]
pub struct Page {
    client: Client,
}

/// Opens a browser, gives its tab to `body`, and closes it whether `body` panics or not. When it
/// does, the last picture is kept in `target/browser/<name>.png`.
pub fn drive<F: Future<Output = ()> + 'static>(name: &str, body: impl FnOnce(Page) -> F) {
    let folder = TempDir::new().unwrap();
    let driver = Driver::start(&folder);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let tasks = tokio::task::LocalSet::new();
    let outcome = tasks.block_on(&runtime, async {
        let page = Page::open(driver.port, &folder).await;
        // A task of its own, because a task's panic comes back as a value.
        let outcome = tokio::task::spawn_local(body(page.clone())).await;
        if outcome.is_err() {
            page.keep_picture(name).await;
        }
        // The driver may be gone already; it is killed below in any case.
        drop(page.client.close().await);
        outcome
    });
    drop(driver);
    if let Err(error) = outcome {
        std::panic::resume_unwind(error.into_panic());
    }
}

/// Chromedriver, and with it every browser that it started.
#[derive(Debug)]
struct Driver {
    process: Process,
    port: u16,
}

impl Driver {
    fn start(folder: &TempDir) -> Self {
        let mut command = Command::new("chromedriver");
        let process = Process::spawn("chromedriver", command.arg("--port=0"), folder.path());
        let port = wait_for("chromedriver names its port", PATIENCE, || {
            let log = process.log();
            let rest = log.split_once("successfully on port ")?.1;
            rest.split_once('.')?.0.parse().ok()
        });
        Self { process, port }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // A driver that is killed leaves its browser behind, so the browser goes first.
        for pid in children(self.process.pid()) {
            drop(Command::new("kill").args(["-9", &pid.to_string()]).output());
        }
    }
}

/// The processes that `parent` started, by the kernel's own list.
fn children(parent: u32) -> Vec<u32> {
    let list = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"));
    let list = list.unwrap_or_default();
    list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}

impl Page {
    async fn open(port: u16, folder: &TempDir) -> Self {
        let profile = folder.path().join("profile");
        let options = json!({ "args": [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--disable-dev-shm-usage", "--force-device-scale-factor=1", "--window-size=1440,900",
            format!("--user-data-dir={}", profile.display()),
        ]});
        let Value::Object(capabilities) = json!({ "goog:chromeOptions": options }) else {
            unreachable!("an object is an object")
        };
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("chromedriver opens a session");
        Self { client }
    }

    /// Goes to an address.
    pub async fn goto(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    /// Loads the page again.
    pub async fn reload(&self) {
        self.client.refresh().await.unwrap();
    }

    /// Makes the window that large.
    pub async fn resize(&self, width: u32, height: u32) {
        self.client.set_window_size(width, height).await.unwrap();
    }

    /// Clicks the element that `css` selects, when it is there and can be clicked. It is brought
    /// into the middle first, as a reader does: at an edge a bar may lie above it.
    pub async fn click(&self, css: &str) {
        let script = "const e = document.querySelector(arguments[0]); \
                      if (e !== null) e.scrollIntoView({ block: 'center' });";
        self.run(script, vec![json!(css)]).await;
        self.poll(&format!("a click on {css}"), async || {
            match self.client.find(Locator::Css(css)).await {
                Ok(element) => element.click().await.ok(),
                Err(_) => None,
            }
        })
        .await;
    }

    /// Chooses in a `<select>`.
    pub async fn select(&self, css: &str, value: &str) {
        self.find(css).await.select_by_value(value).await.unwrap();
    }

    /// The element that `css` selects, as soon as there is one.
    pub async fn find(&self, css: &str) -> Element {
        self.poll(css, async || self.client.find(Locator::Css(css)).await.ok()).await
    }

    /// How many elements `css` selects now.
    pub async fn count(&self, css: &str) -> usize {
        self.client.find_all(Locator::Css(css)).await.unwrap().len()
    }

    /// An attribute of the element that `css` selects now; `None` when either is missing.
    pub async fn attr(&self, css: &str, name: &str) -> Option<String> {
        let script = "const e = document.querySelector(arguments[0]); \
                      return e === null ? null : e.getAttribute(arguments[1]);";
        self.run(script, vec![json!(css), json!(name)]).await.as_str().map(str::to_owned)
    }

    /// An attribute that is a number.
    pub async fn number(&self, css: &str, name: &str) -> Option<u64> {
        self.attr(css, name).await?.parse().ok()
    }

    /// The text that a reader sees in the element that `css` selects now.
    pub async fn text(&self, css: &str) -> Option<String> {
        let script = "const e = document.querySelector(arguments[0]); \
                      return e === null ? null : e.innerText;";
        self.run(script, vec![json!(css)]).await.as_str().map(str::to_owned)
    }

    /// Waits until `css` selects something.
    pub async fn await_there(&self, css: &str) {
        self.find(css).await;
    }

    /// Waits until `css` selects something, however long the story takes.
    pub async fn await_within(&self, css: &str, deadline: Duration) {
        let look = async || (self.count(css).await > 0).then_some(());
        self.poll_within(css, deadline, look).await;
    }

    /// Runs JavaScript; `return` gives the answer.
    pub async fn run(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.client.execute(script, arguments).await.unwrap()
    }

    /// Runs JavaScript that answers through its last argument.
    ///
    /// # Errors
    /// What the browser says, e.g. that the script threw.
    pub async fn run_async(&self, script: &str, arguments: Vec<Value>) -> Result<Value, CmdError> {
        self.client.execute_async(script, arguments).await
    }

    /// Looks until `look` returns something.
    pub async fn poll<T>(&self, what: &str, look: impl AsyncFn() -> Option<T>) -> T {
        self.poll_within(what, PATIENCE, look).await
    }

    /// As [`Page::poll`] with another deadline.
    pub async fn poll_within<T>(
        &self,
        what: &str,
        deadline: Duration,
        look: impl AsyncFn() -> Option<T>,
    ) -> T {
        let until = Instant::now() + deadline;
        loop {
            if let Some(found) = look().await {
                return found;
            }
            assert!(Instant::now() < until, "not within {deadline:?}: {what}");
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    /// Keeps a picture as `target/browser/<name>.png`.
    pub async fn keep_picture(&self, name: &str) -> Option<PathBuf> {
        let path = places::target().join("browser").join(format!("{name}.png"));
        let picture = self.client.screenshot().await.ok()?;
        fs::create_dir_all(path.parent()?).ok()?;
        fs::write(&path, picture).ok()?;
        eprintln!("a picture is in {}", path.display());
        Some(path)
    }
}

/// The selector of a `data-testid`.
#[must_use]
pub fn id(testid: &str) -> String {
    format!("[data-testid=\"{testid}\"]")
}

/// The selector of a `data-testid` with attributes: `with("node", &[("data-node", "7002")])`.
#[must_use]
pub fn with(testid: &str, attributes: &[(&str, &str)]) -> String {
    let mut css = id(testid);
    for (name, value) in attributes {
        css.push_str(&format!("[{name}=\"{value}\"]"));
    }
    css
}
