//! Edge computers described in a file of the original's form: processors, and containers with what a call of their function needs.
//!
//! Source: `ccicconetti/serverlessonedge`, JSON configuration of the simulated edge computer, version 1.0 (specification section 7.5).
//! Differs: a computer's answers are all as long as their requests (`copy-input`), or all as long as the functions of the
//! scenario say (`fixed`, whose text is not kept): a file that mixes both is refused.

use serde::Deserialize;

use super::Checker;
use crate::model::edge_computer::{ComputerType, ContainerType, ProcessorKind, ProcessorType, Requirements};
use crate::scenario::path::KeyPath;

/// A computer as a file tells it.
#[derive(Default)]
pub(super) struct Described {
    pub kind: ComputerType,
    pub copies_input: bool,
}

/// What was found and what is wanted, of everything that is wrong with a file.
type Flaws = Vec<(String, String)>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: String,
    processors: Vec<Processor>,
    containers: Vec<Container>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Processor {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    speed: f64,
    cores: u32,
    memory: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Container {
    name: String,
    processor: String,
    lambda: Lambda,
    num_workers: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Lambda {
    name: String,
    requirements: String,
    op_coeff: f64,
    op_offset: f64,
    mem_coeff: f64,
    mem_offset: f64,
    output_type: String,
    #[serde(default, rename = "output-value")]
    _output_value: Option<String>,
}

impl Checker<'_> {
    /// The computer of a file; one without processors where there are complaints.
    pub(super) fn computer_file(&mut self, written: &str, path: &KeyPath) -> Described {
        let file = self.file(written);
        let text = std::fs::read_to_string(&file).map_err(|error| {
            let found = match error.kind() {
                std::io::ErrorKind::NotFound => format!("no file {}", file.display()),
                _ => format!("{}: {error}", file.display()),
            };
            vec![(found, "the description of a computer".to_owned())]
        });
        text.and_then(|text| described(&text)).unwrap_or_else(|flaws| {
            for (found, wanted) in flaws {
                self.refuse_found(path.key("file"), found, wanted);
            }
            Described::default()
        })
    }
}

fn described(text: &str) -> Result<Described, Flaws> {
    let file: File = serde_json::from_str(text)
        .map_err(|error| vec![(error.to_string(), "a computer in the original's form, version 1.0".to_owned())])?;
    let mut flaws: Flaws = Vec::new();
    let mut complain = |found: String, wanted: &str| flaws.push((found, wanted.to_owned()));
    if file.version != "1.0" {
        complain(format!("version {:?}", file.version), "version \"1.0\"");
    }
    let mut kind = ComputerType::default();
    for processor in file.processors {
        let label = match processor.kind.as_str() {
            "GenericGpu" => ProcessorKind::GenericGpu,
            other => {
                if other != "GenericCpu" {
                    complain(format!("{} of type {other:?}", processor.name), "GenericCpu or GenericGpu");
                }
                ProcessorKind::GenericCpu
            }
        };
        if !(processor.memory >= 0.0 && processor.memory < u64::MAX as f64) {
            complain(format!("{} with a memory of {}", processor.name, processor.memory), "a number of bytes");
        }
        kind.processors.push(ProcessorType {
            name: processor.name,
            kind: label,
            speed_ops_per_s: processor.speed,
            cores: processor.cores,
            // The cast saturates; what it would change has its complaint.
            memory_bytes: processor.memory as u64,
        });
    }
    let mut copies = Vec::new();
    for Container { name, processor, lambda, num_workers } in file.containers {
        if lambda.requirements != "proportional" {
            complain(format!("{name} with requirements {:?}", lambda.requirements), "proportional");
        }
        let numbers = [lambda.op_coeff, lambda.op_offset, lambda.mem_coeff, lambda.mem_offset];
        if !numbers.iter().all(|number| number.is_finite()) {
            complain(format!("{name} with requirements of {numbers:?}"), "finite numbers");
        }
        match lambda.output_type.as_str() {
            "copy-input" => copies.push(true),
            "fixed" => copies.push(false),
            other => complain(format!("{name} with output of type {other:?}"), "copy-input or fixed"),
        }
        let requirements = Requirements::Proportional {
            op_coeff: lambda.op_coeff,
            op_offset: lambda.op_offset,
            mem_coeff: lambda.mem_coeff,
            mem_offset: lambda.mem_offset,
        };
        kind.containers.push(ContainerType {
            name,
            processor,
            function: lambda.name,
            workers: num_workers,
            requirements,
        });
    }
    copies.dedup();
    if copies.len() > 1 {
        complain("outputs of both types".to_owned(), "one type of output on a computer");
    }
    for flaw in kind.flaws() {
        complain(format!("{} {}", flaw.key, flaw.found), flaw.wanted);
    }
    if flaws.is_empty() { Ok(Described { kind, copies_input: copies != [false] }) } else { Err(flaws) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = r#"{ "version": "1.0",
        "processors": [{ "name": "arm", "type": "GenericCpu", "speed": 4e9, "cores": 1, "memory": 5e8 }],
        "containers": [{ "name": "c@1", "processor": "arm", "num-workers": 1, "lambda": { "name": "clambda@1",
            "requirements": "proportional", "op-coeff": 1e6, "op-offset": 4e6, "mem-coeff": 100, "mem-offset": 0,
            "output-type": "copy-input" } }] }"#;

    #[test]
    fn the_example_of_the_tool_is_the_ready_made_type() {
        let found = described(EXAMPLE).unwrap_or_else(|flaws| panic!("{flaws:?}"));
        let ready = ComputerType::example();
        assert_eq!(found.kind.processors, ready.processors);
        let named = |kind: &ComputerType| {
            let of = |it: &ContainerType| (it.processor.clone(), it.function.clone(), it.workers, it.requirements);
            kind.containers.iter().map(of).collect::<Vec<_>>()
        };
        assert_eq!(named(&found.kind), named(&ready));
        assert!(found.copies_input);
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let flaws = |from: &str, to: &str| {
            assert!(EXAMPLE.contains(from), "{from}");
            let flaws = described(&EXAMPLE.replace(from, to)).err().unwrap_or_default();
            flaws.into_iter().map(|(found, _)| found).collect::<Vec<_>>()
        };
        assert_eq!(flaws("\"1.0\"", "\"2.0\""), ["version \"2.0\""]);
        let lacking = flaws("\"cores\": 1, ", "");
        assert!(lacking[0].starts_with("missing field `cores` at line 2 column"), "{lacking:?}");
        assert_eq!(flaws("\"cores\": 1", "\"cores\": 0"), ["processors.arm.cores 0"]);
        assert_eq!(flaws("GenericCpu", "Tpu"), ["arm of type \"Tpu\""]);
        assert_eq!(flaws("\"proportional\"", "\"fixed\""), ["c@1 with requirements \"fixed\""]);
        assert_eq!(flaws("copy-input", "nothing"), ["c@1 with output of type \"nothing\""]);
        assert_eq!(flaws("\"processor\": \"arm\"", "\"processor\": \"leg\"").len(), 1);
    }
}
