//! VPC, version 2016-04-28.

use flowlog_flowlog::Product;

use super::{
    Access, Field, Operation, REFUSAL, Resources, Shape, TAG_RESOURCES, TAGS, field, integer, says,
    tags, text, texts,
};
use crate::problem::VPC_MISSING;
use crate::products::{neighbours, vpc};

const BLANK: Operation = Operation {
    product: Product::Vpc,
    name: "",
    summary: "",
    access: Access::Write,
    parameters: &[],
    answer: &[],
    resources: Resources::FlowLog,
    refusal: REFUSAL,
    run: vpc::describe,
};

const SUCCESS: &[Field] = &[says("Success")];

/// The operations.
pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "CreateFlowLog",
        summary: "Makes a flow log on a VPC, a vSwitch or a network interface, and starts it.",
        parameters: &[
            text("RegionId").or(|| VPC_MISSING),
            text("ResourceType").or(|| VPC_MISSING),
            text("ResourceId").or(|| VPC_MISSING),
            text("TrafficType").or(|| VPC_MISSING),
            text("FlowLogName"),
            text("Description"),
            text("ProjectName"),
            text("LogStoreName"),
            integer("AggregationInterval"),
            texts("TrafficPath"),
            text("ResourceGroupId"),
            tags("Tag"),
            text("IpVersion"),
            text("LogFormat"),
        ],
        answer: &[says("Success"), says("FlowLogId"), says("ResourceGroupId")],
        resources: Resources::FlowLogsAndResource,
        run: vpc::create,
        ..BLANK
    },
    Operation {
        name: "DeleteFlowLog",
        summary: "Ends a flow log; its open rows are emitted.",
        parameters: &[text("RegionId").needed(), text("FlowLogId").needed()],
        answer: SUCCESS,
        run: vpc::delete,
        ..BLANK
    },
    Operation {
        name: "ActiveFlowLog",
        summary: "Starts a flow log that is inactive.",
        parameters: &[text("RegionId").needed(), text("FlowLogId").needed()],
        answer: SUCCESS,
        run: vpc::activate,
        ..BLANK
    },
    Operation {
        name: "DeactiveFlowLog",
        summary: "Stops a flow log; its open rows are emitted.",
        parameters: &[text("RegionId").needed(), text("FlowLogId").needed()],
        answer: SUCCESS,
        run: vpc::deactivate,
        ..BLANK
    },
    Operation {
        name: "ModifyFlowLogAttribute",
        summary: "Changes name, description, interval or address family of a flow log.",
        parameters: &[
            text("RegionId").needed(),
            text("FlowLogId").needed(),
            text("FlowLogName"),
            text("Description"),
            integer("AggregationInterval"),
            text("IpVersion"),
            text("LogFormat"),
        ],
        answer: SUCCESS,
        run: vpc::modify,
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
            text("ResourceType"),
            text("ResourceId"),
            text("TrafficType"),
            text("ProjectName"),
            text("LogStoreName"),
            text("Status"),
            text("VpcId"),
            text("ResourceGroupId"),
            tags("Tags"),
            integer("PageNumber"),
            integer("PageSize"),
        ],
        answer: LISTED,
        resources: Resources::FlowLogs,
        run: vpc::describe,
        ..BLANK
    },
    Operation {
        name: "GetFlowLogServiceStatus",
        summary: "Tells whether flow logs can be made.",
        access: Access::Read,
        parameters: &[text("RegionId").needed(), text("ClientToken")],
        answer: &[field("Enabled", Shape::Truth)],
        resources: Resources::FlowLogs,
        run: vpc::service_status,
        ..BLANK
    },
    Operation {
        name: "OpenFlowLogService",
        summary: "Does nothing: whether the service is open says the configuration.",
        parameters: &[text("RegionId").needed(), text("ClientToken")],
        answer: &[says("Code"), says("Message")],
        resources: Resources::FlowLogs,
        run: vpc::open_service,
        ..BLANK
    },
    Operation {
        name: "TagResources",
        summary: "Puts tags on flow logs.",
        parameters: &[
            text("RegionId").needed(),
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
            text("RegionId").needed(),
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
            text("RegionId").needed(),
            text("ResourceType").needed(),
            texts("ResourceId"),
            tags("Tag"),
            text("NextToken"),
            integer("MaxResults"),
        ],
        answer: TAG_RESOURCES,
        resources: Resources::ResourceIds,
        run: neighbours::list_tags,
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
        parameters: &[text("AcceptLanguage"), text("ProductType")],
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
    says("ResourceType"),
    says("ResourceId"),
    says("TrafficType"),
    says("ProjectName"),
    says("LogStoreName"),
    field("AggregationInterval", Shape::Number),
    field(
        "TrafficPath",
        Shape::Object(&[field("TrafficPathList", Shape::Texts)]),
    ),
    says("Status"),
    says("BusinessStatus"),
    says("CreationTime"),
    says("FlowLogDeliverStatus"),
    says("FlowLogDeliverErrorMessage"),
    says("ResourceGroupId"),
    says("ServiceType"),
    says("IpVersion"),
    says("LogFormat"),
    TAGS,
    says("ResourceStatus"),
];
