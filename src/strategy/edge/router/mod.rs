//! The e-router: a broker that forwards calls by a table whose weights follow measured delays.
//!
//! Source: Cicconetti, Conti, Passarella, "An architectural framework for serverless edge computing", CloudCom 2018, and
//! "A decentralized framework for serverless edge computing in the Internet of Things", IEEE TNSM 2020; reference code
//! `ccicconetti/serverlessonedge` (specification sections 2 to 5).
//! Differs: destinations that come back to the round robin take no burst (`faithful` keeps the original's), and ties
//! there follow the order of entering.
//!
//! A state machine without a clock and without the model's types: functions and destinations are numbers of the
//! caller's own, announced with their names.

use crate::engine::time::{Instant, Span};

mod entry;
mod optimizer;
mod round_robin;
mod table;

pub use entry::{Destination, Entry, Selection, Service};
pub use optimizer::{Learning, Statistic};
pub use round_robin::Turn;
pub use table::{Named, Table, TableError};

use optimizer::Optimizer;

/// A call that crossed more brokers than this is in a loop.
const HOPS_MAX: u32 = 254;

/// How a router selects and learns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    pub selection: Selection,
    pub learning: Learning,
    /// As the original where ours differs.
    pub faithful: bool,
}

impl Default for Options {
    /// The default of the original: random, weights set every 10 s to the mean of the delays seen.
    fn default() -> Options {
        let learning = Learning::Periodic { period: Span::from_secs(10), statistic: Statistic::Mean };
        Options { selection: Selection::Random, learning, faithful: false }
    }
}

/// Why a call is not forwarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unroutable {
    #[error("no destination left for the function")]
    NoDestination,
    #[error("loop detected: the call crossed more than {HOPS_MAX} brokers")]
    Loop,
}

/// A table and the optimizer that belongs to it.
#[derive(Clone, Debug)]
pub struct LearningTable {
    table: Table,
    optimizer: Optimizer,
}

impl LearningTable {
    pub fn new(options: Options) -> LearningTable {
        let table = Table::new(options.selection, options.faithful);
        LearningTable { table, optimizer: Optimizer::new(options.learning) }
    }

    pub fn table(&self) -> &Table {
        &self.table
    }

    pub fn table_mut(&mut self) -> &mut Table {
        &mut self.table
    }

    /// A call of `function` to `destination` took `delay_s`.
    ///
    /// # Errors
    /// A destination that the table does not know (any more), or a delay that is not positive.
    pub fn learn(&mut self, now: Instant, function: u32, destination: u32, delay_s: f64) -> Result<(), TableError> {
        self.optimizer.learn(&mut self.table, now, function, destination, delay_s)
    }

    /// The end of a period of the optimizer.
    pub fn tick(&mut self, now: Instant) {
        self.optimizer.tick(&mut self.table, now);
    }
}

/// One router. Calls of clients choose among all destinations, calls that a broker forwarded among the final ones, so
/// that a call crosses at most two brokers.
#[derive(Clone, Debug)]
pub struct EdgeRouter {
    overall: LearningTable,
    final_only: LearningTable,
    learning: Learning,
}

impl EdgeRouter {
    pub fn new(options: Options) -> EdgeRouter {
        let half = || LearningTable::new(options);
        EdgeRouter { overall: half(), final_only: half(), learning: options.learning }
    }

    /// Announces a destination, or changes its weight and flag. Final ones enter both tables.
    ///
    /// # Errors
    /// An empty name or a weight that is not positive.
    pub fn change(
        &mut self,
        now: Instant,
        function: Named<'_>,
        destination: Named<'_>,
        weight: f32,
        is_final: bool,
    ) -> Result<(), TableError> {
        self.overall.table.change(now, function, destination, weight, is_final)?;
        if is_final {
            self.final_only.table.change(now, function, destination, weight, is_final)?;
        }
        Ok(())
    }

