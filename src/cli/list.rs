//! `list`: the strategies, from the catalogue.

use std::process::ExitCode;

use clap::Args;

use crate::catalogue::CATALOGUE;

#[derive(Args)]
pub struct List {
    /// Print JSON, with the schema of each strategy's parameters.
    #[arg(long)]
    json: bool,
}

impl List {
    pub fn run(&self) -> ExitCode {
        if self.json {
            let rows: Vec<serde_json::Value> = CATALOGUE
                .iter()
                .map(|row| {
                    serde_json::json!({
                        "name": row.name,
                        "about": row.about,
                        "source": row.source,
                        "knows": row.knows.words(),
                        "parameters": (row.schema)(),
                    })
                })
                .collect();
            return super::print(&format!("{:#}\n", serde_json::Value::Array(rows)));
        }
        let mut text = String::new();
        for row in CATALOGUE {
            text += &format!("{}: {}\n  source: {}\n  knows: {}\n", row.name, row.about, row.source, row.knows.words());
            for (key, parameter) in parameters(&(row.schema)()) {
                text += &format!("  {key}: {parameter}\n");
            }
            text.push('\n');
        }
        super::print(&text)
    }
}

/// Each parameter with its default and meaning, out of its schema.
fn parameters(schema: &serde_json::Value) -> Vec<(String, String)> {
    let Some(properties) = schema.get("properties").and_then(|properties| properties.as_object()) else {
        return vec![];
    };
    let own = properties.iter().filter(|(key, _)| *key != "use");
    own.map(|(key, property)| {
        let about = property.get("description").and_then(|text| text.as_str()).unwrap_or("");
        let default = match property.get("default") {
            None | Some(serde_json::Value::Null) => String::new(),
            Some(value) => format!(" (default {value})"),
        };
        (key.clone(), format!("{}{default}", about.split_whitespace().collect::<Vec<_>>().join(" ")))
    })
    .collect()
}
