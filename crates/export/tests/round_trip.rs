//! What is exported is read again: by our own decoder, and by `netflow_parser`. Sums, times and
//! numbers come back as they were, whatever the rows are.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what fails here fails the test"
)]

#[path = "round_trip/peer.rs"]
mod peer;
#[path = "round_trip/receiver.rs"]
mod receiver;
#[path = "round_trip/rows.rs"]
mod rows;

use flowlog_export::{
    Carries, ExportingProcess, MessageLimit, Narrowed, NotCarried, Protocol, Record, Refresh,
    Settings, Tally,
};
use flowlog_record::{ObservationDomain, Timestamp};
use proptest::prelude::*;

use peer::Peer;
use receiver::{Flow, Receiver};
use rows::{NOW, any_row, settled_row};

const PROTOCOLS: [Protocol; 4] = [
    Protocol::Netflow5,
    Protocol::Netflow9,
    Protocol::IpfixUdp,
    Protocol::IpfixTcp,
];

fn any_settings() -> impl Strategy<Value = Settings> {
    let carries = (0..=Carries::all().bits()).prop_map(Carries::from_bits_truncate);
    let limit = prop_oneof![Just(512_u16), 512_u16..2_000, Just(u16::MAX)];
    let refresh = (
        prop_oneof![Just(0_u32), 1_u32..200_000],
        prop_oneof![Just(0_u32), 1_u32..20],
    );
    let protocol = proptest::sample::select(PROTOCOLS.as_slice());
    (protocol, any::<u32>(), carries, limit, refresh).prop_map(
        |(protocol, domain, carries, limit, (every_ms, every_messages))| Settings {
            limit: MessageLimit::new(limit).unwrap(),
            refresh: Refresh {
                every_ms,
                every_messages,
            },
            ..Settings::new(protocol, ObservationDomain(domain), carries)
        },
    )
}

/// Batches, each with the milliseconds since the one before.
fn batches(row: impl Strategy<Value = Record>) -> impl Strategy<Value = Vec<(i64, Vec<Record>)>> {
    let pause = prop_oneof![Just(0_i64), 0_i64..100_000];
    prop::collection::vec((pause, prop::collection::vec(row, 0..120)), 1..6)
}

/// Exports batch after batch to a collector of ours and one of theirs.
struct Both {
    process: ExportingProcess,
    ours: Receiver,
    theirs: Peer,
    now: Timestamp,
    sequence: Option<u32>,
    carried: (u128, u128),
    given: (u128, u128),
}

impl Both {
    fn new(settings: Settings) -> Self {
        Self {
            process: ExportingProcess::new(settings),
            ours: Receiver::default(),
            theirs: Peer::new(),
            now: NOW,
            sequence: None,
            carried: (0, 0),
            given: (0, 0),
        }
    }

    fn export(&mut self, pause: i64, rows: &[Record]) -> Tally {
        self.now = self.now.plus(pause);
        let settings = *self.process.settings();
        let (mut messages, mut octets) = (0, 0);
        let tally = self
            .process
            .export(self.now, rows.iter().copied(), |message| {
                assert!(message.octets.len() <= settings.limit.octets());
                let (number, units) = self.ours.read(self.now, message);
                assert_eq!(
                    self.sequence.unwrap_or(number),
                    number,
                    "no number is left out"
                );
                self.sequence = Some(number.wrapping_add(units));
                self.theirs.read(message.octets);
                messages += 1;
                octets += message.octets.len();
            });
        assert_eq!(tally.messages, messages);
        assert_eq!(tally.message_octets, u64::try_from(octets).unwrap());
        for row in rows {
            self.given.0 += u128::from(row.packets);
            self.given.1 += u128::from(row.octets);
            if is_carried(settings.protocol, row) {
                self.carried.0 += u128::from(row.packets);
                self.carried.1 += u128::from(row.octets);
            }
        }
        tally
    }
}

