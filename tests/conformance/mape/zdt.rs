//! ZDT1 to ZDT3: 30 variables in [0, 1], two objectives, known fronts.
//!
//! Source: E. Zitzler, K. Deb, L. Thiele, "Comparison of Multiobjective Evolutionary Algorithms: Empirical Results",
//! Evolutionary Computation 8(2), 2000.

use stratosim::solve::nsga2::{Interval, Problem};

pub struct Zdt {
    number: u32,
    bounds: Vec<Interval>,
}

impl Zdt {
    pub fn new(name: &str, variables: usize) -> Zdt {
        let number = match name {
            "zdt1" => 1,
            "zdt2" => 2,
            "zdt3" => 3,
            other => panic!("{other} is not one of zdt1, zdt2, zdt3"),
        };
        Zdt { number, bounds: vec![Interval::new(0.0, 1.0); variables] }
    }
}

impl Problem for Zdt {
    fn bounds(&self) -> &[Interval] {
        &self.bounds
    }

    fn objectives(&self) -> usize {
        2
    }

    fn evaluate(&self, x: &[f64], objectives: &mut [f64], _: &mut [f64]) {
        let g = 1.0 + 9.0 * x[1..].iter().sum::<f64>() / (x.len() - 1) as f64;
        let ratio = x[0] / g;
        let shape = match self.number {
            1 => 1.0 - ratio.sqrt(),
            2 => 1.0 - ratio * ratio,
            _ => 1.0 - ratio.sqrt() - ratio * libm::sin(10.0 * std::f64::consts::PI * x[0]),
        };
        objectives[0] = x[0];
        objectives[1] = g * shape;
    }
}
