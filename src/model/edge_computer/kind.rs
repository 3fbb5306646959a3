//! Types of edge computers: processors, containers bound to them, and what a call needs.
//!
//! Source: `ccicconetti/serverlessonedge`, the simulated edge computer and its ready-made configurations
//! (raspberry, intel-server, the example of the tool, the experiment scripts; `gpu` is a part of the raspberry).
//! Differs: a processor without cores is an error here and not a default, as in the present code of the original.

use std::collections::BTreeSet;

/// A label only; the speed says what the processor does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcessorKind {
    GenericCpu,
    GenericGpu,
}

/// Cores that all containers bound to them share.
#[derive(Clone, Debug, PartialEq)]
pub struct ProcessorType {
    pub name: String,
    pub kind: ProcessorKind,
    /// Operations per second of one core.
    pub speed_ops_per_s: f64,
    pub cores: u32,
    pub memory_bytes: u64,
}

/// What a call with an input of some size needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Requirements {
    Fixed {
        operations: u64,
        memory_bytes: u64,
    },
    /// Offset plus coefficient times the bytes of the input, rounded to the nearest, at least zero.
    Proportional {
        op_coeff: f64,
        op_offset: f64,
        mem_coeff: f64,
        mem_offset: f64,
    },
    /// So many operations for each unit of the work that the call brings, whatever its size: the same requests on edge
    /// computers and on machines.
    OfWork {
        ops_per_unit: f64,
        memory_bytes: u64,
    },
}

impl Requirements {
    /// One million operations and 100 bytes per byte of input, and an offset: the published functions.
    pub const fn published(op_offset: f64) -> Requirements {
        Requirements::Proportional { op_coeff: 1e6, op_offset, mem_coeff: 100.0, mem_offset: 0.0 }
    }

    /// Operations and bytes of memory for an input of `size_bytes`.
    pub fn of(&self, size_bytes: u64) -> (u64, u64) {
        self.of_call(size_bytes, 1.0)
    }

    /// The same for a call that brings `work` units of work.
    pub fn of_call(&self, size_bytes: u64, work: f64) -> (u64, u64) {
        match *self {
            Requirements::OfWork { ops_per_unit, memory_bytes } => ((0.5 + ops_per_unit * work) as u64, memory_bytes),
            Requirements::Fixed { operations, memory_bytes } => (operations, memory_bytes),
            Requirements::Proportional { op_coeff, op_offset, mem_coeff, mem_offset } => {
                let size = size_bytes as f64;
                // A float becomes an integer towards zero and by saturation: what is negative is zero, the rest rounded down.
                let nearest = |offset: f64, coeff: f64| (0.5 + offset + coeff * size) as u64;
                (nearest(op_offset, op_coeff), nearest(mem_offset, mem_coeff))
            }
        }
    }
}

/// A function's place on a processor.
#[derive(Clone, Debug, PartialEq)]
pub struct ContainerType {
    pub name: String,
    /// Name of the processor.
    pub processor: String,
    pub function: String,
    /// How many calls run at once.
    pub workers: u32,
    pub requirements: Requirements,
}

/// A computer as it is described; [`ComputerType::check`] before use.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ComputerType {
    pub processors: Vec<ProcessorType>,
    pub containers: Vec<ContainerType>,
}

/// What is wrong with a description of a computer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{key}: found {found}, want {wanted}")]
pub struct KindError {
    pub key: String,
    pub found: String,
    pub wanted: &'static str,
}

