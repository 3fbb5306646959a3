//! Small replays by hand: a few seconds, a few machines, figures one can add up.

use super::*;
use crate::planner::libra::{LogWriter, Readings};

/// Machines of two slots that cost a dollar an hour, requests of one second, short cold start.
fn parameters(policy: Policy, seconds: usize) -> Parameters {
    Parameters {
        policy,
        end_time: seconds as u64,
        vm_memory_gb: Some(1.0),
        vm_hourly_price: Some(3600.0),
        min_num_instance: 2,
        vm_cold_start: 2,
        alpha: 1.0,
        std_multiplier: 0.0,
        vm_provison_prop: 1.0,
        no_vm_update_freq: 3,
        ..Parameters::default()
    }
}

fn seconds(parameters: &Parameters, arrivals: &[u32]) -> (Vec<Second>, Summary) {
    let mut table = Vec::new();
    let summary = replay_observed(parameters, arrivals, &mut table).unwrap();
    (table, summary)
}

#[test]
fn functions_serve_all_at_their_price() {
    let summary = replay(&parameters(Policy::Serverless, 3), &[1, 2, 3]).unwrap();
    assert_eq!((summary.lambda_requests, summary.total_requests, summary.final_epoch), (6, 6, 4));
    assert!((summary.total_cost - 6.0 * 8.535e-6).abs() < 1e-18);
    assert_eq!((summary.vm_launches, summary.vm_billed, summary.vm_unbilled_pending), (2, 0, 2));
}

#[test]
fn a_fixed_fleet_makes_requests_wait_for_its_start() {
    let (table, summary) = seconds(&parameters(Policy::VmCloud, 4), &[1, 3, 4, 4]);
    let served: Vec<(u64, u64)> = table.iter().map(|second| (second.vm_served, second.queue_length)).collect();
    assert_eq!(served, [(0, 1), (0, 4), (4, 4), (4, 4), (4, 0)]);
    assert_eq!((summary.delay_max, summary.delayed_requests, summary.final_epoch), (2, 12, 5));
    // Two machines from second 1 to 6: they still work in second 5.
    assert_eq!((summary.vm_seconds, summary.vm_cost), (10, 10.0));
}

#[test]
fn the_hybrid_hides_cold_starts_behind_functions() {
    let (table, summary) = seconds(&parameters(Policy::Hybrid, 7), &[6, 6, 6, 6, 2, 2, 2]);
    let parts: Vec<(u64, u64, u64)> =
        table.iter().map(|second| (second.vm_served, second.lambda_served, second.active_vms)).collect();
    assert_eq!(parts, [(0, 6, 3), (0, 6, 3), (6, 0, 3), (6, 0, 3), (2, 0, 3), (2, 0, 3), (2, 0, 1), (0, 0, 1)]);
    assert_eq!((summary.lambda_requests, summary.delayed_requests, summary.vm_launches), (12, 0, 3));
}

#[test]
fn waiting_requests_without_any_machine_are_an_error_unless_one_is_kept() {
    // Eight times 45 s of 50 requests and 94 s of none: the published square load.
    let arrivals: Vec<u32> = (0..8 * 139).map(|second| if second % 139 < 45 { 50 } else { 0 }).collect();
    let stuck = Parameters {
        end_time: arrivals.len() as u64,
        no_vm_update_freq: 50,
        alpha: 0.9,
        vm_provison_prop: 1.0,
        ..Parameters::default()
    };
    let result = replay(&stuck, &arrivals);
    assert!(matches!(result, Err(ReplayError::NeverDrains { epoch: 1113, queued: 2000 })), "{result:?}");
    let mut kept = stuck.clone();
    kept.readings.last_vm = crate::planner::libra::Reading::Corrected;
    let summary = replay(&kept, &arrivals).unwrap();
    assert_eq!(summary.vm_requests + summary.lambda_requests, 8 * 45 * 50);
}

#[test]
fn a_drain_has_an_end() {
    let slow = Parameters { drain_limit: 5, req_duration: 10, ..parameters(Policy::VmCloud, 1) };
    let error = replay(&slow, &[1000]).unwrap_err();
    assert!(matches!(error, ReplayError::DrainTooLong { epoch: 6, queued: 996, limit: 5 }), "{error}");
}

