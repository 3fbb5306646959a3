//! Laws: what their texts mean, where they go wrong, and that they read back as they are shown.

use proptest::prelude::*;

use super::*;

#[test]
fn every_law_is_read_in_model_units() {
    use LawForm::*;
    let laws: [(&str, LawForm, &str); 18] = [
        ("1s", Constant { value: 1.0 }, "1s"),
        ("constant(250ms)", Constant { value: 0.25 }, "250ms"),
        (" exponential( 1.991s ) ", Exponential { mean: 1.991 }, "exponential(1.991s)"),
        ("exponential(mean 2min)", Exponential { mean: 120.0 }, "exponential(2min)"),
        ("uniform(1s, 2s)", Uniform { low: 1.0, high: 2.0 }, "uniform(1s, 2s)"),
        ("erlang(1s, 4)", Erlang { mean: 1.0, stages: 4 }, "erlang(1s, 4)"),
        ("erlang(1s, stages=4)", Erlang { mean: 1.0, stages: 4 }, "erlang(1s, 4)"),
        (
            "hyperexponential(0.3, 1s, 2s)",
            Hyperexponential { p1: 0.3, mean1: 1.0, mean2: 2.0 },
            "hyperexponential(0.3, 1s, 2s)",
        ),
        ("lognormal(1s, cv 1.5)", Lognormal { mean: 1.0, cv: 1.5 }, "lognormal(1s, cv 1.5)"),
        ("gamma(0.1s, 0.5)", Gamma { mean: 0.1, shape: 0.5 }, "gamma(0.1s, 0.5)"),
        ("weibull(1s, shape 0.7)", Weibull { scale: 1.0, shape: 0.7 }, "weibull(1s, 0.7)"),
        ("pareto(1ms, 1.5)", Pareto { low: 0.001, shape: 1.5 }, "pareto(1ms, 1.5)"),
        (
            "bounded-pareto(1ms, 1h, 1.1)",
            BoundedPareto { low: 0.001, high: 3600.0, shape: 1.1 },
            "bounded-pareto(1ms, 1h, 1.1)",
        ),
        (
            "squares(2ms, 1us, 5, 800)",
            Squares { base: 0.002, each: 1e-6, lowest: 5, highest: 800 },
            "squares(2ms, 1us, 5, 800)",
        ),
        ("discrete(1s, 1min, step 1s)", Discrete { low: 1.0, high: 60.0, step: 1.0 }, "discrete(1s, 1min, step 1s)"),
        ("normal(1s, sd 0.1s)", Normal { mean: 1.0, sd: 0.1 }, "normal(1s, sd 0.1s)"),
        (
            "empirical(\"times, (all).csv\")",
            Empirical { file: "times, (all).csv".into() },
            "empirical(\"times, (all).csv\")",
        ),
        ("0.000000000123s", Constant { value: 1.23e-10 }, "0.000000000123s"),
    ];
    for (text, form, shown) in laws {
        let law = TimeLaw::parse(text).unwrap_or_else(|flaw| panic!("{text}: {flaw}"));
        assert_eq!((law.form(), law.to_string().as_str()), (form, shown), "{text}");
        assert_eq!(TimeLaw::parse(shown), Ok(law));
    }
    assert_eq!(ByteLaw::parse("uniform(1kB, 2MiB)").unwrap().form(), Uniform { low: 1000.0, high: 2_097_152.0 });
    assert_eq!(NumberLaw::parse("exponential(1)").unwrap().form(), Exponential { mean: 1.0 });
    assert_eq!(NumberLaw::from_number(2.5).unwrap().form(), Constant { value: 2.5 });
}

#[test]
fn a_flaw_points_into_the_text() {
    for (text, part) in [
        ("expontial(1s)", "expontial"),
        ("uniform(1s, 2)", "2)"),
        ("uniform(1s, 2parsecs)", "parsecs"),
        ("uniform(2s, 1s)", "1s)"),
        ("uniform(1s, 2s, 3s)", "3s"),
        ("erlang(1s, 0)", "0)"),
        ("hyperexponential(1.5, 1s, 2s)", "1.5"),
        ("lognormal(1s, 0.5)", "0.5"),
        ("lognormal(1s, cv -1)", "-1"),
        ("discrete(1s, 2s, 1s)", "1s)"),
        ("exponential(1s) x", " x"),
        ("exponential 1s", "1s"),
        ("pareto(-1s, 2)", "-1s"),
        ("empirical(file.csv)", "file"),
    ] {
        let flaw = TimeLaw::parse(text).expect_err(text);
        assert_eq!(flaw.at, text.find(part).unwrap(), "{text}: {flaw}");
    }
    assert!(NumberLaw::from_number(f64::NAN).is_err() && NumberLaw::from_number(-1.0).is_err());
}

proptest! {
    #[test]
    fn laws_read_back_as_they_are_shown(
        law in prop::sample::select(vec![
            "exponential(A)", "uniform(0s, A)", "erlang(A, 7)", "lognormal(A, cv B)", "gamma(A, B)", "A",
        ]),
        a in "[0-9]{1,9}(\\.[0-9]{1,9})?(ns|ms|s|h)",
        b in "[1-9]\\.[0-9]{1,4}",
    ) {
        let law = TimeLaw::parse(&law.replace('A', &a).replace('B', &b)).unwrap();
        prop_assert_eq!(TimeLaw::parse(&law.to_string()), Ok(law.clone()));
        prop_assert_eq!(serde_json::from_value::<TimeLaw>(serde_json::to_value(&law).unwrap()).unwrap(), law);
    }

    #[test]
    fn no_text_brings_a_law_down(
        text in "\\PC{0,30}|(uniform|normal|empirical|cv|sd|[(),\" =0-9.s-]){0,12}",
        number in any::<f64>(),
    ) {
        for checker in CHECKERS {
            let flaws = [(checker.text)(&text), (checker.number)(number)].into_iter().filter_map(Result::err);
            for flaw in flaws {
                prop_assert!(flaw.at <= text.len() && text.is_char_boundary(flaw.at), "{} at {}", flaw, flaw.at);
            }
        }
    }
}
