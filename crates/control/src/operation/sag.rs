//! Smart Access Gateway, version 2018-03-13.

use flowlog_flowlog::Product;

use super::{
    Access, Field, Operation, Parameter, REFUSAL, Resources, Shape, field, integer, says, text,
};
use crate::problem::{SAG_FORBIDDEN, SAG_MISSING, SAG_NO_ID};
use crate::products::{neighbours, sag};

const BLANK: Operation = Operation {
    product: Product::Sag,
    name: "",
    summary: "",
    access: Access::Write,
    parameters: &[],
    answer: &[],
    resources: Resources::FlowLog,
    refusal: REFUSAL,
    run: sag::describe,
};

const ONE: &[Parameter] = &[
    text("RegionId").needed(),
    text("FlowLogId").or(|| SAG_NO_ID),
];
const ONE_WITH_SAG: &[Parameter] = &[
    text("RegionId").needed(),
    text("FlowLogId").or(|| SAG_NO_ID),
    text("SmartAGId").needed(),
];

/// The operations.
pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "CreateFlowLog",
        summary: "Makes a flow log, active, for SAG instances that are then associated with it.",
        parameters: &[
            text("RegionId").needed(),
            text("OutputType"),
            text("Name"),
            text("Description"),
            integer("ActiveAging"),
            integer("InactiveAging"),
            text("SlsRegionId"),
            text("ProjectName"),
            text("LogstoreName"),
            text("NetflowServerIp"),
            integer("NetflowServerPort"),
            text("NetflowVersion"),
        ],
        answer: &[says("FlowLogId"), says("ResourceGroupId")],
        resources: Resources::FlowLogs,
        run: sag::create,
        ..BLANK
    },
    Operation {
        name: "DeleteFlowLog",
        summary: "Ends a flow log that no SAG instance is associated with.",
        parameters: ONE,
        run: sag::delete,
        ..BLANK
    },
    Operation {
        name: "ActiveFlowLog",
        summary: "Starts a flow log that is inactive.",
        parameters: ONE,
        run: sag::activate,
        ..BLANK
    },
    Operation {
        name: "DeactiveFlowLog",
        summary: "Stops a flow log; its open rows are emitted.",
        parameters: ONE,
        run: sag::deactivate,
        ..BLANK
    },
    Operation {
        name: "ModifyFlowLogAttribute",
        summary: "Changes a flow log; what is left out stays.",
        parameters: &[
            text("RegionId").needed(),
            text("FlowLogId").or(|| SAG_NO_ID),
            text("Name"),
            text("Description"),
            text("OutputType"),
            integer("ActiveAging"),
            integer("InactiveAging"),
            text("SlsRegionId"),
            text("ProjectName"),
            text("LogstoreName"),
            text("NetflowServerIp"),
            integer("NetflowServerPort"),
            text("NetflowVersion"),
        ],
        resources: Resources::All,
        run: sag::modify,
        ..BLANK
    },
    Operation {
        name: "DescribeFlowLogs",
        summary: "Lists flow logs of a region.",
        access: Access::Read,
        parameters: &[
            text("RegionId").needed(),
            text("FlowLogId"),
            text("FlowLogName"),
            text("Description"),
            text("OutputType"),
            text("Status"),
            integer("PageNumber"),
            integer("PageSize"),
        ],
        answer: LISTED,
        resources: Resources::FlowLogs,
        run: sag::describe,
        ..BLANK
    },
    Operation {
        name: "AssociateFlowLog",
        summary: "Lets a flow log capture a SAG instance.",
        parameters: ONE_WITH_SAG,
        resources: Resources::FlowLogAndSag,
        run: sag::associate,
        ..BLANK
    },
    Operation {
        name: "DisassociateFlowLog",
        summary: "Ends the capture of a SAG instance.",
        parameters: ONE_WITH_SAG,
        resources: Resources::FlowLogAndSag,
        run: sag::disassociate,
        ..BLANK
    },
    Operation {
        name: "DescribeFlowLogSags",
        summary: "Lists the SAG instances of a flow log.",
        access: Access::Read,
        parameters: &[
            text("RegionId").needed(),
            text("FlowLogId").or(|| SAG_NO_ID),
            integer("PageNumber"),
            integer("PageSize"),
        ],
        answer: &[
            field("PageNumber", Shape::Number),
            field("PageSize", Shape::Number),
            field("TotalCount", Shape::Number),
            SAGS,
        ],
        run: sag::describe_sags,
        ..BLANK
    },
    Operation {
        name: "DescribeUnbindFlowLogSags",
        summary: "Lists the SAG instances of a region that no flow log captures.",
        access: Access::Read,
        parameters: &[text("RegionId").or(|| SAG_MISSING)],
        answer: &[field("Count", Shape::Number), SAGS],
        resources: Resources::FlowLogs,
        refusal: || SAG_FORBIDDEN,
        run: sag::describe_unbound,
        ..BLANK
    },
    Operation {
        name: "MoveResourceGroup",
        summary: "Puts a flow log into another resource group.",
        parameters: &[
            text("RegionId").needed(),
            text("ResourceType").needed(),
            text("ResourceId").needed(),
            text("NewResourceGroupId").needed(),
        ],
        resources: Resources::ResourceIds,
        run: neighbours::move_group,
        ..BLANK
    },
    Operation {
        name: "DescribeRegions",
        summary: "Lists the regions that there are.",
        access: Access::Read,
        parameters: &[text("AcceptLanguage")],
        answer: &[field(
            "Regions",
            Shape::Object(&[field(
                "Region",
                Shape::Objects(&[says("RegionId"), says("LocalName"), says("RegionEndpoint")]),
            )]),
        )],
        resources: Resources::All,
        run: neighbours::regions,
        ..BLANK
    },
];

const SAGS: Field = field(
    "Sags",
    Shape::Object(&[field(
        "Sag",
        Shape::Objects(&[says("SmartAGId"), says("Name"), says("Description")]),
    )]),
);

const LISTED: &[Field] = &[
    field("PageNumber", Shape::Number),
    field("PageSize", Shape::Number),
    field("TotalCount", Shape::Number),
    field(
        "FlowLogs",
        Shape::Object(&[field("FlowLogSetType", Shape::Objects(FLOW_LOG))]),
    ),
];

const FLOW_LOG: &[Field] = &[
    says("FlowLogId"),
    says("Name"),
    says("Description"),
    says("Status"),
    says("OutputType"),
    field("ActiveAging", Shape::Number),
    field("InactiveAging", Shape::Number),
    field("TotalSagNum", Shape::Number),
    says("SlsRegionId"),
    says("ProjectName"),
    says("LogstoreName"),
    says("NetflowServerIp"),
    says("NetflowServerPort"),
    says("NetflowVersion"),
    says("ResourceGroupId"),
];
