//! Malloovia: how many reserved machines to buy for a year, and which machines to run in every hour of it, so that several
//! applications are served at least cost.
//!
//! Source: Entrialgo, Diaz, Garcia, Garcia, Garcia, "Cost Minimization of Virtual Machine Allocation in Public Clouds
//! Considering Multiple Applications", GECON 2017, LNCS 10537, doi 10.1007/978-3-319-68066-8_12, and the files of the
//! Python package `malloovia`. Each module says where it differs from them.
//!
//! A problem can be read from a file (feature `yaml`) or built:
//!
//! ```
//! use std::sync::Arc;
//! use stratosim::planner::malloovia::*;
//!
//! let region = Arc::new(LimitingSet::new("reg").max_vms(20));
//! let od = InstanceClass::on_demand("od", 0.10, TimeUnit::Hour).cores(2).max_vms(20).limited_by(&region);
//! let rsv = InstanceClass::reserved("rsv", 0.06, TimeUnit::Hour).cores(2).limited_by(&region);
//! let (od, rsv, web) = (Arc::new(od), Arc::new(rsv), Arc::new(App::new("web")));
//! // A quarter of a request per second is 900 in an hour.
//! let performances = PerformanceSet::new("p", TimeUnit::Second).serve(&od, &web, 0.25).serve(&rsv, &web, 0.25);
//! let problem = Problem::new("plan", &Arc::new(performances))
//!     .workload(Workload::new("w", &web, TimeUnit::Hour, vec![900.0, 2100.0, 2100.0]))
//!     .class(&od)
//!     .class(&rsv);
//!
//! // The third machine is needed in two hours of three: reserving it (0.18) is cheaper than renting it twice (0.20).
//! let problem = Arc::new(problem);
//! let plan = phase_one(&problem, &PlanOptions::default())?;
//! assert_eq!((plan.status, plan.reserved.clone()), (Status::Optimal, vec![3.0]));
//! assert!((plan.cost.unwrap() - 0.54).abs() < 1e-12);
//!
//! // Phase II, hour by hour, with what was bought: a fourth machine is rented when the load asks for it.
//! let mut planner = SlotPlanner::new(&problem, &plan.purchase().unwrap(), &PlanOptions::default())?;
//! let hour = planner.plan(&[2800.0])?;
//! assert_eq!(hour.counts, [[3.0, 1.0]]);
//! # Ok::<(), PlanError>(())
//! ```

pub mod check;
pub mod figures;
pub mod file;
pub mod levels;
pub mod merge;
pub mod model;
mod options;
mod phase_one;
mod phase_two;
mod problem;
mod status;
pub mod tables;
mod unit;

pub use options::{BestEffort, PlanError, PlanOptions};
pub use phase_one::{Effort, PhaseOne, phase_one, programme};
pub use phase_two::{PhaseTwo, SlotPlan, SlotPlanner, fractions, phase_two, simulate};
pub use problem::{App, InstanceClass, IntraSlot, LimitingSet, Performance, PerformanceSet, Problem, Workload};
pub use status::Status;
pub use unit::TimeUnit;
