"""Every operation of the Python SDK that the Logstore answers, under one version of signatures.

    conformance.py v1|v4

Prints a line for each check and ends with status 1 when one of them fails.
"""

import base64
import json
import sys
import time
import traceback

import service
from aliyun.log import (
    GetHistogramsRequest,
    GetLogsRequest,
    IndexConfig,
    IndexKeyConfig,
    IndexLineConfig,
    ListLogstoresRequest,
    ListTopicsRequest,
    LogItem,
)
from aliyun.log.index_config import IndexJsonKeyConfig
from aliyun.log.proto import LogGroupRaw
from service import fresh, put, pull, refused, rows, same, shards, until

VERSION = sys.argv[1]
TOKENS = [",", " ", "'", '"', ";", "=", "(", ")", "[", "]", "{", "}", "?", "@", "&", "<", ">", "/",
          ":", "\n", "\t", "\r"]
CHECKS = []
NOW = int(time.time())
SINCE, TILL = NOW - 3600, NOW + 600


def check(function):
    CHECKS.append(function)
    return function


def text(**more):
    return IndexKeyConfig(TOKENS, index_type="text", doc_value=True, chinese=False, **more)


def number(kind="long"):
    return IndexKeyConfig(index_type=kind, doc_value=True)


def index():
    keys = {"n": number(), "srcaddr": text(), "note": text(), "bytes": number(),
            "share": number("double"), "tcp-flags": number()}
    return IndexConfig(7, IndexLineConfig(TOKENS, False, chinese=False), keys)


class World:
    """A Project with a Logstore of one shard, and the client."""

    def __init__(self, sls):
        self.sls = sls
        self.project = fresh("sdk")
        sls.create_project(self.project, "what the Python SDK does")
        self.logstore = self.store("main")
        self.queried = self.store("queried", shard_count=2)
        sls.create_index(self.project, self.queried, index())
        for at, minute in enumerate([-50, -40, -30, -20, -10]):
            items = [
                LogItem(NOW + 60 * minute, contents=[
                    ("n", str(n)), ("srcaddr", f"10.0.{at}.{n % 3}"), ("bytes", str(100 * n)),
                    ("share", f"{n / 8}"), ("tcp-flags", str(n % 4)),
                    ("note", "Größe: 流 a+b&c" if n % 2 else "quick brown fox")])
                for n in range(10 * at, 10 * at + 10)
            ]
            put(sls, self.project, self.queried, items, topic=f"topic-{at}",
                logtags=[("host", f"exp-{at}")])
        until(lambda: self.count("*") == 50, "50 rows are found")

    def store(self, what, **more):
        name = fresh(what)
        more = {"ttl": 7, "shard_count": 1, **more}
        self.sls.create_logstore(self.project, name, **more)
        return name

    def get(self, query, **more):
        more = {"line": 100, **more}
        request = GetLogsRequest(self.project, self.queried, SINCE, TILL, query=query, **more)
        answer = self.sls.get_logs(request)
        assert answer.is_completed()
        return answer

    def found(self, query, **more):
        return [int(log.get_contents()["n"]) for log in self.get(query, **more).get_logs()]

    def count(self, query):
        request = GetHistogramsRequest(self.project, self.queried, SINCE, TILL, "", query)
        return self.sls.get_histograms(request).get_total_count()

    def sql(self, query):
        return [log.get_contents() for log in self.get(query).get_logs()]


@check
def projects_are_made_listed_changed_and_deleted(w):
    name = fresh("project")
    w.sls.create_project(name, "first")
    got = w.sls.get_project(name).body
    same((got["projectName"], got["description"], got["status"]), (name, "first", "Normal"))
    for key in ("owner", "region", "createTime", "lastModifyTime"):
        assert isinstance(got[key], str), key
    w.sls.update_project(name, "second: Größe 流")
    same(w.sls.get_project(name).body["description"], "second: Größe 流")
    listed = w.sls.list_project(project_name_pattern=name[3:])
    same([p["projectName"] for p in listed.get_projects()], [name])
    same((listed.get_count(), listed.get_total()), (1, 1))
    assert w.sls.list_project(size=1).get_total() > 1
    same(w.sls.list_project(size=1).get_count(), 1)
    refused(400, "ProjectAlreadyExist", w.sls.create_project, name, "again")
    w.sls.delete_project(name)
    refused(404, "ProjectNotExist", w.sls.get_project, name)
    refused(404, "ProjectNotExist", w.sls.delete_project, name)
    refused(400, "ParameterInvalid", w.sls.create_project, "No_Such_Name", "")


