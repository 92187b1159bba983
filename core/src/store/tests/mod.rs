//! The keyspace against a sorted map, and the promises of SCAN and of digests.

mod collections;

use alloc::{collections::BTreeMap, vec::Vec};

use proptest::prelude::*;

use super::{Keyspace, Str, Value};
use crate::{
    resp::parse_i64,
    rng::{Rng, Seed},
    slot::key_slot,
    time::UnixMillis,
};

#[derive(Clone, Debug)]
enum Op {
    Set(u8, i64, Option<u64>),
    Append(u8),
    Remove(u8),
    Expire(u8, Option<u64>),
    RemoveSlot(u8),
    Tick(u64),
    Clear,
}

fn op() -> impl Strategy<Value = Op> {
    let key = 0..24u8;
    prop_oneof![
        6 => (key.clone(), any::<i64>(), proptest::option::of(1..60u64))
            .prop_map(|(k, v, e)| Op::Set(k, v, e)),
        2 => key.clone().prop_map(Op::Append),
        3 => key.clone().prop_map(Op::Remove),
        2 => (key.clone(), proptest::option::of(1..60u64)).prop_map(|(k, e)| Op::Expire(k, e)),
        1 => key.prop_map(Op::RemoveSlot),
        2 => (1..20u64).prop_map(Op::Tick),
        1 => Just(Op::Clear),
    ]
}

/// Few slots, so that slots have several keys.
fn name(k: u8) -> Vec<u8> {
    alloc::format!("{{{}}}:{k}", k % 5).into_bytes()
}

type Model = BTreeMap<Vec<u8>, (Vec<u8>, Option<UnixMillis>)>;

fn same(store: &Keyspace, model: &Model) {
    let held: Model = store
        .iter()
        .filter_map(|(key, value, expire)| {
            let Value::Str(text) = value else { return None };
            Some((key.to_vec(), (text.view(&mut itoa::Buffer::new()).to_vec(), expire)))
        })
        .collect();
    assert_eq!(&held, model);
    assert_eq!(store.len(), model.len());
    assert_eq!(store.is_empty(), model.is_empty());
    let counted: usize = store.slots_with_keys().map(|slot| store.count_in_slot(slot)).sum();
    assert_eq!(counted, model.len());
    assert_eq!(store.expiring_len(), model.values().filter(|(_, e)| e.is_some()).count());
    assert_eq!(store.next_expiry(), model.values().filter_map(|(_, e)| *e).min());
    // The estimate never drifts from what a fresh copy would count.
    let mut copy = Keyspace::default();
    for (key, value, expire) in store.iter() {
        copy.insert(key_slot(key), key, value.clone(), expire);
    }
    assert_eq!(copy.memory(), store.memory());
    assert_eq!(copy.digest(), store.digest());
}

proptest! {
    #[test]
    fn it_is_a_map(ops in proptest::collection::vec(op(), 1..80)) {
        let (mut store, mut model, mut now) = (Keyspace::default(), Model::new(), UnixMillis(1000));
        for op in ops {
            match op {
                Op::Set(k, v, e) => {
                    let (key, text) = (name(k), alloc::format!("{v}"));
                    let expire = e.map(|e| UnixMillis(now.0 + e));
                    store.insert(key_slot(&key), &key, Value::str(text.as_bytes()), expire);
                    model.insert(key, (text.into_bytes(), expire));
                }
                Op::Append(k) => {
                    let key = name(k);
                    let done = store.modify(key_slot(&key), &key, |value| {
                        let Value::Str(text) = value else { return };
                        text.grow().push(b'x');
                    });
                    let there = model.get_mut(&key).map(|(text, _)| text.push(b'x'));
                    prop_assert_eq!(done, there);
                }
                Op::Remove(k) => {
                    let key = name(k);
                    let gone = store.remove(key_slot(&key), &key).is_some();
                    prop_assert_eq!(gone, model.remove(&key).is_some());
                }
                Op::Expire(k, e) => {
                    let (key, expire) = (name(k), e.map(|e| UnixMillis(now.0 + e)));
                    let done = store.set_expiry(key_slot(&key), &key, expire);
                    let there = model.get_mut(&key).map(|(_, at)| *at = expire).is_some();
                    prop_assert_eq!(done, there);
                }
                Op::RemoveSlot(k) => {
                    let slot = key_slot(&name(k));
                    let gone = store.remove_slot(slot);
                    let before = model.len();
                    model.retain(|key, _| key_slot(key) != slot);
                    prop_assert_eq!(gone, before - model.len());
                }
                Op::Tick(ms) => {
                    now.0 += ms;
                    for (key, (_, expire)) in &model {
                        let hidden = expire.is_some_and(|at| at < now);
                        prop_assert_eq!(store.get(key_slot(key), key, now).is_none(), hidden);
                        prop_assert_eq!(store.is_expired(key_slot(key), key, now), hidden);
                    }
                    let gone = store.expire_some(now, usize::MAX);
                    let before = model.len();
                    model.retain(|_, (_, expire)| expire.is_none_or(|at| at >= now));
                    prop_assert_eq!(gone.len(), before - model.len());
                }
                Op::Clear => {
                    store.clear();
                    model.clear();
                }
            }
            same(&store, &model);
        }
    }

    /// A key that is there from the first to the last call is reported, whatever else comes and
    /// goes meanwhile.
    #[test]
    fn a_scan_misses_nothing_that_stays(
        stay in proptest::collection::btree_set(0..200u8, 0..60),
        churn in proptest::collection::vec((any::<bool>(), 0..200u8), 0..200),
        count in 1..9usize,
    ) {
        let mut store = Keyspace::default();
        let put = |store: &mut Keyspace, k: u8| {
            store.insert(key_slot(&name(k)), &name(k), Value::str(b"v"), None);
        };
        for k in &stay {
            put(&mut store, *k);
        }
        let mut churn = churn.into_iter().filter(|(_, k)| !stay.contains(k));
        let (mut cursor, mut seen) = (0, Vec::new());
        for _ in 0..10_000 {
            cursor = store.scan(cursor, count, |key, _| seen.push(key.to_vec()));
            if cursor == 0 {
                break;
            }
            for (add, k) in churn.by_ref().take(3) {
                if add {
                    put(&mut store, k);
                } else {
                    store.remove(key_slot(&name(k)), &name(k));
                }
            }
        }
        prop_assert_eq!(cursor, 0);
        for k in &stay {
            prop_assert!(seen.contains(&name(*k)), "key {} was missed", k);
        }
    }

    #[test]
    fn numbers_are_kept_only_if_they_print_back(text in "-?[0-9]{0,21}|[a-z+ ]{0,5}") {
        let wanted = text.parse::<i64>().ok().filter(|n| alloc::format!("{n}") == text);
        prop_assert_eq!(parse_i64(text.as_bytes()), wanted);
        let kept = Str::new(text.as_bytes());
        let mut room = itoa::Buffer::new();
        prop_assert_eq!(kept.view(&mut room), text.as_bytes());
        prop_assert_eq!(kept.len(), text.len());
    }
}

