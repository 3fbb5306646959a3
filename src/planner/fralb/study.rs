//! One configuration solved period by period with one method, into a folder.
//!
//! Source: the programs `run_centralized_model` and `run_faasmacro` of DFaaSOptimizer. Differs: a folder is written
//! aside and renamed when it is complete, so a folder that exists is a finished run.

use super::complaint::Complaints;
use super::configuration::Configuration;
use super::exchange;
use super::faas_macro::{BargainError, Prices, bargain};
use super::generator::Generated;
use super::journal;
use super::load::write_trace;
use super::outcome::Outcome;
use super::plan::{Plan, ceil_tol};
use super::results;
use super::table::{FileError, Table, blank};
use crate::solve::milp::SolveError;
use std::path::{Path, PathBuf};

/// Which method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Centralized,
    FaasMacro,
}

/// A run that did not finish.
#[derive(Debug, thiserror::Error)]
pub enum StudyError {
    #[error(transparent)]
    Complaints(#[from] Complaints),
    #[error(transparent)]
    File(#[from] FileError),
    #[error("period {t}: {error}")]
    Solve { t: usize, error: SolveError },
    #[error("period {t}: {error}")]
    Bargain { t: usize, error: BargainError },
}

/// What a finished run tells the caller.
#[derive(Clone, Debug, PartialEq)]
pub struct Finished {
    pub folder: PathBuf,
    /// Objective of each period; none where a limit came before any plan.
    pub objectives: Vec<Option<f64>>,
    /// How each period ended.
    pub terminations: Vec<String>,
    /// False once the wall clock had a say.
    pub reproducible: bool,
}

/// In the folder of a run on which a time limit had a say.
const NOT_REPRODUCIBLE: &str = "not-reproducible.txt";

/// A configuration, what was generated from it, and threads for local problems.
pub struct Study<'a> {
    pub configuration: &'a Configuration,
    pub generated: &'a Generated,
    pub workers: usize,
}

impl Study<'_> {
    /// Solves every period with one method into `folder`, which must not exist.
    ///
    /// # Errors
    /// Files that cannot be written, periods that cannot be solved.
    pub fn run(&self, method: Method, folder: &Path) -> Result<Finished, StudyError> {
        if folder.exists() {
            let what = "exists; a folder that exists is a finished run, name another or remove it";
            return Err(FileError::new(folder, what).into());
        }
        let name = folder.file_name().map_or_else(|| "run".into(), |name| name.to_string_lossy().into_owned());
        let aside = folder.with_file_name(format!(".{name}.partial"));
        if aside.exists() {
            std::fs::remove_dir_all(&aside).map_err(|error| FileError::new(&aside, error))?;
        }
        std::fs::create_dir_all(&aside).map_err(|error| FileError::new(&aside, error))?;
        self.write_inputs(&aside)?;
        let finished = match method {
            Method::Centralized => self.centralized(&aside)?,
            Method::FaasMacro => self.decentralized(&aside)?,
        };
        if !finished.reproducible {
            let path = aside.join(NOT_REPRODUCIBLE);
            let text =
                "A limit of wall-clock time had a say: another machine, or this one busier, may find another plan.\n";
            std::fs::write(&path, text).map_err(|error| FileError::new(&path, error))?;
        }
        std::fs::rename(&aside, folder).map_err(|error| FileError::new(folder, error))?;
        Ok(Finished { folder: folder.to_owned(), ..finished })
    }

