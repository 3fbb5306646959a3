//! The walk of a document against the schema of the type it shall become.
//!
//! serde stops at the first thing it does not like; this walk goes through the whole document and notes all of it, so
//! that a person mends a file once.

use serde_json::Value as Json;

use super::archive_text;
use super::complaint::{Desk, quoted};
use super::document::Document;
use super::law_text;
use super::node::{Node, Place, Table, Value};
use super::path::{KeyPath, Step};
use super::shape::{Misfit, Schema, Shape, unknown_name};
use super::units::{self, Checker, Flaw, either, nearest};

/// What is wrong at a place. `into` is the byte of a text value at which it goes wrong.
struct Problem {
    found: String,
    wanted: String,
    hint: Option<String>,
    into: usize,
}

/// Where problems go: to a desk, or only into a count.
trait Sink {
    fn note(&mut self, path: &KeyPath, place: Place, problem: impl FnOnce() -> Problem);
}

struct Count(usize);

impl Sink for Count {
    fn note(&mut self, _: &KeyPath, _: Place, _: impl FnOnce() -> Problem) {
        self.0 += 1;
    }
}

struct Located<'a> {
    document: &'a Document,
    desk: &'a mut Desk,
}

impl Sink for Located<'_> {
    fn note(&mut self, path: &KeyPath, place: Place, problem: impl FnOnce() -> Problem) {
        self.desk.add_with(|| {
            let problem = problem();
            let made_up = made_up(self.document, path, place);
            let complaint = self.document.complaint(place, problem.into, path, &problem.found, &problem.wanted);
            complaint.with_hint(problem.hint.or(made_up))
        });
    }
}

/// Notes everything in which a document differs from what a schema asks.
pub fn check(document: &Document, schema: &Schema, desk: &mut Desk) {
    let mut walk = Walk { schema, sink: Located { document, desk }, path: KeyPath::root() };
    walk.value(schema.root(), document.root());
}

/// The same for a part of the document, at its path.
pub fn check_part(document: &Document, schema: &Schema, part: &Node, path: &KeyPath, desk: &mut Desk) {
    let mut walk = Walk { schema, sink: Located { document, desk }, path: path.clone() };
    walk.value(schema.root(), part);
}

/// In how many ways a value differs from what a schema asks.
pub fn count_flaws(schema: &Schema, part: &Json, node: &Node) -> usize {
    let mut walk = Walk { schema, sink: Count(0), path: KeyPath::root() };
    walk.value(part, node);
    walk.sink.0
}

/// An override that misspells a name makes a new table, which then lacks everything; this hint names the table that was
/// meant.
fn made_up(document: &Document, path: &KeyPath, place: Place) -> Option<String> {
    if !matches!(place, Place::Set(_)) {
        return None;
    }
    let mut above = path.clone();
    above.pop();
    let Some(Step::Key(made)) = above.pop() else { return None };
    let Value::Table(siblings) = &document.at(&above)?.value else { return None };
    siblings.get(&made).filter(|node| matches!(node.key_place, Place::Set(_)))?;
    let written =
        siblings.iter().filter(|(_, node)| !matches!(node.key_place, Place::Set(_))).map(|(key, _)| key.as_str());
    nearest(&made, written)
        .map(|meant| format!("the override makes a new {}; did you mean {}?", quoted(&made), quoted(meant)))
}

struct Walk<'a, S> {
    schema: &'a Schema,
    sink: S,
    path: KeyPath,
}

