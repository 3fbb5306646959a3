//! Golden data of the published systems, one module per folder of the oracle.
//!
//! The folder comes from `STRATOSIM_ORACLE` (default `../shared/oracle`). Tests go over whatever cases an index or
//! table lists and never name one. Where the folder is missing the small copy in `tests/data/oracle` is used, and a
//! line says so.

mod edge;
#[cfg(feature = "planning")]
mod fralb;
#[cfg(feature = "planning")]
mod fralb_generator;
mod golden;
mod libra;
#[cfg(feature = "yaml")]
mod malloovia;
mod mape;
mod metrics_archive;
mod oracle;
mod queueing;
