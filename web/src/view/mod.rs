//! The screen: yew components over the page. Words come from `words`, shapes from `scene`.

mod app;
mod clients;
mod console;
mod dock;
mod inspector;
mod keys;
mod lesson;
mod log;
mod matrix;
mod node_card;
mod node_glyph;
mod overlay;
mod ruler;
mod shell;
mod stage;
mod start;
mod strip;
mod tools;
mod why;

pub use app::start;

use slotscope_core::sim::FlightKind;
use yew::{Callback, html::Scope};

use crate::{
    model::{Msg, Page},
    words::Words,
};

/// What every part of the screen draws from.
#[derive(Clone, Copy)]
pub(crate) struct Screen<'a> {
    pub page: &'a Page,
    pub words: &'a Words,
    pub link: &'a Scope<app::App>,
}

impl Screen<'_> {
    /// A callback that says `msg`, whatever the event was.
    pub fn on<E>(&self, msg: Msg) -> Callback<E> {
        self.link.callback(move |_| app::Event::Page(msg.clone()))
    }

    /// The class of a shard's hue and texture.
    pub fn shard_class(shard: Option<u8>) -> String {
        shard.map_or_else(|| "shard-none".into(), |s| format!("shard shard-{}", s % 6))
    }
}

/// The letter of a shard.
pub(crate) fn letter(shard: Option<u8>) -> String {
    shard.map_or_else(String::new, |s| char::from(b'A' + s % 26).to_string())
}

/// The name of a message as the bus has it.
pub(crate) const fn kind_name(kind: FlightKind) -> &'static str {
    match kind {
        FlightKind::Ping => "PING",
        FlightKind::Pong => "PONG",
        FlightKind::Meet => "MEET",
        FlightKind::Fail => "FAIL",
        FlightKind::Publish => "PUBLISH",
        FlightKind::AuthRequest => "FAILOVER_AUTH_REQUEST",
        FlightKind::AuthAck => "FAILOVER_AUTH_ACK",
        FlightKind::Update => "UPDATE",
        FlightKind::MfStart => "MFSTART",
        FlightKind::Module => "MODULE",
        FlightKind::Replication => "replication",
        FlightKind::Migration => "MIGRATE",
    }
}

/// The shape of a message, as a character.
pub(crate) const fn kind_sign(kind: FlightKind) -> &'static str {
    match kind {
        FlightKind::Ping => "●",
        FlightKind::Pong => "○",
        FlightKind::Meet => "⊕",
        FlightKind::Fail => "◆",
        FlightKind::Publish => "◎",
        FlightKind::AuthRequest => "□",
        FlightKind::AuthAck => "■",
        FlightKind::Update => "▲",
        FlightKind::MfStart | FlightKind::Module => "⧗",
        FlightKind::Replication => "▪",
        FlightKind::Migration => "▸",
    }
}
