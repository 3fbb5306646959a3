//! The economy around a service: which fleet it is, and parameters that make sense together.

use super::Checker;
use crate::model::ids::PoolId;
use crate::model::pool::{Birth, PoolSpec};
use crate::planner::economy::EconomyError;
use crate::scenario::path::KeyPath;
use crate::scenario::raw;
use crate::scenario::setup::EconomySetup;

/// Something that an economy cannot be: key (with dots), found, wanted.
pub type Flaw = (String, String, String);

/// Everything that is wrong with the parameters of an economy.
pub fn flaws(written: &raw::Economy) -> Vec<Flaw> {
    let mut flaws: Vec<Flaw> = written.parameters().faults().into_iter().map(flaw).collect();
    for (key, found, _) in &mut flaws {
        if key == "service_rate_per_s" && written.service_rate_per_s.is_none() {
            "nothing".clone_into(found);
        }
    }
    let mut numbers =
        vec![("price_per_request", written.price_per_request), ("cloud_cost_per_s", written.cloud_cost_per_s)];
    numbers.extend(written.banners_per_page.map(|banners| ("banners_per_page", banners)));
    for (key, found) in numbers {
        if !(found >= 0.0 && found.is_finite()) {
            flaws.push((key.into(), found.to_string(), "a number from 0".into()));
        }
    }
    let queueing = written.response_model == raw::ResponseWord::Queueing;
    if written.service_rate_per_s.is_some() && !queueing {
        let found = written.service_rate_per_s.map_or(String::new(), |rate| rate.to_string());
        flaws.push(("service_rate_per_s".into(), found, "`response_model = \"queueing\"` beside it".into()));
    }
    if written.period.0.is_zero() {
        flaws.push(("period".into(), written.period.to_string(), "a length of time above zero".into()));
    }
    flaws
}

/// A fault of the planner's in the words of a file.
fn flaw(fault: EconomyError) -> Flaw {
    match fault {
        EconomyError::Parameter { key, found, wanted } => match key.split_once(" + ") {
            Some((first, second)) => {
                (first.into(), format!("{found} together with {second}"), format!("{wanted}, within a billionth"))
            }
            None => (key.replace("response.", ""), found.to_string(), wanted.into()),
        },
        EconomyError::Bounds { key, lower, upper } => {
            (key.into(), format!("{lower} to {upper}"), "a lower bound below the upper one".into())
        }
        other => (String::new(), other.to_string(), "another economy".into()),
    }
}

impl Checker<'_> {
    pub(super) fn economy(&mut self, raw: &raw::Scenario, pools: &[PoolSpec]) -> Option<EconomySetup> {
        let written = raw.economy.as_ref()?;
        let path = KeyPath::from("economy");
        let flaws = flaws(written);
        for (key, found, wanted) in &flaws {
            let at = key.split('.').fold(path.clone(), |path, part| path.key(part));
            self.refuse_found(at, found, wanted);
        }
        let is_fleet = |pool: &PoolSpec| matches!(pool.birth, Birth::Ordered { .. });
        let service = match &written.service {
            Some(name) => {
                let names: Vec<String> = pools.iter().map(|pool| pool.name.clone()).collect();
                self.find(&names, name, path.key("service"), "a pool").filter(|&index| {
                    if !is_fleet(&pools[index]) {
                        self.refuse(path.key("service"), "a pool whose instances come by order");
                    }
                    is_fleet(&pools[index])
                })
            }
            None => {
                let first = pools.iter().position(is_fleet);
                if first.is_none() {
                    self.refuse_found(path.key("service"), "no fleet", "a pool whose instances come by order");
                }
                first
            }
        };
        let market = written.parameters().check().ok().filter(|_| flaws.is_empty())?;
        Some(EconomySetup {
            service: PoolId::from_index(service?),
            market,
            price_per_request: written.price_per_request,
            banners_per_page: written.banners_per_page.unwrap_or(written.banners.lower),
            cloud_cost_per_s: written.cloud_cost_per_s,
            period: written.period.0,
        })
    }
}
