//! The one component with a state: it owns the page, runs the frames and carries out commands.

use std::{cell::RefCell, rc::Rc};

use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use super::{Screen, keys, shell};
use crate::{
    model::{ClockMsg, Cmd, LessonMsg, Msg, Page, Query, Settings, Theme},
    paint, platform,
    scene::air,
    words::{Lang, Words},
};

/// World time may take so much of a frame.
const BUDGET_MS: f64 = 8.0;

/// What reaches the component.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// Something happened to the page.
    Page(Msg),
    /// A key was pressed.
    Key(KeyboardEvent),
    /// A frame is due.
    Frame(f64),
}

/// The application.
pub(crate) struct App {
    page: Page,
    words: Words,
    canvas: NodeRef,
    last_frame: f64,
    last_look: f64,
    /// The canvas shows something.
    painted: bool,
    /// The console's line gets the focus as soon as it is on the page.
    focus_console: bool,
}

/// Mounts the page.
pub fn start() {
    platform::show_panics();
    if let Some(root) = platform::root() {
        root.set_text_content(None);
        yew::Renderer::<App>::with_root(root).render();
    }
}

fn settings() -> Settings {
    let search = platform::query();
    let query = Query(&search);
    let kept = platform::remembered("lang");
    let lang = query
        .value("lang")
        .and_then(Lang::of_tag)
        .or_else(|| kept.as_deref().and_then(Lang::of_tag))
        .or_else(|| platform::languages().iter().find_map(|l| Lang::of_tag(l)))
        .unwrap_or_default();
    let projector = query.value("profile") == Some("projector");
    let kept = platform::remembered("theme");
    let dark = platform::media("(prefers-color-scheme: dark)");
    let theme = query
        .value("theme")
        .and_then(Theme::of_id)
        .or_else(|| kept.as_deref().and_then(Theme::of_id))
        .unwrap_or(if dark { Theme::Dark } else { Theme::Light });
    let still = query.value("motion") == Some("reduced")
        || platform::media("(prefers-reduced-motion: reduce)");
    Settings {
        lang,
        // A wall needs the contrast of white.
        theme: if projector { Theme::Light } else { theme },
        projector,
        still,
        ..Settings::default()
    }
}

impl Component for App {
    type Message = Event;
    type Properties = ();

    fn create(ctx: &Context<Self>) -> Self {
        let settings = settings();
        let search = platform::query();
        let seed = Query(&search).value("seed").and_then(|s| s.parse().ok());
        let words = Words::new(settings.lang);
        let page = Page::new(settings, seed.unwrap_or_else(platform::seed))
            .unwrap_or_else(|e| panic_with(&e));
        let link = ctx.link().clone();
        platform::on_fragment(move |f| link.send_message(Event::Page(Msg::Went(f))));
        ctx.link().send_message(Event::Page(Msg::Went(platform::fragment())));
        let link = Rc::new(RefCell::new(ctx.link().clone()));
        platform::every_frame(move |ms| link.borrow().send_message(Event::Frame(ms)));
        let now = platform::now_ms();
        Self {
            page,
            words,
            canvas: NodeRef::default(),
            last_frame: now,
            last_look: now,
            painted: false,
            focus_console: false,
        }
    }

    fn update(&mut self, ctx: &Context<Self>, event: Event) -> bool {
        match event {
            Event::Frame(ms) => return self.frame(ms),
            Event::Key(key) => {
                if platform::key_is_taken(&key) {
                    return false;
                }
                let Some(msg) = keys::meaning(&key, &self.page) else { return false };
                key.prevent_default();
                self.say(ctx, msg);
            }
            Event::Page(msg) => self.say(ctx, msg),
        }
        self.last_look = platform::now_ms();
        self.paint(self.last_frame);
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let screen = Screen { page: &self.page, words: &self.words, link: ctx.link() };
        shell::shell(screen, &self.canvas)
    }

    fn rendered(&mut self, _: &Context<Self>, _: bool) {
        let settings = &self.page.settings;
        let profile = if settings.projector { "projector" } else { "desk" };
        platform::dress(
            settings.lang.tag(),
            settings.theme.id(),
            profile,
            settings.still,
            &self.words.say("title", &[]),
        );
        if core::mem::take(&mut self.focus_console) {
            platform::focus_id("console-line");
        }
    }
}

fn panic_with(words: &str) -> ! {
    #[expect(clippy::panic, reason = "the built-in plan always starts; the hook shows a card")]
    {
        panic!("{words}")
    }
}

impl App {
    fn frame(&mut self, ms: f64) -> bool {
        let passed = ms - self.last_frame;
        self.last_frame = ms;
        let began = platform::now_ms();
        let redraw = self
            .page
            .frame(ms, passed, ms - self.last_look, || platform::now_ms() - began < BUDGET_MS);
        if redraw {
            self.last_look = ms;
        }
        self.paint(ms);
        redraw
    }

    fn paint(&mut self, ms: f64) {
        let Some(canvas) = self.canvas.cast() else { return };
        let page = &self.page;
        let still = !page.play.playing || page.settings.still;
        let dots = if still {
            air::still(&page.scene, &page.sim.world().flights(), page.sim.now())
        } else {
            page.air.dots(&page.scene, ms)
        };
        if dots.is_empty() && !self.painted {
            return;
        }
        self.painted = !dots.is_empty();
        paint::paint(&canvas, &dots, still, &page.settings);
    }

    fn say(&mut self, ctx: &Context<Self>, msg: Msg) {
        for cmd in self.page.update(msg) {
            self.carry_out(ctx, cmd);
        }
        if self.words.lang() != self.page.settings.lang {
            self.words = Words::new(self.page.settings.lang);
        }
    }

    fn carry_out(&mut self, ctx: &Context<Self>, cmd: Cmd) {
        match cmd {
            Cmd::Remember(key, value) => platform::remember(key, &value),
            Cmd::Address(fragment) => platform::go_to(&fragment),
            Cmd::CopyLink(fragment) => platform::copy(&platform::address_with(&fragment)),
            Cmd::Focus(port) => platform::focus_node(port),
            Cmd::FocusConsole => self.focus_console = true,
            Cmd::Fetch { id, lang } => {
                let link = ctx.link().clone();
                spawn_local(async move {
                    let came = platform::fetch(format!("lessons/{id}.{}.json", lang.id())).await;
                    let read = came
                        .and_then(|text| serde_json::from_str(&text).map_err(|e| e.to_string()));
                    let msg = match read {
                        Ok(lesson) => LessonMsg::Came(Box::new(lesson)),
                        Err(words) => LessonMsg::Lost(words),
                    };
                    link.send_message(Event::Page(Msg::Lesson(msg)));
                });
            }
        }
    }
}

impl From<ClockMsg> for Msg {
    fn from(msg: ClockMsg) -> Self {
        Self::Clock(msg)
    }
}

impl From<LessonMsg> for Msg {
    fn from(msg: LessonMsg) -> Self {
        Self::Lesson(msg)
    }
}