@check
def logstores_are_made_listed_changed_and_deleted(w):
    name = fresh("store")
    w.sls.create_logstore(w.project, name, ttl=5, shard_count=3, append_meta=True, auto_split=False)
    got = w.sls.get_logstore(w.project, name)
    same((got.logstore_name, got.get_ttl(), got.get_shard_count()), (name, 5, 3))
    same((got.append_meta, got.auto_split), (True, False))
    w.sls.update_logstore(w.project, name, ttl=3650, enable_tracking=True)
    got = w.sls.get_logstore(w.project, name)
    same((got.get_ttl(), got.get_enable_tracking(), got.append_meta), (3650, True, True))
    listed = w.sls.list_logstore(w.project, name[2:])
    same(listed.get_logstores(), [name])
    same((listed.get_count(), listed.get_total()), (1, 1))
    assert name in w.sls.list_logstores(ListLogstoresRequest(w.project)).get_logstores()
    message = refused(400, "LogStoreAlreadyExist", w.sls.create_logstore, w.project, name)
    same(message, f"logstore {name} already exists")
    refused(400, "LogStoreInfoInvalid", w.sls.create_logstore, w.project, "no such name")
    refused(400, "LogStoreInfoInvalid", w.sls.create_logstore, w.project, fresh("s"), ttl=0)
    w.sls.delete_logstore(w.project, name)
    refused(404, "LogStoreNotExist", w.sls.get_logstore, w.project, name)
    refused(404, "LogStoreNotExist", w.sls.delete_logstore, w.project, name)


@check
def put_logs_take_every_compression(w):
    name = w.store("forms")
    put(w.sls, w.project, name, rows(0, 3), compress_type="lz4")
    put(w.sls, w.project, name, rows(3, 3), compress_type="zstd")
    put(w.sls, w.project, name, rows(6, 3), compress=False)
    put(w.sls, w.project, name, rows(9, 1, filler="x" * 1_000_000))
    same(sorted(service.everything(w.sls, w.project, name)), list(range(10)))


@check
def put_logs_keep_everything_of_a_log_group(w):
    name = w.store("whole")
    item = LogItem(NOW, [("n", "1"), ("größe", "流"), ("empty", "")], 123456789)
    put(w.sls, w.project, name, [item], topic="flow_log", logtags=[("host", "exp-1"), ("a b", "c")])
    (group,), _ = pull(w.sls, w.project, name, 0)
    same((group["topic"], group["source"]), ("flow_log", "192.0.2.1"))
    same(group["tags"], {"host": "exp-1", "a b": "c"})
    same(group["logs"], [{"@lh_time": NOW, "@time_ns": 123456789, "n": "1", "größe": "流",
                          "empty": ""}])


@check
def put_logs_with_a_hash_key_go_to_its_shard(w):
    name = w.store("hashed", shard_count=2)
    put(w.sls, w.project, name, rows(0, 2), hashKey="0" * 32)
    put(w.sls, w.project, name, rows(2, 2), hashKey="f" * 32)
    for shard, expected in ((0, [0, 1]), (1, [2, 3])):
        same(service.numbers(pull(w.sls, w.project, name, shard)[0]), expected)
    refused(400, "ParameterInvalid", put, w.sls, w.project, name, rows(0, 1), hashKey="no-hash")


@check
def put_logs_refuse_what_is_wrong(w):
    put_here = lambda items, **more: put(w.sls, w.project, w.logstore, items, **more)
    refused(404, "ProjectNotExist", put, w.sls, fresh("nobody"), w.logstore, rows(0, 1))
    refused(404, "LogStoreNotExist", put, w.sls, w.project, fresh("nothing"), rows(0, 1))
    refused(400, "PostBodyInvalid", put_here, rows(0, 1, at=NOW + 3600))
    refused(400, "PostBodyInvalid", put_here, rows(0, 1, at=NOW - 8 * 86400))
    refused(400, "PostBodyInvalid", put_here, [LogItem(NOW, contents=[])])
    same(service.everything(w.sls, w.project, w.logstore), [])


