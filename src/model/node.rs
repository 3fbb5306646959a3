//! A place, in the cloud or at the edge: memory and what fits, processors that are shared.

/// One place. The cloud is a node without a limit.
#[derive(Clone, Debug)]
pub struct Node {
    pub name: String,
    /// Where a strategy that knows no nodes gets the whole stream.
    pub is_cloud: bool,
    /// `None`: unlimited.
    pub memory_mib: Option<u64>,
    /// Memory taken by instances.
    pub used_mib: u64,
    /// Processors that its containers compete for, in thousandths; `None`: each has what it was given.
    pub millicores: Option<u64>,
}

impl Node {
    pub fn new(name: &str, is_cloud: bool, memory_mib: Option<u64>) -> Node {
        Node { name: name.to_owned(), is_cloud, memory_mib, used_mib: 0, millicores: None }
    }

    /// Takes memory for one instance, or says that it does not fit.
    pub(crate) fn take(&mut self, mib: u64) -> bool {
        let fits = self.memory_mib.is_none_or(|total| self.used_mib + mib <= total);
        if fits {
            self.used_mib += mib;
        }
        fits
    }

    pub(crate) fn give_back(&mut self, mib: u64) {
        self.used_mib = self.used_mib.checked_sub(mib).expect("an instance gives back the memory it took");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_takes_nothing() {
        let mut node = Node::new("edge", false, Some(100));
        assert!(node.take(60));
        assert!(!node.take(41));
        assert!(node.take(40));
        node.give_back(100);
        assert_eq!(node.used_mib, 0);
    }
}
