//! How weights follow measured delays.
//!
//! Source: `ccicconetti/serverlessonedge`, local optimizers none, async, asyncPF and trivial (periodic).
//! Kept from there: alpha is the share of the previous average (a comment in the code has it the other way round), and
//! the history of a destination outlives its removal from the table.

use crate::engine::time::{Instant, Span};

use super::table::{Table, TableError};

/// After this long without a sample the average starts anew.
const STALE: Span = Span::from_secs(5);

/// What the samples of a period become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    Mean,
    Min,
    Max,
}

/// The rule by which weights follow delays.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Learning {
    /// Weights never change.
    None,
    /// weight = (1 - alpha)·delay + alpha·previous; the delay itself at first and after five seconds without a sample.
    Async { alpha: f64 },
    /// weight = delay.
    AsyncFairness,
    /// Every `period`, the statistic of the delays seen since the last time; unchanged where none was seen.
    Periodic { period: Span, statistic: Statistic },
}

/// What is remembered of the destinations of one function, in the order of their first samples.
#[derive(Clone, Debug, Default)]
struct Memories {
    /// Close together: they are searched for each sample.
    destinations: Vec<u32>,
    list: Vec<Memory>,
}

/// What is remembered of one destination of one function.
#[derive(Clone, Copy, Debug)]
struct Memory {
    /// The exponential average; or of the samples of the period the sum, the least or the greatest.
    value: f64,
    /// When the last sample came.
    at: Instant,
    /// Samples, of the period where there are periods.
    count: u64,
}

/// The optimizer of one table.
#[derive(Clone, Debug)]
pub(super) struct Optimizer {
    learning: Learning,
    /// By function.
    memories: Vec<Memories>,
}

impl Optimizer {
    pub(super) fn new(learning: Learning) -> Optimizer {
        Optimizer { learning, memories: Vec::new() }
    }

    /// A call of `function` to `destination` took `delay_s`.
    ///
    /// # Errors
    /// A destination that the table does not know (any more), or a delay that is not positive.
    pub(super) fn learn(
        &mut self,
        table: &mut Table,
        now: Instant,
        function: u32,
        destination: u32,
        delay_s: f64,
    ) -> Result<(), TableError> {
        match self.learning {
            Learning::None => Ok(()),
            Learning::AsyncFairness => table.set(now, function, destination, delay_s as f32),
            Learning::Async { alpha } => {
                let memory = self.memory(function, destination, now);
                let fresh = memory.count > 0 && now.since(memory.at) < STALE;
                let average = if fresh { (1.0 - alpha) * delay_s + alpha * memory.value } else { delay_s };
                *memory = Memory { value: average, at: now, count: 1 };
                table.set(now, function, destination, average as f32)
            }
            Learning::Periodic { statistic, .. } => {
                let memory = self.memory(function, destination, now);
                let value = match (memory.count, statistic) {
                    (0, _) => delay_s,
                    (_, Statistic::Mean) => memory.value + delay_s,
                    (_, Statistic::Min) => memory.value.min(delay_s),
                    (_, Statistic::Max) => memory.value.max(delay_s),
                };
                *memory = Memory { value, at: now, count: memory.count + 1 };
                Ok(())
            }
        }
    }

    /// The end of a period: every destination with samples gets its weight, functions in order of their numbers.
    pub(super) fn tick(&mut self, table: &mut Table, now: Instant) {
        let Learning::Periodic { statistic, .. } = self.learning else { return };
        for (function, memories) in self.memories.iter_mut().enumerate() {
            // Where several weights change at one instant, the order of names decides on ties of the round robin.
            let order: Vec<u32> = table
                .entry(function as u32)
                .map(|entry| entry.by_name().map(|(destination, _)| destination.id).collect())
                .unwrap_or_default();
            for destination in order {
                let Some(place) = memories.place(destination) else { continue };
                let memory = memories.list[place];
                if memory.count == 0 {
                    continue;
                }
                let weight = match statistic {
                    Statistic::Mean => memory.value / memory.count as f64,
                    Statistic::Min | Statistic::Max => memory.value,
                };
                match table.set(now, function as u32, destination, weight as f32) {
                    // Delays of zero teach nothing, here as with the other rules: the original could not measure one.
                    Ok(()) | Err(TableError::BadDestination { .. }) => {}
                    Err(TableError::UnknownDestination | TableError::NoDestination) => {
                        unreachable!("the destination was just listed")
                    }
                }
            }
            memories.destinations.clear();
            memories.list.clear();
        }
    }

    fn memory(&mut self, function: u32, destination: u32, now: Instant) -> &mut Memory {
        let function = function as usize;
        if self.memories.len() <= function {
            self.memories.resize(function + 1, Memories::default());
        }
        let memories = &mut self.memories[function];
        let place = memories.place(destination).unwrap_or_else(|| {
            memories.destinations.push(destination);
            memories.list.push(Memory { value: 0.0, at: now, count: 0 });
            memories.list.len() - 1
        });
        &mut memories.list[place]
    }
}

impl Memories {
    fn place(&self, destination: u32) -> Option<usize> {
        self.destinations.iter().position(|&known| known == destination)
    }
}
