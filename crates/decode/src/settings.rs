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
///
/// Octets are estimates, a little above what the allocator is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Exporters; the longest silent one is forgotten.
    pub exporters: usize,
    /// Transport Sessions (version and Observation Domain) of one Exporter.
    pub sessions: usize,
    /// Templates of one Exporter, Options Templates included.
    pub templates: usize,
    /// Samplers of one session, whose rate options data have told.
    pub samplers: usize,
    /// Octets of sessions, Templates and samplers of one Exporter; Templates are forgotten.
    pub octets: usize,
    /// Octets of all Exporters of the partition; the longest silent Exporter is forgotten.
    pub octets_in_all: usize,
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
    /// Enough for the largest routers: 1,000 Templates of 25 fields cost 1.1 MB. A partition at all
    /// its limits costs 80 MiB, which takes an attack; usual Exporters cost 10 to 50 kB each.
    fn default() -> Self {
        Self {
            exporters: 4_096,
            sessions: 256,
            templates: 2_048,
            samplers: 256,
            octets: 8 << 20,
            octets_in_all: 64 << 20,
            parked: 256 << 10,
            parked_in_all: 16 << 20,
            parked_millis: 30 * 60 * 1000,
        }
    }
}
