//! Phase I: how many machines of each reserved class to buy for the whole period, from a long-term prediction of load.
//!
//! Source: GECON 2017, section 3; specification, section 3. By default the programme is made smaller without loss: loads
//! are rounded up to what capacities can reach (`k` = 1) and parallel zones are merged. The plan is always stated for the
//! levels and classes of the problem as given.

use std::sync::Arc;
use std::time::Instant;

use super::check;
use super::figures::Figures;
use super::levels::Levels;
use super::merge::Merged;
use super::model::{Demand, PhaseOneModel};
use super::options::{PlanError, PlanOptions};
use super::problem::Problem;
use super::status::Status;
use crate::solve::milp::Programme;

/// What was bought, and what it is expected to be used for.
#[derive(Clone, Debug)]
pub struct PhaseOne {
    pub problem: Arc<Problem>,
    pub status: Status,
    /// Of the whole period; `None` without a plan.
    pub cost: Option<f64>,
    /// Proved: no plan (with the rounding that was asked for) costs less.
    pub bound: Option<f64>,
    /// Machines per reserved class, in order of the classes; empty without a plan.
    pub reserved: Vec<f64>,
    /// The levels of the problem's series.
    pub levels: Levels,
    plans: Vec<Vec<Vec<f64>>>,
    plan_of_level: Vec<usize>,
    pub effort: Effort,
    pub options: PlanOptions,
}

/// How much work a phase was.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Effort {
    pub variables: usize,
    pub rows: usize,
    /// Levels that were in the programme (Phase I), or slots that were solved rather than remembered (Phase II).
    pub levels: usize,
    /// Branch-and-bound nodes, as far as the solvers tell.
    pub nodes: u64,
    /// Wall-clock seconds of building models, and of solving them. For people; no plan depends on them.
    pub creation_s: f64,
    pub solving_s: f64,
}

impl PhaseOne {
    /// Machines of a level, `[application][class]`, reserved classes first; `None` without a plan.
    pub fn counts(&self, level: usize) -> Option<&[Vec<f64>]> {
        self.plans.get(*self.plan_of_level.get(level)?).map(Vec::as_slice)
    }

    /// What Phase II needs: the id of each reserved class and its machines. `None` without a plan.
    pub fn purchase(&self) -> Option<Vec<(String, f64)>> {
        self.status.has_plan().then(|| {
            let ids = self.problem.ordered_classes().map(|class| class.id.clone());
            ids.zip(self.reserved.iter().copied()).collect()
        })
    }

    /// Whether another run of the same binary must find the same: the clock had no say.
    pub fn reproducible(&self) -> bool {
        self.status != Status::TimeLimit && !(self.status == Status::Aborted && self.options.time_limit_s.is_some())
    }

    /// (cost - bound) / cost.
    pub fn gap(&self) -> Option<f64> {
        let (cost, bound) = (self.cost?, self.bound?);
        Some(if cost > bound { (cost - bound) / cost } else { 0.0 })
    }
}

/// Refuses problems with faults and options without a meaning.
pub(super) fn checked(problem: &Problem, options: &PlanOptions) -> Result<Figures, PlanError> {
    let faults = check::faults(problem);
    if !faults.is_empty() {
        return Err(PlanError::Faults { id: problem.id.as_str().into(), faults });
    }
    match options.quantise {
        Some(0) => Err(PlanError::Quantise(0)),
        _ => Ok(Figures::of(problem)),
    }
}

/// Everything between a problem and its programme.
struct Setup {
    original: Figures,
    merged: Merged,
    levels: Levels,
    /// The levels after rounding, and which of them each level became.
    rounded: Levels,
    model: PhaseOneModel,
}

fn setup(problem: &Problem, options: &PlanOptions) -> Result<Setup, PlanError> {
    let original = checked(problem, options)?;
    let merge = options.merge_zones && !options.relaxed;
    let merged = if merge { Merged::new(&original) } else { Merged::nothing(&original) };
    let levels = Levels::count((0..problem.slots()).map(|t| (problem.loads(t), 1)));
    let rounding = options.rounding();
    let figures = &merged.figures;
    let rounded = Levels::count(levels.loads.iter().zip(&levels.repeats).map(|(loads, &repeats)| {
        (loads.iter().enumerate().map(|(a, &load)| figures.need(a, load, rounding)).collect(), repeats)
    }));
    let of_reserved = figures.reserved();
    let per_level = if options.share_reserved { figures.classes.len() } else { figures.classes.len() - of_reserved };
    let variables = figures.apps * (of_reserved + per_level * rounded.len());
    if variables > options.variables_max {
        let (id, limit) = (problem.id.clone(), options.variables_max);
        return Err(PlanError::TooLarge { id, levels: rounded.len(), variables, limit });
    }
    let demand = Demand {
        needs: &rounded.loads,
        repeats: &rounded.repeats,
        rounding,
        integer: !options.relaxed,
        shared: options.share_reserved,
    };
    let model = PhaseOneModel::new(figures, &demand);
    Ok(Setup { original, merged, levels, rounded, model })
}

