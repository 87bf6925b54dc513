"""A consumer of a group, by the SDK's own consumer library: worker.py PROJECT LOGSTORE GROUP NAME.

Writes a line `NAME SHARD N` for each row that it sees, before its checkpoint says so, until it is
killed or SIGTERM comes.
"""

import signal
import sys
import threading

import service
from aliyun.log.consumer import ConsumerProcessorBase, ConsumerWorker, LogHubConfig

project, logstore, group, name = sys.argv[1:]


class Reader(ConsumerProcessorBase):
    def __init__(self):
        super().__init__()
        self.checkpoint_timeout = 1

    def process(self, log_groups, tracker):
        lines = [
            f"{name} {self.shard_id} {content.Value}\n"
            for log_group in log_groups.LogGroups
            for log in log_group.Logs
            for content in log.Contents
            if content.Key == "n"
        ]
        sys.stdout.write("".join(lines))
        sys.stdout.flush()
        self.save_checkpoint(tracker)


option = LogHubConfig(
    service.ENDPOINT, service.KEY, service.SECRET, project, logstore, group, name,
    heartbeat_interval=2, data_fetch_interval=1, auth_version="v4", region=service.REGION,
    max_fetch_log_group_size=5,
)
worker = ConsumerWorker(Reader, consumer_option=option)
stopped = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stopped.set())
worker.start()
stopped.wait()
worker.shutdown()
worker.join()
