//! The browser: clock, address, storage, clipboard, network, focus. Together with `paint` the
//! only place that names `web_sys`.

mod frame;
mod panic;

pub use frame::every_frame;
pub use panic::show_panics;

use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Document, Element, HtmlElement, HtmlInputElement, HtmlSelectElement, Window};

fn window() -> Option<Window> {
    web_sys::window()
}

fn document() -> Option<Document> {
    window()?.document()
}

/// The element the page is mounted on.
pub fn root() -> Option<Element> {
    document()?.get_element_by_id("slotscope")
}

/// Milliseconds of screen time.
pub fn now_ms() -> f64 {
    window().and_then(|w| w.performance()).map_or(0.0, |p| p.now())
}

/// The languages the reader prefers, best first.
pub fn languages() -> Vec<String> {
    let Some(navigator) = window().map(|w| w.navigator()) else { return Vec::new() };
    navigator.languages().iter().filter_map(|l| l.as_string()).collect()
}

/// Whether a media query holds.
pub fn media(query: &str) -> bool {
    let list = window().and_then(|w| w.match_media(query).ok().flatten());
    list.is_some_and(|l| l.matches())
}

/// The part of the address from `#` on.
pub fn fragment() -> String {
    window().and_then(|w| w.location().hash().ok()).unwrap_or_default()
}

/// The part of the address from `?` to `#`.
pub fn query() -> String {
    window().and_then(|w| w.location().search().ok()).unwrap_or_default()
}

/// Puts `fragment` into the address, as a new page of the history.
pub fn go_to(fragment: &str) {
    if let Some(window) = window() {
        // A refused address (a frame without permission) leaves the page as it is.
        window.location().set_hash(fragment).unwrap_or(());
    }
}

/// The whole address with another fragment.
pub fn address_with(fragment: &str) -> String {
    let href = window().and_then(|w| w.location().href().ok()).unwrap_or_default();
    format!("{}{fragment}", href.split('#').next().unwrap_or(""))
}

/// Calls `then` whenever the fragment changes, as long as the page lives.
pub fn on_fragment(then: impl Fn(String) + 'static) {
    let listener = Closure::<dyn Fn()>::new(move || then(fragment()));
    if let Some(window) = window() {
        window.set_onhashchange(Some(listener.as_ref().unchecked_ref()));
    }
    listener.into_js_value();
}

/// A setting kept from an earlier visit.
pub fn remembered(key: &str) -> Option<String> {
    window()?.local_storage().ok()??.get_item(&format!("slotscope-{key}")).ok()?
}

/// Keeps a setting for the next visit; a browser that refuses only forgets.
pub fn remember(key: &str, value: &str) {
    if let Some(storage) = window().and_then(|w| w.local_storage().ok().flatten()) {
        storage.set_item(&format!("slotscope-{key}"), value).unwrap_or(());
    }
}

/// Puts text into the clipboard where the browser allows it.
pub fn copy(text: &str) {
    if let Some(window) = window() {
        let clipboard: JsValue = window.navigator().clipboard().into();
        // Pages served over plain http from elsewhere have no clipboard.
        if !clipboard.is_undefined() {
            let done = window.navigator().clipboard().write_text(text);
            wasm_bindgen_futures::spawn_local(async move {
                JsFuture::from(done).await.map(|_| ()).unwrap_or(());
            });
        }
    }
}

/// Fetches a file that lies beside the page.
pub async fn fetch(path: String) -> Result<String, String> {
    let words = |e: JsValue| e.as_string().unwrap_or_else(|| format!("{e:?}"));
    let window = window().ok_or("no window")?;
    let answer = JsFuture::from(window.fetch_with_str(&path)).await.map_err(words)?;
    let answer: web_sys::Response = answer.dyn_into().map_err(words)?;
    if !answer.ok() {
        return Err(format!("{path}: {}", answer.status()));
    }
    let text = JsFuture::from(answer.text().map_err(words)?).await.map_err(words)?;
    text.as_string().ok_or_else(|| format!("{path}: no text"))
}

/// A seed for a run.
pub fn seed() -> u64 {
    // Small enough to be read aloud in a class.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and 999999"
    )]
    let seed = (js_sys::Math::random() * 1_000_000.0) as u64;
    seed
}

/// What the style sheets and assistive tools need to know of the whole document.
pub fn dress(lang: &str, theme: &str, profile: &str, still: bool, title: &str) {
    let Some(document) = document() else { return };
    document.set_title(title);
    let Some(html) = document.document_element() else { return };
    let motion = if still { "reduced" } else { "full" };
    for (name, value) in
        [("lang", lang), ("data-theme", theme), ("data-profile", profile), ("data-motion", motion)]
    {
        if html.get_attribute(name).as_deref() != Some(value) {
            html.set_attribute(name, value).unwrap_or(());
        }
    }
}

/// Moves the focus to the node with this port.
pub fn focus_node(port: u16) {
    let found = document()
        .and_then(|d| d.query_selector(&format!("[data-testid=node][data-node='{port}']")).ok()?);
    if let Some(element) = found.and_then(|e| e.dyn_into::<web_sys::SvgElement>().ok()) {
        element.focus().unwrap_or(());
    }
}

/// Moves the focus to the element with this id.
pub fn focus_id(id: &str) {
    let found = document().and_then(|d| d.get_element_by_id(id));
    if let Some(element) = found.and_then(|e| e.dyn_into::<HtmlElement>().ok()) {
        element.focus().unwrap_or(());
    }
}

/// The value of the field that an event came from.
pub fn value_of(event: &yew::Event) -> String {
    let Some(target) = event.target() else { return String::new() };
    match target.dyn_into::<HtmlInputElement>() {
        Ok(input) => input.value(),
        Err(target) => {
            target.dyn_into::<HtmlSelectElement>().map(|s| s.value()).unwrap_or_default()
        }
    }
}

/// The value of the field that an input event came from.
pub fn value_of_input(event: &yew::InputEvent) -> String {
    let target = event.target().and_then(|t| t.dyn_into::<HtmlInputElement>().ok());
    target.map(|input| input.value()).unwrap_or_default()
}

/// Whether a key belongs to the element it was pressed in rather than to the page.
pub fn key_is_taken(event: &yew::KeyboardEvent) -> bool {
    let Some(element) = event.target().and_then(|t| t.dyn_into::<Element>().ok()) else {
        return false;
    };
    let tag = element.tag_name();
    let key = event.key();
    match tag.to_ascii_uppercase().as_str() {
        "INPUT" => {
            // A slider keeps its own arrows; an answer keeps its arrows and Space.
            let kind = element.get_attribute("type").unwrap_or_default();
            kind != "range" || key.starts_with("Arrow") || key == "Home" || key == "End"
        }
        "SELECT" | "TEXTAREA" => true,
        "BUTTON" | "A" | "SUMMARY" => key == " " || key == "Enter",
        _ => false,
    }
}
