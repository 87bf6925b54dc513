"""A daemon whose service is not open, and that takes 20 calls of an operation within a minute:
`shut.toml`."""

from checks import check, done, fresh, holds, message, refused, same
from wire import flat

VPC = {"RegionId": "cn-hangzhou", "ResourceType": "VPC", "ResourceId": "vpc-x", "TrafficType": "All",
       "ProjectName": "proj-1", "LogStoreName": "store-1"}
REGION = {"RegionId": "cn-hangzhou"}


@check("terraform")
def nothing_is_made_without_the_service(client):
    same(done(client, "vpc", "GetFlowLogServiceStatus", REGION)["Enabled"], False)
    refused(client, "vpc", "CreateFlowLog", VPC, "OptInRequired.FlowLog")
    # To open it is the configuration's.
    done(client, "vpc", "OpenFlowLogService", REGION)
    refused(client, "vpc", "CreateFlowLog", VPC, "OptInRequired.FlowLog")
    refused(client, "vpc", "CreateFlowLog", {**VPC, "ResourceGroupId": "x"},
            "IllegalParam.ResourceGroupId")
    refused(client, "vpc", "CreateFlowLog", {**VPC, "FlowLogName": fresh("http://")},
            "ParameterInvalid")


@check("wire")
def too_many_calls_are_refused_for_a_time(wire):
    def describe():
        return wire.v1("sag", "DescribeFlowLogs", flat({"RegionId": "cn-shanghai"}))

    answers = [describe() for _ in range(21)]
    same([answer.status for answer in answers], [200] * 20 + [400])
    last = answers[-1]
    same(last.json["Code"], "Throttling.User")
    same(last.json["Message"], message("", "Throttling.User"))
    holds(0 < int(last.headers["x-acs-retry-after"]) <= 60_000, last.headers)
    same(answers[0].headers["x-acs-retry-after"], None)
    # Another operation, and the same of another product, have their own count.
    same(wire.v1("sag", "DescribeRegions").status, 200)
    same(wire.v1("vpc", "DescribeFlowLogs", flat(REGION)).status, 200)


@check("v3")
def the_newer_client_hears_when_to_come_again(tea):
    for _ in range(25):
        try:
            answer = tea.call_generic("cen", "DescribeFlowlogs", {})
        except Exception as error:
            same((error.code, error.retry_after > 0), ("Throttling.User", True))
            return
    raise AssertionError(f"{answer} for ever")
