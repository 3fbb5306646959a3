//! The LP file format (the CPLEX dialect that HiGHS, CBC, SCIP and Gurobi read).
//!
//! Names are cleaned to what the format allows and made unique by the number of the variable or row, so that the same
//! programme is always the same text.

use std::io::{self, Write};

use super::{Programme, Relation, Sense};

pub(super) fn write(programme: &Programme, out: &mut impl Write) -> io::Result<()> {
    let names: Vec<String> =
        programme.columns.iter().enumerate().map(|(k, column)| name(&column.name, 'x', k)).collect();
    let sense = match programme.sense {
        Sense::Minimise => "Minimize",
        Sense::Maximise => "Maximize",
    };
    write!(out, "{sense}\n obj:")?;
    let costs = programme.columns.iter().zip(&names).map(|(column, name)| (column.cost, name.as_str()));
    write_terms(out, costs.filter(|term| term.0 != 0.0))?;
    writeln!(out, "\nSubject To")?;
    for (k, row) in programme.rows.iter().enumerate() {
        // The format has no empty row; a term with the coefficient 0 keeps one that a builder left empty.
        let Some(first) = names.first() else { continue };
        write!(out, " {}:", name(&row.name, 'r', k))?;
        let terms = row.terms.iter().map(|&(var, coefficient)| (coefficient, names[var.0].as_str()));
        let nothing = row.terms.is_empty().then_some((0.0, first.as_str()));
        write_terms(out, terms.chain(nothing))?;
        let relation = match row.relation {
            Relation::AtMost => "<=",
            Relation::AtLeast => ">=",
            Relation::Equal => "=",
        };
        writeln!(out, " {relation} {}", row.right)?;
    }
    writeln!(out, "Bounds")?;
    for (column, name) in programme.columns.iter().zip(&names) {
        match (column.lower == f64::NEG_INFINITY, column.upper == f64::INFINITY) {
            (true, true) => writeln!(out, " {name} free")?,
            (true, false) => writeln!(out, " -inf <= {name} <= {}", column.upper)?,
            (false, true) => writeln!(out, " {name} >= {}", column.lower)?,
            (false, false) => writeln!(out, " {} <= {name} <= {}", column.lower, column.upper)?,
        }
    }
    if programme.integers() > 0 {
        writeln!(out, "General")?;
        for (_, name) in programme.columns.iter().zip(&names).filter(|(column, _)| column.integer) {
            writeln!(out, " {name}")?;
        }
    }
    writeln!(out, "End")
}

/// Terms, a few to a line: some readers limit the length of a line.
fn write_terms<'a>(out: &mut impl Write, terms: impl Iterator<Item = (f64, &'a str)>) -> io::Result<()> {
    for (k, (coefficient, name)) in terms.enumerate() {
        if k > 0 && k % 6 == 0 {
            write!(out, "\n  ")?;
        }
        let sign = if coefficient < 0.0 { '-' } else { '+' };
        write!(out, " {sign} {} {name}", coefficient.abs())?;
    }
    Ok(())
}

/// A name of the format: a letter first, then letters, digits and underscores, at most 80, the number last.
fn name(given: &str, kind: char, number: usize) -> String {
    let clean = given.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).take(64);
    format!("{kind}_{}_{number}", clean.collect::<String>())
}
