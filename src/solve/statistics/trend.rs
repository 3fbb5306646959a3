//! Whether a run settled: a queue that grows from beginning to end has no steady state to be measured.
//!
//! Source: the trend test of Mann (1945) and Kendall (1975), without ties; the lag-one correlation of batch means as in
//! Law, Simulation Modeling and Analysis, section 9.5.3.

/// The standard normal score of Mann and Kendall: how many pairs of a list rise rather than fall, beyond what chance
/// would do. 0 for fewer than three values.
pub fn mann_kendall(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    if values.len() < 3 {
        return 0.0;
    }
    let mut rising = 0i64;
    for (place, early) in values.iter().enumerate() {
        for late in &values[place + 1..] {
            rising += i64::from(late > early) - i64::from(late < early);
        }
    }
    let deviation = libm::sqrt(n * (n - 1.0) * (2.0 * n + 5.0) / 18.0);
    // Half a step towards zero: the count is whole, the normal law is not.
    (rising - rising.signum()) as f64 / deviation
}

/// The correlation of neighbours in a list; 0 where there is no spread.
pub fn lag_one(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let spread: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    let together: f64 = values.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum();
    if spread > 0.0 { together / spread } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::Rng;

    #[test]
    fn rising_lists_score_high_and_flat_ones_near_zero() {
        let rising: Vec<f64> = (0..20).map(f64::from).collect();
        // All 190 pairs rise: (190 - 1) / sqrt(950) = 6.132.
        assert!((mann_kendall(&rising) - 189.0 / libm::sqrt(950.0)).abs() < 1e-12);
        let falling: Vec<f64> = rising.iter().map(|value| -value).collect();
        assert_eq!(mann_kendall(&falling), -mann_kendall(&rising));
        assert_eq!(mann_kendall(&[1.0; 20]), 0.0);
        let beyond: usize = (0..1000)
            .filter(|&seed| {
                let mut rng = Rng::seeded(seed);
                mann_kendall(&(0..20).map(|_| rng.normal()).collect::<Vec<f64>>()) > 1.645
            })
            .count();
        assert!((30..=70).contains(&beyond), "{beyond} of 1000");
    }

    #[test]
    fn neighbours_of_a_correlated_list_go_together() {
        let mut rng = Rng::seeded(3);
        let mut level = 0.0;
        let values: Vec<f64> = (0..20_000)
            .map(|_| {
                level = 0.7 * level + rng.normal();
                level
            })
            .collect();
        assert!((lag_one(&values) - 0.7).abs() < 0.02);
        assert_eq!(lag_one(&[2.0, 2.0, 2.0]), 0.0);
    }
}
