//! What each message changes. Pure but for the world that the page owns.

use slotscope_core::{
    explain::Why,
    sim::{Action, HostIdx},
    time::Instant,
};
use slotscope_tutorial::Block;

use super::{
    Asked, Beat, ClockMsg, Cmd, Deed, LessonMsg, Msg, Notice, Overlay, Page, Route, Settings, Side,
    Tab, Theme, Tool, playback, story,
};
use crate::{
    scene::id_of,
    source::{
        link::{self, Opened, Run},
        picture,
        sim::{Sim, lab_plan},
    },
    words::Lang,
};

/// Screen time between two looks at the world while it runs: the panels' rate.
pub const LOOK_EVERY_MS: f64 = 100.0;

impl Page {
    /// Lets screen time pass. True when the panels have to be drawn again.
    pub fn frame(
        &mut self,
        screen_ms: f64,
        passed_ms: f64,
        since_look_ms: f64,
        has_time: impl FnMut() -> bool,
    ) -> bool {
        self.air.settle(screen_ms);
        let pressed = self.wait_for_story(passed_ms);
        if !self.play.playing {
            return pressed;
        }
        let before = (self.sim.world().next_seq(), self.sim.history().marks().len());
        self.play.tick(passed_ms);
        self.sim.advance(Instant::from_micros(self.play.clock_us), has_time);
        // When the budget did not reach, the clock waits for the world.
        self.play.clock_us = self.play.clock_us.min(self.sim.now().as_micros());
        self.take_off(screen_ms);
        let eventful = self.sim.history().marks().len() != before.1;
        if !eventful && since_look_ms < LOOK_EVERY_MS {
            return pressed;
        }
        self.look();
        self.play.tempo = playback::tempo(self.play.speed, &self.sim, &self.picture, &self.scene);
        if let Some((step, _)) = self.lesson_gate() {
            self.lesson.step = step;
            self.play.playing = false;
        }
        true
    }

    fn lesson_gate(&self) -> Option<(usize, String)> {
        let on_lesson = matches!(self.route, Route::Lesson { .. });
        let gate = self.lesson.open_gate().filter(|_| on_lesson)?;
        Some((gate.0, gate.1.to_string()))
    }

    /// What left since the last frame is drawn as moving.
    fn take_off(&mut self, screen_ms: f64) {
        let from = self.seen_seq;
        let upto = self.sim.world().next_seq();
        self.seen_seq = upto;
        let speed = self.play.tempo.speed;
        if self.settings.still || speed > 12.0 || upto <= from {
            return;
        }
        let history = self.sim.history();
        let hops = history.hops_since(from);
        let end = hops.partition_point(|h| h.seq < upto);
        self.air.take_off(&hops[..end], screen_ms, speed);
        let items = history.items();
        let first = items.partition_point(|r| r.seq < from);
        let last = items.partition_point(|r| r.seq < upto);
        self.air.take_off_clients(&items[first..last], screen_ms, speed > 4.0);
    }

    /// The button of the start page presses itself when nobody does.
    fn wait_for_story(&mut self, passed_ms: f64) -> bool {
        if self.route != Route::Start || self.story.touched || !self.play.playing {
            return false;
        }
        self.story.idle_ms += passed_ms;
        if self.story.idle_ms < story::PATIENCE_MS {
            return false;
        }
        self.update(Msg::StoryKill { by_itself: true });
        true
    }

    /// Takes in a message; answers what is to be done outside.
    pub fn update(&mut self, msg: Msg) -> Vec<Cmd> {
        match msg {
            Msg::Went(fragment) => return self.went(Route::of_fragment(&fragment)),
            Msg::NodeChosen(host) => self.node_chosen(host),
            Msg::NodeFocused(host) => {
                self.selected = Some(host);
                return vec![Cmd::Focus(self.picture.port(host))];
            }
            Msg::LetGo => self.let_go(),
            Msg::EyesTurned { god } => self.turn_eyes(god),
            Msg::Did(deed) => self.deed(deed),
            Msg::WallBuilt => {
                if let Some(groups) = self.tool.groups() {
                    self.tool = Tool::None;
                    self.act(Action::Partition(groups));
                }
            }
            Msg::Asked(host, why) => self.ask(host, why),
            Msg::WhyPressed => self.why_pressed(),
            Msg::LogFiltered(host) => self.log_of = host,
            Msg::TabChosen(tab) => self.tab = tab,
            Msg::LangChosen(lang) => return self.lang_chosen(lang),
            Msg::ThemeFlipped => return self.theme_flipped(),
            Msg::Folded(tab) => self.fold(tab),
            Msg::DockFolded => self.settings.fold_dock ^= true,
            Msg::Overlaid(overlay) => self.overlay = overlay,
            Msg::SharePressed => return self.share(),
            Msg::NoticeClosed => self.notice = None,
            Msg::Restarted => self.restart(),
            Msg::StoryKill { by_itself } => self.story_kill(by_itself),
            Msg::Clock(msg) => self.clock(msg),
            Msg::Console(msg) => return self.console(msg),
            Msg::Lesson(msg) => self.in_lesson(msg),
        }
        Vec::new()
    }

