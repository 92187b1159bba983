//! The rows of all commands.
//!
//! ```text
//! "name" arity [flags] [categories] KEYS ["tips"] Chapter "since" "summary" => handler, SUBROWS;
//! ```

#[cfg(feature = "full")]
use super::full_rows::FULL_ROWS;
use super::{
    exec::{
        connection, container, dump, expiry, failover, info, introspect, keys, migrate, numbers,
        persistence, pubsub, record, replication, scans, server, strings, transaction,
    },
    keyspecs::{
        CHANGE, CHANNEL, CHANNELS, CREATE, CREATE_PAIRS, DELETE_ALL, EXTEND, LOOK, LOOK_ALL,
        MIGRATE, NO_KEYS, PUT, PUT_PAIRS, READ, READ_ALL, READ_RENEW, RENAME, RENAME_NEW, SET,
        TAKE, TOUCH,
    },
    subrows::{
        ACL, CLIENT, CLUSTER, COMMAND, CONFIG, FUNCTION, LATENCY, MEMORY, MODULE, OBJECT, PUBSUB,
        SLOWLOG,
    },
    table::Command,
    value_rows::VALUE_ROWS,
};

/// Makes rows; `subrows` uses it too.
macro_rules! rows {
    ($vis:vis $name:ident $container:literal: $(
        $word:literal $arity:literal [$($flag:ident)*] [$($category:ident)*] $keys:ident
        [$($tip:literal)*] $group:ident $since:literal $summary:literal
        => $handler:path $(, $subs:ident)?;
    )*) => {
        $vis const $name: &[$crate::command::table::Command] = &[$(
            $crate::command::table::Command {
                name: $word,
                container: $container,
                arity: $arity,
                flags: 0 $(| $crate::command::table::flag::$flag)*,
                categories: 0 $(| $crate::command::table::acl::$category)*,
                keys: $keys,
                tips: &[$($tip),*],
                group: $crate::command::table::Group::$group,
                since: $since,
                summary: $summary,
                handler: $handler,
                subcommands: rows!(@subs $($subs)?),
            },
        )*];
    };
    (@subs $subs:ident) => { $subs };
    (@subs) => { &[] };
}
pub(super) use rows;

#[cfg(not(feature = "full"))]
const FULL_ROWS: &[Command] = &[];

/// All rows: those below, then those on values made of elements, then what only a server needs.
pub(super) const ROWS: &[Command] = &{
    let values = SERVER_ROWS.len() + VALUE_ROWS.len();
    let mut all = [SERVER_ROWS[0]; SERVER_ROWS.len() + VALUE_ROWS.len() + FULL_ROWS.len()];
    let mut at = 0;
    while at < all.len() {
        all[at] = if at < SERVER_ROWS.len() {
            SERVER_ROWS[at]
        } else if at < values {
            VALUE_ROWS[at - SERVER_ROWS.len()]
        } else {
            FULL_ROWS[at - values]
        };
        at += 1;
    }
    all
};

