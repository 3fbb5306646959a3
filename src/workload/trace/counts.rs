//! Requests per second, one whole number a line: the plainest trace there is, also as one column of a CSV file.
//!
//! Source: the trace files of `aliraza0337/LIBRA` (line `n` is second `n`, from 1); the CSV form serves traces prepared
//! elsewhere, such as the per-second tables of a replay.
//! Differs: nothing is guessed. Blanks around a number, a missing last newline, a byte order mark and empty lines at the
//! end are accepted; anything else that is not a count is an error with file, line, column, found and wanted. Files packed
//! with gzip or zstd are recognised by their first bytes.

use super::packed;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

/// Most requests in one second that are believed.
pub const VALUE_LIMIT: u32 = 1_000_000_000;
/// Longest line, in bytes.
pub const LINE_LIMIT: usize = 64 * 1024;
/// Most lines (a year and a half of seconds), so that a packed file cannot fill the memory.
pub const LINES_LIMIT: u64 = 50_000_000;

/// Where in a line the count stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Column {
    /// The line is the count.
    #[default]
    Only,
    /// A field of a CSV line, from 0; the file has no header.
    Index(usize),
    /// The field under this name in the header of a CSV file.
    Named(String),
}

/// Why a trace cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CountsError {
    #[error("{}: cannot be read", file.display())]
    Unreadable { file: PathBuf, source: io::Error },
    #[error("{}: found {found}, want {wanted}", file.display())]
    File { file: PathBuf, found: &'static str, wanted: &'static str },
    /// Line and column count from 1, the column in bytes.
    #[error("{}, line {line}, column {column}: found {found}, want {wanted}", file.display())]
    Line { file: PathBuf, line: u64, column: usize, found: String, wanted: String },
}

impl CountsError {
    /// What was found, with file and line, and what was wanted: for complaints that have these two.
    pub fn found_wanted(&self) -> (String, String) {
        const WANTED: &str = "a file of counts";
        match self {
            CountsError::Unreadable { file, source } if source.kind() == io::ErrorKind::NotFound => {
                (format!("no file {}", file.display()), WANTED.to_owned())
            }
            CountsError::Unreadable { file, source } => (format!("{} ({source})", file.display()), WANTED.to_owned()),
            CountsError::File { file, found, wanted } => {
                (format!("{found} at {}", file.display()), (*wanted).to_owned())
            }
            CountsError::Line { file, line, found, wanted, .. } => {
                (format!("{found} in line {line} of {}", file.display()), wanted.clone())
            }
        }
    }
}

/// Reads all counts of a file.
///
/// # Errors
/// A missing file, a folder, an empty file, and the first line that holds no count.
pub fn read(path: &Path, column: &Column) -> Result<Vec<u32>, CountsError> {
    let unreadable = |source| CountsError::Unreadable { file: path.to_owned(), source };
    if std::fs::metadata(path).map_err(unreadable)?.is_dir() {
        return Err(CountsError::File { file: path.to_owned(), found: "a folder", wanted: "a file of counts" });
    }
    let text = packed::unpack(BufReader::with_capacity(1 << 16, File::open(path).map_err(unreadable)?));
    let counts: Vec<u32> = Counts::new(text, path, column.clone()).collect::<Result<_, _>>()?;
    if counts.is_empty() {
        return Err(CountsError::File { file: path.to_owned(), found: "no count", wanted: "one count a line" });
    }
    Ok(counts)
}

/// The counts of a trace, line by line. Ends after the first error.
pub struct Counts<R> {
    lines: R,
    /// For messages.
    file: PathBuf,
    column: Column,
    /// Field of the count, once known; `None` where the line is the count.
    field: Option<usize>,
    buffer: Vec<u8>,
    line: u64,
    ended: bool,
}

impl<R: BufRead> Counts<R> {
    /// `file` is the name for messages.
    pub fn new(lines: R, file: &Path, column: Column) -> Counts<R> {
        let field = if let Column::Index(index) = column { Some(index) } else { None };
        Counts { lines, file: file.to_owned(), column, field, buffer: Vec::new(), line: 0, ended: false }
    }

    /// The next line into `buffer`, without blanks around it; false at the end.
    fn next_line(&mut self) -> Result<bool, CountsError> {
        self.buffer.clear();
        let mut bounded = io::Read::take(&mut self.lines, LINE_LIMIT as u64 + 1);
        let read = bounded
            .read_until(b'\n', &mut self.buffer)
            .map_err(|source| CountsError::Unreadable { file: self.file.clone(), source })?;
        if read == 0 {
            return Ok(false);
        }
        self.line += 1;
        if self.line == 1 && self.buffer.starts_with("\u{feff}".as_bytes()) {
            self.buffer.drain(..3);
        }
        if read > LINE_LIMIT {
            return Err(self.complaint(&self.buffer, format!("a line of at most {LINE_LIMIT} bytes")));
        }
        if self.line > LINES_LIMIT {
            return Err(self.complaint(&self.buffer, format!("a file of at most {LINES_LIMIT} lines")));
        }
        Ok(true)
    }

