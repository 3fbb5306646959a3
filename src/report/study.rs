//! A parameter study: the table of a sweep, and what each of its axes does to cost and violations.
//!
//! The mean over all other axes is shown for each value of one (its main effect), a grid for the first two, and every point by
//! cost and violations. Keys that vary together (`keys` in an axis) are one axis here: they are known by not being combined with
//! each other in every way. So points that were drawn at random have one axis, and only the last figure says something.

use std::collections::BTreeSet;
use std::path::Path;

use super::figures::Figure;
use super::folders::ReportError;
use crate::plot::{Axis, Bars, Heat, Plot, Series};

/// The table of a sweep.
pub struct Study {
    pub scenario: String,
    axes: Vec<Group>,
    rows: Vec<Row>,
}

/// Keys that vary together.
#[derive(Clone, Debug, PartialEq)]
struct Group {
    name: String,
    columns: Vec<usize>,
}

/// One point under one strategy.
struct Row {
    strategy: String,
    /// By axis column.
    values: Vec<String>,
    cost_usd: f64,
    /// Percent; not a number without an objective.
    violations: f64,
}

impl Study {
    /// Reads `points.csv`.
    ///
    /// # Errors
    /// A table that is not what `sweep` writes.
    pub fn read(path: &Path) -> Result<Study, ReportError> {
        let strange = |found: String, wanted: &str| ReportError::Content {
            path: path.to_owned(),
            found,
            wanted: format!("{wanted}, as `sweep` writes it"),
        };
        let mut table = csv::Reader::from_path(path).map_err(|error| strange(error.to_string(), "a table"))?;
        let header = table.headers().map_err(|error| strange(error.to_string(), "a table"))?.clone();
        let place = |name: &str| {
            let found = || header.iter().collect::<Vec<_>>().join(",");
            header.iter().position(|column| column == name).ok_or_else(|| strange(found(), &format!("a column {name}")))
        };
        let (strategy, replications) = (place("strategy")?, place("replications")?);
        let (cost, violations) = (place("cost_usd")?, place("violation_share")?);
        let mut rows = Vec::new();
        for record in table.records() {
            let record = record.map_err(|error| strange(error.to_string(), "a table"))?;
            let cost_usd = record[cost].parse();
            rows.push(Row {
                strategy: record[strategy].to_owned(),
                values: record.iter().take(replications).skip(strategy + 1).map(str::to_owned).collect(),
                cost_usd: cost_usd.map_err(|_| strange(format!("{:?}", &record[cost]), "a cost in dollars"))?,
                violations: record[violations].parse::<f64>().map_or(f64::NAN, |share| 100.0 * share),
            });
        }
        let names: Vec<&str> = header.iter().take(replications).skip(strategy + 1).collect();
        let folder = path.parent().and_then(Path::file_name);
        let scenario = folder.map_or_else(|| "sweep".to_owned(), |name| name.to_string_lossy().into_owned());
        Ok(Study { scenario, axes: groups(&names, &rows), rows })
    }

    /// A line that says what it is.
    pub fn line(&self) -> String {
        let axes: Vec<&str> = self.axes.iter().map(|axis| axis.name.as_str()).collect();
        format!("{}: a sweep of {} rows over {}\n", self.scenario, self.rows.len(), axes.join("; "))
    }

    /// Strategies, in the order of the table.
    fn strategies(&self) -> Vec<&str> {
        firsts(self.rows.iter().map(|row| row.strategy.as_str()))
    }

    /// Values of an axis, in the order of the table.
    fn values(&self, axis: &Group) -> Vec<String> {
        firsts(self.rows.iter().map(|row| axis.value(row)))
    }

    /// The mean of a figure over the rows that are asked for.
    fn mean(&self, figure: fn(&Row) -> f64, wanted: impl Fn(&Row) -> bool) -> f64 {
        let figures: Vec<f64> = self.rows.iter().filter(|row| wanted(row)).map(figure).collect();
        figures.iter().sum::<f64>() / figures.len() as f64
    }

