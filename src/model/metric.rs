//! What the provider measures: metrics of pools, of functions and of sources, and how the points of a period become one number.
//!
//! Names and statistics are those of CloudWatch (namespaces ApplicationELB, AutoScaling, EC2, Lambda); those of sources are
//! what a load generator tells of its own requests.

/// What is measured of a pool, a function or a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// Requests offered; requests.
    RequestCount,
    /// Requests over instances that take them; requests. No point while none does.
    RequestCountPerTarget,
    /// From the offer to the end of the work; seconds. No point while nothing ends.
    TargetResponseTime,
    /// Requests refused at once; requests.
    Throttles,
    /// Requests on instances, mean over the step; requests.
    ConcurrentExecutions,
    /// Slots in use over slots in service, mean over the step; percent. No point while nothing is in service.
    CpuUtilization,
    /// Instances that take requests.
    HealthyHostCount,
    /// Instances that are registered and not found healthy yet.
    InitialHostCount,
    /// Instances that start.
    PendingInstances,
    /// Instances that finish what they have, or shut down.
    DrainingHostCount,
    /// Instances with nothing to do; pools born by demand only.
    IdleEnvironments,
    /// Size asked for; provisioned environments of pools born by demand.
    DesiredCapacity,
    /// Requests on instances when the step ends.
    Running,
    /// Requests in queues when the step ends.
    Waiting,
    /// Memory in use over memory of the instances in service; percent. Only of pools that state what they use.
    MemoryUtilization,
    /// Bytes moved over what the instances in service can move; percent. Only of pools that state what they can.
    NetworkUtilization,
    /// Calls from outside for a function; requests.
    Invocations,
    /// Users or sensors that are switched on; only of sources that have such.
    ActiveUsers,
    /// Requests that a source sent.
    RequestsSent,
    /// Of those that ended, those that were not served.
    RequestsFailed,
    /// From sending to the answer, of requests that were served; seconds. No point while none is.
    ResponseTime,
    /// Size of the requests sent; bytes. No point while none is.
    PayloadSize,
    /// Requests sent per second.
    ArrivalRate,
}

/// Who a metric is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    Pool,
    Function,
    Source,
}

impl Metric {
    /// Those of pools, then of functions, then of sources.
    pub const ALL: [Metric; 23] = [
        Metric::RequestCount,
        Metric::RequestCountPerTarget,
        Metric::TargetResponseTime,
        Metric::Throttles,
        Metric::ConcurrentExecutions,
        Metric::CpuUtilization,
        Metric::HealthyHostCount,
        Metric::InitialHostCount,
        Metric::PendingInstances,
        Metric::DrainingHostCount,
        Metric::IdleEnvironments,
        Metric::DesiredCapacity,
        Metric::Running,
        Metric::Waiting,
        Metric::MemoryUtilization,
        Metric::NetworkUtilization,
        Metric::Invocations,
        Metric::ActiveUsers,
        Metric::RequestsSent,
        Metric::RequestsFailed,
        Metric::ResponseTime,
        Metric::PayloadSize,
        Metric::ArrivalRate,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Metric::RequestCount => "RequestCount",
            Metric::RequestCountPerTarget => "RequestCountPerTarget",
            Metric::TargetResponseTime => "TargetResponseTime",
            Metric::Throttles => "Throttles",
            Metric::ConcurrentExecutions => "ConcurrentExecutions",
            Metric::CpuUtilization => "CPUUtilization",
            Metric::HealthyHostCount => "HealthyHostCount",
            Metric::InitialHostCount => "InitialHostCount",
            Metric::PendingInstances => "PendingInstances",
            Metric::DrainingHostCount => "DrainingHostCount",
            Metric::IdleEnvironments => "IdleEnvironments",
            Metric::DesiredCapacity => "DesiredCapacity",
            Metric::Running => "Running",
            Metric::Waiting => "Waiting",
            Metric::MemoryUtilization => "MemoryUtilization",
            Metric::NetworkUtilization => "NetworkUtilization",
            Metric::Invocations => "Invocations",
            Metric::ActiveUsers => "ActiveUsers",
            Metric::RequestsSent => "RequestsSent",
            Metric::RequestsFailed => "RequestsFailed",
            Metric::ResponseTime => "ResponseTime",
            Metric::PayloadSize => "PayloadSize",
            Metric::ArrivalRate => "ArrivalRate",
        }
    }

    pub const fn unit(self) -> &'static str {
        match self {
            Metric::TargetResponseTime | Metric::ResponseTime => "s",
            Metric::CpuUtilization | Metric::MemoryUtilization | Metric::NetworkUtilization => "%",
            Metric::PayloadSize => "bytes",
            Metric::ArrivalRate => "requests/s",
            Metric::ActiveUsers => "users",
            Metric::RequestCount
            | Metric::RequestCountPerTarget
            | Metric::Throttles
            | Metric::ConcurrentExecutions
            | Metric::Running
            | Metric::Waiting
            | Metric::Invocations
            | Metric::RequestsSent
            | Metric::RequestsFailed => "requests",
            Metric::HealthyHostCount
            | Metric::InitialHostCount
            | Metric::PendingInstances
            | Metric::DrainingHostCount
            | Metric::IdleEnvironments
            | Metric::DesiredCapacity => "instances",
        }
    }

    /// Whether it is a metric of functions rather than of pools.
    pub const fn is_of_functions(self) -> bool {
        matches!(self.owner(), Owner::Function)
    }

    pub(super) const fn owner(self) -> Owner {
        match self {
            Metric::Invocations => Owner::Function,
            Metric::ActiveUsers
            | Metric::RequestsSent
            | Metric::RequestsFailed
            | Metric::ResponseTime
            | Metric::PayloadSize
            | Metric::ArrivalRate => Owner::Source,
            _ => Owner::Pool,
        }
    }

    pub(super) fn of(owner: Owner) -> impl Iterator<Item = Metric> {
        Metric::ALL.into_iter().filter(move |metric| metric.owner() == owner)
    }

    /// Its place among the metrics of the same owner.
    pub(super) const fn place(self) -> usize {
        let first = match self.owner() {
            Owner::Pool => Metric::RequestCount,
            Owner::Function => Metric::Invocations,
            Owner::Source => Metric::ActiveUsers,
        };
        self as usize - first as usize
    }

    /// Whether its sum over a period halves when the fleet doubles, so that a target for it can be tracked.
    pub const fn falls_with_capacity(self) -> bool {
        matches!(self, Metric::RequestCountPerTarget | Metric::CpuUtilization | Metric::NetworkUtilization)
    }
}

/// How the points of a period become one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    Sum,
    Average,
    Minimum,
    Maximum,
    SampleCount,
}

impl Statistic {
    pub const fn name(self) -> &'static str {
        match self {
            Statistic::Sum => "Sum",
            Statistic::Average => "Average",
            Statistic::Minimum => "Minimum",
            Statistic::Maximum => "Maximum",
            Statistic::SampleCount => "SampleCount",
        }
    }
}
