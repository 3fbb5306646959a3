//! The JSON Schemas that are printed: they use what editors understand, and the shipped files are valid under them.
//!
//! The validator here knows the keywords that the schemas use and fails on any other, so that none goes unchecked;
//! patterns are left to the reader's own tests.

use std::path::Path;

use serde_json::Value;

use super::{GOLDEN, Place};

/// Keywords that say something to people only, or bound numbers more tightly than their type.
const REMARKS: [&str; 9] =
    ["$schema", "$defs", "title", "description", "default", "examples", "format", "pattern", "minLength"];

/// Everything that is wrong with a value, by its place.
fn faults(root: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    let rules = match schema {
        Value::Bool(true) => return,
        Value::Object(rules) => rules,
        other => return found.push(format!("{at}: no schema but {other}")),
    };
    let fits = |schema: &Value| {
        let mut inner = vec![];
        faults(root, schema, value, at, &mut inner);
        inner.is_empty()
    };
    for (keyword, rule) in rules {
        let fine = match keyword.as_str() {
            "$ref" => {
                let target = rule.as_str().and_then(|path| root.pointer(path.strip_prefix('#')?));
                target.is_some_and(fits)
            }
            "type" => match rule {
                Value::Array(types) => types.iter().any(|name| is_a(value, name)),
                name => is_a(value, name),
            },
            "const" => value == rule,
            "enum" => rule.as_array().unwrap().contains(value),
            "anyOf" => rule.as_array().unwrap().iter().any(fits),
            "allOf" => rule.as_array().unwrap().iter().all(fits),
            "oneOf" => rule.as_array().unwrap().iter().filter(|&schema| fits(schema)).count() == 1,
            "minimum" => value.as_f64().is_none_or(|number| number >= rule.as_f64().unwrap()),
            "maximum" => value.as_f64().is_none_or(|number| number <= rule.as_f64().unwrap()),
            "required" => {
                let keys = rule.as_array().unwrap().iter().map(|key| key.as_str().unwrap());
                value.as_object().is_none_or(|table| keys.into_iter().all(|key| table.contains_key(key)))
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    faults(root, rule, item, &format!("{at}[{index}]"), found);
                }
                true
            }
            "properties" => {
                for (key, schema) in rule.as_object().unwrap() {
                    if let Some(inner) = value.get(key) {
                        faults(root, schema, inner, &format!("{at}.{key}"), found);
                    }
                }
                true
            }
            "additionalProperties" => {
                let known = rules.get("properties").and_then(Value::as_object);
                let is_more = |key: &str| known.is_none_or(|known| !known.contains_key(key));
                for (key, inner) in value.as_object().into_iter().flatten().filter(|(key, _)| is_more(key)) {
                    let inside = format!("{at}.{key}");
                    match rule {
                        Value::Bool(false) => found.push(format!("{inside}: an unknown key")),
                        schema => faults(root, schema, inner, &inside, found),
                    }
                }
                true
            }
            remark if REMARKS.contains(&remark) || remark.starts_with("x-") => true,
            _ => return found.push(format!("{at}: the keyword {keyword} is not known here")),
        };
        if !fine {
            found.push(format!("{at}: {keyword} {rule}, found {value}"));
        }
    }
}

fn is_a(value: &Value, name: &Value) -> bool {
    match name.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        other => panic!("the type {other} is not known here"),
    }
}

fn schema_of(file: &str) -> Value {
    let said = Place::new().run(["schema", file]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    serde_json::from_str(&said.out).unwrap()
}

fn faults_of(schema: &Value, path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    let value: Value = toml::from_str(&text).unwrap();
    let mut found = vec![];
    faults(schema, schema, &value, "", &mut found);
    found
}

/// TOML files of a folder of the project.
fn shipped(folder: &str) -> Vec<std::path::PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|ending| ending == "toml")).collect()
}

#[test]
fn shipped_scenarios_and_price_lists_are_valid() {
    let (scenario, prices) = (schema_of("scenario"), schema_of("prices"));
    let golden = ["town", "crowd"].map(|name| Path::new(GOLDEN).join(name).with_extension("toml"));
    let scenarios = shipped("scenarios").into_iter().chain(golden).map(|path| (&scenario, path));
    let lists = shipped("scenarios/prices").into_iter().map(|path| (&prices, path));
    let all: Vec<_> = scenarios.chain(lists).collect();
    assert!(all.len() >= 8);
    for (schema, path) in all {
        assert_eq!(faults_of(schema, &path), [""; 0], "{}", path.display());
    }
}

#[test]
fn a_slip_is_a_fault_under_the_schema_too() {
    let (schema, place) = (schema_of("scenario"), Place::new());
    let text = place.read("town.toml");
    for (old, new) in [
        ("kind = \"vm\"", "kind = \"vn\""),
        ("size = 2", "size = -2"),
        ("size = 2", "sise = 2"),
        ("horizon = \"10min\"", "horizon = 10"),
        ("strategies = [\"max\", \"faas\", \"libra\"]", ""),
    ] {
        assert!(text.contains(old), "{old}");
        let path = place.write("slip.toml", text.replacen(old, new, 1));
        assert_ne!(faults_of(&schema, &path), [""; 0], "{new}");
    }
}

#[test]
fn a_schema_says_which_dialect_it_speaks() {
    for file in ["scenario", "prices"] {
        let schema = schema_of(file);
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        assert!(schema["description"].is_string() && schema["title"].is_string());
    }
    assert_eq!(Place::new().line("schema traces").code, Some(2));
}
