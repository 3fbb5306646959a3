//! The event list beside the standard library's heap: the hold model, and a mix with moves and cancellations.
//!
//! Run: `cargo bench --bench event_list --no-default-features`. Every figure is CPU time of this thread
//! per step, the median of five runs. Both sides pop the same events in the same order, which the checksum shows.

mod timing;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;
use stratosim::engine::agenda::{Agenda, Handle, Rank};
use stratosim::engine::random::Rng;
use stratosim::engine::time::Instant;
use timing::{cpu_ns, median};

/// What a list has to do to take part. An item is a number; each has at most one planned event.
trait List {
    fn plan(&mut self, at: u64, item: u32);
    fn pop(&mut self) -> (u64, u32);
    fn move_to(&mut self, at: u64, item: u32);
    fn cancel(&mut self, item: u32);
}

/// A payload as an engine has it: a tag and two ids.
#[derive(Clone, Copy)]
struct Event {
    item: u32,
    _request: u32,
    _kind: u8,
}

fn event(item: u32) -> Event {
    Event { item, _request: 0, _kind: 1 }
}

struct Indexed {
    agenda: Agenda<Event>,
    handles: Vec<Option<Handle>>,
}

impl List for Indexed {
    fn plan(&mut self, at: u64, item: u32) {
        self.handles[item as usize] = Some(self.agenda.plan(Instant::from_nanos(at), Rank(0), event(item)));
    }

    fn pop(&mut self) -> (u64, u32) {
        let (at, event) = self.agenda.pop().expect("the number pending is constant");
        (at.as_nanos(), event.item)
    }

    fn move_to(&mut self, at: u64, item: u32) {
        let handle = self.handles[item as usize].expect("every item is planned");
        assert!(self.agenda.move_to(handle, Instant::from_nanos(at)));
    }

    fn cancel(&mut self, item: u32) {
        let handle = self.handles[item as usize].expect("every item is planned");
        assert!(self.agenda.cancel(handle).is_some());
    }
}

/// The standard heap with the same packed keys; payloads in a table, void entries known by an old stamp, and thrown
/// away together when they are as many as the live ones.
struct Standard {
    heap: BinaryHeap<Reverse<(u128, u32)>>,
    stamps: Vec<u64>,
    events: Vec<Event>,
    planned: u64,
    live: usize,
}

impl Standard {
    fn push(&mut self, at: u64, item: u32) {
        self.planned += 1;
        self.stamps[item as usize] = self.planned;
        self.heap.push(Reverse((u128::from(at) << 64 | u128::from(self.planned), item)));
        if self.heap.len() > 2 * self.live.max(16) {
            let stamps = &self.stamps;
            self.heap.retain(|Reverse((key, item))| stamps[*item as usize] == *key as u64);
        }
    }
}

impl List for Standard {
    fn plan(&mut self, at: u64, item: u32) {
        self.live += 1;
        self.events[item as usize] = event(item);
        self.push(at, item);
    }

    fn pop(&mut self) -> (u64, u32) {
        loop {
            let Reverse((key, item)) = self.heap.pop().expect("the number pending is constant");
            if self.stamps[item as usize] == key as u64 {
                self.live -= 1;
                return ((key >> 64) as u64, self.events[item as usize].item);
            }
        }
    }

    fn move_to(&mut self, at: u64, item: u32) {
        self.push(at, item);
    }

    fn cancel(&mut self, item: u32) {
        self.live -= 1;
        self.stamps[item as usize] = 0;
    }
}

const MEAN_NS: f64 = 1e9;

/// Pop, then plan the same item an exponential gap later.
fn hold(list: &mut dyn List, gaps: &[u64], _items: u32, steps: usize, sum: &mut u64) {
    for gap in gaps.iter().cycle().take(steps) {
        let (now, item) = list.pop();
        *sum = sum.wrapping_mul(31).wrapping_add(now ^ u64::from(item));
        list.plan(now + gap, item);
    }
}

/// A hold, two moves of random items, one cancelled and planned anew.
fn mix(list: &mut dyn List, gaps: &[u64], items: u32, steps: usize, sum: &mut u64) {
    let mut draws = gaps.iter().cycle();
    let mut draw = || *draws.next().expect("a cycle has no end");
    for _ in 0..steps {
        let (now, item) = list.pop();
        *sum = sum.wrapping_mul(31).wrapping_add(now ^ u64::from(item));
        list.plan(now + draw(), item);
        for _ in 0..2 {
            let other = (draw() % u64::from(items)) as u32;
            list.move_to(now + draw(), other);
        }
        let other = (draw() % u64::from(items)) as u32;
        list.cancel(other);
        list.plan(now + draw(), other);
    }
}

type Load = fn(&mut dyn List, &[u64], u32, usize, &mut u64);

/// Nanoseconds of CPU per step, and the checksum of what was popped.
fn time(list: &mut dyn List, load: Load, items: u32, steps: usize) -> (f64, u64) {
    let mut rng = Rng::seeded(u64::from(items));
    // Drawn beforehand, since what is timed is the list, and few enough to leave the caches to it.
    let gaps: Vec<u64> = (0..16_381).map(|_| (rng.exponential() * MEAN_NS) as u64 + 1).collect();
    (0..items).for_each(|item| list.plan((rng.exponential() * MEAN_NS) as u64, item));
    let mut sum = 0;
    load(list, &gaps, items, steps / 4, &mut sum);
    let start = cpu_ns();
    load(list, &gaps, items, steps, &mut sum);
    ((cpu_ns() - start) as f64 / steps as f64, black_box(sum))
}

fn main() {
    println!(
        "Agenda (4-ary heap, moved and cancelled in place) against std BinaryHeap (packed u128 keys, void entries"
    );
    println!("marked by an old stamp and compacted when they outnumber the live ones). CPU ns per step, median of 5.");
    println!("hold: pop + plan. mix: pop + plan + 2 moves + 1 cancel-and-plan of random items.");
    println!("{:<6}{:>10}{:>12}{:>12}{:>22}", "load", "pending", "Agenda", "BinaryHeap", "BinaryHeap / Agenda");
    for (name, load) in [("hold", hold as Load), ("mix", mix as Load)] {
        for items in [1_000u32, 100_000, 1_000_000] {
            let steps = if items < 1_000_000 { 1_000_000 } else { 2_000_000 };
            let (mut ours, mut theirs) = (Vec::new(), Vec::new());
            for _ in 0..5 {
                let mut list = Indexed { agenda: Agenda::new(), handles: vec![None; items as usize] };
                let (ns, sum) = time(&mut list, load, items, steps);
                ours.push(ns);
                let mut list = Standard {
                    heap: BinaryHeap::new(),
                    stamps: vec![0; items as usize],
                    events: vec![event(0); items as usize],
                    planned: 0,
                    live: 0,
                };
                let (ns, other_sum) = time(&mut list, load, items, steps);
                theirs.push(ns);
                assert_eq!(sum, other_sum, "both pop the same events in the same order");
            }
            let (ours, theirs) = (median(&ours), median(&theirs));
            println!("{name:<6}{items:>10}{ours:>12.1}{theirs:>12.1}{:>22.2}", theirs / ours);
        }
    }
}