    /// Removes a destination of one function from both tables; also what a failed call leads to.
    pub fn remove(&mut self, now: Instant, function: u32, destination: u32) {
        self.overall.table.remove(now, function, destination);
        self.final_only.table.remove(now, function, destination);
    }

    /// Removes a destination of all functions, as the controller orders when a computer is gone.
    pub fn remove_everywhere(&mut self, now: Instant, destination: u32) {
        self.overall.table.remove_everywhere(now, destination);
        self.final_only.table.remove_everywhere(now, destination);
    }

    /// Empties both tables.
    pub fn flush(&mut self) {
        self.overall.table.flush();
        self.final_only.table.flush();
    }

    /// Sets every weight of both tables to one.
    pub fn reset(&mut self, now: Instant) {
        self.overall.table.reset(now);
        self.final_only.table.reset(now);
    }

    /// Where a call goes that crossed `hops` brokers so far; `forwarded` if one of them sent it here.
    /// `uniform` in [0, 1) is drawn only where the selection is random among two or more.
    ///
    /// # Errors
    /// No destination, or too many hops.
    #[inline]
    pub fn select(
        &mut self,
        now: Instant,
        function: u32,
        forwarded: bool,
        hops: u32,
        uniform: impl FnOnce() -> f64,
    ) -> Result<u32, Unroutable> {
        if hops > HOPS_MAX {
            return Err(Unroutable::Loop);
        }
        let table = &mut self.half(forwarded).table;
        table.select(now, function, uniform).map_err(|_| Unroutable::NoDestination)
    }

    /// A call came back well after `delay_s`: wait for a connection, round trip and everything beyond. A destination
    /// that was removed meanwhile is none to learn about.
    #[inline]
    pub fn learn(&mut self, now: Instant, function: u32, destination: u32, forwarded: bool, delay_s: f64) {
        let half = self.half(forwarded);
        match half.learn(now, function, destination, delay_s) {
            // A delay of zero teaches nothing: the original could not measure one.
            Ok(()) | Err(TableError::UnknownDestination | TableError::BadDestination { .. }) => {}
            Err(TableError::NoDestination) => unreachable!("learning selects nothing"),
        }
    }

    /// How often [`EdgeRouter::tick`] is due, first one period after the start; `None` where nothing is periodic.
    pub fn period(&self) -> Option<Span> {
        if let Learning::Periodic { period, .. } = self.learning { Some(period) } else { None }
    }

    /// The end of a period of the optimizers.
    pub fn tick(&mut self, now: Instant) {
        for half in [&mut self.overall, &mut self.final_only] {
            half.tick(now);
        }
    }

    /// The table for calls of clients, or the one for calls that a broker forwarded.
    pub fn table(&self, forwarded: bool) -> &Table {
        if forwarded { &self.final_only.table } else { &self.overall.table }
    }

    fn half(&mut self, forwarded: bool) -> &mut LearningTable {
        if forwarded { &mut self.final_only } else { &mut self.overall }
    }

