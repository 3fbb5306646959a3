//! A problem in numbers: prices and performances per timeslot, limits by index. What models are built from.
//!
//! Source: sections 1.1 and 2 of the specification. Differs from the original: its cost and performance helpers used
//! unconverted units; here everything is converted once, before any use.

use std::collections::BTreeMap;

use super::problem::Problem;

/// One class in numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Class {
    pub reserved: bool,
    /// Money for one machine during one timeslot.
    pub price: f64,
    pub cores: f64,
    /// Machines at one time, if limited.
    pub limit: Option<f64>,
    /// Machines that must be there (kept from the slot before, in guided planning).
    pub minimum: f64,
    /// Indices into [`Figures::sets`], ascending.
    pub sets: Vec<usize>,
    /// Requests that one machine serves in one timeslot, per application.
    pub performance: Vec<f64>,
}

/// The limits of one set, if it has any.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Set {
    pub vms: Option<f64>,
    pub cores: Option<f64>,
}

/// A problem without names and units.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    pub apps: usize,
    /// Reserved classes first, then on-demand ones.
    pub classes: Vec<Class>,
    pub sets: Vec<Set>,
    /// Per application, the greatest amount of which every performance is a whole multiple (`g_a` in the specification).
    /// `None` where the performances have none, or one so small that counting in it is of no use.
    pub quanta: Vec<Option<f64>>,
}

impl Figures {
    /// The problem must be free of faults.
    pub fn of(problem: &Problem) -> Self {
        let slot = problem.workloads[0].time_unit;
        let set = &problem.performances;
        let stated: BTreeMap<(&str, &str), f64> =
            set.values.iter().map(|entry| ((entry.class.id.as_str(), entry.app.id.as_str()), entry.value)).collect();
        let mut names: Vec<&str> = Vec::new();
        let mut sets = Vec::new();
        let mut classes = Vec::new();
        for class in problem.ordered_classes() {
            let mut members: Vec<usize> = Vec::new();
            for limits in &class.limiting_sets {
                let index = names.iter().position(|&name| name == limits.id).unwrap_or_else(|| {
                    names.push(&limits.id);
                    sets.push(Set { vms: limit(limits.max_vms), cores: limit(limits.max_cores) });
                    names.len() - 1
                });
                members.push(index);
            }
            members.sort_unstable();
            members.dedup();
            let per_slot = |app: &str| set.time_unit.per(stated[&(class.id.as_str(), app)], slot);
            classes.push(Class {
                reserved: class.is_reserved,
                price: class.time_unit.per(class.price, slot),
                cores: f64::from(class.cores),
                limit: limit(class.max_vms),
                minimum: 0.0,
                sets: members,
                performance: problem.apps().map(|app| per_slot(&app.id)).collect(),
            });
        }
        let quanta = problem.apps().map(|app| {
            let of_app: Vec<f64> =
                problem.ordered_classes().map(|class| stated[&(class.id.as_str(), app.id.as_str())]).collect();
            // Taken from the numbers of the file: a conversion of units must not blur what they are multiples of.
            decimal_gcd(&of_app).map(|gcd| set.time_unit.per(gcd, slot))
        });
        Self { apps: problem.workloads.len(), quanta: quanta.collect(), classes, sets }
    }

    /// How many classes are reserved; they stand first.
    pub fn reserved(&self) -> usize {
        self.classes.iter().take_while(|class| class.reserved).count()
    }

    /// The load of application `a` as what a plan must provide, in units of [`Self::row_unit`]. With a quantum, rounded up
    /// to a multiple of `k` quanta; every reachable capacity is a multiple of one, so `k` = 1 loses nothing.
    pub fn need(&self, a: usize, load: f64, k: Option<u32>) -> f64 {
        match (k, self.quanta[a]) {
            (Some(k), Some(quantum)) => multiples(load, quantum * f64::from(k)) * f64::from(k),
            _ => load / self.row_unit(a, k),
        }
    }

    /// The amount in which capacities of application `a` are counted: its quantum when counting in quanta, else its
    /// largest performance. Either keeps the coefficients of a model near 1.
    pub fn row_unit(&self, a: usize, k: Option<u32>) -> f64 {
        match (k, self.quanta[a]) {
            (Some(_), Some(quantum)) => quantum,
            _ => {
                let largest = self.classes.iter().map(|class| class.performance[a]).fold(0.0, f64::max);
                if largest > 0.0 { largest } else { 1.0 }
            }
        }
    }

