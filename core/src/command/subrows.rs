//! The rows of all subcommands; `rows` says how to read them.

use super::{
    exec::{
        acl, client, clients, cluster, config, introspect, keys, memory, pubsub, record, server,
        tracking,
    },
    keyspecs::{LOOK_SECOND, NO_KEYS},
    rows::rows,
};

rows!(pub(super) OBJECT "object|":
    "encoding" 3 [READONLY] [KEYSPACE] LOOK_SECOND ["nondeterministic_output"]
        Generic "2.2.3" "Tells how a value is stored." => keys::object_encoding;
    "refcount" 3 [READONLY] [KEYSPACE] LOOK_SECOND ["nondeterministic_output"]
        Generic "2.2.3" "Always 1 for a key that exists." => keys::object_refcount;
    "freq" 3 [READONLY] [KEYSPACE] LOOK_SECOND ["nondeterministic_output"]
        Generic "4.0.0" "How often a key was used; nothing here counts that." => keys::object_freq;
    "idletime" 3 [READONLY] [KEYSPACE] LOOK_SECOND ["nondeterministic_output"]
        Generic "2.2.3" "How long a key was not used; nothing here notes that."
        => keys::object_idletime;
    "help" 2 [LOADING STALE] [KEYSPACE] NO_KEYS []
        Generic "6.2.0" "Lists these subcommands." => introspect::help;
);

rows!(pub(super) CLIENT "client|":
    "id" 2 [NOSCRIPT LOADING STALE] [CONNECTION] NO_KEYS []
        Connection "5.0.0" "The number of this connection." => client::id;
    "getname" 2 [NOSCRIPT LOADING STALE] [CONNECTION] NO_KEYS []
        Connection "2.6.9" "The name of this connection." => client::getname;
    "setname" 3 [NOSCRIPT LOADING STALE] [CONNECTION] NO_KEYS []
        Connection "2.6.9" "Names this connection." => client::setname;
    "info" 2 [NOSCRIPT LOADING STALE] [CONNECTION] NO_KEYS ["nondeterministic_output"]
        Connection "6.2.0" "Describes this connection." => clients::info;
    "list" -2 [ADMIN NOSCRIPT LOADING STALE] [CONNECTION] NO_KEYS ["nondeterministic_output"]
        Connection "2.4.0" "Describes all connections." => clients::list;
    "kill" -3 [ADMIN NOSCRIPT LOADING STALE] [CONNECTION] NO_KEYS []
        Connection "2.4.0" "Closes connections." => clients::kill;
    "reply" 3 [NOSCRIPT LOADING STALE] [CONNECTION] NO_KEYS []
        Connection "3.2.0" "Chooses which replies this connection gets." => client::reply;
    "no-evict" 3 [ADMIN NOSCRIPT LOADING STALE] [CONNECTION] NO_KEYS []
        Connection "7.0.0" "Accepted; nothing is evicted here." => client::no_evict;
    "unblock" -3 [ADMIN NOSCRIPT LOADING STALE] [CONNECTION] NO_KEYS []
        Connection "5.0.0" "Ends the waiting of another connection." => clients::unblock;
    "no-touch" 3 [NOSCRIPT LOADING STALE] [CONNECTION] NO_KEYS []
        Connection "7.2.0" "Accepted; no access times are kept here." => client::no_evict;
    "setinfo" 4 [NOSCRIPT LOADING STALE] [CONNECTION] NO_KEYS []
        Connection "7.2.0" "Takes the name and version of a client's library."
        => client::setinfo;
    "getredir" 2 [NOSCRIPT LOADING STALE] [CONNECTION] NO_KEYS []
        Connection "6.0.0" "Who gets what this connection's tracking finds." => tracking::getredir;
    "tracking" -3 [NOSCRIPT LOADING STALE] [CONNECTION] NO_KEYS []
        Connection "6.0.0" "Asks to be told when keys change that the client has read." => tracking::tracking;
    "trackinginfo" 2 [NOSCRIPT LOADING STALE] [CONNECTION] NO_KEYS []
        Connection "6.2.0" "Whether keys are tracked for this connection."
        => tracking::trackinginfo;
    "caching" 3 [NOSCRIPT LOADING STALE] [CONNECTION] NO_KEYS []
        Connection "6.0.0" "Whether the keys of the next command are tracked." => tracking::caching;
    "pause" -3 [ADMIN NOSCRIPT LOADING STALE] [CONNECTION] NO_KEYS []
        Connection "2.9.50" "Lets clients wait for some time, with writes or with all they ask."
        => client::pause;
    "unpause" 2 [ADMIN NOSCRIPT LOADING STALE] [CONNECTION] NO_KEYS []
        Connection "6.2.0" "Ends CLIENT PAUSE." => client::unpause;
    "help" 2 [LOADING STALE] [CONNECTION] NO_KEYS []
        Connection "5.0.0" "Lists these subcommands." => introspect::help;
);

