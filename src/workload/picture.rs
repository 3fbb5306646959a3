//! Pictures for a terminal: heights as columns of blocks, an eighth of a line fine.

use std::fmt::Write;

const BARS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Heights as one line of bars, the highest full.
pub fn bars(heights: impl Iterator<Item = f64> + Clone) -> String {
    let most = heights.clone().fold(0.0, f64::max);
    let bar = |height: f64| if most > 0.0 { BARS[(height / most * 8.0).ceil() as usize] } else { ' ' };
    heights.map(bar).collect()
}

/// Heights as columns of several lines, with the highest value at the top of the axis, zero at its foot, and what stands at both
/// ends below.
pub fn columns(heights: &[f64], lines: usize, ends: (&str, &str)) -> String {
    const LABEL: usize = 10;
    let most = heights.iter().copied().fold(0.0, f64::max);
    let eighths = |height: f64| if most > 0.0 { (height / most * (8 * lines) as f64).round() as usize } else { 0 };
    let mut picture = String::new();
    for line in (0..lines).rev() {
        let label = if line + 1 == lines { short(most) } else { String::new() };
        let columns: String = heights.iter().map(|&h| BARS[eighths(h).saturating_sub(8 * line).min(8)]).collect();
        // Writing to a text cannot fail.
        let _ = writeln!(picture, "{label:>LABEL$} │{}", columns.trim_end());
    }
    let _ = writeln!(picture, "{:>LABEL$} └{}", 0, "─".repeat(heights.len()));
    let room = heights.len().saturating_sub(ends.0.chars().count());
    let _ = write!(picture, "{:LABEL$}  {}{:>room$}", "", ends.0, ends.1);
    picture
}

/// A value in at most ten characters.
fn short(value: f64) -> String {
    if value >= 1e7 { format!("{value:.2e}") } else { format!("{value:.2}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_column_is_full_and_none_is_lost() {
        let picture = columns(&[0.0, 4.0, 16.0, 8.0], 2, ("0 s", "9 s"));
        let wanted = "     16.00 │  █\n           │ ▄██\n         0 └────\n            0 s9 s";
        assert_eq!(picture, wanted);
        assert_eq!(columns(&[0.0, 0.0], 1, ("a", "b")), "      0.00 │\n         0 └──\n            ab");
        assert_eq!(bars([0.0, 1.0, 8.0].into_iter()), " ▁█");
    }
}
