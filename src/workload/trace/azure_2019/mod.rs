//! Azure Functions 2019: how often each function ran in each minute of two weeks, how long, and how much memory its
//! application held.
//!
//! Source: Shahrad et al., Serverless in the Wild (USENIX ATC 2020), `AzureFunctionsDataset2019.md` of the Azure public
//! dataset. Memory by Burr is the fit of the same paper (section 3.4).
//!
//! Known quirks, each counted in the report where it shows: a function is unique only within owner and application, so
//! all three make its name; `Count` of the durations may differ from the sum of the minutes; some functions have an
//! average of 0 ms (taken as 1 ms); minimum and maximum may be absent (they are not used); percentiles are of averages
//! over 30 s, weighted by count, so the spread of single runs is wider than what they allow to draw; days 13 and 14 have
//! no memory file (the last known value stays). Executions are counted when they *end*; like the published simulators
//! we take that minute as the minute of arrival.

mod durations;
mod memory;
mod minutes;

use super::blocks::{Blocks, Cell, Company, Period, Periods};
use super::flaw::Flaw;
use super::packed;
use super::place::Placement;
use crate::engine::random::Streams;
use crate::engine::time::{Instant, Span};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};

pub use durations::Duration;
pub use memory::{Memory, burr_bytes};

/// Choices the trace leaves open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    pub placement: Placement,
    pub duration: Duration,
    pub memory: Memory,
}

/// The files of the trace; those of a kind are matched to days by the `.dNN.` in their names, or by their place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// `invocations_per_function_md.anon.d01.csv` and so on.
    pub minutes: Vec<PathBuf>,
    /// `function_durations_percentiles.anon.d01.csv` and so on; may be empty.
    pub durations: Vec<PathBuf>,
    /// `app_memory_percentiles.anon.d01.csv` and so on; may be empty.
    pub memory: Vec<PathBuf>,
}

/// The trace: all functions as one stream, a day in memory at a time.
pub type Azure2019 = Blocks<Days>;

/// Opens the trace. The files of the first day are read with the first arrival.
///
/// # Errors
/// No file of minutes, and two of one kind for one day.
pub fn open(files: &Files, choices: Choices, streams: Streams) -> Result<Azure2019, Flaw> {
    let minutes = by_day(&files.minutes)?;
    if minutes.is_empty() {
        return Err(Flaw::file(&"Azure Functions 2019".into(), "no file", "a file of invocations per minute"));
    }
    let days = Days {
        first_day: minutes[0].0,
        minutes: minutes.into(),
        durations: by_day(&files.durations)?.into(),
        memory: by_day(&files.memory)?.into(),
        choices,
        day: minutes::Day::default(),
    };
    Ok(Blocks::new(days, Company::new(streams), choices.placement))
}

/// The days still to be read, and the one being read.
#[derive(Debug)]
pub struct Days {
    first_day: u64,
    minutes: VecDeque<(u64, PathBuf)>,
    durations: VecDeque<(u64, PathBuf)>,
    memory: VecDeque<(u64, PathBuf)>,
    choices: Choices,
    day: minutes::Day,
}

impl Days {
    /// Reads the next day; false after the last.
    fn next_day(&mut self, company: &mut Company) -> Result<bool, Flaw> {
        let Some((number, path)) = self.minutes.pop_front() else { return Ok(false) };
        let start = Span::from_secs(86_400) * (number - self.first_day);
        self.day.read(&path, Instant::ZERO + start, company)?;
        if let Some(path) = of_day(&mut self.durations, number) {
            durations::read(&path, self.choices.duration, &self.day, company)?;
        }
        let memory = of_day(&mut self.memory, number);
        memory::assign(memory.as_deref(), self.choices.memory, &self.day, company)?;
        Ok(true)
    }
}

impl Periods for Days {
    fn next_period(&mut self, cells: &mut Vec<Cell>, company: &mut Company) -> Result<Option<Period>, Flaw> {
        loop {
            if let Some(period) = self.day.next_minute(cells) {
                return Ok(Some(period));
            }
            if !self.next_day(company)? {
                return Ok(None);
            }
        }
    }
}

/// Files with the number of their day, ascending.
fn by_day(paths: &[PathBuf]) -> Result<Vec<(u64, PathBuf)>, Flaw> {
    let named: Option<Vec<u64>> = paths.iter().map(|path| day_in_name(path)).collect();
    let numbers = named.unwrap_or_else(|| (1..=paths.len() as u64).collect());
    let mut days: Vec<(u64, PathBuf)> = numbers.into_iter().zip(paths.iter().cloned()).collect();
    days.sort();
    if let Some(pair) = days.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        let found = format!("a second file of day {}", pair[1].0);
        return Err(Flaw::file(&packed::name(&pair[1].1), found, "one file of a kind for each day"));
    }
    Ok(days)
}

/// 7 for `invocations_per_function_md.anon.d07.csv.gz`.
fn day_in_name(path: &Path) -> Option<u64> {
    let name = path.file_name()?.to_str()?;
    name.split('.').find_map(|part| part.strip_prefix('d').filter(|digits| digits.len() == 2)?.parse().ok())
}

/// The file of a day, dropping those of days that have gone by.
fn of_day(files: &mut VecDeque<(u64, PathBuf)>, day: u64) -> Option<PathBuf> {
    while files.front().is_some_and(|&(number, _)| number < day) {
        files.pop_front();
    }
    files.pop_front_if(|(number, _)| *number == day).map(|(_, path)| path)
}

#[cfg(test)]
mod tests;
