//! A YAML document as nodes that know their line and are one and the same wherever an alias refers to them.
//!
//! Entities of problem files are told apart by node, and a message about a file is worth most with its line; neither
//! survives deserialising into structs. The events come from the parser inside `serde-saphyr`.

use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, StrInput};

/// Number of a node in its tree.
pub type NodeId = usize;

/// What stands in a sequence or behind a key: a node, met on a line of its own or through an alias on another.
#[derive(Clone, Copy, Debug)]
pub struct Item {
    pub node: NodeId,
    /// Where the item is written; for an alias, the line of the alias.
    pub line: usize,
}

#[derive(Clone, Debug)]
pub struct Entry {
    pub key: String,
    pub line: usize,
    pub item: Item,
}

#[derive(Clone, Debug)]
pub enum Value {
    /// Text, and whether it stood without quotes (only then can it be a number, a truth value or null).
    Scalar(String, bool),
    Sequence(Vec<Item>),
    Mapping(Vec<Entry>),
    /// An alias whose anchor is not in the file.
    Dangling(String),
}

#[derive(Clone, Debug)]
pub struct Node {
    /// Where the node begins, its anchor included.
    pub line: usize,
    pub value: Value,
}

/// One document.
#[derive(Clone, Debug)]
pub struct Tree {
    nodes: Vec<Node>,
    pub root: NodeId,
}

/// Text that is not YAML.
#[derive(Clone, Debug, PartialEq)]
pub struct SyntaxFault {
    pub line: usize,
    pub path: String,
    pub what: String,
}

/// A collection that is being read.
struct Open {
    node: NodeId,
    /// The key that waits for its value.
    key: Option<(String, usize)>,
}

impl Tree {
    pub fn parse(text: &str) -> Result<Tree, SyntaxFault> {
        let options = serde_saphyr::granit_parser::options! { emit_unresolved_aliases: true, emit_anchor_events: true };
        Builder::default().run(Parser::new_from_str_with_options(text, options))
    }

    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id]
    }

    pub fn entries(&self, id: NodeId) -> Option<&[Entry]> {
        match &self.nodes[id].value {
            Value::Mapping(entries) => Some(entries),
            _ => None,
        }
    }

    pub fn entry(&self, id: NodeId, key: &str) -> Option<&Entry> {
        self.entries(id)?.iter().find(|entry| entry.key == key)
    }

    pub fn items(&self, id: NodeId) -> Option<&[Item]> {
        match &self.nodes[id].value {
            Value::Sequence(items) => Some(items),
            _ => None,
        }
    }

    pub fn text(&self, id: NodeId) -> Option<&str> {
        match &self.nodes[id].value {
            Value::Scalar(text, _) => Some(text),
            _ => None,
        }
    }

    /// The line of what a path such as `values[2].value` leads to, as far as it leads anywhere.
    pub fn line_of(&self, node: NodeId, path: &str) -> Option<usize> {
        let (mut node, mut line) = (node, None);
        for part in path.split(['.', '[']) {
            match part.strip_suffix(']').and_then(|index| index.parse::<usize>().ok()) {
                Some(index) => {
                    let item = self.items(node)?.get(index)?;
                    (node, line) = (item.node, Some(item.line));
                }
                None => {
                    let entry = self.entry(node, part)?;
                    (node, line) = (entry.item.node, Some(entry.line));
                }
            }
        }
        line
    }

    /// Whether two nodes say the same.
    pub fn same(&self, a: NodeId, b: NodeId) -> bool {
        match (&self.nodes[a].value, &self.nodes[b].value) {
            _ if a == b => true,
            (Value::Scalar(a, _), Value::Scalar(b, _)) => a == b,
            (Value::Sequence(a), Value::Sequence(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| self.same(a.node, b.node))
            }
            (Value::Mapping(a), Value::Mapping(b)) => {
                let twin = |entry: &Entry| b.iter().find(|other| other.key == entry.key);
                a.len() == b.len()
                    && a.iter()
                        .all(|entry| twin(entry).is_some_and(|other| self.same(entry.item.node, other.item.node)))
            }
            _ => false,
        }
    }
}

#[derive(Default)]
struct Builder {
    nodes: Vec<Node>,
    stack: Vec<Open>,
    /// Node of each anchor that the parser has numbered, from the moment its node is complete.
    anchors: Vec<(usize, NodeId)>,
    root: Option<NodeId>,
    documents: usize,
}

