use super::RecentDatagrams;

#[test]
fn the_last_64_are_remembered() {
    let mut recent = RecentDatagrams::default();
    for hash in 1..200 {
        assert!(!recent.observe(hash), "{hash}");
    }
    assert!(recent.observe(199));
    assert!(recent.observe(136));
    assert!(!recent.observe(135), "forgotten");
}

#[test]
fn hashes_that_share_their_lower_half_are_told_apart() {
    let mut recent = RecentDatagrams::default();
    assert!(!recent.observe(7));
    assert!(!recent.observe(7 + (1 << 40)));
    assert!(recent.observe(7 + (1 << 40)));
}
