//! A study over the values of one key and several seeds with both methods, which can be interrupted and resumed.
//!
//! Source: the program `run` of DFaaSOptimizer, its `experiments.json` and its flags. Differs: a result stands at the
//! place of its pair, whatever was resumed (B20); folders are named by pair and method instead of by the clock, so that
//! equal studies are equal folders.

use super::complaint::{Complaints, parse_json};
use super::configuration::Configuration;
use super::generator::generate;
use super::postprocessing::{Pair, RunRecord, Summary};
use super::study::{Method, Study, StudyError};
use super::sweep::{Point, document_at, label, points};
use super::table::FileError;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// What to do of a study.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Campaign {
    pub loop_over: String,
    /// Seeds.
    pub experiments: usize,
    pub centralized: bool,
    pub faas_macro: bool,
    /// Impose the replicas of the centralized local part.
    pub fix_r: bool,
    pub workers: usize,
}

/// Name of the list of pairs and folders.
pub const EXPERIMENTS: &str = "experiments.json";
/// Name of the folder of tables.
pub const POSTPROCESSING: &str = "postprocessing";

/// The list of pairs and where their results are, relative to the base folder or absolute; empty when there are none.
#[derive(Clone, Debug, PartialEq)]
pub struct Experiments {
    pub points: Vec<Point>,
    pub centralized: Vec<Option<PathBuf>>,
    pub faas_macro: Vec<Option<PathBuf>>,
}

impl Experiments {
    /// # Errors
    /// The file cannot be read or is not a list of experiments.
    pub fn read(base: &Path) -> Result<Experiments, StudyError> {
        let path = base.join(EXPERIMENTS);
        let text = std::fs::read_to_string(&path).map_err(|error| FileError::new(&path, error))?;
        let document = parse_json(&text)?;
        let bad = || Complaints::one("experiments_list", "something else", "a list of [value, seed]");
        let list = document["experiments_list"].as_array().ok_or_else(bad)?;
        let point = |pair: &Value| Some(Point { value: pair[0].as_f64()?, seed: pair[1].as_u64()? });
        let points: Vec<Point> = list.iter().map(point).collect::<Option<_>>().ok_or_else(bad)?;
        let folders = |name: &str| -> Vec<Option<PathBuf>> {
            let listed = document[name].as_array().cloned().unwrap_or_default();
            let folder = |i: usize| listed.get(i).and_then(Value::as_str).map(PathBuf::from);
            (0..points.len()).map(folder).collect()
        };
        Ok(Experiments { centralized: folders("centralized"), faas_macro: folders("faas-macro"), points })
    }

    fn write(&self, base: &Path) -> Result<(), FileError> {
        let number = |value: f64| if value.fract() == 0.0 { json!(value as u64) } else { json!(value) };
        let pairs: Vec<Value> = self.points.iter().map(|point| json!([number(point.value), point.seed])).collect();
        let document =
            json!({"experiments_list": pairs, "centralized": self.centralized, "faas-macro": self.faas_macro});
        let path = base.join(EXPERIMENTS);
        let aside = base.join(format!(".{EXPERIMENTS}"));
        std::fs::write(&aside, document.to_string()).map_err(|error| FileError::new(&aside, error))?;
        std::fs::rename(&aside, &path).map_err(|error| FileError::new(&path, error))
    }

    /// The records of every pair, relative folders taken from `base`.
    ///
    /// # Errors
    /// A listed folder cannot be read.
    pub fn pairs(&self, base: &Path) -> Result<Vec<Pair>, FileError> {
        let read = |folder: &Option<PathBuf>, macro_run: bool| {
            folder.as_ref().map(|folder| RunRecord::read(&base.join(folder), macro_run)).transpose()
        };
        let pair = |(i, point): (usize, &Point)| {
            Ok(Pair {
                value: label(point.value),
                seed: point.seed,
                lmm: read(&self.centralized[i], false)?,
                faas_macro: read(&self.faas_macro[i], true)?,
            })
        };
        self.points.iter().enumerate().map(pair).collect()
    }
}

