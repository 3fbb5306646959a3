//! Overrides of the command line: `--set pools.web.boot=90s`, `--set "sources[1].rate=5/s"`.
//!
//! The value is TOML where it parses as TOML (`true`, `12`, `["a", "b"]`) and text otherwise, so that `90s` needs no
//! quotes. A later override wins. Tables on the way are made as needed; whether the scenario knows them is checked
//! together with everything else, by the reader.

use std::sync::Arc;

use super::complaint::{Complaint, Complaints, Desk, Origin, quoted};
use super::document::Document;
use super::node::{DEPTH_MAX, Node, Parsed, Place, TooDeep, Value};
use super::path::{KeyPath, Step};

impl Document {
    /// Lays overrides over the file, each `path=value`.
    ///
    /// # Errors
    /// One complaint for each that is not of that form, or whose path leads through a value that is no table or list.
    pub fn set_all(&mut self, overrides: impl IntoIterator<Item = impl AsRef<str>>) -> Result<(), Complaints> {
        let mut desk = Desk::new();
        for text in overrides {
            let set = self.set(text.as_ref());
            desk.keep(set.map_err(Complaints::from));
        }
        desk.finish()
    }

    /// Lays one override over the file.
    ///
    /// # Errors
    /// See [`Document::set_all`].
    pub fn set(&mut self, text: &str) -> Result<(), Complaint> {
        let nth = self.overrides().len() as u32;
        let text: Arc<str> = text.into();
        self.overrides_mut().push(text.clone());
        let origin = Origin::Set { nth, text: text.clone() };
        let complain = |key: &KeyPath, found: &str, wanted: &str| Complaint::new(origin.clone(), key, found, wanted);
        let root = KeyPath::root();
        let Some((path, value)) = split(&text) else {
            return Err(complain(&root, &quoted(&text), "a key, = and a value, such as pools.web.boot=90s"));
        };
        let path = KeyPath::parse(path).map_err(|(at, wanted)| match &path[path.floor_char_boundary(at)..] {
            "" => complain(&root, "the end of the key", wanted),
            rest => complain(&root, &quoted(rest), wanted),
        })?;
        let deep = || complain(&root, "a value too deep", &format!("at most {DEPTH_MAX} levels"));
        let node = match Parsed::of_value(value) {
            Some(parsed) => Node::from_override(parsed.value(), nth).map_err(|TooDeep(_)| deep())?,
            None => Node::new(Value::Text(value.to_owned()), Place::Set(nth)),
        };
        if path.steps().len() + depth(&node) > DEPTH_MAX {
            return Err(deep());
        }
        put(self.root_mut(), path.steps(), node, nth).map_err(|(taken, found, wanted)| {
            let way = path.steps()[..taken].iter().fold(KeyPath::root(), |mut way, step| {
                way.push(step.clone());
                way
            });
            complain(&way, &found, &wanted)
        })
    }
}

/// Splits at the first `=` outside quotes.
fn split(text: &str) -> Option<(&str, &str)> {
    let mut quote = None;
    let at = text.char_indices().find_map(|(at, c)| {
        match (quote, c) {
            (None, '=') => return Some(at),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            _ => {}
        }
        None
    })?;
    Some((text[..at].trim(), text[at + 1..].trim()))
}

fn depth(node: &Node) -> usize {
    match &node.value {
        Value::List(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Table(table) => 1 + table.values().map(depth).max().unwrap_or(0),
        _ => 1,
    }
}

/// Puts a value at the end of a path, making tables on the way. The error is how many steps were taken, what stood
/// there and what was wanted.
fn put(node: &mut Node, steps: &[Step], value: Node, nth: u32) -> Result<(), (usize, String, String)> {
    let mut node = node;
    for (taken, step) in steps.iter().enumerate() {
        let shown = node.shown();
        node = match (step, &mut node.value) {
            (Step::Key(key), Value::Table(table)) => {
                // An index cannot make the list it points into.
                if !table.contains_key(key) && matches!(steps.get(taken + 1), Some(Step::Index(_))) {
                    return Err((taken + 1, "nothing".into(), "a list".into()));
                }
                table.entry(key.clone()).or_insert_with(|| Node::new(Value::Table(Default::default()), Place::Set(nth)))
            }
            (Step::Key(_), _) => return Err((taken, shown, "a table".into())),
            (Step::Index(index), Value::List(items)) => {
                let count = items.len();
                let wanted = match count {
                    0 => "an element to override, but the list is empty".to_owned(),
                    1 => "the index 0, the only one".to_owned(),
                    _ => format!("an index from 0 to {}", count - 1),
                };
                items.get_mut(*index).ok_or_else(|| (taken, format!("the index {index}"), wanted))?
            }
            (Step::Index(_), _) => return Err((taken, shown, "a list".into())),
        };
    }
    *node = value;
    Ok(())
}
