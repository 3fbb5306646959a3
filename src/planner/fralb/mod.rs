//! Replica allocation and load balancing on the edge (FRALB): the centralized optimum LMM and the decentralized method
//! FaaS-MACrO, period by period, with everything around them.
//!
//! Source: Filippini, Lujak, Ciavotta, *Journal of Systems Architecture* 2026, 103787, doi 10.1016/j.sysarc.2026.103787,
//! and its program, releases 25.11.22 and June 2026. What differs stands at each part; the published behaviour is the
//! default wherever both exist.

pub mod campaign;
pub mod check;
pub mod comparison;
pub mod complaint;
pub mod configuration;
pub mod coordinator;
pub mod draw;
pub mod exchange;
pub mod faas_macro;
pub mod generator;
pub mod greedy;
pub mod instance;
pub mod journal;
pub mod limits;
pub mod lmm;
pub mod load;
pub mod local;
pub mod network;
pub mod outcome;
pub mod plan;
pub mod postprocessing;
pub mod results;
pub mod rounds;
pub mod stopping;
pub mod study;
pub mod sweep;
pub mod table;
pub mod weights;
pub mod what_if;
