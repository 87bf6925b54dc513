//! What became of records.

use core::ops::AddAssign;

/// Why a record is not exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NotCarried {
    /// V5: an IPv6 address.
    Ipv6,
    /// V5: an event, which has no counters.
    Event,
    /// V5: counters beyond [`MOST_PIECES`](crate::MOST_PIECES) records.
    Counters,
}

/// What of a record that is exported is not as the row has it. The counters always are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Narrowed {
    /// V5: an absent address is 0.0.0.0.
    Address,
    /// A time that the version cannot say is the nearest that it can. V5, V9: before the boot or
    /// after the header, or a last time before the first; IPFIX: before 1970.
    Time,
    /// V5: an AS number beyond 16 bits is `AS_TRANS`, 23456 (RFC 6793 §9).
    AsNumber,
    /// V5: an interface beyond 16 bits is 0.
    Interface,
    /// TCP flags beyond the low 8 are left out: V5 and V9 have no place for them, and many a
    /// collector reads no more in IPFIX.
    TcpFlags,
}

/// Records, and what they counted; sums end at 2⁶⁴ − 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Records.
    pub records: u64,
    /// Their packets.
    pub packets: u64,
    /// Their octets.
    pub octets: u64,
}

/// What became of records: in = carried + not carried, in records, packets and octets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// What is in messages.
    pub carried: Sums,
    /// Flow Records in messages: more than `carried` where V5 split some.
    pub flow_records: u64,
    /// Templates, Options Templates and options data in messages.
    pub announced: u64,
    /// Messages.
    pub messages: u64,
    /// Octets of the messages.
    pub message_octets: u64,
    not_carried: [Sums; NotCarried::ALL.len()],
    narrowed: [u64; Narrowed::ALL.len()],
}

impl NotCarried {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Ipv6, Self::Event, Self::Counters];

    /// The word for it in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ipv6 => "ipv6",
            Self::Event => "event",
            Self::Counters => "counters",
        }
    }

    const fn place(self) -> usize {
        match self {
            Self::Ipv6 => 0,
            Self::Event => 1,
            Self::Counters => 2,
        }
    }
}

impl Narrowed {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Address,
        Self::Time,
        Self::AsNumber,
        Self::Interface,
        Self::TcpFlags,
    ];

    /// The word for it in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Time => "time",
            Self::AsNumber => "as_number",
            Self::Interface => "interface",
            Self::TcpFlags => "tcp_flags",
        }
    }

    const fn place(self) -> usize {
        match self {
            Self::Address => 0,
            Self::Time => 1,
            Self::AsNumber => 2,
            Self::Interface => 3,
            Self::TcpFlags => 4,
        }
    }
}

impl Tally {
    /// What was not exported for that reason.
    pub fn not_carried(&self, reason: NotCarried) -> Sums {
        let sums = self.not_carried.get(reason.place());
        sums.copied().unwrap_or_default()
    }

    /// How many exported records were narrowed in that; one may be in several.
    pub fn narrowed(&self, what: Narrowed) -> u64 {
        let count = self.narrowed.get(what.place());
        count.copied().unwrap_or_default()
    }

    pub(crate) fn lose(&mut self, reason: NotCarried, sums: Sums) {
        if let Some(place) = self.not_carried.get_mut(reason.place()) {
            *place += sums;
        }
    }

    pub(crate) fn narrow(&mut self, what: Narrowed) {
        if let Some(place) = self.narrowed.get_mut(what.place()) {
            *place += 1;
        }
    }
}

impl AddAssign for Sums {
    fn add_assign(&mut self, other: Self) {
        self.records = self.records.saturating_add(other.records);
        self.packets = self.packets.saturating_add(other.packets);
        self.octets = self.octets.saturating_add(other.octets);
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.carried += other.carried;
        self.flow_records += other.flow_records;
        self.announced += other.announced;
        self.messages += other.messages;
        self.message_octets += other.message_octets;
        for (sums, more) in self.not_carried.iter_mut().zip(other.not_carried) {
            *sums += more;
        }
        for (count, more) in self.narrowed.iter_mut().zip(other.narrowed) {
            *count += more;
        }
    }
}
