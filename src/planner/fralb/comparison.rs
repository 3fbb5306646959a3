//! Studies side by side: the spread of deviations, runtimes and rejections over one key, over folders, or of the
//! centralized method against a baseline.
//!
//! Source: `compare_results` of DFaaSOptimizer in its three modes. Differs: the figures of its plots as tables; a fog
//! study's model name (ScaledOnSumLMM) and earlier column names (LSP, SP/coord) are read as the present ones.

use super::postprocessing::deviation_percent;
use super::results::{LMM, MACRO};
use super::table::{FileError, Table, blank};
use std::path::{Path, PathBuf};

/// The three tables that are compared.
pub const TABLES: [&str; 3] = ["obj.csv", "rejections.csv", "runtime.csv"];

/// Which rows to keep and how folders are named.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selection {
    /// The column to filter by.
    pub filter_by: Option<String>,
    /// Only rows of this value; wins over `drop_value`.
    pub keep_only: Option<f64>,
    pub drop_value: Option<f64>,
    /// Alternating key and value around the parts of a folder's name, such as `{Nf}..`: the keys to read from it.
    pub folder_keys: Vec<String>,
}

/// Reads one of [`TABLES`] with today's column names.
///
/// # Errors
/// The file cannot be read.
pub fn read_table(folder: &Path, name: &str) -> Result<Table, FileError> {
    let mut table = Table::read(&folder.join(name))?;
    for column in &mut table.columns {
        match column.as_str() {
            "LSP" | "SP/coord" => *column = MACRO.to_owned(),
            "ScaledOnSumLMM" => *column = LMM.to_owned(),
            _ => {}
        }
    }
    Ok(table)
}

/// Values of `key` that stand behind the key's name in a folder's name, such as 10 for `Nf` in `study-Nf10`.
pub fn value_in_name(folder: &Path, key: &str) -> Option<String> {
    let name = folder.file_name()?.to_str()?;
    let rest = &name[name.rfind(key)? + key.len()..];
    let rest = rest.trim_start_matches(['_', '-', '=']);
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
    (end > 0).then(|| rest[..end].trim_end_matches('.').to_owned())
}

/// Rows of all folders under one header, with a column for each key of the folders' names, filtered.
///
/// # Errors
/// Files that cannot be read, folders without the keys, tables that differ in their columns.
pub fn gather(folders: &[PathBuf], name: &str, selection: &Selection) -> Result<Table, FileError> {
    let mut all: Option<Table> = None;
    for folder in folders {
        let mut table = read_table(folder, name)?;
        for key in &selection.folder_keys {
            let home = if folder.ends_with("postprocessing") { folder.parent().unwrap_or(folder) } else { folder };
            let value = value_in_name(home, key)
                .ok_or_else(|| FileError::new(home, format!("no value of {key} in the folder's name")))?;
            if table.columns.contains(key) {
                continue;
            }
            // The fog study writes its share of edge nodes as a fraction and shows percent.
            let value = match (key.as_str(), value.parse::<f64>()) {
                ("eef", Ok(fraction)) => (100.0 * fraction).to_string(),
                _ => value,
            };
            table.columns.push(key.clone());
            table.rows.iter_mut().for_each(|row| row.push(value.clone()));
        }
        match &mut all {
            None => all = Some(table),
            Some(all) if all.columns == table.columns => all.rows.extend(table.rows),
            Some(all) => {
                let what = format!("columns {} where others have {}", table.columns.join(", "), all.columns.join(", "));
                return Err(FileError::new(&folder.join(name), what));
            }
        }
    }
    let mut all = all.unwrap_or_default();
    if let Some(key) = &selection.filter_by {
        let column = all.column(key, Path::new(name))?;
        let keep = |row: &Vec<String>| {
            let value = row[column].parse::<f64>().ok();
            match (selection.keep_only, selection.drop_value) {
                (Some(only), _) => value == Some(only),
                (None, Some(dropped)) => value != Some(dropped),
                (None, None) => true,
            }
        };
        all.rows.retain(keep);
    }
    Ok(all)
}

/// What a box of a box plot shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    pub count: usize,
    pub min: f64,
    pub q1: f64,
    pub median: f64,
    pub q3: f64,
    pub max: f64,
    pub mean: f64,
}

