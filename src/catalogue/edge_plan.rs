//! The parameters of the strategies that plan the edge: what all four share, and what LMM and FaaS-MACrO add.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Built;
use super::edge_words::{CoordinatorWord, KeepWord, LoadWord, RouteBy, SolverWord, SortingWord};
use super::parameters::finish;
use crate::engine::time::Span;
use crate::model::routing::By;
use crate::planner::fralb::coordinator::CoordinatorMilp;
use crate::planner::fralb::faas_macro::{Bargain, Coordinator};
use crate::planner::fralb::greedy::{Greedy, Sorting};
use crate::planner::fralb::lmm;
use crate::planner::fralb::local::LocalModel;
use crate::scenario::complaint::{Complaints, Desk};
use crate::scenario::document::Document;
use crate::scenario::part::{Part, read_part};
use crate::scenario::path::KeyPath;
use crate::scenario::setup::Setup;
use crate::scenario::units::{Rate, TimeSpan, nearest};
use crate::solve::milp::{Backend, Options};
use crate::strategy::edge_plan::layout::Layout;
use crate::strategy::edge_plan::loads::LoadRule;
use crate::strategy::edge_plan::method::{Bargaining, Method};
use crate::strategy::edge_plan::{EdgePlan, Parameters, Rewards};

macro_rules! planned {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            /// The strategy of the catalogue, where the table has another name.
            #[serde(default, rename = "use")]
            pub uses: Option<String>,
            /// The control period. The article's traces have one load per period, of unstated length.
            #[serde(default = "five_minutes")]
            pub decide_every: TimeSpan,
            /// From looking to orders.
            #[serde(default = "no_time")]
            pub decision_delay: TimeSpan,
            /// What loads are planned for.
            #[serde(default)]
            pub load: LoadWord,
            /// Weight of the newest period in `smoothed` loads.
            #[serde(default = "half")]
            pub smoothing: f64,
            /// Mean absolute deviations added to `smoothed` loads.
            #[serde(default = "one")]
            pub deviations: f64,
            /// Loads are planned this many times.
            #[serde(default = "one")]
            pub headroom: f64,
            /// Arrival rates by node and function: for the plan before the start, and for all with `load = "expected"`.
            /// Without them the first period runs with the replicas that the pools state.
            #[serde(default)]
            pub expected: BTreeMap<String, BTreeMap<String, Rate>>,
            /// How the shares of a plan are met.
            #[serde(default)]
            pub route_by: RouteBy,
            /// Utilisation that a replica is planned for; 0.8 is the published default (U).
            #[serde(default = "four_fifths")]
            pub max_utilization: f64,
            /// Reward of a request served where it arrives; 1 is the published default (α).
            #[serde(default = "one")]
            pub alpha: f64,
            /// Reward of a request served by a neighbour; 0.9 is the published default (β).
            #[serde(default = "nine_tenths")]
            pub beta: f64,
            /// Penalty of a request sent to the cloud; 0.8 is the published default (γ).
            #[serde(default = "four_fifths")]
            pub gamma: f64,
            /// What a node believes that offering a request is worth; 0.9 is the published default (δ).
            #[serde(default = "nine_tenths")]
            pub delta: f64,
            /// Fleets that hold replicas; every one with slots at an edge node that serves one function when absent.
            #[serde(default)]
            pub pools: Vec<String>,
            $($(#[$field_doc])* pub $field: $type,)*
        }

        impl $name {
            /// What all planned strategies share; `delay` is that of a round.
            fn parameters(&self, method: Method, round_delay: Span) -> Parameters {
                let rates = |(node, rates): (&String, &BTreeMap<String, Rate>)| {
                    let node = node.clone();
                    let of = |(function, rate): (&String, &Rate)| ((node.clone(), function.clone()), rate.per_s());
                    rates.iter().map(of).collect::<Vec<_>>()
                };
                Parameters {
                    method,
                    decide_every: self.decide_every.0,
                    decision_delay: self.decision_delay.0,
                    round_delay,
                    load: match self.load {
                        LoadWord::Observed => LoadRule::Observed,
                        LoadWord::Smoothed => {
                            LoadRule::Smoothed { weight: self.smoothing, deviations: self.deviations }
                        }
                        LoadWord::Trend => LoadRule::Trend,
                        LoadWord::Expected => LoadRule::Expected,
                    },
                    headroom: self.headroom,
                    expected: self.expected.iter().flat_map(rates).collect(),
                    by: match self.route_by {
                        RouteBy::Deficit => By::Deficit,
                        RouteBy::Random => By::Random,
                    },
                    max_utilization: self.max_utilization,
                    rewards: Rewards {
                        local: self.alpha,
                        neighbour: self.beta,
                        cloud_penalty: self.gamma,
                        offer: self.delta,
                    },
                    pools: self.pools.clone(),
                }
            }

            /// Complains about everything that all planned strategies share.
            fn complain(&self, part: &Part<'_, $name>, setup: &Setup, desk: &mut Desk) {
                let weights = [("alpha", self.alpha), ("beta", self.beta), ("gamma", self.gamma), ("delta", self.delta)];
                for (key, weight) in weights {
                    if !(weight >= 0.0 && weight.is_finite()) {
                        desk.add(part.refuse(key, "a weight of at least 0"));
                    }
                }
                if !(self.max_utilization > 0.0 && self.max_utilization <= 1.0) {
                    desk.add(part.refuse("max_utilization", "a utilisation above 0 and at most 1"));
                }
                if !(self.smoothing > 0.0 && self.smoothing <= 1.0) {
                    desk.add(part.refuse("smoothing", "a weight above 0, at most 1"));
                }
                if !self.deviations.is_finite() {
                    desk.add(part.refuse("deviations", "a finite number of deviations"));
                }
                if !(self.headroom > 0.0 && self.headroom.is_finite()) {
                    desk.add(part.refuse("headroom", "a factor above 0"));
                }
                if !super::is_period(self.decide_every.0) {
                    desk.add(part.refuse("decide_every", "a length of time from 1ms to ten years"));
                }
                if self.load == LoadWord::Expected && self.expected.is_empty() {
                    desk.add(part.complain("expected", "nothing", "arrival rates by node and function"));
                }
                complain_of_layout(part, setup, &self.pools, &self.expected, desk);
            }
        }
    };
}

