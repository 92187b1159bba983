//! What comes on the bus port: frames of a known node, of an unknown one, of nobody.

use std::net::{IpAddr, Ipv4Addr};

use slotscope_core::{
    Node, bus,
    config::Config,
    endpoint::Addr,
    id::LinkId,
    io::{Input, Outbox},
    rng::Seed,
};

use crate::requests::now;

const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// Frames of one connection; more tell nothing new.
const FRAMES_MAX: u64 = 12;

/// Six nodes, so that there is something to contradict; the fuzzer's frames can name them.
const IMAGE: &str = "\
aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 127.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-5460 [93->-bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb]
bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb 127.0.0.1:7001@17001 master - 0 0 2 connected 5461-10922
cccccccccccccccccccccccccccccccccccccccc 127.0.0.1:7002@17002 master - 0 0 3 connected 10923-16383
dddddddddddddddddddddddddddddddddddddddd 127.0.0.1:7003@17003 slave aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 0 0 1 connected
eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee 127.0.0.1:7004@17004 slave bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb 0 0 2 connected
ffffffffffffffffffffffffffffffffffffffff 127.0.0.1:7005@17005 slave cccccccccccccccccccccccccccccccccccccccc 0 0 3 connected
vars currentEpoch 3 lastVoteEpoch 0
";

/// The same, seen by a replica of the second master.
fn image(is_replica: bool) -> String {
    if !is_replica {
        return IMAGE.to_owned();
    }
    IMAGE
        .replace(" [93->-bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb]", "")
        .replace("myself,master", "master")
        .replace("17004 slave", "17004 myself,slave")
}

/// Frames never end a node nor break what it must hold, whoever sends them and whenever.
///
/// The first byte chooses the node, and whether each frame gets a right head: signature, version
/// and length, which a fuzzer would take long to find by itself.
pub fn frames(bytes: &[u8]) {
    let Some((&kind, mut rest)) = bytes.split_first() else { return };
    let config =
        Config { cluster_enabled: true, cluster_node_timeout_ms: 2000, ..Config::default() };
    let mut out = Outbox::new();
    let image = image(kind & 1 == 1);
    let mut node = Node::restore(&image, config, Seed::from_u64(3), now(0), &mut out).unwrap();
    let link = LinkId::accepted(1);
    let remote = Addr { ip: LOCAL, port: 40_000 };
    node.handle(now(1), Input::LinkAccepted { link, remote, local: LOCAL }, &mut out);
    for turn in 0..FRAMES_MAX {
        let (mended, used);
        let frame = if kind & 2 == 2 {
            used = rest.len().min(2256 + 104 * usize::from(kind >> 4));
            if used < 16 {
                break;
            }
            let mut frame = rest[..used].to_vec();
            frame[..4].copy_from_slice(b"RCmb");
            frame[4..8].copy_from_slice(&u32::try_from(used).unwrap().to_be_bytes());
            frame[8..10].copy_from_slice(&1_u16.to_be_bytes());
            mended = frame;
            mended.as_slice()
        } else {
            match bus::cut(rest, 1 << 20) {
                Ok(Some(len)) => used = len,
                Ok(None) | Err(_) => break,
            }
            &rest[..used]
        };
        let at = now(10 + turn * 700);
        node.handle(at, Input::Frame { link, bytes: frame }, &mut out);
        node.handle(at, Input::Wake, &mut out);
        drop(out.drain());
        if let Err(broken) = node.check() {
            panic!("after frame {turn}: {broken}");
        }
        rest = &rest[used..];
    }
    // What it has been told can be written down and believed again.
    let text = node.cluster_nodes(now(9000));
    assert!(text.lines().count() >= 6, "known nodes were forgotten:\n{text}");
    node.handle(now(60_000), Input::Wake, &mut out);
    drop(out.drain());
}
