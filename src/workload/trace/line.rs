//! The lines of a trace with their places, and lines cut into fields.
//!
//! A line is bounded, so that a file without line ends does not fill the memory. A byte order mark, carriage returns and
//! empty lines are passed over. A field in quotes may hold separators and doubled quotes, but no line end.

use super::flaw::{Flaw, shown};
use super::number::{self, Unit};
use super::packed::{self, Text};
use std::borrow::Cow;
use std::io::{BufRead, Read};
use std::path::Path;
use std::sync::Arc;

/// Longest line, in bytes: wide tables have one column for each of thousands of functions.
pub const LINE_MAX: usize = 4 << 20;

/// A file, line by line.
pub struct Lines {
    text: Text,
    file: Arc<str>,
    buffer: Vec<u8>,
    number: u64,
}

/// A line without its end, and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    pub file: &'a Arc<str>,
    /// From 1.
    pub number: u64,
    pub text: &'a [u8],
}

impl Lines {
    pub fn open(path: &Path) -> Result<Lines, Flaw> {
        Ok(Lines { text: packed::open(path)?, file: packed::name(path), buffer: Vec::new(), number: 0 })
    }

    pub fn file(&self) -> &Arc<str> {
        &self.file
    }

    /// The next line that is not empty.
    pub fn next_line(&mut self) -> Result<Option<Line<'_>>, Flaw> {
        loop {
            self.buffer.clear();
            let mut bounded = Read::take(&mut self.text, LINE_MAX as u64 + 1);
            let read = bounded
                .read_until(b'\n', &mut self.buffer)
                .map_err(|source| Flaw::Unreadable { file: self.file.clone(), source })?;
            if read == 0 {
                return Ok(None);
            }
            self.number += 1;
            let line = Line { file: &self.file, number: self.number, text: &self.buffer };
            if read > LINE_MAX {
                return Err(line.flaw("line", &self.buffer, format!("a line of at most {LINE_MAX} bytes")));
            }
            let start = if self.number == 1 && self.buffer.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
            let text = self.buffer[start..].strip_suffix(b"\n").unwrap_or(&self.buffer[start..]);
            let end = start + text.strip_suffix(b"\r").unwrap_or(text).len();
            if !self.buffer[start..end].trim_ascii().is_empty() {
                return Ok(Some(Line { file: &self.file, number: self.number, text: &self.buffer[start..end] }));
            }
        }
    }
}

impl Line<'_> {
    /// A flaw of the line as a whole.
    pub fn flaw(&self, key: &'static str, found: &[u8], wanted: impl Into<String>) -> Flaw {
        self.flaw_at(0, key, found, wanted)
    }

    /// A flaw at a byte of the line, from 0.
    pub fn flaw_at(&self, byte: usize, key: &'static str, found: &[u8], wanted: impl Into<String>) -> Flaw {
        let (file, line, column) = (self.file.clone(), self.number, byte + 1);
        Flaw::Place { file, line, column, key, found: shown(found), wanted: wanted.into() }
    }
}

/// Where the fields of a line stand; reused from line to line.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    spans: Vec<(u32, u32)>,
}

/// How a format separates its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Separator {
    /// One byte between fields, quotes around fields that hold it.
    Byte(u8),
    /// Blanks between fields; quotes or square brackets around fields that hold them (access logs).
    Blanks,
}

/// A line cut into fields.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    pub line: Line<'a>,
    spans: &'a [(u32, u32)],
}

impl Fields {
    /// Cuts a line; blanks and quotes around a field do not belong to it.
    pub fn cut<'a>(&'a mut self, line: Line<'a>, separator: Separator) -> Result<Row<'a>, Flaw> {
        self.spans.clear();
        match separator {
            Separator::Byte(byte) if !line.text.contains(&b'"') => self.cut_plain(line.text, byte),
            Separator::Byte(byte) => self.cut_quoted(&line, byte)?,
            Separator::Blanks => self.cut_blanks(&line)?,
        }
        Ok(Row { line, spans: &self.spans })
    }

    fn add(&mut self, text: &[u8], start: usize, end: usize) {
        let field = &text[start..end];
        let lead = field.len() - field.trim_ascii_start().len();
        self.spans.push(((start + lead) as u32, (start + lead + field.trim_ascii().len()) as u32));
    }

    fn cut_plain(&mut self, text: &[u8], separator: u8) {
        let mut start = 0;
        for (place, &byte) in text.iter().enumerate() {
            if byte == separator {
                self.add(text, start, place);
                start = place + 1;
            }
        }
        self.add(text, start, text.len());
    }

    fn cut_quoted(&mut self, line: &Line<'_>, separator: u8) -> Result<(), Flaw> {
        let text = line.text;
        let mut place = 0;
        loop {
            while place < text.len() && text[place] == b' ' {
                place += 1;
            }
            if text.get(place) != Some(&b'"') {
                let end = text[place..].iter().position(|&byte| byte == separator).map_or(text.len(), |at| place + at);
                self.add(text, place, end);
                place = end;
            } else {
                let close = closing_quote(text, place + 1)
                    .ok_or_else(|| line.flaw_at(place, "quote", &text[place..], "a quote that closes on its line"))?;
                self.spans.push((place as u32 + 1, close as u32));
                place = close + 1;
                let rest = text[place..].iter().position(|&byte| byte == separator).map_or(text.len(), |at| place + at);
                if !text[place..rest].trim_ascii().is_empty() {
                    return Err(line.flaw_at(place, "quote", &text[place..rest], "a separator after a closing quote"));
                }
                place = rest;
            }
            if place >= text.len() {
                return Ok(());
            }
            place += 1;
        }
    }

