//! Edge computers: ready-made or described, against the functions of the scenario.

use std::sync::Arc;

use super::Checker;
use crate::engine::law::Law;
use crate::engine::time::Span;
use crate::model::balancer::Policy;
use crate::model::computing::ComputerSpec;
use crate::model::edge_computer::{ComputerType, ContainerType, KindError, ProcessorKind, ProcessorType, Requirements};
use crate::model::ids::FunctionId;
use crate::model::pool::{Birth, Capacity, Charge, Footprint, LeavesFirst, PoolSpec, QueueRule};
use crate::model::tariff::PerHour;
use crate::scenario::path::KeyPath;
use crate::scenario::raw;

/// Most operations, or bytes, for a byte or a call: days of the quickest processor.
const PER_CALL_MAX: f64 = 1e15;
/// Most containers of a ready-made computer, and workers of one.
const PARTS_MAX: u32 = 10_000;
/// A computer reports at most so often.
const REPORT_MIN: Span = Span::from_nanos(1_000_000);

impl Checker<'_> {
    pub(super) fn computer_pool(
        &mut self,
        written: &raw::ComputerPool,
        raw: &raw::Scenario,
        path: &KeyPath,
    ) -> PoolSpec {
        let node = self.node(written.node.as_ref(), path.key("node"));
        if written.report.0 < REPORT_MIN {
            self.refuse(path.key("report"), format!("a length of time of at least {REPORT_MIN}"));
        }
        let (kind, copies_input) = match &written.file {
            Some(file) => {
                let mut elsewhere = vec!["type", "processors", "containers", "copy_input"];
                elsewhere.retain(|key| self.read.is_given(path.key(*key)));
                for key in elsewhere {
                    self.refuse(path.key(key), "nothing: `file` says it");
                }
                let described = self.computer_file(file, path);
                (described.kind, described.copies_input)
            }
            None => (self.computer_type(written, raw, path), written.copy_input),
        };
        let (kind, functions) = self.functions_of(kind, written, path);
        // A computer without processors has its complaint.
        let flaws = if kind.processors.is_empty() { Vec::new() } else { kind.flaws() };
        for KindError { key, found, wanted } in flaws {
            // The keys of a description are those of the file but for the containers' names.
            let field = key.rsplit('.').next().unwrap_or_default();
            let owner = key.trim_end_matches(field).trim_end_matches('.');
            let owner = owner.strip_prefix("containers.").map(|name| name.trim_start_matches("container-"));
            let path = match owner {
                Some(function) => path.key("containers").key(function).key(field),
                None => key.split('.').fold(path.clone(), |path, part| path.key(part)),
            };
            self.refuse_found(path, found, wanted);
        }
        let price = written.price.as_ref().map(|price| {
            super::super::prices::per_hour(price).unwrap_or_else(|| {
                self.refuse(path.key("price"), "a whole number of pico-dollars an hour");
                PerHour(0)
            })
        });
        let workers = kind.containers.iter().fold(0_u32, |sum, container| sum.saturating_add(container.workers));
        let cores = kind.processors.iter().fold(0_u32, |sum, processor| sum.saturating_add(processor.cores));
        let mut serves: Vec<FunctionId> = functions.clone();
        serves.sort_unstable();
        PoolSpec {
            name: String::new(),
            serves,
            memory_mib: 0,
            balancer_billed: false,
            computer: Some(Arc::new(ComputerSpec {
                kind,
                functions,
                report: written.report.0,
                faithful: written.faithful,
                copies_input,
            })),
            birth: Birth::Ordered {
                boot: nothing(),
                shutdown: nothing(),
                health: None,
                initial: 1,
                initially_ready: true,
                max: 1,
                balancer: Policy::RoundRobin,
                leaves_first: LeavesFirst::Newest,
                drain_max: None,
            },
            charge: Charge::Held {
                kind: "computer".to_owned(),
                price: price.unwrap_or(PerHour(0)),
                minimum: Span::ZERO,
                quantum: Span::ZERO,
                interruptions_per_hour: 0.0,
            },
            node,
            queue: QueueRule::None,
            capacity: Capacity::Computer { workers: workers.max(1), cores: cores.max(1) },
            seconds_per_work: 1.0,
            cold_factor: 1.0,
            idle_timeout: None,
            footprint: Footprint::default(),
        }
    }

    fn computer_type(&mut self, written: &raw::ComputerPool, raw: &raw::Scenario, path: &KeyPath) -> ComputerType {
        let described = !written.processors.is_empty() || !written.containers.is_empty();
        if written.kind.is_some() && described {
            self.refuse(path.key("type"), "either a ready-made type or processors and containers");
        }
        let only = |key: &str, kinds: &[raw::Ready]| {
            self.read.is_given(path.key(key)) && !written.kind.is_some_and(|kind| kinds.contains(&kind))
        };
        let misplaced = [
            ("cpu_containers", only("cpu_containers", &[raw::Ready::Raspberry, raw::Ready::IntelServer])),
            ("gpu_containers", only("gpu_containers", &[raw::Ready::Raspberry, raw::Ready::Gpu])),
            ("workers", only("workers", &[raw::Ready::IntelServer])),
            ("serves", only("serves", &[raw::Ready::Experiment])),
        ];
        for (key, _) in misplaced.into_iter().filter(|(_, wrong)| *wrong) {
            self.refuse(path.key(key), "no such key for this type of computer");
        }
        let counts = [
            ("cpu_containers", written.cpu_containers),
            ("gpu_containers", written.gpu_containers),
            ("workers", written.workers),
        ];
        if let Some((key, _)) = counts.into_iter().find(|(_, count)| *count > PARTS_MAX) {
            self.refuse(path.key(key), format!("at most {PARTS_MAX}"));
            return ComputerType { processors: Vec::new(), containers: Vec::new() };
        }
        match written.kind {
            Some(raw::Ready::Raspberry) => ComputerType::raspberry(written.cpu_containers, written.gpu_containers),
            Some(raw::Ready::Gpu) => ComputerType::gpu(written.gpu_containers),
            Some(raw::Ready::IntelServer) => ComputerType::intel_server(written.cpu_containers, written.workers),
            Some(raw::Ready::Example) => ComputerType::example(),
            Some(raw::Ready::Experiment) => {
                if written.serves.is_empty() {
                    self.refuse_found(path.key("serves"), "nothing", "the functions that the computer serves");
                }
                let functions: Vec<&str> = written.serves.iter().map(String::as_str).collect();
                ComputerType::experiment(&functions)
            }
            None => self.described_computer(written, raw, path),
        }
    }

    fn described_computer(&mut self, written: &raw::ComputerPool, raw: &raw::Scenario, path: &KeyPath) -> ComputerType {
        if written.processors.is_empty() {
            self.refuse_found(path.key("processors"), "nothing", "a processor, or a ready-made type");
        }
        if written.containers.is_empty() {
            self.refuse_found(path.key("containers"), "nothing", "a container, or a ready-made type");
        }
        let processors = written.processors.iter().map(|(name, processor)| ProcessorType {
            name: name.clone(),
            kind: if processor.gpu { ProcessorKind::GenericGpu } else { ProcessorKind::GenericCpu },
            speed_ops_per_s: processor.speed.per_s(),
            cores: processor.cores,
            memory_bytes: processor.memory.0,
        });
        let processors = processors.collect();
        let mut containers = Vec::new();
        for (function, container) in &written.containers {
            let path = path.key("containers").key(function);
            let processor = match (&container.processor, written.processors.len()) {
                (Some(name), _) => name.clone(),
                (None, 1) => written.processors.keys().next().cloned().unwrap_or_default(),
                (None, _) => {
                    self.refuse_found(path.key("processor"), "nothing", "the name of one of the processors");
                    continue;
                }
            };
            let numbers = [
                ("ops_per_byte", container.ops_per_byte),
                ("ops_offset", container.ops_offset),
                ("memory_per_byte", container.memory_per_byte),
                ("memory_offset", container.memory_offset),
                ("ops_per_work", container.ops_per_work.unwrap_or(0.0)),
            ];
            for (key, number) in numbers {
                if !(0.0..=PER_CALL_MAX).contains(&number) {
                    self.refuse(path.key(key), "a number from 0 to 1e15");
                }
            }
            let memory = raw.functions.get(function).map_or(0, |function| function.memory.0);
            let requirements = match container.ops_per_work {
                Some(ops_per_unit) => Requirements::OfWork { ops_per_unit, memory_bytes: memory },
                None => Requirements::Proportional {
                    op_coeff: container.ops_per_byte,
                    op_offset: container.ops_offset,
                    mem_coeff: container.memory_per_byte,
                    mem_offset: container.memory_offset,
                },
            };
            containers.push(ContainerType {
                name: format!("container-{function}"),
                processor,
                function: function.clone(),
                workers: container.workers,
                requirements,
            });
        }
        ComputerType { processors, containers }
    }

    /// The functions of the containers; containers of functions that the scenario does not have are left out where the
    /// type brought them.
    fn functions_of(
        &mut self,
        kind: ComputerType,
        written: &raw::ComputerPool,
        path: &KeyPath,
    ) -> (ComputerType, Vec<FunctionId>) {
        let known = self.names.functions.clone();
        let mut functions = Vec::new();
        let mut containers = Vec::new();
        // Those of an experiment are written.
        let ready = written.kind.is_some_and(|kind| kind != raw::Ready::Experiment);
        let brought = ready || written.file.is_some();
        for (nth, container) in kind.containers.into_iter().enumerate() {
            let index = if brought {
                known.iter().position(|name| *name == container.function)
            } else {
                let path = match written.kind {
                    Some(_) => path.key("serves").index(nth),
                    None => path.key("containers").key(&container.function),
                };
                self.find(&known, &container.function, path, "a function")
            };
            if let Some(index) = index {
                functions.push(FunctionId::from_index(index));
                containers.push(container);
            }
        }
        // A file that could not be read has its complaint.
        if brought && containers.is_empty() && !kind.processors.is_empty() {
            let key = path.key(if written.file.is_some() { "file" } else { "type" });
            self.refuse(key, "a computer with a function of this scenario, such as clambda0");
        }
        (ComputerType { processors: kind.processors, containers }, functions)
    }
}

fn nothing() -> Law {
    Law::constant(0.0).expect("no time is a length of time")
}
