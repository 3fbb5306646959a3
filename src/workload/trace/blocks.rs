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

/// A function of the trace.
#[derive(Clone, Debug)]
pub struct Member {
    pub function: Name,
    pub tenant: Option<Name>,
    /// How long a request runs, in seconds.
    pub service_s: Option<Law>,
    pub memory_bytes: Option<u64>,
    rng: Rng,
}

/// The functions of a trace, with what the trace says of each.
#[derive(Debug)]
pub struct Company {
    pub cast: Cast,
    pub report: Report,
    pub members: Vec<Member>,
    streams: Streams,
}

impl Company {
    pub fn new(streams: Streams) -> Company {
        Company { cast: Cast::default(), report: Report::default(), members: Vec::new(), streams }
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
            let rng = self.streams.stream("trace", self.cast.functions.text(function));
            self.members.push(Member { function, tenant: None, service_s: None, memory_bytes: None, rng });
        }
        &mut self.members[index]
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
    ended: bool,
}

impl<P: Periods> Blocks<P> {
    pub fn new(periods: P, company: Company, placement: Placement) -> Blocks<P> {
        let block = Block { keys: Keys::Narrow(Vec::new()), next: 0, member_bits: 0 };
        Blocks { periods, company, placement, cells: Vec::new(), block, start: Instant::ZERO, ended: false }
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
        self.start = period.start;
        self.block.fill(&self.cells, &mut self.company.members, &period, self.placement);
        Ok(true)
    }

    fn next_or_flaw(&mut self) -> Result<Option<Arrival>, Flaw> {
        loop {
            if let Some((offset, member)) = self.block.next() {
                let member = &mut self.company.members[member];
                let mut arrival = Arrival::new(self.start.saturating_add(Span::from_nanos(offset)), member.function);
                arrival.tenant = member.tenant;
                arrival.memory_bytes = member.memory_bytes;
                if let Some(law) = &member.service_s {
                    arrival.service = Some(Span::from_secs_f64(law.draw(&mut member.rng)).unwrap_or(Span::FOREVER));
                }
                self.company.report.arrivals += 1;
                return Ok(Some(arrival));
            }
            if !self.next_block()? {
                return Ok(None);
            }
        }
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
}

/// The arrivals of one period, sorted by instant and then by member. A key holds both in one number, so that sorting
/// compares numbers and moves nothing else.
#[derive(Debug)]
struct Block {
    keys: Keys,
    next: usize,
    member_bits: u32,
}

#[derive(Debug)]
enum Keys {
    /// A minute and 200 million functions fit, or an hour and 4 million.
    Narrow(Vec<u64>),
    Wide(Vec<u128>),
}

impl Block {
    fn fill(&mut self, cells: &[Cell], members: &mut [Member], period: &Period, placement: Placement) {
        self.next = 0;
        let bits = |most: u64| u64::BITS - most.leading_zeros();
        self.member_bits = bits(members.len() as u64);
        let narrow = bits(period.length.as_nanos()) + self.member_bits <= u64::BITS;
        match (&mut self.keys, narrow) {
            (Keys::Narrow(keys), true) => keys.clear(),
            (Keys::Wide(keys), false) => keys.clear(),
            (keys, true) => *keys = Keys::Narrow(Vec::new()),
            (keys, false) => *keys = Keys::Wide(Vec::new()),
        }
        let shift = self.member_bits;
        let functions = members.len() as u64;
        for cell in cells {
            let rank = (u64::from(cell.member), functions);
            let rng = &mut members[cell.member as usize].rng;
            match &mut self.keys {
                Keys::Narrow(keys) => placement.each(cell.count, period.length, rank, rng, |offset| {
                    keys.push(offset << shift | u64::from(cell.member));
                }),
                Keys::Wide(keys) => placement.each(cell.count, period.length, rank, rng, |offset| {
                    keys.push(u128::from(offset) << shift | u128::from(cell.member));
                }),
            }
        }
        match &mut self.keys {
            Keys::Narrow(keys) => keys.sort_unstable(),
            Keys::Wide(keys) => keys.sort_unstable(),
        }
    }

