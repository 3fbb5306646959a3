//! Sources: their streams, their limits, and the same requests whatever the answers.

use super::*;
use crate::engine::law::Law;

fn laws() -> DemandLaws {
    DemandLaws::new(Law::exponential(1.0).unwrap(), Law::uniform(100.0, 200.0).unwrap())
}

fn poisson(name: &str, seed: u64) -> Source {
    Source::new(name, &Streams::new(seed, 0), Arrivals::Poisson(Poisson::new(10.0).unwrap()), laws())
}

fn take(source: &mut Source, n: usize) -> Vec<(Next, Demand)> {
    (0..n).map(|_| (source.next(0), source.demand(0))).collect()
}

#[test]
fn the_law_of_the_gaps_moves_no_demand() {
    let mut one = poisson("web", 1);
    let regular = Arrivals::Regular(Regular::new(Span::from_secs(1)).unwrap());
    let mut other = Source::new("web", &Streams::new(1, 0), regular, laws());
    let demands = |source: &mut Source| take(source, 50).into_iter().map(|(_, demand)| demand).collect::<Vec<_>>();
    assert_eq!(demands(&mut one), demands(&mut other));
    assert_ne!(take(&mut poisson("web", 1), 5), take(&mut poisson("api", 1), 5), "names have streams of their own");
    assert_eq!(take(&mut poisson("web", 1), 5), take(&mut poisson("web", 1), 5));
}

#[test]
fn a_limit_and_a_start_hold_for_every_rule() {
    let start = Instant::ZERO + Span::from_secs(100);
    let mut source = poisson("web", 1).starting_at(start).limited_to(3);
    let mut plain = poisson("web", 1);
    for _ in 0..3 {
        let (Next::At(late), Next::At(early)) = (source.next(0), plain.next(0)) else {
            panic!("three requests are due")
        };
        assert_eq!(late.since(start), early.since(Instant::ZERO));
    }
    assert_eq!((source.next(0), source.next(0)), (Next::Done, Next::Done));
}

#[test]
fn gaps_of_a_poisson_stream_have_the_rate_asked_for() {
    let mut source = poisson("web", 4);
    let n = 100_000;
    let last = (0..n).map(|_| source.next(0)).last();
    let Some(Next::At(last)) = last else { panic!("a Poisson stream goes on") };
    assert!((f64::from(n) / last.as_secs_f64() - 10.0).abs() < 0.15);
}

#[test]
fn a_regular_stream_begins_one_gap_after_the_start() {
    let law = Law::constant(0.25).unwrap();
    for arrivals in [
        Arrivals::Regular(Regular::new(Span::from_nanos(250_000_000)).unwrap()),
        Arrivals::Renewal(Renewal::new(law).unwrap()),
    ] {
        let mut source = Source::new("web", &Streams::new(1, 0), arrivals, laws());
        let ns: Vec<Next> = (0..3).map(|_| source.next(0)).collect();
        assert_eq!(ns, [1, 2, 3].map(|k| Next::At(Instant::from_nanos(k * 250_000_000))));
    }
}

#[test]
fn a_gap_longer_than_time_ends_the_source() {
    let endless = Renewal::new(Law::constant(1e300).unwrap()).unwrap();
    let mut source = Source::new("web", &Streams::new(1, 0), Arrivals::Renewal(endless), laws());
    assert_eq!((source.next(0), source.next(0)), (Next::Done, Next::Done));
}

#[test]
fn a_client_asks_the_same_whatever_the_order_of_answers() {
    let closed = || {
        let arrivals = Arrivals::Closed(Closed::new(3, Law::exponential(2.0).unwrap()).unwrap());
        Source::new("users", &Streams::new(1, 0), arrivals, laws())
    };
    let (mut forward, mut backward) = (closed(), closed());
    assert_eq!((forward.clients(), poisson("web", 1).clients()), (3, 0));
    for _ in 0..4 {
        let there: Vec<_> = (0..3).map(|client| (forward.next(client), forward.demand(client))).collect();
        let mut back: Vec<_> = (0..3).rev().map(|client| (backward.next(client), backward.demand(client))).collect();
        back.reverse();
        assert_eq!(there, back);
        assert!(there.iter().all(|(next, _)| matches!(next, Next::AfterAnswer(_))));
        assert_ne!(there[0], there[1]);
    }
    let mut limited = closed().limited_to(2);
    assert_eq!([0, 1, 2].map(|client| limited.next(client) == Next::Done), [false, false, true]);
}

#[test]
fn clients_begin_to_think_when_their_source_begins() {
    let start = Instant::ZERO + Span::from_secs(300);
    let arrivals = Arrivals::Closed(Closed::new(1, Law::constant(2.0).unwrap()).unwrap());
    let source = Source::new("users", &Streams::new(1, 0), arrivals, laws()).starting_at(start);
    let asks = |now: u64| {
        let asks = source.asks(0, Instant::ZERO + Span::from_secs(now), Span::from_secs(2));
        asks.map(|asks| asks.since(Instant::ZERO).as_secs_f64())
    };
    assert_eq!((asks(0), asks(300), asks(1000)), (Some(302.0), Some(302.0), Some(1002.0)));
}

#[test]
fn think_times_have_their_mean_over_clients_and_requests() {
    let arrivals = Arrivals::Closed(Closed::new(100, Law::exponential(2.0).unwrap()).unwrap());
    let mut source = Source::new("users", &Streams::new(8, 0), arrivals, laws());
    let (mut think_s, mut work, n) = (0.0, 0.0, 100_000);
    for k in 0..n {
        let Next::AfterAnswer(span) = source.next(k % 100) else { panic!("clients go on asking") };
        think_s += span.as_secs_f64() / f64::from(n);
        work += source.demand(k % 100).work / f64::from(n);
    }
    assert!((think_s - 2.0).abs() < 0.03 && (work - 1.0).abs() < 0.015, "{think_s} {work}");
}

#[test]
fn laws_and_clients_that_make_no_sense_are_refused() {
    let zero = || Law::constant(0.0).unwrap();
    assert_eq!(Poisson::new(0.0).unwrap_err().parameter, "rate");
    assert_eq!(Regular::new(Span::ZERO).unwrap_err().parameter, "gap");
    assert_eq!(Renewal::new(zero()).unwrap_err().parameter, "gap");
    assert_eq!(Closed::new(0, zero()).unwrap_err().parameter, "clients");
}
