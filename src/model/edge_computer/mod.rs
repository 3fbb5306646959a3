//! An edge computer: calls queue at the container of their function, share a processor with the calls of other
//! containers, and hold memory while they run.
//!
//! Source: `ccicconetti/serverlessonedge`, the simulated edge computer (specification section 7).
//! Differs: work is not rounded to whole operations at each event. Freed memory wakes every container of the
//! processor; `faithful` wakes only that of the call which ended, so that others may wait for ever.
//!
//! A state machine without a clock: the caller offers calls, asks when the next one ends and advances to there.

use std::collections::VecDeque;
use std::num::NonZeroU64;

use smallvec::SmallVec;

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

/// As long as a line of the cache: who waits stands elsewhere, since seldom anybody does.
#[derive(Clone, Debug)]
struct Container {
    processor: u32,
    workers: u32,
    busy: u32,
    /// How many wait, known without a look at their line.
    waiting: u32,
    requirements: Requirements,
    line: Box<Line>,
}

impl Container {
    fn fits(&self, processor: &Processor, memory: u64) -> bool {
        self.busy < self.workers && processor.memory_used + memory <= processor.memory_bytes
    }

    /// A call takes a worker, and its memory and share of the processor.
    fn start(&mut self, processor: &mut Processor, task: &Task, slot: u32, sequence: &mut NonZeroU64) {
        self.busy += 1;
        processor.memory_used += task.memory;
        processor.start(slot, task.operations, *sequence);
        *sequence = sequence.checked_add(1).expect("no computer starts that many calls");
    }
}

/// Calls that wait at a container.
#[derive(Clone, Debug, Default)]
struct Line {
    slots: VecDeque<u32>,
    /// Their operations in all.
    operations: u64,
}

/// The state of one computer. What a call looks at stands in one piece where there is one processor with one container:
/// there may be thousands of computers, each looked at seldom enough to have left the cache.
#[derive(Clone, Debug)]
#[repr(C)]
pub struct Computer {
    /// In order of processor names, as reports are.
    processors: SmallVec<[Processor; 1]>,
    /// In order of function names.
    containers: SmallVec<[Container; 1]>,
    tasks: SmallVec<[Task; 1]>,
    /// The slot that was freed last, or [`NO_SLOT`]; each free task knows the one that was freed before it.
    first_free: u32,
    wake_all: bool,
    /// Whether somebody asks for `begun`, and whether it has any: it stands apart from what every call looks at.
    tells: bool,
    has_begun: bool,
    /// Of the call that starts next.
    sequence: NonZeroU64,
    /// Calls that left a line and started since somebody last asked.
    begun: Vec<u64>,
    names: Box<Names>,
}

/// Apart from what every call looks at.
#[derive(Clone, Debug)]
struct Names {
    processors: Vec<String>,
    /// Of the containers.
    functions: Vec<String>,
}

