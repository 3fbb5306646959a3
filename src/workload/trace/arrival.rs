//! One recorded arrival, and the names that arrivals refer to.

use crate::engine::time::{Instant, Span};
use rustc_hash::FxHashMap;
use std::num::NonZeroU32;
use std::sync::Arc;

/// A name of a trace: an index into the [`Names`] that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(NonZeroU32);

impl Name {
    /// The number of the name, from 0 in order of first appearance.
    #[inline]
    pub fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// A request as a trace tells of it. What the trace does not say is `None` and left to the scenario.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arrival {
    pub at: Instant,
    /// Function, class or path asked for; in [`Cast::functions`].
    pub function: Name,
    /// User, owner or subscription; in [`Cast::tenants`].
    pub tenant: Option<Name>,
    /// Source within a run of ours; in [`Cast::sources`].
    pub source: Option<Name>,
    /// Node where the request enters; in [`Cast::nodes`].
    pub entry: Option<Name>,
    pub service: Option<Span>,
    /// Units of work, where the trace is one of our own runs.
    pub work: Option<f64>,
    pub memory_bytes: Option<u64>,
    pub payload_bytes: Option<u64>,
}

impl Arrival {
    /// An arrival of which nothing else is known.
    pub fn new(at: Instant, function: Name) -> Arrival {
        Arrival {
            at,
            function,
            tenant: None,
            source: None,
            entry: None,
            service: None,
            work: None,
            memory_bytes: None,
            payload_bytes: None,
        }
    }
}

/// Distinct texts, numbered in order of first appearance.
#[derive(Clone, Debug, Default)]
pub struct Names {
    list: Vec<Arc<str>>,
    ids: FxHashMap<Arc<str>, Name>,
}

impl Names {
    /// Most names of a kind that a trace may have, so that one whose "functions" are all different cannot fill the memory.
    pub const MAX: usize = 4_000_000;

    /// The name of `text`; `None` when that would be one too many.
    #[inline]
    pub fn intern(&mut self, text: &str) -> Option<Name> {
        if let Some(&name) = self.ids.get(text) {
            return Some(name);
        }
        if self.list.len() >= Self::MAX {
            return None;
        }
        let name = Name(NonZeroU32::new(self.list.len() as u32 + 1)?);
        let text: Arc<str> = text.into();
        self.list.push(text.clone());
        self.ids.insert(text, name);
        Some(name)
    }

    pub fn get(&self, text: &str) -> Option<Name> {
        self.ids.get(text).copied()
    }

    /// The text of a name that came from here.
    pub fn text(&self, name: Name) -> &Arc<str> {
        &self.list[name.index()]
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Arc<str>> {
        self.list.iter()
    }

    pub fn len(&self) -> usize {
        self.list.len()
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

/// Who and what the arrivals of a trace refer to. It grows while the trace is read.
#[derive(Clone, Debug, Default)]
pub struct Cast {
    pub functions: Names,
    pub tenants: Names,
    pub sources: Names,
    pub nodes: Names,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_numbered_as_they_appear() {
        let mut names = Names::default();
        let [b, a, again] = ["b", "a", "b"].map(|text| names.intern(text).unwrap());
        assert_eq!((b.index(), a.index(), again), (0, 1, b));
        assert_eq!((&**names.text(a), names.len(), names.get("c")), ("a", 2, None));
        assert_eq!(std::mem::size_of::<Option<Name>>(), 4, "an absent name costs nothing");
    }
}
