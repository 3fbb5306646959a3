//! What a strategy asks for: orders with reasons, and notes. Orders are values; the world carries them out or refuses.

use super::ids::{FunctionId, NodeId, PoolId};
use super::routing::ShareRule;
use super::tariff::PerHour;
use crate::engine::time::Span;

/// One thing that should change.
#[derive(Clone, Debug, PartialEq)]
pub enum Order {
    /// Fleet size, replicas, or provisioned environments ("at least this many").
    Scale { pool: PoolId, target: u32 },
    /// Reserve instances of a type from now on.
    Reserve { kind: String, node: Option<NodeId>, count: u32, hourly: PerHour, upfront_pico: u64, term: Span },
    /// Where requests for a function go from a node.
    Share { node: NodeId, function: FunctionId, forwarded: bool, rule: ShareRule },
    /// Set a term of business of the service.
    Tune { knob: Knob, value: f64 },
    /// Look again after a span.
    Wake { after: Span },
}

/// What a strategy may set besides sizes and routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Knob {
    /// What the application pays the service, USD per request.
    Price,
    /// Advertising banners on a page.
    Banners,
}

impl Knob {
    pub const fn name(self) -> &'static str {
        match self {
            Knob::Price => "price-per-request",
            Knob::Banners => "banners-per-page",
        }
    }
}

/// A row of `decisions.csv` that orders nothing: what a strategy saw, concluded and decided in one round.
#[derive(Clone, Debug, PartialEq)]
pub struct Remark {
    pub action: &'static str,
    pub target: String,
    pub from: String,
    pub to: String,
    pub reason: String,
}

/// An order with the reason that goes to `decisions.csv`.
#[derive(Clone, Debug, PartialEq)]
pub struct Reasoned {
    pub order: Order,
    pub reason: String,
}

/// A figure of a strategy's own, for `notes.csv`.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    pub scope: String,
    pub name: &'static str,
    pub value: f64,
}

/// The sheet a strategy writes on; reused from one decision to the next.
#[derive(Debug, Default)]
pub struct Orders {
    pub(crate) list: Vec<Reasoned>,
    pub(crate) notes: Vec<Note>,
    pub(crate) remarks: Vec<Remark>,
    pub(crate) delay: Span,
}

impl Orders {
    pub fn scale(&mut self, pool: PoolId, target: u32, reason: impl Into<String>) {
        self.give(Order::Scale { pool, target }, reason);
    }

    pub fn share(
        &mut self,
        node: NodeId,
        function: FunctionId,
        forwarded: bool,
        rule: ShareRule,
        reason: impl Into<String>,
    ) {
        self.give(Order::Share { node, function, forwarded, rule }, reason);
    }

    pub fn tune(&mut self, knob: Knob, value: f64, reason: impl Into<String>) {
        self.give(Order::Tune { knob, value }, reason);
    }

    /// Leaves a row in `decisions.csv` beside those of the orders.
    pub fn remark(&mut self, remark: Remark) {
        self.remarks.push(remark);
    }

    pub fn wake(&mut self, after: Span) {
        self.give(Order::Wake { after }, "");
    }

    pub fn give(&mut self, order: Order, reason: impl Into<String>) {
        self.list.push(Reasoned { order, reason: reason.into() });
    }

    /// Delays all orders of this sheet, to model the time of deciding.
    pub fn after(&mut self, span: Span) {
        self.delay = span;
    }

    /// Leaves a figure in `notes.csv`: the scope (a pool, a node, nothing), its name and value.
    pub fn note(&mut self, scope: impl Into<String>, name: &'static str, value: f64) {
        self.notes.push(Note { scope: scope.into(), name, value });
    }

    /// The figures left so far.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    pub(crate) fn clear(&mut self) {
        self.list.clear();
        self.notes.clear();
        self.remarks.clear();
        self.delay = Span::ZERO;
    }
}
