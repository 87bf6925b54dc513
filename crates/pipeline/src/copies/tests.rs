use super::*;

fn record(direction: u8, ingress: u32) -> FlowRecord {
    FlowRecord {
        fields: Fields::DIRECTION | Fields::INGRESS_INTERFACE,
        direction,
        ingress_interface: ingress,
        ..FlowRecord::EMPTY
    }
}

fn copies(records: &mut [FlowRecord], known: &mut EgressCopies, exporter: u32) -> Vec<bool> {
    known.mark(ExporterId(exporter), records);
    records
        .iter()
        .map(|r| r.fields.contains(Fields::EGRESS_COPY))
        .collect()
}

use alloc::vec::Vec;

#[test]
fn an_egress_record_is_a_copy_only_after_its_interface_was_metered_on_ingress() {
    let mut known = EgressCopies::new(8, 8);
    let mut batch = [
        record(1, 7),
        record(0, 7),
        record(1, 7),
        record(1, 8),
        record(1, 70_000),
    ];
    assert_eq!(
        copies(&mut batch, &mut known, 1),
        [false, false, true, false, false]
    );
    assert_eq!(
        copies(&mut [record(0, 70_000), record(1, 70_000)], &mut known, 1),
        [false, true]
    );
}

#[test]
fn exporters_do_not_know_of_each_other_and_interface_zero_is_none() {
    let mut known = EgressCopies::new(8, 8);
    assert_eq!(
        copies(&mut [record(0, 7), record(0, 0)], &mut known, 1),
        [false, false]
    );
    assert_eq!(copies(&mut [record(1, 7)], &mut known, 2), [false]);
    assert_eq!(copies(&mut [record(1, 0)], &mut known, 1), [false]);
    let mut no_direction = [FlowRecord {
        fields: Fields::INGRESS_INTERFACE,
        ..record(1, 7)
    }];
    assert_eq!(copies(&mut no_direction, &mut known, 1), [false]);
}

#[test]
fn memory_is_bounded_in_exporters_and_interfaces() {
    let mut known = EgressCopies::new(2, 3);
    for exporter in 0..10 {
        let mut batch: Vec<_> = (0..50).map(|i| record(0, 5000 + i)).collect();
        known.mark(ExporterId(exporter), &mut batch);
    }
    assert_eq!(known.exporters.len(), 2);
    assert!(
        known
            .exporters
            .values()
            .all(|interfaces| interfaces.high.len() == 3)
    );
    assert_eq!(copies(&mut [record(1, 5000)], &mut known, 9), [true]);
    assert_eq!(copies(&mut [record(1, 5000)], &mut known, 0), [false]);
}
