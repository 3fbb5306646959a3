//! Calls by timetable: the lines `time function endpoint size` that the timetable client of Serverless on the Edge works off,
//! and their generator.
//!
//! Source: `ccicconetti/serverlessonedge`, trace generator and timetable client (specification section 10). Times are seconds from
//! the start, sizes bytes of the input; the endpoint is the node where the call enters. The generator lets each client ask by
//! a Poisson process of its own, with sizes that are equally likely.
//! Differs: the generator writes times to the nanosecond. The original keeps six significant digits, so that calls of a long
//! timetable fall together; [`Generator::faithful`] does it, too.

use super::arrival::Arrival;
use super::feed::{Desk, Feed, Layout, Reading};
use super::flaw::Flaw;
use super::line::{Fields, Line, Separator};
use super::number::Unit;
use crate::engine::random::Streams;
use crate::engine::time::{Instant, Span};
use crate::engine::unfit::Unfit;
use crate::model::digits::significant;
use std::io::{self, Write};
use std::path::PathBuf;

/// The trace.
pub type Timetable = Feed<Calls>;

/// Opens timetables, in order.
pub fn open(files: Vec<PathBuf>, reading: Reading) -> Result<Timetable, Flaw> {
    Feed::open(files, Calls { fields: Fields::default() }, reading)
}

/// One line for each call.
#[derive(Debug)]
pub struct Calls {
    fields: Fields,
}

impl Layout for Calls {
    const DATED: bool = false;

    fn line(&mut self, line: &Line<'_>, desk: &mut Desk) -> Result<(), Flaw> {
        let row = self.fields.cut(*line, Separator::Blanks)?;
        desk.report.rows += 1;
        row.want_fields(4)?;
        let at = row.nanos(0, "time", Unit::Second)?;
        if at < 0 {
            return Err(row.flaw(0, "time", "a time from 0"));
        }
        let function = desk.function(&row.text(1), line)?;
        let arrival = Arrival {
            entry: Some(desk.node(&row.text(2), line)?),
            payload_bytes: Some(row.whole(3, "size")?),
            ..Arrival::new(Instant::ZERO, function)
        };
        desk.arrive(at, arrival);
        Ok(())
    }
}

/// A timetable to be made. The defaults are those of the original.
#[derive(Clone, Debug)]
pub struct Generator {
    pub clients: u32,
    /// Of each client.
    pub rate_per_s: f64,
    pub duration: Span,
    /// Added to every time.
    pub start: Span,
    /// Least and largest size in bytes.
    pub sizes: (u64, u64),
    pub function: String,
    pub endpoint: String,
    /// Six significant digits of time, as the original writes.
    pub faithful: bool,
}

/// Most calls that a timetable is made of, on average: they are sorted in memory.
const CALLS_MAX: f64 = 1e7;

impl Generator {
    /// Of one function at one endpoint.
    pub fn new(function: &str, endpoint: &str) -> Generator {
        Generator {
            clients: 5,
            rate_per_s: 1.0,
            duration: Span::from_secs(10),
            start: Span::ZERO,
            sizes: (100, 500),
            function: function.to_owned(),
            endpoint: endpoint.to_owned(),
            faithful: false,
        }
    }

    /// Writes the timetable; how many calls it has. Each client draws from streams of its own.
    ///
    /// # Errors
    /// Parameters that make no timetable, as [`io::ErrorKind::InvalidInput`], and what the output says.
    pub fn write(&self, streams: &Streams, out: &mut dyn Write) -> io::Result<usize> {
        self.check().map_err(|unfit| io::Error::new(io::ErrorKind::InvalidInput, unfit.to_string()))?;
        let mut calls: Vec<(Instant, u64)> = Vec::new();
        for client in 0..self.clients {
            let owner = format!("client {client}");
            let (mut arrivals, mut payload) = (streams.stream("arrivals", &owner), streams.stream("payload", &owner));
            let mut clock = Instant::ZERO;
            loop {
                let gap = Span::from_secs_f64(arrivals.exponential() / self.rate_per_s).unwrap_or(Span::FOREVER);
                clock = clock.saturating_add(gap);
                if clock.saturating_since(Instant::ZERO) >= self.duration {
                    break;
                }
                let size = self.sizes.0 + payload.below(self.sizes.1 - self.sizes.0 + 1);
                calls.push((clock.saturating_add(self.start), size));
            }
        }
        // Those of one instant stay in the order of their clients.
        calls.sort_by_key(|&(at, _)| at);
        for (at, size) in &calls {
            let at = if self.faithful { significant(at.as_secs_f64(), 6) } else { at.to_string() };
            writeln!(out, "{at} {} {} {size}", self.function, self.endpoint)?;
        }
        Ok(calls.len())
    }