planned! {
    /// Parameters of `lmm`.
    Lmm {
        /// Relative gap at which a plan is good enough.
        #[serde(default = "thousandth")]
        gap: f64,
        /// Branch-and-bound nodes for one plan: counted work, so that every run is the same. The best plan found by then
        /// is taken.
        #[serde(default = "two_thousand")]
        nodes_max: u64,
        /// Whole requests per second on every flow; loads are rounded up then.
        #[serde(default)]
        whole_flows: bool,
        /// Who solves: `auto` is HiGHS where it is built in, else the built-in solver. They agree on what a plan is worth,
        /// not on which of several equal plans they return.
        #[serde(default)]
        solver: SolverWord,
        /// Seconds of wall clock for one plan; the run is then not reproducible and says so.
        #[serde(default)]
        time_limit: Option<TimeSpan>,
        /// Allows `time_limit`.
        #[serde(default)]
        allow_wall_clock: bool,
    }
}

planned! {
    /// Parameters of `faas-macro`.
    FaasMacro {
        /// Who matches offers with capacity.
        #[serde(default)]
        coordinator: CoordinatorWord,
        /// By what the greedy coordinator ranks receivers.
        #[serde(default)]
        sorting_rule: SortingWord,
        /// Rounds at most; 100 in the article's runs.
        #[serde(default = "hundred")]
        max_iterations: u32,
        /// Length of the windows that the stopping rules look at; 10 or 20 in the article's runs.
        #[serde(default = "ten")]
        patience: u32,
        /// Tolerance of the stopping rules; 1e-3 as published.
        #[serde(default = "thousandth")]
        tolerance: f64,
        /// A price for each node and function.
        #[serde(default)]
        detailed_prices: bool,
        /// Full nodes are no longer offered to.
        #[serde(default)]
        update_neighborhood: bool,
        /// Each period begins at the prices of the last.
        #[serde(default)]
        start_from_last_prices: bool,
        /// Which plan is carried out: the best by social welfare, as published, or by LMM's objective.
        #[serde(default)]
        keep: KeepWord,
        /// Whole requests per second on every flow; loads are rounded up then.
        #[serde(default)]
        whole_flows: bool,
        /// Time for each round between nodes and coordinator, added to `decision_delay`.
        #[serde(default = "no_time")]
        round_delay: TimeSpan,
    }
}

