"""States, changes, filters, pages, tags, associations: through every client."""

import itertools
from concurrent import futures

from checks import (DELETE, LIST, check, delete, done, fresh, holds, ids, refused,
                    rows, same, settled, until)

ALL = ("v3", "v1", "core", "terraform")
REGION = {"vpc": "cn-hangzhou", "cen": "cn-hangzhou", "sag": "cn-shanghai"}
CREATE = {"vpc": "CreateFlowLog", "cen": "CreateFlowlog", "sag": "CreateFlowLog"}
STATUS = {"vpc": "IncorrectStatus.flowlog", "cen": "IncorrectStatus.flowlog",
          "sag": "IncorrectStatus.FlowLog"}
NOT_FOUND = {"vpc": "InvalidInstanceId.NotFound", "cen": "InvalidFlowlogId.NotFound",
             "sag": "InvalidFlowLogId.NotFound"}


def wanted(product, **changes):
    good = {
        "vpc": lambda: {"ResourceType": "VPC", "ResourceId": fresh("vpc"), "TrafficType": "All",
                        "ProjectName": "proj-1", "LogStoreName": "store-1"},
        "cen": lambda: {"CenId": fresh("cen"), "ProjectName": "proj-1", "LogStoreName": "cen-1"},
        "sag": lambda: {"OutputType": "netflow", "NetflowServerIp": "192.168.0.2"},
    }[product]()
    return {"RegionId": REGION[product], **good, **changes}


def create(client, product, **changes):
    """A flow log that is active, as the parameters that name it."""
    parameters = wanted(product, **changes)
    made = done(client, product, CREATE[product], parameters)
    one = {"RegionId": parameters["RegionId"], "FlowLogId": made["FlowLogId"]}
    settled(client, product, one["FlowLogId"], one["RegionId"])
    return one


def remove(client, product, one):
    delete(client, product, one["FlowLogId"], one["RegionId"])


@check(*ALL)
def states_follow_each_other(client):
    for product in REGION:
        one = create(client, product)
        region, flow_log = one["RegionId"], one["FlowLogId"]

        def turn(action, status, then):
            answer = done(client, product, action, one)
            same(answer.get("Success"), None if product == "sag" else "true")
            seen = rows(client, product, FlowLogId=flow_log, RegionId=region)[0]["Status"]
            between = {"vpc": status, "cen": "Modifying", "sag": then}[product]
            holds(seen in (between, then), seen)
            same(settled(client, product, flow_log, region)["Status"], then)

        for _ in range(2):
            refused(client, product, "ActiveFlowLog", one, STATUS[product])
            turn("DeactiveFlowLog", "Deactivating", "Inactive")
            refused(client, product, "DeactiveFlowLog", one, STATUS[product])
            turn("ActiveFlowLog", "Activating", "Active")
        for action in ("DeactiveFlowLog", DELETE[product]):
            answer = done(client, product, action, one)
            same(set(answer) - {"RequestId", "Success"}, set())
            until("Gone" if action == DELETE[product] else "Inactive", lambda: next(
                (row["Status"] for row in rows(client, product, FlowLogId=flow_log)), "Gone"))
        for action in ("ActiveFlowLog", "DeactiveFlowLog", DELETE[product], "ModifyFlowLogAttribute"):
            refused(client, product, action, one, NOT_FOUND[product])


@check(*ALL)
def a_flow_log_of_another_product_or_region_is_not_found(client):
    made = {product: create(client, product) for product in REGION}
    for product, one in made.items():
        for other, theirs in made.items():
            if other != product:
                refused(client, product, "DeactiveFlowLog",
                        {**theirs, "RegionId": REGION[product]}, NOT_FOUND[product])
                same(ids(client, product, FlowLogId=theirs["FlowLogId"]), [])
        elsewhere = "cn-shanghai" if product != "sag" else "cn-hangzhou"
        far = {**one, "RegionId": elsewhere}
        for action in ("DeactiveFlowLog", DELETE[product], "ModifyFlowLogAttribute"):
            refused(client, product, action, far, NOT_FOUND[product])
        same(ids(client, product, **far), [])
        remove(client, product, one)


