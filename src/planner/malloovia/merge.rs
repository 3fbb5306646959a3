//! Machines that differ in nothing but the zone they stand in are planned as one class and shared out afterwards.
//!
//! Source: specification, section 2 (an extension of the original). Parallel zones multiply the optimal solutions without
//! changing the optimum, and branch and bound loses its time among them. A step merges only where sharing out again is
//! certain to succeed, so the optimum stays the same:
//! - classes alike in price, cores, performances and limiting sets, whatever their own limits;
//! - sets of like classes with limits on machines only, if either no class in them has a limit of its own (each zone is
//!   filled to its limit), or the sets have none (each class is filled to its limit), or both are the same in all zones
//!   (machines are dealt round the zones, so zones and classes stay within one machine of even).

use super::figures::{Class, Figures, Set};

/// How the machines of a merged class go back to its members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    /// Member by member, as far as its own limit and that of its zone allow.
    Fill,
    /// Round the zones, each class going on where the one before stopped.
    Deal,
}

/// One step of merging, with what is needed to undo it.
#[derive(Clone, Debug)]
struct Layer {
    /// Classes of the finer figures behind each class of the coarser ones; members of a group lie in zone order.
    groups: Vec<Vec<usize>>,
    finer: Figures,
    /// The sets that became one, in zone order; empty where classes of the same sets were merged.
    zones: Vec<usize>,
    rule: Rule,
}

/// Figures after merging, and the way back.
#[derive(Clone, Debug)]
pub struct Merged {
    pub figures: Figures,
    layers: Vec<Layer>,
    /// Classes of the original figures behind each merged class.
    members: Vec<Vec<usize>>,
}

impl Merged {
    /// Merges what can be merged without loss.
    pub fn new(figures: &Figures) -> Self {
        let mut merged = Self::nothing(figures);
        while let Some((coarser, layer)) = merge_alike(&merged.figures).or_else(|| merge_zones(&merged.figures)) {
            let behind = |group: &Vec<usize>| group.iter().flat_map(|&i| merged.members[i].clone()).collect();
            merged.members = layer.groups.iter().map(behind).collect();
            merged.figures = coarser;
            merged.layers.push(layer);
        }
        merged
    }

    /// No merging: the figures as they are.
    pub fn nothing(figures: &Figures) -> Self {
        let members = (0..figures.classes.len()).map(|i| vec![i]).collect();
        Self { figures: figures.clone(), layers: Vec::new(), members }
    }

    /// An allocation of merged classes (`[application][class]`) as one of the original classes.
    ///
    /// The machines of reserved classes are shared out first and do not depend on the others, so that levels with the
    /// same reserved machines agree on where these stand.
    pub fn expand(&self, counts: &[Vec<f64>], originals: usize) -> Vec<Vec<f64>> {
        let totals = (0..self.figures.classes.len()).map(|i| counts.iter().map(|row| row[i]).sum()).collect();
        let mut left = self.expand_totals(totals);
        let mut expanded = vec![vec![0.0; originals]; counts.len()];
        for (row, wide) in counts.iter().zip(&mut expanded) {
            for (members, &count) in self.members.iter().zip(row) {
                let mut rest = count;
                for &member in members {
                    let taken = rest.min(left[member]);
                    wide[member] += taken;
                    left[member] -= taken;
                    rest -= taken;
                }
            }
        }
        expanded
    }

    /// Machines per merged class as machines per original class.
    pub fn expand_totals(&self, totals: Vec<f64>) -> Vec<f64> {
        self.layers.iter().rev().fold(totals, |coarse, layer| layer.share_out(&coarse))
    }
}

impl Layer {
    fn share_out(&self, totals: &[f64]) -> Vec<f64> {
        let mut shares = vec![0.0; self.finer.classes.len()];
        let mut room: Vec<f64> = self.zones.iter().map(|&s| self.finer.sets[s].vms.unwrap_or(f64::INFINITY)).collect();
        let mut next = 0;
        for (group, &total) in self.groups.iter().zip(totals) {
            if group.len() == 1 {
                shares[group[0]] = total;
            } else if self.rule == Rule::Deal {
                next = deal(group, total, next, &mut shares);
            } else {
                fill(group, total, &self.finer, &mut room, &mut shares);
            }
        }
        shares
    }
}

/// Gives every member the same number and the rest one by one, beginning at `next`; returns where to go on.
fn deal(group: &[usize], total: f64, next: usize, shares: &mut [f64]) -> usize {
    let zones = group.len();
    let each = (total / zones as f64).floor();
    let rest = (total - each * zones as f64).round() as usize;
    group.iter().for_each(|&member| shares[member] = each);
    (0..rest).for_each(|k| shares[group[(next + k) % zones]] += 1.0);
    (next + rest) % zones
}

