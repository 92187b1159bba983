//! Which claim is newer, and who replaces a master?

use slotscope_core::{
    epoch::Epoch,
    sim::{Action, HostIdx, Plan, World},
    time::Instant,
};

use super::{SIX, THREE, follows, never, trace};

// Epochs.

/// Everybody's current epoch is the greatest that it has seen.
#[test]
fn the_greatest_epoch_spreads() {
    follows(
        THREE,
        "tell n0 CLUSTER BUMPEPOCH
         tell n0 CLUSTER BUMPEPOCH
         run 3s
         view n1
         view n2",
        &["BUMPED 4", "STILL 4", "n1 says: ok epoch=4", "n2 says: ok epoch=4"],
    );
}

/// Two masters with one config epoch: the one with the smaller name takes a new one.
#[test]
fn equal_config_epochs_part() {
    let told = trace(
        "world fresh=2 seed=23 timeout=2000 clients=0\nrun 1s\n",
        "tell n0 CLUSTER SET-CONFIG-EPOCH 5
         tell n1 CLUSTER SET-CONFIG-EPOCH 5
         tell n0 CLUSTER MYID
         tell n1 CLUSTER MYID
         tell n1 CLUSTER MEET 127.0.0.1 7000
         run 5s
         view n0",
    );
    let names: Vec<&str> = told
        .lines()
        .filter_map(|line| line.split_once("answers "))
        .map(|(_, name)| name)
        .filter(|name| name.len() > 10)
        .collect();
    let smaller = usize::from(names[1] < names[0]);
    assert!(told.contains(&format!("n{smaller} master epoch=6")), "{told}");
    assert!(told.contains(&format!("n{} master epoch=5", 1 - smaller)), "{told}");
}

/// A config epoch is given by hand only to a node that is alone and has none.
#[test]
fn a_config_epoch_is_given_once() {
    follows(
        "world fresh=2 seed=23 timeout=2000 clients=0\nrun 1s\n",
        "tell n0 CLUSTER SET-CONFIG-EPOCH 5
         tell n0 CLUSTER SET-CONFIG-EPOCH 6
         tell n1 CLUSTER MEET 127.0.0.1 7000
         run 2s
         tell n1 CLUSTER SET-CONFIG-EPOCH 6",
        &[
            "answers OK",
            "ERR Node config epoch is already non-zero",
            "ERR The user can assign a config epoch only when the node does not know any other node",
        ],
    );
}

/// When two nodes claim a slot, the greater config epoch wins everywhere, and the one who did not
/// know is told.
#[test]
fn the_greater_config_epoch_wins_a_slot() {
    follows(
        THREE,
        "partition n0 n1,n2
         tell n2 CLUSTER SETSLOT 5461 NODE @n2
         tell n2 CLUSTER BUMPEPOCH
         run 1s
         heal
         run until=settled limit=20s
         view n0
         view n1",
        &["n0 says: ok", "n1 master epoch=2 fine 5462-10922", "5461-5461"],
    );
}

// Elections.

/// The replica of a failed master asks for votes in a new epoch, wins with a majority of the
/// masters that own slots, and takes all of its slots under that epoch.
#[test]
fn a_replica_replaces_its_failed_master() {
    follows(
        SIX,
        "show candidacy vote promote
         kill n0
         run until=master:n3 limit=30s
         run until=serving limit=20s
         view n1",
        &[
            "n3 asks for votes because candidacy.asked epoch=7",
            "votes for n3 because vote.granted epoch=7",
            "n3 replaces n0 because promote.won epoch=7 votes=2 needed=2 slots=5461",
            "n1 says: ok epoch=7",
            "n3 master epoch=7 fine 0-5460",
        ],
    );
}

/// Only the replicas of a master try to replace it, and nobody replaces one that is not failed.
#[test]
fn only_its_own_replicas_replace_a_master() {
    let told = follows(
        SIX,
        "show candidacy
         kill n0
         run until=master:n3 limit=30s",
        &["n3 asks for votes"],
    );
    never(&told, "n4 asks");
    never(&told, "n5 asks");
    let calm = trace(SIX, "show candidacy\nrun 60s");
    never(&calm, "asks for votes");
}

