"""A daemon of an account in arrears: `locked.toml`."""

from checks import check, done, refused, rows, same

ALL = ("v3", "v1", "core", "terraform")
ONE = {"RegionId": "cn-hangzhou", "FlowLogId": "fl-x"}
VPC = {"RegionId": "cn-hangzhou", "ResourceType": "VPC", "ResourceId": "vpc-x", "TrafficType": "All",
       "ProjectName": "proj-1", "LogStoreName": "store-1"}


@check(*ALL)
def nothing_of_vpc_changes(client):
    code = "IncorrectBusinessStatus.FlowLog"
    refused(client, "vpc", "CreateFlowLog", VPC, code)
    for action in ("ActiveFlowLog", "DeactiveFlowLog", "ModifyFlowLogAttribute", "DeleteFlowLog"):
        refused(client, "vpc", action, ONE, code)
        refused(client, "vpc", action, {**ONE, "RegionId": "cn-nowhere"}, "InvalidRegionId.NotFound")
    same(rows(client, "vpc"), [])
    same(done(client, "vpc", "GetFlowLogServiceStatus", {"RegionId": "cn-hangzhou"})["Enabled"], True)
