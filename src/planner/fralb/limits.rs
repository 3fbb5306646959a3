//! The part of a configuration that describes a family of instances: sizes, demands, memories, neighbourhoods, weights
//! and loads.
//!
//! Source: the field `limits` of DFaaSOptimizer's JSON configuration, README and program. Where the two disagree both
//! spellings are read: `type` and `demand_type`, load limits directly under `load` or nested in `values`.

use super::complaint::{Entry, Notes};
use super::draw::{self, Draw};
use super::load::LoadRule;
use super::weights::Weights;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A family of instances.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// A folder with an instance of which parts are kept; without it everything is drawn.
    pub existing: Option<PathBuf>,
    pub nodes: Option<(u64, u64)>,
    pub functions: Option<(u64, u64)>,
    pub neighborhood: Option<Neighborhood>,
    pub demand: Option<Demand>,
    pub memory_requirement: Option<Amount>,
    pub memory_capacity: Option<Capacity>,
    pub max_utilization: Option<Draw>,
    pub weights: Option<Weights>,
    pub load: Option<LoadRule>,
}

/// How nodes are linked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Neighborhood {
    /// Each pair with this probability.
    Probability(f64),
    /// Every node to just so many others, at random.
    Regular(u64),
}

/// d, and the factors by which larger nodes are faster.
#[derive(Clone, Debug, PartialEq)]
pub struct Demand {
    pub rule: Option<DemandRule>,
    /// Memory of a node, MB, to factor; demands are divided by it.
    pub speedup: BTreeMap<u64, f64>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum DemandRule {
    /// One per function.
    Values(Vec<f64>),
    /// One draw per function, the same on all nodes.
    Homogeneous(Draw),
    /// One draw per node and function.
    Heterogeneous(Draw),
}

/// MB, given or drawn.
#[derive(Clone, Debug, PartialEq)]
pub enum Amount {
    Values(Vec<u64>),
    Drawn(Draw),
}

/// W
#[derive(Clone, Debug, PartialEq)]
pub enum Capacity {
    Amount(Amount),
    /// (fraction of the nodes, MB), in order.
    Classes(Vec<(f64, u64)>),
}

impl Limits {
    pub fn read(entry: &Entry<'_>, notes: &mut Notes) -> Option<Limits> {
        entry.object(notes)?;
        entry.warn_unknown(
            &[
                "instance_type",
                "path",
                "Nn",
                "Nf",
                "neighborhood",
                "demand",
                "memory_requirement",
                "memory_capacity",
                "max_utilization",
                "weights",
                "load",
            ],
            notes,
        );
        let before = notes.complaints.len();
        let wanted = "\"random\" or \"load_existing\"";
        let kind = entry.get("instance_type").and_then(|kind| kind.text(notes, wanted).map(|text| (kind, text)));
        let existing = match kind {
            Some((_, "load_existing")) => {
                let path = entry.need("path", notes, "the folder of an instance")?;
                Some(PathBuf::from(path.text(notes, "the folder of an instance")?))
            }
            Some((kind, other)) if other != "random" => {
                kind.complain(notes, wanted);
                None
            }
            _ => None,
        };
        let random = existing.is_none();
        let part = |name: &str, notes: &mut Notes| match random {
            true => entry.need(name, notes, "an object, because instances are drawn at random"),
            false => entry.get(name),
        };
        let size = |name: &str, notes: &mut Notes| part(name, notes).and_then(|entry| size_range(&entry, notes));
        let nodes = size("Nn", notes);
        let functions = size("Nf", notes);
        let fixed = |range: Option<(u64, u64)>| range.filter(|(min, max)| min == max).map(|(min, _)| min as usize);
        let (n, f) = (fixed(nodes), fixed(functions));
        let neighborhood = part("neighborhood", notes).and_then(|entry| Neighborhood::read(&entry, nodes, notes));
        let memory_requirement =
            part("memory_requirement", notes).and_then(|entry| Amount::read(&entry, 1, f, "function", notes));
        let memory_capacity = part("memory_capacity", notes).and_then(|entry| Capacity::read(&entry, n, notes));
        let demand =
            part("demand", notes).and_then(|entry| Demand::read(&entry, f, random, memory_capacity.as_ref(), notes));
        let utilization = "a utilisation above 0 and at most 1";
        let max_utilization = part("max_utilization", notes)
            .and_then(|entry| Draw::read(&entry, notes, utilization, |v| v > 0.0 && v <= 1.0));
        let weights = part("weights", notes).and_then(|entry| Weights::read(&entry, notes));
        let load = entry.need("load", notes, "an object").and_then(|entry| LoadRule::read(&entry, f, notes));
        if let (Some(requirement), Some(capacity)) = (&memory_requirement, &memory_capacity) {
            let (least, most) = (requirement.range().0, capacity.greatest());
            if least > most {
                let found = format!("at least {least} MB where the largest node has {most}");
                notes.complain(format!("{}.memory_requirement", entry.key), found, "functions that fit on some node");
            }
        }
        let limits = Limits {
            existing,
            nodes,
            functions,
            neighborhood,
            demand,
            memory_requirement,
            memory_capacity,
            max_utilization,
            weights,
            load,
        };
        (notes.complaints.len() == before).then_some(limits)
    }
}

/// `{min, max}` of a number of nodes or functions; `values` alone stands for its least and greatest.
fn size_range(entry: &Entry<'_>, notes: &mut Notes) -> Option<(u64, u64)> {
    entry.object(notes)?;
    entry.warn_unknown(&["min", "max", "values", "step"], notes);
    let wanted = "a whole number of at least 1";
    if entry.get("min").is_none()
        && let Some(values) = entry.get("values")
    {
        let list = values.list(notes)?;
        let values: Option<Vec<u64>> = list.iter().map(|entry| entry.whole(notes, 1, wanted)).collect();
        let values = values?;
        return Some((*values.iter().min()?, *values.iter().max()?));
    }
    let end = |name: &str, notes: &mut Notes| entry.need(name, notes, wanted)?.whole(notes, 1, wanted);
    let (min, max) = (end("min", notes), end("max", notes));
    let (min, max) = (min?, max?);
    if min > max {
        notes.complain(entry.key.clone(), format!("min {min} above max {max}"), "min at most max");
        return None;
    }
    Some((min, max))
}

impl Neighborhood {
    fn read(entry: &Entry<'_>, nodes: Option<(u64, u64)>, notes: &mut Notes) -> Option<Neighborhood> {
        entry.object(notes)?;
        entry.warn_unknown(&["p", "k", "allow_disconnected"], notes);
        let never_joined = "a network that can be connected, or allow_disconnected: true";
        let allowed = entry.get("allow_disconnected").and_then(|entry| entry.truth(notes)).unwrap_or(false);
        let (least, most) = nodes.unwrap_or((1, 1));
        match (entry.get("p"), entry.get("k")) {
            (Some(p), None) => {
                let probability = p.number(notes, "a probability from 0 to 1", |v| (0.0..=1.0).contains(&v))?;
                if probability == 0.0 && most > 1 && !allowed {
                    p.complain(notes, never_joined);
                }
                Some(Neighborhood::Probability(probability))
            }
            (None, Some(k)) => {
                let degree = k.whole(notes, 0, "a whole number of neighbours")?;
                if degree >= least && degree > 0 && nodes.is_some() {
                    k.complain(notes, &format!("fewer neighbours than the {least} nodes"));
                } else if least == most && degree * least % 2 == 1 {
                    k.complain(notes, &format!("an even product of neighbours and nodes ({degree} x {least} is odd)"));
                } else if (degree == 0 && most > 1 || degree == 1 && most > 2) && !allowed {
                    k.complain(notes, never_joined);
                }
                Some(Neighborhood::Regular(degree))
            }
            _ => {
                entry.complain(notes, "either p (a probability) or k (neighbours of each node)");
                None
            }
        }
    }
}

impl Demand {
    fn read(
        entry: &Entry<'_>,
        functions: Option<usize>,
        random: bool,
        capacity: Option<&Capacity>,
        notes: &mut Notes,
    ) -> Option<Demand> {
        entry.object(notes)?;
        let known = [&draw::KEYS[..], &["type", "demand_type", "speedup_factors"]].concat();
        entry.warn_unknown(&known, notes);
        let mut speedup = BTreeMap::new();
        if let Some(factors) = entry.get("speedup_factors") {
            for (name, factor) in factors.members(notes) {
                let value = factor.number(notes, "a factor above 0", |v| v > 0.0)?;
                match name.trim().parse::<u64>() {
                    Ok(memory) => drop(speedup.insert(memory, value)),
                    Err(_) => notes.complain(factor.key, name, "a memory in whole MB as the name of the factor"),
                }
            }
            match capacity {
                Some(Capacity::Classes(classes)) => {
                    for (_, memory) in classes.iter().filter(|(_, memory)| !speedup.contains_key(memory)) {
                        let wanted = format!("a factor for the nodes of {memory} MB");
                        notes.complain(format!("{}.{memory}", factors.key), "nothing", wanted);
                    }
                }
                Some(_) => notes.warn(format!("{}: ignored, memory_capacity has no repeated_values", factors.key)),
                None => {}
            }
        }
        let kinds = "\"homogeneous\" or \"heterogeneous\"";
        let kind = entry.get("type").or_else(|| entry.get("demand_type"));
        let heterogeneous = match &kind {
            Some(kind) => match kind.text(notes, kinds)? {
                "homogeneous" => false,
                "heterogeneous" => true,
                _ => {
                    kind.complain(notes, kinds);
                    return None;
                }
            },
            None => false,
        };
        let seconds = "seconds above 0";
        let rule = if let Some(values) = entry.get("values") {
            let list = match functions {
                Some(functions) => values.list_of(functions, "function", notes)?,
                None => values.list(notes)?,
            };
            if heterogeneous {
                values.complain(notes, "no values together with heterogeneous demands");
            }
            let values: Vec<_> = list.iter().map(|entry| entry.number(notes, seconds, |v| v > 0.0)).collect();
            Some(DemandRule::Values(values.into_iter().collect::<Option<_>>()?))
        } else if random || draw::KEYS.iter().any(|key| entry.get(key).is_some()) {
            let draw = Draw::read(entry, notes, seconds, |v| v > 0.0)?;
            Some(if heterogeneous { DemandRule::Heterogeneous(draw) } else { DemandRule::Homogeneous(draw) })
        } else {
            None
        };
        Some(Demand { rule, speedup })
    }
}

impl Amount {
    fn read(entry: &Entry<'_>, least: u64, length: Option<usize>, per: &str, notes: &mut Notes) -> Option<Amount> {
        entry.object(notes)?;
        let wanted = format!("whole MB of at least {least}");
        let Some(values) = entry.get("values") else {
            let holds = |v: f64| v.fract() == 0.0 && v >= least as f64;
            return Draw::read(entry, notes, &wanted, holds).map(Amount::Drawn);
        };
        let list = match length {
            Some(length) => values.list_of(length, per, notes)?,
            None => values.list(notes)?,
        };
        let values: Vec<_> = list.iter().map(|entry| entry.whole(notes, least, &wanted)).collect();
        values.into_iter().collect::<Option<Vec<u64>>>().map(Amount::Values)
    }

