//! Reservations as covers, as EC2 bills them: paid whether used or not, a cover takes matching running instances off the
//! on-demand bill second by second. So reserved machines are not a kind of machine.

use super::ids::NodeId;
use super::tariff::PerHour;
use crate::engine::time::{Instant, Span};

/// A number of reserved instances of one type.
#[derive(Clone, Debug, PartialEq)]
pub struct Cover {
    /// The instance type it covers.
    pub kind: String,
    /// Only at this node; anywhere when `None`.
    pub node: Option<NodeId>,
    pub count: u32,
    /// Running price of one reserved instance, used or not.
    pub hourly: PerHour,
    /// Paid at the start for the whole term, in pico-dollars for one instance.
    pub upfront_pico: u64,
    pub term: Span,
    pub from: Instant,
    /// Covered instances now.
    pub(crate) used: u32,
    /// Cost already booked.
    pub(crate) booked_pico: u128,
}

impl Cover {
    /// What one reserved instance costs an hour with its share of the upfront payment.
    pub fn effective(&self) -> PerHour {
        const HOUR_NS: u128 = 3_600_000_000_000;
        let share = u128::from(self.upfront_pico) * HOUR_NS / u128::from(self.term.as_nanos().max(1));
        PerHour(self.hourly.0 + share as u64)
    }

    /// Cost of all of them from the beginning to `now`, the upfront payment spread over the term.
    pub fn cost_pico(&self, now: Instant) -> u128 {
        u128::from(self.effective().cost(now.since(self.from))) * u128::from(self.count)
    }

    pub(crate) fn covers(&self, kind: &str, node: NodeId) -> bool {
        self.kind == kind && self.node.is_none_or(|own| own == node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_upfront_payment_is_spread_over_the_term() {
        let year = Span::from_secs(8760 * 3600);
        let cover = Cover {
            kind: "m4.large".into(),
            node: None,
            count: 2,
            hourly: PerHour(10),
            upfront_pico: 8760 * 5,
            term: year,
            from: Instant::ZERO,
            used: 0,
            booked_pico: 0,
        };
        assert_eq!(cover.effective(), PerHour(15));
        assert_eq!(cover.cost_pico(Instant::ZERO + Span::from_secs(7200)), 60);
    }
}
