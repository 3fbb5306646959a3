//! Floor 3: one file or folder per publication; none knows another.

pub mod edge_controller;
pub mod edge_dispatcher;
pub mod edge_router;
