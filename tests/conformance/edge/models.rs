//! Chains, states and assignments.

use super::Case;

pub fn chain_cost(_case: &Case<'_>) -> Result<(), String> {
    Ok(())
}
pub fn chain_messages(_case: &Case<'_>) -> Result<(), String> {
    Ok(())
}
pub fn lambda_mu_flow(_case: &Case<'_>) -> Result<(), String> {
    Ok(())
}
