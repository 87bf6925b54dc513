//! What a partition's decoder may be told, and how much Exporters can make it remember.

/// Settings of a [`crate::Decoder`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How much is remembered.
    pub limits: Limits,
    /// A datagram that came already among the last 64 of its Exporter and Observation Domain is
    /// counted and not applied (aggregation §6). Default: true; `inspect` shows them all.
    pub drop_duplicates: bool,
    /// Data Sets that come before their Template are kept until it comes. Default: true;
    /// `inspect` keeps none.
    pub park: bool,
}

/// Limits of what one partition remembers. Where one is reached, what was longest unused goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Exporters; the longest silent one is forgotten. About 4 kB each without Templates.
    pub exporters: usize,
    /// Transport Sessions (version and Observation Domain) of one Exporter. About 2 kB each.
    pub sessions: usize,
    /// Templates of one Exporter, Options Templates included.
    pub templates: usize,
    /// Field Specifiers in all Templates of one Exporter. 8 octets each, and as much for the plan.
    pub fields: usize,
    /// Field Specifiers in all Templates of the partition; the longest silent Exporter goes.
    pub fields_in_all: usize,
    /// Samplers whose rate options data have told, of one session.
    pub samplers: usize,
    /// Octets of parked Sets of one Exporter.
    pub parked: usize,
    /// Octets of parked Sets of the partition.
    pub parked_in_all: usize,
    /// How long a Set is parked, in milliseconds.
    pub parked_millis: i64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            drop_duplicates: true,
            park: true,
        }
    }
}

impl Default for Limits {
    /// Enough for the largest routers; 64 partitions at all their limits stay below 10 GB, at
    /// what real Exporters do far below 100 MB.
    fn default() -> Self {
        Self {
            exporters: 4_096,
            sessions: 256,
            templates: 2_048,
            fields: 65_536,
            fields_in_all: 1 << 21,
            samplers: 1_024,
            parked: 256 * 1024,
            parked_in_all: 16 * 1024 * 1024,
            parked_millis: 30 * 60 * 1000,
        }
    }
}
