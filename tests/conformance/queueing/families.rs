//! From the parameters of a family to a scenario: what arrives, what serves it, and what the metrics must know of it.
//!
//! Every family is written as the scenario a user would write; nothing is set up behind the reader's back but the seed.

use serde_json::Value;

/// The law of service of a family whose results do not depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Exponential,
    Constant,
    Lognormal,
}

impl Shape {
    pub const ALL: [Shape; 3] = [Shape::Exponential, Shape::Constant, Shape::Lognormal];

    pub const fn name(self) -> &'static str {
        match self {
            Shape::Exponential => "exponential",
            Shape::Constant => "constant",
            Shape::Lognormal => "lognormal",
        }
    }

    fn law(self, mean: f64) -> String {
        match self {
            Shape::Exponential => exponential(mean),
            Shape::Constant => format!("{mean}s"),
            Shape::Lognormal => format!("lognormal({mean}s, cv 1)"),
        }
    }
}

/// A family with its parameters filled in.
#[derive(Clone, Debug)]
pub struct Model {
    text: String,
    /// Servers that `utilisation` and figures per server are divided by.
    pub servers: f64,
    /// Requests present from which on a newcomer is slowed.
    pub cores: usize,
    pub mean_work: f64,
    /// The law of work is a constant, so there is no request of twice the mean.
    pub constant_work: bool,
    /// One instance takes everybody: it is idle only while nobody is there.
    pub shared_instance: bool,
    /// Length of the windows in which arrivals are counted for the index of dispersion, seconds.
    pub window_s: f64,
    /// Requests sent after the measured ones, so that a closed loop does not run dry while it is measured.
    pub tail: u64,
}

impl Model {
    /// The scenario for so many requests in all.
    pub fn scenario(&self, requests: u64) -> String {
        self.text.replace("REQUESTS", &(requests + self.tail).to_string())
    }
}

/// Parameters by name.
#[derive(Clone, Copy)]
pub struct Parameters<'a>(pub &'a Value);

impl Parameters<'_> {
    pub fn number(&self, name: &str) -> f64 {
        self.0[name].as_f64().unwrap_or_else(|| panic!("no number {name} in {}", self.0))
    }

    fn whole(&self, name: &str) -> u64 {
        self.0[name].as_u64().unwrap_or_else(|| panic!("no whole number {name} in {}", self.0))
    }

    fn whole_or(&self, name: &str, default: u64) -> u64 {
        self.0.get(name).map_or(default, |_| self.whole(name))
    }
}

/// Whether a family is insensitive to the law of service, so that each of three must pass.
pub fn is_insensitive(model: &str) -> bool {
    ["M/G/c/c", "M/G/1-PS", "M/G/c-PS", "M/G/inf"].contains(&model)
}

