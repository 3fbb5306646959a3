//! A forwarding table: for every function the destinations that can serve it.
//!
//! Source: `ccicconetti/serverlessonedge`, forwarding tables and the client that prints them.

use crate::engine::time::Instant;
use crate::model::digits::significant;

use super::entry::{Entry, Selection};

/// A number of the caller's own, dense from zero, and the name for people. The order of names decides on ties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named<'a> {
    pub id: u32,
    pub name: &'a str,
}

/// What a table refuses.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TableError {
    #[error("no destination left for the function")]
    NoDestination,
    #[error("unknown destination, want one that was announced")]
    UnknownDestination,
    #[error("destination \"{name}\" with weight {weight}, want a name and a positive weight")]
    BadDestination { name: String, weight: f32 },
}

/// The entries of one table, by number of the function.
#[derive(Clone, Debug)]
pub struct Table {
    selection: Selection,
    faithful: bool,
    entries: Vec<Option<Entry>>,
}

impl Table {
    pub fn new(selection: Selection, faithful: bool) -> Table {
        Table { selection, faithful, entries: Vec::new() }
    }

    pub fn entry(&self, function: u32) -> Option<&Entry> {
        self.entries.get(function as usize)?.as_ref()
    }

    /// Adds a destination, or changes the weight and flag of a known one.
    ///
    /// # Errors
    /// An empty name or a weight that is not positive.
    pub fn change(
        &mut self,
        now: Instant,
        function: Named<'_>,
        destination: Named<'_>,
        weight: f32,
        is_final: bool,
    ) -> Result<(), TableError> {
        if destination.name.is_empty() || function.name.is_empty() || !is_weight(weight) {
            return Err(TableError::BadDestination { name: destination.name.to_owned(), weight });
        }
        let place = function.id as usize;
        if self.entries.len() <= place {
            self.entries.resize(place + 1, None);
        }
        let entry =
            self.entries[place].get_or_insert_with(|| Entry::new(function.name, now, self.selection, self.faithful));
        entry.change(now, destination.id, destination.name, weight, is_final);
        Ok(())
    }

    /// Changes the weight of a known destination.
    ///
    /// # Errors
    /// An unknown destination, or a weight that is not positive.
    pub fn set(&mut self, now: Instant, function: u32, destination: u32, weight: f32) -> Result<(), TableError> {
        let entry = self.entries.get_mut(function as usize).and_then(Option::as_mut);
        let entry = entry.ok_or(TableError::UnknownDestination)?;
        if !is_weight(weight) {
            let known = entry.destinations().find(|(known, _)| known.id == destination);
            let name = known.map_or_else(String::new, |(known, _)| known.name.to_string());
            return Err(TableError::BadDestination { name, weight });
        }
        if entry.set(now, destination, weight) { Ok(()) } else { Err(TableError::UnknownDestination) }
    }

    /// Removes a destination; the entry of a function without any is gone.
    pub fn remove(&mut self, now: Instant, function: u32, destination: u32) {
        let Some(slot) = self.entries.get_mut(function as usize) else { return };
        if let Some(entry) = slot {
            entry.remove(now, destination);
            if entry.is_empty() {
                *slot = None;
            }
        }
    }

    /// Removes a destination for every function.
    pub fn remove_everywhere(&mut self, now: Instant, destination: u32) {
        (0..self.entries.len() as u32).for_each(|function| self.remove(now, function, destination));
    }

    /// Forgets everything.
    pub fn flush(&mut self) {
        self.entries.clear();
    }

    /// Sets every weight to one.
    pub fn reset(&mut self, now: Instant) {
        for entry in self.entries.iter_mut().flatten() {
            let ids: Vec<u32> = entry.by_name().map(|(destination, _)| destination.id).collect();
            ids.into_iter().for_each(|id| {
                entry.set(now, id, 1.0);
            });
        }
    }

    /// The destination of the next call. `uniform` in [0, 1) is drawn only where the selection is random.
    ///
    /// # Errors
    /// No destination.
    #[inline]
    pub fn select(&mut self, now: Instant, function: u32, uniform: impl FnOnce() -> f64) -> Result<u32, TableError> {
        let entry = self.entries.get_mut(function as usize).and_then(Option::as_mut);
        entry.and_then(|entry| entry.select(now, uniform)).ok_or(TableError::NoDestination)
    }

    /// The lines that the original's table client prints: functions and destinations in order of names, the function's
    /// name once, weights with six significant digits, `(F)` after what is final.
    pub fn dump(&self) -> String {
        let mut entries: Vec<&Entry> = self.entries.iter().flatten().collect();
        entries.sort_by(|a, b| a.function().cmp(b.function()));
        let shown = |weight: f32| significant(f64::from(weight), 6);
        let widest = |lengths: &mut dyn Iterator<Item = usize>| lengths.max().unwrap_or(0);
        let name_width = widest(&mut entries.iter().map(|entry| entry.function().len()));
        let all = entries.iter().flat_map(|entry| entry.by_name());
        let weight_width = widest(&mut all.map(|(_, weight)| shown(weight).len()));
        let mut text = String::new();
        for entry in entries {
            for (k, (destination, weight)) in entry.by_name().enumerate() {
                let function = if k == 0 { entry.function() } else { "" };
                let flag = if destination.is_final { " (F)" } else { "" };
                let weight = shown(weight);
                text += &format!("{function:name_width$} [{weight:weight_width$}] {}{flag}\n", destination.name);
            }
        }
        text
    }
}

fn is_weight(weight: f32) -> bool {
    weight > 0.0 && weight.is_finite()
}
