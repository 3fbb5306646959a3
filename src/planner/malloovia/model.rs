//! The mixed-integer programmes of the planner.
//!
//! Source: GECON 2017, section 3.3; specification, sections 3 and 4.2. The letters P, C, V and K of the row names are
//! those of the specification. Differs from the original: limits that no plan can reach are left out, those that do not
//! depend on the level are written once, and every variable has the upper bound that a sensible plan keeps anyway.

use super::figures::{Class, Figures};
use crate::solve::milp::{Programme, Relation, Sense, Var};

/// Terms of machines: a variable and the class it counts.
type Machines = Vec<(Var, usize)>;

/// Phase I: reserved machines for the period, on-demand machines per level.
pub struct PhaseOneModel {
    pub programme: Programme,
    /// `[application][reserved class]`; with sharing one row for all applications.
    reserved: Vec<Vec<Option<Var>>>,
    /// `[level][application][class]`.
    levels: Vec<Vec<Vec<Option<Var>>>>,
}

/// What Phase I is built from beside the figures.
pub struct Demand<'a> {
    /// `[level][application]`, in units of [`Figures::row_unit`].
    pub needs: &'a [Vec<f64>],
    pub repeats: &'a [u64],
    /// The rounding that `needs` and the weights are counted in.
    pub rounding: Option<u32>,
    pub integer: bool,
    pub shared: bool,
}

impl PhaseOneModel {
    pub fn new(figures: &Figures, demand: &Demand<'_>) -> Self {
        let mut programme = Programme::minimise();
        let slots: u64 = demand.repeats.iter().sum();
        let (apps, of_reserved) = (figures.apps, figures.reserved());
        let add = |programme: &mut Programme, name: String, upper: f64, cost: f64| {
            if demand.integer {
                programme.integer(name, 0.0, upper, cost)
            } else {
                programme.continuous(name, 0.0, upper, cost)
            }
        };
        // A class never needs more machines than serve the greatest load alone.
        let most = |a: usize, i: usize| {
            let greatest = demand.needs.iter().map(|need| need[a]).fold(0.0, f64::max);
            machines_for(figures, &figures.classes[i], a, greatest, demand.rounding)
        };
        let rows = if demand.shared { 1 } else { apps };
        let mut reserved = vec![vec![None; of_reserved]; rows];
        for (a, row) in reserved.iter_mut().enumerate() {
            for (i, var) in row.iter_mut().enumerate() {
                let class = &figures.classes[i];
                let upper = if demand.shared { (0..apps).map(|a| most(a, i)).sum() } else { most(a, i) };
                let name = if demand.shared { format!("R_c{i}") } else { format!("Y_a{a}_c{i}") };
                *var = (upper > 0.0).then(|| {
                    add(
                        &mut programme,
                        name,
                        ceiling(figures, class, upper, demand.integer),
                        slots as f64 * class.price,
                    )
                });
            }
        }
        let mut levels = Vec::with_capacity(demand.needs.len());
        for (l, (need, &repeats)) in demand.needs.iter().zip(demand.repeats).enumerate() {
            let mut vars = vec![vec![None; figures.classes.len()]; apps];
            for (a, row) in vars.iter_mut().enumerate() {
                for (i, class) in figures.classes.iter().enumerate() {
                    let alone = machines_for(figures, class, a, need[a], demand.rounding);
                    let upper = ceiling(figures, class, alone, demand.integer);
                    let cost = if class.reserved { 0.0 } else { repeats as f64 * class.price };
                    row[i] = match (class.reserved, demand.shared) {
                        (true, false) => reserved[a][i],
                        _ if upper > 0.0 => Some(add(&mut programme, format!("X_a{a}_c{i}_l{l}"), upper, cost)),
                        _ => None,
                    };
                }
            }
            levels.push(vars);
        }
        let mut model = Self { programme, reserved, levels };
        model.add_rows(figures, demand);
        model
    }

    fn add_rows(&mut self, figures: &Figures, demand: &Demand<'_>) {
        let of_reserved = figures.reserved();
        let bought: Machines = machines(&self.reserved, 0..of_reserved);
        for (l, need) in demand.needs.iter().enumerate() {
            for (a, &need) in need.iter().enumerate() {
                let terms: Vec<(Var, f64)> = (0..figures.classes.len())
                    .filter_map(|i| {
                        Some((self.levels[l][a][i]?, figures.weight(&figures.classes[i], a, demand.rounding)))
                    })
                    .collect();
                if need > 0.0 {
                    self.programme.row(format!("P_a{a}_l{l}"), &terms, Relation::AtLeast, need);
                }
            }
            if demand.shared {
                for i in 0..of_reserved {
                    let mut terms: Vec<(Var, f64)> =
                        self.levels[l].iter().filter_map(|row| row[i]).map(|var| (var, 1.0)).collect();
                    terms.extend(self.reserved[0][i].map(|var| (var, -1.0)));
                    self.programme.row(format!("R_c{i}_l{l}"), &terms, Relation::AtMost, 0.0);
                }
            }
            let rented = machines(&self.levels[l], of_reserved..figures.classes.len());
            add_limits(&mut self.programme, figures, &bought, &rented, l);
        }
        if demand.needs.is_empty() {
            add_limits(&mut self.programme, figures, &bought, &Vec::new(), 0);
        }
    }

