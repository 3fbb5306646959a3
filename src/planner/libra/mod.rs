//! LIBRA: the steady part of the load on virtual machines, the bursty part on functions, replayed second by second from
//! counts of requests.
//!
//! Source: Raza, Zhang, Akhtar, Isahagian, Matta, "LIBRA: An Economical Hybrid Approach for Cloud Applications with
//! Strict SLAs", IC2E 2021, doi 10.1109/IC2E52221.2021.00028, arXiv 2104.05491, and the public per-second simulator
//! `aliraza0337/LIBRA`, whose figures this replay reproduces.
//! Differs: requests of one second are handled as a batch, because the original treats them alike too; where the original
//! crashes or never ends, an error says why. Known oddities of the original stay by default and can be corrected one by
//! one through [`Readings`]. The policy `vm_cloud_hide` (SPOCK), absent from the original simulator, follows the authors'
//! code for AWS.

mod auto_scaling;
mod batch_queue;
pub mod decision;
pub mod log;
mod manager;
pub mod observe;
pub mod parameters;
pub mod prices;
pub mod readings;
pub mod replay;
pub mod summary;
mod vm_cloud;

pub use decision::{Forecast, Plan, PlanRule};
pub use log::LogWriter;
pub use observe::{Note, Observer, PerSecondWriter, Second};
pub use parameters::{Complaint, Parameters, Policy, Sizing};
pub use readings::{Reading, Readings};
pub use replay::{ReplayError, replay, replay_observed};
pub use summary::Summary;
