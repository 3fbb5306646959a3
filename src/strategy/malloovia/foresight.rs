//! What the sources of a run will bring, counted slot by slot before it begins: the omniscient predictor of the
//! publication, and the long-term prediction where none is stated.
//!
//! Source: specification, section 4.3. Sources draw from streams of their own names, so counting them ahead moves nothing.

use crate::engine::time::{Instant, Span};
use crate::model::ids::FunctionId;
use crate::workload::source::{Next, Source};

/// The sources of a run, none of which waits for answers, until arrivals end.
pub struct Foresight {
    pub sources: Vec<(FunctionId, Source)>,
    pub until: Instant,
}

/// A series longer than this is cut; the checks of a scenario keep far below.
const SLOTS_MAX: u64 = 1 << 20;

impl Foresight {
    /// Requests in each slot, `[slot][function]`.
    pub fn requests(self, slot: Span, functions: usize) -> Vec<Vec<u64>> {
        let mut series: Vec<Vec<u64>> = Vec::new();
        for (function, mut source) in self.sources {
            while let Next::At(at) = source.next(0) {
                let place = at.as_nanos() / slot.as_nanos();
                if at >= self.until || place >= SLOTS_MAX {
                    break;
                }
                let place = place as usize;
                // The requests of a trace say themselves what they call.
                let function = source.demand(0).to.map_or(function, |target| target.function);
                if place >= series.len() {
                    series.resize(place + 1, vec![0; functions]);
                }
                series[place][function.index()] += 1;
            }
        }
        series
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::law::Law;
    use crate::engine::random::Streams;
    use crate::workload::counts::{Counts, Recorded, Spread};
    use crate::workload::demand::DemandLaws;
    use crate::workload::source::Arrivals;

    #[test]
    fn slots_count_what_arrives_before_the_end() {
        let one = || Law::constant(1.0).unwrap();
        let source = |name: &str, counts: &[u32]| {
            let counts = Recorded::plain(counts.to_vec(), Span::from_secs(10), Spread::Uniform);
            let arrivals = Arrivals::Counts(Counts::new(counts).unwrap());
            Source::new(name, &Streams::new(1, 0), arrivals, DemandLaws::new(one(), one()))
        };
        let foresight = || Foresight {
            sources: vec![
                (FunctionId::from_index(1), source("a", &[3, 0, 5, 9])),
                (FunctionId::from_index(0), source("b", &[1, 1])),
            ],
            until: Instant::ZERO + Span::from_secs(30),
        };
        assert_eq!(foresight().requests(Span::from_secs(10), 2), [[1, 3], [1, 0], [0, 5]]);
        assert_eq!(foresight().requests(Span::from_secs(20), 2), [[2, 3], [0, 5]]);
    }
}
