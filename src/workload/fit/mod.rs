//! A generator that stands in for a trace that may not leave the house: it has the trace's course over the day, its
//! burstiness by time scale and its spikes, and none of its rows.
//!
//! The expected count of a window is `profile x cycle x modulation`; spikes are laid over it. The profile is the mean rate by
//! stretches, over the whole trace or folded into a day; the cycle is what timers of a minute or five add. The modulation is a stationary factor of mean 1: a product of
//! gamma processes, one for each time scale, or a two-state chain (MMPP). What is counted is Poisson around that, or
//! tighter where the trace is.
//!
//! Source: method of moments. The autocovariance of counts at lags above zero is that of the rate (Cox and Lewis 1966,
//! section 5.4), which gives variance and memory without the Poisson noise; gamma processes of a given memory are those of
//! Lewis, McKenzie and Hugus, Gamma processes (1989); the two states follow from variance, skewness and memory.

mod cycle;
mod goodness;
mod modulation;
mod moments;

use crate::engine::law::Law;
use crate::engine::random::{Rng, Streams};
use crate::engine::unfit::Unfit;
use crate::workload::trace::counts::VALUE_LIMIT;
use serde::{Deserialize, Serialize};

pub use cycle::Cycle;
pub use goodness::{Figure, Goodness, goodness};
pub use modulation::{GammaPart, Modulation};

/// Most windows of a trace that is fitted, and of a generator: three years of seconds.
pub const WINDOWS_MAX: usize = 100_000_000;
/// Windows of a day, where windows are seconds.
const DAY: usize = 86_400;
/// Most requests of a window that are believed, as in a file of counts.
const COUNT_MAX: f64 = VALUE_LIMIT as f64;
/// A factor above this is a slip of the pen, and its products would leave the range of numbers.
const FACTOR_MAX: f64 = 1e9;
/// Above this mean a Poisson count is drawn as a normal one (its skewness is below 0.4 %), in a time that does not grow with it.
const POISSON_MEAN_MAX: f64 = 1e5;

/// What to fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choices {
    /// Windows (seconds, mostly) in a stretch of the profile.
    pub stretch: usize,
    /// Windows after which the profile begins again: a day, say. `None` for a profile of the whole trace.
    pub fold: Option<usize>,
    pub kind: Kind,
}

/// The family of the modulation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Gamma processes of several time scales.
    #[default]
    Gamma,
    /// A chain of two states.
    TwoStates,
}

impl Choices {
    /// Ten minutes, folded into days when the trace has two of them or more.
    pub fn of(windows: usize) -> Choices {
        let fold = (windows >= 2 * DAY).then_some(DAY);
        Choices { stretch: 600.min((windows / 8).max(1)), fold, kind: Kind::Gamma }
    }
}

/// The generator. All of it is written to a file; nothing else is needed to make counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    /// Windows of the trace it was fitted to.
    pub windows: usize,
    /// Windows in a stretch of the profile.
    pub stretch: usize,
    /// Whether the profile begins again after its last stretch.
    pub repeats: bool,
    /// Mean count of a window at the middle of each stretch.
    pub profile: Vec<f64>,
    pub cycle: Option<Cycle>,
    pub modulation: Modulation,
    pub spikes: Option<Spikes>,
    /// Variance over mean of a count around its expectation: 1 for Poisson.
    pub noise: f64,
}

/// Sudden rises over what profile and modulation explain.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spikes {
    /// Spikes begun per window.
    pub per_window: f64,
    /// Windows that one lasts, in the mean.
    pub length: f64,
    /// Height over the profile, as a multiple of it: mean and deviation / mean.
    pub height: f64,
    pub height_cv: f64,
}

