//! Recipes: scripts that a shell and Python can read, and that do their work on the real engines where these are at hand.

use std::process::Command;

use super::place::{Place, queue, said};

const SWEEP: &str = "[sweep]\n[[sweep.axes]]\nkey = \"pools.p.size\"\nvalues = [1, 2, 3, 4, 5]\n";

fn place() -> Place {
    let place = Place::new();
    place.write("it's a queue.toml", &(queue(0.5, 1, 300) + SWEEP));
    place
}

/// A recipe for the sweep, whose file has a name that a shell would take apart.
fn recipe(place: &Place, engine: &str, more: &[&str]) -> String {
    let mut command = place.command(&format!("recipe {engine}"));
    command.arg("it's a queue.toml").args(["--shards", "3", "--set", "slo=2s"]).args(more);
    let said = said(&command.output().unwrap());
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    said.out
}

#[test]
fn scripts_are_well_formed_and_say_what_is_run() {
    let place = place();
    let slurm = recipe(&place, "slurm", &["--cpus", "2"]);
    place.write("slurm.sh", &slurm);
    assert!(Command::new("sh").arg("-n").arg(place.path("slurm.sh")).status().unwrap().success(), "{slurm}");
    for part in [
        "--array=1-3 --cpus-per-task=2",
        r#"sweep 'it'\''s a queue.toml' --set slo=2s --out results --quiet --workers 2 --shard "$SLURM_ARRAY_TASK_ID/3""#,
        r#"collect 'it'\''s a queue.toml' --set slo=2s --out results"#,
    ] {
        assert!(slurm.contains(part), "no {part} in\n{slurm}");
    }
    let dask = recipe(&place, "dask", &[]);
    assert!(
        dask.contains(r#"SWEEP = ["sweep", "it's a queue.toml", "--set", "slo=2s", "--out", "results"]"#),
        "{dask}"
    );
    let path = place.write("dask.py", &dask);
    match Command::new("python3").args(["-m", "py_compile"]).arg(&path).status() {
        Ok(status) => assert!(status.success(), "{dask}"),
        Err(error) => super::oracle::skipped(&format!("whether Python reads the Dask recipe: {error}")),
    }
}

/// The table as one process makes it.
#[cfg(feature = "long")]
fn table(place: &Place) -> String {
    let mut command = place.command("sweep");
    command.args(["it's a queue.toml", "--set", "slo=2s", "--out", "alone"]);
    assert_eq!(said(&command.output().unwrap()).code, Some(0));
    place.read("alone/queue/points.csv")
}

/// Whether a program is there and says so.
#[cfg(feature = "long")]
fn answers(program: &str, argument: &str) -> bool {
    Command::new(program).arg(argument).output().is_ok_and(|output| output.status.success())
}

/// Against the Slurm that answers here, or one that `tests/slurm.sh` starts on this machine alone.
#[cfg(feature = "long")]
#[test]
fn slurm_runs_the_shards_and_collects_them() {
    let started =
        ["slurmctld", "slurmd", "munged"].iter().all(|daemon| answers(daemon, "--version") || answers(daemon, "-V"));
    let mut command = if answers("sinfo", "--noheader") {
        Command::new("sh")
    } else if started {
        let mut under = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/slurm.sh"));
        under.arg("sh");
        under
    } else {
        return super::oracle::skipped("the Slurm recipe: no Slurm here (packages slurm-wlm and munge)");
    };
    let place = place();
    let wanted = table(&place);
    place.write("slurm.sh", &recipe(&place, "slurm", &[]));
    command.arg("slurm.sh").current_dir(place.path(".")).env("STRATOSIM", env!("CARGO_BIN_EXE_stratosim"));
    let ran = said(&command.output().unwrap());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(place.read("results/queue/points.csv"), wanted);
}

#[cfg(feature = "long")]
#[test]
fn dask_runs_the_shards_and_collects_them() {
    let python = std::env::var("STRATOSIM_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    if !Command::new(&python).args(["-c", "import dask.distributed"]).output().is_ok_and(|o| o.status.success()) {
        return super::oracle::skipped(
            "the Dask recipe: no dask.distributed here (STRATOSIM_PYTHON names a Python with it)",
        );
    }
    let place = place();
    let wanted = table(&place);
    place.write("sweep.py", &recipe(&place, "dask", &[]));
    let mut command = Command::new(&python);
    command.arg("sweep.py").current_dir(place.path(".")).env("STRATOSIM", env!("CARGO_BIN_EXE_stratosim"));
    let ran = said(&command.output().unwrap());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.out.lines().filter(|line| line.starts_with("shard ")).count(), 3, "{ran:?}");
    assert_eq!(place.read("results/queue/points.csv"), wanted);
}

#[test]
fn a_recipe_for_what_is_no_sweep_is_refused() {
    let place = place();
    place.write("plain.toml", &queue(0.5, 1, 300));
    for (more, wanted) in [
        ("nope.toml", "nope.toml: found no such file"),
        ("plain.toml", "plain.toml: found no [sweep], want axes of a sweep"),
        ("plain.toml --set nope=3", "nope"),
    ] {
        let said = place.line(&format!("recipe slurm {more}"));
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{more}");
        assert!(said.err.contains(wanted), "{}", said.err);
    }
}
