//! Prices taken over exactly, and what is said about a price list that cannot be.

use super::*;
use crate::scenario::document::Document;
use crate::scenario::reader;

const WHOLE: &str = r#"
title = "A list with one of everything"

[types."m4.large"]
price = "0.1 USD/h"
memory = "8GiB"
vcpu = 2
source = "test"
date = "2020-02-29"
spot = { price = "73 USD/month", interruptions = "5/h", source = "test", date = "2020-05-01" }

[types.by-the-hour]
price = "0.000001 USD/s"
memory = "3840MiB"
vcpu = 0.5
minimum = "0s"
rounding = "1h"
source = "test"
date = "2020-05-01"

[function]
requests = "0.20 USD/1M"
duration = "0.0000166667 USD/GB-s"
rounding = "100ms"
provisioned = "0.0144 USD/GB-h"
source = "test"
date = "2020-05-01"

[container]
vcpu = "0.04048 USD/vCPU-h"
memory = "0.0000012 USD/GiB-s"
source = "test"
date = "2020-05-01"

[balancer]
price = "0.0225 USD/h"
unit = "0 USD/h"
unit_connections = "25/s"
unit_bytes_per_hour = "1GB"
source = "test"
date = "2020-05-01"

[gateway_requests]
price = "1 USD/1M"
source = "test"
date = "2020-05-01"

[gateway]
price = "0.0376 USD/h"
source = "test"
date = "2020-05-01"

[egress]
price = "92.16 USD/TB"
source = "test"
date = "2020-05-01"
"#;

fn check_text(text: &str) -> Result<Tariff, Complaints> {
    check(&reader::read(Document::parse("prices.toml", text)?)?)
}

#[test]
fn a_whole_list_becomes_integers_of_pico_dollars() {
    let tariff = check_text(WHOLE).unwrap();
    let m4 = tariff.instance_type("m4.large").unwrap();
    assert_eq!((m4.price, m4.memory_mib, m4.vcpu), (PerHour(100_000_000_000), 8192, 2.0));
    assert_eq!(
        (m4.minimum, m4.quantum),
        (Span::from_secs(60), Span::from_secs(1)),
        "as EC2 bills when nothing is said"
    );
    let spot = m4.spot.unwrap();
    assert_eq!(spot.price, PerHour(100_000_000_000), "730 hours a month");
    assert!((spot.interruptions_per_hour - 5.0).abs() < 1e-12);
    let hourly = tariff.instance_type("by-the-hour").unwrap();
    assert_eq!((hourly.price, hourly.memory_mib, hourly.spot), (PerHour(3_600_000_000), 3840, None));
    assert_eq!((hourly.minimum, hourly.quantum), (Span::ZERO, Span::from_secs(3600)));
    let function = FunctionPrice {
        per_request: 200_000,
        per_gib_s: 16_666_700,
        quantum: Span::from_nanos(100_000_000),
        provisioned_duration_per_gib_s: 16_666_700,
        provisioned_per_gib_s: 4_000_000,
    };
    assert_eq!(tariff.function, Some(function));
    let container = tariff.container.unwrap();
    assert_eq!((container.per_vcpu, container.per_gib), (PerHour(40_480_000_000), PerHour(4_320_000_000)));
    let balancer = BalancerPrice {
        per_hour: PerHour(22_500_000_000),
        per_unit_hour: 0,
        unit_connections_per_s: 25.0,
        unit_bytes_per_hour: 1e9,
    };
    assert_eq!(tariff.balancer, Some(balancer));
    assert_eq!((tariff.gateway_per_request, tariff.gateway), (1_000_000, PerHour(37_600_000_000)));
    assert_eq!(tariff.egress_per_gib, 90_000_000_000, "a TB has 1024 GB as billed");
}

/// Changes one line of the whole list and expects these complaints and no other.
#[track_caller]
fn refused(written: &str, instead: &str, complaints: &[&str]) {
    assert!(WHOLE.contains(written), "{written}");
    let text = WHOLE.replacen(written, instead, 1);
    let shown = check_text(&text).map(|_| ()).unwrap_err().to_string();
    assert_eq!(shown.lines().collect::<Vec<_>>(), complaints, "{instead}");
}

