//! The notebooks run from top to bottom, with the built binary, in the environment that is pinned beside them.
//!
//! `./test` makes the environment in `target/notebooks-venv`; where it is missing, the test says so.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value as Json;

use super::oracle;

const PROJECT: &str = env!("CARGO_MANIFEST_DIR");

fn notebooks() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(Path::new(PROJECT).join("notebooks")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|ending| ending == "ipynb")).collect();
    found.sort();
    found
}

fn cells(path: &Path) -> Vec<Json> {
    let text = std::fs::read_to_string(path).unwrap();
    let notebook: Json = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    notebook["cells"].as_array().unwrap().clone()
}

#[test]
fn notebooks_run_from_top_to_bottom() {
    let execute = Path::new(PROJECT).join("target/notebooks-venv/bin/jupyter-execute");
    if !execute.is_file() {
        return oracle::skipped("notebooks: no environment in target/notebooks-venv (./test makes one where it can)");
    }
    let place = tempfile::tempdir().unwrap();
    let copies: Vec<PathBuf> = notebooks()
        .iter()
        .map(|path| {
            let copy = place.path().join(path.file_name().unwrap());
            std::fs::copy(path, &copy).unwrap();
            copy
        })
        .collect();
    assert!(copies.len() >= 4, "{copies:?}");
    let done = Command::new(&execute)
        .args(["--inplace", "--timeout=300"])
        .args(&copies)
        .current_dir(place.path())
        .env("STRATOSIM", env!("CARGO_BIN_EXE_stratosim"))
        .env("STRATOSIM_PROJECT", PROJECT)
        .env("STRATOSIM_RESULTS", place.path().join("results"))
        .env("IPYTHONDIR", place.path().join("ipython"))
        .env("MPLCONFIGDIR", place.path().join("matplotlib"))
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    for path in copies {
        let cells = cells(&path);
        let mut pictures = 0;
        for cell in cells.iter().filter(|cell| cell["cell_type"] == "code") {
            assert!(cell["execution_count"].is_u64(), "{}: a cell was not run: {cell:#}", path.display());
            let outputs = cell["outputs"].as_array().unwrap();
            assert!(outputs.iter().all(|output| output["output_type"] != "error"), "{}: {cell:#}", path.display());
            pictures += outputs.iter().filter(|output| output["data"]["image/png"].is_string()).count();
        }
        assert!(pictures > 0, "{}: nothing was drawn", path.display());
    }
}

#[test]
fn notebooks_are_kept_without_what_they_printed() {
    for path in notebooks() {
        let kept = cells(&path);
        let clean = |cell: &&Json| cell["outputs"].as_array().is_none_or(Vec::is_empty);
        assert!(kept.iter().all(|cell| clean(&cell)), "{}: clear its outputs", path.display());
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(
            !text.contains("/home/") && !text.contains(env!("CARGO_MANIFEST_DIR")),
            "{}: a path of one machine",
            path.display()
        );
    }
}
