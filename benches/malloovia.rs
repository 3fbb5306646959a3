//! The planner on the data of its paper (GECON 2017), one thread, defaults (rounding k = 1 and merging of zones on).
//!
//! Targets: Phase I at gap 1 % under 2 s, k = 3 to 15 exactly under 2 s each, Phase II of 8760 slots under 20 s; the two
//! problems on which CBC finds nothing in 30 s proved to 1 %. Data: `STRATOSIM_ORACLE`, default `../shared/oracle`.

use std::path::PathBuf;
use std::time::Instant;

use stratosim::planner::malloovia::file::{Scope, read};
use stratosim::planner::malloovia::{PlanOptions, phase_one, phase_two};

fn main() {
    let root = std::env::var_os("STRATOSIM_ORACLE").map_or_else(|| PathBuf::from("../shared/oracle"), PathBuf::from);
    let folder = root.join("malloovia");
    let one_percent = PlanOptions { gap: 0.01, ..PlanOptions::default() };
    let Ok(raw) = read(&folder.join("gecon_p0.yaml.gz"), Scope::ProblemsOnly) else {
        println!("no data at {}", folder.display());
        return;
    };
    println!("{:<34} {:>8} {:>12} {:>9} {:>8}", "case", "levels", "cost", "gap %", "seconds");
    let line = |name: &str, levels: usize, cost: Option<f64>, gap: Option<f64>, begin: Instant| {
        let seconds = begin.elapsed().as_secs_f64();
        let (cost, gap) = (cost.unwrap_or(f64::NAN), 100.0 * gap.unwrap_or(f64::NAN));
        println!("{name:<34} {levels:>8} {cost:>12.2} {gap:>9.4} {seconds:>8.3}");
    };
    let begin = Instant::now();
    let one = phase_one(&raw.problems[0], &one_percent).expect("the paper's problem is sound");
    line("gecon Phase I, k = 1, gap 1 %", one.effort.levels, one.cost, one.gap(), begin);
    for k in [3, 5, 7, 10, 15] {
        let begin = Instant::now();
        let options = PlanOptions { quantise: Some(k), ..PlanOptions::default() };
        let plan = phase_one(&raw.problems[0], &options).expect("the paper's problem is sound");
        line(&format!("gecon Phase I, k = {k}, exact"), plan.effort.levels, plan.cost, plan.gap(), begin);
    }
    let begin = Instant::now();
    let two = phase_two(&raw.problems[1], &one, &PlanOptions::default(), &mut |_| ()).expect("the purchase fits");
    line("gecon Phase II, 8760 slots, exact", two.effort.levels, two.cost, Some(0.0), begin);
    for name in ["m05_2app_80ic_2190h", "l05_10app_80ic_168h"] {
        let Ok(file) = read(&folder.join(format!("{name}.yaml.gz")), Scope::ProblemsOnly) else { continue };
        let Some(problem) = file.problem("ltwp") else { continue };
        let begin = Instant::now();
        let plan = phase_one(problem, &one_percent).expect("the problem is sound");
        line(&format!("{name}, gap 1 %"), plan.effort.levels, plan.cost, plan.gap(), begin);
    }
}
