//! How long the functions of a day run: from the average and percentiles that the trace has of each.

use super::super::blocks::Company;
use super::super::flaw::Flaw;
use super::super::line::{Fields, Lines, Row, Separator};
use super::super::number;
use super::minutes::{Day, function_name};
use crate::engine::law::Law;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// How service times are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "DurationChoice")]
pub enum Duration {
    /// Straight between the percentiles.
    #[default]
    Percentiles,
    /// Log-normal, by least squares through the logarithms of the percentiles 1 to 99.
    Lognormal,
    /// Always the average.
    Average,
}

const SHARES: [f64; 7] = [0.0, 0.01, 0.25, 0.5, 0.75, 0.99, 1.0];
const COLUMNS: [&str; 7] = [
    "percentile_Average_0",
    "percentile_Average_1",
    "percentile_Average_25",
    "percentile_Average_50",
    "percentile_Average_75",
    "percentile_Average_99",
    "percentile_Average_100",
];
/// What the standard normal law stays below with the shares 0.01, 0.25, 0.5, 0.75 and 0.99.
const NORMAL: [f64; 5] = [-2.326_347_874, -0.674_489_750, 0.0, 0.674_489_750, 2.326_347_874];
/// Stands for 0 ms: the trace counts whole milliseconds.
const LEAST_MS: f64 = 1.0;

/// Where the columns stand.
struct Columns {
    keys: [usize; 3],
    average: usize,
    count: usize,
    extremes: [Option<usize>; 2],
    percentiles: [usize; 7],
}

/// Reads the durations of a day and gives each function its law. Functions that did not run that day are passed over.
pub fn read(path: &Path, choice: Duration, day: &Day, company: &mut Company) -> Result<(), Flaw> {
    let mut lines = Lines::open(path)?;
    let file = lines.file().clone();
    let mut fields = Fields::default();
    let header = lines.next_line()?.ok_or_else(|| Flaw::file(&file, "no line", "a header"))?;
    let columns = read_header(&fields.cut(header, Separator::Byte(b','))?)?;
    let mut requests = vec![0u64; company.members.len()];
    day.rows().for_each(|(member, sum)| requests[member as usize] += sum);
    let mut name = String::new();
    while let Some(line) = lines.next_line()? {
        company.report.rows += 1;
        let row = fields.cut(line, Separator::Byte(b','))?;
        let [owner, app, function] = columns.keys.map(|field| row.bytes(field));
        function_name(owner, app, function, &mut name);
        let (average_ms, percentiles_ms) = read_row(&row, &columns, company)?;
        let count = row.whole(columns.count, "Count")?;
        let Some(function) = company.cast.functions.get(&name) else {
            company.report.drop_row("durations of a function without minutes", &file, line.number);
            continue;
        };
        if requests[function.index()] != count {
            company.report.note("Count of the durations differs from the sum of the minutes", &file, line.number, 1);
        }
        company.set_service(function.index() as u32, law(choice, average_ms, &percentiles_ms));
    }
    Ok(())
}

fn read_header(header: &Row<'_>) -> Result<Columns, Flaw> {
    let column = |name: &'static str| header.want_column("header", &[name]);
    let mut percentiles = [0; 7];
    for (place, name) in percentiles.iter_mut().zip(COLUMNS) {
        *place = column(name)?;
    }
    Ok(Columns {
        keys: [column("HashOwner")?, column("HashApp")?, column("HashFunction")?],
        average: column("Average")?,
        count: column("Count")?,
        extremes: [header.find("header", &["Minimum"])?, header.find("header", &["Maximum"])?],
        percentiles,
    })
}

/// Average and percentiles in milliseconds, mended: not negative, not falling, with an average above zero.
fn read_row(row: &Row<'_>, columns: &Columns, company: &mut Company) -> Result<(f64, [f64; 7]), Flaw> {
    let (file, line) = (row.line.file, row.line.number);
    let mut average = row.decimal(columns.average, "Average")?;
    for extreme in columns.extremes {
        if extreme.is_none_or(|field| number::decimal(row.bytes(field)).is_none()) {
            company.report.note("minimum or maximum absent", file, line, 1);
        }
    }
    let mut percentiles = [0.0; 7];
    let mut below = 0.0;
    for ((value, &field), name) in percentiles.iter_mut().zip(&columns.percentiles).zip(COLUMNS) {
        *value = row.decimal(field, name)?;
        if *value < 0.0 {
            company.report.repair("negative percentile taken as 0 ms", file, line);
        } else if *value < below {
            company.report.repair("falling percentile taken as the one before", file, line);
        }
        *value = value.max(below);
        below = *value;
    }
    if average <= 0.0 {
        company.report.repair("average of 0 ms taken as 1 ms", file, line);
        average = LEAST_MS;
    }
    if below == 0.0 {
        percentiles = [LEAST_MS; 7];
    }
    Ok((average, percentiles))
}

/// The law of service times in seconds.
fn law(choice: Duration, average_ms: f64, percentiles_ms: &[f64; 7]) -> Option<Law> {
    let law = match choice {
        Duration::Average => Law::constant(average_ms / 1e3),
        Duration::Percentiles => {
            let points: Vec<(f64, f64)> = percentiles_ms.iter().map(|ms| ms / 1e3).zip(SHARES).collect();
            Law::points(points)
        }
        Duration::Lognormal => {
            let logs: Vec<f64> =
                percentiles_ms[1..6].iter().map(|ms| libm::log(ms.max(LEAST_MS / 2.0) / 1e3)).collect();
            let mean = logs.iter().sum::<f64>() / logs.len() as f64;
            let slope = logs.iter().zip(NORMAL).map(|(log, z)| log * z).sum::<f64>()
                / NORMAL.iter().map(|z| z * z).sum::<f64>();
            let variance = slope * slope;
            Law::lognormal(libm::exp(mean + variance / 2.0), libm::sqrt(libm::expm1(variance)))
        }
    };
    // Mended values make a law; only a spread past the range of floats does not.
    law.ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::Rng;

    #[test]
    fn each_choice_has_the_mean_it_should() {
        let percentiles = [10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0];
        assert_eq!(law(Duration::Average, 42.0, &percentiles).unwrap().mean(), 0.042);
        let straight = law(Duration::Percentiles, 42.0, &percentiles).unwrap();
        let mut rng = Rng::seeded(4);
        let mean = (0..100_000).map(|_| straight.draw(&mut rng)).sum::<f64>() / 1e5;
        assert!((mean - 0.04).abs() < 2e-4 && (straight.mean() - 0.04).abs() < 1e-12, "{mean}");
        // Percentiles of a log-normal law with median 100 ms and sigma 0.8 give that law back.
        let quantile = |z: f64| 100.0 * libm::exp(0.8 * z);
        let [p1, p25, p50, p75, p99] = NORMAL.map(quantile);
        let fitted = law(Duration::Lognormal, 0.0, &[1.0, p1, p25, p50, p75, p99, 9e9]).unwrap();
        assert!((fitted.mean() / (0.1 * libm::exp(0.32)) - 1.0).abs() < 1e-9, "{}", fitted.mean());
    }
}