/// A replica waits half a second and a random while, and a second more for each replica that is
/// further than itself, before it asks.
#[test]
fn a_replica_waits_before_it_asks() {
    let told = trace(
        SIX,
        "show candidacy
         kill n0
         run until=master:n3 limit=30s",
    );
    let waits: u64 = told
        .lines()
        .find_map(|line| line.split_once("n3 waits ")?.1.split_once(" ms"))
        .map(|(ms, _)| ms.parse().unwrap())
        .unwrap_or_else(|| panic!("{told}"));
    assert!((500..1000).contains(&waits), "{told}");
}

/// Without a majority of masters that can vote, nobody is promoted.
#[test]
fn no_majority_no_promotion() {
    let told = follows(
        SIX,
        "kill n0
         kill n1
         run 60s
         view n3",
        &["n3 says: fail", "n3 replica of n0"],
    );
    never(&told, "replaces n0");
}

/// A replica that was cut off from its master for too long does not stand for election.
#[test]
fn stale_data_do_not_stand_for_election() {
    let told = follows(
        "world masters=3 replicas=1 seed=7 timeout=2000 clients=0\n\
         config cluster-replica-validity-factor 1\nconfig repl-ping-replica-period 1\nrun 10s\n",
        "cut n0 n3
         cut n3 n0
         run 30s
         kill n0
         run 30s
         why n3 not-elected",
        &["n3 "],
    );
    never(&told, "n3 replaces");
}

/// The old master, back again, finds its slots taken under a greater epoch and follows the new
/// one.
#[test]
fn the_old_master_follows_the_new_one() {
    follows(
        SIX,
        "show follow
         kill n0
         run until=master:n3 limit=30s
         restart n0
         run until=replica:n0 limit=20s
         run until=settled limit=20s
         view n0",
        &["n0 follows n3", "n0 replica of n3", "n3 master epoch=7 fine 0-5460"],
    );
}

/// A voter has one vote in an epoch, and one for the same master within twice the node timeout.
#[test]
fn one_vote_an_epoch_and_a_master() {
    let told = trace(
        "world masters=3 replicas=2 seed=11 timeout=2000 clients=0\nrun 10s\n",
        "show vote
         kill n0
         run until=master:n3 limit=60s
         run 20s",
    );
    for voter in ["n1", "n2"] {
        let grants: Vec<&str> = told
            .lines()
            .filter(|line| line.contains(&format!("{voter} votes for")))
            .filter_map(|line| line.split_once("epoch="))
            .map(|(_, epoch)| epoch)
            .collect();
        let mut epochs = grants.clone();
        epochs.dedup();
        assert_eq!(grants, epochs, "{told}");
    }
}

/// A replica without leave to fail over never does by itself.
#[test]
fn no_failover_means_no_failover() {
    let told = follows(
        "world masters=3 replicas=1 seed=7 timeout=2000 clients=0\n\
         config cluster-replica-no-failover yes\nrun 10s\n",
        "kill n0
         run 30s
         view n3",
        &["n3 says: fail", "n3 replica of n0"],
    );
    never(&told, "asks for votes");
}

/// Who wins an epoch has voted in it, for itself: as a master it gives no vote in that epoch.
#[test]
fn a_winner_has_had_its_vote() {
    let mut world = World::new(Plan::cluster(7, 3, 1)).unwrap();
    world.run_until(Instant::from_millis(5000), u32::MAX);
    world.act(Action::Kill(HostIdx(0)));
    world.run_until(Instant::from_millis(30_000), u32::MAX);
    let winner = world.snapshot(HostIdx(3)).unwrap();
    assert!(!winner.myself().is_replica && winner.config_epoch > Epoch(6), "{winner:?}");
    assert_eq!(winner.last_vote_epoch, winner.config_epoch);
}
