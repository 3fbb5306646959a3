//! Lines and columns of a text, found from byte offsets.
//!
//! A file may be one line of many megabytes with a complaint at every byte, so a column is counted from the nearest of
//! evenly spaced checkpoints and not from the start of its line.

/// Knows where the lines of a text begin, and how many characters precede every checkpoint.
#[derive(Clone, Debug)]
pub struct Lines {
    starts: Vec<usize>,
    /// Characters before byte `i * STRIDE`, where a character counts where it begins.
    chars_before: Vec<usize>,
}

const STRIDE: usize = 1024;

impl Lines {
    pub fn new(text: &str) -> Lines {
        let mut starts = vec![0];
        let mut chars_before = Vec::with_capacity(text.len() / STRIDE + 1);
        let mut chars = 0;
        for (at, byte) in text.bytes().enumerate() {
            if at % STRIDE == 0 {
                chars_before.push(chars);
            }
            chars += usize::from(begins_a_character(byte));
            if byte == b'\n' {
                starts.push(at + 1);
            }
        }
        Lines { starts, chars_before }
    }

    /// Line and column of a byte, both counted from 1, the column in characters. `text` is the one given to `new`.
    pub fn position(&self, text: &str, byte: usize) -> (u32, u32) {
        let byte = byte.min(text.len());
        let line = self.starts.partition_point(|&start| start <= byte);
        let column = self.chars(text, byte) - self.chars(text, self.starts[line - 1]) + 1;
        (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
    }

    /// The bytes of the line that holds a byte, without its end of line.
    pub fn line_at<'t>(&self, text: &'t str, byte: usize) -> (usize, &'t str) {
        let line = self.starts.partition_point(|&start| start <= byte.min(text.len()));
        let start = self.starts[line - 1];
        let end = self.starts.get(line).copied().unwrap_or(text.len());
        (start, text[start..end].trim_end_matches(['\n', '\r']))
    }

    fn chars(&self, text: &str, byte: usize) -> usize {
        let Some(last) = self.chars_before.len().checked_sub(1) else { return 0 };
        let checkpoint = (byte / STRIDE).min(last);
        let rest = &text.as_bytes()[checkpoint * STRIDE..byte];
        self.chars_before[checkpoint] + rest.iter().filter(|&&byte| begins_a_character(byte)).count()
    }
}

fn begins_a_character(byte: u8) -> bool {
    byte & 0b1100_0000 != 0b1000_0000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_not_bytes() {
        let text = "a = 1\n\"µs\" = 2\r\nc";
        let lines = Lines::new(text);
        for (part, position) in [("a", (1, 1)), ("1", (1, 5)), ("2", (2, 8)), ("c", (3, 1))] {
            assert_eq!(lines.position(text, text.find(part).unwrap()), position, "{part}");
        }
        assert_eq!(lines.position(text, text.len()), (3, 2));
        assert_eq!(lines.line_at(text, 7), (6, "\"µs\" = 2"));
        assert_eq!(Lines::new("").position("", 0), (1, 1));
    }

    #[test]
    fn a_far_column_of_one_long_line_is_the_number_of_characters_before_it() {
        let text = "µx".repeat(5000);
        let lines = Lines::new(&text);
        for nth in [0, 1, 1023, 1024, 1025, 9999] {
            let byte = text.char_indices().nth(nth).unwrap().0;
            assert_eq!(lines.position(&text, byte), (1, nth as u32 + 1));
        }
    }
}
