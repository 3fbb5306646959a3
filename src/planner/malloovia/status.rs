//! How a phase or a slot ended, in the words of solution files.
//!
//! Differs from the original: an incumbent at a limit is `time_limit` (or `node_limit`), never `optimal`; a slot that ran
//! out of time is not `overfull`; an infeasible problem whose relaxation is feasible is `integer_infeasible`.

use crate::solve::milp::{self, Limit};

/// The outcome of a phase, of a slot, or of a whole period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    Unsolved,
    /// Proved to within the gap that was asked for.
    Optimal,
    Infeasible,
    IntegerInfeasible,
    /// The load could not be served; the plan is a best effort.
    Overfull,
    Trivial,
    /// A limit before any plan.
    Aborted,
    SolverError,
    Unbounded,
    Unknown,
    /// A plan, and the clock ran out before its proof.
    TimeLimit,
    /// A plan, and the nodes ran out before its proof.
    NodeLimit,
}

impl Status {
    const WORDS: [(Status, &'static str); 12] = [
        (Self::Unsolved, "unsolved"),
        (Self::Optimal, "optimal"),
        (Self::Infeasible, "infeasible"),
        (Self::IntegerInfeasible, "integer_infeasible"),
        (Self::Overfull, "overfull"),
        (Self::Trivial, "trivial"),
        (Self::Aborted, "aborted"),
        (Self::SolverError, "cbc_error"),
        (Self::Unbounded, "unbounded"),
        (Self::Unknown, "unknown"),
        (Self::TimeLimit, "time_limit"),
        (Self::NodeLimit, "node_limit"),
    ];

    /// The word in solution files.
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(status, _)| *status == self).expect("every status has a word").1
    }

    pub fn from_word(word: &str) -> Option<Status> {
        let alias = if word == "solver_error" { "cbc_error" } else { word };
        Self::WORDS.iter().find(|(_, known)| *known == alias).map(|(status, _)| *status)
    }

    /// Whether there is a plan with a cost.
    pub fn has_plan(self) -> bool {
        matches!(self, Self::Optimal | Self::Overfull | Self::TimeLimit | Self::NodeLimit)
    }

    /// Of a solve, before anyone asked whether a relaxation is feasible.
    pub(super) fn of(status: milp::Status) -> Status {
        match status {
            milp::Status::Optimal => Self::Optimal,
            milp::Status::Feasible { why: Limit::Time } => Self::TimeLimit,
            milp::Status::Feasible { .. } => Self::NodeLimit,
            milp::Status::Infeasible => Self::Infeasible,
            milp::Status::Unbounded => Self::Unbounded,
            milp::Status::NoSolution { .. } => Self::Aborted,
        }
    }

    /// Of a period, from its slots.
    pub fn of_period(slots: impl Iterator<Item = Status> + Clone) -> Status {
        let any = |wanted: Status| slots.clone().any(|status| status == wanted);
        if slots.clone().all(|status| status == Self::Optimal) {
            return Self::Optimal;
        }
        let order = [Self::Infeasible, Self::Aborted, Self::Overfull, Self::TimeLimit, Self::NodeLimit];
        order.into_iter().find(|&status| any(status)).unwrap_or(Self::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_lead_back_to_their_status() {
        for (status, word) in Status::WORDS {
            assert_eq!((status.word(), Status::from_word(word)), (word, Some(status)));
        }
        assert_eq!(Status::from_word("solver_error"), Some(Status::SolverError));
        assert_eq!(Status::from_word("fine"), None);
    }

    #[test]
    fn a_period_is_optimal_only_if_every_slot_is() {
        use Status::*;
        assert_eq!(Status::of_period([Optimal, Optimal].into_iter()), Optimal);
        assert_eq!(Status::of_period([Optimal, Overfull, TimeLimit].into_iter()), Overfull);
        assert_eq!(Status::of_period([TimeLimit, Optimal].into_iter()), TimeLimit);
        assert_eq!(Status::of_period([Overfull, Infeasible].into_iter()), Infeasible);
    }
}
