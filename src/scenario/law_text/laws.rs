//! The laws a scenario may name, with their parameters in the order they are written.

/// A law with its parameters as doubles, in seconds, bytes or plain numbers.
#[derive(Clone, Debug, PartialEq)]
pub enum LawForm {
    Constant {
        value: f64,
    },
    Exponential {
        mean: f64,
    },
    Uniform {
        low: f64,
        high: f64,
    },
    Erlang {
        mean: f64,
        stages: u32,
    },
    Hyperexponential {
        p1: f64,
        mean1: f64,
        mean2: f64,
    },
    /// `cv` is the standard deviation over the mean, of the value itself.
    Lognormal {
        mean: f64,
        cv: f64,
    },
    Gamma {
        mean: f64,
        shape: f64,
    },
    Weibull {
        scale: f64,
        shape: f64,
    },
    Pareto {
        low: f64,
        shape: f64,
    },
    BoundedPareto {
        low: f64,
        high: f64,
        shape: f64,
    },
    /// Cut off at zero.
    Normal {
        mean: f64,
        sd: f64,
    },
    /// `base + each * n * n` for a whole n from `lowest` to `highest`.
    Squares {
        base: f64,
        each: f64,
        lowest: u32,
        highest: u32,
    },
    /// `low`, `low + step` and so on up to `high`, each as likely.
    Discrete {
        low: f64,
        high: f64,
        step: f64,
    },
    /// The values of a file, each as likely as the next.
    Empirical {
        file: String,
    },
}

/// What a parameter may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    /// In the unit of the law.
    Quantity,
    Positive,
    NotNegative,
    Probability,
    Count,
    File,
}

#[derive(Debug)]
pub(super) struct Parameter {
    pub name: &'static str,
    pub takes: Takes,
    /// Whether the name must be written because the number alone would be ambiguous.
    pub named: bool,
}

/// A law and how it is written.
#[derive(Debug)]
pub(super) struct LawShape {
    pub name: &'static str,
    pub parameters: &'static [Parameter],
    pub form: fn(&[f64], Option<&str>) -> LawForm,
}

const fn parameter(name: &'static str, takes: Takes) -> Parameter {
    Parameter { name, takes, named: false }
}

const fn named(name: &'static str, takes: Takes) -> Parameter {
    Parameter { name, takes, named: true }
}

const MEAN: Parameter = parameter("mean", Takes::Quantity);
const LOW: Parameter = parameter("low", Takes::Quantity);
const HIGH: Parameter = parameter("high", Takes::Quantity);
const SHAPE: Parameter = parameter("shape", Takes::Positive);

pub(super) static LAWS: [LawShape; 14] = [
    LawShape {
        name: "constant",
        parameters: &[parameter("value", Takes::Quantity)],
        form: |of, _| LawForm::Constant { value: of[0] },
    },
    LawShape { name: "exponential", parameters: &[MEAN], form: |of, _| LawForm::Exponential { mean: of[0] } },
    LawShape { name: "uniform", parameters: &[LOW, HIGH], form: |of, _| LawForm::Uniform { low: of[0], high: of[1] } },
    LawShape {
        name: "erlang",
        parameters: &[MEAN, parameter("stages", Takes::Count)],
        form: |of, _| LawForm::Erlang { mean: of[0], stages: of[1] as u32 },
    },
    LawShape {
        name: "hyperexponential",
        parameters: &[
            parameter("p1", Takes::Probability),
            parameter("mean1", Takes::Quantity),
            parameter("mean2", Takes::Quantity),
        ],
        form: |of, _| LawForm::Hyperexponential { p1: of[0], mean1: of[1], mean2: of[2] },
    },
    LawShape {
        name: "lognormal",
        parameters: &[MEAN, named("cv", Takes::NotNegative)],
        form: |of, _| LawForm::Lognormal { mean: of[0], cv: of[1] },
    },
    LawShape { name: "gamma", parameters: &[MEAN, SHAPE], form: |of, _| LawForm::Gamma { mean: of[0], shape: of[1] } },
    LawShape {
        name: "weibull",
        parameters: &[parameter("scale", Takes::Quantity), SHAPE],
        form: |of, _| LawForm::Weibull { scale: of[0], shape: of[1] },
    },
    LawShape { name: "pareto", parameters: &[LOW, SHAPE], form: |of, _| LawForm::Pareto { low: of[0], shape: of[1] } },
    LawShape {
        name: "bounded-pareto",
        parameters: &[LOW, HIGH, SHAPE],
        form: |of, _| LawForm::BoundedPareto { low: of[0], high: of[1], shape: of[2] },
    },
    LawShape {
        name: "normal",
        parameters: &[MEAN, named("sd", Takes::Quantity)],
        form: |of, _| LawForm::Normal { mean: of[0], sd: of[1] },
    },
    LawShape {
        name: "squares",
        parameters: &[
            parameter("base", Takes::Quantity),
            parameter("each", Takes::Quantity),
            parameter("lowest", Takes::Count),
            parameter("highest", Takes::Count),
        ],
        form: |of, _| LawForm::Squares { base: of[0], each: of[1], lowest: of[2] as u32, highest: of[3] as u32 },
    },
    LawShape {
        name: "discrete",
        parameters: &[LOW, HIGH, named("step", Takes::Quantity)],
        form: |of, _| LawForm::Discrete { low: of[0], high: of[1], step: of[2] },
    },
    LawShape {
        name: "empirical",
        parameters: &[parameter("file", Takes::File)],
        form: |_, file| LawForm::Empirical { file: file.unwrap_or_default().to_owned() },
    },
];

/// A law is its name.
impl PartialEq for LawShape {
    fn eq(&self, other: &LawShape) -> bool {
        self.name == other.name
    }
}

impl LawShape {
    /// `lognormal(mean, cv ...)`, as a complaint shows it.
    pub fn usage(&self) -> String {
        let parameters = self.parameters.iter().map(|parameter| match parameter {
            Parameter { name, named: true, .. } => format!("{name} ..."),
            Parameter { name, takes: Takes::File, .. } => format!("\"{name}\""),
            Parameter { name, .. } => (*name).to_owned(),
        });
        format!("{}({})", self.name, parameters.collect::<Vec<_>>().join(", "))
    }
}
