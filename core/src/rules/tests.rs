//! The judgements, sentence by sentence of the Redis Cluster specification.

use alloc::{format, vec, vec::Vec};

use super::{candidacy, claim, failure, serving, vote};
use crate::{
    cluster::{ClusterState, Condition, Peer, PeerIdx, Report, Role, Scheduled},
    config::Broken,
    epoch::Epoch,
    explain::{Back, DelayedElection, VoteRefusal},
    id::NodeId,
    slot::{Slot, SlotSet},
    time::Instant,
};

const NT: u64 = 1000;
const NOW: Instant = Instant::from_millis(100_000);

fn id(n: u16) -> NodeId {
    format!("{n:040}").parse().unwrap()
}

fn slot(n: u16) -> Slot {
    Slot::new(n).unwrap()
}

/// Node 0 is this one. Masters 0, 1, 2 own a third each with config epochs 1, 2, 3; 3, 4, 5 are
/// their replicas; 6 is a master without slots.
fn cluster() -> ClusterState {
    let mut cluster = ClusterState::alone(id(0), Instant::ZERO);
    for n in 1..7 {
        cluster.peers.add(Peer::new(id(n), Instant::ZERO)).unwrap();
    }
    for n in 0..3u16 {
        let master = PeerIdx(n);
        cluster.peers.get_mut(master).unwrap().config_epoch = Epoch(u64::from(n) + 1);
        for number in n * 5461..(n + 1) * 5461 {
            cluster.assign(slot(number), master);
        }
        cluster.set_master(PeerIdx(n + 3), master);
    }
    cluster.assign(slot(16383), PeerIdx(2));
    cluster.current_epoch = Epoch(7);
    cluster
}

fn fail(cluster: &mut ClusterState, n: u16) {
    cluster.peers.get_mut(PeerIdx(n)).unwrap().condition = Condition::Fail { since: NOW };
}

/// Replica 5 asks node 0 for its vote, to replace master 2.
fn ask(cluster: &ClusterState, current: u64, config: u64, forced: bool) -> Option<VoteRefusal> {
    let slots = SlotSet::clone(&cluster.peers.get(PeerIdx(2)).unwrap().slots);
    let request = vote::VoteRequest {
        from: PeerIdx(5),
        current_epoch: Epoch(current),
        config_epoch: Epoch(config),
        slots: &slots,
        forced,
    };
    vote::judge(cluster, &request, NOW, NT, Broken::Nothing).unwrap().refused
}

#[test]
fn a_vote_is_granted_when_every_guard_holds() {
    let mut cluster = cluster();
    fail(&mut cluster, 2);
    assert_eq!(ask(&cluster, 7, 3, false), None);
}

#[test]
fn each_guard_of_the_vote_refuses_in_its_turn() {
    let mut up = cluster();
    assert_eq!(ask(&up, 7, 3, false), Some(VoteRefusal::MasterUp));
    assert_eq!(ask(&up, 7, 3, true), None, "a forced request is granted although it is up");
    fail(&mut up, 2);
    assert_eq!(ask(&up, 6, 3, false), Some(VoteRefusal::EpochBehind));

    let mut voted = up.clone();
    voted.last_vote_epoch = Epoch(7);
    assert_eq!(ask(&voted, 7, 3, false), Some(VoteRefusal::AlreadyVoted));

    let mut master = up.clone();
    master.set_as_master(PeerIdx(5));
    assert_eq!(ask(&master, 7, 3, false), Some(VoteRefusal::NotReplica));

    let mut orphan = up.clone();
    orphan.peers.get_mut(PeerIdx(5)).unwrap().role = Role::Replica { of: None };
    assert_eq!(ask(&orphan, 7, 3, false), Some(VoteRefusal::MasterUnknown));

    let mut soon = up.clone();
    soon.peers.get_mut(PeerIdx(2)).unwrap().voted_at = Some(NOW.minus_ms(1999));
    assert_eq!(ask(&soon, 7, 3, false), Some(VoteRefusal::TooSoon { wait_ms: 1 }));
    assert_eq!(ask(&soon, 7, 3, true), Some(VoteRefusal::TooSoon { wait_ms: 1 }), "forced, too");
    soon.peers.get_mut(PeerIdx(2)).unwrap().voted_at = Some(NOW.minus_ms(2000));
    assert_eq!(ask(&soon, 7, 3, false), None);

    let stale = VoteRefusal::StaleClaim { slot: slot(10922), owner: Epoch(3), request: Epoch(2) };
    assert_eq!(ask(&up, 7, 2, false), Some(stale));

    let mut replica = up.clone();
    replica.unassign_all(PeerIdx::ME);
    assert_eq!(ask(&replica, 7, 3, false), Some(VoteRefusal::NotVoter));
}

#[test]
fn slots_that_their_owner_gave_up_refuse_nobody() {
    let mut cluster = cluster();
    fail(&mut cluster, 2);
    for n in 10922..=16383 {
        cluster.owners.set_claimed(slot(n), false);
    }
    assert_eq!(ask(&cluster, 7, 0, false), None);
}

#[test]
fn pfail_needs_a_ping_older_than_the_timeout_and_nothing_else_heard() {
    let silence = |ping_ms, data_ms| failure::Silence { ping_ms, data_ms };
    assert_eq!(failure::judge_silence(&silence(None, 9999), NT), None, "no ping waits");
    assert_eq!(failure::judge_silence(&silence(Some(1000), 9999), NT), None, "not longer than");
    assert_eq!(failure::judge_silence(&silence(Some(1001), 9999), NT), Some(1001));
    assert_eq!(failure::judge_silence(&silence(Some(5000), 900), NT), None, "it speaks");
}

