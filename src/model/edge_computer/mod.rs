//! An edge computer: calls queue at the container of their function, share a processor with the calls of other
//! containers, and hold memory while they run.
//!
//! Source: `ccicconetti/serverlessonedge`, the simulated edge computer (specification section 7).
//! Differs: work is not rounded to whole operations at each event. Freed memory wakes every container of the
//! processor; `faithful` wakes only that of the call which ended, so that others may wait for ever.
//!
//! A state machine without a clock: the caller offers calls, asks when the next one ends and advances to there.

use std::collections::VecDeque;

use crate::engine::time::Instant;

mod call;
mod kind;
mod processor;

pub use call::{Done, TooLarge};
pub use kind::{ComputerType, ContainerType, KindError, ProcessorKind, ProcessorType, Requirements};

use call::Task;
use processor::Processor;

/// A container of a computer; only the computer makes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContainerId(u32);

#[derive(Clone, Debug)]
struct Container {
    processor: usize,
    workers: u32,
    busy: u32,
    requirements: Requirements,
    /// Slots of waiting calls.
    queue: VecDeque<u32>,
    /// Their operations in all.
    waiting_operations: u64,
}

/// The state of one computer.
#[derive(Clone, Debug)]
pub struct Computer {
    /// In order of processor names, as reports are.
    processors: Vec<Processor>,
    /// In order of function names.
    containers: Vec<Container>,
    tasks: Vec<Task>,
    free: Vec<u32>,
    sequence: u64,
    wake_all: bool,
    /// Calls that left a line and started since somebody last asked; `None` where nobody ever asks.
    begun: Option<Vec<u64>>,
    /// Of the processors and of the containers: apart from what every call looks at.
    processor_names: Vec<String>,
    functions: Vec<String>,
}

impl Computer {
    /// An idle computer at time zero.
    ///
    /// # Errors
    /// A description that [`ComputerType::check`] refuses.
    pub fn new(kind: &ComputerType, faithful: bool) -> Result<Computer, KindError> {
        kind.check()?;
        let mut processors: Vec<&ProcessorType> = kind.processors.iter().collect();
        processors.sort_by(|a, b| a.name.cmp(&b.name));
        let names: Vec<String> = processors.iter().map(|processor| processor.name.clone()).collect();
        let mut containers: Vec<&ContainerType> = kind.containers.iter().collect();
        containers.sort_by(|a, b| a.function.cmp(&b.function));
        let functions = containers.iter().map(|container| container.function.clone()).collect();
        let containers = containers.into_iter().map(|container| Container {
            processor: names.iter().position(|name| *name == container.processor).expect("checked above"),
            workers: container.workers,
            busy: 0,
            requirements: container.requirements,
            queue: VecDeque::new(),
            waiting_operations: 0,
        });
        let containers = containers.collect();
        Ok(Computer {
            processors: processors.iter().map(|p| Processor::new(p.speed_ops_per_s, p.cores, p.memory_bytes)).collect(),
            containers,
            tasks: Vec::new(),
            free: Vec::new(),
            sequence: 0,
            wake_all: !faithful,
            begun: None,
            processor_names: names,
            functions,
        })
    }

    /// The same computer keeping a list of the calls that leave a line and start, for [`Computer::take_begun`].
    pub fn telling(self) -> Computer {
        Computer { begun: Some(Vec::new()), ..self }
    }

    /// Hands over, in order, the calls that left a line and started since this was last asked.
    pub fn take_begun(&mut self, to: &mut Vec<u64>) {
        if let Some(begun) = self.begun.as_mut().filter(|begun| !begun.is_empty()) {
            to.append(begun);
        }
    }

    /// The container that serves a function.
    pub fn container(&self, function: &str) -> Option<ContainerId> {
        let place = self.functions.binary_search_by(|known| known.as_str().cmp(function)).ok()?;
        Some(ContainerId(place as u32))
    }

    pub fn function(&self, container: ContainerId) -> &str {
        &self.functions[container.0 as usize]
    }

    /// Load of the container's processor in whole percent over the last 1, 10 and 30 reports.
    pub fn loads(&self, container: ContainerId) -> [u8; 3] {
        self.processors[self.containers[container.0 as usize].processor].loads()
    }

