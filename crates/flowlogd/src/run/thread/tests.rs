use crossbeam_channel::unbounded;

use super::*;

#[test]
fn the_death_of_a_thread_is_told_and_its_end_is_not() {
    let (events, inbox) = unbounded();
    let good = spawn("good", &events, || 7).unwrap();
    assert_eq!(good.join().unwrap(), 7);
    assert!(inbox.try_recv().is_err());
    let bad = spawn::<()>("bad", &events, || panic!("as the test wants it")).unwrap();
    assert!(bad.join().is_err());
    let broken = Event::Broken("the thread \"bad\" has died".to_owned());
    assert_eq!(inbox.try_recv(), Ok(broken));
}