impl Builder {
    fn run<'a>(mut self, parser: Parser<'a, StrInput<'a>>) -> Result<Tree, SyntaxFault> {
        for event in parser {
            let (event, span) = event.map_err(|error| {
                let what = if error.info().is_empty() { "text that is not YAML".into() } else { error.info() };
                SyntaxFault { line: error.marker().line(), path: self.path(), what }
            })?;
            self.take(event, span.start.line())?;
        }
        match self.root {
            Some(root) => Ok(Tree { nodes: self.nodes, root }),
            None => Err(SyntaxFault { line: 1, path: String::new(), what: "an empty document".into() }),
        }
    }

    fn take(&mut self, event: Event<'_>, line: usize) -> Result<(), SyntaxFault> {
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let plain = style == ScalarStyle::Plain;
                if let Some(open) = self.stack.last_mut()
                    && open.key.is_none()
                    && matches!(self.nodes[open.node].value, Value::Mapping(_))
                {
                    open.key = Some((text.into_owned(), line));
                    return Ok(());
                }
                self.add(Value::Scalar(text.into_owned(), plain), line, anchor)?;
            }
            Event::SequenceStart(_, anchor, _) => self.open(Value::Sequence(Vec::new()), line, anchor)?,
            Event::MappingStart(_, anchor, _) => self.open(Value::Mapping(Vec::new()), line, anchor)?,
            Event::SequenceEnd | Event::MappingEnd => {
                self.stack.pop();
            }
            Event::Alias(anchor) => {
                let target = self.anchors.iter().rev().find(|known| known.0 == anchor).map(|known| known.1);
                match target {
                    Some(node) if self.stack.iter().all(|open| open.node != node) => {
                        self.attach(Item { node, line })?
                    }
                    _ => return Err(self.fault(line, "an alias inside the node that it stands for")),
                }
            }
            Event::UnresolvedAlias(name) => self.add(Value::Dangling(name.into_owned()), line, 0)?,
            // An anchor stands before its node, perhaps on an earlier line, and is told just after the node begins.
            Event::Anchor(..) => {
                if let Some(node) = self.nodes.last_mut() {
                    node.line = node.line.min(line);
                }
            }
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(self.fault(line, "a second document"));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn open(&mut self, value: Value, line: usize, anchor: usize) -> Result<(), SyntaxFault> {
        self.add(value, line, anchor)?;
        self.stack.push(Open { node: self.nodes.len() - 1, key: None });
        Ok(())
    }

    fn add(&mut self, value: Value, line: usize, anchor: usize) -> Result<(), SyntaxFault> {
        let node = self.nodes.len();
        self.nodes.push(Node { line, value });
        if anchor > 0 {
            self.anchors.push((anchor, node));
        }
        self.attach(Item { node, line })
    }

    fn attach(&mut self, item: Item) -> Result<(), SyntaxFault> {
        let Some(open) = self.stack.last_mut() else {
            self.root = Some(item.node);
            return Ok(());
        };
        let parent = open.node;
        match &mut self.nodes[parent].value {
            Value::Sequence(items) => items.push(item),
            Value::Mapping(entries) => match open.key.take() {
                None => return Err(self.fault(item.line, "a key that is not a word")),
                Some((key, _)) if entries.iter().any(|entry| entry.key == key) => {
                    return Err(self.fault(item.line, &format!("the key `{key}` a second time")));
                }
                Some((key, line)) => entries.push(Entry { key, line, item }),
            },
            Value::Scalar(..) | Value::Dangling(_) => unreachable!("only collections are opened"),
        }
        Ok(())
    }

    fn fault(&self, line: usize, what: &str) -> SyntaxFault {
        SyntaxFault { line, path: self.path(), what: what.into() }
    }

    /// Where reading stands, such as `Performances[0].values[2].app`.
    fn path(&self) -> String {
        let mut path = String::new();
        for (depth, open) in self.stack.iter().enumerate() {
            match &self.nodes[open.node].value {
                Value::Sequence(items) => path.push_str(&format!("[{}]", items.len().saturating_sub(1))),
                Value::Mapping(entries) => {
                    // Below the innermost mapping, the entry that is being read is the last one.
                    let within = depth + 1 < self.stack.len();
                    let last = entries.last().filter(|_| within).map(|entry| &entry.key);
                    let dot = if path.is_empty() { "" } else { "." };
                    if let Some(key) = open.key.as_ref().map(|(key, _)| key).or(last) {
                        path.push_str(&format!("{dot}{key}"));
                    }
                }
                Value::Scalar(..) | Value::Dangling(_) => {}
            }
        }
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_lead_to_the_same_node_and_lines_are_those_of_the_text() {
        let tree = Tree::parse("a:\n  - &x\n    id: one\nb: [*x, 'two']\n").unwrap();
        let [a, b] = tree.entries(tree.root).unwrap() else { panic!() };
        let (first, items) = (tree.items(a.item.node).unwrap()[0], tree.items(b.item.node).unwrap());
        assert_eq!((items[0].node, items[0].line), (first.node, 4));
        assert_eq!((tree.node(first.node).line, tree.entry(first.node, "id").unwrap().line), (2, 3));
        assert!(matches!(&tree.node(items[1].node).value, Value::Scalar(text, false) if text == "two"));
    }

    #[test]
    fn what_is_not_yaml_is_told_with_its_line_and_path() {
        let fault = Tree::parse("a:\n  - b: 1\n    b: 2\n").unwrap_err();
        assert_eq!((fault.line, fault.path.as_str()), (3, "a[0]"));
        assert_eq!(Tree::parse("a: [1, 2\nb: 3\n").unwrap_err().line, 2);
        assert!(Tree::parse("").is_err());
        assert!(Tree::parse("a: &x [*x]\n").is_err());
        let tree = Tree::parse("a: *nobody\n").unwrap();
        let node = tree.entry(tree.root, "a").unwrap().item.node;
        assert!(matches!(&tree.node(node).value, Value::Dangling(name) if name == "nobody"));
    }
}
