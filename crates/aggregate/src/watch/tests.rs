use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use flowlog_record::{
    ActiveTimeout, Address, ExporterId, Fields, FlowLogIndex, FlowRecord, HashKey,
    ObservationDomain, Placed, ResourceIndex, Sampling, Timestamp, Window,
};
use proptest::prelude::*;

use crate::notice::{Coverage, Given, Loss, News, Notice, Summary};
use crate::rules::{Hold, Limits, Origin, Rules};
use crate::{Aggregator, watch::reporter::SILENT_AFTER};

const LOG: FlowLogIndex = FlowLogIndex(0);
const MINUTE: i64 = 60_000;
const VPC: ResourceIndex = ResourceIndex(0);
const A: ResourceIndex = ResourceIndex(1);
const B: ResourceIndex = ResourceIndex(2);
const RULES: Rules = Rules {
    aging: None,
    ..Rules::BUILT_IN
};

/// Ten network interfaces of one VPC.
fn coverage() -> Arc<Coverage> {
    let mut all = BTreeMap::from([(VPC, [].into())]);
    all.extend((1..=10).map(|n| (ResourceIndex(n), [VPC].into())));
    Arc::new(Coverage(all))
}

struct Fixture {
    aggregator: Aggregator,
    timeout: u32,
}

impl Fixture {
    fn new(rules: Rules) -> Self {
        let mut fixture = Self {
            aggregator: Aggregator::new(Limits::DEFAULT, HashKey::PUBLIC),
            timeout: 60_000,
        };
        fixture.set(0, Some(rules));
        fixture
    }

    fn set(&mut self, now: i64, rules: Option<Rules>) {
        let now = Timestamp(now);
        self.aggregator.set_flow_log(LOG, rules, now, &mut |_| {});
        let coverage = rules.map(|_| coverage());
        self.aggregator.advance(now, &mut |_| {});
        self.aggregator.watch(LOG, coverage);
    }

    fn advance(&mut self, now: i64) {
        self.aggregator.advance(Timestamp(now), &mut |_| {});
    }

    /// Records of `exporter` about `resource` that arrive at `at` and end `ago` before, a second
    /// long.
    fn observe(&mut self, exporter: u8, at: i64, (resource, ago): (ResourceIndex, i64)) {
        let record = FlowRecord {
            start: Timestamp(at - ago - 1_000),
            end: Timestamp(at - ago),
            packets: 1,
            octets: 10,
            sampling: Sampling::NONE,
            fields: Fields::SOURCE,
            ..FlowRecord::EMPTY
        };
        self.observe_record(exporter, at, (resource, record));
    }

    fn observe_record(
        &mut self,
        exporter: u8,
        at: i64,
        (resource, record): (ResourceIndex, FlowRecord),
    ) {
        let origin = Origin {
            exporter: ExporterId(exporter.into()),
            address: Address::from_ipv4_octets([192, 0, 2, exporter]),
            domain: ObservationDomain(0),
            at: Timestamp(at),
            shift: 0,
            active_timeout: ActiveTimeout::from_millis(self.timeout).unwrap(),
            first_heard: Timestamp(0),
        };
        self.advance(at);
        let placed = Placed {
            resource,
            ..Placed::default()
        };
        self.aggregator
            .observe(LOG, &origin, &[record], &[placed], &mut |_| {});
    }

    fn lose(&mut self, exporter: u8, loss: Loss) {
        let exporter = ExporterId(exporter.into());
        self.aggregator.lose(Some(exporter), &loss);
    }

    fn notices(&mut self) -> Vec<Notice> {
        self.aggregator.take_notices()
    }

    /// When which window of a resource was told, and what.
    fn summaries(&mut self, of: ResourceIndex) -> Vec<(i64, Summary)> {
        let notices = self.notices().into_iter();
        let summary = |notice: Notice| match notice.news {
            News::Summary(summary) if notice.resource == of => Some((notice.at.millis(), summary)),
            _ => None,
        };
        notices.filter_map(summary).collect()
    }
}

fn empty(minute: i64) -> Summary {
    Summary {
        window: Timestamp(minute * MINUTE),
        end: Timestamp((minute + 1) * MINUTE),
        seen: false,
        touched: false,
        lost_records: 0,
        given: Given::Due,
    }
}

fn seen(minute: i64) -> Summary {
    Summary {
        seen: true,
        ..empty(minute)
    }
}

const fn gap(missed: u64) -> Loss {
    Loss {
        missed,
        missed_records: missed,
        found: 0,
        found_records: 0,
        is_damaged: false,
    }
}

