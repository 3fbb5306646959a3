//! A scenario opened for use: read, checked, with the strategies it asks for.

use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value as Json, json};
use sha2::{Digest as _, Sha256};

use crate::catalogue::{self, Built, CATALOGUE, Knows, Row};
use crate::run::folder::{file_hash, hex};
use crate::scenario::check::{Checked, check};
use crate::scenario::complaint::{Complaints, Desk};
use crate::scenario::explain::Row as ExplainRow;
use crate::scenario::path::KeyPath;
use crate::scenario::raw;
use crate::scenario::reader::{Read, read_file};
use crate::scenario::setup::Setup;
use crate::scenario::sweep::Sweep;
use crate::scenario::units::nearest;

/// A scenario without complaint.
pub struct Opened {
    pub path: PathBuf,
    pub read: Read<raw::Scenario>,
    pub setup: Setup,
    pub columns: Vec<Column>,
    /// Points that `sweep` runs, where the scenario has any.
    pub sweep: Option<Sweep>,
    /// What was repaired or dropped in its traces.
    pub remarks: Vec<String>,
    overrides: Vec<String>,
}

/// One strategy of a scenario.
pub struct Column {
    /// Its name in the table and in the results.
    pub label: String,
    pub row: &'static Row,
    path: KeyPath,
}

/// Opens a scenario with overrides.
///
/// # Errors
/// Everything that is wrong with the file, the overrides, the files it names and the parameters of its strategies.
pub fn open(path: &Path, overrides: &[String]) -> Result<Opened, Complaints> {
    let read: Read<raw::Scenario> = read_file(path, overrides)?;
    let mut desk = Desk::new();
    let checked = desk.keep(check(&read, path));
    let Some(Checked { setup, strategies, sweep, remarks }) = checked else {
        return Err(desk.finish().expect_err("a scenario that is not kept was complained about"));
    };
    let mut columns = Vec::new();
    for (index, asked) in strategies.into_iter().enumerate() {
        let parameters = KeyPath::from("strategy").key(&asked.label);
        let Some(row) = catalogue::find(&asked.uses) else {
            let place = if asked.uses == asked.label {
                KeyPath::from("strategies").index(index)
            } else {
                parameters.key("use")
            };
            let complaint = read.refuse(place, "the name of a strategy (`stratosim list` shows them)");
            let hint = match catalogue::left_out(&asked.uses) {
                Some(feature) => Some(format!("this build has no {feature}: build with `--features {feature}`")),
                None => {
                    let near = nearest(&asked.uses, CATALOGUE.iter().map(|row| row.name));
                    near.map(|near| format!("did you mean \"{near}\"?"))
                }
            };
            desk.add(complaint.with_hint(hint));
            continue;
        };
        if desk.keep((row.build)(read.document(), parameters.clone(), &setup)).is_some() {
            columns.push(Column { label: asked.label, row, path: parameters });
        }
    }
    desk.finish()?;
    Ok(Opened { path: path.to_owned(), read, setup, columns, sweep, remarks, overrides: overrides.to_vec() })
}

impl Opened {
    /// The column of a name.
    pub fn column(&self, label: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.label == label)
    }

    /// The setup that a strategy meets: where it knows no nodes, every source is at the cloud.
    pub fn setup_for(&self, column: &Column, replication: u64) -> Setup {
        let mut setup = self.setup.clone();
        setup.replication = replication;
        if !self.read.value.gateway.contains(&column.label) {
            setup = setup.without_gateway();
        }
        if column.row.knows == Knows::Cloud { setup.all_at_the_cloud() } else { setup }
    }

    /// A fresh strategy for a column, as the scenario's first replication has it and wherever its sources are.
    pub fn build(&self, column: &Column) -> Built {
        self.build_for(column, &self.setup)
    }

    /// The same for the setup of a run: strategies that draw do so by its replication, and one that knows the future counts its sources.
    pub fn build_for(&self, column: &Column, setup: &Setup) -> Built {
        (column.row.build)(self.read.document(), column.path.clone(), setup)
            .expect("parameters that were read once are read again")
    }

    /// Every value in force for a column: the scenario's and the strategy's own.
    pub fn in_force(&self, column: &Column) -> Vec<ExplainRow> {
        let all = self.read.explain().expect("a scenario is written as JSON");
        // Parameters of other columns do not determine this one, nor does a sweep that it may be a point of.
        let other =
            |row: &ExplainRow| row.key.starts_with("strateg") || row.key.split(['.', '[']).next() == Some("sweep");
        let mut rows: Vec<ExplainRow> = all.into_iter().filter(|row| !other(row)).collect();
        rows.extend(self.build(column).explained);
        rows
    }

    /// What determines a run, as JSON: resolved values, input files by hash, seed, replication, version.
    ///
    /// # Errors
    /// An input that can no longer be read.
    pub fn determinants(&self, column: &Column, replication: u64) -> io::Result<Json> {
        self.determinants_with(column, replication, &file_hash)
    }

    /// The same where somebody remembers the hashes of files.
    ///
    /// # Errors
    /// As [`Opened::determinants`].
    pub fn determinants_with(
        &self,
        column: &Column,
        replication: u64,
        hash: &dyn Fn(&Path) -> io::Result<String>,
    ) -> io::Result<Json> {
        let mut determinants = self.determined_by(self.in_force(column), hash)?;
        determinants["strategy"] = json!(column.label);
        determinants["uses"] = json!(column.row.name);
        determinants["replication"] = json!(replication);
        Ok(determinants)
    }

    /// What determines all runs of the scenario together, sweeps included.
    ///
    /// # Errors
    /// As [`Opened::determinants`].
    pub fn determinants_of_all(&self, hash: &dyn Fn(&Path) -> io::Result<String>) -> io::Result<Json> {
        self.determined_by(self.read.explain().expect("a scenario is written as JSON"), hash)
    }

    fn determined_by(&self, rows: Vec<ExplainRow>, hash: &dyn Fn(&Path) -> io::Result<String>) -> io::Result<Json> {
        let values: Map<String, Json> = rows.into_iter().map(|row| (row.key, Json::String(row.value))).collect();
        // A list, since two files of one name in two folders are two inputs.
        let mut inputs = Vec::new();
        for (nth, path) in self.setup.inputs.iter().enumerate() {
            // Sources may share a file. The scenario itself is there as its resolved values: comments and order do not determine a run.
            if *path != self.path && !self.setup.inputs[..nth].contains(path) {
                let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
                inputs.push(json!({ "name": name, "sha256": hash(path)? }));
            }
        }
        Ok(json!({
            "scenario": self.setup.name,
            "seed": self.setup.seed,
            "values": values,
            "inputs": inputs,
            "version": env!("CARGO_PKG_VERSION"),
        }))
    }

    /// The name of the scenario's file, without its folder.
    pub fn file_name(&self) -> String {
        self.path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }

    /// The overrides, as they were given.
    pub fn overrides(&self) -> &[String] {
        &self.overrides
    }
}

/// The first eight digits of the hash of what determines a run.
pub fn address(determinants: &Json) -> String {
    let mut hash = Sha256::new();
    hash.update(determinants.to_string().as_bytes());
    hex(&hash.finalize())[..8].to_owned()
}
