//! Phase II: given the reserved machines, what to run in each timeslot for the load predicted for it, slot by slot or over
//! a whole series.
//!
//! Source: GECON 2017, section 3.4; specification, section 4. Differs from the original: a plan is remembered by the load
//! that it must provide (not by the identity of workloads), rounded up to what capacities can reach, so far fewer slots
//! are solved; reserved machines that nobody needs go where the head-room is least; the best effort for a load that
//! cannot be served is corrected (the original's reading is an option); a slot that ran out of time is not called overfull.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use super::figures::{Class, Figures, Set};
use super::levels::key;
use super::merge::Merged;
use super::model::SlotModel;
use super::options::{BestEffort, PlanError, PlanOptions};
use super::phase_one::{Effort, PhaseOne, checked, place_idle};
use super::problem::Problem;
use super::status::Status;
use crate::solve::milp::Solution;

/// What to run in one timeslot.
#[derive(Clone, Debug, PartialEq)]
pub struct SlotPlan {
    pub status: Status,
    /// Of this slot, reserved machines included; `None` without a plan.
    pub cost: Option<f64>,
    /// Proved bound on the cost (of the served load, for a best effort).
    pub bound: Option<f64>,
    /// Machines, `[application][class]`, reserved classes first; empty without a plan.
    pub counts: Vec<Vec<f64>>,
    pub creation_s: f64,
    pub solving_s: f64,
}

/// Phase II step by step: holds the purchase, and remembers what it has planned.
#[derive(Debug)]
pub struct SlotPlanner {
    problem: Arc<Problem>,
    figures: Figures,
    reserved: Vec<f64>,
    /// Reserved classes at price 0 and limited to what was bought; sets with what the purchase leaves of them.
    residual: Figures,
    merged: Merged,
    options: PlanOptions,
    plans: HashMap<Vec<u64>, Arc<SlotPlan>>,
    best_efforts: HashMap<Vec<u64>, Arc<SlotPlan>>,
    pub effort: Effort,
}

impl SlotPlanner {
    /// A planner for `problem` (its series is not looked at) with `purchase` machines per id of reserved class. Reserved
    /// classes that were not bought cannot be bought any more.
    pub fn new(problem: &Arc<Problem>, purchase: &[(String, f64)], options: &PlanOptions) -> Result<Self, PlanError> {
        let figures = checked(problem, options)?;
        let ids: Vec<&str> =
            problem.ordered_classes().filter(|class| class.is_reserved).map(|class| class.id.as_str()).collect();
        let mut reserved = vec![0.0; ids.len()];
        for (id, count) in purchase {
            let Some(i) = ids.iter().position(|known| known == id) else {
                return Err(PlanError::ForeignClass { class: id.clone(), problem: problem.id.clone() });
            };
            reserved[i] = *count;
        }
        let mut totals = reserved.clone();
        totals.resize(figures.classes.len(), 0.0);
        if let Some(what) = figures.broken_limit(&totals) {
            return Err(PlanError::ReservedBreakLimits { problem: problem.id.clone(), what });
        }
        let residual = residual(&figures, &reserved);
        let merged = if options.merge_zones { Merged::new(&residual) } else { Merged::nothing(&residual) };
        Ok(Self {
            problem: Arc::clone(problem),
            figures,
            reserved,
            residual,
            merged,
            options: options.clone(),
            plans: HashMap::new(),
            best_efforts: HashMap::new(),
            effort: Effort::default(),
        })
    }

    /// The problem in numbers per slot.
    pub fn figures(&self) -> &Figures {
        &self.figures
    }

    /// Machines per reserved class.
    pub fn reserved(&self) -> &[f64] {
        &self.reserved
    }

    /// The plan for a slot with these loads (requests in the slot, one number per application).
    pub fn plan(&mut self, loads: &[f64]) -> Result<Arc<SlotPlan>, PlanError> {
        self.check_loads(loads)?;
        let rounding = self.options.quantise.map(|_| 1);
        let needs: Vec<f64> = loads.iter().enumerate().map(|(a, &load)| self.figures.need(a, load, rounding)).collect();
        let known = key(&needs);
        let plan = match self.plans.get(&known) {
            Some(plan) => Arc::clone(plan),
            None => {
                let plan = Arc::new(self.full(&self.merged.clone(), &needs, loads, rounding)?);
                self.plans.insert(known, Arc::clone(&plan));
                plan
            }
        };
        // Loads with the same need may differ below it, which matters once they cannot be served in full.
        if plan.status != Status::Infeasible {
            return Ok(plan);
        }
        let known = key(loads);
        if let Some(plan) = self.best_efforts.get(&known) {
            return Ok(Arc::clone(plan));
        }
        let plan = Arc::new(self.best_effort(&self.merged.clone(), loads)?);
        self.best_efforts.insert(known, Arc::clone(&plan));
        Ok(plan)
    }