@check
def a_raw_log_group_is_taken(w):
    name = w.store("raw")
    group = LogGroupRaw()
    group.Topic = "raw"
    log = group.Logs.add()
    log.Time = NOW
    content = log.Contents.add()
    content.Key, content.Value = "n", b"7"
    w.sls.put_log_raw(w.project, name, group)
    same(service.everything(w.sls, w.project, name), [7])


@check
def each_put_is_one_log_group_and_cursors_are_consecutive(w):
    name = w.store("cursors")
    first = as_number(w.sls.get_begin_cursor(w.project, name, 0).get_cursor())
    before = int(time.time())
    for n in range(5):
        put(w.sls, w.project, name, rows(2 * n, 2))
    end = w.sls.get_end_cursor(w.project, name, 0).get_cursor()
    same(as_number(end) - first, 5)
    cursor, seen = w.sls.get_begin_cursor(w.project, name, 0).get_cursor(), []
    for n in range(5):
        answer = w.sls.pull_logs(w.project, name, 0, cursor, 1)
        same(answer.get_loggroup_count(), 1)
        same(as_number(answer.get_next_cursor()) - as_number(cursor), 1)
        seen += service.numbers(answer.get_loggroup_json_list())
        cursor = answer.get_next_cursor()
    same((cursor, seen), (end, list(range(10))))
    answer = w.sls.pull_logs(w.project, name, 0, cursor, 10)
    same((answer.get_loggroup_count(), answer.get_next_cursor(), answer.get_log_count()),
         (0, end, 0))
    begin = as_cursor(first)
    for how in ({"compress": False}, {"accept_compress_type": "lz4"},
                {"accept_compress_type": "zstd"}):
        answer = w.sls.pull_logs(w.project, name, 0, begin, 1000, **how)
        same((answer.get_loggroup_count(), answer.get_next_cursor()), (5, end), how)
        same(service.numbers(answer.get_loggroup_json_list()), list(range(10)), how)
    answer = w.sls.pull_logs(w.project, name, 0, begin, 1000, end_cursor=as_cursor(first + 3))
    same((answer.get_loggroup_count(), as_number(answer.get_next_cursor())), (3, first + 3))
    at = w.sls.get_cursor_time(w.project, name, 0, begin).get_cursor_time()
    assert before <= at <= time.time(), at
    at = w.sls.get_previous_cursor_time(w.project, name, 0, end).get_cursor_time()
    assert before <= at <= time.time(), at
    w.sls.get_cursor_time(w.project, name, 0, end)
    same(w.sls.get_cursor(w.project, name, 0, 1).get_cursor(), begin)
    same(w.sls.get_cursor(w.project, name, 0, NOW + 3600).get_cursor(), end)
    got = [n for page in w.sls.pull_log(w.project, name, 0, before, NOW + 3600, batch_size=2)
           for n in service.numbers(page.get_loggroup_json_list())]
    same(got, list(range(10)))
    refused(400, "InvalidCursor", w.sls.pull_logs, w.project, name, 0, as_cursor(first + 99))
    refused(400, "ParameterInvalid", w.sls.pull_logs, w.project, name, 0, "not a cursor")
    refused(404, "ShardNotExist", w.sls.pull_logs, w.project, name, 9, begin)
    refused(404, "LogStoreNotExist", w.sls.get_begin_cursor, w.project, fresh("nothing"), 0)


def as_number(cursor):
    return int(base64.b64decode(cursor, validate=True))


def as_cursor(at):
    return base64.b64encode(str(at).encode()).decode()


