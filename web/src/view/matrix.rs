//! Who thinks what of whom: a row for each observer.

use yew::prelude::*;

use slotscope_core::{node::Health, sim::HostIdx};

use super::{Screen, node_glyph::health_id};
use crate::{model::Msg, scene::id_of, t};

/// Observers by observed.
pub(super) fn matrix(s: Screen<'_>) -> Html {
    let (page, w) = (s.page, s.words);
    let head = page.picture.hosts.iter().map(|h| html! { <th scope="col">{ h.port }</th> });
    let rows = page.picture.each().map(|observer| {
        let port = page.picture.port(observer);
        let cells = page.picture.each().map(|observed| cell(s, observer, observed));
        html! {
            <tr>
                <th scope="row">
                    <button onclick={s.on(Msg::NodeChosen(observer))}>{ port }</button>
                </th>
                { for cells }
            </tr>
        }
    });
    html! {
        <div class="matrix">
            <table>
                <caption>{ t!(w, "matrix-caption") }</caption>
                <thead><tr><td />{ for head }</tr></thead>
                <tbody>{ for rows }</tbody>
            </table>
            <ul class="key">
                <li><i class="cell ok">{ "·" }</i>{ t!(w, "matrix-ok") }</li>
                <li><i class="cell pfail">{ "?" }</i>{ "PFAIL" }</li>
                <li><i class="cell fail">{ "✕" }</i>{ "FAIL" }</li>
                <li><i class="cell shake">{ "⋯" }</i>{ t!(w, "matrix-handshake") }</li>
                <li><i class="cell none" />{ t!(w, "matrix-unknown") }</li>
            </ul>
        </div>
    }
}

fn cell(s: Screen<'_>, observer: HostIdx, observed: HostIdx) -> Html {
    let picture = &s.page.picture;
    let peer = id_of(picture, observed)
        .and_then(|id| picture.view(observer).and_then(|view| view.peer(id)));
    let (class, sign, health) = match peer {
        _ if observer == observed => ("cell self", "", "self"),
        None => ("cell none", "", "unknown"),
        Some(p) if p.handshake => ("cell shake", "⋯", "handshake"),
        Some(p) => match p.health {
            Health::Ok => ("cell ok", "·", health_id(p.health)),
            Health::Pfail => ("cell pfail", "?", health_id(p.health)),
            Health::Fail => ("cell fail", "✕", health_id(p.health)),
        },
    };
    html! {
        <td
            {class}
            data-testid="cell"
            data-observer={picture.port(observer).to_string()}
            data-observed={picture.port(observed).to_string()}
            data-health={health}
            aria-label={health}
        >{ sign }</td>
    }
}
