//! The bus codec against frames that real nodes put on their sockets.
//!
//! `bus-vectors/README.md` tells where each frame comes from; `expected.json` holds every field.
//! Frames of Redis 7.0 must also come out of the encoder byte for byte.

#![expect(clippy::unwrap_used, clippy::panic, reason = "in a test's helpers a panic is the report")]

use std::{fs, path::PathBuf};

use serde_json::Value;
use slotscope_core::{
    bus::{
        self, Body, BodyOut, ExtIter, Extension, FrameError, Gossip, GossipIter, Header, Heartbeat,
        Kind, Message, MsgFlags, NodeFlags,
    },
    id::NodeId,
    slot::SlotSet,
};

const LIMIT: u64 = 1 << 20;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/bus-vectors")
}

fn expected() -> serde_json::Map<String, Value> {
    let text = fs::read_to_string(folder().join("expected.json")).unwrap();
    match serde_json::from_str(&text).unwrap() {
        Value::Object(map) => map,
        other => panic!("expected.json holds {other}"),
    }
}

fn frame(name: &str) -> Vec<u8> {
    let text = fs::read_to_string(folder().join(format!("{name}.hex"))).unwrap();
    unhex(&text)
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    let nibble = |b: u8| u8::try_from((b as char).to_digit(16).unwrap()).unwrap();
    digits.chunks_exact(2).map(|pair| nibble(pair[0]) << 4 | nibble(pair[1])).collect()
}

/// Frames that carry what Redis 7.0 itself never sends.
fn is_newer(name: &str) -> bool {
    name.starts_with("21") || name.starts_with("22")
}

fn is_light(name: &str) -> bool {
    name.starts_with("23")
}