    /// All figures of the study.
    pub fn figures(&self) -> Vec<Figure> {
        let mut figures = Vec::new();
        for axis in self.axes.iter().filter(|axis| self.values(axis).len() > 1) {
            figures.push(self.effect(axis, "cost", Axis::new("cost", "USD"), |row| row.cost_usd));
            if self.rows.iter().any(|row| row.violations.is_finite()) {
                figures.push(self.effect(axis, "violations", Axis::new("violations", "%"), |row| row.violations));
            }
        }
        if let [first, second, ..] = self.axes.as_slice() {
            for strategy in self.strategies() {
                figures.push(self.grid(strategy, first, second));
            }
        }
        if let Some(first) = self.axes.first() {
            figures.push(self.scatter(first));
        }
        figures
    }

    fn effect(&self, axis: &Group, what: &str, y: Axis, figure: fn(&Row) -> f64) -> Figure {
        let values = self.values(axis);
        let numbers: Option<Vec<f64>> = values.iter().map(|value| value.parse().ok()).collect();
        let of = |strategy: &str| -> Vec<f64> {
            let mean = |value: &String| self.mean(figure, |row| row.strategy == strategy && axis.value(row) == *value);
            values.iter().map(mean).collect()
        };
        let (title, x) = (format!("{} by {}", capital(what), axis.name), Axis::new(&axis.name, ""));
        let plot = match numbers {
            Some(numbers) => {
                let chain = |strategy: &&str| Series::chain(strategy, numbers.iter().copied().zip(of(strategy)));
                Plot::lines(&title, x, y.from_zero(), self.strategies().iter().map(chain).collect())
            }
            None => {
                let series = self.strategies().into_iter().map(|strategy| (strategy.to_owned(), of(strategy)));
                Plot::bars(&title, x, y, Bars::grouped(values.clone(), series.collect()))
            }
        };
        Figure {
            name: super::file_name(&format!("{what}-by-{}", axis.name)),
            caption: format!("Means over all values of the other axes, for each value of {}.", axis.name),
            plot: plot.told_apart_by("strategy"),
        }
    }

    fn grid(&self, strategy: &str, across: &Group, up: &Group) -> Figure {
        let (columns, rows) = (self.values(across), self.values(up));
        let cell = |row: &String, column: &String| {
            let here = |one: &Row| one.strategy == strategy && across.value(one) == *column && up.value(one) == *row;
            self.mean(|row| row.cost_usd, here)
        };
        let values = rows.iter().map(|row| columns.iter().map(|column| cell(row, column)).collect()).collect();
        let heat = Heat { columns, rows, values, value: Axis::new("cost", "USD") };
        let title = format!("Cost of {strategy} by {} and {}", across.name, up.name);
        Figure {
            name: super::file_name(&format!("cost-grid-{strategy}")),
            caption: format!("Cost for each pair of the first two axes, means over the others, under {strategy}."),
            plot: Plot::heat(&title, Axis::new(&across.name, ""), Axis::new(&up.name, ""), heat),
        }
    }

    fn scatter(&self, axis: &Group) -> Figure {
        let mut series = Vec::new();
        for strategy in self.strategies() {
            for value in self.values(axis) {
                let here = self.rows.iter().filter(|row| row.strategy == strategy && axis.value(row) == value);
                let points: Vec<(f64, f64)> = here.map(|row| (row.cost_usd, row.violations)).collect();
                series.push(Series::dots(&format!("{strategy} {value}"), points));
            }
        }
        let (x, y) = (Axis::new("cost", "USD"), Axis::new("violations", "%").from_zero());
        Figure {
            name: "violations-against-cost".to_owned(),
            caption: format!("A dot for each point; colours are strategies and values of {}.", axis.name),
            plot: Plot::lines("Violations against cost", x, y, series).told_apart_by(&axis.name),
        }
    }
}