/// The same question as in the crate, asked in other words.
fn is_carried(protocol: Protocol, row: &Record) -> bool {
    let is_ipv6 = |address: Option<core::net::IpAddr>| address.is_some_and(|a| a.is_ipv6());
    let most = u64::from(u32::MAX) * 4_096;
    protocol != Protocol::Netflow5
        || !(is_ipv6(row.source)
            || is_ipv6(row.destination)
            || row.packets == 0 && row.octets == 0
            || row.packets > most
            || row.octets > most)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever rows are given: what is read is what was carried, octet for octet, nothing is
    /// malformed, nothing is missing, and no data come before their Template.
    #[test]
    fn both_collectors_read_the_sums_of_any_rows(
        settings in any_settings(),
        batches in batches(any_row()),
    ) {
        let mut both = Both::new(settings);
        let mut records = 0;
        for (pause, rows) in &batches {
            let tally = both.export(*pause, rows);
            let lost: u64 = NotCarried::ALL
                .map(|reason| tally.not_carried(reason).records)
                .iter()
                .sum();
            prop_assert_eq!(tally.carried.records + lost, u64::try_from(rows.len()).unwrap());
            records += tally.flow_records;
        }
        prop_assert_eq!(both.ours.sums(), both.carried);
        prop_assert_eq!(both.theirs.sums, both.carried);
        prop_assert_eq!(u64::try_from(both.ours.flows.len()).unwrap(), records);
        prop_assert_eq!(both.theirs.records, records);
        if settings.protocol != Protocol::Netflow5 {
            prop_assert_eq!(both.carried, both.given);
        }
    }

    /// Rows as a flow log makes them come back value for value, times to the millisecond.
    #[test]
    fn rows_come_back_as_they_were(
        settings in any_settings(),
        batches in batches(settled_row()),
    ) {
        let mut both = Both::new(settings);
        let mut expected = Vec::new();
        for (pause, rows) in &batches {
            let tally = both.export(*pause, rows);
            prop_assert_eq!(tally.narrowed(Narrowed::Time), 0);
            let carried = rows.iter().filter(|row| is_carried(settings.protocol, row));
            expected.extend(carried.map(|row| Flow::of(row, &settings)));
        }
        prop_assert_eq!(&both.ours.flows, &expected);
        prop_assert!(both.ours.flows.iter().all(|flow| flow.is_unsampled));
    }

    /// A collector that comes later reads everything from the next refresh on.
    #[test]
    fn a_collector_that_comes_later_reads_all_after_a_refresh(
        protocol in proptest::sample::select([Protocol::Netflow9, Protocol::IpfixUdp].as_slice()),
        row in settled_row(),
        pause in 0_i64..20_000,
        missed in 1_usize..30,
    ) {
        let domain = ObservationDomain(7);
        let settings = Settings::new(protocol, domain, Carries::SAG);
        let mut process = ExportingProcess::new(settings);
        for n in 0..missed {
            let now = NOW.plus(i64::try_from(n).unwrap() * pause);
            let _tally = process.export(now, [row], |_| ());
        }
        let mut now = NOW.plus(i64::try_from(missed).unwrap() * pause);
        let until = now.plus(i64::from(settings.refresh.every_ms));
        let mut late = Receiver::default();
        late.is_late = true;
        while now <= until {
            let _tally = process.export(now, [row], |message| {
                late.read(now, message);
            });
            now = now.plus(pause.max(1_000));
        }
        late.is_late = false;
        let before = late.flows.len();
        let _tally = process.export(now, [row], |message| {
            late.read(now, message);
        });
        prop_assert_eq!(late.flows.len(), before + 1);
    }

    /// A saved and restored process is the same to a collector of datagrams.
    #[test]
    fn a_restart_leaves_no_gap(
        settings in any_settings().prop_filter("datagrams", |settings| {
            settings.protocol != Protocol::IpfixTcp
        }),
        batches in batches(any_row()),
    ) {
        let mut both = Both::new(settings);
        for (pause, rows) in &batches {
            let _tally = both.export(*pause, rows);
            let saved = both.process.save();
            both.process = ExportingProcess::restore(&saved, settings).unwrap();
        }
        prop_assert_eq!(both.ours.sums(), both.carried);
        prop_assert_eq!(both.ours.restarts, 0);
    }
}

#[test]
fn a_new_boot_after_twelve_days_costs_no_record_and_no_millisecond() {
    for protocol in [Protocol::Netflow5, Protocol::Netflow9] {
        let settings = Settings::new(protocol, ObservationDomain(7), Carries::SAG);
        let mut both = Both::new(settings);
        let mut expected = Vec::new();
        for hour in 0..24 * 60 {
            let row = Record {
                first: both.now.plus(3_600_000 - 61_234),
                last: both.now.plus(3_600_000 - 1),
                ..rows::plain()
            };
            let tally = both.export(3_600_000, &[row]);
            assert_eq!(tally.narrowed(Narrowed::Time), 0, "hour {hour}");
            expected.push(Flow::of(&row, &settings));
        }
        assert_eq!(both.ours.flows, expected);
        assert_eq!(both.ours.restarts, 4, "60 days, a boot every 12");
    }
}

#[test]
fn time_at_its_ends_breaks_nothing() {
    for protocol in PROTOCOLS {
        let settings = Settings::new(protocol, ObservationDomain(u32::MAX), Carries::all());
        let mut process = ExportingProcess::new(settings);
        let mut ours = Receiver::default();
        let mut given = 0;
        for (now, row) in rows_at_the_ends_of_time() {
            let _tally = process.export(now, [row], |message| {
                ours.read(NOW, message);
            });
            given += u128::from(row.octets);
        }
        assert_eq!(ours.sums().1, given, "{protocol:?}");
    }
}

fn rows_at_the_ends_of_time() -> impl Iterator<Item = (Timestamp, Record)> {
    let times = [Timestamp::MIN, Timestamp::MAX, Timestamp(0), NOW];
    let pairs = move |now| {
        let pairs = times.into_iter().flat_map(move |first| {
            let row = move |last| Record {
                first,
                last,
                ..rows::plain()
            };
            times.into_iter().map(row)
        });
        pairs.map(move |row| (now, row))
    };
    times.into_iter().flat_map(pairs)
}
