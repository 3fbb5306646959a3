//! What is wrong with a trace, said so that its owner can mend it: file, line, column, what was found, what was wanted.
//!
//! `d01.csv:3:214: minute 17: found "x", want a whole number`
//!
//! Whatever was found is shown escaped and cut, because a trace may be a gigabyte of anything.

use std::io;
use std::sync::Arc;

/// Why a trace cannot be read on. Lines and columns count from 1, columns in bytes.
#[derive(Debug, thiserror::Error)]
pub enum Flaw {
    #[error("{file}: cannot be read: {source}")]
    Unreadable { file: Arc<str>, source: io::Error },
    #[error("{file}: found {found}, want {wanted}")]
    File { file: Arc<str>, found: String, wanted: String },
    #[error("{file}:{line}:{column}: {key}: found {found}, want {wanted}")]
    Place {
        file: Arc<str>,
        line: u64,
        column: usize,
        /// What the value is: the column of the format, or its role.
        key: &'static str,
        found: String,
        wanted: String,
    },
}

impl Flaw {
    /// A flaw of the file as a whole.
    pub fn file(file: &Arc<str>, found: impl Into<String>, wanted: impl Into<String>) -> Flaw {
        Flaw::File { file: file.clone(), found: found.into(), wanted: wanted.into() }
    }

    /// What was found, with its place, and what was wanted: for complaints that have these two.
    pub fn found_wanted(&self) -> (String, String) {
        const WANTED: &str = "a trace";
        match self {
            Flaw::Unreadable { file, source } if source.kind() == io::ErrorKind::NotFound => {
                (format!("no file {file}"), WANTED.to_owned())
            }
            Flaw::Unreadable { file, source } => (format!("{file} ({source})"), WANTED.to_owned()),
            Flaw::File { file, found, wanted } => (format!("{found} at {file}"), wanted.clone()),
            Flaw::Place { file, line, column, key, found, wanted } => {
                (format!("{found} for {key} at {file}:{line}:{column}"), wanted.clone())
            }
        }
    }

    /// What the flawed value is; `None` where the file as a whole is flawed.
    pub fn key(&self) -> Option<&'static str> {
        match self {
            Flaw::Place { key, .. } => Some(key),
            Flaw::Unreadable { .. } | Flaw::File { .. } => None,
        }
    }
}

/// Text as it was found, in quotes, escaped and cut.
pub fn shown(found: &[u8]) -> String {
    const SHOWN: usize = 60;
    let text = found.trim_ascii();
    if text.is_empty() {
        return "nothing".to_owned();
    }
    if text.len() > SHOWN {
        return format!("\"{}...\" ({} bytes)", text[..SHOWN].escape_ascii(), text.len());
    }
    format!("\"{}\"", text.escape_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_is_escaped_and_cut() {
        assert_eq!(shown(b" a\tb\x1b[31m "), "\"a\\tb\\x1b[31m\"");
        assert_eq!(shown(b"  "), "nothing");
        let long = shown(&[b'x'; 1000]);
        assert_eq!(long, format!("\"{}...\" (1000 bytes)", "x".repeat(60)));
    }
}
