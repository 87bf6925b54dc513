"""Writes until the server dies, and says afterwards what became of it.

    crash.py write VERSION STATE    writes rows from several threads and says `acknowledged` on stdout
                                    now and then, until a request fails; never repeats a request
    crash.py verify VERSION STATE   after the restart: everything acknowledged is there once, nothing
                                    twice; cursors, checkpoints and queries go on where they were
"""

import json
import sys
import threading
import time

import service
from aliyun.log import GetLogsRequest, IndexConfig, IndexKeyConfig, LogException
from service import fresh, put, pull, rows, same, until

WHAT, VERSION, STATE = sys.argv[1:]
THREADS, BATCH, SHARDS = 4, 25, 2
GROUP = "readers"


def client():
    sls = service.client(VERSION)
    # A failed request is tried again by the SDK, and rows then come twice by right: not here.
    sls._sendRequest = once(sls._sendRequest)
    return sls


def once(send):
    def sent(*rest, **more):
        try:
            return send(*rest, **more)
        except LogException as error:
            if error.resp_status < 400:
                raise ConnectionError(error.get_error_message()) from error
            raise
    return sent


def write():
    sls = client()
    project, logstore = fresh("crash"), "rows"
    sls.create_project(project, "what is written when the server dies")
    sls.create_logstore(project, logstore, shard_count=SHARDS, ttl=1)
    sls.create_index(project, logstore, IndexConfig(
        1, None, {"n": IndexKeyConfig(index_type="long", doc_value=True)}))
    put(sls, project, logstore, rows(0, BATCH))
    sls.create_consumer_group(project, logstore, GROUP, 60, False)
    points = {}
    for shard in range(SHARDS):
        points[shard] = pull(sls, project, logstore, shard)[1]
        sls.update_check_point(project, logstore, GROUP, shard, points[shard])
    outcomes = [{"acknowledged": [], "open": []} for _ in range(THREADS)]

    def writer(number, outcome):
        mine, at = client(), BATCH + number * 1_000_000
        while True:
            try:
                put(mine, project, logstore, rows(at, BATCH), compress=at % 2 == 0)
            except ConnectionError:
                outcome["open"].append(at)
                return
            outcome["acknowledged"].append(at)
            at += BATCH

    threads = [threading.Thread(target=writer, args=one) for one in enumerate(outcomes)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        time.sleep(0.1)
        print("acknowledged", sum(len(one["acknowledged"]) for one in outcomes), flush=True)
    state = {"project": project, "logstore": logstore, "points": points,
             "acknowledged": [0] + [at for one in outcomes for at in one["acknowledged"]],
             "open": [at for one in outcomes for at in one["open"]]}
    with open(STATE, "w", encoding="utf-8") as file:
        json.dump(state, file)


def numbered(batches):
    return {n for at in batches for n in range(at, at + BATCH)}


def verify():
    with open(STATE, encoding="utf-8") as file:
        state = json.load(file)
    sls, project, logstore = service.client(VERSION), state["project"], state["logstore"]
    acknowledged, maybe = numbered(state["acknowledged"]), numbered(state["open"])
    assert len(state["acknowledged"]) > 20, "too little was written to show anything"

    got = service.everything(sls, project, logstore)
    check(got, acknowledged, maybe)
    for shard in range(SHARDS):
        groups, end = pull(sls, project, logstore, shard)
        begin = sls.get_begin_cursor(project, logstore, shard).get_cursor()
        same(as_number(end) - as_number(begin), len(groups), "cursors are consecutive")
        same(end, sls.get_end_cursor(project, logstore, shard).get_cursor())
        for group in groups:
            same(len(group["logs"]), BATCH, "a LogGroup is there whole or not at all")
        points = sls.get_check_point(project, logstore, GROUP, shard)
        same(points.get_consumer_group_check_points()[0]["checkpoint"], state["points"][str(shard)])

    now = int(time.time())
    ask = lambda query: sls.get_logs(GetLogsRequest(
        project, logstore, now - 3600, now + 600, query=query)).get_logs()
    counted = ask("* | select count(*) as c, count(distinct n) as d")[0].get_contents()
    same((int(counted["c"]), int(counted["d"])), (len(got), len(got)), "a query counts the same")

    put(sls, project, logstore, rows(100_000_000, BATCH))
    after = set(service.everything(sls, project, logstore))
    same(after, set(got) | numbered([100_000_000]), "writing goes on")
    until(lambda: len(ask("n >= 100000000")) == BATCH, "what is written now is found")
    print(f"ok     {VERSION} {len(acknowledged)} acknowledged rows, "
          f"{len(set(got) - acknowledged)} of {len(maybe)} without an answer")


def check(got, acknowledged, maybe):
    same(len(got), len(set(got)), "nothing is there twice")
    same(acknowledged - set(got), set(), "nothing acknowledged is lost")
    same(set(got) - acknowledged - maybe, set(), "nothing is there that nobody wrote")


def as_number(cursor):
    return service.LogClient._get_cursor_as_int(cursor)


{"write": write, "verify": verify}[WHAT]()