impl Campaign {
    /// Runs what is missing, then the post-processing. `say` is told of each step.
    ///
    /// # Errors
    /// Mistakes in the document, files, periods that cannot be solved.
    pub fn run(&self, document: &Value, say: &mut dyn FnMut(&str)) -> Result<Summary, StudyError> {
        let (configuration, warnings) = Configuration::from_value(self.first_document(document)?)?;
        warnings.iter().for_each(|warning| say(warning));
        let base = configuration.base_solution_folder.clone();
        std::fs::create_dir_all(&base).map_err(|error| FileError::new(&base, error))?;
        let points = points(document, &self.loop_over, configuration.seed, self.experiments)?;
        let mut experiments = self.resumed(&base, points)?;
        for i in 0..experiments.points.len() {
            let point = experiments.points[i].clone();
            let name = format!("{}_{}", label(point.value), point.seed);
            let missing = |folders: &[Option<PathBuf>]| !folders[i].as_ref().is_some_and(|f| base.join(f).is_dir());
            let centralized = self.centralized && missing(&experiments.centralized);
            let decentralized = self.faas_macro && missing(&experiments.faas_macro);
            if !centralized && !decentralized {
                say(&format!("{name}: finished before"));
                continue;
            }
            let mut document = document_at(document, &self.loop_over, &point);
            reuse(&mut document, &point)?;
            let (mut configuration, _) = Configuration::from_value(document)?;
            let generated =
                generate(&configuration.limits, configuration.seed, configuration.max_steps, configuration.whole)?;
            generated.warnings.iter().for_each(|warning| say(&format!("{name}: {warning}")));
            let mut solve = |configuration: &Configuration, method: Method, suffix: &str| {
                let folder = PathBuf::from(format!("{name}-{suffix}"));
                let study = Study { configuration, generated: &generated, workers: self.workers };
                if !base.join(&folder).is_dir() {
                    let finished = study.run(method, &base.join(&folder))?;
                    let mark = if finished.reproducible { "" } else { " (not reproducible: a time limit)" };
                    say(&format!("{name}: {suffix} finished{mark}"));
                }
                Ok::<PathBuf, StudyError>(folder)
            };
            if centralized {
                experiments.centralized[i] = Some(solve(&configuration, Method::Centralized, "centralized")?);
                experiments.write(&base)?;
            }
            if decentralized {
                if self.fix_r {
                    configuration.opt_solution_folder =
                        experiments.centralized[i].as_ref().map(|folder| base.join(folder));
                }
                experiments.faas_macro[i] = Some(solve(&configuration, Method::FaasMacro, "faas-macro")?);
                experiments.write(&base)?;
            }
        }
        postprocess(&base, &self.loop_over)
    }

    /// The document at its first point, which must be complete; sweeps state values where a run states a range.
    fn first_document(&self, document: &Value) -> Result<Value, StudyError> {
        let seed = document["seed"].as_u64().unwrap_or(0);
        let first = points(document, &self.loop_over, seed, 1)?;
        let mut document = document_at(document, &self.loop_over, &first[0]);
        reuse(&mut document, &first[0])?;
        Ok(document)
    }

    /// Folders of an interrupted study, by pair.
    fn resumed(&self, base: &Path, points: Vec<Point>) -> Result<Experiments, StudyError> {
        let none = vec![None; points.len()];
        let mut experiments = Experiments { centralized: none.clone(), faas_macro: none, points };
        if base.join(EXPERIMENTS).is_file() {
            let before = Experiments::read(base)?;
            for (i, point) in experiments.points.iter().enumerate() {
                if let Some(j) = before.points.iter().position(|other| other == point) {
                    experiments.centralized[i] = before.centralized[j].clone();
                    experiments.faas_macro[i] = before.faas_macro[j].clone();
                }
            }
        }
        Ok(experiments)
    }
}

