//! Ids are types: small copyable indices into the arenas that [`World`](super::world::World) owns.
//!
//! Names are for people; they are looked up once, while a scenario is built, and seen again in output.

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub(crate) u32);

        impl $name {
            #[inline]
            pub const fn index(self) -> usize {
                self.0 as usize
            }

            /// The id of the `index`-th item of its arena; scenarios hold fewer than 2^32 of anything.
            pub const fn from_index(index: usize) -> $name {
                $name(index as u32)
            }
        }
    )*};
}

ids! {
    /// A place: an edge site or the cloud.
    NodeId,
    /// A set of interchangeable instances at a node.
    PoolId,
    /// One virtual machine, function environment or container.
    InstanceId,
    /// What is called.
    FunctionId,
    /// One call in flight.
    RequestId,
    /// A source of arrivals.
    SourceId,
    /// An account whose functions share one concurrency limit.
    AccountId,
    /// An alarm on a metric.
    AlarmId,
    /// A scaling group over a fleet.
    GroupId,
}

/// An arena whose slots are reused: inserting allocates only when more items live at once than ever before.
#[derive(Debug)]
pub struct Slab<T> {
    slots: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Slab { slots: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slab<T> {
    /// Puts an item into a free slot. Always inlined, so that an item of many fields is built where it will live.
    #[inline(always)]
    pub fn insert(&mut self, item: T) -> u32 {
        let slot = self.free.pop().unwrap_or_else(|| self.add_slot());
        self.slots[slot as usize] = Some(item);
        slot
    }

    #[cold]
    fn add_slot(&mut self) -> u32 {
        self.slots.push(None);
        (self.slots.len() - 1) as u32
    }

    /// Takes the item out and frees its slot.
    #[inline]
    pub fn remove(&mut self, slot: u32) -> T {
        let item = self.slots[slot as usize].take().expect("only a live item is removed");
        self.free.push(slot);
        item
    }

    /// Frees the slot of an item that nobody needs any more.
    #[inline]
    pub fn discard(&mut self, slot: u32) {
        let place = &mut self.slots[slot as usize];
        assert!(place.is_some(), "only a live item is discarded");
        *place = None;
        self.free.push(slot);
    }

    #[inline]
    pub fn get(&self, slot: u32) -> &T {
        self.slots[slot as usize].as_ref().expect("an id outlives neither its item nor its run")
    }

    #[inline]
    pub fn get_mut(&mut self, slot: u32) -> &mut T {
        self.slots[slot as usize].as_mut().expect("an id outlives neither its item nor its run")
    }

    /// The item, if one lives in the slot.
    pub fn try_get_mut(&mut self, slot: u32) -> Option<&mut T> {
        self.slots[slot as usize].as_mut()
    }

    /// Slots in the arena, live or free.
    pub fn slots(&self) -> usize {
        self.slots.len()
    }

    /// How many items live now.
    #[inline]
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Live items in the order of their slots.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        self.slots.iter().enumerate().filter_map(|(slot, item)| item.as_ref().map(|item| (slot as u32, item)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_reused_before_the_arena_grows() {
        let mut slab = Slab::default();
        let (a, b) = (slab.insert('a'), slab.insert('b'));
        assert_eq!((slab.remove(a), slab.len()), ('a', 1));
        assert_eq!(slab.insert('c'), a);
        assert_eq!(slab.iter().collect::<Vec<_>>(), [(a, &'c'), (b, &'b')]);
        slab.discard(b);
        assert_eq!((slab.len(), slab.insert('d')), (1, b));
    }
}