@check
def shards_are_split_merged_and_deleted(w):
    name = w.store("shards", shard_count=2)
    half = "8" + "0" * 31
    info = w.sls.list_shards(w.project, name).get_shards_info()
    same([(s["shardID"], s["status"], s["inclusiveBeginKey"], s["exclusiveEndKey"]) for s in info],
         [(0, "readwrite", "0" * 32, half), (1, "readwrite", half, "f" * 32)])
    put(w.sls, w.project, name, rows(0, 1), hashKey="0" * 32)
    quarter = "4" + "0" * 31
    info = w.sls.split_shard(w.project, name, 0, quarter).get_shards_info()
    same(sorted((s["shardID"], s["status"]) for s in info),
         [(0, "readonly"), (2, "readwrite"), (3, "readwrite")])
    put(w.sls, w.project, name, rows(1, 1), hashKey="0" * 32)
    put(w.sls, w.project, name, rows(2, 1), hashKey=quarter)
    for shard in range(4):
        expected = {0: [0], 1: [], 2: [1], 3: [2]}[shard]
        same(service.numbers(pull(w.sls, w.project, name, shard)[0]), expected, shard)
    info = w.sls.merge_shard(w.project, name, 2).get_shards_info()
    same(sorted((s["shardID"], s["status"]) for s in info),
         [(2, "readonly"), (3, "readonly"), (4, "readwrite")])
    put(w.sls, w.project, name, rows(3, 1), hashKey=quarter)
    same(service.numbers(pull(w.sls, w.project, name, 4)[0]), [3])
    refused(400, "ParameterInvalid", w.sls.merge_shard, w.project, name, 1)
    refused(400, "ParameterInvalid", w.sls.split_shard, w.project, name, 0, quarter)
    for call in (lambda: w.sls.split_shard(w.project, name, 99, quarter),
                 lambda: w.sls.merge_shard(w.project, name, 99)):
        same(refused(400, "ParameterInvalid", call), "invalid shard id")
    refused(404, "ShardNotExist", w.sls.delete_shard, w.project, name, 99)
    refused(400, "ParameterInvalid", w.sls.delete_shard, w.project, name, 1)
    w.sls.delete_shard(w.project, name, 0)
    same(shards(w.sls, w.project, name), [1, 2, 3, 4])


@check
def an_index_is_made_replaced_told_and_deleted(w):
    name = w.store("indexed")
    refused(404, "IndexConfigNotExist", w.sls.get_index_config, w.project, name)
    request = GetLogsRequest(w.project, name, SINCE, TILL, query="*")
    refused(400, "IndexConfigNotExist", w.sls.get_logs, request)
    w.sls.create_index(w.project, name, index())
    refused(400, "IndexAlreadyExist", w.sls.create_index, w.project, name, index())
    got = w.sls.get_index_config(w.project, name).get_index_config()
    same(sorted(got.key_config_list), ["bytes", "n", "note", "share", "srcaddr", "tcp-flags"])
    same(got.key_config_list["bytes"].index_type, "long")
    same(got.key_config_list["note"].token_list, TOKENS)
    same(got.line_config.token_list, TOKENS)
    nested = IndexJsonKeyConfig(True, 3)
    nested.add_key("a.b", "long", True)
    keys = {"n": number(), "nested": IndexKeyConfig(TOKENS, index_type="json", doc_value=True,
                                                    json_key_config=nested)}
    w.sls.update_index(w.project, name, IndexConfig(9, None, keys))
    got = w.sls.get_index_config(w.project, name).get_index_config()
    same(sorted(got.key_config_list), ["n", "nested"])
    same(got.key_config_list["nested"].json_key_config.json_keys["a.b"]["type"], "long")
    same(got.line_config, None)
    w.sls.delete_index(w.project, name)
    refused(404, "IndexConfigNotExist", w.sls.get_index_config, w.project, name)


@check
def searches_find_what_they_ask_for(w):
    for query, expected in [
        ("*", range(50)), ("", range(50)),
        ("n: 7", [7]), ("n = 7", [7]), ("n > 46", [47, 48, 49]), ("n in [3 5]", [3, 4, 5]),
        ("n in (3 5)", [4]), ("n >= 48 or n < 2", [0, 1, 48, 49]),
        ("bytes > 4700 and not n: 49", [48]),
        ("srcaddr: 10.0.4.2", [41, 44, 47]),
        ("srcaddr: 10.0.4.* and n < 42", [40, 41]),
        ("note: fox and n < 4", [0, 2]), ("QUICK and n < 4", [0, 2]),
        ('note: "brown fox" and n < 4', [0, 2]), ('#"brown fox" and n < 4', [0, 2]),
        ("流 and n < 4", [1, 3]), ('note: "流" and n < 4', [1, 3]), ("qui* n < 4", [0, 2]),
        ('"tcp-flags" = 3 and n < 10', [3, 7]), ("tcp-flags: 3 and n < 10", [3, 7]),
        ("__topic__: topic-2 and n < 22", [20, 21]),
        ("__tag__:host: exp-3 and n > 37", [38, 39]),
        ("__source__: 192.0.2.1 and n < 1", [0]),
        ("note: * and n < 1", [0]), ("(n < 2 or n > 48) and note: fox", [0]),
        ("absent", []),
    ]:
        same(sorted(w.found(query)), list(expected), query)
    same(sorted(w.found("n < 25", topic="topic-2")), [20, 21, 22, 23, 24])


