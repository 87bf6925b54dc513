//! Messages of V9 and IPFIX.

use alloc::vec::Vec;

use flowlog_record::Timestamp;
use flowlog_wire::emit::{EmitError, MessageBuilder};
use flowlog_wire::{ipfix, netflow9};

use crate::boot::{self, Uptimes};
use crate::layout::{self, Octets, Times};
use crate::process::{ExportingProcess, Message};
use crate::record::Record;
use crate::settings::{Carries, Protocol, Settings};
use crate::shape::Shape;
use crate::tally::{Narrowed, Sums, Tally};
use crate::templates::Templates;

/// Lends the messages that these records make.
pub(crate) fn export(
    process: &mut ExportingProcess,
    now: Timestamp,
    records: impl Iterator<Item = Record>,
    mut each: impl FnMut(Message<'_>),
) -> Tally {
    let settings = process.settings;
    let clock = clock(process, now);
    let refresh = match settings.protocol {
        // On a connection nothing gets lost.
        Protocol::IpfixTcp => None,
        _ => Some(settings.refresh),
    };
    let mut feed = Feed {
        records,
        clock,
        carries: settings.carries,
        octets: Octets::new(),
        tally: Tally::default(),
    };
    let mut next = feed.next();
    while next.is_some() {
        process.buffer.clear();
        process.templates.begin_message(now, refresh);
        let templates = &mut process.templates;
        let mut message = clock.begin(process.sequence, &settings, &mut process.buffer);
        let mut records = 0;
        if templates.write_outstanding(&settings, &mut message).is_ok() {
            while let Some(shape) = next {
                if feed
                    .write(shape, &settings, templates, &mut message)
                    .is_err()
                {
                    break;
                }
                records += 1;
                next = feed.next();
            }
        }
        let announced = u32::from(message.records()) - records;
        let data_records = u32::from(message.data_records());
        message.finish();
        process.templates.end_message(records > 0);
        process.sequence = process.sequence.wrapping_add(match clock {
            Clock::Uptime(_) => 1,
            Clock::Epoch(_) => data_records,
        });
        process.lend(records, announced, &mut feed.tally, &mut each);
    }
    feed.tally
}

fn clock(process: &mut ExportingProcess, now: Timestamp) -> Clock {
    if process.settings.protocol != Protocol::Netflow9 {
        return Clock::Epoch(boot::seconds(boot::header_time(now, false)));
    }
    let (uptimes, has_booted) = process.uptimes(boot::header_time(now, true));
    if has_booted {
        process.templates.boot(now);
    }
    Clock::Uptime(uptimes)
}

/// How the version tells the time.
#[derive(Clone, Copy, Debug)]
enum Clock {
    /// V9.
    Uptime(Uptimes),
    /// IPFIX; seconds of the header.
    Epoch(u32),
}

impl Clock {
    fn begin<'v>(
        self,
        sequence: u32,
        settings: &Settings,
        out: &'v mut Vec<u8>,
    ) -> MessageBuilder<'v> {
        let limit = settings.limit.octets();
        match self {
            Self::Uptime(uptimes) => {
                let header = netflow9::Header {
                    count: 0,
                    sys_uptime: uptimes.now(),
                    unix_secs: boot::seconds(uptimes.header),
                    sequence,
                    source_id: settings.domain.0,
                };
                MessageBuilder::netflow9(out, &header, limit)
            }
            Self::Epoch(export_time) => {
                let header = ipfix::Header {
                    length: 0,
                    export_time,
                    sequence,
                    observation_domain: settings.domain.0,
                };
                MessageBuilder::ipfix(out, &header, limit)
            }
        }
    }

    #[inline]
    fn times(self, record: &Record, tally: &mut Tally) -> Times {
        match self {
            Self::Uptime(uptimes) => {
                let (first, last) = uptimes.of(record.first, record.last, tally);
                Times::Uptime(first, last)
            }
            Self::Epoch(_) => {
                let [first, last] =
                    [record.first, record.last].map(|time| u64::try_from(time.millis()));
                if first.is_err() || last.is_err() {
                    tally.narrow(Narrowed::Time);
                }
                Times::Epoch(first.unwrap_or_default(), last.unwrap_or_default())
            }
        }
    }
}

/// Records of rows as octets, one at a time.
struct Feed<I> {
    records: I,
    clock: Clock,
    carries: Carries,
    octets: Octets,
    tally: Tally,
}

impl<I: Iterator<Item = Record>> Feed<I> {
    /// Makes the octets of the next record; its shape.
    #[inline]
    fn next(&mut self) -> Option<Shape> {
        let record = self.records.next()?;
        let times = self.clock.times(&record, &mut self.tally);
        if self.carries.contains(Carries::TCP_FLAGS) && record.has_upper_flags() {
            self.tally.narrow(Narrowed::TcpFlags);
        }
        self.octets.clear();
        layout::flow(&record, times, self.carries, &mut self.octets);
        self.tally.carried += Sums {
            records: 1,
            packets: record.packets,
            octets: record.octets,
        };
        Some(Shape::of(&record))
    }

    /// Writes them, if need be with their Template before them.
    #[inline]
    fn write(
        &self,
        shape: Shape,
        settings: &Settings,
        templates: &mut Templates,
        message: &mut MessageBuilder<'_>,
    ) -> Result<(), EmitError> {
        templates.need(shape, settings, message)?;
        message.record(shape.template(settings.carries), self.octets.as_slice())
    }
}
