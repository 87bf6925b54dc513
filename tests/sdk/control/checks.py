"""What all checks share: they are registered, counted, and compare."""

import json
import os
import pathlib
import re
import time
import uuid

PORT = int(os.environ["CONTROL_PORT"])
KEY, SECRET = os.environ["SLS_KEY"], os.environ["SLS_SECRET"]
PATIENCE = 60
HERE = pathlib.Path(__file__).parent
MESSAGES = json.loads((HERE / "messages.json").read_text())
REQUEST_ID = re.compile("[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}")
TIME = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ")
LIST = {"vpc": ("DescribeFlowLogs", "FlowLog"), "cen": ("DescribeFlowlogs", "FlowLog"),
        "sag": ("DescribeFlowLogs", "FlowLogSetType")}
DELETE = {"vpc": "DeleteFlowLog", "cen": "DeleteFlowlog", "sag": "DeleteFlowLog"}

registered = []
compared = 0


def check(*generations):
    """Registers a function for these generations; it is called with the client."""
    def register(function):
        registered.append((generations, function))
        return function
    return register


def same(found, expected, *about):
    global compared
    compared += 1
    assert found == expected, " ".join(map(str, (*about, f"{found!r} instead of {expected!r}")))


def holds(it, *about):
    same(bool(it), True, *about)


def until(expected, read):
    end = time.monotonic() + PATIENCE
    while (found := read()) != expected:
        assert time.monotonic() < end, f"never {expected!r}, at last {found!r}"
        time.sleep(0.01)
    same(found, expected)


def fresh(what):
    return f"{what}-{uuid.uuid4().hex[:12]}"


def spelled(value):
    """A value of the tables as it is sent: `{"x": 3}` is `xxx`, `vpc-*` is new every time."""
    if isinstance(value, dict) and all(isinstance(times, int) for times in value.values()):
        return "".join(text * times for text, times in value.items())
    if isinstance(value, dict):
        return {name: spelled(part) for name, part in value.items()}
    if isinstance(value, list):
        return [spelled(part) for part in value]
    if isinstance(value, str) and value.endswith("-*"):
        return fresh(value[:-2])
    return value


def message(product, code):
    of_product = MESSAGES.get(product, {}).get(code)
    missing = f"{code.removeprefix('Missing')} is mandatory for this action."
    return of_product or MESSAGES["all"].get(code) or missing


def is_error(answer, product, code, status, *about):
    found, body = answer
    same((found, body.get("Code")), (status, code), *about, body)
    same(body["Message"], message(product, code), *about)
    holds(REQUEST_ID.fullmatch(body["RequestId"]), *about, body)


def refused(client, product, action, parameters, code, status=400):
    answer = client.call(product, action, parameters)
    is_error(answer, product, code, status, product, action, parameters)
    return answer[1]


def done(client, product, action, parameters):
    status, body = client.call(product, action, parameters)
    same(status, 200, product, action, parameters, body)
    holds(REQUEST_ID.fullmatch(body["RequestId"]), body)
    return body


def rows(client, product, **filters):
    action, item = LIST[product]
    if product != "cen":
        filters = {"RegionId": "cn-shanghai" if product == "sag" else "cn-hangzhou", **filters}
    return done(client, product, action, filters)["FlowLogs"][item]


def ids(client, product, **filters):
    return [row["FlowLogId"] for row in rows(client, product, **filters)]


def settled(client, product, flow_log, region):
    """Waits until nothing of it is under way."""
    end = time.monotonic() + PATIENCE
    while True:
        row, = rows(client, product, FlowLogId=flow_log, RegionId=region)
        if row["Status"] in ("Active", "Inactive"):
            return row
        assert time.monotonic() < end, row
        time.sleep(0.01)


def delete(client, product, flow_log, region):
    one = {"RegionId": region, "FlowLogId": flow_log}
    done(client, product, DELETE[product], one)
    until([], lambda: ids(client, product, **one))