    fn clock(&mut self, msg: ClockMsg) {
        match msg {
            ClockMsg::Play => self.play.playing ^= true,
            ClockMsg::Speed(speed) => self.play.speed = speed,
            ClockMsg::Shift { up } => self.play.speed = self.play.speed.shifted(up),
            ClockMsg::Step => {
                self.play.playing = false;
                self.sim.step();
                self.jumped();
            }
            ClockMsg::StepBack => {
                self.play.playing = false;
                self.sim.step_back();
                self.jumped();
            }
            ClockMsg::Next => {
                self.play.playing = false;
                if self.sim.next_interesting() {
                    self.stand_at_mark();
                } else {
                    self.notice = Some(Notice::Quiet);
                    self.jumped();
                }
            }
            ClockMsg::Previous => {
                let before = self.sim.history().mark_before(self.sim.now());
                self.stop_at(before.map_or(Instant::ZERO, |m| m.at));
                self.stand_at_mark();
            }
            ClockMsg::ToStart => self.stop_at(Instant::ZERO),
            ClockMsg::ToEnd => self.stop_at(self.sim.end()),
            ClockMsg::To(at) => self.stop_at(at.min(self.sim.end())),
            ClockMsg::ToRecord(seq, at) => {
                self.stop_at(at);
                self.asked = Some(Asked::Record(seq));
                if let Some(host) = self.sim.history().item(seq).and_then(|r| r.host) {
                    self.selected = Some(host);
                }
            }
        }
        self.play.tempo = playback::tempo(self.play.speed, &self.sim, &self.picture, &self.scene);
    }

    fn stop_at(&mut self, at: Instant) {
        self.play.playing = false;
        self.sim.seek(at);
        self.jumped();
    }

    /// The Why card opens by itself when the clock stops at an interesting moment.
    fn stand_at_mark(&mut self) {
        self.jumped();
        if let Some(mark) = self.mark_here() {
            self.asked = Some(Asked::Record(mark.seq));
            if self.tab != Tab::Lesson {
                self.tab = Tab::Why;
            }
        }
    }

    fn went(&mut self, route: Route) -> Vec<Cmd> {
        let before = std::mem::replace(&mut self.route, route.clone());
        match route {
            Route::Start => self.play.playing = true,
            Route::Lab { run: None } => {
                // The stage of the start page goes on; a lesson's stage is not the lab's.
                if matches!(before, Route::Lesson { .. }) {
                    self.restart();
                }
                self.play.playing = true;
            }
            Route::Lab { run: Some(run) } => self.open_link(&run),
            Route::Lesson { id } => {
                self.tab = Tab::Lesson;
                if self.lesson.loaded.as_ref().is_none_or(|l| l.lesson.id != id) {
                    return vec![Cmd::Fetch { id, lang: self.settings.lang }];
                }
                self.open_lesson_world();
            }
        }
        Vec::new()
    }

    fn open_link(&mut self, text: &str) {
        let (run, notice) = match link::open(text) {
            Opened::Whole(run) => (run, None),
            Opened::Partial(run) => {
                let actions = run.journal.len();
                (run, Some(Notice::LinkPartial(actions)))
            }
            Opened::OtherVersion(_) => return self.notice = Some(Notice::LinkOld),
            Opened::Damaged => return self.notice = Some(Notice::LinkDamaged),
        };
        self.notice = notice;
        match Sim::open(run.plan, &run.journal, run.at) {
            Ok(sim) => {
                self.show(sim);
                self.play.playing = false;
            }
            Err(words) => self.notice = Some(Notice::Core(words)),
        }
    }

    fn share(&mut self) -> Vec<Cmd> {
        let world = self.sim.world();
        let run = Run {
            plan: world.plan().clone(),
            journal: world.journal().to_vec(),
            at: self.sim.now(),
        };
        let fragment = Route::Lab { run: Some(link::pack(&run)) }.fragment();
        self.notice = Some(Notice::Copied);
        vec![Cmd::CopyLink(fragment)]
    }

    fn restart(&mut self) {
        let sim = match (&self.route, &self.lesson.loaded) {
            (Route::Lesson { .. }, Some(loaded)) => super::opened(loaded.lesson.plan.clone()),
            (Route::Start | Route::Lab { .. } | Route::Lesson { .. }, _) => {
                super::opened(lab_plan(self.sim.world().plan().seed))
            }
        };
        match sim {
            Ok(sim) => {
                self.show(sim);
                self.play.playing = true;
            }
            Err(words) => self.notice = Some(Notice::Core(words)),
        }
    }

