//! Chains and DAGs of functions with state, as a run executes them: who calls the next function, and where states are.
//!
//! Source: Cicconetti, Conti, Passarella, "FaaS execution models for edge applications", PMC 2022, and Puliafito et al.,
//! "Stateless or stateful FaaS? I'll take both!", PerCom Workshops 2022 (client, hop by hop and remote states of the
//! framework; the seven policies of its analytic model).
//! Differs: the analytic model knows no queues; here the same messages meet computers that are busy.

use super::ids::{FunctionId, NodeId};

/// Who calls the next function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// The client, one function after another; of a DAG every function that can be called at once.
    Client,
    /// The computer that has run the one before; the last one answers the client.
    Computer,
}

/// Which states travel inside requests and answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carried {
    Nothing,
    /// Those that the function called depends on.
    Needed,
    /// Those that any function depends on.
    Used,
    All,
}

/// Where states are that do not travel inside messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Home {
    /// Nowhere: they travel, or stay in the functions.
    Nowhere,
    /// At the client at first, then with the computer that needed them last.
    Moving,
    /// In one place, from which the computer takes them and to which it gives them back.
    Store(NodeId),
    /// In one place, with which the client exchanges them.
    ClientStore(NodeId),
}

/// What a function remembers between calls.
#[derive(Clone, Debug, PartialEq)]
pub struct StateSpec {
    pub name: String,
    /// The functions that depend on it; without any it is free and never moves by itself.
    pub functions: Vec<FunctionId>,
    pub bytes: u64,
}

/// A chain or DAG, checked: step 0 is the entry, the last step the only end, and no way leads back.
#[derive(Clone, Debug, PartialEq)]
pub struct ChainSpec {
    /// The function that stands for the whole of it.
    pub function: FunctionId,
    pub steps: Vec<FunctionId>,
    /// Steps after each step.
    pub next: Vec<Vec<u16>>,
    pub states: Vec<StateSpec>,
    pub caller: Caller,
    pub carried: Carried,
    pub home: Home,
}

impl ChainSpec {
    /// How many steps come right before each.
    pub fn predecessors(&self) -> Vec<u16> {
        let mut count = vec![0; self.steps.len()];
        self.next.iter().flatten().for_each(|&step| count[usize::from(step)] += 1);
        count
    }

    /// Bytes of state in the request to a step and in its answer.
    pub fn carried_bytes(&self, step: u16) -> u64 {
        let function = self.steps[usize::from(step)];
        let travels = |state: &&StateSpec| match self.carried {
            Carried::Nothing => false,
            Carried::Needed => state.functions.contains(&function),
            Carried::Used => !state.functions.is_empty(),
            Carried::All => true,
        };
        self.states.iter().filter(travels).map(|state| state.bytes).sum()
    }

    /// Places of the states that a step depends on.
    pub fn needed(&self, step: u16) -> impl Iterator<Item = usize> + '_ {
        let function = self.steps[usize::from(step)];
        (0..self.states.len()).filter(move |&place| self.states[place].functions.contains(&function))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_chain_carries_what_its_policy_says() {
        let function = FunctionId::from_index;
        let state = |functions: &[usize], bytes| StateSpec {
            name: String::new(),
            functions: functions.iter().map(|&f| function(f)).collect(),
            bytes,
        };
        let states = vec![state(&[1], 10), state(&[1, 2], 20), state(&[2], 30), state(&[], 40)];
        let chain = |carried| ChainSpec {
            function: function(9),
            steps: [1, 2, 1].map(function).to_vec(),
            next: vec![vec![1], vec![2], vec![]],
            states: states.clone(),
            caller: Caller::Client,
            carried,
            home: Home::Nowhere,
        };
        let bytes = |carried| [0, 1, 2].map(|step| chain(carried).carried_bytes(step));
        assert_eq!(bytes(Carried::Needed), [30, 50, 30]);
        assert_eq!(bytes(Carried::Used), [60; 3]);
        assert_eq!(bytes(Carried::All), [100; 3]);
        assert_eq!(bytes(Carried::Nothing), [0; 3]);
        assert_eq!(chain(Carried::Nothing).predecessors(), [0, 1, 1]);
        assert_eq!(chain(Carried::Nothing).needed(1).collect::<Vec<_>>(), [1, 2]);
    }
}