    /// As [`SlotPlanner::plan`], keeping at least `kept` machines of each on-demand class (those of the slot before).
    pub fn plan_keeping(&mut self, loads: &[f64], kept: &[f64]) -> Result<Arc<SlotPlan>, PlanError> {
        self.check_loads(loads)?;
        let on_demand = self.figures.classes.len() - self.reserved.len();
        if kept.len() != on_demand {
            let (problem, found) = (self.problem.id.clone(), kept.len());
            return Err(PlanError::WrongCount { problem, what: "on-demand classes", found, wanted: on_demand });
        }
        let mut guided = self.residual.clone();
        guided.classes[self.reserved.len()..].iter_mut().zip(kept).for_each(|(class, &kept)| class.minimum = kept);
        let merged = if self.options.merge_zones { Merged::new(&guided) } else { Merged::nothing(&guided) };
        let rounding = self.options.quantise.map(|_| 1);
        let needs: Vec<f64> = loads.iter().enumerate().map(|(a, &load)| self.figures.need(a, load, rounding)).collect();
        let plan = self.full(&merged, &needs, loads, rounding)?;
        if plan.status == Status::Infeasible {
            return self.best_effort(&merged, loads).map(Arc::new);
        }
        Ok(Arc::new(plan))
    }

    fn check_loads(&self, loads: &[f64]) -> Result<(), PlanError> {
        let (wanted, found) = (self.figures.apps, loads.len());
        if wanted != found || !loads.iter().all(|load| load.is_finite() && *load >= 0.0) {
            return Err(PlanError::WrongCount {
                problem: self.problem.id.clone(),
                what: "applications' loads",
                found,
                wanted,
            });
        }
        Ok(())
    }

    fn full(
        &mut self,
        merged: &Merged,
        needs: &[f64],
        loads: &[f64],
        rounding: Option<u32>,
    ) -> Result<SlotPlan, PlanError> {
        let begin = Instant::now();
        let model = SlotModel::full(&merged.figures, needs, rounding);
        let created = begin.elapsed().as_secs_f64();
        let solution = self.solve(&model)?;
        let mut plan = self.read(merged, &model, &solution, loads, Status::of(solution.status));
        (plan.creation_s, plan.solving_s) = (created, begin.elapsed().as_secs_f64() - created);
        self.effort.creation_s += plan.creation_s;
        self.effort.solving_s += plan.solving_s;
        Ok(plan)
    }

    fn best_effort(&mut self, merged: &Merged, loads: &[f64]) -> Result<SlotPlan, PlanError> {
        let begin = Instant::now();
        let mut plan = match self.options.best_effort {
            BestEffort::Served => self.served(merged, loads)?,
            BestEffort::Legacy => self.legacy(merged, loads)?,
        };
        plan.solving_s = begin.elapsed().as_secs_f64();
        self.effort.solving_s += plan.solving_s;
        Ok(plan)
    }

    /// First as much as possible, then at the least cost. What is served is given up to the extent of a millionth of one
    /// application's load, the room that the cost needs against rounding.
    fn served(&mut self, merged: &Merged, loads: &[f64]) -> Result<SlotPlan, PlanError> {
        let most = SlotModel::served(&merged.figures, loads);
        let first = self.solve(&most)?;
        let Some(thousandths) = first.objective else {
            return Ok(self.read(merged, &most, &first, loads, Status::of(first.status)));
        };
        let cheapest = most.cheapest(&merged.figures, thousandths - 5e-4);
        let second = self.solve(&cheapest)?;
        let best = if second.has_point() { &second } else { &first };
        Ok(self.read(merged, &cheapest, best, loads, Status::Overfull))
    }

    fn legacy(&mut self, merged: &Merged, loads: &[f64]) -> Result<SlotPlan, PlanError> {
        let refuse = |why| PlanError::Legacy { loads: loads.to_vec(), why };
        if loads.contains(&0.0) {
            return Err(refuse("an application without load makes it divide by zero"));
        }
        let model = SlotModel::legacy(&merged.figures, loads);
        let solution = self.solve(&model)?;
        match Status::of(solution.status) {
            Status::Infeasible => Err(refuse("a reserved machine overshoots wherever it is put")),
            status if !status.has_plan() => Ok(self.read(merged, &model, &solution, loads, status)),
            _ => Ok(self.read(merged, &model, &solution, loads, Status::Overfull)),
        }
    }

