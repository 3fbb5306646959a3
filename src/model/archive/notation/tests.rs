//! Operations as they are written: what they mean, where they go wrong, and that no text brings them down.

use proptest::prelude::*;

use super::*;

fn days(word: &str) -> Option<Span> {
    word.strip_suffix('d')?.parse().ok().filter(|days| *days < 1000).map(|days: u64| Span::from_secs(86_400) * days)
}

fn text(text: &str) -> Result<Operation, Misread> {
    Operation::from_text(text, &days)
}

fn json(text: &str) -> Result<Operation, Misread> {
    Operation::from_json(&serde_json::from_str(text).unwrap())
}

#[test]
fn both_notations_become_the_same_tree() {
    let sum = Operation::aggregate(Fold::Sum, Method::MEAN, ["a", "b"]);
    for written in [
        "(aggregate sum (metric a mean) (metric b mean))",
        "(aggregate sum (metric (a mean) (b mean)))",
        " ( aggregate\nsum(metric \"a\" mean)\t(metric 'b' mean) ) ",
    ] {
        assert_eq!(text(written), Ok(sum.clone()), "{written}");
    }
    assert_eq!(json(r#"["aggregate", "sum", ["metric", ["a", "mean"], ["b", "mean"]]]"#), Ok(sum.clone()));
    assert_eq!(sum.leaves(), [("a", Method::MEAN), ("b", Method::MEAN)]);
    for (written, lists) in [
        ("(rolling mean 7 (metric nation sum))", r#"["rolling", "mean", 7, ["metric", "nation", "sum"]]"#),
        ("(resample sum 7d (metric a sum))", r#"["resample", "sum", 604800, ["metric", "a", "sum"]]"#),
        ("(/ (metric a mean) 60)", r#"["/", ["metric", "a", "mean"], 60]"#),
        (
            "(clip (- (metric a max) (metric a min)) 0 -9.5e1)",
            r#"["clip", ["-", ["metric", "a", "max"], ["metric", "a", "min"]], 0, -95]"#,
        ),
        ("(rateofchange (neg (metric a rate:sum)))", r#"["rateofchange", ["neg", ["metric", "a", "rate:sum"]]]"#),
    ] {
        assert_eq!(text(written).unwrap_or_else(|wrong| panic!("{written}: {wrong}")), json(lists).unwrap());
    }
}

#[test]
fn a_misread_text_says_where_and_what_was_wanted() {
    for (written, part, wanted) in [
        ("(aggregate 95pct (metric a mean))", "95pct", FOLD),
        ("(rolling mean 0 (metric a mean))", "0", WINDOW),
        ("(rolling mean 1.5 (metric a mean))", "1.5", WINDOW),
        ("(resample mean -1 (metric a mean))", "-1", WIDTH),
        ("(resample mean week (metric a mean))", "week", WIDTH),
        ("(resample mode 7d (metric a mean))", "mode", METHOD),
        ("(abs (metric a mode))", "mode", METHOD),
        ("(abs (metric a))", "a))", METRICS),
        ("(abs (metric))", "(metric", METRICS),
        ("(abs (metric (a)))", "(a)", METRICS),
        ("(abs (metric \"\" mean))", "\"\"", METRICS),
        ("(+ 1)", "(+", "two operands"),
        ("(abs 1 2)", "(abs", "one operand"),
        ("(frobnicate 1 2)", "frobnicate", NAMES),
        ("(1 2)", "1", NAMES),
        ("()", "(", OPERATION),
        ("nation", "nation", OPERATION),
        ("(abs nan)", "nan", OPERATION),
        ("(abs (metric a mean)) x", "x", "nothing behind the operation"),
        (
            "(aggregate sum (metric a sum) (abs (metric b sum)))",
            "(abs",
            "plain metrics where there are several, or one operation",
        ),
        ("(aggregate sum)", "(", METRICS),
        ("(clip (metric a sum) 1)", "(clip", "series, the lower end and the upper end"),
        ("(abs 'x)", "'x", "a name closed by the same quote"),
    ] {
        let wrong = text(written).expect_err(written);
        assert_eq!((wrong.at, wrong.wanted), (written.find(part).unwrap(), wanted), "{written}: {wrong}");
    }
    for (written, wanted) in [("", OPERATION), ("(abs (metric a mean)", "a bracket that closes the operation")] {
        let wrong = text(written).expect_err(written);
        assert_eq!((wrong.at, wrong.wanted, wrong.found.as_str()), (written.len(), wanted, "the end"));
    }
}

#[test]
fn lists_that_are_no_operation_are_refused() {
    for bad in [r#"["metric", "a"]"#, r#"["metric"]"#, r#"["+", 1]"#, r#"[1, 2]"#, r#""a""#, "[]", "null", "[{}]"] {
        assert!(json(bad).is_err(), "{bad}");
    }
}

#[test]
fn the_depth_is_bounded() {
    let deep = |depth: usize| format!("{}1{}", "(abs ".repeat(depth), ")".repeat(depth));
    assert!(text(&deep(DEPTH_MAX)).is_ok());
    let wrong = text(&deep(DEPTH_MAX + 1)).expect_err("too deep");
    assert_eq!((wrong.at, wrong.wanted), (5 * DEPTH_MAX, TOO_DEEP));
    assert!(text(&"(".repeat(1_000_000)).is_err(), "a hostile text ends no stack");
    let nested = (0..100).fold(Value::from(1), |inner, _| serde_json::json!(["abs", inner]));
    assert_eq!(Operation::from_json(&nested).expect_err("too deep").wanted, TOO_DEEP);
}

proptest! {
    #[test]
    fn no_text_brings_an_operation_down(
        written in "\\PC{0,40}|((\\(|\\)| |metric|aggregate|resample|rolling|clip|sum|7d|-|\\*\\*|1e999|\"|')){0,24}",
    ) {
        if let Err(wrong) = text(&written) {
            prop_assert!(wrong.at <= written.len() && written.is_char_boundary(wrong.at), "{} at {}", wrong, wrong.at);
        }
    }
}
