//! The tables of a run, read lazily through polars: only the rows and columns that a figure needs reach memory.
//!
//! Types are stated, not guessed, and nothing is summed by polars: what a figure shows is the same bytes on every machine,
//! so sums are of integers, in a fixed order.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use polars::prelude::*;

use super::folders::ReportError;
use crate::scenario::decimal::Decimal;

/// A line of `cost.csv`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    pub hour: u64,
    pub resource: String,
    pub item: String,
    /// `direct`, `held` or `idle`.
    pub share: String,
    pub pico_usd: i128,
}

/// How soon roots were answered, where that was logged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Responses {
    /// Roots in the log, whatever became of them.
    pub roots: u64,
    /// Nanoseconds of those that were served.
    pub served_ns: Vec<u64>,
}

/// A table of a run, about to be read.
struct Scan {
    path: PathBuf,
    frame: LazyFrame,
}

impl Scan {
    fn csv(path: PathBuf, types: &[(&str, DataType)]) -> Result<Scan, ReportError> {
        if let Err(error) = std::fs::metadata(&path) {
            return Err(ReportError::Io { path, error });
        }
        let schema: Schema = types.iter().map(|(name, kind)| Field::new((*name).into(), kind.clone())).collect();
        let lazy = PlRefPath::try_from_path(&path)
            .and_then(|source| LazyCsvReader::new(source).with_dtype_overwrite(Some(Arc::new(schema))).finish());
        match lazy {
            Ok(frame) => Ok(Scan { path, frame }),
            Err(error) => Err(ReportError::Table { path, error }),
        }
    }

    fn parquet(path: PathBuf) -> Result<Scan, ReportError> {
        let lazy = PlRefPath::try_from_path(&path)
            .and_then(|source| LazyFrame::scan_parquet(source, ScanArgsParquet::default()));
        match lazy {
            Ok(frame) => Ok(Scan { path, frame }),
            Err(error) => Err(ReportError::Table { path, error }),
        }
    }

    /// Reads the rows that keep a condition, and some columns of them.
    fn read(self, keep: Option<Expr>, columns: &[&str]) -> Result<Rows, ReportError> {
        let kept = match keep {
            Some(condition) => self.frame.filter(condition),
            None => self.frame,
        };
        let selected: Vec<Expr> = columns.iter().map(|name| col(*name)).collect();
        match kept.select(selected).collect() {
            Ok(frame) => Ok(Rows { path: self.path, frame }),
            Err(error) => Err(ReportError::Table { path: self.path, error }),
        }
    }
}

/// Rows in memory.
struct Rows {
    path: PathBuf,
    frame: DataFrame,
}

impl Rows {
    fn failed(&self) -> impl Fn(PolarsError) -> ReportError {
        |error| ReportError::Table { path: self.path.clone(), error }
    }

    fn strange(&self, found: &str, wanted: &str) -> ReportError {
        ReportError::Content { path: self.path.clone(), found: format!("{found:?}"), wanted: wanted.to_owned() }
    }

    /// A column of text; an empty field is an empty text.
    fn texts(&self, name: &str) -> Result<Vec<String>, ReportError> {
        let column = self.frame.column(name).and_then(|column| column.str().cloned()).map_err(self.failed())?;
        Ok(column.iter().map(|field| field.unwrap_or_default().to_owned()).collect())
    }

    /// A column of truths; an empty field is false.
    fn truths(&self, name: &str) -> Result<Vec<bool>, ReportError> {
        let column = self.frame.column(name).and_then(|column| column.bool().cloned()).map_err(self.failed())?;
        Ok(column.iter().map(|field| field.unwrap_or(false)).collect())
    }

    /// A column of seconds, as nanoseconds; an empty field is an error.
    fn nanoseconds(&self, name: &str) -> Result<Vec<u64>, ReportError> {
        let column = self.frame.column(name).and_then(|column| column.f64().cloned()).map_err(self.failed())?;
        let read = |seconds: Option<f64>| {
            let seconds = seconds.filter(|seconds| (0.0..1e10).contains(seconds));
            seconds.map(|seconds| (seconds * 1e9).round() as u64)
        };
        column.iter().map(|field| read(field).ok_or_else(|| self.strange(name, "seconds in every row"))).collect()
    }

