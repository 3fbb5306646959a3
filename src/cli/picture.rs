//! `--plot`: the picture of an answer as SVG, with the CSV of what it shows beside it.

use std::path::PathBuf;

use clap::Args;

#[cfg(feature = "plots")]
use crate::plot::Plot;

/// Where a picture goes, where one is wanted.
#[derive(Args)]
pub struct Picture {
    /// Draw the answer into this file; the CSV of what it shows goes beside it.
    #[arg(long = "plot", value_name = "FILE.svg", value_parser = file)]
    path: Option<PathBuf>,
}

#[cfg(feature = "plots")]
fn file(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    // The table beside it takes the same name with another ending.
    let is_svg = path.extension().is_some_and(|ending| ending == "svg");
    if is_svg { Ok(path) } else { Err("want a file that ends in .svg".to_owned()) }
}

#[cfg(not(feature = "plots"))]
fn file(_: &str) -> Result<PathBuf, String> {
    Err("this build draws no pictures: build with `--features plots`".to_owned())
}

#[cfg(feature = "plots")]
impl Picture {
    /// Writes both files, if they are wanted.
    ///
    /// # Errors
    /// The file that cannot be written, and why.
    pub fn write(&self, draw: impl FnOnce() -> Plot) -> Result<(), (PathBuf, std::io::Error)> {
        let Some(path) = &self.path else { return Ok(()) };
        let plot = draw();
        let put = |path: PathBuf, text: String| std::fs::write(&path, text).map_err(|error| (path, error));
        put(path.with_extension("csv"), plot.csv())?;
        put(path.clone(), plot.svg())
    }
}
