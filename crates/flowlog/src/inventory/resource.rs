//! One resource as the configuration states it (`[[resource]]`).

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use flowlog_record::{ActiveTimeout, Sampling, SamplingOverride};
use serde::{Deserialize, Serialize, Serializer};

use super::selector::{ExporterSelector, Interface};
use crate::duration::DurationText;
use crate::form::{NoTable, Shorthand, deserialize_shorthand};
use crate::{InvalidValue, Prefix, Product, ResourceId};

/// What a resource is; decides its place in the tree and the layout of its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResourceKind {
    /// A virtual private cloud; top of its tree.
    Vpc,
    /// A vSwitch, below a VPC.
    #[serde(alias = "vsw", alias = "v-switch")]
    Vswitch,
    /// An elastic network interface, below a vSwitch (or a VPC).
    #[serde(alias = "network-interface")]
    Eni,
    /// A Cloud Enterprise Network; top of its tree.
    Cen,
    /// A transit router, below a CEN.
    #[serde(alias = "transit_router", alias = "tr")]
    TransitRouter,
    /// An attachment, below a transit router (or a CEN).
    Attachment,
    /// A Smart Access Gateway: a set of Exporters; stands alone.
    Sag,
}

impl ResourceKind {
    /// The product whose flow logs watch such a resource.
    pub const fn product(self) -> Product {
        match self {
            Self::Vpc | Self::Vswitch | Self::Eni => Product::Vpc,
            Self::Cen | Self::TransitRouter | Self::Attachment => Product::Cen,
            Self::Sag => Product::Sag,
        }
    }

    /// How far down its tree, from 0; a row names the deepest resource that a record belongs to.
    pub(crate) const fn level(self) -> u8 {
        match self {
            Self::Vpc | Self::Cen | Self::Sag => 0,
            Self::Vswitch | Self::TransitRouter => 1,
            Self::Eni | Self::Attachment => 2,
        }
    }

    /// The kinds that its parent may have.
    pub(crate) const fn parents(self) -> &'static [Self] {
        match self {
            Self::Vpc | Self::Cen | Self::Sag => &[],
            Self::Vswitch => &[Self::Vpc],
            Self::Eni => &[Self::Vswitch, Self::Vpc],
            Self::TransitRouter => &[Self::Cen],
            Self::Attachment => &[Self::TransitRouter, Self::Cen],
        }
    }

    /// The word for it in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Vpc => "vpc",
            Self::Vswitch => "vswitch",
            Self::Eni => "eni",
            Self::Cen => "cen",
            Self::TransitRouter => "transit-router",
            Self::Attachment => "attachment",
            Self::Sag => "sag",
        }
    }
}

impl fmt::Display for ResourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What an attachment connects its transit router with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Attachment {
    /// A VPC.
    Vpc,
    /// A virtual border router.
    Vbr,
    /// A VPN gateway.
    Vpn,
    /// An express connect router.
    Ecr,
    /// The transit router of another region, `far_region`.
    Peer,
}

/// A resource: what it is, where it stands in the tree, which records are its own, and what is known
/// of the Exporters that see it.
///
/// Selectors (`exporters`, `interfaces`, `prefixes`) that are left out are those of the parent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resource {
    /// What names it; flow logs point here. Unique.
    pub id: ResourceId,
    /// What it is.
    pub kind: ResourceKind,
    /// What an attachment connects; only for `kind = "attachment"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attachment: Option<Attachment>,
    /// The region it lies in; the parent's when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The region at the far end of a `peer` attachment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub far_region: Option<String>,
    /// A name for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// A description for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The id of the resource that it is part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<ResourceId>,
    /// The account that owns it; the parent's when left out, at last the daemon's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The Exporters that see it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exporters: Vec<ExporterSelector>,
    /// The interfaces of those Exporters that face it, and the paths that others lead to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub interfaces: Vec<Interface>,
    /// Its own addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prefixes: Vec<Prefix>,
    /// The virtual machine that an ENI is attached to; the column `vm-id`.
    #[serde(default, alias = "vm", skip_serializing_if = "Option::is_none")]
    pub vm_id: Option<String>,
    /// The serial number of a SAG; the column `snid`.
    #[serde(default, alias = "snid", skip_serializing_if = "Option::is_none")]
    pub serial_number: Option<String>,
    /// The active timeout of its Exporters, 1 s to 6000 s; learned when left out.
    #[serde(default, with = "timeout", skip_serializing_if = "Option::is_none")]
    pub active_timeout: Option<ActiveTimeout>,
    /// Its Exporters send delta counters with the start of the connection, not of the interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keeps_start: Option<bool>,
    /// Its Exporters meter both directions on purpose: no record is a copy of another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts_egress: Option<bool>,
    /// `false` where the control API refuses flow logs on it, as the service does for devices and
    /// interfaces of some models; they are possible when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow_logs: Option<bool>,
    /// The sampling rate of its Exporters, for records that do not tell theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sampling: Option<StatedSampling>,
}