    fn range(&self) -> (u64, u64) {
        match self {
            Amount::Values(values) => {
                (values.iter().min().copied().unwrap_or(0), values.iter().max().copied().unwrap_or(0))
            }
            Amount::Drawn(draw) => (draw.range().0 as u64, draw.range().1 as u64),
        }
    }
}

impl Capacity {
    fn read(entry: &Entry<'_>, nodes: Option<usize>, notes: &mut Notes) -> Option<Capacity> {
        entry.object(notes)?;
        entry.warn_unknown(&[&draw::KEYS[..], &["repeated_values"]].concat(), notes);
        let Some(classes) = entry.get("repeated_values") else {
            return Amount::read(entry, 1, nodes, "node", notes).map(Capacity::Amount);
        };
        let mut read = Vec::new();
        for class in classes.list(notes)? {
            let pair = class.list_of(2, "fraction and MB", notes)?;
            let fraction = pair[0].number(notes, "a fraction from 0 to 1", |v| (0.0..=1.0).contains(&v))?;
            read.push((fraction, pair[1].whole(notes, 1, "whole MB of at least 1")?));
        }
        let sum: f64 = read.iter().map(|class| class.0).sum();
        if read.is_empty() || sum > 1.0 + 1e-9 {
            let found = format!("{} classes, fractions summing to {sum}", read.len());
            notes.complain(classes.key, found, "at least one class, fractions summing to at most 1");
            return None;
        }
        Some(Capacity::Classes(read))
    }