    /// The files that say what is solved.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn write_inputs(&self, folder: &Path) -> Result<(), FileError> {
        let system = &self.generated.system;
        let document = serde_json::to_string_pretty(&self.configuration.document).expect("a document prints");
        for (name, text) in [
            ("config.json", document),
            (exchange::SYSTEM, exchange::write_system(system)),
            (exchange::BOUNDS, exchange::write_bounds(&self.generated.bounds, system.nodes, system.functions)),
            (exchange::TRACE, write_trace(&self.generated.trace, system.nodes, system.functions)),
        ] {
            let path = folder.join(name);
            std::fs::write(&path, text).map_err(|error| FileError::new(&path, error))?;
        }
        Ok(())
    }

    fn centralized(&self, folder: &Path) -> Result<Finished, StudyError> {
        let system = &self.generated.system;
        let lmm = self.configuration.lmm();
        let mut plans = Vec::new();
        let (mut objectives, mut terminations, mut runtimes) = (Vec::new(), Vec::new(), Vec::new());
        let mut reproducible = true;
        for t in self.configuration.periods() {
            let found = lmm.solve(&self.generated.at(t)).map_err(|error| StudyError::Solve { t, error })?;
            terminations.push(format!("{:?}", found.status));
            runtimes.push(found.runtime.to_string());
            objectives.push(found.objective);
            reproducible &= found.reproducible;
            plans.push(found.plan.unwrap_or_else(|| Plan::empty(system)));
            if self.configuration.checkpoint_after(t) {
                results::write_checkpoint(folder, results::LMM, t, system, &plans)?;
            }
        }
        results::write_plans(folder, results::LMM, system, &plans)?;
        let shown: Vec<String> = objectives.iter().map(|value| blank(*value)).collect();
        results::write_column(&folder.join("obj.csv"), results::LMM, &shown)?;
        results::write_column(&folder.join("runtime.csv"), results::LMM, &runtimes)?;
        results::write_column(&folder.join("termination_condition.csv"), results::LMM, &terminations)?;
        Ok(Finished { folder: folder.to_owned(), objectives, terminations, reproducible })
    }

    fn decentralized(&self, folder: &Path) -> Result<Finished, StudyError> {
        let (system, configuration) = (&self.generated.system, self.configuration);
        let periods = configuration.periods();
        let imposed = self.imposed_replicas(&periods)?;
        let mut options = configuration.bargain(self.workers);
        let mut prices = Prices::zero(system);
        let mut outcomes: Vec<(usize, Outcome)> = Vec::new();
        let mut log = String::new();
        let mut kept: [Vec<Plan>; 4] = Default::default();
        for (i, &t) in periods.iter().enumerate() {
            options.fixed_replicas = imposed.as_ref().map(|imposed| imposed[i].clone());
            let instance = self.generated.at(t);
            let begin = if configuration.start_from_last_pi { prices.clone() } else { Prices::zero(system) };
            let outcome = bargain(&instance, &options, begin).map_err(|error| StudyError::Bargain { t, error })?;
            prices = outcome.by_welfare.prices.clone();
            kept[0].push(outcome.by_welfare.plan.clone());
            kept[1].push(outcome.by_objective.plan.clone());
            kept[2].push(outcome.by_welfare.coordinator.clone());
            kept[3].push(outcome.by_objective.coordinator.clone());
            if configuration.verbose > 0 {
                log += &journal::log_of(t, &outcome, configuration.verbose);
            }
            outcomes.push((t, outcome));
            if configuration.checkpoint_after(t) {
                results::write_checkpoint(folder, results::BY_WELFARE, t, system, &kept[0])?;
                results::write_checkpoint(folder, results::BY_OBJECTIVE, t, system, &kept[1])?;
            }
        }
        let prefixes =
            [results::BY_WELFARE, results::BY_OBJECTIVE, results::COORDINATOR, results::COORDINATOR_BY_OBJECTIVE];
        for (prefix, plans) in prefixes.into_iter().zip(&kept) {
            results::write_plans(folder, prefix, system, plans)?;
        }
        let objectives: Vec<Option<f64>> =
            outcomes.iter().map(|(_, outcome)| Some(outcome.by_welfare.objective)).collect();
        let shown: Vec<String> = objectives.iter().map(|value| blank(*value)).collect();
        results::write_column(&folder.join("obj.csv"), results::MACRO, &shown)?;
        let terminations: Vec<String> = outcomes.iter().map(|(_, outcome)| outcome.termination()).collect();
        let mut table = Table::new(["", "0"]);
        terminations.iter().enumerate().for_each(|(i, text)| table.push([&i.to_string(), text]));
        table.write(&folder.join("termination_condition.csv"))?;
        journal::iterations_table(outcomes.iter().map(|(t, outcome)| (*t, outcome)))
            .write(&folder.join(journal::ITERATIONS))?;
        if configuration.verbose > 0 {
            log += &format!("All solutions saved in: {}\n", folder.display());
            let path = folder.join(journal::LOG);
            std::fs::write(&path, log).map_err(|error| FileError::new(&path, error))?;
        }
        let reproducible = options.is_reproducible();
        Ok(Finished { folder: folder.to_owned(), objectives, terminations, reproducible })
    }

    /// Replicas that the local part of an earlier centralized solution needs, per period.
    fn imposed_replicas(&self, periods: &[usize]) -> Result<Option<Vec<Vec<u64>>>, StudyError> {
        let Some(folder) = &self.configuration.opt_solution_folder else { return Ok(None) };
        let system = &self.generated.system;
        let plans = results::read_plans(folder, results::LMM, system)?;
        if plans.len() < periods.len() {
            let what = format!("{} solved periods where {} are wanted", plans.len(), periods.len());
            return Err(FileError::new(folder, what).into());
        }
        let tolerance = self.configuration.general.feasibility.unwrap_or(1e-6);
        let needed = |plan: &Plan| -> Vec<u64> {
            let replicas = |(n, f)| ceil_tol(plan.x[system.at(n, f)] / system.replica_capacity(n, f), tolerance);
            system.cells().map(replicas).collect()
        };
        Ok(Some(plans.iter().map(needed).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::configuration::tests::small;
    use super::super::generator::generate;
    use super::*;
    use serde_json::json;

    fn study(change: impl Fn(&mut serde_json::Value), use_it: impl Fn(&Study<'_>, &Path)) {
        let mut document = small();
        change(&mut document);
        let (configuration, _) = Configuration::from_value(document).expect("complete");
        let generated = generate(&configuration.limits, configuration.seed, configuration.max_steps, false)
            .expect("limits without chance");
        let folder = tempfile::tempdir().expect("a folder");
        use_it(&Study { configuration: &configuration, generated: &generated, workers: 1 }, folder.path());
    }

    #[test]
    fn both_methods_write_the_published_files() {
        study(
            |document| document["verbose"] = json!(2),
            |study, base| {
                let lmm = study.run(Method::Centralized, &base.join("lmm")).expect("small");
                let other = study.run(Method::FaasMacro, &base.join("macro")).expect("small");
                assert_eq!((lmm.objectives.len(), other.objectives.len()), (2, 2));
                for (best, found) in lmm.objectives.iter().zip(&other.objectives) {
                    assert!(found.expect("a plan") <= best.expect("a plan") + 1e-6);
                }
                let names = |folder: &Path| -> Vec<String> {
                    let entries = std::fs::read_dir(folder).expect("a folder");
                    entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
                };
                for name in ["config.json", "obj.csv", "termination_condition.csv", "base_instance_data.json"] {
                    assert!(names(&lmm.folder).contains(&name.to_owned()), "{name}");
                    assert!(names(&other.folder).contains(&name.to_owned()), "{name}");
                }
                for name in ["LSP_solution.csv", "LRMPc_replicas.csv", "iterations.csv", "out.log"] {
                    assert!(names(&other.folder).contains(&name.to_owned()), "{name}");
                }
                let again = study.run(Method::FaasMacro, &base.join("macro")).expect_err("finished before");
                assert!(again.to_string().contains("exists"));
            },
        );
    }

    #[test]
    fn a_run_under_a_time_limit_says_in_its_folder_that_it_may_come_out_otherwise() {
        for (options, marked) in [
            (json!({"general": {"TimeLimit": 60}, "coordinator": {"sorting_rule": "beta"}}), true),
            (json!({"coordinator": {"sorting_rule": "beta"}}), false),
        ] {
            study(
                |document| document["solver_options"] = options.clone(),
                |study, base| {
                    let run = study.run(Method::FaasMacro, &base.join("macro")).expect("small");
                    assert_eq!((run.folder.join(NOT_REPRODUCIBLE).exists(), !run.reproducible), (marked, marked));
                },
            );
        }
    }

    #[test]
    fn replicas_of_a_centralized_solution_can_be_imposed() {
        study(
            |_| {},
            |study, base| {
                let lmm = study.run(Method::Centralized, &base.join("lmm")).expect("small");
                let configuration =
                    Configuration { opt_solution_folder: Some(lmm.folder.clone()), ..study.configuration.clone() };
                let fixed = Study { configuration: &configuration, ..*study };
                let other = fixed.run(Method::FaasMacro, &base.join("fixed")).expect("small");
                assert!(other.objectives.iter().zip(&lmm.objectives).all(|(found, best)| found <= best));
            },
        );
    }
}
