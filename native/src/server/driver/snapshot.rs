//! How a replica gets the whole dataset: made on a helper thread, sent piece by piece as the
//! connection takes it, so that neither the loop nor the memory has to hold it.

use std::{rc::Rc, time::Duration};

use slotscope_core::{
    id::ClientId,
    io::{Dataset, Framing, Input},
};
use tokio::{sync::mpsc, task};

use super::{
    super::{outbound::Outbound, persist::linger},
    Driver,
};

/// So many pieces are made ahead of what was sent.
const AHEAD: usize = 4;

/// What a client gets in place of an answer: bytes before, a dataset, and how its end is told.
#[derive(Debug)]
pub(super) struct Gift {
    pub head: Vec<u8>,
    pub dataset: Dataset,
    pub framing: Framing,
}

impl Driver {
    /// Begins to send a snapshot; the node hears when all of it is given to the connection.
    pub(super) fn send_snapshot(self: &Rc<Self>, client: ClientId, gift: Gift) {
        let clients = self.clients.borrow();
        let Some(out) = clients.get(&client).map(|client| Rc::clone(&client.out)) else { return };
        let driver = Rc::clone(self);
        task::spawn_local(async move {
            if give(&out, gift).await {
                driver.handle(Input::SnapshotSent { client });
            }
        });
    }
}

/// False if the connection ended before.
async fn give(out: &Outbound, gift: Gift) -> bool {
    let Gift { head, dataset, framing } = gift;
    let (made, mut pieces) = mpsc::channel(AHEAD);
    let delay = Duration::from_micros(u64::try_from(dataset.delay).unwrap_or(0));
    let maker = task::spawn_blocking(move || {
        dataset.write(&mut |piece| {
            linger(delay, || !made.is_closed()) && made.blocking_send(piece.to_vec()).is_ok()
        })
    });
    out.push_piece(&head);
    match &framing {
        Framing::Marked(_) => {
            out.push_piece(framing.opening(0).as_bytes());
            while let Some(piece) = pieces.recv().await {
                out.push_piece(&piece);
                out.has_room().await;
                if out.is_ending() {
                    return false;
                }
            }
        }
        Framing::Sized => {
            let mut whole = Vec::new();
            while let Some(piece) = pieces.recv().await {
                whole.extend_from_slice(&piece);
                if out.is_ending() {
                    return false;
                }
            }
            out.push_piece(framing.opening(whole.len()).as_bytes());
            out.push_piece(&whole);
        }
    }
    // A thread that broke off has not made all of it, and the client must not take it for whole.
    let is_whole = maker.await.unwrap_or(false);
    if is_whole {
        out.push_piece(framing.closing().as_bytes());
    }
    is_whole
}