#[test]
fn a_resource_is_watched_from_the_window_in_which_it_first_reports() {
    let mut fixture = Fixture::new(RULES);
    fixture.observe(1, 90_000, (A, 0));
    fixture.advance(5 * MINUTE);
    let first = fixture.aggregator.shared.notices[0];
    assert_eq!((first.at.millis(), first.resource), (90_000, A));
    let from = Timestamp(MINUTE);
    assert_eq!(first.news, News::Watched { from });
    assert_eq!(
        fixture.summaries(A),
        // Ta + jitter is 66 s.
        [(186_000, seen(1)), (246_000, empty(2))]
    );
}

#[test]
fn a_summary_is_due_after_the_hold_or_the_active_timeout_whichever_is_longer() {
    for (hold, timeout, wait) in [
        (Hold::Auto, 1_000, 15_000),
        (Hold::Auto, 60_000, 66_000),
        (Hold::Auto, 600_000, 660_000),
        (Hold::Fixed(0), 60_000, 66_000),
        (Hold::Fixed(100_000), 60_000, 100_000),
    ] {
        let mut fixture = Fixture::new(Rules { hold, ..RULES });
        fixture.timeout = timeout;
        fixture.observe(1, 30_000, (A, 0));
        fixture.advance(MINUTE + wait - 1);
        assert_eq!(fixture.summaries(A), []);
        fixture.advance(MINUTE + wait);
        assert_eq!(fixture.summaries(A), [(MINUTE + wait, seen(0))]);
    }
}

#[test]
fn the_slowest_exporter_of_a_resource_is_waited_for() {
    let mut fixture = Fixture::new(RULES);
    fixture.timeout = 300_000;
    fixture.observe(1, 30_000, (A, 0));
    fixture.timeout = 10_000;
    fixture.observe(2, 31_000, (A, 0));
    fixture.observe(2, 32_000, (B, 0));
    fixture.advance(20 * MINUTE);
    let notices = fixture.aggregator.shared.notices.clone();
    let due = |of| {
        let summary = |it: &&Notice| it.resource == of && matches!(it.news, News::Summary(_));
        notices.iter().find(summary).unwrap().at.millis()
    };
    assert_eq!((due(A), due(B)), (MINUTE + 330_000, MINUTE + 15_000));
}

#[test]
fn every_window_that_a_record_has_a_part_in_was_not_empty() {
    let mut fixture = Fixture::new(RULES);
    fixture.timeout = 300_000;
    fixture.observe(1, 30_000, (A, 0));
    let record = FlowRecord {
        start: Timestamp(100_000),
        end: Timestamp(190_000),
        packets: 100,
        octets: 1_000,
        sampling: Sampling::NONE,
        ..FlowRecord::EMPTY
    };
    fixture.observe_record(1, 191_000, (A, record));
    fixture.advance(12 * MINUTE);
    let told: Vec<_> = fixture.summaries(A).iter().map(|it| it.1).collect();
    assert_eq!(
        told,
        [seen(0), seen(1), seen(2), seen(3), empty(4), empty(5)]
    );
}

#[test]
fn what_comes_for_a_window_that_was_told_is_said_once() {
    let mut fixture = Fixture::new(RULES);
    fixture.observe(1, 30_000, (A, 0));
    fixture.observe(1, 400_000, (A, 0));
    fixture.notices();
    for _ in 0..3 {
        fixture.observe(1, 400_000, (A, 200_000));
    }
    let window = Timestamp(3 * MINUTE);
    let until = Timestamp(4 * MINUTE + 6_600_000);
    let said = |notice: &Notice| (notice.resource, notice.news);
    let told: Vec<_> = fixture.notices().iter().map(said).collect();
    let news = News::Seen { window, until };
    assert_eq!(told, [(A, news), (VPC, news)]);
}

