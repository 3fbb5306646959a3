//! Threshold analysis: one replica more when a moving mean reaches an upper mark, one fewer when all have sunk to their
//! lower marks.
//!
//! Source: `EASE-MAPE-System`, threshold analysis (windowed, both marks inclusive, percent); `Mape-Docker-Compose` 2022 (the
//! last minute's utilisation, both marks exclusive, shares).
//! Differs (corrected): the window holds the five values that the original's log claims, not four; a reading that equals the
//! last one is analysed like any other, where the original stays silent and so freezes when capped readings repeat.
//! Which resources decide is a setting: the original's code watches processors only, its documentation names three.

use super::monitor::{ContainerReading, MovingMean, Resource, average};
use super::{LoopError, Reading, Verdict};
use serde::{Deserialize, Serialize};

/// Lower and upper mark of one resource, in percent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Marks {
    pub lower: f64,
    pub upper: f64,
}

impl Marks {
    pub const fn new(lower: f64, upper: f64) -> Marks {
        Marks { lower, upper }
    }

    fn check(&self, key: &'static str) -> Result<(), LoopError> {
        let Marks { lower, upper } = *self;
        // Not a number fails every comparison, so it is refused here too.
        if 0.0 <= lower && lower < upper && upper <= 100.0 {
            return Ok(());
        }
        Err(LoopError::Marks { key, lower, upper, wanted: "0 <= lower < upper <= 100" })
    }
}

/// Settings of the windowed analysis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Thresholds {
    pub cpu: Marks,
    pub memory: Marks,
    pub network: Marks,
    /// Who decides; the marks of the others are ignored.
    pub resources: Vec<Resource>,
    /// Cycles averaged.
    pub window: usize,
    /// Say nothing when the newest average equals the last one that was analysed, bit by bit.
    pub skip_unchanged: bool,
    /// Forget the window after a change, so that loads of before do not keep driving the loop.
    pub reset_window_on_scale: bool,
}

impl Default for Thresholds {
    fn default() -> Thresholds {
        Thresholds::of(Reading::Corrected)
    }
}

impl Thresholds {
    /// The published marks, 30 and 70 percent of the processor.
    pub fn of(reading: Reading) -> Thresholds {
        let marks = Marks::new(30.0, 70.0);
        let original = reading == Reading::Original;
        Thresholds {
            cpu: marks,
            memory: marks,
            network: marks,
            resources: vec![Resource::Cpu],
            window: if original { 4 } else { 5 },
            skip_unchanged: original,
            reset_window_on_scale: false,
        }
    }

    fn marks(&self, resource: Resource) -> Marks {
        match resource {
            Resource::Cpu => self.cpu,
            Resource::Memory => self.memory,
            Resource::Network => self.network,
        }
    }

    fn check(&self) -> Result<(), LoopError> {
        for &resource in &self.resources {
            self.marks(resource).check(resource.name())?;
            if self.resources.iter().filter(|&&other| other == resource).count() > 1 {
                let found = resource.name().to_owned();
                return Err(LoopError::Setting { key: "resources", found, wanted: "each resource once" });
            }
        }
        if self.resources.is_empty() {
            let found = "none".to_owned();
            return Err(LoopError::Setting { key: "resources", found, wanted: "at least one of cpu, memory, network" });
        }
        if self.window == 0 {
            return Err(LoopError::Setting { key: "window", found: "0".to_owned(), wanted: "a count from 1" });
        }
        Ok(())
    }
}

/// What was seen of one deciding resource.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Seen {
    pub resource: Resource,
    /// Over the containers, this cycle.
    pub average: f64,
    /// Over the window.
    pub mean: f64,
}

/// The outcome of one analysis.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    pub seen: Vec<Seen>,
    /// False when the reading was skipped because nothing had changed.
    pub evaluated: bool,
    pub verdict: Verdict,
    /// The resources behind a verdict other than to keep.
    pub decided_by: Vec<Resource>,
}

/// The windowed analysis with its memory.
#[derive(Clone, Debug, PartialEq)]
pub struct ThresholdAnalysis {
    thresholds: Thresholds,
    watched: Vec<Watched>,
}

