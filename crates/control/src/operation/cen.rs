//! CEN, version 2017-09-12. Three of its names have a small `l`.

use flowlog_flowlog::Product;

use super::{
    Access, Field, Operation, Parameter, REFUSAL, Resources, Shape, TAG_RESOURCES, TAGS, field,
    integer, says, tags, text, texts,
};
use crate::products::{cen, neighbours};

const BLANK: Operation = Operation {
    product: Product::Cen,
    name: "",
    summary: "",
    access: Access::Write,
    parameters: &[],
    answer: &[],
    resources: Resources::FlowLog,
    refusal: REFUSAL,
    run: cen::describe,
};

const SUCCESS: &[Field] = &[says("Success")];
const ONE: &[Parameter] = &[
    text("RegionId").needed(),
    text("FlowLogId").needed(),
    text("CenId"),
    text("ClientToken"),
];

/// The operations.
pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "CreateFlowlog",
        summary: "Makes a flow log on a CEN, a transit router or an attachment, and starts it.",
        parameters: &[
            text("RegionId").needed(),
            text("CenId").needed(),
            text("ProjectName"),
            text("LogStoreName"),
            text("FlowLogName"),
            text("Description"),
            integer("Interval"),
            text("LogFormatString"),
            text("TransitRouterId"),
            text("TransitRouterAttachmentId"),
            text("ClientToken"),
            tags("Tag"),
        ],
        answer: &[says("Success"), says("FlowLogId")],
        resources: Resources::All,
        run: cen::create,
        ..BLANK
    },
    Operation {
        name: "DeleteFlowlog",
        summary: "Ends a flow log; its open rows are emitted.",
        parameters: ONE,
        answer: SUCCESS,
        run: cen::delete,
        ..BLANK
    },
    Operation {
        name: "ActiveFlowLog",
        summary: "Starts a flow log that is inactive.",
        parameters: ONE,
        answer: SUCCESS,
        run: cen::activate,
        ..BLANK
    },
    Operation {
        name: "DeactiveFlowLog",
        summary: "Stops a flow log; its open rows are emitted.",
        parameters: ONE,
        answer: SUCCESS,
        run: cen::deactivate,
        ..BLANK
    },
    Operation {
        name: "ModifyFlowLogAttribute",
        summary: "Changes name, description or interval of a flow log.",
        parameters: &[
            text("RegionId").needed(),
            text("FlowLogId").needed(),
            text("CenId"),
            text("ClientToken"),
            text("FlowLogName"),
            text("Description"),
            integer("Interval"),
        ],
        answer: SUCCESS,
        run: cen::modify,
        ..BLANK
    },
    Operation {
        name: "DescribeFlowlogs",
        summary: "Lists flow logs, of one region or of all.",
        access: Access::Read,
        parameters: &[
            text("RegionId"),
            text("CenId"),
            text("FlowLogId"),
            text("FlowLogName"),
            text("FlowLogVersion"),
            integer("Interval"),
            text("ProjectName"),
            text("LogStoreName"),
            text("Status"),
            text("TransitRouterId"),
            text("TransitRouterAttachmentId"),
            text("Description"),
            tags("Tag"),
            text("ClientToken"),
            integer("PageNumber"),
            integer("PageSize"),
        ],
        answer: LISTED,
        resources: Resources::FlowLogsEverywhere,
        run: cen::describe,
        ..BLANK
    },
    Operation {
        name: "TagResources",
        summary: "Puts tags on flow logs.",
        parameters: &[
            text("RegionId"),
            text("ResourceType").needed(),
            texts("ResourceId").needed(),
            tags("Tag").needed(),
        ],
        resources: Resources::ResourceIds,
        run: neighbours::tag,
        ..BLANK
    },
    Operation {
        name: "UntagResources",
        summary: "Takes tags off flow logs.",
        parameters: &[
            text("RegionId"),
            text("ResourceType").needed(),
            texts("ResourceId").needed(),
            texts("TagKey"),
            text("All"),
        ],
        resources: Resources::ResourceIds,
        run: neighbours::untag,
        ..BLANK
    },
    Operation {
        name: "ListTagResources",
        summary: "Lists the tags of flow logs.",
        access: Access::Read,
        parameters: &[
            text("RegionId"),
            text("ResourceType").needed(),
            texts("ResourceId"),
            tags("Tag"),
            text("NextToken"),
            integer("PageSize"),
        ],
        answer: TAG_RESOURCES,
        resources: Resources::ResourceIds,
        run: neighbours::list_tags,
        ..BLANK
    },
    Operation {
        name: "DescribeChildInstanceRegions",
        summary: "Lists the regions that there are.",
        access: Access::Read,
        parameters: &[text("AcceptLanguage"), text("ProductType")],
        answer: &[field(
            "Regions",
            Shape::Object(&[field(
                "Region",
                Shape::Objects(&[says("RegionId"), says("LocalName")]),
            )]),
        )],
        resources: Resources::All,
        run: neighbours::regions,
        ..BLANK
    },
];

const LISTED: &[Field] = &[
    says("Success"),
    says("PageNumber"),
    says("PageSize"),
    says("TotalCount"),
    field(
        "FlowLogs",
        Shape::Object(&[field("FlowLog", Shape::Objects(FLOW_LOG))]),
    ),
];

const FLOW_LOG: &[Field] = &[
    says("FlowLogId"),
    says("FlowLogName"),
    says("Description"),
    says("RegionId"),
    says("CenId"),
    says("TransitRouterId"),
    says("TransitRouterAttachmentId"),
    says("ProjectName"),
    says("LogStoreName"),
    field("Interval", Shape::Number),
    says("LogFormatString"),
    says("FlowLogVersion"),
    says("Status"),
    says("CreationTime"),
    TAGS,
    says("ResourceStatus"),
];
