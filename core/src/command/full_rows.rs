//! The rows of commands that only a server needs, and not the page; `rows` says how to read them.

use super::{
    exec::{container, hyperloglog, introspect, scripts},
    keyspecs::{
        COUNT_ALL, EXTEND, MERGE, NO_KEYS, READ_SECOND, SCRIPT as KEYS_OF_SCRIPT, SCRIPT_NAMED,
        SCRIPT_NAMED_READS, SCRIPT_READS,
    },
    rows::rows,
};

// The first four run scripts, and `scripts` counts on that.
rows!(pub(super) FULL_ROWS "":
    "eval" -3 [NOSCRIPT STALE SKIP_MONITOR MAY_REPLICATE NO_MANDATORY_KEYS MOVABLEKEYS] [SCRIPTING]
        KEYS_OF_SCRIPT []
        Scripting "2.6.0" "Runs a script." => scripts::eval;
    "evalsha" -3 [NOSCRIPT STALE SKIP_MONITOR MAY_REPLICATE NO_MANDATORY_KEYS MOVABLEKEYS]
        [SCRIPTING] SCRIPT_NAMED []
        Scripting "2.6.0" "Runs a script that the node knows." => scripts::eval;
    "eval_ro" -3 [READONLY NOSCRIPT STALE SKIP_MONITOR NO_MANDATORY_KEYS MOVABLEKEYS] [SCRIPTING]
        SCRIPT_READS []
        Scripting "7.0.0" "Runs a script that writes nothing." => scripts::eval;
    "evalsha_ro" -3 [READONLY NOSCRIPT STALE SKIP_MONITOR NO_MANDATORY_KEYS MOVABLEKEYS]
        [SCRIPTING] SCRIPT_NAMED_READS []
        Scripting "7.0.0" "Runs a script that the node knows and that writes nothing."
        => scripts::eval;
    "script" -2 [] [] NO_KEYS []
        Scripting "2.6.0" "Tells about and changes the scripts that the node knows."
        => container, SCRIPT;
    "pfadd" -2 [WRITE DENYOOM FAST] [HYPERLOGLOG] EXTEND []
        Hyperloglog "2.8.9" "Counts elements, roughly." => hyperloglog::pfadd;
    "pfcount" -2 [READONLY MAY_REPLICATE] [HYPERLOGLOG] COUNT_ALL []
        Hyperloglog "2.8.9" "How many different elements were counted, roughly."
        => hyperloglog::pfcount;
    "pfmerge" -2 [WRITE DENYOOM] [HYPERLOGLOG] MERGE []
        Hyperloglog "2.8.9" "Counts what others have counted." => hyperloglog::pfmerge;
    "pfdebug" 3 [WRITE DENYOOM ADMIN] [HYPERLOGLOG] READ_SECOND []
        Hyperloglog "2.8.9" "Looks inside a count." => hyperloglog::pfdebug;
);

rows!(SCRIPT "script|":
    "load" 3 [NOSCRIPT STALE] [SCRIPTING] NO_KEYS
        ["request_policy:all_nodes" "response_policy:all_succeeded"]
        Scripting "2.6.0" "Makes a script known, and tells its name." => scripts::load;
    "exists" -3 [NOSCRIPT] [SCRIPTING] NO_KEYS
        ["request_policy:all_shards" "response_policy:agg_logical_and"]
        Scripting "2.6.0" "Which scripts the node knows." => scripts::exists;
    "flush" -2 [NOSCRIPT] [SCRIPTING] NO_KEYS
        ["request_policy:all_nodes" "response_policy:all_succeeded"]
        Scripting "2.6.0" "Forgets all scripts." => scripts::flush;
    "kill" 2 [NOSCRIPT ALLOW_BUSY] [SCRIPTING] NO_KEYS
        ["request_policy:all_shards" "response_policy:one_succeeded"]
        Scripting "2.6.0" "Ends a script that runs for too long and has written nothing." => scripts::kill;
    "debug" 3 [NOSCRIPT] [SCRIPTING] NO_KEYS []
        Scripting "3.2.0" "There is no debugger." => scripts::debug;
    "help" 2 [LOADING STALE] [SCRIPTING] NO_KEYS []
        Scripting "5.0.0" "Lists these subcommands." => introspect::help;
);
