//! The commands over small studies, from configuration to pictures.

use super::*;
use clap::Parser;

#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    plan: PlanFralb,
}

pub(super) fn call(arguments: &[&str]) -> (Result<bool, FralbFailure>, String) {
    let cli = Cli::try_parse_from([&["fralb"], arguments].concat()).unwrap_or_else(|error| panic!("{error}"));
    let (mut out, mut notes) = (Vec::new(), Vec::new());
    let result = run(&cli.plan, &mut out, &mut notes);
    (result, String::from_utf8(out).expect("text"))
}

pub(super) fn small(folder: &Path) -> PathBuf {
    let limits = r#"{"Nn": {"values": [3, 4]}, "Nf": {"min": 2, "max": 2}, "neighborhood": {"p": 1.0},
        "demand": {"values": [0.3, 0.2]}, "memory_requirement": {"values": [128, 512]},
        "memory_capacity": {"values_from": [2048, 4096]}, "max_utilization": {"min": 0.7, "max": 0.7},
        "weights": {"alpha": {"min": 1, "max": 1}, "beta_multiplier": {"min": 0.9, "max": 0.9},
                    "gamma": {"min": 0.1, "max": 0.1}, "delta_multiplier": {"min": 0.9, "max": 0.9}},
        "load": {"trace_type": "fixed_sum", "values": ["auto"]}}"#;
    let base = folder.join("study");
    let text = format!(
        r#"{{"base_solution_folder": {base:?}, "seed": 3, "max_steps": 6, "max_run_time": 2, "max_iterations": 20, "plot_interval": 1,
        "solver_name": "highs", "solver_options": {{"coordinator": {{"sorting_rule": "product"}}}}, "limits": {limits}}}"#
    );
    let path = folder.join("config.json");
    std::fs::write(&path, text).expect("written");
    path
}

#[test]
fn a_study_is_run_checked_compared_and_cut_short() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = small(folder.path());
    let config = config.to_str().expect("a path");
    let base = folder.path().join("study");
    let base = base.to_str().expect("a path");
    let (result, out) = call(&["run", "-c", config, "--n_experiments", "1", "-j", "0", "--enable_plotting"]);
    assert!(result.expect("small"), "{out}");
    assert_eq!(out.lines().count(), 5, "{out}");
    let drawn = |name: &str| {
        let path = Path::new(base).join(name);
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(text.starts_with("<svg") && text.trim_end().ends_with("</svg>"), "{name}");
        text.matches("<title>").count()
    };
    // A sheet of three nodes: two functions twice, utilisation and replicas in each row, and one objective.
    assert_eq!(drawn("3_3-centralized/LoadManagementModel.svg"), 3 * 6 + 1);
    for name in ["sp.svg", "rmp.svg", "load/f0.svg", "load/f1.svg", "graph.svg", "sp_0.svg"] {
        drawn(&format!("3_3-faas-macro/{name}"));
    }
    for name in ["obj", "obj_deviation", "loc_by_function", "rejections", "iterations", "runtime_comparison"] {
        drawn(&format!("postprocessing/4_3/{name}.svg"));
    }
    for name in
        ["obj-Nn_3", "rejections-Nn_4", "runtime-Nn_3", "linear_runtime-Nn_4", "i_tc-Nn_3", "i_termination_condition"]
    {
        assert_eq!(drawn(&format!("postprocessing/{name}.svg")), 1, "{name}");
    }
    let (result, out) = call(&["check", base]);
    assert!(result.expect("plans") && out.matches("keep every rule").count() == 4, "{out}");
    let compared = folder.path().join("compared");
    let (result, out) = call(&["compare", "-i", base, "-o", compared.to_str().expect("a path")]);
    assert!(result.expect("tables") && out.contains("dev"), "{out}");
    drawn("../compared/box_obj_dev.svg");
    drawn("../compared/bars_runtime_FaaS-MACrO.svg");
    let alone = folder.path().join("alone");
    let asked = ["--models", "FaaS-MACrO", "--loop_over_label", "Number of agents"];
    let line = [&["compare", "-i", base, "-o", alone.to_str().expect("a path")][..], &asked].concat();
    assert!(call(&line).0.expect("tables"));
    let bars = std::fs::read_to_string(alone.join("bars_obj_FaaS-MACrO.svg")).expect("bars");
    assert!(bars.contains("Number of agents") && !alone.join("bars_obj_dev.svg").exists());
    let (result, out) = call(&["what-if", "-f", base, "-m", "0", "10"]);
    assert!(result.expect("rounds") && out.contains("centralized_dev_mean"), "{out}");
    assert_eq!(drawn("what-if/progressive_dev-Nn_3.svg"), 1);
    let rounds = std::fs::read_to_string(Path::new(base).join("what-if/3_3-logs_df.csv")).expect("rounds");
    assert!(rounds.starts_with("time,iteration,psi,") && rounds.lines().count() >= 3, "{rounds}");
    let (result, out) = call(&["run", "-c", config, "--postprocessing_only"]);
    assert!(result.expect("tables") && out.contains(base), "{out}");
}

#[test]
fn instances_are_drawn_and_solved_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = small(folder.path());
    let drawn = folder.path().join("drawn");
    let drawn = drawn.to_str().expect("a path");
    // A sweep's values are a range to a single run.
    assert!(call(&["generate", "-c", config.to_str().expect("a path"), "-o", drawn]).0.expect("drawn"));
    let instance = format!("{drawn}/instance_1.json");
    let (result, out) = call(&["check", &instance]);
    assert!(result.expect("an instance") && out.contains("2 functions"), "{out}");
    let (result, out) = call(&["lmm", "--instance", &instance]);
    assert!(result.expect("small") && out.contains("Optimal"), "{out}");
    let (result, out) = call(&["macro", "--instance", &instance, "-j", "2"]);
    assert!(result.expect("small") && out.contains("objective ") && !out.contains("not reproducible"), "{out}");
    let (result, out) = call(&["macro", "--instance", &instance, "--time-limit", "60"]);
    assert!(result.expect("small") && out.contains("not reproducible"), "{out}");
}

#[test]
fn a_single_run_goes_to_a_folder_named_by_its_hash_and_is_not_overwritten() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = small(folder.path());
    let config = config.to_str().expect("a path");
    let (result, out) = call(&["macro", "-c", config, "-j", "0", "--disable_plotting"]);
    let folder = PathBuf::from(out.lines().last().unwrap_or_default());
    assert!(!folder.join("sp.svg").exists() && folder.join("LSP_solution.csv").exists(), "{out}");
    assert!(result.expect("small") && out.lines().last().is_some_and(|line| line.contains("faas-macro-")), "{out}");
    let error = call(&["macro", "-c", config]).0.expect_err("finished before").to_string();
    assert!(error.contains("a folder that exists is a finished run"), "{error}");
}
