//! How do programs that are no crates get onto the machine?
//!
//! On Debian by apt-get, as root or through a sudo that asks nothing. Anywhere else, and without
//! those rights, the answer is one sentence that says what to install. A test whose peer is
//! missing fails: it is never skipped.

use std::process::Command;

use anyhow::{Result, bail};

use crate::run;

/// A program, and the Debian package that brings it.
#[derive(Clone, Copy, Debug)]
pub struct Need {
    /// What is looked for: a program on the path, or a file.
    pub program: &'static str,
    /// Its package.
    pub package: &'static str,
}

/// A real peer, and the real tools that talk to it.
pub const REDIS: &[Need] = &[
    Need { program: "redis-server", package: "redis-server" },
    Need { program: "redis-cli", package: "redis-tools" },
    Need { program: "redis-benchmark", package: "redis-tools" },
];

/// The languages of the client libraries, with their package managers.
pub const CLIENTS: &[Need] = &[
    Need { program: "python3", package: "python3" },
    Need { program: "pip3", package: "python3-pip" },
    Need { program: "node", package: "nodejs" },
    Need { program: "npm", package: "npm" },
];

/// A browser, its driver, and letters for Chinese.
pub const BROWSER: &[Need] = &[
    Need { program: "chromium", package: "chromium" },
    Need { program: "chromedriver", package: "chromium-driver" },
    Need {
        program: "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
        package: "fonts-noto-cjk",
    },
];

/// Sees to it that all of `needs` are there.
pub fn ensure(needs: &[Need]) -> Result<()> {
    let missing: Vec<&str> =
        needs.iter().filter(|need| !is_met(need)).map(|need| need.package).collect();
    if missing.is_empty() { Ok(()) } else { install(&missing) }
}

fn is_met(need: &Need) -> bool {
    if need.program.starts_with('/') {
        // Only Debian's place for it is known; elsewhere the system has its own fonts.
        !is_debian() || std::path::Path::new(need.program).exists()
    } else {
        run::is_there(need.program)
    }
}

/// Installs Debian packages, or says what to do.
pub fn install(packages: &[&str]) -> Result<()> {
    let list = packages.join(" ");
    if !is_debian() || !run::is_there("apt-get") {
        bail!("please install what these Debian packages contain, then run this again: {list}");
    }
    if !can_be_root() {
        bail!("please run this once, then try again: sudo apt-get install {list}");
    }
    run::say(&format!("installing by apt-get: {list}"));
    // A new machine's list of packages is as old as its image: what it names may be gone, or be
    // years behind (its `rustc-web` was, by eleven versions). Where no list can be had, the one
    // that is there has to do.
    if run::run(as_root("apt-get").args(["update", "-qq"])).is_err() {
        run::say("apt-get cannot update its list of packages; going on with the one it has");
    }
    apt_install(packages)
}

fn apt_install(packages: &[&str]) -> Result<()> {
    let mut command = as_root("env");
    command.args([
        "DEBIAN_FRONTEND=noninteractive",
        "apt-get",
        "install",
        "-y",
        "-qq",
        "--no-install-recommends",
        "-o",
        "Dpkg::Use-Pty=0",
    ]);
    run::run(command.args(packages).stdout(std::process::Stdio::null()))
}

/// Whether this is Debian.
pub fn is_debian() -> bool {
    std::fs::read_to_string("/etc/os-release")
        .is_ok_and(|text| text.lines().any(|line| line == "ID=debian"))
}

/// Whether [`as_root`] will work without asking anybody.
pub fn can_be_root() -> bool {
    is_root() || run::quiet(Command::new("sudo").args(["-n", "true"])).is_some()
}

/// A command with root's rights.
pub fn as_root(program: &str) -> Command {
    if is_root() {
        run::command(program)
    } else {
        let mut command = run::command("sudo");
        command.args(["-n", program]);
        command
    }
}

fn is_root() -> bool {
    run::quiet(Command::new("id").arg("-u")).as_deref() == Some("0")
}
