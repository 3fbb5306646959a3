//! Formulas against the table of exact values: every row of a family that has one, and that runs which are recognised agree.

use serde_json::Value;
use stratosim::experiment::measures::{MEASURES, place};
use stratosim::experiment::theory::theory;
use stratosim::solve::queueing::{ErlangB, ErlangC, InfiniteServers, ProcessorSharing, ScalePerRequest, SingleServer};

use super::golden::Table;
use super::oracle;
use super::place::{opened, queue};

/// The second moment of a law of service as the table writes it, with its mean.
fn service(of: &Value) -> Option<(f64, f64)> {
    let number = |name: &str| of[name].as_f64();
    let mean = number("mean_service");
    Some(match of["service_distribution"].as_str()? {
        "deterministic" => (mean?, mean? * mean?),
        "erlang" => (mean?, mean? * mean? * (1.0 + 1.0 / number("stages")?)),
        "lognormal" => (mean?, mean? * mean? * (1.0 + number("cv")? * number("cv")?)),
        "uniform" => {
            let (low, high) = (number("low")?, number("high")?);
            ((low + high) / 2.0, (low * low + low * high + high * high) / 3.0)
        }
        "hyperexponential2" => {
            let (p, a, b) = (number("p1")?, number("mean1")?, number("mean2")?);
            (p * a + (1.0 - p) * b, 2.0 * (p * a * a + (1.0 - p) * b * b))
        }
        _ => return None,
    })
}

/// What our formulas say about a row; `None` where there is no formula for it.
fn formula(model: &str, p: &Value, metric: &str) -> Option<f64> {
    let number = |name: &str| p[name].as_f64();
    let rate = number("arrival_rate");
    let whole = |name: &str, default: u64| p[name].as_u64().unwrap_or(default);
    match model {
        "M/M/1" | "M/M/c" => {
            let line = ErlangC::new(rate?, number("service_rate")?, whole("servers", 1))?;
            Some(match metric {
                "utilisation" => line.utilisation(),
                "prob_wait" => line.wait_probability(),
                "mean_wait" => line.mean_wait(),
                "mean_response_time" => line.mean_response(),
                "wait_p95" => line.wait_percentile(0.95),
                "wait_p99" => line.wait_percentile(0.99),
                "response_time_p50" => line.response_percentile(0.50),
                "response_time_p95" => line.response_percentile(0.95),
                "response_time_p99" => line.response_percentile(0.99),
                _ => return None,
            })
        }
        "M/G/c/c" => {
            let system = ErlangB { load: number("offered_load_erlang")?, servers: whole("servers", 1) };
            Some(match metric {
                "blocking_probability" => system.blocking_probability(),
                "mean_busy" => system.mean_busy(),
                _ => return None,
            })
        }
        "M/G/1" => {
            let (mean, second) = service(p)?;
            let system = SingleServer::new(rate?, mean, second)?;
            Some(match metric {
                "utilisation" => system.utilisation(),
                "mean_wait" => system.mean_wait(),
                "mean_response_time" => system.mean_response(),
                _ => return None,
            })
        }
        "M/G/1-PS" | "M/G/c-PS" => {
            let system = ProcessorSharing::new(rate?, number("mean_service")?, whole("cores", 1))?;
            Some(match metric {
                "utilisation" => system.utilisation(),
                "mean_response_time" => system.mean_response(),
                "mean_slowdown" if model == "M/G/1-PS" => system.mean_slowdown(),
                _ => return None,
            })
        }
        "M/G/inf" => {
            let system = InfiniteServers { load: rate? * number("mean_service")? };
            ["mean_busy", "mean_busy_instances"].contains(&metric).then(|| system.mean_busy())
        }
        _ if model.starts_with("faas scale-per-request, MRU") => {
            let system = ScalePerRequest {
                arrival_rate: rate?,
                mean_service: number("mean_service")?,
                keep_alive: number("keepalive")?,
                limit: p["concurrency_limit"].as_u64(),
            };
            let found = system.figures()?;
            Some(match metric {
                "cold_start_probability" | "cold_start_probability_of_accepted" => found.cold_probability,
                "throttle_probability" => found.throttle_probability,
                "mean_busy" | "mean_busy_instances" => found.mean_busy,
                "mean_idle_warm_instances" => found.mean_idle,
                "mean_total_instances" => found.mean_busy + found.mean_idle,
                _ => return None,
            })
        }
        _ => None,
    }
}

