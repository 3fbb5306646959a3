//! What a build without planning says to those who ask for it.

use super::Place;

/// `(arguments, what is said)`; each is refused as bad input.
const ASKED: [(&str, &str); 4] = [
    ("plan fralb lmm --config any.json", "plan fralb: this build has no planning: build with `--features planning`\n"),
    (
        "plan malloovia solve any.yaml -1 p",
        "plan malloovia: this build reads no problem files: build with `--features yaml`\n",
    ),
    (
        "check town.toml --set strategy={} --set strategies=[\"lmm\"]",
        "--set strategies=[\"lmm\"]: strategies[0]: found \"lmm\", want the name of a strategy (`stratosim list` shows them) \
         (this build has no planning: build with `--features planning`)\n1 complaint\n",
    ),
    (
        "plan economy front --rate 50 --plot front.svg",
        "error: invalid value 'front.svg' for '--plot <FILE.svg>': this build draws no pictures: build with `--features \
         plots`\n\nFor more information, try '--help'.\n",
    ),
];

#[test]
fn what_is_left_out_is_named_with_the_feature_that_brings_it() {
    let place = Place::new();
    for (arguments, wanted) in ASKED {
        let said = place.line(arguments);
        assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (Some(2), "", wanted), "{arguments}");
    }
    let listed = place.line("list").out;
    assert!(listed.contains("libra: ") && !listed.contains("lmm: ") && !listed.contains("malloovia: "), "{listed}");
}