    /// Reserved machines per class, of all applications.
    pub fn reserved_totals(&self, values: &[f64]) -> Vec<f64> {
        let of_class = |i: usize| self.reserved.iter().filter_map(|row| row[i]).map(|var| values[var.index()]).sum();
        (0..self.reserved[0].len()).map(of_class).collect()
    }

    /// Machines of level `l`: `[application][class]`.
    pub fn counts(&self, l: usize, values: &[f64]) -> Vec<Vec<f64>> {
        read(&self.levels[l], values)
    }
}

/// One slot: machines per application and class at least cost, under every limit.
pub struct SlotModel {
    pub programme: Programme,
    vars: Vec<Vec<Option<Var>>>,
    /// Thousandths of its load that each application is served, in best-effort models.
    served: Vec<Option<Var>>,
}

impl SlotModel {
    /// The whole load is served; `needs` in units of [`Figures::row_unit`].
    pub fn full(figures: &Figures, needs: &[f64], rounding: Option<u32>) -> Self {
        let mut model = Self::machines(figures, |class, a| machines_for(figures, class, a, needs[a], rounding));
        for (a, &need) in needs.iter().enumerate().filter(|(_, need)| **need > 0.0) {
            let terms = model.terms(a, |i| figures.weight(&figures.classes[i], a, rounding));
            model.programme.row(format!("P_a{a}"), &terms, Relation::AtLeast, need);
        }
        model
    }

    /// As much of the load as possible. Fractions are counted in thousandths, so that the solver's absolute tolerance
    /// of a millionth is a billionth of a load.
    pub fn served(figures: &Figures, loads: &[f64]) -> Self {
        let mut model = Self::machines(figures, |class, a| {
            machines_for(figures, class, a, loads[a] / figures.row_unit(a, None), None)
        });
        for var in model.vars.iter().flatten().flatten() {
            model.programme.set_cost(*var, 0.0);
        }
        model.programme.set_sense(Sense::Maximise);
        for (a, &load) in loads.iter().enumerate().filter(|(_, load)| **load > 0.0) {
            let fraction = model.programme.continuous(format!("S_a{a}"), 0.0, 1000.0, 1.0);
            let mut terms = model.terms(a, |i| -1000.0 * figures.classes[i].performance[a] / load);
            terms.push((fraction, 1.0));
            model.programme.row(format!("P_a{a}"), &terms, Relation::AtMost, 0.0);
            model.served[a] = Some(fraction);
        }
        model
    }

    /// The same, now at least cost while `thousandths` are served in sum.
    pub fn cheapest(mut self, figures: &Figures, thousandths: f64) -> Self {
        self.programme.set_sense(Sense::Minimise);
        for row in &self.vars {
            for (var, class) in row.iter().zip(&figures.classes) {
                var.iter().for_each(|&var| self.programme.set_cost(var, class.price));
            }
        }
        let served: Vec<Var> = self.served.iter().flatten().copied().collect();
        served.iter().for_each(|&var| self.programme.set_cost(var, 0.0));
        let terms: Vec<(Var, f64)> = served.into_iter().map(|var| (var, 1.0)).collect();
        self.programme.row("served", &terms, Relation::AtLeast, thousandths);
        self
    }

    /// The original's best effort: capacity relative to load is maximised and may not exceed the load; every reserved
    /// machine (the limit of a reserved class in the figures of a slot) must be placed. Loads must be positive.
    pub fn legacy(figures: &Figures, loads: &[f64]) -> Self {
        let placeable = |class: &Class, a: usize| class.reserved || class.performance[a] > 0.0;
        let mut model = Self::machines(figures, |class, a| if placeable(class, a) { f64::INFINITY } else { 0.0 });
        model.programme.set_sense(Sense::Maximise);
        for (a, &load) in loads.iter().enumerate() {
            for var in model.vars[a].iter().flatten() {
                model.programme.set_cost(*var, 0.0);
            }
            let terms = model.terms(a, |i| 1000.0 * figures.classes[i].performance[a] / load);
            terms.iter().for_each(|&(var, weight)| model.programme.set_cost(var, weight));
            model.programme.row(format!("P_a{a}"), &terms, Relation::AtMost, 1000.0);
        }
        for (i, class) in figures.classes.iter().enumerate().filter(|(_, class)| class.reserved) {
            let all: Vec<(Var, f64)> = model.vars.iter().filter_map(|row| row[i]).map(|var| (var, 1.0)).collect();
            model.programme.row(format!("F_c{i}"), &all, Relation::Equal, class.limit.unwrap_or(0.0));
        }
        model
    }