fn fill(group: &[usize], total: f64, finer: &Figures, room: &mut [f64], shares: &mut [f64]) {
    let mut rest = total;
    for (zone, &member) in group.iter().enumerate() {
        let mut taken = rest.min(finer.classes[member].limit.unwrap_or(f64::INFINITY));
        if let Some(room) = room.get_mut(zone) {
            taken = taken.min(*room);
            *room -= taken;
        }
        shares[member] = taken;
        rest -= taken;
    }
    assert!(rest <= 1e-6, "merged classes hold no more machines than their zones together");
}

/// Whether two classes differ at most in their own limit and their sets. Classes with a minimum stay as they are.
fn alike(a: &Class, b: &Class) -> bool {
    a.reserved == b.reserved
        && a.price == b.price
        && a.cores == b.cores
        && a.performance == b.performance
        && a.minimum == 0.0
        && b.minimum == 0.0
}

fn merge_alike(figures: &Figures) -> Option<(Figures, Layer)> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (i, class) in figures.classes.iter().enumerate() {
        let twin = |group: &&mut Vec<usize>| {
            let other = &figures.classes[group[0]];
            alike(class, other) && class.sets == other.sets
        };
        match groups.iter_mut().find(twin) {
            Some(group) => group.push(i),
            None => groups.push(vec![i]),
        }
    }
    if groups.len() == figures.classes.len() {
        return None;
    }
    let classes = groups.iter().map(|group| merged_class(figures, group)).collect();
    let coarser = Figures { classes, ..figures.clone() };
    Some((coarser, Layer { groups, finer: figures.clone(), zones: Vec::new(), rule: Rule::Fill }))
}

/// The first class of a group with the limits of all added up.
fn merged_class(figures: &Figures, group: &[usize]) -> Class {
    let limit = group.iter().map(|&i| figures.classes[i].limit).sum::<Option<f64>>();
    Class { limit, ..figures.classes[group[0]].clone() }
}

fn merge_zones(figures: &Figures) -> Option<(Figures, Layer)> {
    for s in 0..figures.sets.len() {
        let members = members_of(figures, s);
        if members.is_empty() || figures.sets[s].cores.is_some() {
            continue;
        }
        // One column of members per zone; the order of a column follows that of the first.
        let mut zones = vec![s];
        let mut columns = vec![members];
        for t in s + 1..figures.sets.len() {
            if figures.sets[t].cores.is_none()
                && let Some(column) = parallel(figures, s, &columns[0], t)
            {
                zones.push(t);
                columns.push(column);
            }
        }
        if zones.len() > 1
            && let Some(rule) = rule_for(figures, &zones, &columns)
        {
            return Some(merge(figures, zones, &columns, rule));
        }
    }
    None
}

fn members_of(figures: &Figures, set: usize) -> Vec<usize> {
    (0..figures.classes.len()).filter(|&i| figures.classes[i].sets.contains(&set)).collect()
}

/// The members of set `t` in the order in which they match those of set `s`, if all do.
fn parallel(figures: &Figures, s: usize, members: &[usize], t: usize) -> Option<Vec<usize>> {
    let mut others = members_of(figures, t);
    if others.len() != members.len() {
        return None;
    }
    let besides = |i: usize, set: usize| -> Vec<usize> {
        figures.classes[i].sets.iter().copied().filter(|&other| other != set).collect()
    };
    let mut column = Vec::with_capacity(members.len());
    for &i in members {
        let twin = |&j: &usize| alike(&figures.classes[i], &figures.classes[j]) && besides(i, s) == besides(j, t);
        let at = others.iter().position(twin)?;
        column.push(others.remove(at));
    }
    Some(column)
}

fn rule_for(figures: &Figures, zones: &[usize], columns: &[Vec<usize>]) -> Option<Rule> {
    let classes = || columns.iter().flatten().map(|&i| &figures.classes[i]);
    if classes().all(|class| class.limit.is_none()) || zones.iter().all(|&s| figures.sets[s].vms.is_none()) {
        return Some(Rule::Fill);
    }
    let same_room = zones.iter().all(|&s| figures.sets[s].vms == figures.sets[zones[0]].vms);
    let limit = |&i: &usize| figures.classes[i].limit;
    let same_limits = columns.iter().all(|column| column.iter().map(limit).eq(columns[0].iter().map(limit)));
    (same_room && same_limits).then_some(Rule::Deal)
}