impl Spread {
    /// Quantiles by linear interpolation; none without values.
    pub fn of(values: &[f64]) -> Option<Spread> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let quantile = |q: f64| {
            let place = q * (sorted.len() - 1) as f64;
            let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
            below + (above - below) * place.fract()
        };
        (!sorted.is_empty()).then(|| Spread {
            count: sorted.len(),
            min: sorted[0],
            q1: quantile(0.25),
            median: quantile(0.5),
            q3: quantile(0.75),
            max: sorted[sorted.len() - 1],
            mean: sorted.iter().sum::<f64>() / sorted.len() as f64,
        })
    }
}

/// The spread of each measure for each value of `key`, values ascending. Empty entries are left out.
///
/// # Errors
/// A column is missing or holds no numbers.
pub fn spreads(table: &Table, key: &str, measures: &[&str], what: &str) -> Result<Table, FileError> {
    let path = Path::new(what);
    let keys = table.numbers(key, path)?;
    let mut values: Vec<f64> = keys.iter().flatten().copied().collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    let mut out = Table::new([key, "table", "measure", "count", "min", "q1", "median", "q3", "max", "mean"]);
    for measure in measures {
        let numbers = table.numbers(measure, path)?;
        for &value in &values {
            let of_value: Vec<f64> =
                keys.iter().zip(&numbers).filter(|(k, _)| **k == Some(value)).filter_map(|(_, v)| *v).collect();
            if let Some(spread) = Spread::of(&of_value) {
                let figures = [spread.min, spread.q1, spread.median, spread.q3, spread.max, spread.mean];
                let head = [value.to_string(), what.to_owned(), (*measure).to_owned(), spread.count.to_string()];
                out.push(head.into_iter().chain(figures.map(|figure| figure.to_string())));
            }
        }
    }
    Ok(out)
}

/// The comparison of both methods over `key`: joined tables and their spreads, written into `out`.
///
/// # Errors
/// Files that cannot be read or written.
pub fn compare(folders: &[PathBuf], key: &str, selection: &Selection, out: &Path) -> Result<Table, FileError> {
    std::fs::create_dir_all(out).map_err(|error| FileError::new(out, error))?;
    let mut boxes = Table::default();
    for name in TABLES {
        let table = gather(folders, name, selection)?;
        table.write(&out.join(name))?;
        let mut measures = vec!["dev", LMM, MACRO];
        measures.extend(["iteration", "best_iteration"].iter().filter(|name| table.columns.iter().any(|c| c == *name)));
        let spread = spreads(&table, key, &measures, name.trim_end_matches(".csv"))?;
        boxes.columns = spread.columns;
        boxes.rows.extend(spread.rows);
    }
    boxes.write(&out.join("box.csv"))?;
    Ok(boxes)
}

