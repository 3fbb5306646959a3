//! Several traces as one: the days of a load balancer's nodes, the files of a thousand machines.

use super::arrival::{Arrival, Cast, Name, Names};
use super::feed::Trace;
use super::flaw::Flaw;
use super::report::Report;
use crate::engine::merge::Merge;

/// The arrivals of several traces in order of time; of equals, those of the first trace first. Names that are equal are one.
pub struct Merged<T> {
    parts: Vec<Part<T>>,
    merge: Merge,
    cast: Cast,
    report: Report,
    begun: bool,
    ended: bool,
}

struct Part<T> {
    trace: T,
    next: Option<Arrival>,
    names: Renamed,
}

/// For each name of a part, the name of the whole.
#[derive(Default)]
struct Renamed {
    functions: Vec<Name>,
    tenants: Vec<Name>,
    sources: Vec<Name>,
    nodes: Vec<Name>,
}

impl<T: Trace> Merged<T> {
    pub fn new(traces: impl IntoIterator<Item = T>) -> Merged<T> {
        let parts: Vec<Part<T>> =
            traces.into_iter().map(|trace| Part { trace, next: None, names: Renamed::default() }).collect();
        let merge = Merge::new(parts.len());
        Merged { parts, merge, cast: Cast::default(), report: Report::default(), begun: false, ended: false }
    }

    fn advance(&mut self, part: usize) -> Result<(), Flaw> {
        let next = self.parts[part].trace.next_arrival()?;
        self.parts[part].next = next;
        self.merge.set(part, next.map(|arrival| arrival.at));
        Ok(())
    }

    /// What all parts did together; only complete at the end.
    fn add_up(&mut self) {
        self.report = Report::default();
        for part in &self.parts {
            self.report.absorb(part.trace.report());
        }
    }

    fn next_or_flaw(&mut self) -> Result<Option<Arrival>, Flaw> {
        if !std::mem::replace(&mut self.begun, true) {
            (0..self.parts.len()).try_for_each(|part| self.advance(part))?;
        }
        let Some((_, part)) = self.merge.peek() else { return Ok(None) };
        let arrival = self.parts[part].next.expect("a trace that says when has an arrival");
        let arrival = self.parts[part].rename(arrival, &mut self.cast)?;
        self.advance(part)?;
        Ok(Some(arrival))
    }
}

impl<T: Trace> Part<T> {
    fn rename(&mut self, arrival: Arrival, cast: &mut Cast) -> Result<Arrival, Flaw> {
        let own = self.trace.cast();
        let names = &mut self.names;
        let maybe = |name: Option<Name>, list: &mut Vec<Name>, own: &Names, all: &mut Names| {
            name.map(|name| rename(name, list, own, all)).transpose()
        };
        Ok(Arrival {
            function: rename(arrival.function, &mut names.functions, &own.functions, &mut cast.functions)?,
            tenant: maybe(arrival.tenant, &mut names.tenants, &own.tenants, &mut cast.tenants)?,
            source: maybe(arrival.source, &mut names.sources, &own.sources, &mut cast.sources)?,
            entry: maybe(arrival.entry, &mut names.nodes, &own.nodes, &mut cast.nodes)?,
            ..arrival
        })
    }
}

/// The name of the whole for one of a part; a part's names are taken over in their order, up to the one asked for.
fn rename(name: Name, list: &mut Vec<Name>, own: &Names, all: &mut Names) -> Result<Name, Flaw> {
    for text in own.iter().skip(list.len()).take((name.index() + 1).saturating_sub(list.len())) {
        let wanted = || Flaw::file(&"merged traces".into(), "one more name", format!("at most {} names", Names::MAX));
        list.push(all.intern(text).ok_or_else(wanted)?);
    }
    Ok(list[name.index()])
}

impl<T: Trace> Trace for Merged<T> {
    fn next_arrival(&mut self) -> Result<Option<Arrival>, Flaw> {
        if self.ended {
            return Ok(None);
        }
        let next = self.next_or_flaw();
        self.ended = !matches!(next, Ok(Some(_)));
        if self.ended {
            self.add_up();
        }
        next
    }

    fn cast(&self) -> &Cast {
        &self.cast
    }

    /// What was done to all traces; empty until the last arrival has been read.
    fn report(&self) -> &Report {
        &self.report
    }
}

#[cfg(test)]
mod tests {
    use super::super::arrivals;
    use super::super::feed::{Reading, all};
    use super::super::test_file;
    use super::*;

    #[test]
    fn names_that_are_equal_are_one() {
        let files = ["0,a,t\n2,b,t\n4,a,\n", "1,b,u\n2,c,t\n"]
            .map(|rows| test_file(&format!("arrival_s,function,tenant\n{rows}")));
        let traces = files.iter().map(|file| arrivals::open(vec![file.path().into()], Reading::default()).unwrap());
        let mut merged = Merged::new(traces);
        let list = all(&mut merged).unwrap();
        let seen: Vec<String> = list
            .iter()
            .map(|x| {
                let tenant = x.tenant.map_or("-", |name| merged.cast().tenants.text(name));
                format!("{} {} {tenant}", x.at.as_secs_f64(), merged.cast().functions.text(x.function))
            })
            .collect();
        assert_eq!(seen, ["0 a t", "1 b u", "2 b t", "2 c t", "4 a -"]);
        assert_eq!((merged.cast().functions.len(), merged.report().rows, merged.report().arrivals), (3, 5, 5));
    }
}