    /// The next offset into the period and its member.
    #[inline]
    fn next(&mut self) -> Option<(u64, usize)> {
        let mask = (1u64 << self.member_bits) - 1;
        let next = match &self.keys {
            Keys::Narrow(keys) => keys.get(self.next).map(|&key| (key >> self.member_bits, (key & mask) as usize)),
            Keys::Wide(keys) => {
                keys.get(self.next).map(|&key| ((key >> self.member_bits) as u64, (key as u64 & mask) as usize))
            }
        };
        self.next += 1;
        next
    }
}

#[cfg(test)]
mod tests {
    use super::super::feed::all;
    use super::*;

    /// Periods given as rows of counts, one function per column.
    struct Given {
        names: Vec<&'static str>,
        rows: Vec<Vec<u64>>,
        length: Span,
        next: usize,
    }

    impl Periods for Given {
        fn next_period(&mut self, cells: &mut Vec<Cell>, company: &mut Company) -> Result<Option<Period>, Flaw> {
            for text in &self.names {
                let name = company.cast.functions.intern(text).unwrap();
                company.join(name).service_s = Some(Law::exponential(1.0).unwrap());
            }
            let Some(row) = self.rows.get(self.next) else { return Ok(None) };
            cells.extend(row.iter().enumerate().map(|(k, &count)| Cell { member: k as u32, count }));
            let start = Instant::ZERO + self.length * self.next as u64;
            self.next += 1;
            Ok(Some(Period { start, length: self.length, file: "given".into() }))
        }
    }

    fn given(names: &[&'static str], rows: &[&[u64]], length: Span, placement: Placement) -> Blocks<Given> {
        let rows = rows.iter().map(|row| row.to_vec()).collect();
        let periods = Given { names: names.to_vec(), rows, length, next: 0 };
        Blocks::new(periods, Company::new(Streams::new(1, 0)), placement)
    }

    #[test]
    fn a_period_is_sorted_by_instant_and_then_by_function() {
        let mut trace = given(&["a", "b"], &[&[2, 1], &[0, 2]], Span::from_nanos(10), Placement::Evenly);
        let seen: Vec<_> = all(&mut trace).unwrap().iter().map(|x| (x.at.as_nanos(), x.function.index())).collect();
        assert_eq!(seen, [(0, 0), (0, 1), (5, 0), (10, 1), (15, 1)]);
        assert_eq!(trace.report().arrivals, 5);
    }

    #[test]
    fn a_function_is_unmoved_by_its_neighbours() {
        let of_b = |names: &[&'static str], rows: &[&[u64]]| {
            let mut trace = given(names, rows, Span::from_secs(60), Placement::Uniform);
            let arrivals = all(&mut trace).unwrap();
            let b = trace.cast().functions.get("b").unwrap();
            arrivals.iter().filter(|x| x.function == b).map(|x| (x.at, x.service)).collect::<Vec<_>>()
        };
        assert_eq!(of_b(&["a", "b"], &[&[900, 30], &[3, 20]]), of_b(&["b"], &[&[30], &[20]]));
    }

    #[test]
    fn a_year_long_period_sorts_as_well() {
        let year = Span::from_secs(86_400 * 365 * 500);
        let rows: Vec<u64> = vec![3; 600];
        let names = vec!["x"; 1];
        let mut trace = given(&names, &[&rows[..1]], year, Placement::Uniform);
        let arrivals = all(&mut trace).unwrap();
        assert!(matches!(trace.block.keys, Keys::Wide(_)) && arrivals.is_sorted_by_key(|x| x.at));
        assert_eq!(arrivals.len(), 3);
    }

    #[test]
    fn an_absurd_count_is_refused_before_it_fills_the_memory() {
        let mut trace = given(&["a", "b"], &[&[BLOCK_MAX, 1]], Span::from_secs(1), Placement::Start);
        let error = trace.next_arrival().unwrap_err().to_string();
        assert_eq!(
            error,
            "given: found 100000001 requests in one period, want at most 100000000; smaller counts or a shorter period"
        );
    }
}
