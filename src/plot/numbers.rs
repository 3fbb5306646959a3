//! The numbers behind a picture, as CSV: one row a point, bar or cell.

use super::{Bars, Heat, Marks, Plot, Series};

/// The numbers of a plot. What is not finite is an empty field.
pub fn csv(plot: &Plot) -> String {
    let mut table = csv::Writer::from_writer(Vec::new());
    let written = match &plot.marks {
        Marks::Lines(series) => lines(&mut table, plot, series),
        Marks::Bars(bars) => rows_of_bars(&mut table, plot, bars),
        Marks::Heat(heat) => rows_of_heat(&mut table, plot, heat),
    };
    written.expect("a table in memory is written");
    let bytes = table.into_inner().expect("a table in memory is written");
    String::from_utf8(bytes).expect("fields are text")
}

type Table = csv::Writer<Vec<u8>>;

/// The shortest text that reads back as the same number.
fn number(value: f64) -> String {
    if value.is_finite() { format!("{}", value + 0.0) } else { String::new() }
}

fn lines(table: &mut Table, plot: &Plot, series: &[Series]) -> csv::Result<()> {
    let intervals = series.iter().any(|one| one.points.iter().any(|point| point.interval.is_some()));
    let y = plot.y.column();
    let mut header = vec![plot.by.clone(), plot.x.column(), y.clone()];
    if intervals {
        header.extend([format!("{y}_low"), format!("{y}_high")]);
    }
    table.write_record(&header)?;
    for one in series {
        for point in &one.points {
            let mut row = vec![one.name.clone(), number(point.x), number(point.y)];
            if intervals {
                let (low, high) = point.interval.unwrap_or((f64::NAN, f64::NAN));
                row.extend([number(low), number(high)]);
            }
            table.write_record(&row)?;
        }
    }
    Ok(())
}

fn rows_of_bars(table: &mut Table, plot: &Plot, bars: &Bars) -> csv::Result<()> {
    table.write_record([plot.x.column(), plot.by.clone(), plot.y.column()])?;
    for (category, name) in bars.categories.iter().enumerate() {
        for (series, (of, _)) in bars.series.iter().enumerate() {
            let value = bars.value(series, category).map_or_else(String::new, number);
            table.write_record([name, of, &value])?;
        }
    }
    Ok(())
}

fn rows_of_heat(table: &mut Table, plot: &Plot, heat: &Heat) -> csv::Result<()> {
    table.write_record([plot.x.column(), plot.y.column(), heat.value.column()])?;
    for (row, of) in heat.rows.iter().enumerate() {
        for (column, name) in heat.columns.iter().enumerate() {
            let value = heat.at(row, column).map_or_else(String::new, number);
            table.write_record([name, of, &value])?;
        }
    }
    Ok(())
}
