//! Floor 6: the table of strategies, one row each. Help, `list`, the README's table and the law tests follow from it.

mod edge;
#[cfg(feature = "planning")]
mod edge_plan;
#[cfg(feature = "planning")]
mod edge_words;
#[cfg(feature = "planning")]
mod malloovia;
mod mape;
mod parameters;

use crate::engine::time::Span;
use crate::scenario::complaint::Complaints;
use crate::scenario::document::Document;
use crate::scenario::explain::Row as ExplainRow;
use crate::scenario::path::KeyPath;
use crate::scenario::setup::Setup;
use crate::strategy::Strategy;

/// What part of the world a strategy knows; it is offered the same requests all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Knows {
    /// Pools of the cloud: it gets the whole stream there.
    Cloud,
    /// Nodes, but no machines that come by order.
    Nodes,
    Everything,
}

impl Knows {
    pub const fn words(self) -> &'static str {
        match self {
            Knows::Cloud => "cloud only",
            Knows::Nodes => "nodes only",
            Knows::Everything => "cloud and nodes",
        }
    }
}

/// A strategy with the parameters that a scenario gives it.
pub struct Built {
    pub strategy: Box<dyn Strategy>,
    pub explained: Vec<ExplainRow>,
}

/// One row.
pub struct Row {
    pub name: &'static str,
    pub about: &'static str,
    pub source: &'static str,
    pub knows: Knows,
    /// Reads the parameters at a path of the scenario and makes the strategy.
    pub build: fn(&Document, KeyPath, &Setup) -> Result<Built, Complaints>,
    /// The JSON Schema of the parameters.
    pub schema: fn() -> serde_json::Value,
}

