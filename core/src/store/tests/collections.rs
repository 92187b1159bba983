//! Each collection against a plain model, small and large.

use alloc::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    format,
    vec::Vec,
};

use proptest::prelude::*;

use crate::store::{Digest, End, Hash, List, Set, Value, ZSet};

fn digest(value: impl Into<Value>) -> u64 {
    let mut hash = Digest::new();
    value.into().feed(&mut hash);
    hash.finish()
}

/// Few short names, some long ones.
fn name(k: u16) -> Vec<u8> {
    match k % 50 {
        0 => format!("{k}-{}", "long".repeat(20)).into_bytes(),
        _ => format!("{k}").into_bytes(),
    }
}

/// Every cursor of a scan until it ends.
fn scanned(mut step: impl FnMut(u64) -> u64) {
    let mut cursor = 0;
    for _ in 0..10_000 {
        cursor = step(cursor);
        if cursor == 0 {
            return;
        }
    }
    panic!("the scan does not end");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_hash_is_a_map(
        span in prop_oneof![1..20u16, 1..2000u16],
        ops in proptest::collection::vec((0..4u8, any::<u16>(), any::<u16>()), 0..2500),
    ) {
        let (mut hash, mut model) = (Hash::default(), BTreeMap::new());
        let mut was_large = false;
        for (op, k, v) in ops {
            let (field, value) = (name(k % span), name(v));
            if op == 0 {
                prop_assert_eq!(hash.remove(&field), model.remove(&field).is_some());
            } else {
                let new = model.insert(field.clone(), value.clone()).is_none();
                prop_assert_eq!(hash.insert(&field, &value), new);
                prop_assert_eq!(hash.get(&field), Some(&value[..]));
                was_large |= field.len() > 64 || value.len() > 64 || model.len() > 512;
            }
            prop_assert_eq!(hash.len(), model.len());
        }
        prop_assert_eq!(hash.encoding(), if was_large { "hashtable" } else { "listpack" });
        let held: BTreeMap<Vec<u8>, Vec<u8>> =
            hash.iter().map(|(f, v)| (f.to_vec(), v.to_vec())).collect();
        prop_assert_eq!(&held, &model);
        prop_assert_eq!(hash.iter().count(), model.len());
        for (at, pair) in hash.iter().enumerate() {
            prop_assert_eq!(hash.at(at), Some(pair));
        }
        let mut seen = BTreeSet::new();
        scanned(|cursor| hash.scan(cursor, 7, |field, _| { seen.insert(field.to_vec()); }));
        prop_assert_eq!(seen.len(), model.len());
        let mut again = Hash::default();
        model.iter().for_each(|(field, value)| { again.insert(field, value); });
        prop_assert_eq!(digest(again), digest(hash.clone()));
    }

    #[test]
    fn a_set_is_a_set(
        numbers in any::<bool>(),
        span in prop_oneof![1..20u16, 1..2000u16],
        ops in proptest::collection::vec((0..4u8, any::<u16>()), 0..2500),
    ) {
        let (mut set, mut model) = (Set::default(), BTreeSet::new());
        let mut was_large = false;
        for (op, k) in ops {
            let k = k % span;
            let member = if numbers { format!("{k}").into_bytes() } else { name(k) };
            if op == 0 {
                prop_assert_eq!(set.remove(&member), model.remove(&member));
            } else {
                prop_assert_eq!(set.insert(&member), model.insert(member.clone()));
                was_large |= member.len() > 20 || model.len() > 512;
            }
            prop_assert_eq!(set.contains(&member), model.contains(&member));
            prop_assert_eq!(set.len(), model.len());
        }
        prop_assert_eq!(set.encoding(), if was_large { "hashtable" } else { "intset" });
        let held: BTreeSet<Vec<u8>> = set.iter().map(|member| member.to_vec()).collect();
        prop_assert_eq!(&held, &model);
        for (at, member) in set.iter().enumerate() {
            let found = set.at(at).map(|member| member.to_vec());
            prop_assert_eq!(found.as_deref(), Some(&*member));
        }
        let mut seen = BTreeSet::new();
        scanned(|cursor| set.scan(cursor, 7, |member| { seen.insert(member.to_vec()); }));
        prop_assert_eq!(&seen, &model);
        let mut again = Set::default();
        model.iter().for_each(|member| { again.insert(member); });
        prop_assert_eq!(digest(again), digest(set));
    }

    #[test]
    fn a_list_is_a_deque(
        big in any::<bool>(),
        ops in proptest::collection::vec((0..12u8, any::<u16>(), 0..9u8), 0..600),
    ) {
        let (mut list, mut model) = (List::default(), VecDeque::<Vec<u8>>::new());
        let before = list.clone();
        for (op, at, k) in ops {
            let item = format!("{k}{}", "x".repeat(if big { usize::from(at % 5000) } else { 0 }));
            let item = item.into_bytes();
            let at = usize::from(at) % (model.len() + 1);
            match op {
                0 | 1 => {
                    list.push(End::Head, &item);
                    model.push_front(item);
                }
                2..=4 => {
                    list.push(End::Tail, &item);
                    model.push_back(item);
                }
                5 => {
                    let popped = list.pop(End::Head).map(Vec::from);
                    prop_assert_eq!(popped, model.pop_front());
                }
                6 => {
                    let popped = list.pop(End::Tail).map(Vec::from);
                    prop_assert_eq!(popped, model.pop_back());
                }
                7 | 8 => {
                    list.insert(at, &item);
                    model.insert(at, item);
                }
                9 => {
                    prop_assert_eq!(list.set(at, &item), at < model.len());
                    if let Some(old) = model.get_mut(at) {
                        *old = item;
                    }
                }
                10 => {
                    let (end, max) = if at % 2 == 0 { (End::Head, 2) } else { (End::Tail, 3) };
                    let gone = list.remove(&item, max, end);
                    let mut places: Vec<usize> =
                        (0..model.len()).filter(|at| model[*at] == item).collect();
                    if end == End::Tail {
                        places.reverse();
                    }
                    places.truncate(max);
                    places.sort_unstable();
                    prop_assert_eq!(gone, places.len());
                    for at in places.into_iter().rev() {
                        model.remove(at);
                    }
                }
                _ if k == 0 => {
                    let to = model.len().saturating_sub(1);
                    list.trim(at.min(3), to);
                    model.truncate(to);
                    model.drain(..at.min(3).min(to));
                }
                _ => {}
            }
            prop_assert_eq!(list.len(), model.len());
            prop_assert_eq!(list.get(at), model.get(at).map(Vec::as_slice));
        }
        prop_assert!(list.iter().eq(model.iter().map(Vec::as_slice)));
        prop_assert!(list.iter().rev().eq(model.iter().rev().map(Vec::as_slice)));
        let third = model.len() / 3;
        let part = model.iter().skip(third).take(third + 1).map(Vec::as_slice);
        prop_assert!(list.range(third, 2 * third + 1).eq(part));
        let mut again = List::default();
        model.iter().for_each(|item| again.push(End::Tail, item));
        prop_assert_eq!(digest(again), digest(list.clone()));
        prop_assert!(before.is_empty());
        list.trim(1, 1);
        prop_assert_eq!((list.len(), list.size()), (0, 0));
    }

    #[test]
    fn a_sorted_set_is_sorted(
        span in prop_oneof![1..20u16, 1..800u16],
        ops in proptest::collection::vec((0..4u8, any::<u16>(), -9..9i8), 0..1500),
    ) {
        let (mut zset, mut model) = (ZSet::default(), BTreeMap::<Vec<u8>, f64>::new());
        let mut was_large = false;
        for (op, k, score) in ops {
            let (member, score) = (name(k % span), f64::from(score));
            if op == 0 {
                prop_assert_eq!(zset.remove(&member), model.remove(&member));
            } else {
                prop_assert_eq!(zset.insert(&member, score), model.insert(member.clone(), score));
                prop_assert_eq!(zset.score(&member), Some(score));
                was_large |= member.len() > 64 || model.len() > 128;
            }
            prop_assert_eq!(zset.len(), model.len());
        }
        prop_assert_eq!(zset.encoding(), if was_large { "skiplist" } else { "listpack" });
        let mut sorted: Vec<(f64, &[u8])> = model.iter().map(|(m, s)| (*s, m.as_slice())).collect();
        sorted.sort_by(|a, b| a.partial_cmp(b).unwrap());
        prop_assert!(zset.iter().map(|(m, s)| (s, m)).eq(sorted.iter().copied()));
        prop_assert!(zset.iter().rev().map(|(m, s)| (s, m)).eq(sorted.iter().rev().copied()));
        for (rank, (_, member)) in sorted.iter().enumerate() {
            prop_assert_eq!(zset.rank(member), Some(rank));
        }
        let (from, to) = (sorted.len() / 4, sorted.len() / 2);
        prop_assert!(zset.range(from, to).map(|(m, s)| (s, m)).eq(sorted[from..to].iter().copied()));
        let below = sorted.iter().filter(|(score, _)| *score < 2.0).count();
        prop_assert_eq!(zset.count_before(|_, score| score < 2.0), below);
        let mut seen = BTreeSet::new();
        scanned(|cursor| zset.scan(cursor, 7, |member, _| { seen.insert(member.to_vec()); }));
        prop_assert_eq!(seen.len(), model.len());
        let mut again = ZSet::default();
        model.iter().for_each(|(member, score)| { again.insert(member, *score); });
        prop_assert_eq!(&again, &zset);
        prop_assert_eq!(digest(again), digest(zset));
    }
}

