//! The arguments of `flow-log`.

use clap::{Args, ValueEnum};
use flowlog_flowlog::Product;

use super::Presented;

/// Arguments of `flow-log`.
#[derive(Clone, Debug, Args)]
pub struct FlowLogArgs {
    /// What to do
    #[arg(value_enum)]
    pub verb: FlowLogVerb,
    /// Whose flow logs
    #[arg(value_enum)]
    pub product: FlowLogProduct,
    /// Parameters of the operation, as the control API calls them
    #[arg(value_name = "NAME=VALUE")]
    pub parameters: Vec<String>,
    /// The flow log
    #[arg(long, value_name = "FLOW-LOG-ID")]
    pub id: Option<String>,
    /// The region; the first of the configuration unless it is said
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    /// How it is shown, and of which daemon.
    #[command(flatten)]
    pub presented: Presented,
}

/// What can be done with flow logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FlowLogVerb {
    /// Make one, and start it
    Create,
    /// List them, all or those that parameters pick
    Describe,
    /// Change one
    Modify,
    /// Start one that is inactive
    Activate,
    /// Stop one; its open rows are emitted
    Deactivate,
    /// End one; its open rows are emitted
    Delete,
    /// Let one capture a SAG instance
    Associate,
    /// End the capture of a SAG instance
    Disassociate,
}

/// The products.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FlowLogProduct {
    /// VPCs, vSwitches, network interfaces
    Vpc,
    /// CENs, transit routers, attachments
    Cen,
    /// Smart Access Gateways
    Sag,
}

impl FlowLogProduct {
    /// As the API's table has it.
    pub(crate) const fn of_api(self) -> Product {
        match self {
            Self::Vpc => Product::Vpc,
            Self::Cen => Product::Cen,
            Self::Sag => Product::Sag,
        }
    }
}
