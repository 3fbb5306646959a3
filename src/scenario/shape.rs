//! What a JSON Schema asks of one value.
//!
//! Only what serde types turn into is understood: references, optional values, tagged and untagged enums, flattened
//! structs, maps, lists and tuples. Alternatives are settled by looking at the value: first by its kind, then by the
//! tag, and where nothing tells them apart by what fits with the fewest complaints.

use std::any::TypeId;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value as Json};

use super::complaint::quoted;
use super::node::{Node, Value};
use super::units::{either, nearest};
use super::walk;

/// A schema with the definitions it refers to.
#[derive(Clone, Debug)]
pub struct Schema {
    root: Arc<Json>,
}

/// The keywords that apply to one value, gathered from references and settled alternatives.
#[derive(Clone, Debug, Default)]
pub struct Shape<'s> {
    views: Vec<&'s Map<String, Json>>,
}

/// Why no alternative fits a value. `key` is the key below the value that is to blame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    pub key: Option<String>,
    pub found: String,
    pub wanted: String,
    pub hint: Option<String>,
}

impl Schema {
    /// The schema of a type. Deriving one takes longer than reading a scenario by it, and a sweep reads thousands: each is
    /// derived once.
    pub fn of<T: schemars::JsonSchema + 'static>() -> Schema {
        static DERIVED: Mutex<BTreeMap<TypeId, Schema>> = Mutex::new(BTreeMap::new());
        // A thread that panicked here left whole entries only.
        let mut derived = DERIVED.lock().unwrap_or_else(PoisonError::into_inner);
        let of_type = derived.entry(TypeId::of::<T>());
        of_type.or_insert_with(|| Schema { root: Arc::new(schemars::schema_for!(T).to_value()) }).clone()
    }

    pub fn root(&self) -> &Json {
        &self.root
    }

    /// The keywords that hold for a value whatever it is.
    fn certain<'s>(&'s self, schema: &'s Json) -> Shape<'s> {
        let mut views = Vec::new();
        self.gather(schema, &mut views);
        Shape { views }
    }

    fn gather<'s>(&'s self, schema: &'s Json, views: &mut Vec<&'s Map<String, Json>>) {
        let Some(map) = schema.as_object() else { return };
        if views.iter().any(|view| std::ptr::eq(*view, map)) {
            return;
        }
        views.push(map);
        let reference = map.get("$ref").and_then(Json::as_str).and_then(|name| name.strip_prefix('#'));
        if let Some(target) = reference.and_then(|pointer| self.root.pointer(pointer)) {
            self.gather(target, views);
        }
        for part in map.get("allOf").and_then(Json::as_array).into_iter().flatten() {
            self.gather(part, views);
        }
    }

    /// The keywords that hold for this value, alternatives settled.
    ///
    /// # Errors
    /// No alternative fits.
    pub fn settle<'s>(&'s self, schema: &'s Json, node: &Node) -> Result<Shape<'s>, Misfit> {
        let mut shape = self.certain(schema);
        for view in shape.views.clone() {
            for branches in ["oneOf", "anyOf"].iter().filter_map(|word| view.get(*word)?.as_array()) {
                let chosen = self.choose(schema, branches, node)?;
                shape.views.extend(self.settle(chosen, node)?.views);
            }
        }
        Ok(shape)
    }

    fn choose<'s>(&'s self, schema: &'s Json, branches: &'s [Json], node: &Node) -> Result<&'s Json, Misfit> {
        let misfit = |found: String, wanted: String| Misfit { key: None, found, wanted, hint: None };
        let fits: Vec<&Json> = branches.iter().filter(|branch| self.takes(branch, node)).collect();
        match (fits.as_slice(), &node.value) {
            ([], _) => Err(misfit(node.shown(), self.wanted(schema))),
            ([only], _) => Ok(only),
            (_, Value::Text(text)) => {
                let names: Option<Vec<Vec<&str>>> = fits.iter().map(|branch| self.names(branch)).collect();
                match names {
                    Some(names) => match names.iter().position(|names| names.contains(&text.as_str())) {
                        Some(nth) => Ok(fits[nth]),
                        None => Err(unknown_name(text, &names.concat())),
                    },
                    None => Ok(self.best(&fits, node)),
                }
            }
            (_, Value::Table(table)) => match self.tag(&fits) {
                Some((tag, names)) => match table.get(tag).map(|node| (node, &node.value)) {
                    Some((_, Value::Text(text))) => match names.iter().position(|name| name == text) {
                        Some(nth) => Ok(fits[nth]),
                        None => Err(Misfit { key: Some(tag.to_owned()), ..unknown_name(text, &names) }),
                    },
                    other => {
                        let found = other.map_or("nothing".to_owned(), |(node, _)| node.shown());
                        Err(Misfit { key: Some(tag.to_owned()), ..misfit(found, one_of(&names)) })
                    }
                },
                None => match self.outer_names(&fits) {
                    Some(names) => match names.iter().position(|name| table.contains_key(*name)) {
                        Some(nth) => Ok(fits[nth]),
                        None => {
                            let hint = table.keys().find_map(|key| nearest(key, names.iter().copied()));
                            let hint = hint.map(|name| format!("did you mean {name}?"));
                            let wanted = format!("a table with the key {}", either(&names));
                            Err(Misfit { hint, ..misfit(node.shown(), wanted) })
                        }
                    },
                    None => Ok(self.best(&fits, node)),
                },
            },
            _ => Ok(self.best(&fits, node)),
        }
    }

    /// The alternative with the fewest complaints, the first of equals.
    fn best<'s>(&'s self, fits: &[&'s Json], node: &Node) -> &'s Json {
        let flaws = fits.iter().min_by_key(|branch| walk::count_flaws(self, branch, node));
        flaws.copied().expect("an alternative is chosen among at least two")
    }

    /// Whether a value is of a kind that the schema takes at all.
    pub fn takes(&self, schema: &Json, node: &Node) -> bool {
        let kinds = self.kinds(schema);
        kinds.is_empty() || kinds.iter().any(|kind| is_of_kind(node, kind))
    }

    /// The kinds a schema takes, in its words; empty when it takes any.
    fn kinds<'s>(&'s self, schema: &'s Json) -> Vec<&'s str> {
        let shape = self.certain(schema);
        if let Some(kinds) = shape.kinds() {
            return kinds;
        }
        if shape
            .word("const")
            .or_else(|| shape.word("enum").and_then(|names| names.get(0)))
            .is_some_and(Json::is_string)
        {
            return vec!["string"];
        }
        let branches =
            shape.views.iter().flat_map(|view| ["oneOf", "anyOf"].into_iter().filter_map(|word| view.get(word)));
        branches.filter_map(Json::as_array).flatten().flat_map(|branch| self.kinds(branch)).collect()
    }

    /// The names that a schema lists, when it is a list of names and nothing else.
    fn names<'s>(&'s self, schema: &'s Json) -> Option<Vec<&'s str>> {
        let shape = self.certain(schema);
        if let Some(names) = shape.names() {
            return Some(names);
        }
        let branches = shape.views.iter().find_map(|view| view.get("oneOf").or(view.get("anyOf"))?.as_array())?;
        let named = branches.iter().filter(|branch| !self.kinds(branch).iter().all(|kind| *kind == "null"));
        named.map(|branch| self.names(branch)).collect::<Option<Vec<_>>>().map(|names| names.concat())
    }

    /// The key whose text tells tables apart, with its text in each of them.
    fn tag<'s>(&'s self, branches: &[&'s Json]) -> Option<(&'s str, Vec<&'s str>)> {
        let constant = |branch: &'s Json, key: &str| {
            self.certain(branch).property(key).and_then(|schema| schema.get("const")?.as_str())
        };
        let (tag, _) = self
            .certain(branches.first()?)
            .properties()
            .into_iter()
            .find(|(_, schema)| schema.get("const").is_some())?;
        let names = branches.iter().map(|branch| constant(branch, tag)).collect::<Option<Vec<_>>>()?;
        Some((tag, names))
    }

    /// The single keys of tables such as `{ poisson = { .. } }`, when that is what all alternatives are.
    fn outer_names<'s>(&'s self, branches: &[&'s Json]) -> Option<Vec<&'s str>> {
        let single = |branch: &&'s Json| {
            let shape = self.certain(branch);
            let closed = shape.word("additionalProperties") == Some(&Json::Bool(false));
            match shape.properties()[..] {
                [(name, _)] if closed && shape.required() == [name] => Some(name),
                _ => None,
            }
        };
        branches.iter().map(single).collect()
    }

    /// Completes "want ...".
    pub fn wanted(&self, schema: &Json) -> String {
        let shape = self.certain(schema);
        if let Some(wanted) = shape.word("x-wanted").and_then(Json::as_str) {
            return wanted.to_owned();
        }
        if let Some(names) = self.names(schema) {
            return one_of(&names);
        }
        if let Some(kinds) = shape.kinds() {
            let words: Vec<String> =
                kinds.iter().filter(|kind| **kind != "null").map(|kind| shape.described(kind)).collect();
            return either(&words);
        }
        let branches = shape.views.iter().find_map(|view| view.get("oneOf").or(view.get("anyOf"))?.as_array());
        let branches = branches.map(|branches| branches.iter().collect::<Vec<_>>()).unwrap_or_default();
        if let Some((tag, names)) = self.tag(&branches) {
            return format!("a table with {tag} = {}", one_of(&names));
        }
        let mut words: Vec<String> =
            branches.iter().map(|branch| self.wanted(branch)).filter(|word| !word.is_empty()).collect();
        words.dedup();
        if words.is_empty() { "a value".to_owned() } else { either(&words) }
    }
}

