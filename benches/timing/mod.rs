//! What the benches share: CPU time, medians and the quickest.

#![allow(dead_code)] // Each bench uses some of it.

/// CPU time of this process in nanoseconds (the benches have one thread); wall time where the system does not tell.
pub fn cpu_ns() -> u64 {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    let told = std::fs::read_to_string("/proc/self/schedstat").ok();
    let told = told.and_then(|text| text.split_whitespace().next()?.parse().ok());
    told.unwrap_or_else(|| START.get_or_init(std::time::Instant::now).elapsed().as_nanos() as u64)
}

pub fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The quickest run: other guests of the same host only ever add time.
pub fn quickest(values: &[f64]) -> f64 {
    values.iter().copied().min_by(f64::total_cmp).expect("at least one run")
}

/// A line for what was done `count` times in each of the runs, whose nanoseconds are given.
pub fn show(what: &str, count: u64, unit: &str, spent: &[f64], note: &str) {
    let million_per_s = |ns: f64| count as f64 / ns * 1e3;
    let (middle, best) = (median(spent), quickest(spent));
    println!(
        "{what:<44}{:>8.1} ns a {unit}{:>7.2} million per CPU second, quickest{:>6.2}  {note}",
        middle / count as f64,
        million_per_s(middle),
        million_per_s(best)
    );
}
