"""`ClientToken`: the same request once more gets the same answer, another request is refused."""

from checks import check, done, fresh, holds, ids, refused, same, settled, until
from lives import create, wanted

ALL = ("v3", "v1", "core", "terraform")
MISMATCH = "IdempotentParameterMismatch"


@check(*ALL)
def a_token_makes_one_flow_log(client):
    token = fresh("token")
    parameters = wanted("cen", ClientToken=token, FlowLogName="n",
                        Tag=[{"Key": "k", "Value": "v"}])
    made = done(client, "cen", "CreateFlowlog", parameters)
    again = [done(client, "cen", "CreateFlowlog", parameters) for _ in range(3)]
    same({answer["FlowLogId"] for answer in again}, {made["FlowLogId"]})
    same(len({answer["RequestId"] for answer in again} | {made["RequestId"]}), 4)
    same({answer["Success"] for answer in again}, {"true"})
    for other in ({"FlowLogName": "m"}, {"Interval": "60"}, {"RegionId": "cn-shanghai"},
                  {"CenId": fresh("cen")}, {"FlowLogName": None}, {"Description": "d"},
                  {"Tag": [{"Key": "k", "Value": "w"}]}, {"Tag": None}):
        refused(client, "cen", "CreateFlowlog", {**parameters, **other}, MISMATCH)
    # What is wrong by itself is said before that.
    refused(client, "cen", "CreateFlowlog", {**parameters, "Interval": "7"}, "InvalidParameter")
    # Case matters; another token, or none, is another request.
    for other in (token.upper(), token + "x", None, ""):
        refused(client, "cen", "CreateFlowlog", {**parameters, "ClientToken": other},
                "InvalidFlowlogId.exist")
    same(ids(client, "cen", CenId=parameters["CenId"]), [made["FlowLogId"]])
    one = {"RegionId": "cn-hangzhou", "FlowLogId": made["FlowLogId"]}
    settled(client, "cen", one["FlowLogId"], one["RegionId"])
    # A token of one operation says nothing to another.
    done(client, "cen", "DeleteFlowlog", {**one, "ClientToken": token})
    until([], lambda: ids(client, "cen", FlowLogId=one["FlowLogId"]))
    done(client, "cen", "DeleteFlowlog", {**one, "ClientToken": token})
    refused(client, "cen", "DeleteFlowlog", one, "InvalidFlowlogId.NotFound")
    refused(client, "cen", "DeleteFlowlog", {**one, "FlowLogId": "flowlog-x", "ClientToken": token},
            MISMATCH)
    # The flow log is gone, the answer is not.
    same(done(client, "cen", "CreateFlowlog", parameters)["FlowLogId"], made["FlowLogId"])
    same(ids(client, "cen", CenId=parameters["CenId"]), [])


@check(*ALL)
def every_change_of_cen_heeds_a_token(client):
    one = create(client, "cen", FlowLogName="n")
    for action, more, other in (
            ("DeactiveFlowLog", {}, {"CenId": "cen-x"}),
            ("ModifyFlowLogAttribute", {"FlowLogName": "m"}, {"FlowLogName": "o"}),
            ("ModifyFlowLogAttribute", {}, {"Interval": "60"}),
            ("ActiveFlowLog", {}, {"RegionId": "cn-shanghai"})):
        parameters = {**one, **more, "ClientToken": fresh("token")}
        first = done(client, "cen", action, parameters)
        settled(client, "cen", one["FlowLogId"], one["RegionId"])
        again = done(client, "cen", action, parameters)
        same(set(again), {"RequestId", "Success"})
        holds(first["RequestId"] != again["RequestId"])
        refused(client, "cen", action, {**parameters, **other}, MISMATCH)
    done(client, "cen", "DeleteFlowlog", one)
    until([], lambda: ids(client, "cen", FlowLogId=one["FlowLogId"]))


@check(*ALL)
def a_token_of_a_request_that_failed_is_free(client):
    token = fresh("token")
    refused(client, "cen", "CreateFlowlog", wanted("cen", ClientToken=token, Interval="7"),
            "InvalidParameter")
    refused(client, "cen", "CreateFlowlog", wanted("cen", ClientToken=token, RegionId="cn-nowhere"),
            "OperationUnsupported.action")
    one = create(client, "cen", ClientToken=token)
    failing = {**one, "ClientToken": token}
    refused(client, "cen", "ActiveFlowLog", failing, "IncorrectStatus.flowlog")
    done(client, "cen", "DeactiveFlowLog", failing)
    settled(client, "cen", one["FlowLogId"], one["RegionId"])
    done(client, "cen", "ActiveFlowLog", failing)
    settled(client, "cen", one["FlowLogId"], one["RegionId"])
    done(client, "cen", "DeleteFlowlog", one)


@check(*ALL)
def a_token_has_at_most_64_characters_of_ascii(client):
    for token in (fresh("t").ljust(64, "t"), "!~ +&=%/?#" + fresh("t")):
        one = create(client, "cen", ClientToken=token)
        done(client, "cen", "DeleteFlowlog", one)
        until([], lambda: ids(client, "cen", FlowLogId=one["FlowLogId"]))
    for token in ("t" * 65, "ä", "流"):
        refused(client, "cen", "CreateFlowlog", wanted("cen", ClientToken=token), "InvalidParameter")


@check(*ALL)
def vpc_and_sag_have_no_tokens(client):
    for product in ("vpc", "sag"):
        token = fresh("token")
        made = [create(client, product, ClientToken=token) for _ in range(2)]
        holds(made[0] != made[1])
        for one in made:
            done(client, product, "DeleteFlowLog", one)
            until([], lambda: ids(client, product, FlowLogId=one["FlowLogId"]))
