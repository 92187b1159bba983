//! Markdown to blocks: how a lesson is written.
//!
//! A lesson is a folder `NN-name` with `plan.txt` (see `plan`) and `lesson.<lang>.md` for each
//! language. The Markdown is plain: front matter, `## Title {#id}` for each step, paragraphs,
//! lists, tables, and fenced blocks with a type (see `fence`). Words of the glossary are links:
//! `[suspected](term:pfail)`. Raw HTML, images and nested lists are refused: the page renders
//! blocks and nothing else.

mod body;
mod fence;
mod front;
mod inline;
mod plan;

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{lesson::Lesson, runner::Runner};

/// A lesson file cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{}:{line}: {what}", .file.display())]
pub struct LessonError {
    /// The file.
    pub file: PathBuf,
    /// Its line, from 1; 0 when the file as a whole is meant.
    pub line: usize,
    /// What is wrong.
    pub what: String,
}

/// What is wrong, at a line of the text that is being read.
#[derive(Debug)]
struct Wrong {
    line: usize,
    what: String,
}

impl Wrong {
    fn at(line: usize, what: impl Into<String>) -> Self {
        Self { line, what: what.into() }
    }

    fn within(self, file: &Path) -> LessonError {
        LessonError { file: file.into(), line: self.line, what: self.what }
    }
}

/// Reads every language of every lesson under `lessons`, in the order of folders and languages.
///
/// # Errors
/// The first file that cannot be read, with its line.
pub fn load_dir(lessons: &Path) -> Result<Vec<(String, Lesson)>, LessonError> {
    let mut found = Vec::new();
    for folder in sorted(lessons)?.into_iter().filter(|path| path.is_dir()) {
        let file = folder.join("plan.txt");
        let plan = plan::parse(&text(&file)?).map_err(|wrong| wrong.within(&file))?;
        for file in sorted(&folder)? {
            let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let Some(lang) = name.strip_prefix("lesson.").and_then(|n| n.strip_suffix(".md"))
            else {
                continue;
            };
            let lesson = parse(&text(&file)?, plan.clone()).map_err(|wrong| wrong.within(&file))?;
            let id = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if lesson.lang != lang || !id.starts_with(&format!("{}-", lesson.id)) {
                let what = "id and lang must be those of the folder and the file name";
                return Err(Wrong::at(0, what).within(&file));
            }
            found.push((lang.to_owned(), lesson));
        }
    }
    Ok(found)
}

/// Reads one lesson in one language.
fn parse(text: &str, plan: slotscope_core::sim::Plan) -> Result<Lesson, Wrong> {
    let (front, body, first_line) = front::split(text)?;
    let mut lesson = front::parse(front, plan)?;
    lesson.steps = body::parse(body, first_line, &lesson.plan)?;
    Runner::new(&lesson).map_err(|error| Wrong::at(0, error.to_string()))?;
    Ok(lesson)
}

fn text(file: &Path) -> Result<String, LessonError> {
    fs::read_to_string(file).map_err(|error| Wrong::at(0, error.to_string()).within(file))
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>, LessonError> {
    let list = || -> std::io::Result<Vec<PathBuf>> {
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect()
    };
    let mut paths = list().map_err(|error| Wrong::at(0, error.to_string()).within(folder))?;
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests;