#[test]
fn lost_records_are_shared_by_what_came_of_each_and_nothing_is_lost_by_rounding() {
    let mut fixture = Fixture::new(RULES);
    for n in 0..3 {
        fixture.observe(1, 10_000 + n, (A, 0));
    }
    fixture.observe(1, 20_000, (B, 0));
    fixture.lose(1, gap(10));
    fixture.lose(2, gap(1_000));
    fixture.advance(3 * MINUTE);
    let notices = fixture.aggregator.shared.notices.clone();
    let lost = |of| {
        let of: Vec<_> = notices.iter().filter(|it| it.resource == of).collect();
        match of[1].news {
            News::Summary(summary) => (summary.touched, summary.lost_records),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((lost(A), lost(B)), ((true, 7), (true, 3)));
}

#[test]
fn what_comes_late_in_the_same_window_was_not_lost() {
    let mut fixture = Fixture::new(RULES);
    fixture.observe(1, 10_000, (A, 0));
    fixture.lose(1, gap(30));
    let found = Loss {
        found: 30,
        found_records: 30,
        ..Loss::default()
    };
    fixture.lose(1, found);
    fixture.observe(1, 70_000, (A, 0));
    fixture.lose(1, gap(30));
    fixture.advance(4 * MINUTE);
    let touched = Summary {
        touched: true,
        lost_records: 30,
        ..seen(1)
    };
    let told: Vec<_> = fixture.summaries(A).iter().map(|it| it.1).collect();
    assert_eq!(told, [seen(0), touched]);
}

#[test]
fn damage_marks_a_window_and_counts_nothing() {
    for of_all in [false, true] {
        let mut fixture = Fixture::new(RULES);
        fixture.observe(1, 10_000, (A, 0));
        let exporter = (!of_all).then_some(ExporterId(1));
        fixture.aggregator.lose(exporter, &Loss::DAMAGE);
        fixture.advance(4 * MINUTE);
        let touched = Summary {
            touched: true,
            ..seen(0)
        };
        let told: Vec<_> = fixture.summaries(A).iter().map(|it| it.1).collect();
        assert_eq!(told, [touched, empty(1)]);
    }
}

#[test]
fn nobody_speaks_for_a_resource_a_day_after_its_exporter() {
    let mut fixture = Fixture::new(Rules {
        window: Some(Window::TenMinutes),
        ..RULES
    });
    fixture.observe(1, 30_000, (A, 0));
    fixture.advance(10 * SILENT_AFTER);
    let notices = fixture.notices();
    let last = notices.last().unwrap();
    assert_eq!(
        (last.news, last.at.millis()),
        (News::Unwatched, SILENT_AFTER + 10 * MINUTE)
    );
    // 144 windows in a day, and the one that it ended in.
    let of = notices.iter().filter(|it| it.resource == A);
    assert_eq!(of.count(), 1 + 145 + 1);
    assert_eq!(fixture.aggregator.next_due(), None);
    fixture.observe(1, 11 * SILENT_AFTER, (A, 0));
    assert!(matches!(fixture.notices()[0].news, News::Watched { .. }));
}

#[test]
fn a_flow_log_that_is_switched_off_tells_what_it_has() {
    let mut fixture = Fixture::new(RULES);
    fixture.observe(1, 30_000, (A, 0));
    fixture.lose(1, gap(3));
    fixture.set(100_000, None);
    let forced = Summary {
        given: Given::Forced,
        touched: true,
        lost_records: 3,
        ..seen(0)
    };
    let unfinished = Summary {
        given: Given::Unfinished,
        ..empty(1)
    };
    let notices = fixture.notices();
    let of = notices.iter().filter(|it| it.resource == A);
    let news: Vec<_> = of.map(|it| it.news).skip(1).collect();
    let told = [News::Summary(forced), News::Summary(unfinished)];
    assert_eq!(news, [told[0], told[1], News::Unwatched]);
    fixture.advance(10 * MINUTE);
    assert_eq!(fixture.notices(), []);
}

#[test]
fn a_resource_that_is_not_covered_any_more_is_given_up() {
    let mut fixture = Fixture::new(RULES);
    fixture.observe(1, 30_000, (A, 0));
    fixture.observe(1, 30_000, (B, 0));
    fixture.notices();
    let mut fewer = (*coverage()).clone();
    fewer.0.remove(&A);
    let now = Timestamp(40_000);
    let fewer = Some(Arc::new(fewer));
    fixture.aggregator.advance(now, &mut |_| {});
    fixture.aggregator.watch(LOG, fewer);
    let of: Vec<_> = fixture.notices().iter().map(|it| it.resource).collect();
    assert_eq!(of, [A, A]);
    fixture.advance(3 * MINUTE);
    assert_eq!(fixture.summaries(B), [(126_000, seen(0))]);
}

/// Loss is shared out when its window ends, by what had come until then.
#[test]
fn a_generation_that_covers_the_same_changes_nothing() {
    let mut fixture = Fixture::new(RULES);
    fixture.observe(1, 10_000, (A, 0));
    fixture.lose(1, gap(10));
    fixture.set(20_000, Some(RULES));
    fixture.observe(1, 30_000, (B, 0));
    fixture.advance(130_000);
    let lost: Vec<_> = fixture
        .summaries(A)
        .iter()
        .map(|it| it.1.lost_records)
        .collect();
    assert_eq!(lost, [5]);
}

#[test]
fn strangers_cannot_make_it_watch_without_bounds() {
    let mut fixture = Fixture::new(RULES);
    for exporter in 0..20 {
        let resource = ResourceIndex(1 + u32::from(exporter) % 10);
        fixture.observe(exporter, 30_000, (resource, 0));
    }
    let notices = fixture.notices();
    let watched = |it: &&Notice| matches!(it.news, News::Watched { .. });
    assert_eq!(notices.iter().filter(watched).count(), 8);
    // Of the others it is said that they are not empty.
    let seen = |it: &&Notice| matches!(it.news, News::Seen { .. }) && it.resource != VPC;
    assert_eq!(notices.iter().filter(seen).count(), 2);
}

#[derive(Clone, Debug)]
enum Input {
    Record(u8, u32, i64),
    Lose(u8, u64),
    Switch(bool),
}

fn inputs() -> impl Strategy<Value = Vec<(i64, Input)>> {
    let input = prop_oneof![
        8 => (1..4_u8, 0..4_u32, 0..200_000_i64).prop_map(|(e, r, ago)| Input::Record(e, r, ago)),
        2 => (1..4_u8, 0..50_u64).prop_map(|(e, lost)| Input::Lose(e, lost)),
        1 => any::<bool>().prop_map(Input::Switch),
    ];
    prop::collection::vec((0..90_000_i64, input), 0..60)
}

fn applied(inputs: &[(i64, Input)], mut between: impl FnMut(&mut Fixture, i64)) -> Vec<Notice> {
    let mut fixture = Fixture::new(RULES);
    let mut now = 10 * MINUTE;
    for (wait, input) in inputs {
        now += wait;
        between(&mut fixture, now);
        fixture.advance(now);
        match input {
            Input::Record(exporter, resource, ago) => {
                fixture.observe(*exporter, now, (ResourceIndex(*resource), *ago));
            }
            Input::Lose(exporter, lost) => fixture.lose(*exporter, gap(*lost)),
            Input::Switch(on) => fixture.set(now, on.then_some(RULES)),
        }
    }
    fixture.advance(now + 20 * MINUTE);
    fixture
        .aggregator
        .finish(Timestamp(now + 20 * MINUTE), &mut |_| {});
    fixture.notices()
}

proptest! {
    #[test]
    fn neither_ticks_nor_restarts_change_what_is_said(
        inputs in inputs(),
        ticks in prop::collection::vec(0..60_000_i64, 0..200),
    ) {
        let plain = applied(&inputs, |_, _| {});
        let mut ticks = ticks.into_iter();
        let ticked = applied(&inputs, |fixture, now| {
            let before = ticks.next().unwrap_or(0);
            fixture.advance(now - before);
        });
        prop_assert_eq!(&plain, &ticked);
        let restarted = applied(&inputs, |fixture, _| {
            let octets = fixture.aggregator.save();
            let is_on = fixture.aggregator.logs[&LOG].active;
            let limits = Limits::DEFAULT;
            fixture.aggregator = Aggregator::restore(&octets, limits, HashKey::PUBLIC).unwrap();
            let now = Timestamp(fixture.aggregator.shared.now);
            let coverage = is_on.then(coverage);
            fixture.aggregator.advance(now, &mut |_| {});
        fixture.aggregator.watch(LOG, coverage);
        });
        prop_assert_eq!(&plain, &restarted);
    }

    /// Everything that is watched is told once for each window until it is watched no more.
    #[test]
    fn each_window_of_a_resource_is_told_once(inputs in inputs()) {
        let mut next: BTreeMap<ResourceIndex, i64> = BTreeMap::new();
        let mut before = i64::MIN;
        for notice in applied(&inputs, |_, _| {}) {
            prop_assert!(notice.at.millis() >= before);
            before = notice.at.millis();
            match notice.news {
                News::Watched { from } => {
                    prop_assert!(next.insert(notice.resource, from.millis()).is_none());
                }
                News::Summary(summary) => {
                    let due = next.get_mut(&notice.resource).unwrap();
                    prop_assert_eq!(summary.window.millis(), *due);
                    *due = summary.end.millis();
                }
                News::Unwatched => prop_assert!(next.remove(&notice.resource).is_some()),
                News::Seen { .. } => {}
            }
        }
        prop_assert!(next.is_empty());
    }
}
