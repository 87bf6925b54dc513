//! A partition under a script of datagrams, ticks and changes: no octets make it panic, every
//! record, packet and octet is accounted for, and neither saving nor ticks change a row.

use flowlog_decode::Outcome;
use flowlog_pipeline::{Generation, Ledger, Partition, Settings};
use flowlog_record::{FlowLogIndex, HashKey, Reason, Row, Timestamp};

use super::generations::{FLOW_LOGS, GENERATIONS};
use super::script::{Kind, Script, Step};

/// Limits so low that a script reaches them.
const SMALL: u8 = 1 << 2;

/// What must not depend on how a script is run.
#[derive(Debug, PartialEq, Eq)]
struct Outcomes {
    rows: Vec<Row>,
    ledger: Ledger,
    flow_logs: Vec<String>,
}

/// How a script is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    Plain,
    /// State is saved and restored on the way.
    Restored,
    /// Further ticks come between the inputs.
    MoreTicks,
    /// Ticks are left out where an input that is later follows.
    FewerTicks,
}

/// See the module; the octets are a [`Script`].
pub fn partition(octets: &[u8]) {
    let Some(script) = Script::read(octets) else {
        return;
    };
    let plain = run(&script, Manner::Plain);
    for manner in [Manner::Restored, Manner::MoreTicks, Manner::FewerTicks] {
        let other = run(&script, manner);
        for (ours, theirs) in other.rows.iter().zip(&plain.rows) {
            assert_eq!(ours, theirs, "{manner:?}");
        }
        assert_eq!(other.rows.len(), plain.rows.len(), "{manner:?}");
        assert_eq!(other.flow_logs, plain.flow_logs, "{manner:?}");
        assert_eq!(other.ledger, plain.ledger, "{manner:?}");
    }
}

/// Saved state that is not what was saved is refused, or harmless: `[place (2), octets …]` are
/// written over the state of a small partition, which then goes on.
pub fn saved_state(octets: &[u8]) {
    let Some((&[length, high, low], rest)) = octets.split_first_chunk::<3>() else {
        return;
    };
    let (damage, script) = rest.split_at(usize::from(length).min(rest.len()));
    let Some(script) = Script::read(script) else {
        return;
    };
    let settings = settings(script.settings);
    let (before, after) = script.steps.split_at(script.steps.len() / 2);
    let mut partition = Partition::new(&settings, generation(script.settings));
    let mut ignored = Account::default();
    for step in before {
        apply(&mut partition, step, &mut ignored);
    }
    let mut saved = partition.save();
    let at = usize::from(u16::from_be_bytes([high, low])) % (saved.len() + 1);
    for (octet, new) in saved.iter_mut().skip(at).zip(damage) {
        *octet = *new;
    }
    let restored = Partition::restore(&saved, &settings, generation(script.settings));
    let Ok(mut partition) = restored else { return };
    for step in after {
        apply(&mut partition, step, &mut ignored);
    }
    partition.finish();
    let _ = partition.save();
}

fn generation(settings: u8) -> &'static Generation {
    &GENERATIONS[usize::from(settings & 3)]
}

fn settings(bits: u8) -> Settings {
    let mut settings = Settings::with_key(HashKey::PUBLIC);
    if bits & SMALL != 0 {
        settings.exporters = 2;
        settings.interfaces = 2;
        settings.remembered_flows = 8;
        settings.aggregate.rows = 24;
        settings.aggregate.exporters = 2;
        let limits = &mut settings.decode.limits;
        limits.exporters = 3;
        limits.sessions = 2;
        limits.templates = 3;
        limits.samplers = 2;
        limits.octets = 12_000;
        limits.octets_in_all = 20_000;
        limits.parked = 1024;
        limits.parked_in_all = 2048;
        limits.parked_millis = 60_000;
    }
    settings
}

/// What went in and came out, counted beside the partition.
#[derive(Default)]
struct Account {
    datagrams: u64,
    sets: u64,
    rows: Vec<Row>,
}