    /// What a call needs that brings its own work and size: operations and bytes of memory.
    pub fn needs_of(&self, container: ContainerId, size_bytes: u64, work: f64) -> (u64, u64) {
        self.containers[container.0 as usize].requirements.of_call(size_bytes, work)
    }

    /// What is on every processor now, in order of names: its name, calls that run, bytes of memory taken, and the loads
    /// in whole percent over the last 1, 10 and 30 reports.
    pub fn state(&self) -> impl Iterator<Item = (&str, usize, u64, [u8; 3])> {
        let of = |processor: &Processor| (processor.active(), processor.memory_used, processor.loads());
        self.processor_names.iter().zip(&self.processors).map(move |(name, processor)| {
            let (active, memory, loads) = of(processor);
            (name.as_str(), active, memory, loads)
        })
    }

    /// What a call of this size needs: operations and bytes of memory.
    pub fn needs(&self, container: ContainerId, size_bytes: u64) -> (u64, u64) {
        self.containers[container.0 as usize].requirements.of(size_bytes)
    }

    /// A call arrives: it starts if a worker and the memory are free, else it waits. The caller has advanced the
    /// computer to `now`, and `call` is its own number for it. True when it started.
    ///
    /// # Errors
    /// A call that needs more memory than the processor has.
    pub fn offer(
        &mut self,
        now: Instant,
        call: u64,
        container: ContainerId,
        size_bytes: u64,
    ) -> Result<bool, TooLarge> {
        let needs = self.needs(container, size_bytes);
        self.offer_needing(now, call, container, needs)
    }

    /// The same for a call whose operations and bytes of memory the caller knows.
    ///
    /// # Errors
    /// A call that needs more memory than the processor has.
    pub fn offer_needing(
        &mut self,
        now: Instant,
        call: u64,
        container: ContainerId,
        (operations, memory): (u64, u64),
    ) -> Result<bool, TooLarge> {
        let place = container.0 as usize;
        let processor = &mut self.processors[self.containers[place].processor];
        if memory > processor.memory_bytes {
            return Err(TooLarge { needed_bytes: memory, total_bytes: processor.memory_bytes });
        }
        // One without any work may end at the very instant at which it came.
        assert!(processor.next_end().is_none_or(|end| end >= now), "calls that have ended are taken before new ones");
        processor.work(now);
        processor.note();
        let loads = processor.loads();
        let task = Task { call, container: container.0, operations, memory, offered: now, started: now, loads };
        let slot = self.free.pop().unwrap_or_else(|| {
            self.tasks.push(task);
            (self.tasks.len() - 1) as u32
        });
        self.tasks[slot as usize] = task;
        let fits = self.fits(place, memory);
        if fits {
            self.start(slot, now);
        } else {
            let container = &mut self.containers[place];
            container.queue.push_back(slot);
            container.waiting_operations += operations;
        }
        Ok(fits)
    }

    /// Cores of all processors with a call on them.
    pub fn cores_in_use(&self) -> u32 {
        self.processors.iter().map(Processor::cores_in_use).sum()
    }

    /// When the next call ends, if none arrives before.
    pub fn next_completion(&self) -> Option<Instant> {
        self.processors.iter().filter_map(Processor::next_end).min()
    }

    /// Works until `to`, that instant included, and appends the calls that end, in order.
    pub fn advance(&mut self, to: Instant, done: &mut Vec<Done>) {
        while let Some(now) = self.next_completion().filter(|&next| next <= to) {
            let first = done.len();
            let tasks = &self.tasks;
            for processor in &mut self.processors {
                processor.work(now);
                if processor.next_end() == Some(now) {
                    processor.ended(|active| {
                        let Task { call, container, offered, started, loads, .. } = tasks[active.slot as usize];
                        let container = ContainerId(container);
                        done.push(Done { call, container, offered, started, finished: now, loads, active });
                    });
                }
            }
            // By function name, inside a container in order of finishing, first come first when equal.
            done[first..].sort_unstable_by_key(|done| (done.container, done.active));
            for done in &done[first..] {
                self.free_place(done.active.slot, now);
            }
        }
        self.processors.iter_mut().for_each(|processor| processor.work(to));
    }

