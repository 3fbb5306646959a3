//! Counts per period of many functions as one stream of arrivals: one period is placed and sorted at a time.
//!
//! So a trace of 50,000 functions is one source whose memory is the arrivals of its busiest period. Each function has a
//! random stream of its own, named after it, from which both its instants and its service times are drawn in order: what
//! other functions a trace holds moves none of them.

use super::arrival::{Arrival, Cast, Name};
use super::feed::Trace;
use super::flaw::Flaw;
use super::place::Placement;
use super::report::Report;
use crate::engine::law::Law;
use crate::engine::random::{Rng, Streams};
use crate::engine::time::{Instant, Span};
use std::sync::Arc;

/// Most arrivals in one period; more are taken for a mistake in the input, or want a shorter period.
pub const BLOCK_MAX: u64 = 100_000_000;

/// So many requests of one function in one period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Index of the [`Member`].
    pub member: u32,
    pub count: u64,
}

/// What the trace says of a function, but for the law of its service times.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    pub function: Name,
    pub tenant: Option<Name>,
    pub memory_bytes: Option<u64>,
    is_timed: bool,
}

/// The functions of a trace. What every arrival needs lies apart from what few do, so that it stays in the cache.
#[derive(Debug)]
pub struct Company {
    pub cast: Cast,
    pub report: Report,
    pub members: Vec<Member>,
    /// How long a request of each member runs, in seconds.
    services: Vec<Option<Law>>,
    rngs: Vec<Rng>,
    streams: Streams,
}

impl Company {
    pub fn new(streams: Streams) -> Company {
        Company {
            cast: Cast::default(),
            report: Report::default(),
            members: Vec::new(),
            services: Vec::new(),
            rngs: Vec::new(),
            streams,
        }
    }

    /// A random stream of the trace's own.
    pub fn stream(&self, purpose: &str, owner: &str) -> Rng {
        self.streams.stream(purpose, owner)
    }

    /// The member that is this function, new or not. Members are numbered as functions are named.
    pub fn join(&mut self, function: Name) -> &mut Member {
        let index = function.index();
        assert!(index <= self.members.len(), "functions join in the order in which they are named");
        if index == self.members.len() {
            self.rngs.push(self.streams.stream("trace", self.cast.functions.text(function)));
            self.services.push(None);
            self.members.push(Member { function, tenant: None, memory_bytes: None, is_timed: false });
        }
        &mut self.members[index]
    }

    /// From now on requests of a member run as long as this law says, in seconds; `None` says nothing.
    pub fn set_service(&mut self, member: u32, service_s: Option<Law>) {
        self.members[member as usize].is_timed = service_s.is_some();
        self.services[member as usize] = service_s;
    }
}

/// A table of counts, read period by period.
pub trait Periods {
    /// Fills `cells` with the next period and says when it begins; `None` after the last. Periods do not overlap.
    fn next_period(&mut self, cells: &mut Vec<Cell>, company: &mut Company) -> Result<Option<Period>, Flaw>;
}

/// A stretch of time over which requests were counted, and where that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    pub start: Instant,
    pub length: Span,
    pub file: Arc<str>,
}

/// The trace over a table of counts.
#[derive(Debug)]
pub struct Blocks<P> {
    periods: P,
    company: Company,
    placement: Placement,
    cells: Vec<Cell>,
    block: Block,
    start: Instant,
    /// The next arrivals of the block, made [`TOGETHER`], and how many of them are given out.
    ready: Vec<Arrival>,
    given: usize,
    /// Where the last period read ends.
    end: Option<Instant>,
    ended: bool,
}

/// Arrivals are made so many at a time: what is known of their members lies all over the memory, and is then fetched side by
/// side instead of one after the other.
const TOGETHER: usize = 128;

impl<P: Periods> Blocks<P> {
    pub fn new(periods: P, company: Company, placement: Placement) -> Blocks<P> {
        Blocks {
            periods,
            company,
            placement,
            cells: Vec::new(),
            block: Block::default(),
            start: Instant::ZERO,
            ready: Vec::with_capacity(TOGETHER),
            given: 0,
            end: None,
            ended: false,
        }
    }

