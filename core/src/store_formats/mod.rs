//! What stands on disk and in replication payloads: nodes.conf, RDB, DUMP.

pub mod nodes_conf;
