//! The configuration file, replaced whole or not at all.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::Path,
};

use slotscope_core::config::Config;

use super::super::disk::sync_folder;

/// Brings the file up to date with the directives in force.
pub(super) fn rewrite(path: &Path, config: &Config) -> io::Result<()> {
    let old = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let temp = path.with_file_name(name);
    let written = File::create(&temp).and_then(|mut file| {
        file.write_all(config.rewrite(&old).as_bytes())?;
        // Whoever may read it now may read it then.
        if let Ok(was) = fs::metadata(path) {
            file.set_permissions(was.permissions())?;
        }
        file.sync_all()
    });
    let placed = written.and_then(|()| fs::rename(&temp, path));
    if placed.is_err() {
        drop(fs::remove_file(&temp));
    }
    placed?;
    sync_folder(path)
}
