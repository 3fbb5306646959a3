//! `plan economy solve|front`: the economy of a service optimised alone, without a run.
//!
//! The parameters are the keys of a scenario's `economy` table, from a file of their own, `--set`, or the published
//! defaults. `solve` tells the choice and what is known exactly about it, `front` the whole front; both write CSV, and
//! `front` draws it.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};

use super::picture::Picture;
use super::{REFUSED, refuse, say};
use crate::engine::random::Streams;
use crate::planner::economy::{
    Economist, EconomyError, Load, Plan, Preset, Reading, Search, Situation, Weights, solve,
};
use crate::run::lines::Lines;
use crate::scenario::check::economy::flaws;
use crate::scenario::complaint::{Complaints, Desk};
use crate::scenario::document::Document;
use crate::scenario::path::KeyPath;
use crate::scenario::raw;
use crate::scenario::reader::read;

#[derive(Args)]
pub struct PlanEconomy {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Choose replicas, price and banners for a load; prints the choice, what it is worth, and the exact optimum.
    Solve(Question),
    /// The whole front as CSV, the chosen point marked.
    Front(Front),
}

#[derive(Args)]
struct Front {
    #[command(flatten)]
    question: Question,
    #[command(flatten)]
    picture: Picture,
}

#[derive(Args)]
struct Question {
    /// Parameters in TOML: the keys of a scenario's `economy` table; published defaults when absent.
    parameters: Option<PathBuf>,
    /// Arrival rate, requests per second.
    #[arg(long, value_name = "PER_S", allow_negative_numbers = true)]
    rate: f64,
    /// Mean payload of a request, KB.
    #[arg(long, value_name = "KB", default_value_t = 10.0, allow_negative_numbers = true)]
    payload: f64,
    /// Weights of service, application and users, as in `--weights 0.33,0.33,0.34`.
    #[arg(long, value_name = "S,A,U", value_parser = weights)]
    weights: Option<Weights>,
    /// Size of the search.
    #[arg(long, value_enum, default_value_t = Size::Tight)]
    preset: Size,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Override a parameter, as in `--set vm_price_per_s=0.001`; may be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Write the choice (solve) or the front (front) to this file.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
}

/// Size of the search.
#[derive(Clone, Copy, ValueEnum)]
enum Size {
    /// The setting of 2020: 1,790 evaluations, prices up to 10,000.
    V1,
    /// The setting of 2022: 25,900 evaluations, prices up to 10,000.
    V2,
    /// 10,000 evaluations, prices up to what all banners earn.
    Tight,
    /// 10,000 evaluations, prices up to 0.0005.
    PaperCap,
}

impl Size {
    fn preset(self) -> Preset {
        match self {
            Size::V1 => Preset::V1,
            Size::V2 => Preset::V2,
            Size::Tight => Preset::Tight,
            Size::PaperCap => Preset::PaperCap,
        }
    }
}

/// Why there is no answer.
enum Trouble {
    Input(Complaints),
    Economy(EconomyError),
    Io(PathBuf, io::Error),
    /// Nobody can do business at this load.
    Infeasible,
}

impl From<EconomyError> for Trouble {
    fn from(error: EconomyError) -> Trouble {
        Trouble::Economy(error)
    }
}

impl PlanEconomy {
    pub fn run(&self) -> ExitCode {
        let answer = match &self.action {
            Action::Solve(question) => question.solve(),
            Action::Front(front) => front.front(),
        };
        match answer {
            Ok(text) => super::print(&text),
            Err(Trouble::Input(complaints)) => refuse(&complaints),
            Err(Trouble::Economy(error)) => {
                say(&error.to_string());
                ExitCode::from(REFUSED)
            }
            Err(Trouble::Io(path, error)) => {
                say(&format!("{}: {error}", path.display()));
                ExitCode::FAILURE
            }
            Err(Trouble::Infeasible) => {
                say("the front is empty: no price and no number of banners leaves everybody in business at this load");
                ExitCode::FAILURE
            }
        }
    }
}

impl Question {
    /// The economy of the file and the overrides, all complaints at once.
    fn economy(&self) -> Result<raw::Economy, Complaints> {
        let mut document = match &self.parameters {
            Some(path) => Document::open(path)?,
            None => Document::parse("", "")?,
        };
        document.set_all(&self.set)?;
        let read = read::<raw::Economy>(document)?;
        let mut desk = Desk::new();
        for (key, found, wanted) in flaws(&read.value) {
            let path = key.split('.').fold(KeyPath::root(), |path, part| path.key(part));
            desk.add(read.complain(path, found, wanted));
        }
        desk.finish()?;
        Ok(read.into_value())
    }