    /// The performance of a class for application `a` in units of [`Self::row_unit`].
    pub fn weight(&self, class: &Class, a: usize, k: Option<u32>) -> f64 {
        let weight = class.performance[a] / self.row_unit(a, k);
        if k.is_some() && self.quanta[a].is_some() { weight.round() } else { weight }
    }

    /// Requests of application `a` that an allocation (`[application][class]`) serves in a slot.
    pub fn capacity(&self, counts: &[Vec<f64>], a: usize) -> f64 {
        counts[a].iter().zip(&self.classes).map(|(count, class)| count * class.performance[a]).sum()
    }

    /// Money for one slot of an allocation (`[application][class]`).
    pub fn cost(&self, counts: &[Vec<f64>]) -> f64 {
        let of_class = |i: usize| counts.iter().map(|row| row[i]).sum::<f64>();
        self.classes.iter().enumerate().map(|(i, class)| class.price * of_class(i)).sum()
    }

    /// The first limit that machines per class break, in words; `None` if all are kept.
    pub fn broken_limit(&self, totals: &[f64]) -> Option<String> {
        let over = |used: f64, limit: Option<f64>| limit.is_some_and(|limit| used > limit + 1e-6);
        for (i, (class, &total)) in self.classes.iter().zip(totals).enumerate() {
            if over(total, class.limit) || total < class.minimum - 1e-6 {
                return Some(format!("class {i}: {total} machines"));
            }
        }
        for (s, set) in self.sets.iter().enumerate() {
            let members = || self.classes.iter().zip(totals).filter(|(class, _)| class.sets.contains(&s));
            let vms: f64 = members().map(|(_, total)| total).sum();
            let cores: f64 = members().map(|(class, total)| class.cores * total).sum();
            if over(vms, set.vms) || over(cores, set.cores) {
                return Some(format!("limiting set {s}: {vms} machines, {cores} cores"));
            }
        }
        None
    }
}

/// Files write "no limit" as 0.
fn limit(max: u32) -> Option<f64> {
    (max > 0).then_some(f64::from(max))
}

/// How many times `quantum` covers `load`. A load that is a multiple but for its last digits is not pushed to the next.
fn multiples(load: f64, quantum: f64) -> f64 {
    let times = load / quantum;
    let nearest = times.round();
    if (times - nearest).abs() <= 1e-9 * nearest.max(1.0) { nearest } else { times.ceil() }
}

/// The greatest common divisor of the positive numbers, which may have up to nine decimals.
fn decimal_gcd(values: &[f64]) -> Option<f64> {
    let positive: Vec<f64> = values.iter().copied().filter(|&value| value > 0.0).collect();
    let largest = positive.iter().copied().fold(0.0, f64::max);
    for scale in (0..=9).map(|digits| 10f64.powi(digits)) {
        let whole = |value: f64| (value * scale - (value * scale).round()).abs() <= 1e-9 && value * scale >= 0.5;
        if largest * scale > 1e15 {
            return None;
        }
        if !positive.is_empty() && positive.iter().all(|&value| whole(value)) {
            let gcd = positive.iter().map(|value| (value * scale).round() as u64).fold(0, gcd);
            let quantum = gcd as f64 / scale;
            // Beyond a million quanta per machine the rounding saves no level and the coefficients only grow.
            return (largest / quantum <= 1e6).then_some(quantum);
        }
    }
    None
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quantum_is_the_greatest_common_divisor_of_decimals() {
        assert_eq!(decimal_gcd(&[12.0, 44.0, 0.0]), Some(4.0));
        assert_eq!(decimal_gcd(&[0.3, 0.45]), Some(0.15));
        assert_eq!(decimal_gcd(&[1.0 / 3.0]), None);
        assert_eq!(decimal_gcd(&[1.0, 2_000_003.0]), None);
        assert_eq!(decimal_gcd(&[0.0]), None);
    }

    #[test]
    fn loads_are_counted_in_quanta_without_being_pushed_up_by_rounding() {
        assert_eq!(multiples(0.3, 0.1), 3.0);
        assert_eq!(multiples(0.0, 0.1), 0.0);
        assert_eq!(multiples(30.01, 10.0), 4.0);
    }
}
