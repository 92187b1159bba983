//! `slotscope lab`: the page, served on loopback.

mod assets;
mod serve;

use std::{
    net::{Ipv4Addr, SocketAddr},
    process::{Command, Stdio},
};

use anyhow::{Context as _, bail};
use tokio::{net::TcpListener, runtime, signal};

use self::assets::Assets;
use crate::{cli::LabArgs, terminal::say};

/// Where the lab is found unless somebody else is there.
const PORT: u16 = 7379;

/// Serves the lab until Ctrl-C.
pub(crate) fn run(args: &LabArgs) -> anyhow::Result<()> {
    let assets = match &args.dist {
        Some(dist) if !dist.join("index.html").is_file() => {
            bail!("{} has no index.html: `cargo lab-build` builds the page", dist.display());
        }
        Some(dist) => Assets::Folder(dist.clone()),
        None => Assets::Embedded,
    };
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the lab")?;
    runtime.block_on(async {
        let listener = listen(args.port).await?;
        let at = listener.local_addr().context("cannot tell the lab's own address")?;
        let url = format!("http://{at}/");
        say(&format!("Slotscope lab: {url}"));
        if !args.no_open {
            open_browser(&url);
        }
        tokio::select! {
            ended = serve::serve(listener, assets) => ended.context("the lab's server failed"),
            stopped = signal::ctrl_c() => {
                stopped.context("cannot listen for Ctrl-C")?;
                say("");
                Ok(())
            }
        }
    })
}

/// The port that was asked for; else the usual one, or any free one if that is taken.
async fn listen(asked: Option<u16>) -> anyhow::Result<TcpListener> {
    let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    match asked {
        Some(port) => TcpListener::bind(at(port))
            .await
            .with_context(|| format!("cannot listen on port {port} of this machine")),
        None => match TcpListener::bind(at(PORT)).await {
            Ok(listener) => Ok(listener),
            Err(_) => {
                TcpListener::bind(at(0)).await.context("cannot listen on any port of this machine")
            }
        },
    }
}

/// Opens the page where there is a screen; the printed address does for everybody else.
fn open_browser(url: &str) {
    let opener = if cfg!(target_os = "macos") {
        "open"
    } else {
        let has_screen = ["DISPLAY", "WAYLAND_DISPLAY"]
            .iter()
            .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
        if !has_screen {
            return;
        }
        "xdg-open"
    };
    let quiet = Command::new(opener)
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    // No such program: the address is printed anyway.
    drop(quiet);
}
