//! Oscillation: the published average has no steady band, that of an alarm has one.
//!
//! Source: LIBRA's simulator divides the sum of up to 300 samples of utilisation by 120 (quirk Q4): with thresholds of 70 and
//! 30 %, a utilisation of 29.75 % and more always ends in scaling out, however steady the load is.

use crate::world::{run, text};
use stratosim::planner::libra::{Parameters, Policy, replay};

const SECONDS: usize = 3600;
/// Half of the slots of ten machines.
const PER_SECOND: u32 = 80;

#[test]
fn at_half_load_the_published_rule_never_rests() {
    let parameters = Parameters {
        policy: Policy::VmCloud,
        vm_auto_scaling: true,
        end_time: SECONDS as u64,
        ..Parameters::default()
    };
    let summary = replay(&parameters, &[PER_SECOND; SECONDS]).expect("a steady load can be replayed");
    println!("published: {} out, {} in within an hour", summary.scale_out_events, summary.scale_in_events);
    assert!(summary.scale_out_events >= 5 && summary.scale_in_events >= 5, "{summary:?}");
}

#[test]
fn within_the_band_the_mean_of_the_same_samples_moves_nothing() {
    let group = "[alarms.busy]\npool = \"web\"\nmetric = \"CPUUtilization\"\nperiod = \"120s\"\ncomparison = \"greater\"\n\
        threshold = 70\n\
        [alarms.idle]\npool = \"web\"\nmetric = \"CPUUtilization\"\nperiod = \"120s\"\ncomparison = \"less\"\nthreshold = 30\n\
        [groups.g]\npool = \"web\"\nmin = 1\nmax = 292\ncooldown = \"120s\"\n\
        policies.out = { kind = \"simple\", alarm = \"busy\", change = 10 }\n\
        policies.in = { kind = \"simple\", alarm = \"idle\", change = -10 }\n";
    let text = text("auto", "60s", "size = 10", group).replace("slots = 10", "slots = 16");
    // Slots in use of 160: the band reaches from 30 to 70 %, its ends included.
    for per_second in [48, 64, PER_SECOND, 96, 112] {
        let seen = run(&text, &[per_second; SECONDS]);
        assert_eq!(seen.by("g"), Vec::<&str>::new(), "{per_second} of 160");
        let wanted = f64::from(per_second) / 160.0;
        assert!(seen.samples.iter().skip(1).all(|sample| (sample.utilisation - wanted).abs() < 1e-9), "{per_second}");
    }
    for per_second in [47, 113] {
        assert!(!run(&text, &[per_second; SECONDS]).by("g").is_empty(), "{per_second} of 160 is beyond the band");
    }
}