@check
def searches_refuse_what_is_wrong(w):
    refused(400, "ParameterInvalid", w.get, "n > and")
    refused(400, "ParameterInvalid", w.get, "and source: *")
    same(refused(400, "ParameterInvalid", w.get, "*", offset=-1), "limit expression is required")
    get = lambda project, since: w.sls.get_log(project, w.queried, since, TILL, query="*")
    same(refused(400, "ParameterInvalid", get, w.project, -1),
         "The parameter from must be a positive integer")
    refused(404, "ProjectNotExist", get, fresh("nobody"), SINCE)
    refused(404, "LogStoreNotExist", w.sls.get_log, w.project, fresh("nothing"), SINCE, TILL)


@check
def searches_are_paged_and_ordered(w):
    same(w.found("*")[:3] and sorted(w.found("*")[:10]), list(range(10)))
    pages = [w.found("*", line=20, offset=at) for at in (0, 20, 40, 60)]
    same([len(page) for page in pages], [20, 20, 10, 0])
    same(sorted(sum(pages, [])), list(range(50)))
    same(sorted(w.found("*", reverse=True, line=10)), list(range(40, 50)))
    got = [n for page in w.sls.get_log_all(w.project, w.queried, SINCE, TILL, query="*")
           for n in [int(log.get_contents()["n"]) for log in page.get_logs()]]
    same(sorted(got), list(range(50)))
    request = GetLogsRequest(w.project, w.queried, NOW - 45 * 60, NOW - 25 * 60, query="*")
    same(sorted(int(log.get_contents()["n"]) for log in w.sls.get_logs(request).get_logs()),
         list(range(10, 30)))
    log = w.get("n: 12").get_logs()[0]
    same((log.get_time(), log.get_source()), (NOW - 40 * 60, "192.0.2.1"))
    same(log.get_contents()["note"], "quick brown fox")
    same((log.get_contents()["__topic__"], log.get_contents()["__tag__:host"]),
         ("topic-1", "exp-1"))


@check
def sql_answers_as_text(w):
    for query, expected in [
        ("* | select count(*) as c, sum(bytes) as b", [{"c": "50", "b": "122500"}]),
        ("* | select count(1) as c from log where n < 10", [{"c": "10"}]),
        ("n < 4 | select n, note order by n desc limit 1",
         [{"n": "3", "note": "Größe: 流 a+b&c"}]),
        ("* | select srcaddr, sum(bytes) as b group by srcaddr order by b desc limit 2",
         [{"srcaddr": "10.0.4.1", "b": "17800"}, {"srcaddr": "10.0.3.0", "b": "13800"}]),
        ("* | select avg(bytes) as a, min(n) as l, max(share) as h",
         [{"a": "2450.0", "l": "0", "h": "6.125"}]),
        ('* | select "tcp-flags" as f, count(*) as c group by f order by f limit 1',
         [{"f": "0", "c": "13"}]),
        ("* | select __time__ - __time__ % 60 as t, count(*) as c group by t order by t limit 1",
         [{"t": str((NOW - 3000) - NOW % 60), "c": "10"}]),
        ("* | select count(distinct srcaddr) as d", [{"d": "15"}]),
        ("* | select case when n < 25 then 'low' else 'high' end as k, count(*) as c "
         "group by k order by k", [{"k": "high", "c": "25"}, {"k": "low", "c": "25"}]),
        ("* | select sum(c) as s from (select count(*) as c from log group by srcaddr)",
         [{"s": "50"}]),
        ("n > 100 | select n", []),
    ]:
        same([{k: v for k, v in row.items()} for row in w.sql(query)], expected, query)
    answer = w.get("* | select srcaddr as a, n as b, bytes as c limit 1")
    assert answer.get_has_sql()
    same(answer.get_meta().get_keys(), ["a", "b", "c"])
    same((answer.get_where_query(), answer.get_meta().get_is_accurate()), ("*", True))
    answer = w.sls.execute_logstore_sql(w.project, w.queried, SINCE, TILL,
                                        "* | select count(*) as c", False)
    same(answer.get_logs()[0].get_contents(), {"c": "50"})
    assert "nosuchfunction" in refused(400, "ParameterInvalid", w.get,
                                       "* | select nosuchfunction(n) from log")
    refused(400, "ParameterInvalid", w.get, "* | selec count(*)")
    refused(400, "ParameterInvalid", w.get, "* | select * from secrets")
    refused(400, "ParameterInvalid", w.get, "* | select key-11 from log")


