//! The rows of commands on hashes, lists, sets, sorted sets and bits, and of what works on several
//! types; `rows` says how to read them.

use super::{
    exec::{
        bitfield, bits, blocking, databases, draws, hashes, lcs, lists, scans, set_ops, sets, sort,
        zranges, zset_ops, zsets,
    },
    keyspecs::{
        BITFIELD, BITOP, CHANGE, COPY, EXTEND, LOOK, MOVE, NO_KEYS, PUT_FROM, PUT_FROM_ALL,
        PUT_FROM_COUNTED, READ, READ_ALL, READ_COUNTED, READ_TWO, REDUCE, SORT, SORT_READ, TAKE,
        TAKE_BUT_LAST, TAKE_COUNTED, TAKE_COUNTED_SECOND, TOUCH, TOUCH_FROM_ALL,
    },
    rows::rows,
};

rows!(pub(super) VALUE_ROWS "":
    "hset" -4 [WRITE DENYOOM FAST] [HASH] TOUCH []
        Hash "2.0.0" "Sets fields of a hash." => hashes::hset;
    "hsetnx" 4 [WRITE DENYOOM FAST] [HASH] EXTEND []
        Hash "2.0.0" "Sets a field if it is free." => hashes::hsetnx;
    "hmset" -4 [WRITE DENYOOM FAST] [HASH] TOUCH []
        Hash "2.0.0" "Sets fields of a hash; older form of HSET." => hashes::hmset;
    "hget" 3 [READONLY FAST] [HASH] READ []
        Hash "2.0.0" "Reads a field." => hashes::hget;
    "hmget" -3 [READONLY FAST] [HASH] READ []
        Hash "2.0.0" "Reads several fields." => hashes::hmget;
    "hgetall" 2 [READONLY] [HASH] READ ["nondeterministic_output_order"]
        Hash "2.0.0" "Reads a whole hash." => hashes::hgetall;
    "hdel" -3 [WRITE FAST] [HASH] REDUCE []
        Hash "2.0.0" "Deletes fields." => hashes::hdel;
    "hexists" 3 [READONLY FAST] [HASH] LOOK []
        Hash "2.0.0" "Tells whether a field exists." => hashes::hexists;
    "hlen" 2 [READONLY FAST] [HASH] LOOK []
        Hash "2.0.0" "Counts the fields." => hashes::hlen;
    "hstrlen" 3 [READONLY FAST] [HASH] LOOK []
        Hash "3.2.0" "Tells how long a field's value is." => hashes::hstrlen;
    "hkeys" 2 [READONLY] [HASH] READ ["nondeterministic_output_order"]
        Hash "2.0.0" "Lists the fields." => hashes::hkeys;
    "hvals" 2 [READONLY] [HASH] READ ["nondeterministic_output_order"]
        Hash "2.0.0" "Lists the values." => hashes::hvals;
    "hincrby" 4 [WRITE DENYOOM FAST] [HASH] CHANGE []
        Hash "2.0.0" "Adds to a number in a field." => hashes::hincrby;
    "hincrbyfloat" 4 [WRITE DENYOOM FAST] [HASH] CHANGE []
        Hash "2.6.0" "Adds to a floating point number in a field." => hashes::hincrbyfloat;
    "hscan" -3 [READONLY] [HASH] READ ["nondeterministic_output"]
        Hash "2.8.0" "Goes through a hash in steps." => scans::hscan;
    "hrandfield" -2 [READONLY] [HASH] READ ["nondeterministic_output"]
        Hash "6.2.0" "Draws fields by chance." => draws::hrandfield;
    "lpush" -3 [WRITE DENYOOM FAST] [LIST] EXTEND []
        List "1.0.0" "Adds elements at the head." => lists::lpush;
    "rpush" -3 [WRITE DENYOOM FAST] [LIST] EXTEND []
        List "1.0.0" "Adds elements at the tail." => lists::rpush;
    "lpushx" -3 [WRITE DENYOOM FAST] [LIST] EXTEND []
        List "2.2.0" "Adds elements at the head of a list that exists." => lists::lpushx;
    "rpushx" -3 [WRITE DENYOOM FAST] [LIST] EXTEND []
        List "2.2.0" "Adds elements at the tail of a list that exists." => lists::rpushx;
    "lpop" -2 [WRITE FAST] [LIST] TAKE []
        List "1.0.0" "Takes elements from the head." => lists::lpop;
    "rpop" -2 [WRITE FAST] [LIST] TAKE []
        List "1.0.0" "Takes elements from the tail." => lists::rpop;
    "llen" 2 [READONLY FAST] [LIST] LOOK []
        List "1.0.0" "Counts the elements." => lists::llen;
    "lrange" 4 [READONLY] [LIST] READ []
        List "1.0.0" "Reads a part of a list." => lists::lrange;
    "lindex" 3 [READONLY] [LIST] READ []
        List "1.0.0" "Reads an element by its place." => lists::lindex;
    "lset" 4 [WRITE DENYOOM] [LIST] TOUCH []
        List "1.0.0" "Replaces an element by its place." => lists::lset;
    "linsert" 5 [WRITE DENYOOM] [LIST] EXTEND []
        List "2.2.0" "Puts an element beside another one." => lists::linsert;
    "lrem" 4 [WRITE] [LIST] REDUCE []
        List "1.0.0" "Deletes elements that equal a value." => lists::lrem;
    "ltrim" 4 [WRITE] [LIST] REDUCE []
        List "1.0.0" "Keeps only a part of a list." => lists::ltrim;
    "lpos" -3 [READONLY] [LIST] READ []
        List "6.0.6" "Finds the places of a value." => lists::lpos;
    "lmove" 5 [WRITE DENYOOM] [LIST] MOVE []
        List "6.2.0" "Moves an element from one end to another." => lists::lmove;
    "rpoplpush" 3 [WRITE DENYOOM] [LIST] MOVE []
        List "1.2.0" "Moves an element from a tail to a head." => lists::rpoplpush;
    "lmpop" -4 [WRITE MOVABLEKEYS] [LIST] TAKE_COUNTED []
        List "7.0.0" "Takes elements from the first list that has some." => lists::lmpop;
    "blpop" -3 [WRITE NOSCRIPT BLOCKING] [LIST] TAKE_BUT_LAST []
        List "2.0.0" "Takes the head of the first list that has one, or waits for it."
        => blocking::take_or_wait;
    "brpop" -3 [WRITE NOSCRIPT BLOCKING] [LIST] TAKE_BUT_LAST []
        List "2.0.0" "Takes the tail of the first list that has one, or waits for it."
        => blocking::take_or_wait;
    "blmove" 6 [WRITE DENYOOM NOSCRIPT BLOCKING] [LIST] MOVE []
        List "6.2.0" "Moves an element from one end to another, or waits for it."
        => blocking::take_or_wait;
    "brpoplpush" 4 [WRITE DENYOOM NOSCRIPT BLOCKING] [LIST] MOVE []
        List "2.2.0" "Moves an element from a tail to a head, or waits for it."
        => blocking::take_or_wait;
    "blmpop" -5 [WRITE BLOCKING MOVABLEKEYS] [LIST] TAKE_COUNTED_SECOND []
        List "7.0.0" "Takes elements from the first list that has some, or waits for them."
        => blocking::take_or_wait;
    "bzpopmin" -3 [WRITE NOSCRIPT BLOCKING FAST] [SORTEDSET] TAKE_BUT_LAST []
        SortedSet "5.0.0" "Takes the lowest member of the first set that has one, or waits."
        => blocking::take_or_wait;
    "bzpopmax" -3 [WRITE NOSCRIPT BLOCKING FAST] [SORTEDSET] TAKE_BUT_LAST []
        SortedSet "5.0.0" "Takes the highest member of the first set that has one, or waits."
        => blocking::take_or_wait;
    "bzmpop" -5 [WRITE BLOCKING MOVABLEKEYS] [SORTEDSET] TAKE_COUNTED_SECOND []
        SortedSet "7.0.0" "Takes members of the first set that has some, or waits for them."
        => blocking::take_or_wait;
    "sadd" -3 [WRITE DENYOOM FAST] [SET] EXTEND []
        Set "1.0.0" "Adds members." => sets::sadd;
    "srem" -3 [WRITE FAST] [SET] REDUCE []
        Set "1.0.0" "Deletes members." => sets::srem;
    "sismember" 3 [READONLY FAST] [SET] LOOK []
        Set "1.0.0" "Tells whether something is a member." => sets::sismember;
    "smismember" -3 [READONLY FAST] [SET] READ []
        Set "6.2.0" "Tells which of some things are members." => sets::smismember;
    "smembers" 2 [READONLY] [SET] READ ["nondeterministic_output_order"]
        Set "1.0.0" "Lists the members." => sets::smembers;
    "scard" 2 [READONLY FAST] [SET] LOOK []
        Set "1.0.0" "Counts the members." => sets::scard;
    "spop" -2 [WRITE FAST] [SET] TAKE ["nondeterministic_output"]
        Set "1.0.0" "Takes members by chance." => draws::spop;
    "srandmember" -2 [READONLY] [SET] READ ["nondeterministic_output"]
        Set "1.0.0" "Draws members by chance." => draws::srandmember;
    "smove" 4 [WRITE FAST] [SET] MOVE []
        Set "1.0.0" "Moves a member to another set." => sets::smove;
    "sinter" -2 [READONLY] [SET] READ_ALL ["nondeterministic_output_order"]
        Set "1.0.0" "Lists what is in all sets." => set_ops::sinter;
    "sinterstore" -3 [WRITE DENYOOM] [SET] TOUCH_FROM_ALL []
        Set "1.0.0" "Keeps what is in all sets." => set_ops::sinterstore;
    "sintercard" -3 [READONLY MOVABLEKEYS] [SET] READ_COUNTED []
        Set "7.0.0" "Counts what is in all sets." => set_ops::sintercard;
    "sunion" -2 [READONLY] [SET] READ_ALL ["nondeterministic_output_order"]
        Set "1.0.0" "Lists what is in any of the sets." => set_ops::sunion;
    "sunionstore" -3 [WRITE DENYOOM] [SET] PUT_FROM_ALL []
        Set "1.0.0" "Keeps what is in any of the sets." => set_ops::sunionstore;
    "sdiff" -2 [READONLY] [SET] READ_ALL ["nondeterministic_output_order"]
        Set "1.0.0" "Lists what is in the first set only." => set_ops::sdiff;
    "sdiffstore" -3 [WRITE DENYOOM] [SET] PUT_FROM_ALL []
        Set "1.0.0" "Keeps what is in the first set only." => set_ops::sdiffstore;
    "sscan" -3 [READONLY] [SET] READ ["nondeterministic_output"]
        Set "2.8.0" "Goes through a set in steps." => scans::sscan;
    "zadd" -4 [WRITE DENYOOM FAST] [SORTEDSET] TOUCH []
        SortedSet "1.2.0" "Adds members, or changes their scores." => zsets::zadd;
    "zrem" -3 [WRITE FAST] [SORTEDSET] REDUCE []
        SortedSet "1.2.0" "Deletes members." => zsets::zrem;
    "zscore" 3 [READONLY FAST] [SORTEDSET] READ []
        SortedSet "1.2.0" "Tells a member's score." => zsets::zscore;
    "zmscore" -3 [READONLY FAST] [SORTEDSET] READ []
        SortedSet "6.2.0" "Tells the scores of several members." => zsets::zmscore;
    "zincrby" 4 [WRITE DENYOOM FAST] [SORTEDSET] CHANGE []
        SortedSet "1.2.0" "Adds to a score." => zsets::zincrby;
    "zcard" 2 [READONLY FAST] [SORTEDSET] LOOK []
        SortedSet "1.2.0" "Counts the members." => zsets::zcard;
    "zcount" 4 [READONLY FAST] [SORTEDSET] READ []
        SortedSet "2.0.0" "Counts the members between two scores." => zranges::zcount;
    "zlexcount" 4 [READONLY FAST] [SORTEDSET] READ []
        SortedSet "2.8.9" "Counts the members between two names." => zranges::zlexcount;
    "zrank" 3 [READONLY FAST] [SORTEDSET] READ []
        SortedSet "2.0.0" "Tells how many members come before one." => zsets::zrank;
    "zrevrank" 3 [READONLY FAST] [SORTEDSET] READ []
        SortedSet "2.0.0" "Tells how many members come after one." => zsets::zrevrank;
    "zrange" -4 [READONLY] [SORTEDSET] READ []
        SortedSet "1.2.0" "Lists members between two ranks, scores or names." => zranges::zrange;
    "zrangestore" -5 [WRITE DENYOOM] [SORTEDSET] PUT_FROM []
        SortedSet "6.2.0" "Keeps members between two ranks, scores or names."
        => zranges::zrangestore;
    "zrevrange" -4 [READONLY] [SORTEDSET] READ []
        SortedSet "1.2.0" "Lists members between two ranks from the end." => zranges::zrevrange;
    "zrangebyscore" -4 [READONLY] [SORTEDSET] READ []
        SortedSet "1.0.5" "Lists members between two scores." => zranges::zrangebyscore;
    "zrevrangebyscore" -4 [READONLY] [SORTEDSET] READ []
        SortedSet "2.2.0" "Lists members between two scores, highest first."
        => zranges::zrevrangebyscore;
    "zrangebylex" -4 [READONLY] [SORTEDSET] READ []
        SortedSet "2.8.9" "Lists members between two names." => zranges::zrangebylex;
    "zrevrangebylex" -4 [READONLY] [SORTEDSET] READ []
        SortedSet "2.8.9" "Lists members between two names, last first." => zranges::zrevrangebylex;
    "zremrangebyrank" 4 [WRITE] [SORTEDSET] REDUCE []
        SortedSet "2.0.0" "Deletes members between two ranks." => zranges::zremrangebyrank;
    "zremrangebyscore" 4 [WRITE] [SORTEDSET] REDUCE []
        SortedSet "1.2.0" "Deletes members between two scores." => zranges::zremrangebyscore;
    "zremrangebylex" 4 [WRITE] [SORTEDSET] REDUCE []
        SortedSet "2.8.9" "Deletes members between two names." => zranges::zremrangebylex;
    "zpopmin" -2 [WRITE FAST] [SORTEDSET] TAKE []
        SortedSet "5.0.0" "Takes the members with the lowest scores." => zsets::zpopmin;
    "zpopmax" -2 [WRITE FAST] [SORTEDSET] TAKE []
        SortedSet "5.0.0" "Takes the members with the highest scores." => zsets::zpopmax;
    "zmpop" -4 [WRITE MOVABLEKEYS] [SORTEDSET] TAKE_COUNTED []
        SortedSet "7.0.0" "Takes members from the first sorted set that has some." => zsets::zmpop;
    "zunion" -3 [READONLY MOVABLEKEYS] [SORTEDSET] READ_COUNTED []
        SortedSet "6.2.0" "Lists what is in any of the sorted sets." => zset_ops::zunion;
    "zinter" -3 [READONLY MOVABLEKEYS] [SORTEDSET] READ_COUNTED []
        SortedSet "6.2.0" "Lists what is in all sorted sets." => zset_ops::zinter;
    "zdiff" -3 [READONLY MOVABLEKEYS] [SORTEDSET] READ_COUNTED []
        SortedSet "6.2.0" "Lists what is in the first sorted set only." => zset_ops::zdiff;
    "zunionstore" -4 [WRITE DENYOOM MOVABLEKEYS] [SORTEDSET] PUT_FROM_COUNTED []
        SortedSet "2.0.0" "Keeps what is in any of the sorted sets." => zset_ops::zunionstore;
    "zinterstore" -4 [WRITE DENYOOM MOVABLEKEYS] [SORTEDSET] PUT_FROM_COUNTED []
        SortedSet "2.0.0" "Keeps what is in all sorted sets." => zset_ops::zinterstore;
    "zdiffstore" -4 [WRITE DENYOOM MOVABLEKEYS] [SORTEDSET] PUT_FROM_COUNTED []
        SortedSet "6.2.0" "Keeps what is in the first sorted set only." => zset_ops::zdiffstore;
    "zintercard" -3 [READONLY MOVABLEKEYS] [SORTEDSET] READ_COUNTED []
        SortedSet "7.0.0" "Counts what is in all sorted sets." => zset_ops::zintercard;
    "zscan" -3 [READONLY] [SORTEDSET] READ ["nondeterministic_output"]
        SortedSet "2.8.0" "Goes through a sorted set in steps." => scans::zscan;
    "zrandmember" -2 [READONLY] [SORTEDSET] READ ["nondeterministic_output"]
        SortedSet "6.2.0" "Draws members by chance." => draws::zrandmember;
    "setbit" 4 [WRITE DENYOOM] [BITMAP] CHANGE []
        Bitmap "2.2.0" "Sets or clears a bit." => bits::setbit;
    "getbit" 3 [READONLY FAST] [BITMAP] READ []
        Bitmap "2.2.0" "Reads a bit." => bits::getbit;
    "bitcount" -2 [READONLY] [BITMAP] READ []
        Bitmap "2.6.0" "Counts the bits that are set." => bits::bitcount;
    "bitpos" -3 [READONLY] [BITMAP] READ []
        Bitmap "2.8.7" "Finds the first bit of a kind." => bits::bitpos;
    "bitop" -4 [WRITE DENYOOM] [BITMAP] BITOP []
        Bitmap "2.6.0" "Combines strings bit by bit." => bits::bitop;
    "bitfield" -2 [WRITE DENYOOM] [BITMAP] BITFIELD []
        Bitmap "3.2.0" "Reads and changes numbers of some bits." => bitfield::bitfield;
    "bitfield_ro" -2 [READONLY FAST] [BITMAP] READ []
        Bitmap "6.0.0" "Reads numbers of some bits." => bitfield::bitfield_ro;
    "lcs" -3 [READONLY] [STRING] READ_TWO []
        String "7.0.0" "Finds what two strings have in common." => lcs::lcs;
    "copy" -3 [WRITE DENYOOM] [KEYSPACE] COPY []
        Generic "6.2.0" "Copies a key." => databases::copy;
    "move" 3 [WRITE FAST] [KEYSPACE] CHANGE []
        Generic "1.0.0" "Moves a key to another database; a cluster has only one." => databases::move_to;
    "swapdb" 3 [WRITE FAST] [KEYSPACE DANGEROUS] NO_KEYS []
        Server "4.0.0" "Exchanges two databases; a cluster has only one." => databases::swapdb;
    "sort" -2 [WRITE DENYOOM MOVABLEKEYS] [SET SORTEDSET LIST DANGEROUS] SORT []
        Generic "1.0.0" "Sorts the elements of a list, set or sorted set." => sort::sort;
    "sort_ro" -2 [READONLY MOVABLEKEYS] [SET SORTEDSET LIST DANGEROUS] SORT_READ []
        Generic "7.0.0" "Sorts elements and only answers." => sort::sort_ro;
);