/// The model of a family; `None` for one that a scenario cannot express yet.
pub fn model(name: &str, p: Parameters<'_>, shape: Shape) -> Option<Model> {
    let begins = |with: &str| name.starts_with(with);
    Some(match name {
        "M/M/1" | "M/M/c" => {
            let servers = p.whole_or("servers", 1);
            poisson(p.number("arrival_rate"), &exponential(1.0 / p.number("service_rate")), "", &machines(servers, ""))
                .servers(servers)
        }
        "M/M/c/K" => {
            let servers = p.whole_or("servers", 1);
            let line = format!("queue_limit = {}", p.whole("system_capacity") - servers);
            let service = exponential(1.0 / p.number("service_rate"));
            poisson(p.number("arrival_rate"), &service, "", &machines(servers, &line)).servers(servers)
        }
        "M/G/c/c" => {
            let servers = p.whole("servers");
            let pool = environments(&format!("limit = {servers}"));
            poisson(p.number("offered_load_erlang"), &shape.law(1.0), "", &pool).servers(servers)
        }
        "M/G/1" => poisson(p.number("arrival_rate"), &general_service(p), "", &machines(1, "")),
        "M/G/1-PS" | "M/G/c-PS" => {
            let (cores, mean) = (p.whole_or("cores", 1), p.number("mean_service"));
            let pool = format!("kind = \"vm\"\ntype = \"any\"\nsize = 1\ncores = {cores}");
            let model = poisson(p.number("arrival_rate"), &shape.law(mean), "", &pool);
            let constant_work = shape == Shape::Constant;
            Model { cores: cores as usize, mean_work: mean, constant_work, ..model }.servers(cores)
        }
        "M/G/inf" => {
            let service = shape.law(p.number("mean_service"));
            poisson(p.number("arrival_rate"), &service, "", &environments("keep_alive = \"1s\""))
        }
        "D/M/1" => {
            let source = format!("kind = \"renewal\"\ngap = \"{}s\"", p.number("interarrival"));
            scenario(&source, &exponential(1.0 / p.number("service_rate")), "", &machines(1, ""))
        }
        "IPP/M/1" => {
            let rates = [p.number("on_rate"), 0.0];
            let leave = [p.number("rate_on_to_off"), p.number("rate_off_to_on")];
            modulated(rates, leave, p.number("service_rate"))
        }
        "MMPP2/M/1" => {
            let rates = [p.number("rate_state1"), p.number("rate_state2")];
            let leave = [p.number("switch_1_to_2"), p.number("switch_2_to_1")];
            modulated(rates, leave, p.number("service_rate"))
        }
        "M/M/c+M" => {
            let servers = p.whole_or("servers", 1);
            let patience = format!("patience = \"{}\"", exponential(1.0 / p.number("patience_rate")));
            let service = exponential(1.0 / p.number("service_rate"));
            poisson(p.number("arrival_rate"), &service, &patience, &machines(servers, "")).servers(servers)
        }
        "M/M/1+D" => {
            let patience = format!("patience = \"{}s\"", p.number("queue_timeout"));
            let service = exponential(1.0 / p.number("service_rate"));
            poisson(p.number("arrival_rate"), &service, &patience, &machines(1, ""))
        }
        "bounded retries" => {
            let attempts = p.whole("max_attempts");
            let retry = format!("failure = {}\nretry = {{ attempts = {attempts} }}", p.number("failure_probability"));
            poisson(1.0, "1ms", &retry, &environments(""))
        }
        _ if begins("E_k/M/1") => {
            let nodes = p.whole("stages");
            let pool = machines(nodes, "queue = \"per-instance\"\nbalancer = \"round-robin\"");
            let rate = nodes as f64 * p.number("arrival_rate_per_server");
            poisson(rate, &exponential(1.0 / p.number("service_rate")), "", &pool).servers(nodes)
        }
        _ if begins("random split over k M/M/1") => {
            let servers = p.whole("servers");
            let pool = machines(servers, "queue = \"per-instance\"\nbalancer = \"random\"");
            poisson(p.number("arrival_rate"), &exponential(1.0 / p.number("service_rate")), "", &pool).servers(servers)
        }
        _ if begins("power-of-d choices") => {
            const SERVERS: u64 = 500;
            let rule = "queue = \"per-instance\"\nbalancer = \"power-of-choices\"";
            let pool = machines(SERVERS, &format!("{rule}\nchoices = {}", p.whole("d")));
            let rate = SERVERS as f64 * p.number("arrival_rate_per_server");
            poisson(rate, &exponential(1.0 / p.number("service_rate")), "", &pool).servers(SERVERS)
        }
        _ if begins("M/M/1 Bernoulli feedback") => {
            // A served request that returns is an attempt that failed: it asks again at once, with other work.
            let retry = "retry = { attempts = 10000, fresh_work = true }";
            let function = format!("failure = {}\n{retry}", p.number("retry_probability"));
            let service = exponential(1.0 / p.number("service_rate"));
            poisson(p.number("arrival_rate"), &service, &function, &machines(1, ""))
        }
        _ if begins("tandem M/M/1 x2") => tandem(p),
        _ if begins("closed interactive") => {
            let users = p.whole("users");
            let think = exponential(p.number("think_time"));
            let source = format!("kind = \"closed\"\nclients = {users}\nthink = \"{think}\"");
            let service = exponential(1.0 / p.number("service_rate"));
            Model { tail: 50 * users, ..scenario(&source, &service, "", &machines(1, "")) }
        }
        _ if begins("faas") => return keep_alive(name, p),
        _ => return None,
    })
}

/// The models of functions that are kept alive.
fn keep_alive(name: &str, p: Parameters<'_>) -> Option<Model> {
    let rate = p.number("arrival_rate");
    let kept = |law: String| format!("keep_alive = \"{law}\"");
    let fixed = || kept(format!("{}s", p.number("keepalive")));
    let cold_factor = || format!("cold_factor = {}", p.number("cold_service_mean") / p.number("warm_service_mean"));
    let one = "faas-keepalive: one instance, ";
    let many = "faas scale-per-request, ";
    Some(if name == format!("{one}unlimited concurrency") {
        let pool = environments(&format!("limit = 1\nconcurrency = 1000000000\n{}", fixed()));
        Model { shared_instance: true, ..poisson(rate, &exponential(p.number("mean_service")), "", &pool) }
    } else if name == format!("{one}concurrency 1, throttle when busy") {
        let pool = environments(&format!("limit = 1\n{}\n{}", fixed(), cold_factor()));
        poisson(rate, &exponential(p.number("warm_service_mean")), "", &pool)
    } else if name == format!("{one}concurrency 1, FIFO queue, cold start = fixed setup") {
        let mean = p.number("mean_service");
        let service = match p.number("service_scv") {
            1.0 => exponential(mean),
            0.0 => format!("{mean}s"),
            // Any law of these two moments will do.
            scv => format!("gamma({mean}s, {})", 1.0 / scv),
        };
        let setup = p.number("setup");
        let line = format!("limit = 1\nqueue_limit = 1000000000\ncold_start = \"{setup}s\"\n{}", fixed());
        poisson(rate, &service, "", &environments(&line))
    } else if name.starts_with(many) && name.contains("MRU reuse") {
        let limit = p.0.get("concurrency_limit").map_or(String::new(), |limit| format!("\nlimit = {limit}"));
        let pool = environments(&format!("reuse = \"most-recently-used\"\n{}{limit}", fixed()));
        poisson(rate, &exponential(p.number("mean_service")), "", &pool)
    } else if name == format!("{many}exponential keep-alive") {
        let law = kept(exponential(p.number("mean_keepalive")));
        let pool = environments(&format!("{law}\n{}", cold_factor()));
        poisson(rate, &exponential(p.number("warm_service_mean")), "", &pool)
    } else {
        return None;
    })
}

