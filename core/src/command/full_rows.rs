//! The rows of commands that only a server needs, and not the page; `rows` says how to read them.

use super::{
    exec::hyperloglog,
    keyspecs::{COUNT_ALL, EXTEND, MERGE, READ_SECOND},
    rows::rows,
};

rows!(pub(super) FULL_ROWS "":
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
