//! Who solves a programme, and how far it goes.

use super::{Programme, SolveError};

/// Who solves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// HiGHS where it is built in, after a short try of microlp on small programmes; else microlp for those that it can be
    /// trusted with.
    #[default]
    Auto,
    /// Pure Rust, always there; good to a few hundred integers.
    Microlp,
    /// C++, feature `highs`; for everything large, and the only one with duals.
    Highs,
}

/// How far to go.
#[derive(Clone, Debug)]
pub struct Options {
    pub backend: Backend,
    /// Stop when (objective - bound) / objective is at most this; 0 asks for a proof.
    pub gap: f64,
    /// Branch-and-bound nodes: the limit to use inside a simulation, because it is counted work.
    pub node_limit: Option<u64>,
    /// Wall-clock seconds. What is found then depends on the machine; see [`Solution::reproducible`].
    pub time_limit_s: Option<f64>,
    /// More than one thread makes HiGHS's path (not its proved optimum) depend on the machine.
    pub threads: u32,
    pub seed: u32,
    /// A point to begin with, one value per variable; ignored when it is not feasible.
    pub start: Option<Vec<f64>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            backend: Backend::Auto,
            gap: 0.0,
            node_limit: None,
            time_limit_s: None,
            threads: 1,
            seed: 0,
            start: None,
        }
    }
}

impl Options {
    /// Integer variables above which `Auto` does not hand a programme without any limit to microlp.
    pub const MICROLP_INTEGERS_MAX: usize = 600;

    /// Nodes after which `Auto` on microlp gives up a proof that no other limit ends: seconds to a minute.
    pub const MICROLP_NODES_MAX: u64 = 500_000;

    pub(super) fn limited(&self) -> bool {
        self.node_limit.is_some() || self.time_limit_s.is_some()
    }

    pub(super) fn check(&self) -> Result<(), SolveError> {
        let bad = |what: String| Err(SolveError::Options(what));
        if !(0.0..=1.0).contains(&self.gap) {
            return bad(format!("gap: found {}, wanted a fraction from 0 to 1", self.gap));
        }
        if self.time_limit_s.is_some_and(|limit| !(0.0..1e9).contains(&limit)) {
            return bad(format!("time limit: found {:?}, wanted seconds", self.time_limit_s));
        }
        if self.threads == 0 || self.threads > i32::MAX as u32 {
            return bad(format!("threads: found {}, wanted at least 1", self.threads));
        }
        Ok(())
    }

    pub(super) fn backend_for(&self, programme: &Programme) -> Result<Backend, SolveError> {
        match self.backend {
            Backend::Auto if cfg!(feature = "highs") => Ok(Backend::Highs),
            Backend::Highs if !cfg!(feature = "highs") => Err(SolveError::NoHighs),
            Backend::Auto => {
                let integers = programme.integers();
                if integers > Self::MICROLP_INTEGERS_MAX && !self.limited() {
                    return Err(SolveError::TooLarge { integers, rows: programme.rows() });
                }
                Ok(Backend::Microlp)
            }
            named => Ok(named),
        }
    }
}
