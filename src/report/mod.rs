//! Floor 6: what finished runs say together: tables, figures and a page over their folders. It needs polars and stands
//! behind the feature `report`; a run tells its result without.

pub mod evaluation;
pub mod figures;
pub mod folders;
pub mod frames;
pub mod page;
pub mod parquet;
mod place;
pub mod section;
pub mod settings;
pub mod study;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;

use figures::{Figure, figures};
use folders::{ReportError, results_below};
use page::{Shown, page};
use section::{Section, sections};
use study::Study;

use crate::run::folder::Folder;

/// What there is to report: runs by scenario, and sweeps.
pub struct Report {
    pub sections: Vec<Section>,
    pub studies: Vec<Study>,
}

/// Called as the work goes on, for a progress bar: runs read, or figures drawn, and how many there are.
pub type Progress<'a> = &'a (dyn Fn(u64, u64) + Sync);

impl Report {
    /// Reads what is at or below some folders; ratios are over the strategy `base` (or the column of that label), and where
    /// none is named over `libra`, or over the first where it is not there.
    ///
    /// # Errors
    /// A folder with neither runs nor a sweep, a file that is not what they write, a base that is nowhere.
    pub fn read(folders: &[PathBuf], base: Option<&str>, progress: Progress<'_>) -> Result<Report, ReportError> {
        let found = results_below(folders)?;
        let studies = found.sweeps.iter().map(|path| Study::read(path)).collect::<Result<_, _>>()?;
        Ok(Report { sections: sections(found.runs, base, progress)?, studies })
    }

    /// The tables as text.
    pub fn tables(&self) -> String {
        let runs = self.sections.iter().map(evaluation::tables);
        runs.chain(self.studies.iter().map(Study::line)).collect::<Vec<_>>().join("\n")
    }

    /// Writes `index.html`, and for each scenario a folder with every figure as SVG, PNG and CSV. All of it is written aside
    /// and put in its place at once; a report that was there gives way. Tells where the page is.
    ///
    /// # Errors
    /// A table that is not what `run` writes, a file that cannot be written, a folder that holds something else than a report.
    pub fn write(&self, out: &Path, progress: Progress<'_>) -> Result<PathBuf, ReportError> {
        let failed = |error| ReportError::Io { path: out.to_owned(), error };
        let target = place::target(out)?;
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
        let aside = Folder::begin(&target).map_err(failed)?;
        let mut all: Vec<(PathBuf, &Figure)> = Vec::new();
        for Shown { figures, folder, .. } in &shown {
            let folder = aside.path().join(folder);
            std::fs::create_dir_all(&folder).map_err(failed)?;
            all.extend(figures.iter().map(|figure| (folder.clone(), figure)));
        }
        let drawn = AtomicU64::new(0);
        all.par_iter()
            .with_max_len(1)
            .try_for_each(|(folder, figure)| {
                figure.plot.write(folder, &figure.name)?;
                progress(drawn.fetch_add(1, Ordering::Relaxed) + 1, all.len() as u64);
                Ok(())
            })
            .map_err(failed)?;
        std::fs::write(aside.path().join(PAGE), page(&shown)).map_err(failed)?;
        aside.complete().map_err(failed)?;
        Ok(out.join(PAGE))
    }
}

/// The page in the folder of a report.
const PAGE: &str = "index.html";

/// A name that is a file's name on every system.
fn file_name(name: &str) -> String {
    let safe = |sign: char| if sign.is_alphanumeric() || sign == '-' || sign == '_' { sign } else { '-' };
    name.chars().map(safe).collect()
}

#[cfg(test)]
mod tests;
