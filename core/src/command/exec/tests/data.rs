//! Strings and keys.

use super::check;

#[test]
fn set_and_its_options() {
    check(
        r#"
        SET k v -> OK
        get k -> "v"
        SET k w NX -> nil
        SET k w XX GET -> "v"
        SET new w XX -> nil
        SET k x NX GET -> "w"
        SET k x EX 10 -> OK
        TTL k -> :10
        SET k y KEEPTTL -> OK
        PTTL k -> :10000
        SET k z -> OK
        TTL k -> :-1
        SET k v EX 0 -> -ERR invalid expire time in 'set' command
        SET k v EX x -> -ERR value is not an integer or out of range
        SET k v EX 9223372036854775807 -> -ERR invalid expire time in 'set' command
        SET k v EX 1 PX 1 -> -ERR syntax error
        SET k v EX 1 KEEPTTL -> -ERR syntax error
        SET k v NX XX -> -ERR syntax error
        SET k v EX -> -ERR syntax error
        SETEX k 0 v -> -ERR invalid expire time in 'setex' command
        SETNX k v -> :0
        SETNX free v -> :1
        GETSET k new -> "z"
        GETDEL k -> "new"
        GET k -> nil
        "#,
    );
}

#[test]
fn the_stream_carries_effects() {
    check(
        r#"
        SET k v
        = SET k v
        SET k v EX 10
        = SET k v PXAT 1700000010000
        SET GET v XX GET
        SET GET v GET
        = SET GET v
        SETEX k 5 v
        PEXPIRE k 100
        EXPIREAT k 1800000000
        = SET k v PXAT 1700000005000 ; PEXPIREAT k 1700000000100 ; PEXPIREAT k 1800000000000
        GETEX k PERSIST
        GETEX k PX 5
        GETEX k
        = PERSIST k ; PEXPIREAT k 1700000000005
        EXPIRE k -1
        = DEL k
        INCRBYFLOAT f 1.5
        INCR n
        = SET f 1.5 KEEPTTL ; INCR n
        GETSET n 5
        GETDEL n
        = SET n 5 ; DEL n
        DEL none
        PERSIST f
        SETNX f 1
        GET f
        =
        mset a 1 b 2
        = mset a 1 b 2
        FLUSHALL
        = FLUSHALL
        "#,
    );
}

#[test]
fn expired_keys_are_gone_and_replicas_are_told() {
    check(
        r#"
        SET k v PX 100
        + 100
        GET k -> "v"
        + 1
        = SET k v PXAT 1700000000100
        DBSIZE -> :1
        GET k -> nil
        = DEL k
        DBSIZE -> :0
        SET k v PX 100
        + 101
        SET k w NX -> OK
        = SET k v PXAT 1700000000201 ; MULTI ; DEL k ; SET k w NX ; EXEC
        PEXPIRE k 10
        + 11
        APPEND k x -> :1
        INCR k -> -ERR value is not an integer or out of range
        TTL k -> :-1
        "#,
    );
}

#[test]
fn expiry_conditions() {
    check(
        r#"
        SET k v
        EXPIRE k 100 GT -> :0
        EXPIRE k 100 XX -> :0
        EXPIRE k 100 LT -> :1
        EXPIRE k 100 NX -> :0
        EXPIRE k 200 LT -> :0
        EXPIRE k 200 GT -> :1
        EXPIRE k 50 XX LT -> :1
        EXPIRE k 1 NX XX -> -ERR NX and XX, GT or LT options at the same time are not compatible
        EXPIRE k 1 GT LT -> -ERR GT and LT options at the same time are not compatible
        EXPIRE k 1 foo -> -ERR Unsupported option foo
        EXPIRE k 9223372036854775807 -> -ERR invalid expire time in 'expire' command
        EXPIRETIME k -> :1700000050
        PERSIST k -> :1
        PERSIST k -> :0
        PEXPIRETIME k -> :-1
        TTL none -> :-2
        PEXPIRE k 1400
        TTL k -> :1
        PEXPIRE k 1500
        TTL k -> :2
        EXPIRE none 5 -> :0
        "#,
    );
}

#[test]
fn numbers() {
    check(
        r#"
        INCR n -> :1
        DECR n -> :0
        INCRBY n 9223372036854775807 -> :9223372036854775807
        INCR n -> -ERR increment or decrement would overflow
        DECRBY n -9223372036854775808 -> -ERR decrement would overflow
        OBJECT ENCODING n -> "int"
        SET s 01
        INCR s -> -ERR value is not an integer or out of range
        INCRBYFLOAT s 0.5 -> "1.5"
        INCRBYFLOAT s x -> -ERR value is not a valid float
        INCRBYFLOAT s inf -> -ERR increment would produce NaN or Infinity
        PEXPIRE s 50
        INCRBYFLOAT s 0.5 -> "2"
        PTTL s -> :50
        "#,
    );
}

#[test]
fn parts_of_strings() {
    check(
        r#"
        APPEND s Hello -> :5
        APPEND s World -> :10
        OBJECT ENCODING s -> "raw"
        STRLEN s -> :10
        GETRANGE s -5 -1 -> "World"
        GETRANGE s 0 100 -> "HelloWorld"
        GETRANGE s 3 1 -> ""
        GETRANGE s -1 -3 -> ""
        GETRANGE none 0 1 -> ""
        SETRANGE s 5 There -> :10
        GET s -> "HelloThere"
        SETRANGE s -1 x -> -ERR offset is out of range
        SETRANGE s 536870912 x -> -ERR string exceeds maximum allowed size (proto-max-bulk-len)
        SETRANGE none 3 "" -> :0
        EXISTS none -> :0
        SETRANGE n 1 2 -> :2
        MGET s none -> ["HelloThere" nil]
        MSET a 1 b -> -ERR wrong number of arguments for 'mset' command
        MSETNX a 1 s 2 -> :0
        MSETNX a 1 b 2 -> :1
        MGET a b -> ["1" "2"]
        "#,
    );
}

#[test]
fn keys_as_such() {
    check(
        r#"
        MSET a 1 b 2 c 3
        EXISTS a a none -> :2
        TOUCH a none -> :1
        TYPE a -> string
        TYPE none -> none
        RENAME none x -> -ERR no such key
        PEXPIRE a 50
        RENAME a d -> OK
        PTTL d -> :50
        RENAMENX d b -> :0
        RENAMENX d e -> :1
        RENAME e e -> OK
        KEYS e -> ["e"]
        UNLINK b c none -> :2
        DBSIZE -> :1
        RANDOMKEY -> "e"
        SCAN 0 -> ["0" ["e"]]
        SCAN 0 MATCH x* COUNT 5 -> ["0" []]
        SCAN 0 TYPE hash -> ["0" []]
        SCAN 0 COUNT 0 -> -ERR syntax error
        SCAN x -> -ERR invalid cursor
        + 51
        KEYS * -> []
        RANDOMKEY -> nil
        FLUSHALL soon -> -ERR syntax error
        FLUSHDB ASYNC -> OK
        MEMORY USAGE none -> nil
        "#,
    );
}
