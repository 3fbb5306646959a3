//! The tables of a run's folder, with the names and columns of the published program, so that its post-processing
//! reads ours and ours reads its.
//!
//! Source: output files of DFaaSOptimizer: one row per solved period, nodes before functions, no time column.

use super::instance::Instance;
use super::plan::Plan;
use super::table::{FileError, Table};
use std::path::Path;

/// The name under which LMM's tables stand.
pub const LMM: &str = "LoadManagementModel";
/// The name under which the decentralized method's objective stands.
pub const MACRO: &str = "FaaS-MACrO";
/// Prefix of the plan that is best by social welfare, the published answer.
pub const BY_WELFARE: &str = "LSP";
/// Prefix of the plan that is best by the centralized objective.
pub const BY_OBJECTIVE: &str = "LSPc";
/// The coordinator's view of either.
pub const COORDINATOR: &str = "LRMP";
pub const COORDINATOR_BY_OBJECTIVE: &str = "LRMPc";

/// Names of all cells, node-major.
fn cells(system: &Instance, suffix: &str) -> Vec<String> {
    system.cells().map(|(n, f)| format!("n{n}_f{f}{suffix}")).collect()
}

/// One row per plan of what `of` says of each cell.
fn by_cell(system: &Instance, plans: &[Plan], of: impl Fn(&Plan) -> Vec<String>) -> Table {
    let mut table = Table::new(cells(system, ""));
    plans.iter().for_each(|plan| table.push(of(plan)));
    table
}

fn show(values: impl IntoIterator<Item = impl ToString>) -> Vec<String> {
    values.into_iter().map(|value| value.to_string()).collect()
}

fn forwarded(system: &Instance, plan: &Plan) -> Vec<String> {
    show(system.cells().map(|(n, f)| plan.forwarded(system, n, f)))
}

fn received(system: &Instance, plan: &Plan) -> Vec<String> {
    show(system.cells().map(|(n, f)| plan.received(system, n, f)))
}

fn residual(system: &Instance, plans: &[Plan]) -> Table {
    let mut table = Table::new((0..system.nodes).map(|n| format!("n{n}")));
    plans.iter().for_each(|plan| table.push(plan.residual_memory(system)));
    table
}

/// What each pair of nodes sends, by sender, function and receiver; with `back` what comes the other way.
fn pairs(system: &Instance, plan: &Plan, back: bool) -> Vec<String> {
    let mut loads = Vec::with_capacity(system.nodes * system.functions * system.nodes.saturating_sub(1));
    for (a, f) in system.cells() {
        for b in (0..system.nodes).filter(|&b| b != a) {
            let link = if back { system.network.find(b, a) } else { system.network.find(a, b) };
            loads.push(link.map_or(0.0, |link| plan.y[link * system.functions + f]).to_string());
        }
    }
    loads
}

fn pair_names(system: &Instance, suffix: &str) -> Vec<String> {
    let of = |(a, f)| (0..system.nodes).filter(move |&b| b != a).map(move |b| format!("n{a}_f{f}_n{b}"));
    system.cells().flat_map(of).map(|name| name + suffix).collect()
}

/// Writes the tables of one prefix.
///
/// # Errors
/// A file cannot be written.
pub fn write_plans(folder: &Path, prefix: &str, system: &Instance, plans: &[Plan]) -> Result<(), FileError> {
    let file = |name: &str| folder.join(format!("{prefix}_{name}.csv"));
    let columns = [cells(system, "_loc"), cells(system, "_fwd"), cells(system, "")].concat();
    let mut solution = Table::new(columns);
    let mut detailed = Table::new([pair_names(system, "_tot"), pair_names(system, "_accepted")].concat());
    for plan in plans {
        solution.push([show(&plan.x), forwarded(system, plan), show(&plan.z)].concat());
        detailed.push([pairs(system, plan, false), pairs(system, plan, true)].concat());
    }
    solution.write(&file("solution"))?;
    detailed.write(&file("detailed_fwd_solution"))?;
    by_cell(system, plans, |plan| received(system, plan)).write(&file("offloaded"))?;
    by_cell(system, plans, |plan| show(plan.utilization(system))).write(&file("utilization"))?;
    by_cell(system, plans, |plan| show(&plan.replicas)).write(&file("replicas"))?;
    residual(system, plans).write(&file("residual_capacity"))
}

