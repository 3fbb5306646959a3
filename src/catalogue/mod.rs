//! Floor 6: the table of strategies, one row each. Help, `list`, the README's table and the law tests follow from it.

mod edge_plan;
mod edge_words;
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
        name: "lmm",
        about: "replicas and shares on the edge from the optimum of one planner who knows everything",
        source: "LMM (Filippini, Lujak, Ciavotta, JSA 2026, doi 10.1016/j.sysarc.2026.103787)",
        knows: Knows::Everything,
        build: edge_plan::lmm,
        schema: crate::scenario::schema::json_schema::<edge_plan::Lmm>,
    },
    Row {
        name: "faas-macro",
        about: "replicas and shares on the edge from a bargain between nodes and a coordinator",
        source: "FaaS-MACrO (Filippini, Lujak, Ciavotta, JSA 2026, doi 10.1016/j.sysarc.2026.103787)",
        knows: Knows::Everything,
        build: edge_plan::faas_macro,
        schema: crate::scenario::schema::json_schema::<edge_plan::FaasMacro>,
    },
    Row {
        name: "edge-local",
        about: "every edge node serves what its memory holds; the rest goes to the cloud",
        source: "FaaS-MACrO's local problems, without neighbours",
        knows: Knows::Everything,
        build: edge_plan::edge_local,
        schema: crate::scenario::schema::json_schema::<edge_plan::EdgeLocal>,
    },
    Row {
        name: "edge-cloud",
        about: "nothing is served at the edge",
        source: "the FRALB model with every request sent to the cloud",
        knows: Knows::Everything,
        build: edge_plan::edge_cloud,
        schema: crate::scenario::schema::json_schema::<edge_plan::EdgeCloud>,
    },
];

/// The row of a name.
pub fn find(name: &str) -> Option<&'static Row> {
    CATALOGUE.iter().find(|row| row.name == name)
}

/// The longest span that a strategy may state as its period: a run of that length would see one decision.
pub const PERIOD_MAX: Span = Span::from_secs(10 * 365 * 86_400);
