//! Several servers and one line, or none: M/M/c, M/G/c/c and M/G/infinity.
//!
//! Source: Erlang, 1917; the formulas as in Kleinrock, Queueing Systems I, sections 3.5 and 3.6. Erlang's loss formula by its
//! recursion, which neither overflows nor cancels.

/// The share of requests lost where `load` (in Erlang) is offered to `servers` without a line: Erlang's B. It depends on
/// the mean service time only.
pub fn erlang_b(servers: u64, load: f64) -> f64 {
    (1..=servers).fold(1.0, |lost, k| load * lost / (k as f64 + load * lost))
}

/// M/M/c: Poisson arrivals, exponential service, a line without end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ErlangC {
    arrival_rate: f64,
    service_rate: f64,
    servers: u64,
    wait_probability: f64,
}

impl ErlangC {
    /// `None` where the servers cannot keep up.
    pub fn new(arrival_rate: f64, service_rate: f64, servers: u64) -> Option<ErlangC> {
        let load = arrival_rate / service_rate;
        let utilisation = load / servers as f64;
        if !(utilisation > 0.0 && utilisation < 1.0) {
            return None;
        }
        let lost = erlang_b(servers, load);
        let wait_probability = lost / (1.0 - utilisation * (1.0 - lost));
        Some(ErlangC { arrival_rate, service_rate, servers, wait_probability })
    }

    pub fn utilisation(&self) -> f64 {
        self.arrival_rate / (self.service_rate * self.servers as f64)
    }

    /// The share of requests that wait at all: Erlang's C.
    pub fn wait_probability(&self) -> f64 {
        self.wait_probability
    }

    /// The rate at which the line of a full house empties, beyond arrivals.
    fn spare_rate(&self) -> f64 {
        self.servers as f64 * self.service_rate - self.arrival_rate
    }

    pub fn mean_wait(&self) -> f64 {
        self.wait_probability / self.spare_rate()
    }

    pub fn mean_response(&self) -> f64 {
        self.mean_wait() + 1.0 / self.service_rate
    }

    /// The wait that a share `p` of requests does not exceed.
    pub fn wait_percentile(&self, p: f64) -> f64 {
        (libm::log(self.wait_probability / (1.0 - p)) / self.spare_rate()).max(0.0)
    }

    /// The share of requests that take longer than `t`.
    pub fn response_tail(&self, t: f64) -> f64 {
        let (mu, spare) = (self.service_rate, self.spare_rate());
        let at_once = libm::exp(-mu * t);
        // Wait and service together: two exponentials, which may have the same rate.
        let difference = (spare - mu) * t;
        let after_wait = if difference.abs() < 1e-6 {
            at_once * (1.0 + mu * t * (1.0 - difference / 2.0))
        } else {
            at_once * (1.0 + mu * -libm::expm1(-difference) / (spare - mu))
        };
        (1.0 - self.wait_probability) * at_once + self.wait_probability * after_wait
    }

    /// The response time that a share `p` of requests does not exceed, by bisection of [`ErlangC::response_tail`].
    pub fn response_percentile(&self, p: f64) -> f64 {
        bisect(|t| self.response_tail(t) > 1.0 - p, 1.0 / self.service_rate)
    }
}

/// The point up to which `below` holds; it must hold at 0 and not for ever. `start` is a first guess at its size.
pub(super) fn bisect(below: impl Fn(f64) -> bool, start: f64) -> f64 {
    let (mut low, mut high) = (0.0, start);
    while below(high) {
        low = high;
        high *= 2.0;
    }
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return high;
        }
        if below(middle) { low = middle } else { high = middle }
    }
}

/// M/G/c/c: who finds all servers busy is turned away.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ErlangB {
    pub load: f64,
    pub servers: u64,
}

impl ErlangB {
    pub fn blocking_probability(&self) -> f64 {
        erlang_b(self.servers, self.load)
    }

    pub fn mean_busy(&self) -> f64 {
        self.load * (1.0 - self.blocking_probability())
    }
}

/// M/G/infinity: nobody waits; the number of busy servers is a Poisson variable.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InfiniteServers {
    pub load: f64,
}

impl InfiniteServers {
    pub fn mean_busy(&self) -> f64 {
        self.load
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The worked values of textbooks: 10 Erlang on 15 lines lose 3.65 %; 2 servers at load 1 wait with probability 1/3.
    #[test]
    fn textbook_values() {
        assert!((erlang_b(15, 10.0) - 0.036497).abs() < 1e-6);
        assert_eq!(erlang_b(1, 1.0), 0.5);
        let two = ErlangC::new(1.0, 1.0, 2).unwrap();
        assert!((two.wait_probability() - 1.0 / 3.0).abs() < 1e-15 && (two.mean_wait() - 1.0 / 3.0).abs() < 1e-15);
        assert_eq!(ErlangC::new(2.0, 1.0, 2), None);
    }

    /// One server's response time is exponential with what its rate leaves over.
    #[test]
    fn one_server_has_an_exponential_response() {
        let one = ErlangC::new(0.7, 1.0, 1).unwrap();
        for p in [0.5, 0.95, 0.99] {
            let wanted = -libm::log(1.0 - p) / 0.3;
            assert!((one.response_percentile(p) / wanted - 1.0).abs() < 1e-12);
        }
        // Two servers whose spare rate is that of one: the case that would divide by zero, and its neighbours.
        let equal = ErlangC::new(1.0, 1.0, 2).unwrap();
        let near = ErlangC::new(1.0 + 1e-5, 1.0, 2).unwrap();
        assert!((equal.response_tail(3.0) - near.response_tail(3.0)).abs() < 1e-4);
    }
}