@check(*ALL)
def answers_have_the_keys_and_types_of_the_models(client):
    texts = {
        "vpc": "FlowLogId FlowLogName Description RegionId ResourceType ResourceId TrafficType "
               "ProjectName LogStoreName Status BusinessStatus CreationTime FlowLogDeliverStatus "
               "FlowLogDeliverErrorMessage ResourceGroupId ServiceType IpVersion LogFormat",
        "cen": "FlowLogId FlowLogName Description RegionId CenId TransitRouterId "
               "TransitRouterAttachmentId ProjectName LogStoreName LogFormatString FlowLogVersion "
               "Status CreationTime",
        "sag": "FlowLogId Name Description Status OutputType SlsRegionId ProjectName LogstoreName "
               "NetflowServerIp NetflowServerPort NetflowVersion ResourceGroupId",
    }
    numbers = {"vpc": "AggregationInterval", "cen": "Interval",
               "sag": "ActiveAging InactiveAging TotalSagNum"}
    made_keys = {"vpc": {"RequestId", "Success", "FlowLogId", "ResourceGroupId"},
                 "cen": {"RequestId", "Success", "FlowLogId"},
                 "sag": {"RequestId", "FlowLogId", "ResourceGroupId"}}
    for product in REGION:
        made = done(client, product, CREATE[product], wanted(product))
        same(set(made), made_keys[product])
        same(made.get("Success", "true"), "true")
        flow_log = made["FlowLogId"]
        prefix, letters = {"vpc": ("fl-", 21), "cen": ("flowlog-", 18), "sag": ("fl-", 18)}[product]
        holds(flow_log.startswith(prefix), flow_log)
        rest = flow_log.removeprefix(prefix)
        holds(len(rest) == letters and rest.isalnum() and rest == rest.lower(), flow_log)
        row = settled(client, product, flow_log, REGION[product])
        for name in texts[product].split():
            same(type(row[name]), str, name)
        for name in numbers[product].split():
            same(type(row[name]), int, name)
        action, item = LIST[product]
        body = done(client, product, action,
                    {"RegionId": REGION[product], "FlowLogId": flow_log})
        counters = [body[name] for name in ("PageNumber", "PageSize", "TotalCount")]
        same(counters, [1, 10, 1] if product == "sag" else ["1", "20", "1"])
        same(body.get("Success"), None if product == "sag" else "true")
        empty = done(client, product, action,
                     {"RegionId": REGION[product], "FlowLogId": "fl-nobody"})
        same(empty["FlowLogs"], {item: []})
        same(empty["TotalCount"], 0 if product == "sag" else "0")
        delete(client, product, flow_log, REGION[product])


@check(*ALL)
def what_is_modified_is_shown_and_the_rest_stays(client):
    changes = {
        "vpc": ({"FlowLogName": "n", "Description": "d", "AggregationInterval": 5,
                 "IpVersion": "DualStack", "LogFormat": "${srcaddr}"},
                {"FlowLogName": "", "Description": "", "LogFormat": ""}),
        "cen": ({"FlowLogName": "n", "Description": "d", "Interval": 60},
                {"FlowLogName": "", "Description": ""}),
        "sag": ({"Name": "n", "Description": "d", "ActiveAging": 60, "InactiveAging": 600,
                 "NetflowServerIp": "192.0.2.1", "NetflowServerPort": "2055", "NetflowVersion": "V5"},
                {"Name": "", "Description": ""}),
    }
    for product, (values, cleared) in changes.items():
        one = create(client, product)
        region, flow_log = one["RegionId"], one["FlowLogId"]
        for status in ("Active", "Inactive"):
            if status == "Inactive":
                done(client, product, "DeactiveFlowLog", one)
            expected = settled(client, product, flow_log, region)
            same(expected["Status"], status)
            singles = [{name: value} for name, value in values.items()]
            for change in [{}, *singles, *({name: ""} for name in cleared), values]:
                sent = {name: str(value) for name, value in change.items()}
                done(client, product, "ModifyFlowLogAttribute", {**one, **sent})
                expected.update(change)
                same(settled(client, product, flow_log, region), expected, product, change)
        remove(client, product, one)


