//! Messages of V9 and IPFIX.

use alloc::vec::Vec;

use flowlog_record::{EnterpriseNumber, Version};

use super::{EmitError, patch};
use crate::{FieldSpecifier, TemplateId, ipfix, netflow9};

const SET_HEADER_LENGTH: usize = 4;
const ENTERPRISE_BIT: u16 = 0x8000;
/// Sets are padded to a multiple of this (RFC 3954 §5.3, RFC 7011 §3.3.1).
const ALIGNMENT: usize = 4;

/// Appends one message of V9 or IPFIX to a buffer.
///
/// Sets need no care: records of one kind that follow each other share a Set, and a Set is padded
/// when the next begins. [`close_set`](Self::close_set) ends one earlier.
#[derive(Debug)]
pub struct MessageBuilder<'v> {
    out: &'v mut Vec<u8>,
    version: Version,
    start: usize,
    /// Where the message must end at the latest, in octets of `out`.
    end: usize,
    set: Option<OpenSet>,
    /// Records of all kinds: the count of V9.
    records: u16,
    data_records: u16,
    pads: bool,
}

/// The Set that is being written.
#[derive(Clone, Copy, Debug)]
struct OpenSet {
    id: u16,
    start: usize,
    /// Octets of its shortest record: padding must be shorter.
    shortest: usize,
}

impl<'v> MessageBuilder<'v> {
    /// Begins a V9 message of at most `limit` octets, and at most 65535, at the end of `out`. The
    /// count of the header is not looked at.
    pub fn netflow9(out: &'v mut Vec<u8>, header: &netflow9::Header, limit: usize) -> Self {
        let start = out.len();
        out.extend(Version::V9.word().to_be_bytes());
        out.extend(0_u16.to_be_bytes());
        out.extend(header.sys_uptime.to_be_bytes());
        out.extend(header.unix_secs.to_be_bytes());
        out.extend(header.sequence.to_be_bytes());
        out.extend(header.source_id.to_be_bytes());
        Self::new(out, Version::V9, start, limit)
    }

    /// Begins an IPFIX message of at most `limit` octets, and at most 65535, at the end of `out`.
    /// The length of the header is not looked at.
    pub fn ipfix(out: &'v mut Vec<u8>, header: &ipfix::Header, limit: usize) -> Self {
        let start = out.len();
        out.extend(Version::Ipfix.word().to_be_bytes());
        out.extend(0_u16.to_be_bytes());
        out.extend(header.export_time.to_be_bytes());
        out.extend(header.sequence.to_be_bytes());
        out.extend(header.observation_domain.to_be_bytes());
        Self::new(out, Version::Ipfix, start, limit)
    }

    fn new(out: &'v mut Vec<u8>, version: Version, start: usize, limit: usize) -> Self {
        Self {
            out,
            version,
            start,
            end: start.saturating_add(limit.min(usize::from(u16::MAX))),
            set: None,
            records: 0,
            data_records: 0,
            pads: true,
        }
    }

    /// Leaves Sets as long as their records make them, as some Exporters do.
    #[must_use]
    pub const fn without_padding(mut self) -> Self {
        self.pads = false;
        self
    }

    /// Records of all kinds so far.
    pub const fn records(&self) -> u16 {
        self.records
    }

    /// Data records so far, those of Options Templates included: what the sequence number of
    /// IPFIX advances by.
    pub const fn data_records(&self) -> u16 {
        self.data_records
    }

    /// Appends a Template Record.
    ///
    /// # Errors
    /// [`EmitError::NotInFormat`] without fields, for an enterprise number in V9 and for an id
    /// with the enterprise bit in IPFIX; [`EmitError::Full`].
    pub fn template(&mut self, id: TemplateId, fields: &[FieldSpecifier]) -> Result<(), EmitError> {
        let length = self.fields_length(fields)?;
        let count = u16::try_from(fields.len()).map_err(|_| EmitError::Full)?;
        self.begin(self.template_set(), 4 + length)?;
        self.put(id.get());
        self.put(count);
        self.put_fields(fields);
        Ok(())
    }

    /// Appends an Options Template Record whose first `scope_field_count` fields are its scope.
    ///
    /// # Errors
    /// As [`template`](Self::template), and [`EmitError::NotInFormat`] for more scope fields than
    /// fields, and in IPFIX for none.
    pub fn options_template(
        &mut self,
        id: TemplateId,
        fields: &[FieldSpecifier],
        scope_field_count: u16,
    ) -> Result<(), EmitError> {
        let length = self.fields_length(fields)?;
        let count = u16::try_from(fields.len()).map_err(|_| EmitError::Full)?;
        let others = count
            .checked_sub(scope_field_count)
            .ok_or(EmitError::NotInFormat)?;
        if self.version == Version::Ipfix && scope_field_count == 0 {
            return Err(EmitError::NotInFormat);
        }
        let octets_of = |fields: u16| fields.checked_mul(4).ok_or(EmitError::Full);
        let (second, third) = match self.version {
            Version::Ipfix => (count, scope_field_count),
            _ => (octets_of(scope_field_count)?, octets_of(others)?),
        };
        self.begin(self.options_template_set(), 6 + length)?;
        self.put(id.get());
        self.put(second);
        self.put(third);
        self.put_fields(fields);
        Ok(())
    }

    /// Appends the withdrawal of a Template (RFC 7011 §8.1).
    ///
    /// # Errors
    /// [`EmitError::NotInFormat`] in V9; [`EmitError::Full`].
    pub fn withdrawal(&mut self, id: TemplateId) -> Result<(), EmitError> {
        self.put_withdrawal(self.template_set(), id.get())
    }