rows!(SERVER_ROWS "":
    "get" 2 [READONLY FAST] [STRING] READ [] String "1.0.0" "Reads a string." => strings::get;
    "set" -3 [WRITE DENYOOM] [STRING] SET []
        String "1.0.0" "Sets a string, with conditions and an expiry if wanted." => strings::set;
    "setnx" 3 [WRITE DENYOOM FAST] [STRING] CREATE []
        String "1.0.0" "Sets a string if the key is free." => strings::setnx;
    "setex" 4 [WRITE DENYOOM] [STRING] PUT []
        String "2.0.0" "Sets a string that lives for some seconds." => strings::setex;
    "psetex" 4 [WRITE DENYOOM] [STRING] PUT []
        String "2.6.0" "Sets a string that lives for some milliseconds." => strings::psetex;
    "getset" 3 [WRITE DENYOOM FAST] [STRING] CHANGE []
        String "1.0.0" "Sets a string and answers with the old one." => strings::getset;
    "getdel" 2 [WRITE FAST] [STRING] TAKE []
        String "6.2.0" "Reads a string and deletes it." => strings::getdel;
    "getex" -2 [WRITE FAST] [STRING] READ_RENEW []
        String "6.2.0" "Reads a string and changes its expiry." => strings::getex;
    "incr" 2 [WRITE DENYOOM FAST] [STRING] CHANGE []
        String "1.0.0" "Adds one to a number." => numbers::incr;
    "decr" 2 [WRITE DENYOOM FAST] [STRING] CHANGE []
        String "1.0.0" "Subtracts one from a number." => numbers::decr;
    "incrby" 3 [WRITE DENYOOM FAST] [STRING] CHANGE []
        String "1.0.0" "Adds to a number." => numbers::incrby;
    "decrby" 3 [WRITE DENYOOM FAST] [STRING] CHANGE []
        String "1.0.0" "Subtracts from a number." => numbers::decrby;
    "incrbyfloat" 3 [WRITE DENYOOM FAST] [STRING] CHANGE []
        String "2.6.0" "Adds to a floating point number." => numbers::incrbyfloat;
    "append" 3 [WRITE DENYOOM FAST] [STRING] EXTEND []
        String "2.0.0" "Lengthens a string, or makes it." => strings::append;
    "mget" -2 [READONLY FAST] [STRING] READ_ALL ["request_policy:multi_shard"]
        String "1.0.0" "Reads several strings of one slot." => strings::mget;
    "mset" -3 [WRITE DENYOOM] [STRING] PUT_PAIRS
        ["request_policy:multi_shard" "response_policy:all_succeeded"]
        String "1.0.1" "Sets several strings of one slot." => strings::mset;
    "msetnx" -3 [WRITE DENYOOM] [STRING] CREATE_PAIRS
        ["request_policy:multi_shard" "response_policy:agg_min"]
        String "1.0.1" "Sets several strings if all their keys are free." => strings::msetnx;
    "strlen" 2 [READONLY FAST] [STRING] LOOK []
        String "2.2.0" "Tells how long a string is." => strings::strlen;
    "getrange" 4 [READONLY] [STRING] READ []
        String "2.4.0" "Reads a part of a string." => strings::getrange;
    "substr" 4 [READONLY] [STRING] READ []
        String "1.0.0" "Older name of GETRANGE." => strings::getrange;
    "setrange" 4 [WRITE DENYOOM] [STRING] TOUCH []
        String "2.2.0" "Overwrites a part of a string." => strings::setrange;
    "del" -2 [WRITE] [KEYSPACE] DELETE_ALL ["request_policy:multi_shard" "response_policy:agg_sum"]
        Generic "1.0.0" "Deletes keys." => keys::del;
    "unlink" -2 [WRITE FAST] [KEYSPACE] DELETE_ALL
        ["request_policy:multi_shard" "response_policy:agg_sum"]
        Generic "4.0.0" "Deletes keys." => keys::del;
    "exists" -2 [READONLY FAST] [KEYSPACE] LOOK_ALL
        ["request_policy:multi_shard" "response_policy:agg_sum"]
        Generic "1.0.0" "Counts how many of the keys exist." => keys::exists_all;
    "touch" -2 [READONLY FAST] [KEYSPACE] LOOK_ALL
        ["request_policy:multi_shard" "response_policy:agg_sum"]
        Generic "3.2.1" "Counts how many of the keys exist." => keys::exists_all;
    "type" 2 [READONLY FAST] [KEYSPACE] LOOK []
        Generic "1.0.0" "Tells what kind of value a key holds." => keys::type_of;
    "rename" 3 [WRITE] [KEYSPACE] RENAME []
        Generic "1.0.0" "Renames a key, replacing another one." => keys::rename;
    "renamenx" 3 [WRITE FAST] [KEYSPACE] RENAME_NEW []
        Generic "1.0.0" "Renames a key if the new name is free." => keys::renamenx;
    "dbsize" 1 [READONLY FAST] [KEYSPACE] NO_KEYS
        ["request_policy:all_shards" "response_policy:agg_sum"]
        Server "1.0.0" "Counts the keys of this node." => keys::dbsize;
    "flushall" -1 [WRITE] [KEYSPACE DANGEROUS] NO_KEYS
        ["request_policy:all_shards" "response_policy:all_succeeded"]
        Server "1.0.0" "Deletes all keys of this node." => keys::flush;
    "flushdb" -1 [WRITE] [KEYSPACE DANGEROUS] NO_KEYS
        ["request_policy:all_shards" "response_policy:all_succeeded"]
        Server "1.0.0" "Deletes all keys of this node." => keys::flush;
    "keys" 2 [READONLY] [KEYSPACE DANGEROUS] NO_KEYS
        ["request_policy:all_shards" "nondeterministic_output_order"]
        Generic "1.0.0" "Lists the keys of this node that fit a pattern." => keys::keys;
    "scan" -2 [READONLY] [KEYSPACE] NO_KEYS ["nondeterministic_output" "request_policy:special"]
        Generic "2.8.0" "Goes through the keys of this node in steps." => scans::scan;
    "randomkey" 1 [READONLY] [KEYSPACE] NO_KEYS
        ["request_policy:all_shards" "nondeterministic_output"]
        Generic "1.0.0" "Draws a key of this node." => keys::randomkey;
    "dump" 2 [READONLY] [KEYSPACE] READ ["nondeterministic_output"]
        Generic "2.6.0" "Hands out a value as bytes." => dump::dump;
    "restore" -4 [WRITE DENYOOM] [KEYSPACE DANGEROUS] PUT []
        Generic "2.6.0" "Makes a key from the bytes of DUMP." => dump::restore;
    "restore-asking" -4 [WRITE DENYOOM ASKING] [KEYSPACE DANGEROUS] PUT []
        Server "3.0.0" "What MIGRATE sends: RESTORE into a slot that is on its way here."
        => dump::restore;
    "migrate" -6 [WRITE MOVABLEKEYS] [KEYSPACE DANGEROUS] MIGRATE ["nondeterministic_output"]
        Generic "2.6.0" "Moves keys to another server." => migrate::migrate;
    "object" -2 [] [] NO_KEYS [] Generic "2.2.3" "Looks inside a value." => container, OBJECT;
    "expire" -3 [WRITE FAST] [KEYSPACE] TOUCH []
        Generic "1.0.0" "Lets a key live for some seconds." => expiry::expire;
    "pexpire" -3 [WRITE FAST] [KEYSPACE] TOUCH []
        Generic "2.6.0" "Lets a key live for some milliseconds." => expiry::pexpire;
    "expireat" -3 [WRITE FAST] [KEYSPACE] TOUCH []
        Generic "1.2.0" "Lets a key live until a time in seconds." => expiry::expireat;
    "pexpireat" -3 [WRITE FAST] [KEYSPACE] TOUCH []
        Generic "2.6.0" "Lets a key live until a time in milliseconds." => expiry::pexpireat;
    "ttl" 2 [READONLY FAST] [KEYSPACE] READ ["nondeterministic_output"]
        Generic "1.0.0" "Tells how many seconds a key has left." => expiry::ttl;
    "pttl" 2 [READONLY FAST] [KEYSPACE] READ ["nondeterministic_output"]
        Generic "2.6.0" "Tells how many milliseconds a key has left." => expiry::pttl;
    "expiretime" 2 [READONLY FAST] [KEYSPACE] READ []
        Generic "7.0.0" "Tells when a key expires, in seconds." => expiry::expiretime;
    "pexpiretime" 2 [READONLY FAST] [KEYSPACE] READ []
        Generic "7.0.0" "Tells when a key expires, in milliseconds." => expiry::pexpiretime;
    "persist" 2 [WRITE FAST] [KEYSPACE] TOUCH []
        Generic "2.2.0" "Takes the expiry of a key away." => expiry::persist;
    "ping" -1 [FAST] [CONNECTION] NO_KEYS
        ["request_policy:all_shards" "response_policy:all_succeeded"]
        Connection "1.0.0" "Answers PONG, or what it was sent." => connection::ping;
    "echo" 2 [LOADING STALE FAST] [CONNECTION] NO_KEYS []
        Connection "1.0.0" "Answers with what it was sent." => connection::echo;
    "hello" -1 [NOSCRIPT LOADING STALE FAST NO_AUTH ALLOW_BUSY] [CONNECTION] NO_KEYS []
        Connection "6.0.0" "Introduces the client and chooses the protocol." => connection::hello;
    "select" 2 [LOADING STALE FAST] [CONNECTION] NO_KEYS []
        Connection "1.0.0" "Chooses a database; a cluster has only number 0." => connection::select;
    "auth" -2 [NOSCRIPT LOADING STALE FAST NO_AUTH ALLOW_BUSY] [CONNECTION] NO_KEYS []
        Connection "1.0.0" "Shows the password." => connection::auth;
    "quit" -1 [NOSCRIPT LOADING STALE FAST NO_AUTH ALLOW_BUSY] [CONNECTION] NO_KEYS []
        Connection "1.0.0" "Closes the connection." => connection::quit;
    "reset" 1 [NOSCRIPT LOADING STALE FAST NO_AUTH ALLOW_BUSY] [CONNECTION] NO_KEYS []
        Connection "6.2.0" "Makes the connection as new." => connection::reset;
    "readonly" 1 [LOADING STALE FAST] [CONNECTION] NO_KEYS []
        Cluster "3.0.0" "Lets a replica answer reads on this connection." => connection::readonly;
    "readwrite" 1 [LOADING STALE FAST] [CONNECTION] NO_KEYS []
        Cluster "3.0.0" "Takes READONLY back." => connection::readwrite;
    "asking" 1 [FAST] [CONNECTION] NO_KEYS []
        Cluster "3.0.0" "Lets the next command into an importing slot." => connection::asking;
    "multi" 1 [NOSCRIPT LOADING STALE FAST ALLOW_BUSY] [TRANSACTION] NO_KEYS []
        Transactions "1.2.0" "Begins a transaction." => transaction::multi;
    "exec" 1 [NOSCRIPT LOADING STALE SKIP_SLOWLOG] [TRANSACTION] NO_KEYS []
        Transactions "1.2.0" "Runs the commands of a transaction, with nothing between them."
        => transaction::exec;
    "discard" 1 [NOSCRIPT LOADING STALE FAST ALLOW_BUSY] [TRANSACTION] NO_KEYS []
        Transactions "2.0.0" "Forgets the commands of a transaction." => transaction::discard;
    "watch" -2 [NOSCRIPT LOADING STALE FAST ALLOW_BUSY] [TRANSACTION] LOOK_ALL []
        Transactions "2.2.0" "Lets the next EXEC do nothing if one of the keys changes."
        => transaction::watch;
    "unwatch" 1 [NOSCRIPT LOADING STALE FAST ALLOW_BUSY] [TRANSACTION] NO_KEYS []
        Transactions "2.2.0" "Takes WATCH back." => transaction::unwatch;
    "subscribe" -2 [PUBSUB NOSCRIPT LOADING STALE] [] NO_KEYS []
        Pubsub "2.0.0" "Listens to channels." => pubsub::subscribe;
    "unsubscribe" -1 [PUBSUB NOSCRIPT LOADING STALE] [] NO_KEYS []
        Pubsub "2.0.0" "Listens no more, to some channels or to all." => pubsub::unsubscribe;
    "psubscribe" -2 [PUBSUB NOSCRIPT LOADING STALE] [] NO_KEYS []
        Pubsub "2.0.0" "Listens to all channels that fit patterns." => pubsub::psubscribe;
    "punsubscribe" -1 [PUBSUB NOSCRIPT LOADING STALE] [] NO_KEYS []
        Pubsub "2.0.0" "Listens no more, to some patterns or to all." => pubsub::punsubscribe;
    "publish" 3 [PUBSUB LOADING STALE FAST MAY_REPLICATE] [] NO_KEYS []
        Pubsub "2.0.0" "Tells all who listen to a channel." => pubsub::publish;
    "ssubscribe" -2 [PUBSUB NOSCRIPT LOADING STALE] [] CHANNELS []
        Pubsub "7.0.0" "Listens to channels of one shard." => pubsub::ssubscribe;
    "sunsubscribe" -1 [PUBSUB NOSCRIPT LOADING STALE] [] CHANNELS []
        Pubsub "7.0.0" "Listens no more, to some channels of a shard or to all."
        => pubsub::sunsubscribe;
    "spublish" 3 [PUBSUB LOADING STALE FAST MAY_REPLICATE] [] CHANNEL []
        Pubsub "7.0.0" "Tells all who listen to a channel of a shard." => pubsub::spublish;
    "pubsub" -2 [] [] NO_KEYS []
        Pubsub "2.8.0" "Tells who listens to what." => container, PUBSUB;
    "client" -2 [] [] NO_KEYS []
        Connection "2.4.0" "Tells about and steers connections." => container, CLIENT;
    "command" -1 [LOADING STALE] [CONNECTION] NO_KEYS ["nondeterministic_output_order"]
        Server "2.8.13" "Describes all commands." => introspect::all, COMMAND;
    "config" -2 [] [] NO_KEYS []
        Server "2.0.0" "Reads and changes directives." => container, CONFIG;
    "info" -1 [LOADING STALE] [DANGEROUS] NO_KEYS
        ["nondeterministic_output" "request_policy:all_shards" "response_policy:special"]
        Server "1.0.0" "Tells about this node in text." => info::info;
    "debug" -2 [ADMIN NOSCRIPT LOADING STALE] [] NO_KEYS []
        Server "1.0.0" "Breaks things on purpose." => server::debug;
    "shutdown" -1 [ADMIN NOSCRIPT LOADING STALE NO_MULTI ALLOW_BUSY] [] NO_KEYS []
        Server "1.0.0" "Ends this node." => persistence::shutdown;
    "time" 1 [LOADING STALE FAST] [] NO_KEYS ["nondeterministic_output"]
        Server "2.6.0" "The wall clock of this node." => server::time;
    "lastsave" 1 [LOADING STALE FAST] [DANGEROUS ADMIN] NO_KEYS ["nondeterministic_output"]
        Server "1.0.0" "When the data was last saved." => persistence::lastsave;
    "save" 1 [ADMIN NOSCRIPT NO_MULTI NO_ASYNC_LOADING] [] NO_KEYS []
        Server "1.0.0" "Writes the snapshot file and answers when it is safe." => persistence::save;
    "bgsave" -1 [ADMIN NOSCRIPT NO_ASYNC_LOADING] [] NO_KEYS []
        Server "1.0.0" "Writes the snapshot file in the background." => persistence::bgsave;
    "bgrewriteaof" 1 [ADMIN NOSCRIPT NO_ASYNC_LOADING] [] NO_KEYS []
        Server "1.0.0" "Rewrites the append only file in the background." => persistence::bgrewriteaof;
    "module" -2 [] [] NO_KEYS []
        Server "4.0.0" "Modules; there are none." => container, MODULE;
    "lolwut" -1 [READONLY FAST] [] NO_KEYS []
        Server "5.0.0" "Says what this is." => server::lolwut;
    "memory" -2 [] [] NO_KEYS [] Server "4.0.0" "Tells about memory." => container, MEMORY;
    "monitor" 1 [ADMIN NOSCRIPT LOADING STALE] [] NO_KEYS []
        Server "1.0.0" "Shows every command that clients send." => record::monitor;
    "slowlog" -2 [] [] NO_KEYS []
        Server "2.2.12" "Slow commands." => container, SLOWLOG;
    "latency" -2 [] [] NO_KEYS []
        Server "2.8.13" "Commands that took long." => container, LATENCY;
    "function" -2 [] [] NO_KEYS []
        Scripting "7.0.0" "Functions; there are none yet." => container, FUNCTION;
    "acl" -2 [] [] NO_KEYS []
        Server "6.0.0" "Users; there is only the default one." => container, ACL;
    "role" 1 [NOSCRIPT LOADING STALE FAST] [DANGEROUS ADMIN] NO_KEYS []
        Server "2.8.12" "Master or replica, with offsets." => replication::role;
    "failover" -1 [ADMIN NOSCRIPT STALE] [] NO_KEYS []
        Server "6.2.0" "Hands the role of a master to one of its replicas." => failover::failover;
    "replicaof" 3 [ADMIN NOSCRIPT STALE NO_ASYNC_LOADING] [] NO_KEYS []
        Server "5.0.0" "Makes this server a replica; refused in a cluster." => replication::replicaof;
    "slaveof" 3 [ADMIN NOSCRIPT STALE NO_ASYNC_LOADING] [] NO_KEYS []
        Server "1.0.0" "Older name of REPLICAOF." => replication::replicaof;
    "replconf" -1 [ADMIN NOSCRIPT LOADING STALE ALLOW_BUSY] [] NO_KEYS []
        Server "3.0.0" "What a replica tells its master." => replication::replconf;
    "psync" -3 [ADMIN NOSCRIPT NO_ASYNC_LOADING NO_MULTI] [] NO_KEYS []
        Server "2.8.0" "Asks for the replication stream from an offset on." => replication::psync;
    "sync" 1 [ADMIN NOSCRIPT NO_ASYNC_LOADING NO_MULTI] [] NO_KEYS []
        Server "1.0.0" "Asks for everything and then the stream." => replication::sync;
    "wait" 3 [NOSCRIPT] [CONNECTION] NO_KEYS ["request_policy:all_shards" "response_policy:agg_min"]
        Generic "3.0.0" "Waits until replicas have what this client wrote." => replication::wait;
    "cluster" -2 [] [] NO_KEYS []
        Cluster "3.0.0" "Tells about and changes the cluster." => container, CLUSTER;
);