impl Group {
    fn value(&self, row: &Row) -> String {
        self.columns.iter().map(|&column| row.values[column].as_str()).collect::<Vec<_>>().join(", ")
    }
}

/// The distinct items, each where it first was.
fn firsts<T: PartialEq>(items: impl Iterator<Item = T>) -> Vec<T> {
    items.fold(Vec::new(), |mut found, item| {
        if !found.contains(&item) {
            found.push(item);
        }
        found
    })
}

/// The axes of a table: neighbouring columns that are not combined in every way are one.
fn groups(names: &[&str], rows: &[Row]) -> Vec<Group> {
    let distinct = |columns: &[usize]| {
        rows.iter()
            .map(|row| columns.iter().map(|&column| &row.values[column]).collect::<Vec<_>>())
            .collect::<BTreeSet<_>>()
            .len()
    };
    let mut groups: Vec<Group> = Vec::new();
    for (column, name) in names.iter().enumerate() {
        if let Some(group) = groups.last_mut() {
            let both: Vec<usize> = group.columns.iter().copied().chain([column]).collect();
            if distinct(&both) != distinct(&group.columns) * distinct(&[column]) {
                *group = Group { name: format!("{}, {name}", group.name), columns: both };
                continue;
            }
        }
        groups.push(Group { name: (*name).to_owned(), columns: vec![column] });
    }
    groups
}

fn capital(word: &str) -> String {
    let mut signs = word.chars();
    signs.next().map_or_else(String::new, |first| first.to_uppercase().chain(signs).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "point,strategy,a.b,c,d,replications,cost_usd,violation_share\n\
        0,libra,1,x,0,1,1.0,0.5\n0,auto,1,x,0,1,3.0,0.1\n1,libra,1,y,5,1,2.0,0.25\n1,auto,1,y,5,1,3.0,0.1\n\
        2,libra,2,x,0,1,4.0,0.5\n2,auto,2,x,0,1,3.0,0.1\n3,libra,2,y,5,1,6.0,0.75\n3,auto,2,y,5,1,3.0,0.1\n";

    fn study(text: &str) -> Result<Study, ReportError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("points.csv");
        std::fs::write(&path, text).unwrap();
        Study::read(&path)
    }

    #[test]
    fn keys_that_vary_together_are_one_axis_and_effects_are_means_over_the_others() {
        let study = study(TABLE).unwrap();
        let names: Vec<&str> = study.axes.iter().map(|axis| axis.name.as_str()).collect();
        assert_eq!(names, ["a.b", "c, d"]);
        let figures = study.figures();
        let csv = |name: &str| figures.iter().find(|figure| figure.name == name).unwrap().plot.csv();
        assert_eq!(csv("cost-by-a-b"), "strategy,a_b,cost_usd\nlibra,1,1.5\nlibra,2,5\nauto,1,3\nauto,2,3\n");
        assert_eq!(
            csv("violations-by-c--d"),
            "c_d,strategy,violations_percent\n\"x, 0\",libra,50\n\"x, 0\",auto,10\n\"y, 5\",libra,50\n\"y, 5\",auto,10\n"
        );
        assert_eq!(
            csv("cost-grid-libra"),
            "a_b,c_d,cost_usd\n1,\"x, 0\",1\n2,\"x, 0\",4\n1,\"y, 5\",2\n2,\"y, 5\",6\n"
        );
        assert_eq!(csv("violations-against-cost").lines().nth(1), Some("libra 1,1,50"));
    }

    #[test]
    fn what_is_no_table_of_a_sweep_is_refused() {
        let said = |text: &str| study(text).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(said("a,b\n1,2\n").contains("want a column strategy"));
        assert!(said(&TABLE.replace("1.0,0.5", "cheap,0.5")).contains("\"cheap\""));
    }
}