    /// Places and sorts the next period; false when there is none.
    fn next_block(&mut self) -> Result<bool, Flaw> {
        self.cells.clear();
        let Some(period) = self.periods.next_period(&mut self.cells, &mut self.company)? else { return Ok(false) };
        let arrivals = self.cells.iter().fold(0u64, |sum, cell| sum.saturating_add(cell.count));
        if arrivals > BLOCK_MAX {
            let wanted = format!("at most {BLOCK_MAX}; smaller counts or a shorter period");
            return Err(Flaw::file(&period.file, format!("{arrivals} requests in one period"), wanted));
        }
        // In order of members, so that two cells of one stand together.
        if !self.cells.is_sorted_by_key(|cell| cell.member) {
            self.cells.sort_unstable_by_key(|cell| (cell.member, cell.count));
        }
        self.start = period.start;
        self.end = Some(period.start.saturating_add(period.length));
        self.block.fill(&self.cells, &mut self.company, &period, self.placement);
        Ok(true)
    }

    fn next_or_flaw(&mut self) -> Result<Option<Arrival>, Flaw> {
        loop {
            if let Some(&arrival) = self.ready.get(self.given) {
                self.given += 1;
                self.company.report.arrivals += 1;
                return Ok(Some(arrival));
            }
            if !self.make_ready() && !self.next_block()? {
                return Ok(None);
            }
        }
    }

    /// Makes the next arrivals of the block; false when it has none left.
    fn make_ready(&mut self) -> bool {
        let Blocks { company, block, start, ready, .. } = self;
        self.given = 0;
        ready.clear();
        block.next(TOGETHER, |offset, member, services| {
            let known = &company.members[member];
            let mut arrival = Arrival::new(start.saturating_add(Span::from_nanos(offset)), known.function);
            arrival.tenant = known.tenant;
            arrival.memory_bytes = known.memory_bytes;
            arrival.service = known.is_timed.then(|| services.next(member));
            ready.push(arrival);
        });
        !ready.is_empty()
    }
}

impl<P: Periods> Trace for Blocks<P> {
    #[inline]
    fn next_arrival(&mut self) -> Result<Option<Arrival>, Flaw> {
        if self.ended {
            return Ok(None);
        }
        let next = self.next_or_flaw();
        self.ended = !matches!(next, Ok(Some(_)));
        next
    }

    fn cast(&self) -> &Cast {
        &self.company.cast
    }

    fn report(&self) -> &Report {
        &self.company.report
    }

    fn end(&self) -> Option<Instant> {
        self.end
    }
}

/// The arrivals of one period, sorted by instant and then by member. A key holds both in one number, so that sorting
/// compares numbers and moves nothing else.
#[derive(Debug, Default)]
struct Block {
    keys: Keys,
    /// Where the keys are scattered to before they are sorted.
    spare: Vec<u64>,
    next: usize,
    member_bits: u32,
    services: Services,
}

/// The service times of a block, drawn while a member's stream and law are at hand, and taken by its arrivals in their order.
#[derive(Debug, Default)]
struct Services {
    spans: Vec<Span>,
    /// For each member, which span is its next; [`BLOCK_MAX`] of them can be numbered so.
    cursors: Vec<u32>,
}

impl Services {
    /// The service time of the next arrival of a member that has a law.
    #[inline]
    fn next(&mut self, member: usize) -> Span {
        let cursor = &mut self.cursors[member];
        *cursor += 1;
        self.spans[*cursor as usize - 1]
    }
}

#[derive(Debug)]
enum Keys {
    /// A minute and 200 million functions fit, or an hour and 4 million.
    Narrow(Vec<u64>),
    Wide(Vec<u128>),
}

impl Keys {
    fn len(&self) -> usize {
        match self {
            Keys::Narrow(keys) => keys.len(),
            Keys::Wide(keys) => keys.len(),
        }
    }
}

impl Default for Keys {
    fn default() -> Keys {
        Keys::Narrow(Vec::new())
    }
}

