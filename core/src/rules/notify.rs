//! Keyspace notifications: who hears that something happened to a key?
//!
//! Whoever listens to the channel of the key (`__keyspace@0__:key`) is told the event, whoever
//! listens to that of the event (`__keyevent@0__:event`) is told the key, as far as
//! `notify-keyspace-events` asks for it. Other nodes of a cluster are told nothing. Which events a
//! command has is in `command/events`.
//!
//! Spec: Redis keyspace notifications.

use alloc::format;

use super::{
    Ctx,
    publish::{self, Reach},
};
use crate::config::event;

/// Something happened to a key.
pub(crate) fn event(ctx: &mut Ctx<'_>, class: u16, name: &str, key: &[u8]) {
    let wanted = ctx.b.config.notify_keyspace_events;
    if !cfg!(feature = "full") || !wanted.has(class) {
        return;
    }
    let database = ctx.b.store.number();
    if wanted.has(event::KEYSPACE) {
        let channel = [format!("__keyspace@{database}__:").as_bytes(), key].concat();
        publish::heard(ctx, Reach::Everybody, &channel, name.as_bytes());
    }
    if wanted.has(event::KEYEVENT) {
        let channel = format!("__keyevent@{database}__:{name}").into_bytes();
        publish::heard(ctx, Reach::Everybody, &channel, key);
    }
}

/// Keys have come into being.
pub(crate) fn fresh(ctx: &mut Ctx<'_>) {
    for key in ctx.b.store.take_fresh() {
        event(ctx, event::NEW, "new", &key);
    }
}