/// Fits a generator to counts by window.
///
/// # Errors
/// Fewer than 16 windows or more than [`WINDOWS_MAX`], counts that are all zero, a stretch of no window or of more than there
/// are, one that does not divide the fold.
pub fn fit(counts: &[u32], choices: Choices) -> Result<Fit, Unfit> {
    if counts.len() < 16 {
        return Err(Unfit::new("counts", format!("{} windows", counts.len()), "at least 16 windows"));
    }
    if counts.len() > WINDOWS_MAX {
        return Err(Unfit::new("counts", format!("{} windows", counts.len()), "at most 100000000 windows"));
    }
    if counts.iter().all(|&count| count == 0) {
        return Err(Unfit::new("counts", "no request in any window", "at least one request"));
    }
    if choices.stretch == 0 || choices.fold == Some(0) {
        return Err(Unfit::new("stretch", 0, "at least one window"));
    }
    if choices.stretch > counts.len() {
        return Err(Unfit::new("stretch", format!("{} windows", choices.stretch), "at most as many as the trace has"));
    }
    if let Some(fold) = choices.fold.filter(|fold| fold % choices.stretch != 0) {
        let found = format!("{} windows for a fold of {fold}", choices.stretch);
        return Err(Unfit::new("stretch", found, "a length that divides the fold"));
    }
    let means = moments::profile(counts, choices);
    let mut fit = Fit {
        windows: counts.len(),
        stretch: choices.stretch,
        repeats: choices.fold.is_some(),
        profile: means.clone(),
        cycle: cycle::find(counts),
        modulation: Modulation::Constant,
        spikes: None,
        noise: 1.0,
    };
    fit.meet(&means);
    let expected: Vec<f64> = (0..counts.len()).map(|window| fit.expected(window)).collect();
    let mut ratios = moments::ratios(counts, &expected);
    fit.spikes = moments::take_spikes(&mut ratios);
    let figures = moments::Figures::of(&ratios, &expected);
    fit.noise = figures.noise;
    fit.modulation = match choices.kind {
        Kind::Gamma => Modulation::gamma(&figures),
        Kind::TwoStates => Modulation::two_states(&figures),
    };
    Ok(fit)
}

impl Fit {
    /// What profile and cycle expect of a window; the profile is straight between the middles of stretches.
    pub fn expected(&self, window: usize) -> f64 {
        let stretches = self.profile.len();
        let place = window as f64 / self.stretch as f64 - 0.5;
        let below = place.floor();
        let share = place - below;
        let at = |stretch: f64| {
            let index = if self.repeats {
                (stretch as i64).rem_euclid(stretches as i64) as usize
            } else {
                stretch.clamp(0.0, (stretches - 1) as f64) as usize
            };
            self.profile[index]
        };
        let factor = self.cycle.as_ref().map_or(1.0, |cycle| cycle.factors[window % cycle.factors.len()]);
        (at(below) * (1.0 - share) + at(below + 1.0) * share) * factor
    }

    /// Moves the profile so that the straight lines between its points have these means over the stretches; lines between
    /// means alone would cut off every hill.
    fn meet(&mut self, means: &[f64]) {
        for _ in 0..50 {
            let lacking: Vec<f64> = means
                .iter()
                .enumerate()
                .map(|(stretch, mean)| {
                    let windows = stretch * self.stretch..(stretch + 1) * self.stretch;
                    mean - windows.map(|window| self.expected(window)).sum::<f64>() / self.stretch as f64
                })
                .collect();
            for (point, lacking) in self.profile.iter_mut().zip(lacking) {
                *point = f64::max(0.0, *point + lacking);
            }
        }
    }

