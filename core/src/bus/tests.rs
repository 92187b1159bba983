//! The codec against itself and against damage. Frames of real nodes: `core/tests/bus_vectors.rs`.

use alloc::{string::String, sync::Arc, vec, vec::Vec};
use core::net::IpAddr;

use proptest::prelude::*;

use super::*;
use crate::{epoch::Epoch, id::NodeId, slot::SlotSet};

const LIMIT: u64 = 1 << 20;

/// What a message is made of, owned.
#[derive(Clone, Debug)]
struct Parts {
    kind: Kind,
    id: NodeId,
    master: Option<NodeId>,
    ip: Option<IpAddr>,
    ports: [u16; 3],
    numbers: [u64; 3],
    flags: u16,
    mflags: u8,
    state_ok: bool,
    slots: SlotSet,
    gossip: Vec<Gossip>,
    hostname: String,
    one: Vec<u8>,
    two: Vec<u8>,
}

fn any_id() -> impl Strategy<Value = NodeId> {
    "[0-9a-z]{40}".prop_map(|text| text.parse().unwrap())
}

fn any_ip() -> impl Strategy<Value = Option<IpAddr>> {
    proptest::option::of(any::<IpAddr>())
}

fn any_gossip() -> impl Strategy<Value = Vec<Gossip>> {
    let numbers = (any::<[u32; 2]>(), any::<[u16; 3]>(), 0..=NodeFlags::KNOWN.0);
    let entry = (any_id(), any_ip(), numbers).prop_map(|(id, ip, (times, ports, flags))| Gossip {
        id,
        ping_sent_s: times[0],
        pong_received_s: times[1],
        ip,
        port: ports[0],
        cport: ports[1],
        pport: ports[2],
        flags: NodeFlags(flags),
    });
    proptest::collection::vec(entry, 0..5)
}

fn any_parts() -> impl Strategy<Value = Parts> {
    let bytes = || proptest::collection::vec(any::<u8>(), 0..40);
    let slots = proptest::collection::vec(any::<u8>(), 2048)
        .prop_map(|bytes| SlotSet::from_bytes(&bytes).unwrap());
    (
        (proptest::sample::select(&Kind::ALL[..]), any_id(), proptest::option::of(any_id())),
        (any_ip(), any::<[u16; 3]>(), any::<[u64; 3]>()),
        (0..=NodeFlags::KNOWN.0, 0..4_u8, any::<bool>()),
        (slots, any_gossip(), "([A-Za-z0-9.-]{1,255})?", bytes(), bytes()),
    )
        .prop_map(
            |(
                (kind, id, master),
                (ip, ports, numbers),
                (flags, mflags, state_ok),
                (slots, gossip, hostname, one, two),
            )| Parts {
                kind,
                id,
                master,
                ip,
                ports,
                numbers,
                flags,
                mflags,
                state_ok,
                slots,
                gossip,
                hostname,
                one,
                two,
            },
        )
}