    fn weights(&self) -> Weights {
        self.weights.unwrap_or_default()
    }

    fn plan(&self) -> Result<(Plan, Situation), Trouble> {
        let mut parameters = self.economy().map_err(Trouble::Input)?.parameters();
        let preset = self.preset.preset();
        parameters.price_max_per_request = parameters.price_max_per_request.or(preset.price_max());
        let economist = Economist::new(parameters, Search::from(preset), self.weights(), Reading::Corrected)?;
        let load = Load::new(self.rate, self.payload);
        let situation = Situation::new(*economist.market(), load)?;
        let plan = economist.plan(load, &Streams::new(self.seed, 0), "economy", 0)?;
        Ok((plan.ok_or(Trouble::Infeasible)?, situation))
    }

    fn solve(&self) -> Result<String, Trouble> {
        let (plan, situation) = self.plan()?;
        if let Some(path) = &self.csv {
            write_rows(path, &plan, true).map_err(|error| Trouble::Io(path.clone(), error))?;
        }
        let (decision, terms) = (plan.decision, plan.terms);
        let mut text = format!(
            "replicas {}\nvms {}\nprice {} USD/request\nbanners {} a page\nservice profit {} USD/s\napplication profit {} \
             USD/s\nsatisfaction {}\nresponse {} ms\nscore {}\nfront {} points, {} evaluations\n",
            plan.replicas,
            decision.vms,
            decision.price,
            decision.banners,
            terms.service_profit,
            terms.application_profit,
            terms.satisfaction,
            terms.response_ms,
            plan.choice.score,
            plan.front.len(),
            plan.evaluations,
        );
        // Other response models and whole replicas have no closed form, and a price bound that binds bends it.
        let ideal = solve(&situation).ok().and_then(|exact| exact.best(&situation, &self.weights()));
        if let Some(ideal) = ideal {
            let best = ideal.point.decision;
            text += &format!(
                "exact optimum: vms {}, price {} USD/request, banners {}, score {}{}\n",
                best.vms,
                best.price,
                best.banners,
                ideal.score,
                if ideal.tied > 1 { "; others are as good" } else { "" },
            );
        }
        Ok(text)
    }
}

impl Front {
    fn front(&self) -> Result<String, Trouble> {
        let (plan, _) = self.question.plan()?;
        #[cfg(feature = "plots")]
        self.picture.write(|| super::drawn::front(&plan)).map_err(|(path, error)| Trouble::Io(path, error))?;
        match &self.question.csv {
            Some(path) => {
                write_rows(path, &plan, false).map_err(|error| Trouble::Io(path.clone(), error))?;
                Ok(format!("{} points in {}\n", plan.front.len(), path.display()))
            }
            None => Ok(rows(&plan, false).into_iter().map(|row| row.join(",") + "\n").collect()),
        }
    }
}

/// Three numbers with commas between them.
fn weights(text: &str) -> Result<Weights, String> {
    let numbers: Result<Vec<f64>, _> = text.split(',').map(|part| part.trim().parse::<f64>()).collect();
    match numbers.as_deref() {
        Ok(&[service, application, user]) => Ok(Weights { service, application, user }),
        _ => Err("want three numbers, such as 0.33,0.33,0.34".to_owned()),
    }
}

/// The front, or of it what was chosen, with a header.
fn rows(plan: &Plan, chosen_only: bool) -> Vec<Vec<String>> {
    const HEADER: [&str; 7] =
        ["price", "vms", "banners", "service_profit", "application_profit", "satisfaction", "chosen"];
    let numbers = plan.rows().filter(|row| row.chosen || !chosen_only).map(|row| {
        let values = [row.price, row.vms, row.banners, row.service_profit, row.application_profit, row.satisfaction];
        values.iter().map(f64::to_string).chain([row.chosen.to_string()]).collect()
    });
    std::iter::once(HEADER.map(str::to_owned).to_vec()).chain(numbers).collect()
}

fn write_rows(path: &Path, plan: &Plan, chosen_only: bool) -> io::Result<()> {
    let rows = rows(plan, chosen_only);
    let mut lines = Lines::create(path, &rows[0].join(","))?;
    for row in &rows[1..] {
        let mut line = lines.line();
        row.iter().for_each(|field| line.plain(field));
        lines.end()?;
    }
    lines.flush()
}
