//! Which Templates the collector has, and when it gets them again.

use flowlog_record::Timestamp;
use flowlog_wire::emit::{EmitError, MessageBuilder};

use crate::layout::{self, Octets, Specifiers, Times};
use crate::settings::{Protocol, Refresh, Settings};
use crate::shape::{Shape, Shapes, options_template};

/// After a boot the first messages of V9 all have the Templates: a collector notices a restart by
/// two headers, and some trust no Template from before it.
const REPEATS: u8 = 3;

/// The Templates of one Exporting Process: each is announced when the first record needs it, right
/// before it, and from then on at every refresh.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Templates {
    /// Shapes whose Template was announced.
    known: Shapes,
    /// Of those, the ones to announce before any further record.
    outstanding: Shapes,
    are_options_outstanding: bool,
    /// When the last refresh, or the first message, began.
    refreshed_at: Option<Timestamp>,
    /// Messages with records since it was complete.
    messages: u32,
    /// Refreshes that are due with the next messages, whatever the time.
    repeats: u8,
}

impl Templates {
    /// Of a collector that knows nothing.
    pub(crate) fn unknown() -> Self {
        Self {
            known: Shapes::default(),
            outstanding: Shapes::default(),
            are_options_outstanding: true,
            refreshed_at: None,
            messages: 0,
            repeats: 0,
        }
    }

    /// The clock of V9 has begun anew.
    pub(crate) fn boot(&mut self, now: Timestamp) {
        self.refresh(now);
        self.repeats = REPEATS - 1;
    }

    /// A message begins: a refresh may be due, if there is such a thing.
    ///
    /// Only a message with records makes another one due: so announcements that take several messages
    /// come to an end, however often they are wanted.
    pub(crate) fn begin_message(&mut self, now: Timestamp, refresh: Option<Refresh>) {
        let before = *self.refreshed_at.get_or_insert(now);
        let Some(refresh) = refresh.filter(|_| self.messages > 0) else {
            return;
        };
        // A clock that was set back is no reason to wait.
        let passed = now.millis().abs_diff(before.millis());
        if self.repeats > 0 {
            self.repeats -= 1;
            self.refresh(now);
        } else if passed >= u64::from(refresh.every_ms) || self.messages >= refresh.every_messages {
            self.refresh(now);
        }
    }

    /// A message is complete.
    pub(crate) const fn end_message(&mut self, has_records: bool) {
        if has_records {
            self.messages = self.messages.saturating_add(1);
        }
    }

    /// Writes what is outstanding; on an error the rest is for the next message.
    pub(crate) fn write_outstanding(
        &mut self,
        settings: &Settings,
        message: &mut MessageBuilder<'_>,
    ) -> Result<(), EmitError> {
        if self.are_options_outstanding {
            write_options(settings, message)?;
            self.are_options_outstanding = false;
        }
        for shape in self.outstanding.iter() {
            write_template(settings, shape, message)?;
            self.outstanding.remove(shape);
        }
        Ok(())
    }

    /// Writes the Template of a shape unless the collector has it.
    #[inline]
    pub(crate) fn need(
        &mut self,
        shape: Shape,
        settings: &Settings,
        message: &mut MessageBuilder<'_>,
    ) -> Result<(), EmitError> {
        if !self.known.has(shape) {
            write_template(settings, shape, message)?;
            self.known.insert(shape);
        }
        Ok(())
    }

    fn refresh(&mut self, now: Timestamp) {
        self.outstanding = self.known;
        self.are_options_outstanding = true;
        self.refreshed_at = Some(now);
        self.messages = 0;
    }
}

fn write_template(
    settings: &Settings,
    shape: Shape,
    message: &mut MessageBuilder<'_>,
) -> Result<(), EmitError> {
    let times = match settings.protocol {
        Protocol::Netflow5 | Protocol::Netflow9 => Times::Uptime(0, 0),
        Protocol::IpfixUdp | Protocol::IpfixTcp => Times::Epoch(0, 0),
    };
    let mut fields = Specifiers::new();
    layout::flow(&shape.specimen(), times, settings.carries, &mut fields);
    message.template(shape.template(settings.carries), fields.as_slice())
}

fn write_options(settings: &Settings, message: &mut MessageBuilder<'_>) -> Result<(), EmitError> {
    let domain = settings.domain.0;
    let (mut fields, mut values) = (Specifiers::new(), Octets::new());
    match settings.protocol {
        Protocol::Netflow5 | Protocol::Netflow9 => {
            layout::netflow9_options(domain, &mut fields);
            layout::netflow9_options(domain, &mut values);
        }
        Protocol::IpfixUdp | Protocol::IpfixTcp => {
            layout::ipfix_options(domain, &mut fields);
            layout::ipfix_options(domain, &mut values);
        }
    }
    let id = options_template(settings.carries);
    message.options_template(id, fields.as_slice(), 1)?;
    message.record(id, values.as_slice())
}
