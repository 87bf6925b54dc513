use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

use super::*;

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(test);
}

#[test]
fn a_write_fails_when_nobody_reads() {
    run(async {
        let (ours, mut theirs) = duplex(1024);
        let mut ours = Patient::new(ours, Duration::from_millis(20));
        let error = ours.write_all(&[7; 5000]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        // What fitted is there.
        drop(ours);
        let mut read = Vec::new();
        theirs.read_to_end(&mut read).await.unwrap();
        assert_eq!(read, [7; 1024]);
    });
}

#[test]
fn a_reader_that_takes_a_few_octets_now_and_then_is_left_too() {
    run(async {
        let (ours, mut theirs) = duplex(1024);
        let mut ours = Patient::new(ours, Duration::from_millis(50));
        let slow = async {
            let mut octet = [0];
            while theirs.read_exact(&mut octet).await.is_ok() {
                sleep(Duration::from_millis(5)).await;
            }
        };
        let writing = async move { ours.write_all(&vec![7; LEAST]).await };
        let (outcome, ()) = tokio::join!(writing, slow);
        assert_eq!(outcome.unwrap_err().kind(), io::ErrorKind::TimedOut);
    });
}

#[test]
fn a_reader_that_reads_gets_everything_and_may_pause_between_answers() {
    run(async {
        let patience = Duration::from_millis(30);
        let (ours, mut theirs) = duplex(1024);
        let mut ours = Patient::new(ours, patience);
        let sent = 4 * LEAST;
        let writing = async move {
            for _ in 0..2 {
                ours.write_all(&vec![7; sent]).await?;
                ours.flush().await?;
                // Nothing is being written: nobody is waited for.
                sleep(2 * patience).await;
            }
            ours.shutdown().await
        };
        let mut read = Vec::new();
        let (written, taken) = tokio::join!(writing, theirs.read_to_end(&mut read));
        written.unwrap();
        assert_eq!((taken.unwrap(), read.len()), (2 * sent, 2 * sent));
    });
}
