//! The codes of the products' documents with their messages; their mistakes of spelling are theirs,
//! and clients compare them.

use super::Problem;

macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident = $status:literal, $code:literal, $message:literal;)*) => {
        $($(#[$doc])* pub(crate) const $name: Problem = Problem::new($status, $code, $message);)*

        /// All of them, for the `OpenAPI` document and for tests.
        pub(crate) const ALL: &[fn() -> Problem] = &[$(|| $name,)*];
    };
}

problems! {
    // common to all products
    BAD_METHOD = 403, "UnsupportedHTTPMethod", "This http method is not supported.";
    BAD_VERSION = 404, "InvalidVersion", "Specified parameter Version is not valid.";
    NO_ACTION = 404, "InvalidAction.NotFound", "Specified api is not found, please check your url and method.";
    TOO_LARGE = 413, "InvalidParameter", "The specified parameter is invalid.";
    UNREADABLE = 400, "InvalidParameter", "The specified parameter is invalid.";
    NEEDS_TLS = 400, "InvalidProtocol.NeedSsl", "Your request is denied as lack of ssl protect.";
    THROTTLED = 400, "Throttling", "Request was denied due to request throttling.";
    THROTTLED_USER = 400, "Throttling.User", "Request was denied due to user flow control.";
    FORBIDDEN_RAM = 403, "Forbidden.RAM", "User not authorized to operate on the specified resource, or this API doesn't support RAM.";
    TOKEN_MISMATCH = 400, "IdempotentParameterMismatch", "The request uses the same client token as a previous, but non-identical request. Do not reuse a client token with different requests, unless the requests are identical.";
    INTERNAL = 500, "InternalError", "The request processing has failed due to some unknown error, exception or failure.";
    UNAVAILABLE = 503, "ServiceUnavailable", "The request has failed due to a temporary failure of the server.";

    // VPC and CEN
    LOGSTORE_NOT_EXIST = 400, "ProjectOrLogstoreNotExist", "The specified project or logstore does not exist.";
    PROJECT_NOT_EXIST = 400, "SourceProjectNotExist", "The Source Project or logstore does not exist.";
    UNSUPPORTED_ACTION = 400, "OperationUnsupported.action", "This action is not support.";
    QUOTA = 400, "QuotaExceeded.FlowlogCount", "This user has reached the maximum instance number of flowlog.";
    WRONG_STATUS = 400, "IncorrectStatus.flowlog", "Invalid flowlog status.";

    // VPC
    VPC_LOCKED = 400, "IncorrectBusinessStatus.FlowLog", "The business status of flowLog is incorrect.";
    VPC_NOT_OPEN = 400, "OptInRequired.FlowLog", "You are not authorized to use the requested service of flowLog. Ensure that you have subscribed to the service you are trying to use.";
    VPC_ADVANCED = 400, "OperationUnsupported.AdvancedFeature", "Advanced features of the vpc is unsupported.";
    VPC_NO_RESOURCE = 400, "InvalidInstanceId", "vswitch does not exist.";
    VPC_INVALID = 400, "ParameterInvalid", "Invalid parameter.";
    VPC_EXISTS = 400, "InvalidResourceId.NotFound", "This resourceId already has flowlog instance existed.";
    VPC_MISSING = 400, "MissingParameter", "Missing mandatory parameter";
    VPC_REGION = 400, "InvalidRegionId.NotFound", "The RegionId provided does not exist in our records.";
    VPC_TYPE_DIFFERS = 400, "InvalidResourceType.NotFound", "Resource type no the same.";
    VPC_TYPE = 400, "OperationUnsupported.ResourceType", "This resource type is not supported.";
    VPC_INTERVAL = 400, "IllegalParam.AggregationInterval", "The param of aggregationInterval is illegal.";
    VPC_NO_CUSTOM_PATH = 400, "UnsupportedFeature.UserDefinedTrafficPath", "The feature of UserDefinedTrafficPath is not supported.";
    VPC_PATH = 400, "IllegalParam.TrafficPath", "The param of trafficPath is illegal.";
    VPC_PATH_TWICE = 400, "DuplicatedParam.TrafficPath", "The param of trafficPath is duplicated.";
    VPC_GROUP = 400, "IllegalParam.ResourceGroupId", "Invalid ResourceGroupld value.";
    VPC_SHARED = 400, "OperationDenied.OperateShareResource", "The operation is not allowed because of OperateShareResource.";
    VPC_NO_DUAL_STACK = 400, "UnsupportedFeature.IpVersion", "The ipversion type is not supported.";
    VPC_ENI = 400, "OperationFailed.EniTypeNotSupport", "Operation failed because the ENI type is not supported.";
    VPC_IP_VERSION = 400, "IllegalParam.IpVersion", "The parameter of IpVersion is illegal.";
    VPC_NO_ANALYZER = 400, "OperationDenied.NisTrafficAnalyzerNotFound", "The specified NIS Traffic Analyzer does not exist.";
    VPC_FAILED = 400, "OperationFailed.InternalError", "The request processing has failed due to some unknown error.";
    VPC_NO_DESTINATION = 400, "MissingParam.TrafficAnalyzerIdOrLogProjectOrLogStore", "TrafficAnalyzerId and ProjectName and LogStoreName parameters are not passed in.";
    VPC_DUAL_STACK_PATH = 400, "UnsupportedFeature.UserDefinedTrafficPathIpv6", "Dual-stack flow log instances do not support custom trafficPath.";
    VPC_TAG_KEY = 400, "IllegalParam.TagKey", "The param of TagKey is illegal.";
    VPC_TAG_VALUE = 400, "IllegalParam.TagValue", "The param of TagValue is illegal.";
    VPC_NO_TAG_KEY = 400, "MissingParam.TagKey", "The parameter TagKey is mandatory.";
    VPC_NO_TAG_VALUE = 400, "MissingParam.TagValue", "The parameter TagValue is mandatory.";
    VPC_NOT_FOUND = 400, "InvalidInstanceId.NotFound", "The specfied instance is not existed.";
    VPC_UNDELIVERABLE = 400, "OperationDenied.FlowLogDeliverFailed", "The operation is not allowed due to an invalid delivery address.";

    // CEN
    CEN_EXISTS = 400, "InvalidFlowlogId.exist", "This cenId already has flowlog instance existed.";
    CEN_NOT_FOUND = 400, "InvalidFlowlogId.NotFound", "The specified flowlog id does not exist or does not match the cen Id.";
    CEN_INVALID = 400, "InvalidParameter", "Invalid parameter.";

    // SAG
    SAG_BOUND = 400, "DependencyViolation.FlowLog", "This FlowLog instance is bound to an SAG instance.";
    SAG_STATUS = 400, "IncorrectStatus.FlowLog", "The current FlowLog instance status does not support this operation.";
    SAG_NOT_FOUND = 400, "InvalidFlowLogId.NotFound", "The specified FlowLogId does not exist.";
    SAG_NO_ID = 400, "MissingParam.FlowLogId", "Specify the FlowLogId parameter.";
    SAG_TAKEN = 400, "OperationFailed.AssociateFlowLog", "The operation failed. The specified SAG instance has already been associated with another FlowLog instance.";
    SAG_UNSUITABLE = 400, "OperationUnsupported.AssociateFlowLog", "You cannot bind the SAG device of the current version or model to a FlowLog instance.";
    SAG_QUOTA = 400, "QuotaExceeded.Flowlog", "The maximum number of FlowLog instances is exceeded.";
    SAG_NO_LOGSTORE = 400, "MissingParam.LogstoreName", "Specify the LogstoreName parameter.";
    SAG_NO_PROJECT = 400, "MissingParam.ProjectName", "Specify the ProjectName parameter.";
    SAG_NO_SLS_REGION = 400, "MissingParam.SlsRegionId", "Specify the SlsRegionId parameter.";
    SAG_NO_IP = 400, "MissingParam.NetflowServerIp", "Specify the NetflowServerIp parameter.";
    SAG_NO_PORT = 400, "MissingParam.NetflowServerPort", "Specify the NetflowServerPort parameter.";
    SAG_NO_VERSION = 400, "MissingParam.NetflowVersion", "Specify the NetflowVersion parameter.";
    SAG_ACTIVE_AGING = 400, "IllegalParam.ActiveAging", "The specified ActiveAging is invalid.";
    SAG_INACTIVE_AGING = 400, "IllegalParam.InactiveAging", "The specified InactiveAging is invalid.";
    SAG_IP = 400, "IllegalParam.NetflowServerIp", "The specified NetflowServerIp is invalid.";
    SAG_PORT = 400, "IllegalParam.NetflowServerPort", "The specified NetflowServerPort is invalid.";
    SAG_VERSION = 400, "IllegalParam.NetflowVersion", "The specified NetflowVersion is invalid.";
    SAG_OUTPUT = 400, "IllegalParam.OutputType", "The specified OutputType is invalid.";
    SAG_REGION = 400, "IllegalParam.RegionId", "The specified RegionId is invalid.";
    SAG_SLS_REGION = 400, "IllegalParam.SlsRegionId", "The specified SlsRegionId is invalid.";
    SAG_FILTER_STATUS = 400, "IllegalParam.Status", "The specified Status parameter is invalid.";
    SAG_NO_SAG = 400, "InvalidSmartAGId.NotFound", "The specified SmartAGId does not exist.";
    SAG_INVALID = 400, "InvalidParameter", "The specified parameter is invalid.";
    SAG_FORBIDDEN = 403, "Forbidden", "User not authorized to operate on the specified resource.";
    SAG_MISSING = 403, "MissingParameter", "The input parameter is missing, please check your input.";
}
