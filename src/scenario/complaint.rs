//! What is wrong with an input, said so that the person who wrote it can mend it: where, which key, what was found and
//! what was wanted.
//!
//! `scenario.toml:12:8: pools.web.boot: found "90", want a length of time with its unit, such as 250ms or 90s`
//!
//! A reader never stops at the first complaint: it hands each to a [`Desk`] and gets [`Complaints`], ordered by place,
//! at the end. Whatever was found is shown escaped and shortened, because an input may be a million characters of
//! terminal control codes.

use std::fmt;
use std::sync::Arc;

use super::excerpt::Excerpt;

/// Where a value came from. The order is that of complaints: whole files, places in files, overrides.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// A file as a whole: it cannot be opened, or lacks something.
    File { file: Arc<str> },
    /// A place in a file; line and column count from 1, the column in characters.
    Line { file: Arc<str>, line: u32, column: u32 },
    /// The `nth` override of the command line, counted from 0.
    Set { nth: u32, text: Arc<str> },
    /// Nobody wrote it: the default.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::File { file } => f.write_str(&shorten_to(file, FILE_MAX)),
            Origin::Line { file, line, column } => write!(f, "{}:{line}:{column}", shorten_to(file, FILE_MAX)),
            Origin::Set { text, .. } => write!(f, "--set {}", shorten(text)),
            Origin::Default => f.write_str("default"),
        }
    }
}

/// One thing that is wrong with an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    pub origin: Origin,
    /// The dotted path of the value; empty when the complaint is about the file or its syntax.
    pub key: Box<str>,
    /// What stands there, as it was written (quoted where it is text), or words such as `nothing` or `an unknown key`.
    pub found: String,
    pub wanted: String,
    /// What may have been meant.
    pub hint: Option<Box<str>>,
    excerpt: Option<Box<Excerpt>>,
}

impl Complaint {
    /// `found` and `wanted` are escaped and shortened here, whoever wrote them.
    pub fn new(origin: Origin, key: impl fmt::Display, found: impl AsRef<str>, wanted: impl AsRef<str>) -> Complaint {
        Complaint {
            origin,
            key: shorten_to(&key.to_string(), KEY_MAX).into(),
            found: shorten_to(found.as_ref(), FOUND_MAX),
            wanted: shorten_to(wanted.as_ref(), WANTED_MAX),
            hint: None,
            excerpt: None,
        }
    }

    pub fn with_hint(mut self, hint: Option<impl AsRef<str>>) -> Complaint {
        self.hint = hint.map(|hint| shorten_to(hint.as_ref(), WANTED_MAX).into());
        self
    }

    pub(super) fn with_excerpt(mut self, excerpt: Option<Excerpt>) -> Complaint {
        self.excerpt = excerpt.map(Box::new);
        self
    }

    /// The line of the file that the complaint is about, for a picture on a terminal.
    pub fn excerpt(&self) -> Option<&Excerpt> {
        self.excerpt.as_deref()
    }

    /// The complaint without its place: `pools.web.boot: found "90", want ...`.
    pub fn message(&self) -> String {
        let mut text = String::new();
        if !self.key.is_empty() {
            text = format!("{}: ", self.key);
        }
        text += &format!("found {}, want {}", self.found, self.wanted);
        if let Some(hint) = &self.hint {
            text += &format!(" ({hint})");
        }
        text
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.origin, self.message())
    }
}

impl std::error::Error for Complaint {}

/// One complaint or more, ordered by place. Displayed one per line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaints {
    list: Vec<Complaint>,
    /// How many more there were than a person would read.
    more: usize,
}

impl Complaints {
    pub fn iter(&self) -> impl Iterator<Item = &Complaint> {
        self.list.iter()
    }

    /// How many complaints there were, those that are only counted included.
    pub fn count(&self) -> usize {
        self.list.len() + self.more
    }

    /// The complaints as pictures: each with the line of the file it is about and a mark under the value. `width` is
    /// that of the terminal in columns.
    pub fn render(&self, colour: bool, width: usize) -> String {
        let mut text: String =
            self.list.iter().map(|complaint| super::excerpt::picture(complaint, colour, width)).collect();
        if self.more > 0 {
            text += &format!("and {} more\n", self.more);
        }
        text
    }
}

impl From<Complaint> for Complaints {
    fn from(complaint: Complaint) -> Complaints {
        Complaints { list: vec![complaint], more: 0 }
    }
}

impl fmt::Display for Complaints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, complaint) in self.list.iter().enumerate() {
            if nth > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{complaint}")?;
        }
        if self.more > 0 {
            write!(f, "\nand {} more", self.more)?;
        }
        Ok(())
    }
}

impl std::error::Error for Complaints {}

/// Where complaints are handed in while an input is read.
#[derive(Clone, Debug, Default)]
pub struct Desk {
    list: Vec<Complaint>,
    more: usize,
}