#[test]
fn every_field_of_every_frame() {
    let expected = expected();
    assert_eq!(expected.len(), 23);
    let mut kinds = std::collections::BTreeSet::new();
    for (name, want) in expected.iter().filter(|(name, _)| !is_light(name)) {
        let bytes = frame(name);
        assert_eq!(bus::cut(&bytes, LIMIT), Ok(Some(bytes.len())), "{name}");
        let message = bus::decode(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        check_header(name, want, &message);
        check_body(name, want, &message);
        assert_eq!(bus::kind_of(&bytes), message.body.kind(), "{name}");
        kinds.extend(message.body.kind());
    }
    assert_eq!(kinds.len(), Kind::ALL.len(), "all eleven types are covered");
}

fn number(want: &Value, field: &str) -> u64 {
    want[field].as_u64().unwrap_or_else(|| panic!("{field} of {want}"))
}

fn check_header(name: &str, want: &Value, message: &Message<'_>) {
    let header = &message.header;
    let numbers = [
        ("port", u64::from(header.port)),
        ("pport", u64::from(header.pport)),
        ("cport", u64::from(header.cport)),
        ("currentEpoch", header.current_epoch.0),
        ("configEpoch", header.config_epoch.0),
        ("offset", header.offset),
        ("flags", u64::from(header.flags.0)),
        ("state", u64::from(!header.state_ok)),
        ("type", u64::from(message.body.kind().unwrap().number())),
    ];
    for (field, got) in numbers {
        assert_eq!(got, number(want, field), "{name}: {field}");
    }
    assert_eq!(header.sender.as_str(), want["sender"], "{name}");
    assert_eq!(header.master.map_or(String::new(), |id| id.to_string()), want["slaveof"], "{name}");
    assert_eq!(header.ip.map_or(String::new(), |ip| ip.to_string()), want["myip"], "{name}");
    assert_eq!(slots(header.slots), want["slots"], "{name}");
    assert_eq!(format!("{:02x}0000", header.mflags.0), want["mflags"], "{name}");
}

fn check_body(name: &str, want: &Value, message: &Message<'_>) {
    match message.body {
        Body::Ping { gossip, ext } | Body::Pong { gossip, ext } | Body::Meet { gossip, ext } => {
            check_gossip(name, &want["gossip"], gossip);
            check_extensions(name, &want["ext"], ext);
        }
        Body::Fail { about } => assert_eq!(about.as_str(), want["about"], "{name}"),
        Body::Publish { channel, message } | Body::PublishShard { channel, message } => {
            assert_eq!(text(channel), want["channel"], "{name}");
            assert_eq!(text(message), want["message"], "{name}");
        }
        Body::Update { about, config_epoch, slots: owned } => {
            assert_eq!(about.as_str(), want["u_name"], "{name}");
            assert_eq!(config_epoch.0, number(want, "u_epoch"), "{name}");
            assert_eq!(slots(owned), want["u_slots"], "{name}");
        }
        Body::Module { id, kind, payload } => {
            assert_eq!(id.to_vec(), unhex(want["module_id"].as_str().unwrap()), "{name}");
            assert_eq!(u64::from(kind), number(want, "mtype"), "{name}");
            assert_eq!(text(payload), want["payload"], "{name}");
        }
        Body::AuthRequest | Body::AuthAck | Body::MfStart => {}
        Body::Unknown(kind) => panic!("{name} has unknown type {kind}"),
    }
}

fn check_gossip(name: &str, want: &Value, gossip: GossipIter<'_>) {
    let want = want.as_array().unwrap();
    let got: Vec<Gossip> = gossip.collect();
    assert_eq!(got.len(), want.len(), "{name}");
    for (got, want) in got.iter().zip(want) {
        assert_eq!(got.id.as_str(), want["name"], "{name}");
        let numbers = [
            ("ping_sent", u64::from(got.ping_sent_s)),
            ("pong_received", u64::from(got.pong_received_s)),
            ("port", u64::from(got.port)),
            ("cport", u64::from(got.cport)),
            ("pport", u64::from(got.pport)),
        ];
        for (field, got) in numbers {
            assert_eq!(got, number(want, field), "{name}: {field}");
        }
        assert_eq!(got.ip.map_or(String::new(), |ip| ip.to_string()), want["ip"], "{name}");
        assert_eq!(flag_names(got.flags), want["flags"], "{name}");
    }
}

fn check_extensions(name: &str, want: &Value, ext: ExtIter<'_>) {
    let want = want.as_array().unwrap();
    assert_eq!(ext.count(), want.len(), "{name}");
    for (got, want) in ext.zip(want) {
        match got {
            Extension::Hostname(host) => {
                assert_eq!(number(want, "type"), 0, "{name}");
                assert_eq!(host, want["text"], "{name}");
            }
            Extension::Other { kind, data } => {
                assert_eq!(u64::from(kind), number(want, "type"), "{name}");
                assert_eq!(data, unhex(want["payload_hex"].as_str().unwrap()), "{name}");
                assert_eq!(data.len() as u64 + 8, number(want, "length"), "{name}");
            }
        }
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// `5461-10922`, as in `expected.json`.
fn slots(bitmap: &[u8; 2048]) -> String {
    let set = SlotSet::from_bytes(bitmap).unwrap();
    let ranges: Vec<String> = set
        .ranges()
        .map(|(a, b)| if a == b { a.to_string() } else { format!("{a}-{b}") })
        .collect();
    ranges.join(",")
}

fn flag_names(flags: NodeFlags) -> String {
    let names = [
        "master",
        "slave",
        "pfail",
        "fail",
        "myself",
        "handshake",
        "noaddr",
        "meet",
        "migrate_to",
        "nofailover",
    ];
    let set: Vec<&str> = names
        .into_iter()
        .enumerate()
        .filter(|(bit, _)| flags.contains(NodeFlags(1 << bit)))
        .map(|(_, name)| name)
        .collect();
    set.join("|")
}

#[test]
fn frames_of_redis_7_0_are_encoded_byte_for_byte() {
    let mut encoded = 0;
    for name in expected().keys().filter(|name| !is_newer(name) && !is_light(name)) {
        let bytes = frame(name);
        let message = bus::decode(&bytes).unwrap();
        let again = encode_again(&message);
        assert!(*again == *bytes, "{name} differs at byte {:?}", first_difference(&again, &bytes));
        encoded += 1;
    }
    assert_eq!(encoded, 20);
}

fn first_difference(a: &[u8], b: &[u8]) -> Option<usize> {
    let shorter = a.len().min(b.len());
    a.iter().zip(b).position(|(a, b)| a != b).or((a.len() != b.len()).then_some(shorter))
}

fn encode_again(message: &Message<'_>) -> std::sync::Arc<[u8]> {
    let (gossip, hostname): (Vec<Gossip>, &str) = message
        .body
        .heartbeat()
        .map(|(gossip, ext)| (gossip.collect(), ext.hostname().unwrap_or("")))
        .unwrap_or_default();
    let beat = Heartbeat { gossip: &gossip, hostname };
    let body = match message.body {
        Body::Ping { .. } => BodyOut::Ping(beat),
        Body::Pong { .. } => BodyOut::Pong(beat),
        Body::Meet { .. } => BodyOut::Meet(beat),
        Body::Fail { about } => BodyOut::Fail { about },
        Body::Publish { channel, message } => BodyOut::Publish { channel, message },
        Body::AuthRequest => BodyOut::AuthRequest,
        Body::AuthAck => BodyOut::AuthAck,
        Body::Update { about, config_epoch, slots } => {
            BodyOut::Update { about, config_epoch, slots }
        }
        Body::MfStart => BodyOut::MfStart,
        Body::Module { id, kind, payload } => BodyOut::Module { id, kind, payload },
        Body::PublishShard { channel, message } => BodyOut::PublishShard { channel, message },
        Body::Unknown(kind) => panic!("unknown type {kind}"),
    };
    bus::encode(&message.header, &body)
}

/// A node that echoed bit 11 would be sent frames with a short header by Valkey.
#[test]
fn what_newer_nodes_say_about_themselves_is_not_echoed() {
    let bytes = frame("22-ping-valkey8-extflag");
    let message = bus::decode(&bytes).unwrap();
    assert_eq!(message.header.flags.0 & 0x0800, 0x0800);
    assert_eq!(message.header.mflags, MsgFlags::EXT_DATA);
    let again = encode_again(&message);
    let echoed = bus::decode(&again).unwrap();
    assert_eq!(echoed.header.flags.0 & !NodeFlags::KNOWN.0, 0);
    assert_eq!(echoed.header.mflags, MsgFlags::NONE);
}

/// As Redis 7.0 does: its totlen is below that of a full header.
#[test]
fn a_light_header_closes_the_link() {
    let bytes = frame("23-publish-light-valkey8");
    assert_eq!(bus::cut(&bytes, LIMIT), Err(FrameError::BadStart));
    assert!(FrameError::BadStart.closes_link());
    assert!(bus::decode(&bytes).is_err());
}

#[test]
fn a_real_frame_is_whole_at_its_end_and_never_before() {
    let mut bytes = frame("16-ping-hostname-ext");
    let len = bytes.len();
    bytes.extend_from_slice(&frame("07-fail"));
    for upto in 0..bytes.len() {
        let want = (upto >= len).then_some(len);
        assert_eq!(bus::cut(&bytes[..upto], LIMIT), Ok(want), "{upto}");
    }
    assert!(matches!(bus::decode(&bytes), Err(FrameError::NotOneFrame { .. })));
}

/// The layout that is written on paper is the layout that is read.
#[test]
fn header_type_and_constructor_agree_on_the_fields() {
    let bytes = frame("03-pong-3gossip");
    let message = bus::decode(&bytes).unwrap();
    let own_slots = SlotSet::from_bytes(message.header.slots).unwrap();
    let header = Header { slots: own_slots.as_bytes(), ..message.header };
    assert_eq!(header, message.header);
    let sender = bus::HEADER_FIELDS.iter().find(|field| field.name == "sender").unwrap();
    let there = &bytes[sender.at..sender.at + sender.len];
    assert_eq!(NodeId::from_bytes(there), Some(header.sender));
}