@check(*ALL)
def every_filter_finds_what_is_equal_and_nothing_else(client):
    mark = fresh("mark")
    of = {
        "vpc": {"FlowLogName": mark, "Description": f"{mark} d", "ResourceType": "VSwitch",
                "ResourceId": fresh("vsw"), "TrafficType": "Drop", "ProjectName": "proj-2",
                "LogStoreName": "store-2", "ResourceGroupId": "rg-other"},
        "cen": {"FlowLogName": mark, "Description": f"{mark} d", "CenId": fresh("cen"),
                "Interval": "60", "ProjectName": "proj-2", "LogStoreName": "cen-2",
                "TransitRouterId": fresh("tr"), "TransitRouterAttachmentId": fresh("tr-attach")},
        "sag": {"Name": mark, "Description": f"{mark} d", "OutputType": "all",
                "SlsRegionId": "cn-shanghai", "ProjectName": "proj-2", "LogstoreName": "sag-2"},
    }
    further = {"vpc": {"Status": "Active"}, "cen": {"Status": "Active", "FlowLogVersion": "3"},
               "sag": {"Status": "Active"}}
    without = {"vpc": set(), "cen": set(), "sag": {"SlsRegionId", "ProjectName", "LogstoreName"}}
    for product, parameters in of.items():
        one = create(client, product, **parameters)
        other = create(client, product)
        filters = {**parameters, **further[product], "FlowLogId": one["FlowLogId"]}
        filters = {name: value for name, value in filters.items() if name not in without[product]}
        if product == "sag":
            filters["FlowLogName"] = filters.pop("Name")
        name = {"FlowLogName": mark}
        same(ids(client, product, **filters), [one["FlowLogId"]])
        for key, value in filters.items():
            found = ids(client, product, **{key: value})
            holds(one["FlowLogId"] in found, key)
            same(other["FlowLogId"] in found, key in ("Status", "FlowLogVersion"), key)
            same(ids(client, product, **name, **{key: value} if key != "FlowLogName" else {}),
                 [one["FlowLogId"]], key)
            same(ids(client, product, **{**name, key: ""}),
                 [one["FlowLogId"]] if key != "FlowLogName" else ids(client, product), key)
        # Equal is not "begins with", and case matters.
        for key in ("FlowLogName", "Description", "FlowLogId"):
            for wrong in (filters[key][:-1], filters[key] + "x", filters[key].upper()):
                same(ids(client, product, **{key: wrong}), [], key)
        same(ids(client, product, **name, Status="Inactive"), [])
        remove(client, product, one)
        remove(client, product, other)


@check(*ALL)
def some_filters_are_more_than_equal(client):
    one = create(client, "cen", FlowLogName=fresh("name"))
    name = {"FlowLogName": settled(client, "cen", one["FlowLogId"], one["RegionId"])["FlowLogName"]}
    far = create(client, "cen", RegionId="cn-shanghai", **name)
    both = [one["FlowLogId"], far["FlowLogId"]]
    same(sorted(ids(client, "cen", **name, RegionId="")), sorted(both))
    same(ids(client, "cen", **name, RegionId="cn-shanghai"), [far["FlowLogId"]])
    done(client, "cen", "DeactiveFlowLog", one)
    settled(client, "cen", one["FlowLogId"], one["RegionId"])
    for spelled in ("Inactive", "InActive"):
        same(ids(client, "cen", **name, Status=spelled, RegionId=""), [one["FlowLogId"]])
    same(ids(client, "cen", **name, Status="Active", RegionId=""), [far["FlowLogId"]])
    same(rows(client, "cen", FlowLogId=one["FlowLogId"])[0]["Status"], "Inactive")
    remove(client, "cen", one)
    remove(client, "cen", far)
    in_tree = [create(client, "vpc", ResourceType=kind, ResourceId=resource)
               for kind, resource in (("VPC", "vpc-tree"), ("VSwitch", "vsw-leaf"),
                                      ("NetworkInterface", "eni-leaf"))]
    other = create(client, "vpc")
    found = ids(client, "vpc", VpcId="vpc-tree")
    same(sorted(found), sorted(it["FlowLogId"] for it in in_tree))
    same(ids(client, "vpc", VpcId="vpc-nobody"), [])
    for it in [*in_tree, other]:
        remove(client, "vpc", it)