impl Desk {
    /// A file can be wrong a million times over; past this the complaints are only counted.
    pub const KEPT_MAX: usize = 1000;

    pub fn new() -> Desk {
        Desk::default()
    }

    pub fn add(&mut self, complaint: Complaint) {
        if self.is_full() {
            self.more += 1;
        } else {
            self.list.push(complaint);
        }
    }

    /// For a complaint that is costly to write: it is written only when it is kept.
    pub fn add_with(&mut self, complaint: impl FnOnce() -> Complaint) {
        if self.is_full() {
            self.more += 1;
        } else {
            self.list.push(complaint());
        }
    }

    pub fn add_all(&mut self, complaints: Complaints) {
        self.more += complaints.more;
        complaints.list.into_iter().for_each(|complaint| self.add(complaint));
    }

    /// The value of a part that was read, or nothing when it was complained about.
    pub fn keep<T>(&mut self, part: Result<T, Complaints>) -> Option<T> {
        part.map_err(|complaints| self.add_all(complaints)).ok()
    }

    pub fn count(&self) -> usize {
        self.list.len() + self.more
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub fn is_full(&self) -> bool {
        self.list.len() >= Self::KEPT_MAX
    }

    /// All is well, or everything that is not, ordered by place; complaints about one place keep their order.
    pub fn finish(mut self) -> Result<(), Complaints> {
        if self.list.is_empty() {
            return Ok(());
        }
        self.list.sort_by(|a, b| a.origin.cmp(&b.origin));
        Err(Complaints { list: self.list, more: self.more })
    }
}

const FILE_MAX: usize = 200;
const KEY_MAX: usize = 200;
const VALUE_MAX: usize = 60;
const FOUND_MAX: usize = 200;
const WANTED_MAX: usize = 500;

/// Text as it may be shown: control characters escaped, and cut with its full length named when it is long.
pub fn shorten(text: &str) -> String {
    shorten_to(text, VALUE_MAX)
}

/// Text as it was found, in quotes, escaped and shortened.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", shorten(text))
}

fn shorten_to(text: &str, chars_max: usize) -> String {
    let mut shown = String::with_capacity(text.len().min(2 * chars_max));
    for (nth, c) in text.chars().enumerate() {
        if nth == chars_max {
            shown += &format!("… ({} characters)", text.chars().count());
            break;
        }
        match c {
            '\n' | '\r' | '\t' => shown.extend(c.escape_default()),
            c if is_unseen(c) => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    shown
}

/// Characters that steer a terminal or the direction of writing instead of being seen.
pub(super) fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: u32, column: u32) -> Origin {
        Origin::Line { file: "scenario.toml".into(), line, column }
    }

    #[test]
    fn a_complaint_names_place_key_found_and_wanted() {
        let complaint =
            Complaint::new(at(12, 8), "pools.web.boot", quoted("90"), "a length of time").with_hint(Some("90s?"));
        let line = "scenario.toml:12:8: pools.web.boot: found \"90\", want a length of time (90s?)";
        assert_eq!(complaint.to_string(), line);
        let set = Origin::Set { nth: 0, text: "pools.web.boot=90".into() };
        let complaint = Complaint::new(set, "pools.web.boot", quoted("90"), "a length of time");
        let line = "--set pools.web.boot=90: pools.web.boot: found \"90\", want a length of time";
        assert_eq!(complaint.to_string(), line);
    }

    #[test]
    fn complaints_stand_in_the_order_of_their_places() {
        let mut desk = Desk::new();
        let set = Origin::Set { nth: 0, text: "a=1".into() };
        for origin in [set, at(9, 1), at(2, 5), at(2, 1), Origin::File { file: "scenario.toml".into() }] {
            desk.add(Complaint::new(origin, "k", "1", "2"));
        }
        let shown = desk.finish().unwrap_err().to_string();
        let places: Vec<_> = shown.lines().map(|line| line.split(": k").next().unwrap()).collect();
        assert_eq!(
            places,
            ["scenario.toml", "scenario.toml:2:1", "scenario.toml:2:5", "scenario.toml:9:1", "--set a=1"]
        );
    }

    #[test]
    fn past_a_thousand_complaints_are_only_counted() {
        let mut desk = Desk::new();
        (0..1500).for_each(|line| desk.add_with(|| Complaint::new(at(line, 1), "k", "1", "2")));
        let complaints = desk.finish().unwrap_err();
        assert_eq!(complaints.count(), 1500);
        assert_eq!(complaints.to_string().lines().last(), Some("and 500 more"));
    }

    #[test]
    fn what_was_found_is_escaped_and_shortened() {
        assert_eq!(shorten("a\nb\u{1b}[31m\u{202e}"), "a\\nb\\u{1b}[31m\\u{202e}");
        let long = shorten(&"x".repeat(1_000_000));
        assert_eq!(long, format!("{}… (1000000 characters)", "x".repeat(60)));
        assert_eq!(shorten("9 µs"), "9 µs");
    }
}