/// The programme that [`phase_one`] solves under these options, to be written or studied.
pub fn programme(problem: &Problem, options: &PlanOptions) -> Result<Programme, PlanError> {
    setup(problem, options).map(|setup| setup.model.programme)
}

/// Plans the purchase. An infeasible problem or a limit is an outcome, not an error.
pub fn phase_one(problem: &Arc<Problem>, options: &PlanOptions) -> Result<PhaseOne, PlanError> {
    let begin = Instant::now();
    let Setup { original, merged, levels, rounded, model } = setup(problem, options)?;
    let built = Instant::now();
    let solution = model.programme.solve(&options.solver())?;
    let mut status = Status::of(solution.status);
    if status == Status::Infeasible && !options.relaxed && relaxation_is_feasible(problem, options)? {
        status = Status::IntegerInfeasible;
    }
    let mut result = PhaseOne {
        problem: Arc::clone(problem),
        status,
        cost: None,
        bound: solution.bound,
        reserved: Vec::new(),
        plan_of_level: rounded.of_slot.clone(),
        levels,
        plans: Vec::new(),
        effort: Effort {
            variables: model.programme.vars(),
            rows: model.programme.rows(),
            levels: rounded.len(),
            nodes: solution.nodes.unwrap_or(0),
            creation_s: (built - begin).as_secs_f64(),
            solving_s: built.elapsed().as_secs_f64(),
        },
        options: options.clone(),
    };
    if solution.has_point() {
        read_plan(&mut result, &original, &merged, &model, &solution.values);
    }
    Ok(result)
}

/// Of the problem as stated: without what rounding to whole machines adds.
fn relaxation_is_feasible(problem: &Problem, options: &PlanOptions) -> Result<bool, PlanError> {
    let relaxed = PlanOptions { relaxed: true, node_limit: None, ..options.clone() };
    let programme = programme(problem, &relaxed)?;
    Ok(programme.solve(&relaxed.solver())?.has_point())
}

fn read_plan(result: &mut PhaseOne, original: &Figures, merged: &Merged, model: &PhaseOneModel, values: &[f64]) {
    let of_reserved = original.reserved();
    let bought = model.reserved_totals(values);
    let mut totals = vec![0.0; merged.figures.classes.len()];
    totals[..bought.len()].copy_from_slice(&bought);
    result.reserved = merged.expand_totals(totals)[..of_reserved].to_vec();
    let rounded = result.plan_of_level.iter().max().map_or(0, |last| last + 1);
    for l in 0..rounded {
        let mut counts = merged.expand(&model.counts(l, values), original.classes.len());
        if result.options.share_reserved {
            let level = result.plan_of_level.iter().position(|&plan| plan == l).expect("every plan has a level");
            place_idle(original, &result.reserved, &result.levels.loads[level], &mut counts);
        }
        result.plans.push(counts);
    }
    let slots: u64 = result.levels.repeats.iter().sum();
    let classes = &original.classes;
    let paid: f64 = classes.iter().zip(&result.reserved).map(|(class, count)| class.price * count).sum();
    let mut cost = paid * slots as f64;
    let mut slots_of_plan = vec![0u64; result.plans.len()];
    for (&plan, &repeats) in result.plan_of_level.iter().zip(&result.levels.repeats) {
        slots_of_plan[plan] += repeats;
    }
    for (counts, repeats) in result.plans.iter().zip(slots_of_plan) {
        let rented: f64 = counts
            .iter()
            .flat_map(|row| row.iter().zip(classes).skip(of_reserved))
            .map(|(n, class)| n * class.price)
            .sum();
        cost += rented * repeats as f64;
    }
    result.cost = Some(cost);
    result.bound = result.bound.map(|bound| bound.min(cost));
}

/// Gives reserved machines that the plan left idle to the application with the least head-room that they can serve: they
/// are paid for anyway, and there they shorten queues most.
pub(super) fn place_idle(figures: &Figures, reserved: &[f64], loads: &[f64], counts: &mut [Vec<f64>]) {
    for (i, &bought) in reserved.iter().enumerate() {
        let mut idle = bought - counts.iter().map(|row| row[i]).sum::<f64>();
        while idle > 1e-6 {
            let head_room = |a: usize, counts: &[Vec<f64>]| {
                let useful = loads[a] > 0.0 && figures.classes[i].performance[a] > 0.0;
                if useful { figures.capacity(counts, a) / loads[a] } else { f64::INFINITY }
            };
            let rooms: Vec<f64> = (0..figures.apps).map(|a| head_room(a, counts)).collect();
            let tightest = (0..figures.apps).fold(0, |best, a| if rooms[a] < rooms[best] { a } else { best });
            let step = idle.min(1.0);
            counts[tightest][i] += step;
            idle -= step;
        }
    }
}
