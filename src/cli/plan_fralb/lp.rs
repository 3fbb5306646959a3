//! `plan fralb lmm --write-lp`: leaves the programme of the centralized optimum where other solvers can read it.

use std::fs::File;
use std::io::{BufWriter, Write};

use super::arguments::LmmArgs;
use super::{FralbFailure, configuration, generated};
use crate::planner::fralb::instance::Instance;
use crate::planner::fralb::lmm::Lmm;
use crate::planner::fralb::table::FileError;

/// Writes the programme of an instance, where it was asked for.
pub(super) fn write(args: &LmmArgs, lmm: &Lmm, instance: &Instance, out: &mut dyn Write) -> Result<(), FralbFailure> {
    let Some(path) = &args.write_lp else { return Ok(()) };
    let mut file = BufWriter::new(File::create(path).map_err(|error| FileError::new(path, error))?);
    let written = lmm.programme(instance).write_lp(&mut file).and_then(|()| file.flush());
    written.map_err(|error| FileError::new(path, error))?;
    writeln!(out, "wrote the programme to {}", path.display())?;
    Ok(())
}

/// The same for the first period of a configuration.
pub(super) fn of_first_period(args: &LmmArgs, out: &mut dyn Write, notes: &mut dyn Write) -> Result<(), FralbFailure> {
    let (Some(path), Some(_)) = (&args.run.config, &args.write_lp) else { return Ok(()) };
    let configuration = configuration(path, notes)?;
    let generated = generated(&configuration, path, notes)?;
    match configuration.periods().first() {
        Some(&first) => write(args, &configuration.lmm(), &generated.at(first), out),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{call, small};

    #[test]
    fn the_programme_of_an_instance_and_of_a_first_period_is_left_in_lp_format() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = small(folder.path());
        let path = |name: &str| folder.path().join(name).display().to_string();
        let config = config.to_str().expect("a path");
        assert!(call(&["generate", "-c", config, "-o", &path("drawn")]).0.expect("drawn"));
        let periods = super::configuration(config.as_ref(), &mut Vec::new()).expect("small").periods();
        let instance = path(&format!("drawn/instance_{}.json", periods[0]));
        assert!(call(&["lmm", "--instance", &instance, "--write-lp", &path("one.lp")]).0.expect("small"));
        assert!(call(&["lmm", "-c", config, "--out", &path("run"), "--write-lp", &path("first.lp")]).0.expect("small"));
        let [one, first] = ["one.lp", "first.lp"].map(|name| std::fs::read_to_string(path(name)).expect("written"));
        for lp in [&one, &first] {
            let begins = lp.lines().any(|line| line.trim().eq_ignore_ascii_case("maximize"));
            assert!(begins && lp.contains("memory_0"), "{}", &lp[..lp.len().min(400)]);
        }
        assert_eq!(one, first, "the first period is the instance drawn for it");
    }
}