/// Where `limits.path` names an earlier study, the instance of the same pair is taken.
fn reuse(document: &mut Value, point: &Point) -> Result<(), StudyError> {
    let limits = &mut document["limits"];
    let Some(base) = limits["path"].as_str().map(PathBuf::from).filter(|base| base.join(EXPERIMENTS).is_file()) else {
        return Ok(());
    };
    let earlier = Experiments::read(&base)?;
    let place = earlier.points.iter().position(|other| other == point);
    let folder = place.and_then(|i| earlier.centralized[i].clone().or(earlier.faas_macro[i].clone()));
    let Some(folder) = folder else {
        let wanted = format!("a study with the pair {}, {}", label(point.value), point.seed);
        return Err(Complaints::one("limits.path", base.display().to_string(), wanted).into());
    };
    limits["path"] = json!(base.join(folder));
    Ok(())
}

/// Reads all runs of a base folder and writes its tables.
///
/// # Errors
/// Files that cannot be read or written.
pub fn postprocess(base: &Path, loop_over: &str) -> Result<Summary, StudyError> {
    let pairs = Experiments::read(base)?.pairs(base)?;
    let summary = Summary::new(&pairs, loop_over);
    summary.write(&base.join(POSTPROCESSING), &pairs)?;
    Ok(summary)
}

#[cfg(test)]
mod tests {
    use super::super::configuration::tests::small;
    use super::*;

    #[test]
    fn an_interrupted_study_is_taken_up_at_the_place_of_each_pair() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut document = small();
        document["base_solution_folder"] = json!(folder.path());
        document["limits"]["Nn"] = json!({"values": [4, 6]});
        document["limits"]["neighborhood"] = json!({"p": 1.0});
        let campaign = Campaign {
            loop_over: "Nn".into(),
            experiments: 1,
            centralized: true,
            faas_macro: true,
            fix_r: false,
            workers: 1,
        };
        let only_one = Campaign { centralized: false, ..campaign.clone() };
        let mut said = Vec::new();
        only_one.run(&document, &mut |line| said.push(line.to_owned())).expect("small");
        std::fs::remove_dir_all(folder.path().join("6_4850-faas-macro")).expect("it was there");
        said.clear();
        let summary = campaign.run(&document, &mut |line| said.push(line.to_owned())).expect("small");
        assert_eq!(
            said,
            ["4_4850: centralized finished", "6_4850: centralized finished", "6_4850: faas-macro finished"]
        );
        assert_eq!(summary.objectives.rows.len(), 4);
        assert_eq!(summary.terminations.rows.len(), 4);
        for row in &summary.objectives.rows {
            let deviation: f64 = row[2].parse().expect("both methods ran");
            assert!((-30.0..=1e-2).contains(&deviation), "{row:?}");
        }
        let listed = Experiments::read(folder.path()).expect("written");
        assert_eq!(listed.faas_macro[1], Some(PathBuf::from("6_4850-faas-macro")));
        // The same instances again, by naming the study.
        let mut again = document.clone();
        again["base_solution_folder"] = json!(folder.path().join("again"));
        again["limits"]["instance_type"] = json!("load_existing");
        again["limits"]["path"] = json!(folder.path());
        for part in ["neighborhood", "demand", "memory_requirement", "memory_capacity", "max_utilization", "weights"] {
            again["limits"].as_object_mut().expect("an object").remove(part);
        }
        let repeated = only_one.run(&again, &mut |_| {}).expect("the instances exist");
        let column = |summary: &Summary| summary.objectives.rows.iter().map(|row| row[1].clone()).collect::<Vec<_>>();
        assert_eq!(column(&repeated), column(&summary));
        said.clear();
        campaign.run(&document, &mut |line| said.push(line.to_owned())).expect("nothing to do");
        assert_eq!(said, ["4_4850: finished before", "6_4850: finished before"]);
    }
}
