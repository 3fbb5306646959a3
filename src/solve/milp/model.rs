//! A programme as a `good_lp` model, for either back-end.

use good_lp::variable::UnsolvedProblem;
use good_lp::{Expression, ProblemVariables, SolverModel, variable};

use super::{Programme, Relation, Sense};

/// Builds the model with all costs multiplied by `scale`. Variables and rows keep their numbers.
pub(super) fn build<M: SolverModel>(
    programme: &Programme,
    scale: f64,
    backend: impl FnOnce(UnsolvedProblem) -> M,
) -> M {
    let mut variables = ProblemVariables::new();
    let mut objective = Expression::with_capacity(programme.columns.len());
    let mut handles = Vec::with_capacity(programme.columns.len());
    for column in &programme.columns {
        let definition = variable().min(column.lower).max(column.upper);
        let handle = variables.add(if column.integer { definition.integer() } else { definition });
        objective.add_mul(scale * column.cost, handle);
        handles.push(handle);
    }
    let unsolved = match programme.sense {
        Sense::Minimise => variables.minimise(objective),
        Sense::Maximise => variables.maximise(objective),
    };
    let mut model = backend(unsolved);
    for row in &programme.rows {
        let mut left = Expression::with_capacity(row.terms.len());
        for &(var, coefficient) in &row.terms {
            left.add_mul(coefficient, handles[var.0]);
        }
        model.add_constraint(match row.relation {
            Relation::AtMost => left.leq(row.right),
            Relation::AtLeast => left.geq(row.right),
            Relation::Equal => left.eq(row.right),
        });
    }
    model
}
