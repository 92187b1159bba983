//! When the page itself breaks: a card with the words, never a blank page.

use std::panic::PanicHookInfo;

/// From now on a panic shows a card. WebAssembly stops at it; the rest of the page stays to read.
pub fn show_panics() {
    std::panic::set_hook(Box::new(show));
}

fn show(info: &PanicHookInfo<'_>) {
    let words = info.to_string();
    web_sys::console::error_1(&words.clone().into());
    let Some(document) = web_sys::window().and_then(|w| w.document()) else { return };
    let (Ok(card), Some(body)) = (document.create_element("section"), document.body()) else {
        return;
    };
    card.set_attribute("data-testid", "panic-card").unwrap_or(());
    card.set_attribute("role", "alert").unwrap_or(());
    card.set_class_name("panic");
    let add = |tag: &str, text: &str| {
        if let Ok(line) = document.create_element(tag) {
            line.set_text_content(Some(text));
            card.append_child(&line).map(|_| ()).unwrap_or(());
        }
    };
    add("h2", "Slotscope stopped · Slotscope 停止了");
    add(
        "p",
        "This is a fault of the program, not of yours. Reload the page; a copied link still holds \
         the run. / 这是程序的错误，与你的操作无关。请刷新页面；复制过的链接仍保存着这次运行。",
    );
    add("pre", &words);
    if let Ok(link) = document.create_element("a") {
        link.set_attribute("href", "").unwrap_or(());
        link.set_text_content(Some("Reload · 刷新"));
        card.append_child(&link).map(|_| ()).unwrap_or(());
    }
    body.append_child(&card).map(|_| ()).unwrap_or(());
}