impl ComputerType {
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), KindError> {
        self.flaws().into_iter().next().map_or(Ok(()), Err)
    }

    /// Everything that is wrong: names that are empty or stand twice, a function in two containers, no cores, no workers, a
    /// speed that is not positive, an unknown processor.
    pub fn flaws(&self) -> Vec<KindError> {
        let mut flaws = Vec::new();
        let mut complain = |key: String, found: String, wanted| flaws.push(KindError { key, found, wanted });
        if self.processors.is_empty() {
            complain("processors".to_owned(), "none".to_owned(), "at least one");
        }
        let mut seen = BTreeSet::new();
        for processor in &self.processors {
            let key = |field: &str| format!("processors.{}.{field}", processor.name);
            if processor.name.is_empty() || !seen.insert(&processor.name) {
                complain(key("name"), format!("\"{}\"", processor.name), "a name of its own");
            }
            if processor.cores == 0 {
                complain(key("cores"), "0".to_owned(), "one core or more");
            }
            if !(processor.speed_ops_per_s > 0.0 && processor.speed_ops_per_s.is_finite()) {
                complain(key("speed"), processor.speed_ops_per_s.to_string(), "a positive number");
            }
        }
        let (mut names, mut functions) = (BTreeSet::new(), BTreeSet::new());
        for container in &self.containers {
            let key = |field: &str| format!("containers.{}.{field}", container.name);
            if container.name.is_empty() || !names.insert(&container.name) {
                complain(key("name"), format!("\"{}\"", container.name), "a name of its own");
            }
            if container.function.is_empty() || !functions.insert(&container.function) {
                let wanted = "a function that no other container has";
                complain(key("function"), format!("\"{}\"", container.function), wanted);
            }
            if container.workers == 0 {
                complain(key("workers"), "0".to_owned(), "one worker or more");
            }
            if !seen.contains(&container.processor) {
                complain(key("processor"), format!("\"{}\"", container.processor), "one of the processors");
            }
        }
        flaws
    }

    /// The original's default: a processor `arm` with 4 cores and `bm2837` with one, both 1e11 operations/s and 512 MiB;
    /// functions `clambda0`... with 4 workers on the first and `glambda0`... with 2 on the second.
    pub fn raspberry(cpu_containers: u32, gpu_containers: u32) -> ComputerType {
        let arm = processor("arm", ProcessorKind::GenericCpu, 1e11, 4, 512 << 20);
        let on_cpu = (0..cpu_containers).map(|i| container("c", i, "arm", 4, 4e6));
        let ComputerType { processors, containers } = ComputerType::gpu(gpu_containers);
        ComputerType {
            processors: std::iter::once(arm).chain(processors).collect(),
            containers: on_cpu.chain(containers).collect(),
        }
    }

    /// The GPU of the raspberry alone: `bm2837` and the functions `glambda0`... on it. The original has no such type.
    pub fn gpu(containers: u32) -> ComputerType {
        let gpu = processor("bm2837", ProcessorKind::GenericGpu, 1e11, 1, 512 << 20);
        let containers = (0..containers).map(|i| container("g", i, "bm2837", 2, 1e6));
        ComputerType { processors: vec![gpu], containers: containers.collect() }
    }

    /// A processor `xeon` with 20 cores of 4e9 operations/s and 128 GiB.
    pub fn intel_server(containers: u32, workers: u32) -> ComputerType {
        let xeon = processor("xeon", ProcessorKind::GenericCpu, 4e9, 20, 128 << 30);
        let containers = (0..containers).map(|i| container("c", i, "xeon", workers, 4e6));
        ComputerType { processors: vec![xeon], containers: containers.collect() }
    }

    /// The computers of the experiment scripts: 4 cores of 1e9 operations/s and 512 MiB, a container per function with
    /// as many workers as cores.
    pub fn experiment(functions: &[&str]) -> ComputerType {
        let arm = processor("arm", ProcessorKind::GenericCpu, 1e9, 4, 512 << 20);
        let containers = functions.iter().map(|function| ContainerType {
            name: format!("container-{function}"),
            processor: "arm".to_owned(),
            function: (*function).to_owned(),
            workers: 4,
            requirements: Requirements::published(4e6),
        });
        ComputerType { processors: vec![arm], containers: containers.collect() }
    }

    /// The example that the original's tool prints: one core of 4e9 operations/s and `clambda@1` with one worker.
    pub fn example() -> ComputerType {
        let arm = processor("arm", ProcessorKind::GenericCpu, 4e9, 1, 500_000_000);
        let function = container("c", 0, "arm", 1, 4e6);
        let only = ContainerType { function: "clambda@1".to_owned(), ..function };
        ComputerType { processors: vec![arm], containers: vec![only] }
    }
}

fn processor(name: &str, kind: ProcessorKind, speed_ops_per_s: f64, cores: u32, memory_bytes: u64) -> ProcessorType {
    ProcessorType { name: name.to_owned(), kind, speed_ops_per_s, cores, memory_bytes }
}

fn container(prefix: &str, number: u32, processor: &str, workers: u32, op_offset: f64) -> ContainerType {
    ContainerType {
        name: format!("{prefix}container{number}"),
        processor: processor.to_owned(),
        function: format!("{prefix}lambda{number}"),
        workers,
        requirements: Requirements::published(op_offset),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_made_computers_are_sound() {
        for computer in [
            ComputerType::raspberry(2, 1),
            ComputerType::gpu(2),
            ComputerType::intel_server(3, 5),
            ComputerType::experiment(&["f", "g"]),
            ComputerType::example(),
        ] {
            assert_eq!(computer.check(), Ok(()));
        }
        let raspberry = ComputerType::raspberry(1, 1);
        assert_eq!(raspberry.containers[0].requirements.of(10_000), (10_004_000_000, 1_000_000));
        assert_eq!(raspberry.containers[1].requirements.of(10_000), (10_001_000_000, 1_000_000));
        assert_eq!(ComputerType::gpu(1).processors, raspberry.processors[1..]);
        assert_eq!(ComputerType::gpu(1).containers, raspberry.containers[1..]);
    }

    #[test]
    fn requirements_are_rounded_and_never_negative() {
        let proportional =
            Requirements::Proportional { op_coeff: 0.25, op_offset: -1.0, mem_coeff: 0.5, mem_offset: 0.0 };
        assert_eq!(proportional.of(2), (0, 1));
        assert_eq!(proportional.of(6), (1, 3));
    }

    #[test]
    fn a_wrong_description_is_refused_with_its_key() {
        let broken = |change: &dyn Fn(&mut ComputerType)| {
            let mut computer = ComputerType::raspberry(1, 1);
            change(&mut computer);
            computer.check().unwrap_err().to_string()
        };
        assert!(broken(&|c| c.processors[0].cores = 0).starts_with("processors.arm.cores: found 0"));
        assert!(broken(&|c| c.processors[1].name = "arm".to_owned()).contains("name of its own"));
        assert!(broken(&|c| c.processors[0].speed_ops_per_s = f64::NAN).contains("speed"));
        assert!(broken(&|c| c.containers[0].workers = 0).contains("workers"));
        assert!(broken(&|c| c.containers[1].function = "clambda0".to_owned()).contains("no other container"));
        assert!(broken(&|c| c.containers[1].processor = "gpu".to_owned()).contains("one of the processors"));
        assert!(broken(&|c| c.processors.clear()).contains("at least one"));
    }
}
