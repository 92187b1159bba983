//! The header: what every message says about its sender.

use core::net::IpAddr;

use super::{MsgFlags, NodeFlags, read::Reader};
use crate::{epoch::Epoch, id::NodeId};

/// The fields of a header that mean something; slots are borrowed, from a frame or from a
/// [`crate::slot::SlotSet`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// Who sends.
    pub sender: NodeId,
    /// Its client port.
    pub port: u16,
    /// Its plaintext client port when `port` is the TLS one, else 0.
    pub pport: u16,
    /// Its bus port.
    pub cport: u16,
    /// The cluster's clock as it knows it.
    pub current_epoch: Epoch,
    /// The version of its claim to slots; a replica sends its master's.
    pub config_epoch: Epoch,
    /// Replication offset: produced (master) or processed (replica).
    pub offset: u64,
    /// The slots it claims, in wire order; a replica sends its master's.
    pub slots: &'a [u8; 2048],
    /// Its master. **This decides about its role**, not the flags.
    pub master: Option<NodeId>,
    /// The address it wants to be known by (`cluster-announce-ip`); `None`: take the socket's.
    pub ip: Option<IpAddr>,
    /// What it says about itself.
    pub flags: NodeFlags,
    /// `cluster_state` as it sees it. Redis 7.0 writes this and never reads it.
    pub state_ok: bool,
    /// About this message.
    pub mflags: MsgFlags,
}

/// The fields that only decoding needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Raw<'a> {
    pub header: Option<Header<'a>>,
    pub version: u16,
    pub number: u16,
    pub count: u16,
    pub extensions: u16,
    pub mflags: MsgFlags,
}

/// Takes the header off the front; `None` if it is not all there. `header` is `None` if a name in
/// it is malformed.
pub(super) fn read<'a>(reader: &mut Reader<'a>) -> Option<Raw<'a>> {
    let _signature_and_length = reader.array::<8>()?;
    let version = reader.u16()?;
    let port = reader.u16()?;
    let number = reader.u16()?;
    let count = reader.u16()?;
    let current_epoch = Epoch(reader.u64()?);
    let config_epoch = Epoch(reader.u64()?);
    let offset = reader.u64()?;
    let sender = reader.node_id()?;
    let slots = reader.array()?;
    let master_bytes = reader.array::<40>()?;
    let ip = reader.ip()?;
    let extensions = reader.u16()?;
    let _reserved = reader.array::<30>()?;
    let pport = reader.u16()?;
    let cport = reader.u16()?;
    let flags = NodeFlags(reader.u16()?);
    let [state] = *reader.array()?;
    let [mflags, _, _] = *reader.array()?;
    let mflags = MsgFlags(mflags);
    let master = NodeId::from_bytes(master_bytes);
    let named = master.is_some() || *master_bytes == [0; 40];
    let header = sender.filter(|_| named).map(|sender| Header {
        sender,
        port,
        pport,
        cport,
        current_epoch,
        config_epoch,
        offset,
        slots,
        master,
        ip,
        flags,
        state_ok: state == 0,
        mflags,
    });
    Some(Raw { header, version, number, count, extensions, mflags })
}
