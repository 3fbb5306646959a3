//! Units of time in which prices, performances and loads are stated.
//!
//! Source: specification of the YAML language; a year has 365 days, and `d`, which the original's loader takes and its
//! schema refuses, is a unit like the others.

/// A unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TimeUnit {
    Second,
    Minute,
    Hour,
    Day,
    Year,
}

impl TimeUnit {
    pub const ALL: [TimeUnit; 5] = [Self::Second, Self::Minute, Self::Hour, Self::Day, Self::Year];

    pub const fn seconds(self) -> u32 {
        match self {
            Self::Second => 1,
            Self::Minute => 60,
            Self::Hour => 3_600,
            Self::Day => 86_400,
            Self::Year => 31_536_000,
        }
    }

    /// As files spell it.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Second => "s",
            Self::Minute => "m",
            Self::Hour => "h",
            Self::Day => "d",
            Self::Year => "y",
        }
    }

    pub fn from_symbol(symbol: &str) -> Option<TimeUnit> {
        Self::ALL.into_iter().find(|unit| unit.symbol() == symbol)
    }

    /// An amount per `self` as an amount per `slot`. One multiplication and one division, so that whole numbers stay
    /// whole where the result is.
    pub fn per(self, amount: f64, slot: TimeUnit) -> f64 {
        amount * f64::from(slot.seconds()) / f64::from(self.seconds())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_converted_between_units() {
        assert_eq!(TimeUnit::Second.per(0.25, TimeUnit::Hour), 900.0);
        assert_eq!(TimeUnit::Year.per(8760.0, TimeUnit::Hour), 1.0);
        assert_eq!(TimeUnit::Day.per(48.0, TimeUnit::Hour), 2.0);
        assert!(TimeUnit::ALL.iter().all(|&unit| TimeUnit::from_symbol(unit.symbol()) == Some(unit)));
        assert_eq!(TimeUnit::from_symbol("hours"), None);
    }
}