impl Parts {
    fn header(&self) -> Header<'_> {
        Header {
            sender: self.id,
            port: self.ports[0],
            pport: self.ports[1],
            cport: self.ports[2],
            current_epoch: Epoch(self.numbers[0]),
            config_epoch: Epoch(self.numbers[1]),
            offset: self.numbers[2],
            slots: self.slots.as_bytes(),
            master: self.master,
            ip: self.ip,
            flags: NodeFlags(self.flags),
            state_ok: self.state_ok,
            mflags: MsgFlags(self.mflags),
        }
    }

    fn body(&self) -> BodyOut<'_> {
        let beat = Heartbeat { gossip: &self.gossip, hostname: &self.hostname };
        let (channel, message) = (&self.one[..], &self.two[..]);
        match self.kind {
            Kind::Ping => BodyOut::Ping(beat),
            Kind::Pong => BodyOut::Pong(beat),
            Kind::Meet => BodyOut::Meet(beat),
            Kind::Fail => BodyOut::Fail { about: self.id },
            Kind::Publish => BodyOut::Publish { channel, message },
            Kind::AuthRequest => BodyOut::AuthRequest,
            Kind::AuthAck => BodyOut::AuthAck,
            Kind::Update => BodyOut::Update {
                about: self.id,
                config_epoch: Epoch(self.numbers[0]),
                slots: self.slots.as_bytes(),
            },
            Kind::MfStart => BodyOut::MfStart,
            Kind::Module => {
                let id = self.numbers[0].to_be_bytes();
                BodyOut::Module { id, kind: id[0], payload: message }
            }
            Kind::PublishShard => BodyOut::PublishShard { channel, message },
        }
    }

    fn frame(&self) -> Arc<[u8]> {
        encode(&self.header(), &self.body())
    }

    fn check(&self, message: &Message<'_>) {
        let has_ext = self.body_is_heartbeat() && !self.hostname.is_empty();
        let ext = if has_ext { MsgFlags::EXT_DATA } else { MsgFlags::NONE };
        let mflags = MsgFlags(self.mflags) | ext;
        assert_eq!(message.header, Header { mflags, ..self.header() });
        assert_eq!(message.body.kind(), Some(self.kind));
        match message.body {
            Body::Ping { gossip, ext }
            | Body::Pong { gossip, ext }
            | Body::Meet { gossip, ext } => {
                assert_eq!(gossip.count_left(), self.gossip.len());
                assert_eq!(gossip.collect::<Vec<_>>(), self.gossip);
                assert_eq!(ext.hostname().unwrap_or(""), self.hostname);
            }
            Body::Fail { about } => assert_eq!(about, self.id),
            Body::Publish { channel, message } | Body::PublishShard { channel, message } => {
                assert_eq!((channel, message), (&self.one[..], &self.two[..]));
            }
            Body::Update { about, config_epoch, slots } => {
                assert_eq!((about, config_epoch.0), (self.id, self.numbers[0]));
                assert_eq!(slots, self.slots.as_bytes());
            }
            Body::Module { id, kind, payload } => {
                assert_eq!((u64::from_be_bytes(id), kind), (self.numbers[0], id[0]));
                assert_eq!(payload, self.two);
            }
            Body::AuthRequest | Body::AuthAck | Body::MfStart => {}
            Body::Unknown(number) => panic!("type {number}"),
        }
    }

    fn body_is_heartbeat(&self) -> bool {
        matches!(self.kind, Kind::Ping | Kind::Pong | Kind::Meet)
    }
}

/// Reads everything that a frame offers; whatever it is, this ends and does not panic.
fn read_all(frame: &[u8]) -> usize {
    let _counted = kind_of(frame);
    match decode(frame) {
        Err(error) => error.log_line().map_or(0, |line| line.len()),
        Ok(message) => message.body.heartbeat().map_or(0, |(gossip, ext)| {
            gossip.count() + ext.count() + ext.hostname().iter().count()
        }),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_message_comes_back(parts in any_parts()) {
        let frame = parts.frame();
        prop_assert_eq!(cut(&frame, LIMIT), Ok(Some(frame.len())));
        prop_assert_eq!(kind_of(&frame), Some(parts.kind));
        parts.check(&decode(&frame).unwrap());
    }

    #[test]
    fn a_stream_is_cut_at_its_seams(all in proptest::collection::vec(any_parts(), 1..4), at: prop::sample::Index) {
        let frames: Vec<Arc<[u8]>> = all.iter().map(Parts::frame).collect();
        let stream: Vec<u8> = frames.iter().flat_map(|frame| frame.iter().copied()).collect();
        // Whatever arrives first, nothing is cut before its last byte is there.
        let first = frames[0].len();
        let upto = at.index(stream.len() + 1);
        prop_assert_eq!(cut(&stream[..upto], LIMIT), Ok((upto >= first).then_some(first)));
        let mut rest = &stream[..];
        for frame in &frames {
            let len = cut(rest, LIMIT).unwrap().unwrap();
            prop_assert_eq!(&rest[..len], &frame[..]);
            rest = &rest[len..];
        }
        prop_assert!(rest.is_empty());
    }

    #[test]
    fn damage_never_panics(
        parts in any_parts(),
        hits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        in_header: bool,
    ) {
        let mut frame = parts.frame().to_vec();
        for (at, byte) in hits {
            let at = at.index(frame.len());
            // The slots are most of a frame, and any bits will do there.
            let at = if in_header && (80..2128).contains(&at) { at % 80 } else { at };
            frame[at] = byte;
        }
        let _cut = cut(&frame, LIMIT);
        read_all(&frame);
    }

    #[test]
    fn truncation_never_panics(parts in any_parts(), at: prop::sample::Index) {
        let frame = parts.frame();
        let mut short = frame[..at.index(frame.len())].to_vec();
        prop_assert!(decode(&short).is_err());
        // As long as it says, but with a body that was made for more.
        if short.len() >= HEADER_LEN {
            let len = u32::try_from(short.len()).unwrap();
            short[4..8].copy_from_slice(&len.to_be_bytes());
            read_all(&short);
        }
    }

    #[test]
    fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..64), long: bool) {
        let mut bytes = bytes;
        if long {
            bytes.resize(HEADER_LEN + 200, 0xA5);
            bytes[..4].copy_from_slice(b"RCmb");
        }
        let _cut = cut(&bytes, LIMIT);
        read_all(&bytes);
    }
}

