"""Users and their RAM policies, those of `daemon.toml`: who may do what, and what the others hear."""

from checks import DELETE, PORT, SECRET, check, done, holds, is_error, same, settled
from clients import Terraform
from lives import CREATE, create, remove, wanted
from wire import Wire

ACCOUNT = "1000000000000001"
VPC = {"RegionId": "cn-hangzhou"}
LOG = {"RegionId": "cn-hangzhou", "FlowLogId": "fl-other"}
MINE = {"RegionId": "cn-hangzhou", "FlowLogId": "fl-mine"}
SAG = {"RegionId": "cn-shanghai"}
TAGGED = [{"Key": "team", "Value": "net"}]
NOTHING_MADE = {"ResourceType": "VPC", "ResourceId": "vpc-x", "TrafficType": "never", **VPC}


def of_vpc(resource, kind="VPC"):
    return {**NOTHING_MADE, "ResourceType": kind, "ResourceId": resource}


# user, product, action, parameters, whether it is allowed. What is allowed goes on to what is wrong
# with the parameters.
CASES = [
    ("nothing", "vpc", "DescribeFlowLogs", VPC, False),
    ("nothing", "vpc", "DescribeRegions", {}, False),
    ("nothing", "cen", "DescribeFlowlogs", {}, False),
    ("nothing", "sag", "DescribeFlowLogs", SAG, False),
    ("reader", "vpc", "DescribeFlowLogs", VPC, True),
    ("reader", "vpc", "DescribeRegions", {}, True),
    ("reader", "vpc", "GetFlowLogServiceStatus", VPC, False),
    ("reader", "vpc", "ListTagResources", {**VPC, "ResourceType": "FLOWLOG"}, False),
    ("reader", "vpc", "CreateFlowLog", NOTHING_MADE, False),
    ("reader", "vpc", "DeleteFlowLog", LOG, False),
    ("reader", "cen", "DescribeFlowlogs", {}, True),
    ("reader", "cen", "CreateFlowlog", VPC, False),
    ("reader", "sag", "DescribeFlowLogs", SAG, True),
    ("reader", "sag", "DescribeFlowLogSags", {**SAG, "FlowLogId": "fl-x"}, False),
    ("reader", "sag", "DescribeUnbindFlowLogSags", SAG, False),
    ("no-deletes", "vpc", "CreateFlowLog", NOTHING_MADE, True),
    ("no-deletes", "vpc", "ActiveFlowLog", LOG, True),
    ("no-deletes", "vpc", "DeleteFlowLog", LOG, None),
    ("no-deletes", "cen", "DeleteFlowlog", LOG, None),
    ("no-deletes", "cen", "DeactiveFlowLog", LOG, True),
    ("no-deletes", "sag", "DeleteFlowLog", LOG, None),
    ("no-deletes", "sag", "AssociateFlowLog", {**LOG, "SmartAGId": "sag-x"}, True),
    ("sag", "sag", "DescribeFlowLogs", SAG, True),
    ("sag", "sag", "ModifyFlowLogAttribute", LOG, True),
    ("sag", "sag", "AssociateFlowLog", {**LOG, "SmartAGId": "sag-x"}, True),
    ("sag", "sag", "DescribeUnbindFlowLogSags", SAG, True),
    ("sag", "vpc", "DescribeFlowLogs", VPC, False),
    ("sag", "cen", "DescribeFlowlogs", {}, False),
    # By resource: VPC and SAG in flowlog/*, CEN too though its actions are cen:.
    ("flow-logs", "vpc", "DescribeFlowLogs", VPC, True),
    ("flow-logs", "vpc", "DescribeFlowLogs", {"RegionId": "cn-shanghai"}, False),
    ("flow-logs", "vpc", "ActiveFlowLog", LOG, True),
    ("flow-logs", "vpc", "DeactiveFlowLog", LOG, True),
    ("flow-logs", "vpc", "ModifyFlowLogAttribute", LOG, True),
    ("flow-logs", "vpc", "DeleteFlowLog", {**LOG, "RegionId": "cn-shanghai"}, False),
    ("flow-logs", "vpc", "GetFlowLogServiceStatus", VPC, True),
    ("flow-logs", "vpc", "OpenFlowLogService", VPC, True),
    ("flow-logs", "vpc", "CreateFlowLog", of_vpc("vpc-x"), False),
    ("flow-logs", "vpc", "CreateFlowLog", of_vpc("vsw-x", "VSwitch"), False),
    ("flow-logs", "vpc", "CreateFlowLog", of_vpc("eni-x", "NetworkInterface"), True),
    ("flow-logs", "cen", "ActiveFlowLog", LOG, True),
    ("flow-logs", "cen", "DeactiveFlowLog", LOG, True),
    ("flow-logs", "cen", "ModifyFlowLogAttribute", LOG, True),
    ("flow-logs", "cen", "DeleteFlowlog", LOG, True),
    ("flow-logs", "cen", "DescribeFlowlogs", {}, True),
    ("flow-logs", "cen", "CreateFlowlog", {**VPC, "CenId": "x"}, False),
    ("flow-logs", "sag", "CreateFlowLog", {**SAG, "OutputType": "x"}, True),
    ("flow-logs", "sag", "ActiveFlowLog", LOG, True),
    ("flow-logs", "sag", "DeactiveFlowLog", LOG, True),
    ("flow-logs", "sag", "DeleteFlowLog", LOG, True),
    ("flow-logs", "sag", "DescribeFlowLogs", SAG, True),
    ("flow-logs", "sag", "DescribeFlowLogSags", {**SAG, "FlowLogId": "fl-x"}, True),
    ("flow-logs", "sag", "DescribeUnbindFlowLogSags", SAG, True),
    ("flow-logs", "sag", "ModifyFlowLogAttribute", LOG, False),
    ("flow-logs", "sag", "AssociateFlowLog", {**LOG, "SmartAGId": "sag-x"}, False),
    ("one-vpc", "vpc", "CreateFlowLog", of_vpc("vpc-mine"), True),
    ("one-vpc", "vpc", "CreateFlowLog", of_vpc("vpc-mine-2"), True),
    ("one-vpc", "vpc", "CreateFlowLog", of_vpc("vpc-other"), False),
    ("one-vpc", "vpc", "CreateFlowLog", of_vpc("VPC-mine"), False),
    ("one-vpc", "vpc", "CreateFlowLog", of_vpc("vsw-mine", "VSwitch"), True),
    ("one-vpc", "vpc", "CreateFlowLog", of_vpc("vsw-other", "VSwitch"), False),
    ("one-vpc", "vpc", "DescribeFlowLogs", VPC, False),
    ("one-log", "vpc", "ActiveFlowLog", MINE, True),
    ("one-log", "vpc", "ActiveFlowLog", LOG, False),
    ("one-log", "vpc", "DescribeFlowLogs", VPC, False),
    ("one-log", "vpc", "TagResources",
     {**VPC, "ResourceType": "FLOWLOG", "ResourceId": ["fl-mine"], "Tag": TAGGED}, True),
    ("one-log", "vpc", "TagResources",
     {**VPC, "ResourceType": "FLOWLOG", "ResourceId": ["fl-mine", "fl-x"], "Tag": TAGGED}, False),
    ("one-log", "cen", "DeleteFlowlog", {**VPC, "FlowLogId": "flowlog-mine"}, True),
    ("one-log", "cen", "DeleteFlowlog", {**VPC, "FlowLogId": "flowlog-x"}, False),
    ("one-log", "sag", "AssociateFlowLog", {**MINE, "SmartAGId": "sag-mine"}, True),
    ("one-log", "sag", "AssociateFlowLog", {**MINE, "SmartAGId": "sag-x"}, False),
    ("one-log", "sag", "DisassociateFlowLog", {**LOG, "SmartAGId": "sag-mine"}, False),
    ("one-log", "sag", "DescribeFlowLogSags", MINE, True),
    ("wrong-account", "vpc", "DescribeFlowLogs", VPC, False),
    ("not-write", "vpc", "CreateFlowLog", NOTHING_MADE, False),
    ("not-write", "vpc", "DeleteFlowLog", LOG, False),
    ("not-write", "vpc", "ActiveFlowLog", LOG, True),
    ("not-write", "cen", "ActiveFlowLog", LOG, False),
    ("not-write", "sag", "ActiveFlowLog", LOG, True),
    ("from-here", "vpc", "DescribeFlowLogs", VPC, True),
    ("from-there", "vpc", "DescribeFlowLogs", VPC, False),
    ("over-tls", "vpc", "DescribeFlowLogs", VPC, False),
    ("too-late", "vpc", "DescribeFlowLogs", VPC, False),
    ("with-mfa", "vpc", "DescribeFlowLogs", VPC, False),
    ("tagged", "vpc", "CreateFlowLog", NOTHING_MADE, False),
    ("tagged", "vpc", "CreateFlowLog", {**NOTHING_MADE, "Tag": TAGGED}, True),
    ("tagged", "vpc", "CreateFlowLog",
     {**NOTHING_MADE, "Tag": [{"Key": "team", "Value": "Net"}]}, False),
    ("tagged", "vpc", "ActiveFlowLog", LOG, False),
    ("not-tagged", "vpc", "CreateFlowLog", NOTHING_MADE, True),
    ("not-tagged", "vpc", "CreateFlowLog", {**NOTHING_MADE, "Tag": TAGGED}, True),
    ("not-tagged", "vpc", "CreateFlowLog",
     {**NOTHING_MADE, "Tag": [{"Key": "team", "Value": "sales"}]}, None),
]
# What the refusal says was asked for, the first of several that is not allowed.
RESOURCES = {
    ("vpc", "CreateFlowLog"): f"acs:vpc:cn-hangzhou:{ACCOUNT}:flowlog/*",
    ("vpc", "DescribeFlowLogs"): f"acs:vpc:cn-hangzhou:{ACCOUNT}:flowlog/*",
    ("vpc", "DeleteFlowLog"): f"acs:vpc:cn-hangzhou:{ACCOUNT}:flowlog/fl-other",
    ("cen", "CreateFlowlog"): "*",
    ("cen", "DeleteFlowlog"): f"acs:cbn:cn-hangzhou:{ACCOUNT}:flowlog/fl-other",
    ("sag", "DeleteFlowLog"): f"acs:smartag:cn-hangzhou:{ACCOUNT}:flowlog/fl-other",
}
ACTIONS = {"vpc": "vpc", "cen": "cen", "sag": "smartag"}


