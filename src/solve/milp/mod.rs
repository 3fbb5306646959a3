//! Mixed-integer linear programmes: state one, solve it with whichever back-end is built in, and be told how good the
//! answer is.
//!
//! Models are handed over through `good_lp`. Its wrapper reports neither the proved bound nor the count of nodes, has no
//! node limit for `microlp`, and calls every limit a time limit; so the limits are set on, and the outcome is read from,
//! the solver objects that `good_lp` gives out (crates `microlp` and `highs`, the versions that it uses itself).
//!
//! Two promises: an incumbent at a limit is never called optimal, and without a time limit the same binary gives the
//! same answer (one thread, a fixed seed, limits by counted nodes). Back-ends agree on objectives, not on which of
//! several optimal vectors they return.

#[cfg(feature = "highs")]
mod highs;
mod lp_format;
mod microlp;
mod model;
mod options;
mod outcome;

pub use options::{Backend, Options};
pub use outcome::{Limit, Solution, SolveError, Status};

/// Which way the objective goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sense {
    Minimise,
    Maximise,
}

/// How a row's left side compares with its right side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    AtMost,
    AtLeast,
    Equal,
}

/// A variable of one [`Programme`]; its number is the order of creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Var(usize);

impl Var {
    /// Position in [`Solution::values`].
    pub fn index(self) -> usize {
        self.0
    }
}

/// A row of one [`Programme`]; its number is the order of creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Row(usize);

impl Row {
    /// Position in [`Solution::duals`].
    pub fn index(self) -> usize {
        self.0
    }
}

#[derive(Clone, Debug)]
struct Column {
    name: String,
    lower: f64,
    upper: f64,
    cost: f64,
    integer: bool,
}

#[derive(Clone, Debug)]
struct Constraint {
    name: String,
    terms: Vec<(Var, f64)>,
    relation: Relation,
    right: f64,
}

/// A linear objective over bounded variables, some of them integer, under sparse linear rows.
///
/// ```
/// use stratosim::solve::milp::{Options, Programme, Relation, Status};
///
/// // Two kinds of machines; at least 7 units of work; the cheap kind is limited to 2.
/// let mut programme = Programme::minimise();
/// let cheap = programme.integer("cheap", 0.0, 2.0, 3.0);
/// let dear = programme.integer("dear", 0.0, f64::INFINITY, 5.0);
/// programme.row("work", &[(cheap, 2.0), (dear, 2.0)], Relation::AtLeast, 7.0);
/// let solution = programme.solve(&Options::default())?;
/// assert_eq!(solution.status, Status::Optimal);
/// assert_eq!(solution.objective, Some(16.0));
/// assert_eq!((solution.value(cheap), solution.value(dear)), (2.0, 2.0));
/// # Ok::<(), stratosim::solve::milp::SolveError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Programme {
    sense: Sense,
    columns: Vec<Column>,
    rows: Vec<Constraint>,
}

impl Programme {
    pub fn minimise() -> Self {
        Self { sense: Sense::Minimise, columns: Vec::new(), rows: Vec::new() }
    }

    pub fn maximise() -> Self {
        Self { sense: Sense::Maximise, columns: Vec::new(), rows: Vec::new() }
    }

    /// A real variable in `lower..=upper` (infinities allowed) with its coefficient in the objective.
    pub fn continuous(&mut self, name: impl Into<String>, lower: f64, upper: f64, cost: f64) -> Var {
        self.add(name.into(), lower, upper, cost, false)
    }

    /// An integer variable in `lower..=upper` (infinities allowed) with its coefficient in the objective.
    pub fn integer(&mut self, name: impl Into<String>, lower: f64, upper: f64, cost: f64) -> Var {
        self.add(name.into(), lower, upper, cost, true)
    }

    /// A variable that is 0 or 1.
    pub fn binary(&mut self, name: impl Into<String>, cost: f64) -> Var {
        self.add(name.into(), 0.0, 1.0, cost, true)
    }

    fn add(&mut self, name: String, lower: f64, upper: f64, cost: f64, integer: bool) -> Var {
        assert!(
            cost.is_finite() && !lower.is_nan() && !upper.is_nan(),
            "variable {name} has a cost and bounds that are numbers"
        );
        self.columns.push(Column { name, lower, upper, cost, integer });
        Var(self.columns.len() - 1)
    }

    /// The row `sum of coefficient x variable  (relation)  right`. A variable may occur more than once.
    pub fn row(&mut self, name: impl Into<String>, terms: &[(Var, f64)], relation: Relation, right: f64) -> Row {
        let name = name.into();
        assert!(right.is_finite() && terms.iter().all(|term| term.1.is_finite()), "row {name} holds finite numbers");
        self.rows.push(Constraint { name, terms: terms.to_vec(), relation, right });
        Row(self.rows.len() - 1)
    }

    /// Puts another coefficient into the objective.
    pub fn set_cost(&mut self, var: Var, cost: f64) {
        assert!(cost.is_finite(), "a cost is a number");
        self.columns[var.0].cost = cost;
    }

    /// Turns the objective round; coefficients stay.
    pub fn set_sense(&mut self, sense: Sense) {
        self.sense = sense;
    }

    /// Puts other bounds on a variable.
    pub fn set_bounds(&mut self, var: Var, lower: f64, upper: f64) {
        let column = &mut self.columns[var.0];
        (column.lower, column.upper) = (lower, upper);
    }

    /// The upper bound of a variable.
    pub fn upper(&self, var: Var) -> f64 {
        self.columns[var.0].upper
    }

    pub fn sense(&self) -> Sense {
        self.sense
    }

