//! What stands on disk and in replication payloads: nodes.conf, RDB, DUMP.

pub mod crc64;
pub mod lzf;
pub mod nodes_conf;
pub mod rdb;