@check("wire")
def users_do_what_their_policies_allow(_):
    for user, product, action, parameters, allowed in CASES:
        about = (user, product, action, parameters)
        answer = Terraform(PORT, user, SECRET).call(product, action, parameters)
        code = answer[1].get("Code", "")
        if allowed:
            holds(not code.startswith("Forbidden"), *about, answer)
            continue
        unbind = action == "DescribeUnbindFlowLogSags"
        is_error(answer, product, "Forbidden" if unbind else "Forbidden.RAM", 403, *about)
        detail = answer[1]["AccessDeniedDetail"]
        same(detail["AuthAction"], f"{ACTIONS[product]}:{action}", *about)
        same(detail["AuthPrincipalDisplayName"], user)
        same(detail["NoPermissionType"], "ExplicitDeny" if allowed is None else "ImplicitDeny",
             *about)
        if user in ("reader", "nothing", "no-deletes") and (product, action) in RESOURCES:
            same(detail["AuthResource"], RESOURCES[product, action])


@check("wire")
def a_refusal_changes_nothing(wire):
    root = Terraform(PORT, wire.key, SECRET)
    user = Terraform(PORT, "no-deletes", SECRET)
    for product in CREATE:
        one = create(user, product)
        is_error(user.call(product, DELETE[product], one), product, "Forbidden.RAM", 403)
        done(user, product, "DeactiveFlowLog", one)
        remove_when_settled(root, product, one)