#[test]
fn zero_has_one_place_whatever_its_sign() {
    let mut zset = ZSet::default();
    zset.insert(b"a", -0.0);
    assert!(zset.score(b"a").unwrap().is_sign_positive(), "a packed zero has no sign");
    zset.insert(&[b'z'; 65], -0.0);
    zset.insert(&[b'z'; 65], 0.0);
    assert!(zset.score(&[b'z'; 65]).unwrap().is_sign_negative(), "an equal score changes nothing");
    zset.remove(&[b'z'; 65]);
    zset.insert(b"b", 0.0);
    zset.insert(b"0", 0.0);
    let order: Vec<&[u8]> = zset.iter().map(|(member, _)| member).collect();
    assert_eq!(order, [b"0", b"a", b"b"]);
}

#[test]
fn a_clone_keeps_what_it_had() {
    let mut hash = Hash::default();
    hash.insert(b"f", b"v");
    let value = Value::from(hash);
    let mut copy = value.clone();
    if let Value::Hash(held) = &mut copy {
        alloc::sync::Arc::make_mut(held).insert(b"g", b"w");
    }
    assert_eq!(digest_len(&value), 1);
    assert_eq!(digest_len(&copy), 2);
}

fn digest_len(value: &Value) -> usize {
    if let Value::Hash(held) = value { held.len() } else { 0 }
}
