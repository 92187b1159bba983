//! CLUSTER: the subcommands, until the cluster manager's own handlers take their places.

use crate::{
    command::{Call, dispatch::Shown},
    rules::Ctx,
};

macro_rules! not_yet {
    ($($name:ident)*) => {$(
        pub(in crate::command) fn $name(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
            refuse(ctx, call);
        }
    )*};
}

not_yet!(
    info nodes slots shards links myid meet forget addslots addslotsrange delslots delslotsrange
    flushslots setslot keyslot countkeysinslot getkeysinslot replicate replicas slaves failover
    reset set_config_epoch bumpepoch count_failure_reports saveconfig
);

fn refuse(ctx: &Ctx<'_>, call: &mut Call<'_>) {
    if !ctx.b.config.cluster_enabled {
        return call.reply.error("ERR This instance has cluster support disabled");
    }
    let word = call.arg(1);
    call.reply
        .error_fmt(format_args!("ERR unknown subcommand '{}'. Try CLUSTER HELP.", Shown(word)));
}
