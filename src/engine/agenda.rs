//! The agenda: what is planned to happen, the next thing first, and any of it moved or called off in place.
//!
//! The order is total: by instant, then by rank (who goes first at one instant), then by order of planning, so that a
//! run does not depend on how a heap breaks ties. Nothing stale is ever delivered: what became void is taken out
//! through the handle that planning returned.
//!
//! Source: a 4-ary heap (Johnson, 1975) with positions kept per entry. Differs from the textbook: the keys lie in
//! groups of four siblings, one cache line each, away from the events; and a `pop` leaves the root vacant, because what
//! happens mostly plans what happens next, and the new entry then sinks from the root in one pass.

use std::num::NonZeroU32;

use super::time::Instant;

/// Who goes first at one instant: the lower rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rank(pub u8);

/// A planned event, for moving it or calling it off. Once the event has happened or was called off the handle means
/// nothing more, and using it does no harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Handle {
    /// One more than the slot: a place where a handle may be then takes no more room than a handle.
    place: NonZeroU32,
    generation: u32,
}

impl Handle {
    #[inline]
    fn new(slot: u32, generation: u32) -> Handle {
        Handle { place: NonZeroU32::MIN.saturating_add(slot), generation }
    }

    #[inline]
    fn slot(self) -> u32 {
        self.place.get() - 1
    }
}

/// The planned events. Space grows with the largest number pending at once; nothing is allocated below that, but for a
/// moment once in 268 million plans.
#[derive(Clone, Debug)]
pub struct Agenda<E: Copy> {
    /// Heap position `i` is lane `i % 4` of group `i / 4`; positions at `end` and above hold [`NOTHING`].
    keys: Vec<Siblings>,
    /// One past the last leaf.
    end: usize,
    /// The root was popped and not filled again; its key is then below every other, so that nothing rises past it.
    root_is_vacant: bool,
    /// Of each slot: where its key is in the heap, or for a free slot the next free one.
    positions: Vec<u32>,
    slots: Vec<Slot<E>>,
    first_free: u32,
    /// The highest number in the order of planning that was given.
    planned: u32,
    now: Instant,
}

/// Four keys with the same parent: one cache line.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Siblings([u128; 4]);

#[derive(Clone, Copy, Debug)]
struct Slot<E> {
    generation: u32,
    event: E,
}

impl Siblings {
    /// The least of the four with its lane, without branches.
    #[inline]
    fn least(&self) -> (usize, u128) {
        let Siblings(keys) = self;
        let left = usize::from(keys[1] < keys[0]);
        let right = 2 + usize::from(keys[3] < keys[2]);
        let least = if keys[right] < keys[left] { right } else { left };
        (least, keys[least])
    }
}

/// The root is the last lane of the first group, so that the children of position `p` are exactly group `p - 2`.
const ROOT: usize = 3;
/// The key of an empty position, after every real one.
const NOTHING: u128 = u128::MAX;
const NO_SLOT: u32 = u32::MAX;
/// A key is instant (64 bits), rank (8), order of planning (28) and slot (28), compared as one number: no two are
/// numbered alike, so that the slot decides nothing and is only carried along.
const SLOT_BITS: u32 = 28;
const RANK_BEGINS: u32 = 56;
/// The last number in the order of planning; after it those that are pending are numbered anew.
const PLANNED_MAX: u32 = (1 << (RANK_BEGINS - SLOT_BITS)) - 1;

/// How many may be pending: fewer than there are numbers, so that numbering anew leaves some.
const PENDING_MAX: u32 = PLANNED_MAX - 1;

/// The group of the children of a position that is in the heap, hence not below [`ROOT`]; no check is spent on that.
#[inline]
const fn children(position: usize) -> usize {
    position.wrapping_sub(2)
}

#[inline]
const fn parent(position: usize) -> usize {
    position / 4 + 2
}

#[inline]
const fn key(at: Instant, rank: Rank, number: u32, slot: u32) -> u128 {
    (at.as_nanos() as u128) << 64
        | ((rank.0 as u64) << RANK_BEGINS | (number as u64) << SLOT_BITS | slot as u64) as u128
}

#[inline]
const fn instant_of(key: u128) -> Instant {
    Instant::from_nanos((key >> 64) as u64)
}

