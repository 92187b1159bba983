//! The files of the page: compiled in, or from a folder.

use std::{
    borrow::Cow,
    fs,
    hash::{DefaultHasher, Hasher as _},
    path::{Component, Path, PathBuf},
};

/// The web bundle as `build.rs` found it, by name, in the order of names.
static EMBEDDED: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/bundle.rs"));

/// Where the files come from.
#[derive(Clone, Debug)]
pub(super) enum Assets {
    /// From the program itself; there may be none.
    Embedded,
    /// From a folder, read anew each time: a rebuilt page shows on reload.
    Folder(PathBuf),
}

/// One file as it goes out.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Asset {
    /// Its content, encoded as `encoding` says.
    pub bytes: Cow<'static, [u8]>,
    /// `br` or `gzip`, or nothing.
    pub encoding: Option<&'static str>,
    /// Its content type.
    pub mime: String,
    /// Changes with the content.
    pub etag: String,
}

/// What stands beside a file that was compressed when the bundle was built, best first.
const ENCODINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

impl Assets {
    /// Whether there is a page at all.
    pub(super) fn has_page(&self) -> bool {
        self.read("index.html").is_some()
    }

    /// The file for `path` of a request; `accepted` is its `Accept-Encoding`.
    pub(super) fn find(&self, path: &str, accepted: &str) -> Option<Asset> {
        let name = path.trim_start_matches('/');
        let name = if name.is_empty() { "index.html" } else { name };
        let plain = self.read(name)?;
        let packed = ENCODINGS
            .into_iter()
            .filter(|(encoding, _)| accepts(accepted, encoding))
            .find_map(|(encoding, suffix)| {
                self.read(&format!("{name}{suffix}")).map(|bytes| (bytes, Some(encoding)))
            });
        let (bytes, encoding) = packed.unwrap_or((plain, None));
        let mut hasher = DefaultHasher::new();
        hasher.write(&bytes);
        let etag = format!("\"{:016x}\"", hasher.finish());
        Some(Asset { bytes, encoding, mime: mime(name), etag })
    }

    fn read(&self, name: &str) -> Option<Cow<'static, [u8]>> {
        match self {
            Self::Embedded => EMBEDDED
                .binary_search_by_key(&name, |(known, _)| known)
                .ok()
                .and_then(|at| EMBEDDED.get(at))
                .map(|(_, bytes)| Cow::Borrowed(*bytes)),
            Self::Folder(folder) => {
                let name = Path::new(name);
                // Nothing outside of the folder, however it is spelled.
                let stays = name.components().all(|part| matches!(part, Component::Normal(_)));
                let path = folder.join(name);
                (stays && path.is_file()).then(|| fs::read(path).ok()).flatten().map(Cow::Owned)
            }
        }
    }
}

/// Browsers refuse WebAssembly and modules of the wrong type, and text needs its alphabet named.
fn mime(name: &str) -> String {
    let mime = mime_guess::from_path(name).first_or_octet_stream();
    match (mime.type_().as_str(), mime.subtype().as_str()) {
        ("text", _) | (_, "json" | "javascript") => {
            format!("{}; charset=utf-8", mime.essence_str())
        }
        _ => mime.essence_str().to_owned(),
    }
}

/// Whether an `Accept-Encoding` header takes `encoding`.
fn accepts(header: &str, encoding: &str) -> bool {
    header.split(',').any(|offer| {
        let mut parts = offer.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding));
        let refused = parts
            .filter_map(|part| part.strip_prefix("q="))
            .any(|q| q.parse::<f32>().is_ok_and(|q| q <= 0.0));
        named && !refused
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_accepted_encoding_is_served() {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("index.html", "page"),
            ("app.wasm", "wasm"),
            ("app.wasm.br", "b"),
            ("app.wasm.gz", "g"),
        ] {
            fs::write(dir.path().join(name), text).unwrap();
        }
        let assets = Assets::Folder(dir.path().to_owned());
        assert!(assets.has_page());
        let got = |path: &str, accepted: &str| {
            let asset = assets.find(path, accepted).unwrap();
            (String::from_utf8(asset.bytes.into_owned()).unwrap(), asset.encoding, asset.mime)
        };
        let wasm = String::from("application/wasm");
        assert_eq!(got("/app.wasm", "gzip, deflate, br"), ("b".into(), Some("br"), wasm.clone()));
        assert_eq!(got("/app.wasm", "gzip"), ("g".into(), Some("gzip"), wasm.clone()));
        assert_eq!(got("/app.wasm", "br;q=0"), ("wasm".into(), None, wasm));
        assert_eq!(got("/", "br"), ("page".into(), None, "text/html; charset=utf-8".into()));
    }

    #[test]
    fn nothing_outside_of_the_folder() {
        let dir = tempfile::tempdir().unwrap();
        let inside = dir.path().join("dist");
        fs::create_dir(&inside).unwrap();
        fs::write(dir.path().join("secret"), "s").unwrap();
        let assets = Assets::Folder(inside);
        for path in ["/../secret", "/./../secret", "//etc/passwd", "/", "/nothing", "/.."] {
            assert_eq!(assets.find(path, ""), None, "{path}");
        }
        assert!(!assets.has_page());
    }

    #[test]
    fn text_names_its_alphabet() {
        assert_eq!(mime("a/b.js"), "text/javascript; charset=utf-8");
        assert_eq!(mime("style/tokens.css"), "text/css; charset=utf-8");
        assert_eq!(mime("x"), "application/octet-stream");
    }
}
