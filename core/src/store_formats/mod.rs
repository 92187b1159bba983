//! What stands on disk and in replication payloads: nodes.conf, RDB, DUMP, and the
//! small collections within them.

pub mod aof;
pub mod crc64;
pub mod lzf;
pub mod manifest;
pub mod nodes_conf;
pub mod packed;
pub mod rdb;
