//! A TOML file opened as a document: its text, its values with their places, and the overrides laid over it.
//!
//! Opening complains about everything that keeps a file from being TOML; what the values must be is the reader's
//! business. Includes and inheritance between files are deliberately absent: one file and the command line say it
//! all.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::Path;
use std::sync::Arc;

use toml::de::{DeTable, Error as TomlError};

use super::complaint::{Complaint, Complaints, Desk, Origin, quoted, shorten};
use super::excerpt::Excerpt;
use super::lines::Lines;
use super::node::{DEPTH_MAX, Node, Parsed, Place, TooDeep, Value};
use super::path::KeyPath;

/// A scenario is written by hand; a larger file is something else, such as a trace given in its place.
const FILE_BYTES_MAX: u64 = 16 << 20;
/// Slips of syntax that are told.
const SLIPS_MAX: usize = 20;
/// What is no TOML shows in its first bytes; a file that begins well is read to its end, to find all slips in it.
const HEAD_BYTES: usize = 1 << 20;

/// A scenario as it was written, before anybody asked what it means.
#[derive(Clone, Debug)]
pub struct Document {
    name: Arc<str>,
    text: Arc<str>,
    lines: Lines,
    root: Node,
    overrides: Vec<Arc<str>>,
    /// Keys that were given twice: worth saying together with everything the reader finds.
    duplicates: Vec<Complaint>,
}

