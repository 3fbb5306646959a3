//! Floor 6: tables over what runs wrote. What needs polars stands behind the feature `report`; a run tells its result without.

pub mod evaluation;

#[cfg(feature = "report")]
pub mod parquet;
