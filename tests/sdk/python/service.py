"""The server under test, and how the Python SDK reaches it without a name service."""

import os
import socket
import time
import uuid

from aliyun.log import LogClient, LogException, LogItem, PutLogsRequest

PORT = int(os.environ["SLS_PORT"])
KEY = os.environ["SLS_KEY"]
SECRET = os.environ["SLS_SECRET"]
ENDPOINT = f"http://localhost:{PORT}"
REGION = "cn-hangzhou"
PATIENCE = 60

_resolve = socket.getaddrinfo


def _resolve_here(host, *rest, **more):
    """`PROJECT.localhost` is this machine, whatever the resolver thinks of it."""
    if isinstance(host, str) and host.endswith(".localhost"):
        host = "127.0.0.1"
    return _resolve(host, *rest, **more)


socket.getaddrinfo = _resolve_here


def client(version="v1", key=KEY, secret=SECRET, token=None):
    return LogClient(ENDPOINT, key, secret, securityToken=token, source="192.0.2.1",
                     auth_version=version, region=REGION)


def fresh(what):
    """A name that nobody has used before."""
    return f"{what}-{uuid.uuid4().hex[:12]}"


def rows(first, count, at=None, **more):
    """Log items numbered from `first`."""
    at = at or int(time.time())
    return [
        LogItem(at, contents=[("n", str(n)), *more.items()]) for n in range(first, first + count)
    ]


def put(sls, project, logstore, items, **more):
    sls.put_logs(PutLogsRequest(project, logstore, more.pop("topic", ""), "", items, **more))


def pull(sls, project, logstore, shard, cursor=None, count=1000):
    """Everything of a shard from `cursor` on: (LogGroups, the cursor at the end)."""
    cursor = cursor or sls.get_begin_cursor(project, logstore, shard).get_cursor()
    groups = []
    while True:
        answer = sls.pull_logs(project, logstore, shard, cursor, count)
        groups += answer.get_loggroup_json_list()
        if answer.get_next_cursor() == cursor:
            return groups, cursor
        cursor = answer.get_next_cursor()


def shards(sls, project, logstore):
    return [shard["shardID"] for shard in sls.list_shards(project, logstore).get_shards_info()]


def numbers(groups):
    return [int(log["n"]) for group in groups for log in group["logs"]]


def everything(sls, project, logstore):
    """The numbers of all rows of all shards."""
    return [
        n
        for shard in shards(sls, project, logstore)
        for n in numbers(pull(sls, project, logstore, shard)[0])
    ]


def until(holds, what):
    """Waits until `holds()` gives something, and gives it."""
    end = time.monotonic() + PATIENCE
    while True:
        value = holds()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"never: {what}")
        time.sleep(0.1)


def refused(status, code, call, *rest, **more):
    """The call is refused with exactly this status and errorCode; gives the message."""
    try:
        call(*rest, **more)
    except LogException as error:
        said = (error.resp_status, error.get_error_code())
        assert said == (status, code), f"{said} {error.get_error_message()}"
        assert error.get_request_id(), "no request id"
        assert error.get_error_message(), "no message"
        return error.get_error_message()
    raise AssertionError(f"not refused: expected {status} {code}")


def same(left, right, what=""):
    assert left == right, f"{what}: {left!r} is not {right!r}"