    fn open_lesson_world(&mut self) {
        let Some(loaded) = &self.lesson.loaded else { return };
        if *self.sim.world().plan() != loaded.lesson.plan {
            self.restart();
        }
    }

    fn node_chosen(&mut self, host: HostIdx) {
        match &mut self.tool {
            Tool::Wall(sides) => {
                if let Some(side) = sides.get_mut(usize::from(host.0)) {
                    *side = match side {
                        Side::Near => Side::Far,
                        Side::Far => Side::Near,
                    };
                }
            }
            Tool::Link(from) if *from != host => {
                let from = *from;
                self.tool = Tool::None;
                let cut =
                    |pair: &(HostIdx, HostIdx)| *pair == (from, host) || *pair == (host, from);
                if self.picture.cuts.iter().any(cut) {
                    self.act(Action::Join(from, host));
                    self.act(Action::Join(host, from));
                } else {
                    self.act(Action::Cut(from, host));
                    self.act(Action::Cut(host, from));
                }
            }
            Tool::None | Tool::Link(_) => {
                self.selected = if self.selected == Some(host) { None } else { Some(host) };
            }
        }
    }

    fn let_go(&mut self) {
        if self.overlay.is_some() {
            self.overlay = None;
        } else if self.tool != Tool::None {
            self.tool = Tool::None;
        } else {
            self.selected = None;
        }
    }

    fn turn_eyes(&mut self, god: bool) {
        let living: Vec<HostIdx> =
            self.picture.each().filter(|h| self.picture.view(*h).is_some()).collect();
        self.eyes = match (god, self.eyes) {
            (true, _) => None,
            (false, None) => living.first().copied(),
            (false, Some(now)) => living.iter().copied().find(|h| *h > now),
        };
        self.look();
    }

    fn deed(&mut self, deed: Deed) {
        let machine = |p: &Self, h: HostIdx| p.picture.hosts.get(usize::from(h.0)).copied();
        let chosen = self.selected.and_then(|h| machine(self, h).map(|m| (h, m)));
        match (deed, chosen) {
            (Deed::Kill, Some((host, m))) if m.up => self.act(Action::Kill(host)),
            (Deed::Restart, Some((host, m))) if !m.up => self.act(Action::Restart(host)),
            (Deed::Freeze, Some((host, m))) if m.up => {
                self.act(if m.frozen { Action::Thaw(host) } else { Action::Freeze(host) });
            }
            (Deed::Wall, _) => {
                self.tool = match self.tool {
                    Tool::Wall(_) => Tool::None,
                    Tool::None | Tool::Link(_) => {
                        let mut sides = vec![Side::Near; self.picture.hosts.len()];
                        if let Some(side) =
                            self.selected.and_then(|h| sides.get_mut(usize::from(h.0)))
                        {
                            *side = Side::Far;
                        }
                        Tool::Wall(sides)
                    }
                };
            }
            (Deed::Link, Some((host, _))) => self.tool = Tool::Link(host),
            (Deed::Heal, _) => self.act(Action::Heal),
            (Deed::Undo, _) => {
                if self.sim.undo() {
                    self.play.playing = false;
                    self.echo = None;
                    self.jumped();
                }
            }
            (Deed::Redo, _) => {
                if self.sim.redo() {
                    self.jumped();
                }
            }
            (Deed::Kill | Deed::Restart | Deed::Freeze | Deed::Link, _) => {}
        }
    }

    fn ask(&mut self, host: HostIdx, why: Why) {
        self.asked = Some(Asked::Question(host, why));
        self.tab = Tab::Why;
    }

    /// The last decision of the selected node; pressed again, the question that its state raises.
    fn why_pressed(&mut self) {
        self.tab = Tab::Why;
        let Some(host) = self.selected else {
            self.asked = self.mark_here().map(|m| Asked::Record(m.seq)).or(self.asked);
            return;
        };
        let now = self.picture.now;
        let past = self.sim.history().marks();
        let upto = past.partition_point(|m| m.at <= now);
        let last = past[..upto].iter().rev().find(|m| m.host == Some(host));
        let record = last.map(|m| Asked::Record(m.seq));
        if record.is_some() && self.asked != record {
            self.asked = record;
            return;
        }
        let replica = self.scene.node(host).is_some_and(|n| n.master.is_some());
        if self.picture.view(host).is_some() {
            let why = if replica { Why::NotElected } else { Why::Serving };
            self.asked = Some(Asked::Question(host, why));
        } else if let (Some(id), Some(judge)) = (
            id_of(&self.picture, host),
            self.picture.each().find(|h| self.picture.view(*h).is_some()),
        ) {
            self.asked = Some(Asked::Question(judge, Why::NotFailed(id)));
        }
    }

