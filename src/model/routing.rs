//! Routing tables: at each node, for each function, fresh and forwarded requests apart, where requests go and in which
//! shares. Strategies write them through orders; requests only read them.

use super::ids::{FunctionId, NodeId, PoolId};
use super::pool::Pool;
use crate::engine::random::Rng;
use crate::engine::time::{Instant, Span};

/// Where a request goes from the node it has reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Route {
    Pool(PoolId),
    Node(NodeId),
    Refused,
    /// To this pool, wherever it is: where it arrives nobody is asked again, and the answer passes here on its way back.
    /// Only for strategies that follow their requests.
    Send(PoolId),
    /// The same from a client that calls the pool itself: no broker is crossed, and none of a broker's limits matter.
    Call(PoolId),
    /// In so many copies, each of which is asked where it goes; the first that is served is the answer. Only for strategies
    /// that follow their requests.
    Race(u16),
    /// On to another broker; the answer passes here on its way back. Only for strategies that follow their requests.
    Next(NodeId),
    /// A dry run at this pool first; the question is asked again when its answer is here. Only for strategies that follow
    /// their requests.
    Estimate(PoolId),
}

/// A broker on the way of a request, or a client that chose for itself, which its answer passes on its way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop {
    pub node: NodeId,
    /// When the request was sent on from here.
    pub left: Instant,
    /// Where to.
    pub to: Route,
    /// Brokers that it had crossed before this one.
    pub crossed: u8,
}

/// How the shares of a table are met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The target furthest behind its share: exact over every stretch.
    Deficit,
    /// Drawn for each request.
    Random,
}

/// The rule of one table.
#[derive(Clone, Debug, PartialEq)]
pub enum ShareRule {
    /// Targets with their weights.
    Weights { targets: Vec<(Route, f64)>, by: By },
    /// The first so many of each period to each target in turn, all others to `rest`.
    Quota { period: Span, firsts: Vec<(Route, u64)>, rest: Route },
}

/// One table at work.
#[derive(Clone, Debug)]
struct Table {
    rule: ShareRule,
    total_weight: f64,
    /// Weights: how far each target is behind its share.
    behind: Vec<f64>,
    /// Quota: the period under way and the requests seen in it.
    period: u64,
    seen: u64,
}

/// All tables of a run.
#[derive(Debug)]
pub struct Tables {
    functions: usize,
    tables: Vec<Option<Table>>,
    in_use: bool,
}

impl Tables {
    pub fn new(nodes: usize, functions: usize) -> Tables {
        Tables { functions, tables: vec![None; nodes * functions * 2], in_use: false }
    }

    fn index(&self, node: NodeId, function: FunctionId, forwarded: bool) -> usize {
        (node.index() * self.functions + function.index()) * 2 + usize::from(forwarded)
    }

    /// Writes a table; what the old one was behind by is forgotten, the count of a running period is kept.
    pub fn set(&mut self, node: NodeId, function: FunctionId, forwarded: bool, rule: ShareRule) {
        let index = self.index(node, function, forwarded);
        let (total_weight, behind) = match &rule {
            ShareRule::Weights { targets, .. } => {
                (targets.iter().map(|&(_, weight)| weight).sum(), vec![0.0; targets.len()])
            }
            ShareRule::Quota { .. } => (0.0, Vec::new()),
        };
        let (period, seen) = self.tables[index].as_ref().map_or((0, 0), |old| (old.period, old.seen));
        self.tables[index] = Some(Table { rule, total_weight, behind, period, seen });
        self.in_use = true;
    }

    /// The target for one request, or `None` where no table says.
    #[inline]
    pub fn pick(
        &mut self,
        node: NodeId,
        function: FunctionId,
        forwarded: bool,
        now: Instant,
        rng: impl FnOnce() -> Rng,
    ) -> Option<Route> {
        if self.in_use { self.pick_by_table(node, function, forwarded, now, rng) } else { None }
    }

    fn pick_by_table(
        &mut self,
        node: NodeId,
        function: FunctionId,
        forwarded: bool,
        now: Instant,
        rng: impl FnOnce() -> Rng,
    ) -> Option<Route> {
        let index = self.index(node, function, forwarded);
        let table = self.tables[index].as_mut()?;
        match &table.rule {
            ShareRule::Quota { period, firsts, rest } => {
                let current = now.as_nanos() / period.as_nanos();
                if table.period != current {
                    (table.period, table.seen) = (current, 0);
                }
                let mut place = table.seen;
                table.seen += 1;
                for &(target, quota) in firsts {
                    if place < quota {
                        return Some(target);
                    }
                    place -= quota;
                }
                Some(*rest)
            }
            ShareRule::Weights { targets, by: By::Random } => {
                let mut point = rng().uniform() * table.total_weight;
                let (last, firsts) = targets.split_last()?;
                for &(target, weight) in firsts {
                    if point < weight {
                        return Some(target);
                    }
                    point -= weight;
                }
                Some(last.0)
            }
            ShareRule::Weights { targets, by: By::Deficit } => {
                let mut first: Option<usize> = None;
                for (place, &(_, weight)) in targets.iter().enumerate() {
                    table.behind[place] += weight / table.total_weight;
                    if weight > 0.0 && first.is_none_or(|first| table.behind[place] > table.behind[first]) {
                        first = Some(place);
                    }
                }
                let chosen = first?;
                table.behind[chosen] -= 1.0;
                Some(targets[chosen].0)
            }
        }
    }
}

