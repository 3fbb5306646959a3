//! What the binary says about bad input, message by message: `bad_input.txt` has the table and says how it is read.
//!
//! Whatever is wrong, the exit code is 2, nothing panics, nothing is printed as a result and nothing is written.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use super::{Place, blessing};

/// One block of the table.
#[derive(Default)]
struct Block<'a> {
    /// The file that is edited, with what is taken out (nothing: at the end) and what is put there.
    file: &'a str,
    changes: Vec<(Option<&'a str>, Vec<&'a str>)>,
    arguments: Vec<&'a str>,
    wanted: Vec<&'a str>,
}

impl<'a> Block<'a> {
    fn parse(text: &'a str) -> Block<'a> {
        let mut block = Block { file: "town.toml", ..Block::default() };
        let mut command = "town.toml";
        let mut sets = vec![];
        for line in text.lines() {
            if let Some(message) = line.strip_prefix("=> ") {
                block.wanted.push(message);
            } else if let Some(set) = line.strip_prefix("--set ") {
                sets.extend(["--set", set]);
            } else if let Some(old) = line.strip_prefix("- ") {
                block.changes.push((Some(old), vec![]));
            } else if let Some(new) = line.strip_prefix("+ ") {
                match block.changes.last_mut() {
                    Some((_, lines)) => lines.push(new),
                    None => block.changes.push((None, vec![new])),
                }
            } else {
                match line.strip_prefix('@').and_then(|head| head.split_once(' ').or(Some((head, "")))) {
                    Some(("town", "")) => block.file = "town.toml",
                    Some(("prices", "")) => block.file = "prices.toml",
                    Some(("run", rest)) => command = rest,
                    _ => panic!("bad_input.txt: {line:?} is no line of a block"),
                }
            }
        }
        block.arguments = ["run"].into_iter().chain(command.split(' ')).chain(sets).collect();
        block
    }

    /// The text with the changes of the block.
    fn edited(&self, mut text: String) -> String {
        for (old, new) in &self.changes {
            let new: String = new.iter().map(|line| format!("{line}\n")).collect();
            text = match old {
                None => text + &new,
                Some(old) => {
                    let line = format!("\n{old}\n");
                    assert!(text.contains(&line), "bad_input.txt: no line {old:?} in {}", self.file);
                    text.replacen(&line, &format!("\n{new}"), 1)
                }
            };
        }
        text
    }
}

/// The files that blocks speak of: things that are no scenario, no price list, no trace and no list of values.
fn put_bad_files(place: &Place) {
    std::fs::create_dir(place.path("folder")).unwrap();
    let mut packed = flate2::write::GzEncoder::new(vec![], flate2::Compression::default());
    (0..5000u32).for_each(|n| writeln!(packed, "{}", n.wrapping_mul(2_654_435_761) % 1000).unwrap());
    let packed = packed.finish().unwrap();
    let mut changed = packed.clone();
    let checksum = changed.len() - 8;
    changed[checksum] ^= 1;
    let deep = format!("k = {}{}", "[".repeat(100), "]".repeat(100));
    let files: &[(&str, &[u8])] = &[
        ("empty.csv", b""),
        ("blank.csv", b"\n\n\n"),
        ("float.csv", b"5\n6.5\n"),
        ("negative.csv", b"5\n-6\n"),
        ("garbage.csv", b"\x7fELF\x02\xff\xfe\x00"),
        ("long.csv", &[b"5\n".as_slice(), &[b'1'; 1_000_000], b"\n"].concat()),
        ("hole.csv", b"5\n\n6\n"),
        ("huge.csv", b"5\n1000000001\n"),
        ("wide.csv", b"a,b\n1,2\n3\n"),
        ("sum.gz", &changed),
        ("cut.gz", &packed[..packed.len() / 2]),
        ("not.gz", b"\x1f\x8b\x08garbage garbage"),
        ("words.txt", b"0.5\nfast\n"),
        ("nan.txt", b"0.5\nNaN\n"),
        ("minus.txt", b"-1\n"),
        ("binary.toml", b"name = \"t\"\n\x7fELF\xff\xfe"),
        ("large.toml", &vec![b'#'; (16 << 20) + 1]),
        ("blank.toml", b""),
        ("deep.toml", deep.as_bytes()),
        ("line.toml", &[b"name = \"".as_slice(), &[b'x'; 1_000_000], b"\"\n"].concat()),
        ("cut.toml", b"name = \"t\"\n[pools.web]\nkind = \"v"),
    ];
    files.iter().for_each(|(name, bytes)| drop(place.write(name, bytes)));
}

#[test]
fn every_bad_input_has_its_message() {
    const TABLE: &str = include_str!("bad_input.txt");
    let place = Place::new();
    put_bad_files(&place);
    let before = place.hashes(".");
    let (town, prices) = (place.read("town.toml"), place.read("prices.toml"));
    let mut blessed = String::new();
    let mut complaints = BTreeSet::new();
    let mut wrong = vec![];
    for (nth, text) in TABLE.split("\n\n").enumerate() {
        let text = text.trim_end();
        if nth == 0 {
            blessed += text;
            continue;
        }
        let block = Block::parse(text);
        for (file, original) in [("town.toml", &town), ("prices.toml", &prices)] {
            let original = original.clone();
            place.write(file, if block.file == file { block.edited(original) } else { original });
        }
        let said = place.run(&block.arguments);
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{text}\n{}", said.err);
        let mut found: Vec<&str> = said.err.lines().collect();
        let counts = found.last().is_some_and(|line| line.ends_with(" complaint") || line.ends_with(" complaints"));
        if counts {
            let (number, told) = (found.pop().unwrap().split(' ').next().unwrap(), found.len().to_string());
            assert_eq!(number, told, "{text}");
        }
        if found != block.wanted {
            wrong.push(format!("{text}\nfound\n{}", found.join("\n")));
        }
        complaints.extend(found.iter().map(|line| line.to_string()));
        let lines = text.lines().filter(|line| !line.starts_with("=> ")).map(str::to_owned);
        let lines: Vec<String> = lines.chain(found.iter().map(|message| format!("=> {message}"))).collect();
        blessed += &format!("\n\n{}", lines.join("\n"));
    }
    place.write("town.toml", town);
    place.write("prices.toml", prices);
    assert_eq!(place.hashes("."), before, "something was written");
    if blessing() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/bad_input.txt");
        std::fs::write(path, blessed + "\n").unwrap();
    } else {
        assert!(wrong.is_empty(), "{} blocks with other messages:\n\n{}", wrong.len(), wrong.join("\n\n"));
    }
    assert!(complaints.len() > 150, "{} distinct complaints", complaints.len());
}
