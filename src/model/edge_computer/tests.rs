//! The computer by hand: who waits, whose slot is taken, whom freed memory wakes, and that sharing conserves work.

use super::*;
use crate::engine::random::Rng;
use crate::engine::time::Span;

fn at(seconds: f64) -> Instant {
    Instant::ZERO + Span::from_secs_f64(seconds).unwrap()
}

#[test]
fn the_fifth_concurrent_call_waits_for_a_worker() {
    let mut computer = Computer::new(&ComputerType::raspberry(1, 1), false).unwrap();
    let function = computer.container("clambda0").unwrap();
    let started = (0..5).map(|call| computer.offer(Instant::ZERO, call, function, 10_000).unwrap());
    assert_eq!(started.collect::<Vec<_>>(), [true, true, true, true, false]);
    let mut done = Vec::new();
    computer.advance(at(1.0), &mut done);
    let ends: Vec<f64> = done.iter().map(|done| done.finished.as_secs_f64()).collect();
    assert_eq!(ends, [0.10004, 0.10004, 0.10004, 0.10004, 0.20008]);
    assert_eq!(done[4].processing_ms(), 200);
}

#[test]
fn who_comes_after_one_that_left_takes_its_slot_and_nothing_else() {
    let mut computer = Computer::new(&ComputerType::raspberry(1, 0), false).expect("a ready-made computer is sound");
    let function = computer.container("clambda0").expect("a raspberry serves it");
    let offer = |computer: &mut Computer, call, size| {
        computer.offer(Instant::ZERO, call, function, size).expect("so small a call fits any processor")
    };
    for call in 0..6 {
        offer(&mut computer, call, 10_000);
    }
    assert_eq!(computer.waiting().collect::<Vec<_>>(), [4, 5]);
    assert!(computer.withdraw(Instant::ZERO, 4) && computer.withdraw(Instant::ZERO, 2));
    assert!(!computer.withdraw(Instant::ZERO, 4), "it is not here any more");
    assert_eq!(computer.waiting().count(), 0, "the sixth has the worker of the third");
    assert!(!offer(&mut computer, 6, 20_000));
    assert!(!offer(&mut computer, 7, 10_000));
    assert_eq!(computer.tasks.len(), 6);
    let mut done = Vec::new();
    computer.advance(at(1.0), &mut done);
    assert_eq!(done.iter().map(|done| done.call).collect::<Vec<_>>(), [0, 1, 3, 5, 7, 6]);
}

#[test]
fn memory_that_is_freed_wakes_the_other_containers() {
    let mut kind = ComputerType::raspberry(2, 0);
    kind.processors[0].memory_bytes = 100;
    kind.containers[0].requirements = Requirements::Fixed { operations: 100_000_000_000, memory_bytes: 80 };
    kind.containers[1].requirements = Requirements::Fixed { operations: 100_000_000_000, memory_bytes: 50 };
    for (faithful, ends) in [(false, 2), (true, 1)] {
        let mut computer = Computer::new(&kind, faithful).unwrap();
        let functions = ["clambda0", "clambda1"].map(|name| computer.container(name).unwrap());
        computer.offer(Instant::ZERO, 0, functions[0], 1).unwrap();
        computer.offer(Instant::ZERO, 1, functions[1], 1).unwrap();
        let mut done = Vec::new();
        computer.advance(at(9.0), &mut done);
        assert_eq!(done.len(), ends);
        assert_eq!(computer.waiting().count(), 2 - ends);
    }
}

#[test]
fn what_no_processor_can_hold_is_refused() {
    let mut computer = Computer::new(&ComputerType::raspberry(1, 0), false).unwrap();
    let function = computer.container("clambda0").unwrap();
    let refused = computer.offer(Instant::ZERO, 0, function, 6_000_000).unwrap_err();
    assert_eq!(refused, TooLarge { needed_bytes: 600_000_000, total_bytes: 512 << 20 });
    assert_eq!(computer.container("unknown"), None);
}

/// Every operation that is offered is done, whatever shares the processor: with all cores busy, the work between
/// two idle moments takes exactly its time.
#[test]
fn work_is_conserved_under_sharing() {
    let mut rng = Rng::seeded(3);
    let mut kind = ComputerType::raspberry(2, 0);
    kind.processors[0].cores = 1;
    kind.containers.iter_mut().for_each(|container| container.workers = 3);
    let mut computer = Computer::new(&kind, false).unwrap();
    let functions = ["clambda0", "clambda1"].map(|name| computer.container(name).unwrap());
    let mut operations = 0;
    for call in 0..50 {
        let function = functions[rng.below(2) as usize];
        let size = 1 + rng.below(5_000);
        operations += computer.needs(function, size).0;
        computer.offer(Instant::ZERO, call, function, size).unwrap();
    }
    let mut done = Vec::new();
    computer.advance(at(1e6), &mut done);
    assert_eq!(done.len(), 50);
    let last = done.last().unwrap().finished.as_secs_f64();
    assert!((last - operations as f64 / 1e11).abs() < 1e-6, "{last}");
}