    /// A column of whole numbers; an empty field is none.
    fn whole(&self, name: &str) -> Result<Vec<u64>, ReportError> {
        let column = self.frame.column(name).and_then(|column| column.i64().cloned()).map_err(self.failed())?;
        let read = |number: Option<i64>| u64::try_from(number.unwrap_or(0));
        column.iter().map(|field| read(field).map_err(|_| self.strange(name, "numbers from 0"))).collect()
    }
}

/// The bill, line by line.
///
/// # Errors
/// A table that is missing or is not what `run` writes.
pub fn charges(folder: &Path) -> Result<Vec<Charge>, ReportError> {
    let text = |name| (name, DataType::String);
    let types = [("hour", DataType::Int64), text("resource"), text("item"), text("share"), text("usd")];
    let rows = Scan::csv(folder.join("cost.csv"), &types)?.read(None, &["hour", "resource", "item", "share", "usd"])?;
    let (hours, resources) = (rows.whole("hour")?, rows.texts("resource")?);
    let (items, shares, dollars) = (rows.texts("item")?, rows.texts("share")?, rows.texts("usd")?);
    let mut charges = Vec::with_capacity(hours.len());
    for (place, hour) in hours.into_iter().enumerate() {
        charges.push(Charge {
            hour,
            resource: resources[place].clone(),
            item: items[place].clone(),
            share: shares[place].clone(),
            pico_usd: pico(&dollars[place]).ok_or_else(|| rows.strange(&dollars[place], "exact dollars"))?,
        });
    }
    Ok(charges)
}

/// Dollars as text, exactly.
fn pico(dollars: &str) -> Option<i128> {
    let (sign, size) = dollars.strip_prefix('-').map_or((1, dollars), |size| (-1, size));
    let pico = Decimal::parse(size).ok()?.times(1_000_000_000_000).ok()?;
    i128::try_from(pico).ok().map(|pico| sign * pico)
}

/// Response times of roots; `None` where no log was written.
///
/// # Errors
/// A log that is not what `run` writes.
pub fn responses(folder: &Path) -> Result<Option<Responses>, ReportError> {
    let (csv, parquet) = (folder.join("requests.csv"), folder.join("requests.parquet"));
    let types = [("call", DataType::Int64), ("outcome", DataType::String), ("response_s", DataType::Float64)];
    let scan = match (csv.is_file(), parquet.is_file()) {
        (true, _) => Scan::csv(csv, &types)?,
        (false, true) => Scan::parquet(parquet)?,
        (false, false) => return Ok(None),
    };
    let scan = Scan { frame: scan.frame.with_column(col("outcome").eq(lit("served")).alias("served")), ..scan };
    let rows = scan.read(Some(col("call").eq(lit(0i64))), &["served", "response_s"])?;
    let (served, times) = (rows.truths("served")?, rows.nanoseconds("response_s")?);
    let roots = times.len() as u64;
    let served_ns = times.into_iter().zip(served).filter(|(_, served)| *served).map(|(time, _)| time).collect();
    Ok(Some(Responses { roots, served_ns }))
}

/// When instances of some pools were launched and gone, nanoseconds, in the order of the table.
///
/// # Errors
/// A table that is missing or is not what `run` writes.
pub fn lives(folder: &Path, pools: &[String]) -> Result<Vec<(u64, u64)>, ReportError> {
    let Some(wanted) = pools.iter().map(|pool| col("pool").eq(lit(pool.as_str()))).reduce(Expr::or) else {
        return Ok(Vec::new());
    };
    let types = [("pool", DataType::String), ("launched_s", DataType::Float64), ("gone_s", DataType::Float64)];
    let scan = Scan::csv(folder.join("instances.csv"), &types)?;
    let rows = scan.read(Some(wanted), &["launched_s", "gone_s"])?;
    Ok(rows.nanoseconds("launched_s")?.into_iter().zip(rows.nanoseconds("gone_s")?).collect())
}