/// Which pools serve which function, fixed for a run; side by side, since every request asks.
#[derive(Debug)]
pub struct Servers {
    /// Of each function, where its pools begin; and the end of all.
    begins: Vec<u32>,
    pools: Vec<PoolId>,
}

impl Servers {
    /// The order of the pools is that of their ids.
    pub fn new(functions: usize, pools: &[Pool]) -> Servers {
        let mut of: Vec<Vec<PoolId>> = vec![Vec::new(); functions];
        for (index, pool) in pools.iter().enumerate() {
            let id = PoolId::from_index(index);
            match pool.spec.serves.as_slice() {
                [] => of.iter_mut().for_each(|servers| servers.push(id)),
                some => {
                    for function in some {
                        let servers = &mut of[function.index()];
                        // Named twice it still serves once.
                        if servers.last() != Some(&id) {
                            servers.push(id);
                        }
                    }
                }
            }
        }
        let begins = std::iter::once(0).chain(of.iter().scan(0, |end, servers| {
            *end += servers.len() as u32;
            Some(*end)
        }));
        Servers { begins: begins.collect(), pools: of.concat() }
    }

    #[inline]
    pub fn of(&self, function: FunctionId) -> &[PoolId] {
        let index = function.index();
        &self.pools[self.begins[index] as usize..self.begins[index + 1] as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: NodeId = NodeId(0);
    const WEB: FunctionId = FunctionId(0);

    fn picks(rule: ShareRule, at_ms: &[u64]) -> Vec<Route> {
        let mut tables = Tables::new(1, 1);
        tables.set(HERE, WEB, false, rule);
        let mut rng = Rng::seeded(5);
        let pick = |&ms: &u64| {
            let now = Instant::from_nanos(ms * 1_000_000);
            tables.pick(HERE, WEB, false, now, || Rng::seeded(rng.next_u64())).unwrap()
        };
        at_ms.iter().map(pick).collect()
    }

    #[test]
    fn a_quota_counts_anew_in_each_period() {
        let [vm, lambda] = [0, 1].map(|id| Route::Pool(PoolId(id)));
        let rule = ShareRule::Quota { period: Span::from_secs(1), firsts: vec![(vm, 2)], rest: lambda };
        let taken = picks(rule, &[0, 1, 2, 999, 1000, 1001, 1002, 3500]);
        assert_eq!(taken, [vm, vm, lambda, lambda, vm, vm, lambda, vm]);
    }

    #[test]
    fn deficit_meets_the_shares_exactly_and_random_in_the_mean() {
        let targets =
            [4.0, 2.0, 1.0].iter().enumerate().map(|(i, &w)| (Route::Pool(PoolId(i as u32)), w)).collect::<Vec<_>>();
        let times = vec![0; 70_000];
        let count = |by, n: usize, id| {
            let taken = picks(ShareRule::Weights { targets: targets.clone(), by }, &times[..n]);
            taken.iter().filter(|&&route| route == Route::Pool(PoolId(id))).count()
        };
        assert_eq!([0, 1, 2].map(|id| count(By::Deficit, 70, id)), [40, 20, 10]);
        let drawn = [0, 1, 2].map(|id| count(By::Random, 70_000, id));
        assert!(drawn.iter().zip([40_000, 20_000, 10_000]).all(|(&got, want)| got.abs_diff(want) < 600), "{drawn:?}");
    }

    #[test]
    fn where_no_table_stands_nothing_is_said() {
        let mut tables = Tables::new(2, 1);
        let rule = ShareRule::Weights { targets: vec![(Route::Refused, 1.0)], by: By::Deficit };
        tables.set(HERE, WEB, true, rule);
        assert_eq!(tables.pick(HERE, WEB, false, Instant::ZERO, || Rng::seeded(1)), None);
        assert_eq!(tables.pick(HERE, WEB, true, Instant::ZERO, || Rng::seeded(1)), Some(Route::Refused));
    }
}
