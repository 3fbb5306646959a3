//! What a scaling group and its alarms add to a run: LIBRA's trace on a fixed fleet, with and without them, in turns.
//!
//! Run: `cargo bench --bench provider --no-default-features`. CPU time of this thread; the ratio is the median
//! over the pairs. The group's bounds leave it nothing to do and its alarms are evaluated each minute, so both runs serve the
//! same requests in the same way: the digest of what was offered and the bill show it. Outside of `cargo bench` everything
//! runs once and short, to show that it still works.

mod scenes;
mod timing;

use scenes::{libra, run, wits};
use stratosim::engine::time::Span;
use stratosim::model::alarm::{AlarmSpec, Comparison, Missing};
use stratosim::model::autoscaling::{Adjustment, GroupSpec, Policy, Rule};
use stratosim::model::ids::{AlarmId, PoolId};
use stratosim::model::monitor::{Metric, Of, Statistic};
use stratosim::model::pool::Birth;
use stratosim::run::sink::Silent;
use stratosim::run::summary::Summary;
use stratosim::scenario::setup::Setup;
use stratosim::strategy::auto::Auto;
use timing::{cpu_ns, median};

/// Machines that hold the peak of the trace.
const MACHINES: u32 = 48;

/// Four alarms, two policies, and bounds that allow one size.
fn with_group(mut setup: Setup) -> Setup {
    let pool = setup.pools.iter().position(|pool| pool.name == "web").map(PoolId::from_index).expect("a fleet");
    let alarm = |name: &str, metric, statistic, comparison, threshold, periods| AlarmSpec {
        name: name.to_owned(),
        of: Of::Pool(pool),
        metric,
        statistic,
        period: Span::from_secs(60),
        points: periods,
        periods,
        comparison,
        threshold,
        missing: Missing::NotBreaching,
    };
    setup.provider.alarms = vec![
        alarm("upper", Metric::RequestCountPerTarget, Statistic::Sum, Comparison::Greater, 140.0, 1),
        alarm("lower", Metric::RequestCountPerTarget, Statistic::Sum, Comparison::Less, 100.0, 1),
        alarm("high", Metric::CpuUtilization, Statistic::Average, Comparison::Greater, 10.0, 3),
        alarm("low", Metric::CpuUtilization, Statistic::Average, Comparison::Less, 9.0, 15),
    ];
    let simple = |alarm, change| Rule::Simple {
        alarm: AlarmId::from_index(alarm),
        adjustment: Adjustment::Change(change),
        cooldown: None,
    };
    let target = Rule::Target { high: AlarmId::from_index(2), low: Some(AlarmId::from_index(3)), target: 10.0 };
    let rules = [("out", simple(0, 2)), ("in", simple(1, -2)), ("track", target)];
    setup.provider.groups = vec![GroupSpec {
        name: "web".to_owned(),
        pool,
        min: MACHINES,
        max: MACHINES,
        desired: None,
        cooldown: Span::from_secs(300),
        warm_up: Span::from_secs(300),
        grace: None,
        policies: rules.into_iter().map(|(name, rule)| Policy { name: name.to_owned(), rule }).collect(),
        timetable: Vec::new(),
    }];
    setup
}

fn timed(setup: &Setup) -> (f64, Summary) {
    let start = cpu_ns();
    let summary = run(setup, &mut Auto::new(Some("web".to_owned())), &mut Silent);
    ((cpu_ns() - start) as f64, summary)
}

fn main() {
    let (pairs, seconds) =
        if std::env::args().any(|argument| argument == "--bench") { (11, usize::MAX) } else { (1, 600) };
    let (name, mut arrivals) = wits();
    arrivals.truncate(seconds);
    let mut plain = libra(arrivals);
    for pool in &mut plain.pools {
        if let Birth::Ordered { initial, .. } = &mut pool.birth {
            *initial = MACHINES;
        }
    }
    let grouped = with_group(plain.clone());
    let (mut without, mut with, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for pair in 0..pairs {
        // Whoever goes first finds colder caches; they take turns at it.
        let ((a, one), (b, two)) = match pair % 2 {
            0 => (timed(&plain), timed(&grouped)),
            _ => {
                let second = timed(&grouped);
                (timed(&plain), second)
            }
        };
        assert_eq!((&one.offered_digest, one.bill_pico), (&two.offered_digest, two.bill_pico), "the same is served");
        without.push(a);
        with.push(b);
        ratios.push(b / a);
        if pair == 0 {
            println!("{name}: {} requests, {} events without, {} with", one.roots.arrived, one.events, two.events);
        }
    }
    println!("without group and alarms {:>8.1} ms", median(&without) / 1e6);
    println!("with                     {:>8.1} ms", median(&with) / 1e6);
    println!("ratio                    {:>8.3} median of {pairs}", median(&ratios));
}