    /// A call holds nothing any more: those who wait are served.
    fn free_place(&mut self, slot: u32, now: Instant) {
        let task = self.tasks[slot as usize];
        let place = task.container as usize;
        let number = self.containers[place].processor;
        self.processors[number].memory_used -= task.memory;
        self.processors[number].note();
        self.containers[place].busy -= 1;
        self.free.push(slot);
        self.serve(place, now);
        if self.wake_all {
            for other in 0..self.containers.len() {
                if other != place && self.containers[other].processor == number {
                    self.serve(other, now);
                }
            }
        }
    }

    /// Starts waiting calls from the head until one does not fit.
    fn serve(&mut self, place: usize, now: Instant) {
        while let Some(&slot) = self.containers[place].queue.front() {
            let Task { memory, operations, .. } = self.tasks[slot as usize];
            if !self.fits(place, memory) {
                break;
            }
            let container = &mut self.containers[place];
            container.queue.pop_front();
            container.waiting_operations -= operations;
            self.start(slot, now);
            if let Some(begun) = &mut self.begun {
                begun.push(self.tasks[slot as usize].call);
            }
        }
    }

    fn fits(&self, place: usize, memory: u64) -> bool {
        let container = &self.containers[place];
        let processor = &self.processors[container.processor];
        container.busy < container.workers && processor.memory_used + memory <= processor.memory_bytes
    }

    fn start(&mut self, slot: u32, now: Instant) {
        let task = &mut self.tasks[slot as usize];
        task.started = now;
        let container = &mut self.containers[task.container as usize];
        container.busy += 1;
        let processor = &mut self.processors[container.processor];
        processor.memory_used += task.memory;
        processor.start(slot, task.operations, self.sequence);
        self.sequence += 1;
    }

    /// Takes a call out before its end, because its caller gave up; what it held is free for those who wait. The caller
    /// has taken the calls that ended by now. False for a call that is not here.
    pub fn withdraw(&mut self, now: Instant, call: u64) -> bool {
        self.processors.iter_mut().for_each(|processor| processor.work(now));
        let tasks = &self.tasks;
        let waits = self.containers.iter().enumerate().find_map(|(place, container)| {
            let position = container.queue.iter().position(|&slot| tasks[slot as usize].call == call)?;
            Some((place, position))
        });
        if let Some((place, position)) = waits {
            let container = &mut self.containers[place];
            let slot = container.queue.remove(position).expect("the position was just found");
            container.waiting_operations -= tasks[slot as usize].operations;
            self.free.push(slot);
            // Behind a call that did not fit there may be one that does.
            self.serve(place, now);
            return true;
        }
        let left =
            self.processors.iter_mut().find_map(|processor| processor.leave(|slot| tasks[slot as usize].call == call));
        let Some(slot) = left else { return false };
        self.free_place(slot, now);
        true
    }

    /// Estimated response time, in seconds, of a call that is not made. A pure function of the state at the last arrival
    /// or completion: memory is ignored, and waiting calls count as if they ran one after the other.
    pub fn dry_run(&self, container: ContainerId, size_bytes: u64) -> f64 {
        self.dry_run_needing(container, self.needs(container, size_bytes).0)
    }

    /// The same for a call whose operations the caller knows.
    pub fn dry_run_needing(&self, container: ContainerId, operations: u64) -> f64 {
        let own = &self.containers[container.0 as usize];
        let processor = &self.processors[own.processor];
        let n = processor.active();
        let full = own.busy >= own.workers;
        let mut seconds = 0.0;
        if n > 0 {
            seconds += own.waiting_operations as f64 / processor.rate(n);
            if full {
                let front = processor.front(|slot| self.tasks[slot as usize].container == container.0);
                seconds += front / processor.rate(n);
            }
        }
        seconds + operations as f64 / processor.rate(if full { n } else { n + 1 })
    }

