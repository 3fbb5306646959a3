//! Origins and meanings over a small scenario.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::*;
use crate::scenario::reader;
use crate::scenario::units::{FreeTable, TimeSpan};

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
struct Shop {
    /// The seed of all draws.
    #[serde(default = "seven")]
    seed: u64,
    pools: BTreeMap<String, Stall>,
    /// Shares of the sources.
    #[serde(default)]
    shares: Vec<f64>,
    #[serde(default)]
    doors: Vec<Door>,
    #[serde(default)]
    free: FreeTable,
    /// Stops the day early.
    end: Option<TimeSpan>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
enum Stall {
    Open {
        /// How long a stall needs to open.
        ///
        /// Source: a price list of 2024.
        #[serde(default = "minute")]
        boot: TimeSpan,
    },
    Closed,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Door {
    /// How many pass at once.
    width: u32,
}

fn seven() -> u64 {
    7
}

fn minute() -> TimeSpan {
    TimeSpan(crate::engine::time::Span::from_secs(60))
}

const TEXT: &str = r#"shares = [0.5, 1]
[pools.fish]
kind = "open"
[pools.meat]
kind = "closed"
[[doors]]
width = 3
[free]
alpha = "a"
"#;

fn rows() -> Vec<Row> {
    let mut document = Document::parse("shop.toml", TEXT).unwrap();
    document.set_all(["pools.cheese.kind=open", "pools.cheese.boot=2min", "free.beta=1"]).unwrap();
    reader::read::<Shop>(document).unwrap().explain().unwrap()
}

#[test]
fn every_value_in_force_says_where_it_came_from() {
    let wanted = "\
doors[0].width = 3          shop.toml:7  How many pass at once.
end = none                  default      Stops the day early.
free.alpha = \"a\"            shop.toml:9
free.beta = 1               --set
pools.cheese.boot = \"120s\"  --set        How long a stall needs to open. Source: a price list of 2024.
pools.cheese.kind = \"open\"  --set
pools.fish.boot = \"60s\"     default      How long a stall needs to open. Source: a price list of 2024.
pools.fish.kind = \"open\"    shop.toml:3
pools.meat.kind = \"closed\"  shop.toml:5
seed = 7                    default      The seed of all draws.
shares = [0.5, 1.0]         shop.toml:1  Shares of the sources.
";
    assert_eq!(table(&rows()), wanted);
}

#[test]
fn the_same_is_told_in_json() {
    let told = to_json(&rows());
    assert_eq!(told["seed"], json!({ "value": 7, "origin": { "kind": "default" }, "about": "The seed of all draws." }));
    let origin = json!({ "kind": "set", "text": "pools.cheese.boot=2min" });
    assert_eq!((&told["pools.cheese.boot"]["origin"], &told["pools.cheese.boot"]["value"]), (&origin, &json!("120s")));
    let origin = json!({ "kind": "file", "file": "shop.toml", "line": 7, "column": 9 });
    assert_eq!(told["doors[0].width"]["origin"], origin);
    assert_eq!(told["end"]["value"], Json::Null);
}