#[test]
fn fail_needs_the_majority_of_masters_with_slots_within_two_timeouts() {
    let mut cluster = cluster();
    let judge = |cluster: &ClusterState| {
        failure::judge_quorum(cluster, cluster.peers.get(PeerIdx(2)).unwrap(), NOW, NT)
    };
    let report = |cluster: &mut ClusterState, by, at| {
        cluster.peers.get_mut(PeerIdx(2)).unwrap().reports.push(Report { by: PeerIdx(by), at });
    };
    cluster.peers.get_mut(PeerIdx(2)).unwrap().condition = Condition::Pfail;
    assert!(!judge(&cluster).failed, "own opinion is one of two");
    report(&mut cluster, 1, NOW.minus_ms(2001));
    assert!(!judge(&cluster).failed, "the report is too old");
    report(&mut cluster, 1, NOW.minus_ms(2000));
    assert!(judge(&cluster).failed);
    assert_eq!((judge(&cluster).needed, judge(&cluster).size), (2, 3));
    cluster.peers.get_mut(PeerIdx(2)).unwrap().condition = Condition::Ok;
    assert!(!judge(&cluster).failed, "without an opinion of its own, reports do not convince");
}

#[test]
fn fail_is_cleared_at_once_for_those_with_nothing_to_lose() {
    let mut cluster = cluster();
    let judge = |cluster: &ClusterState, n, ms| {
        let peer = cluster.peers.get(PeerIdx(n)).unwrap();
        failure::judge_forgive(peer, NOW.minus_ms(ms), NOW, NT).back
    };
    assert_eq!(judge(&cluster, 5, 0), Some(Back::Replica));
    assert_eq!(judge(&cluster, 6, 0), Some(Back::Slotless));
    assert_eq!(judge(&cluster, 2, 2000), None);
    assert_eq!(judge(&cluster, 2, 2001), Some(Back::NobodyServed));
    cluster.unassign_all(PeerIdx(2));
    assert_eq!(judge(&cluster, 2, 0), Some(Back::Slotless));
}

#[test]
fn a_claim_wins_what_nobody_owns_or_an_older_epoch_owns() {
    let mut cluster = cluster();
    let judge = |cluster: &ClusterState, n, epoch, s| {
        claim::judge(cluster, PeerIdx(n), Epoch(epoch), slot(s), Broken::Nothing)
    };
    assert_eq!(judge(&cluster, 2, 3, 16383), claim::Judgement::AlreadyTheirs);
    assert_eq!(judge(&cluster, 6, 3, 16383), claim::Judgement::Stale, "equal is not newer");
    assert_eq!(judge(&cluster, 6, 4, 16383), claim::Judgement::Won);
    cluster.owners.set_claimed(slot(16383), false);
    assert_eq!(judge(&cluster, 6, 0, 16383), claim::Judgement::Won, "its owner gave it up");
    cluster.unassign(slot(0));
    assert_eq!(judge(&cluster, 6, 0, 0), claim::Judgement::Won);
    cluster.owners.importing.insert(slot(0), PeerIdx(1));
    assert_eq!(judge(&cluster, 6, 9, 0), claim::Judgement::Importing);
}

#[test]
fn clients_are_served_while_slots_are_covered_and_a_majority_is_in_reach() {
    let mut cluster = cluster();
    assert!(serving::judge(&cluster, true).ok);
    cluster.peers.get_mut(PeerIdx(2)).unwrap().condition = Condition::Pfail;
    assert!(serving::judge(&cluster, true).ok, "PFAIL does not uncover slots");
    fail(&mut cluster, 2);
    assert!(!serving::judge(&cluster, true).ok);
    assert!(serving::judge(&cluster, false).ok, "full coverage is not required");
    fail(&mut cluster, 1);
    let alone = serving::judge(&cluster, false);
    assert!(!alone.ok, "one of three is no majority");
    assert_eq!((alone.reachable, alone.needed), (1, 2));
}

#[test]
fn a_majority_does_not_shrink_within_an_election() {
    let mut cluster = cluster();
    cluster.set_master(PeerIdx::ME, PeerIdx(2));
    assert_eq!(candidacy::majority(&cluster), 2, "no election: that of the moment");
    let delay = DelayedElection { fixed_ms: 500, random_ms: 0, rank: 0, offset: 0 };
    let (planned, epoch) = (NOW, Some(Epoch(8)));
    let plan = Scheduled { planned, asks_at: NOW, delay, epoch, needed: 2, votes: Vec::new() };
    cluster.election.plan = Some(plan);
    cluster.unassign_all(PeerIdx(1));
    assert_eq!(cluster.majority(), 1);
    assert_eq!(candidacy::majority(&cluster), 2, "asked when two were needed");
}

#[test]
fn rank_counts_siblings_with_more_data() {
    let mut cluster = cluster();
    cluster.set_master(PeerIdx::ME, PeerIdx(2));
    cluster.set_master(PeerIdx(6), PeerIdx(2));
    for (n, offset) in [(5, 120), (6, 100), (4, 999)] {
        cluster.peers.get_mut(PeerIdx(n)).unwrap().offset = offset;
    }
    let ranks = vec![90, 100, 110, 120].into_iter().map(|own| candidacy::rank(&cluster, own));
    assert_eq!(ranks.collect::<Vec<_>>(), [2, 1, 1, 0]);
    cluster.peers.get_mut(PeerIdx(5)).unwrap().nofailover = true;
    assert_eq!(candidacy::rank(&cluster, 90), 1, "those that will not stand do not count");
}