@check
def the_older_get_logs_answers_the_same(w):
    w.sls._get_logs_v2_enabled = False
    try:
        same(sorted(w.found("n < 3")), [0, 1, 2])
        same(sorted(w.found('note: "流" and n < 4', reverse=True)), [1, 3])
        answer = w.get("* | select count(*) as c")
        same(answer.get_logs()[0].get_contents(), {"c": "50"})
        assert answer.get_has_sql()
        refused(400, "ParameterInvalid", w.get, "n > and")
    finally:
        w.sls._get_logs_v2_enabled = True


@check
def project_sql_names_the_logstore(w):
    answer = w.sls.execute_project_sql(
        w.project, f'select count(*) as c, sum(bytes) as b from "{w.queried}" '
        f"where __time__ > {SINCE} and __time__ < {TILL}", False)
    same([log.get_contents() for log in answer.get_logs()], [{"c": "50", "b": "122500"}])
    refused(404, "LogStoreNotExist", w.sls.execute_project_sql, w.project,
            f"select count(*) from \"no-such-store\" where __time__ > {SINCE}", False)


@check
def histograms_cover_the_range_and_count(w):
    request = GetHistogramsRequest(w.project, w.queried, SINCE, TILL, "", "n < 20")
    answer = w.sls.get_histograms(request)
    assert answer.is_completed()
    same(answer.get_total_count(), 20)
    parts = answer.get_histograms()
    same((parts[0].get_from(), parts[-1].get_to()), (SINCE, TILL))
    same([part.get_to() for part in parts[:-1]], [part.get_from() for part in parts[1:]])
    same(sum(part.get_count() for part in parts), 20)
    same(sorted(part.get_count() for part in parts)[-2:], [10, 10])
    request = GetHistogramsRequest(w.project, w.queried, SINCE, TILL, "topic-1", "*")
    same(w.sls.get_histograms(request).get_total_count(), 10)
    request = GetHistogramsRequest(w.project, w.queried, SINCE, SINCE, "", "*")
    refused(400, "ParameterInvalid", w.sls.get_histograms, request)


@check
def topics_are_listed_in_pages(w):
    seen, token = [], None
    for _ in range(5):
        answer = w.sls.list_topics(ListTopicsRequest(w.project, w.queried, token, 2))
        same(int(answer.get_count()), len(answer.get_topics()))
        seen += answer.get_topics()
        token = answer.get_next_token()
        if not token:
            break
    same(seen, [f"topic-{n}" for n in range(5)])


@check
def consumer_groups_are_made_listed_changed_and_deleted(w):
    name = w.store("groups")
    w.sls.create_consumer_group(w.project, name, "readers", 30, True)
    refused(400, "ConsumerGroupAlreadyExist", w.sls.create_consumer_group, w.project, name,
            "readers", 30, True)
    tell = lambda: [(g.get_consumer_group_name(), g.get_timeout(), g.is_in_order())
                    for g in w.sls.list_consumer_group(w.project, name).get_consumer_groups()]
    same(tell(), [("readers", 30, True)])
    w.sls.update_consumer_group(w.project, name, "readers", 60, False)
    same(tell(), [("readers", 60, False)])
    w.sls.delete_consumer_group(w.project, name, "readers")
    same(tell(), [])
    for call in (w.sls.delete_consumer_group, w.sls.get_check_point):
        refused(404, "ConsumerGroupNotExist", call, w.project, name, "readers")
    refused(404, "ConsumerGroupNotExist", w.sls.heart_beat, w.project, name, "readers", "c", [])


