//! One server and any law of service: in order of arrival (M/G/1), or shared by all present (M/G/1-PS, M/G/c-PS).
//!
//! Source: the formula of Pollaczek and Khinchine, as in Kleinrock, Queueing Systems I, section 5.6; processor sharing and its
//! insensitivity as in Kleinrock, Queueing Systems II, section 4.4.

use super::many_servers::ErlangC;

/// M/G/1: Poisson arrivals, one server, first come first served.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SingleServer {
    arrival_rate: f64,
    mean_service: f64,
    second_moment: f64,
}

impl SingleServer {
    /// `second_moment` is the mean of the squared service time. `None` where the server cannot keep up, or where the
    /// second moment does not exist.
    pub fn new(arrival_rate: f64, mean_service: f64, second_moment: f64) -> Option<SingleServer> {
        let utilisation = arrival_rate * mean_service;
        let fine = utilisation > 0.0 && utilisation < 1.0 && second_moment.is_finite();
        fine.then_some(SingleServer { arrival_rate, mean_service, second_moment })
    }

    pub fn utilisation(&self) -> f64 {
        self.arrival_rate * self.mean_service
    }

    pub fn mean_wait(&self) -> f64 {
        self.arrival_rate * self.second_moment / (2.0 * (1.0 - self.utilisation()))
    }

    pub fn mean_response(&self) -> f64 {
        self.mean_wait() + self.mean_service
    }
}

/// M/G/c-PS: all present share c cores, nobody faster than one core allows. Mean figures depend on the mean work only.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProcessorSharing {
    mean_work: f64,
    /// The same cores with a line and exponential work, which has as many requests present.
    line: ErlangC,
}

impl ProcessorSharing {
    /// `None` where the cores cannot keep up.
    pub fn new(arrival_rate: f64, mean_work: f64, cores: u64) -> Option<ProcessorSharing> {
        Some(ProcessorSharing { mean_work, line: ErlangC::new(arrival_rate, 1.0 / mean_work, cores)? })
    }

    pub fn utilisation(&self) -> f64 {
        self.line.utilisation()
    }

    pub fn mean_response(&self) -> f64 {
        self.line.mean_response()
    }

    /// Response over work, the same for requests of every size on one core.
    pub fn mean_slowdown(&self) -> f64 {
        self.mean_response() / self.mean_work
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constant_service_waits_half_as_long_as_exponential() {
        let constant = SingleServer::new(0.5, 1.0, 1.0).unwrap();
        let exponential = SingleServer::new(0.5, 1.0, 2.0).unwrap();
        assert_eq!((constant.mean_wait(), exponential.mean_wait()), (0.5, 1.0));
        assert_eq!(SingleServer::new(1.0, 1.0, 1.0), None);
        assert_eq!(SingleServer::new(0.5, 1.0, f64::INFINITY), None);
    }

    #[test]
    fn a_shared_core_slows_everybody_alike() {
        let shared = ProcessorSharing::new(0.8, 1.0, 1).unwrap();
        assert!((shared.mean_slowdown() - 5.0).abs() < 1e-12 && (shared.mean_response() - 5.0).abs() < 1e-12);
    }
}
