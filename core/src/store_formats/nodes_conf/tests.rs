//! nodes.conf against files of real servers, against itself, and against damage.

use alloc::{format, string::String, vec, vec::Vec};

use proptest::prelude::*;

use super::*;

/// As Redis 7.0.15 wrote it in a cluster of six with open slots and one announced host name.
const OPEN_SLOTS: &str = "\
5e75961d3df834a5f68e2c51d91d039d441c1158 127.0.0.1:22872@32872 master - 0 1795217621447 3 connected 10923-16383
b7112b3b706ee7f18ca3fa2a440fe50724bda434 127.0.0.1:22875@32875 slave 85d0b3e709d102c97fccd98de9b6d705d3d7b1af 0 1795217621046 1 connected
1c41121be116172a96706820a254f521910247d5 127.0.0.1:22873@32873 slave 7f0697b51716be8c457ad3eade58bea988358940 0 1795217620745 2 connected
10198c2ab51e4763fe9baf77ac5dddec2d84f4d6 127.0.0.1:22874@32874 slave 5e75961d3df834a5f68e2c51d91d039d441c1158 0 1795217621000 3 connected
7f0697b51716be8c457ad3eade58bea988358940 127.0.0.1:22871@32871,one.example.org master - 0 1795217621000 2 connected 5461-10922
85d0b3e709d102c97fccd98de9b6d705d3d7b1af 127.0.0.1:22870@32870 myself,master - 0 1795217621000 1 connected 0-5460 [90->-7f0697b51716be8c457ad3eade58bea988358940] [100->-7f0697b51716be8c457ad3eade58bea988358940] [6000-<-7f0697b51716be8c457ad3eade58bea988358940]
vars currentEpoch 6 lastVoteEpoch 0
";

/// The same cluster a moment after a master was killed, on its replica.
const AFTER_FAIL: &str = "\
b7112b3b706ee7f18ca3fa2a440fe50724bda434 127.0.0.1:22875@32875 myself,slave,nofailover 85d0b3e709d102c97fccd98de9b6d705d3d7b1af 0 1795217644000 1 connected
5e75961d3df834a5f68e2c51d91d039d441c1158 127.0.0.1:22872@32872 master - 0 1795217644660 3 connected 10923-16383
7f0697b51716be8c457ad3eade58bea988358940 127.0.0.1:22871@32871,one.example.org master - 0 1795217644156 2 connected 5461-10922
85d0b3e709d102c97fccd98de9b6d705d3d7b1af 127.0.0.1:22870@32870 master,fail - 1795217642039 1795217641034 1 disconnected 0-5460
vars currentEpoch 6 lastVoteEpoch 0
";

/// A node that was just born.
const FRESH: &str = "\
1c41121be116172a96706820a254f521910247d5 :0@0 myself,master - 0 0 0 connected
vars currentEpoch 0 lastVoteEpoch 0
";

#[test]
fn files_of_real_servers_come_back_byte_for_byte() {
    for image in [OPEN_SLOTS, AFTER_FAIL, FRESH] {
        let parsed = parse(image).unwrap();
        let again = write_image(&parsed.nodes, parsed.current_epoch, parsed.last_vote_epoch);
        assert_eq!(again, image);
    }
}

#[test]
fn every_field_has_its_place() {
    let parsed = parse(OPEN_SLOTS).unwrap();
    assert_eq!((parsed.nodes.len(), parsed.current_epoch), (6, Epoch(6)));
    let me = parsed.myself().unwrap();
    assert_eq!(me.endpoint.cport, 32870);
    assert_eq!(me.slots, [(Slot::FIRST, Slot::new(5460).unwrap())]);
    assert_eq!(me.migrating.iter().map(|(slot, _)| slot.get()).collect::<Vec<_>>(), [90, 100]);
    assert_eq!(me.importing.len(), 1);
    let named = &parsed.nodes[4];
    assert_eq!(named.endpoint.hostname, "one.example.org");
    assert_eq!((named.config_epoch, named.pong_recv_ms), (Epoch(2), 1_795_217_621_000));
    let replica = &parsed.nodes[1];
    assert_eq!((replica.flags, replica.master), (NodeFlags::REPLICA, Some(me.id)));
    let failed = &parse(AFTER_FAIL).unwrap().nodes[3];
    assert_eq!(failed.flags, NodeFlags::MASTER | NodeFlags::FAIL);
    assert!(!failed.connected);
}

