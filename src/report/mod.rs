//! Floor 6: what finished runs say together: tables, figures and a page over their folders. It needs polars and stands
//! behind the feature `report`; a run tells its result without.

pub mod evaluation;
pub mod figures;
pub mod folders;
pub mod frames;
pub mod page;
pub mod parquet;
pub mod section;

use std::path::{Path, PathBuf};

use figures::{Figure, figures};
use folders::ReportError;
use page::{Shown, page};
use section::Section;

/// Writes `index.html`, and for each scenario a folder with every figure as SVG, PNG and CSV. Files of the same name give
/// way. Tells where the page is.
///
/// # Errors
/// A table that is not what `run` writes, a file that cannot be written.
pub fn write(sections: &[Section], out: &Path) -> Result<PathBuf, ReportError> {
    let all: Vec<Vec<Figure>> = sections.iter().map(figures).collect::<Result<_, _>>()?;
    let mut shown = Vec::new();
    for (section, figures) in sections.iter().zip(&all) {
        let folder = file_name(&section.scenario);
        let path = out.join(&folder);
        let failed = |error| ReportError::Io { path: path.clone(), error };
        std::fs::create_dir_all(&path).map_err(failed)?;
        figures.iter().try_for_each(|figure| figure.plot.write(&path, &figure.name)).map_err(failed)?;
        shown.push(Shown { section, figures, folder });
    }
    let path = out.join("index.html");
    std::fs::write(&path, page(&shown)).map_err(|error| ReportError::Io { path: path.clone(), error })?;
    Ok(path)
}

/// A name that is a file's name on every system.
fn file_name(name: &str) -> String {
    let safe = |sign: char| if sign.is_alphanumeric() || sign == '-' || sign == '_' { sign } else { '-' };
    name.chars().map(safe).collect()
}

#[cfg(test)]
mod tests;