impl Resource {
    /// A resource of which no more than its id and its kind is known.
    pub const fn new(id: ResourceId, kind: ResourceKind) -> Self {
        Self {
            id,
            kind,
            attachment: None,
            region: None,
            far_region: None,
            name: String::new(),
            description: String::new(),
            parent: None,
            account: None,
            exporters: Vec::new(),
            interfaces: Vec::new(),
            prefixes: Vec::new(),
            vm_id: None,
            serial_number: None,
            active_timeout: None,
            keeps_start: None,
            counts_egress: None,
            flow_logs: None,
            sampling: None,
        }
    }
}

/// A sampling rate as the inventory states it: `1000` (one in a thousand), `"3/2"` (a factor), or
/// `{ rate = 1000, force = true }` to go before what the records say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatedSampling(pub SamplingOverride);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SamplingTable {
    rate: Rate,
    #[serde(default)]
    force: bool,
}

#[derive(Clone, Copy)]
struct Rate(Sampling);

impl Shorthand for Rate {
    const EXPECTING: &'static str =
        "a sampling rate above 0, such as 1000, or a factor such as \"3/2\"";
    type Table = NoTable;

    fn from_number(interval: u64) -> Result<Self, InvalidValue> {
        let sampling = Sampling::one_in(interval).map(Self);
        sampling.ok_or_else(|| InvalidValue::new(format!("{interval}"), Self::EXPECTING))
    }

    fn from_text(text: &str) -> Result<Self, InvalidValue> {
        let (numerator, denominator) = text.split_once('/').unwrap_or((text, "1"));
        let ratio = match (numerator.parse(), denominator.parse()) {
            (Ok(numerator), Ok(denominator)) => Sampling::ratio(numerator, denominator),
            _ => None,
        };
        ratio
            .map(Self)
            .ok_or_else(|| InvalidValue::new(text, Self::EXPECTING))
    }
}

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self.0.numerator(), self.0.denominator()) {
            (interval, 1) => serializer.serialize_u64(interval),
            (numerator, denominator) => {
                serializer.collect_str(&format_args!("{numerator}/{denominator}"))
            }
        }
    }
}

impl Shorthand for StatedSampling {
    const EXPECTING: &'static str =
        "a sampling rate such as 1000, or a table of `rate` and `force`";
    type Table = SamplingTable;

    fn from_number(interval: u64) -> Result<Self, InvalidValue> {
        Rate::from_number(interval).map(Self::from)
    }

    fn from_text(text: &str) -> Result<Self, InvalidValue> {
        Rate::from_text(text).map(Self::from)
    }

    fn from_table(table: SamplingTable) -> Result<Self, InvalidValue> {
        Ok(Self(SamplingOverride {
            sampling: table.rate.0,
            force: table.force,
        }))
    }
}

impl From<Rate> for StatedSampling {
    fn from(Rate(sampling): Rate) -> Self {
        Self(SamplingOverride {
            sampling,
            force: false,
        })
    }
}

impl Serialize for StatedSampling {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rate = Rate(self.0.sampling);
        if self.0.force {
            SamplingTable { rate, force: true }.serialize(serializer)
        } else {
            rate.serialize(serializer)
        }
    }
}

deserialize_shorthand!(Rate, StatedSampling);

/// `active_timeout` as a duration.
mod timeout {
    use serde::{Deserializer, Serializer, de::Error as _};

    use super::{ActiveTimeout, Deserialize, DurationText, Serialize};

    const REMEDY: &str = "an active timeout of 1s to 6000s";

    #[expect(clippy::ref_option, reason = "the signature is serde's")]
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "the signature is serde's"
    )]
    pub(super) fn serialize<S: Serializer>(
        timeout: &Option<ActiveTimeout>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        timeout
            .map(|timeout| DurationText(timeout.millis().unsigned_abs()))
            .serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<ActiveTimeout>, D::Error> {
        let text = DurationText::deserialize(deserializer)?;
        let millis = text
            .within(1_000..=6_000_000, REMEDY)
            .map_err(D::Error::custom)?;
        Ok(u32::try_from(millis)
            .ok()
            .and_then(ActiveTimeout::from_millis))
    }
}
