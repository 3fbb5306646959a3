//! The log of a replay in the layout of the published program, for scripts that read such logs.
//!
//! Source: the log lines of `aliraza0337/LIBRA`: `<module> - INFO - <text>`, floats with 12 significant digits. Its cost
//! analysis sums the last field of the `vm cost` and `served by serverless` lines.
//! Differs: a new run starts a new log where the original appends. Keys, fields and their order are those a reader looks
//! for; words around them that no script reads are ours.

use super::observe::{Note, Observer};
use super::parameters::Parameters;
use std::io::{self, Write};

/// The name the original gives the log of such a run.
pub fn log_name(parameters: &Parameters) -> String {
    let Parameters { policy, no_vm_update_freq, vm_provison_prop, alpha, .. } = parameters;
    let (proportion, alpha) = (twelve_digits(*vm_provison_prop), twelve_digits(*alpha));
    format!("serverless_{}_update_{no_vm_update_freq}_{proportion}_{alpha}.log", policy.name())
}

/// Writes one line a note, one line a request where requests begin on machines: 6 million for the longest published trace.
pub struct LogWriter<W: Write> {
    out: io::BufWriter<W>,
}

impl<W: Write> LogWriter<W> {
    pub fn new(out: W) -> LogWriter<W> {
        LogWriter { out: io::BufWriter::with_capacity(1 << 16, out) }
    }

    /// Writes out what is buffered.
    pub fn finish(mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn line(&mut self, module: &str, text: std::fmt::Arguments<'_>) -> io::Result<()> {
        writeln!(self.out, "{module} - INFO - {text}")
    }
}

impl<W: Write> Observer for LogWriter<W> {
    fn note(&mut self, note: &Note) -> io::Result<()> {
        match *note {
            Note::Epoch { epoch } => self.line("simulator", format_args!("epoch {epoch}")),
            Note::Received { epoch, requests } => {
                self.line("manager", format_args!("manager received |requests,epoch|{requests},{epoch}"))
            }
            Note::Decided { epoch, .. } => self.line("manager", format_args!("scaling decision at epoch {epoch}")),
            Note::Provisioned { provision_for, .. } => {
                self.line("manager", format_args!("manager provision_for {provision_for}"))
            }
            Note::Active { epoch, vms } => self.line("vm_cloud", format_args!("active vms at epoch: {epoch}, {vms}")),
            Note::Handed { epoch, requests } => {
                self.line("vm_cloud", format_args!("requests served by vm_cloud at epoch: {epoch}, {requests}"))
            }
            Note::Served { first_id, count, epoch, duration, delay } => {
                for id in first_id..first_id + count {
                    let fields =
                        format_args!("request served at |id,time,duration,queue_delay|{id},{epoch},{duration},{delay}");
                    writeln!(self.out, "vm_cloud - INFO - {fields}")?;
                }
                Ok(())
            }
            Note::ServedByLambda { epoch, requests, duration, cost } => {
                self.line("ser_cloud", format_args!("requests served by ser_cloud at epoch: {epoch}, {requests}"))?;
                if requests == 0 {
                    return Ok(());
                }
                let key = "requests served by serverless at |requests,time,duration,cost|";
                let cost = twelve_digits(cost);
                self.line("ser_cloud", format_args!("{key}{requests},{epoch},{duration},{cost}"))
            }
            Note::Billed { seconds, cost } => {
                self.line("vm_cloud", format_args!("vm cost |duration(s), cost|{seconds}, {}", twelve_digits(cost)))
            }
            Note::Utilisation { now, average, .. } => {
                self.line("vm_cloud", format_args!("current utilization {}", twelve_digits(now)))?;
                let Some(average) = average else { return Ok(()) };
                self.line("vm_cloud", format_args!("average utilization {}", twelve_digits(average)))
            }
            Note::Drained { epoch, queued } => {
                self.line("simulator", format_args!("completing at epoch {epoch}, {queued} requests waiting"))
            }
            // The original prints the one, and has no table for the other.
            Note::Scaled { .. } | Note::Second(_) => Ok(()),
        }
    }
}

/// A float as Python 2 prints it: 12 significant digits, without trailing zeros but with one decimal.
fn twelve_digits(value: f64) -> String {
    let scientific = format!("{value:.11e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().expect("the standard library writes whole exponents");
    if (-4..12).contains(&exponent) {
        let decimals = usize::try_from(11 - exponent).expect("the exponent is at most 11");
        let fixed = format!("{value:.decimals$}");
        let short = if decimals > 0 { fixed.trim_end_matches('0').trim_end_matches('.') } else { &fixed };
        return if short.contains('.') { short.to_owned() } else { format!("{short}.0") };
    }
    let digits = digits.trim_end_matches('0').trim_end_matches('.');
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_look_as_in_python_2() {
        let cases: [(f64, &str); 9] = [
            (0.0, "0.0"),
            (1.0, "1.0"),
            (0.2, "0.2"),
            (0.001_707, "0.001707"),
            (8.535e-6, "8.535e-06"),
            (0.1 / 3600.0 * 101.0, "0.00280555555556"),
            (123_456_789_012.0, "123456789012.0"),
            (1e12, "1e+12"),
            (2.0 / 3.0, "0.666666666667"),
        ];
        for (value, printed) in cases {
            assert_eq!(twelve_digits(value), printed);
        }
    }

    #[test]
    fn the_name_carries_the_settings() {
        assert_eq!(log_name(&Parameters::default()), "serverless_hybrid_update_300_0.8_0.2.log");
    }
}
