//! Containers on a host: processors go by weight under contention, nobody gets more than its quota, and what one leaves the
//! others share. Whole seconds, numbers one can add up.

use crate::play::play;

/// Two services on one node, each asked once after a second.
fn told(host: &str, first: (&str, u32), second: (&str, u32)) -> Vec<String> {
    let service = |name: &str, (work, shares): (&str, u32)| {
        format!(
            "[functions.{name}]\nwork = \"{work}\"\nmemory = \"8MiB\"\n\
             [sources.{name}]\nkind = \"renewal\"\ngap = \"1s\"\nrequests = 1\nfunction = \"{name}\"\n\
             [pools.{name}]\nkind = \"container\"\nserves = [\"{name}\"]\nvcpu = 1\nshared = true\nconcurrency = 8\n\
             cpu_shares = {shares}\nmemory = \"64MiB\"\nstart = \"1s\"\nsize = 1\n"
        )
    };
    play(&format!("[nodes.host]\ncloud = true\n{host}\n{}{}", service("a", first), service("b", second))).told()
}

#[test]
fn containers_on_a_host_without_a_limit_do_not_slow_one_another() {
    assert_eq!(told("", ("2s", 1024), ("3s", 1024)), ["a 1 1 3 served", "b 1 1 4 served"]);
    assert_eq!(told("cores = 2", ("2s", 1024), ("3s", 1024)), ["a 1 1 3 served", "b 1 1 4 served"]);
}

#[test]
fn two_containers_that_want_one_processor_have_half_of_it_each_until_one_is_done() {
    // Both at half speed until 5 s; then the second has a second of work left, alone.
    assert_eq!(told("cores = 1", ("2s", 1024), ("3s", 1024)), ["a 1 1 5 served", "b 1 1 6 served"]);
}

#[test]
fn under_contention_processors_go_by_weight() {
    // Three quarters and a quarter: both are done after four seconds.
    assert_eq!(told("cores = 1", ("3s", 3072), ("1s", 1024)), ["a 1 1 5 served", "b 1 1 5 served"]);
}