#[derive(Clone, Debug, PartialEq)]
struct Watched {
    resource: Resource,
    marks: Marks,
    window: MovingMean,
    /// The last average analysed; zero at first, as in the original, which so skips a first reading of zero.
    previous: f64,
}

impl ThresholdAnalysis {
    /// # Errors
    /// When marks are crossed or leave 0 to 100, the window is empty, or no resource decides.
    pub fn new(thresholds: Thresholds) -> Result<ThresholdAnalysis, LoopError> {
        thresholds.check()?;
        let watch = |&resource: &Resource| Watched {
            resource,
            marks: thresholds.marks(resource),
            window: MovingMean::new(thresholds.window),
            previous: 0.0,
        };
        let watched = thresholds.resources.iter().map(watch).collect();
        Ok(ThresholdAnalysis { thresholds, watched })
    }

    /// Analyses the newest record. `None`, and nothing remembered, when a deciding resource has no reading at all.
    pub fn analyse(&mut self, containers: &[ContainerReading]) -> Option<Finding> {
        let averages: Vec<f64> =
            self.watched.iter().map(|watched| average(containers, watched.resource)).collect::<Option<_>>()?;
        let mut seen = Vec::with_capacity(averages.len());
        for (watched, &average) in self.watched.iter_mut().zip(&averages) {
            seen.push(Seen { resource: watched.resource, average, mean: watched.window.push(average) });
        }
        let unchanged = self.watched.iter().zip(&averages).all(|(watched, average)| watched.previous == *average);
        if self.thresholds.skip_unchanged && unchanged {
            return Some(Finding { seen, evaluated: false, verdict: Verdict::Keep, decided_by: Vec::new() });
        }
        for (watched, &average) in self.watched.iter_mut().zip(&averages) {
            watched.previous = average;
        }
        let (verdict, decided_by) = self.judge(&seen);
        Some(Finding { seen, evaluated: true, verdict, decided_by })
    }

    /// More when any resource has reached its upper mark; fewer when all have sunk to their lower ones.
    fn judge(&self, seen: &[Seen]) -> (Verdict, Vec<Resource>) {
        let past = |holds: fn(f64, Marks) -> bool| -> Vec<Resource> {
            let of = self.watched.iter().zip(seen);
            of.filter(|(watched, seen)| holds(seen.mean, watched.marks)).map(|(watched, _)| watched.resource).collect()
        };
        let low = past(|mean, marks| mean <= marks.lower);
        if low.len() == self.watched.len() {
            return (Verdict::Remove, low);
        }
        let high = past(|mean, marks| mean >= marks.upper);
        if high.is_empty() { (Verdict::Keep, high) } else { (Verdict::Add, high) }
    }

    /// To be told when replicas were changed on this analysis' advice.
    pub fn scaled(&mut self) {
        if self.thresholds.reset_window_on_scale {
            self.watched.iter_mut().for_each(|watched| watched.window.clear());
        }
    }

    /// The window of a deciding resource, oldest first.
    pub fn window(&self, resource: Resource) -> Option<impl Iterator<Item = f64>> {
        self.watched.iter().find(|watched| watched.resource == resource).map(|watched| watched.window.values())
    }
}

/// The second fork's analysis: marks as shares, compared with the last minute's utilisation, exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UtilisationMarks {
    pub lower: f64,
    pub upper: f64,
}

impl Default for UtilisationMarks {
    fn default() -> UtilisationMarks {
        UtilisationMarks { lower: 0.2, upper: 0.8 }
    }
}

impl UtilisationMarks {
    /// # Errors
    /// When the marks are crossed or leave 0 to 1.
    pub fn check(&self) -> Result<(), LoopError> {
        let UtilisationMarks { lower, upper } = *self;
        if 0.0 <= lower && lower < upper && upper <= 1.0 {
            return Ok(());
        }
        Err(LoopError::Marks { key: "utilisation", lower, upper, wanted: "0 <= lower < upper <= 1" })
    }

