//! Many streams of arrivals as one: always the earliest, and of equals the one of the lower number.
//!
//! Only the next instant of each stream is held, so memory grows with streams and never with arrivals.
//!
//! Source: a tournament of selection (Knuth, The Art of Computer Programming 3, section 5.4.1). Differs: a tree of
//! winners with four players to a match, one cache line each; any player may change, not only the winner, and a single
//! stream plays no match at all.

use super::time::Instant;

/// The next instants of a fixed number of streams.
#[derive(Clone, Debug)]
pub struct Merge {
    /// `rounds[0]` holds the streams, four to a match; `rounds[r + 1]` the winners of `rounds[r]`.
    rounds: Vec<Vec<Match>>,
    winner: u128,
    streams: usize,
}

/// A player is instant and stream in one number; a stream that has ended is [`ENDED`] and loses to all others.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Match([u128; 4]);

const ENDED: u128 = u128::MAX;

impl Match {
    #[inline]
    fn winner(&self) -> u128 {
        let Match(players) = self;
        players[0].min(players[1]).min(players[2].min(players[3]))
    }
}

impl Merge {
    /// `streams` streams, none of which has said yet when it comes.
    pub fn new(streams: usize) -> Merge {
        let mut rounds = Vec::new();
        let mut players = streams;
        while players > 1 {
            players = players.div_ceil(4);
            rounds.push(vec![Match([ENDED; 4]); players]);
        }
        Merge { rounds, winner: ENDED, streams }
    }

    /// Stream `stream` comes next at `next`; `None` for one that has ended.
    #[inline]
    pub fn set(&mut self, stream: usize, next: Option<Instant>) {
        assert!(stream < self.streams, "stream {stream} of {}", self.streams);
        let mut player = next.map_or(ENDED, |at| u128::from(at.as_nanos()) << 64 | stream as u128);
        let mut place = stream;
        for round in &mut self.rounds {
            let game = &mut round[place / 4];
            game.0[place % 4] = player;
            player = game.winner();
            place /= 4;
        }
        self.winner = player;
    }

    /// The earliest instant and its stream; `None` when all have ended.
    #[inline]
    pub fn peek(&self) -> Option<(Instant, usize)> {
        let at = Instant::from_nanos((self.winner >> 64) as u64);
        // No stream has the number that all ones are, so one half of the key says whether there is a winner.
        let stream = self.winner as u64;
        (stream != ENDED as u64).then_some((at, stream as usize))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(ns: u64) -> Instant {
        Instant::from_nanos(ns)
    }

    #[test]
    fn of_equals_the_lower_stream_comes_first() {
        let mut merge = Merge::new(70);
        assert_eq!(merge.peek(), None);
        for stream in [69, 3, 40] {
            merge.set(stream, Some(at(8)));
        }
        let order = std::iter::from_fn(|| {
            let (_, stream) = merge.peek()?;
            merge.set(stream, None);
            Some(stream)
        });
        assert_eq!(order.collect::<Vec<_>>(), [3, 40, 69]);
    }

    #[test]
    fn one_stream_plays_no_match() {
        let mut merge = Merge::new(1);
        assert!(merge.rounds.is_empty());
        merge.set(0, Some(at(5)));
        assert_eq!(merge.peek(), Some((at(5), 0)));
        merge.set(0, None);
        assert_eq!(merge.peek(), None);
    }

    proptest! {
        #[test]
        fn merged_streams_are_the_sorted_union(
            streams in prop::collection::vec(prop::collection::vec(0u64..100, 0..20), 1..90),
        ) {
            let mut streams = streams;
            let mut expected: Vec<(u64, usize)> = Vec::new();
            for (stream, instants) in streams.iter_mut().enumerate() {
                instants.sort_unstable_by(|a, b| b.cmp(a));
                expected.extend(instants.iter().map(|&ns| (ns, stream)));
            }
            expected.sort_unstable();
            let mut merge = Merge::new(streams.len());
            for (stream, instants) in streams.iter_mut().enumerate() {
                merge.set(stream, instants.pop().map(at));
            }
            let merged = std::iter::from_fn(|| {
                let (next, stream) = merge.peek()?;
                merge.set(stream, streams[stream].pop().map(at));
                Some((next.as_nanos(), stream))
            });
            prop_assert_eq!(merged.collect::<Vec<_>>(), expected);
        }

        #[test]
        fn any_stream_may_change_at_any_time(
            count in 1usize..80,
            changes in prop::collection::vec((any::<prop::sample::Index>(), prop::option::of(0u64..1_000)), 1..200),
        ) {
            let mut merge = Merge::new(count);
            let mut model = vec![None; count];
            for (stream, next) in changes {
                let stream = stream.index(count);
                merge.set(stream, next.map(at));
                model[stream] = next;
                let least = model.iter().enumerate().filter_map(|(k, ns)| ns.map(|ns| (at(ns), k))).min();
                prop_assert_eq!(merge.peek(), least);
            }
        }
    }
}