/// Padding, empty lines, `vars` first, unknown variables and what Redis 7.2 adds.
#[test]
fn what_redis_tolerates_harmlessly_is_tolerated() {
    let id = "1c41121be116172a96706820a254f521910247d5";
    let image = format!(
        "\nvars currentEpoch 3 shoeSize 42 lastVoteEpoch 2\n\
         {id} 10.0.0.1:7000@17000,,tls-port=0,shard-id=abc myself,master - 0 0 9 connected 5\r\n\n\n"
    );
    let parsed = parse(&image).unwrap();
    assert_eq!(parsed.unknown_vars, ["shoeSize"]);
    assert_eq!(parsed.current_epoch, Epoch(9), "never below the highest config epoch");
    assert_eq!(parsed.last_vote_epoch, Epoch(2));
    assert_eq!(parsed.nodes[0].endpoint.hostname, "");
    let old = parse(&format!(
        "{id} 10.0.0.1:7000 myself,master - 0 0 0 connected\n\
         vars currentEpoch 0 lastVoteEpoch 0\n"
    ));
    assert_eq!(old.unwrap().nodes[0].endpoint.cport, 17000);
    let six = format!("{id} ::1:7000@17000 myself,master - 0 0 0 connected");
    let mut again = String::new();
    NodeLine::parse(&six).unwrap().write_to(&mut again);
    assert_eq!(again, six);
}

#[test]
fn a_file_is_refused_with_the_line_that_is_wrong() {
    let me = "1c41121be116172a96706820a254f521910247d5 10.0.0.1:7000@17000 myself,master - 0 0 1 connected";
    let you =
        "2c41121be116172a96706820a254f521910247d5 10.0.0.2:7000@17000 master - 0 0 2 connected";
    let vars = "vars currentEpoch 2 lastVoteEpoch 1";
    let with = |from: &str, to: &str| vec![me.replace(from, to), vars.into()];
    let lines: [(Vec<String>, usize, &str); 20] = [
        (with(" connected", " up"), 1, "unknown link state 'up'"),
        (with(" connected", ""), 1, "no link state: cut off?"),
        (with("myself,master", "myself,boss"), 1, "unknown flag 'boss'"),
        (with("myself,master", "myself,master,slave"), 1, "a node is either master or slave"),
        (with(" - ", " abc "), 1, "'abc' is no node ID"),
        (with("1c4", "1C4"), 1, "'1C41121be116172a96706820a254f521910247d5' is no node ID"),
        (with("7000@", "70000@"), 1, "'10.0.0.1:70000@17000' is no address"),
        (with("10.0.0.1", "a.b"), 1, "'a.b:7000@17000' is no address"),
        (with("0 0 1", "0 +0 1"), 1, "'+0' is no number"),
        (with("connected", "connected 16384"), 1, "'16384' is no slot"),
        (with("connected", "connected 7-5"), 1, "'7-5' is no slot"),
        (with("connected", "connected [7-x-1]"), 1, "'[7-x-1]' is no slot"),
        (with("connected", "connected 1-5 3"), 1, "slot 3 is listed twice"),
        (with("myself,", ""), 2, "no node has the flag myself"),
        (
            vec![me.into(), me.into(), vars.into()],
            2,
            "node 1c41121be116172a96706820a254f521910247d5 is listed twice",
        ),
        (
            vec![me.into(), you.replace("master", "myself,master"), vars.into()],
            2,
            "a second node with the flag myself",
        ),
        (vec![format!("{me} 1-9"), format!("{you} 9"), vars.into()], 2, "slot 9 has two owners"),
        (
            vec![
                me.into(),
                format!("{you} [9->-1c41121be116172a96706820a254f521910247d5]"),
                vars.into(),
            ],
            2,
            "open slots stand only on the line of myself",
        ),
        (
            vec![me.into(), "vars currentEpoch 2 lastVoteEpoch".into()],
            2,
            "no value of lastVoteEpoch: cut off?",
        ),
        (
            vec![me.into(), "vars currentEpoch 2".into()],
            2,
            "no lastVoteEpoch up to here: the file is cut off",
        ),
    ];
    for (lines, line, what) in lines {
        let mut image = lines.join("\n");
        image.push('\n');
        assert_eq!(parse(&image), Err(ImageError { line, what: what.into() }), "{image}");
    }
    assert_eq!(parse("").unwrap_err().line, 1);
}