    fn solve(&mut self, model: &SlotModel) -> Result<Solution, PlanError> {
        let solution = model.programme.solve(&self.options.solver())?;
        self.effort.levels += 1;
        self.effort.nodes += solution.nodes.unwrap_or(0);
        self.effort.variables = self.effort.variables.max(model.programme.vars());
        self.effort.rows = self.effort.rows.max(model.programme.rows());
        Ok(solution)
    }

    fn read(&self, merged: &Merged, model: &SlotModel, solution: &Solution, loads: &[f64], status: Status) -> SlotPlan {
        let mut plan =
            SlotPlan { status, cost: None, bound: None, counts: Vec::new(), creation_s: 0.0, solving_s: 0.0 };
        if !solution.has_point() {
            return plan;
        }
        plan.counts = merged.expand(&model.counts(&solution.values), self.figures.classes.len());
        place_idle(&self.figures, &self.reserved, loads, &mut plan.counts);
        let cost = self.figures.cost(&plan.counts);
        plan.cost = Some(cost);
        let paid: f64 = self.figures.classes.iter().zip(&self.reserved).map(|(class, count)| class.price * count).sum();
        let minimised = model.programme.sense() == crate::solve::milp::Sense::Minimise;
        plan.bound = solution.bound.filter(|_| minimised).map(|bound| (bound + paid).min(cost));
        plan
    }
}

/// The figures of a slot whose reserved machines are bought and placed in their sets.
fn residual(figures: &Figures, reserved: &[f64]) -> Figures {
    let mut residual = figures.clone();
    for (s, set) in residual.sets.iter_mut().enumerate() {
        let inside = figures.classes.iter().zip(reserved).filter(|(class, _)| class.sets.contains(&s));
        let (vms, cores) = inside.fold((0.0, 0.0), |sum, (class, count)| (sum.0 + count, sum.1 + count * class.cores));
        *set = Set { vms: set.vms.map(|limit| limit - vms), cores: set.cores.map(|limit| limit - cores) };
    }
    for (class, &count) in residual.classes.iter_mut().zip(reserved) {
        *class = Class { price: 0.0, limit: Some(count), sets: Vec::new(), ..class.clone() };
    }
    residual
}

/// The plan of a series, slot by slot.
#[derive(Clone, Debug)]
pub struct PhaseTwo {
    pub problem: Arc<Problem>,
    pub status: Status,
    /// Sum over the slots; `None` if a slot has no plan.
    pub cost: Option<f64>,
    pub reserved: Vec<f64>,
    pub slots: Vec<Arc<SlotPlan>>,
    /// Work on distinct slots only; the original counted a remembered slot again.
    pub effort: Effort,
    pub options: PlanOptions,
}

impl PhaseTwo {
    /// Whether another run of the same binary must find the same: the clock had no say.
    pub fn reproducible(&self) -> bool {
        let clock = self.options.time_limit_s.is_some();
        self.slots.iter().all(|slot| slot.status != Status::TimeLimit && !(slot.status == Status::Aborted && clock))
    }
}

/// Plans the series of `problem` as if each slot's load were known when it is planned, with the purchase of Phase I.
/// `progress` is told how many slots are done.
pub fn phase_two(
    problem: &Arc<Problem>,
    phase_one: &PhaseOne,
    options: &PlanOptions,
    progress: &mut dyn FnMut(usize),
) -> Result<PhaseTwo, PlanError> {
    let purchase = phase_one.purchase().ok_or(PlanError::NoPurchase(phase_one.status.word()))?;
    simulate(problem, &purchase, problem.slots(), options, progress)
}

/// As [`phase_two`] with a given purchase, over the first `slots` timeslots.
pub fn simulate(
    problem: &Arc<Problem>,
    purchase: &[(String, f64)],
    slots: usize,
    options: &PlanOptions,
    progress: &mut dyn FnMut(usize),
) -> Result<PhaseTwo, PlanError> {
    let mut planner = SlotPlanner::new(problem, purchase, options)?;
    let mut plans = Vec::with_capacity(slots);
    for t in 0..slots.min(problem.slots()) {
        plans.push(planner.plan(&problem.loads(t))?);
        progress(t + 1);
    }
    Ok(PhaseTwo {
        problem: Arc::clone(problem),
        status: Status::of_period(plans.iter().map(|plan| plan.status)),
        cost: plans.iter().map(|plan| plan.cost).sum(),
        reserved: planner.reserved.clone(),
        slots: plans,
        effort: planner.effort,
        options: options.clone(),
    })
}

/// The share of each application's load that an allocation serves, at most 1; `None` for an application without load.
pub fn fractions(figures: &Figures, counts: &[Vec<f64>], loads: &[f64]) -> Vec<Option<f64>> {
    let share = |(a, &load): (usize, &f64)| (load > 0.0).then(|| (figures.capacity(counts, a) / load).min(1.0));
    loads.iter().enumerate().map(share).collect()
}