rows!(pub(super) PUBSUB "pubsub|":
    "channels" -2 [PUBSUB LOADING STALE] [] NO_KEYS []
        Pubsub "2.8.0" "The channels that have listeners." => pubsub::channels;
    "numpat" 2 [PUBSUB LOADING STALE] [] NO_KEYS []
        Pubsub "2.8.0" "Counts the patterns that have listeners." => pubsub::numpat;
    "numsub" -2 [PUBSUB LOADING STALE] [] NO_KEYS []
        Pubsub "2.8.0" "Counts the listeners of channels." => pubsub::numsub;
    "shardchannels" -2 [PUBSUB LOADING STALE] [] NO_KEYS []
        Pubsub "7.0.0" "The channels of shards that have listeners." => pubsub::shardchannels;
    "shardnumsub" -2 [PUBSUB LOADING STALE] [] NO_KEYS []
        Pubsub "7.0.0" "Counts the listeners of channels of shards." => pubsub::shardnumsub;
    "help" 2 [LOADING STALE] [] NO_KEYS []
        Pubsub "6.2.0" "Lists these subcommands." => introspect::help;
);

rows!(pub(super) COMMAND "command|":
    "count" 2 [LOADING STALE] [CONNECTION] NO_KEYS []
        Server "2.8.13" "Counts the commands." => introspect::count;
    "info" -2 [LOADING STALE] [CONNECTION] NO_KEYS ["nondeterministic_output_order"]
        Server "2.8.13" "Describes some commands." => introspect::info;
    "docs" -2 [LOADING STALE] [CONNECTION] NO_KEYS ["nondeterministic_output_order"]
        Server "7.0.0" "Documents some commands." => introspect::docs;
    "list" -2 [LOADING STALE] [CONNECTION] NO_KEYS ["nondeterministic_output_order"]
        Server "7.0.0" "Names the commands." => introspect::list;
    "getkeys" -4 [LOADING STALE] [CONNECTION] NO_KEYS []
        Server "2.8.13" "Finds the keys in a command." => introspect::getkeys;
    "getkeysandflags" -4 [LOADING STALE] [CONNECTION] NO_KEYS []
        Server "7.0.0" "Finds the keys in a command and what it does to them." => introspect::getkeysandflags;
    "help" 2 [LOADING STALE] [CONNECTION] NO_KEYS []
        Server "5.0.0" "Lists these subcommands." => introspect::help;
);

rows!(pub(super) CONFIG "config|":
    "get" -3 [ADMIN NOSCRIPT LOADING STALE] [] NO_KEYS []
        Server "2.0.0" "Reads the directives that fit a pattern." => config::get;
    "set" -4 [ADMIN NOSCRIPT LOADING STALE] [] NO_KEYS
        ["request_policy:all_nodes" "response_policy:all_succeeded"]
        Server "2.0.0" "Changes directives, all or none." => config::set;
    "resetstat" 2 [ADMIN NOSCRIPT LOADING STALE] [] NO_KEYS []
        Server "2.0.0" "Sets counters back to zero." => config::resetstat;
    "rewrite" 2 [ADMIN NOSCRIPT LOADING STALE] [] NO_KEYS []
        Server "2.8.0" "Writes the directives into the configuration file." => config::rewrite;
    "help" 2 [LOADING STALE] [] NO_KEYS []
        Server "5.0.0" "Lists these subcommands." => introspect::help;
);