/// Requests that arrived in each sampling period, all functions together, by its end in nanoseconds.
///
/// # Errors
/// A table that is missing or is not what `run` writes.
pub fn arrivals(folder: &Path) -> Result<BTreeMap<u64, u64>, ReportError> {
    let types = [("at_s", DataType::Float64), ("kind", DataType::String), ("arrived", DataType::Int64)];
    let scan = Scan::csv(folder.join("timeline.csv"), &types)?;
    let rows = scan.read(Some(col("kind").eq(lit("function"))), &["at_s", "arrived"])?;
    let mut arrivals = BTreeMap::new();
    for (at, arrived) in rows.nanoseconds("at_s")?.into_iter().zip(rows.whole("arrived")?) {
        *arrivals.entry(at).or_insert(0) += arrived;
    }
    Ok(arrivals)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_with(name: &str, text: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(name), text).unwrap();
        folder
    }

    #[test]
    fn dollars_are_exact_and_may_be_below_zero() {
        assert_eq!(
            ["0.1", "-0.000000000001", "19.8500"].map(pico),
            [Some(10i128.pow(11)), Some(-1), Some(19_850_000_000_000)]
        );
        assert_eq!(["", "1e", "0.0000000000001"].map(pico), [None, None, None]);
    }

    #[test]
    fn a_bill_is_read_with_names_that_look_like_numbers() {
        let text = "hour,resource,item,share,quantity,unit,usd\n0,7,instances,idle,1.0,instance-s,-0.5\n12,web,egress,direct,,GiB,2\n";
        let charges = charges(folder_with("cost.csv", text).path()).unwrap();
        assert_eq!((charges[0].resource.as_str(), charges[0].pico_usd), ("7", -500_000_000_000));
        assert_eq!((charges[1].hour, charges[1].share.as_str()), (12, "direct"));
    }

    #[test]
    fn responses_are_of_roots_that_were_served_and_a_missing_log_is_none() {
        let text = "call,outcome,response_s\n0,served,0.5\n1,served,0.1\n0,throttled,0.0\n0,served,1.000000001\n";
        let folder = folder_with("requests.csv", text);
        let found = responses(folder.path()).unwrap().unwrap();
        assert_eq!(found, Responses { roots: 3, served_ns: vec![500_000_000, 1_000_000_001] });
        std::fs::remove_file(folder.path().join("requests.csv")).unwrap();
        assert_eq!(responses(folder.path()).unwrap(), None);
    }

    #[test]
    fn lives_are_of_the_pools_asked_for_and_arrivals_of_all_functions() {
        let text = "pool,instance,launched_s,ready_s,gone_s\nweb,0,0.000000000,,3.5\nlambda,0,1.0,1.2,9.0\n";
        let found = lives(folder_with("instances.csv", text).path(), &["web".to_owned()]).unwrap();
        assert_eq!(found, [(0, 3_500_000_000)]);
        let text = "at_s,kind,name,arrived\n60.0,pool,web,\n60.0,function,a,2\n60.0,function,b,3\n120.0,function,a,4\n";
        let found = arrivals(folder_with("timeline.csv", text).path()).unwrap();
        assert_eq!(found.into_iter().collect::<Vec<_>>(), [(60_000_000_000, 5), (120_000_000_000, 4)]);
    }

    #[test]
    fn what_is_no_table_of_a_run_is_refused_by_its_name() {
        let folder = folder_with("cost.csv", "a,b\n1,2\n");
        let said = charges(folder.path()).unwrap_err().to_string();
        assert!(said.contains("cost.csv") && said.contains("hour"), "{said}");
        let said = arrivals(folder.path()).unwrap_err().to_string();
        assert!(said.contains("timeline.csv"), "{said}");
        let folder = folder_with("cost.csv", "hour,resource,item,share,usd\n0,a,b,c,much\n");
        assert!(charges(folder.path()).unwrap_err().to_string().contains("\"much\""));
    }
}
