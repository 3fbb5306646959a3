//! `plan economy`: the choice and the front on their own, and what is said about economies that cannot be.

use super::{Place, Said};

fn plan(place: &Place, arguments: &str) -> Said {
    place.run(["plan", "economy"].into_iter().chain(arguments.split_whitespace()))
}

#[test]
fn the_choice_is_the_capacity_rule_with_a_price_and_the_exact_optimum_stands_beside_it() {
    let place = Place::new();
    let said = plan(&place, "solve --rate 50 --csv choice.csv");
    assert_eq!(said.code, Some(0), "{}", said.err);
    // 50 requests/s at 15 a machine.
    assert!(said.out.starts_with("replicas 4\n"), "{}", said.out);
    assert!(said.out.contains("10000 evaluations") && said.out.contains("exact optimum: vms 3.33"), "{}", said.out);
    let choice = place.read("choice.csv");
    let lines: Vec<&str> = choice.lines().collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0], "price,vms,banners,service_profit,application_profit,satisfaction,chosen");
    assert!(lines[1].ends_with(",true"));
    assert_eq!(plan(&place, "solve --rate 50"), plan(&place, "solve --rate 50"), "the same bytes twice");
}

#[test]
fn the_front_is_a_table_with_one_point_chosen() {
    let place = Place::new();
    let said = plan(&place, "front --rate 50 --weights 0,0,1");
    assert_eq!(said.code, Some(0), "{}", said.err);
    let mut reader = csv::Reader::from_reader(said.out.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.expect("a row")).collect();
    assert!(rows.len() > 50 && rows.iter().filter(|row| &row[6] == "true").count() == 1, "{}", rows.len());
    let satisfaction = |row: &csv::StringRecord| row[5].parse::<f64>().expect("a number");
    let most = rows.iter().map(satisfaction).fold(0.0, f64::max);
    let chosen = rows.iter().find(|row| &row[6] == "true").expect("one is chosen");
    assert_eq!(satisfaction(chosen), most, "users alone count");
}

#[cfg(feature = "plots")]
#[test]
fn the_front_is_drawn_with_every_point_and_the_choice_in_the_csv_beside_it() {
    let place = Place::new();
    let said = plan(&place, "front --rate 50 --csv rows.csv --plot front.svg");
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{}", said.out);
    let svg = place.read("front.svg");
    let drawn = roxmltree::Document::parse(&svg).expect("a picture is XML");
    let words: Vec<&str> = drawn.descendants().filter_map(|node| node.text()).map(str::trim).collect();
    for word in ["Front of the economy", "service profit (USD/s)", "application profit (USD/s)", "chosen"] {
        assert!(words.contains(&word), "no {word} in {words:?}");
    }
    // The profits of the front, once each, and those of the choice again.
    let profits = |text: String, from: usize| -> Vec<[f64; 2]> {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let number = |row: &csv::StringRecord, at: usize| row[at].parse::<f64>().expect("a number");
        let rows = reader.records().map(|row| row.expect("a row"));
        let mut found: Vec<[f64; 2]> = rows.map(|row| [number(&row, from), number(&row, from + 1)]).collect();
        found.sort_by(|one, other| one[0].total_cmp(&other[0]).then(one[1].total_cmp(&other[1])));
        found
    };
    let beside = place.read("front.csv");
    let (chosen, parts): (Vec<&str>, Vec<&str>) = beside.lines().skip(1).partition(|line| line.starts_with("chosen,"));
    assert_eq!(chosen.len(), 1, "{beside}");
    let shown = format!("part,x,y\n{}\n", parts.join("\n"));
    assert_eq!(profits(shown, 1), profits(place.read("rows.csv"), 3));
    let again = place.run(["plan", "economy", "front", "--rate", "50", "--plot", "front.png"]);
    assert_eq!(again.code, Some(2));
    assert!(again.err.contains("want a file that ends in .svg"), "{}", again.err);
}

#[test]
fn what_cannot_be_is_said_with_key_found_and_wanted() {
    let place = Place::new();
    place.write("market.toml", "vm_price_per_s = 0.0\ncapacity_per_s = { lower = 21, upper = 15 }\n");
    for (arguments, code, wanted) in [
        (
            "solve market.toml --rate 50",
            2,
            vec![
                "market.toml:1:18: vm_price_per_s: found 0, want a positive number",
                "market.toml:2:18: capacity_per_s: found 21 to 15, want a lower bound below the upper one",
                "2 complaints",
            ],
        ),
        (
            "solve --rate 50 --set banner_weight=0.7",
            2,
            vec![
                "--set banner_weight=0.7: banner_weight: found 1.2 together with response_weight, want weights that sum to 1, \
             within a billionth",
                "1 complaint",
            ],
        ),
        (
            "solve --rate 50 --weights 0.5,0.5,0.5",
            2,
            vec!["weights: found [0.5, 0.5, 0.5], want three numbers from 0 that sum to 1"],
        ),
        ("solve --rate -1", 2, vec!["rate_per_s: found -1, want a positive number of requests per second"]),
        (
            "front --rate 50 --set revenue_per_mille=0.01",
            1,
            vec!["the front is empty: no price and no number of banners leaves everybody in business at this load"],
        ),
    ] {
        let said = plan(&place, arguments);
        assert_eq!((said.code, said.err.lines().collect::<Vec<_>>()), (Some(code), wanted), "{arguments}");
        assert_eq!(said.out, "", "{arguments}");
    }
}
