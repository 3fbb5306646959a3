//! What a planning problem consists of: applications with their loads, classes of machines that can be reserved or rented
//! by the timeslot, limits on both, and how much of each application one machine serves.
//!
//! Source: Entrialgo et al., GECON 2017, section 3, and the records of the package `malloovia`. Records are values; an
//! entity that several others refer to is shared by `Arc` and identified by its `id`.

use std::sync::Arc;

use super::unit::TimeUnit;

/// A limit on machines or cores that several classes share: a region, a zone, an account, a private cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct LimitingSet {
    pub id: String,
    pub name: String,
    /// Machines at one time; 0 means no limit.
    pub max_vms: u32,
    /// Cores at one time; 0 means no limit.
    pub max_cores: u32,
}

impl LimitingSet {
    pub fn new(id: impl Into<String>) -> Self {
        let id = id.into();
        Self { name: id.clone(), id, max_vms: 0, max_cores: 0 }
    }

    #[must_use]
    pub fn max_vms(self, max_vms: u32) -> Self {
        Self { max_vms, ..self }
    }

    #[must_use]
    pub fn max_cores(self, max_cores: u32) -> Self {
        Self { max_cores, ..self }
    }
}

/// A type of machine in one place under one way of paying. A type offered in three zones as reserved is three classes.
#[derive(Clone, Debug, PartialEq)]
pub struct InstanceClass {
    pub id: String,
    pub name: String,
    pub limiting_sets: Vec<Arc<LimitingSet>>,
    /// Machines of this class at one time; 0 means no limit.
    pub max_vms: u32,
    /// Money for one machine during one `time_unit`.
    pub price: f64,
    pub time_unit: TimeUnit,
    /// Paid during the whole period whether used or not.
    pub is_reserved: bool,
    pub cores: u32,
    /// Carried along; has no part in the optimisation.
    pub is_private: bool,
}

impl InstanceClass {
    /// A class that is rented by the timeslot.
    pub fn on_demand(id: impl Into<String>, price: f64, time_unit: TimeUnit) -> Self {
        let id = id.into();
        Self {
            name: id.clone(),
            id,
            limiting_sets: Vec::new(),
            max_vms: 0,
            price,
            time_unit,
            is_reserved: false,
            cores: 1,
            is_private: false,
        }
    }

    /// A class that is bought for the whole period.
    pub fn reserved(id: impl Into<String>, price: f64, time_unit: TimeUnit) -> Self {
        Self { is_reserved: true, ..Self::on_demand(id, price, time_unit) }
    }

    #[must_use]
    pub fn max_vms(self, max_vms: u32) -> Self {
        Self { max_vms, ..self }
    }

    #[must_use]
    pub fn cores(self, cores: u32) -> Self {
        Self { cores, ..self }
    }

    #[must_use]
    pub fn limited_by(mut self, set: &Arc<LimitingSet>) -> Self {
        self.limiting_sets.push(Arc::clone(set));
        self
    }
}

/// An application: requests of one kind that need machines of their own during a timeslot.
#[derive(Clone, Debug, PartialEq)]
pub struct App {
    pub id: String,
    pub name: String,
}

impl App {
    pub fn new(id: impl Into<String>) -> Self {
        let id = id.into();
        Self { name: id.clone(), id }
    }
}

/// How requests are spread inside a timeslot; only a request-level simulation looks at it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IntraSlot {
    #[default]
    Uniform,
    Poisson,
    Normal,
}

impl IntraSlot {
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Uniform => "uniform",
            Self::Poisson => "poisson",
            Self::Normal => "normal",
        }
    }

    pub fn from_symbol(symbol: &str) -> Option<Self> {
        [Self::Uniform, Self::Poisson, Self::Normal].into_iter().find(|kind| kind.symbol() == symbol)
    }
}

/// The load of one application: requests in each timeslot.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    pub id: String,
    pub description: String,
    pub app: Arc<App>,
    /// The length of a timeslot.
    pub time_unit: TimeUnit,
    pub values: Vec<f64>,
    pub intra_slot: IntraSlot,
    /// The series that `values` came from, if it lies outside the problem file; then only the name is written back.
    pub filename: Option<String>,
}

impl Workload {
    pub fn new(id: impl Into<String>, app: &Arc<App>, time_unit: TimeUnit, values: Vec<f64>) -> Self {
        let id = id.into();
        let description = format!("load of {}", app.name);
        Self {
            id,
            description,
            app: Arc::clone(app),
            time_unit,
            values,
            intra_slot: IntraSlot::Uniform,
            filename: None,
        }
    }
}

/// What one machine of `class` serves of `app`, in requests per time unit of the set.
#[derive(Clone, Debug, PartialEq)]
pub struct Performance {
    pub class: Arc<InstanceClass>,
    pub app: Arc<App>,
    pub value: f64,
}

/// The performances of classes for applications, independent of load.
#[derive(Clone, Debug, PartialEq)]
pub struct PerformanceSet {
    pub id: String,
    pub time_unit: TimeUnit,
    pub values: Vec<Performance>,
}

impl PerformanceSet {
    pub fn new(id: impl Into<String>, time_unit: TimeUnit) -> Self {
        Self { id: id.into(), time_unit, values: Vec::new() }
    }

    /// One machine of `class` serves `value` requests of `app` per time unit.
    #[must_use]
    pub fn serve(mut self, class: &Arc<InstanceClass>, app: &Arc<App>, value: f64) -> Self {
        self.values.push(Performance { class: Arc::clone(class), app: Arc::clone(app), value });
        self
    }

    /// Requests per time unit of the set, if stated.
    pub fn of(&self, class: &str, app: &str) -> Option<f64> {
        self.values.iter().find(|entry| entry.class.id == class && entry.app.id == app).map(|entry| entry.value)
    }
}

/// A planning problem. Its applications are ordered as its workloads are.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    pub id: String,
    pub name: String,
    pub description: String,
    pub workloads: Vec<Arc<Workload>>,
    pub instance_classes: Vec<Arc<InstanceClass>>,
    pub performances: Arc<PerformanceSet>,
}

impl Problem {
    pub fn new(id: impl Into<String>, performances: &Arc<PerformanceSet>) -> Self {
        let id = id.into();
        Self {
            name: id.clone(),
            id,
            description: "Nondescript".into(),
            workloads: Vec::new(),
            instance_classes: Vec::new(),
            performances: Arc::clone(performances),
        }
    }

    #[must_use]
    pub fn workload(mut self, workload: Workload) -> Self {
        self.workloads.push(Arc::new(workload));
        self
    }

    #[must_use]
    pub fn class(mut self, class: &Arc<InstanceClass>) -> Self {
        self.instance_classes.push(Arc::clone(class));
        self
    }

    pub fn apps(&self) -> impl Iterator<Item = &Arc<App>> {
        self.workloads.iter().map(|workload| &workload.app)
    }

    /// Timeslots in the series (of the first workload; [`super::check::faults`] demands that all agree).
    pub fn slots(&self) -> usize {
        self.workloads.first().map_or(0, |workload| workload.values.len())
    }

    /// Reserved classes first, then on-demand ones, each in the problem's order: the order of every allocation.
    pub fn ordered_classes(&self) -> impl Iterator<Item = &Arc<InstanceClass>> {
        let of = |reserved: bool| self.instance_classes.iter().filter(move |class| class.is_reserved == reserved);
        of(true).chain(of(false))
    }

    /// The loads of slot `t`, one per application.
    pub fn loads(&self, t: usize) -> Vec<f64> {
        self.workloads.iter().map(|workload| workload.values[t]).collect()
    }
}