/// A half vote epoch would be a wrong vote epoch.
#[test]
fn every_truncation_is_refused() {
    for image in [OPEN_SLOTS, AFTER_FAIL, FRESH] {
        for upto in 0..image.len() {
            assert!(parse(&image[..upto]).is_err(), "{}", &image[..upto]);
        }
    }
}

fn any_line() -> impl Strategy<Value = NodeLine> {
    let id = || "[0-9a-z]{40}".prop_map(|text| text.parse::<NodeId>().unwrap());
    let ip = proptest::option::of(any::<core::net::IpAddr>());
    let open = || proptest::collection::btree_map(0..16_384_u16, id(), 0..4);
    let slots = proptest::collection::btree_set(0..16_384_u16, 0..40);
    let numbers = (any::<u64>(), any::<u64>(), any::<u64>(), any::<[u16; 2]>());
    (id(), ip, "[a-z.-]{0,9}", numbers, slots, (open(), open()), any::<bool>()).prop_map(
        |(id, ip, hostname, (ping, pong, epoch, [port, cport]), slots, (out, into), connected)| {
            let slot = |n: u16| Slot::new(n).unwrap();
            let set: SlotSet = slots.into_iter().map(slot).collect();
            NodeLine {
                id,
                endpoint: Endpoint { ip, port, pport: 0, cport, hostname },
                flags: NodeFlags::MYSELF | NodeFlags::MASTER,
                master: None,
                ping_sent_ms: ping,
                pong_recv_ms: pong,
                config_epoch: Epoch(epoch),
                connected,
                slots: set.ranges().collect(),
                migrating: out.into_iter().map(|(n, id)| (slot(n), id)).collect(),
                importing: into.into_iter().map(|(n, id)| (slot(n), id)).collect(),
            }
        },
    )
}

proptest! {
    #[test]
    fn a_line_comes_back(node in any_line()) {
        let image = write_image([&node], node.config_epoch, Epoch(3));
        let parsed = parse(&image).unwrap();
        prop_assert_eq!(&parsed.nodes, &vec![node]);
        prop_assert_eq!(parsed.last_vote_epoch, Epoch(3));
    }

    #[test]
    fn damage_is_refused_or_makes_sense(at in 0..OPEN_SLOTS.len(), byte in 0_u8..128) {
        let mut bytes = OPEN_SLOTS.as_bytes().to_vec();
        bytes[at] = byte;
        let image = String::from_utf8(bytes).unwrap();
        if let Ok(parsed) = parse(&image) {
            let again = write_image(&parsed.nodes, parsed.current_epoch, parsed.last_vote_epoch);
            prop_assert_eq!(parse(&again).map(|parsed| parsed.nodes), Ok(parsed.nodes));
        }
    }

    #[test]
    fn garbage_never_panics(image in "\\PC{0,200}") {
        let _either = parse(&image);
    }
}