fn run(script: &Script<'_>, manner: Manner) -> Outcomes {
    let settings = settings(script.settings);
    let mut now_in_force = generation(script.settings);
    let mut partition = Partition::new(&settings, now_in_force);
    let mut account = Account::default();
    for (place, step) in script.steps.iter().enumerate() {
        if manner == Manner::Restored && place == usize::from(script.save_at) {
            let saved = partition.save();
            partition = Partition::restore(&saved, &settings, now_in_force).expect("its own state");
        }
        if manner == Manner::MoreTicks {
            for at in ticks(partition.now(), step.at, script.ticks) {
                partition.handle_tick(at);
            }
        }
        let next = script.steps.get(place + 1);
        let is_needless = step.kind == Kind::Tick
            && next.is_some_and(|next| next.kind != Kind::Tick && next.at > step.at);
        if manner == Manner::FewerTicks && is_needless {
            continue;
        }
        apply(&mut partition, step, &mut account);
        if step.kind == Kind::Change {
            now_in_force = generation(step.exporter);
        }
        account.rows.extend(partition.take_rows());
        check(&partition, &account);
    }
    partition.finish();
    account.rows.extend(partition.take_rows());
    check(&partition, &account);
    let flow_logs = (0..FLOW_LOGS).map(|index| partition.flow_log_ledger(FlowLogIndex(index)));
    for ledger in flow_logs.clone() {
        assert_eq!(
            ledger.open,
            Default::default(),
            "everything has left: {ledger:?}"
        );
    }
    assert_eq!(partition.open_rows(), 0, "no row is left");
    Outcomes {
        flow_logs: flow_logs.map(|ledger| format!("{ledger:?}")).collect(),
        ledger: *partition.ledger(),
        rows: account.rows,
    }
}

/// Times between now and the next input, both left out.
fn ticks(now: Timestamp, next: Timestamp, seed: u8) -> Vec<Timestamp> {
    let parts = i64::from(seed % 5) + 1;
    let between = next.since(now);
    if now == Timestamp::MIN || between <= 0 {
        return Vec::new();
    }
    let offset = i64::from(seed) * 37 % 1000;
    let evenly = (1..parts).map(|part| now.plus(between / parts * part));
    let mut ticks: Vec<Timestamp> = evenly
        .chain([now.plus(offset)])
        .filter(|at| *at > now && *at < next)
        .collect();
    ticks.sort_unstable();
    ticks
}

fn apply(partition: &mut Partition, step: &Step<'_>, account: &mut Account) {
    match step.kind {
        Kind::Tick => partition.handle_tick(step.at),
        Kind::Change => partition.handle_change(step.at, generation(step.exporter)),
        Kind::Shed => {
            partition.handle_shed(step.at, step.from());
            account.datagrams += 1;
        }
        Kind::Datagram => {
            let decoded = partition.handle_datagram(step.at, step.from(), step.octets);
            account.datagrams += 1;
            account.sets += decoded.sets.received;
            let sets = &decoded.sets;
            let classed = sets.decoded + sets.expired + sets.skipped;
            assert_eq!(classed.checked_add_signed(sets.parked), Some(sets.received));
            assert!(decoded.flow_records <= decoded.flows * 2);
            if sets.parked >= 0 {
                let records = decoded.flows + decoded.options;
                assert!(records <= step.octets.len() as u64, "{records} records");
            }
            if matches!(decoded.outcome, Outcome::Malformed(_) | Outcome::Duplicate) {
                assert_eq!(decoded.flows, 0);
            }
        }
    }
}

/// Everything that must hold after every input.
fn check(partition: &Partition, account: &Account) {
    let ledger = partition.ledger();
    assert_eq!(ledger.datagrams.total(), account.datagrams);
    assert_eq!(ledger.sets.total(), account.sets);
    assert!(ledger.datagrams.partly_malformed <= ledger.datagrams.accepted);
    let mut numbers = [0_u64; FLOW_LOGS as usize];
    let mut sums = [(0_u64, 0_u128, 0_u128); FLOW_LOGS as usize];
    for row in &account.rows {
        let index = usize::from(row.flow_log.0);
        assert_eq!(
            row.number, numbers[index],
            "rows are numbered as they leave"
        );
        numbers[index] += 1;
        let (records, packets, octets) = &mut sums[index];
        *records += row.records;
        *packets += u128::from(row.packets_raw);
        *octets += u128::from(row.octets_raw);
    }
    for index in 0..FLOW_LOGS {
        let ledger = partition.flow_log_ledger(FlowLogIndex(index));
        assert!(ledger.balances(), "flow log {index}: {ledger:?}");
        let (records, packets, octets) = sums[usize::from(index)];
        let emitted = &ledger.emitted;
        assert_eq!(ledger.rows, numbers[usize::from(index)]);
        assert_eq!(
            (emitted.packets, emitted.octets),
            (packets, octets),
            "flow log {index}"
        );
        assert_eq!(emitted.records, records, "flow log {index}");
    }
    if let Some(row) = account.rows.last() {
        check_row(row, partition.now());
    }
}

fn check_row(row: &Row, now: Timestamp) {
    assert!(row.start <= row.end, "{row:?}");
    assert!(row.left_at <= now, "{row:?}");
    if let Some(window) = row.window
        && row.reason != Reason::Forced
    {
        assert!(row.start >= window, "{row:?}");
    }
    assert!(
        row.reason == Reason::Event || row.packets_raw > 0 || row.octets_raw > 0,
        "a row says something: {row:?}"
    );
}