    fn greatest(&self) -> u64 {
        match self {
            Capacity::Amount(amount) => amount.range().1,
            Capacity::Classes(classes) => classes.iter().map(|class| class.1).max().unwrap_or(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::complaint::parse_json;
    use super::*;

    const GOOD: &str = r#"{"Nn": {"min": 4, "max": 4}, "Nf": {"min": 2, "max": 2}, "neighborhood": {"k": 2},
        "demand": {"values": [0.3, 0.2], "speedup_factors": {"4096": 0.5, "8192": 1.0}},
        "memory_requirement": {"values_from": [128, 512]},
        "memory_capacity": {"repeated_values": [[0.5, 4096], [0.5, 8192]]}, "max_utilization": {"min": 0.8, "max": 0.8},
        "weights": {"alpha": {"min": 1, "max": 1}, "beta_multiplier": {"min": 0.9, "max": 0.9},
                    "gamma": {"min": 0.1, "max": 0.1}, "delta_multiplier": {"min": 0.9, "max": 1}},
        "load": {"trace_type": "fixed_sum", "values": ["auto"]}}"#;

    fn read(text: &str) -> (Option<Limits>, Notes) {
        let value = parse_json(text).expect("this is JSON");
        let mut notes = Notes::default();
        let limits = Limits::read(&Entry::root(&value), &mut notes);
        (limits, notes)
    }

    #[test]
    fn both_spellings_mean_the_same() {
        let flat = r#""load": {"trace_type": "clipped", "min": {"min": 1, "max": 2}, "max": {"min": 5, "max": 9}}}"#;
        let nested = r#""load": {"trace_type": "clipped", "values": {"min": {"min": 1, "max": 2}, "max": {"min": 5, "max": 9}}}}"#;
        let auto = r#""load": {"trace_type": "fixed_sum", "values": ["auto"]}}"#;
        let (one, other) = (read(&GOOD.replace(auto, flat)), read(&GOOD.replace(auto, nested)));
        assert!(one.0.is_some() && one == other, "{one:?}");
        let drawn = |name: &str| {
            let kind = format!(r#""demand": {{"min": 1, "max": 2, "{name}": "heterogeneous", "speedup_factors""#);
            read(&GOOD.replace(r#""demand": {"values": [0.3, 0.2], "speedup_factors""#, &kind))
        };
        assert!(matches!(
            drawn("type").0.and_then(|limits| limits.demand).and_then(|demand| demand.rule),
            Some(DemandRule::Heterogeneous(_))
        ));
        assert_eq!(drawn("type"), drawn("demand_type"));
    }

    #[test]
    fn an_unknown_field_is_a_warning_not_a_complaint() {
        let (limits, notes) = read(&GOOD.replace(r#""Nn""#, r#""colour": "red", "Nn""#));
        assert!(limits.is_some());
        assert!(notes.warnings[0].starts_with("colour: unknown field"), "{:?}", notes.warnings);
    }
}
