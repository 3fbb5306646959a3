//! What arrives where and when: a wave per node and function, brought to a fixed sum, into limits, or read from a file.
//!
//! Source: the load generator of DFaaSOptimizer: three periods of 15 to 100 samples one after the other, a sine of
//! amplitude 50 around 100 with a little noise. Differs: draws come from a named stream for each node and function.

use super::complaint::{Complaints, Entry, Notes, parse_json};
use super::draw::{Draw, round3};
use super::instance::Instance;
use crate::engine::random::{Rng, Streams};
use serde_json::{Map, Value, json};
use std::f64::consts::TAU;
use std::path::PathBuf;

/// Where the trace of loads comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum LoadRule {
    /// A file of traces, or the folder that holds `input_requests_traces.json`.
    Existing(PathBuf),
    Clipped {
        min: Draw,
        max: Draw,
    },
    Sinusoidal {
        min: Draw,
        max: Draw,
    },
    FixedSum {
        total: Total,
        over: Over,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub enum Total {
    /// Requests per second of each function over all nodes.
    Values(Vec<f64>),
    /// What the memories carry.
    Auto,
}

/// Which statistic of the nodes' limits is the total of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    Mean,
    Min,
    Max,
    /// The least for even functions, the greatest for odd ones.
    MinMax,
}

impl LoadRule {
    pub fn read(entry: &Entry<'_>, functions: Option<usize>, notes: &mut Notes) -> Option<LoadRule> {
        entry.object(notes)?;
        entry.warn_unknown(&["trace_type", "path", "values", "min", "max"], notes);
        let kinds = "load_existing, fixed_sum, fixed_sum_min, fixed_sum_max, fixed_sum_minmax, clipped or sinusoidal";
        let kind = match entry.get("trace_type") {
            Some(kind) => kind.text(notes, kinds)?,
            None => "fixed_sum",
        };
        let over = match kind {
            "load_existing" => {
                let wanted = "the file or folder of input_requests_traces.json";
                let path = entry.need("path", notes, wanted)?;
                return path.text(notes, wanted).map(|path| LoadRule::Existing(PathBuf::from(path)));
            }
            "clipped" | "sinusoidal" => {
                // The README nests the limits in `values`; the program reads them directly.
                let nested = entry.get("values").filter(|values| values.value.is_object());
                let home = nested.as_ref().filter(|_| entry.get("min").is_none()).unwrap_or(entry);
                let wanted = "requests per second, 0 or more";
                let draw = |name: &str, notes: &mut Notes| {
                    Draw::read(&home.need(name, notes, "a draw of the nodes' limits")?, notes, wanted, |v| v >= 0.0)
                };
                let (min, max) = (draw("min", notes), draw("max", notes));
                let (min, max) = (min?, max?);
                if max.range().1 <= 0.0 {
                    let key = format!("{}.max", home.key);
                    notes.complain(key, "0", "a greatest load above 0, because nothing would arrive");
                } else if min.range().0 > max.range().1 {
                    let found = format!("min from {} above max up to {}", min.range().0, max.range().1);
                    notes.complain(home.key.clone(), found, "least loads below greatest loads");
                }
                let clipped = kind == "clipped";
                return Some(if clipped { LoadRule::Clipped { min, max } } else { LoadRule::Sinusoidal { min, max } });
            }
            "fixed_sum" => Over::Mean,
            "fixed_sum_min" => Over::Min,
            "fixed_sum_max" => Over::Max,
            "fixed_sum_minmax" => Over::MinMax,
            _ => {
                entry.get("trace_type")?.complain(notes, kinds);
                return None;
            }
        };
        let wanted = "[\"auto\"] or a total per function";
        let values = entry.need("values", notes, wanted)?;
        let list = values.list(notes)?;
        if list.len() == 1 && list[0].value == "auto" {
            return Some(LoadRule::FixedSum { total: Total::Auto, over });
        }
        let list = match functions {
            Some(functions) => values.list_of(functions, "function", notes)?,
            None => list,
        };
        let above = "requests per second above 0, or [\"auto\"]";
        let totals: Vec<_> = list.iter().map(|entry| entry.number(notes, above, |v| v > 0.0)).collect();
        Some(LoadRule::FixedSum { total: Total::Values(totals.into_iter().collect::<Option<_>>()?), over })
    }
}

