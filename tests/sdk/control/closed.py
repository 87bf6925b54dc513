"""A daemon that refuses what it can: `closed.toml`. Resources and Logstores must be there, quotas are
small. Only `flow-logs/default` is there from the beginning."""

from checks import check, delete, done, holds, ids, refused, same, settled, until

ALL = ("v3", "v1", "core", "terraform")
REGION = {"RegionId": "cn-hangzhou"}
THERE = {"ProjectName": "flow-logs", "LogStoreName": "default"}
VPC = {**REGION, "ResourceType": "VPC", "ResourceId": "vpc-one", "TrafficType": "All", **THERE}
CEN = {**REGION, "CenId": "cen-one", **THERE}
SAG = {**REGION, "OutputType": "netflow", "NetflowServerIp": "192.0.2.1"}


@check(*ALL)
def what_a_vpc_flow_log_needs_must_be_there(client):
    """The refusals in their order: each request has all that comes later wrong as well."""
    wrong = {**VPC, "ResourceId": "vpc-nobody", "ProjectName": "nobody", "Tag": [{"Value": "v"}]}
    path = "UnsupportedFeature.UserDefinedTrafficPath"
    for code, change in (
            ("UnsupportedFeature.UserDefinedTrafficPathIpv6",
             {"IpVersion": "DualStack", "TrafficPath": ["natGateway"]}),
            ("UnsupportedFeature.IpVersion", {"IpVersion": "DualStack"}),
            (path, {"TrafficPath": ["natGateway"]}), (path, {"TrafficPath": ["vbr", "ecr"]}),
            ("MissingParam.TagKey", {})):
        refused(client, "vpc", "CreateFlowLog", {**wrong, **change}, code)
    wrong["Tag"] = None
    for kind, there, nobody in (("VPC", "vpc-one", "vpc-nobody"), ("VSwitch", "vsw-one", "vsw-x"),
                                ("NetworkInterface", "eni-one", "eni-x")):
        of_kind = {**wrong, "ResourceType": kind}
        refused(client, "vpc", "CreateFlowLog", {**of_kind, "ResourceId": nobody},
                "InvalidInstanceId")
        refused(client, "vpc", "CreateFlowLog", {**of_kind, "ResourceId": there},
                "SourceProjectNotExist")
        refused(client, "vpc", "CreateFlowLog",
                {**of_kind, "ResourceId": there, "ProjectName": "flow-logs", "LogStoreName": "none"},
                "ProjectOrLogstoreNotExist")
    refused(client, "vpc", "CreateFlowLog", {**VPC, "ResourceId": "vpc-two"}, "InvalidInstanceId")


@check(*ALL)
def quotas_hold(client):
    made = {"vpc": [], "cen": [], "sag": []}
    for resource in (("VPC", "vpc-one"), ("VSwitch", "vsw-one")):
        named = dict(zip(("ResourceType", "ResourceId"), resource))
        answer = done(client, "vpc", "CreateFlowLog", {**VPC, **named})
        made["vpc"].append(answer["FlowLogId"])
    eni = {**VPC, "ResourceType": "NetworkInterface", "ResourceId": "eni-one"}
    # That there is one already is said before that there are too many.
    refused(client, "vpc", "CreateFlowLog", VPC, "InvalidResourceId.NotFound")
    refused(client, "vpc", "CreateFlowLog", eni, "QuotaExceeded.FlowlogCount")
    for router in ({}, {"TransitRouterId": "tr-one"}):
        answer = done(client, "cen", "CreateFlowlog", {**CEN, **router})
        made["cen"].append(answer["FlowLogId"])
    refused(client, "cen", "CreateFlowlog", CEN, "InvalidFlowlogId.exist")
    attached = {**CEN, "TransitRouterId": "tr-one", "TransitRouterAttachmentId": "tr-attach-one"}
    refused(client, "cen", "CreateFlowlog", attached, "QuotaExceeded.FlowlogCount")
    for _ in range(2):
        made["sag"].append(done(client, "sag", "CreateFlowLog", SAG)["FlowLogId"])
    refused(client, "sag", "CreateFlowLog", SAG, "QuotaExceeded.Flowlog")
    for product, flow_logs in made.items():
        same(sorted(ids(client, product, **REGION)), sorted(flow_logs))
        for flow_log in flow_logs:
            settled(client, product, flow_log, "cn-hangzhou")
            delete(client, product, flow_log, "cn-hangzhou")
    # There is room again.
    eni_made = done(client, "vpc", "CreateFlowLog", eni)["FlowLogId"]
    settled(client, "vpc", eni_made, "cn-hangzhou")
    delete(client, "vpc", eni_made, "cn-hangzhou")


@check(*ALL)
def what_the_others_need_must_be_there(client):
    refused(client, "cen", "CreateFlowlog", {**CEN, "ProjectName": "nobody"}, "SourceProjectNotExist")
    refused(client, "cen", "CreateFlowlog", {**CEN, "LogStoreName": "nobody"},
            "ProjectOrLogstoreNotExist")
    refused(client, "cen", "CreateFlowlog", {**CEN, "CenId": "cen-nobody"}, "InvalidParameter")
    token = {"ClientToken": "the-token-of-a-failure"}
    refused(client, "cen", "CreateFlowlog", {**CEN, **token, "LogStoreName": "nobody"},
            "ProjectOrLogstoreNotExist")
    made = done(client, "cen", "CreateFlowlog", CEN)["FlowLogId"]
    one = {**REGION, "FlowLogId": made}
    settled(client, "cen", made, "cn-hangzhou")
    done(client, "cen", "DeactiveFlowLog", one)
    until("Inactive", lambda: settled(client, "cen", made, "cn-hangzhou")["Status"])
    done(client, "cen", "ActiveFlowLog", one)
    settled(client, "cen", made, "cn-hangzhou")
    delete(client, "cen", made, "cn-hangzhou")
    modified = done(client, "sag", "CreateFlowLog", SAG)["FlowLogId"]
    holds(modified)
    delete(client, "sag", modified, "cn-hangzhou")


@check(*ALL)
def an_address_family_is_not_modified_into_one_that_is_off(client):
    made = done(client, "vpc", "CreateFlowLog", VPC)["FlowLogId"]
    settled(client, "vpc", made, "cn-hangzhou")
    one = {**REGION, "FlowLogId": made}
    refused(client, "vpc", "ModifyFlowLogAttribute", {**one, "IpVersion": "DualStack"},
            "UnsupportedFeature.IpVersion")
    done(client, "vpc", "ModifyFlowLogAttribute", {**one, "IpVersion": "IPV4"})
    settled(client, "vpc", made, "cn-hangzhou")
    delete(client, "vpc", made, "cn-hangzhou")