impl Block {
    fn fill(&mut self, cells: &[Cell], company: &mut Company, period: &Period, placement: Placement) {
        self.next = 0;
        let bits = |most: u64| u64::BITS - most.leading_zeros();
        let functions = company.members.len() as u64;
        self.member_bits = bits(functions);
        self.services.spans.clear();
        self.services.cursors.resize(company.members.len(), 0);
        let key_bits = bits(period.length.as_nanos()) + self.member_bits;
        let narrow = key_bits <= u64::BITS;
        match (&mut self.keys, narrow) {
            (Keys::Narrow(keys), true) => keys.clear(),
            (Keys::Wide(keys), false) => keys.clear(),
            (keys, true) => *keys = Keys::Narrow(Vec::new()),
            (keys, false) => *keys = Keys::Wide(Vec::new()),
        }
        let shift = self.member_bits;
        let mut cells = cells.iter().peekable();
        while let Some(&Cell { member, mut count }) = cells.next() {
            // A member that stands in two rows of the file has one count.
            while let Some(again) = cells.next_if(|next| next.member == member) {
                // The sum over all cells has been checked against the bound of a period.
                count += again.count;
            }
            let rank = (u64::from(member), functions);
            let rng = &mut company.rngs[member as usize];
            let begun = self.keys.len();
            match &mut self.keys {
                Keys::Narrow(keys) => placement.each(count, period.length, rank, rng, |offset| {
                    keys.push(offset << shift | u64::from(member));
                }),
                Keys::Wide(keys) => placement.each(count, period.length, rank, rng, |offset| {
                    keys.push(u128::from(offset) << shift | u128::from(member));
                }),
            }
            if let Some(law) = &company.services[member as usize] {
                // A Poisson placement may make more than were counted; a block of so many would not be in memory.
                let first = u32::try_from(self.services.spans.len()).expect("a block has fewer than 2^32 arrivals");
                self.services.cursors[member as usize] = first;
                let draw = |_| Span::from_secs_f64(law.draw(rng)).unwrap_or(Span::FOREVER);
                self.services.spans.extend((begun..self.keys.len()).map(draw));
            }
        }
        match &mut self.keys {
            Keys::Narrow(keys) => sort(keys, &mut self.spare, key_bits),
            Keys::Wide(keys) => keys.sort_unstable(),
        }
    }

    /// Hands over the next arrivals, at most so many: each one's offset into the period and its member.
    #[inline]
    fn next(&mut self, most: usize, mut put: impl FnMut(u64, usize, &mut Services)) {
        let (bits, mask) = (self.member_bits, (1u64 << self.member_bits) - 1);
        let stretch = self.next..self.keys.len().min(self.next + most);
        self.next = stretch.end;
        let services = &mut self.services;
        match &self.keys {
            Keys::Narrow(keys) => {
                keys[stretch].iter().for_each(|&key| put(key >> bits, (key & mask) as usize, services));
            }
            Keys::Wide(keys) => {
                keys[stretch].iter().for_each(|&key| put((key >> bits) as u64, (key as u64 & mask) as usize, services))
            }
        }
    }
}

/// So many keys in a bucket, about.
const BUCKET: usize = 16;
/// More buckets than this would not be in the cache.
const BUCKET_BITS_MAX: u32 = 18;

/// Sorts keys below `1 << key_bits`. Many are first scattered by their leading bits, which for instants spread over a period
/// leaves few in a bucket; where they are not spread, the buckets are merely long.
fn sort(keys: &mut Vec<u64>, spare: &mut Vec<u64>, key_bits: u32) {
    let bucket_bits = (keys.len() / BUCKET).checked_ilog2().unwrap_or(0).min(BUCKET_BITS_MAX).min(key_bits);
    if bucket_bits < 4 {
        keys.sort_unstable();
        return;
    }
    let shift = key_bits - bucket_bits;
    let mut starts = vec![0u32; (1 << bucket_bits) + 1];
    for &key in keys.iter() {
        starts[(key >> shift) as usize + 1] += 1;
    }
    let mut sum = 0;
    for start in &mut starts {
        sum += *start;
        *start = sum;
    }
    spare.clear();
    spare.resize(keys.len(), 0);
    for &key in keys.iter() {
        let place = &mut starts[(key >> shift) as usize];
        spare[*place as usize] = key;
        *place += 1;
    }
    // Each start has moved on to the end of its bucket.
    let mut start = 0;
    for &end in &starts[..1 << bucket_bits] {
        spare[start..end as usize].sort_unstable();
        start = end as usize;
    }
    std::mem::swap(keys, spare);
}

#[cfg(test)]
#[path = "blocks_tests.rs"]
mod tests;