/// A ping with three gossip entries and a host name whose extension has 40 bytes.
fn sample() -> Parts {
    let entry = Gossip {
        id: NodeId::from_bytes(&[b'g'; 40]).unwrap(),
        ping_sent_s: 1,
        pong_received_s: 2,
        ip: None,
        port: 1,
        cport: 2,
        pport: 0,
        flags: NodeFlags::MASTER,
    };
    Parts {
        kind: Kind::Ping,
        id: NodeId::from_bytes(&[b'a'; 40]).unwrap(),
        master: None,
        ip: None,
        ports: [7000, 0, 17000],
        numbers: [8, 3, 100],
        flags: (NodeFlags::MASTER | NodeFlags::MYSELF).0,
        mflags: 0,
        state_ok: true,
        slots: SlotSet::new(),
        gossip: vec![entry; 3],
        hostname: "node-zero.slotscope.example".into(),
        one: b"news".to_vec(),
        two: b"hello-slotscope".to_vec(),
    }
}

const EXT_AT: usize = HEADER_LEN + 3 * GOSSIP_LEN;

/// Changes some bytes of a frame, and its length field to what it then is.
fn broken(kind: Kind, change: impl FnOnce(&mut Vec<u8>)) -> Result<(), FrameError> {
    let mut frame = Parts { kind, ..sample() }.frame().to_vec();
    change(&mut frame);
    let len = u32::try_from(frame.len()).unwrap();
    frame[4..8].copy_from_slice(&len.to_be_bytes());
    decode(&frame).map(|_| ())
}

/// Each line was read off a real server (7.0.15) that was sent the same damage.
#[test]
fn refusals_read_like_those_of_redis() {
    let set = |at: usize, bytes: &'static [u8]| {
        move |frame: &mut Vec<u8>| frame[at..at + bytes.len()].copy_from_slice(bytes)
    };
    let check = |result: Result<(), FrameError>, want: Option<&str>| {
        let error = result.unwrap_err();
        assert!(!error.closes_link(), "{error}");
        assert_eq!(error.log_line().as_deref(), want, "{error}");
    };
    check(broken(Kind::Ping, set(8, &[0, 2])), None);
    check(
        broken(Kind::Ping, |frame| frame.extend([0; 8])),
        Some("Received invalid ping packet of length 2616 but expected length 2608"),
    );
    check(
        broken(Kind::Ping, |frame| frame.truncate(EXT_AT - 10)),
        Some(
            "Received invalid ping packet with gossip count 3 that exceeds total packet length \
             (2558)",
        ),
    );
    for (long, bytes) in [([0, 0, 0, 39], 39), ([0, 1, 0, 39], 39), ([0, 0, 0, 0], 0)] {
        let line = alloc::format!("Received a ping packet without proper padding ({bytes} bytes)");
        let change = |frame: &mut Vec<u8>| frame[EXT_AT..EXT_AT + 4].copy_from_slice(&long);
        check(broken(Kind::Ping, change), Some(&line));
    }
    let beyond = "Received invalid ping packet with extension data that exceeds total packet \
                  length (2608)";
    check(broken(Kind::Ping, set(EXT_AT, &[0, 0, 0, 48])), Some(beyond));
    check(broken(Kind::Ping, set(2214, &[0, 2])), Some(beyond));
    let endless = "Received ping packet with missing null terminator in extension type 0";
    check(broken(Kind::Ping, set(EXT_AT, &[0, 0, 0, 32])), Some(endless));
    check(broken(Kind::Ping, set(EXT_AT + 32, b"ple\0abcd")), Some(endless));
    check(
        broken(Kind::Ping, set(2253, &[0])),
        Some("Received invalid ping packet of length 2608 but expected length 2568"),
    );
    check(
        broken(Kind::Publish, set(HEADER_LEN, &[0, 0, 0, 5])),
        Some("Received invalid publish packet of length 2283 but expected length 2284"),
    );
    check(
        broken(Kind::Fail, |frame| frame.truncate(HEADER_LEN + 39)),
        Some("Received invalid fail packet of length 2295 but expected length 2296"),
    );
    check(
        broken(Kind::Module, set(HEADER_LEN + 8, &[0, 0, 0, 99])),
        Some("Received invalid module packet of length 2284 but expected length 2368"),
    );
    check(
        broken(Kind::AuthRequest, |frame| frame.extend(*b"zz")),
        Some("Received invalid auth-req packet of length 2258 but expected length 2256"),
    );
    check(
        broken(Kind::Update, |frame| frame.truncate(4351)),
        Some("Received invalid update packet of length 4351 but expected length 4352"),
    );
}

