//! One period at a time: order, independence of functions, service times, and what is too much.

use super::super::feed::all;
use super::*;

/// Periods given as rows of counts, one function per column.
struct Given {
    names: Vec<&'static str>,
    rows: Vec<Vec<u64>>,
    length: Span,
    next: usize,
}

impl Periods for Given {
    fn next_period(&mut self, cells: &mut Vec<Cell>, company: &mut Company) -> Result<Option<Period>, Flaw> {
        for text in &self.names {
            let name = company.cast.functions.intern(text).unwrap();
            company.join(name);
            company.set_service(name.index() as u32, Some(Law::exponential(1.0).unwrap()));
        }
        let Some(row) = self.rows.get(self.next) else { return Ok(None) };
        cells.extend(row.iter().enumerate().map(|(k, &count)| Cell { member: k as u32, count }));
        let start = Instant::ZERO + self.length * self.next as u64;
        self.next += 1;
        Ok(Some(Period { start, length: self.length, file: "given".into() }))
    }
}

fn given(names: &[&'static str], rows: &[&[u64]], length: Span, placement: Placement) -> Blocks<Given> {
    let rows = rows.iter().map(|row| row.to_vec()).collect();
    let periods = Given { names: names.to_vec(), rows, length, next: 0 };
    Blocks::new(periods, Company::new(Streams::new(1, 0)), placement)
}

#[test]
fn a_period_is_sorted_by_instant_and_then_by_function() {
    let mut trace = given(&["a", "b"], &[&[2, 1], &[0, 2]], Span::from_nanos(10), Placement::Evenly);
    let seen: Vec<_> = all(&mut trace).unwrap().iter().map(|x| (x.at.as_nanos(), x.function.index())).collect();
    assert_eq!(seen, [(0, 0), (0, 1), (5, 0), (10, 1), (15, 1)]);
    assert_eq!(trace.report().arrivals, 5);
}

#[test]
fn a_function_is_unmoved_by_its_neighbours() {
    let of_b = |names: &[&'static str], rows: &[&[u64]]| {
        let mut trace = given(names, rows, Span::from_secs(60), Placement::Uniform);
        let arrivals = all(&mut trace).unwrap();
        let b = trace.cast().functions.get("b").unwrap();
        arrivals.iter().filter(|x| x.function == b).map(|x| (x.at, x.service)).collect::<Vec<_>>()
    };
    assert_eq!(of_b(&["a", "b"], &[&[900, 30], &[3, 20]]), of_b(&["b"], &[&[30], &[20]]));
}

#[test]
fn a_period_of_centuries_sorts_as_well() {
    let centuries = Span::from_secs(86_400 * 365 * 500);
    let mut trace = given(&["x"], &[&[3]], centuries, Placement::Uniform);
    let arrivals = all(&mut trace).unwrap();
    assert!(matches!(trace.block.keys, Keys::Wide(_)) && arrivals.is_sorted_by_key(|x| x.at));
    assert_eq!(arrivals.len(), 3);
}

#[test]
fn scattering_sorts_as_sorting_does() {
    let mut rng = Rng::seeded(6);
    for (n, most) in [(0, 1u64 << 50), (100, 1 << 50), (50_000, 1 << 50), (50_000, 3), (200_000, 1 << 20)] {
        let mut keys: Vec<u64> = (0..n).map(|_| rng.below(most)).collect();
        let mut expected = keys.clone();
        expected.sort_unstable();
        sort(&mut keys, &mut Vec::new(), 50);
        assert_eq!(keys, expected, "{n} below {most}");
    }
}

#[test]
fn an_absurd_count_is_refused_before_it_fills_the_memory() {
    let mut trace = given(&["a", "b"], &[&[BLOCK_MAX, 1]], Span::from_secs(1), Placement::Start);
    let error = trace.next_arrival().unwrap_err().to_string();
    assert_eq!(
        error,
        "given: found 100000001 requests in one period, want at most 100000000; smaller counts or a shorter period"
    );
}

#[test]
fn service_times_are_those_of_the_function_even_where_its_cells_stand_apart() {
    struct Twice(bool);
    impl Periods for Twice {
        fn next_period(&mut self, cells: &mut Vec<Cell>, company: &mut Company) -> Result<Option<Period>, Flaw> {
            if std::mem::replace(&mut self.0, true) {
                return Ok(None);
            }
            for (text, service) in [("a", 1.0), ("b", 2.0)] {
                let name = company.cast.functions.intern(text).unwrap();
                company.join(name);
                company.set_service(name.index() as u32, Some(Law::constant(service).unwrap()));
            }
            cells.extend([(1, 2), (0, 3), (1, 4)].map(|(member, count)| Cell { member, count }));
            Ok(Some(Period { start: Instant::ZERO, length: Span::from_secs(1), file: "given".into() }))
        }
    }
    let mut trace = Blocks::new(Twice(false), Company::new(Streams::new(1, 0)), Placement::Uniform);
    let arrivals = all(&mut trace).unwrap();
    assert_eq!(arrivals.len(), 9);
    assert!(arrivals.iter().all(|x| x.service == Some(Span::from_secs(x.function.index() as u64 + 1))));
}