#[test]
fn scaling_without_machines_and_a_short_trace_are_errors() {
    let empty = Parameters { min_num_instance: 0, vm_auto_scaling: true, ..parameters(Policy::VmCloud, 1) };
    assert!(matches!(replay(&empty, &[1]), Err(ReplayError::EmptyFleet { epoch: 1 })));
    let short = replay(&parameters(Policy::VmCloud, 3), &[1, 1]).unwrap_err();
    assert_eq!(short.to_string(), "end_time: found 3, want at most the 2 seconds of the trace");
}

#[test]
fn spock_sends_to_functions_what_a_changing_fleet_cannot_serve() {
    let mut spock = parameters(Policy::VmCloudHide, 6);
    spock.vm_auto_scaling = true;
    spock.auto_scale_grace_period = 3;
    spock.auto_scale_group = 1;
    spock.auto_scale_in_thresh = 0.0;
    let (table, summary) = seconds(&spock, &[4, 4, 4, 4, 9, 9]);
    let parts: Vec<(u64, u64, u64)> =
        table.iter().map(|second| (second.vm_served, second.lambda_served, second.active_vms)).collect();
    // Ready at 3; at 4 the sum 0+0+1+1 over 3 is below 0.7, at 5 it is 1 and a machine starts, not ready in 6.
    assert_eq!(parts, [(0, 4, 2), (0, 4, 2), (4, 0, 2), (4, 0, 2), (4, 0, 2), (4, 5, 3), (5, 0, 3)]);
    assert_eq!((summary.scale_out_events, summary.vm_requests, summary.lambda_requests), (1, 21, 13));
}

#[test]
fn every_reading_serves_every_request() {
    let arrivals: Vec<u32> = (0..2000).map(|second| (second * 7919) % 97 / (1 + second / 500)).collect();
    for policy in [Policy::Hybrid, Policy::VmCloud, Policy::VmCloudMax, Policy::VmCloudHide, Policy::Serverless] {
        for readings in [Readings::original(), Readings::corrected()] {
            let given = Parameters {
                vm_auto_scaling: matches!(policy, Policy::VmCloud | Policy::VmCloudHide),
                auto_scale_grace_period: 20,
                max_num_instance: 60,
                readings,
                ..parameters(policy, arrivals.len())
            };
            let (table, summary) = seconds(&given, &arrivals);
            let offered: u64 = arrivals.iter().map(|&n| u64::from(n)).sum();
            assert_eq!(summary.vm_requests + summary.lambda_requests, offered, "{given:?}");
            assert_eq!(table.iter().map(|second| second.vm_served).sum::<u64>(), summary.vm_requests);
            if readings == Readings::corrected() {
                assert_eq!((summary.vm_unbilled_overwritten, summary.vm_unbilled_pending), (0, 0), "{policy:?}");
                assert!(table.iter().all(|second| second.active_vms <= 60), "{policy:?}");
            }
        }
    }
}

#[test]
fn the_log_sums_to_the_bill() {
    let given = Parameters { vm_hourly_price: Some(0.1), ..parameters(Policy::Hybrid, 7) };
    let mut log = Vec::new();
    let mut writer = LogWriter::new(&mut log);
    let summary = replay_observed(&given, &[6, 6, 6, 6, 2, 2, 2], &mut writer).unwrap();
    writer.finish().unwrap();
    let log = String::from_utf8(log).unwrap();
    let costs = log.lines().filter(|line| line.contains("vm cost |") || line.contains("served by serverless at |"));
    let sum: f64 = costs.map(|line| line.rsplit(',').next().unwrap().trim().parse::<f64>().unwrap()).sum();
    assert!((sum / summary.total_cost - 1.0).abs() < 1e-9, "{sum} {}", summary.total_cost);
    let requests = log.lines().filter(|line| line.contains("request served at |id,time,duration,queue_delay|"));
    assert_eq!(requests.count() as u64, summary.vm_requests);
    assert!(log.contains("vm_cloud - INFO - request served at |id,time,duration,queue_delay|12,3,1,0\n"));
}