/// A request calls the second station when the first has served it.
fn tandem(p: Parameters<'_>) -> Model {
    let [first, second] = ["service_rate1", "service_rate2"].map(|rate| exponential(1.0 / p.number(rate)));
    let text = format!(
        "strategies = [\"max\"]\n\
         [functions.first]\nwork = \"{first}\"\nsteps = [{{ calls = [\"second\"] }}]\n\
         [functions.second]\nwork = \"{second}\"\n\
         [sources.s]\nkind = \"poisson\"\nrate = \"{}/s\"\nfunction = \"first\"\nrequests = REQUESTS\n\
         [pools.one]\n{}\nserves = [\"first\"]\n[pools.two]\n{}\nserves = [\"second\"]\n",
        p.number("arrival_rate"),
        machines(1, ""),
        machines(1, ""),
    );
    Model { text, ..Model::default() }
}

fn general_service(p: Parameters<'_>) -> String {
    let mean = || p.number("mean_service");
    match p.0["service_distribution"].as_str().expect("a law of service has a name") {
        "deterministic" => format!("{}s", mean()),
        "exponential" => exponential(mean()),
        "erlang" => format!("erlang({}s, {})", mean(), p.whole("stages")),
        "hyperexponential2" => {
            format!("hyperexponential({}, {}s, {}s)", p.number("p1"), p.number("mean1"), p.number("mean2"))
        }
        "lognormal" => format!("lognormal({}s, cv {})", mean(), p.number("cv")),
        "uniform" => format!("uniform({}s, {}s)", p.number("low"), p.number("high")),
        "bounded_pareto" => {
            format!("bounded-pareto({}s, {}s, {})", p.number("low"), p.number("high"), p.number("shape"))
        }
        other => panic!("no such law of service: {other}"),
    }
}

fn exponential(mean: f64) -> String {
    format!("exponential({mean}s)")
}

/// Single-server machines in one pool, with one line unless `more` says otherwise.
fn machines(size: u64, more: &str) -> String {
    format!("kind = \"vm\"\ntype = \"any\"\nslots = 1\nsize = {size}\nmax = {size}\n{more}")
}

/// Environments born by demand that start in no time, unless `more` says otherwise, without the provider's limits.
fn environments(more: &str) -> String {
    let start = if more.contains("cold_start") { "" } else { "cold_start = \"0s\"\n" };
    format!("kind = \"function\"\naccount = \"none\"\ngrowth_per_10s = 0\n{start}{more}")
}

fn poisson(rate: f64, work: &str, function: &str, pool: &str) -> Model {
    scenario(&format!("kind = \"poisson\"\nrate = \"{rate}/s\""), work, function, pool)
}

fn modulated(rates: [f64; 2], leave: [f64; 2], service_rate: f64) -> Model {
    let [a, b] = rates;
    // A mean stay is a length of time, hence whole nanoseconds.
    let [stay_a, stay_b] = leave.map(|rate| format!("{:.9}s", 1.0 / rate));
    let source = format!("kind = \"mmpp\"\nrates = [\"{a}/s\", \"{b}/s\"]\nstays = [\"{stay_a}\", \"{stay_b}\"]");
    let model = scenario(&source, &exponential(1.0 / service_rate), "", &machines(1, ""));
    Model { window_s: 20.0 / (leave[0] + leave[1]), ..model }
}

fn scenario(source: &str, work: &str, function: &str, pool: &str) -> Model {
    let text = format!(
        "strategies = [\"max\"]\n[functions.f]\nwork = \"{work}\"\n{function}\n\
         [sources.s]\n{source}\nrequests = REQUESTS\n[pools.p]\n{pool}\n"
    );
    Model { text, ..Model::default() }
}

impl Default for Model {
    fn default() -> Model {
        Model {
            text: String::new(),
            servers: 1.0,
            cores: 1,
            mean_work: 1.0,
            constant_work: false,
            shared_instance: false,
            window_s: 1.0,
            tail: 0,
        }
    }
}

impl Model {
    fn servers(self, servers: u64) -> Model {
        Model { servers: servers as f64, ..self }
    }
}