#[test]
fn limits_of_numbers() {
    for n in [i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX] {
        assert_eq!(parse_i64(alloc::format!("{n}").as_bytes()), Some(n));
    }
    for text in ["9223372036854775808", "-9223372036854775809", "-0", "00", "+1", "", "-", "1 "] {
        assert_eq!(parse_i64(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn a_digest_knows_content_and_nothing_else() {
    let mut one = Keyspace::default();
    let mut two = Keyspace::default();
    let keys = ["a", "b", "c", "{a}1", "{a}2"];
    for key in keys {
        one.insert(key_slot(key.as_bytes()), key.as_bytes(), Value::str(b"12"), None);
    }
    for key in keys.iter().rev() {
        let text = Value::Str(Str::Grown(b"12".to_vec()));
        two.insert(key_slot(key.as_bytes()), key.as_bytes(), text, None);
    }
    assert_eq!(one.digest(), two.digest(), "order and encoding do not count");
    assert_eq!(one.digest(), 8_666_404_332_834_711_936, "pinned: the same on every platform");
    two.set_expiry(key_slot(b"a"), b"a", Some(UnixMillis(5)));
    assert_ne!(one.digest(), two.digest(), "expiry counts");
}

#[test]
fn a_budget_bounds_the_work_and_the_soonest_go_first() {
    let mut store = Keyspace::default();
    for (key, at) in [("c", 30), ("a", 10), ("b", 20), ("d", 99)] {
        store.insert(
            key_slot(key.as_bytes()),
            key.as_bytes(),
            Value::str(b""),
            Some(UnixMillis(at)),
        );
    }
    let names = |gone: Vec<(_, super::Key)>| -> Vec<Vec<u8>> {
        gone.iter().map(|(_, key)| key.to_vec()).collect()
    };
    assert_eq!(names(store.expire_some(UnixMillis(50), 2)), [b"a".to_vec(), b"b".to_vec()]);
    assert_eq!(names(store.expire_some(UnixMillis(50), 2)), [b"c".to_vec()]);
    assert_eq!(store.len(), 1);
    assert_eq!(store.mean_ttl(UnixMillis(50)), 49);
}

#[test]
fn a_clone_is_a_snapshot() {
    let mut store = Keyspace::default();
    store.insert(key_slot(b"k"), b"k", Value::str(b"1"), Some(UnixMillis(9)));
    let before = store.clone();
    store.modify(key_slot(b"k"), b"k", |value| *value = Value::str(b"2"));
    store.remove(key_slot(b"k"), b"k");
    assert_eq!(before.get(key_slot(b"k"), b"k", UnixMillis(0)), Some(&Value::Str(Str::Int(1))));
    assert_eq!(before.next_expiry(), Some(UnixMillis(9)));
    assert!(store.is_empty());
    assert_eq!(store.next_expiry(), None);
}

#[test]
fn random_keys_come_from_all_slots() {
    let mut store = Keyspace::default();
    for k in 0..10 {
        store.insert(key_slot(&name(k)), &name(k), Value::str(b"v"), None);
    }
    let mut rng = Rng::new(Seed::from_u64(1));
    let drawn: alloc::collections::BTreeSet<Vec<u8>> =
        (0..300).filter_map(|_| store.random(&mut rng)).map(|(_, key)| key.to_vec()).collect();
    assert_eq!(drawn.len(), 10);
}
