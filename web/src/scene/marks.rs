//! Halo, ballot and waiting arc: what the nodes hold against one another, and for one another.

use slotscope_core::{
    explain::{Reason, VoteRefusal},
    node::{Health, Snapshot},
    sim::{HostIdx, What},
    time::Instant,
};

use super::id_of;
use crate::source::{history::History, picture::Picture};

/// How long a ballot stays on the stage after the election was won.
const BALLOT_LINGERS_MS: u64 = 3000;

/// Failure reports about a node: one segment for each voter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Halo {
    /// The voters, in the order of the plan, and whether each holds the node for failing.
    pub segments: Vec<(HostIdx, bool)>,
    /// Majority.
    pub needed: usize,
    /// Somebody holds it for FAIL: the ring closes.
    pub closed: bool,
}

impl Halo {
    /// Voters that hold it for failing.
    #[must_use]
    pub fn filled(&self) -> usize {
        self.segments.iter().filter(|s| s.1).count()
    }
}

/// One voter's box on the ballot ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// No answer so far.
    Open,
    /// It cannot answer: its process is down or stopped.
    Silent,
    /// A vote is on its way.
    Given,
    /// A vote was counted.
    Counted,
    /// Refused, and why.
    Refused(VoteRefusal),
}

/// The votes that a candidate asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ballot {
    /// The epoch of the election.
    pub epoch: u64,
    /// One box for each voter at the time.
    pub boxes: Vec<(HostIdx, Answer)>,
    /// Majority.
    pub needed: usize,
    /// It won.
    pub won: bool,
}

impl Ballot {
    /// Votes counted by the candidate.
    #[must_use]
    pub fn votes(&self) -> usize {
        self.boxes.iter().filter(|b| b.1 == Answer::Counted).count()
    }
}

/// An election that waits for its moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// Lets the FAIL message spread.
    pub fixed_ms: u64,
    /// Keeps replicas apart.
    pub random_ms: u64,
    /// Replicas with more data.
    pub rank: u32,
    /// The sum.
    pub total_ms: u64,
    /// What is left.
    pub left_ms: u64,
    /// Thousandths of the wait that are over.
    pub permille: u16,
}

/// The voters and their majority.
pub(super) struct Electorate<'a> {
    pub voters: &'a [HostIdx],
    pub majority: usize,
}

pub(super) fn halo(
    picture: &Picture,
    eyes: Option<HostIdx>,
    electorate: &Electorate<'_>,
    host: HostIdx,
    closed: bool,
) -> Option<Halo> {
    let id = id_of(picture, host)?;
    let holds = |observer: HostIdx| {
        let peer = picture.view(observer).and_then(|v| v.peer(id));
        observer != host && peer.is_some_and(|p| p.health != Health::Ok)
    };
    let seen = eyes.and_then(|e| picture.view(e)?.peer(id).map(|p| (e, p)));
    let segments: Vec<(HostIdx, bool)> = electorate
        .voters
        .iter()
        .map(|voter| {
            let reported = match seen {
                // In one node's eyes: its own opinion, and the reports that it holds.
                Some((me, peer)) => {
                    (*voter == me && peer.health != Health::Ok)
                        || id_of(picture, *voter).is_some_and(|v| peer.reporters.contains(&v))
                }
                None => holds(*voter),
            };
            (*voter, reported)
        })
        .collect();
    let shown = closed || segments.iter().any(|s| s.1);
    shown.then_some(Halo { segments, needed: electorate.majority, closed })
}

pub(super) fn wait(picture: &Picture, view: &Snapshot) -> Option<Wait> {
    let election = view.election.as_ref()?;
    let left_ms = election.asks_at.ms_since(picture.now);
    if election.epoch.is_some() || left_ms == 0 {
        return None;
    }
    let total_ms = election.asks_at.ms_since(election.scheduled_at).max(1);
    let done = total_ms.saturating_sub(left_ms) * 1000 / total_ms;
    Some(Wait {
        fixed_ms: election.delay.fixed_ms,
        random_ms: election.delay.random_ms,
        rank: election.delay.rank,
        total_ms,
        left_ms,
        permille: u16::try_from(done).unwrap_or(1000),
    })
}

/// The last election of `host`, while it is still news.
pub(super) fn ballot(
    picture: &Picture,
    history: &History,
    electorate: &Electorate<'_>,
    host: HostIdx,
) -> Option<Ballot> {
    let past = history.until(picture.now);
    let asked = past.iter().rposition(|r| {
        r.host == Some(host) && matches!(r.what, What::Decided(Reason::VotesAsked { .. }))
    })?;
    let What::Decided(Reason::VotesAsked { epoch, master }) = &past[asked].what else {
        return None;
    };
    let mut boxes: Vec<(HostIdx, Answer)> = electorate
        .voters
        .iter()
        .copied()
        // The winner sits in its master's chair by now; the ballot shows the chair.
        .map(|v| if v == host { picture.ids.get(master).copied().unwrap_or(v) } else { v })
        .map(|v| {
            let host = picture.hosts.get(usize::from(v.0));
            let mute = host.is_none_or(|h| !h.up || h.frozen);
            (v, if mute { Answer::Silent } else { Answer::Open })
        })
        .collect();
    let mut won: Option<Instant> = None;
    let mut mark = |voter: Option<HostIdx>, mark: Answer| {
        if let Some(place) = boxes.iter_mut().find(|b| Some(b.0) == voter) {
            place.1 = mark;
        }
    };
    for record in &past[asked..] {
        let What::Decided(reason) = &record.what else { continue };
        let mine = record.host == Some(host);
        if let Reason::Vote(vote) = reason {
            let about = picture.ids.get(&vote.candidate) == Some(&host);
            if about && vote.request_epoch == *epoch {
                mark(record.host, vote.refused.map_or(Answer::Given, Answer::Refused));
            }
        } else if let Reason::VoteCounted { from, epoch: of, .. } = reason {
            if mine && of == epoch {
                mark(picture.ids.get(from).copied(), Answer::Counted);
            }
        } else if let Reason::Elected { epoch: of, .. } = reason
            && mine
            && of == epoch
        {
            won = Some(record.at);
        }
    }
    let timeout = picture.view(host).map_or(5000, |v| v.node_timeout_ms);
    let news_until = match won {
        Some(at) => at.plus_ms(BALLOT_LINGERS_MS),
        None => past[asked].at.plus_ms((timeout * 2).max(2000)),
    };
    (picture.now < news_until).then(|| Ballot {
        epoch: epoch.0,
        boxes,
        needed: electorate.majority,
        won: won.is_some(),
    })
}