impl<'s> Shape<'s> {
    /// The first that is said about a keyword; what stands at the place of use comes before what it refers to.
    pub fn word(&self, keyword: &str) -> Option<&'s Json> {
        self.views.iter().find_map(|view| view.get(keyword))
    }

    pub fn kinds(&self) -> Option<Vec<&'s str>> {
        match self.word("type")? {
            Json::String(kind) => Some(vec![kind]),
            Json::Array(kinds) => Some(kinds.iter().filter_map(Json::as_str).collect()),
            _ => None,
        }
    }

    /// The texts that are allowed, when they are listed.
    pub fn names(&self) -> Option<Vec<&'s str>> {
        match (self.word("const"), self.word("enum")) {
            (Some(Json::String(name)), _) => Some(vec![name]),
            (_, Some(Json::Array(names))) => names.iter().filter(|name| !name.is_null()).map(Json::as_str).collect(),
            _ => None,
        }
    }

    pub fn properties(&self) -> Vec<(&'s str, &'s Json)> {
        let tables = self.views.iter().filter_map(|view| view.get("properties")?.as_object());
        tables.flatten().map(|(key, schema)| (key.as_str(), schema)).collect()
    }

    pub fn property(&self, key: &str) -> Option<&'s Json> {
        self.views.iter().find_map(|view| view.get("properties")?.get(key))
    }

    /// The schema of keys that are not listed, when there may be any.
    pub fn other(&self) -> Option<&'s Json> {
        let patterns = self.views.iter().filter_map(|view| view.get("patternProperties")?.as_object());
        let others = self.views.iter().filter_map(|view| view.get("additionalProperties"));
        patterns.flat_map(|patterns| patterns.values()).chain(others).find(|schema| **schema != Json::Bool(false))
    }

    pub fn required(&self) -> Vec<&'s str> {
        let lists = self.views.iter().filter_map(|view| view.get("required")?.as_array());
        lists.flatten().filter_map(Json::as_str).collect()
    }

    /// The range of a whole number: what is stated, within what its type holds.
    pub fn whole_range(&self) -> (i128, i128) {
        let format = self.word("format").and_then(Json::as_str).unwrap_or("");
        let bits = |prefix: &str| format.strip_prefix(prefix).map(|bits| bits.parse().unwrap_or(64));
        // A file holds no whole number past 63 bits.
        let (low, high) = match (bits("uint"), bits("int")) {
            (Some(bits), _) => (0, (1i128 << u32::min(bits, 63)) - 1),
            (_, Some(bits)) => {
                (-(1i128 << (u32::clamp(bits, 1, 64) - 1)), (1i128 << (u32::clamp(bits, 1, 64) - 1)) - 1)
            }
            _ => (i128::from(i64::MIN), i128::from(i64::MAX)),
        };
        let stated = |word: &str| self.word(word).and_then(|bound| bound.as_i64().map(i128::from));
        (stated("minimum").unwrap_or(low).max(low), stated("maximum").unwrap_or(high).min(high))
    }

    /// What a kind of the schema is called, with its bounds.
    fn described(&self, kind: &str) -> String {
        match kind {
            "integer" => {
                let stated = |word: &str| self.word(word).filter(|bound| bound.is_number());
                match (stated("minimum"), stated("maximum")) {
                    (Some(low), Some(high)) => format!("a whole number from {low} to {high}"),
                    (Some(low), None) => format!("a whole number of at least {low}"),
                    (None, Some(high)) => format!("a whole number of at most {high}"),
                    (None, None) => "a whole number".into(),
                }
            }
            "number" => self.number_wanted(),
            "string" => "a text in quotes".into(),
            "boolean" => "true or false".into(),
            "array" => {
                match (self.word("minItems").and_then(Json::as_u64), self.word("maxItems").and_then(Json::as_u64)) {
                    (Some(low), Some(high)) if low == high => format!("a list of {low}"),
                    (Some(low), _) if low > 0 => format!("a list of at least {low}"),
                    _ => "a list".into(),
                }
            }
            "object" => "a table".into(),
            other => other.to_owned(),
        }
    }

    /// What a number must be, with its bounds.
    pub fn number_wanted(&self) -> String {
        let bound = |word: &str, text: &str| {
            self.word(word).filter(|bound| bound.is_number()).map(|bound| format!("{text} {bound}"))
        };
        let low = (bound("minimum", "of at least"), bound("exclusiveMinimum", "above"));
        let high = (bound("maximum", "of at most"), bound("exclusiveMaximum", "below"));
        if let (Some(low), Some(high)) = (self.word("minimum"), self.word("maximum")) {
            return format!("a number from {low} to {high}");
        }
        match (low.0.or(low.1), high.0.or(high.1)) {
            (Some(low), Some(high)) => format!("a number {low} and {high}"),
            (Some(bound), None) | (None, Some(bound)) => format!("a number {bound}"),
            (None, None) => "a number".into(),
        }
    }
}

fn is_of_kind(node: &Node, kind: &str) -> bool {
    match &node.value {
        Value::Nothing => kind == "null",
        Value::Text(_) => kind == "string",
        Value::Integer { .. } => matches!(kind, "integer" | "number"),
        Value::Float { .. } => kind == "number",
        Value::Boolean(_) => kind == "boolean",
        Value::Date(_) => false,
        Value::List(_) => kind == "array",
        Value::Table(_) => kind == "object",
    }
}

/// `"a", "b" or "c"`, cut when there are many.
fn one_of(names: &[&str]) -> String {
    let shown: Vec<String> = names.iter().take(12).map(|name| quoted(name)).collect();
    if shown.len() < names.len() {
        format!("one of {} and {} more", shown.join(", "), names.len() - shown.len())
    } else {
        either(&shown)
    }
}

/// The misfit of a text that is not among the names it may be.
pub fn unknown_name(text: &str, names: &[&str]) -> Misfit {
    let hint = nearest(text, names.iter().copied()).map(|name| format!("did you mean {}?", quoted(name)));
    Misfit { key: None, found: quoted(text), wanted: one_of(names), hint }
}
