//! The slot ruler: a table of 16,384 slots, not a ring.

use slotscope_core::slot::SLOTS;
use yew::prelude::*;

use super::{Screen, letter};
use crate::{
    model::{Msg, Tab},
    scene::{Segment, layout::on_ruler},
    t,
    words::grouped,
};

const TICKS: [u32; 5] = [0, 4096, 8192, 12_288, 16_383];

/// The ruler with its ticks.
pub(super) fn ruler(s: Screen<'_>) -> Html {
    let scene = &s.page.scene;
    let ticks = TICKS.iter().map(|slot| {
        let left = format!("left:{:.3}%", on_ruler(*slot, 100.0));
        html! { <span class="tick" style={left}>{ grouped(u64::from(*slot)) }</span> }
    });
    html! {
        <section class="ruler" aria-label={t!(s.words, "ruler")}>
            <div class="ruler-band">
                { for scene.ruler.iter().map(|segment| piece(s, segment)) }
                { needle(s) }
            </div>
            <div class="ruler-ticks" aria-hidden="true">{ for ticks }</div>
        </section>
    }
}

/// Where the key that is being typed belongs.
fn needle(s: Screen<'_>) -> Html {
    let Some(needle) = s.page.console.needle().filter(|_| s.page.tab == Tab::Console) else {
        return Html::default();
    };
    let slot = needle.slot.get();
    let left = format!("left:{:.3}%", on_ruler(u32::from(slot), 100.0));
    // Near the right end the number stands on the other side of the needle.
    let class = if slot > SLOTS / 10 * 9 { "needle turned" } else { "needle" };
    html! {
        <span {class} style={left} data-testid="needle" data-slot={slot.to_string()}>
            { slot }
        </span>
    }
}

fn piece(s: Screen<'_>, segment: &Segment) -> Html {
    let (page, w) = (s.page, s.words);
    let style = format!(
        "left:{:.4}%;width:{:.4}%",
        on_ruler(u32::from(segment.from), 100.0),
        on_ruler(segment.len(), 100.0)
    );
    let (from, to) = (segment.from.to_string(), segment.to.to_string());
    let Some(owner) = segment.owner else {
        return html! {
            <div
                class="segment uncovered"
                {style}
                data-testid="segment"
                data-from={from}
                data-to={to}
                data-owner=""
                data-epoch="0"
                data-served="false"
            ><span class="segment-text">{ t!(w, "uncovered") }</span></div>
        };
    };
    let port = page.picture.port(owner);
    let served = page.picture.is_up(owner);
    let shard = letter(segment.shard);
    let title = t!(
        w,
        "segment-title",
        from = from.clone(),
        to = to.clone(),
        port = port.to_string(),
        shard = shard.clone(),
        epoch = segment.epoch
    );
    let rivals = segment.rivals.iter().map(|(host, epoch)| {
        let title =
            t!(w, "segment-rival", port = page.picture.port(*host).to_string(), epoch = *epoch);
        html! { <span class="flag hollow" {title}>{ format!("⚑{epoch}") }</span> }
    });
    html! {
        <button
            class={classes!(
                "segment", Screen::shard_class(segment.shard), (!served).then_some("orphaned")
            )}
            {style}
            aria-label={title.clone()}
            {title}
            data-testid="segment"
            data-from={from}
            data-to={to}
            data-owner={port.to_string()}
            data-epoch={segment.epoch.to_string()}
            data-served={served.to_string()}
            onclick={s.on(Msg::NodeChosen(owner))}
        >
            <span class="segment-text">
                <b>{ shard }</b>
                <span class="segment-port">{ port }</span>
                <span class="flag">{ format!("⚑{}", segment.epoch) }</span>
                { for rivals }
            </span>
        </button>
    }
}