impl<S: Sink> Walk<'_, S> {
    fn value(&mut self, schema: &Json, node: &Node) {
        let shape = match self.schema.settle(schema, node) {
            Ok(shape) => shape,
            Err(misfit) => return self.misfit(misfit, node),
        };
        if !self.schema.takes(schema, node) {
            return self.sink.note(&self.path, node.place, || plain(node.shown(), self.schema.wanted(schema)));
        }
        match &node.value {
            Value::Text(text) => self.text(&shape, node, text),
            Value::Integer { number, .. } => self.integer(&shape, node, *number),
            Value::Float { number, .. } => self.float(&shape, node, *number),
            Value::List(items) => self.list(&shape, node, items),
            Value::Table(table) => self.table(&shape, node, table),
            Value::Boolean(_) | Value::Date(_) | Value::Nothing => {}
        }
    }

    fn misfit(&mut self, misfit: Misfit, node: &Node) {
        let Misfit { key, found, wanted, hint } = misfit;
        let problem = || Problem { found, wanted, hint, into: 0 };
        let Some(key) = key else { return self.sink.note(&self.path, node.place, problem) };
        let step = Step::Key(key);
        let place = node.child(&step).unwrap_or(node).place;
        self.path.push(step);
        self.sink.note(&self.path, place, problem);
        self.path.pop();
    }

    fn text(&mut self, shape: &Shape<'_>, node: &Node, text: &str) {
        if let Some(checker) = checker(shape) {
            if let Err(flaw) = (checker.text)(text) {
                self.sink.note(&self.path, node.place, || flawed(node, flaw));
            }
        } else if let Some(names) = shape.names().filter(|names| !names.contains(&text)) {
            self.sink.note(&self.path, node.place, || {
                let Misfit { found, wanted, hint, .. } = unknown_name(text, &names);
                Problem { found, wanted, hint, into: 0 }
            });
        }
    }

    fn integer(&mut self, shape: &Shape<'_>, node: &Node, number: Option<i64>) {
        if let Some(checker) = checker(shape) {
            return self.checked(node, (checker.number)(number.map_or(f64::INFINITY, |number| number as f64)));
        }
        if shape.kinds().is_some_and(|kinds| !kinds.contains(&"integer")) {
            return self.float(shape, node, number.map_or(f64::INFINITY, |number| number as f64));
        }
        let (low, high) = shape.whole_range();
        if number.is_none_or(|number| !(low..=high).contains(&i128::from(number))) {
            let stated = shape.word("minimum").is_some() && shape.word("maximum").is_some();
            let wanted = match number {
                _ if stated => format!("a whole number from {low} to {high}"),
                Some(number) if i128::from(number) < low => format!("a whole number of at least {low}"),
                _ => format!("a whole number of at most {high}"),
            };
            self.sink.note(&self.path, node.place, || plain(node.shown(), wanted));
        }
    }

    fn float(&mut self, shape: &Shape<'_>, node: &Node, number: f64) {
        if let Some(checker) = checker(shape) {
            return self.checked(node, (checker.number)(number));
        }
        if !number.is_finite() {
            return self.sink.note(&self.path, node.place, || plain(node.shown(), "a finite number"));
        }
        let bound = |word: &str| shape.word(word).and_then(Json::as_f64);
        let outside = bound("minimum").is_some_and(|low| number < low)
            || bound("exclusiveMinimum").is_some_and(|low| number <= low)
            || bound("maximum").is_some_and(|high| number > high)
            || bound("exclusiveMaximum").is_some_and(|high| number >= high);
        if outside {
            self.sink.note(&self.path, node.place, || plain(node.shown(), shape.number_wanted()));
        }
    }

    fn checked(&mut self, node: &Node, outcome: Result<(), Flaw>) {
        if let Err(flaw) = outcome {
            self.sink.note(&self.path, node.place, || flawed(node, flaw));
        }
    }

    fn list(&mut self, shape: &Shape<'_>, node: &Node, items: &[Node]) {
        let count = items.len() as u64;
        let low = shape.word("minItems").and_then(Json::as_u64).unwrap_or(0);
        let high = shape.word("maxItems").and_then(Json::as_u64).unwrap_or(u64::MAX);
        if !(low..=high).contains(&count) {
            let wanted = match (low, high) {
                (low, high) if low == high => format!("a list of {low}"),
                (low, u64::MAX) => format!("a list of at least {low}"),
                (0, high) => format!("a list of at most {high}"),
                (low, high) => format!("a list of {low} to {high}"),
            };
            self.sink.note(&self.path, node.place, || plain(node.shown(), wanted));
        }
        let firsts = shape.word("prefixItems").and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
        let rest = shape.word("items");
        for (index, item) in items.iter().enumerate() {
            if let Some(schema) = firsts.get(index).or(rest) {
                self.path.push(Step::Index(index));
                self.value(schema, item);
                self.path.pop();
            }
        }
    }

    fn table(&mut self, shape: &Shape<'_>, node: &Node, table: &Table) {
        let other = shape.other();
        // A schema that says nothing about keys takes any.
        let open = shape.word("properties").is_none() && shape.kinds().is_none();
        for (key, child) in table {
            let known = shape.property(key).or(other);
            if known.is_none() && open {
                continue;
            }
            self.path.push(Step::Key(key.clone()));
            match known {
                Some(schema) => self.value(schema, child),
                None => self.sink.note(&self.path, child.key_place, || unknown_key(shape, table, key)),
            }
            self.path.pop();
        }
        for key in shape.required() {
            if !table.contains_key(key) {
                let wanted = || shape.property(key).map_or("a value".to_owned(), |schema| self.schema.wanted(schema));
                self.path.push(Step::Key(key.to_owned()));
                self.sink.note(&self.path, node.place, || plain("nothing", wanted()));
                self.path.pop();
            }
        }
    }
}

fn plain(found: impl Into<String>, wanted: impl Into<String>) -> Problem {
    Problem { found: found.into(), wanted: wanted.into(), hint: None, into: 0 }
}

fn flawed(node: &Node, flaw: Flaw) -> Problem {
    Problem { found: node.shown(), wanted: flaw.wanted, hint: flaw.hint, into: flaw.at }
}

fn unknown_key(shape: &Shape<'_>, table: &Table, key: &str) -> Problem {
    const SHOWN_MAX: usize = 12;
    let free: Vec<&str> =
        shape.properties().into_iter().map(|(known, _)| known).filter(|known| !table.contains_key(*known)).collect();
    let wanted = match free.len() {
        0 => "no other key here".to_owned(),
        1..=SHOWN_MAX => either(&free),
        _ => format!("one of {} and {} more", free[..SHOWN_MAX].join(", "), free.len() - SHOWN_MAX),
    };
    let hint = nearest(key, free.iter().copied()).map(|meant| format!("did you mean {meant}?"));
    Problem { found: "an unknown key".into(), wanted, hint, into: 0 }
}

/// The checker that a schema names by `x-unit`.
fn checker(shape: &Shape<'_>) -> Option<Checker> {
    let name = shape.word("x-unit")?.as_str()?;
    let all = units::CHECKERS.into_iter().chain(law_text::CHECKERS).chain(archive_text::CHECKERS);
    all.into_iter().find(|checker| checker.name == name)
}
