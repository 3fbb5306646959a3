//! CPU time of the calling thread, for benchmarks on a machine that does other work too.

use std::sync::OnceLock;
use std::time::Instant;

/// Seconds of processor time, from the kernel's accounting; seconds of the wall clock where it is not at hand.
pub fn cpu_seconds() -> f64 {
    let spent = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let spent = spent.and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok());
    static START: OnceLock<Instant> = OnceLock::new();
    spent.map_or_else(|| START.get_or_init(Instant::now).elapsed().as_secs_f64(), |ns| ns / 1e9)
}