    fn lang_chosen(&mut self, lang: Lang) -> Vec<Cmd> {
        self.settings.lang = lang;
        let mut cmds = vec![Cmd::Remember("lang", lang.id().into())];
        if let Route::Lesson { id } = &self.route {
            cmds.push(Cmd::Fetch { id: id.clone(), lang });
        } else {
            // The lesson in the other language is no longer the one to show.
            self.lesson.loaded = None;
        }
        cmds
    }

    fn theme_flipped(&mut self) -> Vec<Cmd> {
        let Settings { theme, .. } = &mut self.settings;
        *theme = match theme {
            Theme::Light => Theme::Dark,
            Theme::Dark => Theme::Light,
        };
        vec![Cmd::Remember("theme", theme.id().into())]
    }

    fn fold(&mut self, tab: Tab) {
        match tab {
            Tab::Lesson => self.settings.fold_lesson ^= true,
            Tab::Why | Tab::Node | Tab::Matrix | Tab::Log | Tab::Console => {
                self.settings.fold_inspector ^= true;
            }
        }
    }

    fn story_kill(&mut self, by_itself: bool) {
        let victim = self.picture.by_port(story::VICTIM);
        if let Some(host) = victim.filter(|h| self.picture.is_up(*h)) {
            self.story.by_itself = by_itself;
            self.play.playing = true;
            self.act(Action::Kill(host));
        }
    }

    fn in_lesson(&mut self, msg: LessonMsg) {
        match msg {
            LessonMsg::Came(lesson) => {
                let fresh = self.lesson.loaded.as_ref().is_none_or(|l| l.lesson.id != lesson.id);
                match self.lesson.take(*lesson, self.sim.world()) {
                    Ok(()) if fresh => {
                        self.open_lesson_world();
                        self.play.playing = true;
                    }
                    Ok(()) => {}
                    Err(words) => self.notice = Some(Notice::Core(words)),
                }
            }
            LessonMsg::Lost(words) => self.notice = Some(Notice::LessonMissing(words)),
            LessonMsg::Turned { ahead } => {
                let steps = self.lesson.loaded.as_ref().map_or(0, |l| l.lesson.steps.len());
                let step = self.lesson.step;
                self.lesson.step = if ahead {
                    (step + 1).min(steps.saturating_sub(1))
                } else {
                    step.saturating_sub(1)
                };
            }
            LessonMsg::Guessed(gate, answer) => {
                if !self.lesson.given.contains(&gate) {
                    self.lesson.guesses.insert(gate, answer);
                }
            }
            LessonMsg::Given(gate) => {
                if self.lesson.guesses.contains_key(&gate) && !self.lesson.given.contains(&gate) {
                    self.lesson.given.push(gate);
                    self.play.playing = true;
                }
            }
            LessonMsg::Hint(check) => *self.lesson.hints.entry(check).or_insert(0) += 1,
            LessonMsg::Button(n) => self.lesson_button(n),
        }
    }

    fn lesson_button(&mut self, n: usize) {
        let Some(block) = self.lesson.blocks().get(n).cloned() else { return };
        match block {
            Block::Do(deed) => {
                for action in deed.actions {
                    self.act(action);
                }
                if !deed.command.is_empty() {
                    self.echo = Some(deed.command);
                }
                self.play.playing = true;
            }
            Block::See(see) => {
                let moment = self.lesson.loaded.as_ref().and_then(|l| l.runner.moment(&see));
                if let Some(moment) = moment {
                    self.stop_at(moment.at);
                    self.asked = Some(Asked::Record(moment.seq));
                    if self.tab != Tab::Lesson {
                        self.tab = Tab::Why;
                    }
                }
                if let Some(host) = see.node.and_then(|port| self.picture.by_port(port)) {
                    self.selected = Some(host);
                }
                self.eyes = see.eyes.and_then(|port| self.picture.by_port(port));
                self.look();
            }
            _ => {}
        }
    }

    /// The beat of the start page's story.
    #[must_use]
    pub fn beat(&self) -> Beat {
        Beat::of(&self.picture, &self.scene)
    }

    /// The overlay, unless nothing lies over the page.
    #[must_use]
    pub fn is_overlaid(&self, which: Overlay) -> bool {
        self.overlay == Some(which)
    }

    /// The *n*th machine, for the number keys.
    #[must_use]
    pub fn nth(&self, n: usize) -> Option<HostIdx> {
        (n < self.picture.hosts.len()).then(|| picture::host(n))
    }
}