rows!(pub(super) MEMORY "memory|":
    "doctor" 2 [] [] NO_KEYS
        ["nondeterministic_output" "request_policy:all_shards" "response_policy:special"]
        Server "4.0.0" "Tells about memory in words." => memory::doctor;
    "malloc-stats" 2 [] [] NO_KEYS
        ["nondeterministic_output" "request_policy:all_shards" "response_policy:special"]
        Server "4.0.0" "What the allocator counts, if it counts." => memory::malloc_stats;
    "purge" 2 [] [] NO_KEYS ["request_policy:all_shards" "response_policy:all_succeeded"]
        Server "4.0.0" "Gives memory back that is not needed; nothing has to be done for it." => server::ok;
    "stats" 2 [] [] NO_KEYS
        ["nondeterministic_output" "request_policy:all_shards" "response_policy:special"]
        Server "4.0.0" "What the memory is used for." => memory::stats;
    "usage" -3 [READONLY] [] LOOK_SECOND []
        Server "4.0.0" "Estimates the memory of a key." => memory::usage;
    "help" 2 [LOADING STALE] [] NO_KEYS []
        Server "4.0.0" "Lists these subcommands." => introspect::help;
);

rows!(pub(super) SLOWLOG "slowlog|":
    "get" -2 [ADMIN LOADING STALE] [] NO_KEYS ["request_policy:all_nodes" "nondeterministic_output"]
        Server "2.2.12" "The latest slow commands." => record::slowlog_get;
    "len" 2 [ADMIN LOADING STALE] [] NO_KEYS
        ["request_policy:all_nodes" "response_policy:agg_sum" "nondeterministic_output"]
        Server "2.2.12" "Counts the slow commands that are kept." => record::slowlog_len;
    "reset" 2 [ADMIN LOADING STALE] [] NO_KEYS
        ["request_policy:all_nodes" "response_policy:all_succeeded"]
        Server "2.2.12" "Forgets the slow commands." => record::slowlog_reset;
    "help" 2 [LOADING STALE] [] NO_KEYS []
        Server "6.2.0" "Lists these subcommands." => introspect::help;
);

rows!(pub(super) LATENCY "latency|":
    "doctor" 2 [ADMIN NOSCRIPT LOADING STALE] [] NO_KEYS
        ["nondeterministic_output" "request_policy:all_nodes" "response_policy:special"]
        Server "2.8.13" "Tells about spikes in words." => record::doctor;
    "graph" 3 [ADMIN NOSCRIPT LOADING STALE] [] NO_KEYS
        ["nondeterministic_output" "request_policy:all_nodes" "response_policy:special"]
        Server "2.8.13" "Shows the spikes of one kind." => record::graph;
    "histogram" -2 [ADMIN NOSCRIPT LOADING STALE] [] NO_KEYS
        ["nondeterministic_output" "request_policy:all_nodes" "response_policy:special"]
        Server "7.0.0" "How many calls of commands took how long." => record::histogram;
    "history" 3 [ADMIN NOSCRIPT LOADING STALE] [] NO_KEYS
        ["nondeterministic_output" "request_policy:all_nodes" "response_policy:special"]
        Server "2.8.13" "Lists the spikes of one kind." => record::history;
    "latest" 2 [ADMIN NOSCRIPT LOADING STALE] [] NO_KEYS
        ["nondeterministic_output" "request_policy:all_nodes" "response_policy:special"]
        Server "2.8.13" "The last spike of each kind." => record::latest;
    "reset" -2 [ADMIN NOSCRIPT LOADING STALE] [] NO_KEYS
        ["request_policy:all_nodes" "response_policy:all_succeeded"]
        Server "2.8.13" "Forgets spikes." => record::reset;
    "help" 2 [LOADING STALE] [] NO_KEYS []
        Server "2.8.13" "Lists these subcommands." => introspect::help;
);