/// Lengths that wrap around in 32 bits are taken for what they are.
#[test]
fn lengths_do_not_wrap() {
    let wraps = |frame: &mut Vec<u8>| {
        frame[HEADER_LEN..HEADER_LEN + 8].copy_from_slice(&[0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 20]);
    };
    assert!(matches!(broken(Kind::Publish, wraps), Err(FrameError::Length { .. })));
    // Redis sees 40 here and then walks 65576 bytes.
    let wraps = |frame: &mut Vec<u8>| frame[EXT_AT..EXT_AT + 4].copy_from_slice(&[0, 1, 0, 40]);
    assert!(matches!(broken(Kind::Ping, wraps), Err(FrameError::ExtensionOverrun { .. })));
}

#[test]
fn names_that_are_none_are_not_believed() {
    for at in [40, 2128] {
        let refused = broken(Kind::Ping, |frame| frame[at] = b'/');
        assert_eq!(refused, Err(FrameError::Name));
    }
    assert_eq!(broken(Kind::Fail, |frame| frame[HEADER_LEN] = b'Z'), Err(FrameError::Name));
    let mut frame = sample().frame().to_vec();
    frame[HEADER_LEN + GOSSIP_LEN] = b' ';
    let message = decode(&frame).unwrap();
    assert_eq!(message.body.heartbeat().unwrap().0.count(), 2, "only that entry is skipped");
}

#[test]
fn what_would_break_nodes_conf_is_no_host_name() {
    let mut frame = sample().frame().to_vec();
    frame[EXT_AT + 10] = b' ';
    let (_, mut ext) = decode(&frame).unwrap().body.heartbeat().unwrap();
    assert_eq!(ext.hostname(), None);
    assert!(matches!(ext.next(), Some(Extension::Other { kind: 0, .. })));
    let beat = Heartbeat { gossip: &[], hostname: "a b" };
    assert_eq!(encode(&sample().header(), &BodyOut::Ping(beat)).len(), HEADER_LEN);
}

#[test]
fn types_of_the_future_pass_with_any_length() {
    let mut frame = sample().frame().to_vec();
    frame[12..14].copy_from_slice(&[0, 11]);
    assert!(matches!(decode(&frame).unwrap().body, Body::Unknown(11)));
    assert_eq!(kind_of(&frame), None);
}

#[test]
fn a_hostile_length_shows_after_eight_bytes() {
    let start = |len: u32| [&b"RCmb"[..], &len.to_be_bytes()].concat();
    assert_eq!(cut(&start(2256), LIMIT), Ok(None));
    assert_eq!(cut(&start(2255), LIMIT), Err(FrameError::BadStart));
    let len = u32::MAX;
    assert_eq!(cut(&start(len), LIMIT), Err(FrameError::TooLong { len, limit: LIMIT }));
    assert_eq!(cut(&start(len), u64::MAX), Ok(None));
    assert_eq!(cut(b"RCmx....", LIMIT), Err(FrameError::BadStart));
    assert_eq!(cut(b"RCmb...", LIMIT), Ok(None));
}

#[test]
fn the_layout_has_no_gaps() {
    for (fields, len) in [(HEADER_FIELDS, HEADER_LEN), (GOSSIP_FIELDS, GOSSIP_LEN)] {
        let end = fields.iter().fold(0, |at, field| {
            assert_eq!(field.at, at, "{}", field.name);
            at + field.len
        });
        assert_eq!(end, len);
    }
}

#[test]
fn flags_read_as_they_print() {
    let all = NodeFlags(NodeFlags::KNOWN.0);
    assert_eq!(
        alloc::format!("{all}"),
        "myself,master,slave,fail?,fail,handshake,noaddr,nofailover"
    );
    assert_eq!(alloc::format!("{}", NodeFlags::MIGRATE_TO), "noflags");
    for name in alloc::format!("{all}").split(',') {
        assert_eq!(alloc::format!("{}", NodeFlags::from_name(name).unwrap()), name);
    }
    assert_eq!(NodeFlags::from_name("boss"), None);
    assert_eq!(NodeFlags::from_name("noflags"), Some(NodeFlags::NONE));
}
