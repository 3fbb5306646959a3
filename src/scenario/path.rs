//! Where a value stands in a scenario: `pools.web.boot`, `sources[1].rate`, `prices."eu-west-1".hourly`.
//!
//! The same text is written in complaints, read from `--set`, and listed by `explain`, so that what one prints the
//! other accepts. Bare keys are those of TOML; any other key is quoted.

use std::fmt;

use super::complaint::shorten;

/// One step down from a table or a list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    Key(String),
    Index(usize),
}

/// The steps from the root of a document to a value; empty for the document itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyPath(Vec<Step>);

impl KeyPath {
    pub const fn root() -> KeyPath {
        KeyPath(Vec::new())
    }

    /// The path one key further down.
    pub fn key(&self, key: impl Into<String>) -> KeyPath {
        let mut longer = self.clone();
        longer.push(Step::Key(key.into()));
        longer
    }

    /// The path of one element further down; the first element is 0.
    pub fn index(&self, index: usize) -> KeyPath {
        let mut longer = self.clone();
        longer.push(Step::Index(index));
        longer
    }

    pub fn push(&mut self, step: Step) {
        self.0.push(step);
    }

    pub fn pop(&mut self) -> Option<Step> {
        self.0.pop()
    }

    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads a path as `--set` takes it. The error is the byte at which the text stops being a path, and what was
    /// wanted there.
    pub fn parse(text: &str) -> Result<KeyPath, (usize, &'static str)> {
        let mut path = KeyPath::root();
        let mut rest = text;
        loop {
            let key = take_key(&mut rest).map_err(|wanted| (text.len() - rest.len(), wanted))?;
            path.push(Step::Key(key));
            while let Some(after) = rest.strip_prefix('[') {
                let at = text.len() - rest.len() + 1;
                let (digits, tail) = after.split_once(']').ok_or((at, "an index closed by ], such as sources[1]"))?;
                let index =
                    digits.trim().parse().map_err(|_| (at, "an index that counts from 0, such as sources[1]"))?;
                path.push(Step::Index(index));
                rest = tail;
            }
            rest = rest.trim_start();
            if rest.is_empty() {
                return Ok(path);
            }
            match rest.strip_prefix('.') {
                Some(after) => rest = after,
                None => return Err((text.len() - rest.len(), "a dot between two keys, or the end of the path")),
            }
        }
    }
}

/// Takes one bare or quoted key from the front of `rest`.
fn take_key(rest: &mut &str) -> Result<String, &'static str> {
    const WANTED: &str = "a key of letters, digits, - and _, or a key in quotes";
    *rest = rest.trim_start();
    let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
        let end = rest.find(|c: char| !is_bare(c)).unwrap_or(rest.len());
        let (key, tail) = rest.split_at(end);
        *rest = tail;
        return if key.is_empty() { Err(WANTED) } else { Ok(key.to_owned()) };
    };
    let mut key = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            c if c == quote => {
                *rest = &rest[at + 1..];
                return Ok(key);
            }
            '\\' if quote == '"' => match chars.next() {
                Some((_, escaped @ ('"' | '\\'))) => key.push(escaped),
                Some((_, 'n')) => key.push('\n'),
                Some((_, 't')) => key.push('\t'),
                _ => return Err("one of \\\", \\\\, \\n and \\t after a backslash in a quoted key"),
            },
            c => key.push(c),
        }
    }
    Err("a closing quote after the key")
}

fn is_bare(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_'
}

/// A path that is text in the program; a text that is no path is taken as one key, so that a complaint is never lost.
impl From<&str> for KeyPath {
    fn from(text: &str) -> KeyPath {
        if text.is_empty() {
            return KeyPath::root();
        }
        KeyPath::parse(text).unwrap_or_else(|_| KeyPath::root().key(text))
    }
}

impl From<&KeyPath> for KeyPath {
    fn from(path: &KeyPath) -> KeyPath {
        path.clone()
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (depth, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) => {
                    if depth > 0 {
                        f.write_str(".")?;
                    }
                    f.write_str(&shown_key(key))?;
                }
            }
        }
        Ok(())
    }
}

/// A key as it is written in a path: bare where it may be, quoted and shortened otherwise.
pub fn shown_key(key: &str) -> String {
    if !key.is_empty() && key.chars().all(is_bare) {
        return shorten(key);
    }
    let escaped: String =
        key.chars().flat_map(|c| matches!(c, '"' | '\\').then_some('\\').into_iter().chain([c])).collect();
    format!("\"{}\"", shorten(&escaped))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_prints_as_it_is_read() {
        for text in
            ["seed", "pools.web.boot", "sources[1].rate", "grid[0][12]", "prices.\"eu west.1\".hourly", "a.\"b\\\"c\""]
        {
            assert_eq!(KeyPath::parse(text).map(|path| path.to_string()), Ok(text.to_owned()));
        }
        assert_eq!(KeyPath::parse("prices.'eu west.1'").unwrap(), KeyPath::root().key("prices").key("eu west.1"));
        assert_eq!(KeyPath::from("sources[1].rate"), KeyPath::root().key("sources").index(1).key("rate"));
        assert_eq!(KeyPath::from(""), KeyPath::root());
    }

    #[test]
    fn what_is_no_path_says_where_it_stops_being_one() {
        for (text, at) in [
            ("", 0),
            ("a..b", 2),
            (".a", 0),
            ("a.", 2),
            ("a[x]", 2),
            ("a[1", 2),
            ("a b", 2),
            ("a.\"b", 2),
            ("a[-1]", 2),
        ] {
            assert_eq!(KeyPath::parse(text).map_err(|(at, _)| at), Err(at), "{text}");
        }
    }
}
