//! What the publications state, as tests: one module per publication, the table or figure cited, the tolerance explained.

mod edge_brokers;
mod metric_archive;
