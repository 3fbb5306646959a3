//! What a reader did to a trace on the way: rows read, repaired and dropped, each with its reason and its first place.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// The account of one reading. Every row is read once; a row may be repaired more than once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Rows of data, headers and empty lines not counted.
    pub rows: u64,
    /// Arrivals given out.
    pub arrivals: u64,
    repaired: BTreeMap<&'static str, Tally>,
    dropped: BTreeMap<&'static str, Tally>,
    noted: BTreeMap<&'static str, Tally>,
}

/// How often something happened, and where first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    pub count: u64,
    pub file: Arc<str>,
    pub line: u64,
}

impl Report {
    /// A value was taken as something else than what stands in the file.
    pub fn repair(&mut self, why: &'static str, file: &Arc<str>, line: u64) {
        enter(&mut self.repaired, why, file, line, 1);
    }

    /// A row, or part of it, gives no arrival.
    pub fn drop_row(&mut self, why: &'static str, file: &Arc<str>, line: u64) {
        enter(&mut self.dropped, why, file, line, 1);
    }

    /// Something worth knowing that changed nothing.
    pub fn note(&mut self, what: &'static str, file: &Arc<str>, line: u64, count: u64) {
        enter(&mut self.noted, what, file, line, count);
    }

    pub fn repaired(&self) -> impl Iterator<Item = (&'static str, &Tally)> {
        self.repaired.iter().map(|(why, tally)| (*why, tally))
    }

    pub fn dropped(&self) -> impl Iterator<Item = (&'static str, &Tally)> {
        self.dropped.iter().map(|(why, tally)| (*why, tally))
    }

    pub fn noted(&self) -> impl Iterator<Item = (&'static str, &Tally)> {
        self.noted.iter().map(|(what, tally)| (*what, tally))
    }

    /// How often a repair was made, a row dropped or a note taken under exactly this reason.
    pub fn count(&self, why: &str) -> u64 {
        [&self.repaired, &self.dropped, &self.noted]
            .iter()
            .filter_map(|list| list.get(why))
            .map(|tally| tally.count)
            .sum()
    }

    /// Rows dropped, for whatever reason.
    pub fn rows_dropped(&self) -> u64 {
        self.dropped.values().map(|tally| tally.count).sum()
    }

    /// Adds what another reading did; of two first places the one already here stays.
    pub fn absorb(&mut self, other: &Report) {
        self.rows += other.rows;
        self.arrivals += other.arrivals;
        let lists = [
            (&mut self.repaired, &other.repaired),
            (&mut self.dropped, &other.dropped),
            (&mut self.noted, &other.noted),
        ];
        for (mine, theirs) in lists {
            for (why, tally) in theirs {
                enter(mine, why, &tally.file, tally.line, tally.count);
            }
        }
    }
}

fn enter(list: &mut BTreeMap<&'static str, Tally>, why: &'static str, file: &Arc<str>, line: u64, count: u64) {
    list.entry(why).or_insert_with(|| Tally { count: 0, file: file.clone(), line }).count += count;
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows read, {} arrivals", self.rows, self.arrivals)?;
        for (what, list) in [("repaired", &self.repaired), ("dropped", &self.dropped), ("noted", &self.noted)] {
            for (why, tally) in list {
                write!(f, "\n{what} {}: {why} (first at {}:{})", tally.count, tally.file, tally.line)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_counted_with_their_first_place() {
        let file: Arc<str> = "a.csv".into();
        let mut report = Report { rows: 5, arrivals: 3, ..Report::default() };
        report.drop_row("no time", &file, 2);
        report.drop_row("no time", &file, 4);
        report.repair("negative arrival taken as 0", &file, 3);
        let mut sum = Report::default();
        sum.absorb(&report);
        sum.absorb(&report);
        assert_eq!((sum.rows, sum.count("no time"), sum.rows_dropped()), (10, 4, 4));
        let text = report.to_string();
        assert_eq!(
            text,
            "5 rows read, 3 arrivals\nrepaired 1: negative arrival taken as 0 (first at a.csv:3)\n\
             dropped 2: no time (first at a.csv:2)"
        );
    }
}
