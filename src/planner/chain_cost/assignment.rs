//! Divisible requests given to containers of limited capacity: greedily, at random, or at the least cost.
//!
//! Source: `ccicconetti/serverlessonedge`, `LambdaMuSim` (specification section 12). One container for each task is the
//! case in which every request and every capacity is one: the original solves it by the Hungarian method, here it is
//! the same minimum-cost flow.

use crate::engine::random::Rng;

/// Units of each task on each container.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// `units[task][container]`.
    pub units: Vec<Vec<u64>>,
    /// Sum of units times their cost.
    pub cost: f64,
    /// Units that found no room.
    pub unserved: u64,
}

/// Costs of one unit, units to serve and room.
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    /// `costs[task][container]`, finite.
    pub costs: Vec<Vec<f64>>,
    /// Units per task.
    pub requests: Vec<u64>,
    /// Units per container.
    pub capacities: Vec<u64>,
}

impl Flow {
    /// # Errors
    /// Rows that do not fit the requests or the capacities, or a cost that is not a number.
    pub fn check(&self) -> Result<(), String> {
        let wide = self.costs.iter().all(|row| row.len() == self.capacities.len());
        if self.costs.len() != self.requests.len() || !wide {
            return Err("costs: want a row per task and a column per container".to_owned());
        }
        if self.costs.iter().flatten().any(|cost| !cost.is_finite()) {
            return Err("costs: want finite numbers".to_owned());
        }
        Ok(())
    }

    /// Tasks in order, each unit to the cheapest container with room, the first when equal.
    pub fn greedy(&self) -> Assignment {
        let mut room = self.capacities.clone();
        self.fill(|task, wanted, units| {
            while *wanted > 0 {
                let open = (0..room.len()).filter(|&container| room[container] > 0);
                let cost = |container: usize| self.costs[task][container];
                let best = open.reduce(|best, next| if cost(next) < cost(best) { next } else { best });
                let Some(best) = best else { return };
                // Units of one task cost the same wherever they are alike, so they move together.
                let moved = (*wanted).min(room[best]);
                units[best] += moved;
                room[best] -= moved;
                *wanted -= moved;
            }
        })
    }

    /// Each unit to a container drawn uniformly among those with room.
    pub fn random(&self, rng: &mut Rng) -> Assignment {
        let mut room = self.capacities.clone();
        self.fill(|_, wanted, units| {
            while *wanted > 0 {
                let open: Vec<usize> = (0..room.len()).filter(|&container| room[container] > 0).collect();
                if open.is_empty() {
                    return;
                }
                let chosen = open[rng.below(open.len() as u64) as usize];
                units[chosen] += 1;
                room[chosen] -= 1;
                *wanted -= 1;
            }
        })
    }

    fn fill(&self, mut serve: impl FnMut(usize, &mut u64, &mut Vec<u64>)) -> Assignment {
        let mut units = vec![vec![0; self.capacities.len()]; self.requests.len()];
        let mut unserved = 0;
        for (task, row) in units.iter_mut().enumerate() {
            let mut wanted = self.requests[task];
            serve(task, &mut wanted, row);
            unserved += wanted;
        }
        self.priced(units, unserved)
    }

    fn priced(&self, units: Vec<Vec<u64>>, unserved: u64) -> Assignment {
        let rows = units.iter().zip(&self.costs);
        let cost = rows.flat_map(|(row, costs)| row.iter().zip(costs)).map(|(&n, cost)| n as f64 * cost).sum();
        Assignment { units, cost, unserved }
    }

    /// The least cost among the assignments that serve as many units as possible: shortest augmenting paths.
    pub fn least_cost(&self) -> Assignment {
        let (tasks, containers) = (self.requests.len(), self.capacities.len());
        let mut left = self.requests.clone();
        let mut room = self.capacities.clone();
        let mut units = vec![vec![0; containers]; tasks];
        while let Some(path) = self.cheapest_path(&left, &room, &units) {
            // The path alternates task, container, task, container...: forward edges take units, backward ones give.
            let gives = path.windows(3).step_by(2).map(|step| units[step[2]][step[1]]);
            let end = *path.last().expect("a path has ends");
            let moved = gives.chain([left[path[0]], room[end]]).min().expect("at least the ends");
            for (k, edge) in path.windows(2).enumerate() {
                if k % 2 == 0 {
                    units[edge[0]][edge[1]] += moved;
                } else {
                    units[edge[1]][edge[0]] -= moved;
                }
            }
            left[path[0]] -= moved;
            room[end] -= moved;
        }
        self.priced(units, left.iter().sum())
    }

