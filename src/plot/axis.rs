//! Axes: what is measured in which unit, which part of the line of numbers is shown, and where it is marked.

/// What is shown along a direction.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    pub name: String,
    /// Unit, such as `USD` or `requests/s`; empty for numbers without one and for categories.
    pub unit: String,
    pub scale: Scale,
    /// The axis shows this value whatever the data are; without it, a little more than the data.
    pub includes: Option<f64>,
}

/// How values become places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    Linear,
    /// To base ten. Values that are not above zero are not drawn.
    Logarithmic,
}

impl Axis {
    /// A linear axis.
    pub fn new(name: &str, unit: &str) -> Axis {
        Axis { name: name.to_owned(), unit: unit.to_owned(), scale: Scale::Linear, includes: None }
    }

    #[must_use]
    pub fn logarithmic(mut self) -> Axis {
        self.scale = Scale::Logarithmic;
        self
    }

    /// Zero is shown, as it should be where lengths are compared.
    #[must_use]
    pub fn from_zero(mut self) -> Axis {
        self.includes = Some(0.0);
        self
    }

    /// What stands beside the axis.
    pub fn label(&self) -> String {
        if self.unit.is_empty() { self.name.clone() } else { format!("{} ({})", self.name, self.unit) }
    }

    /// What heads the column of the CSV: name and unit, as `cost_usd` or `arrivals_requests_per_s`.
    pub fn column(&self) -> String {
        let spoken = format!("{} {}", self.name, self.unit).replace('%', " percent ").replace('/', " per ");
        let parts = spoken.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty());
        parts.map(str::to_lowercase).collect::<Vec<_>>().join("_")
    }

    /// The part of the axis that shows some values. What is not finite, and what a logarithm does not have, is left out.
    pub(super) fn over(&self, values: impl Iterator<Item = f64>) -> Span {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.chain(self.includes).filter_map(|value| self.place(value)) {
            low = low.min(value);
            high = high.max(value);
        }
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        // One value alone stands in the middle, zero at the foot; what is as good as one value is one.
        if high - low < f64::MIN_POSITIVE {
            let half = if low.abs() < 1e-300 { 1.0 } else { low.abs() / 2.0 };
            (low, high) = (if low == 0.0 { 0.0 } else { low - half }, high + half);
        }
        Span { low, high, scale: self.scale }
    }

    /// Where a value stands before the axis is stretched over pixels; `None`: nowhere.
    pub(super) fn place(&self, value: f64) -> Option<f64> {
        let place = match self.scale {
            Scale::Linear => value,
            Scale::Logarithmic if value > 0.0 => libm::log10(value),
            Scale::Logarithmic => return None,
        };
        place.is_finite().then_some(place)
    }
}

/// A shown part of an axis, in values or in their logarithms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Span {
    pub low: f64,
    pub high: f64,
    scale: Scale,
}

impl Span {
    /// With some room at both ends; zero at an end keeps its place.
    pub fn padded(mut self, share: f64) -> Span {
        let room = (self.high - self.low) * share;
        let linear = self.scale == Scale::Linear;
        if !(linear && self.low == 0.0) {
            self.low -= room;
        }
        if !(linear && self.high == 0.0) {
            self.high += room;
        }
        self
    }

    /// The share of the way from the low end to the high one.
    pub fn share(&self, place: f64) -> f64 {
        (place - self.low) / (self.high - self.low)
    }

    /// Places to mark, with what is written there: about `wanted` of them.
    pub fn ticks(&self, wanted: usize) -> Vec<(f64, String)> {
        match self.scale {
            Scale::Linear => self.linear_ticks(wanted),
            Scale::Logarithmic => self.logarithmic_ticks(wanted),
        }
    }

    fn linear_ticks(&self, wanted: usize) -> Vec<(f64, String)> {
        let (step, decimals) = step((self.high - self.low) / wanted.max(1) as f64);
        let (first, last) = ((self.low / step - 1e-9).ceil(), (self.high / step + 1e-9).floor());
        // A step that the numbers cannot tell from nothing would go on for ever.
        if !(last - first).is_finite() || last - first > 100.0 {
            return Vec::new();
        }
        (0..=(last - first) as u32)
            .map(|nth| {
                let value = (first + f64::from(nth)) * step;
                (value, written(value, step, decimals))
            })
            .collect()
    }

    /// Powers of ten, with two and five between them while there are few.
    fn logarithmic_ticks(&self, wanted: usize) -> Vec<(f64, String)> {
        let decades = self.high - self.low;
        let (first, last) = (self.low.floor() as i32, self.high.ceil() as i32);
        let within: &[f64] = if decades <= wanted as f64 / 2.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let every = (decades / wanted as f64).ceil().max(1.0) as i32;
        let mut ticks = Vec::new();
        for decade in (first..=last).filter(|decade| decade.rem_euclid(every) == 0) {
            for &digit in within {
                let place = f64::from(decade) + libm::log10(digit);
                if (self.low - 1e-9..=self.high + 1e-9).contains(&place) {
                    let value = digit * libm::pow(10.0, f64::from(decade));
                    ticks.push((place, written(value, value, (-decade).max(0) as usize)));
                }
            }
        }
        // A part of one decade may hold none of these marks, or a single one.
        if ticks.len() < 2 {
            let ends = [self.low, self.high];
            return ends.map(|place| (place, short(libm::pow(10.0, place)))).to_vec();
        }
        ticks
    }
}

