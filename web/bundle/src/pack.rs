//! What does the wire carry?
//!
//! Next to each file that shrinks lie its `.br` and `.gz`, made once at build time, so that the
//! server only picks one. The module has a budget: a page that takes seconds to arrive is not
//! opened twice.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};

/// What the module may weigh as brotli. A realistic page of this kind weighs 79 KB, the core with
/// its words the rest; at 10 Mbit/s this budget is half a second.
const MODULE_BYTES_MAX: u64 = 600_000;

/// Makes `.br` and `.gz` for everything under `dist`, prints the sizes, holds the budget.
pub fn pack(dist: &Path) -> Result<()> {
    let mut files = Vec::new();
    list(dist, &mut files)?;
    files.sort();
    println!("{:>10} {:>10} {:>10}", "raw", "gzip", "brotli");
    let mut total = [0_u64; 3];
    for path in &files {
        let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let gzip = write(path, "gz", &gzip(&bytes)?)?;
        let brotli = write(path, "br", &brotli(&bytes)?)?;
        let raw = u64::try_from(bytes.len())?;
        let name = path.strip_prefix(dist).unwrap_or(path);
        println!("{raw:>10} {gzip:>10} {brotli:>10}  {}", name.display());
        for (sum, size) in total.iter_mut().zip([raw, gzip, brotli]) {
            *sum += size;
        }
        if path.extension().is_some_and(|ext| ext == "wasm") && brotli > MODULE_BYTES_MAX {
            bail!("the module weighs {brotli} bytes as brotli, the budget is {MODULE_BYTES_MAX}");
        }
    }
    println!("{:>10} {:>10} {:>10}  in all", total[0], total[1], total[2]);
    Ok(())
}

/// All files below `folder`, without what was packed before.
pub fn list(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            list(&path, found)?;
        } else if path.extension().is_none_or(|ext| ext != "br" && ext != "gz") {
            found.push(path);
        }
    }
    Ok(())
}

fn write(path: &Path, extension: &str, bytes: &[u8]) -> Result<u64> {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    fs::write(&name, bytes).with_context(|| format!("cannot write {}", name.display()))?;
    Ok(u64::try_from(bytes.len())?)
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

fn brotli(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut packed = Vec::new();
    let (quality, window) = (11, 22);
    let mut writer = brotli::CompressorWriter::new(&mut packed, 4096, quality, window);
    writer.write_all(bytes)?;
    drop(writer);
    Ok(packed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is packed comes back as it was.
    #[test]
    fn packing_loses_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let text = "slot 7638 ".repeat(1000);
        fs::write(dir.path().join("a.css"), &text).unwrap();
        pack(dir.path()).unwrap();
        let packed = fs::read(dir.path().join("a.css.br")).unwrap();
        let mut back = Vec::new();
        brotli::BrotliDecompress(&mut packed.as_slice(), &mut back).unwrap();
        assert_eq!(back, text.as_bytes());
        let packed = fs::File::open(dir.path().join("a.css.gz")).unwrap();
        let back = std::io::read_to_string(flate2::read::GzDecoder::new(packed)).unwrap();
        assert_eq!(back, text);
        // A second time nothing is packed twice.
        pack(dir.path()).unwrap();
        assert!(!dir.path().join("a.css.br.br").exists());
    }

    /// A module over the budget fails the build.
    #[test]
    fn the_budget_holds() {
        let dir = tempfile::tempdir().unwrap();
        // A generator's noise does not shrink.
        let mut state = 1_u64;
        let noise: Vec<u8> = (0..700_000)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                state.to_be_bytes()[0]
            })
            .collect();
        fs::write(dir.path().join("page.wasm"), noise).unwrap();
        let error = pack(dir.path()).unwrap_err().to_string();
        assert!(error.contains("budget"), "{error}");
    }
}
