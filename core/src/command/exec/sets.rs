//! Sets: members without order.

use super::{args::number, change, peek_as, read_as};
use crate::{
    command::{Call, Propagate},
    rules::Ctx,
    store::Set,
};

/// `SADD key member...`
pub(in crate::command) fn sadd(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let key = call.arg(1);
    if peek_as::<Set>(ctx, call, key).is_err() {
        return;
    }
    let members = call.args.get(2..).unwrap_or_default();
    let new = change(ctx, call, key, |set: &mut Set| {
        members.iter().filter(|member| set.insert(member)).count()
    });
    answer_changed(call, new.unwrap_or(0));
}

/// `SREM key member...`
pub(in crate::command) fn srem(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let key = call.arg(1);
    match peek_as::<Set>(ctx, call, key) {
        Err(_) => return,
        Ok(None) => return call.reply.integer(0),
        Ok(Some(_)) => {}
    }
    let members = call.args.get(2..).unwrap_or_default();
    let gone = change(ctx, call, key, |set: &mut Set| {
        members.iter().filter(|member| set.remove(member)).count()
    });
    answer_changed(call, gone.unwrap_or(0));
}

fn answer_changed(call: &mut Call<'_>, count: usize) {
    if count > 0 {
        call.propagate = Propagate::Verbatim;
    }
    call.reply.integer(number(count));
}

/// `SISMEMBER key member`
pub(in crate::command) fn sismember(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let (key, member) = (call.arg(1), call.arg(2));
    let Ok(found) = read_as::<Set>(ctx, call, key) else { return };
    call.reply.integer(i64::from(found.is_some_and(|set| set.contains(member))));
}

/// `SMISMEMBER key member...`
pub(in crate::command) fn smismember(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let key = call.arg(1);
    let Ok(found) = read_as::<Set>(ctx, call, key) else { return };
    let members = call.args.get(2..).unwrap_or_default();
    call.reply.array(members.len());
    for member in members {
        call.reply.integer(i64::from(found.is_some_and(|set| set.contains(member))));
    }
}

/// `SMEMBERS key`
pub(in crate::command) fn smembers(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let key = call.arg(1);
    let Ok(found) = read_as::<Set>(ctx, call, key) else { return };
    call.reply.set(found.map_or(0, Set::len));
    for member in found.into_iter().flat_map(Set::iter) {
        call.reply.bulk(&member);
    }
}

/// `SCARD key`
pub(in crate::command) fn scard(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let key = call.arg(1);
    let Ok(found) = read_as::<Set>(ctx, call, key) else { return };
    call.reply.integer(number(found.map_or(0, Set::len)));
}

/// `SMOVE source destination member`
pub(in crate::command) fn smove(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let (source, target, member) = (call.arg(1), call.arg(2), call.arg(3));
    let there = match peek_as::<Set>(ctx, call, source) {
        Err(_) => return,
        Ok(None) => return call.reply.integer(0),
        Ok(Some(set)) => set.contains(member),
    };
    if peek_as::<Set>(ctx, call, target).is_err() {
        return;
    }
    if there && source != target {
        change(ctx, call, source, |set: &mut Set| set.remove(member));
        change(ctx, call, target, |set: &mut Set| set.insert(member));
        call.propagate = Propagate::Verbatim;
    }
    call.reply.integer(i64::from(there));
}
