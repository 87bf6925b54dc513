"""Three workers of a consumer group; one is killed and comes back: every row is seen.

Says by whom rows were seen, and how often. Rows may be seen twice, those behind the last checkpoint
of the worker that is killed; rows that a checkpoint has passed are never seen again.
"""

import collections
import os
import subprocess
import sys
import tempfile
import time

import service
from service import fresh, put, rows, same, until

SHARDS, BATCH = 6, 20
GROUP = "readers"


class Writer:
    """Writes rows with consecutive numbers."""

    def __init__(self, sls, project, logstore):
        self.place = (sls, project, logstore)
        self.written = 0

    def write(self, batches):
        for _ in range(batches):
            put(*self.place, rows(self.written, BATCH))
            self.written += BATCH


class Worker:
    def __init__(self, project, logstore, name, directory):
        self.name = name
        self.path = os.path.join(directory, name)
        self.arguments = [sys.executable, os.path.join(os.path.dirname(__file__), "worker.py"),
                          project, logstore, GROUP, name]
        self.start()

    def start(self):
        with open(self.path, "ab") as out:
            self.process = subprocess.Popen(self.arguments, stdout=out)

    def seen(self):
        """(shard, row) for each whole line."""
        with open(self.path, encoding="utf-8") as lines:
            lines = [line.split() for line in lines.read().split("\n")[:-1]]
        return [(int(shard), int(n)) for _, shard, n in lines]

    def end(self):
        self.process.terminate()
        same(self.process.wait(service.PATIENCE), 0, f"the end of {self.name}")


def main():
    sls = service.client()
    project, logstore = fresh("group"), "rows"
    sls.create_project(project, "a consumer group")
    sls.create_logstore(project, logstore, shard_count=SHARDS, ttl=1)
    writer = Writer(sls, project, logstore)
    with tempfile.TemporaryDirectory() as directory:
        workers = [Worker(project, logstore, name, directory) for name in ("a", "b", "c")]
        try:
            run(workers, writer)
            report(workers, writer.written)
        finally:
            for worker in workers:
                worker.process.kill()
                worker.process.wait()


def run(workers, writer):
    all_seen = lambda: sorted({n for worker in workers for _, n in worker.seen()})
    victim = workers[1]

    def shared():
        """Every worker has seen something while the others have, too."""
        writer.write(1)
        time.sleep(0.2)
        return all(worker.seen() for worker in workers)

    until(shared, "the shards are shared out")
    writer.write(20)
    victim.process.kill()
    victim.process.wait()
    writer.write(20)
    before = len(victim.seen())
    until(lambda: all_seen() == list(range(writer.written)), "the others see what the killed one held")
    victim.start()

    def back():
        writer.write(1)
        time.sleep(0.2)
        return len(victim.seen()) > before

    until(back, "the killed one takes part again")
    until(lambda: all_seen() == list(range(writer.written)), "every row is seen")
    for worker in workers:
        worker.end()
    sls, project, logstore = writer.place
    ends = [sls.get_end_cursor(project, logstore, shard).get_cursor() for shard in range(SHARDS)]
    points = sls.get_check_point(project, logstore, GROUP).get_consumer_group_check_points()
    same([p["checkpoint"] for p in sorted(points, key=lambda p: p["shard"])], ends,
         "the checkpoints are at the end")


def report(workers, written):
    seen = collections.Counter(n for worker in workers for _, n in worker.seen())
    same(sorted(seen), list(range(written)), "every row is seen, and nothing else")
    for worker in workers:
        print(f"       {worker.name} saw {len(worker.seen())} rows")
    twice = sum(1 for times in seen.values() if times > 1)
    print(f"ok     a consumer group of three: {written} rows, {twice} of them more than once")


main()