#[inline]
const fn rank_of(key: u128) -> Rank {
    Rank((key >> RANK_BEGINS) as u8)
}

#[inline]
const fn slot_of(key: u128) -> u32 {
    key as u32 & ((1 << SLOT_BITS) - 1)
}

impl<E: Copy> Default for Agenda<E> {
    fn default() -> Self {
        Agenda::new()
    }
}

impl<E: Copy> Agenda<E> {
    pub fn new() -> Agenda<E> {
        Agenda {
            keys: vec![Siblings([NOTHING; 4])],
            end: ROOT,
            root_is_vacant: false,
            positions: Vec::new(),
            slots: Vec::new(),
            first_free: NO_SLOT,
            planned: 0,
            now: Instant::ZERO,
        }
    }

    /// Plans `event`. The caller has ensured that `at` is not before the last event popped.
    #[inline]
    pub fn plan(&mut self, at: Instant, rank: Rank, event: E) -> Handle {
        let number = self.number(at);
        let handle = self.occupy(event);
        let key = key(at, rank, number, handle.slot());
        if self.root_is_vacant {
            self.root_is_vacant = false;
            self.sink(ROOT, key);
        } else {
            let leaf = self.add_leaf();
            self.rise(leaf, key);
        }
        handle
    }

    /// Calls a planned event off and returns it; `None` when it has happened or was called off before.
    #[inline]
    pub fn cancel(&mut self, handle: Handle) -> Option<E> {
        let hole = self.position(handle)?;
        let event = self.release(handle.slot());
        let leaf = self.take_leaf();
        if hole < self.end {
            self.settle(hole, leaf);
        }
        Some(event)
    }

    /// Moves a planned event to `at`, keeping its rank; among equals it stands as if newly planned. `false` when it has
    /// happened or was called off. The caller has ensured that `at` is not before the last event popped.
    #[inline]
    pub fn move_to(&mut self, handle: Handle, at: Instant) -> bool {
        let Some(position) = self.position(handle) else { return false };
        let number = self.number(at);
        let key = key(at, rank_of(self.key(position)), number, handle.slot());
        self.settle(position, key);
        true
    }

    /// When a planned event is due; `None` when it has happened or was called off.
    pub fn due(&self, handle: Handle) -> Option<Instant> {
        self.position(handle).map(|position| instant_of(self.key(position)))
    }

    /// The instant and rank of what comes next.
    #[inline]
    pub fn peek(&self) -> Option<(Instant, Rank)> {
        let first = match self.root_is_vacant {
            false => self.key(ROOT),
            true => self.keys.get(children(ROOT)).map_or(NOTHING, |siblings| siblings.least().1),
        };
        (first != NOTHING).then_some((instant_of(first), rank_of(first)))
    }

    /// Takes what comes next; `None` when nothing is planned.
    #[inline]
    pub fn pop(&mut self) -> Option<(Instant, E)> {
        (!self.is_empty()).then(|| self.take_next())
    }

    /// The same where [`Agenda::peek`] has shown that something is planned: an event that was never optional is copied as
    /// it lies, without a look at its tag that its words would have to wait for.
    #[inline]
    pub fn take_next(&mut self) -> (Instant, E) {
        if self.root_is_vacant {
            self.fill_root();
        }
        assert!(self.end > ROOT, "what is taken was planned");
        let first = std::mem::replace(&mut self.keys[0].0[ROOT], 0);
        self.now = instant_of(first);
        self.root_is_vacant = true;
        (self.now, self.release(slot_of(first)))
    }

    /// How many events are pending.
    #[inline]
    pub fn len(&self) -> usize {
        self.end - ROOT - usize::from(self.root_is_vacant)
    }

    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The next number in the order of planning, for something at `at`.
    #[inline]
    fn number(&mut self, at: Instant) -> u32 {
        assert!(at >= self.now, "nothing is planned in the past: {at} lies before {}", self.now);
        if self.planned == PLANNED_MAX {
            self.number_anew();
        }
        self.planned += 1;
        self.planned
    }