/// What the loads of each node and function are brought to, node-major.
#[derive(Clone, Debug, PartialEq)]
pub enum Bounds {
    /// The share of a total, from which the total is taken.
    Shares(Vec<f64>),
    /// Least and greatest load.
    Spans(Vec<(f64, f64)>),
    /// The trace was read.
    None,
}

impl LoadRule {
    /// The bounds for an instance; draws are function-major, least before greatest for each node.
    pub fn bounds(&self, instance: &Instance, streams: &Streams) -> Bounds {
        match self {
            LoadRule::Existing(_) => Bounds::None,
            LoadRule::Clipped { min, max } | LoadRule::Sinusoidal { min, max } => {
                let mut rng = streams.stream("fralb", "load limits");
                let mut spans = vec![(0.0, 0.0); instance.nodes * instance.functions];
                for f in 0..instance.functions {
                    for n in 0..instance.nodes {
                        spans[instance.at(n, f)] = (min.real(&mut rng), max.real(&mut rng));
                    }
                }
                Bounds::Spans(spans)
            }
            LoadRule::FixedSum { total: Total::Values(values), .. } => {
                Bounds::Shares(values.iter().copied().cycle().take(instance.nodes * instance.functions).collect())
            }
            LoadRule::FixedSum { total: Total::Auto, .. } => {
                Bounds::Shares(instance.cells().map(|(n, f)| automatic_share(instance, n, f)).collect())
            }
        }
    }

    /// A trace of `steps` samples, node-major in each; with `whole` loads truncated to whole requests.
    /// The caller has read existing traces before.
    pub fn trace(
        &self,
        instance: &Instance,
        bounds: &Bounds,
        steps: usize,
        whole: bool,
        streams: &Streams,
    ) -> Vec<Vec<f64>> {
        let cells = instance.nodes * instance.functions;
        let mut trace = vec![vec![0.0; cells]; steps];
        for f in 0..instance.functions {
            let waves: Vec<Vec<f64>> = (0..instance.nodes)
                .map(|n| wave(steps, &mut streams.stream("fralb", &format!("load of function {f} at node {n}"))))
                .collect();
            let loads: Vec<Vec<f64>> = match (self, bounds) {
                (LoadRule::FixedSum { over, .. }, Bounds::Shares(shares)) => {
                    let of_function: Vec<f64> = (0..instance.nodes).map(|n| shares[instance.at(n, f)]).collect();
                    fixed_sum(&waves, over.total(&of_function, f))
                }
                (LoadRule::Sinusoidal { .. }, Bounds::Spans(spans)) => {
                    let rescaled = |(n, wave): (usize, &Vec<f64>)| {
                        let (lo, hi) = spans[instance.at(n, f)];
                        rescale(wave, lo, hi)
                    };
                    waves.iter().enumerate().map(rescaled).collect()
                }
                (_, Bounds::Spans(spans)) => {
                    let clipped = |(n, wave): (usize, &Vec<f64>)| {
                        let (lo, hi) = spans[instance.at(n, f)];
                        clip(wave, lo, hi)
                    };
                    waves.iter().enumerate().map(clipped).collect()
                }
                _ => unreachable!("a rule has the bounds of its kind"),
            };
            for (n, loads) in loads.iter().enumerate() {
                for (t, &load) in loads.iter().enumerate() {
                    let load = load.max(0.0);
                    trace[t][instance.at(n, f)] = if whole { load.trunc() } else { load };
                }
            }
        }
        trace
    }
}

