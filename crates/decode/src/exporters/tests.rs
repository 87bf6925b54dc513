use alloc::collections::VecDeque;
use core::net::{IpAddr, Ipv4Addr};

use flowlog_record::{ExporterId, HashKey, Timestamp};
use proptest::prelude::*;

use super::Exporters;

fn address(n: u8) -> IpAddr {
    Ipv4Addr::new(192, 0, 2, n).into()
}

#[derive(Clone, Copy, Debug)]
enum Operation {
    Hear(u8),
    Forget,
}

proptest! {
    /// Against a queue of addresses and the numbers they were given.
    #[test]
    fn exporters_are_in_the_order_in_which_they_were_heard(
        operations in prop::collection::vec(
            prop_oneof![4 => (0_u8..12).prop_map(Operation::Hear), 1 => Just(Operation::Forget)],
            0..200,
        ),
    ) {
        let mut exporters = Exporters::new(HashKey::PUBLIC);
        let mut model: VecDeque<(u8, ExporterId)> = VecDeque::new();
        let mut given = 0;
        for operation in operations {
            match operation {
                Operation::Hear(n) => {
                    let known = model.iter().position(|&(other, _)| other == n);
                    let slot = exporters.find(address(n));
                    prop_assert_eq!(slot.is_some(), known.is_some());
                    if let (Some(slot), Some(at)) = (slot, known) {
                        exporters.touch(slot);
                        let entry = model.remove(at).unwrap();
                        model.push_back(entry);
                    } else {
                        exporters.add(address(n), Timestamp(0));
                        model.push_back((n, ExporterId(given)));
                        given += 1;
                    }
                }
                Operation::Forget => {
                    let forgotten = exporters.forget_oldest().map(|entry| entry.exporter.id);
                    prop_assert_eq!(forgotten, model.pop_front().map(|(_, id)| id));
                }
            }
            let listed = exporters.iter().map(|entry| (entry.exporter.address, entry.exporter.id));
            prop_assert!(listed.eq(model.iter().map(|&(n, id)| (address(n), id))));
            prop_assert_eq!(exporters.len(), model.len());
        }
    }
}
