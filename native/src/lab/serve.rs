//! The lab's web server: files out, nothing in.
//!
//! Only names of this machine are served: a page of somebody else whose name was made to point
//! here (DNS rebinding) sends its own name as `Host` and gets nothing.

use std::io;

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};
use tokio::net::TcpListener;

use super::assets::Assets;

/// Serves `assets`, for ever.
pub(super) async fn serve(listener: TcpListener, assets: Assets) -> io::Result<()> {
    axum::serve(listener, Router::new().fallback(answer).with_state(assets)).await
}

async fn answer(
    State(assets): State<Assets>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let mut response = respond(&assets, &method, uri.path(), &headers);
    let fixed = [
        // Ask again each time; an unchanged file costs one empty answer.
        (header::CACHE_CONTROL, "no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            header::CONTENT_SECURITY_POLICY,
            "object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
        ),
    ];
    for (name, value) in fixed {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn respond(assets: &Assets, method: &Method, path: &str, headers: &HeaderMap) -> Response {
    let text = |name: header::HeaderName| {
        headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
    };
    if !is_here(text(header::HOST)) {
        return plain(StatusCode::FORBIDDEN, "The lab answers to names of this machine only.\n");
    }
    if *method != Method::GET && *method != Method::HEAD {
        return plain(StatusCode::METHOD_NOT_ALLOWED, "The lab only hands out files.\n");
    }
    let Some(asset) = assets.find(path, text(header::ACCEPT_ENCODING)) else {
        if path == "/" && !assets.has_page() {
            return (StatusCode::OK, [(header::CONTENT_TYPE, HTML)], NO_PAGE).into_response();
        }
        return plain(StatusCode::NOT_FOUND, "There is no such file in the lab.\n");
    };
    let is_known = text(header::IF_NONE_MATCH).split(',').any(|tag| tag.trim() == asset.etag);
    let mut response = Response::builder()
        .header(header::CONTENT_TYPE, asset.mime)
        .header(header::ETAG, asset.etag)
        .header(header::VARY, "accept-encoding");
    if let Some(encoding) = asset.encoding {
        response = response.header(header::CONTENT_ENCODING, encoding);
    }
    let built = if is_known {
        response.status(StatusCode::NOT_MODIFIED).body(Body::empty())
    } else {
        response
            .header(header::CONTENT_LENGTH, asset.bytes.len())
            .body(if *method == Method::HEAD { Body::empty() } else { Body::from(asset.bytes) })
    };
    built.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

fn plain(status: StatusCode, words: &'static str) -> Response {
    (status, words).into_response()
}

/// Whether a `Host` header names this machine.
fn is_here(host: &str) -> bool {
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((name, _)) => name,
        None => host.split_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

const HTML: &str = "text/html; charset=utf-8";

/// What is shown where the program was built without the page.
const NO_PAGE: &str = "<!doctype html>
<html lang=\"en\"><meta charset=\"utf-8\"><title>Slotscope</title>
<p>This program was built without the page of the lab. In the repository, <code>cargo lab</code>
builds it and opens it here.
<p lang=\"zh\">这个程序构建时没有带上实验页面。在代码仓库里运行 <code>cargo lab</code>，它会构建页面并在这里打开。
</html>
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine() {
        for host in ["localhost:7379", "127.0.0.1", "127.0.0.1:1", "[::1]:7379", "LOCALHOST"] {
            assert!(is_here(host), "{host}");
        }
        for host in ["", "evil.example", "localhost.evil.example", "10.0.0.1:7379", "[::2]"] {
            assert!(!is_here(host), "{host}");
        }
    }

    fn headers(pairs: &[(header::HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn files_are_answered_with_what_browsers_need() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("index.html"), "hello").unwrap();
        let assets = Assets::Folder(dir.path().to_owned());
        let local = headers(&[(header::HOST, "localhost:1")]);
        let page = respond(&assets, &Method::GET, "/", &local);
        assert_eq!(page.status(), StatusCode::OK);
        assert_eq!(page.headers()[header::CONTENT_TYPE], HTML);
        let tag = page.headers()[header::ETAG].to_str().unwrap().to_owned();
        let again = headers(&[(header::HOST, "localhost:1"), (header::IF_NONE_MATCH, &tag)]);
        assert_eq!(respond(&assets, &Method::GET, "/", &again).status(), StatusCode::NOT_MODIFIED);
        let status = |method: Method, path: &str, host: &str| {
            respond(&assets, &method, path, &headers(&[(header::HOST, host)])).status()
        };
        assert_eq!(status(Method::GET, "/x", "localhost"), StatusCode::NOT_FOUND);
        assert_eq!(status(Method::POST, "/", "localhost"), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(status(Method::GET, "/", "evil.example"), StatusCode::FORBIDDEN);
    }

    #[test]
    fn a_program_without_the_page_says_so() {
        let empty = tempfile::tempdir().unwrap();
        let assets = Assets::Folder(empty.path().to_owned());
        let local = headers(&[(header::HOST, "localhost")]);
        let page = respond(&assets, &Method::GET, "/", &local);
        assert_eq!(page.headers()[header::CONTENT_TYPE], HTML);
    }
}