    /// Gives the numbers from one on to those that are pending, in the same order: the heap stays as it is.
    #[cold]
    fn number_anew(&mut self) {
        let first = ROOT + usize::from(self.root_is_vacant);
        let mut pending: Vec<u128> = (first..self.end).map(|position| self.key(position)).collect();
        pending.sort_unstable();
        self.planned = 0;
        for old in pending {
            self.planned += 1;
            let position = self.positions[slot_of(old) as usize] as usize;
            self.place(position, key(instant_of(old), rank_of(old), self.planned, slot_of(old)));
        }
    }

    #[inline]
    fn position(&self, handle: Handle) -> Option<usize> {
        let slot = self.slots.get(handle.slot() as usize)?;
        (slot.generation == handle.generation).then(|| self.positions[handle.slot() as usize] as usize)
    }

    #[inline]
    fn occupy(&mut self, event: E) -> Handle {
        let slot = self.first_free;
        if slot == NO_SLOT {
            return self.add_slot(event);
        }
        self.first_free = self.positions[slot as usize];
        let place = &mut self.slots[slot as usize];
        place.event = event;
        Handle::new(slot, place.generation)
    }

    #[cold]
    fn add_slot(&mut self, event: E) -> Handle {
        let slot = u32::try_from(self.slots.len()).ok().filter(|&slot| slot < PENDING_MAX);
        let slot = slot.expect("the limits of a run and of its clients keep what is pending below 268 million");
        self.slots.push(Slot { generation: 0, event });
        self.positions.push(0);
        Handle::new(slot, 0)
    }

    /// Frees a slot. The generation steps on, which makes every handle to it an old one.
    #[inline]
    fn release(&mut self, slot: u32) -> E {
        let place = &mut self.slots[slot as usize];
        place.generation = place.generation.wrapping_add(1);
        self.positions[slot as usize] = self.first_free;
        self.first_free = slot;
        place.event
    }

    #[inline]
    fn key(&self, position: usize) -> u128 {
        self.keys[position / 4].0[position % 4]
    }

    #[inline]
    fn place(&mut self, position: usize, key: u128) {
        self.keys[position / 4].0[position % 4] = key;
        self.positions[slot_of(key) as usize] = position as u32;
    }

    #[inline]
    fn add_leaf(&mut self) -> usize {
        if self.end == 4 * self.keys.len() {
            self.keys.push(Siblings([NOTHING; 4]));
        }
        self.end += 1;
        self.end - 1
    }

    #[inline]
    fn take_leaf(&mut self) -> u128 {
        self.end -= 1;
        std::mem::replace(&mut self.keys[self.end / 4].0[self.end % 4], NOTHING)
    }

    /// Fills the vacant root with the last leaf. That one mostly belongs near the leaves, so the vacancy is first led
    /// all the way down without looking at it.
    #[inline]
    fn fill_root(&mut self) {
        self.root_is_vacant = false;
        let leaf = self.take_leaf();
        if self.end == ROOT {
            return;
        }
        let mut hole = ROOT;
        while let Some(siblings) = self.keys.get(children(hole)) {
            let (lane, key) = siblings.least();
            if key == NOTHING {
                break;
            }
            let child = 4 * children(hole) + lane;
            self.place(hole, key);
            hole = child;
        }
        self.rise(hole, leaf);
    }

    /// Puts a key where there is a hole anywhere in the heap.
    #[inline]
    fn settle(&mut self, hole: usize, key: u128) {
        if hole > ROOT && key < self.key(parent(hole)) {
            self.rise(hole, key);
        } else {
            self.sink(hole, key);
        }
    }

    #[inline]
    fn rise(&mut self, mut hole: usize, key: u128) {
        while hole > ROOT {
            let above = parent(hole);
            let above_key = self.key(above);
            if above_key < key {
                break;
            }
            self.place(hole, above_key);
            hole = above;
        }
        self.place(hole, key);
    }

    #[inline]
    fn sink(&mut self, mut hole: usize, key: u128) {
        // Empty lanes hold the greatest key of all, below which nothing sinks.
        while let Some(siblings) = self.keys.get(children(hole)) {
            let (lane, child_key) = siblings.least();
            if key < child_key {
                break;
            }
            let child = 4 * children(hole) + lane;
            self.place(hole, child_key);
            hole = child;
        }
        self.place(hole, key);
    }
}

#[cfg(test)]
mod tests;
