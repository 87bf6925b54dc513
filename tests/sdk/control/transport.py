"""Methods, paths, bodies, long and doubled parameters, JSON and XML."""

import http.client
import json
import xml.etree.ElementTree as xml

from believed import REGION, good, v1, v3, wrong
from checks import KEY, PORT, REQUEST_ID, SECRET, check, fresh, holds, same, until
from wire import ABSENT, FORM, VERSIONS, Wire, flat, joined, nonce, timestamp

NEW = {"RegionId": "cn-shanghai", "OutputType": "netflow", "NetflowServerIp": "192.0.2.1"}


def sag(wire, action, parameters, **more):
    return wire.v1("sag", action, flat(parameters), **more)


def made(wire, pairs=(), **parameters):
    answer = wire.v1("vpc", "CreateFlowLog", [*flat(vpc(**parameters)), *pairs])
    one = [("RegionId", "cn-hangzhou"), ("FlowLogId", good(answer)["FlowLogId"])]
    until(True, lambda: listed(wire, one)[0]["Status"] == "Active")
    row, = listed(wire, one)
    good(wire.v1("vpc", "DeleteFlowLog", one))
    until([], lambda: listed(wire, one))
    return row


def vpc(**parameters):
    return {"RegionId": "cn-hangzhou", "ResourceType": "VPC", "ResourceId": fresh("vpc"),
            "TrafficType": "All", "ProjectName": "proj-1", "LogStoreName": "store-1", **parameters}


def listed(wire, pairs):
    return good(wire.v1("vpc", "DescribeFlowLogs", pairs))["FlowLogs"]["FlowLog"]


@check("wire")
def only_get_and_post_are_methods(wire):
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"):
        wrong(v1(wire, method=method), "UnsupportedHTTPMethod", about=(method,))
        wrong(v3(wire, method=method), "UnsupportedHTTPMethod", about=(method,))
    same(v1(wire, method="HEAD").status, 403)
    # Before anything is said of the rest.
    wrong(wire.send("PUT", "/", [("Host", "x")]), "UnsupportedHTTPMethod")


@check("wire")
def there_is_one_path(wire):
    for path in ("/x", "//", "/index.html", "/%2F"):
        answer = v1(wire, path=path)
        same(answer.status, 404, path, answer.body)
        same(answer.json["Code"], "InvalidAction.NotFound")


@check("wire")
def the_host_and_the_id_are_in_every_error(wire):
    for host in (f"127.0.0.1:{PORT}", "vpc.cn-hangzhou.aliyuncs.com", "x"):
        body = wrong(v1(wire, "Nothing", host=host), "InvalidAction.NotFound")
        same(body["HostId"], host)
        same(body["Recommend"], "https://api.aliyun.com/troubleshoot?q=InvalidAction.NotFound"
             f"&product=Vpc&requestId={body['RequestId']}")
        holds(REQUEST_ID.fullmatch(body["RequestId"]))
    for product, name in (("vpc", "Vpc"), ("cen", "Cbn"), ("sag", "Smartag")):
        body = wrong(wire.v1(product, "Nothing"), "InvalidAction.NotFound")
        holds(f"&product={name}&" in body["Recommend"])
    answers = [v1(wire) for _ in range(3)]
    same(len({answer.json["RequestId"] for answer in answers}), 3)
    for answer in answers:
        same(answer.headers["x-acs-request-id"], answer.json["RequestId"])
        same(answer.headers["Content-Type"], "application/json;charset=utf-8")
        same(answer.headers["Content-Encoding"], None)
        same(answer.headers["x-acs-retry-after"], None)
    answer = v1(wire, headers=[("Accept-Encoding", "gzip, deflate, br")])
    holds(answer.json["RequestId"])


@check("wire")
def forms_are_known_by_their_type(wire):
    for kind in (FORM, f"{FORM}; charset=UTF-8", f"{FORM};charset=utf-8", FORM.upper()):
        good(v1(wire, pairs=(), form=REGION, headers=[("Content-Type", kind)]), kind)
        good(v3(wire, pairs=(), body=joined(REGION).encode(), content_type=kind), kind)
    text = "RegionId is mandatory for this action."
    for kind in ("application/json", "text/plain", "multipart/form-data; boundary=x", "nonsense"):
        wrong(v3(wire, pairs=(), body=joined(REGION).encode(), content_type=kind),
              "MissingRegionId", text)
        good(v3(wire, body=b'{"RegionId":"cn-nowhere"}', content_type=kind))
    good(v3(wire, method="GET", body=b"RegionId=cn-nowhere", content_type=FORM))


