//! A part of a trace: some hours, some functions, some tenants, some of the sources it was recorded at.

use super::arrival::{Arrival, Cast, Name, Names};
use super::feed::Trace;
use super::flaw::Flaw;
use super::report::Report;
use crate::engine::time::{Instant, Span};
use std::collections::BTreeSet;

/// Which arrivals stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// From here on.
    pub from: Instant,
    /// Before this.
    pub until: Instant,
    /// Those of these functions; of all when empty.
    pub functions: BTreeSet<String>,
    /// Those of these tenants; of all, and of none, when empty.
    pub tenants: BTreeSet<String>,
    /// Those of these sources of the run that was recorded; of all, and of none, when empty.
    pub sources: BTreeSet<String>,
    /// Whether `from` becomes the start of the trace.
    pub shift: bool,
}

impl Default for Selection {
    fn default() -> Selection {
        let all = BTreeSet::new();
        let (from, until) = (Instant::ZERO, Instant::FAR);
        Selection { from, until, functions: all.clone(), tenants: all.clone(), sources: all, shift: true }
    }
}

/// The arrivals of a trace that a selection keeps. The rest of the file is not read when its time is over.
pub struct Cut<T> {
    trace: T,
    selection: Selection,
    /// Whether a function is kept, in order of names, as far as they have been met.
    functions: Vec<Option<bool>>,
    tenants: Vec<Option<bool>>,
    sources: Vec<Option<bool>>,
    over: bool,
}

impl<T: Trace> Cut<T> {
    pub fn new(trace: T, selection: Selection) -> Cut<T> {
        let (functions, tenants, sources) = (Vec::new(), Vec::new(), Vec::new());
        Cut { trace, selection, functions, tenants, sources, over: false }
    }

    /// What the selection names and the whole trace does not have: the kind of name, and the name. Where one has not been met, the
    /// rest of the trace is read for it, the part behind the cut too.
    ///
    /// # Errors
    /// Those of reading on.
    pub fn lacking(&mut self) -> Result<Vec<(&'static str, String)>, Flaw> {
        if !self.missing().is_empty() {
            while self.trace.next_arrival()?.is_some() {}
        }
        Ok(self.missing())
    }

    fn missing(&self) -> Vec<(&'static str, String)> {
        let (selection, cast) = (&self.selection, self.trace.cast());
        let kinds = [
            ("function", &selection.functions, &cast.functions),
            ("tenant", &selection.tenants, &cast.tenants),
            ("source", &selection.sources, &cast.sources),
        ];
        let unknown = |(kind, wanted, known): (_, &BTreeSet<String>, &Names)| {
            let missing: Vec<_> = wanted.iter().filter(|name| known.get(name).is_none()).cloned().collect();
            missing.into_iter().map(move |name| (kind, name))
        };
        kinds.into_iter().flat_map(unknown).collect()
    }

    fn keeps(&mut self, arrival: &Arrival) -> bool {
        let cast = self.trace.cast();
        let text = |name: Name| &**cast.functions.text(name);
        let function = self.selection.functions.is_empty()
            || met(arrival.function, &mut self.functions, |name| self.selection.functions.contains(text(name)));
        let tenant = self.selection.tenants.is_empty()
            || arrival.tenant.is_some_and(|tenant| {
                met(tenant, &mut self.tenants, |name| self.selection.tenants.contains(&**cast.tenants.text(name)))
            });
        let source = self.selection.sources.is_empty()
            || arrival.source.is_some_and(|source| {
                met(source, &mut self.sources, |name| self.selection.sources.contains(&**cast.sources.text(name)))
            });
        arrival.at >= self.selection.from && function && tenant && source
    }
}

/// Whether a name is kept, asked once for each.
fn met(name: Name, known: &mut Vec<Option<bool>>, is_kept: impl FnOnce(Name) -> bool) -> bool {
    if name.index() >= known.len() {
        known.resize(name.index() + 1, None);
    }
    *known[name.index()].get_or_insert_with(|| is_kept(name))
}

impl<T: Trace> Trace for Cut<T> {
    fn next_arrival(&mut self) -> Result<Option<Arrival>, Flaw> {
        while !self.over {
            let next = self.trace.next_arrival()?;
            self.over = next.is_none_or(|arrival| arrival.at >= self.selection.until);
            match next {
                Some(arrival) if !self.over && self.keeps(&arrival) => {
                    let lead = if self.selection.shift { self.selection.from } else { Instant::ZERO };
                    return Ok(Some(Arrival { at: Instant::ZERO + arrival.at.since(lead), ..arrival }));
                }
                _ => {}
            }
        }
        Ok(None)
    }

    fn cast(&self) -> &Cast {
        self.trace.cast()
    }

    /// What was done to the whole trace, those cut off included.
    fn report(&self) -> &Report {
        self.trace.report()
    }
}

/// A selection of one stretch of time.
pub fn stretch(from: Span, length: Option<Span>) -> Selection {
    let from = Instant::ZERO.saturating_add(from);
    let until = length.map_or(Instant::FAR, |length| from.saturating_add(length));
    Selection { from, until, ..Selection::default() }
}

#[cfg(test)]
mod tests {
    use super::super::arrivals;
    use super::super::feed::{Reading, all};
    use super::super::test_file;
    use super::*;

    fn cut(selection: Selection) -> Vec<f64> {
        let file = test_file("arrival_s,function,tenant\n0,a,t\n1,b,\n2,c,u\n3,a,u\n5,b,t\n");
        let trace = arrivals::open(vec![file.path().into()], Reading::default()).unwrap();
        all(&mut Cut::new(trace, selection)).unwrap().iter().map(|x| x.at.as_secs_f64()).collect()
    }

    fn some(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn a_part_is_chosen_by_time_function_and_tenant() {
        assert_eq!(cut(stretch(Span::from_secs(1), Some(Span::from_secs(4)))), [0.0, 1.0, 2.0]);
        assert_eq!(cut(Selection { functions: some(&["b", "c"]), ..Selection::default() }), [1.0, 2.0, 5.0]);
        assert_eq!(cut(Selection { tenants: some(&["u"]), ..Selection::default() }), [2.0, 3.0]);
        let unshifted = Selection { from: Instant::ZERO + Span::from_secs(2), shift: false, ..Selection::default() };
        assert_eq!(cut(unshifted), [2.0, 3.0, 5.0]);
    }

    #[test]
    fn a_name_is_lacking_only_where_the_whole_trace_has_it_not() {
        let file = test_file("arrival_s,function,tenant\n0,a,t\n1,b,\n5,c,u\n");
        let trace = arrivals::open(vec![file.path().into()], Reading { window: 1, ..Reading::default() }).unwrap();
        let selection = Selection { functions: some(&["c", "d"]), tenants: some(&["x"]), ..stretch(Span::ZERO, None) };
        let mut cut = Cut::new(trace, Selection { until: Instant::from_nanos(1), ..selection });
        assert!(all(&mut cut).unwrap().is_empty());
        let lacking = cut.lacking().unwrap();
        assert_eq!(lacking, [("function", "d".to_owned()), ("tenant", "x".to_owned())]);
    }
}
