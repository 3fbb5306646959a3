//! A stream unmoved by its neighbours: whatever is added beside it, a source's requests stay as they are, and so does
//! what chance does to them.

use crate::play::{Row, play};

const ALONE: &str = "[functions.f]\nwork = \"exponential(1s)\"\npayload = \"exponential(2kB)\"\nfailure = 0.3\n\
    patience = \"exponential(2s)\"\nretry = { attempts = 3, backoff = \"1s\", jitter = true }\n\
    [sources.middle]\nkind = \"poisson\"\nrate = \"2/s\"\nrequests = 400\nfunction = \"f\"\n\
    [pools.p]\nkind = \"vm\"\ntype = \"m\"\nslots = 1\nsize = 3\nqueue = \"per-instance\"\nbalancer = \"random\"\nserves = [\"f\"]\n";

/// Functions, pools, nodes and sources that sort before and after those of the first world.
const NEIGHBOURS: [(&str, &str); 6] = [
    ("a function before", "[functions.a]\nwork = \"1s\"\n"),
    ("a function behind", "[functions.z]\nwork = \"exponential(3s)\"\n"),
    (
        "a pool before",
        "[functions.a]\nwork = \"1s\"\n[pools.a]\nkind = \"function\"\nserves = [\"a\"]\nprovisioned = 2\n",
    ),
    ("a node before", "[nodes.a]\n[nodes.cloud]\ncloud = true\n"),
    (
        "a source before",
        "[functions.a]\nwork = \"exponential(1s)\"\n[pools.a]\nkind = \"function\"\nserves = [\"a\"]\n\
         [sources.a]\nkind = \"poisson\"\nrate = \"5/s\"\nrequests = 900\nfunction = \"a\"\n",
    ),
    (
        "a closed source behind",
        "[functions.z]\nwork = \"exponential(1s)\"\n[pools.z]\nkind = \"function\"\nserves = [\"z\"]\n\
         [sources.z]\nkind = \"closed\"\nclients = 3\nthink = \"1s\"\nrequests = 300\nfunction = \"z\"\n",
    ),
];

/// The requests that a random machine, patience and failure have befallen, in order of arrival.
fn fates(text: &str) -> Vec<String> {
    let played = play(text);
    let middle = played.world.functions.iter().position(|function| function.name == "f").expect("f is there");
    let mut rows: Vec<&Row> = played.rows.iter().filter(|row| row.function == middle).collect();
    rows.sort_by_key(|row| row.number);
    let fate = |row: &&Row| {
        let (asked, sized) = (row.arrival_ns, (row.work.to_bits(), row.payload_bytes));
        format!(
            "{asked} {sized:?} {:?} {} {} {:?} {:?}",
            row.begun_ns, row.at_ns, row.attempt, row.outcome, row.instance
        )
    };
    rows.iter().map(fate).collect()
}

#[test]
fn nothing_beside_a_source_moves_its_requests() {
    let alone = fates(ALONE);
    assert_eq!(alone.len(), 400);
    for word in ["Abandoned", "Failed", "Served"] {
        assert!(alone.iter().any(|fate| fate.contains(word)), "chance has done something: {word}");
    }
    for (what, neighbour) in NEIGHBOURS {
        assert_eq!(fates(&format!("{ALONE}{neighbour}")), alone, "{what}");
    }
}

#[test]
fn another_seed_or_another_name_is_another_stream() {
    let alone = fates(ALONE);
    assert_ne!(fates(&format!("seed = 2\n{ALONE}")), alone);
    assert_ne!(fates(&ALONE.replace("sources.middle", "sources.other")), alone);
}