@check(*ALL)
def pages_have_everything_once_and_in_one_order(client):
    for product in REGION:
        name = fresh("page")
        key = "Name" if product == "sag" else "FlowLogName"
        made = [create(client, product, **{key: name}) for _ in range(5)]
        action, item = LIST[product]

        def page(**asked):
            body = done(client, product, action,
                        {"RegionId": REGION[product], "FlowLogName": name, **asked})
            counters = [body[of] for of in ("PageNumber", "PageSize", "TotalCount")]
            kind = int if product == "sag" else str
            same([type(counter) for counter in counters], [kind] * 3)
            same(int(counters[2]), 5)
            return [int(counter) for counter in counters[:2]], [
                row["FlowLogId"] for row in body["FlowLogs"][item]]

        default = 10 if product == "sag" else 20
        counters, everything = page()
        same(counters, [1, default])
        same(sorted(everything), sorted(one["FlowLogId"] for one in made))
        for size in (1, 2, 4, 5, 50):
            pages = [page(PageSize=size, PageNumber=number) for number in range(1, 7)]
            same([counters for counters, _ in pages], [[number, size] for number in range(1, 7)])
            same(list(itertools.chain.from_iterable(found for _, found in pages)), everything)
        same(page(PageSize=51)[0], [1, 50])
        same(page(PageSize=1000)[0], [1, 50])
        same(page(PageSize="", PageNumber="")[0], [1, default])
        same(page(PageNumber=1000000), ([1000000, default], []))
        for one in made:
            remove(client, product, one)


@check("v3", "v1", "terraform")
def without_a_region_all_are_listed(client):
    """The older SDK adds a region by itself."""
    name = fresh("name")
    made = [create(client, "cen", RegionId=region, FlowLogName=name)
            for region in ("cn-hangzhou", "cn-shanghai")]
    same(ids(client, "cen", FlowLogName=name), [one["FlowLogId"] for one in made])
    for one in made:
        remove(client, "cen", one)


@check("terraform")
def fifty_are_on_one_page(client):
    name = fresh("fifty")
    made = [done(client, "vpc", "CreateFlowLog", wanted("vpc", FlowLogName=name))["FlowLogId"]
            for _ in range(53)]
    for flow_log in made:
        settled(client, "vpc", flow_log, "cn-hangzhou")
    pages = [ids(client, "vpc", FlowLogName=name, PageSize=50, PageNumber=n) for n in (1, 2, 3)]
    same([len(page) for page in pages], [50, 3, 0])
    same(sorted(sum(pages, [])), sorted(made))
    for flow_log in made:
        done(client, "vpc", "DeleteFlowLog", {"RegionId": "cn-hangzhou", "FlowLogId": flow_log})
    until([], lambda: ids(client, "vpc", FlowLogName=name))


@check(*ALL)
def tags_are_kept_found_and_changed(client):
    mark = fresh("tag")
    tags = [{"Key": mark, "Value": "a"}, {"Key": "k2", "Value": ""}]
    for product, filtering in (("vpc", "Tags"), ("cen", "Tag")):
        one = create(client, product, Tag=tags)
        other = create(client, product, Tag=[{"Key": mark, "Value": "b"}])
        both = sorted([one["FlowLogId"], other["FlowLogId"]])

        def found(*filters):
            filters = [dict(zip(("Key", "Value"), pair)) for pair in filters]
            return sorted(ids(client, product, **{filtering: filters}))

        def shown():
            return settled(client, product, one["FlowLogId"], one["RegionId"])["Tags"]["Tag"]

        same(shown(), tags)
        same(found((mark,)), both)
        same(found((mark, "a")), [one["FlowLogId"]])
        same(found((mark, "b")), [other["FlowLogId"]])
        same(found((mark, "a"), ("k2", "")), [one["FlowLogId"]])
        same(found((mark, "a"), ("k3", "")), [])
        same(found((mark.upper(), "a")), [])
        on = {"RegionId": one["RegionId"], "ResourceType": "FLOWLOG",
              "ResourceId": [one["FlowLogId"]]}
        untag = "UnTagResources" if product == "vpc" else "UntagResources"
        done(client, product, "TagResources", {**on, "Tag": [{"Key": "k2", "Value": "new"}]})
        same(shown(), [tags[0], {"Key": "k2", "Value": "new"}])
        listed = done(client, product, "ListTagResources", on)["TagResources"]["TagResource"]
        same(sorted((tag["TagKey"], tag["TagValue"]) for tag in listed),
             sorted([(mark, "a"), ("k2", "new")]))
        same({(tag["ResourceId"], tag["ResourceType"].upper()) for tag in listed},
             {(one["FlowLogId"], "FLOWLOG")})
        done(client, product, untag, {**on, "TagKey": ["k2"]})
        same(shown(), tags[:1])
        done(client, product, untag, {**on, "All": "true"})
        same(shown(), [])
        refused(client, product, "TagResources",
                {**on, "ResourceId": ["fl-nobody"], "Tag": tags}, NOT_FOUND[product])
        remove(client, product, one)
        remove(client, product, other)