impl Document {
    /// Opens a file. Complaints name it as the path was given.
    ///
    /// # Errors
    /// Says so when the path is missing, a folder or unreadable, when it holds more than 16 MiB, anything but UTF-8, or
    /// text that is not TOML.
    pub fn open(path: &Path) -> Result<Document, Complaints> {
        const WANTED: &str = "a file in TOML";
        let name: Arc<str> = path.display().to_string().into();
        let complain = |found: &str, wanted: &str| {
            Complaints::from(Complaint::new(Origin::File { file: name.clone() }, "", found, wanted))
        };
        if path.is_dir() {
            return Err(complain("a folder", WANTED));
        }
        let mut bytes = Vec::new();
        let read = File::open(path).and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes));
        if let Err(error) = read {
            let found = match error.kind() {
                ErrorKind::NotFound => "no such file".to_owned(),
                ErrorKind::PermissionDenied => "a file that may not be read".to_owned(),
                _ => format!("a file that cannot be read ({error})"),
            };
            return Err(complain(&found, WANTED));
        }
        if bytes.len() as u64 > FILE_BYTES_MAX {
            return Err(complain("more than 16 MiB", &format!("{WANTED} of at most 16 MiB")));
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            let line = 1 + error.as_bytes()[..at].iter().filter(|&&byte| byte == b'\n').count();
            let byte = error.as_bytes()[at];
            complain(
                &format!("the byte 0x{byte:02x} in line {line}, which is not UTF-8"),
                &format!("{WANTED} and UTF-8"),
            )
        })?;
        Document::parse(&name, text)
    }

    /// Reads a text; `name` is what complaints call it.
    ///
    /// # Errors
    /// Says where the text stops being TOML.
    pub fn parse(name: &str, text: impl Into<Arc<str>>) -> Result<Document, Complaints> {
        let text = text.into();
        let lines = Lines::new(&text);
        let root = Node::new(Value::Table(Default::default()), Place::Whole);
        let mut document = Document { name: name.into(), text, lines, root, overrides: vec![], duplicates: vec![] };
        let text = document.text.clone();
        let (parsed, mut errors) = parse(&text);
        errors.sort_by_key(|error| error.span().map_or(usize::MAX, |span| span.start));
        let mut desk = Desk::new();
        let mut last_line = 0;
        for error in &errors {
            // One slip makes several errors in a row; the first of a line is the one to mend.
            let line = error.span().map_or(u32::MAX, |span| document.lines.position(&text, span.start).0);
            if line != last_line {
                desk.add_with(|| document.syntax(error));
            }
            last_line = line;
            // A file with more of them is not TOML at all, such as a trace given in its place.
            if desk.count() == SLIPS_MAX {
                break;
            }
        }
        if errors.iter().all(is_duplicate) {
            document.duplicates =
                desk.finish().err().map(|complaints| complaints.iter().cloned().collect()).unwrap_or_default();
        } else {
            desk.finish()?;
        }
        document.root = Node::from_document(parsed.value()).map_err(|TooDeep(place)| document.too_deep(place))?;
        Ok(document)
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// The document as one value.
    pub fn root(&self) -> &Node {
        &self.root
    }

    pub(super) fn root_mut(&mut self) -> &mut Node {
        &mut self.root
    }

    /// The overrides in the order they were laid over the file.
    pub fn overrides(&self) -> &[Arc<str>] {
        &self.overrides
    }

    pub(super) fn overrides_mut(&mut self) -> &mut Vec<Arc<str>> {
        &mut self.overrides
    }

    pub(super) fn duplicates(&self) -> &[Complaint] {
        &self.duplicates
    }

    /// The value at a path, if the file or an override gives one.
    pub fn at(&self, path: &KeyPath) -> Option<&Node> {
        let (node, found) = self.root.descend(path);
        found.then_some(node)
    }

    /// Where a place is, for people.
    pub fn origin(&self, place: Place) -> Origin {
        match place {
            Place::Whole => Origin::File { file: self.name.clone() },
            Place::Bytes { start, .. } => {
                let (line, column) = self.lines.position(&self.text, start);
                Origin::Line { file: self.name.clone(), line, column }
            }
            Place::Set(nth) => {
                Origin::Set { nth, text: self.overrides.get(nth as usize).cloned().unwrap_or("".into()) }
            }
            Place::Default => Origin::Default,
        }
    }

    /// A complaint about a place; `into` is the byte of a text value at which it goes wrong, 0 for all of it.
    pub fn complaint(&self, place: Place, into: usize, path: &KeyPath, found: &str, wanted: &str) -> Complaint {
        let place = self.inside(place, into);
        let excerpt = match place {
            Place::Bytes { start, end } => Some(Excerpt::around(&self.text, &self.lines, start, end)),
            _ => None,
        };
        Complaint::new(self.origin(place), path, found, wanted).with_excerpt(excerpt)
    }

    /// The place of a byte inside a text value. Where escapes hide how bytes and text correspond it is the whole value.
    fn inside(&self, place: Place, into: usize) -> Place {
        let Place::Bytes { start, end } = place else { return place };
        let raw = self.text.get(start..end).unwrap_or("");
        let plain = !raw.contains('\\')
            && !raw.starts_with("\"\"\"")
            && !raw.starts_with("'''")
            && raw.starts_with(['"', '\'']);
        if into == 0 || !plain {
            return place;
        }
        Place::Bytes { start: (start + 1 + into).min(end), end: end.saturating_sub(1).max(start + 1 + into).min(end) }
    }

    /// What keeps the text from being TOML, in words for people who do not know its grammar by heart.
    fn syntax(&self, error: &TomlError) -> Complaint {
        let place = error.span().map_or(Place::Whole, |span| Place::Bytes { start: span.start, end: span.end });
        const VALUE: &str = "a value: text in quotes, a number, true or false, a list or a table";
        let raw = error.span().and_then(|span| self.text.get(span)).unwrap_or("");
        if is_duplicate(error) {
            let key = quoted(raw.trim_matches(['"', '\'']));
            return self.complaint(
                place,
                0,
                &KeyPath::root(),
                &format!("the key {key} a second time"),
                "each key once",
            );
        }
        let (slip, wanted) = error.message().split_once(", expected ").unwrap_or((error.message(), "text in TOML"));
        let shown = if raw.is_empty() { String::new() } else { format!(" `{}`", shorten(raw)) };
        let (found, wanted) = match slip {
            "string values must be quoted" if raw.is_empty() => ("nothing".to_owned(), VALUE),
            "string values must be quoted" => {
                let meant = format!("did you mean {}?", quoted(raw));
                let complaint = self.complaint(place, 0, &KeyPath::root(), shown.trim_start(), VALUE);
                return complaint.with_hint((!raw.contains(['"', '\'', '\\'])).then_some(meant));
            }
            "recursion limit" | "cannot recurse further; max recursion depth met" => {
                return self.too_deep(place);
            }
            "unexpected leading zero" => (format!("a leading zero{shown}"), "a number without it"),
            slip if slip.starts_with("cannot extend value") => {
                (format!("a key{shown} that has a value already"), "a table")
            }
            slip => (format!("{slip}{shown}"), wanted),
        };
        self.complaint(place, 0, &KeyPath::root(), &found, wanted)
    }

    fn too_deep(&self, place: Place) -> Complaint {
        let found = format!("more than {DEPTH_MAX} levels of tables and lists");
        self.complaint(place, 0, &KeyPath::root(), &found, &format!("at most {DEPTH_MAX} levels"))
    }
}

/// What a text says, and where it is no TOML. A file of megabytes that is something else altogether, such as a trace given
/// in a scenario's place, has an error on every line: its head is enough.
fn parse(text: &str) -> (Parsed<'_>, Vec<TomlError>) {
    let parse = |text| {
        let (table, errors) = DeTable::parse_recoverable(text);
        (Parsed::table(table.into_inner()), errors)
    };
    let head = parse(&text[..text.floor_char_boundary(HEAD_BYTES)]);
    let slips = head.1.iter().filter(|error| !is_duplicate(error)).count();
    if text.len() > HEAD_BYTES && slips <= SLIPS_MAX { parse(text) } else { head }
}

fn is_duplicate(error: &TomlError) -> bool {
    error.message() == "duplicate key"
}
