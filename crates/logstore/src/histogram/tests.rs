use flowlog_sls::Parameters;

use super::*;
use crate::Logstore;
use crate::sample::{LOGSTORE, NOW, PROJECT, batch, open};

fn intervals(logstore: &Logstore, query: &str) -> Result<Vec<Histogram>, Error> {
    let parameters = Parameters::parse(query).unwrap();
    let request = HistogramRequest::from_parameters(&parameters)?;
    let inner = logstore.inner();
    let store = inner.catalog().store(PROJECT, LOGSTORE).cloned().unwrap();
    inner.histograms(&store, &request)
}

fn counts(intervals: &[Histogram]) -> Vec<u64> {
    intervals.iter().map(|interval| interval.count).collect()
}

#[test]
fn logs_are_counted_in_head_and_segments() {
    let dir = tempfile::tempdir().unwrap();
    let logstore = open(dir.path());
    // Row n is at second NOW + n.
    logstore.append(batch(0, 0, 200)).wait().unwrap();
    logstore.seal();
    logstore.append(batch(0, 200, 300)).wait().unwrap();
    let from = format!("from={}&to={}", NOW + 50, NOW + 305);
    let all = intervals(&logstore, &format!("{from}&query=*&interval=100")).unwrap();
    assert_eq!(counts(&all), [100, 100, 50]);
    let bounds: Vec<_> = all
        .iter()
        .map(|i| (i.from - i64::from(NOW), i.to - i64::from(NOW)))
        .collect();
    assert_eq!(bounds, [(50, 150), (150, 250), (250, 305)]);
    assert!(
        all.iter()
            .all(|interval| interval.progress == Progress::Complete)
    );
    let even = intervals(
        &logstore,
        &format!("{from}&query=protocol:6|select+1&interval=100"),
    );
    assert_eq!(counts(&even.unwrap()), [50, 50, 25]);
    let topic = format!("{from}&topic=other&query=&interval=300");
    assert_eq!(counts(&intervals(&logstore, &topic).unwrap()), [0]);
    let usual = intervals(&logstore, &from).unwrap();
    assert_eq!(usual.len(), 51);
    assert_eq!(counts(&usual).iter().sum::<u64>(), 250);
    assert_eq!(usual, intervals(&logstore, &from).unwrap());
}

#[test]
fn intervals_that_nobody_chose_are_even() {
    let dir = tempfile::tempdir().unwrap();
    let logstore = open(dir.path());
    for seconds in [
        1, 7, 59, 60, 61, 90, 300, 901, 3600, 3601, 3660, 3700, 86_400, 86_460,
    ] {
        let to = i64::from(NOW) + seconds;
        let all = intervals(&logstore, &format!("from={NOW}&to={to}")).unwrap();
        let first = all[0].to - all[0].from;
        assert!(all.iter().all(|i| i.to - i.from == first), "{seconds}");
        assert!((1..=120).contains(&all.len()), "{seconds}");
        assert_eq!(all.last().unwrap().to, to);
    }
    // 7919 is a prime.
    let to = NOW + 7919;
    let all = intervals(&logstore, &format!("from={NOW}&to={to}")).unwrap();
    assert_eq!(all.len(), 27);
}

#[test]
fn one_shard_is_counted_where_it_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let logstore = open(dir.path());
    logstore.append(batch(0, 0, 200)).wait().unwrap();
    let of = |shard: &str| {
        let to = NOW + 300;
        let query = format!("from={NOW}&to={to}&interval=300&shard={shard}");
        intervals(&logstore, &query)
    };
    let inner = logstore.inner();
    let store = inner.catalog().store(PROJECT, LOGSTORE).cloned().unwrap();
    let each: u64 = store
        .shards
        .iter()
        .map(|shard| counts(&of(&shard.number().to_string()).unwrap())[0])
        .sum();
    assert_eq!(each, 200);
    for all in ["", "-1"] {
        assert_eq!(counts(&of(all).unwrap()), [200]);
    }
    for unknown in ["99", "-2", "99999999999"] {
        assert_eq!(of(unknown).unwrap_err().code, ErrorCode::ShardNotExist);
    }
    assert_eq!(of("x").unwrap_err().code, ErrorCode::ParameterInvalid);
}

#[test]
fn absurd_intervals_are_refused_and_absurd_periods_are_not() {
    let dir = tempfile::tempdir().unwrap();
    let logstore = open(dir.path());
    logstore.append(batch(0, 0, 10)).wait().unwrap();
    let error = intervals(&logstore, "from=0&to=4000000000&interval=1").unwrap_err();
    assert_eq!(error.code, ErrorCode::ParameterInvalid);
    let all = intervals(&logstore, "from=0&to=9223372036854775807").unwrap();
    assert_eq!(counts(&all).iter().sum::<u64>(), 10);
    let one = intervals(
        &logstore,
        "from=0&to=4000000000&interval=9223372036854775807",
    );
    assert_eq!(counts(&one.unwrap()), [10]);
}

#[test]
fn usual_lengths_are_those_of_a_clock() {
    let lengths = [1, 60, 61, 3600, 3601, 86_400, 7 * 86_400, 60 * 172_800 + 1].map(usual_length);
    assert_eq!(lengths, [1, 1, 2, 60, 120, 1800, 14_400, 172_801]);
}
