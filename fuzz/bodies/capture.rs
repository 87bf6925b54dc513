//! The capture readers: any octets may call themselves a capture.

use std::io::{Cursor, Read};

use flowlogd::capture::{Capture, CaptureError, Captured, RECORD_LIMIT, Skipped};

/// Reads a few octets at a time, as a pipe may give them.
struct Slowly<R>(R, usize);

impl<R: Read> Read for Slowly<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let most = buffer.len().min(self.1 % 7 + 1);
        self.1 += 1;
        self.0.read(&mut buffer[..most])
    }
}

/// Reading ends, holds no more than there is, is finished after an error, and does not depend on
/// how the octets come in.
pub fn capture(octets: &[u8]) {
    let whole = read(
        Capture::new("whole", Cursor::new(octets.to_vec())),
        octets.len(),
    );
    let slowly = read(
        Capture::new("whole", Slowly(Cursor::new(octets.to_vec()), 0)),
        octets.len(),
    );
    assert_eq!(whole, slowly);
}

type Reading = (Vec<Captured>, Option<String>, Skipped);

fn read(capture: Result<Capture, CaptureError>, octets: usize) -> Reading {
    let mut capture = match capture {
        Ok(capture) => capture,
        Err(error) => return (Vec::new(), Some(error.to_string()), Skipped::default()),
    };
    let mut datagrams = Vec::new();
    let mut problem = None;
    while let Some(found) = capture.next() {
        match found {
            Ok(captured) => datagrams.push(captured),
            Err(error) => {
                assert!(error.offset <= octets as u64, "{error}");
                problem = Some(error.to_string());
                assert!(capture.next().is_none(), "finished after an error");
            }
        }
    }
    let held: usize = datagrams
        .iter()
        .map(|captured| captured.payload.len())
        .sum();
    assert!(held <= octets, "{held} octets of payload in {octets}");
    assert!(
        datagrams
            .iter()
            .all(|captured| captured.payload.len() <= usize::from(u16::MAX))
    );
    assert!(octets <= RECORD_LIMIT || datagrams.len() <= octets);
    (datagrams, problem, capture.skipped())
}
