//! Floor 6: polars over what runs wrote. Behind the feature `report`; without it a run still tells its result.

#[cfg(feature = "report")]
pub mod parquet;