    /// Appends the withdrawal of an Options Template.
    ///
    /// # Errors
    /// As [`withdrawal`](Self::withdrawal).
    pub fn options_withdrawal(&mut self, id: TemplateId) -> Result<(), EmitError> {
        self.put_withdrawal(self.options_template_set(), id.get())
    }

    /// Appends a Set that withdraws all Templates of the Observation Domain.
    ///
    /// # Errors
    /// As [`withdrawal`](Self::withdrawal).
    pub fn withdraw_all(&mut self) -> Result<(), EmitError> {
        self.close_set();
        self.put_withdrawal(self.template_set(), self.template_set())?;
        self.close_set();
        Ok(())
    }

    /// Appends a Set that withdraws all Options Templates of the Observation Domain.
    ///
    /// # Errors
    /// As [`withdrawal`](Self::withdrawal).
    pub fn withdraw_all_options(&mut self) -> Result<(), EmitError> {
        self.close_set();
        self.put_withdrawal(self.options_template_set(), self.options_template_set())?;
        self.close_set();
        Ok(())
    }

    /// Appends a data record of that Template, whatever its octets.
    ///
    /// A Set is padded only when its shortest record is longer than the padding. Of a Template
    /// whose values of variable length could make a record of one to three octets, write
    /// [`without_padding`](Self::without_padding): a reader would take the padding for records.
    ///
    /// # Errors
    /// [`EmitError::NotInFormat`] for a record without octets; [`EmitError::Full`].
    pub fn record(&mut self, id: TemplateId, octets: &[u8]) -> Result<(), EmitError> {
        if octets.is_empty() {
            return Err(EmitError::NotInFormat);
        }
        self.begin(id.get(), octets.len())?;
        self.data_records += 1;
        self.out.extend(octets);
        Ok(())
    }

    /// Pads and ends the Set that is open, if any.
    pub fn close_set(&mut self) {
        let Some(set) = self.set.take() else {
            return;
        };
        let length = self.closed_length(set);
        self.out.resize(set.start + length, 0);
        patch(
            self.out,
            set.start + 2,
            u16::try_from(length).unwrap_or(u16::MAX),
        );
    }

    /// Completes the last Set and the header; the number of octets of the message.
    #[expect(
        clippy::must_use_candidate,
        reason = "most callers know the buffer's length"
    )]
    pub fn finish(mut self) -> usize {
        self.close_set();
        let length = self.out.len() - self.start;
        let second = match self.version {
            Version::Ipfix => u16::try_from(length).unwrap_or(u16::MAX),
            _ => self.records,
        };
        patch(self.out, self.start + 2, second);
        length
    }

    const fn template_set(&self) -> u16 {
        if matches!(self.version, Version::Ipfix) {
            2
        } else {
            0
        }
    }

    const fn options_template_set(&self) -> u16 {
        if matches!(self.version, Version::Ipfix) {
            3
        } else {
            1
        }
    }

    /// Makes room for a record of `length` octets in a Set `id`, which is opened if needed.
    fn begin(&mut self, id: u16, length: usize) -> Result<(), EmitError> {
        let records = self.records.checked_add(1).ok_or(EmitError::Full)?;
        let (start, written, shortest) = match self.set {
            Some(set) if set.id == id => {
                let written = self.out.len() - set.start;
                (set.start, written, set.shortest.min(length))
            }
            Some(other) => (other.start + self.closed_length(other), 0, length),
            None => (self.out.len(), 0, length),
        };
        let behind = self.padded(written.max(SET_HEADER_LENGTH) + length);
        if start + behind > self.end {
            return Err(EmitError::Full);
        }
        if written == 0 {
            self.close_set();
            self.put(id);
            self.put(0);
        }
        self.set = Some(OpenSet {
            id,
            start,
            shortest,
        });
        self.records = records;
        Ok(())
    }

    /// Octets of the open Set once it is closed.
    fn closed_length(&self, set: OpenSet) -> usize {
        let length = self.out.len() - set.start;
        let padded = self.padded(length);
        if padded - length < set.shortest {
            padded
        } else {
            length
        }
    }

    /// The length of a Set with the most padding that it may get.
    const fn padded(&self, length: usize) -> usize {
        if self.pads {
            length.next_multiple_of(ALIGNMENT)
        } else {
            length
        }
    }

    /// Octets of the Field Specifiers, if the format can express them.
    fn fields_length(&self, fields: &[FieldSpecifier]) -> Result<usize, EmitError> {
        if fields.is_empty() {
            return Err(EmitError::NotInFormat);
        }
        let mut length = 0;
        for field in fields {
            let is_iana = field.enterprise == EnterpriseNumber::IANA;
            let in_format = match self.version {
                Version::Ipfix => field.id.0 & ENTERPRISE_BIT == 0,
                _ => is_iana,
            };
            if !in_format {
                return Err(EmitError::NotInFormat);
            }
            length += if is_iana { 4 } else { 8 };
        }
        Ok(length)
    }

    fn put_withdrawal(&mut self, set: u16, id: u16) -> Result<(), EmitError> {
        if self.version != Version::Ipfix {
            return Err(EmitError::NotInFormat);
        }
        self.begin(set, 4)?;
        self.put(id);
        self.put(0);
        Ok(())
    }

    fn put_fields(&mut self, fields: &[FieldSpecifier]) {
        for field in fields {
            let is_iana = field.enterprise == EnterpriseNumber::IANA;
            self.put(if is_iana {
                field.id.0
            } else {
                field.id.0 | ENTERPRISE_BIT
            });
            self.put(field.length);
            if !is_iana {
                self.out.extend(field.enterprise.0.to_be_bytes());
            }
        }
    }

    fn put(&mut self, value: u16) {
        self.out.extend(value.to_be_bytes());
    }
}

#[cfg(test)]
mod tests;
