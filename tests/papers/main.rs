//! What the publications claim, one module per strategy or planner: the table or figure cited, the tolerance explained.

mod mape_planner;