/// All strategies, in the order in which they are listed.
pub const CATALOGUE: &[Row] = &[
    Row {
        name: "max",
        about: "a fixed fleet for the peak takes everything",
        source: "LIBRA (Raza et al., IC2E 2021), policy vm_cloud_max",
        knows: Knows::Cloud,
        build: parameters::max,
        schema: crate::scenario::schema::json_schema::<parameters::Max>,
    },
    Row {
        name: "faas",
        about: "everything goes to functions",
        source: "LIBRA (Raza et al., IC2E 2021), policy serverless",
        knows: Knows::Cloud,
        build: parameters::faas,
        schema: crate::scenario::schema::json_schema::<parameters::Faas>,
    },
    Row {
        name: "libra",
        about: "machines for the steady load, functions for bursts and while machines boot",
        source: "LIBRA (Raza et al., IC2E 2021, doi 10.1109/IC2E52221.2021.00028)",
        knows: Knows::Cloud,
        build: parameters::libra,
        schema: crate::scenario::schema::json_schema::<parameters::Libra>,
    },
    Row {
        name: "auto",
        about: "the provider's scaling group sizes the fleet, which takes everything",
        source: "LIBRA (Raza et al., IC2E 2021), policy vm_cloud with auto scaling",
        knows: Knows::Cloud,
        build: parameters::auto,
        schema: crate::scenario::schema::json_schema::<parameters::Auto>,
    },
    Row {
        name: "spock",
        about: "a scaling group sizes the fleet; functions help only while it changes or an alarm is on",
        source: "Spock (Gunasekaran et al., CLOUD 2019), as in LIBRA's policy vm_cloud_hide",
        knows: Knows::Cloud,
        build: parameters::spock,
        schema: crate::scenario::schema::json_schema::<parameters::Spock>,
    },
    Row {
        name: "mape-threshold",
        about: "one replica more or fewer when moving means of container readings pass their marks",
        source: "EASE-MAPE-System (2019), docker threshold loop",
        knows: Knows::Cloud,
        build: mape::threshold,
        schema: crate::scenario::schema::json_schema::<mape::Threshold>,
    },
    Row {
        name: "mape-economic",
        about: "replicas, price and banners chosen from the front of four stakeholders' goals (NSGA-II)",
        source: "Fokaefs, Barna, Litoiu, Multi-Objective Economic Adaptation for Service Ecosystems on the Cloud; \
                 Mape-Docker-Compose (2020 to 2022)",
        knows: Knows::Cloud,
        build: mape::economic,
        schema: crate::scenario::schema::json_schema::<mape::Economic>,
    },
    Row {
        name: "mape-capacity",
        about: "as many replicas as the arrival rate over the capacity of one",
        source: "closed form of mape-economic where replicas are cheap: the natural baseline",
        knows: Knows::Cloud,
        build: mape::capacity,
        schema: crate::scenario::schema::json_schema::<mape::Capacity>,
    },
    Row {
        name: "mape-hybrid",
        about: "marks and economy joined: the larger when growing, the smaller when shrinking",
        source: "Mape-Docker-Compose (2022), planner",
        knows: Knows::Cloud,
        build: mape::hybrid,
        schema: crate::scenario::schema::json_schema::<mape::Hybrid>,
    },
    #[cfg(feature = "planning")]
    Row {
        name: "malloovia",
        about: "reserves machines for long, then rents the cheapest for the load foretold of each slot",
        source: "Malloovia (Entrialgo et al., GECON 2017, doi 10.1007/978-3-319-68066-8_12)",
        knows: Knows::Cloud,
        build: malloovia::malloovia,
        schema: crate::scenario::schema::json_schema::<malloovia::Malloovia>,
    },
    #[cfg(feature = "planning")]
    Row {
        name: "lmm",
        about: "replicas and shares on the edge from the optimum of one planner who knows everything",
        source: "LMM (Filippini, Lujak, Ciavotta, JSA 2026, doi 10.1016/j.sysarc.2026.103787)",
        knows: Knows::Everything,
        build: edge_plan::lmm,
        schema: crate::scenario::schema::json_schema::<edge_plan::Lmm>,
    },
    #[cfg(feature = "planning")]
    Row {
        name: "faas-macro",
        about: "replicas and shares on the edge from a bargain between nodes and a coordinator",
        source: "FaaS-MACrO (Filippini, Lujak, Ciavotta, JSA 2026, doi 10.1016/j.sysarc.2026.103787)",
        knows: Knows::Everything,
        build: edge_plan::faas_macro,
        schema: crate::scenario::schema::json_schema::<edge_plan::FaasMacro>,
    },
    #[cfg(feature = "planning")]
    Row {
        name: "edge-local",
        about: "every edge node serves what its memory holds; the rest goes to the cloud",
        source: "FaaS-MACrO's local problems, without neighbours",
        knows: Knows::Everything,
        build: edge_plan::edge_local,
        schema: crate::scenario::schema::json_schema::<edge_plan::EdgeLocal>,
    },
    #[cfg(feature = "planning")]
    Row {
        name: "edge-cloud",
        about: "nothing is served at the edge",
        source: "the FRALB model with every request sent to the cloud",
        knows: Knows::Everything,
        build: edge_plan::edge_cloud,
        schema: crate::scenario::schema::json_schema::<edge_plan::EdgeCloud>,
    },
    Row {
        name: "edge-router",
        about: "brokers forward calls by tables whose weights follow measured delays",
        source: "Serverless on the Edge (Cicconetti et al., IEEE TNSM 2020, doi 10.1109/TNSM.2020.3023305)",
        knows: Knows::Everything,
        build: edge::router,
        schema: crate::scenario::schema::json_schema::<edge::EdgeRouter>,
    },
    Row {
        name: "edge-dispatcher",
        about: "brokers predict the delay of every computer and pick the smallest",
        source: "Serverless on the Edge (Cicconetti et al., PerCom 2019, doi 10.1109/PERCOM.2019.8767419)",
        knows: Knows::Everything,
        build: edge::dispatcher,
        schema: crate::scenario::schema::json_schema::<edge::EdgeDispatcher>,
    },
];

/// The row of a name.
pub fn find(name: &str) -> Option<&'static Row> {
    CATALOGUE.iter().find(|row| row.name == name)
}

/// The feature that a build needs for a strategy that this one leaves out.
pub fn left_out(name: &str) -> Option<&'static str> {
    const PLANNING: [&str; 5] = ["malloovia", "lmm", "faas-macro", "edge-local", "edge-cloud"];
    (PLANNING.contains(&name) && find(name).is_none()).then_some("planning")
}

/// The longest span that a strategy may state as its period: a run of that length would see one decision.
const PERIOD_MAX: Span = Span::from_secs(10 * 365 * 86_400);
/// And the shortest: a run has a few thousand periods for each simulated second at the most.
const PERIOD_MIN: Span = Span::from_nanos(1_000_000);

/// Whether a strategy may decide so often.
fn is_period(length: Span) -> bool {
    (PERIOD_MIN..=PERIOD_MAX).contains(&length)
}