    /// The count of a line that is nothing but digits and lies in the reader's buffer as a whole; all others are left to
    /// the careful way.
    #[inline]
    fn plain_count(&mut self) -> Result<Option<u32>, CountsError> {
        if self.column != Column::Only || self.line >= LINES_LIMIT {
            return Ok(None);
        }
        // Told here: an unpacker that has failed once may say next that the file is at its end.
        let unreadable = |source| CountsError::Unreadable { file: self.file.clone(), source };
        let buffered = self.lines.fill_buf().map_err(unreadable)?;
        let mut value = 0u32;
        for (place, &byte) in buffered.iter().take(10).enumerate() {
            let digit = byte.wrapping_sub(b'0');
            if digit < 10 && place < 9 {
                value = value * 10 + u32::from(digit);
            } else if byte == b'\n' && place > 0 {
                self.lines.consume(place + 1);
                self.line += 1;
                return Ok(Some(value));
            } else {
                return Ok(None);
            }
        }
        Ok(None)
    }

    fn read_header(&mut self, name: &str) -> Result<(), CountsError> {
        let wanted = || format!("a header with the column {name:?}");
        if !self.next_line()? {
            return Err(CountsError::File { file: self.file.clone(), found: "an empty file", wanted: "a header" });
        }
        let mut found = fields(&self.buffer).enumerate().filter(|&(_, field)| field == name.as_bytes());
        let (first, second) = (found.next(), found.next());
        if let Some((_, again)) = second {
            return Err(self.complaint(again, "each column once".to_owned()));
        }
        self.field = Some(first.ok_or_else(|| self.complaint(&self.buffer, wanted()))?.0);
        Ok(())
    }

    fn next_count(&mut self) -> Result<Option<u32>, CountsError> {
        if let (Column::Named(name), None) = (&self.column, self.field) {
            let name = name.clone();
            self.read_header(&name)?;
        }
        if let Some(count) = self.plain_count()? {
            return Ok(Some(count));
        }
        let mut blank_line = None;
        while self.next_line()? {
            if self.buffer.trim_ascii().is_empty() {
                blank_line.get_or_insert(self.line);
                continue;
            }
            if let Some(line) = blank_line {
                // A second without a number in the middle would move all that follow.
                let (file, wanted) = (self.file.clone(), count_wanted());
                return Err(CountsError::Line { file, line, column: 1, found: "an empty line".to_owned(), wanted });
            }
            let text = match self.field {
                None => self.buffer.trim_ascii(),
                Some(index) => fields(&self.buffer)
                    .nth(index)
                    .ok_or_else(|| self.complaint(&self.buffer, format!("at least {} fields", index + 1)))?,
            };
            return count(text).map(Some).ok_or_else(|| self.complaint(text, count_wanted()));
        }
        Ok(None)
    }

    fn complaint(&self, found: &[u8], wanted: String) -> CountsError {
        const SHOWN: usize = 40;
        let text = found.trim_ascii();
        let shown = text[..text.len().min(SHOWN)].escape_ascii();
        let more = if text.len() > SHOWN { "..." } else { "" };
        // What was found is a part of the line; where it is not, its place is that of the line.
        let place = (text.as_ptr() as usize).wrapping_sub(self.buffer.as_ptr() as usize);
        let column = if place <= self.buffer.len() { place + 1 } else { 1 };
        CountsError::Line {
            file: self.file.clone(),
            line: self.line,
            column,
            found: format!("\"{shown}{more}\""),
            wanted,
        }
    }
}

impl<R: BufRead> Iterator for Counts<R> {
    type Item = Result<u32, CountsError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.next_count().transpose();
        self.ended = !matches!(next, Some(Ok(_)));
        next
    }
}

fn count_wanted() -> String {
    format!("a whole number from 0 to {VALUE_LIMIT}")
}

/// Decimal digits only, no sign; leading zeros are harmless.
fn count(text: &[u8]) -> Option<u32> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0u32, |value, digit| {
        let digit = digit.checked_sub(b'0').filter(|&digit| digit < 10)?;
        value.checked_mul(10)?.checked_add(u32::from(digit)).filter(|&value| value <= VALUE_LIMIT)
    })
}

/// Fields of a CSV line, without blanks and quotes around them. A comma in quotes separates nothing; a newline in quotes is
/// not supported, since lines are seconds.
fn fields(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut quoted = false;
    line.split(move |&byte| {
        quoted ^= byte == b'"';
        byte == b',' && !quoted
    })
    .map(|field| {
        let field = field.trim_ascii();
        field.strip_prefix(b"\"").and_then(|field| field.strip_suffix(b"\"")).unwrap_or(field).trim_ascii()
    })
}

#[cfg(test)]
#[path = "counts_tests.rs"]
mod tests;