/// Writes the cumulative tables of a checkpoint into `folder/prefix/t`.
///
/// # Errors
/// A file cannot be written.
pub fn write_checkpoint(
    folder: &Path,
    prefix: &str,
    t: usize,
    system: &Instance,
    plans: &[Plan],
) -> Result<(), FileError> {
    let folder = folder.join(prefix).join(t.to_string());
    std::fs::create_dir_all(&folder).map_err(|error| FileError::new(&folder, error))?;
    let file = |name: &str| folder.join(format!("{name}.csv"));
    by_cell(system, plans, |plan| show(&plan.x)).write(&file("local_processing"))?;
    by_cell(system, plans, |plan| forwarded(system, plan)).write(&file("offloading"))?;
    by_cell(system, plans, |plan| show(&plan.z)).write(&file("rejections"))?;
    by_cell(system, plans, |plan| show(&plan.replicas)).write(&file("replicas"))?;
    by_cell(system, plans, |plan| show(plan.utilization(system))).write(&file("utilization"))?;
    by_cell(system, plans, |plan| received(system, plan)).write(&file("offloaded_processing"))?;
    residual(system, plans).write(&file("residual_capacity"))?;
    for (name, back) in [("detailed_offloading", false), ("detailed_offloaded_processing", true)] {
        let mut table = Table::new(pair_names(system, ""));
        plans.iter().for_each(|plan| table.push(pairs(system, plan, back)));
        table.write(&file(name))?;
    }
    Ok(())
}

/// Plans read back from the tables of one prefix, ours or the published program's; one per row.
///
/// # Errors
/// A table is missing, or has other columns or rows than the system.
pub fn read_plans(folder: &Path, prefix: &str, system: &Instance) -> Result<Vec<Plan>, FileError> {
    let file = |name: &str| folder.join(format!("{prefix}_{name}.csv"));
    let (path, detailed_path, replicas_path) = (file("solution"), file("detailed_fwd_solution"), file("replicas"));
    let solution = Table::read(&path)?;
    let detailed = Table::read(&detailed_path)?;
    let kept = Table::read(&replicas_path)?;
    let mut plans = vec![Plan::empty(system); solution.rows.len()];
    for (other, path) in [(&detailed, &detailed_path), (&kept, &replicas_path)] {
        if other.rows.len() != plans.len() {
            let found = format!("{} periods where the solution has {}", other.rows.len(), plans.len());
            return Err(FileError::new(path, found));
        }
    }
    for (n, f) in system.cells() {
        let cell = system.at(n, f);
        let x = solution.numbers(&format!("n{n}_f{f}_loc"), &path)?;
        let z = solution.numbers(&format!("n{n}_f{f}"), &path)?;
        let r = kept.numbers(&format!("n{n}_f{f}"), &replicas_path)?;
        for (t, plan) in plans.iter_mut().enumerate() {
            (plan.x[cell], plan.z[cell]) = (x[t].unwrap_or(0.0), z[t].unwrap_or(0.0));
            plan.replicas[cell] = r[t].unwrap_or(0.0).round().max(0.0) as u64;
        }
    }
    for (link, (a, b)) in system.network.links().iter().enumerate() {
        for f in 0..system.functions {
            let y = detailed.numbers(&format!("n{a}_f{f}_n{b}_tot"), &detailed_path)?;
            for (plan, y) in plans.iter_mut().zip(y) {
                plan.y[link * system.functions + f] = y.unwrap_or(0.0);
            }
        }
    }
    Ok(plans)
}

/// Writes one column of numbers under `name`.
///
/// # Errors
/// The file cannot be written.
pub fn write_column(path: &Path, name: &str, values: &[String]) -> Result<(), FileError> {
    let mut table = Table::new([name]);
    values.iter().for_each(|value| table.push([value]));
    table.write(path)
}

#[cfg(test)]
mod tests {
    use super::super::instance::tests::two_nodes;
    use super::*;

    #[test]
    fn plans_survive_their_tables() {
        let folder = tempfile::tempdir().expect("a folder");
        let system = two_nodes();
        let plan = Plan { x: vec![3.0, 2.0], y: vec![0.0, 1.5], z: vec![0.0, 0.5], replicas: vec![3, 1] };
        let plans = [plan.clone(), Plan::empty(&system), plan];
        write_plans(folder.path(), LMM, &system, &plans).expect("written");
        assert_eq!(read_plans(folder.path(), LMM, &system).expect("read"), plans);
        let names = Table::read(&folder.path().join("LoadManagementModel_solution.csv")).expect("read").columns;
        assert_eq!(names, ["n0_f0_loc", "n1_f0_loc", "n0_f0_fwd", "n1_f0_fwd", "n0_f0", "n1_f0"]);
        let detailed = Table::read(&folder.path().join("LoadManagementModel_detailed_fwd_solution.csv")).expect("read");
        assert_eq!(detailed.columns, ["n0_f0_n1_tot", "n1_f0_n0_tot", "n0_f0_n1_accepted", "n1_f0_n0_accepted"]);
        assert_eq!(detailed.rows[0], ["0", "1.5", "1.5", "0"]);
        write_checkpoint(folder.path(), LMM, 4, &system, &plans).expect("written");
        assert!(folder.path().join("LoadManagementModel/4/detailed_offloaded_processing.csv").is_file());
    }

    #[test]
    fn tables_of_another_system_are_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let system = two_nodes();
        write_plans(folder.path(), LMM, &system, &[Plan::empty(&system)]).expect("written");
        let mut larger = system;
        larger.functions = 2;
        let error = read_plans(folder.path(), LMM, &larger).expect_err("a function is missing").to_string();
        assert!(error.contains("no column n0_f1_loc"), "{error}");
    }
}
