//! Two sinks as one: the recorder of a run, and whoever watches it.

use std::io;

use super::sink::{CallRow, DecisionRow, FunctionSample, NoteRow, PoolSample, Sink, SourceSample, Wants};
use crate::engine::time::Instant;
use crate::model::event::Event;
use crate::model::world::Departure;

/// Hands every row to the first, then to the second, each as far as it wants them.
pub struct Tee<'a> {
    pub first: &'a mut dyn Sink,
    pub second: &'a mut dyn Sink,
}

impl Tee<'_> {
    fn both(&mut self, wanted: fn(&Wants) -> bool, give: impl Fn(&mut dyn Sink) -> io::Result<()>) -> io::Result<()> {
        for sink in [&mut *self.first, &mut *self.second] {
            if wanted(&sink.wants()) {
                give(sink)?;
            }
        }
        Ok(())
    }
}

impl Sink for Tee<'_> {
    fn wants(&self) -> Wants {
        let (a, b) = (self.first.wants(), self.second.wants());
        Wants {
            calls: a.calls || b.calls,
            departures: a.departures || b.departures,
            samples: a.samples || b.samples,
            decisions: a.decisions || b.decisions,
            events: a.events || b.events,
        }
    }

    fn call(&mut self, row: &CallRow<'_>) -> io::Result<()> {
        self.both(|wants| wants.calls, |sink| sink.call(row))
    }

    fn decision(&mut self, row: &DecisionRow) -> io::Result<()> {
        self.both(|wants| wants.decisions, |sink| sink.decision(row))
    }

    fn note(&mut self, row: &NoteRow) -> io::Result<()> {
        self.both(|wants| wants.decisions, |sink| sink.note(row))
    }

    fn pool_sample(&mut self, row: &PoolSample) -> io::Result<()> {
        self.both(|wants| wants.samples, |sink| sink.pool_sample(row))
    }

    fn function_sample(&mut self, row: &FunctionSample) -> io::Result<()> {
        self.both(|wants| wants.samples, |sink| sink.function_sample(row))
    }

    fn source_sample(&mut self, row: &SourceSample) -> io::Result<()> {
        self.both(|wants| wants.samples, |sink| sink.source_sample(row))
    }

    fn departure(&mut self, row: &Departure) -> io::Result<()> {
        self.both(|wants| wants.departures, |sink| sink.departure(row))
    }

    fn event(&mut self, at: Instant, what: &Event) -> io::Result<()> {
        self.both(|wants| wants.events, |sink| sink.event(at, what))
    }

    fn probe(&mut self, at: Instant, entity: &str, text: &str) -> io::Result<()> {
        self.first.probe(at, entity, text)?;
        self.second.probe(at, entity, text)
    }

    fn progress(&mut self, at: Instant, events: u64) {
        self.first.progress(at, events);
        self.second.progress(at, events);
    }
}
