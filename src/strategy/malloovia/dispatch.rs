//! Requests of one application over its fleets, in proportion to what their machines can do.
//!
//! Source: specification, section 10, item 5: the expected share of a class is its machines times their performance over
//! the sum of all; met by smooth weighted round robin or by chance. Differs: the weights follow the machines that are ready, so
//! that nobody waits for one that boots while another stands.

use crate::engine::random::Rng;
use crate::model::ids::PoolId;
use crate::model::view::View;

/// How shares are met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// The fleet that is furthest behind its share.
    Deficit,
    /// Drawn for each request.
    Random,
}

#[derive(Clone, Debug)]
struct Share {
    pool: PoolId,
    /// Seconds of work per second and machine.
    rate: f64,
    /// Requests that the fleet is behind its share.
    behind: f64,
}

/// The fleets of one application.
#[derive(Clone, Debug)]
pub struct Dispatch {
    manner: Manner,
    shares: Vec<Share>,
}

impl Dispatch {
    /// Fleets with what one machine of each can do.
    pub fn new(manner: Manner, fleets: impl Iterator<Item = (PoolId, f64)>) -> Dispatch {
        let shares = fleets.map(|(pool, rate)| Share { pool, rate, behind: 0.0 }).collect();
        Dispatch { manner, shares }
    }

    /// The fleet for one request among those that `serve` it; where no machine is ready, the one that will be largest.
    pub fn pick(
        &mut self,
        view: &View<'_>,
        serve: impl Fn(PoolId) -> bool,
        rng: &mut dyn FnMut() -> Rng,
    ) -> Option<PoolId> {
        if let [only] = self.shares.as_slice() {
            return serve(only.pool).then_some(only.pool);
        }
        let ready =
            |share: &Share| if serve(share.pool) { f64::from(view.ready(share.pool)) * share.rate } else { 0.0 };
        let total: f64 = self.shares.iter().map(ready).sum();
        if total <= 0.0 {
            let asked = |share: &&Share| f64::from(view.size(share.pool)) * share.rate;
            let able = self.shares.iter().filter(|share| serve(share.pool));
            return able.rev().max_by(|one, other| asked(one).total_cmp(&asked(other))).map(|share| share.pool);
        }
        match self.manner {
            Manner::Deficit => self.furthest_behind(ready, total),
            Manner::Random => {
                let mut point = rng().uniform() * total;
                let mut chosen = None;
                for share in self.shares.iter().filter(|share| ready(share) > 0.0) {
                    chosen = Some(share.pool);
                    if point < ready(share) {
                        break;
                    }
                    point -= ready(share);
                }
                chosen
            }
        }
    }

    fn furthest_behind(&mut self, weight: impl Fn(&Share) -> f64, total: f64) -> Option<PoolId> {
        let mut first: Option<usize> = None;
        for place in 0..self.shares.len() {
            let weight = weight(&self.shares[place]);
            if weight <= 0.0 {
                // Who cannot serve does not save up for later.
                self.shares[place].behind = 0.0;
                continue;
            }
            self.shares[place].behind += weight / total;
            if first.is_none_or(|first| self.shares[place].behind > self.shares[first].behind) {
                first = Some(place);
            }
        }
        let chosen = &mut self.shares[first?];
        chosen.behind -= 1.0;
        Some(chosen.pool)
    }
}