    /// Utilisation of every processor since the report before, in order of their names. The caller has advanced the
    /// computer to the instant of the report.
    pub fn report(&mut self) -> impl Iterator<Item = (&str, f64)> {
        self.processor_names.iter().map(String::as_str).zip(self.processors.iter_mut().map(Processor::report))
    }

    /// Calls that wait, by container and in order.
    pub fn waiting(&self) -> impl Iterator<Item = u64> + '_ {
        let slots = self.containers.iter().flat_map(|container| &container.queue);
        slots.map(|&slot| self.tasks[slot as usize].call)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::Rng;
    use crate::engine::time::Span;

    fn at(seconds: f64) -> Instant {
        Instant::ZERO + Span::from_secs_f64(seconds).unwrap()
    }

    #[test]
    fn the_fifth_concurrent_call_waits_for_a_worker() {
        let mut computer = Computer::new(&ComputerType::raspberry(1, 1), false).unwrap();
        let function = computer.container("clambda0").unwrap();
        let started = (0..5).map(|call| computer.offer(Instant::ZERO, call, function, 10_000).unwrap());
        assert_eq!(started.collect::<Vec<_>>(), [true, true, true, true, false]);
        let mut done = Vec::new();
        computer.advance(at(1.0), &mut done);
        let ends: Vec<f64> = done.iter().map(|done| done.finished.as_secs_f64()).collect();
        assert_eq!(ends, [0.10004, 0.10004, 0.10004, 0.10004, 0.20008]);
        assert_eq!(done[4].processing_ms(), 200);
    }

    #[test]
    fn memory_that_is_freed_wakes_the_other_containers() {
        let mut kind = ComputerType::raspberry(2, 0);
        kind.processors[0].memory_bytes = 100;
        kind.containers[0].requirements = Requirements::Fixed { operations: 100_000_000_000, memory_bytes: 80 };
        kind.containers[1].requirements = Requirements::Fixed { operations: 100_000_000_000, memory_bytes: 50 };
        for (faithful, ends) in [(false, 2), (true, 1)] {
            let mut computer = Computer::new(&kind, faithful).unwrap();
            let functions = ["clambda0", "clambda1"].map(|name| computer.container(name).unwrap());
            computer.offer(Instant::ZERO, 0, functions[0], 1).unwrap();
            computer.offer(Instant::ZERO, 1, functions[1], 1).unwrap();
            let mut done = Vec::new();
            computer.advance(at(9.0), &mut done);
            assert_eq!(done.len(), ends);
            assert_eq!(computer.waiting().count(), 2 - ends);
        }
    }

    #[test]
    fn what_no_processor_can_hold_is_refused() {
        let mut computer = Computer::new(&ComputerType::raspberry(1, 0), false).unwrap();
        let function = computer.container("clambda0").unwrap();
        let refused = computer.offer(Instant::ZERO, 0, function, 6_000_000).unwrap_err();
        assert_eq!(refused, TooLarge { needed_bytes: 600_000_000, total_bytes: 512 << 20 });
        assert_eq!(computer.container("unknown"), None);
    }

    /// Every operation that is offered is done, whatever shares the processor: with all cores busy, the work between
    /// two idle moments takes exactly its time.
    #[test]
    fn work_is_conserved_under_sharing() {
        let mut rng = Rng::seeded(3);
        let mut kind = ComputerType::raspberry(2, 0);
        kind.processors[0].cores = 1;
        kind.containers.iter_mut().for_each(|container| container.workers = 3);
        let mut computer = Computer::new(&kind, false).unwrap();
        let functions = ["clambda0", "clambda1"].map(|name| computer.container(name).unwrap());
        let mut operations = 0;
        for call in 0..50 {
            let function = functions[rng.below(2) as usize];
            let size = 1 + rng.below(5_000);
            operations += computer.needs(function, size).0;
            computer.offer(Instant::ZERO, call, function, size).unwrap();
        }
        let mut done = Vec::new();
        computer.advance(at(1e6), &mut done);
        assert_eq!(done.len(), 50);
        let last = done.last().unwrap().finished.as_secs_f64();
        assert!((last - operations as f64 / 1e11).abs() < 1e-6, "{last}");
    }
}
