//! The JSON Schema of a scenario, for editors and for people.
//!
//! It comes from the types that read the scenario and therefore cannot disagree with them. Keys stand in alphabetical
//! order, so that two builds print the same bytes. serde's types leave unknown keys open; the reader refuses them, so
//! the printed schema closes its tables.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde_json::{Map, Value as Json};

use super::shape::Schema;

/// The schema of a type with its tables closed.
pub fn json_schema<T: JsonSchema + 'static>() -> Json {
    let mut schema = Schema::of::<T>().root().clone();
    let mut extended = BTreeSet::new();
    find_extended(&schema, &mut extended);
    let definitions = schema.as_object_mut().and_then(|root| root.remove("$defs"));
    close(&mut schema);
    if let (Some(Json::Object(mut definitions)), Some(root)) = (definitions, schema.as_object_mut()) {
        for (name, definition) in &mut definitions {
            // What others extend by keys of their own is closed where it is used, not here.
            if extended.contains(name) { close_inside(definition) } else { close(definition) }
        }
        root.insert("$defs".into(), Json::Object(definitions));
    }
    schema
}

/// [`json_schema`] as text, ending with a newline.
pub fn print<T: JsonSchema + 'static>() -> String {
    let text = serde_json::to_string_pretty(&json_schema::<T>()).expect("a schema is plain JSON");
    text + "\n"
}

/// Definitions that are referred to beside further properties: variants of tagged enums.
fn find_extended(schema: &Json, extended: &mut BTreeSet<String>) {
    match schema {
        Json::Object(map) => {
            if let (Some(Json::String(reference)), true) = (map.get("$ref"), map.contains_key("properties")) {
                extended.extend(reference.rsplit('/').next().map(str::to_owned));
            }
            map.values().for_each(|part| find_extended(part, extended));
        }
        Json::Array(parts) => parts.iter().for_each(|part| find_extended(part, extended)),
        _ => {}
    }
}

/// Closes a schema of a table, and everything inside it.
fn close(schema: &mut Json) {
    close_inside(schema);
    let Some(map) = schema.as_object_mut() else { return };
    let says = |map: &Map<String, Json>, word: &str| map.contains_key(word);
    if !says(map, "properties") || says(map, "additionalProperties") {
        return;
    }
    let composed = ["$ref", "oneOf", "anyOf", "allOf"].iter().any(|word| says(map, word));
    // Only `unevaluatedProperties` sees the keys that composed schemas bring in.
    let word = if composed { "unevaluatedProperties" } else { "additionalProperties" };
    map.insert(word.into(), Json::Bool(false));
}

fn close_inside(schema: &mut Json) {
    let Some(map) = schema.as_object_mut() else { return };
    let is_table = map.contains_key("properties");
    for (word, part) in map.iter_mut() {
        match (word.as_str(), part) {
            ("properties" | "patternProperties", Json::Object(fields)) => fields.values_mut().for_each(close),
            ("items" | "additionalProperties", part) => close(part),
            ("prefixItems", Json::Array(parts)) => parts.iter_mut().for_each(close),
            // The alternatives of a table with keys of its own extend it and stay open.
            ("oneOf" | "anyOf" | "allOf", Json::Array(parts)) if is_table => parts.iter_mut().for_each(close_inside),
            ("oneOf" | "anyOf" | "allOf", Json::Array(parts)) => parts.iter_mut().for_each(close),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::units::{FreeTable, TimeSpan};
    use serde_json::json;

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema is of interest")]
    struct Fleet {
        boot: TimeSpan,
        pool: Pool,
        free: FreeTable,
    }

    #[derive(JsonSchema)]
    #[serde(tag = "kind", rename_all = "kebab-case")]
    #[expect(dead_code, reason = "only its schema is of interest")]
    enum Pool {
        Vm(Vm),
        Function { slots: u32 },
    }

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema is of interest")]
    struct Vm {
        count: u32,
    }

    #[test]
    fn tables_are_closed_where_nothing_extends_them() {
        let schema = json_schema::<Fleet>();
        assert_eq!(schema["additionalProperties"], json!(false));
        assert_eq!(schema["properties"]["free"]["additionalProperties"], json!(true));
        let [vm, function] = [&schema["$defs"]["Pool"]["oneOf"][0], &schema["$defs"]["Pool"]["oneOf"][1]];
        assert_eq!((vm.get("additionalProperties"), &vm["unevaluatedProperties"]), (None, &json!(false)));
        assert_eq!(function["additionalProperties"], json!(false));
        assert_eq!(schema["$defs"]["Vm"].get("additionalProperties"), None);
    }

    #[test]
    fn the_text_is_the_same_every_time_and_shows_units() {
        let text = print::<Fleet>();
        assert_eq!(text, print::<Fleet>());
        assert!(text.contains("\"examples\": [\n        \"250ms\","), "{text}");
        assert!(text.ends_with("}\n"));
    }
}
