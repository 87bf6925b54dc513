use flowlog_record::HashKey;
use proptest::prelude::*;

use super::RestoreError;
use crate::testing::{Bench, Head, template};
use crate::{Decoder, Settings};

fn restore(octets: &[u8]) -> Result<Decoder, RestoreError> {
    Decoder::restore(octets, Settings::default(), HashKey::PUBLIC)
}

#[test]
fn another_version_is_not_restored() {
    let saved = postcard::to_allocvec(&(99_u32, 0_u64)).unwrap();
    assert_eq!(
        restore(&saved).unwrap_err(),
        RestoreError::UnknownVersion(99)
    );
    assert_eq!(restore(&[]).unwrap_err(), RestoreError::Damaged);
}

proptest! {
    #[test]
    fn damage_is_an_error_or_harmless(at in any::<prop::sample::Index>(), value: u8, cut: bool) {
        let mut bench = Bench::default();
        let sets = [template(2, 256, &[(0, 1, 4), (0, 82, u16::MAX)])];
        let _ = bench.decode(&Head::default().ipfix(&sets));
        let _ = bench.decode(&Head::default().netflow5(&[(1, 1, 0, 0); 9]));
        let mut saved = bench.decoder.save();
        let at = at.index(saved.len());
        saved[at] = value;
        if cut {
            saved.truncate(at);
        }
        if let Ok(decoder) = restore(&saved) {
            bench.decoder = decoder;
            let _ = bench.decode(&Head::default().netflow5(&[(1, 1, 0, 0); 9]));
        }
    }
}