planned! {
    /// Parameters of `edge-local`: none of its own.
    EdgeLocal {}
}

planned! {
    /// Parameters of `edge-cloud`: none of its own.
    EdgeCloud {}
}

fn no_time() -> TimeSpan {
    TimeSpan(Span::ZERO)
}

fn five_minutes() -> TimeSpan {
    TimeSpan(Span::from_secs(300))
}

fn half() -> f64 {
    0.5
}

fn one() -> f64 {
    1.0
}

fn four_fifths() -> f64 {
    0.8
}

fn nine_tenths() -> f64 {
    0.9
}

fn thousandth() -> f64 {
    1e-3
}

fn two_thousand() -> u64 {
    2000
}

fn hundred() -> u32 {
    100
}

fn ten() -> u32 {
    10
}

/// The edge must be one that the model can hold, and rates must be stated for its nodes and functions.
fn complain_of_layout<T: Serialize>(
    part: &Part<'_, T>,
    setup: &Setup,
    pools: &[String],
    expected: &BTreeMap<String, BTreeMap<String, Rate>>,
    desk: &mut Desk,
) {
    for name in pools.iter().filter(|name| setup.pool_named(name).is_none()) {
        let near = nearest(name, setup.pools.iter().map(|pool| pool.name.as_str()));
        let complaint = part.complain("pools", format!("\"{name}\""), "the name of a pool");
        desk.add(complaint.with_hint(near.map(|near| format!("did you mean \"{near}\"?"))));
    }
    let specs: Vec<_> = setup.pools.iter().collect();
    let functions: Vec<&str> = setup.functions.iter().map(|function| &function.name[..]).collect();
    let layout = match Layout::find(&specs, &setup.nodes, &functions, pools) {
        Ok(layout) => layout,
        Err(flaws) => {
            // A name that does not exist was complained about before.
            let known = |flaw: &&crate::strategy::edge_plan::layout::Flaw| {
                !pools.iter().any(|name| flaw.found == format!("\"{name}\"") && setup.pool_named(name).is_none())
            };
            for flaw in flaws.iter().filter(known) {
                desk.add(part.complain("pools", &flaw.found, flaw.wanted));
            }
            return;
        }
    };
    for &function in &layout.functions {
        let mean = setup.functions[function.index()].work.mean();
        if !(mean > 0.0 && mean.is_finite()) {
            let found = format!("{} with a mean work of {mean} s", functions[function.index()]);
            desk.add(part.complain("pools", found, "functions whose mean work is above zero and finite"));
        }
    }
    let nodes: Vec<&str> = layout.nodes.iter().map(|node| &setup.nodes[node.index()].name[..]).collect();
    let held: Vec<&str> = layout.functions.iter().map(|function| functions[function.index()]).collect();
    for (node, rates) in expected {
        if !nodes.contains(&&node[..]) {
            let wanted = format!("nodes of the plan: {}", nodes.join(", "));
            desk.add(part.complain("expected", format!("node \"{node}\""), wanted));
        }
        for function in rates.keys().filter(|function| !held.contains(&&function[..])) {
            let wanted = format!("functions of the plan: {}", held.join(", "));
            desk.add(part.complain("expected", format!("function \"{function}\" at {node}"), wanted));
        }
    }
}