/// The centralized method alone, under a varying key, against the rows where the key has the value `baseline`.
///
/// Deviations are in percent of the varied value, as published, and ratios of runtimes. Rows are joined by node count,
/// seed and time.
///
/// # Errors
/// Files that cannot be read or written, columns that are missing.
pub fn compare_single_model(
    folders: &[PathBuf],
    key: &str,
    baseline: Option<f64>,
    selection: &Selection,
    out: &Path,
) -> Result<Table, FileError> {
    std::fs::create_dir_all(out).map_err(|error| FileError::new(out, error))?;
    let mut boxes = Table::default();
    for name in ["obj.csv", "runtime.csv"] {
        let mut table = gather(folders, name, selection)?;
        if let Some(baseline) = baseline {
            let path = Path::new(name);
            let keys = table.numbers(key, path)?;
            let values = table.numbers(LMM, path)?;
            let same: Vec<usize> =
                ["Nn", "seed", "time"].iter().map(|name| table.column(name, path)).collect::<Result<_, _>>()?;
            let identity = |i: usize| same.iter().map(|&column| table.rows[i][column].clone()).collect::<Vec<_>>();
            let base: Vec<(Vec<String>, f64)> = (0..table.rows.len())
                .filter(|&i| keys[i] == Some(baseline))
                .filter_map(|i| Some((identity(i), values[i]?)))
                .collect();
            let compared: Vec<String> = (0..table.rows.len())
                .map(|i| {
                    let partner = base.iter().find(|(id, _)| *id == identity(i)).map(|(_, value)| *value);
                    blank(values[i].zip(partner).map(|(value, base)| match name {
                        "obj.csv" => -deviation_percent(base, value),
                        _ => value / base,
                    }))
                })
                .collect();
            match table.columns.iter().position(|column| column == "dev") {
                Some(column) => table.rows.iter_mut().zip(compared).for_each(|(row, value)| row[column] = value),
                None => {
                    table.columns.push("dev".into());
                    table.rows.iter_mut().zip(compared).for_each(|(row, value)| row.push(value));
                }
            }
        }
        table.write(&out.join(name))?;
        let measures: &[&str] = if baseline.is_some() { &[LMM, "dev"] } else { &[LMM] };
        let spread = spreads(&table, key, measures, name.trim_end_matches(".csv"))?;
        boxes.columns = spread.columns;
        boxes.rows.extend(spread.rows);
    }
    boxes.write(&out.join("box.csv"))?;
    Ok(boxes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(base: &Path, name: &str, scale: f64) -> PathBuf {
        let folder = base.join(name);
        std::fs::create_dir_all(&folder).expect("made");
        for name in TABLES {
            let mut table = Table::new([LMM, "SP/coord", "dev", "time", "Nn", "seed"]);
            for (seed, value) in [(1, 10.0), (2, 20.0)] {
                table.push([scale * value, 9.0, scale * value - 9.0, 0.0, 5.0, f64::from(seed)]);
            }
            table.write(&folder.join(name)).expect("written");
        }
        folder
    }

    #[test]
    fn studies_of_several_folders_stand_under_one_header() {
        let base = tempfile::tempdir().expect("a folder");
        let folders = [folder(base.path(), "study-Nf2", 1.0), folder(base.path(), "study-Nf4", 2.0)];
        let selection = Selection { folder_keys: vec!["Nf".into()], ..Selection::default() };
        let boxes = compare(&folders, "Nf", &selection, &base.path().join("out")).expect("compared");
        // Nf 2: deviations 1 and 11; Nf 4: 11 and 31.
        assert_eq!(boxes.rows[1], ["4", "obj", "dev", "2", "11", "16", "21", "26", "31", "21"]);
        let joined = Table::read(&base.path().join("out/obj.csv")).expect("written");
        assert_eq!(joined.columns, [LMM, MACRO, "dev", "time", "Nn", "seed", "Nf"]);
        let only = Selection { filter_by: Some("Nf".into()), keep_only: Some(2.0), drop_value: Some(2.0), ..selection };
        assert_eq!(gather(&folders, "obj.csv", &only).expect("gathered").rows.len(), 2);
    }

    #[test]
    fn a_single_model_is_compared_with_its_baseline_by_the_varied_value() {
        let base = tempfile::tempdir().expect("a folder");
        let folders = [folder(base.path(), "TL10", 1.0), folder(base.path(), "TL20", 2.0)];
        let selection = Selection { folder_keys: vec!["TL".into()], ..Selection::default() };
        let out = base.path().join("out");
        compare_single_model(&folders, "TL", Some(10.0), &selection, &out).expect("compared");
        let table = Table::read(&out.join("obj.csv")).expect("written");
        let deviations = table.numbers("dev", &out).expect("numbers");
        // (20 - 10) / 20: divided by the varied value, as published.
        assert_eq!(deviations, [Some(0.0), Some(0.0), Some(50.0), Some(50.0)]);
        let ratios = Table::read(&out.join("runtime.csv")).expect("written").numbers("dev", &out).expect("numbers");
        assert_eq!(ratios[2], Some(2.0));
    }

    #[test]
    fn a_spread_interpolates() {
        let spread = Spread::of(&[4.0, 1.0, 2.0, 3.0]).expect("values");
        assert_eq!((spread.q1, spread.median, spread.q3, spread.mean), (1.75, 2.5, 3.25, 2.5));
        assert_eq!(Spread::of(&[]), None);
    }
}
