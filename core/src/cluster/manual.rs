//! The manual failover that a node takes part in: as the replica that was told, or as its master.

use super::PeerIdx;
use crate::time::Instant;

/// A manual failover under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Manual {
    /// When it is given up.
    pub until: Instant,
    /// This node's part in it.
    pub part: Part,
}

/// A node's part in a manual failover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// A replica that asked its master to stand still and waits for the master's offset.
    Asked,
    /// A replica that knows at which offset its master stands still.
    CatchingUp {
        /// Everything up to here has to be processed first.
        offset: u64,
    },
    /// A replica that may ask for votes, whether its master is up or not.
    Ready,
    /// A master that stands still for one of its replicas.
    Paused {
        /// Which.
        replica: PeerIdx,
    },
}

impl Manual {
    /// Whether votes may be asked for now.
    pub(crate) const fn is_ready(self) -> bool {
        matches!(self.part, Part::Ready)
    }

    /// The replica for which this master stands still.
    pub(crate) const fn paused_for(self) -> Option<PeerIdx> {
        match self.part {
            Part::Paused { replica } => Some(replica),
            Part::Asked | Part::CatchingUp { .. } | Part::Ready => None,
        }
    }
}
