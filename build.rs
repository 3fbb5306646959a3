//! Names the program by its sources, so that a sweep does not take the runs of an older one for its own.
//!
//! `STRATOSIM_SOURCES` is a hash of what determines a result: the dependencies as they are locked, and every file of `src`
//! but those of rooms that only show results. Line ends of another system, other features and other machines give the same.

use std::io;
use std::path::{Path, PathBuf};

/// Rooms of `src` that show results and make none: the floors above, and the pictures and tables drawn of finished runs.
const SHOW_ONLY: [&str; 4] = ["cli", "main.rs", "plot", "report"];

fn main() {
    for watched in ["build.rs", "src", "Cargo.lock"] {
        println!("cargo:rerun-if-changed={watched}");
    }
    let root = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the package is");
    let hash = fingerprint(Path::new(&root)).expect("the sources can be read while they are compiled");
    println!("cargo:rustc-env=STRATOSIM_SOURCES={hash}");
}

/// The hash of the sources below the folder of the package.
pub fn fingerprint(root: &Path) -> io::Result<String> {
    let mut files = Vec::new();
    list(&root.join("src"), &SHOW_ONLY, &mut files)?;
    // Packages made by others may come without it.
    files.extend(Some(root.join("Cargo.lock")).filter(|lock| lock.is_file()));
    let mut named: Vec<(String, PathBuf)> = files.into_iter().map(|path| (name(&path, root), path)).collect();
    named.sort();
    let mut hash = Fnv::default();
    for (name, path) in named {
        let bytes: Vec<u8> = std::fs::read(path)?.into_iter().filter(|&byte| byte != b'\r').collect();
        hash.add(format!("{name} {}\n", bytes.len()).as_bytes());
        hash.add(&bytes);
    }
    Ok(format!("{:032x}", hash.0))
}

/// All files below a folder, those of some names right in it left out.
fn list(folder: &Path, without: &[&str], files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| without.iter().any(|other| name == *other)) {
            continue;
        }
        if path.is_dir() { list(&path, &[], files)? } else { files.push(path) }
    }
    Ok(())
}

/// A path as it is called on every system.
fn name(path: &Path, root: &Path) -> String {
    let steps = path.strip_prefix(root).unwrap_or(path).iter();
    steps.map(|step| step.to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// FNV-1a with 128 bits: a page of code, where a hash of the world's would be compiled a second time for this.
struct Fnv(u128);

impl Default for Fnv {
    fn default() -> Fnv {
        Fnv(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d)
    }
}

impl Fnv {
    fn add(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
        }
    }
}