    /// The cheapest way for one more unit from a task with units left to a container with room, over units that may be
    /// moved elsewhere: task, container, task, ..., container. Costs of moved units count negative, so by relaxation.
    fn cheapest_path(&self, left: &[u64], room: &[u64], units: &[Vec<u64>]) -> Option<Vec<usize>> {
        let (tasks, containers) = (left.len(), room.len());
        let mut to_task: Vec<f64> = left.iter().map(|&n| if n > 0 { 0.0 } else { f64::INFINITY }).collect();
        let mut to_container = vec![f64::INFINITY; containers];
        let mut before_task = vec![None; tasks];
        let mut before_container = vec![0; containers];
        // Rounding must not let a cycle of equal costs look like a gain.
        let scale = self.costs.iter().flatten().fold(1.0_f64, |max, cost| max.max(cost.abs()));
        let gain = scale * 1e-12;
        let mut changed = true;
        while changed {
            changed = false;
            for task in 0..tasks {
                for container in 0..containers {
                    let cost = self.costs[task][container];
                    if to_task[task] + cost < to_container[container] - gain {
                        to_container[container] = to_task[task] + cost;
                        before_container[container] = task;
                        changed = true;
                    }
                    if units[task][container] > 0 && to_container[container] - cost < to_task[task] - gain {
                        to_task[task] = to_container[container] - cost;
                        before_task[task] = Some(container);
                        changed = true;
                    }
                }
            }
        }
        let open = (0..containers).filter(|&c| room[c] > 0 && to_container[c].is_finite());
        let mut container =
            open.reduce(|best, next| if to_container[next] < to_container[best] { next } else { best })?;
        let mut path = vec![container];
        loop {
            let task = before_container[container];
            path.push(task);
            let Some(earlier) = before_task[task] else { break };
            container = earlier;
            path.push(container);
        }
        path.reverse();
        Some(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_cost_is_found_by_trying_everything() {
        let mut rng = Rng::seeded(5);
        for _ in 0..200 {
            let mut draw = |n: u64| rng.below(n);
            let costs = (0..2).map(|_| (0..3).map(|_| draw(20) as f64).collect()).collect();
            let flow = Flow {
                costs,
                requests: (0..2).map(|_| draw(4)).collect(),
                capacities: (0..3).map(|_| draw(4)).collect(),
            };
            flow.check().unwrap();
            let found = flow.least_cost();
            let (unserved, cost) = best(&flow);
            assert_eq!((found.unserved, found.cost), (unserved, cost), "{flow:?}");
            let greedy = flow.greedy();
            assert_eq!(greedy.unserved, unserved);
            assert!(greedy.cost >= cost);
            let random = flow.random(&mut Rng::seeded(1));
            assert_eq!(random.unserved, unserved);
        }
    }

    /// Fewest unserved, then least cost, over all assignments of two tasks to three containers.
    fn best(flow: &Flow) -> (u64, f64) {
        let mut best = (u64::MAX, f64::INFINITY);
        let ways = 4_u64.pow(6);
        for code in 0..ways {
            let units: Vec<u64> = (0..6).map(|k| code / 4_u64.pow(k) % 4).collect();
            let row = |task: usize| units[task * 3..task * 3 + 3].iter().sum::<u64>();
            let fits = (0..2).all(|task| row(task) <= flow.requests[task])
                && (0..3).all(|c| units[c] + units[c + 3] <= flow.capacities[c]);
            if fits {
                let unserved = flow.requests.iter().sum::<u64>() - units.iter().sum::<u64>();
                let cost = (0..6).map(|k| units[k] as f64 * flow.costs[k / 3][k % 3]).sum();
                if (unserved, cost) < best {
                    best = (unserved, cost);
                }
            }
        }
        best
    }
}
