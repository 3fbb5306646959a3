//! How lines are cut, and what is said of those that cannot be.

use super::*;
use std::io::Write;

fn cut(text: &str, separator: Separator) -> Result<Vec<String>, String> {
    let file = "f".into();
    let mut fields = Fields::default();
    let row = fields.cut(Line { file: &file, number: 7, text: text.as_bytes() }, separator);
    row.map(|row| (0..row.len()).map(|field| row.text(field).into_owned()).collect()).map_err(|flaw| flaw.to_string())
}

#[test]
fn fields_lose_their_blanks_and_quotes() {
    let comma = Separator::Byte(b',');
    assert_eq!(cut("a, b ,,\tc", comma).unwrap(), ["a", "b", "", "c"]);
    assert_eq!(cut("\"a,b\" , c,\"say \"\"x\"\"\",", comma).unwrap(), ["a,b", "c", "say \"x\"", ""]);
    assert_eq!(cut("a;\tb;\t3.5", Separator::Byte(b';')).unwrap(), ["a", "b", "3.5"]);
    let log = "h2 [10/Oct/2000:13:55:36 -0700] \"GET /a \\\"b\\\"\" 200 -";
    assert_eq!(
        cut(log, Separator::Blanks).unwrap(),
        ["h2", "10/Oct/2000:13:55:36 -0700", "GET /a \\\"b\\\"", "200", "-"]
    );
}

#[test]
fn what_does_not_close_is_named_with_its_place() {
    let comma = Separator::Byte(b',');
    assert!(cut("a,\"b", comma).unwrap_err().starts_with("f:7:3: quote: found \"\\\"b\", want a quote that closes"));
    assert!(cut("a,\"b\"c,d", comma).unwrap_err().contains("want a separator after a closing quote"));
    assert!(cut("a [b", Separator::Blanks).unwrap_err().starts_with("f:7:3: bracket:"));
    assert!(cut("a \"b\\\"", Separator::Blanks).unwrap_err().starts_with("f:7:3: quote:"));
}

#[test]
fn lines_are_numbered_as_an_editor_does() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all("\u{feff}a\r\n\n  \nb".as_bytes()).unwrap();
    let mut lines = Lines::open(file.path()).unwrap();
    let mut seen = Vec::new();
    while let Some(line) = lines.next_line().unwrap() {
        seen.push((line.number, line.text.to_vec()));
    }
    assert_eq!(seen, [(1, b"a".to_vec()), (4, b"b".to_vec())]);
}

#[test]
fn a_line_without_end_is_refused() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&vec![b'7'; LINE_MAX + 10]).unwrap();
    let error = Lines::open(file.path()).unwrap().next_line().unwrap_err().to_string();
    assert!(error.contains("want a line of at most 4194304 bytes"), "{error}");
}