impl Over {
    fn total(self, shares: &[f64], function: usize) -> f64 {
        let least = shares.iter().copied().fold(f64::INFINITY, f64::min);
        let greatest = shares.iter().copied().fold(0.0, f64::max);
        match self {
            Over::Mean => shares.iter().sum::<f64>() / shares.len() as f64,
            Over::Min => least,
            Over::Max => greatest,
            Over::MinMax if function.is_multiple_of(2) => least,
            Over::MinMax => greatest,
        }
    }
}

/// What a node would carry if a function owned its part of all memory; their mean over nodes is the automatic total.
pub fn automatic_share(instance: &Instance, node: usize, function: usize) -> f64 {
    let replicas = instance.memory_capacity[node] as f64 / instance.memory_requirement[function] as f64;
    let per_function = instance.nodes as f64 / instance.functions as f64;
    (round3(replicas * instance.replica_capacity(node, function) * per_function) - 1.0).max(0.0)
}

/// The base wave before it is brought anywhere.
fn wave(steps: usize, rng: &mut Rng) -> Vec<f64> {
    let periods = [(); 3].map(|()| 15.0 + 85.0 * rng.uniform());
    let block = (steps / 3).max(1);
    let sample = |t: usize| {
        let period = periods[t / block % 3];
        100.0 + 50.0 * libm::sin(TAU * t as f64 / period) + 0.1 * 50.0 * rng.normal()
    };
    (0..steps).map(sample).collect()
}

/// Each sample's loads in proportion, rounded, so that they sum to `total`; in equal parts where all are 0.
pub fn fixed_sum(waves: &[Vec<f64>], total: f64) -> Vec<Vec<f64>> {
    let steps = waves.first().map_or(0, Vec::len);
    let sums: Vec<f64> = (0..steps).map(|t| waves.iter().map(|wave| wave[t]).sum()).collect();
    let share = |base: f64, sum: f64| if sum == 0.0 { total / waves.len() as f64 } else { base / sum * total };
    waves.iter().map(|wave| wave.iter().zip(&sums).map(|(&base, &sum)| round3(share(base, sum))).collect()).collect()
}

/// The wave stretched so that its least value is `lo` and its greatest `hi`.
pub fn rescale(wave: &[f64], lo: f64, hi: f64) -> Vec<f64> {
    let least = wave.iter().copied().fold(f64::INFINITY, f64::min);
    let greatest = wave.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let slope = if greatest > least { (hi - lo) / (greatest - least) } else { 0.0 };
    wave.iter().map(|&base| round3(lo + (base - least) * slope)).collect()
}

/// The wave cut off below `lo` and above `hi`.
pub fn clip(wave: &[f64], lo: f64, hi: f64) -> Vec<f64> {
    wave.iter().map(|&base| base.max(lo).min(hi)).collect()
}

/// Reads `{"f": {"n": [loads]}}` for that many nodes and functions.
///
/// # Errors
/// All complaints: missing nodes, fewer than 3 samples, traces of different length, loads below 0.
pub fn read_trace(text: &str, nodes: usize, functions: usize) -> Result<Vec<Vec<f64>>, Complaints> {
    let value = parse_json(text)?;
    let root = Entry::root(&value);
    let mut notes = Notes::default();
    let mut trace: Vec<Vec<f64>> = Vec::new();
    root.object(&mut notes);
    for f in 0..functions {
        let Some(of_function) = root.need(&f.to_string(), &mut notes, "the traces of a function") else { continue };
        for n in 0..nodes {
            let Some(entry) = of_function.need(&n.to_string(), &mut notes, "the trace of a node") else { continue };
            let Some(samples) = entry.list(&mut notes) else { continue };
            if trace.is_empty() {
                trace = vec![vec![0.0; nodes * functions]; samples.len()];
            }
            if samples.len() != trace.len() || samples.len() < 3 {
                let wanted = format!("a list of at least 3 loads, {} as in the first trace", trace.len().max(3));
                notes.complain(entry.key, format!("a list of {}", samples.len()), wanted);
                continue;
            }
            for (t, sample) in samples.iter().enumerate() {
                let load = sample.number(&mut notes, "requests per second, 0 or more", |v| v >= 0.0);
                trace[t][n * functions + f] = load.unwrap_or(0.0);
            }
        }
    }
    notes.verdict(Some(trace)).map(|(trace, _)| trace)
}

