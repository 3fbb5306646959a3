//! Quantities: what they mean, that they read back as they are shown, and that no text brings them down.

use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::*;
use crate::engine::time::Span;

fn parse<Q: Quantity>(text: &str) -> Q {
    Q::parse(text).unwrap_or_else(|flaw| panic!("{text:?}: {flaw}"))
}

#[test]
fn a_length_of_time_is_whole_nanoseconds() {
    for (text, nanos, shown) in [
        ("250ms", 250_000_000, "250ms"),
        ("1.5h", 5_400_000_000_000, "5400s"),
        ("5min", 300_000_000_000, "300s"),
        ("2d", 172_800_000_000_000, "172800s"),
        ("0s", 0, "0s"),
        (" 17 ns ", 17, "17ns"),
        ("1.991s", 1_991_000_000, "1.991s"),
        ("1e3us", 1_000_000, "1ms"),
        ("3155760000s", 3_155_760_000_000_000_000, "3155760000s"),
    ] {
        let span: TimeSpan = parse(text);
        assert_eq!((span.0, span.to_string().as_str()), (Span::from_nanos(nanos), shown), "{text}");
    }
    assert!(TimeSpan::parse("3155760000.000000001s").is_err(), "a hundred years are the longest");
}

#[test]
fn a_point_of_time_is_a_date_or_a_length_of_time_since_1970() {
    for (text, seconds) in [
        ("2020-02-24", 1_582_502_400),
        (" 2020-02-24 17:00:00 ", 1_582_563_600),
        ("2020-02-24T17:00:00+01:00", 1_582_560_000),
        ("36h", 129_600),
        ("1970-01-01", 0),
    ] {
        assert_eq!(parse::<Moment>(text).0, crate::engine::time::Instant::ZERO + Span::from_secs(seconds), "{text}");
    }
    for bad in [
        "2020-02-30",
        "1969-12-31",
        "2020-2-24",
        "24.02.2020",
        "2020-02-24 25:00:00",
        "yesterday",
        "2200-01-01",
        "é020-02-24",
    ] {
        assert!(Moment::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn sizes_and_bandwidths_keep_thousands_and_1024s_apart() {
    for (text, bytes, shown) in [
        ("2GiB", 2 << 30, "2GiB"),
        ("512MiB", 512 << 20, "512MiB"),
        ("10kB", 10_000, "10kB"),
        ("100B", 100, "100B"),
        ("1.5KiB", 1536, "1536B"),
        ("0B", 0, "0B"),
        ("1.25GB", 1_250_000_000, "1250MB"),
    ] {
        let size: ByteSize = parse(text);
        assert_eq!((size.0, size.to_string().as_str()), (bytes, shown), "{text}");
    }
    for (text, bits_per_s, shown) in [("100Mbit/s", 100_000_000, "100Mbit/s"), ("10MB/s", 80_000_000, "80Mbit/s")] {
        let bandwidth: Bandwidth = parse(text);
        assert_eq!((bandwidth.bits_per_s, bandwidth.to_string().as_str()), (bits_per_s, shown), "{text}");
    }
}

#[test]
fn a_rate_keeps_the_number_that_was_written() {
    for (text, per_s, shown) in
        [("5/s", 5.0, "5/s"), ("30/min", 0.5, "30/min"), ("0.9 / h", 0.9 / 3600.0, "0.9/h"), ("2/ms", 2000.0, "2/ms")]
    {
        let rate: Rate = parse(text);
        assert_eq!((rate.per_s(), rate.to_string().as_str()), (per_s, shown), "{text}");
    }
    for (text, per_s, shown) in [("1e9 ops/s", 1e9, "1000000000 ops/s"), ("2.4 Gops/s", 2.4e9, "2400000000 ops/s")] {
        let rate: OpsRate = parse(text);
        assert_eq!((rate.per_s(), rate.to_string().as_str()), (per_s, shown), "{text}");
    }
}

#[test]
fn a_percentage_is_the_nearest_double_of_its_share() {
    for (text, share) in [("80%", 0.8), ("14.3 %", 0.143), ("0.8", 0.8), ("0%", 0.0), ("100%", 1.0)] {
        assert_eq!(parse::<Fraction>(text), Fraction(share), "{text}");
    }
    assert_eq!((parse::<Ratio>("150%"), Fraction::from_number(-0.0)), (Ratio(1.5), Ok(Fraction(0.0))));
}

#[test]
fn a_price_is_an_exact_ratio() {
    fn ratio<B: Basis>(text: &str) -> (u64, u128, String) {
        let price: Price<B> = parse(text);
        (price.pico_usd(), price.per(), price.to_string())
    }
    let hour = 3_600_000_000_000;
    assert_eq!(ratio::<money::ByTime>("0.0416 USD/h"), (41_600_000_000, hour, "0.0416 USD/h".into()));
    assert_eq!(ratio::<money::ByTime>("2.08e-6 USD / 100ms"), (2_080_000, 100_000_000, "0.00000208 USD/100ms".into()));
    assert_eq!(ratio::<money::ByTime>("10 USD/month"), (10_000_000_000_000, 730 * hour, "10 USD/month".into()));
    assert_eq!(ratio::<money::ByRequest>("0.20 USD/1M"), (200_000_000_000, 1_000_000, "0.2 USD/1M".into()));
    let gib_s = 1_000_000_000 << 30;
    let price = (16_666_700, gib_s, "0.0000166667 USD/GB-s".to_owned());
    assert_eq!(ratio::<money::ByMemoryTime>("0.0000166667 USD/GB-s"), price);
    assert_eq!(ratio::<money::ByData>("0.09 USD/GB"), (90_000_000_000, 1 << 30, "0.09 USD/GB".into()));
    assert_eq!(ratio::<money::ByCoreTime>("0.04048 USD/vCPU-h"), (40_480_000_000, hour, "0.04048 USD/vCPU-h".into()));
    assert_eq!(parse::<Money>("100 USD").pico_usd, 100_000_000_000_000);
    assert_eq!(parse::<Money>("0.000000000001USD").to_string(), "0.000000000001 USD");
    assert!(Money::parse("0.0000000000001 USD").is_err());
}

#[test]
fn every_quantity_names_itself_once_and_its_examples_parse() {
    fn check<Q: Quantity>() {
        for example in Q::EXAMPLES {
            assert!(Q::parse(example).is_ok(), "{} {example}", Q::NAME);
        }
        let flaw = Q::parse("?").err().expect("a question mark is no quantity");
        assert_eq!(flaw.wanted, Q::WANTED);
    }
    check::<TimeSpan>();
    check::<Moment>();
    check::<ByteSize>();
    check::<Bandwidth>();
    check::<Rate>();
    check::<OpsRate>();
    check::<Fraction>();
    check::<Ratio>();
    check::<Money>();
    check::<PricePerTime>();
    check::<PricePerRequest>();
    check::<PricePerMemoryTime>();
    check::<PricePerData>();
    check::<PricePerCoreTime>();
    let names: std::collections::BTreeSet<&str> = CHECKERS.iter().map(|checker| checker.name).collect();
    assert_eq!(names.len(), CHECKERS.len());
}

#[test]
fn the_nearest_name_is_near() {
    let names = ["keep-alive", "memory", "boot"];
    for (written, meant) in [
        ("keepalive", Some("keep-alive")),
        ("keep_alive", Some("keep-alive")),
        ("Boot", Some("boot")),
        ("bott", Some("boot")),
        ("memroy", Some("memory")),
        ("price", None),
        ("", None),
    ] {
        assert_eq!(nearest(written, names), meant, "{written}");
    }
    assert_eq!(nearest(&"x".repeat(1_000_000), names), None);
    assert_eq!(either(&["a", "b", "c"]), "a, b or c");
}

/// The canonical text and serde's form both read back as the same value, and the canonical text is its own.
fn reads_back<Q>(quantity: &Q)
where
    Q: Quantity + Serialize + DeserializeOwned + PartialEq + std::fmt::Debug,
{
    let text = quantity.to_string();
    let again = Q::parse(&text);
    assert_eq!(again.as_ref(), Ok(quantity), "{text}");
    assert_eq!(again.map(|again| again.to_string()), Ok(text));
    let json = serde_json::to_value(quantity).unwrap();
    assert_eq!(&serde_json::from_value::<Q>(json).unwrap(), quantity);
}

proptest! {
    #[test]
    fn quantities_read_back_as_they_are_shown(
        whole in any::<u64>(),
        written in "[0-9]{1,6}(\\.[0-9]{1,6})?",
        time in prop::sample::select(vec!["ns", "us", "ms", "s", "min", "h", "d"]),
        size in prop::sample::select(vec!["B", "kB", "MB", "GB", "KiB", "MiB", "GiB"]),
    ) {
        reads_back(&TimeSpan(Span::from_nanos(whole % 3_155_760_000_000_000_001)));
        reads_back(&ByteSize(whole));
        reads_back(&Bandwidth { bits_per_s: whole });
        reads_back(&Money { pico_usd: whole });
        reads_back(&parse::<Rate>(&format!("{written}/{time}")));
        reads_back(&parse::<OpsRate>(&format!("{written} Gops/s")));
        reads_back(&parse::<Ratio>(&format!("{written}%")));
        reads_back(&parse::<PricePerTime>(&format!("{written} USD/h")));
        reads_back(&parse::<PricePerRequest>(&format!("{written} USD/1k")));
        reads_back(&parse::<PricePerMemoryTime>(&format!("{written} USD/GiB-h")));
        reads_back(&parse::<PricePerData>(&format!("{written} USD/TB")));
        reads_back(&parse::<PricePerCoreTime>(&format!("{written} USD/vCPU-s")));
        if let Ok(span) = TimeSpan::parse(&format!("{written}{time}")) {
            reads_back(&span);
        }
        if let Ok(bytes) = ByteSize::parse(&format!("{written}{size}")) {
            reads_back(&bytes);
        }
    }

    #[test]
    fn no_text_and_no_number_brings_a_quantity_down(
        text in "\\PC{0,30}|[-+0-9.eE]{0,6} ?([a-zA-Z/%$-]|USD|GB|1M){0,4}",
        number in any::<f64>(),
    ) {
        for checker in CHECKERS {
            let flaws = [(checker.text)(&text), (checker.number)(number)].into_iter().filter_map(Result::err);
            for flaw in flaws {
                prop_assert!(flaw.at <= text.len() && !flaw.wanted.is_empty());
            }
        }
    }
}