    fn check(&self) -> Result<(), Unfit> {
        let is_word = |word: &str| !word.is_empty() && !word.contains([' ', '\t', '"', '[', ']', '\n', '\r']);
        for (parameter, word) in [("function", &self.function), ("endpoint", &self.endpoint)] {
            if !is_word(word) {
                return Err(Unfit::new(parameter, word, "a name without blanks, quotes and brackets"));
            }
        }
        if self.clients == 0 {
            return Err(Unfit::new("clients", 0, "at least one client"));
        }
        if !(self.rate_per_s > 0.0 && self.rate_per_s.is_finite()) {
            return Err(Unfit::new("rate", self.rate_per_s, "a rate above zero"));
        }
        if self.sizes.0 > self.sizes.1 || self.sizes.1 == u64::MAX {
            let found = format!("{} to {}", self.sizes.0, self.sizes.1);
            return Err(Unfit::new("sizes", found, "a least and a largest size"));
        }
        let calls = f64::from(self.clients) * self.rate_per_s * self.duration.as_secs_f64();
        if calls > CALLS_MAX {
            return Err(Unfit::new(
                "duration",
                format!("about {calls:.0} calls"),
                "a timetable of at most ten million",
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::feed::{Trace, all};
    use super::super::test_file;
    use super::*;

    fn made(generator: &Generator) -> String {
        let mut out = Vec::new();
        generator.write(&Streams::new(7, 0), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_line_is_a_call_of_a_function_at_an_endpoint() {
        let file = test_file("1.5 f gate 12\n2 g hill:6473 500\n");
        let mut trace = open(vec![file.path().into()], Reading::default()).unwrap();
        let arrivals = all(&mut trace).unwrap();
        let read: Vec<_> = arrivals
            .iter()
            .map(|call| {
                let cast = trace.cast();
                let entry = cast.nodes.text(call.entry.unwrap());
                (call.at.as_secs_f64(), &**cast.functions.text(call.function), &**entry, call.payload_bytes.unwrap())
            })
            .collect();
        assert_eq!(read, [(1.5, "f", "gate", 12), (2.0, "g", "hill:6473", 500)]);
    }

    #[test]
    fn a_timetable_made_is_in_order_inside_its_stretch_and_of_the_rate() {
        let generator = Generator {
            clients: 20,
            duration: Span::from_secs(500),
            start: Span::from_secs(3),
            ..Generator::new("f", "gate")
        };
        let file = test_file(&made(&generator));
        let arrivals = all(&mut open(vec![file.path().into()], Reading::default()).unwrap()).unwrap();
        // 10,000 on average, deviation 100.
        assert!((9_600..10_400).contains(&arrivals.len()), "{}", arrivals.len());
        assert!(arrivals.is_sorted_by_key(|call| call.at));
        assert!(arrivals.iter().all(|call| (3.0..503.0).contains(&call.at.as_secs_f64())));
        let sizes: Vec<u64> = arrivals.iter().map(|call| call.payload_bytes.unwrap()).collect();
        assert_eq!((sizes.iter().min(), sizes.iter().max()), (Some(&100), Some(&500)));
        let mean = sizes.iter().sum::<u64>() as f64 / sizes.len() as f64;
        // Equally likely from 100 to 500: deviation 116, of the mean 1.2.
        assert!((mean - 300.0).abs() < 5.0, "{mean}");
    }

    #[test]
    fn the_originals_digits_put_calls_together() {
        let generator = Generator { start: Span::from_secs(100_000), faithful: true, ..Generator::new("f", "gate") };
        let text = made(&generator);
        assert!(text.lines().all(|line| line.split_once(' ').unwrap().0.len() <= 6), "{text}");
    }

    #[test]
    fn what_makes_no_timetable_is_refused() {
        let refused = |generator: Generator| {
            let error = generator.write(&Streams::new(7, 0), &mut Vec::new()).unwrap_err();
            error.to_string().split(':').next().unwrap().to_owned()
        };
        let of = |change: fn(&mut Generator)| {
            let mut generator = Generator::new("f", "gate");
            change(&mut generator);
            refused(generator)
        };
        assert_eq!(of(|it| it.clients = 0), "clients");
        assert_eq!(of(|it| it.rate_per_s = f64::NAN), "rate");
        assert_eq!(of(|it| it.sizes = (5, 4)), "sizes");
        assert_eq!(of(|it| it.endpoint = "a b".into()), "endpoint");
        assert_eq!(of(|it| it.duration = Span::FOREVER), "duration");
    }
}