    pub fn vars(&self) -> usize {
        self.columns.len()
    }

    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// How many variables are integer.
    pub fn integers(&self) -> usize {
        self.columns.iter().filter(|column| column.integer).count()
    }

    /// The linear relaxation: the same programme with every variable real.
    pub fn relaxed(&self) -> Self {
        let mut relaxed = self.clone();
        relaxed.columns.iter_mut().for_each(|column| column.integer = false);
        relaxed
    }

    /// The objective at a point.
    pub fn evaluate(&self, values: &[f64]) -> f64 {
        self.columns.iter().zip(values).map(|(column, value)| column.cost * value).sum()
    }

    /// By how much a point breaks the worst of its bounds, rows and integrality demands; 0 for a feasible point.
    pub fn violation(&self, values: &[f64]) -> f64 {
        let of_column = |(column, &value): (&Column, &f64)| {
            let fraction = if column.integer { (value - value.round()).abs() } else { 0.0 };
            fraction.max(column.lower - value).max(value - column.upper)
        };
        let of_row = |row: &Constraint| {
            let left: f64 = row.terms.iter().map(|&(var, coefficient)| coefficient * values[var.0]).sum();
            match row.relation {
                Relation::AtMost => left - row.right,
                Relation::AtLeast => row.right - left,
                Relation::Equal => (left - row.right).abs(),
            }
        };
        let columns = self.columns.iter().zip(values).map(of_column).fold(0.0, f64::max);
        self.rows.iter().map(of_row).fold(columns, f64::max)
    }

    /// Solves. Whatever the solver found out about the programme is an `Ok`; an error means that it was not solved at all.
    pub fn solve(&self, options: &Options) -> Result<Solution, SolveError> {
        options.check()?;
        let backend = options.backend_for(self)?;
        let empty = |column: &Column| {
            let (lower, upper) = (column.lower, column.upper);
            lower > upper || column.integer && lower.ceil() > upper.floor()
        };
        if self.columns.iter().any(empty) {
            return Ok(Solution::without(Status::Infeasible, backend));
        }
        if options.backend == Backend::Auto
            && backend == Backend::Highs
            && let Some(solution) = self.first_try(options)
        {
            return Ok(solution);
        }
        match backend {
            // Asked for by name, microlp may branch as long as it likes; chosen for want of HiGHS, it owes an end.
            Backend::Microlp if options.backend == Backend::Auto && !options.limited() => {
                let options = Options { node_limit: Some(Options::MICROLP_NODES_MAX), ..options.clone() };
                microlp::solve(self, &options)
            }
            Backend::Microlp => microlp::solve(self, options),
            #[cfg(feature = "highs")]
            _ => highs::solve(self, options),
            #[cfg(not(feature = "highs"))]
            _ => Err(SolveError::NoHighs),
        }
    }

    /// Small integer programmes are mostly proved by microlp before HiGHS has begun (5 to 10 times sooner on the slots of
    /// a plan); the few on which it would branch for ever are known by their nodes and left to HiGHS.
    fn first_try(&self, options: &Options) -> Option<Solution> {
        const INTEGERS: usize = 100;
        const NODES: u64 = 300;
        let integers = self.integers();
        if integers == 0 || integers > INTEGERS || self.rows.len() > 2 * INTEGERS {
            return None;
        }
        let nodes = options.node_limit.map_or(NODES, |limit| limit.min(NODES));
        let tried = Options { node_limit: Some(nodes), ..options.clone() };
        let solution = microlp::solve(self, &tried).ok()?;
        match solution.status {
            Status::Optimal if self.violation(&solution.values) <= 1e-6 => Some(solution),
            Status::Infeasible => Some(solution),
            _ => None,
        }
    }

    /// Writes the programme in LP format, which other solvers read.
    pub fn write_lp(&self, out: &mut impl std::io::Write) -> std::io::Result<()> {
        lp_format::write(self, out)
    }

    /// A power of two that brings the largest cost near 1000. Solvers cut off by absolute amounts (1e-6 in HiGHS), which
    /// would be coarse where prices are per second; a power of two rounds nothing.
    fn cost_scale(&self) -> f64 {
        let largest = self.columns.iter().map(|column| column.cost.abs()).fold(0.0, f64::max);
        if largest > 0.0 { 2f64.powi((10 - largest.log2().ceil() as i32).clamp(-60, 60)) } else { 1.0 }
    }

    /// A solution from raw solver output: integers rounded, the objective evaluated on what is returned.
    fn solution(&self, mut values: Vec<f64>, found: Found) -> Solution {
        for (column, value) in self.columns.iter().zip(&mut values) {
            if column.integer {
                *value = value.round();
            }
            // Adding zero turns -0.0 into 0.0, so that no sign of nothing reaches a file.
            *value = value.clamp(column.lower, column.upper) + 0.0;
        }
        let objective = self.evaluate(&values);
        // The rounding of the objective must not let a proved optimum appear to beat its own bound.
        let bound = found.bound.filter(|bound| bound.is_finite()).map(|bound| match self.sense {
            Sense::Minimise => bound.min(objective),
            Sense::Maximise => bound.max(objective),
        });
        let status = found.stopped.map_or(Status::Optimal, |why| Status::Feasible { why });
        Solution {
            status,
            objective: Some(objective),
            bound,
            values,
            duals: found.duals,
            nodes: found.nodes,
            backend: found.backend,
        }
    }
}

/// What a back-end reports beside the point.
struct Found {
    backend: Backend,
    stopped: Option<Limit>,
    bound: Option<f64>,
    duals: Option<Vec<f64>>,
    nodes: Option<u64>,
}

#[cfg(test)]
mod tests;