@check(*ALL)
def groups_are_changed(client):
    for product in ("vpc", "sag"):
        one = create(client, product)
        move = {"RegionId": one["RegionId"], "ResourceType": "FlowLog",
                "ResourceId": one["FlowLogId"], "NewResourceGroupId": "rg-new"}
        done(client, product, "MoveResourceGroup", move)
        row = settled(client, product, one["FlowLogId"], one["RegionId"])
        same(row["ResourceGroupId"], "rg-new")
        remove(client, product, one)


@check(*ALL)
def one_resource_has_one_flow_log(client):
    one = create(client, "vpc", ResourceId="vpc-twice")
    again = wanted("vpc", ResourceId="vpc-twice")
    code = "InvalidResourceId.NotFound"
    refused(client, "vpc", "CreateFlowLog", again, code)
    refused(client, "vpc", "CreateFlowLog", {**again, "TrafficType": "Drop"}, code)
    refused(client, "vpc", "CreateFlowLog", {**again, "LogStoreName": "store-2"}, code)
    far = create(client, "vpc", ResourceId="vpc-twice", RegionId="cn-shanghai")
    done(client, "vpc", "DeactiveFlowLog", one)
    refused(client, "vpc", "CreateFlowLog", again, code)
    settled(client, "vpc", one["FlowLogId"], one["RegionId"])
    remove(client, "vpc", one)
    one = create(client, "vpc", ResourceId="vpc-twice")
    for made in (one, far):
        remove(client, "vpc", made)
    cen = fresh("cen")
    made = [create(client, "cen", CenId=cen),
            create(client, "cen", CenId=cen, TransitRouterId="tr-1"),
            create(client, "cen", CenId=cen, TransitRouterId="tr-2"),
            create(client, "cen", CenId=cen, TransitRouterId="tr-1",
                   TransitRouterAttachmentId="tr-attach-1")]
    for places in ({}, {"TransitRouterId": "tr-1"},
                   {"TransitRouterId": "tr-1", "TransitRouterAttachmentId": "tr-attach-1"}):
        refused(client, "cen", "CreateFlowlog", wanted("cen", CenId=cen, **places),
                "InvalidFlowlogId.exist")
    for one in made:
        remove(client, "cen", one)


@check(*ALL)
def the_cen_need_not_be_named_but_must_be_the_right_one(client):
    cen = fresh("cen")
    one = create(client, "cen", CenId=cen)
    right, wrong, empty = ({**one, "CenId": it} for it in (cen, "cen-other", ""))
    for action in ("DeactiveFlowLog", "ActiveFlowLog", "ModifyFlowLogAttribute", "DeleteFlowlog"):
        refused(client, "cen", action, wrong, "InvalidFlowlogId.NotFound")
    for action, it in (("DeactiveFlowLog", right), ("ActiveFlowLog", one),
                       ("ModifyFlowLogAttribute", empty), ("DeleteFlowlog", right)):
        done(client, "cen", action, it)
        if action != "DeleteFlowlog":
            settled(client, "cen", one["FlowLogId"], one["RegionId"])
    until([], lambda: ids(client, "cen", FlowLogId=one["FlowLogId"]))