    fn machines(figures: &Figures, upper: impl Fn(&Class, usize) -> f64) -> Self {
        let mut programme = Programme::minimise();
        let mut vars = vec![vec![None; figures.classes.len()]; figures.apps];
        for (a, row) in vars.iter_mut().enumerate() {
            for (i, class) in figures.classes.iter().enumerate() {
                // A machine that must be there may be more than the load needs.
                let upper = ceiling(figures, class, upper(class, a).max(class.minimum), true);
                row[i] = (upper > 0.0).then(|| programme.integer(format!("X_a{a}_c{i}"), 0.0, upper, class.price));
            }
        }
        let mut model = Self { programme, vars, served: vec![None; figures.apps] };
        let all = machines(&model.vars, 0..figures.classes.len());
        for (i, class) in figures.classes.iter().enumerate().filter(|(_, class)| class.minimum > 0.0) {
            let terms: Vec<(Var, f64)> = all.iter().filter(|term| term.1 == i).map(|term| (term.0, 1.0)).collect();
            model.programme.row(format!("F_c{i}"), &terms, Relation::AtLeast, class.minimum);
        }
        add_limits(&mut model.programme, figures, &Vec::new(), &all, 0);
        model
    }

    fn terms(&self, a: usize, weight: impl Fn(usize) -> f64) -> Vec<(Var, f64)> {
        self.vars[a]
            .iter()
            .enumerate()
            .filter_map(|(i, var)| Some(((*var)?, weight(i))))
            .filter(|term| term.1 != 0.0)
            .collect()
    }

    /// `[application][class]`.
    pub fn counts(&self, values: &[f64]) -> Vec<Vec<f64>> {
        read(&self.vars, values)
    }
}

fn read(vars: &[Vec<Option<Var>>], values: &[f64]) -> Vec<Vec<f64>> {
    let value = |var: &Option<Var>| var.map_or(0.0, |var| values[var.index()]);
    vars.iter().map(|row| row.iter().map(value).collect()).collect()
}

fn machines(vars: &[Vec<Option<Var>>], classes: std::ops::Range<usize>) -> Machines {
    vars.iter().flat_map(|row| classes.clone().filter_map(|i| Some((row[i]?, i)))).collect()
}

/// Machines of a class that serve a need alone; 0 for a class that serves none of it.
fn machines_for(figures: &Figures, class: &Class, a: usize, need: f64, rounding: Option<u32>) -> f64 {
    let weight = figures.weight(class, a, rounding);
    if need <= 0.0 || weight <= 0.0 { 0.0 } else { (need / weight - 1e-9).ceil().max(1.0) }
}

/// `upper`, or the most machines that the limits of a class and its sets allow (of whole machines, if they are).
fn ceiling(figures: &Figures, class: &Class, upper: f64, integer: bool) -> f64 {
    let in_set = |&s: &usize| {
        let set = figures.sets[s];
        let by_cores = set.cores.map_or(f64::INFINITY, |cores| cores / class.cores);
        let by_cores = if integer { by_cores.floor() } else { by_cores };
        by_cores.min(set.vms.unwrap_or(f64::INFINITY))
    };
    let of_sets = class.sets.iter().map(in_set).fold(f64::INFINITY, f64::min);
    upper.min(class.limit.unwrap_or(f64::INFINITY)).min(of_sets)
}

/// The rows C, V and K of one level. Those on reserved machines alone are written with the first level only.
fn add_limits(programme: &mut Programme, figures: &Figures, bought: &Machines, rented: &Machines, l: usize) {
    let mut limit = |name: String, from: &[&Machines], weight: &dyn Fn(usize) -> f64, most: f64| {
        let terms: Vec<(Var, f64)> = from
            .iter()
            .flat_map(|machines| machines.iter())
            .map(|&(var, i)| (var, weight(i)))
            .filter(|term| term.1 > 0.0)
            .collect();
        let reach: f64 = terms.iter().map(|&(var, weight)| weight * programme.upper(var)).sum();
        if reach > most {
            programme.row(name, &terms, Relation::AtMost, most);
        }
    };
    let (both, first) = ([bought, rented], l == 0);
    for (i, class) in figures.classes.iter().enumerate() {
        if let Some(most) = class.limit {
            let of_class = |j: usize| if j == i { 1.0 } else { 0.0 };
            if rented.iter().any(|term| term.1 == i) || first {
                limit(format!("C_c{i}_l{l}"), &both, &of_class, most);
            }
        }
    }
    for (s, set) in figures.sets.iter().enumerate() {
        let inside = |j: usize| figures.classes[j].sets.contains(&s);
        if !first && !rented.iter().any(|term| inside(term.1)) {
            continue;
        }
        if let Some(most) = set.vms {
            limit(format!("V_s{s}_l{l}"), &both, &|j| if inside(j) { 1.0 } else { 0.0 }, most);
        }
        if let Some(most) = set.cores {
            limit(format!("K_s{s}_l{l}"), &both, &|j| if inside(j) { figures.classes[j].cores } else { 0.0 }, most);
        }
    }
}