@check
def heartbeats_share_the_shards(w):
    name = w.store("beats", shard_count=4)
    w.sls.create_consumer_group(w.project, name, "readers", 30, False)
    beat = lambda who, shards: sorted(
        w.sls.heart_beat(w.project, name, "readers", who, shards).get_shards())
    same(beat("a", []), [0, 1, 2, 3])
    same(beat("b", []), [])
    kept = beat("a", [0, 1, 2, 3])
    same(len(kept), 2)
    same(beat("b", []), [])
    same(beat("a", kept), kept)
    same(beat("b", []), sorted({0, 1, 2, 3} - set(kept)))
    refused(400, "NotExistConsumerWithBody", beat, "stranger", [0])


@check
def checkpoints_are_kept(w):
    name = w.store("points", shard_count=2)
    w.sls.create_consumer_group(w.project, name, "readers", 30, False)
    tell = lambda shard=-1: sorted(
        (p["shard"], p["checkpoint"], p["consumer"]) for p in w.sls.get_check_point(
            w.project, name, "readers", shard).get_consumer_group_check_points())
    same(tell(), [(0, "", ""), (1, "", "")])
    cursor = w.sls.get_end_cursor(w.project, name, 0).get_cursor()
    before = time.time() * 1e6
    w.sls.update_check_point(w.project, name, "readers", 0, cursor)
    same(tell(0), [(0, cursor, "")])
    point = w.sls.get_check_point(w.project, name, "readers", 0).get_consumer_group_check_points()
    assert before - 2e6 < point[0]["updateTime"] < time.time() * 1e6 + 1e6, point
    same(w.sls.get_check_point(w.project, name, "readers", 9).get_consumer_group_check_points(), [])
    w.sls.heart_beat(w.project, name, "readers", "a", [])
    w.sls.update_check_point(w.project, name, "readers", 1, cursor, "a", False)
    same(tell(1), [(1, cursor, "a")])
    refused(404, "ShardNotExist", w.sls.update_check_point, w.project, name, "readers", 9, cursor)
    refused(400, "InvalidShardCheckPoint", w.sls.update_check_point, w.project, name, "readers", 0,
            "not base64!")
    fixed = w.sls.get_check_point_fixed(w.project, name, "readers", 0)
    same(fixed.get_consumer_group_check_points()[0]["checkpoint"], cursor)


@check
def a_meta_tag_is_appended_when_it_is_asked_for(w):
    name = w.store("meta", append_meta=True)
    put(w.sls, w.project, name, rows(0, 1))
    (group,), _ = pull(w.sls, w.project, name, 0)
    same(group["tags"]["__client_ip__"], "127.0.0.1")
    assert abs(int(group["tags"]["__receive_time__"]) - time.time()) < 60


@check
def a_pull_brings_only_what_its_query_picks(w):
    name = w.store("picked")
    for n in range(4):
        put(w.sls, w.project, name, rows(3 * n, 3, kind=f"k{n % 2}"))
    begin = w.sls.get_begin_cursor(w.project, name, 0).get_cursor()
    end = w.sls.get_end_cursor(w.project, name, 0).get_cursor()
    for query, expected in [("kind: k1", [3, 4, 5, 9, 10, 11]), ("*", list(range(12))),
                            ("* | where kind = 'k0' and cast(n as bigint) > 1", [2, 6, 7, 8]),
                            ("n > 10", [11]), ("absent: *", [])]:
        for how in ({"compress": False}, {"accept_compress_type": "zstd"}):
            answer = w.sls.pull_logs(w.project, name, 0, begin, 1000, query=query, **how)
            same(service.numbers(answer.get_loggroup_json_list()), expected, query)
            same(answer.get_next_cursor(), end, query)
    refused(400, "ParameterInvalid", w.sls.pull_logs, w.project, name, 0, begin, 10,
            query="* | select 1")