@check("wire")
def of_a_doubled_parameter_the_first_counts(wire):
    twice = [("RegionId", "cn-hangzhou"), ("RegionId", "cn-nowhere")]
    good(v1(wire, pairs=twice))
    good(v3(wire, pairs=twice))
    for ask in (v1, v3):
        wrong(ask(wire, pairs=twice[::-1]), "InvalidRegionId.NotFound",
              "The RegionId provided does not exist in our records.")
    good(v1(wire, pairs=twice[:1], form=twice[1:]))
    wrong(v1(wire, pairs=[*REGION, ("Action", "Nothing")]), "InvalidAction.NotFound")
    same(made(wire, [("FlowLogName", "a"), ("FlowLogName", "b")])["FlowLogName"], "a")


@check("wire")
def lists_are_in_the_order_of_their_numbers(wire):
    pairs = [("Tag.10.Key", "ten"), ("Tag.10.Value", "10"), ("Tag.2.Value", "2"),
             ("Tag.2.Key", "two"), ("Tag.30.Key", "thirty"), ("Tag.30.Value", ""),
             ("Tag.0.Key", "zero"), ("Tag.0.Value", "0"), ("Tag.x.Key", "x"), ("Tag.x.Value", "x"),
             ("Tag.Key", "none"), ("Tag.-1.Key", "less"), ("tag.1.Key", "small")]
    pairs += [("TrafficPath.3", "vbr"), ("TrafficPath.11", "ecr"), ("TrafficPath.2", "natGateway"),
              ("TrafficPath.0", "nowhere"), ("TrafficPath", "nowhere"), ("TrafficPath.a", "nowhere")]
    row = made(wire, pairs)
    same([tag["Key"] for tag in row["Tags"]["Tag"]], ["two", "ten", "thirty"])
    same(row["TrafficPath"]["TrafficPathList"], ["natGateway", "vbr", "ecr"])


@check("wire")
def names_are_case_sensitive_and_others_ignored(wire):
    row = made(wire, [("flowlogname", "x"), ("FLOWLOGNAME", "y"), ("Unknown", "z"), ("", "empty")])
    same(row["FlowLogName"], "")
    wrong(v1(wire, pairs=[("regionid", "cn-hangzhou")]), "MissingRegionId",
          "RegionId is mandatory for this action.")


@check("wire")
def long_requests_are_read(wire):
    tags = [{"Key": "流" * 120 + str(place), "Value": "量" * 128} for place in range(20)]
    wanted = vpc(FlowLogName="名" * 128, Description="述" * 256, Tag=tags)
    length = len(joined(flat(wanted)))
    holds(length > 40_000, length)
    for ask in (wire.v1, wire.v3):
        answer = ask("vpc", "CreateFlowLog", flat({**wanted, "ResourceId": fresh("vpc")}))
        one = [("RegionId", "cn-hangzhou"), ("FlowLogId", good(answer)["FlowLogId"])]
        until(True, lambda: listed(wire, one)[0]["Status"] == "Active")
        row, = listed(wire, one)
        same((row["FlowLogName"], row["Description"]), ("名" * 128, "述" * 256))
        same(row["Tags"]["Tag"], tags)
        good(wire.v1("vpc", "DeleteFlowLog", one))
    for length in (20_000, 60_000):
        good(v1(wire, pairs=[*REGION, ("Unknown", "x" * length)]))
        good(v3(wire, pairs=[*REGION, ("Unknown", "x" * length)]))
        good(v1(wire, method="GET", pairs=[*REGION, ("Unknown", "x" * length)]))
        name = [*REGION, ("FlowLogName", "x" * length)]
        same(listed(wire, name), [])


@check("wire")
def large_bodies_are_read_up_to_a_limit(wire):
    large = [("Unknown", "x" * 1_000_000)]
    good(v1(wire, form=large))
    body = joined(large).encode()
    good(v3(wire, body=body, content_type=FORM))
    too_large = [("Unknown", "x" * 1_100_000)]
    answer = v1(wire, form=too_large)
    same((answer.status, answer.json["Code"]), (413, "InvalidParameter"))
    answer = v3(wire, body=joined(too_large).encode(), content_type=FORM)
    same((answer.status, answer.json["Code"]), (413, "InvalidParameter"))
    good(v1(wire))


@check("wire")
def many_parameters_are_read_up_to_a_limit(wire):
    good(v1(wire, pairs=[*REGION, *((f"x{n}", "") for n in range(900))]))
    answer = v1(wire, pairs=[*REGION, *((f"x{n}", "") for n in range(2000))])
    same((answer.status, answer.json["Code"]), (400, "InvalidParameter"))


@check("wire")
def connections_are_used_again(wire):
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
    for action in ("DescribeFlowLogs", "Nothing", "DescribeFlowLogs"):
        common = [("Action", action), ("Version", VERSIONS["vpc"]), ("AccessKeyId", KEY),
                  ("SignatureMethod", "HMAC-SHA1"), ("SignatureVersion", "1.0"),
                  ("SignatureNonce", nonce()), ("Timestamp", timestamp()), *REGION]
        common.append(("Signature", wire.signature_v1("POST", common)))
        connection.request("POST", f"/?{joined(common)}")
        answer = connection.getresponse()
        same((answer.status, json.loads(answer.read()).get("Code")),
             (404, "InvalidAction.NotFound") if action == "Nothing" else (200, None))
    connection.close()