    /// Refuses what no fit gives, in a file written by hand.
    ///
    /// # Errors
    /// The first parameter that makes no sense.
    pub fn check(&self) -> Result<(), Unfit> {
        if !(1..=WINDOWS_MAX).contains(&self.windows) {
            return Err(Unfit::new("windows", self.windows, "from 1 to 100000000 windows"));
        }
        if self.profile.is_empty() || self.stretch == 0 {
            return Err(Unfit::new("profile", "no stretch", "at least one stretch of at least one window"));
        }
        let wanted = "from 0 to 1000000000 requests in a window";
        self.profile.iter().try_for_each(|&mean| up_to(COUNT_MAX, "profile", mean, wanted))?;
        Unfit::unless_not_negative("noise", self.noise)?;
        if let Some(cycle) = &self.cycle {
            if cycle.factors.is_empty() {
                return Err(Unfit::new("cycle", "no factor", "a factor for each window of its period"));
            }
            cycle.factors.iter().try_for_each(|&factor| up_to(FACTOR_MAX, "cycle", factor, FACTOR_WANTED))?;
        }
        if let Some(spikes) = self.spikes {
            up_to(1.0, "spikes.per_window", spikes.per_window, "from 0 to 1")?;
            Unfit::unless_positive("spikes.length", spikes.length)?;
            Unfit::unless_positive("spikes.height", spikes.height)?;
            up_to(FACTOR_MAX, "spikes.height", spikes.height, FACTOR_WANTED)?;
            up_to(FACTOR_MAX, "spikes.height_cv", spikes.height_cv, FACTOR_WANTED)?;
        }
        self.modulation.check()
    }

    /// Counts of `windows` windows, the same for the same streams.
    ///
    /// # Errors
    /// Those of [`Fit::check`].
    pub fn counts(&self, windows: usize, streams: &Streams) -> Result<Vec<u32>, Unfit> {
        Ok(self.stream(streams)?.take(windows).collect())
    }

    /// Counts window by window without end, the same for the same streams.
    ///
    /// # Errors
    /// Those of [`Fit::check`].
    pub fn stream(&self, streams: &Streams) -> Result<impl Iterator<Item = u32> + use<'_>, Unfit> {
        self.check()?;
        let mut modulation = self.modulation.begin(streams.stream("modulation", "fit"))?;
        let mut spikes =
            self.spikes.map(|spikes| SpikeState::new(spikes, streams.stream("spikes", "fit"))).transpose()?;
        let mut rng = streams.stream("counts", "fit");
        let count = move |window: usize| {
            let profile = self.expected(window);
            let spike = spikes.as_mut().map_or(0.0, SpikeState::next);
            count(profile * (modulation.next() + spike), self.noise, &mut rng)
        };
        Ok((0..).map(count))
    }
}

/// The height of a spike, window by window; 0 between spikes.
struct SpikeState {
    spikes: Spikes,
    height: Law,
    present: f64,
    rng: Rng,
}

impl SpikeState {
    fn new(spikes: Spikes, rng: Rng) -> Result<SpikeState, Unfit> {
        Ok(SpikeState { spikes, height: Law::lognormal(spikes.height, spikes.height_cv)?, present: 0.0, rng })
    }

    fn next(&mut self) -> f64 {
        if self.present > 0.0 && self.rng.uniform() * self.spikes.length < 1.0 {
            self.present = 0.0;
        }
        if self.present == 0.0 && self.rng.uniform() < self.spikes.per_window {
            self.present = self.height.draw(&mut self.rng);
        }
        self.present
    }
}

/// What is wanted of a factor of the rate.
const FACTOR_WANTED: &str = "from 0 to 1000000000";

/// Refuses a value that is negative, no number, or above `most`.
fn up_to(most: f64, parameter: &'static str, value: f64, wanted: &'static str) -> Result<(), Unfit> {
    if (0.0..=most).contains(&value) { Ok(()) } else { Err(Unfit::new(parameter, value, wanted)) }
}

/// A count with this mean and `noise` times its variance. Poisson for a noise of 1 and above; below, and for a large mean, a
/// normal draw brought to whole numbers at random, so that the mean stays.
fn count(mean: f64, noise: f64, rng: &mut Rng) -> u32 {
    let mean = mean.min(COUNT_MAX);
    if noise < 1.0 || mean > POISSON_MEAN_MAX {
        let value = mean + libm::sqrt(noise.min(1.0) * mean) * rng.normal();
        return (value.max(0.0) + rng.uniform()).min(COUNT_MAX) as u32;
    }
    let (mut count, mut reached) = (0u32, rng.exponential());
    while reached < mean {
        count += 1;
        reached += rng.exponential();
    }
    count
}

#[cfg(test)]
mod tests;
