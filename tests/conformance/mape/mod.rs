//! MAPE: every table of the oracle's folder, compared as its README says: formulas and rules exactly, searches by their
//! statistics over as many seeds as were recorded.

mod economy;
mod fronts;
mod loops;
mod operators;
mod search;
mod table;
pub mod zdt;