@check(*ALL)
def sag_instances_have_one_flow_log_at_most(client):
    one, other = create(client, "sag"), create(client, "sag")
    region = {"RegionId": "cn-shanghai"}

    def call(action, flow_log, sag, code=None):
        parameters = {**flow_log, "SmartAGId": sag}
        if code:
            return refused(client, "sag", action, parameters, code)
        return same(set(done(client, "sag", action, parameters)), {"RequestId"})

    def sags(flow_log, **page):
        body = done(client, "sag", "DescribeFlowLogSags", {**flow_log, **page})
        same(body["TotalCount"], rows(client, "sag", **flow_log)[0]["TotalSagNum"])
        return [body["PageNumber"], body["PageSize"]], body["Sags"]["Sag"]

    def unbound():
        body = done(client, "sag", "DescribeUnbindFlowLogSags", region)
        same(body["Count"], len(body["Sags"]["Sag"]))
        return [sag["SmartAGId"] for sag in body["Sags"]["Sag"]]

    same(sags(one), ([1, 10], []))
    same(unbound(), ["sag-old", "sag-one", "sag-two"])
    call("AssociateFlowLog", one, "sag-nobody", "InvalidSmartAGId.NotFound")
    call("AssociateFlowLog", one, "sag-far", "InvalidSmartAGId.NotFound")
    call("AssociateFlowLog", one, "sag-old", "OperationUnsupported.AssociateFlowLog")
    call("AssociateFlowLog", one, "sag-one")
    call("AssociateFlowLog", one, "sag-one")
    call("AssociateFlowLog", other, "sag-one", "OperationFailed.AssociateFlowLog")
    same(sags(one)[1], [{"SmartAGId": "sag-one", "Name": "branch", "Description": "the first"}])
    same(unbound(), ["sag-old", "sag-two"])
    call("AssociateFlowLog", one, "sag-two")
    first, second = (sags(one, PageSize=1, PageNumber=number) for number in (1, 2))
    same([first[0], second[0]], [[1, 1], [2, 1]])
    same([sag["SmartAGId"] for sag in first[1] + second[1]], ["sag-one", "sag-two"])
    refused(client, "sag", "DeleteFlowLog", one, "DependencyViolation.FlowLog")
    done(client, "sag", "ModifyFlowLogAttribute", {**one, "Name": "new"})
    done(client, "sag", "DeactiveFlowLog", one)
    refused(client, "sag", "DeleteFlowLog", one, "DependencyViolation.FlowLog")
    same(rows(client, "sag", **one)[0]["TotalSagNum"], 2)
    call("DisassociateFlowLog", other, "sag-one")
    call("DisassociateFlowLog", one, "sag-nobody", "InvalidSmartAGId.NotFound")
    call("DisassociateFlowLog", one, "sag-one")
    call("DisassociateFlowLog", one, "sag-one")
    call("AssociateFlowLog", other, "sag-one")
    for flow_log, sag in ((one, "sag-two"), (other, "sag-one")):
        call("DisassociateFlowLog", flow_log, sag)
        remove(client, "sag", flow_log)
    same(unbound(), ["sag-old", "sag-one", "sag-two"])


@check(*ALL)
def the_output_of_a_sag_is_modified_as_a_whole(client):
    """The provider of Terraform sends all of it, empty where it is not used."""
    one = create(client, "sag")
    unused = {"SlsRegionId": "", "ProjectName": "", "LogstoreName": ""}
    sls = {"SlsRegionId": "cn-shanghai", "ProjectName": "proj-1", "LogstoreName": "sag-1"}

    def modify(code=None, **changes):
        parameters = {**one, **changes}
        if code:
            return refused(client, "sag", "ModifyFlowLogAttribute", parameters, code)
        same(set(done(client, "sag", "ModifyFlowLogAttribute", parameters)), {"RequestId"})
        return rows(client, "sag", **one)[0]

    same(modify(**unused)["OutputType"], "netflow")
    modify("MissingParam.SlsRegionId", OutputType="sls")
    modify("MissingParam.SlsRegionId", OutputType="all", **unused)
    modify("MissingParam.ProjectName", OutputType="sls", **{**sls, "ProjectName": ""})
    modify("MissingParam.LogstoreName", OutputType="sls", **{**sls, "LogstoreName": ""})
    modify("IllegalParam.SlsRegionId", OutputType="sls", **{**sls, "SlsRegionId": "cn-nowhere"})
    modify("IllegalParam.OutputType", OutputType="both")
    modify("IllegalParam.OutputType", OutputType="")
    modify("MissingParam.NetflowServerIp", NetflowServerIp="")
    modify("MissingParam.NetflowServerPort", NetflowServerPort="")
    modify("MissingParam.NetflowVersion", NetflowVersion="")
    modify("IllegalParam.NetflowServerIp", NetflowServerIp="somewhere")
    modify("IllegalParam.NetflowServerPort", NetflowServerPort="65536")
    modify("IllegalParam.NetflowVersion", NetflowVersion="V8")
    modify("IllegalParam.ActiveAging", ActiveAging="6001")
    modify("IllegalParam.InactiveAging", InactiveAging="9")
    row = modify(OutputType="all", **sls)
    same([row[name] for name in ("OutputType", "NetflowServerIp", *sls)],
         ["all", "192.168.0.2", *sls.values()])
    same(modify(OutputType="sls")["OutputType"], "sls")
    row = modify(OutputType="netflow", NetflowServerPort="2055", **unused)
    same([row.get(name, "") for name in ("OutputType", "NetflowServerPort", *unused)],
         ["netflow", "2055", "", "", ""])
    remove(client, "sag", one)