    fn cut_blanks(&mut self, line: &Line<'_>) -> Result<(), Flaw> {
        let text = line.text;
        let mut place = 0;
        while place < text.len() {
            let (start, end, next) = match text[place] {
                b' ' | b'\t' => {
                    place += 1;
                    continue;
                }
                b'"' => {
                    let close = escaped_quote(text, place + 1).ok_or_else(|| {
                        line.flaw_at(place, "quote", &text[place..], "a quote that closes on its line")
                    })?;
                    (place + 1, close, close + 1)
                }
                b'[' => {
                    let close = text[place..].iter().position(|&byte| byte == b']').map(|at| place + at);
                    let close = close.ok_or_else(|| {
                        line.flaw_at(place, "bracket", &text[place..], "a bracket that closes on its line")
                    })?;
                    (place + 1, close, close + 1)
                }
                _ => {
                    let end =
                        text[place..].iter().position(|byte| b" \t".contains(byte)).map_or(text.len(), |at| place + at);
                    (place, end, end)
                }
            };
            self.spans.push((start as u32, end as u32));
            place = next;
        }
        Ok(())
    }
}

/// The quote that ends a CSV field begun before `place`; a doubled one stands for itself.
fn closing_quote(text: &[u8], mut place: usize) -> Option<usize> {
    loop {
        place += text.get(place..)?.iter().position(|&byte| byte == b'"')?;
        if text.get(place + 1) != Some(&b'"') {
            return Some(place);
        }
        place += 2;
    }
}

/// The quote that ends a field of a log begun before `place`; one behind a backslash stands for itself.
fn escaped_quote(text: &[u8], mut place: usize) -> Option<usize> {
    while place < text.len() {
        match text[place] {
            b'"' => return Some(place),
            b'\\' => place += 2,
            _ => place += 1,
        }
    }
    None
}

impl<'a> Row<'a> {
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The bytes of a field; nothing for one past the end.
    #[inline]
    pub fn bytes(&self, field: usize) -> &'a [u8] {
        self.spans.get(field).map_or(&[], |&(start, end)| &self.line.text[start as usize..end as usize])
    }

    pub fn iter(&self) -> impl Iterator<Item = &'a [u8]> + '_ {
        (0..self.len()).map(|field| self.bytes(field))
    }

    /// A field as text; invalid UTF-8 is shown by replacement characters, a doubled quote is one.
    pub fn text(&self, field: usize) -> Cow<'a, str> {
        let text = String::from_utf8_lossy(self.bytes(field));
        if text.contains("\"\"") { text.replace("\"\"", "\"").into() } else { text }
    }

    /// A flaw of a field. One past the end is a flaw at the end of the line.
    pub fn flaw(&self, field: usize, key: &'static str, wanted: impl Into<String>) -> Flaw {
        let place = self.spans.get(field).map_or(self.line.text.len(), |&(start, _)| start as usize);
        self.line.flaw_at(place, key, self.bytes(field), wanted)
    }

    /// The field as a whole number.
    pub fn whole(&self, field: usize, key: &'static str) -> Result<u64, Flaw> {
        number::whole(self.bytes(field)).ok_or_else(|| self.flaw(field, key, "a whole number"))
    }

    /// The field as a finite number.
    pub fn decimal(&self, field: usize, key: &'static str) -> Result<f64, Flaw> {
        number::decimal(self.bytes(field)).ok_or_else(|| self.flaw(field, key, "a number"))
    }

    /// The field as a point or length of time in nanoseconds.
    pub fn nanos(&self, field: usize, key: &'static str, unit: Unit) -> Result<i64, Flaw> {
        number::nanos(self.bytes(field), unit)
            .ok_or_else(|| self.flaw(field, key, "a number that is a time within 292 years"))
    }

    /// Refuses a row that has not as many fields as the format.
    pub fn want_fields(&self, fields: usize) -> Result<(), Flaw> {
        if self.len() == fields {
            return Ok(());
        }
        let found = format!("{} fields", self.len());
        Err(self.line.flaw("row", found.as_bytes(), format!("{fields} fields")))
    }

    /// The first of `names` that is a field of this header; the case of letters counts only where it tells two fields apart.
    ///
    /// # Errors
    /// A header that has this field twice, since nobody can say which of the two is meant.
    pub fn find(&self, key: &'static str, names: &[&str]) -> Result<Option<usize>, Flaw> {
        for name in names.iter().map(|name| name.as_bytes()) {
            let exact = (0..self.len()).filter(|&field| self.bytes(field) == name);
            let alike = (0..self.len()).filter(|&field| self.bytes(field).eq_ignore_ascii_case(name));
            for mut places in [exact.collect::<Vec<_>>(), alike.collect()].map(Vec::into_iter) {
                match (places.next(), places.next()) {
                    (None, _) => {}
                    (first, None) => return Ok(first),
                    (Some(_), Some(second)) => return Err(self.flaw(second, key, "each column once")),
                }
            }
        }
        Ok(None)
    }

    /// Like [`Row::find`], but a header without the column is a flaw that shows what it has.
    pub fn want_column(&self, key: &'static str, names: &[&str]) -> Result<usize, Flaw> {
        let named = || names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(" or ");
        self.find(key, names)?
            .ok_or_else(|| self.line.flaw(key, self.line.text, format!("a header with the column {}", named())))
    }
}

#[cfg(test)]
#[path = "line_tests.rs"]
mod tests;