/// One, two or five times a power of ten, at least `least`; and the decimals that it needs.
fn step(least: f64) -> (f64, usize) {
    let exponent = libm::log10(least).floor() as i32;
    let power = libm::pow(10.0, f64::from(exponent));
    let digit = [1.0, 2.0, 5.0].into_iter().find(|digit| digit * power >= least * (1.0 - 1e-9));
    match digit {
        Some(digit) => (digit * power, (-exponent).max(0) as usize),
        None => (10.0 * power, (-exponent - 1).max(0) as usize),
    }
}

/// A value at a mark: thousands and millions by letter, very small ones with an exponent.
fn written(value: f64, step: f64, decimals: usize) -> String {
    let value = if value.abs() < step / 2.0 { 0.0 } else { value };
    let scaled = |divisor: f64, letter: &str| {
        let text = format!("{:.2}", value / divisor);
        format!("{}{letter}", text.trim_end_matches('0').trim_end_matches('.'))
    };
    match value.abs() {
        0.0 => "0".to_owned(),
        size if size >= 1e15 => format!("{value:e}"),
        size if size >= 1e9 => scaled(1e9, "G"),
        size if size >= 1e6 => scaled(1e6, "M"),
        size if size >= 1e4 && step >= 10.0 => scaled(1e3, "k"),
        _ if decimals > 6 => {
            let text = format!("{value:.3e}");
            let (digits, exponent) = text.split_once('e').expect("an exponent was asked for");
            format!("{}e{exponent}", digits.trim_end_matches('0').trim_end_matches('.'))
        }
        _ => format!("{value:.decimals$}"),
    }
}

/// A value on its own, with four significant digits or so.
pub(super) fn short(value: f64) -> String {
    if !value.is_finite() {
        return "-".to_owned();
    }
    let size = value.abs();
    let decimals =
        if size >= 1000.0 || size == 0.0 { 0 } else { (3 - libm::log10(size).floor() as i32).max(0) as usize };
    let text = written(value, size / 1e4, decimals);
    if text.contains('.') && !text.contains('e') && text.ends_with(|c: char| c.is_ascii_digit()) {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(low: f64, high: f64) -> Vec<String> {
        let span = Axis::new("x", "").over([low, high].into_iter());
        span.ticks(5).into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn marks_are_round_numbers() {
        assert_eq!(marks(0.0, 10.0), ["0", "2", "4", "6", "8", "10"]);
        assert_eq!(marks(-1.0, 1.1), ["-1.0", "-0.5", "0", "0.5", "1.0"]);
        assert_eq!(marks(0.0, 0.25), ["0", "0.05", "0.10", "0.15", "0.20", "0.25"]);
        assert_eq!(marks(0.0, 2.4e6), ["0", "500k", "1M", "1.5M", "2M"]);
        assert_eq!(marks(0.0, 4e-8), ["0", "1e-8", "2e-8", "3e-8", "4e-8"]);
        assert_eq!(marks(12_340.0, 12_344.0), ["12340", "12341", "12342", "12343", "12344"]);
    }

    #[test]
    fn a_logarithmic_axis_marks_powers_of_ten_and_leaves_out_what_has_no_logarithm() {
        let axis = Axis::new("x", "").logarithmic();
        let texts = |values: &[f64]| -> Vec<String> {
            axis.over(values.iter().copied()).ticks(6).into_iter().map(|(_, text)| text).collect()
        };
        assert_eq!(texts(&[0.01, 0.0, -5.0, 100.0, f64::NAN]), ["0.01", "0.1", "1", "10", "100"]);
        assert_eq!(texts(&[1.0, 60.0]), ["1", "2", "5", "10", "20", "50"]);
        assert_eq!(axis.place(0.0), None);
    }

    #[test]
    fn columns_say_name_and_unit() {
        assert_eq!(Axis::new("SLO violations", "%").column(), "slo_violations_percent");
        assert_eq!(Axis::new("arrivals", "requests/s").column(), "arrivals_requests_per_s");
        assert_eq!(Axis::new("cost", "USD").label(), "cost (USD)");
        assert_eq!((Axis::new("hour", "").column(), Axis::new("hour", "").label()), ("hour".into(), "hour".into()));
    }

    #[test]
    fn a_single_value_and_none_have_an_axis_too() {
        for values in [vec![], vec![0.0], vec![-3.0], vec![1e300, -1e300], vec![f64::INFINITY], vec![5e-324]] {
            let span = Axis::new("x", "").over(values.iter().copied());
            assert!(span.low < span.high, "{values:?}: {span:?}");
            span.ticks(6);
        }
    }

    #[test]
    fn single_values_are_short() {
        let texts = [0.0, 1.0, 0.123_456, 19.85, 1234.9, 12_349.0, 5e-9, f64::NAN].map(short);
        assert_eq!(texts, ["0", "1", "0.1235", "19.85", "1235", "12349", "5e-9", "-"]);
    }
}