def tree(answer, status=200):
    same(answer.status, status, answer.body)
    same(answer.headers["Content-Type"], "text/xml;charset=utf-8")
    holds(answer.body.startswith('<?xml version="1.0" encoding="UTF-8"?>'), answer.body[:60])
    return xml.fromstring(answer.body)


@check("wire")
def the_format_is_json_unless_xml_is_wanted(wire):
    for form in ("XML", "xml", "Xml"):
        same(tree(v1(wire, changed={"Format": form})).tag, "DescribeFlowLogsResponse")
        same(tree(v3(wire, pairs=[*REGION, ("Format", form)])).tag, "DescribeFlowLogsResponse")
        answer = v1(wire, pairs=(), form=REGION, common_in_form=True, changed={"Format": form})
        same(tree(answer).tag, "DescribeFlowLogsResponse")
    for form in ("JSON", "json", "Json", "", ABSENT):
        good(v1(wire, changed={"Format": form}))


@check("wire")
def xml_repeats_the_name_of_a_list_in_its_wrapper(wire):
    as_xml = {"changed": {"Format": "XML"}}
    name = "a <b> & \"c\" 'd' 中"
    created = tree(sag(wire, "CreateFlowLog", {**NEW, "Name": name}, **as_xml))
    same([child.tag for child in created], ["RequestId", "FlowLogId", "ResourceGroupId"])
    one = {"RegionId": "cn-shanghai", "FlowLogId": created.findtext("FlowLogId")}
    found = tree(sag(wire, "DescribeFlowLogs", one, **as_xml))
    row, = found.find("FlowLogs")
    same(row.tag, "FlowLogSetType")
    same([row.findtext(of) for of in ("Name", "ActiveAging", "NetflowServerPort", "TotalSagNum")],
         [name, "300", "9995", "0"])
    same(found.findtext("TotalCount"), "1")
    same(tree(sag(wire, "DeleteFlowLog", one, **as_xml)).tag, "DeleteFlowLogResponse")
    empty = tree(sag(wire, "DescribeFlowLogs", one, **as_xml)).find("FlowLogs")
    same((len(empty), empty.text), (0, None))
    regions = tree(wire.v1("vpc", "DescribeRegions", **as_xml)).find("Regions")
    same([(it.tag, it.findtext("RegionId")) for it in regions],
         [("Region", "cn-hangzhou"), ("Region", "cn-shanghai")])
    status = tree(wire.v1("vpc", "GetFlowLogServiceStatus", REGION, **as_xml))
    same(status.findtext("Enabled"), "true")


@check("wire")
def errors_in_xml_have_the_same_fields(wire):
    cases = [
        (wire, {"action": "Nothing"}, 404, "InvalidAction.NotFound"),
        (wire, {"pairs": [("RegionId", "cn-nowhere")]}, 400, "InvalidRegionId.NotFound"),
        (wire, {"changed": {"SignatureNonce": ABSENT}}, 400, "MissingSignatureNonce"),
        (wire, {"method": "PUT"}, 403, "UnsupportedHTTPMethod"),
        (Wire(PORT, KEY, "wrong"), {}, 400, "SignatureDoesNotMatch"),
        (Wire(PORT, "nobody", SECRET), {}, 404, "InvalidAccessKeyId.NotFound"),
    ]
    for asking, more, status, code in cases:
        changed = {**more.pop("changed", {}), "Format": "XML"}
        error = tree(v1(asking, **more, changed=changed), status)
        same(error.tag, "Error")
        same([child.tag for child in error],
             ["RequestId", "HostId", "Code", "Message", "Recommend"])
        same(error.findtext("Code"), code)
        holds(f"q={code}&product=" in error.findtext("Recommend"))
    # Not even the form can be read: the request line says what is wanted.
    answer = v1(wire, form=[("x", "y" * 1_100_000)], changed={"Format": "XML"})
    same(tree(answer, 413).findtext("Code"), "InvalidParameter")


@check("wire")
def what_is_no_text_is_refused(wire):
    for target in ("/?RegionId=%FF%FE", "/?RegionId=%", "/?RegionId=%zz", "/?%00=%00"):
        answer = wire.send("GET", target, [("Host", "x")])
        same(answer.status, 400, target)
        holds(answer.json["Code"].startswith("Missing"), answer.body)
    for name in ("a\x00b", "\x1b", "\ufffe"):
        made_with = wire.v1("sag", "CreateFlowLog", flat({**NEW, "Name": name}))
        one = {"RegionId": "cn-shanghai", "FlowLogId": good(made_with)["FlowLogId"]}
        tree(sag(wire, "DescribeFlowLogs", one, changed={"Format": "XML"}))
        good(sag(wire, "DeleteFlowLog", one))