const NO_SLOT: u32 = u32::MAX;

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
            processor: names.iter().position(|name| *name == container.processor).expect("checked above") as u32,
            workers: container.workers,
            busy: 0,
            waiting: 0,
            requirements: container.requirements,
            line: Box::default(),
        });
        let containers = containers.collect();
        Ok(Computer {
            processors: processors.iter().map(|p| Processor::new(p.speed_ops_per_s, p.cores, p.memory_bytes)).collect(),
            containers,
            tasks: SmallVec::new(),
            first_free: NO_SLOT,
            sequence: NonZeroU64::MIN,
            wake_all: !faithful,
            tells: false,
            has_begun: false,
            begun: Vec::new(),
            names: Box::new(Names { processors: names, functions }),
        })
    }

    /// The same computer keeping a list of the calls that leave a line and start, for [`Computer::take_begun`].
    pub fn telling(self) -> Computer {
        Computer { tells: true, ..self }
    }

    /// Hands over, in order, the calls that left a line and started since this was last asked.
    pub fn take_begun(&mut self, to: &mut Vec<u64>) {
        if std::mem::take(&mut self.has_begun) {
            to.append(&mut self.begun);
        }
    }

    /// The container that serves a function.
    pub fn container(&self, function: &str) -> Option<ContainerId> {
        let place = self.names.functions.binary_search_by(|known| known.as_str().cmp(function)).ok()?;
        Some(ContainerId(place as u32))
    }

    pub fn function(&self, container: ContainerId) -> &str {
        &self.names.functions[container.0 as usize]
    }

    /// Load of the container's processor in whole percent over the last 1, 10 and 30 reports.
    pub fn loads(&self, container: ContainerId) -> [u8; 3] {
        self.processors[self.containers[container.0 as usize].processor as usize].loads()
    }

    /// What a call needs that brings its own work and size: operations and bytes of memory.
    pub fn needs_of(&self, container: ContainerId, size_bytes: u64, work: f64) -> (u64, u64) {
        self.containers[container.0 as usize].requirements.of_call(size_bytes, work)
    }

    /// What is on every processor now, in order of names: its name, calls that run, bytes of memory taken, and the loads
    /// in whole percent over the last 1, 10 and 30 reports.
    pub fn state(&self) -> impl Iterator<Item = (&str, u32, u64, [u8; 3])> {
        let of = |processor: &Processor| (processor.active(), processor.memory_used, processor.loads());
        self.names.processors.iter().zip(&self.processors).map(move |(name, processor)| {
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
        let place = container.0;
        let container = &mut self.containers[place as usize];
        let processor = &mut self.processors[container.processor as usize];
        if memory > processor.memory_bytes {
            return Err(TooLarge { needed_bytes: memory, total_bytes: processor.memory_bytes });
        }
        // One without any work may end at the very instant at which it came.
        assert!(processor.next_end().is_none_or(|end| end >= now), "calls that have ended are taken before new ones");
        processor.work(now);
        processor.note();
        let loads = processor.loads();
        let task = Task { call, container: place, operations, memory, offered: now, started: now, loads };
        let slot = if let Some(free) = self.tasks.get_mut(self.first_free as usize) {
            let slot = self.first_free;
            self.first_free = free.container;
            *free = task;
            slot
        } else {
            self.tasks.push(task);
            (self.tasks.len() - 1) as u32
        };
        let fits = container.fits(processor, memory);
        if fits {
            container.start(processor, &task, slot, &mut self.sequence);
        } else {
            container.waiting += 1;
            container.line.slots.push_back(slot);
            container.line.operations += operations;
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
        let Task { container: place, memory, .. } = self.tasks[slot as usize];
        let container = &mut self.containers[place as usize];
        let number = container.processor;
        let processor = &mut self.processors[number as usize];
        processor.memory_used -= memory;
        processor.note();
        container.busy -= 1;
        self.forget(slot);
        self.serve(place as usize, now);
        if self.wake_all {
            for other in 0..self.containers.len() {
                if other != place as usize && self.containers[other].processor == number {
                    self.serve(other, now);
                }
            }
        }
    }

    /// The slot of a call that has gone is free.
    fn forget(&mut self, slot: u32) {
        self.tasks[slot as usize].container = self.first_free;
        self.first_free = slot;
    }

    /// Starts waiting calls from the head until one does not fit.
    fn serve(&mut self, place: usize, now: Instant) {
        let container = &mut self.containers[place];
        if container.waiting == 0 {
            return;
        }
        let processor = &mut self.processors[container.processor as usize];
        while let Some(&slot) = container.line.slots.front() {
            let task = &mut self.tasks[slot as usize];
            if !container.fits(processor, task.memory) {
                break;
            }
            container.waiting -= 1;
            container.line.slots.pop_front();
            container.line.operations -= task.operations;
            task.started = now;
            container.start(processor, task, slot, &mut self.sequence);
            if self.tells {
                self.begun.push(task.call);
                self.has_begun = true;
            }
        }
    }

    /// Takes a call out before its end, because its caller gave up; what it held is free for those who wait. The caller
    /// has taken the calls that ended by now. False for a call that is not here.
    pub fn withdraw(&mut self, now: Instant, call: u64) -> bool {
        self.processors.iter_mut().for_each(|processor| processor.work(now));
        let tasks = &self.tasks;
        let waits = self.containers.iter().enumerate().find_map(|(place, container)| {
            let position = container.line.slots.iter().position(|&slot| tasks[slot as usize].call == call)?;
            Some((place, position))
        });
        if let Some((place, position)) = waits {
            let container = &mut self.containers[place];
            let slot = container.line.slots.remove(position).expect("the position was just found");
            container.waiting -= 1;
            container.line.operations -= tasks[slot as usize].operations;
            self.forget(slot);
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
        let processor = &self.processors[own.processor as usize];
        let n = processor.active();
        let full = own.busy >= own.workers;
        let mut seconds = 0.0;
        if n > 0 {
            seconds += own.line.operations as f64 / processor.rate(n);
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
        self.names.processors.iter().map(String::as_str).zip(self.processors.iter_mut().map(Processor::report))
    }

    /// Calls that wait, by container and in order.
    pub fn waiting(&self) -> impl Iterator<Item = u64> + '_ {
        let slots = self.containers.iter().flat_map(|container| &container.line.slots);
        slots.map(|&slot| self.tasks[slot as usize].call)
    }
}

#[cfg(test)]
mod tests;