@check
def the_context_of_a_log_is_what_its_writer_wrote_around_it(w):
    name = w.store("context", shard_count=2)
    w.sls.create_index(w.project, name, index())
    for pack in range(10):
        put(w.sls, w.project, name, rows(3 * pack, 3), logtags=[("__pack_id__", f"AB12-{pack:X}")])
        put(w.sls, w.project, name, rows(90, 1), logtags=[("__pack_id__", f"CD34-{pack:X}")])
    request = GetLogsRequest(w.project, name, SINCE, TILL, query="n: 13 | with_pack_meta")
    (log,) = w.sls.get_logs(request).get_logs()
    found = log.get_contents()
    answer = w.sls.get_context_logs(w.project, name, found["__tag__:__pack_id__"],
                                    found["__pack_meta__"], 4, 30)
    assert answer.is_completed()
    same([int(log.get_contents()["n"]) for log in answer.get_logs()], list(range(9, 30)))
    same((answer.get_total_lines(), answer.get_back_lines(), answer.get_forward_lines()),
         (21, 4, 16))
    refused(400, "ParameterInvalid", w.sls.get_context_logs, w.project, name, "AB12-1", "0|x", 1, 1)


@check
def values_inside_json_are_searched_and_summed(w):
    name = w.store("nested")
    nested = IndexJsonKeyConfig(True, 3)
    nested.add_key("a.b", "long", True)
    keys = {"n": number(), "nested": IndexKeyConfig(TOKENS, index_type="json", doc_value=True,
                                                    json_key_config=nested)}
    w.sls.create_index(w.project, name, IndexConfig(9, None, keys))
    items = [LogItem(NOW, contents=[("n", str(n)), ("nested", json.dumps(
        {"a": {"b": 10 * n}, "who": {"name": f"user {n % 2}"}}))]) for n in range(6)]
    put(w.sls, w.project, name, items)

    def get(query):
        request = GetLogsRequest(w.project, name, SINCE, TILL, query=query, line=100)
        return [log.get_contents() for log in w.sls.get_logs(request).get_logs()]

    same([log["n"] for log in get("nested.a.b > 25 and nested.who.name: 1")], ["3", "5"])
    same(get('* | select sum("nested.a.b") as s, max("nested.who.name") as m'),
         [{"s": "150", "m": "user 1"}])


@check
def groups_by_sets_have_their_totals(w):
    same(w.sql('* | select "tcp-flags" as f, count(*) as c group by rollup(f) order by c desc, f'),
         [{"f": f, "c": c} for f, c in
          [("null", "50"), ("0", "13"), ("1", "13"), ("2", "12"), ("3", "12")]])


@check
def project_sql_may_join_logstores(w):
    name = w.store("named")
    keys = {"number": number(), "name": text()}
    w.sls.create_index(w.project, name, IndexConfig(9, None, keys))
    put(w.sls, w.project, name, [LogItem(NOW, contents=[("number", str(n)), ("name", f"flags {n}")])
                                 for n in range(4)])
    answer = w.sls.execute_project_sql(
        w.project, f'select b.name, count(*) as c from "{w.queried}" a join "{name}" b '
        f'on a."tcp-flags" = b.number where b.number > 1 group by b.name order by b.name', False)
    same([log.get_contents() for log in answer.get_logs()],
         [{"name": "flags 2", "c": "12"}, {"name": "flags 3", "c": "12"}])


@check
def a_temporary_key_counts_with_its_token_and_in_its_time(w):
    temporary = lambda token, key="sts-key": service.client(VERSION, key=key, token=token)
    same(temporary("tok/en==").get_project(w.project).body["projectName"], w.project)
    refused(401, "Unauthorized", temporary("other").get_project, w.project)
    refused(401, "Unauthorized", temporary(None).get_project, w.project)
    refused(401, "Unauthorized", temporary("tok/en==", "old-key").get_project, w.project)


@check
def strangers_are_refused(w):
    wrong = service.client(VERSION, secret="wrong")
    refused(401, "SignatureNotMatch", wrong.get_project, w.project)
    refused(401, "SignatureNotMatch", wrong.get_project, fresh("nobody"))
    refused(401, "SignatureNotMatch", put, wrong, w.project, w.logstore, rows(0, 1))
    unknown = service.client(VERSION, key="nobody")
    refused(401, "Unauthorized", unknown.list_project)


def main():
    world = World(service.client(VERSION))
    failed = 0
    for one in CHECKS:
        name = one.__name__.replace("_", " ")
        try:
            one(world)
            print(f"ok     {VERSION} {name}", flush=True)
        except Exception:
            failed += 1
            print(f"FAILED {VERSION} {name}\n{traceback.format_exc()}", flush=True)
    print(json.dumps({"version": VERSION, "checks": len(CHECKS), "failed": failed}))
    sys.exit(1 if failed else 0)


main()