pub(super) fn lmm(document: &Document, path: KeyPath, setup: &Setup) -> Result<Built, Complaints> {
    let part: Part<'_, Lmm> = read_part(document, path)?;
    let own = &part.value;
    let mut desk = Desk::new();
    own.complain(&part, setup, &mut desk);
    if !(0.0..=1.0).contains(&own.gap) {
        desk.add(part.refuse("gap", "a fraction from 0 to 1"));
    }
    if own.nodes_max == 0 {
        desk.add(part.refuse("nodes_max", "at least one node"));
    }
    if own.solver == SolverWord::Highs && !cfg!(feature = "highs") {
        desk.add(part.refuse("solver", "another solver: this program was built without HiGHS (feature highs)"));
    }
    if own.time_limit.is_some() && !own.allow_wall_clock {
        let wanted = "no limit of wall-clock time, or allow_wall_clock = true: such a run is not reproducible";
        desk.add(part.refuse("time_limit", wanted));
    }
    let solver = Options {
        backend: match own.solver {
            SolverWord::Auto => Backend::Auto,
            SolverWord::BuiltIn => Backend::Microlp,
            SolverWord::Highs => Backend::Highs,
        },
        gap: own.gap,
        node_limit: Some(own.nodes_max),
        time_limit_s: own.time_limit.map(|limit| limit.0.as_secs_f64()),
        ..Options::default()
    };
    let method = Method::Centralized(Box::new(lmm::Lmm { whole: own.whole_flows, solver, ..lmm::Lmm::default() }));
    let strategy = EdgePlan::new(own.parameters(method, Span::ZERO));
    finish(desk, &part, strategy)
}

pub(super) fn faas_macro(document: &Document, path: KeyPath, setup: &Setup) -> Result<Built, Complaints> {
    let part: Part<'_, FaasMacro> = read_part(document, path)?;
    let own = &part.value;
    let mut desk = Desk::new();
    own.complain(&part, setup, &mut desk);
    for (key, count) in [("max_iterations", own.max_iterations), ("patience", own.patience)] {
        if count == 0 {
            desk.add(part.refuse(key, "at least one round"));
        }
    }
    if !(own.tolerance > 0.0 && own.tolerance.is_finite()) {
        desk.add(part.refuse("tolerance", "a tolerance above 0"));
    }
    let sorting = match own.sorting_rule {
        SortingWord::Beta => Sorting::Beta,
        SortingWord::Omega => Sorting::Omega,
        SortingWord::Product => Sorting::Product,
    };
    let greedy = |corrected| Greedy { sorting, corrected, global_order: false };
    let options = Bargain {
        local: LocalModel { whole: own.whole_flows, ..LocalModel::default() },
        coordinator: match own.coordinator {
            CoordinatorWord::Greedy => Coordinator::Greedy(greedy(false)),
            CoordinatorWord::GreedyCorrected => Coordinator::Greedy(greedy(true)),
            CoordinatorWord::Milp => {
                let start = Some(greedy(true));
                Coordinator::Milp(CoordinatorMilp { start, node_limit: Some(2000), ..CoordinatorMilp::default() })
            }
        },
        max_iterations: own.max_iterations as usize,
        patience: own.patience as usize,
        tolerance: own.tolerance,
        update_neighborhood: own.update_neighborhood,
        detailed_prices: own.detailed_prices,
        ..Bargain::default()
    };
    let bargaining = Bargaining {
        options,
        keep_by_objective: own.keep == KeepWord::Objective,
        start_from_last_prices: own.start_from_last_prices,
    };
    let strategy = EdgePlan::new(own.parameters(Method::Bargain(Box::new(bargaining)), own.round_delay.0));
    finish(desk, &part, strategy)
}

pub(super) fn edge_local(document: &Document, path: KeyPath, setup: &Setup) -> Result<Built, Complaints> {
    let part: Part<'_, EdgeLocal> = read_part(document, path)?;
    let mut desk = Desk::new();
    part.value.complain(&part, setup, &mut desk);
    finish(desk, &part, EdgePlan::new(part.value.parameters(Method::Local, Span::ZERO)))
}

pub(super) fn edge_cloud(document: &Document, path: KeyPath, setup: &Setup) -> Result<Built, Complaints> {
    let part: Part<'_, EdgeCloud> = read_part(document, path)?;
    let mut desk = Desk::new();
    part.value.complain(&part, setup, &mut desk);
    finish(desk, &part, EdgePlan::new(part.value.parameters(Method::Cloud, Span::ZERO)))
}
