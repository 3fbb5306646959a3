//! What the loop sees: readings of containers, and their mean over the last few cycles.
//!
//! Source: `EASE-MAPE-System`, monitor and the windowed mean of its analysis.
//! Differs: a container without a reading is left out of the mean, and a cycle without any reading is skipped, where the
//! original divides by zero and dies; a reading that is not a number counts as none.

use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// What a threshold can watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    Cpu,
    Memory,
    Network,
}

impl Resource {
    pub const fn name(self) -> &'static str {
        match self {
            Resource::Cpu => "cpu",
            Resource::Memory => "memory",
            Resource::Network => "network",
        }
    }
}

/// One container at one cycle, in percent; `None` where its statistics failed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ContainerReading {
    /// Of its processor allocation; the published monitor reports percent of one core, which can pass 100.
    pub cpu_percent: Option<f64>,
    /// Of its memory limit.
    pub memory_percent: Option<f64>,
    /// Of the stated capacity of its network, both directions together.
    pub network_percent: Option<f64>,
}

impl ContainerReading {
    pub fn cpu(percent: f64) -> ContainerReading {
        ContainerReading { cpu_percent: Some(percent), ..ContainerReading::default() }
    }

    fn of(&self, resource: Resource) -> Option<f64> {
        match resource {
            Resource::Cpu => self.cpu_percent,
            Resource::Memory => self.memory_percent,
            Resource::Network => self.network_percent,
        }
        .filter(|percent| percent.is_finite())
    }
}

/// The mean of one resource over the containers that have a reading.
pub fn average(containers: &[ContainerReading], resource: Resource) -> Option<f64> {
    mean(containers.iter().filter_map(|container| container.of(resource)))
}

/// The plain mean, summed in the order given.
fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0u32);
    for value in values {
        sum += value;
        count += 1;
    }
    (count > 0).then(|| sum / f64::from(count))
}

/// Percent of one core between two samples of the counters, as the container engine's own tool computes it.
///
/// `None` unless both counters grew. (The original then reuses the last value of whichever container came before.)
pub fn cpu_percent(cpu_delta: f64, system_delta: f64, cores: u32) -> Option<f64> {
    (cpu_delta > 0.0 && system_delta > 0.0).then(|| cpu_delta / system_delta * f64::from(cores.max(1)) * 100.0)
}

/// The mean of the last few values: as many as the window holds, or as there have been.
#[derive(Clone, Debug, PartialEq)]
pub struct MovingMean {
    length: usize,
    values: VecDeque<f64>,
}

impl MovingMean {
    /// The caller has ensured a window of at least one value.
    pub fn new(length: usize) -> MovingMean {
        assert!(length > 0, "a window holds at least one value");
        MovingMean { length, values: VecDeque::new() }
    }

    /// Takes a value in, drops the oldest if the window is full, and returns the mean.
    pub fn push(&mut self, value: f64) -> f64 {
        if self.values.len() == self.length {
            self.values.pop_front();
        }
        self.values.push_back(value);
        mean(self.values.iter().copied()).expect("a value was just pushed")
    }

    /// Oldest first.
    pub fn values(&self) -> impl Iterator<Item = f64> {
        self.values.iter().copied()
    }

    pub fn clear(&mut self) {
        self.values.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_without_a_reading_are_left_out_of_the_mean() {
        let silent = ContainerReading::default();
        let broken = ContainerReading::cpu(f64::NAN);
        assert_eq!(
            average(&[ContainerReading::cpu(40.0), silent, broken, ContainerReading::cpu(60.0)], Resource::Cpu),
            Some(50.0)
        );
        assert_eq!(average(&[silent, broken], Resource::Cpu), None);
        assert_eq!(average(&[ContainerReading::cpu(40.0)], Resource::Memory), None);
    }

    #[test]
    fn the_window_forgets_the_oldest_value() {
        let mut window = MovingMean::new(2);
        assert_eq!([1.0, 3.0, 5.0].map(|value| window.push(value)), [1.0, 2.0, 4.0]);
        assert!(window.values().eq([3.0, 5.0]));
    }

    #[test]
    fn two_busy_cores_read_two_hundred_percent() {
        assert_eq!(cpu_percent(1.0, 1.0, 2), Some(200.0));
        assert_eq!(cpu_percent(0.0, 1.0, 2), None);
        assert_eq!(cpu_percent(0.5, 1.0, 0), Some(50.0));
    }
}