#[test]
fn formulas_give_the_exact_values_of_the_table() {
    let Some(folder) = oracle::folder("queueing") else { return };
    let table = Table::read(&folder.join("cases.csv"));
    let mut compared = std::collections::BTreeMap::<String, usize>::new();
    let mut outside = Vec::new();
    for row in &table.rows {
        let (model, metric) = (table.text(row, "model"), table.text(row, "metric"));
        let parameters: Value = serde_json::from_str(table.text(row, "parameters")).unwrap();
        let Some(found) = formula(model, &parameters, metric) else { continue };
        let exact = table.number(row, "exact_value").unwrap();
        *compared.entry(model.to_owned()).or_default() += 1;
        // The table has twelve digits and more; those solved numerically, ten.
        if (found - exact).abs() > 1e-9 * exact.abs().max(1e-3) {
            outside.push(format!("{} {model} {metric}: {found}, exactly {exact}", table.text(row, "case")));
        }
    }
    assert!(outside.is_empty(), "{}", outside.join("\n"));
    assert!(compared.values().sum::<usize>() >= 10, "{compared:?}");
    println!("formulas compared by family: {compared:?}");
}

/// What theory says of a scenario, by the key of the measure.
fn said(text: &str, column: usize) -> Option<(String, Vec<(&'static str, f64)>)> {
    let opened = opened(text);
    let theory = theory(&opened, &opened.columns[column])?;
    Some((theory.model, theory.figures.iter().map(|&(at, value)| (MEASURES[at].key, value)).collect()))
}

#[test]
fn scenarios_are_recognised_by_what_they_are_made_of() {
    let one = queue(0.5, 1, 1000);
    let (model, figures) = said(&one, 0).unwrap();
    assert!(model.starts_with("M/M/1 (Erlang C)"), "{model}");
    assert!((figures.iter().find(|(key, _)| *key == "response_mean_s").unwrap().1 - 2.0).abs() < 1e-12);
    // A constant work makes it Pollaczek-Khinchine, on one server only.
    let constant = one.replace("exponential(1s)", "1s");
    let (model, figures) = said(&constant, 0).unwrap();
    assert!(model.starts_with("M/G/1"), "{model}");
    assert_eq!(figures, [("response_mean_s", 1.5), ("wait_mean_s", 0.5)]);
    assert_eq!(said(&constant, 1), None);
    let shared = one.replace("slots = 1", "cores = 1");
    assert_eq!(said(&shared, 0).unwrap().1, [("response_mean_s", 2.0)]);
    let lossy = one.replace("slots = 1", "slots = 1\nqueue = \"none\"");
    assert_eq!(said(&lossy, 0).unwrap().1, [("failure_share", 0.5 / 1.5)]);
    // Anything more, and it is no queue with a name.
    for (from, to) in [
        ("kind = \"poisson\"\nrate = \"0.5/s\"", "kind = \"renewal\"\ngap = \"2s\""),
        ("work = \"exponential(1s)\"", "work = \"exponential(1s)\"\ntimeout = \"5s\""),
        ("work = \"exponential(1s)\"", "work = \"exponential(1s)\"\nfailure = 0.1"),
        ("slots = 1", "slots = 1\nqueue_limit = 3"),
        ("rate = \"0.5/s\"", "rate = \"1.5/s\""),
    ] {
        assert_eq!(said(&one.replace(from, to), 0), None, "{to}");
    }
    let warm = one
        .replace("[\"max\", \"two\"]", "[\"faas\"]")
        .replace("[strategy.two]\nuse = \"max\"\nsize = 2\n", "")
        .replace(
            "kind = \"vm\"\ntype = \"any\"\nslots = 1\nsize = 1\n",
            "kind = \"function\"\ncold_start = \"0s\"\nkeep_alive = \"60s\"\naccount = \"none\"\ngrowth_per_10s = 0\n",
        );
    let (model, figures) = said(&warm, 0).unwrap();
    assert!(model.starts_with("environments kept for 60 s"), "{model}");
    assert_eq!(figures[1], ("failure_share", 0.0));
    assert!(figures[0].1 > 0.0 && figures[0].1 < 0.1, "{figures:?}");
    assert!(place("cold").is_some());
}
