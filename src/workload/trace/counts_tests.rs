//! What a trace of counts may look like, and what is said about one that does not.

use super::*;
use std::io::Write;

fn all(text: &[u8], column: Column) -> Result<Vec<u32>, String> {
    Counts::new(text, Path::new("trace.txt"), column).collect::<Result<_, _>>().map_err(|error| error.to_string())
}

#[test]
fn blanks_and_a_missing_last_newline_do_not_matter() {
    assert_eq!(all(b"50\n 51 \r\n0\t\n052", Column::Only), Ok(vec![50, 51, 0, 52]));
    assert_eq!(all("\u{feff}7\n8\n\n \n".as_bytes(), Column::Only), Ok(vec![7, 8]));
    assert_eq!(all(b"1000000000", Column::Only), Ok(vec![VALUE_LIMIT]));
    assert_eq!(all(b"000000000007\n999999999\n1000000000\n", Column::Only), Ok(vec![7, 999_999_999, VALUE_LIMIT]));
}

#[test]
fn what_is_no_count_is_named_with_its_line() {
    let cases: [(&[u8], &str); 9] = [
        (b"1\n-2\n3", "line 2, column 1: found \"-2\", want a whole number from 0 to 1000000000"),
        (b"1\n2.0\n", "line 2, column 1: found \"2.0\", want"),
        (b"+1\n", "line 1, column 1: found \"+1\", want"),
        (b"1\n2\nmany\n", "line 3, column 1: found \"many\", want"),
        (b"1 2\n", "line 1, column 1: found \"1 2\", want"),
        (b"1000000001\n", "line 1, column 1: found \"1000000001\", want"),
        (b"99999999999999999999\n", "line 1, column 1: found \"99999999999999999999\", want"),
        (b"\x00\xff\n", "line 1, column 1: found \"\\x00\\xff\", want"),
        (b"1\n\n\n2\n", "line 2, column 1: found an empty line, want"),
    ];
    for (text, message) in cases {
        let error = all(text, Column::Only).unwrap_err();
        assert!(error.starts_with("trace.txt, ") && error.contains(message), "{error}");
    }
}

#[test]
fn an_endless_line_is_not_read_to_its_end() {
    let mut text = b"1\n".to_vec();
    text.resize(10 * LINE_LIMIT, b'7');
    let error = all(&text, Column::Only).unwrap_err();
    assert!(error.ends_with("want a line of at most 65536 bytes") && error.len() < 200, "{error}");
}

#[test]
fn a_column_is_chosen_by_place_or_name() {
    assert_eq!(all(b"a,3,x\n\"b,c\", \"4\" ,y\n", Column::Index(1)), Ok(vec![3, 4]));
    assert_eq!(all(b"epoch,requests\n1,30\n2,40\n", Column::Named("requests".to_owned())), Ok(vec![30, 40]));
    let missing = all(b"epoch,requests\n1,30\n", Column::Named("load".to_owned())).unwrap_err();
    assert_eq!(
        missing,
        "trace.txt, line 1, column 1: found \"epoch,requests\", want a header with the column \"load\""
    );
    let second = all(b"a,b\n1, x\n", Column::Named("b".to_owned())).unwrap_err();
    assert!(second.starts_with("trace.txt, line 2, column 4: found \"x\""), "{second}");
    let short = all(b"1,2\n3\n", Column::Index(1)).unwrap_err();
    assert_eq!(short, "trace.txt, line 2, column 1: found \"3\", want at least 2 fields");
}

#[test]
fn nothing_follows_an_error() {
    let mut counts = Counts::new(&b"x\n1\n"[..], Path::new("trace.txt"), Column::Only);
    assert!(matches!(counts.next(), Some(Err(_))));
    assert!(counts.next().is_none());
}

#[test]
fn files_may_be_packed_and_folders_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trace");
    let mut packed = flate2::write::GzEncoder::new(File::create(&path).unwrap(), flate2::Compression::default());
    packed.write_all(b"1\n2\n").unwrap();
    packed.finish().unwrap();
    assert_eq!(read(&path, &Column::Only).unwrap(), [1, 2]);

    let packed_bytes = std::fs::read(&path).unwrap();
    let mut torn = packed_bytes.clone();
    torn.truncate(torn.len() - 9);
    std::fs::write(&path, torn).unwrap();
    assert!(matches!(read(&path, &Column::Only), Err(CountsError::Unreadable { .. })));

    // Wrong from its first byte on, or only in its checksum, with every line a plain count.
    let mut wrong = packed_bytes.clone();
    let checksum = wrong.len() - 8;
    wrong[checksum] ^= 1;
    for bytes in [b"\x1f\x8b\x08garbage".to_vec(), wrong] {
        std::fs::write(&path, bytes).unwrap();
        assert!(matches!(read(&path, &Column::Only), Err(CountsError::Unreadable { .. })));
    }

    std::fs::write(&path, b"").unwrap();
    let empty = read(&path, &Column::Only).unwrap_err().to_string();
    assert!(empty.ends_with("trace: found no count, want one count a line"), "{empty}");
    let refused = read(folder.path(), &Column::Only).unwrap_err().to_string();
    assert!(refused.ends_with(": found a folder, want a file of counts"), "{refused}");
    assert!(matches!(read(&folder.path().join("none"), &Column::Only), Err(CountsError::Unreadable { .. })));
}
