//! Fixed-format CSV lines, written without formatting machinery: the log of requests is part of the hot path.
//!
//! Fields are quoted by the rules that the `csv` crate reads back (RFC 4180). Times are exact: seconds with nine decimals.
//! Costs are exact: dollars with twelve decimals.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use crate::engine::time::Span;

/// Bytes gathered before they are written.
const BLOCK: usize = 1 << 18;

/// A CSV file that is being written.
pub struct Lines {
    file: File,
    buffer: Vec<u8>,
    /// Rows after the header.
    pub rows: u64,
}

impl Lines {
    /// Creates the file with its header.
    pub fn create(path: &Path, header: &str) -> io::Result<Lines> {
        let mut buffer = Vec::with_capacity(BLOCK + 4096);
        buffer.extend_from_slice(header.as_bytes());
        buffer.push(b'\n');
        Ok(Lines { file: File::create(path)?, buffer, rows: 0 })
    }

    /// Starts a line; fields follow, then [`Lines::end`].
    #[inline]
    pub fn line(&mut self) -> Line<'_> {
        Line { buffer: &mut self.buffer, first: true }
    }

    /// Ends the line, and writes the block when it is full.
    #[inline]
    pub fn end(&mut self) -> io::Result<()> {
        self.buffer.push(b'\n');
        self.rows += 1;
        if self.buffer.len() >= BLOCK { self.flush() } else { Ok(()) }
    }

    pub fn flush(&mut self) -> io::Result<()> {
        self.file.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }
}

/// A line under way.
pub struct Line<'a> {
    buffer: &'a mut Vec<u8>,
    first: bool,
}

impl Line<'_> {
    #[inline]
    fn comma(&mut self) {
        if !std::mem::take(&mut self.first) {
            self.buffer.push(b',');
        }
    }

    #[inline]
    pub fn whole(&mut self, number: u64) {
        self.comma();
        self.buffer.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    }

    /// A number that may be missing.
    #[inline]
    pub fn maybe(&mut self, number: Option<u64>) {
        match number {
            Some(number) => self.whole(number),
            None => self.comma(),
        }
    }

    /// Seconds with nine decimals.
    #[inline]
    pub fn secs(&mut self, ns: u64) {
        self.comma();
        self.fixed::<9>(ns, 1_000_000_000);
    }

    #[inline]
    pub fn span(&mut self, span: Span) {
        self.secs(span.as_nanos());
    }

    /// Dollars with twelve decimals.
    #[inline]
    pub fn usd(&mut self, pico: u64) {
        self.comma();
        self.fixed::<12>(pico, 1_000_000_000_000);
    }

    #[inline]
    fn fixed<const DIGITS: usize>(&mut self, value: u64, unit: u64) {
        let (whole, mut rest) = (value / unit, value % unit);
        self.buffer.extend_from_slice(itoa::Buffer::new().format(whole).as_bytes());
        let mut digits = [b'0'; DIGITS];
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        self.buffer.push(b'.');
        self.buffer.extend_from_slice(&digits);
    }

    /// The shortest text that reads back as the same number.
    #[inline]
    pub fn float(&mut self, number: f64) {
        self.comma();
        self.buffer.extend_from_slice(zmij::Buffer::new().format(number).as_bytes());
    }

    /// A number that may be missing, in the shortest text.
    pub fn maybe_float(&mut self, number: Option<f64>) {
        match number {
            Some(number) => self.float(number),
            None => self.comma(),
        }
    }

    /// Text that is known to need no quotes, or has them already.
    #[inline]
    pub fn plain(&mut self, text: &str) {
        self.comma();
        self.buffer.extend_from_slice(text.as_bytes());
    }

    /// Any text.
    pub fn text(&mut self, text: &str) {
        self.comma();
        self.buffer.extend_from_slice(quoted(text).as_bytes());
    }
}

/// Text as a CSV field.
pub fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back_with_the_csv_crate() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        let mut lines = Lines::create(&path, "a,b,c,d,e,f").unwrap();
        let mut line = lines.line();
        line.whole(7);
        line.maybe(None);
        line.secs(1_000_000_007);
        line.usd(2_500_000_000_001);
        line.float(0.1);
        line.text("a \"b\", c\nd");
        lines.end().unwrap();
        lines.flush().unwrap();
        let mut reader = csv::Reader::from_path(&path).unwrap();
        let row: Vec<String> = reader.records().next().unwrap().unwrap().iter().map(str::to_owned).collect();
        assert_eq!(row, ["7", "", "1.000000007", "2.500000000001", "0.1", "a \"b\", c\nd"]);
    }
}
