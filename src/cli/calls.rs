//! Requests as the clients of Serverless on the Edge print them: one a line, with the documentation's columns, and mean
//! and spread of latency and processing at the end.

use std::collections::BTreeMap;
use std::io;

use crate::model::digits::significant;
use crate::model::edge_client::mean_and_spread;
use crate::model::request::{Outcome, Race};
use crate::run::sink::{CallRow, Sink, Wants};
use crate::scenario::setup::Setup;

/// A client's output, as it grows.
pub struct Calls {
    pools: Vec<String>,
    functions: Vec<String>,
    lines: String,
    latencies_s: Vec<f64>,
    processings_s: Vec<f64>,
    /// Of requests with copies at several places: who answered first, the load that it told, and its time of processing.
    first: BTreeMap<u64, (String, u8, u64)>,
    /// Of chains under way: what their steps came to so far.
    steps: BTreeMap<u64, Steps>,
}

/// Steps of a chain that were served.
#[derive(Default)]
struct Steps {
    last: String,
    served: u32,
    load_percent: u8,
    processing_ms: u64,
    hops: u32,
}

impl Calls {
    pub fn new(setup: &Setup) -> Calls {
        Calls {
            pools: setup.pools.iter().map(|pool| pool.name.clone()).collect(),
            functions: setup.functions.iter().map(|function| function.name.clone()).collect(),
            lines: String::new(),
            latencies_s: Vec::new(),
            processings_s: Vec::new(),
            first: BTreeMap::new(),
            steps: BTreeMap::new(),
        }
    }

    /// All lines and the summary.
    pub fn text(&self) -> String {
        let (latency, processing) = (mean_and_spread(&self.latencies_s), mean_and_spread(&self.processings_s));
        format!("{}latency {latency}\nprocessing {processing}\n", self.lines)
    }
}

impl Sink for Calls {
    fn wants(&self) -> Wants {
        Wants { calls: true, ..Wants::default() }
    }

    /// Steps of a chain are no lines of their own: their hops and processing are those of the chain, the last one answers
    /// it, and of more than one no load is told.
    fn call(&mut self, row: &CallRow<'_>) -> io::Result<()> {
        let request = row.request;
        let responder = request.pool.map_or("-", |pool| &self.pools[pool.index()]).to_owned();
        let told = (responder, request.load_percent, request.processing_ms());
        if row.parent_call.is_some() {
            if request.race == Race::Copy && row.outcome == Outcome::Served {
                self.first.entry(request.number).or_insert(told);
            } else if row.parent_call == Some(0) && row.outcome == Outcome::Served {
                let steps = self.steps.entry(request.number).or_default();
                (steps.last, steps.load_percent) = (told.0, told.1);
                steps.processing_ms += told.2;
                steps.hops += u32::from(request.routed) + 1;
                steps.served += 1;
            }
            return Ok(());
        }
        // Functions that call others have computers of their own.
        let steps = self.steps.remove(&request.number).filter(|_| request.pool.is_none() && request.race == Race::No);
        let at = significant(row.at.as_secs_f64(), 6);
        let latency_s = row.phases.response.as_secs_f64();
        let latency = significant(latency_s, 6);
        let function = &self.functions[request.function.index()];
        if row.outcome != Outcome::Served {
            self.lines += &format!("{at} {latency} {} {function}\n", row.outcome.name());
            return Ok(());
        }
        // A computer answers with one hop more than it got, and each broker on the way adds one.
        let mut hops = u32::from(request.routed) + 1;
        let (mut responder, mut load, mut processing_ms) = self.first.remove(&request.number).unwrap_or(told);
        if let Some(steps) = steps {
            (responder, processing_ms, hops) = (steps.last, steps.processing_ms, steps.hops);
            load = if steps.served > 1 { 0 } else { steps.load_percent };
        }
        self.lines += &format!("{at} {latency} {load} {responder} {function} {hops}\n");
        self.latencies_s.push(latency_s);
        self.processings_s.push(processing_ms as f64 / 1e3);
        Ok(())
    }
}
