//! The name that the build gives the program: the same for the same sources anywhere, another one for others.

use stratosim::experiment::sweep::SOURCES;

use super::place::Place;

#[allow(dead_code)] // Its `main` speaks to cargo.
#[path = "../../build.rs"]
mod build;

#[test]
fn a_program_is_named_by_the_sources_that_determine_results() {
    let place = Place::new();
    for folder in ["src/model", "src/cli", "src/run/cli"] {
        std::fs::create_dir_all(place.path(folder)).unwrap();
    }
    let name = |file: &str, text: &str| {
        place.write(file, text);
        build::fingerprint(&place.path("")).unwrap()
    };
    name("Cargo.lock", "version = 4\n");
    name("src/run/cli/a.rs", "");
    let first = name("src/model/pool.rs", "struct Pool;\n");
    assert_eq!((first.len(), SOURCES.len()), (32, 32), "{first} {SOURCES}");
    // What only shows results, and how another system ends its lines, make no other program.
    assert_eq!(name("src/cli/run.rs", "fn run() {}\n"), first);
    assert_eq!(name("src/main.rs", "fn main() {}\n"), first);
    assert_eq!(name("src/model/pool.rs", "struct Pool;\r\n"), first);
    let others = [
        name("src/model/pool.rs", "struct Pond;\n"),
        name("src/model/pond.rs", ""),
        name("src/run/cli/a.rs", "fn a() {}\n"),
        name("Cargo.lock", "version = 5\n"),
    ];
    let mut all = vec![first];
    for other in others {
        assert!(!all.contains(&other), "{other}");
        all.push(other);
    }
}
