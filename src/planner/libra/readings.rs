//! Where the published simulator does something its authors can hardly have meant, each such place is a switch: read the
//! original as it stands, or as a cloud would behave.
//!
//! Source: comparison of `aliraza0337/LIBRA` with the billing and scaling rules of the provider it models.
//! The replay's default is the original, because the published figures come from it.

use serde::{Deserialize, Serialize};

/// How one oddity of the original is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// As the published program does it, figure for figure.
    #[default]
    Original,
    /// As a cloud would do it.
    Corrected,
}

impl Reading {
    pub fn is_corrected(self) -> bool {
        self == Reading::Corrected
    }
}

/// One switch per oddity. What a fixed step of a second cannot express (arrivals within a second, cold starts of
/// functions, time-outs) has no switch here: the event-level strategy is the place for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Readings {
    /// Original: a new scale-in forgets machines still leaving, which are then never billed. Corrected: they stay in the list.
    pub leaving: Reading,
    /// Original: machines still leaving at the end, and those the policy `serverless` starts, are never billed. Corrected:
    /// the former are billed at the end, the latter never start.
    pub last_bill: Reading,
    /// Original: utilisation over up to 300 samples is summed and divided by the grace period, which exceeds the mean.
    /// Corrected: the mean of the last `auto_scale_grace_period` samples.
    pub window: Reading,
    /// Original: machines still starting count as idle capacity, so that a fleet can be scaled in while it starts.
    /// Corrected: ready machines only, and no scale-in while one is starting.
    pub utilisation: Reading,
    /// Original: `min_num_instance` is no floor, `max_num_instance` can be passed by a group less one, the hybrid ignores
    /// both. Corrected: both hold.
    pub limits: Reading,
    /// Original: a machine told to leave goes in the second after its last use, or after it would have been ready.
    /// Corrected: at once if idle, else when its work ends.
    pub retirement: Reading,
    /// Original: from ready to end plus the whole cold start, even if the machine left before. Corrected: from launch to
    /// end, 60 s at least.
    pub billing: Reading,
    /// Original: a decision takes effect when a counter reaches the cold start, whatever else was decided meanwhile.
    /// Corrected: never more is sent than ready machines can serve.
    pub provision: Reading,
    /// Original: the hybrid may drop to no machine with requests waiting, and never ends. Corrected: one stays for them.
    pub last_vm: Reading,
}

impl Readings {
    /// Every oddity as published.
    pub fn original() -> Readings {
        Readings::default()
    }

    /// Every oddity corrected.
    pub fn corrected() -> Readings {
        let corrected = Reading::Corrected;
        Readings {
            leaving: corrected,
            last_bill: corrected,
            window: corrected,
            utilisation: corrected,
            limits: corrected,
            retirement: corrected,
            billing: corrected,
            provision: corrected,
            last_vm: corrected,
        }
    }
}