@check(*ALL)
def twenty_tags_are_kept_and_one_more_is_not(client):
    for product in ("vpc", "cen"):
        tags = [{"Key": f"k{place}", "Value": f"v{place}"} for place in range(20)]
        one = create(client, product, Tag=tags)
        # In the order of their numbers, not of their names.
        same(settled(client, product, one["FlowLogId"], one["RegionId"])["Tags"]["Tag"], tags)
        status, body = client.call(product, CREATE[product],
                                   wanted(product, Tag=[*tags, {"Key": "one", "Value": "more"}]))
        same(status, 400, body)
        remove(client, product, one)


@check(*ALL)
def the_service_is_open_and_regions_are_named(client):
    region = {"RegionId": "cn-hangzhou"}
    same(done(client, "vpc", "GetFlowLogServiceStatus", region)["Enabled"], True)
    for token in ({}, {"ClientToken": fresh("token")}):
        answer = done(client, "vpc", "OpenFlowLogService", {**region, **token})
        same((answer["Code"], answer["Message"]), ("200", "successful"))
    for product, action in (("vpc", "DescribeRegions"), ("cen", "DescribeChildInstanceRegions"),
                            ("sag", "DescribeRegions")):
        regions = done(client, product, action, {})["Regions"]["Region"]
        same([it["RegionId"] for it in regions], ["cn-hangzhou", "cn-shanghai"])


@check(*ALL)
def what_cen_makes_by_itself_is_shown(client):
    one = create(client, "cen", ProjectName=None, LogStoreName=None)
    row = settled(client, "cen", one["FlowLogId"], one["RegionId"])
    holds(row["ProjectName"] and row["LogStoreName"], row)
    remove(client, "cen", one)


@check("terraform")
def one_token_at_once_makes_one_flow_log(client):
    parameters = wanted("cen", ClientToken=fresh("token"))
    with futures.ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(done, client, "cen", "CreateFlowlog", parameters) for _ in range(8)]
    made = {call.result()["FlowLogId"] for call in calls}
    same(len(made), 1)
    same(ids(client, "cen", CenId=parameters["CenId"]), list(made))
    settled(client, "cen", *made, parameters["RegionId"])
    delete(client, "cen", *made, parameters["RegionId"])


@check(*ALL)
def tags_are_listed_in_pages(client):
    tags = [{"Key": f"k{place}", "Value": fresh("v")} for place in range(7)]
    one = create(client, "vpc", Tag=tags)
    asked = {"RegionId": one["RegionId"], "ResourceType": "FLOWLOG",
             "ResourceId": [one["FlowLogId"]], "MaxResults": "3"}
    found, pages, token = [], 0, None
    while token != "":
        page = done(client, "vpc", "ListTagResources", {**asked, "NextToken": token})
        found += [(tag["TagKey"], tag["TagValue"]) for tag in page["TagResources"]["TagResource"]]
        token = page.get("NextToken", "")
        pages += 1
    same((pages, found), (3, [(tag["Key"], tag["Value"]) for tag in tags]))
    remove(client, "vpc", one)
