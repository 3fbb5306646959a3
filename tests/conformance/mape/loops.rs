//! The threshold loop and the hybrid planner: exact decisions.

use super::table::{Row, folder, read};
use stratosim::planner::mape::analysis::{Marks, ThresholdAnalysis, Thresholds, UtilisationMarks};
use stratosim::planner::mape::monitor::{ContainerReading, Resource};
use stratosim::planner::mape::planning::{Economic, Limits, Source, join};
use stratosim::planner::mape::replay::closed_loop;
use stratosim::planner::mape::{Reading, Verdict};

fn thresholds(row: Row<'_>) -> Thresholds {
    let reading = match row.text("variant") {
        "original" => Reading::Original,
        "corrected" => Reading::Corrected,
        other => panic!("{}: {other}", row.at("variant")),
    };
    Thresholds { cpu: Marks::new(row.number("lower"), row.number("upper")), ..Thresholds::of(reading) }
}

#[test]
fn the_threshold_analysis_takes_the_golden_decisions() {
    let Some(folder) = folder() else { return };
    // The traces know no maximum in either variant.
    let limits = Limits { min: 1, max: None };
    for rows in read(&folder, "threshold_trace.csv").groups(&["trace", "variant", "upper", "lower"]).values() {
        let settings = Thresholds {
            window: rows[0].count("window"),
            skip_unchanged: rows[0].flag("skip_unchanged"),
            ..thresholds(rows[0])
        };
        let mut analysis = ThresholdAnalysis::new(settings).expect("sound settings");
        for row in rows {
            let containers: Vec<_> = row.list("cpu_percent_list").into_iter().map(ContainerReading::cpu).collect();
            let finding = analysis.analyse(&containers);
            let window: Vec<f64> = analysis.window(Resource::Cpu).expect("the processor decides").collect();
            assert_eq!(row.list("window_values"), window, "{}", row.at("window_values"));
            let Some(finding) = finding else {
                assert_eq!(row.text("result"), "error", "{}", row.at("result"));
                continue;
            };
            row.close("average", finding.seen[0].average, 0.0, 0.0);
            row.close("window_mean", finding.seen[0].mean, 0.0, 0.0);
            assert_eq!(row.flag("evaluated"), finding.evaluated, "{}", row.at("evaluated"));
            assert_eq!(row.number("result") as i64, finding.verdict.step(), "{}", row.at("result"));
            assert_eq!(row.flag("notify"), finding.verdict != Verdict::Keep, "{}", row.at("notify"));
            let replicas = u32::try_from(row.count("replicas")).expect("a few replicas");
            let decision =
                (finding.verdict != Verdict::Keep).then(|| f64::from(limits.step(replicas, finding.verdict)));
            assert_eq!(row.maybe("decision"), decision, "{}", row.at("decision"));
        }
    }
}

#[test]
fn the_closed_loop_takes_the_golden_steps() {
    let Some(folder) = folder() else { return };
    for rows in read(&folder, "threshold_closed_loop.csv").groups(&["profile", "variant", "upper", "lower"]).values() {
        let max = (rows[0].text("variant") == "corrected").then_some(8);
        let demands: Vec<f64> = rows.iter().map(|row| row.number("demand_pct")).collect();
        let first = u32::try_from(rows[0].count("replicas_before")).expect("a few replicas");
        let steps = closed_loop(thresholds(rows[0]), Limits { min: 1, max }, first, &demands).expect("sound settings");
        for (row, step) in rows.iter().zip(&steps) {
            assert_eq!(row.count("replicas_before"), step.replicas_before as usize, "{}", row.at("replicas_before"));
            row.close("average", step.average, 0.0, 0.0);
            row.close("window_mean", step.window_mean, 0.0, 0.0);
            assert_eq!(row.number("result") as i64, step.verdict.step(), "{}", row.at("result"));
            assert_eq!(row.count("replicas_after"), step.replicas_after as usize, "{}", row.at("replicas_after"));
        }
    }
}

#[test]
fn the_hybrid_planner_takes_the_golden_decisions() {
    let Some(folder) = folder() else { return };
    for row in read(&folder, "hybrid_planner.csv").rows() {
        let marks = UtilisationMarks { lower: row.number("cpu_lower"), upper: row.number("cpu_upper") };
        marks.check().unwrap_or_else(|error| panic!("{}: {error}", row.at("cpu_lower")));
        let [min, max] = ["min_replicas", "max_replicas"].map(|c| u32::try_from(row.count(c)).expect("a limit"));
        let replicas = u32::try_from(row.count("replicas")).expect("a few replicas");
        let verdict = marks.judge(row.maybe("cpu_utilization"));
        assert_eq!(
            row.maybe("threshold_result").map(|v| v as i64),
            verdict.map(Verdict::step),
            "{}",
            row.at("threshold_result")
        );
        let suggested = verdict.map(|verdict| f64::from(replicas) + verdict.step() as f64);
        assert_eq!(row.maybe("threshold_replicas"), suggested, "{}", row.at("threshold_replicas"));
        let economic = row.maybe("economic_W").map(|vms| Economic { vms });
        assert_eq!(row.maybe("economic_replicas"), economic.map(|e| e.vms.ceil()), "{}", row.at("economic_replicas"));
        let joined = join(replicas, verdict, economic, &Limits { min, max: Some(max) });
        let source = match joined.map(|joined| joined.source) {
            None => "none",
            Some(Source::Threshold) => "threshold",
            Some(Source::Economic) => "economic",
        };
        assert_eq!(row.text("source"), source, "{}", row.at("source"));
        assert_eq!(
            row.maybe("decision_unclamped"),
            joined.map(|j| j.wanted as f64),
            "{}",
            row.at("decision_unclamped")
        );
        assert_eq!(row.maybe("decision"), joined.map(|j| f64::from(j.replicas)), "{}", row.at("decision"));
    }
}