/// Writes a trace as [`read_trace`] reads it.
pub fn write_trace(trace: &[Vec<f64>], nodes: usize, functions: usize) -> String {
    let of = |f: usize, n: usize| trace.iter().map(|loads| loads[n * functions + f]).collect::<Vec<f64>>();
    let of_function = |f: usize| (0..nodes).map(|n| (n.to_string(), json!(of(f, n)))).collect::<Map<_, _>>();
    Value::Object((0..functions).map(|f| (f.to_string(), of_function(f).into())).collect()).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::instance::tests::two_nodes;
    use super::*;

    #[test]
    fn each_rule_keeps_what_it_promises() {
        let instance = two_nodes();
        let streams = Streams::new(1, 0);
        let point = |v| Draw::Range { min: v, max: v };
        let make =
            |rule: &LoadRule, whole| rule.trace(&instance, &rule.bounds(&instance, &streams), 40, whole, &streams);
        let clipped = make(&LoadRule::Clipped { min: point(90.0), max: point(110.0) }, false);
        assert!(clipped.iter().flatten().all(|load| (90.0..=110.0).contains(load)));
        let waves = make(&LoadRule::Sinusoidal { min: point(5.0), max: point(50.0) }, false);
        let first: Vec<f64> = waves.iter().map(|loads| loads[0]).collect();
        assert_eq!(first.iter().copied().fold(f64::INFINITY, f64::min), 5.0);
        assert_eq!(first.iter().copied().fold(0.0, f64::max), 50.0);
        let total = Total::Values(vec![60.0]);
        let sums = make(&LoadRule::FixedSum { total: total.clone(), over: Over::Mean }, false);
        assert!(sums.iter().all(|loads| (loads.iter().sum::<f64>() - 60.0).abs() < 2e-3));
        let whole = make(&LoadRule::FixedSum { total, over: Over::Max }, true);
        assert!(whole.iter().flatten().all(|load| load.fract() == 0.0));
        let auto = LoadRule::FixedSum { total: Total::Auto, over: Over::MinMax };
        // Four and one replicas of 2 requests per second, twice as much because one function has both nodes' memory.
        assert_eq!(auto.bounds(&instance, &streams), Bounds::Shares(vec![15.0, 3.0]));
        assert!((make(&auto, false)[0].iter().sum::<f64>() - 3.0).abs() < 2e-3);
    }

    #[test]
    fn a_trace_survives_its_file_and_a_bad_one_is_refused() {
        let trace = vec![vec![1.0, 2.5], vec![0.0, 4.0], vec![3.0, 5.0]];
        assert_eq!(read_trace(&write_trace(&trace, 2, 1), 2, 1), Ok(trace));
        for (text, part) in [
            (r#"{"0": {"0": [1, 2, 3]}}"#, "0.1: found nothing"),
            (r#"{"0": {"0": [1, 2, 3], "1": [1, 2]}}"#, "0.1: found a list of 2"),
            (r#"{"0": {"0": [1, 2, -3], "1": [1, 2, 3]}}"#, "0.0[2]: found -3"),
            (r#"{"0": {"0": [1], "1": [1]}}"#, "at least 3"),
        ] {
            let complaints = read_trace(text, 2, 1).expect_err("bad").to_string();
            assert!(complaints.contains(part), "{complaints}");
        }
    }
}
