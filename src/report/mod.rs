//! Floor 6: what finished runs say together: tables, figures and a page over their folders. It needs polars and stands
//! behind the feature `report`; a run tells its result without.

pub mod evaluation;
pub mod figures;
pub mod folders;
pub mod frames;
pub mod page;
pub mod parquet;
pub mod section;
pub mod study;

use std::path::{Path, PathBuf};

use figures::{Figure, figures};
use folders::{ReportError, results_below};
use page::{Shown, page};
use section::{Section, sections};
use study::Study;

/// What there is to report: runs by scenario, and sweeps.
pub struct Report {
    pub sections: Vec<Section>,
    pub studies: Vec<Study>,
}

impl Report {
    /// Reads what is at or below some folders; ratios are over the strategy `base`, or over the first where it is not there.
    ///
    /// # Errors
    /// A folder with neither runs nor a sweep, a file that is not what they write.
    pub fn read(folders: &[PathBuf], base: &str) -> Result<Report, ReportError> {
        let found = results_below(folders)?;
        let studies = found.sweeps.iter().map(|path| Study::read(path)).collect::<Result<_, _>>()?;
        Ok(Report { sections: sections(found.runs, base)?, studies })
    }

    /// The tables as text.
    pub fn tables(&self) -> String {
        let runs = self.sections.iter().map(evaluation::tables);
        runs.chain(self.studies.iter().map(Study::line)).collect::<Vec<_>>().join("\n")
    }

    /// Writes `index.html`, and for each scenario a folder with every figure as SVG, PNG and CSV. Files of the same name give
    /// way. Tells where the page is.
    ///
    /// # Errors
    /// A table that is not what `run` writes, a file that cannot be written.
    pub fn write(&self, out: &Path) -> Result<PathBuf, ReportError> {
        let mut shown = Vec::new();
        for section in &self.sections {
            let folder = file_name(&section.scenario);
            shown.push(Shown { name: &section.scenario, runs: Some(section), figures: figures(section)?, folder });
        }
        for study in &self.studies {
            // Runs of the same scenario may be there too.
            let folder = format!("{}-sweep", file_name(&study.scenario));
            shown.push(Shown { name: &study.scenario, runs: None, figures: study.figures(), folder });
        }
        for Shown { figures, folder, .. } in &shown {
            write_figures(figures, &out.join(folder))?;
        }
        let path = out.join("index.html");
        std::fs::write(&path, page(&shown)).map_err(|error| ReportError::Io { path: path.clone(), error })?;
        Ok(path)
    }
}

fn write_figures(figures: &[Figure], folder: &Path) -> Result<(), ReportError> {
    let failed = |error| ReportError::Io { path: folder.to_owned(), error };
    std::fs::create_dir_all(folder).map_err(failed)?;
    figures.iter().try_for_each(|figure| figure.plot.write(folder, &figure.name)).map_err(failed)
}

/// A name that is a file's name on every system.
fn file_name(name: &str) -> String {
    let safe = |sign: char| if sign.is_alphanumeric() || sign == '-' || sign == '_' { sign } else { '-' };
    name.chars().map(safe).collect()
}

#[cfg(test)]
mod tests;
