//! `flowlogd inspect`: decoding captures and saying all that is in them. No daemon.
//!
//! The decoder is the daemon's, told to keep duplicates and to park nothing; `normalized` comes
//! from the same compiled plans. One object per line, in the order of the octets.

mod peer;
mod print;
mod reading;

use flowlog_decode::{Decoder, Settings};
use flowlog_record::{HashKey, Timestamp};

use crate::capture::{Capture, Captured};
use crate::commands::{Failure, InspectArgs};
use crate::output::{Output, say};
use peer::Peer;
use print::Printer;
use reading::Reading;

/// `flowlogd inspect`.
///
/// # Errors
/// A file that is no capture, or damaged; what was whole in it has been printed. However broken the
/// datagrams are, that is no error.
pub fn inspect(args: &InspectArgs) -> Result<(), Failure> {
    let mut output = Output::stdout(args.format);
    let mut printer = Printer::new(&mut output);
    let mut inspection = Inspection::new(args.peer);
    let mut problem = None;
    for file in &args.files {
        let mut capture = Capture::open(file)?;
        let read = inspection.capture(&mut capture, &mut printer)?;
        if !capture.skipped().is_empty() {
            say(format_args!("{}: {}", file.display(), capture.skipped()));
        }
        if let Err(error) = read {
            problem = Some(Failure::from(error));
            break;
        }
    }
    printer.object(&inspection.reading.totals())?;
    printer.finish()?;
    output.finish()?;
    problem.map_or(Ok(()), Err)
}

/// One decoder over all captures.
struct Inspection {
    decoder: Decoder,
    reading: Reading,
    peer: Option<Peer>,
}

impl Inspection {
    fn new(peer: bool) -> Self {
        let settings = Settings {
            drop_duplicates: false,
            park: false,
            ..Settings::default()
        };
        Self {
            decoder: Decoder::new(settings, HashKey::PUBLIC),
            reading: Reading::default(),
            peer: peer.then(Peer::default),
        }
    }

    /// Takes a capture to its end, or to where it is damaged: that is the inner result.
    fn capture(
        &mut self,
        capture: &mut Capture,
        printer: &mut Printer<'_>,
    ) -> Result<Result<(), crate::capture::CaptureError>, Failure> {
        for captured in capture {
            match captured {
                Ok(captured) => self.datagram(&captured, printer)?,
                Err(problem) => return Ok(Err(problem)),
            }
        }
        Ok(Ok(()))
    }

    fn datagram(&mut self, captured: &Captured, printer: &mut Printer<'_>) -> Result<(), Failure> {
        let n = self.reading.begin();
        let at = Timestamp::from_micros(captured.at_us);
        let decoded =
            self.decoder
                .decode(at, captured.exporter, &captured.payload, &mut self.reading);
        for object in self.reading.end(captured, &decoded) {
            printer.object(&object)?;
        }
        if let Some(peer) = &mut self.peer {
            printer.object(&peer.read(n, captured))?;
        }
        Ok(())
    }
}
