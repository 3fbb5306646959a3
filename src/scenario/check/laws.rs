//! Laws as written become laws of the engine.

use std::io::{ErrorKind, Read as _};

use super::Checker;
use crate::engine::law::Law;
use crate::engine::unfit::Unfit;
use crate::scenario::law_text::{LawForm, LawKind, LawText};
use crate::scenario::path::KeyPath;

/// A larger file is something else, or has no end.
const VALUES_BYTES_MAX: u64 = 64 << 20;

impl Checker<'_> {
    /// The engine's law for a text, or a complaint and a constant to go on with.
    pub(super) fn law<K: LawKind>(&mut self, text: &LawText<K>, path: &KeyPath) -> Law {
        let built = match text.form() {
            LawForm::Constant { value } => Law::constant(value),
            LawForm::Exponential { mean } => Law::exponential(mean),
            LawForm::Uniform { low, high } => Law::uniform(low, high),
            LawForm::Erlang { mean, stages } => Law::erlang(mean, stages),
            LawForm::Hyperexponential { p1, mean1, mean2 } => Law::hyperexponential(p1, mean1, mean2),
            LawForm::Lognormal { mean, cv } => Law::lognormal(mean, cv),
            LawForm::Gamma { mean, shape } => Law::gamma(mean, shape),
            LawForm::Weibull { scale, shape } => Law::weibull(scale, shape),
            LawForm::Pareto { low, shape } => Law::pareto(low, shape),
            LawForm::BoundedPareto { low, high, shape } => Law::bounded_pareto(low, high, shape),
            LawForm::Normal { mean, sd } => Law::normal(mean, sd),
            LawForm::Squares { base, each, lowest, highest } => Law::squares(base, each, lowest, highest),
            LawForm::Discrete { low, high, step } => Law::discrete(low, high, step),
            LawForm::Empirical { file } => self.empirical(&file, path),
        };
        built.unwrap_or_else(|unfit| {
            self.refuse(path.clone(), format!("a law that can be drawn from ({unfit})"));
            Law::constant(1.0).expect("one is a constant")
        })
    }

    /// Values of a file, one a line.
    fn empirical(&mut self, written: &str, path: &KeyPath) -> Result<Law, Unfit> {
        let file = self.file(written);
        let wanted = "a file with one number of zero or more a line, of at most 64 MiB";
        let mut text = String::new();
        let read =
            std::fs::File::open(&file).and_then(|file| file.take(VALUES_BYTES_MAX + 1).read_to_string(&mut text));
        let trouble = match read {
            Ok(bytes) if bytes as u64 > VALUES_BYTES_MAX => Some("more than 64 MiB".to_owned()),
            Ok(_) => None,
            Err(error) if error.kind() == ErrorKind::NotFound => Some("no such file".to_owned()),
            Err(error) => Some(error.to_string()),
        };
        if let Some(trouble) = trouble {
            self.refuse_found(path.clone(), format!("{}: {trouble}", file.display()), wanted);
            return Law::constant(1.0);
        }
        let mut values = Vec::new();
        for (line, text) in text.lines().enumerate().filter(|(_, text)| !text.trim().is_empty()) {
            match text.trim().parse::<f64>() {
                Ok(value) if value.is_finite() && value >= 0.0 => values.push(value),
                _ => {
                    let shown = crate::scenario::complaint::quoted(text);
                    self.refuse_found(path.clone(), format!("{}, line {}: {shown}", file.display(), line + 1), wanted);
                    return Law::constant(1.0);
                }
            }
        }
        if values.is_empty() {
            self.refuse_found(path.clone(), format!("{}: no number", file.display()), wanted);
            return Law::constant(1.0);
        }
        Law::values(values)
    }
}