    /// Both tables as the original's client prints them.
    pub fn dump(&self) -> String {
        format!("Table#0\n{}Table#1\n{}", self.overall.table.dump(), self.final_only.table.dump())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::Rng;

    const F: Named<'_> = Named { id: 0, name: "clambda0" };
    const G: Named<'_> = Named { id: 1, name: "glambda0" };

    fn at(seconds: f64) -> Instant {
        Instant::ZERO + Span::from_secs_f64(seconds).unwrap()
    }

    fn router(selection: Selection, learning: Learning) -> EdgeRouter {
        EdgeRouter::new(Options { selection, learning, faithful: false })
    }

    /// The example of the original's documentation: only calls that a client made have taught something.
    #[test]
    fn tables_are_dumped_in_the_documented_layout() {
        let mut router = router(Selection::Random, Learning::AsyncFairness);
        for (id, name) in [(7, "localhost:10001"), (3, "localhost:10000")] {
            for function in [G, F] {
                router.change(Instant::ZERO, function, Named { id, name }, 1.0, true).unwrap();
            }
        }
        router.learn(at(1.0), F.id, 3, false, 0.106305);
        router.learn(at(1.0), F.id, 7, false, 0.108944);
        let wanted = "Table#0\n\
            clambda0 [0.106305] localhost:10000 (F)\n         [0.108944] localhost:10001 (F)\n\
            glambda0 [1       ] localhost:10000 (F)\n         [1       ] localhost:10001 (F)\n\
            Table#1\n\
            clambda0 [1] localhost:10000 (F)\n         [1] localhost:10001 (F)\n\
            glambda0 [1] localhost:10000 (F)\n         [1] localhost:10001 (F)\n";
        assert_eq!(router.dump(), wanted);
        router.reset(at(2.0));
        assert!(!router.dump().contains("0.1"));
    }

    #[test]
    fn a_forwarded_call_goes_to_a_final_destination_only() {
        let mut router = router(Selection::LeastImpedance, Learning::None);
        let mut rng = Rng::seeded(1);
        router.change(Instant::ZERO, F, Named { id: 0, name: "broker" }, 0.5, false).unwrap();
        router.change(Instant::ZERO, F, Named { id: 1, name: "computer" }, 1.0, true).unwrap();
        assert_eq!(router.select(Instant::ZERO, 0, false, 0, || rng.uniform()), Ok(0));
        assert_eq!(router.select(Instant::ZERO, 0, true, 1, || rng.uniform()), Ok(1));
        assert_eq!(router.select(Instant::ZERO, 0, true, 255, || rng.uniform()), Err(Unroutable::Loop));
        assert_eq!(router.select(Instant::ZERO, 9, false, 0, || rng.uniform()), Err(Unroutable::NoDestination));
        router.remove_everywhere(at(1.0), 1);
        assert_eq!(router.select(at(1.0), 0, true, 1, || rng.uniform()), Err(Unroutable::NoDestination));
        assert!(router.change(Instant::ZERO, F, Named { id: 2, name: "" }, 1.0, true).is_err());
        assert!(router.change(Instant::ZERO, F, Named { id: 2, name: "c" }, 0.0, true).is_err());
    }

    /// An average lives five seconds: a gap of 4.9 s continues it, one of exactly 5 s starts anew.
    #[test]
    fn an_average_starts_anew_after_five_seconds() {
        for (gap, weight) in [(4.9, 0.2), (5.0, 0.3)] {
            let mut router = router(Selection::LeastImpedance, Learning::Async { alpha: 0.5 });
            router.change(Instant::ZERO, F, Named { id: 0, name: "a" }, 1.0, true).unwrap();
            router.learn(at(1.0), 0, 0, false, 0.1);
            router.learn(at(1.0 + gap), 0, 0, false, 0.3);
            let (_, found) = router.table(false).entry(0).unwrap().destinations().next().unwrap();
            assert!((found - weight).abs() < 1e-6, "after {gap} s: {found}");
        }
    }

    #[test]
    fn a_period_sets_the_statistic_of_what_was_seen() {
        let learning = Learning::Periodic { period: Span::from_secs(5), statistic: Statistic::Max };
        let mut router = router(Selection::LeastImpedance, learning);
        for id in 0..2 {
            router.change(Instant::ZERO, F, Named { id, name: ["a", "b"][id as usize] }, 1.0, true).unwrap();
        }
        router.learn(at(1.0), 0, 1, false, 0.25);
        router.learn(at(2.0), 0, 1, false, 0.5);
        router.tick(at(5.0));
        let weights = |router: &EdgeRouter| -> Vec<f32> {
            router.table(false).entry(0).unwrap().destinations().map(|(_, weight)| weight).collect()
        };
        assert_eq!(weights(&router), [1.0, 0.5]);
        router.tick(at(10.0));
        assert_eq!(weights(&router), [1.0, 0.5]);
        assert_eq!(router.period(), Some(Span::from_secs(5)));
    }
}
