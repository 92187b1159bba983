//! What a key means. Each key has a button; keys in a text field or a list stay there.

use yew::KeyboardEvent;

use crate::{
    model::{ClockMsg, ConsoleMsg, Deed, Msg, Overlay, Page, Tab},
    source::picture,
};

/// The message of a key, if it has one now.
pub(super) fn meaning(event: &KeyboardEvent, page: &Page) -> Option<Msg> {
    if event.ctrl_key() || event.meta_key() {
        return (event.key() == "z").then_some(Msg::Did(Deed::Undo));
    }
    if event.alt_key() {
        return None;
    }
    let key = event.key();
    let selected = page.selected.map_or(0, |h| usize::from(h.0));
    let count = page.picture.hosts.len().max(1);
    Some(match key.as_str() {
        " " => Msg::Clock(ClockMsg::Play),
        "ArrowRight" => Msg::Clock(ClockMsg::Step),
        "ArrowLeft" => Msg::Clock(ClockMsg::StepBack),
        "." => Msg::Clock(ClockMsg::Next),
        "," => Msg::Clock(ClockMsg::Previous),
        "PageDown" => Msg::Lesson(crate::model::LessonMsg::Turned { ahead: true }),
        "PageUp" => Msg::Lesson(crate::model::LessonMsg::Turned { ahead: false }),
        "[" => Msg::Clock(ClockMsg::Shift { up: false }),
        "]" => Msg::Clock(ClockMsg::Shift { up: true }),
        "Home" => Msg::Clock(ClockMsg::ToStart),
        "End" => Msg::Clock(ClockMsg::ToEnd),
        "ArrowDown" => Msg::NodeFocused(picture::host((selected + 1) % count)),
        "ArrowUp" => Msg::NodeFocused(picture::host((selected + count - 1) % count)),
        "Enter" => Msg::TabChosen(Tab::Node),
        "e" => Msg::EyesTurned { god: false },
        "E" => Msg::EyesTurned { god: true },
        "w" | "W" => Msg::WhyPressed,
        "/" => Msg::Console(ConsoleMsg::Opened),
        "m" | "M" => Msg::TabChosen(Tab::Matrix),
        "k" | "K" => Msg::Did(Deed::Kill),
        "r" | "R" => Msg::Did(Deed::Restart),
        "z" | "Z" => Msg::Did(Deed::Freeze),
        "p" | "P" => Msg::Did(Deed::Wall),
        "x" | "X" => Msg::Did(Deed::Link),
        "l" | "L" => Msg::Folded(Tab::Lesson),
        "i" | "I" => Msg::Folded(Tab::Why),
        "t" | "T" => Msg::DockFolded,
        "s" | "S" => Msg::SharePressed,
        "?" => Msg::Overlaid(Some(Overlay::Keys)),
        "Escape" => Msg::LetGo,
        digit => {
            let n: usize = digit.parse().ok().filter(|n| (1..=9).contains(n))?;
            Msg::NodeFocused(page.nth(n - 1)?)
        }
    })
}