rows!(pub(super) FUNCTION "function|":
    "list" -2 [NOSCRIPT] [SCRIPTING] NO_KEYS ["nondeterministic_output_order"]
        Scripting "7.0.0" "Always empty." => server::empty_array;
    "dump" 2 [NOSCRIPT] [SCRIPTING] NO_KEYS []
        Scripting "7.0.0" "The payload of no functions." => server::function_dump;
    "restore" -3 [WRITE DENYOOM NOSCRIPT] [SCRIPTING] NO_KEYS
        ["request_policy:all_shards" "response_policy:all_succeeded"]
        Scripting "7.0.0" "Takes the payload of no functions." => server::function_restore;
    "flush" -2 [WRITE NOSCRIPT] [SCRIPTING] NO_KEYS
        ["request_policy:all_shards" "response_policy:all_succeeded"]
        Scripting "7.0.0" "Accepted; there is nothing to delete." => server::ok;
    "help" 2 [LOADING STALE] [SCRIPTING] NO_KEYS []
        Scripting "7.0.0" "Lists these subcommands." => introspect::help;
);

rows!(pub(super) ACL "acl|":
    "whoami" 2 [NOSCRIPT LOADING STALE] [] NO_KEYS []
        Server "6.0.0" "The user of this connection." => acl::whoami;
    "list" 2 [ADMIN NOSCRIPT LOADING STALE] [] NO_KEYS []
        Server "6.0.0" "The rules of all users." => acl::list;
    "users" 2 [ADMIN NOSCRIPT LOADING STALE] [] NO_KEYS []
        Server "6.0.0" "The names of all users." => acl::users;
    "getuser" 3 [ADMIN NOSCRIPT LOADING STALE] [] NO_KEYS []
        Server "6.0.0" "The rules of one user." => acl::getuser;
    "cat" -2 [NOSCRIPT LOADING STALE] [] NO_KEYS []
        Server "6.0.0" "The categories of commands, or the commands of one." => acl::cat;
    "log" -2 [ADMIN NOSCRIPT LOADING STALE] [] NO_KEYS []
        Server "6.0.0" "Always empty." => acl::log;
    "help" 2 [LOADING STALE] [] NO_KEYS []
        Server "6.0.0" "Lists these subcommands." => introspect::help;
);

