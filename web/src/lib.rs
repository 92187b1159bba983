//! The page: a picture of what each node of a cluster believes, and why.
//!
//! Elm-shaped. `model`, `source`, `scene` and `words` are pure and tested on the host; only
//! `platform`, `paint` and `view` need a browser and are compiled for wasm alone. No protocol
//! rule lives here: the page shows what the core decided.

pub mod model;
pub mod scene;
pub mod source;
pub mod words;

#[cfg(target_arch = "wasm32")]
mod paint;
#[cfg(target_arch = "wasm32")]
mod platform;
#[cfg(target_arch = "wasm32")]
mod view;

/// Mounts the page.
#[cfg(target_arch = "wasm32")]
pub fn start() {
    view::start();
}
