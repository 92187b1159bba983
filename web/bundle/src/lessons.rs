//! How do lessons get into the bundle?
//!
//! Each language of each lesson is parsed now, so a mistake in a lesson fails the build with its
//! file and line, and the page needs no Markdown. The page fetches `lessons/<id>.<lang>.json`.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};

/// Writes all lessons under `dist/lessons`; returns how many files these are.
pub fn write(lessons: &Path, dist: &Path) -> Result<usize> {
    let folder = dist.join("lessons");
    fs::create_dir_all(&folder)?;
    let all = slotscope_tutorial::load_dir(lessons).context("a lesson cannot be read")?;
    for (_, lesson) in &all {
        let name = format!("{}.{}.json", lesson.id, lesson.lang);
        fs::write(folder.join(&name), serde_json::to_vec(lesson)?)
            .with_context(|| format!("cannot write {name}"))?;
    }
    Ok(all.len())
}