#[test]
fn what_cannot_be_is_refused_at_its_place() {
    let day = "want a day of the calendar as YYYY-MM-DD, such as 2020-05-01";
    for (date, found) in [
        ("2021-02-29", "2021-02-29"),
        ("2020-04-31", "2020-04-31"),
        ("2020-13-01", "2020-13-01"),
        ("2020-5-1", "2020-5-1"),
        ("01.05.2020", "01.05.2020"),
        ("2020-05-01T00:00", "2020-05-01T00:00"),
        ("+020-05-01", "+020-05-01"),
        ("1900-01-01", "1900-01-01"),
        ("", ""),
    ] {
        let complaint = format!(r#"prices.toml:9:8: types."m4.large".date: found "{found}", {day}"#);
        refused("2020-02-29", date, &[&complaint]);
    }
    for (written, instead, complaint) in [
        (
            r#""A list with one of everything""#,
            r#"" ""#,
            r#"prices.toml:2:9: title: found " ", want a title: provider, region, what the list is for"#,
        ),
        (
            r#"source = "test""#,
            r#"source = """#,
            r#"prices.toml:8:10: types."m4.large".source: found "", want where the price was found"#,
        ),
        (
            "0.1 USD/h",
            "0 USD/h",
            r#"prices.toml:5:9: types."m4.large".price: found "0 USD/h", want a price above zero; what costs nothing is left out"#,
        ),
        (
            "0.1 USD/h",
            "0.1 USD/100ms",
            r#"prices.toml:5:9: types."m4.large".price: found "0.1 USD/100ms", want a price of at most 1000 USD/h"#,
        ),
        (
            "0.1 USD/h",
            "70 USD/month",
            r#"prices.toml:5:9: types."m4.large".price: found "70 USD/month", want a price that is a whole number of pico-dollars (12 decimals) per hour"#,
        ),
        (
            "8GiB",
            "0B",
            r#"prices.toml:6:10: types."m4.large".memory: found "0B", want a whole number of MiB above zero, such as 8GiB"#,
        ),
        (
            "8GiB",
            "8GB",
            r#"prices.toml:6:10: types."m4.large".memory: found "8GB", want a whole number of MiB above zero, such as 8GiB"#,
        ),
        (
            "vcpu = 2",
            "vcpu = 0",
            r#"prices.toml:7:8: types."m4.large".vcpu: found 0, want a number of processors above zero"#,
        ),
        (
            "vcpu = 2",
            "vcpu = -0.5",
            r#"prices.toml:7:8: types."m4.large".vcpu: found -0.5, want a number of processors above zero"#,
        ),
        ("vcpu = 2", "vcpu = nan", r#"prices.toml:7:8: types."m4.large".vcpu: found nan, want a finite number"#),
        (
            "73 USD/month",
            "0 USD/h",
            r#"prices.toml:10:18: types."m4.large".spot.price: found "0 USD/h", want a price above zero; what costs nothing is left out"#,
        ),
        (
            "5/h",
            "0/h",
            r#"prices.toml:10:50: types."m4.large".spot.interruptions: found "0/h", want a rate above zero; capacity that is never taken back is a type of its own"#,
        ),
        (
            "5/h",
            "5/s",
            r#"prices.toml:10:50: types."m4.large".spot.interruptions: found "5/s", want a rate of at most 1/s for one instance"#,
        ),
        (
            "[types.by-the-hour]",
            r#"[types." "]"#,
            r#"prices.toml:12:1: types." ": found " ", want the name of an instance type"#,
        ),
        (
            r#"minimum = "0s""#,
            r#"minimum = "90min""#,
            r#"prices.toml:16:11: types.by-the-hour.minimum: found "90min", want a multiple of the rounding, 3600s"#,
        ),
        (
            "minimum = \"0s\"\nrounding = \"1h\"",
            "rounding = \"7s\"",
            r#"prices.toml:16:12: types.by-the-hour.rounding: found "7s", want a length that divides the minimum, 60s"#,
        ),
        (
            r#"rounding = "1h""#,
            r#"rounding = "0s""#,
            r#"prices.toml:17:12: types.by-the-hour.rounding: found "0s", want a length of time above zero, such as 1s"#,
        ),
        (
            "0.20 USD/1M",
            "0.20 USD/request",
            r#"prices.toml:22:12: function.requests: found "0.20 USD/request", want a price of at most 0.1 USD/request"#,
        ),
        (
            "0.20 USD/1M",
            "0.0000000001 USD/1M",
            r#"prices.toml:22:12: function.requests: found "0.0000000001 USD/1M", want a price that is a whole number of pico-dollars (12 decimals) per request"#,
        ),
        (
            "0.0000166667 USD/GB-s",
            "0.0166667 USD/GB-s",
            r#"prices.toml:23:12: function.duration: found "0.0166667 USD/GB-s", want a price of at most 0.01 USD/GB-s (36 USD/GB-h)"#,
        ),
        (
            "0.0000166667 USD/GB-s",
            "0.06 USD/GB-h",
            r#"prices.toml:23:12: function.duration: found "0.06 USD/GB-h", want a price that is a whole number of pico-dollars (12 decimals) per GB-second"#,
        ),
        (
            r#"rounding = "100ms""#,
            r#"rounding = "0ms""#,
            r#"prices.toml:24:12: function.rounding: found "0ms", want a length of time above zero, such as 1s"#,
        ),
        (
            "0.0144 USD/GB-h",
            "0 USD/GB-h",
            r#"prices.toml:25:15: function.provisioned: found "0 USD/GB-h", want a price above zero; what costs nothing is left out"#,
        ),
        (
            r#"provisioned = "0.0144 USD/GB-h""#,
            r#"provisioned_duration = "0.0144 USD/GB-h""#,
            r#"prices.toml:21:1: function.provisioned: found nothing, want the price of provisioned concurrency beside that of durations on it"#,
        ),
        (
            "0.04048 USD/vCPU-h",
            "0.04048 USD/vCPU-s",
            r#"prices.toml:30:8: container.vcpu: found "0.04048 USD/vCPU-s", want a price of at most 100 USD/vCPU-h"#,
        ),
        (
            "0.0000012 USD/GiB-s",
            "1 USD/GiB-s",
            r#"prices.toml:31:10: container.memory: found "1 USD/GiB-s", want a price of at most 36 USD/GB-h (0.01 USD/GB-s)"#,
        ),
        (
            "0.0225 USD/h",
            "0 USD/h",
            r#"prices.toml:35:1: balancer: found a balancer that costs nothing, want a price above zero for its hours or its units"#,
        ),
        ("25/s", "0/s", r#"prices.toml:38:20: balancer.unit_connections: found "0/s", want a rate above zero"#),
        ("1GB", "0GB", r#"prices.toml:39:23: balancer.unit_bytes_per_hour: found "0GB", want a size above zero"#),
        (
            "1 USD/1M",
            "0 USD/1M",
            r#"prices.toml:44:9: gateway_requests.price: found "0 USD/1M", want a price above zero; what costs nothing is left out"#,
        ),
        (
            "0.0376 USD/h",
            "0 USD/h",
            r#"prices.toml:49:9: gateway.price: found "0 USD/h", want a price above zero; what costs nothing is left out"#,
        ),
        (
            "92.16 USD/TB",
            "0.000000000001 USD/TB",
            r#"prices.toml:54:9: egress.price: found "0.000000000001 USD/TB", want a price that is a whole number of pico-dollars (12 decimals) per GB"#,
        ),
        (
            "92.16 USD/TB",
            "0.09 USD/KB",
            r#"prices.toml:54:19: egress.price: found "0.09 USD/KB", want a price in USD per MB, GB, TB, MiB, GiB or TiB (did you mean MB?)"#,
        ),
    ] {
        refused(written, instead, &[complaint]);
    }
}

#[test]
fn all_complaints_come_at_once_in_the_order_of_the_file() {
    let text = r#"title = ""
[types.a]
price = "0 USD/h"
memory = "1kB"
vcpu = 0
source = ""
date = "yesterday"
[function]
requests = "0 USD/1M"
duration = "0 USD/GB-s"
rounding = "0s"
source = " "
date = "2020-00-10"
"#;
    let shown = check_text(text).unwrap_err().to_string();
    let places: Vec<&str> = shown.lines().map(|line| line.split(": found").next().unwrap()).collect();
    let keys =
        ["1:9: title", "3:9: types.a.price", "4:10: types.a.memory", "5:8: types.a.vcpu", "6:10: types.a.source"];
    let more = ["7:8: types.a.date", "8:1: function", "11:12: function.rounding", "12:10: function.source"];
    let expected: Vec<String> =
        keys.iter().chain(&more).chain(&["13:8: function.date"]).map(|place| format!("prices.toml:{place}")).collect();
    assert_eq!(places, expected);
}

#[test]
fn a_list_without_a_price_is_refused() {
    let wanted = "want types, function, container, balancer, gateway_requests, gateway or egress";
    let shown = check_text("title = \"empty\"\n").unwrap_err().to_string();
    assert_eq!(shown, format!("prices.toml: found no price, {wanted}"));
}

#[test]
fn a_spot_price_above_the_one_on_demand_is_a_price() {
    let tariff = check_text(&WHOLE.replace("73 USD/month", "0.2 USD/h"));
    assert_eq!(tariff.unwrap().instance_type("m4.large").unwrap().spot.unwrap().price, PerHour(200_000_000_000));
}

#[test]
fn a_list_that_cannot_be_opened_is_one_complaint() {
    let shown = read(Path::new("no/such/list.toml")).unwrap_err().to_string();
    assert_eq!(shown.lines().count(), 1, "{shown}");
    assert!(shown.starts_with("no/such/list.toml: found no such file, want "), "{shown}");
}