rows!(pub(super) CLUSTER "cluster|":
    "info" 2 [STALE] [] NO_KEYS ["nondeterministic_output"]
        Cluster "3.0.0" "State, slots, epochs and messages of this node." => cluster::info;
    "nodes" 2 [STALE] [] NO_KEYS ["nondeterministic_output"]
        Cluster "3.0.0" "Everybody this node knows, a line each." => cluster::nodes;
    "slots" 2 [STALE] [] NO_KEYS ["nondeterministic_output"]
        Cluster "3.0.0" "Who serves which slots." => cluster::slots;
    "shards" 2 [STALE] [] NO_KEYS ["nondeterministic_output"]
        Cluster "7.0.0" "Masters with their replicas and slots." => cluster::shards;
    "links" 2 [STALE] [] NO_KEYS ["nondeterministic_output"]
        Cluster "7.0.0" "The connections of the bus." => cluster::links;
    "myid" 2 [STALE] [] NO_KEYS [] Cluster "3.0.0" "The name of this node." => cluster::myid;
    "meet" -4 [ADMIN STALE NO_ASYNC_LOADING] [] NO_KEYS []
        Cluster "3.0.0" "Introduces another node." => cluster::meet;
    "forget" 3 [ADMIN STALE NO_ASYNC_LOADING] [] NO_KEYS []
        Cluster "3.0.0" "Removes a node from the table of this one." => cluster::forget;
    "addslots" -3 [ADMIN STALE NO_ASYNC_LOADING] [] NO_KEYS []
        Cluster "3.0.0" "Takes free slots." => cluster::addslots;
    "addslotsrange" -4 [ADMIN STALE NO_ASYNC_LOADING] [] NO_KEYS []
        Cluster "7.0.0" "Takes ranges of free slots." => cluster::addslotsrange;
    "delslots" -3 [ADMIN STALE NO_ASYNC_LOADING] [] NO_KEYS []
        Cluster "3.0.0" "Forgets the owners of slots." => cluster::delslots;
    "delslotsrange" -4 [ADMIN STALE NO_ASYNC_LOADING] [] NO_KEYS []
        Cluster "7.0.0" "Forgets the owners of ranges of slots." => cluster::delslotsrange;
    "flushslots" 2 [ADMIN STALE NO_ASYNC_LOADING] [] NO_KEYS []
        Cluster "3.0.0" "Gives all slots of this node away." => cluster::flushslots;
    "setslot" -4 [ADMIN STALE NO_ASYNC_LOADING] [] NO_KEYS []
        Cluster "3.0.0" "Opens, closes or assigns a slot." => cluster::setslot;
    "keyslot" 3 [STALE] [] NO_KEYS [] Cluster "3.0.0" "The slot of a key." => cluster::keyslot;
    "countkeysinslot" 3 [STALE] [] NO_KEYS []
        Cluster "3.0.0" "Counts the keys of a slot here." => cluster::countkeysinslot;
    "getkeysinslot" 4 [STALE] [] NO_KEYS ["nondeterministic_output"]
        Cluster "3.0.0" "Names keys of a slot here." => cluster::getkeysinslot;
    "replicate" 3 [ADMIN STALE NO_ASYNC_LOADING] [] NO_KEYS []
        Cluster "3.0.0" "Makes this node a replica." => cluster::replicate;
    "failover" -2 [ADMIN STALE NO_ASYNC_LOADING] [] NO_KEYS []
        Cluster "3.0.0" "Makes this replica take its master's place." => cluster::failover;
    "replicas" 3 [ADMIN STALE] [] NO_KEYS ["nondeterministic_output"]
        Cluster "5.0.0" "The replicas of a master, a line each." => cluster::replicas;
    "slaves" 3 [ADMIN STALE] [] NO_KEYS ["nondeterministic_output"]
        Cluster "3.0.0" "Older name of CLUSTER REPLICAS." => cluster::slaves;
    "reset" -2 [ADMIN NOSCRIPT STALE] [] NO_KEYS []
        Cluster "3.0.0" "Makes this node forget its cluster." => cluster::reset;
    "set-config-epoch" 3 [ADMIN STALE NO_ASYNC_LOADING] [] NO_KEYS []
        Cluster "3.0.0" "Gives a fresh node its config epoch." => cluster::set_config_epoch;
    "bumpepoch" 2 [ADMIN STALE NO_ASYNC_LOADING] [] NO_KEYS ["nondeterministic_output"]
        Cluster "3.0.0" "Raises the config epoch of this node." => cluster::bumpepoch;
    "count-failure-reports" 3 [ADMIN STALE] [] NO_KEYS ["nondeterministic_output"]
        Cluster "3.0.0" "Counts who reports a node as failing." => cluster::count_failure_reports;
    "saveconfig" 2 [ADMIN STALE NO_ASYNC_LOADING] [] NO_KEYS []
        Cluster "3.0.0" "Writes nodes.conf." => cluster::saveconfig;
    "help" 2 [LOADING STALE] [] NO_KEYS []
        Cluster "5.0.0" "Lists these subcommands." => introspect::help;
);

rows!(pub(super) MODULE "module|":
    "list" 2 [ADMIN NOSCRIPT] [] NO_KEYS ["nondeterministic_output_order"]
        Server "4.0.0" "Lists the modules; there are none." => server::empty_array;
    "load" -3 [ADMIN NOSCRIPT NO_ASYNC_LOADING] [] NO_KEYS []
        Server "4.0.0" "Refuses to load a module." => server::no_modules;
    "loadex" -3 [ADMIN NOSCRIPT NO_ASYNC_LOADING] [] NO_KEYS []
        Server "7.0.0" "Refuses to load a module." => server::no_modules;
    "unload" 3 [ADMIN NOSCRIPT NO_ASYNC_LOADING] [] NO_KEYS []
        Server "4.0.0" "Refuses to take a module away." => server::no_modules;
    "help" 2 [LOADING STALE] [] NO_KEYS []
        Server "5.0.0" "Lists these subcommands." => introspect::help;
);