    /// `None` without a reading. A utilisation past 1 (jitter of the rate) is full, where the original stops.
    pub fn judge(&self, utilisation: Option<f64>) -> Option<Verdict> {
        let utilisation = utilisation.filter(|share| share.is_finite())?.min(1.0);
        Some(if utilisation < self.lower {
            Verdict::Remove
        } else if utilisation > self.upper {
            Verdict::Add
        } else {
            Verdict::Keep
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(cpu: f64, memory: f64, network: f64) -> [ContainerReading; 1] {
        [ContainerReading { cpu_percent: Some(cpu), memory_percent: Some(memory), network_percent: Some(network) }]
    }

    #[test]
    fn a_repeated_reading_silences_the_original_only() {
        for (reading, expected) in [(Reading::Original, Verdict::Keep), (Reading::Corrected, Verdict::Add)] {
            let mut analysis = ThresholdAnalysis::new(Thresholds::of(reading)).expect("sound");
            assert_eq!(analysis.analyse(&[ContainerReading::cpu(100.0)]).expect("a reading").verdict, Verdict::Add);
            assert_eq!(analysis.analyse(&[ContainerReading::cpu(100.0)]).expect("a reading").verdict, expected);
        }
    }

    #[test]
    fn any_busy_resource_adds_and_only_all_idle_ones_remove() {
        let all = vec![Resource::Cpu, Resource::Memory, Resource::Network];
        let thresholds = Thresholds { resources: all.clone(), window: 1, ..Thresholds::default() };
        let mut analysis = ThresholdAnalysis::new(thresholds).expect("sound");
        let mut judged = |cpu, memory, network| {
            let finding = analysis.analyse(&reading(cpu, memory, network)).expect("a reading");
            (finding.verdict, finding.decided_by)
        };
        assert_eq!(judged(10.0, 70.0, 10.0), (Verdict::Add, vec![Resource::Memory]));
        assert_eq!(judged(10.0, 31.0, 10.0), (Verdict::Keep, vec![]));
        assert_eq!(judged(10.0, 30.0, 10.0), (Verdict::Remove, all));
    }

    #[test]
    fn a_cycle_without_readings_leaves_no_trace() {
        let mut analysis = ThresholdAnalysis::new(Thresholds::default()).expect("sound");
        analysis.analyse(&[ContainerReading::cpu(50.0)]);
        let before = analysis.clone();
        assert_eq!(analysis.analyse(&[ContainerReading::default()]), None);
        assert_eq!(analysis, before);
    }

    #[test]
    fn a_window_that_is_reset_forgets_the_load_before_the_change() {
        let thresholds = Thresholds { reset_window_on_scale: true, ..Thresholds::default() };
        let mut analysis = ThresholdAnalysis::new(thresholds).expect("sound");
        analysis.analyse(&[ContainerReading::cpu(100.0)]);
        analysis.scaled();
        assert_eq!(analysis.analyse(&[ContainerReading::cpu(40.0)]).expect("a reading").seen[0].mean, 40.0);
    }

    #[test]
    fn crossed_marks_and_empty_windows_are_refused() {
        let refused = |thresholds| ThresholdAnalysis::new(thresholds).expect_err("bad settings").to_string();
        assert_eq!(
            refused(Thresholds { cpu: Marks::new(70.0, 30.0), ..Thresholds::default() }),
            "cpu: found a lower mark of 70 and an upper mark of 30, want 0 <= lower < upper <= 100"
        );
        assert!(refused(Thresholds { cpu: Marks::new(f64::NAN, 30.0), ..Thresholds::default() }).contains("NaN"));
        assert!(refused(Thresholds { cpu: Marks::new(30.0, 130.0), ..Thresholds::default() }).contains("130"));
        assert!(refused(Thresholds { window: 0, ..Thresholds::default() }).starts_with("window: found 0"));
        assert!(
            refused(Thresholds { resources: vec![], ..Thresholds::default() }).starts_with("resources: found none")
        );
        let twice = vec![Resource::Cpu, Resource::Cpu];
        assert!(refused(Thresholds { resources: twice, ..Thresholds::default() }).contains("each resource once"));
        assert!(UtilisationMarks { lower: 0.8, upper: 0.2 }.check().is_err());
        assert!(UtilisationMarks::default().check().is_ok());
    }
}
