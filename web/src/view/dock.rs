//! Transport, marker row, space-time strip.

use yew::prelude::*;

use slotscope_core::time::Instant;

use super::{Screen, app::Event, strip};
use crate::{
    model::{ClockMsg, FIXED, Msg, Overlay, Speed, TempoWhy},
    platform, t,
    words::{self, seconds},
};

/// The dock under the stage.
pub(super) fn dock(s: Screen<'_>) -> Html {
    html! {
        <footer class="dock" aria-label={t!(s.words, "timeline")}>
            { transport(s) }
            { markers(s) }
            { strip::strip(s) }
        </footer>
    }
}

/// Start, back, play, step, next, speed, and where the clock stands.
pub(super) fn transport(s: Screen<'_>) -> Html {
    let (page, w) = (s.page, s.words);
    let button =
        |id: &'static str, path: &'static str, text: String, key: &'static str, msg: ClockMsg| {
            html! {
                <button
                    class="icon"
                    data-testid={id}
                    aria-label={text.clone()}
                    title={format!("{text} ({key})")}
                    onclick={s.on(Msg::Clock(msg))}
                >{ icon(path) }</button>
            }
        };
    let playing = page.play.playing;
    let play_text = if playing { t!(w, "pause") } else { t!(w, "play") };
    html! {
        <div class="transport">
            { button("to-start", "M4 4v12M16 4v12l-9-6z", t!(w, "to-start"), "Home", ClockMsg::ToStart) }
            { button("step-back", "M14 4v12l-9-6z", t!(w, "step-back"), "←", ClockMsg::StepBack) }
            <button
                class="icon play"
                data-testid="play"
                aria-pressed={playing.to_string()}
                aria-label={play_text.clone()}
                title={format!("{play_text} (Space)")}
                onclick={s.on(Msg::Clock(ClockMsg::Play))}
            >{ icon(if playing { "M6 4v12M13 4v12" } else { "M5 3v14l12-7z" }) }</button>
            { button("step", "M6 4v12l9-6z", t!(w, "step"), "→", ClockMsg::Step) }
            { button("next-interesting", "M4 4v12l9-6zM16 4v12", t!(w, "next-interesting"), ".", ClockMsg::Next) }
            { speed(s) }
            <span class="tempo" aria-live="off">{ tempo(s) }</span>
            <span class="grow" />
            <span class="clock" data-testid="clock">
                <b>{ page.picture.now.to_string() }</b>{ " s" }
            </span>
            <span class="fact">{ t!(w, "epoch") }{ " " }<b>{ page.picture.epoch() }</b></span>
            <button
                class="quiet"
                data-testid="run-about"
                onclick={s.on(Msg::Overlaid(Some(Overlay::Run)))}
            >{ t!(w, "seed") }{ " " }<b>{ page.sim.world().plan().seed }</b></button>
        </div>
    }
}

/// Drawn, because not every machine has a face with these signs.
fn icon(path: &'static str) -> Html {
    html! {
        <svg class="sign" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true"><path d={path} /></svg>
    }
}

fn speed(s: Screen<'_>) -> Html {
    let chosen = s.page.play.speed;
    let onchange = s.link.batch_callback(|e: yew::Event| {
        let speed = Speed::of_id(&platform::value_of(&e))?;
        Some(Event::Page(Msg::Clock(ClockMsg::Speed(speed))))
    });
    let option = |value: &'static str, text: String| {
        html! { <option {value} selected={chosen.id() == value}>{ text }</option> }
    };
    let name = |id: &'static str| match id {
        "0.05" => "1⁄20×".to_string(),
        "0.1" => "1⁄10×".to_string(),
        "0.25" => "¼×".to_string(),
        "0.5" => "½×".to_string(),
        _ => format!("{id}×"),
    };
    html! {
        <select data-testid="speed" aria-label={t!(s.words, "speed")} {onchange}>
            { option("auto", t!(s.words, "speed-auto")) }
            { for FIXED.iter().map(|(id, _)| option(id, name(id))) }
        </select>
    }
}

/// What the automatic tempo does and why.
fn tempo(s: Screen<'_>) -> String {
    let (tempo, w) = (s.page.play.tempo, s.words);
    let speed = match FIXED.iter().find(|f| (f.1 - tempo.speed).abs() < 0.001) {
        Some(("0.05", _)) => "1⁄20".to_string(),
        Some(("0.5", _)) => "½".to_string(),
        Some((id, _)) => (*id).to_string(),
        None => format!("{}", tempo.speed),
    };
    match tempo.why {
        TempoWhy::Plain => String::new(),
        TempoWhy::Decisive => t!(w, "tempo-decisive", speed = speed),
        TempoWhy::Election => t!(w, "tempo-election", speed = speed),
        TempoWhy::Agreement => t!(w, "tempo-agreement", speed = speed),
        TempoWhy::NodeTimeout(ms) => {
            t!(w, "tempo-timeout", seconds = seconds(ms), speed = speed)
        }
    }
}

/// The whole run from left to right: a slider, and a mark for each interesting moment.
pub(super) fn markers(s: Screen<'_>) -> Html {
    let (page, w) = (s.page, s.words);
    let end = page.sim.end().max(Instant::from_millis(20_000));
    let oninput = s.link.callback(|e: InputEvent| {
        let ms = platform::value_of_input(&e).parse().unwrap_or(0);
        Event::Page(Msg::Clock(ClockMsg::To(Instant::from_millis(ms))))
    });
    let place = |at: Instant| -> String {
        let permille = at.as_micros().saturating_mul(100_000) / end.as_micros().max(1);
        format!("left:{}.{:03}%", permille / 1000, permille % 1000)
    };
    let marks = page.sim.history().marks();
    // Many marks would only cover each other.
    let every = marks.len() / 160 + 1;
    let marks = marks.iter().step_by(every).map(|mark| {
        let what = page.sim.history().item(mark.seq);
        let title = what.map(|r| words::reason::record(w, &page.picture, r)).unwrap_or_default();
        let title = format!("{} s · {title}", mark.at);
        let (seq, at) = (mark.seq, mark.at);
        let ahead = mark.at > page.picture.now;
        html! {
            <button
                class={classes!("mark", mark.kind.id(), ahead.then_some("ahead"))}
                style={place(at)}
                tabindex="-1"
                aria-label={title.clone()}
                {title}
                data-testid="mark"
                data-kind={mark.kind.id()}
                data-time-us={at.as_micros().to_string()}
                onclick={s.on(Msg::Clock(ClockMsg::ToRecord(seq, at)))}
            />
        }
    });
    html! {
        <div class="markers">
            <input
                type="range"
                min="0"
                max={end.as_millis().to_string()}
                step="1"
                value={page.picture.now.as_millis().to_string()}
                data-testid="time-slider"
                aria-label={t!(w, "time")}
                aria-valuetext={format!("{} s", page.picture.now)}
                {oninput}
            />
            <div class="marks">{ for marks }</div>
        </div>
    }
}