fn merge(figures: &Figures, zones: Vec<usize>, columns: &[Vec<usize>], rule: Rule) -> (Figures, Layer) {
    let merged: Vec<usize> = columns[1..].iter().flatten().copied().collect();
    let group_of = |i: usize| match columns[0].iter().position(|&first| first == i) {
        Some(row) => columns.iter().map(|column| column[row]).collect(),
        None => vec![i],
    };
    let groups: Vec<Vec<usize>> = (0..figures.classes.len()).filter(|i| !merged.contains(i)).map(group_of).collect();
    let mut coarser = figures.clone();
    coarser.classes = groups.iter().map(|group| merged_class(figures, group)).collect();
    let vms = zones.iter().map(|&s| figures.sets[s].vms).sum();
    coarser.sets[zones[0]] = Set { vms, cores: None };
    (coarser, Layer { groups, finer: figures.clone(), zones, rule })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(reserved: bool, price: f64, limit: Option<f64>, sets: &[usize]) -> Class {
        Class { reserved, price, cores: 1.0, limit, minimum: 0.0, sets: sets.to_vec(), performance: vec![10.0] }
    }

    /// Three zones, two reserved types in each, one on-demand type outside.
    fn zones(room: [f64; 3], limit: Option<f64>) -> Figures {
        let classes = (0..6).map(|i| class(true, if i < 3 { 1.0 } else { 2.0 }, limit, &[i % 3]));
        let sets = room.iter().map(|&vms| Set { vms: Some(vms), cores: None }).collect();
        let classes = classes.chain([class(false, 3.0, None, &[])]).collect();
        Figures { apps: 1, classes, sets, quanta: vec![None] }
    }

    #[test]
    fn parallel_zones_become_one_and_are_filled_in_turn() {
        let merged = Merged::new(&zones([20.0, 10.0, 5.0], None));
        assert_eq!(merged.figures.classes.len(), 3);
        assert_eq!(merged.figures.sets[0].vms, Some(35.0));
        assert_eq!(merged.expand_totals(vec![25.0, 9.0, 4.0]), [20.0, 5.0, 0.0, 0.0, 5.0, 4.0, 4.0]);
    }

    #[test]
    fn equal_limits_on_classes_and_zones_are_dealt_evenly() {
        let figures = zones([5.0, 5.0, 5.0], Some(3.0));
        let merged = Merged::new(&figures);
        assert_eq!(merged.figures.classes.len(), 3);
        // Every total that the merged limits allow can be shared out.
        for (a, b) in (0..=9).flat_map(|a| (0..=9).map(move |b| (a, b))).filter(|(a, b)| a + b <= 15) {
            let shared = merged.expand_totals(vec![f64::from(a), f64::from(b), 0.0]);
            assert_eq!(figures.broken_limit(&shared), None, "{a} {b}");
            assert_eq!(shared[..3].iter().sum::<f64>(), f64::from(a));
            assert_eq!(shared[3..6].iter().sum::<f64>(), f64::from(b));
        }
    }

    #[test]
    fn nothing_is_merged_where_sharing_out_could_fail() {
        assert_eq!(Merged::new(&zones([5.0, 4.0, 5.0], Some(3.0))).figures.classes.len(), 7);
        let mut cores = zones([5.0, 5.0, 5.0], None);
        cores.sets.iter_mut().for_each(|set| set.cores = Some(8.0));
        assert_eq!(Merged::new(&cores).figures.classes.len(), 7);
        let mut prices = zones([5.0, 5.0, 5.0], None);
        prices.classes[1].price = 1.5;
        // Zone 1 differs now; zones 0 and 2 are still one.
        assert_eq!(Merged::new(&prices).figures.classes.len(), 5);
    }

    #[test]
    fn an_allocation_keeps_its_applications_when_it_is_shared_out() {
        let merged = Merged::new(&zones([2.0, 2.0, 2.0], None));
        let expanded = merged.expand(&[vec![3.0, 0.0, 0.0], vec![1.0, 2.0, 1.0]], 7);
        assert_eq!(expanded[0].iter().sum::<f64>(), 3.0);
        assert_eq!(expanded[1].iter().sum::<f64>(), 4.0);
        let totals: Vec<f64> = (0..7).map(|i| expanded[0][i] + expanded[1][i]).collect();
        assert_eq!(totals, [2.0, 2.0, 0.0, 0.0, 0.0, 2.0, 1.0]);
    }
}