def remove_when_settled(client, product, one):
    settled(client, product, one["FlowLogId"], one["RegionId"])
    remove(client, product, one)


@check("wire")
def tags_of_a_flow_log_decide(wire):
    root, user = (Terraform(PORT, key, SECRET) for key in (wire.key, "tagged"))
    for tags, allowed in ((TAGGED, True), ([{"Key": "team", "Value": "ops"}], False)):
        one = create(root, "vpc", Tag=tags)
        status, body = user.call("vpc", "DeactiveFlowLog", one)
        same(status, 200 if allowed else 403, body)
        remove_when_settled(root, "vpc", one)


@check("wire")
def a_refusal_is_the_same_in_version_3_and_in_xml(_):
    reader = Wire(PORT, "reader", SECRET)
    answer = reader.v3("vpc", "CreateFlowLog", list(wanted("vpc").items()))
    same((answer.status, answer.json["Code"]), (403, "Forbidden.RAM"))
    answer = reader.v1("vpc", "CreateFlowLog", list(wanted("vpc").items()),
                       changed={"Format": "XML"})
    same(answer.status, 403)
    holds("<Code>Forbidden.RAM</Code>" in answer.body, answer.body)


@check("v3", "v1", "core")
def the_clients_hear_a_refusal(client):
    reader = client.like("reader", SECRET)
    same(reader.call("vpc", "DescribeFlowLogs", VPC)[0], 200)
    is_error(reader.call("vpc", "CreateFlowLog", wanted("vpc")), "vpc", "Forbidden.RAM", 403)
    is_error(reader.call("cen", "CreateFlowlog", wanted("cen")), "cen", "Forbidden.RAM", 403)
    is_error(reader.call("sag", "CreateFlowLog", wanted("sag")), "sag", "Forbidden.RAM", 403)
    is_error(reader.call("sag", "DescribeUnbindFlowLogSags", SAG), "sag", "Forbidden", 403)
    is_error(client.like("idle", SECRET).call("vpc", "DescribeFlowLogs", VPC), "vpc",
             "InvalidAccessKeyId.Inactive", 400)
    is_error(client.like("nobody", SECRET).call("vpc", "DescribeFlowLogs", VPC), "vpc",
             "InvalidAccessKeyId.NotFound", 404)


@check("v3", "v1", "core")
def the_clients_use_temporary_keys(client):
    right = client.like("STS.key", SECRET, "tok/en==")
    same(right.call("vpc", "DescribeFlowLogs", VPC)[0], 200)
    one = create(right, "vpc")
    remove(right, "vpc", one)
    for key, token, code in (("STS.key", "other", "InvalidSecurityToken.MismatchWithAccessKey"),
                             ("STS.old", "tok/en==", "InvalidSecurityToken.Expired")):
        status, body = client.like(key, SECRET, token).call("vpc", "DescribeFlowLogs", VPC)
        same((status, body["Code"]), (400, code))
