//! Mappings: how they are written, and what they read.

use super::super::feed::{Origin, Trace, all};
use super::super::test_file;
use super::*;

fn read(text: &str, mapping: &str) -> Result<Vec<(u64, String)>, String> {
    let file = test_file(text);
    let mapping = Mapping::parse(mapping)?;
    let mut trace = open(vec![file.path().into()], mapping, Reading::default()).map_err(|flaw| flaw.to_string())?;
    let arrivals = all(&mut trace).map_err(|flaw| flaw.to_string())?;
    Ok(arrivals.iter().map(|x| (x.at.as_nanos(), trace.cast().functions.text(x.function).to_string())).collect())
}

#[test]
fn columns_are_named_or_numbered() {
    let two = vec![(1_000_000, "b".to_owned()), (2_500_000, "a".to_owned())];
    assert_eq!(read("name,ts\na,2.5\nb,1\n", "time=ts:ms,function=name").unwrap(), two);
    assert_eq!(read("a\t2.5\nb\t1\n", "separator=tab,time=2:ms,function=1").unwrap(), two);
    assert_eq!(read("5 3\n", "separator=space,time=1,count=2").unwrap().len(), 3);
    let ended = read("end,d,name\n10,4,a\n", "end=end:s,service=d:s,function=name").unwrap();
    assert_eq!(ended, [(6_000_000_000, "a".to_owned())]);
    let dated = read("t,f\n2020-01-01T00:00:05Z,a\n2020-01-01T00:00:03Z,b\n", "time=t:iso,function=f").unwrap();
    assert_eq!(dated, [(0, "b".to_owned()), (2_000_000_000, "a".to_owned())]);
}

#[test]
fn a_mapping_that_makes_no_sense_is_refused() {
    for (text, wanted) in [
        ("", "want a column of the time"),
        ("function=f", "want a column of the time"),
        ("time", "want role=column"),
        ("time=0", "want a column from 1, or its name"),
        ("time=t:fortnight", "want one of the units ns, us"),
        ("time=t,end=e", "want one of time and end, once"),
        ("end=e", "want service=column:unit beside end="),
        ("time=t,memory=m:bits", "want one of the units B, KB"),
        ("time=t,size=m", "want one of the roles"),
        ("time=t,separator=;", "want a separator"),
    ] {
        let error = Mapping::parse(text).unwrap_err();
        assert!(error.contains(wanted), "{text}: {error}");
    }
}

#[test]
fn a_globus_header_that_does_not_fit_is_shown() {
    let file = test_file("task,when,what\n1,2,3\n");
    let mut trace = open(vec![file.path().into()], Mapping::globus(), Reading::default()).unwrap();
    let error = trace.next_arrival().unwrap_err().to_string();
    assert!(
        error.contains(":1:1: header: found \"task,when,what\", want a header with the column \"submitted\" or"),
        "{error}"
    );

    let text = "task_uuid,submitted,function_uuid,user_uuid,endpoint_uuid\nt1,1669593600123456789,f1,u1,e1\nt2,1669593600123456790,f2,u1,e1\n";
    let file = test_file(text);
    let mut trace = open(vec![file.path().into()], Mapping::globus(), Reading::default()).unwrap();
    let arrivals = all(&mut trace).unwrap();
    assert_eq!(arrivals.iter().map(|x| x.at.as_nanos()).collect::<Vec<_>>(), [0, 1]);
    assert_eq!((trace.cast().functions.len(), trace.cast().tenants.len()), (2, 1));
}

#[test]
fn the_zero_of_the_clock_can_be_given() {
    let file = test_file("5\n7\n4\n");
    let mapping = Mapping::parse("time=1").unwrap();
    let zero = |origin| {
        let reading = Reading { origin, ..Reading::default() };
        let mut trace = open(vec![file.path().into()], mapping.clone(), reading).unwrap();
        all(&mut trace).unwrap().iter().map(|x| x.at.as_secs_f64()).collect::<Vec<_>>()
    };
    assert_eq!(zero(Origin::Format), [4.0, 5.0, 7.0]);
    assert_eq!(zero(Origin::First), [0.0, 1.0, 3.0]);
    assert_eq!(zero(Origin::At(5_000_000_000)), [0.0, 0.0, 2.0]);
}
